"""`leadsync query`: a SELECT that a person wrote, over the ledger's database, also where that is the embedded one.

Belongs here: the command, and how what it read is shown. Does not belong here: how the database is asked (`store.py`),
and the questions that we know (`sql/`, `report.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from pipelines.options import MOST_ROWS, OK, config_option, json_option
from pipelines.terminal import complain, emit, say, show

_LARGEST = 2**63  # a JSON number of ours


@click.command()
@click.argument("select")
@config_option
@json_option
@click.option(
    "--limit", type=click.IntRange(1, MOST_ROWS), default=1000, show_default=True, help="So many rows at most."
)
def query(select: str, config: Path | None, as_json: bool, limit: int) -> int:
    """Run one SELECT over the schema reporting, and show its rows. Nothing can be changed by it.

    Times are those of the business.
    """
    from pipelines.installation import Installation

    with closing(Installation.load(config)) as installation, installation.store() as store, store.transaction():
        store.run("reporting", "begin_reading", zone=installation.settings.timezone)
        names, rows = store.asked(select, limit=limit + 1)
    records = [_record(names, row) for row in rows[:limit]]
    if as_json:
        emit(records)
    elif records:
        show(f"{len(records)} {'row' if len(records) == 1 else 'rows'}", [_shown(record) for record in records])
    else:
        say("no row")
    if len(rows) > limit:
        complain(f"There are more than {limit}: narrow it down, or raise --limit.")
    return OK


def _record(names: Sequence[str], row: Sequence[Any]) -> dict[str, Any]:
    """The row by its columns; a name that comes again has its place beside it."""
    record: dict[str, Any] = {}
    for place, (name, value) in enumerate(zip(names, row, strict=True), 1):
        record[f"{name} ({place})" if name in record else name] = _number(value) if type(value) is Decimal else value
    return record


def _number(value: Decimal) -> int | float:
    """What sums and means come as."""
    is_whole = value.is_finite() and value == value.to_integral_value() and abs(value) < _LARGEST
    return int(value) if is_whole else float(value)


def _shown(record: dict[str, Any]) -> dict[str, Any]:
    """As text: nobody knows which numbers are quantities."""
    return {name: _text(value) for name, value in record.items()}


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S %Z}".rstrip()
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)
