"""Starts Dagster's runs in the code server, and notices when a run has died with it.

Belongs here: how Dagster's daemon is told that nobody works at a run any more. Does not belong here: what a run does.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Self

import dagster as dg
from dagster._core.errors import DagsterUserCodeUnreachableError
from dagster._core.launcher import CheckRunHealthResult, DefaultRunLauncher, WorkerStatus
from dagster._grpc.types import CanCancelExecutionRequest, CanCancelExecutionResult
from dagster._serdes import ConfigurableClassData, deserialize_value

ANSWER_S = 10


class WatchedRunLauncher(DefaultRunLauncher):
    """Dagster's own launcher, which knows of no run whether its process is there.

    A machine or a code server that goes down takes its runs with it. Dagster would show them as started until their
    longest time is over, hours later; until then they hold the places of their vendor, and nobody starts them again.
    """

    def __init__(self, inst_data: ConfigurableClassData | None = None, *, unreachable_s: float) -> None:
        """`unreachable_s`: so long a code server may not answer before its runs count as gone."""
        super().__init__(inst_data)
        self._unreachable_s = unreachable_s
        self._silent_since: dict[str, float] = {}

    @classmethod
    def config_type(cls) -> dict[str, dg.Field]:
        """What `dagster.yaml` may say under `run_launcher.config`."""
        return {"unreachable_s": dg.Field(float, default_value=120.0)}

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData, config_value: Mapping[str, Any]) -> Self:
        """The launcher that `dagster.yaml` describes."""
        return cls(inst_data, unreachable_s=config_value["unreachable_s"])

    @property
    def supports_check_run_worker_health(self) -> bool:
        """The daemon asks about each run that was started, every `run_monitoring.poll_interval_seconds`."""
        return True

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """Whether the code server that started the run still has its process.

        A run that no code server started (a job in a program of its own) is nobody's to judge, and counts as running.
        """
        client = self._get_grpc_client_for_termination(run.run_id)  # type: ignore[no-untyped-call]
        if client is None:
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        request = CanCancelExecutionRequest(run_id=run.run_id)
        try:
            answer = deserialize_value(client.can_cancel_execution(request, ANSWER_S), CanCancelExecutionResult)
        except DagsterUserCodeUnreachableError:
            return self._unreached(run.run_id)
        self._silent_since.pop(run.run_id, None)
        if answer.can_cancel:
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        return CheckRunHealthResult(WorkerStatus.NOT_FOUND, "the code server was started anew, and its runs are gone")

    def _unreached(self, run_id: str) -> CheckRunHealthResult:
        now = time.monotonic()
        silent_s = now - self._silent_since.setdefault(run_id, now)
        if silent_s < self._unreachable_s:
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        del self._silent_since[run_id]
        return CheckRunHealthResult(WorkerStatus.NOT_FOUND, f"its code server did not answer for {silent_s:.0f} s")
