"""Any order of events at any vendor: never twice, never forbidden, all accounted for, nothing lost in the end."""

from __future__ import annotations

from datetime import timedelta
from time import monotonic

import pytest
from hypothesis import Phase
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    invariant,
    precondition,
    rule,
)
from sqlalchemy import URL

from connectors.gateway import MakesTargets
from pipelines import morning, night
from pipelines.store import utc_now
from pipelines.targets import known
from sandbox.faults import Fault, Match
from tests.factories import DAY, lead, phone
from tests.faults.vendors import WAYS
from tests.properties.machines import OneVendor, check
from tests.reading import query

KINDS = [
    Fault(kind="lost_after_commit"),
    Fault(kind="reset_before_processing"),
    Fault(kind="reset_before_body"),
    Fault(kind="truncated", bytes=12),
    Fault(kind="html", commit=True),
    Fault(kind="html_200"),
    Fault(kind="status", status=503),
    Fault(kind="status", status=503, commit=True),
    Fault(kind="status", status=429),
    Fault(kind="status", status=401),
]
PLACES = ("creating", "asking", "anywhere")
TROUBLE = st.tuples(st.sampled_from(KINDS), st.sampled_from(PLACES), st.integers(1, 4), st.integers(0, 3))
Trouble = tuple[Fault, str, int, int]
NUMBERS = st.integers(0, 100)
SMALL = {
    "sinch": {"batch_size": 4},
    "sobot": {"max_details_per_import": 4},
    "platform": {"bulk_max_leads": 4},
    "platform-singles": {"bulk_max_leads": 4},
    "jtel": {},
}
ZONES = ("Europe/Paris", "Europe/Rome", "Europe/Vienna")


class Delivery(OneVendor):
    """A CRM whose leads come, change and forbid calls, one vendor, and a ledger that loads it through faults."""

    @initialize()
    def begin(self) -> None:
        self.open(**SMALL[self.way])

    # the CRM's side

    def write(self) -> None:
        self.site.write(list(self.leads.values()), listed=sorted(self.listed))

    @rule(count=st.integers(1, 5))
    def new_leads(self, count: int) -> None:
        for number in range(len(self.leads) + 1, len(self.leads) + 1 + count):
            self.leads[number] = lead(number, campaign=self.site.campaign)
        self.write()

    @precondition(lambda self: self.leads)
    @rule(number=NUMBERS, zone=st.sampled_from(ZONES))
    def change(self, number: int, zone: str) -> None:
        number = self.known(number)
        self.leads[number] = lead(number, campaign=self.site.campaign, timezone=zone, first_name=zone[7:])
        self.write()

    @precondition(lambda self: self.leads)
    @rule(number=NUMBERS)
    def forbid(self, number: int) -> None:
        self.listed.add(self.known(number))
        self.write()

    # the runs

    def spoil(self, trouble: Trouble | None) -> None:
        self.site.server.faults.clear()
        if trouble is not None:
            fault, place, times, skip = trouble
            matches = {"creating": self.site.way.creating, "asking": self.site.way.asking, "anywhere": Match()}
            values = {**vars(fault), "match": matches[place], "times": times, "skip": skip}
            self.site.server.faults.add(Fault(**values))

    @precondition(lambda self: self.leads)
    @rule(trouble=st.none() | TROUBLE)
    def load(self, trouble: Trouble | None) -> None:
        self.spoil(trouble)
        self.forbid_in_time(self.site.numbers())
        self.site.load()
        self.site.server.faults.clear()

    @precondition(lambda self: self.leads)
    @rule(trouble=st.none() | TROUBLE, seconds=st.sampled_from([10, 61, 700, 4000]))
    def tick(self, trouble: Trouble | None, seconds: int) -> None:
        self.site.advance(seconds)
        self.spoil(trouble)
        self.site.tick()
        self.site.server.faults.clear()

    @precondition(lambda self: self.leads)
    @rule(trouble=st.none() | TROUBLE)
    def send_alone(self, trouble: Trouble | None) -> None:
        self.spoil(trouble)
        night.send(self.site.installation, self.site.way.vendor, [DAY])
        self.site.server.faults.clear()

    @precondition(lambda self: self.leads)
    @rule(trouble=st.none() | TROUBLE)
    def ask_and_collect_alone(self, trouble: Trouble | None) -> None:
        self.spoil(trouble)
        night.ask(self.site.installation, self.site.way.vendor, [DAY])
        morning.poll_results(self.site.installation, limit=2, budget_s=5)
        morning.collect(self.site.installation, DAY)
        self.site.server.faults.clear()

    @precondition(lambda self: self.leads)
    @rule(what=st.sampled_from(["planned", "unknown", "finished"]))
    def die_with_a_claim(self, what: str) -> None:
        """A process claims what it would send, ask about or collect, and is never heard of again."""
        installation, vendor = self.site.installation, self.site.way.vendor
        with installation.ledger() as ledger, installation.gateway(vendor) as gateway:
            campaigns = installation.campaigns(ledger.store, vendor)
            there = {name: known(ledger.store, gateway, one, DAY).target for name, one in campaigns.items()}
            if what == "planned" and isinstance(gateway, MakesTargets):  # nobody claims what has nowhere to go
                by_name = {name for name, one in campaigns.items() if gateway.target_name(one, DAY) is not None}
                campaigns = {
                    name: one for name, one in campaigns.items() if name not in by_name or there[name] != one.target
                }
            terms = {"limit": 2, "lease_until": utc_now() + timedelta(seconds=180), "not_after": monotonic()}
            scope = installation.scope(vendor, [DAY], campaigns)
            with ledger.store.transaction():
                if what == "planned":
                    made = {(name, DAY): target for name, target in there.items()}
                    ledger.claim_planned(scope, targets=made, **terms)
                elif what == "unknown":
                    ledger.claim_unknown(scope, **terms)
                else:
                    ledger.claim_finished(scope, **terms)

    def come_to_rest(self) -> None:
        """Without faults some nights bring every lead to its end, and what the vendor has is what the CRM says."""
        site = self.site
        site.server.faults.clear()
        if not self.leads:
            return
        for _ in range(12):
            site.advance(700)
            site.tick()
            self.forbid_in_time(self.site.numbers())
            site.load()
            if not site.open_imports():
                break
        self.check()
        assert site.open_imports() == []
        site.assert_balanced()
        wanted = {f"L{number}" for number in self.leads if number not in self.listed}
        outcomes = {lead_id: outcome for lead_id, outcome in site.reasons().items() if lead_id in wanted}
        assert set(outcomes) == wanted
        assert {lead_id: outcome for lead_id, outcome in outcomes.items() if outcome[0] != "accepted"} == {}

    # what holds at all times

    @invariant()
    def check(self) -> None:
        """Never twice, nobody who was forbidden in time or never read, all accounted for, and accepted is there."""
        if not hasattr(self, "site"):
            return
        numbers = self.site.numbers()
        assert len(numbers) == len(set(numbers))
        assert set(numbers) <= {phone(number).lstrip("+") for number in self.leads}
        assert {phone(number).lstrip("+") for number in self.forbidden_in_time} & set(numbers) == set()
        campaigns = morning.report(self.site.installation, [DAY]).campaigns
        assert [row.campaign for row in campaigns if not row.balanced] == []
        accepted = query(
            self.site.installation, "SELECT lead_id FROM ledger.delivery_states WHERE verdict = 'accepted'"
        )
        assert {phone(int(lead_id[1:])).lstrip("+") for (lead_id,) in accepted} <= set(numbers)


@pytest.mark.parametrize("way", WAYS)
def test_vendors_keep_the_promises_in_any_order_of_events(way: str, postgres: URL) -> None:
    """Never twice, never whom it is forbidden to call, everything accounted for, nothing lost in the end."""
    check(Delivery, server=postgres, way=way, examples=2, steps=10)


@pytest.mark.exhaustive
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("way", WAYS)
def test_vendors_keep_the_promises_in_many_orders_of_events(way: str, postgres: URL) -> None:
    """The same for many more and longer histories."""
    check(Delivery, server=postgres, way=way, examples=40, steps=15, phases=(Phase.generate, Phase.shrink))
