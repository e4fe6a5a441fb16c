"""Leads, customers and reference tables from CSV files.

Belongs here: which files a day has, and reading them in chunks. Does not belong here: bytes to text
(`encoding.py`), text to records (`records.py`), header to columns (`layout.py`).
"""

from __future__ import annotations

import csv
import glob
import os
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, compress
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from connectors.columns import TEXT
from connectors.crm.encoding import AUTO, find_delimiter, find_encoding, told_delimiter
from connectors.crm.frames import Cursor, DayWindow, build_frame, regroup
from connectors.crm.layout import COLUMNS, LONGEST_KEY, Columns, Layout, long_key, no_cursor
from connectors.crm.lines import Lines, read_lines
from connectors.crm.misfits import believed
from connectors.crm.records import Records, Shape, read_records
from connectors.errors import SetupError

DAY = "{day}"
_ANY_DAY = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]"
_KEPT_FIELDS = ("lead_id", "campaign")
_SAMPLE_LINES = 100
_MIN_BLOCK_LINES = 1_000
# Phone numbers and addresses: the first line of a file without a header, never to be quoted.
_VALUE = re.compile(r"[+(]?\d[\d\s()./-]{5,}|\S+@\S+")


@dataclass(frozen=True, slots=True)
class _Sheet:
    """An open file whose header has been read; `first_line` is the line after it."""

    path: Path
    lines: Lines
    layout: Layout
    delimiter: str
    first_line: int

    def records(self, *, block_lines: int) -> Iterator[Records]:
        """Every record after the header."""
        kept = [self.layout.fields.get(field) for field in _KEPT_FIELDS]
        cursor = self.layout.cursor
        shape = Shape(
            delimiter=self.delimiter,
            width=self.layout.width,
            optional=self.layout.unnamed,
            kept_if_short=frozenset(at for at in (*kept, cursor) if at is not None),
            kept_if_long=frozenset(at for at in (cursor,) if at is not None),
        )
        return read_records(self.lines, shape, first_line=self.first_line, block_lines=block_lines)


class CsvSource:
    """One file, the files of a glob, or one file a day when the path holds `{day}`.

    Args:
        path_template: a path or glob; `{day}` stands for the business day as YYYY-MM-DD.
        setting: where the source is configured, for messages: `sources.leads`.
        columns: our column to theirs; names that agree need no entry.
        cursor: their column that says when a row changed. A `{day}` file needs none: each of its
            rows belongs to its day, whatever the cursor says.
        cursor_zone: the zone of cursors without an offset.
        cursor_format: how cursors are written when not as ISO 8601, in the manner of `strptime`.
        encoding: `auto`, or a name that Python knows; a byte order mark has precedence.
        delimiter: `auto`, or one character.
        required: our columns, and attributes, that the file must have; a mapping has the setting that names each.
        fields: our columns; `updated_at` among them becomes `cursor_at`.
    """

    def __init__(
        self,
        path_template: str,
        *,
        setting: str,
        columns: Mapping[str, str],
        cursor: str | None,
        cursor_zone: ZoneInfo,
        cursor_format: str | None = None,
        encoding: str = AUTO,
        delimiter: str = AUTO,
        required: Collection[str] = (),
        fields: Sequence[str] = COLUMNS,
    ) -> None:
        self._template = path_template
        self._setting = setting
        self._columns = Columns(setting, fields, columns, cursor, required)
        self._zone = cursor_zone
        self._format = cursor_format
        self._encoding = encoding
        self._delimiter = delimiter

    def files(self, window: DayWindow | None) -> list[Path]:
        """The files of the day in the order of their paths; at least one.

        Raises:
            SetupError: nothing matches, a folder may not be entered or listed, or the path is a directory.
        """
        pattern = self._template.replace(DAY, window.day.isoformat() if window else _ANY_DAY)
        try:
            is_folder, found = Path(pattern).is_dir(), _matches(pattern)
        except OSError as error:
            raise self._unreadable(error.filename or pattern, error) from None
        if is_folder:
            raise SetupError(f"{self._setting}.csv: {pattern!r} is a directory, not a file")
        if not found:
            day = f" (day {window.day})" if window else ""
            wanted = pattern if window else self._template
            raise SetupError(f"{self._setting}.csv: no file matches {wanted!r}{day}")
        return found

    def header(self, window: DayWindow | None) -> list[str]:
        """The column names in the first file of the day, without surrounding white space."""
        path = self.files(window)[0]
        with self._open_lines(path) as lines:
            return self._read_header(path, lines)[0]

    def check(self, window: DayWindow | None) -> None:
        """Returns when every file of the day can be opened, decoded and matched to our columns.

        Raises:
            SetupError: one cannot, or none of its first rows has a cursor that can be read.
        """
        self._refuse_missing_cursor(window)
        for path in self.files(window):
            with self._open(path) as sheet:
                if self._is_filtered(window):
                    self._refuse_unreadable_cursor(sheet)

    def chunks(self, window: DayWindow | None, *, chunk_rows: int = 10_000) -> Iterator[pd.DataFrame]:
        """The day's rows as frames (see `frames.py`) of at most `chunk_rows`; None means all rows.

        A row whose cursor is missing or cannot be read has a defect, and belongs to every day. Row
        numbers go on from one file to the next; the text of a defect has the file's own line.

        Raises:
            SetupError: a file or the settings must be changed; it may come after the first chunk.
        """
        self._refuse_missing_cursor(window)
        return regroup(
            self._frames(window, block_lines=max(chunk_rows, _MIN_BLOCK_LINES)),
            chunk_rows=chunk_rows,
        )

    def _frames(self, window: DayWindow | None, *, block_lines: int) -> Iterator[pd.DataFrame]:
        paths = self.files(window)
        first_row_no = 0
        for path in paths:
            label = f"{path.name} " if len(paths) > 1 else ""
            last_line = 0
            with self._open(path) as sheet:
                for records in sheet.records(block_lines=block_lines):
                    last_line = max(records.lines, default=last_line)
                    cursor = self._cursor(sheet.layout)
                    zone = window.zone if window else self._zone
                    columns = believed(records, sheet.layout, cursor, days_in=zone)
                    columns = _without_long_keys(records, columns, sheet.layout)
                    rows = _Rows(records, columns, sheet.layout, cursor, label)
                    wanted = window if self._is_filtered(window) else None
                    yield rows.frame(wanted, first_row_no=first_row_no)
            first_row_no += last_line

    @contextmanager
    def _open(self, path: Path) -> Iterator[_Sheet]:
        with self._open_lines(path) as lines:
            header, delimiter, line_count = self._read_header(path, lines)
            layout = self._columns.find(header, place=f"{path} line {line_count}")
            yield _Sheet(path, lines, layout, delimiter, line_count + 1)

    @contextmanager
    def _open_lines(self, path: Path) -> Iterator[Lines]:
        try:
            found = _state(path.stat())
            encoding = find_encoding(path, self._encoding, setting=self._setting)
            with path.open("rb") as file:
                yield read_lines(file, encoding)
                is_same = _state(os.fstat(file.fileno())) == found
        except OSError as error:
            raise self._unreadable(path, error) from error
        except UnicodeDecodeError:
            is_same = False
        if not is_same:  # rows of the old export, or the new one, are missing
            raise SetupError(f"{self._setting}.csv: {path} changed while it was read") from None

    def _unreadable(self, path: Path | str, error: OSError) -> SetupError:
        return SetupError(f"{self._setting}.csv: cannot read {path}: {error.strerror or type(error).__name__}")

    def _read_header(self, path: Path, lines: Lines) -> tuple[list[str], str, int]:
        """The names, the delimiter, and how many lines the header and what comes before it take."""
        before, line = _first_line(lines)
        told = told_delimiter(line)
        if told is not None:
            blank_count, line = _first_line(lines)
            before += 1 + blank_count
        if not line:
            raise SetupError(f"{self._setting}.csv: {path} is empty; it needs a header line")
        wanted = told if told is not None and self._delimiter == AUTO else self._delimiter
        delimiter = find_delimiter(line, wanted, setting=self._setting)
        reader = csv.reader(chain([line], lines), delimiter=delimiter, strict=True)
        place = f"{path} line {before + 1}"
        try:
            header = [name.strip() for name in next(reader)]
        except csv.Error as error:
            raise SetupError(f"{self._setting}.csv: {place}, the header: {error}") from None
        self._refuse_values(header, place=place)
        return header, delimiter, before + reader.line_num

    def _refuse_values(self, header: Sequence[str], *, place: str) -> None:
        if any("\0" in name for name in header):
            raise SetupError(
                f"{self._setting}.encoding: {place} contains NUL characters;"
                " if the file is UTF-16, say so: utf-16-le or utf-16-be"
            )
        if any(_VALUE.fullmatch(name) for name in header):
            raise SetupError(f"{self._setting}.csv: {place} has values where column names belong; add a header line")

    def _refuse_missing_cursor(self, window: DayWindow | None) -> None:
        if self._is_filtered(window) and self._columns.cursor is None:
            raise no_cursor(self._setting, self._template)

    def _refuse_unreadable_cursor(self, sheet: _Sheet) -> None:
        records = next(sheet.records(block_lines=_SAMPLE_LINES))
        rows = _Rows(records, records.columns, sheet.layout, self._cursor(sheet.layout), "")
        cells = rows.cursor_cells().drop_null()
        if len(cells) and rows.cursor.read(cells).isna().all():
            raise SetupError(
                f"{self._setting}.cursor: none of the first {len(cells)} values of"
                f" {rows.cursor.name!r} in {sheet.path} is a date and time;"
                f" say how they are written in {self._setting}.cursor_format"
            )

    def _is_filtered(self, window: DayWindow | None) -> bool:
        return window is not None and DAY not in self._template

    def _cursor(self, layout: Layout) -> Cursor:
        return Cursor(layout.cursor_name, self._zone, self._format)


@dataclass(frozen=True, slots=True)
class _Rows:
    """Records of one file, on their way to a frame."""

    records: Records
    columns: Sequence[pa.Array]
    layout: Layout
    cursor: Cursor
    label: str

    def cursor_cells(self) -> pa.Array:
        at = self.layout.cursor
        return pa.nulls(len(self.records.lines), TEXT) if at is None else self.columns[at]

    def frame(self, window: DayWindow | None, *, first_row_no: int) -> pd.DataFrame:
        """The rows that are the window's to account for."""
        cursor_cells = self.cursor_cells()
        cursor_at = self.cursor.read(cursor_cells)
        defects = self._defects(cursor_cells, is_unknown=cursor_at.isna() if window else None)
        row_nos = first_row_no + np.array(self.records.lines, np.int64)
        columns = self.columns
        is_claimed = np.ones(len(row_nos), np.bool_) if window is None else window.claims(cursor_at).to_numpy()
        if not is_claimed.all():
            flags = pa.array(is_claimed)
            columns, defects = [cells.filter(flags) for cells in columns], defects.filter(flags)
            row_nos, cursor_at = row_nos[is_claimed], cursor_at[is_claimed]
        return build_frame(columns, layout=self.layout, row_nos=row_nos, defects=defects, cursor_at=cursor_at)

    def _defects(self, cells: pa.Array, *, is_unknown: pd.Series[bool] | None) -> pa.Array:
        """Why a row cannot be read, if it cannot; among them those whose cursor is needed and unknown."""
        unknown = [] if is_unknown is None else np.flatnonzero(is_unknown).tolist()
        if not self.records.defects and not unknown:
            return pa.nulls(len(cells), TEXT)
        defects: list[str | None] = [None] * len(cells)
        for at, defect in self.records.defects.items():
            defects[at] = f"{self.label}line {self.records.lines[at]} {defect}"
        for at in unknown:
            complaint = self.cursor.complaint(cells[at].as_py())
            defects[at] = defects[at] or f"{self.label}line {self.records.lines[at]}: {complaint}"
        return pa.array(defects, TEXT)


def _state(status: os.stat_result) -> tuple[int, ...]:
    """Which file it is, and what is known of its content."""
    return status.st_ino, status.st_size, status.st_mtime_ns


def _matches(pattern: str) -> list[Path]:
    """The files that the path or glob names, sorted; OSError where it leads into a folder without rights."""
    if Path(pattern).exists():
        return [Path(pattern)] if Path(pattern).is_file() else []
    found = sorted(path for path in map(Path, glob.glob(pattern, recursive=True)) if path.is_file())
    if not found and glob.has_magic(pattern):  # it passes over what may not be listed
        folder = next(each for each in Path(pattern).parents if not glob.has_magic(str(each)))
        if folder.is_dir():
            os.listdir(folder)
    return found


def _without_long_keys(records: Records, columns: list[pa.Array], layout: Layout) -> list[pa.Array]:
    """The columns; a key that fits in no index is blanked, and its row a defect."""
    for at, name in layout.keys.items():
        is_long = pc.fill_null(pc.greater(pc.utf8_length(columns[at]), LONGEST_KEY), False)
        if pc.any(is_long).as_py():
            columns[at] = pc.if_else(is_long, pa.scalar(None, TEXT), columns[at])
            for row in compress(range(len(is_long)), is_long.to_pylist()):
                records.defects.setdefault(row, long_key(name))
    return columns


def _first_line(lines: Lines) -> tuple[int, str]:
    """How many blank lines come first, and the line after them; empty if there is none.

    A byte order mark is no part of it: a program may put a second one before its own.
    """
    for blank_count, line in enumerate(lines):
        text = line.lstrip("\ufeff")
        if text.strip():
            return blank_count, text
    return 0, ""
