"""Takes imports that were not sent from the plan, inside the caller's transaction.

Belongs here: which of them, and why. Does not belong here: what is planned in their place (`planning.py`).
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any, NamedTuple

from pipelines.store import Store, utc_now


class Unplanned(NamedTuple):
    """How many imports are planned no more, and how many leads nobody delivers any more."""

    import_count: int
    delivery_count: int


def withdraw_outdated(store: Store, vendor: str, day: date, campaigns: Collection[str], *, actor: str) -> Unplanned:
    """What was planned for the day but not sent is planned no more: the plan is made anew from the contacts."""
    scope = {"vendor": vendor, "day": day, "campaigns": list(campaigns)}
    return _withdraw(store, "outdated_plan", scope, "the update is not sent yet", actor=actor)


def give_up_expired(store: Store, before: date, *, actor: str) -> Unplanned:
    """What waits of days before `before` is planned no more, and never will be."""
    return _withdraw(
        store, "expired_plan", {"before": before}, "the update was not sent before it was purged", actor=actor
    )


def _withdraw(store: Store, which: str, scope: dict[str, Any], unsent: str, *, actor: str) -> Unplanned:
    import_ids = [row.import_id for row in store.rows("imports", which, **scope)]
    if not import_ids:
        return Unplanned(0, 0)
    row = store.one("imports", "withdraw", import_ids=import_ids, unsent=unsent, now=utc_now(), actor=actor)
    return Unplanned(row.import_count, row.delivery_count)
