"""What follows a load, one function each: results of vendors that tell later, questions, calls, the report.

Belongs here: what sensors, reporting assets and commands call after the night. Does not belong here: loading
(`night.py`), Dagster, the terminal.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Row

from connectors.crm.frames import DayWindow
from connectors.gateway import ResultsLater
from pipelines import results
from pipelines.delivery import DeliverySummary, deliver
from pipelines.installation import Installation
from pipelines.night import vendors_in_use
from pipelines.report import NightReport, night_report
from pipelines.results import PollSummary
from pipelines.retention import purge
from pipelines.store import utc_now


def poll_results(installation: Installation, *, limit: int, budget_s: float) -> dict[str, PollSummary]:
    """The vendors were asked about the imports that are due, within the bounds; what that came to, by vendor."""
    until = time.monotonic() + budget_s
    summaries: dict[str, PollSummary] = {}
    with installation.ledger() as ledger:
        for vendor in results.due_vendors(ledger, utc_now()):
            with installation.gateway(vendor) as gateway:
                if isinstance(gateway, ResultsLater):
                    summaries[vendor] = results.poll(ledger, gateway, vendor, limit=limit, until=until)
    return summaries


def told_of_polls(summaries: Mapping[str, PollSummary]) -> str:
    """What asking came to, in a sentence."""
    told = [
        f"{vendor}: {one.asked} asked, {one.finished + one.reopened} finished, {one.failed} not answered"
        + (f" ({one.problem})" if one.problem else "")
        for vendor, one in summaries.items()
    ]
    return "; ".join(told) or "no import waits for a vendor's result that is due"


def due_results(installation: Installation, *, limit: int) -> Sequence[Row[Any]]:
    """Days that have results to collect now: `day`, `last_event_id`."""
    with installation.store() as store:
        return store.rows("results", "due_days", now=utc_now(), limit=limit)


def collect(
    installation: Installation, day: date, names: Sequence[str] = (), *, stop: threading.Event | None = None
) -> dict[str, DeliverySummary]:
    """What the vendors finished was read and settled; by vendor."""
    summaries: dict[str, DeliverySummary] = {}
    for vendor in vendors_in_use(installation, names):
        with installation.ledger() as ledger, installation.gateway(vendor) as gateway:
            if isinstance(gateway, ResultsLater):
                campaigns = installation.campaigns(ledger.store, vendor, names)
                scope = installation.scope(vendor, [day], campaigns)
                terms = installation.terms(vendor)
                summaries[vendor] = deliver(ledger, gateway, scope, campaigns, terms, stop=stop, mode="collect")
    return summaries


def due_questions(installation: Installation, *, limit: int) -> Sequence[Row[Any]]:
    """Vendors and days that have imports to ask about now: `vendor`, `day`, `last_event_id`."""
    with installation.store() as store:
        settled_before = utc_now() - timedelta(seconds=longest_settle_s(installation))
        return store.rows("imports", "due_partitions", now=utc_now(), settled_before=settled_before, limit=limit)


def longest_settle_s(installation: Installation) -> float:
    """The longest wait before a vendor is asked about something whose outcome was not seen, in seconds."""
    return max((vendor.settle_s for vendor in installation.settings.vendors.configured().values()), default=0.0)


def report(installation: Installation, days: Sequence[date], names: Sequence[str] = ()) -> NightReport:
    """What the reporting schema says of the days, of the named campaigns or of all."""
    with installation.store() as store:
        return night_report(store, days, names)


def count_imports(installation: Installation, day: date) -> dict[str, int]:
    """How many imports of the day are in each state."""
    with installation.store() as store:
        rows = store.rows("reporting", "import_totals", days=[day])
    states = ("planned", "sending", "submitted", "settled", "unknown", "failed")
    return {state: sum(row.import_count for row in rows if row.state == state) for state in states}


def shortfall(installation: Installation, days: Sequence[date]) -> tuple[int, int]:
    """(imports of which the vendor counted fewer leads than it was sent, how many leads that are)."""
    with installation.store() as store:
        row = store.one("reporting", "shortfall", days=list(days))
    return int(row.import_count), int(row.lead_count)


def read_call_results(installation: Installation, day: date) -> tuple[int, int]:
    """What vendors say of calls that were made on the day is stored: (results read, results stored)."""
    window = DayWindow(day, installation.settings.zone)
    read = stored = 0
    for vendor in vendors_in_use(installation):
        with installation.ledger() as ledger, installation.gateway(vendor) as gateway:
            for campaign in installation.campaigns(ledger.store, vendor).values():
                results = list(gateway.call_results(campaign, window.start, window.end))
                read += len(results)
                stored += ledger.store_call_results(campaign.campaign, results)
    return read, stored


def forget(installation: Installation, before: date) -> dict[str, int]:
    """Private data of days before `before` is gone; how many rows lost something."""
    with installation.store() as store:
        return purge(store, before)
