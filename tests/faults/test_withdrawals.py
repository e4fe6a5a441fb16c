"""Leads that must not be called any more after a vendor took them: taken back, or told of until they are."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest

from connectors.errors import SetupError
from pipelines import morning, night, recall, withdrawals
from sandbox.faults import Match
from tests.factories import DAY, lead, phone, write_rows
from tests.faults import vendors
from tests.faults.vendors import WITHDRAWING, MakeSite, Site

sites = vendors.sites

COUNT = 6
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
    site = make(way, count=COUNT, settings={**WITHDRAWING.get(way, {}), **settings})
    site.load()
    assert site.follow() == {"accepted": COUNT}
    return site


def is_stopped(site: Site, number: int) -> bool:
    """Whether the vendor will not dial the lead, as far as a lead says so."""
    return phone(number).lstrip("+") not in site.dialled()


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
    assert told[0].startswith(f"{site.campaign}: 2 leads must not be called any more, and {way} may still dial them: ")
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


def test_a_run_that_dies_forgets_nobody(sites: MakeSite, monkeypatch: Any) -> None:
    """Whoever was told of before is told of still."""
    site = loaded(sites, "sinch")
    site.write(site.rows, listed=[2, 3])
    site.spoil("status", TAKING["sinch"], times=None)
    site.load()
    before = problems(site)
    with monkeypatch.context() as patch:
        patch.setattr(withdrawals, "_take_back", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            site.load()
    assert problems(site) == before != []


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
        withdrawals.withdrawn_by_hand(store, site.campaign, ["L2"], None, actor="test")
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
    summary = recall.withdraw(site.installation, "sinch")
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


def test_who_turns_out_to_be_there_is_taken_back_in_the_same_load(sites: MakeSite) -> None:
    """The answer was lost, the lead listed meanwhile: the vendor is asked first."""
    site = sites("sinch", count=COUNT)
    site.spoil("lost_after_commit")
    site.load()
    assert site.states() == {"unknown": COUNT}
    site.advance()
    site.write(site.rows, listed=[2])
    assert site.load().problems == []
    assert site.states() == {"accepted": COUNT - 1, "withdrawn": 1}
    assert is_stopped(site, 2)


@pytest.mark.parametrize("way", ["sobot", "platform"])
def test_who_may_be_there_is_told_of_until_it_is_known(way: str, sites: MakeSite) -> None:
    """The vendor has the import and has not told of it; when it does, the lead is taken back at once."""
    site = sites(way, count=COUNT)
    site.load()
    assert site.states() == {"submitted": COUNT}
    site.write(site.rows, listed=[2])
    assert "its import is submitted" in "\n".join(site.load().problems)
    site.follow()
    assert recall.take_back_noted(site.installation)[way].counts == {"withdrawn": 1}
    assert [text for text in problems(site) if "may still dial" in text] == []
    assert is_stopped(site, 2)


def test_who_was_due_stays_due_whatever_its_age(sites: MakeSite) -> None:
    """A vendor that is down for longer than rows are looked at is asked again all the same."""
    site = loaded(sites, "sinch")
    site.write([lead(n, campaign=site.campaign, consent="no" if n == 2 else "") for n in range(1, COUNT + 1)])
    site.spoil("status", TAKING["sinch"], times=None)
    site.load()
    for table in ("ledger.contacts", "ledger.deliveries"):
        site.change(f"UPDATE {table} SET day = day - 40")
    assert recall.withdraw(site.installation, "sinch").counts == {"not_withdrawn": 1}
    site.server.faults.clear()
    assert recall.withdraw(site.installation, "sinch").counts == {"withdrawn": 1}
    assert is_stopped(site, 2)


def test_the_number_that_the_vendor_has_counts(sites: MakeSite) -> None:
    """An update to another number was never made: the vendor dials the old one, and that is listed."""
    site = loaded(sites, "platform")
    changed = [lead(n, campaign=site.campaign, phone1=phone(900 if n == 2 else n)) for n in range(1, COUNT + 1)]
    site.write(changed)
    site.spoil("status", TAKING["platform"], times=None)
    site.load()
    site.server.faults.clear()
    site.write([row for row in changed if row["lead_id"] != "L2"], listed=[2])
    for _ in range(2):
        site.load()
        site.follow()
    assert is_stopped(site, 2)


def test_a_number_that_the_vendor_has_no_more_does_not_count(sites: MakeSite) -> None:
    """The lead got another second number, and the vendor has it; the old one is somebody else's now."""
    rows = [lead(n, campaign="platform-calls", phone2=phone(100 + n)) for n in (1, 2)]
    site = sites("platform", rows=rows)
    site.load()
    assert site.follow() == {"accepted": 2}
    rows = [rows[0], rows[1] | {"phone2": phone(202)}]
    site.write(rows)
    site.load()
    assert site.follow() == {"accepted": 2}
    site.write(rows, listed=[102])
    site.load()
    assert not is_stopped(site, 2)
    site.write(rows, listed=[202])
    site.load()
    assert is_stopped(site, 2)


def test_a_campaign_that_is_not_loaded_any_more_gives_back_its_leads_too(sites: MakeSite) -> None:
    """It is not active here; the vendor dials it on."""
    site = loaded(sites, "sinch")
    refusing = lead(3, campaign=site.campaign, consent="no", updated_at=f"{NEXT}T10:00:00+01:00")
    site.write([*site.rows, refusing])
    site.change("UPDATE crm.campaigns SET is_active = FALSE")
    night.pull_and_decide(site.installation, NEXT)
    assert [one.lead_id for one in recall.withdraw(site.installation, "sinch").leads] == ["L3"]
    assert is_stopped(site, 3)


def test_a_lead_that_also_changed_is_told_of_all_the_same(sites: MakeSite) -> None:
    """Its old number is listed and cannot be taken back; its row of the day has a new one."""
    site = loaded(sites, "sinch")
    site.write(
        [lead(n, campaign=site.campaign, phone1=phone(900 if n == 2 else n)) for n in range(1, COUNT + 1)], listed=[2]
    )
    site.spoil("status", TAKING["sinch"], times=None)
    site.load()
    assert site.reasons()["L2"] == ("accepted", "not_withdrawn")
    assert len(problems(site)) == 1


def test_what_the_delivery_said_before_is_not_lost(sites: MakeSite) -> None:
    """On the list and off again, with a vendor that was down meanwhile."""
    site = loaded(sites, "sinch")
    changed = [lead(n, campaign=site.campaign, first_name="New" if n == 2 else "Ada") for n in range(1, COUNT + 1)]
    site.write(changed)
    site.load()
    before = site.reasons()["L2"]
    assert before == ("accepted", "changed_since_accepted")
    site.write(changed, listed=[2])
    site.spoil("status", TAKING["sinch"], times=None)
    site.load()
    site.write(changed)
    site.load()
    assert site.reasons()["L2"] == before


def test_more_than_is_likely_are_taken_back_by_nobody(sites: MakeSite) -> None:
    """A column of consents that is wrong must not empty the vendor: a person says so, and then it is done."""
    site = sites("sinch", count=COUNT, document={"eligibility": {"withdraw_at_most": 2}})
    site.load()
    site.write([lead(n, campaign=site.campaign, consent="no") for n in range(1, COUNT + 1)])
    site.requests.clear()
    assert "eligibility.withdraw_at_most (2)" in "\n".join(site.load().problems)
    assert site.requests["delete_customer"] == 0
    assert recall.withdraw(site.installation, "sinch", is_limited=False).counts == {"withdrawn": COUNT}
    assert site.vendor.dialled() == []


def test_by_hand_means_one_of_the_two(sites: MakeSite) -> None:
    """A lead and a customer may have the same id."""
    site = loaded(sites, "sinch", withdraw="off")
    site.change("UPDATE ledger.deliveries SET source = 'customer', lead_id = 'L2' WHERE lead_id = 'L3'")
    site.write(site.rows, listed=[2, 3])
    night.refresh_do_not_call(site.installation)
    recall.withdraw(site.installation, "sinch")
    with site.installation.store() as store:
        with pytest.raises(SetupError, match="say --source"):
            withdrawals.withdrawn_by_hand(store, site.campaign, ["L2"], None, actor="test")
        [done] = withdrawals.withdrawn_by_hand(store, site.campaign, ["L2"], "customer", actor="test")
    assert done.source == "customer"
    assert "1 lead must not be called" in "\n".join(problems(site))


def test_a_run_that_is_ended_while_another_plans_says_so(sites: MakeSite) -> None:
    """It did not look, so it does not say that there is nobody."""
    site = loaded(sites, "sinch")
    stop = threading.Event()
    stop.set()
    with site.another().plan_ledger() as ledger:
        assert ledger.take_planning("sinch")
        assert recall.withdraw(site.installation, "sinch", stop=stop).is_cut_short
        ledger.leave_planning()


def rows_of(site: Site, **fields: dict[str, str]) -> list[dict[str, str]]:
    """The leads of the day, of which some differ, by their ids."""
    return [lead(number, campaign=site.campaign, **fields.get(f"L{number}", {})) for number in range(1, COUNT + 1)]


def on(day: Any, number: int, **fields: str) -> dict[str, str]:
    """A row of the lead on another day, and nothing else of its campaign."""
    return lead(number, **{"campaign": "sinch-calls", "updated_at": f"{day}T10:00:00+01:00"} | fields)


def decide(site: Site, rows: list[dict[str, str]], *days: Any, listed: tuple[int, ...] = ()) -> None:
    """The CRM has these rows, and the days are pulled and decided."""
    site.write(rows, listed=listed)
    night.refresh_campaigns(site.installation)
    night.refresh_do_not_call(site.installation)
    for day in days:
        night.pull_and_decide(site.installation, day)


def test_a_row_that_was_corrected_on_its_day_takes_nobody_back(sites: MakeSite) -> None:
    """It said no by mistake while the vendor was down; the day is loaded again with a yes."""
    site = loaded(sites, "sinch")
    site.write(rows_of(site, L2={"consent": "no"}))
    site.spoil("status", TAKING["sinch"], times=None)
    assert len(site.load().problems) == 1
    site.server.faults.clear()
    site.write(rows_of(site, L2={"consent": "yes"}))
    assert site.load().problems == []
    assert site.states() == {"accepted": COUNT}
    assert not is_stopped(site, 2)


def test_who_has_a_new_number_by_now_is_not_taken_back_for_the_old_one(sites: MakeSite) -> None:
    """The update was on its way when the old number was listed; then the vendor has it."""
    site = loaded(sites, "platform")
    site.write(rows_of(site, L2={"phone1": phone(900)}))
    site.spoil("lost_after_commit", TAKING["platform"], times=None)
    site.load()
    site.server.faults.clear()
    site.write(site.rows, listed=[2])
    night.refresh_do_not_call(site.installation)
    assert recall.withdraw(site.installation, "platform").counts == {"not_withdrawn": 1}
    site.follow()
    assert recall.take_back_noted(site.installation)["platform"].leads == []
    assert not is_stopped(site, 900)


def test_a_list_that_forgot_the_number_meanwhile_takes_nobody_back(sites: MakeSite) -> None:
    """Also where only those are looked at who were due before."""
    site = loaded(sites, "sinch")
    site.write(site.rows, listed=[2])
    site.spoil("status", TAKING["sinch"], times=None)
    site.load()
    site.server.faults.clear()
    site.write(site.rows)
    night.refresh_do_not_call(site.installation)
    assert recall.take_back_noted(site.installation)["sinch"].leads == []
    assert not is_stopped(site, 2)


def test_a_number_that_is_only_left_out_is_still_at_the_vendor(sites: MakeSite) -> None:
    """Where a listed number stops itself alone, a lead that was delivered with it is taken back whole."""
    rows = [lead(number, campaign="sinch-calls", phone2=phone(100 + number)) for number in (1, 2)]
    site = sites("sinch", rows=rows, document={"eligibility": {"do_not_call": "number"}})
    site.load()
    site.write(rows, listed=[102])
    site.load()
    assert is_stopped(site, 2)
    assert not is_stopped(site, 1)


def write_listed(site: Site, *entries: str) -> None:
    """The list has these entries, as people wrote them, and one of nobody."""
    listed = [{"phone": entry} for entry in (*entries, phone(vendors.OF_NOBODY))]
    write_rows(site.config.with_name("do_not_call.csv"), listed, ("phone", "reason", "until"))


@pytest.mark.parametrize("place", ["phone1", "phone2"])
def test_an_entry_without_a_country_takes_back_whom_a_vendor_has(place: str, sites: MakeSite) -> None:
    """No campaign has the country of the number; while the vendor takes nothing back, the list may forget it again."""
    abroad = {"phone1": phone(2), place: "0664 1234567", "country": "AT", "timezone": "Europe/Vienna"}
    site = sites("sinch", rows=[lead(1, campaign="sinch-calls"), lead(2, campaign="sinch-calls", **abroad)])
    site.load()
    site.spoil("status", TAKING["sinch"], times=None)
    write_listed(site, "0664 1234567")
    assert len(site.load().problems) == 1
    write_listed(site)
    assert site.load().problems == []
    site.server.faults.clear()
    write_listed(site, "0664 1234567")
    assert site.load().problems == []
    assert site.reasons() == {"L1": ("accepted", None), "L2": ("withdrawn", LISTED)}


@pytest.mark.parametrize("place", ["phone1", "phone2"])
def test_an_entry_without_a_country_is_held_against_what_was_delivered(place: str, sites: MakeSite) -> None:
    """However long ago the lead was read: its rows say nothing any more."""
    abroad = {"phone1": phone(2), place: "+43 664 1234567", "country": "AT"}
    site = sites("sinch", rows=[lead(1, campaign="sinch-calls"), lead(2, campaign="sinch-calls", **abroad)])
    site.load()
    site.change("UPDATE ledger.contacts SET day = day - 40")
    write_listed(site, "0664 1234567")
    night.refresh_do_not_call(site.installation)
    assert recall.withdraw(site.installation, "sinch").counts == {"withdrawn": 1}
    assert site.reasons()["L2"] == ("withdrawn", LISTED)


def test_an_entry_without_a_country_counts_for_a_number_that_the_newest_row_has(sites: MakeSite) -> None:
    """The vendor has another number of the lead: one listed number stops the lead."""
    site = loaded(sites, "sinch")
    site.write(rows_of(site, L2={"phone2": "+43 664 1234567"}))
    write_listed(site, "0664 1234567")
    site.load()
    assert site.reasons()["L2"] == ("withdrawn", LISTED)


def test_a_listed_number_of_the_newest_row_counts_for_the_lead(sites: MakeSite) -> None:
    """The vendor has another number of the lead: one listed number stops the lead."""
    site = loaded(sites, "sinch")
    site.write(rows_of(site, L2={"phone2": phone(102)}), listed=[102])
    site.load()
    assert site.reasons()["L2"] == ("withdrawn", LISTED)
    assert is_stopped(site, 2)


def test_a_refusal_outlives_an_entry_of_the_list(sites: MakeSite) -> None:
    """Consent was withdrawn long ago, and the vendor takes nothing back; the number is listed and forgotten again."""
    site = loaded(sites, "sinch", withdraw="off")
    decide(site, rows_of(site, L2={"consent": "no"}), DAY)
    recall.withdraw(site.installation, "sinch")
    for table in ("ledger.contacts", "ledger.deliveries"):
        site.change(f"UPDATE {table} SET day = day - 40")
    site.change("UPDATE ledger.withdrawals SET refused_on = refused_on - 40")
    for listed in ([2], []):
        site.write(site.rows, listed=listed)
        night.refresh_do_not_call(site.installation)
        assert recall.withdraw(site.installation, "sinch").counts == {"not_withdrawn": 1}


@pytest.mark.parametrize(
    ("later", "is_taken"),
    [({"consent": "yes", "timezone": "Mars"}, False), ({"consent": ""}, True), ({"consent": "yes"}, False)],
    ids=["granted_by_a_row_that_is_wrong_otherwise", "a_row_that_says_nothing", "granted"],
)
def test_only_a_row_that_grants_consent_ends_a_refusal(later: dict[str, str], is_taken: bool, sites: MakeSite) -> None:
    """Whatever else it is."""
    site = loaded(sites, "sinch")
    decide(site, [*site.rows, on(NEXT, 2, consent="no"), on(LATER, 2, **later)], NEXT, LATER)
    recall.withdraw(site.installation, "sinch")
    assert is_stopped(site, 2) is is_taken


def test_a_grant_before_the_refusal_of_a_day_does_not_end_it(sites: MakeSite) -> None:
    """Granted in the morning, in a row that is wrong otherwise; refused in the evening."""
    site = loaded(sites, "sinch")
    morning_row = on(NEXT, 2, consent="yes", timezone="Mars", updated_at=f"{NEXT}T08:00:00+01:00")
    decide(site, [*site.rows, morning_row, on(NEXT, 2, consent="no", updated_at=f"{NEXT}T20:00:00+01:00")], NEXT)
    recall.withdraw(site.installation, "sinch")
    assert is_stopped(site, 2)


def test_a_lead_of_several_rows_is_counted_once(sites: MakeSite) -> None:
    """Delivered in the morning, refused in the evening."""
    site = loaded(sites, "sinch")
    evening = lead(2, campaign=site.campaign, consent="no", updated_at=f"{DAY}T20:00:00+01:00")
    site.write([*site.rows, evening])
    site.load()
    assert site.states() == {"accepted": COUNT - 1, "withdrawn": 1, "duplicate": 1}


def test_who_was_taken_back_keeps_his_number_from_nobody(sites: MakeSite) -> None:
    """The same person comes again under another id."""
    site = loaded(sites, "sinch")
    site.write(site.rows, listed=[2])
    site.load()
    site.write([*site.rows, lead(77, campaign=site.campaign, phone1=phone(2))])
    site.load()
    assert site.reasons()["L77"] == ("accepted", None)
    assert not is_stopped(site, 2)
