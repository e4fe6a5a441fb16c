"""The options that commands share, and their exit codes.

Belongs here: click options. Does not belong here: commands.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

OK, NEEDS_A_PERSON, WRONG_USE, INTERRUPTED = 0, 1, 2, 130
MOST_ROWS, LONGEST_WAIT_S = 10_000_000, 86_400

config_option = click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The configuration; else LEADSYNC_CONFIG, else leadsync.yaml.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="JSON on standard output, for programs.")
campaigns_option = click.option("--campaign", "campaigns", multiple=True, help="Only this campaign; may be repeated.")


def day_option(*, required: bool) -> Callable[[Any], Any]:
    """The business day, as a date."""
    return click.option("--day", callback=_day, required=required, help="The business day, such as 2026-11-17.")


def wait_seconds(context: click.Context, parameter: click.Parameter, value: float) -> float:
    """So long a command may wait: no less than nothing, and no longer than a day."""
    if not 0 <= value <= LONGEST_WAIT_S:  # nor is nan
        raise click.BadParameter(f"{value:g} is not a number of seconds from 0 to {LONGEST_WAIT_S}")
    return value


def _day(context: click.Context, parameter: click.Parameter, value: str | None) -> date | None:
    if value is None:
        return None
    try:
        return datetime.strptime(value, "%Y-%m-%d").date()
    except ValueError:
        raise click.BadParameter(f"{value} is not a day such as 2026-11-17") from None
