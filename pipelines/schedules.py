"""When the night begins.

Belongs here: schedules. Does not belong here: what follows a finished run (`sensors.py`).
"""

import dagster as dg

from pipelines.jobs import INTAKE, RETENTION
from pipelines.partitions import day_before
from pipelines.settings import Settings


def retention_schedule(settings: Settings) -> dg.ScheduleDefinition:
    """Once a week, when nobody loads."""
    return dg.ScheduleDefinition(
        name="weekly_retention",
        job_name=RETENTION,
        cron_schedule="0 12 * * 0",
        execution_timezone=settings.timezone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=f"Forgets private data after {settings.retention_days} days.",
    )


def nightly_schedule(settings: Settings) -> dg.ScheduleDefinition:
    """Pulls and decides the business day that ended, at `nightly` in the business time zone."""

    @dg.schedule(
        name="nightly",
        job_name=INTAKE,
        cron_schedule=settings.nightly,
        execution_timezone=settings.timezone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Pulls and decides the day that ended; each vendor's load follows by itself.",
    )
    def nightly(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        at = context.scheduled_execution_time.astimezone(settings.zone)
        return dg.RunRequest(run_key=f"{INTAKE}:{at.isoformat()}", partition_key=day_before(at))

    return nightly
