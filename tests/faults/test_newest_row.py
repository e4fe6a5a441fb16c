"""Of a lead that several days have rows of the newest speaks, whatever failed, in whatever order they are loaded."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from pipelines import night, recall
from pipelines.store import utc_now
from sandbox.faults import Match
from tests.factories import DAY, phone
from tests.faults import vendors
from tests.faults.test_withdrawals import LATER, NEXT
from tests.faults.vendors import MakeSite, Site, row_of
from tests.reading import query

sites = vendors.sites

WAYS = pytest.mark.parametrize("way", ["sinch", "sobot", "platform-singles", "jtel"])
WITHOUT_UPDATE = pytest.mark.parametrize("way", ["sinch", "sobot"])
WITH_UPDATE = pytest.mark.parametrize("way", ["platform-singles", "jtel"])
FAILED: Mapping[str, Mapping[str, Any]] = {
    "not_sent": {"kind": "status", "status": 429},
    "unknown": {"kind": "reset_before_processing"},
}
CODES = "SELECT DISTINCT reason_code FROM reporting.lead_outcome"
OTHER = 50
"""Another number of the first lead."""


def fail(site: Site, how: str) -> None:
    """The vendor stores nothing of the first day's load, and is back after it."""
    site.spoil(**FAILED[how], times=None)
    site.load()
    site.server.faults.clear()
    assert site.numbers() == []


def load(site: Site, *days: Any) -> None:
    """The days are loaded one after the other, each until nothing is open."""
    for day in days:
        site.load(day=day)
        site.follow()


def hours_later(site: Site) -> None:
    """The sensors had their turns since."""
    site.advance(2 * 3600)
    site.tick()
    site.follow()


def digits(*numbers: int) -> list[str]:
    """The numbers as the doubles have them."""
    return sorted(phone(number)[1:] for number in numbers)


@pytest.mark.parametrize("how", FAILED)
@WAYS
def test_lead_whose_row_moved_to_the_next_day_is_sent(way: str, how: str, sites: MakeSite) -> None:
    """Its first night failed; then the CRM touched it, and the first day was run again without it."""
    site = sites(way, rows=[])
    site.write([row_of(site, 1, DAY), row_of(site, 2, DAY)])
    fail(site, how)
    site.write([row_of(site, 1, DAY), row_of(site, 2, NEXT)])
    site.load(day=NEXT)
    site.advance(3600)
    site.load(day=DAY)
    hours_later(site)
    assert sorted(site.numbers()) == digits(1, 2)


@WAYS
def test_next_healthy_night_sends_whom_the_last_could_not(way: str, sites: MakeSite) -> None:
    """A CRM that exports everybody every night: nobody has to run the night again that failed."""
    site = sites(way, rows=[])
    site.write([row_of(site, number, DAY) for number in (1, 2, 3)])
    fail(site, "not_sent")
    site.write([row_of(site, number, day) for day in (DAY, NEXT) for number in (1, 2, 3)])
    load(site, NEXT)
    assert sorted(site.numbers()) == digits(1, 2, 3)


def test_who_waited_beside_a_lead_that_moved_on_is_planned_for_his_own_day(sites: MakeSite) -> None:
    """The batch of the older day is taken apart: nobody in it is forgotten."""
    site = sites("sinch", rows=[])
    site.write([row_of(site, 1, DAY), row_of(site, 2, DAY)])
    fail(site, "not_sent")
    site.write([*site.rows, row_of(site, 1, NEXT)])
    load(site, NEXT)
    assert site.numbers() == digits(1)
    hours_later(site)
    assert sorted(site.numbers()) == digits(1, 2)


@pytest.mark.parametrize("how", FAILED)
@WITHOUT_UPDATE
def test_number_of_the_newest_row_is_sent_whichever_day_is_run_again(way: str, how: str, sites: MakeSite) -> None:
    """The vendor has no update: an older number that is sent first stays for good."""
    site = sites(way, rows=[])
    site.write([row_of(site, 1, DAY)])
    fail(site, how)
    site.write([row_of(site, 1, DAY), row_of(site, 1, NEXT, phone1=phone(OTHER))])
    site.advance(3600)
    site.load(day=NEXT)
    load(site, DAY)
    hours_later(site)
    load(site, NEXT)
    assert site.numbers() == digits(OTHER)


@WITHOUT_UPDATE
def test_of_a_range_of_days_the_newest_row_is_sent(way: str, sites: MakeSite) -> None:
    """Also where the older day has a plan that was not sent."""
    site = sites(way, rows=[])
    site.write([row_of(site, 1, DAY)])
    fail(site, "not_sent")
    site.write([row_of(site, 1, DAY), row_of(site, 1, NEXT, phone1=phone(OTHER))])
    site.advance(3600)
    night.pull_and_decide(site.installation, NEXT)
    night.plan_and_send(site.installation, site.way.vendor, [DAY, NEXT])
    site.follow()
    hours_later(site)
    assert site.numbers() == digits(OTHER)


@WITHOUT_UPDATE
def test_nobody_is_taken_back_for_a_number_that_an_older_row_has(way: str, sites: MakeSite) -> None:
    """Another number for a day, then the first again: the day between is run again, and its number is listed."""
    site = sites(way, rows=[])
    site.write([row_of(site, 1, DAY), row_of(site, 1, NEXT, phone1=phone(OTHER)), row_of(site, 1, LATER)])
    load(site, DAY, NEXT, LATER, NEXT)
    assert query(site.installation, CODES) == [(None,)]
    site.write(site.rows, listed=[OTHER])
    night.refresh_do_not_call(site.installation)
    assert recall.withdraw(site.installation, way).leads == []


@WITH_UPDATE
def test_older_day_that_was_corrected_is_no_update(way: str, sites: MakeSite) -> None:
    """The vendor keeps the words of the newest day."""
    site = sites(way, rows=[])
    site.write([row_of(site, 1, DAY), row_of(site, 1, NEXT)])
    load(site, DAY, NEXT)
    site.write([row_of(site, 1, DAY, phone1=phone(OTHER)), row_of(site, 1, NEXT)])
    load(site, DAY)
    assert site.numbers() == digits(1)


@WITH_UPDATE
def test_older_day_whose_row_is_free_at_last_is_no_update(way: str, sites: MakeSite) -> None:
    """Its number was another lead's, and is not any more: the newest row has another since."""
    site = sites(way, rows=[])
    first = [row_of(site, 1, DAY), row_of(site, 2, DAY), row_of(site, 1, NEXT, phone1=phone(2))]
    site.write([*first, row_of(site, 1, LATER), row_of(site, 2, LATER, phone1=phone(70))])
    load(site, DAY, NEXT, LATER, NEXT)
    assert sorted(site.numbers()) == digits(1, 70)


@WITH_UPDATE
def test_new_lead_with_the_number_that_another_gives_up_is_sent(way: str, sites: MakeSite) -> None:
    """By the load that gives the other its new number."""
    site = sites(way, rows=[])
    site.write([row_of(site, 1, DAY)])
    load(site, DAY)
    site.write([row_of(site, 1, NEXT, phone1=phone(OTHER)), row_of(site, 2, NEXT, phone1=phone(1))])
    load(site, NEXT)
    assert sorted(site.numbers()) == digits(1, OTHER)


@pytest.mark.parametrize("way", ["platform-singles", "jtel"])
def test_update_that_waits_keeps_nobody_from_being_taken_back(way: str, sites: MakeSite) -> None:
    """The vendor has the lead, and was too busy for its update; then its number is listed."""
    site = sites(way, rows=[], settings={"withdraw": {"Tag": "do-not-call"}} if way == "jtel" else {})
    site.write([row_of(site, 1, DAY)])
    load(site, DAY)
    updating = Match(method="PUT", path_contains="/leads/") if way != "jtel" else site.way.creating
    site.spoil("status", updating, status=429, times=None)
    site.write([row_of(site, 1, NEXT, phone2=phone(OTHER))])
    site.load(day=NEXT)
    site.server.faults.clear()
    site.write([*site.rows, row_of(site, 2, NEXT + timedelta(days=1))], listed=[1])
    night.refresh_do_not_call(site.installation)
    [lead] = recall.withdraw(site.installation, site.way.vendor).leads
    assert (lead.lead_id, lead.outcome) == ("L1", "withdrawn")


@pytest.mark.parametrize("way", ["sobot", "jtel"])
def test_lead_that_must_not_be_called_yet_waits_where_the_vendor_cannot_be_told(way: str, sites: MakeSite) -> None:
    """It goes when its time is over, by itself; the others go at once."""
    site = sites(way, rows=[])
    ahead = (utc_now() + timedelta(hours=5)).isoformat()
    site.write([row_of(site, 1, DAY, not_before=ahead), row_of(site, 2, DAY, not_before="2026-01-01T09:00:00+01:00")])
    load(site, DAY)
    assert site.numbers() == digits(2)
    assert site.reasons()["L1"] == ("suppressed", "not_before_ahead")
    hours_later(site)
    assert site.numbers() == digits(2)
    site.write([row_of(site, 1, DAY, not_before="2026-01-01T09:00:00+01:00"), site.rows[1]])
    night.pull_and_decide(site.installation, DAY)
    hours_later(site)
    assert sorted(site.numbers()) == digits(1, 2)


@pytest.mark.parametrize("way", ["sinch", "platform-singles"])
def test_lead_that_must_not_be_called_yet_is_sent_with_its_time(way: str, sites: MakeSite) -> None:
    """The vendor keeps it until then."""
    site = sites(way, rows=[])
    site.write([row_of(site, 1, DAY, not_before=(utc_now() + timedelta(hours=5)).isoformat())])
    load(site, DAY)
    assert site.states() == {"accepted": 1}
