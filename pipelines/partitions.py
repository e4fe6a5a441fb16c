"""The business day as Dagster's partition.

Belongs here: keys and days. Does not belong here: which rows belong to a day (`connectors/crm/frames.py`).
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

import dagster as dg

from pipelines.settings import Settings

# The tags of a run that say which days it is about.
PARTITION = "dagster/partition"
RANGE_START, RANGE_END = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"


def business_days(settings: Settings) -> dg.DailyPartitionsDefinition:
    """Every day since `first_day` in the business time zone, today included."""
    return dg.DailyPartitionsDefinition(
        start_date=settings.first_day.isoformat(), timezone=settings.timezone, end_offset=1
    )


def reach(days: dg.DailyPartitionsDefinition) -> tuple[date, date]:
    """The first partition and the last; two that no day lies between where `first_day` is yet to come."""
    first, last = days.get_first_partition_key(), days.get_last_partition_key()
    if first is None or last is None:
        return date.max, date.min
    return date.fromisoformat(first), date.fromisoformat(last)


def days_of(context: dg.AssetExecutionContext) -> list[date]:
    """The days that this run materialises, in order."""
    return sorted(date.fromisoformat(key) for key in context.partition_keys)


def days_of_run(run: dg.DagsterRun) -> list[date]:
    """The days that the run is about, in order, whatever it materialises; none if it is about no day."""
    if PARTITION in run.tags:
        return [date.fromisoformat(run.tags[PARTITION])]
    if RANGE_START not in run.tags:
        return []
    first, last = date.fromisoformat(run.tags[RANGE_START]), date.fromisoformat(run.tags[RANGE_END])
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def day_before(at: datetime) -> str:
    """The key of the day that ended before the local time `at`."""
    return (at.date() - timedelta(days=1)).isoformat()
