"""What tests stand on: a real Postgres, cloned per test from a migrated template, and sandbox vendors.

Belongs here: fixtures. Does not belong here: data (`factories.py`).
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import hypothesis
import pytest
from sqlalchemy import URL, create_engine, text
from sqlalchemy.pool import NullPool

import sql.migrate
from pipelines.database import connect, start_embedded
from pipelines.installation import Installation
from sandbox.server import SandboxServer
from sandbox.sinch.both import Sinch
from tests.databases import fresh_database
from tests.factories import write_configuration

hypothesis.settings.register_profile("untimed", deadline=None)  # how long an example takes is the machine's matter
hypothesis.settings.load_profile("untimed")


@pytest.fixture(autouse=True)
def nothing_of_another_test() -> Iterator[None]:
    """A test leaves the environment as it was, and no token: a later one has other databases and doubles."""
    before = dict(os.environ)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("connectors.sobot.settings._PROVIDERS", {})
        yield
    after = dict(os.environ)
    changed = {name for name in {*before, *after} if before.get(name) != after.get(name)}
    assert changed <= {"PYTEST_CURRENT_TEST"}


@pytest.fixture(scope="session")
def postgres() -> Iterator[URL]:
    """The address of a real server, of a database there that has the newest schema."""
    given = os.environ.get("LEADSYNC_TEST_DATABASE")
    with _given(given) if given else _embedded() as url:
        engine = connect(url)
        sql.migrate.upgrade(engine)
        engine.dispose()
        yield url


@pytest.fixture
def database(postgres: URL) -> Iterator[str]:
    """The address of a database of this test's own, with the newest schema and no rows."""
    with fresh_database(postgres) as address:
        yield address


@pytest.fixture
def sinch() -> Iterator[SandboxServer[Sinch]]:
    """A double of Sinch on a socket of its own; `.faults`, `.vendor.knobs` and `.vendor.store` are its handles."""
    with SandboxServer(Sinch()) as server:
        yield server


@pytest.fixture
def installations(tmp_path: Path, database: str, sinch: SandboxServer[Sinch]) -> Iterator[Callable[..., Installation]]:
    """Makes installations over this test's database and double from rows (`factories.write_configuration`)."""
    made: list[Installation] = []

    def make(**changes: object) -> Installation:
        config = write_configuration(tmp_path, database=database, sinch_url=sinch.url, **changes)
        made.append(Installation.load(config, actor="test"))
        return made[-1]

    yield make
    for installation in made:
        installation.close()


@contextmanager
def _embedded() -> Iterator[URL]:
    from pipelines.database import embedded_server

    folder = Path(tempfile.mkdtemp(prefix="leadsync-tests-", dir="/tmp"))
    folder.chmod(0o755)  # the embedded server runs as a user of its own
    url = start_embedded(folder / "postgres", "template_leadsync")
    _trust_the_machine(url)
    yield url
    embedded_server(folder / "postgres").cleanup()
    shutil.rmtree(folder, ignore_errors=True)


def _trust_the_machine(url: URL) -> None:
    """No waiting for the disk: that protects from the loss of a machine, and tests lose processes only."""
    admin = create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with admin.connect() as connection:
        connection.execute(text("ALTER SYSTEM SET fsync = off"))
        connection.execute(text("SELECT pg_reload_conf()"))
    admin.dispose()


@contextmanager
def _given(address: str) -> Iterator[URL]:
    """Tests that run at once on one server have a template each."""
    from pipelines.database import database_url

    name = f"template_leadsync_{os.getpid()}"
    url = database_url(address, Path()).set(database=name)
    admin = create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0"))
    yield url
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
