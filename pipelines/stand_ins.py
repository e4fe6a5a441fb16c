"""Puts leads that were left out for their number in the place of those that will not be called on it.

Belongs here: when that is asked for again. Does not belong here: who is left out for a number (`intake.py`), and that
two leads with one number are never planned both (`planner.py`).
"""

from __future__ import annotations

from pipelines.ledger_rows import Scope
from pipelines.reference import UNKNOWN
from pipelines.store import Store, utc_now


def appoint_stand_ins(store: Store, scope: Scope) -> int:
    """The days' campaigns are to be planned once more with them; how many leads that are."""
    with store.transaction():
        row = store.one(
            "contacts",
            "appoint_stand_ins",
            vendor=scope.vendor,
            days=list(scope.days),
            campaigns=list(scope.campaigns),
            unknown=list(UNKNOWN.values()),
            now=utc_now(),
        )
    return int(row.lead_count)
