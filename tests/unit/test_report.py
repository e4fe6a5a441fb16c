"""The sentences of the nightly report."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from pipelines.reading import as_record
from pipelines.report import NightReport

DAY = date(2026, 11, 16)


class CampaignDay(NamedTuple):
    """A row of `reporting.campaign_day`, as far as its sentence goes."""

    campaign: str
    day: date
    stopped_because: str | None
    balanced: bool = True
    planned_count: int = 0
    sending_count: int = 0
    submitted_count: int = 0
    unknown_count: int = 0
    gone_open_count: int = 0


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


def _row(campaign: str, stopped_because: str | None) -> CampaignDay:
    return CampaignDay(campaign, DAY, stopped_because)
