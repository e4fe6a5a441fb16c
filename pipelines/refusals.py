"""Refusals of other days, held against rows that no grant makes good: when a day is decided, and when it is planned.

Belongs here: who refused and has not granted consent since, whose newest row has a number on the do-not-call list, and
which rows of a day that stops. Does not belong here:
what a row says of consent by itself (`eligibility.py`), refusals of the same day (`sql/statements/contacts.sql`,
mark_duplicates), and leads that a vendor has already (`withdrawals.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple, Self

import numpy as np
import pandas as pd
import pyarrow as pa

from connectors.columns import TEXT
from connectors.crm.frames import as_arrow
from pipelines.eligibility import REASONS
from pipelines.sharing import Keys, LeadKeys, among
from pipelines.source_settings import TABLES
from pipelines.store import Store

STANDING = ("consent_withdrawn", "consent_unclear")
"""Reasons that stand until a row grants consent: not that none was given, which hangs on a setting."""

_PAGE_ROWS = 10_000

_Lead = tuple[str, str, str]
"""Campaign, source and lead_id."""


class _Refusal(NamedTuple):
    day: date
    reason_code: str


class _Eligible(NamedTuple):
    lead: _Lead
    row_no: int


class Refusals:
    """Who refused on other days; takes the day's rows chunk by chunk, and tells at the end which it stops.

    A refusal of a later day counts too, whatever the day's row says: who refused since is not sent when an older day is
    loaded late, nor is a lead whose newest row has a number that must not be called. For each of them a hash of 64 bits
    is kept.
    """

    def __init__(self, window: Mapping[str, Any], lead_keys: LeadKeys, refused: Keys) -> None:
        self._window = window
        self._lead_keys = lead_keys
        self._refused = refused
        self._eligible: list[_Eligible] = []
        self._granted: set[_Lead] = set()

    @classmethod
    def around(cls, store: Store, day: date, *, days: int) -> Self:
        """Those of so many days before the day, and of all days after it."""
        window = _window(day, days)
        lead_keys, keys = LeadKeys(), [np.empty(0, np.uint64)]
        for source in TABLES:
            for page in store.pages("contacts", "refused_leads", page_rows=_PAGE_ROWS, source=source, **window):
                campaigns, lead_ids = (pa.array(texts, TEXT) for texts in zip(*page, strict=True))
                keys.append(lead_keys.of(source, campaigns, lead_ids))
        return cls(window, lead_keys, np.unique(np.concatenate(keys)))

    @classmethod
    def since_decided(cls, store: Store, day: date, campaigns: Collection[str], *, days: int) -> Self:
        """Those of these days as they stand now, with the campaigns' stored rows of the day that they may stop."""
        refusals = cls(_window(day, days), LeadKeys(), np.empty(0, np.uint64))
        rows = store.rows("contacts", "refused_elsewhere", campaigns=list(campaigns), **refusals._window)
        for row in rows:
            lead = (row.campaign, row.source, row.lead_id)
            if row.verdict == "eligible":
                refusals._eligible.append(_Eligible(lead, row.row_no))
            if row.consent == "granted":
                refusals._granted.add(lead)
        return refusals

    def note(self, source: str, decided: pd.DataFrame) -> None:
        """The rows, as `eligibility.judge` returns them, are remembered where they are of a lead that refused."""
        if not len(self._refused):
            return
        keys = self._lead_keys.of(source, as_arrow(decided["campaign"]), as_arrow(decided["lead_id"]))
        found = decided[among(keys, self._refused)]
        names = ("campaign", "lead_id", "verdict", "consent")
        texts = (as_arrow(found[name]).to_pylist() for name in names)
        for row_no, campaign, lead_id, verdict, consent in zip(found["row_no"].tolist(), *texts, strict=True):
            lead = (campaign, source, lead_id)
            if verdict == "eligible":
                self._eligible.append(_Eligible(lead, row_no))
            if consent == "granted":
                self._granted.add(lead)

    def hold(self, store: Store) -> None:
        """The rows that may not be sent after all have the verdict of what was refused."""
        if not self._eligible:
            return
        lead_ids = sorted({lead_id for (_, _, lead_id), _ in self._eligible})
        refused = self._said_no(store, lead_ids)
        granted = self._said_yes(store, lead_ids, refused)
        stopped = self._listed(store, lead_ids)
        stopped |= {lead: refusal for lead, refusal in refused.items() if lead not in granted}
        self._suppress(store, [(row, stopped[row.lead]) for row in self._eligible if row.lead in stopped])

    def _said_no(self, store: Store, lead_ids: Sequence[str]) -> dict[_Lead, _Refusal]:
        rows = store.rows("contacts", "refusals", lead_ids=lead_ids, **self._window)
        return {(row.campaign, row.source, row.lead_id): _Refusal(row.day, row.reason_code) for row in rows}

    def _listed(self, store: Store, lead_ids: Sequence[str]) -> dict[_Lead, _Refusal]:
        """Those of the leads whose newest row, of a later day, has a number that must not be called."""
        rows = store.rows("contacts", "listed_later", day=self._window["day"], lead_ids=lead_ids)
        return {(row.campaign, row.source, row.lead_id): _Refusal(row.day, "do_not_call") for row in rows}

    def _said_yes(self, store: Store, lead_ids: Sequence[str], refused: Mapping[_Lead, _Refusal]) -> set[_Lead]:
        """Those of the leads that granted consent after they refused it."""
        day = self._window["day"]
        since = min((refusal.day for refusal in refused.values()), default=day)
        rows = store.rows("contacts", "grants", day=day, since=since, lead_ids=lead_ids)
        granted = {(row.campaign, row.source, row.lead_id): row.day for row in rows}
        granted |= {lead: max(day, granted.get(lead, day)) for lead in self._granted}
        return {lead for lead, refusal in refused.items() if lead in granted and granted[lead] > refusal.day}

    def _suppress(self, store: Store, held: Sequence[tuple[_Eligible, _Refusal]]) -> None:
        if not held:
            return
        store.run(
            "contacts",
            "suppress",
            day=self._window["day"],
            sources=[row.lead[1] for row, _ in held],
            row_nos=[row.row_no for row, _ in held],
            reason_codes=[refusal.reason_code for _, refusal in held],
            reasons=[_reason(refusal) for _, refusal in held],
        )


def _reason(refusal: _Refusal) -> str:
    if refusal.reason_code == "do_not_call":
        return f"a number of the lead's row of {refusal.day} is on the do-not-call list"
    return f"{REASONS[refusal.reason_code][1]}, said on {refusal.day}; no row has granted it since"


def _window(day: date, days: int) -> dict[str, Any]:
    return {"day": day, "since": day - timedelta(days=days), "reason_codes": list(STANDING)}
