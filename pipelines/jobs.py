"""The jobs: what is materialised together.

Belongs here: selections, tags and hooks of runs. Does not belong here: when they run (`schedules.py`,
`sensors.py`).
"""

from datetime import datetime, timedelta
from typing import TypeAlias

import dagster as dg

# What `define_asset_job` returns has no public name in this Dagster.
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from pipelines import morning
from pipelines.assets.contacts import CONTACTS
from pipelines.assets.crm import CAMPAIGNS, DO_NOT_CALL
from pipelines.assets.reference import KINDS, reference_key
from pipelines.assets.reporting import CALL_OUTCOMES, IMPORT_OUTCOMES, LEAD_OUTCOMES, NIGHTLY_REPORT
from pipelines.assets.vendors import load_keys, withdrawals_key
from pipelines.resources import LeadSync
from pipelines.settings import Settings

AssetJob: TypeAlias = UnresolvedAssetJobDefinition

INTAKE = "nightly_intake"
REPORT = "nightly_report"
RETENTION = "retention"
CALLS = "call_results"
REFERENCE = "reference_refresh"


def job_name(vendor: str) -> str:
    """The name of the vendor's job."""
    return f"{vendor}_load"


def _with_checks(*keys: dg.AssetKey) -> dg.AssetSelection:
    assets = dg.AssetSelection.assets(*keys)
    return assets | dg.AssetSelection.checks_for_assets(*keys)


def intake_job(rows: list[dg.AssetKey]) -> AssetJob:
    """Pulls the day and decides it."""
    return dg.define_asset_job(
        INTAKE,
        selection=_with_checks(CAMPAIGNS, DO_NOT_CALL, *rows, CONTACTS),
        tags={"dagster/max_runtime": "7200"},
        description="Pull the day's leads and customers, and decide who may be called.",
    )


def vendor_job(vendor: str) -> AssetJob:
    """Plans and sends for one vendor: in one run, so that a failed check keeps back the sending."""
    return dg.define_asset_job(
        job_name(vendor),
        selection=_with_checks(*load_keys(vendor)),
        tags={"vendor": vendor, "dagster/max_runtime": "14400"},
        description=f"Plan and send the day's contacts to {vendor}; ask about what is unsure first.",
    )


def take_back_name(vendor: str) -> str:
    """The name of the vendor's job that takes back, and loads nothing."""
    return f"{vendor}_take_back"


def take_back_job(vendor: str) -> AssetJob:
    """Takes back from one vendor who must not be called, whatever becomes of the intake."""
    return dg.define_asset_job(
        take_back_name(vendor),
        selection=_with_checks(withdrawals_key(vendor)),
        tags={"vendor": vendor, "dagster/max_runtime": "14400"},
        description=f"Take back from {vendor} who must not be called any more, and load nothing.",
    )


def report_job() -> AssetJob:
    """Proves and tells what became of the day."""
    return dg.define_asset_job(
        REPORT,
        selection=_with_checks(IMPORT_OUTCOMES, LEAD_OUTCOMES, NIGHTLY_REPORT),
        tags={"dagster/max_runtime": "3600"},
        description="Prove from the ledger that every lead is accounted for, and write the report.",
    )


def call_job() -> AssetJob:
    """Asks the vendors what became of the calls."""
    return dg.define_asset_job(
        CALLS,
        selection=_with_checks(CALL_OUTCOMES),
        tags={"dagster/max_runtime": "7200"},
        description="Ask the vendors what became of the calls that were made on the day.",
    )


def retention_job(settings: Settings) -> dg.JobDefinition:
    """Forgets persons after `retention_days`."""

    @dg.op(name="purge", description="Private data past its retention is gone; counts, states and reasons stay.")
    def purge_op(context: dg.OpExecutionContext, leadsync: LeadSync) -> None:
        before = datetime.now(settings.zone).date() - timedelta(days=settings.retention_days)
        with leadsync.opened(context.run.run_id) as installation:
            counts = morning.forget(installation, before)
        context.add_output_metadata({"before": before.isoformat(), **counts})

    @dg.job(name=RETENTION, description=f"Forget private data after {settings.retention_days} days.")
    def retention() -> None:
        purge_op()

    return retention


def reference_job(vendors: list[str]) -> AssetJob:
    """Asks the vendors what they know."""
    keys = [reference_key(vendor, kind) for vendor in vendors for kind in KINDS[vendor]]
    return dg.define_asset_job(
        REFERENCE,
        selection=dg.AssetSelection.assets(*keys),
        tags={"dagster/max_runtime": "3600"},
        description="Refresh what the vendors know: agents, queues, time zones, lists, tasks, result codes.",
    )


def all_jobs(rows: list[dg.AssetKey], vendors: list[str]) -> list[AssetJob]:
    """Every job."""
    loads = [make(vendor) for vendor in vendors for make in (vendor_job, take_back_job)]
    reference = [reference_job(vendors)] if vendors else []
    return [intake_job(rows), *loads, report_job(), call_job(), *reference]
