"""Bring a database to the newest schema.

Belongs here: running Alembic over the SQL files, and putting the report views on top. Does not belong
here: any table or view (they are SQL files).
"""

from __future__ import annotations

from typing import cast

import psycopg
from alembic import command, op
from alembic.config import Config
from sqlalchemy import Connection, Engine, text

from sql import HERE, reports

_LOCK = 7_316_202_611  # any number; two processes that migrate at once take turns


def upgrade(engine: Engine) -> None:
    """The database has every migration and the current report views; a second call changes nothing."""
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        command.upgrade(_config(connection), "head")
        apply_reports(connection)


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
