"""The sentences of the nightly report."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace

from pipelines.report import OPEN_STATES, NightReport

DAY = date(2026, 11, 16)


def test_campaigns_that_share_a_reason_share_a_sentence() -> None:
    """A vendor that is down stops all of its campaigns: that is one thing to know, not twenty."""
    rows = [_row("spring", "no answer"), _row("summer", "no answer"), _row("autumn", "closed"), _row("winter", None)]
    report = NightReport((DAY,), rows, reasons=[], open_imports=[], decided=(DAY,))
    assert report.problems == [
        f"spring, summer on {DAY} were stopped: no answer",
        f"autumn on {DAY} was stopped: closed",
    ]


def _row(campaign: str, stopped_because: str | None) -> SimpleNamespace:
    counts = {f"{state}_count": 0 for state in OPEN_STATES}
    return SimpleNamespace(campaign=campaign, day=DAY, stopped_because=stopped_because, balanced=True, **counts)
