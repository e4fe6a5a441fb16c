"""What the vendors know: agents, queues, time zones, lists, tasks, result codes; refreshed, with history.

Belongs here: assets under `reference/`. Does not belong here: how a vendor is asked (`connectors/`).
"""

from collections.abc import Mapping, Sequence

import dagster as dg

from pipelines import upkeep
from pipelines.assets.crm import OWNERS
from pipelines.resources import LeadSync

GROUP = "reference"

# Kinds by vendor, in the vendor's own words.
KINDS: Mapping[str, Sequence[str]] = {
    "sinch": ("campaigns", "users", "queues", "queue_groups", "skills", "time_zones"),
    "sobot": ("agents", "skill_groups", "tasks", "relay_numbers", "ivr_flows"),
    "platform": ("lists", "users"),
    "jtel": ("campaigns", "result_codes"),
}


def reference_key(vendor: str, kind: str) -> dg.AssetKey:
    """The asset of one kind."""
    return dg.AssetKey(["reference", f"{vendor}_{kind}"])


def reference_assets(vendors: Sequence[str]) -> list[dg.AssetsDefinition]:
    """An asset for every kind of the vendors."""
    return [_reference_asset(vendor, kind) for vendor in vendors for kind in KINDS[vendor]]


def _reference_asset(vendor: str, kind: str) -> dg.AssetsDefinition:
    @dg.asset(
        key=reference_key(vendor, kind),
        group_name=GROUP,
        owners=OWNERS,
        kinds={"http", vendor},
        description=f"The {kind.replace('_', ' ')} of {vendor}, as of the last refresh (reporting.reference_entry).",
    )
    def known(context: dg.AssetExecutionContext, leadsync: LeadSync) -> dg.MaterializeResult[None]:
        with leadsync.opened(context.run.run_id) as installation:
            counts = upkeep.refresh_reference(installation, vendor, kind)
        return dg.MaterializeResult(metadata={"dagster/row_count": counts["entries"], **counts})

    return known
