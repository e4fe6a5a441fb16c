"""Loads a day from the sources to every vendor, in one process: what `leadsync sync` does.

Belongs here: which step of a night waits for which, and what the whole came to. Does not belong here: the steps
(`night.py`), Dagster, the terminal.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from functools import partial

from connectors.errors import ConnectorError, LeadsyncError, SetupError
from pipelines import intake, night, recall, withdrawals
from pipelines.installation import Installation
from pipelines.intake import DecisionSummary
from pipelines.night import Gates, VendorSummary
from pipelines.store import LedgerError, LedgerUnavailableError
from pipelines.vendors import VENDORS


class IncompleteError(LeadsyncError):
    """A step ended, but something needs a person; the text says what, campaign by campaign."""


@dataclass
class DaySummary:
    """What loading a day came to: the decisions, and a summary per vendor that had something to do.

    `failures` and `stops` need a person; the reporting schema has the stops, and what was not taken back, too.
    """

    decisions: DecisionSummary
    vendors: dict[str, VendorSummary]
    failures: list[str]
    stops: list[str]

    @property
    def problems(self) -> list[str]:
        """One sentence for each thing that needs a person."""
        return [*self.failures, *self.stops]


def load_day(
    installation: Installation,
    day: date,
    names: Sequence[str] = (),
    *,
    wait_s: float = 0,
    stop: threading.Event | None = None,
) -> DaySummary:
    """The day is loaded as far as can be: refreshed, pulled and decided; then planned and sent to all vendors at once.

    The vendors' loads begin when every row is read, and wait until the day is decided: what can be asked is asked
    meanwhile. A vendor that cannot be reached, or is slow, and a campaign that cannot be loaded, hold up no other; what
    failed is in `problems`.

    Raises:
        IncompleteError: rows were read that have no verdict; nothing was sent.
    """
    with night.intake_on_record(installation, [day]):
        night.refresh_campaigns(installation)
    night.check_names(installation, names)
    read: Future[None] = Future()
    decided: Future[None] = Future()
    with ThreadPoolExecutor(len(VENDORS) + 2, thread_name_prefix="load") as threads:
        balance = threads.submit(_balanced, installation, day, decided.result)
        gates = Gates(decided.result, balance.result)

        def begin_loads() -> dict[str, Future[VendorSummary]]:
            read.result()
            used = night.vendors_in_use(installation, names)
            return {
                vendor: threads.submit(
                    _load_vendor, installation, vendor, day, names, wait_s, stop, gates, is_loaded=vendor in used
                )
                for vendor in night.vendors_with_work(installation, used)
            }

        begun = threads.submit(begin_loads)
        try:
            with night.intake_on_record(installation, [day]):
                night.pull_and_decide(
                    installation,
                    day,
                    meanwhile=partial(night.refresh_do_not_call, installation),
                    when_read=partial(read.set_result, None),
                )
        except BaseException:
            read.cancel()
            decided.cancel()
            raise
        decided.set_result(None)
        loads = begun.result()
    decisions = balance.result()
    vendors = {vendor: load.result() for vendor, load in loads.items()}
    return _summed_up(installation, day, names, decisions, vendors)


def _balanced(installation: Installation, day: date, decided: Callable[[], object]) -> DecisionSummary:
    """The day's decisions, counted in the ledger; IncompleteError when some row that was read has none."""
    decided()
    with installation.store() as store:
        decisions = intake.decision_summary(store, day)
    if decisions.imbalances:
        raise IncompleteError(
            f"{day}: not every row that was read has a verdict: {decisions.imbalances}; nothing was sent"
        )
    return decisions


def _summed_up(
    installation: Installation,
    day: date,
    names: Sequence[str],
    decisions: DecisionSummary,
    vendors: dict[str, VendorSummary],
) -> DaySummary:
    """What the day came to, with a sentence for each thing that needs a person."""
    deliveries = [summary.delivery for summary in vendors.values()]
    failures = night.empty_days(installation, [decisions])
    failures += [] if names else night.unknown_campaigns(installation, [decisions])
    failures += [text for one in deliveries for text in night.failures_of(one, day)]
    stops = [text for one in deliveries for text in night.stops_of(one, day)]
    kept = [text for one in vendors.values() for text in one.withdrawal.problems]
    kept += [
        f"{day} {name}: ended before it was clear who must be taken back"
        for name, one in vendors.items()
        if one.withdrawal.is_cut_short
    ]
    return DaySummary(decisions, vendors, failures, stops + kept)


def _load_vendor(
    installation: Installation,
    vendor: str,
    day: date,
    names: Sequence[str],
    wait_s: float,
    stop: threading.Event | None,
    gates: Gates,
    *,
    is_loaded: bool,
) -> VendorSummary:
    """What the vendor's part of the night came to; what ended it early is in the summary, and on record.

    Raises:
        LedgerUnavailableError: no part of the night can go on.
    """
    summary = VendorSummary()
    try:
        with night.end_on_record(installation, vendor, [day], names):
            summary.withdrawal = night.ask_and_withdraw(installation, vendor, [day], names, stop=stop, gates=gates)
            if is_loaded:
                loaded = night.plan_and_send(installation, vendor, [day], names, wait_s=wait_s, stop=stop, gates=gates)
                summary.plan, summary.delivery = loaded.plan, loaded.delivery
                _finish(installation, vendor, day, names, stop, summary)
    except LedgerUnavailableError:
        raise
    except (SetupError, ConnectorError, LedgerError) as error:
        summary.delivery.problem = summary.delivery.problem or str(error)
    return summary


def _finish(
    installation: Installation,
    vendor: str,
    day: date,
    names: Sequence[str],
    stop: threading.Event | None,
    summary: VendorSummary,
) -> None:
    """Whom the vendor must not call, also as the load has shown, is taken back, and what it has in full is switched."""
    if summary.withdrawal.is_waiting:
        again = recall.withdraw(installation, vendor, names, is_looking=False, stop=stop)
        again.leads += [lead for lead in summary.withdrawal.leads if lead.outcome == withdrawals.WITHDRAWN]
        summary.withdrawal = again
    if stop is None or not stop.is_set():
        switched = night.switch_loaded(installation, vendor, [day], names)
        summary.delivery.stopped |= {name: problem for name, problem in switched.items() if problem}
