"""The stretch of cursors that a database is asked for: nothing of the day is left out of it."""

from __future__ import annotations

from datetime import date
from types import ModuleType
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import create_engine, select, text
from sqlalchemy.dialects import mssql, mysql, oracle, postgresql, sqlite

from connectors.crm.bounds import Bounds
from connectors.crm.frames import DayWindow

DAY = date(2026, 11, 17)


@pytest.mark.parametrize(
    ("zone", "first", "last"),
    [
        ("Europe/Berlin", "2026-11-16T11:00:00-12:00", "2026-11-18T12:59:59+14:00"),
        ("Pacific/Kiritimati", "2026-11-15T22:00:00-12:00", "2026-11-17T23:59:59+14:00"),
        ("Etc/GMT+12", "2026-11-17T00:00:00-12:00", "2026-11-19T01:59:59+14:00"),
    ],
)
def test_texts_of_every_offset_are_asked_for(zone: str, first: str, last: str) -> None:
    """The first and the last moment of the day, as they are written on the clocks furthest from the business."""
    bounds = Bounds.around(DayWindow(DAY, ZoneInfo(zone)), ZoneInfo(zone))
    wanted = select(text("at")).select_from(text("said")).where(bounds.hold_text("at", backend="sqlite"))
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        connection.execute(text("CREATE TABLE said (at text)"))
        connection.execute(text("INSERT INTO said VALUES (:first), (:last)"), {"first": first, "last": last})
        assert connection.execute(wanted).scalars().all() == [first, last]
    engine.dispose()


@pytest.mark.parametrize("dialect", [mssql, mysql, oracle, postgresql, sqlite])
def test_every_database_can_be_asked_for_texts(dialect: ModuleType) -> None:
    """Which texts begin with no date is said in its own way; SQL Server has no regular expressions."""
    zone = ZoneInfo("Europe/Berlin")
    condition = Bounds.around(DayWindow(DAY, zone), zone).hold_text("at", backend=dialect.__name__.rpartition(".")[2])
    asked = condition.compile(dialect=dialect.dialect())
    assert {"2026-11-15", "2026-11-20"} < set(asked.params.values())
    if dialect is mssql:
        assert "at NOT LIKE" in str(asked)
        assert "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]%" in asked.params.values()
