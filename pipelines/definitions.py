"""The Dagster code location.

Belongs here: putting assets, jobs, schedules and sensors together. Does not belong here: any of them.
"""

from __future__ import annotations

import warnings

import dagster as dg

# Partition counts of checks and single-run backfills are marked beta or preview in this Dagster.
warnings.filterwarnings("ignore", category=dg.BetaWarning)
warnings.filterwarnings("ignore", category=dg.PreviewWarning)

from pipelines import jobs as all_jobs  # noqa: E402  the filter must come first
from pipelines import schedules, sensors  # noqa: E402
from pipelines.assets.contacts import contacts_asset  # noqa: E402
from pipelines.assets.crm import crm_campaigns, crm_do_not_call, row_asset  # noqa: E402
from pipelines.assets.reference import reference_assets  # noqa: E402
from pipelines.assets.reporting import reporting_assets  # noqa: E402
from pipelines.assets.vendors import NAMES, load_assets  # noqa: E402
from pipelines.partitions import business_days  # noqa: E402
from pipelines.resources import LeadSync  # noqa: E402
from pipelines.settings import Settings, load_settings  # noqa: E402
from pipelines.sources import configured_sources  # noqa: E402


def build_definitions(settings: Settings) -> dg.Definitions:
    """The definitions for the settings; runs read their file again when they start."""
    days = business_days(settings)
    rows = [row_asset(source, days) for source in configured_sources(settings)]
    vendors = [vendor for vendor in NAMES if vendor in settings.vendors.configured()]
    jobs = {job.name: job for job in all_jobs.all_jobs([asset.key for asset in rows], vendors)}
    loads = [asset for vendor in vendors for asset in load_assets(vendor, days)]
    return dg.Definitions(
        assets=[
            crm_campaigns,
            crm_do_not_call,
            *rows,
            contacts_asset(rows, days),
            *loads,
            *reporting_assets(days, vendors),
            *reference_assets(vendors),
        ],
        jobs=[*jobs.values(), all_jobs.retention_job(settings)],
        schedules=schedules.all_schedules(settings, jobs),
        sensors=[
            *sensors.vendor_runs(jobs, vendors, days),
            sensors.take_back(jobs, vendors, days),
            *sensors.report_runs(jobs, vendors, days),
            sensors.unresolved_imports(jobs, vendors, days),
            sensors.import_results(jobs, days),
        ],
        resources={"leadsync": LeadSync(config_file=str(settings.file))},
        executor=dg.in_process_executor,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """The code location of the configuration in force."""
    return build_definitions(load_settings())
