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


def withdraw_overtaken(store: Store, vendor: str, day: date, campaigns: Collection[str], *, actor: str) -> Unplanned:
    """What was planned for older days but not sent of leads that the day has rows of is planned no more.

    Who else was in those imports is to be planned for his own day once more.
    """
    scope = {"vendor": vendor, "day": day, "campaigns": list(campaigns)}
    return _withdraw(store, "overtaken_plan", scope, "the update is not sent yet", actor=actor)


def withdraw_barred_updates(store: Store, vendor: str, *, actor: str) -> Unplanned:
    """No update waits of a lead that is to be taken back: the vendor has it as it was before."""
    return _withdraw(store, "barred_updates", {"vendor": vendor}, "it must not be called any more", actor=actor)


def plan_newest_again(store: Store, campaigns: Collection[str], lead_ids: Collection[str]) -> None:
    """Nobody delivers the leads any more: the newest days that have rows of them are to be planned once more."""
    if lead_ids:
        store.run("plans", "plan_newest_again", campaigns=list(campaigns), lead_ids=list(lead_ids), now=utc_now())


def give_up_expired(store: Store, before: date, *, actor: str) -> Unplanned:
    """What waits of days before `before` is planned no more, and never will be."""
    return _withdraw(
        store, "expired_plan", {"before": before}, "the update was not sent before it was purged", actor=actor
    )


def _withdraw(store: Store, which: str, scope: dict[str, Any], unsent: str, *, actor: str) -> Unplanned:
    import_ids = [row.import_id for row in store.rows("plans", which, **scope)]
    if not import_ids:
        return Unplanned(0, 0)
    row = store.one("plans", "withdraw", import_ids=import_ids, unsent=unsent, now=utc_now(), actor=actor)
    plan_newest_again(store, row.campaigns, row.lead_ids)
    return Unplanned(row.import_count, row.delivery_count)
