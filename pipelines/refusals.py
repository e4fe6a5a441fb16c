"""Refusals of earlier days, held against rows that say nothing of consent.

Belongs here: who refused and has not granted consent since, and which rows of a day that stops. Does not belong here:
what a row says of consent by itself (`eligibility.py`), refusals of the same day (`sql/statements/contacts.sql`,
mark_duplicates), and leads that a vendor has already (`withdrawals.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple, Self

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from connectors.columns import TEXT
from connectors.crm.frames import as_arrow, as_flags
from pipelines.eligibility import REASONS
from pipelines.store import Store

STANDING = ("consent_withdrawn", "consent_unclear")
"""Reasons that stand until a row grants consent: not that none was given, which hangs on a setting."""

Lead = tuple[str, str, str]
"""Campaign, source and lead_id."""


class _Refused(NamedTuple):
    """The last day on which a lead was refused, and the last on which a row said so, if that is not too long ago."""

    day: date
    said_on: date | None
    reason_code: str

    @property
    def reason(self) -> str:
        """Why a later row that says nothing is not sent."""
        said = f", said on {self.said_on}" if self.said_on else ""
        return f"{REASONS[self.reason_code][1]}{said}; no row has granted it since"


class _Row(NamedTuple):
    lead: Lead
    row_no: int


class Refusals:
    """Who refused before the day; takes the day's rows chunk by chunk, and tells at the end which it stops."""

    def __init__(self, day: date, refused: Mapping[Lead, _Refused]) -> None:
        self._day = day
        self._refused = refused
        self._lead_ids = pa.array({lead_id for _, _, lead_id in refused}, TEXT)
        self._silent: list[_Row] = []
        self._granted: set[Lead] = set()

    @classmethod
    def before(cls, store: Store, day: date, *, days: int) -> Self:
        """The last refusal of each lead on so many days before the day."""
        rows = store.rows(
            "contacts", "refusals", day=day, since=day - timedelta(days=days), reason_codes=list(STANDING)
        )
        refused = {
            (row.campaign, row.source, row.lead_id): _Refused(row.day, row.said_on, row.reason_code) for row in rows
        }
        return cls(day, refused)

    def note(self, source: str, decided: pd.DataFrame) -> None:
        """The rows, as `eligibility.judge` returns them, are remembered where they are of a lead that refused."""
        if not self._refused:
            return
        found = decided[as_flags(pc.is_in(as_arrow(decided["lead_id"]), self._lead_ids))]
        names = ("campaign", "lead_id", "verdict", "consent")
        texts = (as_arrow(found[name]).to_pylist() for name in names)
        for row_no, campaign, lead_id, verdict, consent in zip(found["row_no"].tolist(), *texts, strict=True):
            lead = (campaign, source, lead_id)
            if consent == "granted":
                self._granted.add(lead)
            elif consent is None and verdict == "eligible" and lead in self._refused:
                self._silent.append(_Row(lead, row_no))

    def hold(self, store: Store) -> int:
        """The rows that may not be sent after all have the verdict of what was refused; how many those are."""
        silent = [row for row in self._silent if row.lead not in self._granted]
        if not silent:
            return 0
        granted = self._granted_since(store, [row.lead for row in silent])
        stopped = [row for row in silent if row.lead not in granted or granted[row.lead] <= self._refused[row.lead].day]
        refused = [self._refused[row.lead] for row in stopped]
        store.run(
            "contacts",
            "suppress",
            day=self._day,
            sources=[source for (_, source, _), _ in stopped],
            row_nos=[row.row_no for row in stopped],
            reason_codes=[one.reason_code for one in refused],
            reasons=[one.reason for one in refused],
        )
        return len(stopped)

    def _granted_since(self, store: Store, leads: Sequence[Lead]) -> dict[Lead, date]:
        """The last day before this one on which each of the leads granted consent, if one did after its refusal."""
        values: dict[str, Any] = {
            "day": self._day,
            "since": min(self._refused[lead].day for lead in leads),
            "lead_ids": sorted({lead_id for _, _, lead_id in leads}),
        }
        rows = store.rows("contacts", "grants", **values)
        return {(row.campaign, row.source, row.lead_id): row.day for row in rows}
