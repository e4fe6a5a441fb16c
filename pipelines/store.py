"""How a named statement runs: on which connection, in which transaction, with which errors.

Belongs here: the seam between SQLAlchemy and us. Does not belong here: what a statement is for
(`crm_store.py`, `ledger.py`, `report.py`).

    LedgerError
    ├ LedgerUnavailableError   the connection is gone; nothing of the transaction is certain but its absence
    └ ConstraintError          a state that the database forbids; `constraint` is its name
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from functools import cache
from typing import Any, cast

import pandas as pd
import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
from sqlalchemy import Connection, CursorResult, Engine, Row, TextClause, text
from sqlalchemy.exc import DBAPIError

from connectors.errors import LeadsyncError
from connectors.redaction import redact
from sql import statement


class LedgerError(LeadsyncError):
    """The ledger refused or did not answer. Carries names of tables and constraints, never values."""


class LedgerUnavailableError(LedgerError):
    """The connection to the database is gone."""


class ConstraintError(LedgerError):
    """The database forbids the state; `constraint` is the name of the rule."""

    def __init__(self, constraint: str) -> None:
        super().__init__(f"the database refused a row: {constraint}")
        self.constraint = constraint


def utc_now() -> datetime:
    """The time, aware, in UTC."""
    return datetime.now(UTC)


class Store:
    """Named statements on one connection. Not shared between threads."""

    def __init__(self, engine: Engine, *, is_dry_run: bool = False) -> None:
        self._engine = engine
        self._connection: Connection | None = None
        self.is_dry_run = is_dry_run

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All statements inside are committed together, or none; a dry run keeps them to itself."""
        with _mapped():
            connection = self._open()
            with connection.begin_nested() if self.is_dry_run else connection.begin():
                yield

    def run(self, table: str, name: str, /, **values: Any) -> None:
        """The statement has run; its rows, if any, are dropped."""
        with self._executed(table, name, values):
            pass

    def rows(self, table: str, name: str, /, **values: Any) -> Sequence[Row[Any]]:
        """The statement's rows."""
        with self._executed(table, name, values) as result:
            return result.all()

    def tuples(self, table: str, name: str, /, **values: Any) -> list[tuple[Any, ...]]:
        """The statement's rows as the driver makes them: for statements of many rows."""
        with self._executed(table, name, values) as result:
            return cast(list[tuple[Any, ...]], result.cursor.fetchall()) if result.cursor else []

    def one(self, table: str, name: str, /, **values: Any) -> Row[Any]:
        """The statement's only row."""
        with self._executed(table, name, values) as result:
            return result.one()

    def pages(self, table: str, name: str, *, page_rows: int, **values: Any) -> Iterator[Sequence[Row[Any]]]:
        """The statement's rows in pages, streamed: memory holds one page."""
        options = {"stream_results": True, "max_row_buffer": page_rows}
        with self._executed(table, name, values, options) as result:
            yield from result.partitions(page_rows)

    def copy(self, table: str, frame: pd.DataFrame | pa.Table) -> None:
        """The frame's rows are in the table; its columns are named like the table's. By COPY."""
        arrow = frame if isinstance(frame, pa.Table) else pa.Table.from_pandas(frame, preserve_index=False)
        columns = ", ".join(f'"{name}"' for name in arrow.column_names)
        driver = cast(psycopg.Connection, self._open().connection.driver_connection)
        with (
            _mapped(),
            driver.cursor() as cursor,
            cursor.copy(f"COPY {table} ({columns}) FROM STDIN (FORMAT csv)") as copy,
        ):
            copy.write(as_csv(arrow))

    @property
    def is_connected(self) -> bool:
        """Whether there is a connection that can run a statement."""
        return self._connection is not None and not self._connection.invalidated

    def close(self) -> None:
        """The connection is given back; what a dry run did is undone."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with _mapped():
                connection.close()

    def reconnect(self) -> None:
        """The next statement opens a new connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate()
            connection.close()

    @contextmanager
    def _executed(
        self, table: str, name: str, values: Mapping[str, Any], options: Mapping[str, Any] | None = None
    ) -> Iterator[CursorResult[Any]]:
        """The result of a statement, in the surrounding transaction or in one of its own."""
        with _mapped():
            connection = self._open()
            with nullcontext() if connection.in_transaction() else connection.begin():
                yield connection.execute(_compiled(table, name), values, execution_options=options or {})

    def _open(self) -> Connection:
        if self._connection is None:
            self._connection = self._engine.connect()
            if self.is_dry_run:
                self._connection.begin()
        return self._connection


def as_csv(table: pa.Table) -> bytes:
    """The table as CSV without a header, in which an empty field is NULL and `""` an empty text."""
    buffer = io.BytesIO()
    pa_csv.write_csv(_with_plain_times(table), buffer, pa_csv.WriteOptions(include_header=False))
    return buffer.getvalue()


def _with_plain_times(table: pa.Table) -> pa.Table:
    """Times with a zone as text in UTC: written one by one with their zone they cost more than all other columns."""
    for at, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type) and field.type.tz is not None:
            moments = pc.cast(pc.cast(table.column(at), pa.timestamp("us")), pa.string())
            table = table.set_column(at, field.name, pc.binary_join_element_wise(moments, "Z", ""))
    return table


@cache
def _compiled(table: str, name: str) -> TextClause:
    return text(statement(table, name))


@contextmanager
def _mapped() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        # The driver's text may quote a row: only names go on, and the cause is cut off.
        raise _translated(error.orig, is_lost=error.connection_invalidated) from None
    except psycopg.Error as error:  # COPY goes past SQLAlchemy
        raise _translated(error, is_lost=isinstance(error, psycopg.OperationalError)) from None


def _translated(error: BaseException | None, *, is_lost: bool) -> LedgerError:
    diagnostics = getattr(error, "diag", None)
    constraint = getattr(diagnostics, "constraint_name", None)
    if constraint:
        return ConstraintError(constraint)
    if is_lost or _is_connection_loss(getattr(error, "sqlstate", None)):
        return LedgerUnavailableError("the connection to the database is gone")
    primary = getattr(diagnostics, "message_primary", None) or type(error).__name__
    return LedgerError(f"the database refused a statement: {redact(primary)}")


def _is_connection_loss(sqlstate: str | None) -> bool:
    return sqlstate is None or sqlstate.startswith(("08", "57P"))
