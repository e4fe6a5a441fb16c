"""Plans days for a vendor: who plans when, and which contacts are looked at, page by page.

Belongs here: the course of a plan. Does not belong here: what becomes of a contact (`planner.py`), eligibility
(`eligibility.py`) and sending (`delivery.py`). Knows no Dagster.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from connectors.errors import SetupError
from connectors.gateway import Campaign, Gateway
from pipelines.ahead import Ahead, Behind
from pipelines.ledger_rows import Holders, Scope
from pipelines.plan_ledger import PlanLedger
from pipelines.planner import Judged, Page, Planner, PlanSummary
from pipelines.reference import Vocabulary
from pipelines.refusals import Refusals
from pipelines.store import utc_now

FIRST_PAGE_ROWS, PAGE_ROWS = 500, 8_000  # the first page is small: until it is planned, no connection has work
TURN_S = 0.2
SOURCES = ("lead", "customer")


def plan(
    ledger: PlanLedger,
    gateway: Gateway,
    scope: Scope,
    campaigns: Mapping[str, Campaign],
    summary: PlanSummary,
    *,
    withdraw_days: int,
    reading: PlanLedger | None = None,
    zone: ZoneInfo = ZoneInfo("UTC"),
    vocabulary: Vocabulary = Vocabulary(),
    stop: threading.Event | None = None,
    confirm: Callable[[], object] = lambda: None,
) -> Iterator[set[str]]:
    """Plans page by page; yields, after each commit, the campaigns that it added imports to.

    What an earlier plan left unsent is planned anew, so that the newest decisions hold. So do refusals of other days
    that were decided since the day was: of `withdraw_days` before it, and all after it. Runs that plan for one vendor
    take turns, until their iterators end; `stop` ends the wait. What a lead names at the vendor is looked up in the
    vocabulary. With a ledger of its own for `reading`, a page is read and another stored while one is judged.
    `confirm` is called before anything is stored: what it raises ends the plan.
    """
    planner = Planner(ledger, gateway, scope, campaigns, summary, zone, vocabulary)

    def store(judged: Judged) -> set[str]:
        confirm()
        return planner.store(judged)

    if not await_turn(ledger, scope.vendor, stop or threading.Event()):
        return
    try:
        ledger.store.mend_statistics()
        for day in sorted(scope.days, reverse=True):  # a lead goes with the newest of its rows
            ledger.hold_day(day)
            check_decided(ledger, day)
            planner.begin(day)
            # Before anything is read: what is given back later is not planned here.
            to_plan = ledger.to_plan(scope, day)
            with ledger.store.transaction():
                Refusals.since_decided(ledger.store, day, scope.campaigns, days=withdraw_days).hold(ledger.store)
            for source in SOURCES:
                pages = Pages(reading or ledger, scope, day, source, zone)
                yield from _plan_source(planner, pages, store, is_ahead=reading is not None)
            names = store(planner.rest(day))
            planner.end(day, to_plan)
            yield names
    finally:
        ledger.leave_planning()


def _plan_source(
    planner: Planner, pages: Pages, store: Callable[[Judged], set[str]], *, is_ahead: bool
) -> Iterator[set[str]]:
    read = Ahead(iter(pages), size=1) if is_ahead else None
    try:
        with Behind(store, is_inline=read is None) as stored:
            yield from stored.through(map(planner.judge, pages if read is None else read))
    finally:
        if read is not None:
            read.close()


def await_turn(ledger: PlanLedger, vendor: str, stop: threading.Event) -> bool:
    """Whether it is our turn to plan for the vendor, until `leave_planning`; False when `stop` came first."""
    while not ledger.take_planning(vendor):
        if stop.wait(TURN_S):
            return False
    return True


def check_decided(ledger: PlanLedger, day: date) -> None:
    """The day's decisions were taken from the newest pull; else SetupError says what to do."""
    rows = ledger.decisions(day)
    if not rows:
        raise SetupError(f"nothing was pulled for {day}: materialise crm/leads, crm/customers and contacts first")
    stale = [row.source for row in rows if row.pull_id != row.decided_pull_id]
    if stale:
        raise SetupError(f"the {stale[0]}s of {day} were pulled again but not decided: materialise contacts first")


@dataclass(frozen=True, slots=True)
class Pages:
    """The contacts of a day and source, page by page. A page has nobody of another: duplicates were marked before."""

    ledger: PlanLedger
    scope: Scope
    day: date
    source: str
    zone: ZoneInfo

    def __iter__(self) -> Iterator[Page]:
        known = self.ledger.begun_campaigns(self.scope.campaigns)
        outrun = self.ledger.outrun(self.scope, self.day, self.source)
        stand_ins = self.ledger.stand_ins(self.scope, self.day)
        after, limit = -1, FIRST_PAGE_ROWS
        while len((page := self._read(known, outrun, stand_ins, after, limit)).contacts):
            yield page
            after, limit = page.contacts["row_no"][-1].as_py(), min(2 * limit, PAGE_ROWS)

    def _read(self, known: Sequence[str], outrun: pa.Array, stand_ins: Holders, after: int, limit: int) -> Page:
        with self.ledger.store.transaction():
            contacts = self.ledger.plannable(
                self.scope, self.day, self.source, known=known, outrun=outrun, after=after, limit=limit
            )
            today = utc_now().astimezone(self.zone).date()
            listed = self.ledger.listed_numbers(contacts["phones"].to_pylist(), today) if len(contacts) else set()
            claimed = _claimed(contacts) if known else []
            held = {**stand_ins, **(self.ledger.holders(known, claimed) if claimed else {})}
        return Page(self.day, self.source, contacts, listed, held)


def _claimed(contacts: pa.Table) -> list[str]:
    """The first numbers of those who do not hold theirs in their campaign, or whom the vendor refused."""
    is_refused = pc.equal(contacts["verdict"], "rejected")
    is_claiming = pc.or_kleene(
        pc.invert(contacts["is_delivery"]), pc.or_kleene(contacts["is_other_number"], is_refused)
    )
    phones: list[str] = contacts["phone"].filter(is_claiming).to_pylist()
    return phones
