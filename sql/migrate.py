"""Bring a database to the newest schema.

Belongs here: running Alembic over the SQL files, and putting the report views on top. Does not belong
here: any table or view (they are SQL files).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from hashlib import sha256
from typing import NamedTuple, cast

import psycopg
from alembic import command, op
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from sql import HERE, reports

_LOCK = 7_316_202_611  # any number; two processes that migrate at once take turns
LOCK_WAIT_S = 60.0
VERSION_TABLE = {"version_table": "schema_version", "version_table_schema": "public"}


class UnknownVersionError(Exception):
    """The database has a migration that is not among ours: a newer version brought it there. `version` is its name."""

    def __init__(self, version: str) -> None:
        super().__init__(version)
        self.version = version


class Session(NamedTuple):
    """A session with something of ours in its transaction, which began `since`, where we may see that."""

    pid: int
    user: str
    application: str
    since: datetime | None


class LockedError(Exception):
    """What must change is held by the transactions of others; `sessions` may be empty: they have ended since."""

    def __init__(self, sessions: Sequence[Session]) -> None:
        super().__init__(len(sessions))
        self.sessions = sessions


def upgrade(engine: Engine, *, is_forced: bool = False) -> None:
    """The database has every migration and the current report views; a second call changes nothing.

    What was applied is marked on the schema `reporting`, so that a start which finds it locks nothing; with
    `is_forced` the views and their grants are put in place all the same.

    Raises:
        UnknownVersionError: the database is newer than this version; nothing was changed.
        LockedError: others held for `LOCK_WAIT_S` what must change; nothing was changed.
    """
    with _told_who_holds(engine), engine.begin() as connection:
        if _mark(connection) == digest() and not is_forced:
            return
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        # Who waits for the views keeps everybody from them who asks later.
        wait = f"{LOCK_WAIT_S * 1000:.0f}"
        connection.execute(text("SELECT set_config('lock_timeout', :wait, TRUE)"), {"wait": wait})
        config = _config(connection)
        _check_known(connection, ScriptDirectory.from_config(config))
        command.upgrade(config, "head")
        apply_reports(connection)
        _run(connection, f"COMMENT ON SCHEMA reporting IS '{digest()}'")


def can_be_read(engine: Engine) -> bool:
    """Whether the role of those who read reports is there, and may read them."""
    statement = """
        SELECT coalesce(bool_or(has_schema_privilege(rolname, 'reporting', 'USAGE')), FALSE)
        FROM pg_roles WHERE rolname = 'leadsync_reader'
    """
    with engine.connect() as connection:
        return bool(connection.execute(text(statement)).scalar_one())


@cache
def digest() -> str:
    """The fingerprint of all migrations and report views."""
    files = [*sorted((HERE / "migrations").glob("*.sql")), *sorted((HERE / "reports").glob("*.sql"))]
    content = b"\0".join(file.name.encode() + b"\0" + file.read_bytes() for file in files)
    return f"leadsync {sha256(content).hexdigest()}"


def _mark(connection: Connection) -> str | None:
    statement = "SELECT obj_description(to_regnamespace('reporting'), 'pg_namespace')"
    return cast(str | None, connection.execute(text(statement)).scalar())


def _check_known(connection: Connection, ours: ScriptDirectory) -> None:
    known = {script.revision for script in ours.walk_revisions()}
    for version in MigrationContext.configure(connection, opts=VERSION_TABLE).get_current_heads():
        if version not in known:
            raise UnknownVersionError(version)


@contextmanager
def _told_who_holds(engine: Engine) -> Iterator[None]:
    try:
        yield
    except (DBAPIError, psycopg.Error) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        if not isinstance(cause, psycopg.errors.LockNotAvailable):
            raise
        raise LockedError(_sessions(engine)) from None


def _sessions(engine: Engine) -> list[Session]:
    """Those of others that hold a table or view of ours, the oldest first."""
    statement = """
        SELECT DISTINCT activity.pid, activity.usename AS "user", activity.application_name AS application,
               activity.xact_start AS since
        FROM pg_locks AS held
        JOIN pg_class AS relation ON relation.oid = held.relation
        JOIN pg_stat_activity AS activity ON activity.pid = held.pid
        WHERE held.granted AND activity.datname = current_database() AND activity.pid <> pg_backend_pid()
          AND CAST(relation.relnamespace AS regnamespace) = ANY (ARRAY[
              to_regnamespace('crm'), to_regnamespace('ledger'),
              to_regnamespace('reference'), to_regnamespace('reporting')])
        ORDER BY since, activity.pid
    """
    with engine.connect() as connection:
        return [Session(*row) for row in connection.execute(text(statement))]


def apply_file(name: str) -> None:
    """The SQL file `sql/migrations/<name>` has run inside the current migration."""
    _run(op.get_bind(), (HERE / "migrations" / name).read_text("utf-8"))


def apply_reports(connection: Connection) -> None:
    """The views of `sql/reports/` replace those in the database."""
    for report in reports():
        _run(connection, report)


def _run(connection: Connection, script: str) -> None:
    # The driver's own cursor: a script holds many statements and `:` and `%` of its own.
    driver = cast(psycopg.Connection, connection.connection.driver_connection)
    with driver.cursor() as cursor:
        cursor.execute(script.encode())


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(HERE / "migrations"))
    config.attributes["connection"] = connection
    return config
