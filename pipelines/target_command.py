"""`leadsync target`: what campaigns are loaded into: listed, made, switched, removed.

Belongs here: arguments and what is printed. Does not belong here: how it is done (`targets.py`, `night.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from datetime import date
from pathlib import Path

import click

from connectors.errors import SetupError
from pipelines.options import NEEDS_A_PERSON, OK, campaigns_option, config_option, day_option, json_option
from pipelines.terminal import emit, say, show

_yes = click.option("--yes", is_flag=True, help="Do it; else say only what would be done.")


@click.group()
def target() -> None:
    """What campaigns are loaded into at the vendors: tasks, lists, dialler campaigns."""


@target.command("list")
@config_option
@json_option
def list_(config: Path | None, as_json: bool) -> int:
    """The targets that were found or made by name, and what was last done to each."""
    from pipelines import upkeep
    from pipelines.installation import Installation
    from pipelines.reading import told_at

    with closing(Installation.load(config)) as installation:
        rows = [row._asdict() for row in upkeep.list_targets(installation)]
        zone = installation.settings.zone
    for row in rows:
        for name in ("known_at", "last_event_at"):
            at = row[name]
            row[name] = "" if at is None else at.isoformat(" ", "seconds") if as_json else told_at(at, zone)
    emit(rows) if as_json else show("Targets", rows)
    return OK


@target.command()
@config_option
@json_option
@day_option(required=True)
@campaigns_option
def make(config: Path | None, as_json: bool, day: date, campaigns: Sequence[str]) -> int:
    """Find, or make, what the day's campaigns are loaded into; what is there already stays as it is."""
    from pipelines import night, upkeep
    from pipelines.installation import Installation

    with closing(Installation.load(config)) as installation:
        night.refresh_campaigns(installation)
        night.check_names(installation, campaigns)
        rows = [
            {"vendor": vendor, "campaign": name, "result": problem or "there"}
            for vendor in night.vendors_in_use(installation, campaigns)
            for name, problem in upkeep.make_targets(installation, vendor, [day], campaigns).items()
        ]
    emit(rows) if as_json else show(f"{day}: targets", rows)
    return OK if all(row["result"] == "there" for row in rows) else NEEDS_A_PERSON


@target.command()
@click.argument("action", type=click.Choice(["activate", "pause", "delete"]))
@config_option
@json_option
@day_option(required=True)
@click.option("--campaign", required=True, help="Our name of the campaign.")
@_yes
def control(action: str, config: Path | None, as_json: bool, day: date, campaign: str, yes: bool) -> int:
    """Switch a campaign at its vendor on or off (Sinch), or delete it there with its contacts (jtel)."""
    from pipelines import night, upkeep
    from pipelines.installation import Installation

    if not yes:
        raise SetupError(f"would {action} the target of {campaign} for {day}; say --yes to do it")
    with closing(Installation.load(config, actor="leadsync target")) as installation:
        night.refresh_campaigns(installation)
        vendor = upkeep.control_target(installation, campaign, action, day)  # type: ignore[arg-type]  # click has checked it
    if as_json:
        emit({"vendor": vendor, "campaign": campaign, "day": day, "action": action, "result": "done"})
    else:
        say(f"{vendor}: {action} of {campaign}: done, and on record in reporting.target_event")
    return OK


@target.command("adopt")
@config_option
@json_option
@click.option("--campaign", required=True, help="Our name of the campaign.")
@_yes
def adopt_(config: Path | None, as_json: bool, campaign: str, yes: bool) -> int:
    """Load a campaign into a target that another name was loaded into: who is there may be called again."""
    from pipelines import night, upkeep
    from pipelines.installation import Installation

    if not yes:
        raise SetupError(
            f"would load {campaign} into its target, whoever was loaded into it under another name;"
            " who is still there would be called twice. Say --yes to do it"
        )
    with closing(Installation.load(config, actor="leadsync target")) as installation:
        night.refresh_campaigns(installation)
        fixed = upkeep.adopt_target(installation, campaign)
    if as_json:
        emit({"vendor": fixed.vendor, "campaign": campaign, "target": fixed.value, "result": "adopted"})
    else:
        say(f"{campaign} is loaded into {fixed} from now on; on record in reporting.target_event")
    return OK
