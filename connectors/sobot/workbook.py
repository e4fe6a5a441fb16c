"""Cells of a workbook from elsewhere (.xlsx), within bounds: a small file may unpack to, or speak of, without end.

Belongs here: what is looked at before the library reads. It lays out every cell of a sheet up to the last that the file
speaks of, and unpacks whatever is packed: a few hundred bytes can ask it for more memory than there is. Does not
belong here: what the cells mean (`reports.py`).
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterable
from typing import Any
from xml.parsers import expat

from python_calamine import CalamineError, CalamineWorkbook

LARGEST_GROWTH = 50
"""How many times longer than the file its content may be: a spreadsheet packs well, but not without end."""
MOST_BYTES = 200_000_000
"""How long the content may be, however long the file is."""
MOST_CELLS = 2_000_000
"""How many cells its sheets may have, those between others included."""

_CHUNK = 1 << 16
_PLACE = re.compile(r"([A-Za-z]{0,7})(\d{0,10})", re.ASCII)
_BASE = ord("A") - 1

_UNREADABLE = (
    CalamineError, zipfile.BadZipFile, zlib.error, expat.ExpatError, EOFError, RuntimeError, ValueError, OSError,
)  # fmt: skip


class WorkbookError(Exception):
    """The file is no workbook that can be read; the text is what is wrong with it, after «it …»."""


def read_cells(content: bytes) -> list[list[Any]]:
    """The rows of all sheets, one sheet after the other; a cell without content is an empty text.

    Raises:
        WorkbookError: it is no workbook, or it unpacks to more, or speaks of more cells, than fits the bounds.
    """
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(_unpacked(content)))
        return [row for name in workbook.sheet_names for row in workbook.get_sheet_by_name(name).to_python()]
    except _UNREADABLE as error:
        raise WorkbookError(f"cannot be read ({type(error).__name__})") from None


def _unpacked(content: bytes) -> bytes:
    """The workbook's XML in an archive that packs nothing: what is read is what was counted, whatever sizes it told."""
    unpacked, extents = io.BytesIO(), list[_Extent]()
    with zipfile.ZipFile(io.BytesIO(content)) as archive, zipfile.ZipFile(unpacked, "w") as plain:
        parts = {part.filename: part for part in archive.infolist()}
        size = sum(part.file_size for part in parts.values())
        if size > min(LARGEST_GROWTH * len(content), MOST_BYTES):
            raise WorkbookError("is larger than it looks")
        for name, part in parts.items():
            if not name.lower().endswith((".xml", ".rels")):  # pictures, and what would make it another kind of file
                continue
            text = archive.read(part)
            extents.append(_extent(text))
            plain.writestr(name, text)
    if sum(extent.cell_count for extent in extents) > MOST_CELLS:
        raise WorkbookError("speaks of more cells than a report has")
    # Cells may share a text, which the library copies into each.
    if sum(extent.told_count for extent in extents) * max(extent.longest_text for extent in extents) > MOST_BYTES:
        raise WorkbookError("speaks of more text than a report has")
    return unpacked.getvalue()


def _extent(text: bytes) -> _Extent:
    """How far the XML reaches, if it is a sheet; how long its texts are, if they are shared."""
    extent = _Extent()
    parser = expat.ParserCreate()
    parser.StartElementHandler = extent.see
    parser.CharacterDataHandler = extent.read
    parser.StartDoctypeDeclHandler = _refuse_doctype
    for begin in range(0, len(text), _CHUNK):
        parser.Parse(text[begin : begin + _CHUNK], False)
    parser.Parse(b"", True)
    return extent


def _refuse_doctype(*_: object) -> None:
    """No workbook has one, and entities grow."""
    raise WorkbookError("has a document type")


class _Extent:
    """How far a sheet reaches. A row and a cell tell their place, or stand behind the one before.

    `told_count` is how many cells it tells of, `longest_text` the length of the longest text that cells may share.
    """

    def __init__(self) -> None:
        self.told_count = self.longest_text = self._text_length = 0
        self._is_shared = False
        self._row_count = self._last_row = 0
        self._cells_in_row = self._most_in_row = self._last_column = 0

    @property
    def cell_count(self) -> int:
        """At least as many cells as the sheet has, with those that lie between others."""
        return (self._last_row + self._row_count) * (self._last_column + self._most_in_row)

    def see(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins; those of a sheet are `row` and `c`, whatever prefix they have."""
        kind = name.rpartition(":")[2]
        if kind == "row":
            self._row_count += 1
            self._cells_in_row = 0
        elif kind == "c":
            self.told_count += 1
            self._cells_in_row += 1
            self._most_in_row = max(self._most_in_row, self._cells_in_row)
        else:
            self._is_shared = self._is_shared or kind == "si"
            self._text_length = 0 if kind == "si" else self._text_length
            return
        self._reach(value for key, value in attributes.items() if key.rpartition(":")[2] == "r")

    def read(self, text: str) -> None:
        """A piece of text goes on."""
        if self._is_shared:
            self._text_length += len(text)
            self.longest_text = max(self.longest_text, self._text_length)

    def _reach(self, places: Iterable[str]) -> None:
        for place in places:
            found = _PLACE.fullmatch(place)
            if found is None:
                raise WorkbookError("speaks of a cell that there cannot be")
            self._last_column = max(self._last_column, _column(found[1]))
            self._last_row = max(self._last_row, int(found[2] or 0))


def _column(letters: str) -> int:
    """The number of a column, from 1: A, B, …, Z, AA."""
    number = 0
    for letter in letters.upper():
        number = 26 * number + ord(letter) - _BASE
    return number
