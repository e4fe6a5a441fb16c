"""Refusals: of an entry, of a batch, of a campaign, of the login. Nobody pays for somebody else's."""

from __future__ import annotations

import re
from datetime import timedelta
from threading import Thread

import httpx
import pytest

from pipelines import night
from pipelines.load import load_day
from sandbox.faults import Fault
from tests.factories import (
    ABSENT_TARGET,
    CAMPAIGN,
    DAY,
    OTHER_CAMPAIGN,
    OTHER_TARGET,
    TARGET,
    lead,
    leads,
    phone,
)
from tests.faults.running import (
    ASKING,
    NOT_YET,
    SENDING,
    Make,
    Vendor,
    assert_balanced,
    end_settle_time,
    load,
    load_in_full,
    once,
)
from tests.reading import query, states

WITHOUT_THE_37TH = {key: count for key, count in once(100).items() if key[1] != "lead-L37"}
TWO_CAMPAIGNS = {CAMPAIGN: TARGET, OTHER_CAMPAIGN: OTHER_TARGET}


def place(sinch: Vendor, external_id: str, numbers: str) -> None:
    """The vendor has that customer already."""
    answer = httpx.post(
        f"{sinch.url}/RI/obi/campaigns/{TARGET}/customers",
        json={"externalId": external_id, "numbers": numbers},
        headers={"Accept": "text/html"},
    )
    assert answer.status_code == 201


def test_poison_is_isolated_by_halving(installations: Make, sinch: Vendor) -> None:
    """One entry for which the vendor refuses whole requests is rejected alone, in a bounded number of requests."""
    sinch.vendor.knobs.change({"unique_external_id": False, "poison": ["lead-L37"]})
    installation = installations(rows=leads(100))
    assert load(installation).problems == []
    assert states(installation) == {"accepted": 99, "rejected": 1}
    refused = query(installation, "SELECT lead_id, reason_code FROM reporting.lead_outcome WHERE state = 'rejected'")
    assert refused == [("L37", "refused_by_vendor")]
    assert sinch.vendor.store.creations == WITHOUT_THE_37TH
    # The whole batch, then two halves on each of at most seven levels.
    assert sinch.vendor.store.requests["create_customers"] <= 15
    assert_balanced(installation)


def test_poison_is_not_sent_again(installations: Make, sinch: Vendor) -> None:
    """A lead that the vendor refused for good costs no further request while it is unchanged."""
    sinch.vendor.knobs.poison = ["lead-L3"]
    installation = installations(rows=leads(10))
    load(installation)
    sinch.vendor.store.requests.clear()
    load(installation)
    assert dict(sinch.vendor.store.requests) == {}


def test_changed_poison_is_sent_again(installations: Make, sinch: Vendor) -> None:
    """A refused lead whose data changed since has a new chance, and its neighbours are left in peace."""
    sinch.vendor.knobs.change({"unique_external_id": False, "poison": ["lead-L3"]})
    load(installations(rows=leads(10)))
    sinch.vendor.knobs.poison = []
    rows = [lead(n, last_name="Healed") if n == 3 else lead(n) for n in range(1, 11)]
    installation = installations(rows=rows)
    load_in_full(installation, 10, runs=1)
    assert sinch.vendor.store.creations == once(10)


def test_poison_in_every_batch_harms_no_neighbour(installations: Make, sinch: Vendor) -> None:
    """Each batch isolates its own poison."""
    poisoned = {1, 50, 51, 75, 100}
    sinch.vendor.knobs.change({"unique_external_id": False, "poison": [f"lead-L{n}" for n in poisoned]})
    installation = installations(rows=leads(100), sinch={"batch_size": 25})
    load(installation)
    assert states(installation) == {"accepted": 95, "rejected": 5}
    assert sinch.vendor.store.creations == {
        key: count for key, count in once(100).items() if int(key[1].removeprefix("lead-L")) not in poisoned
    }


@pytest.mark.parametrize("over_max", ["413", "400"])
def test_batch_that_is_too_large_is_split(over_max: str, installations: Make, sinch: Vendor) -> None:
    """A vendor that takes fewer entries than we were told gets smaller batches."""
    sinch.vendor.knobs.change({"unique_external_id": False, "over_max": over_max, "max_batch": 30})
    installation = installations(rows=leads(100))
    assert load(installation).problems == []
    assert states(installation) == {"accepted": 100}
    assert sinch.vendor.store.creations == once(100)
    assert sinch.vendor.store.requests["create_customers"] == 1 + 2 + 4


def test_refused_number_is_rejected_without_being_quoted(installations: Make, sinch: Vendor) -> None:
    """The vendor's reason is kept, without the number that it quotes."""
    sinch.vendor.knobs.reject_numbers = [phone(2), phone(5)]
    installation = installations(rows=leads(6))
    load(installation)
    assert states(installation) == {"accepted": 4, "rejected": 2}
    refused = query(
        installation,
        "SELECT lead_id, reason_code, reason FROM reporting.lead_outcome WHERE state = 'rejected' ORDER BY lead_id",
    )
    assert refused == [(f"L{n}", "refused_by_vendor", "Invalid numbers: '<number>'") for n in (2, 5)]
    everything = query(installation, "SELECT deliveries::text FROM ledger.deliveries WHERE verdict = 'rejected'")
    assert all(not re.search(r"Invalid numbers: '\+?\d", text) for (text,) in everything)


def test_validated_entries_of_a_stopped_batch_are_sent_again(installations: Make, sinch: Vendor) -> None:
    """Entry 200 is validated, not stored: with stop_on_invalid the good ones go on without the bad one."""
    sinch.vendor.knobs.change({"unique_external_id": False, "reject_numbers": [phone(2), phone(25)]})
    installation = installations(rows=leads(40), sinch={"stop_on_invalid": True, "batch_size": 20})
    assert load(installation).problems == []
    assert states(installation) == {"accepted": 38, "rejected": 2}
    assert sinch.vendor.store.creations == {
        key: count for key, count in once(40).items() if key[1] not in ("lead-L2", "lead-L25")
    }
    assert sinch.vendor.store.requests["create_customers"] == 4
    assert_balanced(installation)


def test_external_id_of_somebody_else_is_rejected(installations: Make, sinch: Vendor) -> None:
    """An externalId that the vendor holds with other numbers is not our lead: rejected, and said so."""
    place(sinch, "lead-L2", "+4930123456")
    installation = installations(rows=leads(3))
    load(installation)
    assert states(installation) == {"accepted": 2, "rejected": 1}
    reasons = query(installation, "SELECT lead_id, reason_code FROM reporting.lead_outcome WHERE state = 'rejected'")
    assert reasons == [("L2", "external_id_taken")]


@pytest.mark.parametrize("form", ["{plus}", "{digits}", "00{digits}", "{plus};"])
def test_lead_that_is_there_already_is_a_duplicate(form: str, installations: Make, sinch: Vendor) -> None:
    """An externalId that the vendor holds with the same numbers, however it writes them, is this very lead."""
    place(sinch, "lead-L2", form.format(plus=phone(2), digits=phone(2).lstrip("+")))
    installation = installations(rows=leads(3))
    load(installation)
    assert states(installation) == {"accepted": 2, "duplicate": 1}
    reasons = query(installation, "SELECT lead_id, reason_code FROM reporting.lead_outcome WHERE state = 'duplicate'")
    assert reasons == [("L2", "already_at_vendor")]
    assert sinch.vendor.store.creations == once(3)


def test_duplicate_that_cannot_be_verified_is_unknown(installations: Make, sinch: Vendor) -> None:
    """«Not unique» is no verdict before the vendor said whose it is."""
    place(sinch, "lead-L2", phone(2))
    installation = installations(rows=leads(3), sinch={"settle_s": NOT_YET})
    sinch.faults.add(Fault(kind="status", status=503, match=ASKING, times=3))
    load(installation)
    assert states(installation) == {"accepted": 2, "unknown": 1}
    end_settle_time(installation)
    load_in_full(installation, 3, runs=1)
    assert sinch.vendor.store.creations == once(3)


@pytest.mark.parametrize("trouble", ["missing", "hidden", "Expired", "Handled"])
def test_campaign_that_cannot_be_loaded_stops_no_other(trouble: str, installations: Make, sinch: Vendor) -> None:
    """Leads of a closed or invisible target wait, with the reason; the other campaign is loaded."""
    rows = [*leads(5), *(lead(n, campaign=OTHER_CAMPAIGN) for n in range(6, 11))]
    target = ABSENT_TARGET if trouble == "missing" else OTHER_TARGET
    if trouble == "hidden":
        sinch.vendor.knobs.hide_campaigns = [OTHER_TARGET]
    elif trouble != "missing":
        sinch.vendor.store.campaigns[OTHER_TARGET].set_status(trouble)
    installation = installations(rows=rows, campaigns={CAMPAIGN: TARGET, OTHER_CAMPAIGN: target})
    [problem] = load(installation).problems
    assert problem.startswith(f"{DAY} {OTHER_CAMPAIGN}: campaigns.{OTHER_CAMPAIGN}.target.campaign_id: ")
    assert states(installation) == {"accepted": 5, "planned": 5}
    stopped = query(installation, "SELECT campaign FROM reporting.campaign_day WHERE stopped_because IS NOT NULL")
    assert stopped == [(OTHER_CAMPAIGN,)]
    assert sinch.vendor.store.creations == once(5)

    sinch.vendor.knobs.hide_campaigns = []
    sinch.vendor.store.campaigns[OTHER_TARGET].set_status("Active")
    repaired = installations(rows=rows, campaigns=TWO_CAMPAIGNS)
    assert load(repaired).problems == []
    assert states(repaired) == {"accepted": 10}
    assert query(repaired, "SELECT campaign FROM reporting.campaign_day WHERE stopped_because IS NOT NULL") == []


def test_campaign_that_closes_during_the_load_rejects_nobody(installations: Make, sinch: Vendor) -> None:
    """A campaign that ends while it is loaded is no fault of its leads: they wait until it is open again."""
    sinch.vendor.knobs.unique_external_id = False
    installation = installations(rows=leads(20), sinch={"batch_size": 10, "connections": 1})
    sinch.faults.add(Fault(kind="slow", match=SENDING, seconds=0.5))
    run = Thread(target=load, args=(installation,))
    run.start()
    assert sinch.faults.wait_until_fired()
    sinch.vendor.store.campaigns[TARGET].set_status("Expired")
    run.join(60)
    assert "rejected" not in states(installation)
    sinch.vendor.store.campaigns[TARGET].set_status("Active")
    load_in_full(installation, 20)
    assert sinch.vendor.store.creations == once(20)


def test_campaign_that_vanishes_during_the_load_is_stopped(installations: Make, sinch: Vendor) -> None:
    """404 to a batch stops its campaign with a reason; the leads wait and are loaded when it is back."""
    sinch.vendor.knobs.unique_external_id = False
    installation = installations(rows=leads(20), sinch={"batch_size": 10})
    sinch.faults.add(Fault(kind="status", status=404, match=SENDING, skip=1, times=None))
    [problem] = load(installation).problems
    assert "HTTP 404" in problem
    assert states(installation) == {"accepted": 10, "planned": 10}
    sinch.faults.clear()
    load_in_full(installation, 20, runs=1)
    assert sinch.vendor.store.creations == once(20)


@pytest.mark.parametrize("status", [401, 403])
def test_refused_login_leaves_everything_planned(status: int, installations: Make, sinch: Vendor) -> None:
    """A login that is refused ends the run with a reason, and loses nothing."""
    sinch.vendor.knobs.unique_external_id = False
    installation = installations(rows=leads(30), sinch={"batch_size": 10})
    sinch.faults.add(Fault(kind="status", status=status, times=None))
    [problem] = load(installation).problems
    assert f"HTTP {status}" in problem
    assert states(installation) == {"planned": 30}
    assert_balanced(installation)
    sinch.faults.clear()
    load_in_full(installation, 30, runs=1)
    assert sinch.vendor.store.creations == once(30)


@pytest.mark.parametrize("status", [401, 403])
def test_login_that_is_revoked_during_the_load_loses_nothing(status: int, installations: Make, sinch: Vendor) -> None:
    """What was accepted stays so, the rest is planned, and the next run sends only that."""
    sinch.vendor.knobs.unique_external_id = False
    installation = installations(rows=leads(50), sinch={"batch_size": 10, "connections": 1})
    sinch.faults.add(Fault(kind="status", status=status, match=SENDING, skip=2, times=None))
    [problem] = load(installation).problems
    assert f"HTTP {status}" in problem
    assert states(installation) == {"accepted": 20, "planned": 30}
    sinch.faults.clear()
    load_in_full(installation, 50, runs=1)
    assert sinch.vendor.store.creations == once(50)


def test_number_listed_while_the_outcome_is_unknown_is_not_sent_again(installations: Make, sinch: Vendor) -> None:
    """A lead that must not be called any more is not sent after the vendor said that it never got it."""
    rows = leads(5)
    unlucky = {"sinch": {"settle_s": NOT_YET}}
    sinch.faults.add(Fault(kind="reset_before_processing", match=SENDING))
    load(installations(rows=rows, **unlucky))
    assert sinch.vendor.store.creations == {}
    installation = installations(rows=rows, do_not_call=[{"phone": phone(3)}], **unlucky)
    end_settle_time(installation)
    load(installation)
    assert (TARGET, "lead-L3") not in sinch.vendor.store.creations
    assert states(installation) == {"accepted": 4, "suppressed": 1}
    assert_balanced(installation)


def test_number_listed_before_the_sensor_asks_is_not_sent_again(installations: Make, sinch: Vendor) -> None:
    """Sending alone, without a plan before it, does not call whom the newest decisions forbid to call."""
    rows = leads(5)
    unlucky = {"sinch": {"settle_s": NOT_YET}}
    sinch.faults.add(Fault(kind="reset_before_processing", match=SENDING))
    load(installations(rows=rows, **unlucky))
    installation = installations(rows=rows, do_not_call=[{"phone": phone(3)}], **unlucky)
    night.refresh_do_not_call(installation)
    night.pull_and_decide(installation, DAY)
    end_settle_time(installation)
    night.send(installation, "sinch", [DAY])
    assert (TARGET, "lead-L3") not in sinch.vendor.store.creations


@pytest.mark.parametrize("change", [{"phone1": "4.917E+11"}, {"phone1": phone(1)}])
def test_refusal_never_hides_an_open_delivery(change: dict[str, str], installations: Make, sinch: Vendor) -> None:
    """A lead that the vendor may have is not reported as merely refused when its row turns bad afterwards."""
    unlucky = {"sinch": {"settle_s": NOT_YET, "batch_size": 1, "connections": 1}}
    sinch.faults.add(Fault(kind="lost_after_commit", match=SENDING, skip=1))
    load(installations(rows=leads(2), **unlucky))
    installation = installations(rows=[lead(1), lead(2, **change)], **unlucky)
    load(installation)
    assert states(installation) == {"accepted": 1, "unknown": 1}


def test_a_refused_lead_whose_number_another_lead_has_by_now_is_not_tried_again(
    installations: Make, sinch: Vendor
) -> None:
    """It changed, and the vendor might take it this time; but one person would be called twice."""
    following = DAY + timedelta(days=1)
    sinch.vendor.knobs.change({"reject_numbers": [phone(2)]})
    load(installations(rows=leads(2)))
    sinch.vendor.knobs.change({"reject_numbers": []})
    other = lead(3, phone1=phone(2), updated_at=f"{following}T10:00:00+01:00")
    load_day(installations(rows=[*leads(2), other]), following)
    installation = installations(rows=[lead(1), lead(2, first_name="Grace")])
    load(installation)
    assert sinch.vendor.store.creations == {(TARGET, "lead-L1"): 1, (TARGET, "lead-L3"): 1}
    found = query(installation, "SELECT state, reason_code, reason FROM reporting.lead_outcome WHERE lead_id = 'L2'")
    assert found == [("duplicate", "number_in_campaign", "the campaign has this number as lead L3")]
    assert_balanced(installation)


def test_who_was_refused_keeps_a_number_from_nobody(installations: Make, sinch: Vendor) -> None:
    """Another lead of the day has the number too: the refused one is not sent as it is, so the other is."""
    sinch.faults.replace([Fault(kind="entry_status", status=400, match=SENDING)])
    installation = installations(rows=leads(1))
    load(installation)
    assert states(installation) == {"rejected": 1}
    sinch.faults.clear()
    load(installations(rows=[*leads(1), lead(2, phone1=phone(1))]))
    outcomes = query(installation, "SELECT lead_id, state FROM reporting.lead_outcome ORDER BY lead_id")
    assert outcomes == [("L1", "duplicate"), ("L2", "accepted")]
