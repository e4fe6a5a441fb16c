"""Numbers that a vendor has of a lead although the CRM has them no more: whoever owns them may still say no."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from pipelines import night, recall
from sandbox.faults import Match
from tests.factories import lead, phone
from tests.faults import vendors
from tests.faults.test_withdrawals import NEXT
from tests.faults.vendors import WITHDRAWING, MakeSite, Site, row_of
from tests.reading import query

sites = vendors.sites

UPDATE = {
    "platform": Match(method="PUT", path_contains="/leads/"),
    "jtel": Match(method="POST", path_contains="/contacts/import"),
}
UPDATING = pytest.mark.parametrize("way", UPDATE)
SECOND = 102
"""The second number of the second lead."""


def loaded(make: MakeSite, way: str, **settings: Any) -> Site:
    """Two leads with two numbers each are accepted."""
    rows = [lead(number, campaign=f"{way}-calls", phone2=phone(100 + number)) for number in (1, 2)]
    site = make(way, rows=rows, settings={**WITHDRAWING.get(way, {}), **settings})
    site.load()
    assert site.follow() == {"accepted": 2}
    return site


def change_second(site: Site, **fields: str) -> None:
    """The second lead has other numbers in the CRM; a load tried to tell the vendor."""
    site.write([site.rows[0], site.rows[1] | fields])
    site.load()
    site.follow()


def verdicts(site: Site) -> Mapping[str, str]:
    """The state of each lead."""
    return {lead_id: state for lead_id, (state, _) in site.reasons().items()}


def test_a_number_that_an_update_leaves_at_the_platform_is_held_against_the_list(sites: MakeSite) -> None:
    """The CRM forgot it, the Platform dials it, also after one more update."""
    site = loaded(sites, "platform")
    change_second(site, phone2="")
    change_second(site, phone1=phone(202))
    assert verdicts(site) == {"L1": "accepted", "L2": "accepted"}
    site.write(site.rows, listed=[SECOND])
    assert site.load().problems == []
    assert verdicts(site) == {"L1": "accepted", "L2": "withdrawn"}


@pytest.mark.parametrize(("clears", "then"), [(True, "accepted"), (False, "withdrawn")])
def test_a_number_that_an_update_empties_is_nobodys_any_more(clears: bool, then: str, sites: MakeSite) -> None:
    """jtel empties it, unless it is told not to."""
    site = loaded(sites, "jtel", clear_phones_on_update=clears)
    change_second(site, phone2="")
    site.write(site.rows, listed=[SECOND])
    assert site.load().problems == []
    assert verdicts(site) == {"L1": "accepted", "L2": then}


@UPDATING
def test_a_refused_update_leaves_every_number_where_it_was(way: str, sites: MakeSite) -> None:
    """Not the first one alone."""
    site = loaded(sites, way)
    site.vendor.knobs.reject_phones = [phone(900)]
    change_second(site, phone2=phone(900))
    assert site.reasons()["L2"] == ("accepted", "update_refused")
    site.vendor.knobs.reject_phones = []
    site.write(site.rows, listed=[SECOND])
    assert site.load().problems == []
    assert verdicts(site) == {"L1": "accepted", "L2": "withdrawn"}


@UPDATING
def test_a_number_that_a_refused_update_had_is_the_leads_all_the_same(way: str, sites: MakeSite) -> None:
    """Whoever owns it may say no, until the lead has it no more."""
    site = loaded(sites, way)
    site.vendor.knobs.reject_phones = [phone(900), phone(901)]
    for number in (900, 901):
        change_second(site, phone2=phone(number))
        assert site.reasons()["L2"] == ("accepted", "update_refused")
    site.vendor.knobs.reject_phones = []
    for listed, outcomes in ((900, {}), (901, {"withdrawn": 1})):
        site.write(site.rows, listed=[listed])
        night.refresh_do_not_call(site.installation)
        assert recall.withdraw(site.installation, way).counts == outcomes


def test_a_second_number_that_the_vendor_is_not_sent_is_the_leads_all_the_same(sites: MakeSite) -> None:
    """Sobot takes one number: nothing is sent for another second one."""
    site = sites("sobot", rows=[lead(1, campaign="sobot-calls")])
    site.load()
    assert site.follow() == {"accepted": 1}
    site.write([site.rows[0] | {"phone2": phone(900)}])
    site.load()
    site.write(site.rows, listed=[900])
    night.refresh_do_not_call(site.installation)
    assert recall.withdraw(site.installation, "sobot").counts == {"withdrawn": 1}


def test_a_number_that_another_lead_has_at_the_vendor_is_the_leads_all_the_same(sites: MakeSite) -> None:
    """Its update was refused for that; whoever owns the number says no for both."""
    site = loaded(sites, "platform")
    site.write([*site.rows, row_of(site, 2, NEXT, phone1=phone(1))])
    site.load(day=NEXT)
    site.write(site.rows, listed=[1])
    night.refresh_do_not_call(site.installation)
    assert recall.withdraw(site.installation, "platform").counts == {"withdrawn": 2}


def test_a_lead_whose_update_was_refused_has_the_number_that_it_had(sites: MakeSite) -> None:
    """Also in a ledger that kept its first number alone: what was sent last is not what the vendor has."""
    site = loaded(sites, "platform")
    site.vendor.knobs.reject_phones = [phone(900)]
    change_second(site, phone1=phone(900))
    assert site.reasons()["L2"] == ("accepted", "update_refused")
    site.change("UPDATE ledger.deliveries SET phones = NULL, kept_phones = NULL")
    site.write(site.rows, listed=[2])
    night.refresh_do_not_call(site.installation)
    assert recall.withdraw(site.installation, "platform").counts == {"withdrawn": 1}
    assert verdicts(site) == {"L1": "accepted", "L2": "withdrawn"}


@UPDATING
def test_an_update_that_is_not_sent_leaves_every_number_where_it_was(way: str, sites: MakeSite) -> None:
    """It waited for the vendor; then the lead was in no export any more."""
    site = loaded(sites, way)
    site.spoil("status", UPDATE[way], times=None, status=401)
    change_second(site, phone2=phone(900))
    site.server.faults.clear()
    rows = site.rows
    site.write(rows[:1], listed=[SECOND])
    site.load()
    site.follow()
    site.write(rows, listed=[SECOND])
    assert site.load().problems == []
    assert verdicts(site) == {"L1": "accepted", "L2": "withdrawn"}


@UPDATING
@pytest.mark.parametrize("status", [401, 422], ids=["not-sent", "refused"])
def test_numbers_do_not_pile_up_while_updates_fail(way: str, status: int, sites: MakeSite) -> None:
    """Night after night: the vendor has two numbers, and one more is on its way."""
    site = loaded(sites, way)
    site.spoil("status", UPDATE[way], times=None, status=status)
    for number in range(900, 904):
        change_second(site, phone2=phone(number))
    numbers = "SELECT phones, held_phones, kept_phones, row_phones FROM ledger.deliveries WHERE lead_id = 'L2'"
    [known] = query(site.installation, numbers)
    assert max(len(phones or ()) for phones in known) == 2
