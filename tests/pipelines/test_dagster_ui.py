"""What an operator does in the Dagster UI, through its GraphQL, with the daemon running."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from pipelines import morning, night
from pipelines.installation import Installation
from pipelines.processes import free_port
from pipelines.processes import running as running_program
from pipelines.runs import dagster_environment
from pipelines.settings import load_settings
from pipelines.up import services
from sandbox.faults import Fault, Match
from sandbox.server import SandboxServer
from sandbox.sinch.app import SinchObi
from tests.doubles import KINDS, SECRETS, serve, write_vendors
from tests.factories import CAMPAIGN, OTHER_CAMPAIGN, OTHER_TARGET, TARGET, lead

DAYS = ("2026-11-16", "2026-11-17", "2026-11-18")
VENDORS = ("sobot", "platform")
DEADLINE_S = 200.0
BACKFILL = """
mutation($b: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $b) {
  __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } ... on Error { message } } }
"""
BACKFILL_STATUS = """
query($id: String!) { partitionBackfillOrError(backfillId: $id) {
  ... on PartitionBackfill { status runs(limit: 10) { status runId } } } }
"""
LAUNCH = """
mutation($p: ExecutionParams!) { launchRun(executionParams: $p) {
  __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } ... on Error { message } } }
"""
MATERIALISATIONS = """
query($key: AssetKeyInput!) { assetOrError(assetKey: $key) {
  ... on Asset { assetMaterializations(limit: 10) { partition } } } }
"""
RUNS = "query($job: String!) { runsOrError(filter: {pipelineName: $job}) { ... on Runs { results { runId status } } } }"
RUN_STATUS = "query($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a configuration, and of Dagster's instance in it."""
    monkeypatch.setenv("LEADSYNC_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    monkeypatch.delenv("DAGSTER_PG_URL", raising=False)
    return tmp_path


def row(number: int, day: str, campaign: str) -> dict[str, str]:
    """A lead of the day and campaign."""
    return lead(number, campaign=campaign, updated_at=f"{day}T10:00:00+01:00")


@pytest.mark.slow
def test_operator_backfills_days_and_materialises_one_campaign(
    folder: Path, installations: Callable[..., Installation], sinch: SandboxServer[SinchObi]
) -> None:
    """Three days are backfilled in single runs; then one campaign of one day is sent on demand."""
    rows = [row(index, day, CAMPAIGN) for index, day in enumerate(DAYS, 1)]
    rows += [row(10 + index, day, OTHER_CAMPAIGN) for index, day in enumerate(DAYS, 1)]
    installation = installations(rows=rows, campaigns={CAMPAIGN: TARGET, OTHER_CAMPAIGN: OTHER_TARGET})
    night.refresh_campaigns(installation)
    with ui(folder) as ask:
        runs = backfill(ask, ["crm/leads", "contacts", "sinch/customers"], DAYS)
        assert [run["status"] for run in runs] == ["SUCCESS"]
        only = {"config": {"campaigns": [OTHER_CAMPAIGN]}}
        ops = {"sinch__customers": only, "sinch__customer_imports": only}
        status = materialise(ask, "sinch_load", DAYS[1], ops)
    assert status == "SUCCESS"
    assert sinch.vendor.store.creations == {(OTHER_TARGET, "lead-L12"): 1}
    assert planned_by_campaign(installation) == {CAMPAIGN: 3, OTHER_CAMPAIGN: 2}


@pytest.mark.slow
def test_night_settles_asynchronous_imports_without_a_hand(
    folder: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the intake the daemon loads Sobot and the Platform, asks for their results, and has them settled."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    rows = [row(number, DAYS[1], f"{vendor}-calls") for vendor in VENDORS for number in range(1, 26)]
    with serve(KINDS["sobot"]) as sobot, serve(KINDS["platform"]) as platform:
        servers = {"sobot": sobot, "platform": platform}
        write_vendors(folder, servers, database=database, rows=rows)
        with ui(folder) as ask:
            assert materialise(ask, "nightly_intake", DAYS[1], {}) == "SUCCESS"
            installation = Installation.load(folder / "leadsync.yaml")
            accepted = wait_for(lambda: accepted_by_vendor(installation, count=len(rows)))
            installation.close()
    assert accepted == {"sobot": 25, "platform": 25}
    assert {name: len(server.vendor.held()) for name, server in servers.items()} == accepted


@pytest.mark.slow
def test_backfill_that_fails_is_reported_without_a_hand(
    folder: Path, installations: Callable[..., Installation], sinch: SandboxServer[SinchObi]
) -> None:
    """What was started by hand belongs to no job: its failure, too, is followed by the report of each of its days."""
    installation = installations(rows=[row(index, day, CAMPAIGN) for index, day in enumerate(DAYS, 1)])
    night.refresh_campaigns(installation)
    sinch.faults.add(Fault(kind="status", status=503, match=Match(), times=None))
    with ui(folder) as ask:
        runs = backfill(ask, ["crm/leads", "contacts", "sinch/customers", "sinch/customer_imports"], DAYS[:2])
        assert [run["status"] for run in runs] == ["FAILURE"]
        reported = wait_for(lambda: materialised(ask, "reporting/nightly_report", count=2))
        assert reported == set(DAYS[:2])
        assert materialised(ask, "sinch/customer_imports", count=0) == set()


@pytest.mark.slow
def test_run_that_died_with_its_code_server_is_started_again(
    folder: Path, installations: Callable[..., Installation], sinch: SandboxServer[SinchObi]
) -> None:
    """The machine restarts the code server in the middle of a load: the run has failed, and another does its work."""
    installation = installations(rows=[row(index, DAYS[0], CAMPAIGN) for index in (1, 2)], campaigns={CAMPAIGN: TARGET})
    night.refresh_campaigns(installation)
    night.pull_and_decide(installation, day_of(DAYS[0]))
    sinch.faults.add(Fault(kind="stall_before_commit", match=Match(), seconds=DEADLINE_S))
    with services(folder / "leadsync.yaml", port=free_port(), with_sandbox=False) as running:
        ask = asking(running.url)
        run_id = launch(ask, "sinch_load", DAYS[0], {})
        assert sinch.faults.wait_until_fired(deadline_s=90)
        with restarted(running.processes["code-server"], folder / "leadsync.yaml"):
            statuses = wait_for(lambda: ended_runs(ask, "sinch_load", count=2))
    assert statuses.pop(run_id) == "FAILURE"
    assert list(statuses.values()) == ["SUCCESS"]
    assert sinch.vendor.store.creations == {(TARGET, "lead-L1"): 1, (TARGET, "lead-L2"): 1}


@contextmanager
def restarted(server: subprocess.Popen[bytes], config: Path) -> Iterator[None]:
    """The code server and all that it started are dead; another at its address runs inside the block."""
    os.killpg(server.pid, signal.SIGKILL)
    server.wait()
    assert isinstance(server.args, list)
    environment = {**dagster_environment(load_settings(config)), "LEADSYNC_CONFIG": str(config)}
    with running_program(server.args, environment=environment):
        yield


def ended_runs(ask: Callable[[str, dict[str, Any]], Any], job: str, *, count: int) -> dict[str, str] | None:
    """The status of each run of the job, once so many have ended."""
    runs = ask(RUNS, {"job": job})["runsOrError"]["results"]
    ended = {run["runId"]: run["status"] for run in runs if run["status"] in ("SUCCESS", "FAILURE", "CANCELED")}
    return ended if len(ended) >= count else None


def materialised(ask: Callable[[str, dict[str, Any]], Any], asset: str, *, count: int) -> set[str] | None:
    """The days for which the asset was materialised, once they are so many."""
    found = ask(MATERIALISATIONS, {"key": {"path": asset.split("/")}})["assetOrError"]
    days = {one["partition"] for one in found.get("assetMaterializations", [])}
    return days if len(days) >= count else None


def accepted_by_vendor(installation: Installation, *, count: int) -> dict[str, int] | None:
    """Leads that are accepted, by vendor, once they are so many."""
    found = {row.vendor: row.accepted_count for row in morning.report(installation, [day_of(DAYS[1])]).campaigns}
    return found if sum(found.values()) == count else None


def planned_by_campaign(installation: Installation) -> dict[str, int]:
    """Leads that are planned, by campaign, over all days."""
    totals: dict[str, int] = {}
    for outcome in morning.report(installation, [day_of(day) for day in DAYS]).campaigns:
        totals[outcome.campaign] = totals.get(outcome.campaign, 0) + outcome.planned_count
    return totals


def day_of(text: str) -> Any:
    """The date of a partition key."""
    from datetime import date

    return date.fromisoformat(text)


@contextmanager
def ui(folder: Path) -> Iterator[Callable[[str, dict[str, Any]], Any]]:
    """Webserver, code server and daemon; yields a function that asks GraphQL."""
    with services(folder / "leadsync.yaml", port=free_port(), with_sandbox=False) as running:
        yield asking(running.url)


def asking(url: str) -> Callable[[str, dict[str, Any]], Any]:
    """A function that asks the GraphQL there."""

    def ask(query: str, variables: dict[str, Any]) -> Any:
        answer = httpx.post(f"{url}/graphql", json={"query": query, "variables": variables}, timeout=60)
        body = answer.json()
        assert "errors" not in body, body["errors"]
        return body["data"]

    return ask


def backfill(ask: Callable[[str, dict[str, Any]], Any], assets: list[str], days: tuple[str, ...]) -> list[Any]:
    """The backfill's runs, after it has ended."""
    selection = [{"path": asset.split("/")} for asset in assets]
    [answer] = ask(BACKFILL, {"b": {"assetSelection": selection, "partitionNames": list(days)}}).values()
    assert answer["__typename"] == "LaunchBackfillSuccess", answer
    backfill_id = answer["backfillId"]

    def ended() -> list[Any] | None:
        found = ask(BACKFILL_STATUS, {"id": backfill_id})["partitionBackfillOrError"]
        return found["runs"] if found["status"].startswith("COMPLETED") or found["status"] == "FAILED" else None

    return wait_for(ended)


def launch(ask: Callable[[str, dict[str, Any]], Any], job: str, day: str, ops: dict[str, Any]) -> str:
    """The id of a new run of the job for the day."""
    parameters = {
        "selector": {"repositoryLocationName": "leadsync", "repositoryName": "__repository__", "jobName": job},
        "runConfigData": {"ops": ops},
        "executionMetadata": {"tags": [{"key": "dagster/partition", "value": day}]},
    }
    [answer] = ask(LAUNCH, {"p": parameters}).values()
    assert answer["__typename"] == "LaunchRunSuccess", answer
    run_id: str = answer["run"]["runId"]
    return run_id


def materialise(ask: Callable[[str, dict[str, Any]], Any], job: str, day: str, ops: dict[str, Any]) -> str:
    """The status of a run of the job for the day, after it has ended."""
    run_id = launch(ask, job, day, ops)

    def ended() -> str | None:
        status = ask(RUN_STATUS, {"id": run_id})["runOrError"]["status"]
        return status if status in ("SUCCESS", "FAILURE", "CANCELED") else None

    return wait_for(ended)


def wait_for(look: Callable[[], Any]) -> Any:
    """What `look` finds, once it finds something."""
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        found = look()
        if found is not None:
            return found
        time.sleep(0.5)
    raise AssertionError(f"nothing within {DEADLINE_S} s")
