"""Leads, customers and reference tables from any database that SQLAlchemy knows.

Belongs here: the statement, and reading its result in chunks. Does not belong here: connections and
their errors (`connection.py`), the limits of a day (`bounds.py`), values to text (`cells.py`).
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from itertools import compress
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
from sqlalchemy import (
    Boolean,
    ColumnElement,
    Connection,
    CursorResult,
    Date,
    DateTime,
    Executable,
    Row,
    String,
    column,
    inspect,
    select,
    table,
    text,
)
from sqlalchemy.dialects.postgresql import DOMAIN
from sqlalchemy.exc import NoSuchTableError, SAWarning
from sqlalchemy.types import TypeEngine

from connectors.crm.bounds import Bounds
from connectors.crm.cells import is_storable, to_texts, unstorable_reason
from connectors.crm.connection import Database
from connectors.crm.frames import Cursor, DayWindow, Texts, build_frame, regroup
from connectors.crm.layout import COLUMNS, LONGEST_KEY, Columns, Layout, did_you_mean, long_key, no_cursor
from connectors.crm.postgres import is_moment
from connectors.errors import SetupError

_LIMITS = frozenset({"from", "to"})
_CAST_LIMIT = re.compile(r"(?<![:\w\\])(:(?:from|to))(?=::)")  # `:from::timestamptz` is no parameter to SQLAlchemy


@dataclass(frozen=True, slots=True)
class _Question:
    """A statement with its parameters; `truths` are columns that a database keeps as 0 and 1."""

    statement: Executable
    parameters: Mapping[str, object]
    place: str
    truths: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Answer:
    """A result that has been asked for and not yet fetched."""

    result: CursorResult[Any]
    layout: Layout
    is_truth: Sequence[bool]


class DatabaseSource:
    """A table, or what a query returns.

    Args:
        url: a SQLAlchemy URL; no message ever shows its password or options.
        setting: where the source is configured, for messages: `sources.leads`.
        table: a table or view, `schema.name` or `name`; exactly one of `table` and `query`.
        query: may ask for the day with `:from` and `:to`, both or neither. They lie a little
            outside the day, so that `updated_at >= :from AND updated_at < :to` returns all of it;
            the rows of other days are then left out here. Where the cursor is text in SQLite or
            Postgres, they are days apart from it, as a text may have any offset.
        columns: our column to theirs; names that agree need no entry.
        cursor: their column that says when a row changed.
        cursor_zone: the zone of cursors without an offset.
        cursor_format: how cursors are written when not as ISO 8601, in the manner of `strptime`.
        required: our columns, and attributes, that the source must have; a mapping has the setting that names each.
        fields: our columns; `updated_at` among them becomes `cursor_at`.

    Raises:
        SetupError: the settings cannot be right, whatever the database holds.
    """

    def __init__(
        self,
        url: str,
        *,
        setting: str,
        table: str | None,
        query: str | None,
        columns: Mapping[str, str],
        cursor: str | None,
        cursor_zone: ZoneInfo,
        cursor_format: str | None = None,
        required: Collection[str] = (),
        fields: Sequence[str] = COLUMNS,
    ) -> None:
        if (table is None) == (query is None):
            raise SetupError(f"{setting}: give either a table or a query")
        self._database = Database(url, setting=setting)
        self._setting = setting
        self._table = table
        self._query = _CAST_LIMIT.sub(r"(\1)", (query or "").strip().removesuffix(";"))
        self._columns = Columns(setting, fields, columns, cursor, required)
        self._zone = cursor_zone
        self._format = cursor_format
        self._limits = self._read_limits()

    def check(self, window: DayWindow | None) -> None:
        """Returns when the database answers and its columns match ours; no row leaves it.

        Raises:
            SetupError: it does not, or they do not.
        """
        self._refuse_missing_cursor(window)
        with self._ask(window, buffer_rows=1):
            pass

    def chunks(self, window: DayWindow | None, *, chunk_rows: int = 10_000) -> Iterator[pd.DataFrame]:
        """The day's rows as frames (see `frames.py`) of at most `chunk_rows`; None means all rows.

        A row whose cursor is NULL or cannot be read has a defect, and belongs to every day.

        Raises:
            SetupError: the database or the settings must be changed; it may come after a chunk.
        """
        self._refuse_missing_cursor(window)
        return regroup(self._frames(window, chunk_rows=chunk_rows), chunk_rows=chunk_rows)

    def _frames(self, window: DayWindow | None, *, chunk_rows: int) -> Iterator[pd.DataFrame]:
        row_count = 0
        with self._ask(window, buffer_rows=chunk_rows) as answer:
            cursor = Cursor(answer.layout.cursor_name, self._zone, self._format)
            for rows in _fetched(answer.result, chunk_rows, setting=self._part):
                batch = _Batch.of(rows, answer)
                frame = batch.frame(cursor, window, first_row_no=row_count + 1)
                row_count += len(frame)
                yield frame

    @property
    def _part(self) -> str:
        """The setting that the statement comes from."""
        return f"{self._setting}.{'table' if self._table is not None else 'query'}"

    @contextmanager
    def _ask(self, window: DayWindow | None, *, buffer_rows: int) -> Iterator[_Answer]:
        with self._database.connect(setting=self._part) as connection:
            streaming = connection.execution_options(stream_results=True, max_row_buffer=buffer_rows)
            question = self._question(connection, window)
            answer = self._answer(streaming, question)
            if window is not None and self._limits and self._may_compare_texts(answer):
                answer.result.close()
                wider = Bounds.around(window, self._zone).parameters(self._database.backend, is_text=True)
                answer = self._answer(streaming, replace(question, parameters=wider))
            with closing(answer.result):
                yield answer

    def _answer(self, connection: Connection, question: _Question) -> _Answer:
        with _readable(self._part):  # some drivers fetch the first row with it
            result = connection.execute(question.statement, question.parameters)
        return self._understand(result, question)

    def _may_compare_texts(self, answer: _Answer) -> bool:
        """Whether Postgres may have compared the day's limits with texts: the cursor is no date or time."""
        at, cursor = answer.layout.cursor, answer.result.cursor
        if self._database.backend != "postgresql" or at is None or cursor is None:
            return False
        return not is_moment(cursor.description[at][1])

    def _understand(self, result: CursorResult[Any], question: _Question) -> _Answer:
        if not result.returns_rows:
            raise SetupError(f"{self._setting}.query: the statement returns no rows")
        header = list(result.keys())
        layout = self._columns.find(header, place=question.place)
        return _Answer(result, layout, [name in question.truths for name in header])

    def _question(self, connection: Connection, window: DayWindow | None) -> _Question:
        bounds = Bounds.around(window, self._zone)
        if self._table is not None:
            return self._question_table(connection, self._table, bounds if window else None)
        parameters = bounds.parameters(self._database.backend) if self._limits else {}
        place = f"the query's result from {self._database}"
        return _Question(text(self._query), parameters, place)

    def _question_table(self, connection: Connection, name: str, bounds: Bounds | None) -> _Question:
        place = f"table {name} of {self._database}"
        kinds = self._reflect(connection, name)
        layout = self._columns.find(list(kinds), place=place)
        schema, _, stem = name.rpartition(".")
        # Columns without a type, so that values come as the driver has them.
        names: list[ColumnElement[Any]] = [column(each) for each in kinds]
        statement = select(*names).select_from(table(stem, schema=schema or None))
        if bounds is not None and layout.cursor is not None:
            kind = kinds[layout.cursor_name]
            statement = statement.where(*self._conditions(layout.cursor_name, kind, bounds))
        truths = frozenset(each for each, kind in kinds.items() if isinstance(kind, Boolean))
        return _Question(statement, {}, place, truths)

    def _reflect(self, connection: Connection, name: str) -> dict[str, TypeEngine[Any]]:
        """The table's column names with their types."""
        schema, _, stem = name.rpartition(".")
        inspector = inspect(connection)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", SAWarning)  # of a type that it does not know, such as a point
                columns = inspector.get_columns(stem, schema=schema or None)
        except NoSuchTableError:
            names = inspector.get_table_names(schema or None)
            names += inspector.get_view_names(schema or None)
            raise SetupError(
                f"{self._setting}.table: {self._database} has no table {name!r}{did_you_mean(stem, names)}"
            ) from None
        return {each["name"]: _base(each["type"]) for each in columns}

    def _conditions(self, name: str, kind: TypeEngine[Any], bounds: Bounds) -> list[Any]:
        """The widened day as conditions; none where text in another format cannot be compared."""
        backend = self._database.backend
        if backend == "sqlite" or isinstance(kind, String):
            return [] if self._format else [bounds.hold_text(name, backend=backend)]
        if isinstance(kind, DateTime | Date):
            return [bounds.hold_moment(name, kind, backend=backend)]
        raise SetupError(f"{self._setting}.cursor: {name!r} is of type {kind}, which is not a date and time")

    def _read_limits(self) -> bool:
        """Whether the query asks for a day by itself."""
        names = set(text(self._query).compile().params)
        if names - _LIMITS:
            raise SetupError(
                f"{self._setting}.query: only :from and :to are filled in, not"
                f" {', '.join(f':{name}' for name in sorted(names - _LIMITS))};"
                r" a colon of its own is written \:"
            )
        if len(names) == 1:
            raise SetupError(f"{self._setting}.query: use both :from and :to, or neither")
        return bool(names)

    def _refuse_missing_cursor(self, window: DayWindow | None) -> None:
        if window is not None and self._columns.cursor is None:
            raise no_cursor(self._setting)


@dataclass(frozen=True, slots=True)
class _Batch:
    """Some rows of a result as text, column by column, on their way to a frame."""

    columns: list[list[str | None]]
    layout: Layout
    defects: list[str | None]

    @classmethod
    def of(cls, rows: Sequence[Sequence[object]], answer: _Answer) -> _Batch:
        """The rows as text; a cell that no store or index can hold is blanked, and its row a defect."""
        batch = cls([], answer.layout, [None] * len(rows))
        layout = answer.layout
        attributes, keys = {*layout.attributes.values()} - {*layout.fields.values()}, layout.keys
        for at, values in enumerate(zip(*rows, strict=True)):
            cells = to_texts(list(map(_truth, values)) if answer.is_truth[at] else values)
            batch.columns.append(cells)
            if not is_storable("".join(filter(None, cells))):
                batch._drop_unstorable(cells, values, is_attribute=at in attributes)
            if at in keys:
                batch._drop_long(cells, keys[at])
        return batch

    def _drop_unstorable(self, cells: list[str | None], values: Sequence[object], *, is_attribute: bool) -> None:
        for at, cell in enumerate(cells):
            if cell is not None and not is_storable(cell):
                cells[at] = None
                # A picture beside a lead is not text and is nobody's loss; a field of ours is.
                if not is_attribute or isinstance(values[at], str):
                    self.defects[at] = self.defects[at] or unstorable_reason(cell)

    def _drop_long(self, cells: list[str | None], name: str) -> None:
        for at, cell in enumerate(cells):
            if cell is not None and len(cell) > LONGEST_KEY:
                cells[at] = None
                self.defects[at] = self.defects[at] or long_key(name)

    def frame(self, cursor: Cursor, window: DayWindow | None, *, first_row_no: int) -> pd.DataFrame:
        """The rows that are the window's to account for, numbered from `first_row_no`."""
        cells = self._cursor_cells()
        cursor_at = cursor.read(cells)
        claimed = [True] * len(cells)
        if window is not None:
            claimed = window.claims(cursor_at).tolist()
            self._complain(cursor, cells, cursor_at.isna().tolist())
        return build_frame(
            [list(compress(column, claimed)) for column in self.columns],
            layout=self.layout,
            row_nos=range(first_row_no, first_row_no + sum(claimed)),
            defects=list(compress(self.defects, claimed)),
            cursor_at=cursor_at[claimed],
        )

    def _cursor_cells(self) -> Texts:
        at = self.layout.cursor
        return [None] * len(self.defects) if at is None else self.columns[at]

    def _complain(self, cursor: Cursor, cells: Texts, is_unknown: Sequence[bool]) -> None:
        for at in compress(range(len(cells)), is_unknown):
            self.defects[at] = self.defects[at] or cursor.complaint(cells[at])


def _base(kind: TypeEngine[Any]) -> TypeEngine[Any]:
    """The type that a domain of Postgres stands for; any other is its own."""
    while isinstance(kind, DOMAIN):
        kind = kind.data_type
    return kind


def _fetched(result: CursorResult[Any], count: int, *, setting: str) -> Iterator[Sequence[Row[Any]]]:
    """The rows, `count` at a time."""
    parts = result.partitions(count)
    while True:
        with _readable(setting):
            rows = next(parts, None)
        if rows is None:
            return
        yield rows


@contextmanager
def _readable(setting: str) -> Iterator[None]:
    """SetupError where the driver cannot make a value of what the database holds."""
    try:
        yield
    except (ValueError, OverflowError) as error:  # a list of dates before Christ, a byte that is not in the encoding
        raise SetupError(
            f"{setting}: a value of the result is none that the driver can read ({type(error).__name__});"
            " leave its column out, or cast it to text, in a query"
        ) from None


def _truth(value: object) -> object:
    return bool(value) if isinstance(value, int) and value in (0, 1) else value
