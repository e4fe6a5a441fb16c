"""What a materialisation says of itself: numbers that add up, and small tables.

Belongs here: summaries turned into Dagster metadata. Does not belong here: any name, number or address of
a person: counts, campaigns and reasons only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import dagster as dg

from pipelines.intake import DecisionSummary, PullSummary
from pipelines.planner import PlanSummary
from pipelines.report import NightReport, as_markdown
from pipelines.store import Row
from pipelines.tally import DeliverySummary
from pipelines.withdrawals import NOT_WITHDRAWN, WITHDRAWN, WithdrawalSummary

Metadata = dict[str, Any]

STATES = (
    "invalid",
    "suppressed",
    "duplicate",
    "planned",
    "sending",
    "submitted",
    "accepted",
    "rejected",
    "unknown",
    "unattributed",
    "withdrawn",
)


def of_pull(summary: PullSummary) -> Metadata:
    """Rows read, unreadable ones among them, and the rows of each campaign."""
    return {
        "read": summary.read_count,
        "unreadable": summary.defect_count,
        "dagster/partition_row_count": summary.read_count,
        "origin": summary.origin,
        "by_campaign": table(
            [{"campaign": name or "(none)", "read": count} for name, count in sorted(summary.by_campaign.items())]
        ),
    }


def of_decision(summary: DecisionSummary) -> Metadata:
    """Rows by verdict, which add up to `read`, and the reasons."""
    verdicts = {name: summary.by_verdict.get(name, 0) for name in ("eligible", "invalid", "suppressed", "duplicate")}
    return {
        "read": summary.read_count,
        "dagster/partition_row_count": summary.read_count,
        **verdicts,
        "reasons": table([{"reason": code, "leads": count} for code, count in sorted(summary.by_reason.items())]),
    }


def of_plan(summary: PlanSummary) -> Metadata:
    """Eligible contacts by what planning came to, which add up to `eligible`, and the imports."""
    return {
        "eligible": summary.counts.total(),
        "planned": summary.counts["planned"],
        **{name: count for name, count in sorted(summary.counts.items()) if name != "planned"},
        "imports": summary.import_count,
        "imports_replanned": summary.withdrawn_import_count,
        "by_campaign": table([{"campaign": name, **counts} for name, counts in sorted(summary.by_campaign.items())]),
    }


def of_problems(problems: Mapping[str, str | None]) -> Metadata:
    """How many campaigns are as they should be, how many are not, and why."""
    failed = [{"campaign": name, "problem": problem} for name, problem in sorted(problems.items()) if problem]
    return {"good": len(problems) - len(failed), "failed": len(failed), "problems": table(failed)}


def of_collection(summaries: Mapping[str, DeliverySummary], imports: Mapping[str, int]) -> Metadata:
    """The day's imports by state, which add up, and what was read of the results that vendors finished."""
    outcomes = ("accepted", "duplicate", "rejected", "unattributed", "moved")
    read = {f"collected_{name}": sum(one.counts[name] for one in summaries.values()) for name in outcomes}
    requests = sum(one.request_count for one in summaries.values())
    return {"imports": sum(imports.values()), **imports, **read, "requests": requests}


def of_delivery(summary: DeliverySummary) -> Metadata:
    """What the run sent and what came back. `sent` = accepted + duplicate + rejected + submitted of this run."""
    outcomes = {name: summary.counts[name] for name in ("accepted", "duplicate", "rejected", "submitted")}
    sent = sum(outcomes.values())
    return {
        "sent": sent,
        **outcomes,
        "moved": summary.counts["moved"],
        "imports_unknown": summary.counts["unknown_imports"],
        "retries": summary.counts["returned_imports"],
        "requests": summary.request_count,
        "leads_per_second": round(sent / summary.elapsed_s, 1) if summary.elapsed_s else 0.0,
        "stopped_campaigns": table([{"campaign": n, "reason": text} for n, text in sorted(summary.stopped.items())]),
    }


def of_withdrawal(summary: WithdrawalSummary) -> Metadata:
    """How many leads were taken back and how many were not; a row for each campaign, reason and way."""
    by_way = Counter((lead.campaign, lead.reason_code, lead.outcome, lead.how) for lead in summary.leads)
    ways = [
        {"campaign": campaign, "reason": reason, "outcome": outcome, "how": how, "leads": count}
        for (campaign, reason, outcome, how), count in sorted(by_way.items())
    ]
    counts = summary.counts
    return {WITHDRAWN: counts[WITHDRAWN], NOT_WITHDRAWN: counts[NOT_WITHDRAWN], "by_campaign": table(ways)}


def of_campaign_days(rows: Sequence[Row]) -> Metadata:
    """Leads by state over all campaigns, which add up to `read`, and a row for each campaign."""
    totals = {state: sum(getattr(row, f"{state}_count") for row in rows) for state in STATES}
    return {"read": sum(row.read_count for row in rows), **totals, "by_campaign": campaign_table(rows)}


def of_report(report: NightReport) -> Metadata:
    """The answer of the morning in a sentence, in numbers, and in full."""
    return {
        "answer": "; ".join(report.problems) or "every lead has its outcome",
        "problems": len(report.problems),
        "report": dg.MetadataValue.md(as_markdown(report)),
        "by_campaign": campaign_table(report.campaigns),
        "reasons": reason_table(report.reasons),
    }


def campaign_table(rows: Sequence[Row]) -> Any:
    """A table of campaigns, one column for each state that occurs."""
    seen = [state for state in STATES if any(getattr(row, f"{state}_count") for row in rows)]
    is_any_gone = any(row.gone_count for row in rows)
    return table(
        [
            {"vendor": row.vendor, "campaign": row.campaign, "read": row.read_count}
            | {state: getattr(row, f"{state}_count") for state in seen}
            | ({"row gone": row.gone_count} if is_any_gone else {})
            | {"balanced": row.balanced}
            for row in rows
        ]
    )


def reason_table(rows: Sequence[Row]) -> Any:
    """A table of reasons, as `reporting.reason` has them."""
    return table(
        [{"campaign": r.campaign, "state": r.state, "reason": r.reason_code, "leads": r.lead_count} for r in rows]
    )


def table(records: Iterable[Mapping[str, Any]]) -> Any:
    """A metadata table of the records, columns in the order in which they first occur; the word `none` without records.

    Of a table without rows the UI shows nothing but a link to its schema.
    """
    rows = list(records)
    if not rows:
        return dg.MetadataValue.text("none")
    names = list(dict.fromkeys(name for row in rows for name in row))
    kinds = {name: _kind([row[name] for row in rows if name in row]) for name in names}
    blank: dict[str, Any] = {name: "" if kind == "string" else 0 for name, kind in kinds.items()}
    return dg.MetadataValue.table(
        records=[dg.TableRecord({**blank, **row}) for row in rows],
        schema=dg.TableSchema(columns=[dg.TableColumn(name, kinds[name]) for name in names]),
    )


def _kind(values: Sequence[Any]) -> str:
    if all(isinstance(value, bool) for value in values):
        return "bool"
    return "int" if all(isinstance(value, int) for value in values) else "string"
