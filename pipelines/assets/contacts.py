"""Contacts: every row of a day with its verdict.

Belongs here: the asset `contacts`. Does not belong here: the rules (`pipelines/eligibility.py`).
"""

from collections.abc import Sequence

import dagster as dg

from pipelines import checks, metadata, night
from pipelines.assets.columns import CONTACT_COLUMNS
from pipelines.assets.crm import CAMPAIGNS, DO_NOT_CALL, OWNERS
from pipelines.assets.failing import Outcome, fail
from pipelines.intake import DecisionSummary
from pipelines.partitions import days_of
from pipelines.resources import LeadSync

CONTACTS = dg.AssetKey("contacts")


def contacts_asset(rows: Sequence[dg.AssetsDefinition], days: dg.PartitionsDefinition[str]) -> dg.AssetsDefinition:
    """The asset `contacts` over the given sources of rows."""

    @dg.asset(
        key=CONTACTS,
        deps=[*rows, CAMPAIGNS, DO_NOT_CALL],
        partitions_def=days,
        backfill_policy=dg.BackfillPolicy.single_run(),
        group_name="eligibility",
        owners=OWNERS,
        kinds={"python", "postgres"},
        metadata={"dagster/column_schema": CONTACT_COLUMNS},
        check_specs=[checks.conservation_spec(CONTACTS), checks.known_campaigns_spec(CONTACTS)],
    )
    def contacts(context: dg.AssetExecutionContext, leadsync: LeadSync) -> Outcome:
        """Who may be called, and for everybody else why not."""
        summaries: dict[str, DecisionSummary] = {}
        with leadsync.opened(context.run.run_id, intake_of=days_of(context)) as installation:
            for day in days_of(context):
                summary = night.decide(installation, day)
                summaries[day.isoformat()] = summary
            decided = list(summaries.values())
            empty = night.empty_days(installation, decided)
            unknown = night.unknown_campaigns(installation, decided)
        check = checks.conservation_of_decisions(CONTACTS, decided)
        if len(empty) == len(decided):  # a range may hold a Sunday; a run about nothing at all has failed
            yield check
            fail(empty)
        for key, summary in summaries.items():
            context.add_asset_metadata(metadata.of_decision(summary), partition_key=key)
        known = checks.known_campaigns_result(CONTACTS, unknown)
        yield dg.MaterializeResult(asset_key=CONTACTS, check_results=[check, known])

    return contacts
