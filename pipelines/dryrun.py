"""`leadsync plan`: the same path as a load, up to the socket, and undone at the end.

Belongs here: running the steps on an installation that keeps nothing. Does not belong here: the steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from connectors.errors import SetupError
from pipelines import intake, night, report
from pipelines.campaigns import campaign_defects
from pipelines.installation import Installation
from pipelines.masking import masked
from pipelines.planner import PlanSummary


def dry_run(installation: Installation, day: date, names: Sequence[str] = ()) -> dict[str, Any]:
    """What a load of the day would send: counts by campaign, reasons of the others, masked samples.

    `problems` says which vendors and campaigns could not be planned, and why, and what is wrong with the lists.
    """
    with installation.dry_run() as trial:
        night.refresh_campaigns(trial)
        night.refresh_do_not_call(trial)
        night.check_names(trial, names)
        night.pull_and_decide(trial, day)
        plans: list[PlanSummary] = []
        with trial.store() as store:
            decided = intake.decision_summary(store, day)
            problems = [*report.list_problems(store), *night.empty_days(trial, [decided])]
            if not names:
                problems += [*night.unknown_campaigns(trial, [decided]), *campaign_defects(store).values()]
        for vendor in night.vendors_in_use(trial, names):
            try:
                plans.append(night.plan(trial, vendor, [day], names))
                problems += [reason for _, reason in sorted(plans[-1].stopped.items())]
            except SetupError as error:  # the vendor cannot be opened: the others can be planned
                problems.append(str(error))
    reasons = [{"reason": code, "leads": count} for code, count in sorted(decided.by_reason.items())]
    return {
        "day": day.isoformat(),
        "read": decided.read_count,
        "reasons": reasons,
        "campaigns": [row for plan in plans for row in _campaigns(plan)],
        "samples": [sample for plan in plans for sample in _samples(plan)],
        "problems": problems,
    }


def _campaigns(plan: PlanSummary) -> list[dict[str, Any]]:
    return [
        {"campaign": name, "would be sent": counts["planned"]}
        | {n: c for n, c in sorted(counts.items()) if n != "planned"}
        for name, counts in sorted(plan.by_campaign.items())
    ]


def _samples(plan: PlanSummary) -> list[dict[str, Any]]:
    return [
        {"campaign": name, "sample": masked(entry)}
        for name, entries in sorted(plan.samples.items())
        for entry in entries[:1]
    ]
