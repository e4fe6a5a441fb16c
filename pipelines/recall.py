"""Taking leads back as commands and assets call it: from a vendor, whom it would be, and once more whoever was due.

Belongs here: an installation's settings, stores and gateways put together for that. Does not belong here: who is due
and the course of it (`withdrawals.py`), loading (`night.py`).
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import timedelta

from connectors.errors import SetupError
from connectors.gateway import TakesBack
from connectors.patience import Patience
from pipelines import planning, withdrawals
from pipelines.installation import Installation
from pipelines.store import utc_now
from pipelines.unplanning import withdraw_barred_updates
from pipelines.vendors import VENDORS
from pipelines.withdrawals import Lead, WithdrawalSummary


def withdraw(
    installation: Installation,
    vendor: str,
    names: Sequence[str] = (),
    *,
    is_looking: bool = True,
    is_limited: bool = True,
    is_patient: bool = True,
    stop: threading.Event | None = None,
) -> WithdrawalSummary:
    """Leads that the vendor has and that must not be called any more are taken back, of the named campaigns or all.

    The do-not-call list counts as it is stored, of each lead its newest row. Nobody plans for the vendor meanwhile.

    Args:
        is_looking: whether everybody is looked at, or only those who were due before.
        is_limited: whether `eligibility.withdraw_at_most` holds.
        is_patient: whether a plan in the making is waited for; else this run leaves everything to the next.
    """
    stop = stop or threading.Event()
    with installation.plan_ledger() as ledger, ExitStack() as opened:
        if not withdrawals.has_delivered(ledger.store, vendor):
            return WithdrawalSummary()
        if not (planning.await_turn(ledger, vendor, stop) if is_patient else ledger.take_planning(vendor)):
            return WithdrawalSummary(is_cut_short=True)
        opened.callback(ledger.leave_planning)
        ledger.store.mend_statistics()
        watch = _watch(installation, vendor, names, is_limited=is_limited)
        if is_looking:
            withdrawals.note_due(ledger.store, watch)
        withdrawals.forget_not_due(ledger.store, watch)
        with ledger.store.transaction():
            withdraw_barred_updates(ledger.store, vendor, actor=installation.actor)
        gateway, patience = None, Patience()
        try:
            patience = installation.vendor_settings(vendor).patience()
            gateway = opened.enter_context(installation.gateway(vendor))
            refusal = gateway.withdrawal_refusal if isinstance(gateway, TakesBack) else f"{vendor} takes no lead back"
        except SetupError as error:
            refusal = str(error)
        return withdrawals.withdraw(
            ledger.store, gateway, watch, refusal=refusal, patience=patience, stop=stop, actor=installation.actor
        )


def due_withdrawals(installation: Installation, names: Sequence[str] = ()) -> list[Lead]:
    """The leads that `withdraw` would take back: they are noted as due, and nobody is asked."""
    due: list[Lead] = []
    with installation.store() as store:
        store.mend_statistics()
        for vendor in VENDORS:
            watch = _watch(installation, vendor, names)
            withdrawals.note_due(store, watch)
            withdrawals.forget_not_due(store, watch)
            due += withdrawals.due(store, watch)
    return due


def take_back_noted(installation: Installation) -> dict[str, WithdrawalSummary]:
    """Who was due before is tried once more: perhaps it is known by now whether the vendor has the lead. By vendor.

    A vendor for which a plan is in the making is left to the load that makes it.
    """
    with installation.store() as store:
        vendors = withdrawals.noted_vendors(store)
    return {vendor: withdraw(installation, vendor, is_looking=False, is_patient=False) for vendor in vendors}


def _watch(
    installation: Installation, vendor: str, names: Sequence[str], *, is_limited: bool = True
) -> withdrawals.Watch:
    settings = installation.settings.eligibility
    today = utc_now().astimezone(installation.settings.zone).date()
    since = today - timedelta(days=settings.withdraw_days)
    return withdrawals.Watch(vendor, tuple(names), today, since, settings.withdraw_at_most if is_limited else None)
