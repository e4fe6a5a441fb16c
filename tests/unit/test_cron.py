"""On which days a schedule fires."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from pipelines.cron import fires_on

MONDAY = date(2026, 11, 16)


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
        ("0 2 17 * */2", [1]),
        ("0 2 * 1-10 *", []),
        ("0 2 20/1 11 *", [4, 5, 6]),
    ],
)
def test_days_of_a_week(cron: str, days: list[int]) -> None:
    """Both fields of days hold, except where each names days: then either does."""
    assert [n for n in range(7) if fires_on(cron, MONDAY + timedelta(days=n))] == days
