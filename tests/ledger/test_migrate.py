"""A database is brought to the newest schema once, and left alone afterwards."""

from __future__ import annotations

from sqlalchemy import Engine, make_url, text

import sql.migrate
from pipelines.database import connect

VIEW = "SELECT CAST(CAST('reporting.lead_outcome' AS regclass) AS oid)"


def view(engine: Engine) -> int:
    """The identity of a report view; another one after it was put in place anew."""
    with engine.connect() as connection:
        return int(connection.execute(text(VIEW)).scalar_one())


def test_start_that_finds_the_newest_schema_touches_nothing(database: str) -> None:
    """A sensor starts every few seconds: it must not take the views away from who reads them."""
    engine = connect(make_url(database).set(drivername="postgresql+psycopg"))
    before = view(engine)
    sql.migrate.upgrade(engine)
    assert view(engine) == before
    sql.migrate.upgrade(engine, is_forced=True)
    assert view(engine) != before
    engine.dispose()


def test_other_reports_replace_those_in_the_database(database: str) -> None:
    """What another version left behind is replaced."""
    engine = connect(make_url(database).set(drivername="postgresql+psycopg"))
    with engine.begin() as connection:
        connection.execute(text("COMMENT ON SCHEMA reporting IS 'leadsync of another version'"))
    before = view(engine)
    sql.migrate.upgrade(engine)
    assert view(engine) != before
    engine.dispose()
