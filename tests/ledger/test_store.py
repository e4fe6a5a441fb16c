"""How statements run on a real connection: rows, pages, transactions, and what becomes of errors."""

from __future__ import annotations

import json
import os
import socket
import socketserver
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import URL, Engine, create_engine, make_url, text
from sqlalchemy.pool import NullPool

from connectors.columns import TEXT
from connectors.errors import SetupError
from pipelines import eligibility, night
from pipelines.database import check_connection, connect, postgres_url
from pipelines.store import ConstraintError, LedgerError, LedgerUnavailableError, Store, _driver, from_records
from tests.factories import DAY, leads
from tests.faults.running import Make
from tests.reading import query

NOW = datetime(2026, 11, 17, 2, tzinfo=UTC)
LISTED = {"phones": ["+491", "+492"], "reasons": [None, "asked"], "until_on": [None, DAY], "now": NOW}
COUNTED = ["source", "day", "campaign", "read_count"]
EVERYTHING = """SELECT (SELECT count(*) FROM crm.leads), (SELECT count(*) FROM crm.pulls),
                       (SELECT count(*) FROM ledger.contacts)"""


@pytest.fixture
def engine(database: str) -> Iterator[Engine]:
    """An engine of this test's database."""
    made = connect(make_url(database).set(drivername="postgresql+psycopg"))
    yield made
    made.dispose()


@pytest.fixture
def store(engine: Engine) -> Iterator[Store]:
    """A store that is closed at the end."""
    made = Store(engine)
    yield made
    made.close()


def listed(engine: Engine) -> int:
    """How many numbers another connection sees on the list."""
    with engine.connect() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM crm.do_not_call").scalar_one())


def test_database_that_cannot_hold_every_name_is_refused(postgres: URL) -> None:
    """A name that is not in its alphabet would end a night; one that is would be read as something else."""
    name = f"western_{os.getpid()}"
    admin = create_engine(postgres.set(database="postgres"), isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with admin.connect() as connection:
        connection.execute(
            text(f"CREATE DATABASE {name} ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
        )
        try:
            western = connect(postgres.set(database=name))
            with pytest.raises(SetupError, match=f"database: {name} holds text in LATIN1"):
                check_connection(western)
            western.dispose()
        finally:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def refusing() -> Iterator[str]:
    """The address of a server that refuses every password."""
    fields = b'SFATAL\0VFATAL\0C28P01\0Mpassword authentication failed for user "bob"\0\0'

    class Refusal(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(1024)
            self.request.sendall(b"E" + (len(fields) + 4).to_bytes(4, "big") + fields)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Refusal) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}/ledger?sslmode=disable&gssencmode=disable&password=s3cret"
        server.shutdown()


@pytest.mark.parametrize(
    ("at", "why"),
    [
        ("127.0.0.1:1/ledger?password=s3cret", "nothing listens at that address"),
        ("no-such-host.invalid/ledger", "the host name is unknown"),
        ("127.0.0.1/ledger?sekret=s3cret", "the URL has an option that the driver does not know"),
        (None, "the user or the password was refused"),
    ],
)
def test_ledger_that_is_not_reached_says_why(at: str | None, why: str, refusing: str) -> None:
    """The server's reason in known words, and neither the password nor an option of the address."""
    engine = connect(postgres_url(f"postgresql://bob:s3cret@{at or refusing}"))
    with pytest.raises(SetupError) as caught:
        check_connection(engine)
    shown = (at or refusing).partition("?")[0]
    assert str(caught.value) == f"database: no connection to postgresql://bob:***@{shown}: {why}"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"database": "nowhere"}, "there is no database of that name"),
        ({"username": "nobody"}, "there is no user of that name"),
    ],
)
def test_ledger_that_is_not_there_says_so(change: dict[str, str], why: str, database: str) -> None:
    """A database that was not made is told apart from a user whom the server does not know."""
    engine = connect(make_url(database).set(drivername="postgresql+psycopg", **change))  # type: ignore[arg-type]
    with pytest.raises(SetupError) as caught:
        check_connection(engine)
    assert str(caught.value).endswith(f": {why}")


def test_chunk_of_rows_is_sent_at_once(engine: Engine) -> None:
    """The system takes more of it than it would by default."""
    with (
        engine.connect() as connection,
        socket.socket(fileno=os.dup(_driver(connection).fileno())) as wire,
        socket.socket(wire.family) as usual,
    ):
        taken, by_default = (each.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) for each in (wire, usual))
    assert taken > by_default


def test_text_is_utf8_whatever_the_environment_says(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """COPY and pages of columns send and read bytes: they would be taken for those of the environment's encoding."""
    monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
    engine = connect(make_url(database).set(drivername="postgresql+psycopg"))
    store = Store(engine)
    store.copy("crm.read_counts", pd.DataFrame([("lead", str(DAY), "Łódź", 1)], columns=COUNTED))
    [row] = store.rows("contacts", "read_counts", day=DAY)
    assert row.campaign == "Łódź"
    store.close()
    engine.dispose()


def test_statement_commits_by_itself_and_has_rows_with_names(store: Store, engine: Engine) -> None:
    """Outside a transaction each statement is one; rows are read by name or by place."""
    store.run("crm", "insert_do_not_call", **LISTED)
    assert listed(engine) == 2
    assert store.one("crm", "count_do_not_call").entry_count == 2
    [row] = store.rows("crm", "listed_numbers", phones="+491,+493", day=DAY)
    assert (row.phone, row[0], row._asdict()) == ("+491", "+491", {"phone": "+491"})


def test_transaction_is_kept_as_a_whole_or_not_at_all(store: Store, engine: Engine) -> None:
    """Statements, COPY of a frame and COPY of rows go the same way."""

    def write_and_fail() -> None:
        with store.transaction():
            store.run("crm", "insert_do_not_call", **LISTED)
            store.copy("crm.read_counts", pd.DataFrame([("lead", str(DAY), "c", 1)], columns=COUNTED))
            store.copy_rows("crm.snapshots", {"name": "text", "read_at": "timestamptz"}, [("x", NOW)])
            raise SetupError("no")

    with pytest.raises(SetupError):
        write_and_fail()
    assert listed(engine) == 0
    with engine.connect() as connection:
        counts = connection.exec_driver_sql(
            "SELECT (SELECT count(*) FROM crm.read_counts), (SELECT count(*) FROM crm.snapshots)"
        )
        assert [tuple(row) for row in counts] == [(0, 0)]


def test_pages_are_all_rows_in_order(store: Store) -> None:
    """A stream has every row once, in pages of the wanted size."""
    numbers = [f"+49{number:04}" for number in range(1000, 1025)]
    store.run(
        "crm", "insert_do_not_call", **{**LISTED, "phones": numbers, "reasons": [None] * 25, "until_on": [None] * 25}
    )
    pages = list(store.pages("crm", "listed_numbers", phones=",".join(numbers), day=DAY, page_rows=10))
    assert [len(page) for page in pages] == [10, 10, 5]
    assert sorted(phone for page in pages for (phone,) in page) == numbers


def test_values_keep_their_types(store: Store) -> None:
    """What the driver reads in binary is what was written."""
    key = UUID(int=7)
    types = {"source": "text", "day": "date", "pull_id": "uuid", "origin": "text", "read_count": "int8"}
    more = {"defect_count": "int8", "pulled_at": "timestamptz"}
    row = ("lead", DAY, key, 'a;b\\n"c"', 5, 0, NOW)
    store.copy_rows("crm.pulls", types | more, [row])
    [pull] = store.rows("crm", "pulls", day=DAY)
    assert (pull.source, pull.pull_id, pull.origin, pull.read_count, pull.pulled_at) == (row[0], *row[2:5], row[6])


@pytest.mark.parametrize("is_in_transaction", [False, True], ids=["alone", "in-a-transaction"])
def test_lost_connection_is_said_and_replaced(store: Store, engine: Engine, is_in_transaction: bool) -> None:
    """Whoever kills the backend makes it unavailable; after `reconnect` the store works again."""

    def lose() -> None:
        with store.transaction():
            kill(store, engine)
            store.run("crm", "delete_do_not_call")

    store.run("crm", "delete_do_not_call")
    if is_in_transaction:
        with pytest.raises(LedgerUnavailableError):
            lose()
    else:
        kill(store, engine)
        with pytest.raises(LedgerUnavailableError) as caught:
            store.run("crm", "delete_do_not_call")
        assert str(caught.value) == (
            "database: the connection to the ledger is gone. When it is back, run the day again: nothing is sent twice"
        )
    assert not store.is_connected
    store.reconnect()
    assert store.one("crm", "count_do_not_call").entry_count == 0


def kill(store: Store, engine: Engine) -> None:
    """The store's backend is gone."""
    pid = _driver(store._open()).info.backend_pid
    with engine.connect() as other:
        other.exec_driver_sql(f"SELECT pg_terminate_backend({pid}, 5000)")


def test_refused_statement_is_no_lost_connection(store: Store, engine: Engine) -> None:
    """A statement that is cancelled, or that a rule forbids, says so by name; the connection stays."""
    with pytest.raises(ConstraintError) as caught:
        store.run("crm", "insert_do_not_call", **{**LISTED, "phones": ["+491", "x"]})
    assert caught.value.constraint == "phone_is_e164"
    with engine.connect() as other:
        other.exec_driver_sql("LOCK TABLE crm.do_not_call")
        waiting = threading.Timer(0.5, cancel, args=(engine,))
        waiting.start()
        with pytest.raises(LedgerError) as cancelled:
            store.run("crm", "delete_do_not_call")
        waiting.join()
    assert not isinstance(cancelled.value, LedgerUnavailableError)
    assert store.one("crm", "count_do_not_call").entry_count == 0


def cancel(engine: Engine) -> None:
    """Whoever waits for a lock in this database waits no more."""
    with engine.connect() as connection:
        connection.exec_driver_sql(
            "SELECT pg_cancel_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )


def test_closed_store_begins_nothing_anew(store: Store, engine: Engine) -> None:
    """A thread that was left behind cannot commit by itself what its store undid."""
    store.run("crm", "delete_do_not_call")
    store.close()
    with pytest.raises(LedgerUnavailableError):
        store.run("crm", "insert_do_not_call", **LISTED)
    with pytest.raises(LedgerUnavailableError):
        store.copy("crm.do_not_call", pd.DataFrame({"phone": ["+491"], "read_at": ["2026-11-17T02:00Z"]}))
    assert listed(engine) == 0


def test_dry_run_raises_what_failed(installations: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not that its transactions were undone in the wrong order."""
    monkeypatch.setattr("pipelines.intake.CHUNK_ROWS", 10)

    def failing(*_arguments: object) -> pd.DataFrame:
        raise LedgerError("refused")

    installation = installations(rows=leads(60))
    monkeypatch.setattr("pipelines.eligibility.normalise", failing)
    night.refresh_campaigns(installation)
    with installation.dry_run() as dry, pytest.raises(LedgerError, match="refused"):
        night.pull_and_decide(dry, DAY)


@pytest.mark.parametrize("at", [0, 1, 2], ids=["first-page", "second-page", "third-page"])
def test_pull_ends_with_the_decision_that_failed(at: int, installations: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """When deciding fails nothing of the day is stored, no thread reads on, and the next try has everything."""
    monkeypatch.setattr("pipelines.intake.CHUNK_ROWS", 10)
    installation = installations(rows=leads(60))
    night.refresh_campaigns(installation)
    judged: list[int] = []
    whole = eligibility.normalise

    def failing(*arguments: object) -> pd.DataFrame:
        judged.append(1)
        if len(judged) > at:
            raise LedgerError("refused")
        return whole(*arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr("pipelines.eligibility.normalise", failing)
        with pytest.raises(LedgerError):
            night.pull_and_decide(installation, DAY)
    assert query(installation, EVERYTHING) == [(0, 0, 0)]
    assert [one.name for one in threading.enumerate() if one.name.startswith(("ahead", "behind"))] == []
    night.pull_and_decide(installation, DAY)
    assert query(installation, EVERYTHING) == [(60, 1, 60)]


SAID = pa.schema([("row_no", pa.int64()), ("text", TEXT), ("attributes", TEXT), ("is_known", pa.bool_())])
AS_ONE_TEXT = """
    SELECT string_agg(CAST(ROW(NULL, row_no, said, attributes, is_known, NULL) AS text), E'\\n' ORDER BY row_no)
    FROM unnest(CAST(%s AS bigint[]), CAST(%s AS text[]), CAST(%s AS jsonb[]), CAST(%s AS boolean[]))
        AS said (row_no, said, attributes, is_known)
"""
ODD = st.text(st.sampled_from('a",\\()\n\r\t\x0b\x1f \u2028ü😀{}'), max_size=6)
cells = st.none() | ODD | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6)
objects = st.none() | st.dictionaries(ODD, ODD, max_size=2)
said = st.lists(st.tuples(cells, objects, st.none() | st.booleans()), min_size=1, max_size=5)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(said)
def test_columns_hold_what_the_rows_hold(engine: Engine, rows: list[tuple[Any, Any, Any]]) -> None:
    """Whatever the texts are: missing, empty, or full of what a row of Postgres writes in another way."""
    texts, attributes, flags = (list(column) for column in zip(*rows, strict=True))
    written = [None if value is None else json.dumps(value) for value in attributes]
    with engine.connect() as connection:
        cursor = _driver(connection).execute(AS_ONE_TEXT, [list(range(len(rows))), texts, written, flags])
        [(one_text,)] = cursor.fetchall()
    read = from_records(one_text.encode(), SAID).to_pydict()
    assert (read["row_no"], read["text"], read["is_known"]) == (list(range(len(rows))), texts, flags)
    assert [None if value is None else json.loads(value) for value in read["attributes"]] == attributes


def test_statement_without_rows_has_empty_columns(store: Store) -> None:
    """Its schema is that of others."""
    schema = pa.schema([("phone", TEXT)])
    assert store.columns("crm", "listed_numbers", schema, phones="+499", day=DAY) == schema.empty_table()
    store.run("crm", "insert_do_not_call", **LISTED)
    read = store.columns("crm", "listed_numbers", schema, phones="+491,+492", day=DAY)
    assert sorted(read["phone"].to_pylist()) == ["+491", "+492"]
