"""Cron expressions of five fields: whether a text is one, and on which days it fires.

Belongs here: their grammar. Does not belong here: what is scheduled (`schedules.py`).
"""

from __future__ import annotations

import re
from datetime import date

_RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_PART = re.compile(r"(?:\*|(?P<first>\d{1,2})(?:-(?P<last>\d{1,2}))?)(?:/(?P<step>\d{1,2}))?")


def is_cron(text: str) -> bool:
    """Whether the text is a cron expression of five fields, in numbers."""
    fields = text.split()
    return len(fields) == len(_RANGES) and all(map(_is_field, fields, _RANGES))


def fires_on(cron: str, day: date) -> bool:
    """Whether the expression fires at some time of the day."""
    *_, of_month, month, of_week = cron.split()
    is_day_of_month = day.day in _numbers(of_month, _RANGES[2])
    is_day_of_week = day.isoweekday() % 7 in {number % 7 for number in _numbers(of_week, _RANGES[4])}
    # Where both fields name days, the days of either count; to Dagster `*/2` names some.
    is_either = "*" not in (of_month, of_week)
    is_day = is_day_of_month or is_day_of_week if is_either else is_day_of_month and is_day_of_week
    return is_day and day.month in _numbers(month, _RANGES[3])


def _is_field(field: str, bounds: tuple[int, int]) -> bool:
    parts = (_PART.fullmatch(part) for part in field.split(","))
    return all(
        match is not None
        and all(bounds[0] <= int(number) <= bounds[1] for number in match.group("first", "last") if number)
        and match["step"] != "0"
        for match in parts
    )


def _numbers(field: str, bounds: tuple[int, int]) -> set[int]:
    """The numbers that a field of a good expression names."""
    found: set[int] = set()
    for part in field.split(","):
        match = _PART.fullmatch(part)
        assert match is not None
        first = int(match["first"] or bounds[0])
        is_open = match["first"] is None or (match["last"] is None and match["step"])
        last = bounds[1] if is_open else int(match["last"] or first)
        goes_round = match["last"] is not None and last <= first  # 5-2: from Friday to Tuesday
        numbers = [*range(first, bounds[1] + 1), *range(bounds[0], last + 1)] if goes_round else range(first, last + 1)
        found.update(numbers[:: int(match["step"] or 1)])
    return found
