"""Every named statement compiles against the newest schema."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from sqlalchemy import URL, Connection, text

import sql
from pipelines.database import connect, postgres_url
from tests.databases import fresh_database

NAMED = [(table, name) for table in sql.tables() for name in sql.statements(table)]


@pytest.fixture(scope="module")
def schema(postgres: URL) -> Iterator[Connection]:
    """A connection to a database with the newest schema; nothing that is done on it stays."""
    with fresh_database(postgres) as address:
        engine = connect(postgres_url(address))
        with engine.connect() as connection:
            yield connection
        engine.dispose()


@pytest.mark.parametrize(("table", "name"), NAMED, ids=[f"{table}-{name}" for table, name in NAMED])
def test_statement_compiles(table: str, name: str, schema: Connection) -> None:
    """Postgres plans the statement with NULL for every parameter: tables, columns and types fit."""
    explained = text("EXPLAIN " + sql.statement(table, name))
    with schema.begin():
        assert schema.execute(explained, dict.fromkeys(explained.compile().params)).all()


@pytest.mark.parametrize("table", sql.tables())
def test_every_statement_has_a_name_and_a_sentence(table: str) -> None:
    """A statement file holds named statements only, each with a comment that says what is true after it."""
    script = (sql.STATEMENTS / f"{table}.sql").read_text("utf-8")
    names = re.findall(r"^-- name: (\w+)", script, re.MULTILINE)
    assert list(sql.statements(table)) == names
    assert [name for name, body in sql.statements(table).items() if not body.startswith("-- ")] == []
    assert [name for name, body in sql.statements(table).items() if ";" in re.sub(r"--.*|'[^']*'", "", body)] == []


@pytest.mark.parametrize(("table", "name"), NAMED, ids=[f"{table}-{name}" for table, name in NAMED])
def test_statement_reads_no_clock(table: str, name: str) -> None:
    """The time is a parameter."""
    assert re.findall(r"\b(now\(\)|current_\w+|clock_timestamp)", sql.statement(table, name), re.IGNORECASE) == []


def test_unknown_statement_is_named() -> None:
    """Asking for a statement that is not there says which file lacks which name."""
    with pytest.raises(sql.UnknownStatementError, match=r"imports\.sql has no statement 'no_such'"):
        sql.statement("imports", "no_such")
