"""Consent that was withdrawn stays withdrawn until a row grants it: silence is no consent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta

import pytest

from pipelines import morning, night
from pipelines.dryrun import dry_run
from pipelines.installation import Installation
from pipelines.load import load_day
from sandbox.server import SandboxServer
from sandbox.sinch.app import SinchObi
from tests.factories import CAMPAIGN, DAY, OTHER_CAMPAIGN, OTHER_TARGET, TARGET, lead, phone
from tests.reading import query

Make = Callable[..., Installation]
VERDICTS = "SELECT lead_id, verdict, reason_code FROM ledger.contacts WHERE day = :day ORDER BY row_no"
REASON = "SELECT reason FROM ledger.contacts WHERE day = :day AND lead_id = :lead_id"
FIRST, SECOND, THIRD = (DAY + timedelta(days=number) for number in range(3))


def row(number: int, consent: str, day: date, hour: int = 10, **changes: str) -> dict[str, str]:
    """A row of a lead on a day."""
    return lead(number, consent=consent, updated_at=f"{day}T{hour:02}:00:00+01:00", **changes)


def loaded(make: Make, rows: Sequence[dict[str, str]], *days: date, **settings: object) -> Installation:
    """An installation whose source has the rows, after the loads of the days."""
    installation = make(rows=rows, **settings)
    for day in days or (FIRST, SECOND, THIRD):
        load_day(installation, day)
    return installation


def verdicts(installation: Installation, day: date) -> list[tuple[object, ...]]:
    """(lead, verdict, reason code) of each row of the day."""
    return query(installation, VERDICTS, day=day)


@pytest.mark.parametrize("word", ["no", "perhaps"])
def test_a_row_that_says_nothing_is_held_by_an_earlier_refusal(
    word: str, installations: Make, sinch: SandboxServer[SinchObi]
) -> None:
    """On each day after it; others are sent, and the reason says since when."""
    rows = [row(1, word, FIRST), row(1, "", SECOND), row(2, "", SECOND), row(1, "", THIRD)]
    installation = loaded(installations, rows)
    code = "consent_withdrawn" if word == "no" else "consent_unclear"
    assert verdicts(installation, SECOND) == [("L1", "suppressed", code), ("L2", "eligible", None)]
    assert verdicts(installation, THIRD) == [("L1", "suppressed", code)]
    assert sinch.vendor.store.creations == {(TARGET, "lead-L2"): 1}
    for day in (SECOND, THIRD):
        [(reason,)] = query(installation, REASON, day=day, lead_id="L1")
        assert reason.endswith(f", said on {FIRST}; no row has granted it since")


@pytest.mark.parametrize(
    "granting",
    [row(1, "yes", SECOND), row(1, "yes", THIRD, 9), row(1, "yes", THIRD, 11), row(1, "yes", THIRD, timezone="Mars")],
    ids=["the_day_before", "that_morning", "that_afternoon", "in_a_row_that_is_wrong_otherwise"],
)
def test_a_row_that_grants_consent_ends_it(granting: dict[str, str], installations: Make) -> None:
    """Also later on the same day."""
    installation = loaded(installations, [row(1, "no", FIRST), granting, row(1, "", THIRD)])
    assert ("L1", "eligible", None) in verdicts(installation, THIRD)


def test_a_refusal_after_a_grant_stands(installations: Make) -> None:
    """The last word counts."""
    rows = [row(1, "no", FIRST), row(1, "yes", SECOND, 9), row(1, "no", SECOND), row(1, "", THIRD)]
    assert verdicts(loaded(installations, rows), THIRD) == [("L1", "suppressed", "consent_withdrawn")]


def test_a_refusal_after_a_grant_stands_whoever_refused_before(installations: Make) -> None:
    """Another lead refused the day before."""
    rows = [row(2, "no", FIRST), row(1, "yes", SECOND, 9), row(1, "no", SECOND), row(1, "", THIRD), row(2, "", THIRD)]
    installation, refused = installations(rows=rows), ("suppressed", "consent_withdrawn")
    night.refresh_campaigns(installation)
    for day in (FIRST, SECOND, THIRD):
        night.pull_and_decide(installation, day)
    assert verdicts(installation, THIRD) == [("L1", *refused), ("L2", *refused)]


def test_a_refusal_is_of_its_campaign(installations: Make) -> None:
    """Another campaign asks for itself."""
    campaigns = {CAMPAIGN: TARGET, OTHER_CAMPAIGN: OTHER_TARGET}
    rows = [row(1, "no", FIRST), row(1, "", SECOND, campaign=OTHER_CAMPAIGN)]
    installation = loaded(installations, rows, FIRST, SECOND, campaigns=campaigns)
    assert verdicts(installation, SECOND) == [("L1", "eligible", None)]


def test_a_refusal_is_looked_for_so_many_days_back(installations: Make) -> None:
    """`withdraw_days`; a row that was held by it says nothing itself, and does not lengthen it."""
    rows = [row(1, "no", FIRST), row(1, "", SECOND), row(1, "", THIRD)]
    installation = loaded(installations, rows, eligibility={"withdraw_days": 1})
    assert verdicts(installation, SECOND) == [("L1", "suppressed", "consent_withdrawn")]
    assert verdicts(installation, THIRD) == [("L1", "eligible", None)]


def test_an_older_day_that_is_loaded_later_knows_of_a_refusal_since(installations: Make) -> None:
    """Also where that day's row granted it: the refusal came after. A grant after the refusal ends it here too."""
    rows = [row(1, "", FIRST), row(2, "yes", FIRST), row(3, "", FIRST), row(4, "yes", FIRST)]
    rows += [row(number, "no", SECOND) for number in (1, 2, 3, 4)] + [row(number, "yes", THIRD) for number in (3, 4)]
    installation = loaded(installations, rows, SECOND, THIRD, FIRST)
    refused, sent = ("suppressed", "consent_withdrawn"), ("eligible", None)
    assert verdicts(installation, FIRST) == [("L1", *refused), ("L2", *refused), ("L3", *sent), ("L4", *sent)]


def test_a_granting_row_that_was_held_refuses_nobody(installations: Make) -> None:
    """The refusal of the next day is gone from the CRM: the older day is sent, and nothing of it holds a later one."""
    rows = [row(1, "yes", FIRST), row(1, "no", SECOND), row(1, "", THIRD)]
    loaded(installations, rows, SECOND, FIRST)
    mended = loaded(installations, [rows[0], rows[2]], SECOND, THIRD, FIRST, THIRD)
    assert verdicts(mended, FIRST) == verdicts(mended, THIRD) == [("L1", "eligible", None)]
    assert query(mended, "SELECT count(*) FROM ledger.withdrawals") == [(0,)]


def test_a_row_of_no_day_grants_nothing(installations: Make) -> None:
    """It cannot be read, belongs to every day, and may be older than the refusal."""
    undated = row(1, "yes", FIRST) | {"updated_at": "gestern"}
    installation = loaded(installations, [undated, row(1, "no", FIRST), row(1, "", SECOND)])
    assert ("L1", "suppressed", "consent_withdrawn") in verdicts(installation, SECOND)


def test_a_row_of_no_day_refuses(installations: Make, sinch: SandboxServer[SinchObi]) -> None:
    """Whatever is wrong with its time, it says who says no: nobody is sent, and who was sent is taken back."""
    undated = row(1, "no", FIRST) | {"updated_at": "gestern"}
    loaded(installations, [row(1, "", FIRST), row(2, "", FIRST)], FIRST)
    loaded(installations, [undated, row(1, "", FIRST), row(2, "", FIRST)], FIRST)
    assert sinch.vendor.held() == [(TARGET, phone(2).lstrip("+"))]
    loaded(installations, [undated | {"lead_id": "L3"}, row(3, "", SECOND)], SECOND)
    assert sinch.vendor.held() == [(TARGET, phone(2).lstrip("+"))]


def test_a_held_row_is_no_refusal_of_its_own(installations: Make, sinch: SandboxServer[SinchObi]) -> None:
    """The refusal was a mistake, and is mended: who was held by it meanwhile is sent, and not taken back."""
    loaded(installations, [row(1, "no", FIRST), row(1, "", SECOND), row(1, "", THIRD)])
    mended = loaded(installations, [row(1, "yes", FIRST), row(1, "", SECOND), row(1, "", THIRD)], FIRST, THIRD, THIRD)
    assert query(mended, "SELECT state FROM reporting.lead_outcome WHERE day = :day", day=THIRD) == [("accepted",)]
    assert sinch.vendor.held() != []


def test_who_is_held_keeps_his_number_from_nobody(installations: Make) -> None:
    """Another lead with that number is sent; of several rows that say nothing one tells why."""
    number = lead(1)["phone1"]
    rows = [row(1, "no", FIRST), row(1, "", SECOND, 8), row(1, "", SECOND, 9), row(7, "", SECOND, phone1=number)]
    installation = loaded(installations, rows)
    assert sorted(verdicts(installation, SECOND)) == [
        ("L1", "duplicate", "duplicate_lead"),
        ("L1", "suppressed", "consent_withdrawn"),
        ("L7", "eligible", None),
    ]


def test_a_day_that_is_decided_again_forgets_what_it_no_longer_says(installations: Make) -> None:
    """The refusal was a mistake in the CRM, and is gone."""
    installation = loaded(installations, [row(1, "no", FIRST), row(1, "", SECOND)])
    assert verdicts(installation, SECOND) == [("L1", "suppressed", "consent_withdrawn")]
    mended = loaded(installations, [row(1, "yes", FIRST), row(1, "", SECOND)])
    assert verdicts(mended, SECOND) == [("L1", "eligible", None)]


def test_a_missing_consent_does_not_outlive_the_setting(installations: Make) -> None:
    """That none was given stops a lead only while consent is required."""
    rows = [row(1, "", FIRST), row(1, "", SECOND)]
    loaded(installations, rows, FIRST, eligibility={"consent_required": True})
    installation = loaded(installations, rows, SECOND)
    assert verdicts(installation, SECOND) == [("L1", "eligible", None)]


def test_leads_that_were_taken_back_for_a_word_that_nobody_knows_need_a_person(
    installations: Make, sinch: SandboxServer[SinchObi]
) -> None:
    """The column broke after the vendor had them: the day of the word says so until it has another one."""
    sent = [row(1, "yes", FIRST), row(2, "yes", FIRST), row(3, "yes", FIRST)]
    broken = [row(1, "2026", SECOND), row(2, "?", SECOND), row(3, "yes", SECOND)]
    installation = loaded(installations, [*sent, *broken], FIRST, SECOND)
    assert len(sinch.vendor.held()) == 1
    assert morning.report(installation, [FIRST]).problems == []
    assert morning.report(installation, [SECOND]).problems == [
        f"{CAMPAIGN} on {SECOND}: 2 leads were taken back from sinch: the word in consent is neither a yes nor a no"
        " that is known. Mend the CRM, and run the day again; what was taken back is not sent again by itself"
    ]
    mended = loaded(installations, [*sent, *(one | {"consent": "yes"} for one in broken)], SECOND)
    assert morning.report(mended, [SECOND]).problems == []


def test_a_day_whose_rows_all_lost_their_campaign_needs_a_person(
    installations: Make, sinch: SandboxServer[SinchObi]
) -> None:
    """Nobody is called: that is no day on which every lead has its outcome."""
    installation = installations(rows=[row(1, "yes", FIRST, campaign=""), row(2, "yes", FIRST, campaign="")])
    told = f"{FIRST}: 2 leads name no campaign, and none of them is called; mend the column campaign of the source"
    assert load_day(installation, FIRST).problems == [told]
    assert morning.report(installation, [FIRST]).problems == [told]
    assert dry_run(installation, FIRST)["problems"] == [told]
