"""When the night begins.

Belongs here: schedules. Does not belong here: what follows a finished run (`sensors.py`).
"""

from collections.abc import Mapping

import dagster as dg

from pipelines.jobs import CALLS, INTAKE, REFERENCE, RETENTION, AssetJob
from pipelines.partitions import day_before
from pipelines.settings import Settings


def all_schedules(settings: Settings, jobs: Mapping[str, AssetJob]) -> list[dg.ScheduleDefinition]:
    """Every schedule of the jobs that there are."""
    reference = [reference_schedule(settings)] if REFERENCE in jobs else []
    return [nightly_schedule(settings), *reference, call_schedule(settings), retention_schedule(settings)]


def reference_schedule(settings: Settings) -> dg.ScheduleDefinition:
    """Every night beside the intake, so that the loads which follow it know the newest agents and targets."""
    return dg.ScheduleDefinition(
        name="nightly_reference",
        job_name=REFERENCE,
        cron_schedule=settings.nightly,
        execution_timezone=settings.timezone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Asks the vendors what they know: agents, queues, time zones, lists, tasks, result codes.",
    )


def call_schedule(settings: Settings) -> dg.ScheduleDefinition:
    """Every night: what became of the calls of the day that ended."""
    text = "Asks the vendors what became of the calls that were made on the day that ended."
    return _of_the_day_that_ended(settings, "nightly_call_results", CALLS, text)


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
    text = "Pulls and decides the day that ended; each vendor's load follows by itself."
    return _of_the_day_that_ended(settings, "nightly", INTAKE, text)


def _of_the_day_that_ended(settings: Settings, name: str, job: str, description: str) -> dg.ScheduleDefinition:
    @dg.schedule(
        name=name,
        job_name=job,
        cron_schedule=settings.nightly,
        execution_timezone=settings.timezone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=description,
    )
    def nightly(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        at = context.scheduled_execution_time.astimezone(settings.zone)
        return dg.RunRequest(run_key=f"{job}:{at.isoformat()}", partition_key=day_before(at))

    return nightly
