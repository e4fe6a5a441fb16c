"""The columns that the Dagster UI shows are those of the tables."""

from __future__ import annotations

import dagster as dg
import pytest
from sqlalchemy import text

from pipelines.assets.columns import CONTACT_COLUMNS, OUTCOME_COLUMNS, ROW_COLUMNS
from pipelines.database import connect, postgres_url
from sql.migrate import upgrade

COLUMNS = """
    SELECT attname, format_type(atttypid, NULL) FROM pg_attribute
    WHERE attrelid = CAST(:table AS regclass) AND attnum > 0 AND NOT attisdropped
"""
SHORT = {"timestamp with time zone": "timestamptz", "integer": "int"}
# What the ledger keeps for itself.
NOT_SHOWN = {"is_refused_by_plan", "is_stand_in", "is_purged"}


@pytest.mark.parametrize(
    ("table", "shown"),
    [
        ("crm.leads", ROW_COLUMNS),
        ("crm.customers", ROW_COLUMNS),
        ("ledger.contacts", CONTACT_COLUMNS),
        ("reporting.lead_outcome", OUTCOME_COLUMNS),
    ],
)
def test_every_column_of_the_table_is_shown_as_it_is(table: str, shown: dg.TableSchema, database: str) -> None:
    """By name and type; a migration that adds one is noticed here."""
    engine = connect(database)
    upgrade(engine)
    with engine.connect() as connection:
        found = {name: SHORT.get(kind, kind) for name, kind in connection.execute(text(COLUMNS), {"table": table})}
    engine.dispose()
    assert {column.name: column.type for column in shown.columns} == {
        name: kind for name, kind in found.items() if name not in NOT_SHOWN
    }


UNEXPLAINED = """
    SELECT relname, attname FROM pg_class
    JOIN pg_attribute ON attrelid = pg_class.oid AND attnum >= 0 AND NOT attisdropped
    WHERE relnamespace = CAST('reporting' AS regnamespace) AND relkind = 'v'
        AND col_description(pg_class.oid, attnum) IS NULL
    UNION ALL
    SELECT relname, '' FROM pg_class
    WHERE relnamespace = CAST('reporting' AS regnamespace) AND relkind = 'v'
        AND obj_description(pg_class.oid, 'pg_class') IS NULL
"""


def test_every_view_and_column_of_reporting_says_what_it_means(database: str) -> None:
    """Whoever writes a query finds it with `\\d+`; a column that is added without a word is noticed here."""
    engine = connect(postgres_url(database))
    upgrade(engine)
    with engine.connect() as connection:
        assert connection.execute(text(UNEXPLAINED)).all() == []
        said = connection.execute(
            text("SELECT obj_description(CAST('reporting.lead_outcome' AS regclass), 'pg_class')")
        )
        assert "A public contract" in said.scalar_one()
    engine.dispose()
