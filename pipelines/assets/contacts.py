"""Contacts: every row of a day with its verdict.

Belongs here: the asset `contacts`. Does not belong here: the rules (`pipelines/eligibility.py`).
"""

from collections.abc import Iterator, Sequence

import dagster as dg

from pipelines import checks, metadata, night
from pipelines.assets.columns import CONTACT_COLUMNS
from pipelines.assets.crm import CAMPAIGNS, DO_NOT_CALL, OWNERS
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
        check_specs=[checks.conservation_spec(CONTACTS)],
    )
    def contacts(context: dg.AssetExecutionContext, leadsync: LeadSync) -> Iterator[dg.MaterializeResult[None]]:
        """Who may be called, and for everybody else why not."""
        summaries = []
        with leadsync.opened(context.run.run_id) as installation:
            for day in days_of(context):
                summary = night.decide(installation, day)
                summaries.append(summary)
                context.add_asset_metadata(metadata.of_decision(summary), partition_key=day.isoformat())
            empty = night.empty_days(installation, summaries)
        yield dg.MaterializeResult(
            asset_key=CONTACTS, check_results=[checks.conservation_of_decisions(CONTACTS, summaries)]
        )
        # A range may hold a Sunday; a run about nothing at all has failed.
        night.raise_incomplete(empty if len(empty) == len(summaries) else [])

    return contacts
