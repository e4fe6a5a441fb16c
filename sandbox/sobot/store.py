"""What the Sobot double holds, and the counts that tests ask for.

Belongs here: all records, and what was asked. Does not belong here: rules (`imports.py`, `configuration.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import RLock
from typing import Any

from sandbox.clock import Clock
from sandbox.exchange import Answer
from sandbox.sobot.knobs import SobotKnobs
from sandbox.sobot.records import Import, Task, new_task_code, new_task_id
from sandbox.sobot.seeds import (
    DATA_TEMPLATE,
    SERVICE_AGENT_ID,
    TASK_CODE,
    TASK_NAME,
    new_agents,
    new_extensions,
    new_queues,
)


@dataclass
class BodyFault:
    """An answer with HTTP 200 whose body says that it failed. `commit`: the request is processed all the same."""

    operation: str
    code: int = 500
    ret_code: str | None = "999999"
    commit: bool = False
    times: int = 1


class Store:
    """Everything that one double holds. Hold `lock` for a reading that must not change meanwhile.

    Attributes:
        requests: How many requests were processed, by operation, refused ones included.
        answered: Stored answers by operation and Idempotency-Key, with the body that they answered.
        tokens: Valid tokens: when each ends (seconds of the double's clock), and whether an agent's.
        token_calls: When the recent token calls came.
        received: Every body of an import that was processed, in order.
    """

    def __init__(self) -> None:
        self.lock = RLock()
        self.reset()

    def reset(self) -> None:
        """Only the seeds exist, and all counts are nought."""
        with self.lock:
            self.requests: Counter[str] = Counter()
            self.tasks: dict[str, Task] = {}
            self.imports: list[Import] = []
            self.agents = new_agents()
            self.queues = new_queues()
            self.extensions = new_extensions()
            self.block_list: dict[str, Mapping[str, Any]] = {}
            self.contact_plans: list[Mapping[str, Any]] = []
            self.answered: dict[tuple[str, str], tuple[bytes, Answer]] = {}
            self.tokens: dict[str, tuple[float, bool]] = {}
            self.token_calls: list[float] = []
            self.body_faults: list[BodyFault] = []
            self.received: list[Mapping[str, Any]] = []
            self.idempotency_keys: list[tuple[str, str]] = []
            self.add_task(TASK_NAME, code=TASK_CODE)

    def add_task(
        self,
        name: str,
        *,
        code: str | None = None,
        creator: str = SERVICE_AGENT_ID,
        data_template: str = DATA_TEMPLATE,
        created_ms: int = 1711681298345,
        fields: Mapping[str, Any] | None = None,
    ) -> Task:
        """The task exists and is empty."""
        task = Task(new_task_id(), code or new_task_code(), name, creator, data_template, created_ms, fields or {})
        with self.lock:
            self.tasks[task.code] = task
        return task

    def block(self, telephone: str) -> None:
        """The number is on the block list, outbound, for good."""
        with self.lock:
            self.block_list[telephone] = {"callType": 3, "enabled": 1}

    def is_blocked(self, telephone: str) -> bool:
        """Whether the block list bars outbound calls to the number, which it must have letter by letter (assumed)."""
        row = self.block_list.get(telephone)
        return row is not None and row["callType"] == 3 and row["enabled"] == 1

    def task_by(self, *, task_id: str | None, code: str | None) -> Task | None:
        """The task of that id, or else of that code; the id wins when both are given."""
        if task_id:
            return next((task for task in self.tasks.values() if task.id == task_id), None)
        return self.tasks.get(code or "")

    def agent_by(self, agent: str, agent_type: int) -> dict[str, Any] | None:
        """The agent of that work number (0) or id (1)."""
        key = "agentUUID" if agent_type == 1 else "agentID"
        return next((row for row in self.agents if row[key] == agent), None)

    def take_body_fault(self, operation: str) -> BodyFault | None:
        """The failing body that this request gets, counted as used; None when it gets none."""
        fault = next((fault for fault in self.body_faults if fault.operation == operation), None)
        if fault is not None:
            fault.times -= 1
            if fault.times <= 0:
                self.body_faults.remove(fault)
        return fault

    def held(self) -> list[tuple[str, str]]:
        """(task code, telephone as digits) of every stored lead."""
        return [(code, _digits(telephone)) for code, telephone in self._records()]

    def dialled(self) -> list[tuple[str, str]]:
        """`held` without the numbers that are blocked."""
        return [(code, _digits(telephone)) for code, telephone in self._records() if not self.is_blocked(telephone)]

    def _records(self) -> list[tuple[str, str]]:
        with self.lock:
            return [(task.code, telephone) for task in self.tasks.values() for telephone in task.records]

    def summary(self) -> dict[str, Any]:
        """Counts by task and by operation, as JSON values."""
        with self.lock:
            return {
                "tasks": {code: {"name": t.name, "records": len(t.records)} for code, t in self.tasks.items()},
                "imports": len(self.imports),
                "requests": dict(self.requests),
            }


def _digits(telephone: str) -> str:
    return "".join(filter(str.isdigit, telephone))


@dataclass
class Tenant:
    """One customer of the vendor: how the double behaves, what time it is, what it holds."""

    knobs: SobotKnobs = field(default_factory=SobotKnobs)
    clock: Clock = field(default_factory=Clock)
    store: Store = field(default_factory=Store)

    def now_ms(self) -> int:
        """Milliseconds since 1970 by the vendor's clock."""
        return round(1000 * (self.clock.now() + self.knobs.clock_skew_s))
