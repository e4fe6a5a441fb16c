"""Any order of days, changes and refusals: no number twice, nobody who said no, and every number that may be called is.

Leads come back on later days, with other numbers, or those of others; nights fail, and are run again in any order.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from hypothesis import Phase
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule
from sqlalchemy import URL

from pipelines import morning, night, upkeep
from sandbox.faults import Fault
from tests.factories import DAY, lead, phone, write_rows
from tests.faults.vendors import WAYS, WITHDRAWING, Row
from tests.properties.machines import OneVendor, check
from tests.reading import query

DAYS = tuple(DAY + timedelta(days=number) for number in range(3))
KINDS = [
    Fault(kind="lost_after_commit"),
    Fault(kind="reset_before_processing"),
    Fault(kind="status", status=503),
    Fault(kind="status", status=429),
    Fault(kind="status", status=422),
]
TROUBLE = st.none() | st.tuples(st.sampled_from(KINDS), st.sampled_from([1, 3, None]))
Trouble = tuple[Fault, int | None] | None
PLACES = st.integers(0, len(DAYS) - 1)
NUMBERS = st.integers(0, 100)
UPDATING = ("platform", "platform-singles", "jtel")
SOURCES = {
    "leads": {"csv": "leads.csv", "cursor": "updated_at"},
    "customers": {"csv": "customers.csv", "cursor": "updated_at"},
    "do_not_call": {"csv": "do_not_call.csv"},
}
NEWEST = (
    "SELECT DISTINCT ON (source, lead_id) source, lead_id, state, reason_code FROM reporting.lead_outcome"
    " ORDER BY source, lead_id, day DESC"
)


@dataclass(frozen=True)
class Said:
    """What the CRM says of a lead on a day: its numbers, whether it may be called, whether the vendor has its agent."""

    place: int
    number: int
    second: int | None = None
    may_be_called: bool = True
    has_known_agent: bool = True

    @property
    def numbers(self) -> set[int]:
        return {self.number} if self.second is None else {self.number, self.second}


class Nights(OneVendor):
    """A CRM over three days, one vendor, and a ledger that loads them in any order."""

    @initialize(keeps_rows=st.booleans())
    def begin(self, keeps_rows: bool) -> None:
        """The CRM exports a lead on each day of which it has something to say, or on the newest alone."""
        self.keeps_rows = keeps_rows
        self.open(sources=SOURCES, **WITHDRAWING.get(self.way, {}))
        if self.way == "sobot":
            upkeep.refresh_reference(self.site.installation, "sobot", "agents")
        self.customers: set[int] = set()
        self.ever_said: dict[int, set[Said]] = {}
        self.refused: set[int] = set()

    # the CRM's side

    def write(self) -> None:
        self.site.write(self.rows_of(self.leads.keys() - self.customers), listed=sorted(self.listed))
        write_rows(self.site.config.with_name("customers.csv"), self.rows_of(self.customers))

    def rows_of(self, lead_nos: Iterable[int]) -> list[Row]:
        return [
            lead(
                lead_no,
                lead_id=self.key(lead_no)[1],
                campaign=self.site.campaign,
                phone1=phone(said.number),
                phone2="" if said.second is None else phone(said.second),
                agent="" if said.has_known_agent else "nobody-we-know",
                consent="" if said.may_be_called else "no",
                updated_at=f"{DAYS[said.place]}T10:00:00+01:00",
            )
            for lead_no in sorted(lead_nos)
            for said in (self.leads[lead_no] if self.keeps_rows else self.leads[lead_no][-1:])
        ]

    def key(self, lead_no: int) -> tuple[str, str]:
        """Source and id: a customer has the id of the lead before it, and is another person."""
        return ("customer", f"L{lead_no - 1}") if lead_no in self.customers else ("lead", f"L{lead_no}")

    def say(self, lead_no: int, said: Said) -> None:
        """The newest word on the lead; what was said of the same day is gone."""
        self.ever_said.setdefault(lead_no, set()).add(said)
        self.leads[lead_no] = [*(one for one in self.leads.get(lead_no, []) if one.place < said.place), said]
        self.write()

    @rule(place=PLACES, of=NUMBERS, shares=st.sampled_from(["nothing", "number", "second"]), is_customer=st.booleans())
    def new_lead(self, place: int, of: int, shares: str, is_customer: bool) -> None:
        """Some have the number that another has."""
        lead_no = len(self.leads) + 1
        self.customers |= {lead_no} if is_customer else set()
        if shares == "nothing" or not self.leads:
            self.say(lead_no, Said(place, lead_no))
            return
        other = self.leads[self.known(of)][-1].number
        self.say(lead_no, Said(place, other) if shares == "number" else Said(place, lead_no, second=other))

    @precondition(lambda self: self.leads)
    @rule(lead_no=NUMBERS, later=st.integers(0, 2), of=st.none() | NUMBERS)
    def change(self, lead_no: int, later: int, of: int | None) -> None:
        """Another number: that of another lead, or one that nobody had; on the day of the last word, or later."""
        lead_no = self.known(lead_no)
        last = self.leads[lead_no][-1]
        taken = {number for every in self.ever_said.values() for said in every for number in said.numbers}
        number = max(100, *taken) + 1 if of is None else self.leads[self.known(of)][-1].number
        second = None if last.second == number else last.second
        place = min(last.place + later, len(DAYS) - 1)
        self.say(lead_no, replace(last, place=place, number=number, second=second))

    @precondition(lambda self: self.leads)
    @rule(lead_no=NUMBERS, of=st.none() | NUMBERS)
    def change_second(self, lead_no: int, of: int | None) -> None:
        """Another second number, or none any more."""
        lead_no = self.known(lead_no)
        last = self.leads[lead_no][-1]
        second = None if of is None else self.leads[self.known(of)][-1].number
        self.say(lead_no, replace(last, second=None if second == last.number else second))

    @precondition(lambda self: self.leads and self.way == "sobot")
    @rule(lead_no=NUMBERS, is_known=st.booleans())
    def name_an_agent(self, lead_no: int, is_known: bool) -> None:
        """One whom the vendor does not know; or none, as before."""
        lead_no = self.known(lead_no)
        self.say(lead_no, replace(self.leads[lead_no][-1], has_known_agent=is_known))

    @precondition(lambda self: self.leads)
    @rule(lead_no=NUMBERS, later=st.integers(0, 2))
    def touch(self, lead_no: int, later: int) -> None:
        """The CRM has nothing new to say."""
        lead_no = self.known(lead_no)
        last = self.leads[lead_no][-1]
        self.say(lead_no, replace(last, place=min(last.place + later, len(DAYS) - 1)))

    @precondition(lambda self: self.leads)
    @rule(lead_no=NUMBERS)
    def say_no(self, lead_no: int) -> None:
        """The lead may not be called any more."""
        lead_no = self.known(lead_no)
        self.say(lead_no, replace(self.leads[lead_no][-1], may_be_called=False))

    @precondition(lambda self: self.leads)
    @rule(lead_no=NUMBERS)
    def forbid(self, lead_no: int) -> None:
        """A number of the lead may not be called any more."""
        self.listed.add(max(self.leads[self.known(lead_no)][-1].numbers))
        self.write()

    @precondition(lambda self: self.leads and hasattr(self.site.vendor.knobs, "reject_phones"))
    @rule(lead_no=st.none() | NUMBERS)
    def refuse(self, lead_no: int | None) -> None:
        """The vendor takes nobody with the lead's number, until it takes everybody again."""
        numbers = set() if lead_no is None else {self.leads[self.known(lead_no)][-1].number}
        self.refused |= numbers
        self.site.vendor.knobs.reject_phones = [phone(number) for number in numbers]

    # the runs

    def spoil(self, trouble: Trouble) -> None:
        self.site.server.faults.clear()
        if trouble is not None:
            fault, times = trouble
            self.site.server.faults.add(replace(fault, match=self.site.way.creating, times=times))
            if fault.status == 422:  # whoever is in a request that is refused may be refused for good
                self.refused |= {said.number for every in self.ever_said.values() for said in every}

    @precondition(lambda self: self.leads)
    @rule(place=PLACES, trouble=TROUBLE)
    def load(self, place: int, trouble: Trouble) -> None:
        self.spoil(trouble)
        self.forbid_in_time(self.site.dialled())
        self.site.load(day=DAYS[place])
        self.site.server.faults.clear()

    @precondition(lambda self: self.leads)
    @rule(places=st.sets(PLACES, min_size=2), trouble=TROUBLE)
    def backfill(self, places: set[int], trouble: Trouble) -> None:
        """Several days in one run."""
        self.spoil(trouble)
        installation, days = self.site.installation, [DAYS[place] for place in sorted(places)]
        self.forbid_in_time(self.site.dialled())
        night.refresh_campaigns(installation)
        night.refresh_do_not_call(installation)
        for day in days:
            night.pull_and_decide(installation, day)
        night.plan_and_send(installation, self.site.way.vendor, days)
        self.site.server.faults.clear()

    @precondition(lambda self: self.leads)
    @rule(trouble=TROUBLE, seconds=st.sampled_from([61, 700, 4000]))
    def tick(self, trouble: Trouble, seconds: int) -> None:
        self.site.advance(seconds)
        self.spoil(trouble)
        self.site.tick()
        self.site.server.faults.clear()

    # what holds at all times

    @invariant()
    def holds(self) -> None:
        """No number twice, none that was forbidden in time or never read, and every row of every day accounted for."""
        if not hasattr(self, "site"):
            return
        numbers = self.site.dialled()
        assert len(numbers) == len(set(numbers)), numbers
        assert set(numbers) <= {_digits(said.number) for every in self.ever_said.values() for said in every}
        assert {_digits(number) for number in self.forbidden_in_time} & set(numbers) == set()
        campaigns = morning.report(self.site.installation, DAYS).campaigns
        assert [row.campaign for row in campaigns if not row.balanced] == []

    # what holds in the end

    def come_to_rest(self) -> None:
        """Without faults some nights bring every lead to its end, and the vendor calls whom it should."""
        self.site.server.faults.clear()
        if hasattr(self.site.vendor.knobs, "reject_phones"):
            self.site.vendor.knobs.reject_phones = []
        if not self.leads:
            return
        for night_no in range(12):
            self.site.advance(4000)
            self.site.tick()
            for day in DAYS:
                self.site.load(day=day)
            # The number of a lead that was taken back on a later day is free when a day is run again.
            if night_no and not self.site.open_imports():
                break
        self.holds()
        assert self.site.open_imports() == []
        dialled = set(self.site.dialled())
        told = {(source, lead_id): end for source, lead_id, *end in query(self.site.installation, NEWEST)}
        assert told.keys() == set(map(self.key, self.leads))
        wrong = {
            lead_no: (told[self.key(lead_no)], history)
            for lead_no, history in self.leads.items()
            if not self.is_right(lead_no, told[self.key(lead_no)][0], dialled)
        }
        assert wrong == {}, (wrong, sorted(dialled), sorted(self.listed), sorted(self.refused))

    def is_right(self, lead_no: int, state: str, dialled: set[str]) -> bool:
        """Whether it is with the lead as its newest row says."""
        newest = self.leads[lead_no][-1]
        is_called = _digits(newest.number) in dialled
        if newest.number in self.listed and is_called:
            return False
        if not newest.may_be_called or newest.numbers & self.listed:
            return state in ("suppressed", "withdrawn", "duplicate")
        if state == "invalid":
            return not newest.has_known_agent
        if state == "accepted":
            return is_called or self.way not in UPDATING
        if state == "duplicate":
            return is_called or self.is_barred(newest.number)
        if state == "rejected":
            return bool(newest.numbers & self.refused)
        if state == "unattributed":
            return self.is_barred(newest.number)
        # What was taken back once is not brought back by itself.
        said = self.ever_said[lead_no]
        return state == "withdrawn" and any(not one.may_be_called or one.numbers & self.listed for one in said)

    def is_barred(self, number: int) -> bool:
        """Whether somebody may have been taken back by the number: Sobot then calls nobody on it."""
        others = [said for every in self.ever_said.values() for said in every if number in said.numbers]
        return self.way == "sobot" and any(not one.may_be_called or one.numbers & self.listed for one in others)


def _digits(number: int) -> str:
    return phone(number).lstrip("+")


WAY = pytest.mark.parametrize("way", WAYS)


@WAY
def test_days_keep_the_promises_in_any_order(way: str, postgres: URL) -> None:
    """Whoever may be called is, once; nobody else."""
    check(Nights, server=postgres, way=way, examples=2, steps=10)


@pytest.mark.exhaustive
@pytest.mark.timeout(1800)
@WAY
def test_days_keep_the_promises_in_many_orders(way: str, postgres: URL) -> None:
    """The same for many more and longer histories."""
    check(Nights, server=postgres, way=way, examples=30, steps=15, phases=(Phase.generate, Phase.shrink))
