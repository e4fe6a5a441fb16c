"""Who was left out for a number goes in the place of the lead that had it, if that one will not be called."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.directory import DirectoryEntry
from pipelines import morning, night, reference, upkeep
from pipelines.ledger_rows import Scope
from pipelines.planner import PlanSummary
from pipelines.stand_ins import appoint_stand_ins
from tests.factories import lead, phone
from tests.faults import vendors
from tests.faults.test_newest_row import digits, hours_later
from tests.faults.test_withdrawals import NEXT
from tests.faults.vendors import DAY, MakeSite, Site, row_of
from tests.reading import query

sites = vendors.sites

NOBODY = "nobody-we-know"
REFUSING = pytest.mark.parametrize("way", ["platform-singles", "jtel"])


def of_one_number(make: MakeSite, way: str, *agents: str, **settings: Any) -> Site:
    """Leads that share the first one's number, each read later than the one before it, with these agents."""
    site = make(way, rows=[], settings=settings)
    if any(agents):
        upkeep.refresh_reference(site.installation, "sobot", "agents")
    at = [f"{DAY}T{10 + place}:00:00+01:00" for place in range(len(agents))]
    site.write(
        [
            lead(place + 1, campaign=site.campaign, phone1=phone(1), updated_at=at[place], agent=agent)
            for place, agent in enumerate(agents)
        ]
    )
    return site


def settled(site: Site) -> dict[str, tuple[str, str | None]]:
    """State and reason of each lead after a load, and all that follows it."""
    site.load()
    site.follow()
    hours_later(site)
    return site.reasons()


def planned(site: Site) -> PlanSummary:
    """The day is decided and planned, and nothing was sent."""
    night.refresh_campaigns(site.installation)
    night.pull_and_decide(site.installation, DAY)
    return night.plan(site.installation, site.way.vendor, [DAY])


def know_the_agent(site: Site) -> None:
    """The vendor has the agent now, and our list of its agents is new."""
    with site.installation.store() as store:
        reference.refresh(store, "sobot", "agents", [DirectoryEntry("7", NOBODY)])


def test_number_of_a_lead_that_names_an_unknown_agent_is_called(sites: MakeSite) -> None:
    """As the next lead that has it."""
    site = of_one_number(sites, "sobot", NOBODY, "")
    assert settled(site) == {"L1": ("invalid", "agent_unknown"), "L2": ("accepted", None)}
    assert settled(site) == {"L1": ("duplicate", "duplicate_number"), "L2": ("accepted", None)}
    assert site.numbers() == digits(1)


def test_place_goes_on_to_the_first_who_can_be_called(sites: MakeSite) -> None:
    """The second names an unknown agent, too; the fourth is left out for the third."""
    site = of_one_number(sites, "sobot", NOBODY, NOBODY, "", "")
    settled(site)
    assert site.states() == {"invalid": 2, "accepted": 1, "duplicate": 1}
    assert site.reasons()["L3"] == ("accepted", None)
    assert site.numbers() == digits(1)


@REFUSING
def test_number_of_a_lead_that_the_vendor_refuses_is_called(way: str, sites: MakeSite) -> None:
    """In the same load."""
    site = of_one_number(sites, way, "", "")
    site.spoil("status", status=422, times=1)
    site.load()
    site.follow()
    assert site.reasons() == {"L1": ("rejected", "refused_by_vendor"), "L2": ("accepted", None)}
    assert site.numbers() == digits(1)
    site.assert_balanced()


@REFUSING
def test_number_that_the_vendor_refuses_is_tried_once_more_and_not_again(way: str, sites: MakeSite) -> None:
    """It may be the number; many leads may share it, as where somebody fills in one for want of a better."""
    site = of_one_number(sites, way, "", "", "", "")
    site.vendor.knobs.reject_phones = [phone(1)]
    settled(site)
    assert site.states() == {"rejected": 2, "duplicate": 2}
    assert site.open_imports() == []


@pytest.mark.parametrize("is_active", [True, False])
def test_number_of_a_lead_that_is_refused_in_a_later_result_is_called(is_active: bool, sites: MakeSite) -> None:
    """The sensors ask for the load that sends it; not where its campaign is loaded no more."""
    site = of_one_number(sites, "platform", "", "", use_bulk_from=2)
    site.write([*site.rows, row_of(site, 5, DAY), row_of(site, 6, DAY)])
    site.vendor.knobs.reject_phones = [phone(1)]
    site.load()
    site.change("UPDATE crm.campaigns SET is_active = :is_active", is_active=is_active)
    while site.open_imports():
        site.advance()
        morning.poll_results(site.installation, limit=50, budget_s=10)
        morning.collect(site.installation, DAY)
    site.vendor.knobs.reject_phones = []
    hours_later(site)
    assert site.states() == {"rejected": 1, **({"accepted": 3} if is_active else {"accepted": 2, "duplicate": 1})}
    assert site.numbers() == (digits(1, 5, 6) if is_active else digits(5, 6))


def test_both_steps_apart_send_who_stands_in(sites: MakeSite) -> None:
    """As the assets do it: what was planned adds up before anybody stands in."""
    site = of_one_number(sites, "sobot", NOBODY, "")
    assert planned(site).counts == {"invalid": 1}
    assert night.count_eligible(site.installation, "sobot", [DAY]) == 1
    night.send(site.installation, "sobot", [DAY])
    site.follow()
    assert site.numbers() == digits(1)


def test_of_two_leads_that_could_be_called_now_one_is(sites: MakeSite) -> None:
    """The load died when the second stood in for the first; then the first one's agent came to be known."""
    site = of_one_number(sites, "sobot", NOBODY, "")
    planned(site)
    with site.installation.store() as store:
        assert appoint_stand_ins(store, Scope("sobot", (DAY,), (site.campaign,))) == 1
    know_the_agent(site)
    night.plan_and_send(site.installation, "sobot", [DAY])
    site.follow()
    assert site.reasons() == {"L1": ("duplicate", "number_in_campaign"), "L2": ("accepted", None)}
    assert site.numbers() == digits(1)


def test_who_stands_in_keeps_the_place_until_the_day_is_decided_anew(sites: MakeSite) -> None:
    """And after it: the number is at the vendor."""
    site = of_one_number(sites, "sobot", NOBODY, "")
    settled(site)
    know_the_agent(site)
    site.load(day=NEXT)
    for _ in range(2):
        reasons = settled(site)
        assert reasons["L2"] == ("accepted", None)
        assert reasons["L1"][0] == "duplicate"
    assert site.numbers() == digits(1)


def test_nobody_stands_in_on_a_number_that_another_lead_has(sites: MakeSite) -> None:
    """It is at the vendor as a lead of another day."""
    site = sites("sobot", rows=[])
    upkeep.refresh_reference(site.installation, "sobot", "agents")
    site.write([row_of(site, 9, DAY, phone1=phone(1))])
    site.load()
    site.follow()
    two = [row_of(site, 1, NEXT, agent=NOBODY), row_of(site, 2, NEXT, phone1=phone(1))]
    site.write([*site.rows, *two])
    site.load(day=NEXT)
    hours_later(site)
    assert site.numbers() == digits(1)
    assert site.reasons()["L2"] == ("duplicate", "duplicate_number")


def test_nobody_stands_in_for_a_lead_that_must_not_be_called_any_more(sites: MakeSite) -> None:
    """A person who said no shares the number: it is left alone until the day is decided anew."""
    site = of_one_number(sites, "platform", "", "", use_bulk_from=1000)
    settled(site)
    site.write([*site.rows, row_of(site, 1, NEXT, phone1=phone(1), consent="no")])
    site.load(day=NEXT)
    hours_later(site)
    assert site.reasons() == {
        "L1": ("withdrawn", "consent_withdrawn_after_delivery"),
        "L2": ("duplicate", "duplicate_number"),
    }
    assert morning.due_questions(site.installation, limit=20, today=NEXT) == []


def test_a_later_refusal_of_whom_nobody_shares_a_number_with_changes_nothing(sites: MakeSite) -> None:
    """Nothing is planned once more for it."""
    site = sites("jtel", rows=[])
    site.write([row_of(site, number, DAY) for number in (1, 2)])
    site.vendor.knobs.reject_phones = [phone(1)]
    site.load()
    assert site.follow() == {"accepted": 1, "rejected": 1}
    assert query(site.installation, "SELECT count(*) FROM ledger.to_plan") == [(0,)]
