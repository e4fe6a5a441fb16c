"""Columns of text in Arrow: joined, read by value, and written as JSON, without a step of Python for each cell.

Belongs here: what every user of columns needs. Does not belong here: what a column means (`crm/frames.py`, a vendor's
mapping, eligibility).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

# Arrow's own allocator asks for huge pages, which the system has to blank, and keeps them: a fifth more memory.
if "ARROW_DEFAULT_MEMORY_POOL" not in os.environ:
    pa.set_memory_pool(pa.system_memory_pool())

TEXT = pa.large_string()

# What JSON writes as an escape, by its byte, and nothing else.
_IS_ESCAPED = np.isin(np.arange(256), [*range(0x20), ord('"'), ord("\\")])
_NOTHING = pa.scalar("", TEXT)


def joined(*parts: pa.Array | str) -> pa.Array:
    """The parts of each row, one after the other; null where one of them is."""
    return pc.binary_join_element_wise(*map(_cells, parts), _NOTHING)


def joined_present(*parts: pa.Array | str, separator: str = "") -> pa.Array:
    """The parts of each row that are there, with the separator between; empty where none is."""
    if not separator:  # Arrow can leave out what is missing, but then drops rows that have nothing at all
        return pc.binary_join_element_wise(*map(_cells, parts), _NOTHING, null_handling="replace", null_replacement="")
    led = [joined(separator, part) for part in parts]
    return pc.utf8_slice_codeunits(joined_present(*led), len(separator))


def blank_as_missing(cells: pa.Array) -> pa.Array:
    """The cells, null where the text is empty."""
    return pc.if_else(pc.equal(cells, _NOTHING), pa.scalar(None, TEXT), cells)


def by_value(cells: pa.Array, read: Callable[[Any], Any], kind: pa.DataType = TEXT) -> pa.Array:
    """What `read` makes of every cell; each distinct value is read once, a missing one never."""
    coded = cells.dictionary_encode()
    return pa.array([read(value) for value in coded.dictionary.to_pylist()], kind).take(coded.indices)


def whole(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """The column in one piece."""
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def having(rows: pa.Table, flags: pa.Array | pa.ChunkedArray) -> pa.Table:
    """The rows that have the flag; where all have it, which is nearly always, they are not copied."""
    return rows if pc.all(flags, skip_nulls=False).as_py() else rows.filter(flags)


def without_characters(cells: pa.Array, characters: str) -> pa.Array:
    """The cells, none of them missing, without these characters of ASCII."""
    bounds, written = _bytes_of(cells)
    is_kept = ~np.isin(np.arange(256), list(characters.encode("ascii")))[written]
    ends = np.concatenate([[0], np.cumsum(is_kept)])
    buffers = [None, pa.py_buffer(ends[bounds - bounds[0]]), pa.py_buffer(written[is_kept])]
    return pa.Array.from_buffers(TEXT, len(cells), buffers)


def as_lines(cells: pa.Array) -> pa.Buffer:
    """The cells, none of them missing, each with a line end behind it, in UTF-8."""
    return pa.py_buffer(_bytes_of(joined(cells, "\n"))[1])


def json_texts(cells: pa.Array, before: str = "", after: str = "") -> pa.Array:
    """Each cell as a JSON string between the two texts; null where it is missing."""
    if not _has_escapes(cells):
        return joined(before + '"', cells, '"' + after)
    written = [None if cell is None else orjson.dumps(cell).decode() for cell in cells.to_pylist()]
    return joined(before, pa.array(written, TEXT), after)


def json_members(name: str, cells: pa.Array) -> pa.Array:
    """Each cell as a member of a JSON object with a comma before it, `,"name":"cell"`; null where it is missing."""
    return json_texts(cells, f",{orjson.dumps(name).decode()}:")


def json_objects(members: Sequence[pa.Array]) -> pa.Array:
    """A JSON object of each row's members; null where it has none."""
    listed = blank_as_missing(joined_present(*members))
    return joined("{", pc.utf8_slice_codeunits(listed, 1), "}")


def _has_escapes(cells: pa.Array) -> bool:
    """Whether JSON would escape anything in the cells: their bytes are looked at all at once."""
    return bool(_IS_ESCAPED[_bytes_of(cells)[1]].any())


def _bytes_of(cells: pa.Array) -> tuple[np.ndarray[Any, np.dtype[np.int64]], np.ndarray[Any, np.dtype[np.uint8]]]:
    """Where each cell begins, and after the last where that one ends; and the bytes of all, from the first on."""
    _, offsets, content = cells.buffers()
    if content is None:
        return np.zeros(len(cells) + 1, np.int64), np.empty(0, np.uint8)
    bounds = np.frombuffer(offsets, np.int64, len(cells) + 1, offset=8 * cells.offset)
    return bounds, np.frombuffer(content, np.uint8)[bounds[0] : bounds[-1]]


def _cells(part: pa.Array | str) -> pa.Array | pa.Scalar:
    return pa.scalar(part, TEXT) if isinstance(part, str) else part
