"""What a connection to somebody's Postgres is told, so that values arrive as they are stored.

Belongs here: types that are kept as text, how dates are written, text in no encoding; for both drivers. Does not belong
here: engines, time-outs and other databases (`connection.py`).
"""

from __future__ import annotations

from typing import Any

from psycopg.types.string import TextLoader

# Kept as the server writes them: Python has no `infinity`, no year before Christ, and rounds JSON numbers.
_AS_WRITTEN = {"date": 1082, "timestamp": 1114, "timestamptz": 1184, "interval": 1186, "json": 114, "jsonb": 3802}
_TEXTS = ("text", "varchar", "bpchar", "name")
_MOMENTS = frozenset(_AS_WRITTEN[name] for name in ("date", "timestamp", "timestamptz"))
_DATES_IN_ISO = "SET datestyle TO ISO"
# The server sends every byte as it is: asked for UTF-8, it refuses the whole result for one that is not.
_UNCHECKED = "SET client_encoding TO LATIN1"


class _Kept(TextLoader):
    """Text that nobody checked when it was stored: a byte that is not UTF-8 is kept as a lone surrogate."""

    def load(self, data: Any) -> str:
        """The text."""
        return bytes(data).decode("utf-8", "surrogateescape")


def read_by_psycopg(connection: Any) -> None:
    """The connection, of psycopg, gives values as they are stored."""
    for name in _AS_WRITTEN:
        connection.adapters.register_loader(name, TextLoader)
    told = connection.info.parameter_status
    if (told("server_encoding"), told("client_encoding")) == ("SQL_ASCII", "UTF8"):
        connection.execute(_UNCHECKED)
        connection.commit()
        for name in _TEXTS:
            connection.adapters.register_loader(name, _Kept)
    _write_dates_in_iso(connection, connection.info.parameter_status("DateStyle"))


def read_by_psycopg2(connection: Any) -> None:
    """The connection, of psycopg2, gives values as they are stored."""
    from psycopg2.extensions import new_type, register_type  # type: ignore[import-untyped]  # it has no types

    register_type(new_type(tuple(_AS_WRITTEN.values()), "AS_WRITTEN", lambda text, _: text), connection)
    _write_dates_in_iso(connection, connection.get_parameter_status("DateStyle"))


def is_moment(type_code: object) -> bool:
    """Whether a column of a result, of either driver, is one of dates or times."""
    return type_code in _MOMENTS


def _write_dates_in_iso(connection: Any, style: str | None) -> None:
    """Dates are written in ISO 8601, whatever the database, or its user, is set to."""
    if style is None or not style.startswith("ISO"):
        with connection.cursor() as cursor:
            cursor.execute(_DATES_IN_ISO)
        connection.commit()
