"""What the CRM has: campaigns, the do-not-call list, and a day's leads and customers.

Belongs here: assets under `crm/`. Does not belong here: verdicts (`contacts.py`).
"""

from collections.abc import Iterator

import dagster as dg

from pipelines import checks, metadata, night
from pipelines.assets.columns import ROW_COLUMNS
from pipelines.campaigns import campaign_defects
from pipelines.partitions import days_of, days_of_run
from pipelines.resources import LeadSync
from pipelines.source_settings import TABLES, Source

GROUP = "crm"
OWNERS = ["team:contact-centre"]
CAMPAIGNS = dg.AssetKey(["crm", "campaigns"])
DO_NOT_CALL = dg.AssetKey(["crm", "do_not_call"])


@dg.asset(
    key=CAMPAIGNS,
    group_name=GROUP,
    owners=OWNERS,
    kinds={"postgres"},
    check_specs=[checks.campaigns_spec(CAMPAIGNS)],
)
def crm_campaigns(context: dg.AssetExecutionContext, leadsync: LeadSync) -> Iterator[dg.MaterializeResult[None]]:
    """The campaigns that leads may go to: from the configuration and, where it has them, the CRM."""
    with leadsync.opened(context.run.run_id, intake_of=days_of_run(context.run)) as installation:
        campaigns = night.refresh_campaigns(installation)
        with installation.store() as store:
            defects = campaign_defects(store)
    listed = [{"campaign": c.campaign, "vendor": c.vendor, "region": c.region or ""} for c in campaigns]
    yield dg.MaterializeResult(
        metadata={"active": len(campaigns), "campaigns": metadata.table(listed)},
        check_results=[checks.campaigns_result(CAMPAIGNS, defects)],
    )


@dg.asset(
    key=DO_NOT_CALL,
    deps=[CAMPAIGNS],
    group_name=GROUP,
    owners=OWNERS,
    kinds={"postgres"},
    check_specs=[checks.list_spec(DO_NOT_CALL)],
)
def crm_do_not_call(context: dg.AssetExecutionContext, leadsync: LeadSync) -> Iterator[dg.MaterializeResult[None]]:
    """The numbers that must not be called, in E.164, each with its last day."""
    with leadsync.opened(context.run.run_id, intake_of=days_of_run(context.run)) as installation:
        summary = night.refresh_do_not_call(installation)
    yield dg.MaterializeResult(
        metadata={"dagster/row_count": summary.entry_count, **summary.counts},
        check_results=[checks.list_result(DO_NOT_CALL, summary.problem)],
    )


def row_asset(source: Source, days: dg.PartitionsDefinition[str]) -> dg.AssetsDefinition:
    """The asset of one source of rows: crm/leads or crm/customers."""
    key = dg.AssetKey(["crm", TABLES[source]])

    @dg.asset(
        key=key,
        deps=[CAMPAIGNS],
        partitions_def=days,
        backfill_policy=dg.BackfillPolicy.single_run(),
        group_name=GROUP,
        owners=OWNERS,
        kinds={"postgres"},
        metadata={"dagster/column_schema": ROW_COLUMNS},
        check_specs=[checks.freshness_spec(key)],
        description=f"The {TABLES[source]} whose cursor fell on the day.",
    )
    def rows(context: dg.AssetExecutionContext, leadsync: LeadSync) -> Iterator[dg.MaterializeResult[None]]:
        read_by_day = {}
        with leadsync.opened(context.run.run_id, intake_of=days_of(context)) as installation:
            for day in days_of(context):
                summary = night.pull(installation, source, day)
                read_by_day[day] = summary.read_count
                context.add_asset_metadata(metadata.of_pull(summary), asset_key=key, partition_key=day.isoformat())
        yield dg.MaterializeResult(asset_key=key, check_results=[checks.freshness_result(key, read_by_day)])

    return rows
