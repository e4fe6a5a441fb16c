"""What became of every lead: proven, counted and told.

Belongs here: assets under `reporting/`. Does not belong here: the views (`sql/reports/`).
"""

from collections.abc import Iterator, Sequence

import dagster as dg

from pipelines import checks, metadata, morning, night, recall
from pipelines.assets.columns import OUTCOME_COLUMNS
from pipelines.assets.crm import OWNERS
from pipelines.assets.failing import fail
from pipelines.assets.vendors import import_key
from pipelines.partitions import days_of
from pipelines.resources import LeadSync
from pipelines.withdrawals import WITHDRAWN

GROUP = "reporting"
KINDS = {"postgres"}
SINGLE_RUN = dg.BackfillPolicy.single_run()
IMPORT_OUTCOMES = dg.AssetKey(["reporting", "import_outcomes"])
LEAD_OUTCOMES = dg.AssetKey(["reporting", "lead_outcomes"])
CALL_OUTCOMES = dg.AssetKey(["reporting", "call_outcomes"])
NIGHTLY_REPORT = dg.AssetKey(["reporting", "nightly_report"])


def reporting_assets(days: dg.PartitionsDefinition[str], vendors: Sequence[str]) -> list[dg.AssetsDefinition]:
    """The four reporting assets over the given days and vendors."""
    others = [make(days) for make in (_lead_outcomes, _call_outcomes, _nightly_report)]
    return [_import_outcomes(days, vendors), *others]


def _import_outcomes(days: dg.PartitionsDefinition[str], vendors: Sequence[str]) -> dg.AssetsDefinition:
    @dg.asset(
        key=IMPORT_OUTCOMES,
        deps=[import_key(vendor) for vendor in vendors],
        check_specs=[checks.vendor_counts_spec(IMPORT_OUTCOMES), checks.results_read_spec(IMPORT_OUTCOMES)],
        partitions_def=days,
        backfill_policy=SINGLE_RUN,
        group_name=GROUP,
        owners=OWNERS,
        kinds=KINDS,
    )
    def import_outcomes(context: dg.AssetExecutionContext, leadsync: LeadSync) -> Iterator[dg.MaterializeResult[None]]:
        """One row per import: results that vendors finished are read and settled (reporting.import_outcome)."""
        problems: list[str] = []
        with leadsync.opened(context.run.run_id) as installation:
            for day in days_of(context):
                collected = morning.collect(installation, day)
                counts = morning.count_imports(installation, day)
                context.add_asset_metadata(metadata.of_collection(collected, counts), partition_key=day.isoformat())
                problems += [text for one in collected.values() for text in night.failures_of(one, day)]
            taken = recall.take_back_noted(installation)  # now that it is known what the vendors have
            counted = checks.vendor_counts(IMPORT_OUTCOMES, morning.shortfall(installation, days_of(context)))
        # A vendor that cannot be asked must not hide the proof and the report that come after.
        told = checks.results_read(IMPORT_OUTCOMES, problems)
        withdrawn = sum(summary.counts[WITHDRAWN] for summary in taken.values())
        yield dg.MaterializeResult(
            asset_key=IMPORT_OUTCOMES, metadata={WITHDRAWN: withdrawn}, check_results=[counted, told]
        )

    return import_outcomes


def _lead_outcomes(days: dg.PartitionsDefinition[str]) -> dg.AssetsDefinition:
    @dg.asset(
        key=LEAD_OUTCOMES,
        deps=[IMPORT_OUTCOMES],
        check_specs=[checks.conservation_spec(LEAD_OUTCOMES)],
        metadata={"dagster/column_schema": OUTCOME_COLUMNS, "dagster/table_name": "reporting.lead_outcome"},
        partitions_def=days,
        backfill_policy=SINGLE_RUN,
        group_name=GROUP,
        owners=OWNERS,
        kinds=KINDS,
    )
    def lead_outcomes(context: dg.AssetExecutionContext, leadsync: LeadSync) -> Iterator[dg.MaterializeResult[None]]:
        """One row per lead that was read: the one state that it is in, and why (reporting.lead_outcome)."""
        with leadsync.opened(context.run.run_id) as installation:
            for day in days_of(context):
                rows = morning.report(installation, [day]).campaigns
                context.add_asset_metadata(metadata.of_campaign_days(rows), partition_key=day.isoformat())
            report = morning.report(installation, days_of(context))
        check = checks.conservation_of_outcomes(LEAD_OUTCOMES, report)
        yield dg.MaterializeResult(asset_key=LEAD_OUTCOMES, check_results=[check])

    return lead_outcomes


def _call_outcomes(days: dg.PartitionsDefinition[str]) -> dg.AssetsDefinition:
    @dg.asset(
        key=CALL_OUTCOMES,
        deps=[LEAD_OUTCOMES],
        partitions_def=days,
        backfill_policy=SINGLE_RUN,
        group_name=GROUP,
        owners=OWNERS,
        kinds=KINDS,
    )
    def call_outcomes(context: dg.AssetExecutionContext, leadsync: LeadSync) -> None:
        """What became of the calls that were made on the day, as the vendors tell it (reporting.call_outcome)."""
        problems: list[str] = []
        with leadsync.opened(context.run.run_id) as installation:
            for day in days_of(context):
                read, stored, failed = morning.read_call_results(installation, day)
                counts = {"results_read": read, "results_stored": stored, "campaigns_not_read": len(failed)}
                context.add_asset_metadata(counts, partition_key=day.isoformat())
                problems += failed
        fail(problems)

    return call_outcomes


def _nightly_report(days: dg.PartitionsDefinition[str]) -> dg.AssetsDefinition:
    @dg.asset(
        key=NIGHTLY_REPORT,
        deps=[LEAD_OUTCOMES],
        check_specs=[checks.person_spec(NIGHTLY_REPORT)],
        partitions_def=days,
        backfill_policy=SINGLE_RUN,
        group_name=GROUP,
        owners=OWNERS,
        kinds=KINDS,
    )
    def nightly_report(context: dg.AssetExecutionContext, leadsync: LeadSync) -> Iterator[dg.MaterializeResult[None]]:
        """Did the lists of the day load, and if not, which leads and why?"""
        problems: list[str] = []
        with leadsync.opened(context.run.run_id) as installation:
            for day in days_of(context):
                report = morning.report(installation, [day])
                context.add_asset_metadata(metadata.of_report(report), partition_key=day.isoformat())
                problems += report.problems
        check = checks.person_result(NIGHTLY_REPORT, list(dict.fromkeys(problems)))
        yield dg.MaterializeResult(asset_key=NIGHTLY_REPORT, check_results=[check])

    return nightly_report
