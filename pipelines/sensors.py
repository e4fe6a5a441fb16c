"""What follows by itself: loads after the intake, taking back after the list, questions, the report.

Belongs here: sensors. Does not belong here: what is due (the ledger decides), and the work itself.
"""

import threading
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import TypeAlias

import dagster as dg

from pipelines import morning
from pipelines.assets.crm import DO_NOT_CALL
from pipelines.installation import Installation
from pipelines.jobs import INTAKE, REPORT, AssetJob, job_name, take_back_name
from pipelines.partitions import days_of_run, reach
from pipelines.resources import LeadSync
from pipelines.store import utc_now

Days: TypeAlias = dg.DailyPartitionsDefinition
"""A request for a day that is no partition fails the tick for all days: such days are left out, and named."""

MOST_PER_TICK = 20
# A tick that asks vendors for results ends in time for the next.
MOST_POLLS, POLLING_S = 50, 20.0


def vendor_runs(jobs: dict[str, AssetJob], vendors: Sequence[str], days: Days) -> list[dg.SensorDefinition]:
    """After each nightly intake, one run per vendor: a vendor that is down delays nobody."""
    return [_after_intake(vendor, jobs[job_name(vendor)], jobs[INTAKE], days) for vendor in vendors]


def _after_intake(vendor: str, job: AssetJob, intake: AssetJob, days: Days) -> dg.SensorDefinition:
    @dg.run_status_sensor(
        name=f"{vendor}_after_intake",
        run_status=dg.DagsterRunStatus.SUCCESS,
        monitored_jobs=[intake],
        request_job=job,
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=15,
        description=f"Loads {vendor} as soon as the day is decided.",
    )
    def after_intake(context: dg.RunStatusSensorContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        yield from _follow(context, vendor, days)

    return after_intake


def take_back(jobs: dict[str, AssetJob], vendors: Sequence[str], days: Days) -> dg.SensorDefinition:
    """Whoever was listed is taken back once the list was read: also where the intake fails, or the day is empty."""

    @dg.asset_sensor(
        DO_NOT_CALL,
        name="take_back",
        jobs=[jobs[take_back_name(vendor)] for vendor in vendors],
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=15,
        description="Takes back who must not be called any more, as soon as the do-not-call list was read.",
    )
    def after_list(
        context: dg.SensorEvaluationContext, asset_event: dg.EventLogEntry
    ) -> Iterator[dg.RunRequest | dg.SkipReason]:
        first, last = reach(days)
        if first > last:
            yield dg.SkipReason("there is no partition yet")
            return
        # Leads of whatever day are taken back; that of a run is the one whose unseen outcomes are asked about.
        ended = max(first, last - timedelta(days=1)).isoformat()
        for vendor in vendors:
            yield dg.RunRequest(
                run_key=f"take_back:{vendor}:{asset_event.run_id}",
                job_name=take_back_name(vendor),
                partition_key=ended,
                tags={"leadsync/reason": "take_back"},
            )

    return after_list


def report_runs(jobs: dict[str, AssetJob], vendors: Sequence[str], days: Days) -> list[dg.SensorDefinition]:
    """The report of the day after each load, and after any failure: the person on call needs it most then."""
    loads = [jobs[job_name(vendor)] for vendor in vendors]
    return [
        _report_after("report_after_load", dg.DagsterRunStatus.SUCCESS, loads, jobs[REPORT], days),
        # Whatever failed: what is materialised by hand in the UI belongs to no job of ours.
        _report_after("report_after_failure", dg.DagsterRunStatus.FAILURE, None, jobs[REPORT], days),
    ]


def _report_after(
    name: str, status: dg.DagsterRunStatus, monitored: list[AssetJob] | None, job: AssetJob, days: Days
) -> dg.SensorDefinition:
    @dg.run_status_sensor(
        name=name,
        run_status=status,
        monitored_jobs=monitored,
        request_job=job,
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=15,
        description=f"Proves and reports the days of a run that ended with {status.value}.",
    )
    def after_run(context: dg.RunStatusSensorContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        run = context.dagster_run
        if run.job_name == REPORT:  # a report that cannot be made is not made again for that
            yield dg.SkipReason("the run is the report itself")
            return
        yield from _follow(context, "report", days)

    return after_run


def unresolved_imports(jobs: dict[str, AssetJob], vendors: Sequence[str], days: Days) -> dg.SensorDefinition:
    """Starts a run where an outcome was not seen and its settle time is over, or where leads were left behind.

    Left behind are leads that were decided and planned by nobody, given back, or not sent because the vendor failed.
    """

    @dg.sensor(
        name="unresolved_imports",
        jobs=[jobs[job_name(vendor)] for vendor in vendors],
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=30,
        description="Asks vendors about outcomes that were not seen; loads what was given back, planned by nobody,"
        " or left when the vendor failed.",
    )
    def unresolved(context: dg.SensorEvaluationContext, leadsync: LeadSync) -> Iterator[dg.RunRequest | dg.SkipReason]:
        with leadsync.opened("sensor unresolved_imports") as installation:
            first, last = reach(days)
            due = morning.due_questions(installation, limit=MOST_PER_TICK, first_day=first, today=last)
            morning.note_requests(installation, due)
            left_out = _left_out(installation, days)
        if left_out:
            context.log.warning(left_out)
        if not due:
            nothing = "no import waits for a question that is due, and no day for its plan, or for a vendor that failed"
            yield dg.SkipReason("; ".join(text for text in (nothing, left_out) if text))
        for row in due:
            yield dg.RunRequest(
                run_key=f"ask:{row.vendor}:{row.day}:{_attempt(row.last_event_id)}",
                job_name=job_name(row.vendor),
                partition_key=row.day.isoformat(),
                tags={"leadsync/reason": "unresolved_imports"},
            )

    return unresolved


def import_results(jobs: dict[str, AssetJob], days: Days) -> dg.SensorDefinition:
    """Asks vendors about the imports that they took, and starts a run where a result can be read."""

    @dg.sensor(
        name="import_results",
        job=jobs[REPORT],
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=10,
        description="Polls the vendors' import-result and bulk-status endpoints by the ledger's due times.",
    )
    def results(context: dg.SensorEvaluationContext, leadsync: LeadSync) -> Iterator[dg.RunRequest | dg.SkipReason]:
        told = _poll_for_a_while(leadsync)
        with leadsync.opened("sensor import_results") as installation:
            first, last = reach(days)
            due = morning.due_results(installation, limit=MOST_PER_TICK, first_day=first, today=last)
            left_out = _left_out(installation, days)
        if left_out:
            context.log.warning(left_out)
        if not due:
            yield dg.SkipReason("; ".join(text for text in (told, left_out) if text))
        for row in due:
            yield dg.RunRequest(
                run_key=f"results:{row.day}:{_attempt(row.last_event_id)}",
                partition_key=row.day.isoformat(),
                tags={"leadsync/reason": "import_results"},
            )

    return results


def _poll_for_a_while(leadsync: LeadSync) -> str:
    """What asking came to. A vendor that hangs is left to itself: the tick goes on with what others finished."""
    told: list[str] = []

    def poll() -> None:
        with leadsync.opened("sensor import_results") as installation:
            told.append(morning.told_of_polls(morning.poll_results(installation, limit=MOST_POLLS, budget_s=POLLING_S)))

    asking = threading.Thread(target=poll, name="import_results", daemon=True)
    asking.start()
    asking.join(POLLING_S + 5)
    return told[0] if told else "a vendor has not answered yet, or could not be asked; see the log"


def _attempt(last_event_id: int | None) -> str:
    """Dagster drops a repeated run_key for ever: the newest event and the time make each attempt new."""
    return f"{last_event_id}:{int(utc_now().timestamp()) // morning.ASK_AGAIN_S}"


def _left_out(installation: Installation, days: Days) -> str:
    """Which days have open imports and are no partition, so that no run of them can be asked for."""
    names = ", ".join(map(str, morning.days_out_of_reach(installation, *reach(days))))
    return f"no partition, so no run of it can be asked for: {names}; see leadsync status" if names else ""


def _follow(context: dg.RunStatusSensorContext, what: str, days: Days) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """One run for each day of the run that ended; of a long backfill the newest."""
    run = context.dagster_run
    first, last = reach(days)
    told = [day for day in days_of_run(run) if first <= day <= last]
    if not told:
        yield dg.SkipReason("the run is about no day, or none is a partition")
    for day in told[-MOST_PER_TICK:]:
        yield dg.RunRequest(run_key=f"{what}:{run.run_id}:{day}", partition_key=day.isoformat())
