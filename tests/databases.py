"""Databases for tests that need one of their own.

Belongs here: making and dropping one. Does not belong here: the server, and the template with the newest schema
(`conftest.py`).
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import URL, create_engine, text
from sqlalchemy.pool import NullPool

_numbers = itertools.count(1)


@contextmanager
def fresh_database(template: URL) -> Iterator[str]:
    """The address of a new database, made from the template on its server; it is gone after the block."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    admin = create_engine(template.set(database="postgres"), isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with admin.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{template.database}"'))
    try:
        yield template.set(database=name, drivername="postgresql").render_as_string(hide_password=False)
    finally:
        with admin.connect() as connection:
            connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
        admin.dispose()
