"""From physical lines to records that know the line they start on.

Belongs here: quoting, blank lines, rows of the wrong width, characters that cannot be stored, and
getting back into step after a broken quote. Does not belong here: files, headers, cursors.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyarrow as pa

from connectors.columns import TEXT
from connectors.crm.cells import is_storable, unstorable_reason
from connectors.crm.lines import Lines, Piece
from connectors.crm.plain import read_plain

if TYPE_CHECKING:
    from _csv import Reader

# Few lines at a time: their cells then come from the processor's cache, and few are read the long way for one odd line.
_STEP_LINES = 2_500

_REASONS = (
    ("field limit", "has a field that is longer than a CSV field may be"),
    ("unexpected end", "has a quote that is never closed"),
    ("expected after", "has text after a closing quote"),
)


@dataclass(frozen=True, slots=True)
class Shape:
    """What a good record looks like, and which cells of a broken one are worth keeping.

    Attributes:
        delimiter: one character.
        width: the number of cells.
        optional: how many of the last a good record may lack.
        kept_if_short: positions that are read from a record with too few cells.
        kept_if_long: positions that are read from one with too many.
    """

    delimiter: str
    width: int
    kept_if_short: frozenset[int] = frozenset()
    kept_if_long: frozenset[int] = frozenset()
    optional: int = 0


@dataclass(slots=True)
class Records:
    """Records on their side: the i-th cell of `columns[c]`, trimmed and null if blank, started on line `lines[i]`.

    A record may have a defect under its `i`, which reads after the words `line 17`. One of the wrong width has its
    cells among the `misfits`, too, as many as they are; one that cannot be stored is blank.
    """

    width: int
    lines: list[int] = field(default_factory=list)
    defects: dict[int, str] = field(default_factory=dict)
    misfits: dict[int, list[str]] = field(default_factory=dict)
    parts: list[list[pa.Array]] = field(default_factory=list)

    @property
    def columns(self) -> list[pa.Array]:
        """Column by column the cells of all records."""
        if not self.parts:
            return [pa.array([], TEXT)] * self.width
        return [pa.concat_arrays(column) for column in zip(*self.parts, strict=True)]

    def take(self, block: _Block) -> None:
        """The block's records follow the others."""
        for at, defect in block.defects.items():
            self.defects[len(self.lines) + at] = defect
        for at, cells in block.misfits.items():
            self.misfits[len(self.lines) + at] = cells
        if block.cells:
            self.lines += block.record_lines
            turned = zip(*block.cells, strict=True)
            self.parts.append([pa.array([cell or None for cell in map(str.strip, cells)], TEXT) for cells in turned])

    def take_plain(self, columns: list[pa.Array], *, first_line: int) -> None:
        """One record a line follows the others."""
        self.lines += range(first_line, first_line + len(columns[0]))
        self.parts.append(columns)


def read_records(lines: Lines, shape: Shape, *, first_line: int, block_lines: int) -> Iterator[Records]:
    """Every record of the lines, hardly ever more than `block_lines` at a time: none is lost, none is read twice.

    A record whose quoting is broken, or that swallowed the lines after it, is a defect of its first
    line; reading goes on with the line after that.
    """
    waiting: list[str] = []
    is_last = False
    step_lines = min(_STEP_LINES, block_lines)
    while not is_last:
        records = Records(shape.width)
        while len(records.lines) + step_lines <= block_lines and not is_last:
            piece = lines.take(step_lines)
            is_last = not piece.line_count
            is_free = not waiting and not is_last
            plain = _read_plain(piece, shape) if is_free else None
            if plain is not None:
                records.take_plain(plain, first_line=first_line)
                first_line += piece.line_count
                continue
            block = _Block(waiting + piece.texts(), shape, first_line=first_line, is_last=is_last)
            records.take(block)
            waiting = block.rest
            first_line += block.used
        yield records


def _read_plain(lines: Piece, shape: Shape) -> list[pa.Array] | None:
    """The columns of the lines, if nothing in them is unusual; what they may lack, they lack in all lines."""
    plain = read_plain(lines, delimiter=shape.delimiter, width=shape.width)
    if plain is None and shape.optional:
        plain = read_plain(lines, delimiter=shape.delimiter, width=shape.width - shape.optional)
        return plain and [*plain, *[pa.nulls(lines.line_count, TEXT)] * shape.optional]
    return plain


class _Block:
    """The records of some lines; `used` lines are done with, the others wait for more."""

    def __init__(self, lines: Sequence[str], shape: Shape, *, first_line: int, is_last: bool) -> None:
        self.record_lines: list[int] = []
        self.cells: list[list[str]] = []
        self.defects: dict[int, str] = {}
        self.misfits: dict[int, list[str]] = {}
        self.used = 0
        self._lines = [line.lstrip("\ufeff") for line in lines]  # where two files were made one
        self._shape = shape
        self._first_line = first_line
        self._read(is_last=is_last)

    @property
    def rest(self) -> list[str]:
        """The lines of a record that is not complete yet."""
        return list(self._lines[self.used :])

    def _read(self, *, is_last: bool) -> None:
        while self.used < len(self._lines):
            defect, is_at_end = self._read_on()
            if defect is None or (is_at_end and not is_last):
                break
            self._add([""] * self._shape.width, defect)
            self.used += 1
        if not is_storable("".join(self._lines[: self.used])):
            self._drop_unstorable()

    def _read_on(self) -> tuple[str | None, bool]:
        """Why reading stopped short, None if it did not; and whether it saw the last line."""
        rest = self._lines[self.used :]
        reader = csv.reader(rest, delimiter=self._shape.delimiter, strict=True)
        try:
            defect = self._take(reader, offset=self.used)
        except csv.Error as error:
            defect = _reason(str(error))
        return defect, reader.line_num == len(rest)

    def _take(self, reader: Reader, *, offset: int) -> str | None:
        """Adds records until one that spans lines has the wrong width; returns its defect."""
        width, first_line = self._shape.width, self._first_line
        least = width - self._shape.optional
        add_line, add_cells = self.record_lines.append, self.cells.append
        for cells in reader:
            if least <= len(cells) < width:
                cells += [""] * (width - len(cells))
            if len(cells) == width:
                if cells[0].strip() or any(map(str.strip, cells)):
                    add_line(first_line + self.used)
                    add_cells(cells)
            elif reader.line_num + offset - self.used > 1:
                return f"has {len(cells)} of {width} fields"
            else:
                self._add_misfit(cells)
            self.used = reader.line_num + offset
        return None

    def _add(self, cells: list[str], defect: str | None) -> None:
        if defect is not None:
            self.defects[len(self.cells)] = defect
        self.record_lines.append(self._first_line + self.used)
        self.cells.append(cells)

    def _add_misfit(self, cells: list[str]) -> None:
        width = self._shape.width
        if not any(map(str.strip, cells)):
            return
        if not any(map(str.strip, cells[width:])) and len(cells) > width:
            self._add(cells[:width], None)
            return
        self.misfits[len(self.cells)] = [cell.strip() if is_storable(cell) else "" for cell in cells]
        kept = self._shape.kept_if_short if len(cells) < width else self._shape.kept_if_long
        self._add(self._keep(cells, kept), f"has {len(cells)} of {width} fields")

    def _keep(self, cells: Sequence[str], kept: frozenset[int]) -> list[str]:
        present = kept & set(range(len(cells)))
        return [cells[at] if at in present else "" for at in range(self._shape.width)]

    def _drop_unstorable(self) -> None:
        """Blanks the cells that no database and no JSON can hold, and makes their rows defects."""
        for at, cells in enumerate(self.cells):
            if not is_storable("".join(cells)):
                self.defects.setdefault(at, unstorable_reason("".join(cells)))
                self.cells[at] = [cell if is_storable(cell) else "" for cell in cells]


def _reason(text: str) -> str:
    return next((reason for words, reason in _REASONS if words in text), "is not readable as CSV")
