"""A database is brought to the newest schema once, and left alone afterwards."""

from __future__ import annotations

import shutil
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Engine, make_url, text

import sql.migrate
from connectors.errors import SetupError
from pipelines.database import connect, embedded_server, shown, start_embedded
from pipelines.installation import NO_READER, Installation
from tests.commands import leadsync
from tests.factories import DAY, phone, write_configuration

OLDER = (
    """INSERT INTO ledger.imports
           (import_key, vendor, campaign, day, target, payload, payload_digest, entry_count, state, due_at, planned_at,
            sent_at, settled_at, accepted_count, rejected_count, error_code)
       SELECT gen_random_uuid(), 'sinch', 'c', :day, '{}', '[]', 'd', one.entry_count, one.state, now(), now(), now(),
              one.settled_at, one.accepted_count, one.rejected_count, one.error_code
       FROM (VALUES (2, 'settled', now(), 1, 1, NULL), (1, 'unknown', NULL, 0, 0, 'lost'))
           AS one (entry_count, state, settled_at, accepted_count, rejected_count, error_code)""",
    """INSERT INTO ledger.deliveries
           (campaign, source, lead_id, vendor, day, phone, content_digest, import_id, position, verdict, reason_code,
            vendor_id, settled_at)
       VALUES ('c', 'lead', 'L1', 'sinch', :day, :phone, 'd', 1, 0, 'accepted', NULL, 'V1', now()),
              ('c', 'lead', 'L2', 'sinch', :day, :phone, 'd', 1, 1, 'rejected', 'refused_by_vendor', NULL, now()),
              ('c', 'lead', 'L3', 'sinch', :day, :phone, 'd', 2, 0, NULL, NULL, NULL, NULL)""",
    """INSERT INTO ledger.contacts (day, source, row_no, campaign, lead_id, verdict, phones)
       SELECT :day, 'lead', place, 'c', 'L' || place, 'eligible', ARRAY[:phone]
       FROM generate_series(1, 3) AS place""",
)
IS_WAITING = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"
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


def test_leads_that_were_settled_before_verdicts_were_shared_read_the_same(database: str) -> None:
    """Rows that an older version wrote keep their verdicts, ids and times under the newest schema."""
    engine = connect(make_url(database).set(drivername="postgresql+psycopg"))
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA crm, ledger, reference, reporting CASCADE"))
        connection.execute(text("DROP TABLE public.schema_version"))
        command.upgrade(sql.migrate._config(connection), "0003")
        for statement in OLDER:
            connection.execute(text(statement), {"day": DAY, "phone": phone(1)})
    sql.migrate.upgrade(engine)
    with engine.connect() as connection:
        states = connection.execute(
            text("SELECT lead_id, state, reason_code, vendor_id, settled_at IS NOT NULL FROM reporting.lead_outcome")
        )
        assert sorted(tuple(row) for row in states) == [
            ("L1", "accepted", None, "V1", True),
            ("L2", "rejected", "refused_by_vendor", None, True),
            ("L3", "unknown", "lost", None, False),
        ]
    engine.dispose()


@pytest.mark.parametrize("arguments", [["migrate"], ["status"], ["sync", "--day", str(DAY)]])
def test_database_that_is_newer_than_the_program_is_left_alone(
    tmp_path: Path, database: str, arguments: list[str]
) -> None:
    """Who installed an older version is told so in a sentence, and nothing is changed."""
    engine = connect(make_url(database).set(drivername="postgresql+psycopg"))
    with engine.begin() as connection:
        connection.execute(text("UPDATE public.schema_version SET version_num = '9999'"))
        connection.execute(text("COMMENT ON SCHEMA reporting IS 'leadsync of a newer version'"))
    before = view(engine)
    config = write_configuration(tmp_path, database=database, sinch_url="http://127.0.0.1:1")
    ended = leadsync(*arguments, "--config", config, code=1)
    assert ended.stderr == (
        f"database: {shown(engine.url)} has the schema 9999 of a newer leadsync;"
        " install that one here, too, or name another database. Nothing was changed\n"
    )
    assert view(engine) == before
    engine.dispose()


def test_migration_does_not_wait_for_ever(tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody forgot a transaction, and whoever reads after us would wait, too: the sentence says who it is."""
    monkeypatch.setattr("sql.migrate.LOCK_WAIT_S", 0.2)
    config = write_configuration(tmp_path, database=database, sinch_url="http://127.0.0.1:1")
    engine = connect(make_url(database).set(drivername="postgresql+psycopg"))
    installation = Installation.load(config)
    with engine.connect() as forgotten:
        before = view(engine)
        forgotten.execute(text("SELECT count(*) FROM reporting.lead_outcome"))
        pid = forgotten.execute(text("SELECT pg_backend_pid()")).scalar_one()
        with pytest.raises(SetupError, match=rf"by session {pid} of \w+ \(leadsync\) since 20.*Nothing was changed"):
            installation.migrate()
        assert view(engine) == before
        forgotten.rollback()
        assert installation.migrate() is None
        assert view(engine) != before
    installation.close()
    engine.dispose()


@pytest.mark.slow
def test_user_who_may_not_make_the_readers_role_is_told_so(tmp_path: Path) -> None:
    """The rest is there; the sentence has what an administrator runs, and the next migration grants the rights."""
    folder = Path(tempfile.mkdtemp(prefix="leadsync-tests-", dir="/tmp"))
    folder.chmod(0o755)  # the embedded server runs as a user of its own
    try:
        administrator = connect(start_embedded(folder / "postgres", "ledger"))
        with administrator.begin() as connection:
            connection.execute(text("CREATE ROLE plain LOGIN"))
            connection.execute(text("ALTER DATABASE ledger OWNER TO plain"))
        url = administrator.url.set(drivername="postgresql", username="plain").render_as_string(hide_password=False)
        config = write_configuration(tmp_path, database=url, sinch_url="http://127.0.0.1:1")
        ended = leadsync("migrate", "--config", config)
        assert ended.stdout.endswith(" has the newest schema\n")
        assert ended.stderr == f"{NO_READER}\n"
        with administrator.begin() as connection:
            connection.execute(text("CREATE ROLE leadsync_reader NOLOGIN"))
        assert leadsync("migrate", "--config", config).stderr == ""
        with administrator.connect() as connection:
            connection.execute(text("SET LOCAL ROLE leadsync_reader"))
            assert connection.execute(text("SELECT count(*) FROM reporting.lead_outcome")).scalar_one() == 0
        administrator.dispose()
    finally:
        embedded_server(folder / "postgres").cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.slow
def test_databases_of_a_new_server_may_be_migrated_at_once() -> None:
    """The role of the readers is the whole server's: both find none, and only one of them can make it."""
    folder = Path(tempfile.mkdtemp(prefix="leadsync-tests-", dir="/tmp"))
    folder.chmod(0o755)  # the embedded server runs as a user of its own
    try:
        first, second = (connect(start_embedded(folder / "postgres", name)) for name in ("first", "second"))
        with first.connect() as migrating, ThreadPoolExecutor(1) as other:
            migrating.execute(text("CREATE ROLE leadsync_reader NOLOGIN"))
            ended = other.submit(sql.migrate.upgrade, second)
            with first.connect() as looking:
                while not looking.execute(text(IS_WAITING)).scalar_one() and not ended.done():
                    time.sleep(0.02)
            migrating.commit()
            ended.result(30)
        assert view(second)
        first.dispose()
        second.dispose()
    finally:
        embedded_server(folder / "postgres").cleanup()
        shutil.rmtree(folder, ignore_errors=True)
