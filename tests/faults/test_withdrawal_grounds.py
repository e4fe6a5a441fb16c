"""Why a lead is to be taken back: entries of the list that end, rows that refuse, and rows that grant."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from pipelines import night, recall, withdrawals
from pipelines.withdrawals import Watch
from tests.factories import DAY, phone, write_rows
from tests.faults import vendors
from tests.faults.test_withdrawals import LATER, NEXT, decide, is_stopped, loaded, on
from tests.faults.vendors import MakeSite, Site

sites = vendors.sites

ABROAD = "0664 1234567"


def due(site: Site, today: date) -> list[str]:
    """Who is to be taken back on the day, by what was noted before and by the list as it stands."""
    watch = Watch(site.way.vendor, (), today, today - timedelta(days=30), at_most=None)
    with site.installation.store() as store:
        withdrawals.note_due(store, watch)
        withdrawals.forget_not_due(store, watch)
        return [lead.lead_id for lead in withdrawals.due(store, watch)]


@pytest.mark.parametrize("entry", [phone(2), ABROAD], ids=["with_a_country", "without_a_country"])
def test_an_entry_takes_back_until_its_last_day_is_over(entry: str, sites: MakeSite) -> None:
    """Who was not taken back by then is not any more."""
    site = sites("sinch", rows=[on(DAY, 1), on(DAY, 2, phone2="+43 664 1234567")])
    site.load()
    listed = [{"phone": entry, "until": str(NEXT)}]
    write_rows(site.config.with_name("do_not_call.csv"), listed, ("phone", "reason", "until"))
    night.refresh_do_not_call(site.installation)
    assert [due(site, DAY + timedelta(days=days)) for days in range(3)] == [["L2"], ["L2"], []]
    assert due(site, NEXT) == ["L2"]


def test_as_many_as_are_likely_are_taken_back(sites: MakeSite) -> None:
    """`withdraw_at_most` itself is not too many."""
    site = sites("sinch", count=3, document={"eligibility": {"withdraw_at_most": 2}})
    site.load()
    site.write(site.rows, listed=[2, 3])
    assert site.load().problems == []
    assert site.states() == {"accepted": 1, "withdrawn": 2}


def test_a_grant_that_a_row_without_consent_followed_ends_no_refusal(sites: MakeSite) -> None:
    """Where consent is required the last row of the day gives none: the grant of that morning is past."""
    rows = [on(DAY, number, consent="yes") for number in (1, 2)]
    site = sites("sinch", rows=rows, document={"eligibility": {"consent_required": True}})
    site.load()
    morning_row = on(NEXT, 2, consent="yes", updated_at=f"{NEXT}T08:00:00+01:00")
    decide(site, [*rows, morning_row, on(NEXT, 2, updated_at=f"{NEXT}T20:00:00+01:00")], NEXT)
    assert recall.withdraw(site.installation, "sinch").counts == {"withdrawn": 1}
    assert is_stopped(site, 2)


def test_a_refusal_after_a_grant_of_its_day_counts_whoever_refused_before(sites: MakeSite) -> None:
    """Granted in the morning, refused in the evening, the day after another lead was refused."""
    site = loaded(sites, "sinch")
    granted = on(LATER, 2, consent="yes", updated_at=f"{LATER}T08:00:00+01:00")
    refused = on(LATER, 2, consent="no", updated_at=f"{LATER}T20:00:00+01:00")
    decide(site, [*site.rows, on(NEXT, 3, consent="no"), granted, refused], NEXT, LATER)
    assert due(site, LATER) == ["L2", "L3"]


def test_a_row_that_a_plan_held_counts_whoever_refused_before(sites: MakeSite) -> None:
    """It was decided before its second number was listed, the day after another lead was refused."""
    site = loaded(sites, "sinch")
    decide(site, [*site.rows, on(NEXT, 3, consent="no"), on(LATER, 2, phone2=phone(102))], NEXT, LATER)
    site.write(site.rows, listed=[102])
    night.refresh_do_not_call(site.installation)
    assert night.plan(site.installation, "sinch", [LATER]).counts == {"suppressed": 1}
    assert due(site, LATER) == ["L2", "L3"]
