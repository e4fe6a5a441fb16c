"""Leads that must not be called any more after a vendor took them: taken back, or told of until they are."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from pipelines import morning, night, withdrawals
from sandbox.faults import Match
from tests.factories import DAY, lead, phone
from tests.faults import vendors
from tests.faults.vendors import MakeSite, Site

sites = vendors.sites

COUNT = 6
FLAG = {"Tag": "do-not-call"}
TAKING = {
    "sinch": Match(method="DELETE", path_contains="/customers/"),
    "sobot": Match(method="PUT", path_contains="/blacklist"),
    "platform": Match(method="PUT", path_contains="/leads/"),
    "jtel": Match(method="POST", path_contains="/contacts/import"),
}
ALL = pytest.mark.parametrize("way", TAKING)
LISTED = "do_not_call_after_delivery"
NEXT, LATER = DAY + timedelta(days=1), DAY + timedelta(days=2)


def loaded(make: MakeSite, way: str, **settings: Any) -> Site:
    """A vendor that has taken every lead."""
    site = make(way, count=COUNT, settings=({"withdraw": FLAG} if way == "jtel" else {}) | settings)
    if way == "jtel":
        site.vendor.knobs.flags = FLAG
    site.load()
    assert site.follow() == {"accepted": COUNT}
    return site


def is_stopped(site: Site, number: int) -> bool:
    """Whether the vendor will not dial the lead, as far as a lead says so."""
    digits = phone(number).lstrip("+")
    if site.way.vendor == "platform":  # its list may sleep: then nobody is dialled
        with site.vendor.store.lock:
            return all(
                one.is_completed for one in site.vendor.store.leads.values() if one.phones[0].lstrip("+") == digits
            )
    return digits not in [number for _, number in site.vendor.dialled()]


def problems(site: Site) -> list[str]:
    """What the morning's report says."""
    return morning.report(site.installation, [DAY]).problems


@ALL
def test_who_is_listed_after_delivery_is_taken_back_once(way: str, sites: MakeSite) -> None:
    """The others stay; the day adds up; the next night does not touch the vendor for it."""
    site = loaded(sites, way)
    site.write(site.rows, listed=[2])
    assert site.load().problems == []
    assert site.states() == {"accepted": COUNT - 1, "withdrawn": 1}
    assert site.reasons()["L2"] == ("withdrawn", LISTED)
    assert [number for number in range(1, COUNT + 1) if is_stopped(site, number)] == [2]
    site.assert_balanced()
    site.requests.clear()
    assert site.load().problems == []
    assert dict(site.requests) == {}


@ALL
@pytest.mark.parametrize("fault", ["lost_after_commit", "reset_before_processing", "status"])
def test_an_answer_that_was_not_seen_is_asked_for_again(way: str, fault: str, sites: MakeSite) -> None:
    """To take a lead back may be repeated."""
    site = loaded(sites, way)
    site.write(site.rows, listed=[2])
    site.spoil(fault, TAKING[way], times=1)
    assert site.load().problems == []
    assert site.states() == {"accepted": COUNT - 1, "withdrawn": 1}
    assert is_stopped(site, 2)


@ALL
def test_a_vendor_that_does_not_answer_is_told_of_until_it_does(way: str, sites: MakeSite) -> None:
    """The lead stays accepted, with the sentence, in the load and in the morning; the next night takes it back."""
    site = loaded(sites, way)
    site.write(site.rows, listed=[2, 3])
    site.spoil("status", TAKING[way], times=None)
    told = [text for text in site.load().problems if "must not be called any more" in text]
    assert len(told) == 1
    assert told[0].startswith(f"{site.campaign}: 2 leads must not be called any more, and {way} still has them: ")
    assert "503" in told[0]
    assert told[0] in problems(site)
    assert site.states() == {"accepted": COUNT}
    assert site.reasons()["L2"] == ("accepted", "not_withdrawn")
    site.server.faults.clear()
    assert site.load().problems == []
    assert problems(site) == []
    assert site.states() == {"accepted": COUNT - 2, "withdrawn": 2}


@ALL
def test_a_process_that_dies_before_it_notes_the_answer(way: str, sites: MakeSite, monkeypatch: Any) -> None:
    """The vendor has done it, the ledger does not know: the next run finds that out."""
    site = loaded(sites, way)
    site.write(site.rows, listed=[2])

    def die(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(withdrawals, "_stored", die)
        with pytest.raises(KeyboardInterrupt):
            site.load()
    assert is_stopped(site, 2)
    assert site.states() == {"accepted": COUNT}
    site.load()
    assert site.states() == {"accepted": COUNT - 1, "withdrawn": 1}


@ALL
def test_where_taking_back_is_off_a_person_is_told_and_answers(way: str, sites: MakeSite) -> None:
    """Nothing is sent; when it was done by hand, the ledger is told, and the sentence is gone."""
    site = loaded(sites, way, withdraw={} if way == "jtel" else "off")
    site.write(site.rows, listed=[2])
    site.requests.clear()
    assert f"vendors.{way}.withdraw" in "\n".join(site.load().problems)
    assert dict(site.requests) == {}
    assert len(problems(site)) == 1
    with site.installation.store() as store:
        withdrawals.withdrawn_by_hand(store, site.campaign, ["L2"], actor="test")
    assert problems(site) == []
    assert site.reasons()["L2"] == ("withdrawn", "withdrawn_by_hand")


def test_who_may_be_called_again_is_not_told_of_any_more(sites: MakeSite) -> None:
    """The list changed before the vendor could be asked."""
    site = loaded(sites, "sinch")
    site.write(site.rows, listed=[2])
    site.spoil("status", TAKING["sinch"], times=None)
    site.load()
    site.write(site.rows)
    assert site.load().problems == []
    assert site.reasons()["L2"] == ("accepted", None)
    assert not is_stopped(site, 2)


def test_a_further_number_that_is_listed_counts(sites: MakeSite) -> None:
    """The vendor would dial it when nobody answers the first."""
    rows = [lead(number, campaign="sinch-calls", phone2=phone(100 + number)) for number in (1, 2)]
    site = sites("sinch", rows=rows)
    site.load()
    site.write(rows, listed=[102])
    site.load()
    assert site.states() == {"accepted": 1, "withdrawn": 1}
    assert is_stopped(site, 2)


def test_a_setting_that_is_wrong_ends_the_vendor_and_loads_go_on(sites: MakeSite) -> None:
    """A refused login is told once, with its setting; new leads are another matter."""
    site = loaded(sites, "sinch")
    site.write([*site.rows, lead(COUNT + 1, campaign=site.campaign)], listed=[2, 3, 4])
    site.spoil("status", TAKING["sinch"], status=401, times=None)
    site.requests.clear()
    [told] = site.load().problems
    assert "3 leads" in told
    assert "vendors.sinch.username" in told
    assert site.states() == {"accepted": COUNT + 1}


def test_the_newest_row_decides(sites: MakeSite) -> None:
    """Consent that was withdrawn takes the lead back, on whichever day; given again before that, it does not."""
    site = loaded(sites, "sinch")
    said = {
        2: (NEXT, "no"),
        3: (NEXT, "no"),
    }
    later = [
        lead(number, campaign=site.campaign, consent=word, updated_at=f"{day}T10:00:00+01:00")
        for number, (day, word) in said.items()
    ]
    again = lead(3, campaign=site.campaign, consent="yes", updated_at=f"{LATER}T10:00:00+01:00")
    site.write([*site.rows, *later, again])
    night.refresh_campaigns(site.installation)
    for day in (NEXT, LATER):
        night.pull_and_decide(site.installation, day)
    summary = night.withdraw(site.installation, "sinch")
    assert [(one.lead_id, one.reason_code, one.outcome) for one in summary.leads] == [
        ("L2", "consent_withdrawn", "withdrawn")
    ]
    assert is_stopped(site, 2)
    assert not is_stopped(site, 3)
    assert site.states() == {"accepted": COUNT - 1, "withdrawn": 1}


def test_a_lead_that_was_taken_back_is_not_sent_again(sites: MakeSite) -> None:
    """Also when the list forgets it: that a person be called again is for a person to say."""
    site = loaded(sites, "sinch")
    site.write(site.rows, listed=[2])
    site.load()
    site.write(site.rows)
    site.load()
    assert site.states() == {"accepted": COUNT - 1, "withdrawn": 1}
    assert is_stopped(site, 2)
