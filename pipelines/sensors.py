"""What follows by itself: the vendors' loads after the intake, questions after unseen outcomes, the report.

Belongs here: sensors. Does not belong here: what is due (the ledger decides), and the work itself.
"""

from collections.abc import Iterator

import dagster as dg

from pipelines import night
from pipelines.assets.vendors import NAMES
from pipelines.jobs import INTAKE, REPORT, AssetJob, job_name
from pipelines.resources import LeadSync
from pipelines.store import utc_now

PARTITION = "dagster/partition"
MOST_PER_TICK = 20
# A question that failed without a trace in the ledger is asked again after this many seconds.
ASK_AGAIN_S = 300


def vendor_runs(jobs: dict[str, AssetJob]) -> list[dg.SensorDefinition]:
    """After each nightly intake, one run per vendor: a vendor that is down delays nobody."""
    return [_after_intake(vendor, jobs[job_name(vendor)], jobs[INTAKE]) for vendor in NAMES]


def _after_intake(vendor: str, job: AssetJob, intake: AssetJob) -> dg.SensorDefinition:
    @dg.run_status_sensor(
        name=f"{vendor}_after_intake",
        run_status=dg.DagsterRunStatus.SUCCESS,
        monitored_jobs=[intake],
        request_job=job,
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=15,
        description=f"Loads {vendor} as soon as the day is decided.",
    )
    def after_intake(context: dg.RunStatusSensorContext) -> dg.RunRequest | dg.SkipReason:
        return _follow(context, vendor)

    return after_intake


def report_runs(jobs: dict[str, AssetJob]) -> list[dg.SensorDefinition]:
    """The report of the day after each load, and after a failure: the person on call needs it most then."""
    loads = [jobs[job_name(vendor)] for vendor in NAMES]
    return [
        _report_after("report_after_load", dg.DagsterRunStatus.SUCCESS, loads, jobs[REPORT]),
        _report_after("report_after_failure", dg.DagsterRunStatus.FAILURE, [*loads, jobs[INTAKE]], jobs[REPORT]),
    ]


def _report_after(
    name: str, status: dg.DagsterRunStatus, monitored: list[AssetJob], job: AssetJob
) -> dg.SensorDefinition:
    @dg.run_status_sensor(
        name=name,
        run_status=status,
        monitored_jobs=monitored,
        request_job=job,
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=15,
        description=f"Proves and reports the day of a run that ended with {status.value}.",
    )
    def after_run(context: dg.RunStatusSensorContext) -> dg.RunRequest | dg.SkipReason:
        return _follow(context, "report")

    return after_run


def unresolved_imports(jobs: dict[str, AssetJob]) -> dg.SensorDefinition:
    """Starts a run where the outcome of an import was not seen and its settle time is over."""

    @dg.sensor(
        name="unresolved_imports",
        jobs=[jobs[job_name(vendor)] for vendor in NAMES],
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=30,
        description="Asks the vendor about imports whose outcome was not seen.",
    )
    def unresolved(context: dg.SensorEvaluationContext, leadsync: LeadSync) -> Iterator[dg.RunRequest | dg.SkipReason]:
        with leadsync.opened("sensor unresolved_imports") as installation:
            due = night.due_questions(installation, limit=MOST_PER_TICK)
        if not due:
            yield dg.SkipReason("no import waits for a question that is due")
        for row in due:
            # Dagster drops a repeated run_key for ever: the newest event and the hour make each attempt new.
            attempt = f"{row.last_event_id}:{int(utc_now().timestamp()) // ASK_AGAIN_S}"
            yield dg.RunRequest(
                run_key=f"ask:{row.vendor}:{row.day}:{attempt}",
                job_name=job_name(row.vendor),
                partition_key=row.day.isoformat(),
                tags={"leadsync/reason": "unresolved_imports"},
            )

    return unresolved


def _follow(context: dg.RunStatusSensorContext, what: str) -> dg.RunRequest | dg.SkipReason:
    """One run for the partition of the run that ended; a backfill of several days follows nothing."""
    run = context.dagster_run
    day = run.tags.get(PARTITION)
    if day is None:
        return dg.SkipReason("the run has no single day")
    return dg.RunRequest(run_key=f"{what}:{run.run_id}", partition_key=day)
