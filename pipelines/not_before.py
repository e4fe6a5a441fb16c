"""Contacts whose earliest time lies ahead, for vendors that cannot be told of it: they wait here.

Belongs here: who that is, and until when. Does not belong here: how a time is read (`eligibility.py`), and what a plan
does with it (`planner.py`).
"""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from connectors.columns import by_value, whole
from connectors.gateway import CONTACT_COLUMNS
from pipelines.eligibility import parse_not_before
from pipelines.ledger_rows import Refusal


class Early(NamedTuple):
    """A contact that must not be called yet."""

    refusal: Refusal
    campaign: str
    until: datetime


def read_not_before(contacts: pa.Table, zone: ZoneInfo) -> pa.Array:
    """The earliest time of each contact, in UTC; a naive one is in the zone. Missing where there is none."""
    times: pa.Array = by_value(
        whole(contacts["not_before"]),
        partial(parse_not_before, zone=zone),
        CONTACT_COLUMNS.field("not_before").type,
    )
    return times


def early_contacts(contacts: pa.Table, vendor: str, zone: ZoneInfo, now: datetime) -> list[Early]:
    """Those of the contacts whose earliest time lies ahead."""
    if contacts["not_before"].null_count == len(contacts):  # nearly always
        return []
    times = read_not_before(contacts, zone)
    ahead = contacts.append_column("until", times).filter(pc.fill_null(pc.greater(times, pa.scalar(now)), False))
    rows = ahead.select(["row_no", "campaign", "until"]).to_pylist()
    return [_early(row["row_no"], row["campaign"], row["until"], vendor, zone) for row in rows]


def _early(row_no: int, campaign: str, until: datetime, vendor: str, zone: ZoneInfo) -> Early:
    local = until.astimezone(zone)
    text = f"not to be called before {local:%Y-%m-%d %H:%M %Z}, and {vendor} cannot be told: its day is planned again"
    return Early(Refusal(row_no, "suppressed", "not_before_ahead", text), campaign, until)
