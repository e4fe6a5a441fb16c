"""A connection to somebody's database, and why there is none.

Belongs here: engines, drivers, time-outs, and errors without secrets or values. Does not belong
here: statements, columns, rows.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from connectors.crm.postgres import read_by_psycopg, read_by_psycopg2
from connectors.errors import SetupError

# It shows the stack of a cursor that cannot be closed, as none of a lost connection can; our sentence follows.
logging.getLogger("sqlalchemy.pool.impl.NullPool").setLevel(logging.CRITICAL)

_CONNECT_TIMEOUT_S = 10
_KNOWS_CONNECT_TIMEOUT = frozenset({"psycopg", "psycopg2", "pymysql", "mysqldb"})
_LIBPQ = frozenset({"psycopg", "psycopg2"})
_PASSWORDS = frozenset({"password", "passwd", "pwd", "sslpassword"})
_PASSWORD_OF_ODBC = re.compile(r"(?:^|;)\s*(?:pwd|password)\s*=\s*[^\s;]", re.IGNORECASE)

# What libraries and drivers raise for an option that they do not have, or whose value they cannot read.
_OF_AN_OPTION = (ArgumentError, TypeError, ValueError, AttributeError, OverflowError)

# Drivers put users, addresses and sometimes values into their texts; only known phrases get out. Patterns, in order.
_CONNECT_REASONS = (
    ("password authentication failed", "the user or the password was refused"),
    ("Access denied for user .* to database", "there is no such database, or the user may not use it"),
    (r"Access denied|^\('28000'", "the user or the password was refused"),
    ("no password supplied", "it asks for a password"),
    (r'database "[^"]*" does not exist|Unknown database', "there is no database of that name"),
    (r'role "[^"]*" does not exist', "there is no user of that name"),
    ("certificate|not support SSL|SSL was required|SSL connection is required", "no TLS as the URL asks for it"),
    ("does not exist", "the database or the user does not exist there"),
    ("no pg_hba.conf entry", "the server does not admit this user from this machine"),
    ("not permitted to log in", "the user may not log in"),
    ("permission denied for database", "the user may not use that database"),
    ("not currently accepting connections|starting up|shutting down", "it takes no connections now"),
    ("too many (clients|connections)|Too many connections", "the server has no connection left"),
    ("onnection refused", "nothing listens at that address"),
    ("No such file or directory", "nothing listens at that address"),
    ("resolve host|translate host name|Unknown (MySQL )?server host", "the host name is unknown"),
    ("Name or service not known|failure in name resolution|nodename nor servname", "the host name is unknown"),
    ("Can't open lib|Data source name not found", "the ODBC driver that the URL names is not installed"),
    ("terminating connection|server closed the connection", "the server ended it"),
    ("timeout|timed out", "it did not answer in time"),
    ("Can't connect to (local )?(MySQL )?server", "nothing answers at that address"),
    ("package is required", "the driver needs another package for this login: cryptography, or pynacl"),
    ("unable to open database file", "the file cannot be opened"),
    ("invalid connection option", "the URL has an option that the driver does not know"),
)
_HARMLESS = (
    "no such table",
    "no such column",
    "no such function",
    "ambiguous column name",
    "incomplete input",
    "near ",
    "unrecognized token",
    "database is locked",
    "unknown database",
    "file is not a database",
    "canceling statement due to",  # Postgres's: a time limit, or a standby that goes on
    "Binder Error",  # DuckDB's
    "Catalog Error",
    "Parser Error",
)
# MySQL's errors about the statement's own words, by number, and those by which a server stops a statement; drivers
# tell the SQLSTATE of some, or of none.
_HARMLESS_MYSQL = frozenset(
    {1044, 1046, 1052, 1054, 1064, 1065, 1066, 1109, 1142, 1143, 1146, 1242, 1305, 1317, 1356, 1370, 1630, 1969, 3024}
)
_ODBC_STATE = re.compile("[0-9A-Z]{5}")


def known_reason(error: BaseException | None) -> str | None:
    """Why a driver says that there is no connection, in words that hold nothing of the address; None if unknown."""
    text = str(error)
    return next((reason for words, reason in _CONNECT_REASONS if re.search(words, text)), None)


def parse_address(text: str) -> URL:
    """The address, whose host and database hold no part of a password.

    Raises:
        ArgumentError, ValueError: it is none, or an `@` in it is not percent-encoded.
    """
    url = make_url(text)
    if url.host and "@" in f"{url.host}/{url.database}":
        raise ValueError("an @ too many")
    return url


def without_secrets(url: URL) -> str:
    """The address without password and options."""
    socket = url.query.get("host")
    shown = url.set(query={})
    if url.host is None and isinstance(socket, str):
        shown = shown.set(host=socket)
    return shown.render_as_string(hide_password=True)


def holds_password(address: str) -> bool:
    """Whether the address has a password in it, also as an option; a text that is no address has none."""
    try:
        url = make_url(address)
    except (ArgumentError, ValueError):
        return False
    options = [(name, text) for name, texts in url.normalized_query.items() for text in texts]
    is_option = any(name.lower() in _PASSWORDS and text for name, text in options)
    return bool(url.password) or is_option or any(_PASSWORD_OF_ODBC.search(text) for _, text in options)


class Database:
    """A database by its URL, whose secrets it keeps to itself.

    Raises:
        SetupError: the text is no URL, or its driver is unknown or not installed.
    """

    def __init__(self, url: str, *, setting: str) -> None:
        self._setting = f"{setting}.database"
        self._url = _parse(url, setting=self._setting)
        self.backend = self._url.get_backend_name()

    def __str__(self) -> str:
        return without_secrets(self._url)

    @contextmanager
    def connect(self, *, setting: str) -> Iterator[Connection]:
        """A connection of its own, closed at the end without a commit.

        Args:
            setting: what the statements inside the block come from: `sources.leads.query`.

        Raises:
            SetupError: it cannot be had, or a statement inside the block failed.
        """
        with self._reached():
            engine = self._engine()
        try:
            with self._explained(setting), self._open(engine) as connection:  # the end may find it lost, too
                yield connection
        finally:
            engine.dispose()

    def _open(self, engine: Engine) -> Connection:
        with self._reached():
            return engine.connect()

    @contextmanager
    def _reached(self) -> Iterator[None]:
        try:
            yield
        except _OF_AN_OPTION:
            reason = "the URL has an option, a value of one, or a port that the driver does not take"
        except OSError as error:
            reason = f"a file that the URL names: {error.strerror or type(error).__name__}"
        except (SQLAlchemyError, RuntimeError) as error:  # the latter where PyMySQL lacks a package
            driver_error = error.orig if isinstance(error, DBAPIError) else error
            reason = known_reason(driver_error) or type(driver_error).__name__
        else:
            return
        raise SetupError(f"{self._setting}: cannot connect to {self}: {reason}") from None

    @contextmanager
    def _explained(self, setting: str) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            reason = statement_reason(error)
            raise SetupError(f"{setting}: cannot read from {self}: {reason}") from None

    def _engine(self) -> Engine:
        self._refuse_missing_file()
        driver, arguments = self._url.get_driver_name(), dict[str, Any]()
        if driver in _KNOWS_CONNECT_TIMEOUT:
            arguments["connect_timeout"] = _CONNECT_TIMEOUT_S
        if driver in _LIBPQ:  # a server in SQL_ASCII, and PGCLIENTENCODING, name encodings in which names are lost
            arguments["client_encoding"] = "utf8"
        engine = create_engine(
            self._url,
            connect_args={name: value for name, value in arguments.items() if name not in self._url.query},
            poolclass=NullPool,
            hide_parameters=True,
        )
        event.listen(engine, "connect", _read_faithfully)
        return engine

    def _refuse_missing_file(self) -> None:
        # SQLite would make an empty database of it.
        path = self._url.database if self.backend == "sqlite" else None
        if path and not path.startswith((":memory:", "file:")) and not Path(path).is_file():
            raise SetupError(f"{self._setting}: there is no file {path}")


def _parse(text: str, *, setting: str) -> URL:
    try:
        url = parse_address(text)
        url.get_dialect().import_dbapi()
    except ImportError as error:
        raise SetupError(f"{setting}: the driver {error.name!r} is not installed") from None
    except (ArgumentError, ValueError):
        # Neither the text nor the library's words about it: both may hold the password.
        raise SetupError(
            f"{setting}: not the URL of a database that is known here, such as"
            " postgresql://user:password@host/database or sqlite:///file.db;"
            " special characters in the password must be percent-encoded"
        ) from None
    return url


def _read_faithfully(dbapi_connection: Any, _record: object) -> None:
    """Values arrive as they are stored, and one that cannot be decoded spoils its row only."""
    kind = type(dbapi_connection).__module__.partition(".")[0]
    if kind == "sqlite3":
        dbapi_connection.text_factory = partial(str, encoding="utf-8", errors="surrogateescape")
    elif kind == "psycopg":
        read_by_psycopg(dbapi_connection)
    elif kind == "psycopg2":
        read_by_psycopg2(dbapi_connection)


def statement_reason(error: SQLAlchemyError) -> str:
    """What is wrong with a statement, without its parameters and without the values of rows."""
    if not isinstance(error, DBAPIError):
        return type(error).__name__
    if error.connection_invalidated:
        return "the connection was lost"
    state, number, text = _told(error.orig)
    if state == "22021":
        return "a text is not in the encoding that it should be in; say which it is with ?client_encoding=WIN1252"
    # Class 42 is about the statement's own words: tables, columns, syntax, permissions.
    if state.startswith("42") or number in _HARMLESS_MYSQL or text.startswith(_HARMLESS):
        return text
    name = type(error.orig).__name__
    return f"{name} (SQLSTATE {state})" if state else name


def _told(error: BaseException | None) -> tuple[str, int | None, str]:
    """What a driver tells: the SQLSTATE, MySQL's number of the error, and the first line of the text."""
    state = getattr(error, "sqlstate", None) or getattr(error, "pgcode", None) or ""
    first, *others = getattr(error, "args", ()) or (None,)
    text = str(others[0] if others else error).partition("\n")[0]
    if isinstance(first, str) and others and _ODBC_STATE.fullmatch(first):
        state = first
    return state, first if isinstance(first, int) else None, text
