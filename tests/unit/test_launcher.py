"""What the daemon is told of a run's process, without a code server."""

from __future__ import annotations

import json
from collections.abc import Iterator

import dagster as dg
import pytest
from dagster._core.launcher import WorkerStatus
from dagster._core.storage.tags import GRPC_INFO_TAG

from pipelines.launcher import WatchedRunLauncher
from pipelines.processes import free_port


@pytest.fixture(scope="module")
def instance() -> Iterator[dg.DagsterInstance]:
    """A Dagster instance in memory."""
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.mark.parametrize(("unreachable_s", "told"), [(120.0, WorkerStatus.RUNNING), (0.0, WorkerStatus.NOT_FOUND)])
def test_run_is_gone_only_when_its_code_server_was_silent_for_long(
    instance: dg.DagsterInstance, unreachable_s: float, told: WorkerStatus
) -> None:
    """A network that fails for a moment ends no run; a machine that came up with another address does."""
    launcher = launcher_of(instance, unreachable_s=unreachable_s)
    nobody = {"host": "127.0.0.1", "port": free_port()}
    run = instance.add_run(dg.DagsterRun("load", tags={GRPC_INFO_TAG: json.dumps(nobody)}))
    assert [launcher.check_run_worker_health(run).status for _ in range(2)] == [told, told]


def test_run_of_a_program_of_its_own_is_left_alone(instance: dg.DagsterInstance) -> None:
    """`leadsync sync --wait` runs jobs itself: no code server knows of them."""
    run = instance.add_run(dg.DagsterRun("load"))
    assert launcher_of(instance, unreachable_s=0).check_run_worker_health(run).status == WorkerStatus.RUNNING


def launcher_of(instance: dg.DagsterInstance, *, unreachable_s: float) -> WatchedRunLauncher:
    """A launcher that knows the runs of the instance."""
    launcher = WatchedRunLauncher(unreachable_s=unreachable_s)
    launcher.register_instance(instance)
    return launcher
