"""Targets whose time is over: nobody is called from them, so nothing more is loaded into them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from pipelines import targets
from sandbox.faults import Match
from sandbox.jtel.seeds import RENEWALS_ID, TEMPLATE_ID
from sandbox.sobot.seeds import TASK_CODE
from tests.factories import DAY, lead, phone
from tests.faults import vendors
from tests.faults.vendors import MakeSite, Site

sites = vendors.sites

MADE = pytest.mark.parametrize("way", ["sobot", "jtel"])
MAKING = {
    "sobot": Match(method="POST", path_contains="/cc-outbound/api/campaigns"),
    "jtel": Match(path_contains="/campaigns/clone"),
}
LOOKING = {"sobot": "query_outbound_task_list", "jtel": "campaigns_by_name"}
FIXED: dict[str, dict[str, Any]] = {"sobot": {"code": TASK_CODE}, "jtel": {"campaign_id": RENEWALS_ID}}
TAG = {"Tag": "do-not-call"}
LISTED = "do_not_call_after_delivery"
IN_THE_LEDGER = "UPDATE ledger.targets SET target = jsonb_set(target, '{ends_at}', to_jsonb(CAST(:ends_at AS text)))"
NOT_LOOKED_AT = "UPDATE ledger.targets SET target = target - 'ends_at'"
ENDED = (datetime.now(UTC) - timedelta(days=3)).replace(hour=16, minute=0, second=0, microsecond=0)


def loaded(make: MakeSite, way: str, **changes: Any) -> Site:
    """Three leads are at the vendor, in a target that leadsync made."""
    kept = {"release": "3.40", "withdraw": TAG} if way == "jtel" else {}
    site = make(way, count=3, settings=kept | changes.pop("settings", {}), **changes)
    site.load()
    assert site.follow() == {"accepted": 3}
    return site


def end(site: Site, at: datetime = ENDED, *, name: str | None = None, is_known: bool = True) -> None:
    """The target of that name has this end at the vendor, and, if it is known, in the ledger."""
    with site.vendor.store.lock:
        if site.way.vendor == "sobot":
            [task] = [one for one in site.vendor.store.tasks.values() if one.name == (name or site.campaign)]
            task.fields = {**task.fields, "scheduleEndTime": round(1000 * at.timestamp()), "scheduleTimeZoneId": "UTC"}
        else:
            found = site.vendor.store.named(name or site.campaign)
            site.vendor.store.campaigns[found]["dtTo"] = at
    if is_known:
        site.change(IN_THE_LEDGER, ends_at=at.isoformat())


def add(site: Site, *numbers: int) -> None:
    """The CRM has more leads."""
    site.write([*site.rows, *(lead(number, campaign=site.campaign) for number in numbers)])


def held(site: Site) -> dict[str, list[str]]:
    """The numbers that each of the vendor's targets has, by its name."""
    store, found = site.vendor.store, dict[str, list[str]]()
    for target, number in sorted(site.vendor.held()):
        name = store.tasks[target].name if site.way.vendor == "sobot" else store.campaigns[int(target)]["Name"]
        found.setdefault(name, []).append(number)
    return found


def numbers(*which: int) -> list[str]:
    return [phone(number).lstrip("+") for number in which]


def successor(site: Site, ended: date = ENDED.date()) -> str:
    """What the target is called that takes over on the day after."""
    return f"{site.campaign} from {ended + timedelta(days=1)}"


@MADE
def test_another_takes_the_place_of_a_target_that_is_over(way: str, sites: MakeSite) -> None:
    """New leads go into one that follows it, whose name tells since when; who was delivered stays where they are."""
    site = loaded(sites, way)
    end(site)
    add(site, 4)
    site.load()
    assert site.follow() == {"accepted": 4}
    assert held(site) == {site.campaign: numbers(1, 2, 3), successor(site): numbers(4)}
    add(site, 5)
    site.load()
    site.follow()
    assert held(site) == {site.campaign: numbers(1, 2, 3), successor(site): numbers(4, 5)}
    site.assert_balanced()


@MADE
def test_target_that_was_found_before_ends_were_known_is_looked_at(way: str, sites: MakeSite) -> None:
    """Once: then its end is known, and a load asks the vendor nothing about it."""
    site = loaded(sites, way)
    site.change(NOT_LOOKED_AT)
    end(site, is_known=False)
    add(site, 4)
    site.load()
    site.follow()
    assert held(site) == {site.campaign: numbers(1, 2, 3), successor(site): numbers(4)}
    before = site.requests[LOOKING[way]]
    add(site, 5)
    site.load()
    assert site.requests[LOOKING[way]] - before == (1 if way == "jtel" else 0)  # jtel's template is looked at


@MADE
def test_target_that_got_more_time_is_loaded_on(way: str, sites: MakeSite) -> None:
    """Somebody gave it a later end at the vendor: it is asked before another is made."""
    site = loaded(sites, way)
    site.change(IN_THE_LEDGER, ends_at=ENDED.isoformat())
    add(site, 4)
    site.load()
    assert site.follow() == {"accepted": 4}
    assert held(site) == {site.campaign: numbers(1, 2, 3, 4)}


@MADE
def test_target_that_ended_sooner_than_was_known_heals(way: str, sites: MakeSite) -> None:
    """The vendor refuses the leads, the campaign is stopped, and the next run finds out why."""
    site = loaded(sites, way)
    end(site, is_known=False)
    add(site, 4, 5)
    site.load()
    assert site.states() == {"accepted": 3, "planned": 2}
    site.load()
    assert site.follow() == {"accepted": 5}
    assert held(site) == {site.campaign: numbers(1, 2, 3), successor(site): numbers(4, 5)}


@MADE
@pytest.mark.parametrize("fault", ["lost_after_commit", "reset_before_processing"])
def test_successor_whose_making_was_not_seen_is_made_once(way: str, fault: str, sites: MakeSite) -> None:
    """Its name follows from the end of the one before: a later day looks for the same."""
    site = loaded(sites, way)
    end(site)
    add(site, 4)
    site.spoil(fault, MAKING[way])
    site.load()
    site.finish()
    assert held(site) == {site.campaign: numbers(1, 2, 3), successor(site): numbers(4)}
    assert site.requests["create_outbound_task"] + site.requests["clone_campaign"] <= 3


@MADE
def test_successor_of_a_successor(way: str, sites: MakeSite) -> None:
    """One after the other, each named by the day after the end of the one before it, or of itself were that later."""
    site = loaded(sites, way)
    end(site, ENDED - timedelta(days=9))
    add(site, 4)
    site.load()
    site.follow()
    second = successor(site, ENDED.date() - timedelta(days=9))
    end(site, ENDED, name=second, is_known=False)
    site.change(IN_THE_LEDGER + " WHERE name = :name", ends_at=ENDED.isoformat(), name=second)
    add(site, 5)
    site.load()
    assert site.follow() == {"accepted": 5}
    assert held(site) == {site.campaign: numbers(1, 2, 3), second: numbers(4), successor(site): numbers(5)}


@MADE
def test_day_of_a_target_that_is_over_is_loaded_again(way: str, sites: MakeSite) -> None:
    """A target per day, and leads that came into it late: they go into its successor."""
    own = vendors.WAYS[way].kind.target | {"per": "day"}
    site = loaded(sites, way, target=own)
    daily = f"{site.campaign} {DAY}"
    assert list(held(site)) == [daily]
    end(site, name=daily)
    add(site, 4)
    site.load()
    site.follow()
    assert held(site) == {daily: numbers(1, 2, 3), f"{daily} from {ENDED.date() + timedelta(days=1)}": numbers(4)}


def test_results_of_a_day_are_read_from_the_target_of_that_day(sites: MakeSite) -> None:
    """The one that took over has nothing to tell of calls before it."""
    site = loaded(sites, "jtel")
    end(site)
    add(site, 4)
    site.load()
    after = ENDED.date() + timedelta(days=1)
    with site.installation.ledger() as ledger, site.installation.gateway("jtel") as gateway:
        [campaign] = site.installation.campaigns(ledger.store, "jtel").values()
        ids = [
            targets.known(ledger.store, gateway, campaign, day).target["campaign_id"] for day in (ENDED.date(), after)
        ]
    assert ids == [site.vendor.store.named(name) for name in (site.campaign, successor(site))]


def test_template_that_gives_its_clones_an_end_that_is_past_stops_the_campaign(sites: MakeSite) -> None:
    """What is to take the place of the first is over, too: then nothing more is made, run after run."""
    site = sites("jtel", count=2)
    site.vendor.store.campaigns[TEMPLATE_ID]["dtTo"] = ENDED
    for _ in range(4):
        summary = site.load()
    assert site.requests["clone_campaign"] == 2
    assert site.states() == {"planned": 2}
    [why] = summary.vendors["jtel"].delivery.stopped.values()
    assert why.startswith(f"campaigns.{site.campaign}.target: jtel made «{site.campaign}")
    assert why.endswith("; does it get its end from a template?")


@MADE
def test_named_target_that_is_over_stops_its_campaign(way: str, sites: MakeSite) -> None:
    """Nothing is loaded, and the sentence names the setting, the end, and what to do; with more time it goes on."""
    site = sites(way, count=2, target=FIXED[way])
    name = {"sobot": "Spring Promo", "jtel": "Renewals"}[way]
    end(site, name=name)
    summary = site.load()
    [why] = summary.vendors[way].delivery.stopped.values()
    [setting] = FIXED[way]
    assert why.startswith(f"campaigns.{site.campaign}.target.{setting}: ")
    assert f"is over since {ENDED:%Y-%m-%d}" in why
    assert site.states() == {"planned": 2}
    assert site.numbers() == []
    end(site, datetime.now(UTC) + timedelta(days=3), name=name)
    site.load()
    assert site.follow() == {"accepted": 2}


@MADE
def test_import_into_a_named_target_that_is_over_now_is_asked_about(way: str, sites: MakeSite) -> None:
    """It arrived while there was time, and its answer was lost: a question loads nothing."""
    site = sites(way, count=2, target=FIXED[way], settings={"max_details_per_import": 9} if way == "sobot" else {})
    site.spoil("lost_after_commit", times=2)
    site.load()
    assert site.states() == {"unknown": 2}
    end(site, name={"sobot": "Spring Promo", "jtel": "Renewals"}[way])
    assert site.follow() == {"accepted": 2}
    assert site.numbers() == numbers(1, 2)


def test_lead_in_a_named_target_that_is_over_is_updated(sites: MakeSite) -> None:
    """Others of the campaign are not sent: the contact is there already, and is changed."""
    site = sites("jtel", count=2, target=FIXED["jtel"])
    site.load()
    end(site, name="Renewals")
    changed = lead(1, campaign=site.campaign, first_name="Grace")
    site.write([changed, lead(2, campaign=site.campaign), lead(3, campaign=site.campaign)])
    site.load()
    assert site.states() == {"accepted": 2, "planned": 1}
    contacts = site.vendor.store.contacts.values()
    names = {contact.first_phone: contact.written["FirstName"] for contact in contacts}
    assert names == {phone(1): "Grace", phone(2): "Ada"}


@MADE
def test_who_is_in_a_target_that_is_over_is_taken_back(way: str, sites: MakeSite) -> None:
    """Whether it dials or not, nobody may be called who must not be."""
    site = loaded(sites, way)
    end(site)
    site.write(site.rows, listed=[2])
    assert site.load().problems == []
    assert site.reasons()["L2"] == ("withdrawn", LISTED)
