"""The checks that stand beside the assets, each a few lines over the ledger.

Belongs here: what must hold after a step, as Dagster check specs and results. Does not belong here: the
counting itself (`sql/`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import dagster as dg

from pipelines.intake import DecisionSummary
from pipelines.report import NightReport

MOST_REJECTED = 0.05
MOST_SENTENCES = 20


def conservation_spec(asset: dg.AssetKey) -> dg.AssetCheckSpec:
    """Blocks what comes after `asset` when a lead has no state, or two."""
    return dg.AssetCheckSpec(
        "every_lead_is_accounted_for",
        asset=asset,
        blocking=True,
        description="As many leads have a state as the reader counted, for every campaign.",
    )


def conservation_of_decisions(asset: dg.AssetKey, summaries: Sequence[DecisionSummary]) -> dg.AssetCheckResult:
    """Passes when every row that was read has a verdict."""
    unequal = {
        f"{s.day} {name or '(none)'}": f"{read} read, {decided} decided"
        for s in summaries
        for name, (read, decided) in s.imbalances.items()
    }
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name="every_lead_is_accounted_for",
        passed=not unequal,
        metadata={
            "read": sum(s.read_count for s in summaries),
            "campaigns_off_balance": len(unequal),
            "where": unequal,
        },
    )


def conservation_of_plan(asset: dg.AssetKey, accounted_for: int, eligible: int) -> dg.AssetCheckResult:
    """Passes when planning came to a conclusion about every eligible contact."""
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name="every_lead_is_accounted_for",
        passed=accounted_for == eligible,
        metadata={"eligible": eligible, "accounted_for": accounted_for},
    )


def conservation_of_outcomes(asset: dg.AssetKey, report: NightReport) -> dg.AssetCheckResult:
    """Passes when every lead of the days has exactly one state."""
    off = [f"{row.day} {row.campaign}" for row in report.campaigns if not row.balanced]
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name="every_lead_is_accounted_for",
        passed=not off,
        metadata={
            "read": sum(row.read_count for row in report.campaigns),
            "campaigns_off_balance": len(off),
            "where": off,
        },
    )


def outcome_specs(asset: dg.AssetKey) -> list[dg.AssetCheckSpec]:
    """Warnings about outcomes that need a person."""
    return [
        dg.AssetCheckSpec(
            "no_outcome_is_unknown", asset=asset, description="No lead waits for an answer that was not seen."
        ),
        dg.AssetCheckSpec(
            "few_leads_are_rejected",
            asset=asset,
            description=f"At most {MOST_REJECTED:.0%} of what was sent is rejected.",
        ),
    ]


def outcome_results(asset: dg.AssetKey, report: NightReport) -> list[dg.AssetCheckResult]:
    """Results of `outcome_specs` for the report's days."""
    unknown = sum(row.unknown_count + row.sending_count for row in report.campaigns)
    rejected = sum(row.rejected_count for row in report.campaigns)
    sent = rejected + sum(row.accepted_count for row in report.campaigns)
    share = rejected / sent if sent else 0.0
    return [
        dg.AssetCheckResult(
            asset_key=asset,
            check_name="no_outcome_is_unknown",
            passed=unknown == 0,
            severity=dg.AssetCheckSeverity.WARN,
            metadata={"unknown": unknown},
        ),
        dg.AssetCheckResult(
            asset_key=asset,
            check_name="few_leads_are_rejected",
            passed=share <= MOST_REJECTED,
            severity=dg.AssetCheckSeverity.WARN,
            metadata={"rejected": rejected, "rejected_share": share},
        ),
    ]


def vendor_counts_spec(asset: dg.AssetKey) -> dg.AssetCheckSpec:
    """Warns when a vendor counted fewer leads of an import than it was sent."""
    return dg.AssetCheckSpec(
        "vendor_counts_agree",
        asset=asset,
        description="Where vendors count, they counted every lead that they were sent.",
    )


def vendor_counts(asset: dg.AssetKey, shortfall: tuple[int, int]) -> dg.AssetCheckResult:
    """The result of `vendor_counts_spec` for (imports that fall short, leads that no count includes)."""
    imports, leads = shortfall
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name="vendor_counts_agree",
        passed=leads == 0,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"imports": imports, "unaccounted": leads},
    )


def results_read_spec(asset: dg.AssetKey) -> dg.AssetCheckSpec:
    """Fails when a vendor could not be asked for its results."""
    return dg.AssetCheckSpec(
        "results_were_read", asset=asset, description="Every vendor could be asked for the results that it finished."
    )


def results_read(asset: dg.AssetKey, problems: Sequence[str]) -> dg.AssetCheckResult:
    """The result of `results_read_spec`; each problem is a sentence."""
    return dg.AssetCheckResult(
        asset_key=asset, check_name="results_were_read", passed=not problems, metadata={"problems": list(problems)}
    )


def campaigns_spec(asset: dg.AssetKey) -> dg.AssetCheckSpec:
    """Warns where the CRM lists a campaign that cannot be loaded."""
    return dg.AssetCheckSpec(
        "campaigns_can_be_loaded", asset=asset, description="Every active campaign that the CRM lists can be loaded."
    )


def campaigns_result(asset: dg.AssetKey, defects: Mapping[str, str]) -> dg.AssetCheckResult:
    """Warns about each campaign that keeps its leads waiting: the others are loaded."""
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name="campaigns_can_be_loaded",
        passed=not defects,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={**defects},
    )


def known_campaigns_spec(asset: dg.AssetKey) -> dg.AssetCheckSpec:
    """Warns where rows name no campaign, or one that nobody knows."""
    return dg.AssetCheckSpec(
        "every_campaign_is_known", asset=asset, description="Every row names a campaign that is configured, or listed."
    )


def known_campaigns_result(asset: dg.AssetKey, problems: Sequence[str]) -> dg.AssetCheckResult:
    """Warns of the leads that are not called for it, in sentences; the others are."""
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name="every_campaign_is_known",
        passed=not problems,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"problems": list(problems)},
    )


def list_spec(asset: dg.AssetKey) -> dg.AssetCheckSpec:
    """Warns where the do-not-call list bars fewer people than it means."""
    return dg.AssetCheckSpec(
        "every_entry_bars_somebody",
        asset=asset,
        description="Every entry of the list has a number that can be read, and none is damaged.",
    )


def list_result(asset: dg.AssetKey, problem: str | None) -> dg.AssetCheckResult:
    """Warns of what is wrong with the list; its other entries hold."""
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name="every_entry_bars_somebody",
        passed=problem is None,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"problem": problem or "none"},
    )


def freshness_spec(asset: dg.AssetKey) -> dg.AssetCheckSpec:
    """Warns when a pulled day has no row at all."""
    return dg.AssetCheckSpec(
        "source_has_rows", asset=asset, description="The source has rows for every day of the run."
    )


def freshness_result(asset: dg.AssetKey, read_by_day: dict[date, int]) -> dg.AssetCheckResult:
    """Warns about days on which the source had nothing: an empty night may be a broken export."""
    empty = [day.isoformat() for day, count in read_by_day.items() if count == 0]
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name="source_has_rows",
        passed=not empty,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"days_without_rows": empty},
    )


def person_spec(asset: dg.AssetKey) -> dg.AssetCheckSpec:
    """Warns where the report of the days has something to do for a person."""
    return dg.AssetCheckSpec(
        "nothing_needs_a_person", asset=asset, description="Every lead of the days has its outcome."
    )


def person_result(asset: dg.AssetKey, problems: Sequence[str]) -> dg.AssetCheckResult:
    """The result of `person_spec`; each problem is a sentence, of which the first, the gravest, are told."""
    more = len(problems) - MOST_SENTENCES
    told = [*problems[:MOST_SENTENCES], *([f"and {more} more: see the report"] if more > 0 else [])]
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name="nothing_needs_a_person",
        passed=not problems,
        severity=dg.AssetCheckSeverity.WARN,
        description="\n".join(told) or None,
        metadata={"count": len(problems), "problems": told},
    )
