"""The night report as a terminal and a program read it.

Belongs here: which columns are shown. Does not belong here: the counting (`report.py`, `sql/reports/`).
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from connectors.redaction import redact
from pipelines.report import STATES, NightReport
from pipelines.terminal import complain, say, show


def as_record(report: NightReport, extra: Sequence[str] = ()) -> dict[str, Any]:
    """The whole report as JSON values."""
    return {
        "days": [day.isoformat() for day in report.days],
        "problems": _problems(report, extra),
        "campaigns": [row._asdict() for row in report.campaigns],
        "reasons": [row._asdict() for row in report.reasons],
        "open_imports": [row._asdict() for row in report.open_imports],
    }


def tell(
    report: NightReport,
    extra: Sequence[str] = (),
    *,
    zone: ZoneInfo,
    names: Sequence[str] = (),
    is_asked_for: bool = False,
) -> None:
    """The report for people, with times in the zone: the answer first, and of which campaigns, where not of all.

    What needs a person is on standard error, except where just that was asked for: there it is the answer.
    """
    problems = _problems(report, extra)
    days = ", ".join(day.isoformat() for day in report.days) + (f" (only {', '.join(names)})" if names else "")
    say(f"{days}: " + ("every lead has its outcome" if not problems else f"{len(problems)} thing(s) need a person"))
    for problem in problems:
        (say if is_asked_for else complain)(f"! {problem}")
    say("")
    show("Campaigns", [_campaign(row, report) for row in report.campaigns])
    if report.reasons:
        show("Why leads are not accepted", [_reason(row) for row in report.reasons])
        say(f"Which leads they are: leadsync leads --day {report.days[-1]} [--campaign C] [--state S] [--reason R]")
    if report.open_imports:
        told = {row.stopped_because for row in report.campaigns}
        show("Open imports", [open_import(row, told, zone) for row in report.open_imports])


def _problems(report: NightReport, extra: Sequence[str]) -> list[str]:
    """What needs a person; a failure (`day: what happened`) that the report tells of its campaigns is told once."""
    told = {(str(row.day), row.stopped_because) for row in report.campaigns if row.stopped_because}
    untold = [text for text in extra if _parted(text) not in told and text not in report.problems]
    return [*untold, *report.problems]


def _parted(failure: str) -> tuple[str, str | None]:
    """The day, and what happened as the ledger has it."""
    day, _, text = failure.partition(": ")
    return day, redact(text)


def _campaign(row: Any, report: NightReport) -> dict[str, Any]:
    seen = [state for state in STATES if any(getattr(other, f"{state}_count") for other in report.campaigns)]
    record = {"day": row.day.isoformat(), "campaign": row.campaign, "vendor": row.vendor or "-", "read": row.read_count}
    for state in seen:
        record[state] = getattr(row, f"{state}_count")
        if state == "accepted" and any(other.accepted_before_count for other in report.campaigns):
            record["before"] = row.accepted_before_count
    gone = {"row gone": row.gone_count} if any(other.gone_count for other in report.campaigns) else {}
    return record | gone | {"adds up": row.balanced}


def _reason(row: Any) -> dict[str, Any]:
    return {"campaign": row.campaign, "state": row.state, "reason": row.reason_code, "leads": row.lead_count}


def open_import(row: Any, told: Set[str | None], zone: ZoneInfo) -> dict[str, Any]:
    """A line of the table; for a sentence that was told above the table, its code is enough."""
    return {
        "import": str(row.import_id),  # not a quantity
        "imports": row.import_count,
        "campaign": row.campaign,
        "state": row.state,
        "leads": row.lead_count,
        "since": told_at(row.since, zone),
        "tries": row.attempts,
        "why": (row.error_code if row.detail in told else row.detail) or "",
        "next at": told_at(row.next_action_at, zone),
        "next": row.next_action,
    }


def told_at(at: datetime, zone: ZoneInfo) -> str:
    """The time in the zone, to the minute, with the zone beside it."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M %Z}"
