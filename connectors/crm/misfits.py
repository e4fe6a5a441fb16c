"""What a row of the wrong width may still tell: nobody knows which of its cells have shifted, or how far.

Belongs here: the cells of such a row that stand for a column of ours. Does not belong here: finding such rows
(`records.py`), and what becomes of them (eligibility, the do-not-call list).
"""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from connectors.columns import TEXT
from connectors.crm.layout import Layout
from connectors.crm.records import Records

# The do-not-call list's: better one too many.
_GATHERED = "phone"


def believed(records: Records, layout: Layout) -> list[pa.Array]:
    """The columns of the records, in which the misfits say no more than is certain.

    The `phone` of the do-not-call list has every cell of a misfit, a line each.
    """
    columns = records.columns
    phone = layout.fields.get(_GATHERED)
    if records.misfits and phone is not None:
        gathered = {at: "\n".join(cells) for at, cells in records.misfits.items()}
        columns[phone] = _replaced(columns[phone], gathered)
    return columns


def _replaced(column: pa.Array, texts: Mapping[int, str | None]) -> pa.Array:
    """The column with these texts at these places."""
    cells = column.to_pylist()
    for at, text in texts.items():
        cells[at] = text
    return pa.array(cells, TEXT)
