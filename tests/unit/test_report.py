"""The sentences of the nightly report."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest

from pipelines.reading import as_record, open_import
from pipelines.report import NightReport

DAY = date(2026, 11, 16)


class CampaignDay(NamedTuple):
    """A row of `reporting.campaign_day`, as far as its sentence goes."""

    campaign: str
    day: date
    stopped_because: str | None = None
    vendor: str = "sinch"
    read_count: int = 1
    invalid_count: int = 0
    suppressed_count: int = 0
    duplicate_count: int = 0
    balanced: bool = True
    planned_count: int = 0
    sending_count: int = 0
    submitted_count: int = 0
    unknown_count: int = 0
    gone_open_count: int = 0


class Reason(NamedTuple):
    """A row of `reporting.reason`, as far as its sentence goes."""

    campaign: str
    day: date
    state: str
    reason_code: str
    lead_count: int
    vendor: str = "sinch"


def test_campaigns_that_share_a_reason_share_a_sentence() -> None:
    """A vendor that is down stops all of its campaigns: that is one thing to know, not twenty."""
    rows = [_row("spring", "no answer"), _row("summer", "no answer"), _row("autumn", "closed"), _row("winter", None)]
    report = NightReport((DAY,), rows, reasons=[], open_imports=[], decided=(DAY,))
    assert report.problems == [
        f"spring, summer on {DAY} were stopped: no answer",
        f"autumn on {DAY} was stopped: closed",
    ]


def test_a_failure_that_the_report_tells_is_told_once() -> None:
    """The command saw the vendor fail, and the ledger says so of the campaigns: that is one thing to do."""
    report = NightReport((DAY,), [_row("spring", "no answer: try later")], reasons=[], open_imports=[], decided=(DAY,))
    others = [f"{DAY}: try later", f"{DAY}: answer", "a step failed"]
    problems = as_record(report, [f"{DAY}: no answer: try later", *others])["problems"]
    assert problems == [*others, *report.problems]


def test_a_campaign_of_which_nobody_can_be_called_needs_a_person() -> None:
    """A column that broke looks like a day of bad leads; who is kept back for his own sake is no such thing."""
    rows = [
        CampaignDay("spring", DAY, read_count=10, invalid_count=9, duplicate_count=1),
        CampaignDay("summer", DAY, read_count=10, invalid_count=9),
        CampaignDay("autumn", DAY, read_count=2, duplicate_count=2),
        CampaignDay("ghost", DAY, vendor="", read_count=2, invalid_count=2),
    ]
    reasons = [
        Reason("spring", DAY, "invalid", "phone_invalid", 8),
        Reason("spring", DAY, "invalid", "lead_id_missing", 1),
        Reason("spring", DAY, "duplicate", "duplicate_lead", 1),
        Reason("summer", DAY, "invalid", "phone_invalid", 9),
    ]
    report = NightReport((DAY,), rows, reasons, open_imports=[], decided=(DAY,))
    assert report.problems == [
        f"spring on {DAY}: nobody can be called, of 10 rows: phone_invalid 8, lead_id_missing 1",
    ]


@pytest.mark.parametrize("reason_code", ["consent_unclear", "consent_missing"])
def test_a_campaign_whose_consents_cannot_be_read_needs_a_person(reason_code: str) -> None:
    """The column broke, or its words changed; who said no is kept back for his own sake."""
    rows = [
        CampaignDay("spring", DAY, read_count=10, invalid_count=2, suppressed_count=7, duplicate_count=1),
        CampaignDay("summer", DAY, read_count=3, suppressed_count=3),
        CampaignDay("autumn", DAY, read_count=3, suppressed_count=3),
    ]
    reasons = [
        Reason("spring", DAY, "suppressed", reason_code, 7),
        Reason("spring", DAY, "invalid", "phone_invalid", 2),
        Reason("summer", DAY, "suppressed", "consent_withdrawn", 3),
        Reason("autumn", DAY, "suppressed", reason_code, 2),
        Reason("autumn", DAY, "suppressed", "do_not_call", 1),
    ]
    report = NightReport((DAY,), rows, reasons, open_imports=[], decided=(DAY,))
    assert report.problems == [
        f"spring on {DAY}: nobody can be called, of 10 rows: {reason_code} 7, phone_invalid 2",
    ]


@pytest.mark.parametrize(
    ("count", "sentence"),
    [
        (1, "1 lead names no campaign, and is not called; mend the column campaign of the source"),
        (7, "7 leads name no campaign, and none of them is called; mend the column campaign of the source"),
    ],
)
def test_leads_that_name_no_campaign_are_counted(count: int, sentence: str) -> None:
    """Their line in the table has no vendor: no campaign could be said to have nobody to call."""
    rows = [CampaignDay("(none)", DAY, vendor="", read_count=count, invalid_count=count)]
    reasons = [Reason("(none)", DAY, "invalid", "campaign_missing", count, vendor="")]
    assert NightReport((DAY,), rows, reasons, open_imports=[], decided=(DAY,)).problems == [f"{DAY}: {sentence}"]


class OpenImport(NamedTuple):
    """A row of the statement `open_imports`."""

    since: datetime
    next_action_at: datetime
    import_id: int = 7
    import_count: int = 1
    campaign: str = "spring"
    state: str = "submitted"
    lead_count: int = 3
    attempts: int = 1
    error_code: str | None = None
    detail: str | None = None
    next_action: str = "wait"


@pytest.mark.parametrize(
    ("zone", "since", "due"),
    [
        ("Europe/Berlin", "2026-11-22 12:40 CET", "2026-11-22 12:45 CET"),
        ("America/Sao_Paulo", "2026-11-22 08:40 -03", "2026-11-22 08:45 -03"),
    ],
)
def test_times_are_those_of_the_business_and_say_so(zone: str, since: str, due: str) -> None:
    """Whoever reads at seven o'clock compares with the clock on the wall: the zone, or its offset, stands beside."""
    row = OpenImport(datetime(2026, 11, 22, 11, 40, tzinfo=UTC), datetime(2026, 11, 22, 11, 45, tzinfo=UTC))
    told = open_import(row, set(), ZoneInfo(zone))
    assert (told["since"], told["next at"]) == (since, due)


def _row(campaign: str, stopped_because: str | None) -> CampaignDay:
    return CampaignDay(campaign, DAY, stopped_because)


def test_campaigns_that_nobody_knows_are_named_up_to_ten() -> None:
    """Where the column holds something else, it may be what is private, and there may be thousands."""
    reasons = [_reason(f"c{number:02}", 20 - number) for number in range(12)]
    reasons[0] = _reason("ada@example.com", 20)
    report = NightReport((DAY,), [], reasons=reasons, open_imports=[], decided=(DAY,))
    named = ", ".join(["<mail> (20)", *(f"c{number:02} ({20 - number})" for number in range(1, 10))])
    assert report.problems == [
        f"{DAY}: 174 leads name campaigns that nobody knows, and none of them is called: {named} and 2 more"
    ]
    report = NightReport((DAY,), [], reasons=[_reason("promo", 1)], open_imports=[], decided=(DAY,))
    assert report.problems == [f"{DAY}: 1 lead names a campaign that nobody knows, and is not called: promo (1)"]


def _reason(campaign: str, lead_count: int) -> Reason:
    return Reason(campaign, DAY, "invalid", "campaign_unknown", lead_count)
