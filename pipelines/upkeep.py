"""What surrounds a load at the vendors, one function each: what they know, and what campaigns are loaded into.

Belongs here: what reference assets, target assets and `leadsync target` call. Does not belong here: loading
(`night.py`), Dagster, the terminal.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from connectors.errors import TargetError
from connectors.gateway import TargetAction
from pipelines import reference, targets
from pipelines.campaigns import stored_campaigns
from pipelines.fixed_targets import FixedTarget, adopt
from pipelines.installation import Installation
from pipelines.night import check_names, vendors_in_use
from pipelines.store import Row


def refresh_reference(installation: Installation, vendor: str, kind: str) -> dict[str, int]:
    """The kind is known as the vendor tells it now; how many entries there are, and how many of each change.

    Raises:
        ConnectorError: the vendor did not tell all of it; what was known stays.
    """
    with installation.store() as store, installation.directory(vendor) as directory:
        counts = reference.refresh(store, vendor, kind, directory.kinds[kind]())
    return {name: counts[name] for name in ("entries", *reference.CHANGES)}


def make_targets(
    installation: Installation,
    vendor: str,
    days: Sequence[date],
    names: Sequence[str] = (),
    *,
    is_for_plan: bool = False,
) -> dict[str, str | None]:
    """What the vendor's campaigns are loaded into on the days is there; why not, by campaign, where it is not.

    `is_for_plan`: only campaigns that have something to send.

    Vendors whose targets are named by their ids have nothing to make.
    """
    problems: dict[str, str | None] = {}
    with installation.ledger() as ledger, installation.gateway(vendor) as gateway:
        settle_s = installation.terms(vendor).settle_s
        campaigns = installation.campaigns(ledger.store, vendor, names)
        wanted = ledger.campaigns_with_open(vendor, days) if is_for_plan else campaigns
        for name, campaign in campaigns.items():
            if name not in wanted:
                continue
            problems[name] = None
            try:
                gateway.preflight(campaign)
                for day in days:
                    targets.known_or_made(
                        ledger.store, gateway, campaign, day, settle_s=settle_s, actor=installation.actor
                    )
            except TargetError as error:
                problems[name] = str(error)
    return problems


def control_target(installation: Installation, name: str, action: TargetAction, day: date) -> str:
    """The action was done to the target of the campaign; the vendor's name.

    Raises:
        SetupError: there is no such campaign, or its vendor cannot do that.
    """
    check_names(installation, [name])
    [vendor] = vendors_in_use(installation, [name])
    with installation.ledger() as ledger, installation.gateway(vendor) as gateway:
        campaign = installation.campaigns(ledger.store, vendor, [name])[name]
        targets.control(ledger.store, gateway, campaign, action, day, actor=installation.actor)
    return vendor


def adopt_target(installation: Installation, name: str) -> FixedTarget:
    """The campaign may be loaded into its target although another name was; the target.

    Raises:
        SetupError: there is no such campaign, or its target is not named by its id.
    """
    check_names(installation, [name])
    with installation.store() as store:
        [campaign] = [each for each in stored_campaigns(store) if each.campaign == name]
        return adopt(store, campaign, actor=installation.actor)


def list_targets(installation: Installation) -> Sequence[Row]:
    """The targets that were found or made by name, and what was last done to each."""
    with installation.store() as store:
        return store.rows("reporting", "targets")
