"""The stretch of cursor values that a database is asked for, so that none of a day is left out.

Belongs here: how the day's limits are written for a kind of column or database. Does not belong
here: which rows belong to the day: the frames decide that on the cursor they have parsed. So every
limit may let too much through, and none may let anything be missed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, DateTime, String, and_, column, func, literal, not_, or_
from sqlalchemy.dialects.mssql import DATETIMEOFFSET
from sqlalchemy.types import TypeEngine

from connectors.crm.frames import DayWindow

# Text and stored times are compared to the second; a second more on each side settles the limits.
_MARGIN = timedelta(seconds=1)
_DAY = timedelta(days=1)
# Clocks around the world are at most this far apart: what a text's own offset can shift it by.
_WIDEST_OFFSET = timedelta(hours=26)
# A margin inside what Python can express, because clocks differ.
_EARLIEST = datetime(1, 1, 3, tzinfo=UTC)
_LATEST = datetime(9999, 12, 29, tzinfo=UTC)
# Their columns of dates hold what no calendar has: `infinity`, years before Christ, `0000-00-00`.
_BEYOND_TIME = frozenset({"postgresql", "mysql", "mariadb"})


@dataclass(frozen=True, slots=True)
class Bounds:
    """Both limits of a stretch of time, in UTC; `zone` is where cursors without an offset live."""

    low: datetime
    high: datetime
    zone: ZoneInfo

    @classmethod
    def around(cls, window: DayWindow | None, zone: ZoneInfo) -> Bounds:
        """The day with a second more on each side; all of time without a day."""
        if window is None:
            return cls(_EARLIEST, _LATEST, zone)
        return cls(window.start - _MARGIN, window.end + _MARGIN, zone)

    @property
    def wall_low(self) -> datetime:
        """The earliest reading of a clock in the zone at or after `low`."""
        return self.low.replace(tzinfo=None) + min(self._offsets(self.low))

    @property
    def wall_high(self) -> datetime:
        """The latest reading of a clock in the zone at or before `high`."""
        return self.high.replace(tzinfo=None) + max(self._offsets(self.high))

    def _offsets(self, moment: datetime) -> list[timedelta]:
        # When the clocks change, a reading comes twice or is skipped: both offsets count.
        nearby = (moment - _DAY, moment, moment + _DAY)
        return [each.astimezone(self.zone).utcoffset() or timedelta() for each in nearby]

    def parameters(self, backend: str, *, is_text: bool = False) -> dict[str, object]:
        """The values of `:from` and `:to` in somebody's own query.

        They are wider where they are compared with texts, as always in SQLite: each may have an offset of its own.
        """
        is_text = is_text or backend == "sqlite"
        low = self.wall_low - (_WIDEST_OFFSET if is_text else timedelta())
        high = self.wall_high + (_WIDEST_OFFSET + _DAY if is_text else timedelta())
        if backend == "postgresql":
            # Text with an offset, untyped: `timestamptz` honours the offset, `timestamp` overlooks it.
            return {
                "from": _with_offset(low, max(self._offsets(self.low))),
                "to": _with_offset(high, min(self._offsets(self.high))),
            }
        if backend == "sqlite":
            # Its datetimes are text, written with a blank or with a T; the blank sorts first.
            return {
                "from": low.isoformat(sep=" ", timespec="seconds"),
                "to": high.isoformat(sep="T", timespec="seconds"),
            }
        return {"from": low, "to": high}

    def hold_moment(self, name: str, column_kind: TypeEngine[Any], *, backend: str) -> ColumnElement[bool]:
        """A condition on a column of dates or times of that type, true also where it is NULL or no moment at all."""
        is_offset = isinstance(column_kind, DATETIMEOFFSET)  # SQL Server's type with a zone does not say so of itself
        has_zone = is_offset or bool(getattr(column_kind, "timezone", False))
        kind: DateTime = DateTime(timezone=has_zone)
        if is_offset:
            kind = DATETIMEOFFSET()  # type: ignore[no-untyped-call]  # SQLAlchemy's own lack of an annotation
        low, high = (self.low, self.high) if has_zone else (self.wall_low, self.wall_high)
        cursor: ColumnElement[Any] = column(name)
        inside = and_(cursor >= literal(low, kind), cursor < literal(high, kind))
        if backend not in _BEYOND_TIME:
            return or_(cursor.is_(None), inside)
        first, last = (at if has_zone else at.replace(tzinfo=None) for at in (_EARLIEST, _LATEST))
        return or_(cursor.is_(None), cursor < literal(first, kind), cursor >= literal(last, kind), inside)

    def hold_text(self, name: str, *, backend: str) -> ColumnElement[bool]:
        """A condition on a column of text, true also where it is NULL or begins with no date.

        Texts may differ in their separator and offset, so whole dates are compared.
        """
        low = (self.wall_low - _WIDEST_OFFSET).date().isoformat()
        high = (self.wall_high + _WIDEST_OFFSET + _DAY).date().isoformat()
        cursor = column(name, String)
        inside = and_(cursor >= low, cursor < high)
        return or_(cursor.is_(None), _is_undated(name, backend=backend), inside)


def _is_undated(name: str, *, backend: str) -> ColumnElement[bool]:
    cursor = column(name, String)
    digits = "[0-9][0-9]"
    date = f"{digits}{digits}-{digits}-{digits}"
    if backend == "mssql":  # it has no regular expressions; its LIKE knows sets of characters
        return cursor.not_like(f"{date}%")
    if backend != "sqlite":
        return not_(cursor.regexp_match(f"^{date}"))
    is_dated = cursor.op("GLOB", is_comparison=True)(f"{date}*")
    return or_(func.typeof(cursor) != "text", not_(is_dated))


def _with_offset(wall: datetime, offset: timedelta) -> str:
    sign = "-" if offset < timedelta() else "+"
    hours, minutes = divmod(abs(offset) // timedelta(minutes=1), 60)
    return f"{wall.isoformat(sep=' ', timespec='seconds')}{sign}{hours:02}:{minutes:02}"
