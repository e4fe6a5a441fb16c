"""Lines in which nothing is unusual, read at once by Arrow.

Belongs here: what is certain to be one record a line, and these records. Does not belong here: everything else about
records (`records.py`), which reads what this module declines, and would read the same here.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from functools import cache

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from connectors.columns import TEXT
from connectors.crm.lines import Piece

_ORDER_MARK = "\ufeff".encode()


def read_plain(lines: Piece, *, delimiter: str, width: int) -> list[pa.Array] | None:
    """Column by column the trimmed cells of the lines, null where one is blank; None decides nothing.

    Each line is then one record of that width, none is blank, and every cell can be stored.
    """
    encoded, count = lines
    if not delimiter.isascii() or b"\0" in encoded or _has_order_mark(encoded):
        return None
    if not _is_cleanly_quoted(encoded, delimiter):
        return None
    # An empty line must not be passed over: as many rows as lines are then one row a line.
    parse = pa_csv.ParseOptions(delimiter=delimiter, quote_char='"', ignore_empty_lines=False)
    read = pa_csv.ReadOptions(use_threads=False, column_names=_names(width), block_size=len(encoded) + 1)
    try:
        table = pa_csv.read_csv(pa.py_buffer(encoded), read, parse, _conversion(width))
    except pa.ArrowInvalid:
        return None
    if len(table) != count:
        return None
    # All columns in one go: for so few lines, a call of Arrow takes longer than what it does.
    cells = pa.concat_arrays([column.combine_chunks() for column in table.columns])
    if (pc.max(pc.binary_length(cells)).as_py() or 0) > csv.field_size_limit():
        return None
    cells = _trimmed(cells)
    columns = [cells.slice(at * count, count) for at in range(width)]
    return None if _has_blank_row(columns) else columns


def _has_order_mark(encoded: bytes) -> bool:
    return _ORDER_MARK[:1] in encoded and _ORDER_MARK in encoded  # a single byte is found in a tenth of the time


def _is_cleanly_quoted(encoded: bytes, delimiter: str) -> bool:
    """Whether quotes stand around whole cells alone, and no cell holds a quote or a line end."""
    quote_count = encoded.count(b'"')
    return not quote_count or quote_count == 2 * len(_quoted(delimiter).findall(encoded))


@cache
def _quoted(delimiter: str) -> re.Pattern[bytes]:
    edge = re.escape(delimiter) + r"\r\n"
    return re.compile(rf'(?:(?<=[{edge}])|\A)"[^"\r\n]*"(?=[{edge}]|\Z)'.encode())


def _trimmed(cells: pa.Array) -> pa.Array:
    trimmed = pc.utf8_trim_whitespace(cells)
    is_blank = pc.equal(pc.binary_length(trimmed), 0)
    return pc.if_else(is_blank, pa.scalar(None, TEXT), trimmed) if pc.any(is_blank).as_py() else trimmed


def _has_blank_row(columns: Sequence[pa.Array]) -> bool:
    is_blank = columns[0].is_null()
    for column in columns[1:]:
        if not pc.any(is_blank).as_py():
            return False
        is_blank = pc.and_(is_blank, column.is_null())
    return bool(pc.any(is_blank).as_py())


@cache
def _names(width: int) -> list[str]:
    return [str(at) for at in range(width)]


@cache
def _conversion(width: int) -> pa_csv.ConvertOptions:
    types = dict.fromkeys(_names(width), TEXT)
    return pa_csv.ConvertOptions(column_types=types, null_values=[""], strings_can_be_null=True)
