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


def days_of(context: dg.AssetExecutionContext) -> list[date]:
    """The days that this run materialises, in order."""
    return sorted(date.fromisoformat(key) for key in context.partition_keys)


def days_of_run(context: dg.AssetExecutionContext) -> list[date]:
    """The days that the run of an asset without partitions is about, in order; none if it is about no day."""
    tags = context.run.tags
    start, end = tags.get(RANGE_START), tags.get(RANGE_END)
    if start and end:
        first, last = date.fromisoformat(start), date.fromisoformat(end)
        return [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return [date.fromisoformat(tags[PARTITION])] if PARTITION in tags else []


def day_before(at: datetime) -> str:
    """The key of the day that ended before the local time `at`."""
    return (at.date() - timedelta(days=1)).isoformat()
