"""A vendor's assets: what is taken back from it, what is planned for it, and what was sent.

Belongs here: the shape that all vendors share. Does not belong here: planning and sending themselves.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import dagster as dg
from pydantic import Field

from pipelines import checks, metadata, morning, night, upkeep
from pipelines.assets.contacts import CONTACTS
from pipelines.assets.crm import OWNERS
from pipelines.assets.failing import Outcome, fail
from pipelines.installation import Installation
from pipelines.partitions import days_of
from pipelines.resources import LeadSync

# The vendor's own words for what is planned and what is sent.
NAMES: Mapping[str, tuple[str, str]] = {
    "sinch": ("customers", "customer_imports"),
    "sobot": ("data_details", "imports"),
    "platform": ("leads", "bulk_imports"),
    "jtel": ("contacts", "contact_imports"),
}


# What is found or made by name, and what is switched after a load, where a vendor has such a thing.
TARGETS: Mapping[str, str] = {"sobot": "tasks", "platform": "lists", "jtel": "dialler_campaigns"}
SWITCHES: Mapping[str, str] = {"sinch": "campaign_status"}
WITHDRAWALS = "withdrawals"


class Campaigns(dg.Config):
    """Which campaigns a run is about; none means all."""

    campaigns: list[str] = Field(default_factory=list)


def plan_key(vendor: str) -> dg.AssetKey:
    """The asset of what is planned."""
    return dg.AssetKey([vendor, NAMES[vendor][0]])


def import_key(vendor: str) -> dg.AssetKey:
    """The asset of what was sent."""
    return dg.AssetKey([vendor, NAMES[vendor][1]])


def withdrawals_key(vendor: str) -> dg.AssetKey:
    """The asset of what is taken back."""
    return dg.AssetKey([vendor, WITHDRAWALS])


def plan_asset(vendor: str, days: dg.PartitionsDefinition[str]) -> dg.AssetsDefinition:
    """The plan of one vendor: vendor-schema rows, frozen in the ledger."""
    key = plan_key(vendor)

    @dg.asset(
        key=key,
        deps=[CONTACTS],
        partitions_def=days,
        backfill_policy=dg.BackfillPolicy.single_run(),
        group_name=vendor,
        owners=OWNERS,
        kinds={"postgres", vendor},
        check_specs=[checks.conservation_spec(key)],
        description="Eligible contacts in the vendor's schema, in batches, as they will be sent.",
    )
    def planned(
        context: dg.AssetExecutionContext, config: Campaigns, leadsync: LeadSync
    ) -> Iterator[dg.MaterializeResult[None]]:
        total = eligible = 0
        with _opened(vendor, context, config, leadsync) as installation:
            night.check_names(installation, config.campaigns, vendor)
            for day in days_of(context):
                summary = night.plan(installation, vendor, [day], config.campaigns)
                context.add_asset_metadata(metadata.of_plan(summary), partition_key=day.isoformat())
                total += summary.counts.total()
                # A campaign that was stopped is planned by nobody; the import says so, and fails its run.
                eligible += night.count_eligible(installation, vendor, [day], config.campaigns, without=summary.stopped)
        yield dg.MaterializeResult(asset_key=key, check_results=[checks.conservation_of_plan(key, total, eligible)])

    return planned


def import_asset(vendor: str, days: dg.PartitionsDefinition[str]) -> dg.AssetsDefinition:
    """What was sent to one vendor, with a verdict for every entry that it answered."""
    key = import_key(vendor)

    before = [dg.AssetKey([vendor, TARGETS[vendor]])] if vendor in TARGETS else []

    @_at_vendor(
        vendor,
        NAMES[vendor][1],
        days,
        deps=[plan_key(vendor), *before],
        check_specs=checks.outcome_specs(key),
        description="Batches that were sent, each entry with the vendor's verdict.",
    )
    def sent(context: dg.AssetExecutionContext, config: Campaigns, leadsync: LeadSync) -> Outcome:
        problems: dict[str, list[str]] = {}
        told: dict[str, metadata.Metadata] = {}
        with _opened(vendor, context, config, leadsync) as installation:
            for day in days_of(context):
                summary = night.send(installation, vendor, [day], config.campaigns)
                told[str(day)] = metadata.of_delivery(summary)
                problems[str(day)] = [
                    *night.recorded_stops(installation, vendor, day, config.campaigns),
                    *night.stops_of(summary, day),
                    *night.failures_of(summary, day),
                ]
                if problems[str(day)] and vendor in SWITCHES:  # what follows a failure is skipped: switch the good here
                    night.switch_loaded(installation, vendor, [day], config.campaigns)
            report = morning.report(installation, days_of(context), config.campaigns)
            own = [row for row in report.campaigns if row.vendor == vendor]  # others may be sending just now
            results = checks.outcome_results(key, replace(report, campaigns=own))
        if any(problems.values()):
            for day_key in [each for each in told if not problems[each]]:  # the others are not loaded: they stay failed
                context.log_event(dg.AssetMaterialization(key, partition=day_key, metadata=told.pop(day_key)))
            yield from results  # this also hands over what was logged
            fail([text for texts in problems.values() for text in texts], told)
        for day_key, values in told.items():
            context.add_asset_metadata(values, partition_key=day_key)
        yield dg.MaterializeResult(asset_key=key, check_results=results)

    return sent


def load_keys(vendor: str) -> list[dg.AssetKey]:
    """All assets of one vendor's load, in their order."""
    before = [dg.AssetKey([vendor, TARGETS[vendor]])] if vendor in TARGETS else []
    after = [dg.AssetKey([vendor, SWITCHES[vendor]])] if vendor in SWITCHES else []
    return [withdrawals_key(vendor), plan_key(vendor), *before, import_key(vendor), *after]


def load_assets(vendor: str, days: dg.PartitionsDefinition[str]) -> list[dg.AssetsDefinition]:
    """All assets of one vendor's load."""
    makers = [_withdrawals_asset, plan_asset, import_asset]
    makers += [_targets_asset] if vendor in TARGETS else []
    makers += [_switch_asset] if vendor in SWITCHES else []
    return [make(vendor, days) for make in makers]


@contextmanager
def _opened(
    vendor: str, context: dg.AssetExecutionContext, config: Campaigns, leadsync: LeadSync
) -> Iterator[Installation]:
    """The installation, for a run none of whose campaigns is of a vendor that the run does not load.

    Whoever starts a run of several vendors may name the same campaigns to each.
    """
    ops: Any = context.run.run_config.get("ops", {})
    configured = {name.partition("__")[0] for name in ops}
    with leadsync.opened(context.run.run_id) as installation:
        night.check_vendor(installation, config.campaigns, [vendor, *sorted(configured & NAMES.keys() - {vendor})])
        yield installation


def _at_vendor(
    vendor: str, name: str, days: dg.PartitionsDefinition[str], **more: Any
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """An asset for which the vendor is asked: by days, and as many at once as its pool allows."""
    made: Callable[[Callable[..., Any]], dg.AssetsDefinition] = dg.asset(
        key=[vendor, name],
        partitions_def=days,
        backfill_policy=dg.BackfillPolicy.single_run(),
        group_name=vendor,
        owners=OWNERS,
        kinds={"http", vendor},
        pool=f"{vendor}_api",
        **more,
    )
    return made


def _withdrawals_asset(vendor: str, days: dg.PartitionsDefinition[str]) -> dg.AssetsDefinition:
    @_at_vendor(
        vendor,
        WITHDRAWALS,
        days,
        deps=[CONTACTS],
        description="Leads that the vendor has and that must not be called any more are taken back, of whatever day.",
    )
    def taken_back(context: dg.AssetExecutionContext, config: Campaigns, leadsync: LeadSync) -> None:
        with _opened(vendor, context, config, leadsync) as installation:
            summary = night.ask_and_withdraw(installation, vendor, days_of(context), config.campaigns)
        told = {str(day): metadata.of_withdrawal(summary) for day in days_of(context)}
        fail(summary.problems, told)
        for day, values in told.items():
            context.add_asset_metadata(values, partition_key=day)

    return taken_back


def _targets_asset(vendor: str, days: dg.PartitionsDefinition[str]) -> dg.AssetsDefinition:
    @_at_vendor(
        vendor,
        TARGETS[vendor],
        days,
        deps=[plan_key(vendor)],
        description="What the campaigns are loaded into: found by name, or made once (reporting.target).",
    )
    def there(context: dg.AssetExecutionContext, config: Campaigns, leadsync: LeadSync) -> None:
        with (
            _opened(vendor, context, config, leadsync) as installation,
            night.end_on_record(installation, vendor, days_of(context), config.campaigns),
        ):
            for day in days_of(context):
                problems = upkeep.make_targets(installation, vendor, [day], config.campaigns, is_for_plan=True)
                # What cannot be made stops its own campaign alone: the import says so, and fails its run.
                context.add_asset_metadata(metadata.of_problems(problems), partition_key=day.isoformat())

    return there


def _switch_asset(vendor: str, days: dg.PartitionsDefinition[str]) -> dg.AssetsDefinition:
    @_at_vendor(
        vendor,
        SWITCHES[vendor],
        days,
        deps=[import_key(vendor)],
        description="Campaigns that were loaded in full are switched as their target says (reporting.target_event).",
    )
    def switched(context: dg.AssetExecutionContext, config: Campaigns, leadsync: LeadSync) -> None:
        failed: list[str] = []
        with _opened(vendor, context, config, leadsync) as installation:
            for day in days_of(context):
                problems = night.switch_loaded(installation, vendor, [day], config.campaigns)
                context.add_asset_metadata(metadata.of_problems(problems), partition_key=day.isoformat())
                failed += [f"{day} {name}: {problem}" for name, problem in problems.items() if problem]
        fail(failed)

    return switched
