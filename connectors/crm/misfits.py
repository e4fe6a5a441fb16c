"""What a row of the wrong width may still tell: nobody knows which of its cells have shifted, or how far.

Belongs here: the cells of such a row that stand for a column of ours. Does not belong here: finding such rows
(`records.py`), and what becomes of them (eligibility, the do-not-call list).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

import pyarrow as pa

from connectors.columns import TEXT
from connectors.crm.frames import Cursor
from connectors.crm.layout import Layout
from connectors.crm.records import Records

# The do-not-call list's: better one too many.
_GATHERED = "phone"


def believed(records: Records, layout: Layout, cursor: Cursor, *, days_in: ZoneInfo) -> list[pa.Array]:
    """The columns of the records, in which the misfits say no more than is certain.

    Their cursor is missing where a cell that it may have shifted to is of another day in the zone `days_in`: such a
    row belongs to every day. The `phone` of the do-not-call list has every cell of a misfit, a line each.
    """
    columns = records.columns
    if not records.misfits:
        return columns
    if layout.cursor is not None:
        unsure = _unsure(records, layout.cursor, cursor, days_in)
        columns[layout.cursor] = _replaced(columns[layout.cursor], dict.fromkeys(unsure))
    phone = layout.fields.get(_GATHERED)
    if phone is not None:
        gathered = {at: "\n".join(cells) for at, cells in records.misfits.items()}
        columns[phone] = _replaced(columns[phone], gathered)
    return columns


def _unsure(records: Records, position: int, cursor: Cursor, zone: ZoneInfo) -> list[int]:
    """The misfits in which cells that may be the cursor are of more than one day."""
    candidates = [
        (at, cell) for at, cells in records.misfits.items() for cell in _reach(cells, position, width=records.width)
    ]
    owners = [at for at, _ in candidates]
    days = cursor.read([cell for _, cell in candidates]).dt.tz_convert(zone).dt.date
    counts = days.groupby(owners).nunique()
    return [at for at in records.misfits if counts.get(at, 0) > 1]


def _reach(cells: Sequence[str], position: int, *, width: int) -> Sequence[str]:
    """The cells at the position and wherever it may have shifted to: cells were added, or lost, before it or after."""
    shift = len(cells) - width
    return cells[max(0, position + min(0, shift)) : position + max(0, shift) + 1]


def _replaced(column: pa.Array, texts: Mapping[int, str | None]) -> pa.Array:
    """The column with these texts at these places."""
    cells = column.to_pylist()
    for at, text in texts.items():
        cells[at] = text
    return pa.array(cells, TEXT)
