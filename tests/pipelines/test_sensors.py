"""The sensors of the code location: what follows by itself, when, and what they leave alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import dagster as dg
import pytest
from sqlalchemy import text

from pipelines import morning, night
from pipelines.definitions import build_definitions
from pipelines.installation import Installation
from pipelines.jobs import INTAKE, REPORT, job_name, take_back_name
from pipelines.ledger_rows import Scope
from pipelines.load import load_day
from pipelines.runs import failures, run_job
from pipelines.sensors import MOST_PER_TICK
from pipelines.settling import settle_day
from sandbox.faults import Fault, Match
from sandbox.server import SandboxServer
from sandbox.sinch.app import SinchObi
from tests.factories import CAMPAIGN, DAY, lead, leads, phone
from tests.reading import query, states

Make = Callable[..., Installation]
LOAD = job_name("sinch")


def definitions(installation: Installation) -> dg.Definitions:
    """The code location of the test's configuration."""
    return build_definitions(installation.settings)


@pytest.mark.parametrize(
    ("job", "tags", "days"),
    [
        (LOAD, {"dagster/partition": "2026-11-17"}, ["2026-11-17"]),
        ("__ASSET_JOB", {"dagster/partition": "2026-11-17"}, ["2026-11-17"]),
        (
            "__ASSET_JOB",
            {
                "dagster/asset_partition_range_start": "2026-11-16",
                "dagster/asset_partition_range_end": "2026-11-17",
            },
            ["2026-11-16", "2026-11-17"],
        ),
        ("__ASSET_JOB", {"dagster/partition": "2026-10-31"}, []),  # before first_day
        ("retention", {}, []),
        (REPORT, {"dagster/partition": "2026-11-17"}, []),
    ],
)
def test_every_failure_is_followed_by_the_report(
    installations: Make, instance: dg.DagsterInstance, job: str, tags: dict[str, str], days: list[str]
) -> None:
    """Also of what was materialised by hand, and of each day of a backfill; the report does not follow itself."""
    sensors = {sensor.name: sensor for sensor in definitions(installations(rows=[])).sensors or []}
    failed = dg.DagsterRun(job_name=job, run_id="0f0f0f0f", tags=tags)
    event = dg.DagsterEvent(dg.DagsterEventType.RUN_FAILURE.value, job)
    told = sensors["report_after_failure"](
        dg.build_run_status_sensor_context("report_after_failure", event, instance, failed)
    )
    assert [one.partition_key for one in told if isinstance(one, dg.RunRequest)] == days


@pytest.mark.parametrize(
    ("first", "last", "days"),
    [
        ("2026-11-15", "2026-11-17", ["2026-11-15", "2026-11-16", "2026-11-17"]),
        ("2026-11-17", "2026-11-17", ["2026-11-17"]),
        ("2026-10-30", "2026-11-01", ["2026-11-01"]),  # first_day
        ("2026-10-01", "2026-10-02", []),
    ],
)
def test_a_backfill_of_the_intake_is_followed_by_a_load_of_each_day(
    first: str, last: str, days: list[str], installations: Make, instance: dg.DagsterInstance
) -> None:
    """The UI tags the run with a range, even for one day; days that are no partition are left out."""
    tags = {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}
    assert followed(installations(rows=[]), instance, tags) == [(f"sinch:0f0f0f0f:{day}", day) for day in days]


def test_a_night_is_followed_by_its_load(installations: Make, instance: dg.DagsterInstance) -> None:
    """The run of the schedule has a day of its own."""
    told = followed(installations(rows=[]), instance, {"dagster/partition": "2026-11-17"})
    assert told == [("sinch:0f0f0f0f:2026-11-17", "2026-11-17")]


def test_a_long_backfill_is_followed_by_loads_of_its_newest_days(
    installations: Make, instance: dg.DagsterInstance
) -> None:
    """The others are decided and planned by nobody: `unresolved_imports` asks for their loads."""
    tags = {
        "dagster/asset_partition_range_start": "2026-10-01",
        "dagster/asset_partition_range_end": "2026-11-17",
    }
    told = followed(installations(rows=[], first_day="2026-09-01"), instance, tags)
    assert [day for _, day in told] == [str(DAY - timedelta(days=ago)) for ago in reversed(range(MOST_PER_TICK))]


def followed(
    installation: Installation, instance: dg.DagsterInstance, tags: dict[str, str]
) -> list[tuple[str | None, str | None]]:
    """Key and day of each load that the sensor asks for after an intake with the tags."""
    [sensor] = [one for one in definitions(installation).sensors or [] if one.name == "sinch_after_intake"]
    ended = dg.DagsterRun(job_name=INTAKE, run_id="0f0f0f0f", tags=tags)
    event = dg.DagsterEvent(dg.DagsterEventType.RUN_SUCCESS.value, INTAKE)
    told = sensor(dg.build_run_status_sensor_context("sinch_after_intake", event, instance, ended))
    return [(one.run_key, one.partition_key) for one in told if isinstance(one, dg.RunRequest)]


def test_an_empty_day_takes_back_who_was_listed(
    installations: Make, instance: dg.DagsterInstance, sinch: SandboxServer[SinchObi]
) -> None:
    """Taking back follows the list, not the intake: that fails, as its day has no row, and no load follows it."""
    load_day(installations(rows=leads(2)), DAY)
    installation = installations(rows=leads(2), do_not_call=[{"phone": phone(2)}])
    assert sensor_requests(installation, instance, "take_back") == []
    assert not run_job(installation.settings, instance, INTAKE, [DAY + timedelta(days=1)]).success
    [request] = sensor_requests(installation, instance, "take_back")
    ended = datetime.now(installation.settings.zone).date() - timedelta(days=1)
    assert (request.job_name, request.partition_key) == (take_back_name("sinch"), ended.isoformat())
    taken = run_job(installation.settings, instance, take_back_name("sinch"), [ended])
    assert failures(taken) == []
    assert [number for _, number in sinch.vendor.held()] == [phone(1).lstrip("+")]


def test_sensor_asks_again_about_unseen_outcomes(
    installations: Make, instance: dg.DagsterInstance, sinch: SandboxServer[SinchObi]
) -> None:
    """An import whose answer was lost is asked about by a run that the sensor starts; then there is silence."""
    sinch.faults.add(Fault(kind="lost_after_commit", match=Match(path_contains="customers/list")))
    installation = installations(rows=leads(5), sinch={"settle_s": 3600})
    load_day(installation, DAY)
    assert states(installation) == {"unknown": 5}
    assert sensor_requests(installation, instance) == []
    with installation.engine.begin() as connection:  # the settle time is over
        connection.execute(text("UPDATE ledger.imports SET due_at = now()"))
    [request] = sensor_requests(installation, instance)
    assert (request.job_name, request.partition_key) == (LOAD, DAY.isoformat())
    assert run_job(installation.settings, instance, LOAD, [DAY]).success
    assert states(installation) == {"accepted": 5}
    assert sensor_requests(installation, instance) == []
    assert query(installation, "SELECT DISTINCT event FROM ledger.events WHERE event = 'asking'") == [("asking",)]


def sensor_requests(
    installation: Installation, instance: dg.DagsterInstance, name: str = "unresolved_imports"
) -> list[dg.RunRequest]:
    """What one tick of the sensor asks for."""
    assets = definitions(installation)
    resources = dict(assets.resources or {})
    with dg.build_sensor_context(instance=instance, definitions=assets, resources=resources) as context:
        return list(assets.resolve_sensor_def(name).evaluate_tick(context).run_requests or [])


def test_sensor_goes_on_with_a_decided_day_that_nobody_planned(
    installations: Make, instance: dg.DagsterInstance, sinch: SandboxServer[SinchObi]
) -> None:
    """The process died after the decision: an hour later a load is asked for, and less often each time in vain."""
    installation = installations(rows=leads(3))
    decide_and_die(installation)
    assert sensor_requests(installation, instance) == []
    shift(installation, "to_plan", "since", hours=2)
    [request] = sensor_requests(installation, instance)
    assert (request.job_name, request.partition_key) == (LOAD, DAY.isoformat())
    for minutes in (5, 10, 20):  # the run dies, too
        shift(installation, "load_requests", "requested_at", minutes=minutes - 1)
        assert sensor_requests(installation, instance) == []
        shift(installation, "load_requests", "requested_at", minutes=1)
        assert len(sensor_requests(installation, instance)) == 1
    assert run_job(installation.settings, instance, LOAD, [DAY]).success
    assert states(installation) == {"accepted": 3}
    shift(installation, "load_requests", "requested_at", hours=4)
    assert sensor_requests(installation, instance) == []


def test_sensor_leaves_alone_what_it_must_not_load(installations: Make, instance: dg.DagsterInstance) -> None:
    """A plan in the making, a load that said why it ended, rows without a verdict, a day that is not over."""
    installation = installations(rows=leads(3))
    decide_and_die(installation)
    shift(installation, "to_plan", "since", hours=2)
    with installation.plan_ledger() as ledger:
        assert ledger.take_planning("sinch")
        assert sensor_requests(installation, instance) == []
        ledger.leave_planning()
        scope = Scope("sinch", (DAY,), (CAMPAIGN,))
        ledger.record_early_end(scope, "the login was refused", is_passing=False)
        assert sensor_requests(installation, instance) == []
        ledger.record_stops(scope, {}, [CAMPAIGN])
    with installation.engine.begin() as connection:
        connection.execute(text("UPDATE crm.read_counts SET read_count = read_count + 1"))
    assert sensor_requests(installation, instance) == []
    with installation.engine.begin() as connection:
        connection.execute(text("UPDATE crm.read_counts SET read_count = read_count - 1"))
    assert morning.due_questions(installation, limit=20, today=DAY) == []
    assert len(sensor_requests(installation, instance)) == 1


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind="status", status=503, match=Match(), times=None),
        Fault(kind="status", status=429, match=Match(path_contains="customers/list"), times=None),
    ],
    ids=["down", "too_busy"],
)
def test_sensor_goes_on_with_what_a_vendor_that_failed_left(
    installations: Make, instance: dg.DagsterInstance, sinch: SandboxServer[SinchObi], fault: Fault
) -> None:
    """The vendor fails at night: a load is asked for after five minutes, less often each time, until it is back."""
    installation = installations(rows=leads(3))
    sinch.faults.add(fault)
    assert load_day(installation, DAY).problems
    assert states(installation) == {"planned": 3}
    assert sensor_requests(installation, instance) == []
    shift(installation, "campaign_stops", "stopped_at", minutes=5)
    [request] = sensor_requests(installation, instance)
    assert (request.job_name, request.partition_key) == (LOAD, DAY.isoformat())
    assert not run_job(installation.settings, instance, LOAD, [DAY]).success
    for minutes in (5, 10):
        shift(installation, "campaign_stops", "stopped_at", hours=1)
        shift(installation, "load_requests", "requested_at", minutes=minutes - 1)
        assert sensor_requests(installation, instance) == []
        shift(installation, "load_requests", "requested_at", minutes=1)
        assert len(sensor_requests(installation, instance)) == 1
    sinch.faults.clear()
    assert run_job(installation.settings, instance, LOAD, [DAY]).success
    assert states(installation) == {"accepted": 3}
    shift(installation, "load_requests", "requested_at", hours=4)
    assert sensor_requests(installation, instance) == []


def test_halves_that_a_vendor_which_failed_left_are_tried_less_and_less_often(
    installations: Make, sinch: SandboxServer[SinchObi]
) -> None:
    """At once for the halves, after five minutes for the failure; from then on both are one cause."""
    installation = installations(rows=leads(4))
    creating = Match(path_contains="customers/list")
    sinch.faults.add(Fault(kind="status", status=400, match=creating))
    sinch.faults.add(Fault(kind="status", status=429, match=creating, times=None))
    load_day(installation, DAY)
    assert states(installation) == {"planned": 4}
    asked = []
    for minute in range(1, 45):
        for table, column in (
            ("imports", "due_at"),
            ("campaign_stops", "stopped_at"),
            ("load_requests", "requested_at"),
        ):
            shift(installation, table, column, minutes=1)
        due = morning.due_questions(installation, limit=20)
        morning.note_requests(installation, due)
        if due:
            asked.append(minute)
            assert night.plan_and_send(installation, "sinch", [DAY]).delivery.is_passing
    assert asked == [1, 6, 11, 21, 41]


@pytest.mark.parametrize("given_up", [False, True], ids=["refused_login", "given_up"])
def test_sensor_tries_in_vain_nothing_that_a_person_must_mend(
    installations: Make, instance: dg.DagsterInstance, sinch: SandboxServer[SinchObi], given_up: bool
) -> None:
    """A login that is refused again and again may be locked; a campaign that is not active is not loaded."""
    installation = installations(rows=leads(3))
    sinch.faults.add(Fault(kind="status", status=503 if given_up else 401, match=Match(), times=None))
    load_day(installation, DAY)
    if given_up:
        with installation.engine.begin() as connection:
            connection.execute(text("UPDATE crm.campaigns SET is_active = FALSE"))
    shift(installation, "campaign_stops", "stopped_at", hours=5)
    assert sensor_requests(installation, instance) == []


def test_sensors_survive_a_day_that_is_no_partition(
    installations: Make, instance: dg.DagsterInstance, sinch: SandboxServer[SinchObi]
) -> None:
    """After `first_day` moved, what is open of a day before it stops no other; status names it, `sync` settles it."""
    following = DAY + timedelta(days=1)
    sinch.faults.add(Fault(kind="lost_after_commit", match=Match(path_contains="customers/list"), times=None))
    rows = [lead(1), lead(2, updated_at=f"{following}T10:00:00+01:00")]
    installation = installations(rows=rows, sinch={"settle_s": 3600})
    for day in (DAY, following):
        load_day(installation, day)
    sinch.faults.clear()
    shift(installation, "imports", "due_at", hours=2)
    installation = installations(rows=rows, first_day=following.isoformat())
    requests = sensor_requests(installation, instance)
    assert [request.partition_key for request in requests] == [following.isoformat()]
    assert morning.told_of_older_days(installation, following) == [
        f"{DAY}: 1 lead is unknown; before first_day nobody goes on with it: "
        f"leadsync sync --day {DAY} asks about what was sent, and sends nothing"
    ]
    assert morning.is_past_with_open(installation, DAY)
    assert settle_day(installation, DAY) == []
    assert states(installation) == {"accepted": 1}
    assert not morning.is_past_with_open(installation, DAY)


def test_results_of_a_day_that_is_no_partition_are_left_out(installations: Make, instance: dg.DagsterInstance) -> None:
    """What a vendor finished of it can be read by `sync`; the days after it are read by the sensor's runs."""
    installation = installations(rows=leads(1), first_day=str(DAY))
    submitted = """
        INSERT INTO ledger.imports (import_key, vendor, campaign, day, target, payload, payload_digest, entry_count,
                                    state, due_at, planned_at, sent_at, submitted_at, deadline_at, finished_at)
        SELECT gen_random_uuid(), 'sobot', 'c', CAST(:day AS date) - n, '{}', '[]', 'd', 1, 'submitted', now(), now(),
               now(), now(), now(), now()
        FROM generate_series(0, 1) AS n
    """
    with installation.engine.begin() as connection:
        connection.execute(text(submitted), {"day": DAY})
    requests = sensor_requests(installation, instance, "import_results")
    assert [request.partition_key for request in requests] == [DAY.isoformat()]
    assert morning.days_out_of_reach(installation, DAY, DAY) == [DAY - timedelta(days=1)]


def decide_and_die(installation: Installation) -> None:
    """The day is decided, and nobody planned it."""
    night.refresh_campaigns(installation)
    night.pull_and_decide(installation, DAY)


def shift(installation: Installation, table: str, column: str, **passed: float) -> None:
    """What stands in the column of the ledger's table was so much earlier."""
    with installation.engine.begin() as connection:
        connection.execute(
            text(f"UPDATE ledger.{table} SET {column} = {column} - :passed"), {"passed": timedelta(**passed)}
        )


def test_old_leftovers_do_not_starve_newer_questions(
    installations: Make, instance: dg.DagsterInstance, sinch: SandboxServer[SinchObi]
) -> None:
    """What is planned for a campaign that is stopped at the vendor can wait; what was not seen is asked about first."""
    installation = installations(rows=leads(1), sinch={"settle_s": 3600}, first_day="2026-10-01")
    sinch.faults.add(Fault(kind="lost_after_commit", match=Match(path_contains="customers/list")))
    load_day(installation, DAY)
    leftover(installation, days=MOST_PER_TICK)
    first = sensor_requests(installation, instance)
    assert len(first) == MOST_PER_TICK
    assert DAY.isoformat() not in [request.partition_key for request in first]
    shift(installation, "imports", "due_at", hours=2)
    shift(installation, "load_requests", "requested_at", minutes=5)
    assert sensor_requests(installation, instance)[0].partition_key == DAY.isoformat()


def test_a_leftover_that_cannot_be_sent_is_tried_less_and_less_often(
    installations: Make, instance: dg.DagsterInstance
) -> None:
    """After five minutes, then after twice as long, at last every four hours; what is new is sent at once."""
    installation = installations(rows=leads(1))
    load_day(installation, DAY)
    leftover(installation, days=1)
    waits = []
    for _ in range(8):
        assert len(sensor_requests(installation, instance)) == 1
        waits.append(0)
        while not morning.due_questions(installation, limit=1):
            shift(installation, "load_requests", "requested_at", minutes=5)
            waits[-1] += 5
    assert waits == [5, 10, 20, 40, 80, 160, 240, 240]
    assert len(sensor_requests(installation, instance)) == 1
    leftover(installation, days=1)
    assert len(sensor_requests(installation, instance)) == 1


def leftover(installation: Installation, *, days: int) -> None:
    """A part of an import of each of so many days before the test's waits to be sent."""
    insert = """
        INSERT INTO ledger.imports (import_key, parent_id, vendor, campaign, day, target, payload, payload_digest,
                                    entry_count, due_at, planned_at)
        SELECT gen_random_uuid(), 1, 'sinch', :campaign, CAST(:day AS date) - n, '{}', '[]', 'd', 1, now(), now()
        FROM generate_series(1, :days) AS n
    """
    with installation.engine.begin() as connection:
        connection.execute(text(insert), {"campaign": CAMPAIGN, "day": DAY, "days": days})
