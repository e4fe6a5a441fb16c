"""How a named statement runs: on which connection, in which transaction, with which errors.

Belongs here: the seam between us, SQLAlchemy, which keeps connections and transactions, and its driver, which runs
statements. Does not belong here: what a statement is for (`intake.py`, `ledger.py`, `plan_ledger.py`, `report.py`).

    LedgerError
    ├ LedgerUnavailableError   the connection is gone; nothing of the transaction is certain but its absence
    ├ MissingRightError        the user of the setting `database` may not do it, whenever it is tried
    ├ QueryError               what a person asked in SQL of his own cannot be answered
    └ ConstraintError          a state that the database forbids; `constraint` is its name
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from functools import cache
from typing import Any, TypeAlias, cast

import pandas as pd
import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
from psycopg.rows import namedtuple_row, tuple_row
from sqlalchemy import Connection, Engine, text
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import DBAPIError

from connectors.crm.connection import known_reason
from connectors.errors import LeadsyncError
from connectors.redaction import redact
from sql import statement

Row: TypeAlias = Any
"""A row of a statement: a named tuple of its columns."""

_DIALECT = PGDialect_psycopg()  # type: ignore[no-untyped-call]


class LedgerError(LeadsyncError):
    """The ledger refused or did not answer. Carries names of tables and constraints, never values."""


class LedgerUnavailableError(LedgerError):
    """The connection to the database is gone."""


class MissingRightError(LedgerError):
    """The login lacks a right in the database."""


class QueryError(LedgerError):
    """The SQL that a person wrote cannot be run; carries the database's words, without numbers."""


class ConstraintError(LedgerError):
    """The database forbids the state; `constraint` is the name of the rule."""

    def __init__(self, constraint: str) -> None:
        super().__init__(f"the database refused a row: {constraint}")
        self.constraint = constraint


def utc_now() -> datetime:
    """The time, aware, in UTC."""
    return datetime.now(UTC)


class Store:
    """Named statements on one connection. A thread may hand it to another, but no two use it at once."""

    def __init__(self, engine: Engine, *, is_dry_run: bool = False) -> None:
        self._engine = engine
        self._connection: Connection | None = None
        self._is_closed = False
        self.is_dry_run = is_dry_run

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All statements inside are committed together, or none; a dry run keeps them to itself."""
        with mapped():
            connection = self._open()
            with connection.begin_nested() if self.is_dry_run else connection.begin():
                yield

    def run(self, table: str, name: str, /, **values: Any) -> None:
        """The statement has run; its rows, if any, are dropped."""
        with self._executed(table, name, values):
            pass

    def rows(self, table: str, name: str, /, **values: Any) -> Sequence[Row]:
        """The statement's rows."""
        with self._executed(table, name, values) as cursor:
            cursor.row_factory = namedtuple_row
            return cursor.fetchall()

    def one(self, table: str, name: str, /, **values: Any) -> Row:
        """The statement's only row."""
        [row] = self.rows(table, name, **values)
        return row

    def columns(self, table: str, name: str, schema: pa.Schema, /, **values: Any) -> pa.Table:
        """The statement's rows as columns. They come in one text: value by value they would cost far more."""
        with self._in_transaction() as driver, driver.cursor(binary=True) as cursor:
            cursor.execute(_as_one_text(table, name, tuple(schema.names)), values)
            assert cursor.pgresult is not None
            rows = cursor.pgresult.get_value(0, 0)  # its bytes: the driver would make a str of them
        return from_records(rows, schema) if rows else schema.empty_table()

    def pages(self, table: str, name: str, *, page_rows: int, **values: Any) -> Iterator[Sequence[tuple[Any, ...]]]:
        """The statement's rows in pages, streamed: memory holds one page."""
        with self._in_transaction() as driver, driver.cursor(f"{table}_{name}", row_factory=tuple_row) as cursor:
            cursor.itersize = page_rows
            cursor.execute(_compiled(table, name), values)
            while page := cursor.fetchmany(page_rows):
                yield page

    def asked(self, select: str, *, limit: int) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Columns and rows of one SELECT that is no statement of ours, so many rows at most.

        Raises:
            QueryError: the database cannot run it, or it is no SELECT, or more than one.
        """
        # By a cursor on the server: it takes a single SELECT, and nothing that writes.
        with self._in_transaction() as driver, driver.cursor("asked", row_factory=tuple_row) as cursor:
            try:
                cursor.execute(select.rstrip().removesuffix(";").encode())
                rows = cursor.fetchmany(limit)
            except psycopg.Error as error:
                if _is_connection_loss(error):
                    raise
                raise QueryError(_why_not(error)) from None
            return [column.name for column in cursor.description or ()], rows

    def copy(self, table: str, frame: pd.DataFrame | pa.Table) -> None:
        """The frame's rows are in the table; its columns are named like the table's. By COPY."""
        arrow = _arrow(frame) if isinstance(frame, pd.DataFrame) else frame
        columns = ", ".join(f'"{name}"' for name in arrow.column_names)
        with (
            self._in_transaction() as driver,
            driver.cursor() as cursor,
            cursor.copy(f"COPY {table} ({columns}) FROM STDIN (FORMAT csv)") as copy,
        ):
            copy.write(as_csv(arrow))

    def copy_rows(self, table: str, columns: Mapping[str, str], rows: Iterable[Sequence[Any]]) -> None:
        """The rows are in the table; the columns have these types of the database. By binary COPY, for large values."""
        names = ", ".join(f'"{name}"' for name in columns)
        with (
            self._in_transaction() as driver,
            driver.cursor() as cursor,
            cursor.copy(f"COPY {table} ({names}) FROM STDIN (FORMAT binary)") as copy,
        ):
            copy.set_types(list(columns.values()))
            for row in rows:
                copy.write_row(row)

    def mend_statistics(self) -> None:
        """Postgres knows of every table that holds rows that it does, those of this transaction included."""
        self.run("crm", "mend_statistics")

    @property
    def is_connected(self) -> bool:
        """Whether there is a connection that can run a statement."""
        connection = self._connection
        return connection is not None and not connection.invalidated and not _driver(connection).closed

    def close(self) -> None:
        """The connection is given back, for good; what a dry run did is undone."""
        self._is_closed = True
        connection, self._connection = self._connection, None
        if connection is not None:
            with mapped():
                connection.close()

    def reconnect(self) -> None:
        """The next statement opens a new connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate()
            connection.close()

    @contextmanager
    def _executed(self, table: str, name: str, values: Mapping[str, Any]) -> Iterator[psycopg.Cursor[Any]]:
        """The driver's cursor after a statement: SQLAlchemy's own takes longer than most of ours run."""
        with self._in_transaction() as driver, driver.cursor(binary=True, row_factory=tuple_row) as cursor:
            cursor.execute(_compiled(table, name), values)
            yield cursor

    @contextmanager
    def _in_transaction(self) -> Iterator[psycopg.Connection[Any]]:
        """The driver's connection, in the surrounding transaction or in one of its own."""
        with mapped():
            connection = self._open()
            with nullcontext() if connection.in_transaction() else connection.begin():
                yield _driver(connection)

    def _open(self) -> Connection:
        if self._is_closed:  # a thread that was left behind must not begin anew what was undone
            raise LedgerUnavailableError("the store was closed")
        if self._connection is None:
            self._connection = self._engine.connect()
            if self.is_dry_run:
                self._connection.begin()
        return self._connection


def _arrow(frame: pd.DataFrame) -> pa.Table:
    # In one thread: to start others takes longer than what they have to do.
    return pa.Table.from_pandas(frame, preserve_index=False, nthreads=1)


def as_csv(table: pa.Table) -> bytes:
    """The table as CSV without a header, in which an empty field is NULL and `""` an empty text."""
    written = pa.BufferOutputStream()  # a file of Python's would be called back for every part
    pa_csv.write_csv(_with_plain_times(table), written, pa_csv.WriteOptions(include_header=False))
    text: bytes = written.getvalue().to_pybytes()
    return text


def from_records(rows: bytes, schema: pa.Schema) -> pa.Table:
    """Rows as Postgres writes them, `(,a,"b c",)`, with nothing as first and last field, in columns.

    That is CSV between parentheses in which backslashes are doubled; an empty field is NULL, and `""` an empty text.
    """
    table = pa_csv.read_csv(
        pa.py_buffer(rows),
        pa_csv.ReadOptions(use_threads=False, column_names=["(", *schema.names, ")"], block_size=len(rows) + 1),
        pa_csv.ParseOptions(newlines_in_values=True),
        pa_csv.ConvertOptions(
            column_types=schema,
            include_columns=schema.names,
            null_values=[""],
            true_values=["t"],
            false_values=["f"],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )
    return _undoubled(table) if b"\\" in rows else table


def _undoubled(table: pa.Table) -> pa.Table:
    for at, field in enumerate(table.schema):
        if pa.types.is_large_string(field.type):
            table = table.set_column(at, field, pc.replace_substring(table.column(at), "\\\\", "\\"))
    return table


def _with_plain_times(table: pa.Table) -> pa.Table:
    """Times with a zone as text in UTC: written one by one with their zone they cost more than all other columns."""
    for at, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type) and field.type.tz is not None:
            moments = pc.cast(pc.cast(table.column(at), pa.timestamp("us")), pa.string())
            table = table.set_column(at, field.name, pc.binary_join_element_wise(moments, "Z", ""))
    return table


def _driver(connection: Connection) -> psycopg.Connection[Any]:
    return cast("psycopg.Connection[Any]", connection.connection.driver_connection)


@cache
def _compiled(table: str, name: str) -> bytes:
    """The statement as the driver wants it: `%(name)s` for `:name`."""
    return str(text(statement(table, name)).compile(dialect=_DIALECT)).encode()


@cache
def _as_one_text(table: str, name: str, columns: tuple[str, ...]) -> bytes:
    """The statement with all of its rows in one text, as `from_records` reads them."""
    fields = ", ".join(f'"{column}"' for column in columns)
    rows = _compiled(table, name).decode()
    return f"SELECT string_agg(CAST(ROW(NULL, {fields}, NULL) AS text), E'\\n') FROM ({rows}) AS page".encode()


@contextmanager
def mapped() -> Iterator[None]:
    """An error of the database within is one of the ledger."""
    try:
        yield
    except DBAPIError as error:
        # The driver's text may quote a row: only names go on, and the cause is cut off.
        raise _translated(error.orig) from None
    except psycopg.Error as error:
        raise _translated(error) from None


def _translated(error: BaseException | None) -> LedgerError:
    diagnostics = getattr(error, "diag", None)
    constraint = getattr(diagnostics, "constraint_name", None)
    if constraint:
        return ConstraintError(constraint)
    if _is_connection_loss(error):
        reason = known_reason(error)
        why = f": {reason}" if reason else ""
        return LedgerUnavailableError(
            f"database: the connection to the ledger is gone{why}."
            " When it is back, run the day again: nothing is sent twice"
        )
    primary = getattr(diagnostics, "message_primary", None) or type(error).__name__
    if isinstance(error, psycopg.errors.InsufficientPrivilege):  # its text has names of tables and schemas alone
        return MissingRightError(
            f"database: its user lacks a right there: {primary}. The ledger needs the user who owns its tables,"
            " and who may create schemas in the database, and tables in its schema public"
        )
    return LedgerError(f"the database refused a statement: {redact(primary)}")


def _why_not(error: psycopg.Error) -> str:
    """Why the query cannot be run; a text of the database may quote a row."""
    told = [error.diag.message_primary or type(error).__name__, error.diag.message_hint]
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        told.append("leadsync query reads the schema reporting alone")
    return f"the query cannot be run: {redact('. '.join(text for text in told if text))}"


def _is_connection_loss(error: BaseException | None) -> bool:
    sqlstate = getattr(error, "sqlstate", None)
    if sqlstate is None:  # said by the driver, not by the database
        return isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError))
    return str(sqlstate).startswith(("08", "57P"))
