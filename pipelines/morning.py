"""What follows a load, one function each: results of vendors that tell later, questions, calls, the report.

Belongs here: what sensors, reporting assets and commands call after the night. Does not belong here: loading
(`night.py`), Dagster, the terminal.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta

from connectors.crm.csv import DAY
from connectors.crm.frames import DayWindow
from connectors.errors import ConnectorError, SetupError
from connectors.gateway import ResultsLater
from pipelines import intake, results, targets
from pipelines.delivery import deliver
from pipelines.installation import Installation
from pipelines.ledger_rows import Scope
from pipelines.night import empty_text, vendors_in_use
from pipelines.report import NightReport, night_report, waiting_before
from pipelines.results import PollSummary
from pipelines.retention import purge
from pipelines.settings import Settings
from pipelines.source_settings import TABLES
from pipelines.sources import configured_sources
from pipelines.stand_ins import appoint_stand_ins
from pipelines.store import Row, utc_now
from pipelines.tally import DeliverySummary

# Who decided a day plans it within this time, in seconds; after that somebody else does.
PLANNED_WITHIN_S = 3600
# A load that was asked for in vain is asked for again after so many seconds, then after twice as many, up to the most.
ASK_AGAIN_S, LONGEST_WAIT_S = 300, 4 * 3600


def poll_results(installation: Installation, *, limit: int, budget_s: float) -> dict[str, PollSummary]:
    """The vendors were asked about the imports that are due, within the bounds; what that came to, by vendor."""
    summaries: dict[str, PollSummary] = {}
    with installation.ledger() as ledger:
        due = results.due_vendors(ledger, utc_now())
        for vendor in due:
            until = time.monotonic() + budget_s / len(due)
            try:
                with installation.gateway(vendor) as gateway:
                    if isinstance(gateway, ResultsLater):
                        summaries[vendor] = results.poll(ledger, gateway, vendor, limit=limit, until=until)
            except SetupError as error:
                summaries[vendor] = PollSummary(problem=str(error))
    return summaries


def told_of_polls(summaries: Mapping[str, PollSummary]) -> str:
    """What asking came to, in a sentence."""
    told = [
        f"{vendor}: {one.asked} asked, {one.finished + one.reopened} finished, {one.failed} not answered"
        + (f" ({one.problem})" if one.problem else "")
        for vendor, one in summaries.items()
    ]
    return "; ".join(told) or "no import waits for a vendor's result that is due"


def due_results(
    installation: Installation, *, limit: int, first_day: date | None = None, today: date | None = None
) -> Sequence[Row]:
    """Days from `first_day` to `today` that have results to collect now: `day`, `last_event_id`."""
    reach = _reach(installation, first_day, today)
    with installation.store() as store:
        return store.rows("results", "due_days", now=utc_now(), limit=limit, **reach)


def collect(
    installation: Installation, day: date, *, stop: threading.Event | None = None
) -> dict[str, DeliverySummary]:
    """What the vendors finished was read and settled, of all campaigns that have open imports; by vendor.

    Who goes in the place of a lead that a vendor refused is sent by the day's next load.
    """
    summaries: dict[str, DeliverySummary] = {}
    for vendor in installation.settings.vendors.configured():
        try:
            with installation.ledger() as ledger, installation.gateway(vendor) as gateway:
                if isinstance(gateway, ResultsLater):
                    scope = Scope(vendor, (day,), tuple(ledger.campaigns_with_open(vendor, [day])))
                    terms = installation.terms(vendor)
                    summaries[vendor] = deliver(ledger, gateway, scope, {}, terms, stop=stop, mode="collect")
                    if day >= installation.settings.first_day:
                        appoint_stand_ins(ledger.store, scope)
        except SetupError as error:
            summaries[vendor] = DeliverySummary(problem=str(error))
    return summaries


def due_questions(
    installation: Installation, *, limit: int, first_day: date | None = None, today: date | None = None
) -> Sequence[Row]:
    """Vendors and days of which a load goes on now: `vendor`, `day`, `last_event_id`, `cause`.

    They have imports to ask about, leads that were given back, or wait because the vendor failed, or were decided and
    planned by nobody; the latter only where every row that was read has a verdict. Only days from `first_day` to
    `today` are looked at.
    """
    now = utc_now()
    with installation.store() as store:
        rows = store.rows(
            "imports",
            "due_partitions",
            now=now,
            settled_before=now - timedelta(seconds=longest_settle_s(installation)),
            decided_before=now - timedelta(seconds=PLANNED_WITHIN_S),
            ended_before=now - timedelta(seconds=ASK_AGAIN_S),
            **_reach(installation, first_day, today),
            vendors=list(installation.settings.vendors.configured()),
            wait_s=ASK_AGAIN_S,
            longest_wait_s=LONGEST_WAIT_S,
            limit=limit,
        )
        return [row for row in rows if not row.is_unplanned or not intake.decision_summary(store, row.day).imbalances]


def days_out_of_reach(installation: Installation, first_day: date, today: date) -> list[date]:
    """The days before `first_day`, or after `today`, that have open imports: no partition, and so no run, is theirs."""
    with installation.store() as store:
        rows = store.rows("imports", "days_out_of_reach", first_day=first_day, today=today)
    return [row.day for row in rows]


def is_past_with_open(installation: Installation, day: date) -> bool:
    """Whether the day lies before `first_day` and has open imports: it can be settled, and not loaded."""
    first_day = installation.settings.first_day
    return day < first_day and day in days_out_of_reach(installation, first_day, date.max)


def _reach(installation: Installation, first_day: date | None, today: date | None) -> dict[str, date]:
    """The days that can be loaded, unless others are given."""
    settings = installation.settings
    now = utc_now().astimezone(settings.zone).date()
    return {"first_day": first_day or settings.first_day, "today": today or now}


def note_requests(installation: Installation, due: Sequence[Row]) -> None:
    """The rows of `due_questions` were answered by asking for loads: for the same cause none is due at once again."""
    now = utc_now()
    with installation.store() as store:
        store.run(
            "imports",
            "note_requests",
            vendors=[row.vendor for row in due],
            days=[row.day for row in due],
            causes=[row.cause for row in due],
            now=now,
            forget_before=now - timedelta(seconds=10 * LONGEST_WAIT_S),
        )


def longest_settle_s(installation: Installation) -> float:
    """The longest wait before a vendor is asked about something whose outcome was not seen, in seconds."""
    return max((vendor.settle_s for vendor in installation.settings.vendors.configured().values()), default=0.0)


def report(installation: Installation, days: Sequence[date], names: Sequence[str] = ()) -> NightReport:
    """What the reporting schema says of the days, of the named campaigns or of all."""
    with installation.store() as store:
        return night_report(
            store, days, names, empty_text=empty_text(installation), end_of=_end_of_days(installation.settings)
        )


def _end_of_days(settings: Settings) -> Callable[[date], datetime] | None:
    """When a day is over; None where every file is a day's own, and may be whole before."""
    described = (getattr(settings.sources, TABLES[source]) for source in configured_sources(settings))
    if all(source.csv is not None and DAY in source.csv for source in described):
        return None
    return lambda day: DayWindow(day, settings.zone).end.astimezone(settings.zone)


def told_of_older_days(installation: Installation, newest: date) -> list[str]:
    """One sentence for each day before the newest that waits for something, or was not read."""
    settings = installation.settings
    with installation.store() as store:
        return waiting_before(store, newest, first_day=settings.first_day, is_night=settings.is_night)


def count_imports(installation: Installation, day: date) -> dict[str, int]:
    """How many imports of the day are in each state."""
    with installation.store() as store:
        rows = store.rows("reporting", "import_totals", days=[day])
    states = ("planned", "sending", "submitted", "settled", "unknown", "failed")
    return {state: sum(row.import_count for row in rows if row.state == state) for state in states}


def told_of_waiting(installation: Installation, days: Sequence[date]) -> str:
    """What vendors have not told of yet, in words: `sobot: 2 imports, 200 leads submitted`."""
    counts: dict[str, list[int]] = {}
    with installation.store() as store:
        for row in store.rows("reporting", "open_imports", days=list(days)):
            if row.state == "submitted":
                told = counts.setdefault(row.vendor, [0, 0])
                told[0] += row.import_count
                told[1] += row.lead_count
    return "; ".join(f"{vendor}: {n} imports, {leads} leads submitted" for vendor, (n, leads) in sorted(counts.items()))


def shortfall(installation: Installation, days: Sequence[date]) -> tuple[int, int]:
    """(imports of which the vendor counted fewer leads than it was sent, how many leads that are)."""
    with installation.store() as store:
        row = store.one("reporting", "shortfall", days=list(days))
    return int(row.import_count), int(row.lead_count)


def read_call_results(installation: Installation, day: date) -> tuple[int, int, list[str]]:
    """What vendors say of calls that were made on the day is stored: (results read, stored, what could not be read)."""
    window = DayWindow(day, installation.settings.zone)
    read = stored = 0
    problems: list[str] = []
    for vendor in vendors_in_use(installation):
        try:
            with installation.ledger() as ledger, installation.gateway(vendor) as gateway:
                for name, campaign in installation.campaigns(ledger.store, vendor).items():
                    try:
                        there = targets.known(ledger.store, gateway, campaign, day)
                        told = list(gateway.call_results(there, window.start, window.end))
                    except (ConnectorError, SetupError) as error:
                        problems.append(f"{day} {name}: {error}")
                    else:
                        read += len(told)
                        stored += ledger.store_call_results(name, told)
        except SetupError as error:  # the vendor cannot be opened
            problems.append(f"{day}: {error}")
    return read, stored, problems


def forget(installation: Installation, before: date) -> dict[str, int]:
    """Private data of days before `before` is gone; how many rows lost something."""
    with installation.store() as store:
        return purge(store, before)
