"""On which days a schedule fires."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import takewhile

import pytest
from dagster._utils.schedules import cron_string_iterator

from pipelines.cron import fires_on, is_cron

MONDAY = date(2026, 11, 16)
BEGIN, END = date(2026, 1, 1), date(2028, 1, 1)


@pytest.mark.parametrize(
    ("cron", "days"),
    [
        ("0 2 * * *", [0, 1, 2, 3, 4, 5, 6]),
        ("0 2 * * 2-6", [1, 2, 3, 4, 5]),
        ("0 2 * * 1-5/2", [0, 2, 4]),
        ("0 2 * * 0", [6]),
        ("0 2 * * 7", [6]),
        ("0 2 */2 * *", [1, 3, 5]),
        ("0 2 17,19 * *", [1, 3]),
        ("0 2 17 * 5", [1, 4]),
        ("0 2 17 * */2", [1, 3, 5, 6]),
        ("0 2 * 1-10 *", []),
        ("0 2 20/1 11 *", [4, 5, 6]),
    ],
)
def test_days_of_a_week(cron: str, days: list[int]) -> None:
    """Both fields of days hold, except where each names days: then either does."""
    assert [n for n in range(7) if fires_on(cron, MONDAY + timedelta(days=n))] == days


@pytest.mark.parametrize("days", [
    "* * *", "* * 2-6", "* * 6,7", "* * 0", "* * 7", "* * 5-2", "* * 5-5", "1 * *", "1,15 * 4", "1 * */2", "*/3 * 2-3",
    "*/1 * 4", "28-3 * *", "* 11-2 *", "*/10 2-4 *", "10/5 * *", "31 2 *", "* */3 1-5",
])  # fmt: skip
def test_days_are_those_of_the_schedule(days: str) -> None:
    """As Dagster has them: else a night that was missed is told by nobody, or one that was not due."""
    cron = f"0 2 {days}"
    assert is_cron(cron)
    ours = [BEGIN + timedelta(days=n) for n in range((END - BEGIN).days) if fires_on(cron, BEGIN + timedelta(days=n))]
    if not ours:
        assert days == "31 2 *"  # a schedule that never fires has no times to be asked for
        return
    times = cron_string_iterator(datetime(2026, 1, 1, tzinfo=UTC).timestamp(), cron, "UTC")
    assert ours == [at.date() for at in takewhile(lambda at: at.date() < END, times)]
