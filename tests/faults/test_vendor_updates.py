"""Leads that changed after a vendor took them: updated once, created never again, and accepted all the while."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import yaml

from pipelines import morning, night
from pipelines.installation import Installation
from sandbox.faults import Match
from tests.doubles import KINDS, serve
from tests.factories import DAY, lead, phone
from tests.faults import vendors
from tests.faults.vendors import MakeSite, Site, always
from tests.reading import query

sites = vendors.sites

NEXT = DAY + timedelta(days=1)
UPDATING = pytest.mark.parametrize("way", always(["platform", "platform-singles", "jtel"], "platform", "jtel"))
UPDATE = {
    "platform": Match(method="PUT", path_contains="/leads/"),
    "jtel": Match(method="POST", path_contains="/contacts/import"),
}
FAULTS: dict[str, dict[str, Any]] = {
    "lost_after_commit": {"kind": "lost_after_commit"},
    "reset_before_processing": {"kind": "reset_before_processing"},
    "truncated": {"kind": "truncated", "bytes": 3},
    "html_502": {"kind": "html"},
    "html_502_committed": {"kind": "html", "commit": True},
    "status_503": {"kind": "status"},
    "status_429": {"kind": "status", "status": 429},
    "status_401": {"kind": "status", "status": 401},
}


def change(site: Site, *numbers: int, **fields: str) -> None:
    """The CRM has another word on these leads."""
    site.write(
        [
            lead(number, campaign=site.campaign, **(fields if number in numbers else {}))
            for number in range(1, len(site.rows) + 1)
        ]
    )


def words(site: Site) -> dict[str, str]:
    """What the vendor has of that which changes, by number."""
    with site.vendor.store.lock:
        if site.way.vendor == "jtel":
            contacts = site.vendor.store.contacts.values()
            return {one.first_phone.lstrip("+"): one.written["FirstName"] for one in contacts}
        return {one.phones[0].lstrip("+"): one.fields["timezone"] for one in site.vendor.store.leads.values()}


def changed(site: Site) -> dict[str, str]:
    """A change that reaches this vendor."""
    return {"first_name": "Grace"} if site.way.vendor == "jtel" else {"timezone": "Europe/Paris"}


def assert_updated(site: Site, *numbers: int) -> None:
    """Exactly these leads changed at the vendor, and every lead is there once."""
    site.assert_accepted_once()
    new = next(iter(changed(site).values()))
    assert {number for number, value in words(site).items() if value == new} == {
        phone(number).lstrip("+") for number in numbers
    }
    assert query(site.installation, "SELECT DISTINCT reason_code FROM ledger.deliveries") == [(None,)]


def loaded(sites: MakeSite, way: str, **changes: Any) -> Site:
    """Six leads are accepted."""
    site: Site = sites(way, count=6, **changes)
    site.load()
    site.follow()
    site.assert_accepted_once()
    return site


@UPDATING
def test_changed_lead_is_updated_once(way: str, sites: MakeSite) -> None:
    """A change goes to the vendor as one update, and loading again sends nothing."""
    site = loaded(sites, way)
    change(site, 2, 5, **changed(site))
    site.load()
    assert_updated(site, 2, 5)
    site.requests.clear()
    site.load()
    assert {name for name in site.requests if "import" in name or "update" in name or "create" in name} == set()


@pytest.mark.parametrize("is_case_sensitive", [True, False])
def test_ids_that_differ_by_case_alone_are_leads_of_their_own(sites: MakeSite, *, is_case_sensitive: bool) -> None:
    """Whether or not jtel looks at case, such leads are created once each, and each update reaches its own."""
    ids = ["0015g00000XyZab", "0015g00000XyZaB", "0015g00000xyzab"]
    rows = [lead(number, campaign="jtel-calls", lead_id=lead_id) for number, lead_id in enumerate(ids, 1)]
    site = sites("jtel", rows=rows)
    site.vendor.knobs.is_user_data_case_sensitive = is_case_sensitive
    site.load()
    site.assert_accepted_once()
    site.write([rows[0], rows[1] | changed(site), rows[2]])
    site.load()
    assert_updated(site, 2)


@UPDATING
@pytest.mark.parametrize("fault", always(FAULTS, "lost_after_commit", "reset_before_processing"))
def test_spoilt_update_heals(way: str, fault: str, sites: MakeSite) -> None:
    """Whatever becomes of the answer to an update, the lead is never created again, and ends with the new words."""
    site = loaded(sites, way)
    change(site, 2, 5, **changed(site))
    site.spoil(**FAULTS[fault], match=UPDATE[site.way.vendor], times=2)
    site.load()
    site.assert_balanced()
    assert site.server.faults.fired_count >= 1
    site.server.faults.clear()
    site.follow()
    site.load()
    site.follow()
    assert_updated(site, 2, 5)


@UPDATING
def test_refused_update_leaves_the_lead_accepted(way: str, sites: MakeSite) -> None:
    """The vendor has the lead as it was: it is accepted with `update_refused`, and not tried again unchanged."""
    site = loaded(sites, way)
    change(site, 2, phone2=phone(900))
    site.vendor.knobs.reject_phones = [phone(900)]
    site.load()
    site.follow()
    assert site.states() == {"accepted": 6}
    assert site.reasons()["L2"] == ("accepted", "update_refused")
    site.assert_held(range(1, 7))
    site.requests.clear()
    site.load()
    assert site.requests["lead_update"] == site.requests["import_contact"] == 0
    assert site.states() == {"accepted": 6}


@UPDATING
@pytest.mark.parametrize("kind", always(["status", "reset_before_processing", "lost_after_commit"], "status"))
def test_lead_listed_between_plan_and_update_stays_delivered(way: str, kind: str, sites: MakeSite) -> None:
    """A lead that must not be called any more is not updated, and what the vendor has of it is not forgotten."""
    site = loaded(sites, way, settings={"withdraw": {} if way == "jtel" else "off"})
    change(site, 2, 5, **changed(site))
    site.spoil(kind, UPDATE[site.way.vendor], times=None, **({"status": 401} if kind == "status" else {}))
    site.load()
    site.server.faults.clear()
    site.write(site.rows, listed=[2])
    site.advance()
    site.load()
    site.follow()
    site.load()
    site.assert_held(range(1, 7))
    assert site.open_imports() == []
    deliveries = query(site.installation, "SELECT lead_id, verdict FROM ledger.delivery_states ORDER BY 1")
    assert deliveries == [(f"L{number}", "accepted") for number in range(1, 7)]
    if kind == "status":
        assert words(site)[phone(2).lstrip("+")] != next(iter(changed(site).values()))


@pytest.mark.parametrize("way", ["platform", "platform-singles"])
def test_lead_that_is_gone_at_the_vendor_is_not_made_by_an_update(way: str, sites: MakeSite) -> None:
    """An update creates nothing: the lead is rejected, and its neighbours stay as they are."""
    site = loaded(sites, way)
    with site.vendor.store.lock:
        [gone] = [one for one in site.vendor.store.leads.values() if one.customer_key == "lead-L2"]
        site.vendor.store.delete_lead(gone.lead_id)
    change(site, 2, **changed(site))
    site.load()
    site.follow()
    assert site.numbers() == [phone(number).lstrip("+") for number in (1, 3, 4, 5, 6)]
    assert site.reasons()["L2"] == ("rejected", "absent_at_vendor")
    site.assert_balanced()


@pytest.mark.parametrize("way", ["platform", "platform-singles"])
def test_lead_that_was_made_anew_goes_by_its_new_id(way: str, sites: MakeSite) -> None:
    """A lead that the vendor deleted, and was given again after one more change, is known by the id it has now."""
    site = loaded(sites, way)
    with site.vendor.store.lock:
        [gone] = [one for one in site.vendor.store.leads.values() if one.customer_key == "lead-L2"]
        site.vendor.store.delete_lead(gone.lead_id)
    for zone in ("Europe/Paris", "Europe/Madrid"):
        change(site, 2, timezone=zone)
        site.load()
        site.follow()
    site.assert_accepted_once()
    with site.vendor.store.lock:
        [anew] = [one for one in site.vendor.store.leads.values() if one.customer_key == "lead-L2"]
    known = query(site.installation, "SELECT vendor_id FROM reporting.lead_outcome WHERE lead_id = 'L2'")
    assert known == [(str(anew.lead_id),)]


@UPDATING
def test_change_while_the_creation_is_unknown_waits_for_it(way: str, sites: MakeSite) -> None:
    """A lead that changes before its creation is settled is not sent twice, and is updated once it is."""
    site = sites(way, count=6)
    site.spoil("lost_after_commit", times=None)
    site.load()
    site.server.faults.clear()
    change(site, 2, **changed(site))
    site.load()
    site.follow()
    site.load()
    site.follow()
    assert_updated(site, 2)


@UPDATING
def test_update_of_a_campaign_that_is_gone_leaves_the_lead_accepted(way: str, sites: MakeSite) -> None:
    """An update that waits is given up with its campaign; what the vendor has is told of, and stays."""
    site = loaded(sites, way)
    change(site, 2, **changed(site))
    site.spoil("status", UPDATE[site.way.vendor], times=None, status=401)
    site.load()
    assert len(site.open_imports()) == 1
    site.server.faults.clear()
    document = yaml.safe_load(site.config.read_text("utf-8"))
    document["campaigns"][0]["campaign"] = "others"
    site.config.write_text(yaml.safe_dump(document), "utf-8")
    site.installation.close()
    site.installation = Installation.load(site.config, actor="test")
    site.load()
    assert site.open_imports() == []
    assert set(site.reasons().values()) == {("accepted", "campaign_unknown_after_delivery")}
    delivered = query(site.installation, "SELECT reason_code FROM ledger.delivery_states WHERE lead_id = 'L2'")
    assert delivered == [("changed_since_accepted",)]
    site.assert_held(range(1, 7))


def test_a_campaign_that_went_to_another_vendor_updates_nobody_there(sites: MakeSite) -> None:
    """The first vendor keeps its leads as they are; who is new goes to the second."""
    site = loaded(sites, "platform")
    with serve(KINDS["jtel"]) as jtel:
        document = yaml.safe_load(site.config.read_text("utf-8"))
        document["vendors"]["jtel"] = KINDS["jtel"].settings(jtel.url)
        document["campaigns"][0] |= {"vendor": "jtel", "target": dict(KINDS["jtel"].target)}
        site.config.write_text(yaml.safe_dump(document), "utf-8")
        site.installation.close()
        site.installation = Installation.load(site.config, actor="test")
        site.rows.append(lead(7, campaign=site.campaign))
        change(site, 2, **changed(site), first_name="Grace")
        assert site.load().problems == []
        assert [number for _, number in jtel.vendor.held()] == [phone(7).lstrip("+")]
    assert site.reasons() == {f"L{number}": ("accepted", None) for number in range(1, 8)}
    assert site.numbers() == [phone(number).lstrip("+") for number in range(1, 7)]


@UPDATING
def test_update_that_waits_beyond_the_retention_leaves_the_lead_accepted(way: str, sites: MakeSite) -> None:
    """The new content is forgotten; that the vendor has the old is not."""
    site = loaded(sites, way)
    change(site, 2, **changed(site))
    site.spoil("status", UPDATE[site.way.vendor], times=None, status=401)
    site.load()
    morning.forget(site.installation, DAY + timedelta(days=1))
    site.server.faults.clear()
    assert site.open_imports() == []
    assert site.states() == {"accepted": 6}
    assert site.reasons()["L2"] == ("accepted", "changed_since_accepted")
    assert query(site.installation, "SELECT count(*) FROM ledger.deliveries WHERE phone IS NOT NULL") == [(0,)]
    assert query(site.installation, "SELECT count(*) FROM ledger.imports WHERE payload IS NOT NULL") == [(0,)]
    site.assert_held(range(1, 7))


@pytest.mark.parametrize("way", ["sinch", "sobot"])
def test_vendor_that_cannot_update_says_so_of_a_changed_lead(way: str, sites: MakeSite) -> None:
    """Where a vendor has no update a changed lead stays accepted, says that it changed, and is not sent again."""
    site = loaded(sites, way)
    creations = dict(site.requests)
    change(site, 2, first_name="Grace")
    site.load()
    assert site.reasons()["L2"] == ("accepted", "changed_since_accepted")
    assert site.requests["create_customers"] == creations.get("create_customers", 0)
    assert site.requests["outbound_task_import_data"] == creations.get("outbound_task_import_data", 0)
    site.assert_held(range(1, 7))


@UPDATING
def test_an_older_day_does_not_undo_what_a_newer_one_brought(way: str, sites: MakeSite) -> None:
    """The CRM keeps the rows of both days: whichever is loaded again, the vendor keeps the newer words."""
    site = loaded(sites, way)
    newer = lead(2, campaign=site.campaign, updated_at=f"{NEXT}T10:00:00+01:00", **changed(site))
    site.write([*site.rows, newer])
    site.load(day=NEXT)
    site.follow()
    site.requests.clear()
    for day in (DAY, NEXT, DAY):
        assert site.load(day=day).problems == []
    assert site.requests["lead_update"] == site.requests["import_contact"] == 0
    assert words(site)[phone(2).lstrip("+")] == next(iter(changed(site).values()))
    assert site.reasons()["L2"] == ("accepted", None)


@pytest.mark.parametrize("way", ["sinch", "sobot"])
def test_a_newer_day_is_no_change_to_an_older_one(way: str, sites: MakeSite) -> None:
    """A lead that was first delivered on the newer day did not change since: the older row is the older one."""
    site: Site = sites(way, count=2)
    older = site.rows
    site.write([lead(2, campaign=site.campaign, first_name="Grace", updated_at=f"{NEXT}T10:00:00+01:00")])
    site.load(day=NEXT)
    site.follow()
    site.write([*site.rows, *older])
    site.load()
    site.follow()
    assert site.reasons() == {"L1": ("accepted", None), "L2": ("accepted", None)}


@UPDATING
def test_a_number_that_another_lead_has_is_no_update(way: str, sites: MakeSite) -> None:
    """Nobody would be called twice: the lead stays accepted as it was, and says whose the number is."""
    site = loaded(sites, way)
    rows = site.rows
    number_of_another = {"phone1": phone(1), **changed(site)}
    site.write([*rows, lead(2, campaign=site.campaign, updated_at=f"{NEXT}T10:00:00+01:00", **number_of_another)])
    site.load(day=NEXT)
    site.follow()
    site.rows = rows
    site.assert_held(range(1, 7))
    told = query(
        site.installation, "SELECT state, reason_code, reason FROM reporting.lead_outcome WHERE day = :day", day=NEXT
    )
    assert told == [("accepted", "number_in_campaign_after_delivery", "the campaign has this number as lead L1")]


def test_a_number_is_free_when_the_update_that_takes_it_away_is_settled(sites: MakeSite) -> None:
    """While it is not known whether the vendor changed the number, nobody else gets the old one; else both have it."""
    site = sites("platform-singles", count=2)
    site.load()
    site.spoil("reset_before_processing", UPDATE["platform"], times=None)
    change(site, 1, phone1=phone(50))
    site.load()
    site.write([*site.rows, lead(9, campaign=site.campaign, phone1=phone(1), updated_at=f"{NEXT}T10:00:00+01:00")])
    site.load(day=NEXT)
    site.server.faults.clear()
    site.spoil("status", UPDATE["platform"], status=422, times=None)
    site.follow()
    assert sorted(number for _, number in site.vendor.held()) == [phone(number).lstrip("+") for number in (1, 2)]
    refused = "SELECT state, reason_code FROM reporting.lead_outcome WHERE lead_id = 'L9'"
    assert query(site.installation, refused) == [("duplicate", "number_in_campaign")]


def of_two_days(site: Site) -> None:
    """The CRM has a lead on two days, with another number on the second."""
    old, new = (f"{day}T10:00:00+01:00" for day in (DAY, NEXT))
    site.write(
        [
            lead(1, campaign=site.campaign, updated_at=old),
            lead(1, campaign=site.campaign, updated_at=new, phone1=phone(50)),
        ]
    )


@pytest.mark.parametrize("way", ["sinch", "platform-singles", "jtel"])
def test_a_lead_of_several_days_goes_with_its_newest_row(way: str, sites: MakeSite) -> None:
    """A range of days is planned from its newest on: where a vendor has no update, the old number would stay."""
    site = sites(way, rows=[])
    of_two_days(site)
    night.refresh_campaigns(site.installation)
    night.refresh_do_not_call(site.installation)
    for day in (DAY, NEXT):
        night.pull_and_decide(site.installation, day)
    night.plan_and_send(site.installation, site.way.vendor, [DAY, NEXT])
    site.follow()
    assert site.numbers() == [phone(50).lstrip("+")]


@pytest.mark.parametrize(
    ("way", "number", "reason_code"),
    [("platform-singles", 50, None), ("jtel", 50, None), ("sinch", 1, "changed_since_accepted")],
)
def test_a_newer_row_waits_for_the_outcome_of_the_older(
    way: str, number: int, reason_code: str | None, sites: MakeSite
) -> None:
    """While it is not known whether the vendor has the lead nothing is sent; what it says since is not forgotten."""
    site = sites(way, rows=[])
    of_two_days(site)
    site.spoil("lost_after_commit", times=1)
    site.load(day=DAY)
    site.load(day=NEXT)
    site.follow()
    site.advance(2 * 3600)
    site.tick()
    site.follow()
    assert site.numbers() == [phone(number).lstrip("+")]
    assert site.reasons() == {"L1": ("accepted", reason_code)}
    assert query(site.installation, "SELECT * FROM ledger.to_plan") == []
