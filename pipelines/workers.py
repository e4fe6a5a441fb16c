"""A bounded pool of threads that talks to a vendor, one import each, and queues what comes back.

Belongs here: threads and their hand-over. Does not belong here: the ledger (workers never touch it) and
what an answer means (`rulings.py`).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from queue import Empty, SimpleQueue

from connectors.gateway import Batch, Gateway, Receipt, ResultsLater
from pipelines.ledger_rows import Claim
from pipelines.rulings import Answer, Errand

QUICK_S = 0.05
"""A vendor that answers sooner is quick: it is the ledger's turns that a load then waits for."""


class Workers:
    """Sends claimed imports over `gateway.connections` connections.

    Twice as many imports are taken as can be in flight, so that a connection never waits for the ledger; six times as
    many where the vendor is quick, so that a turn of the ledger is about more of them.
    """

    def __init__(self, gateway: Gateway) -> None:
        self._connections = gateway.connections
        self._calls: dict[Errand, Callable[[Batch], Receipt]] = {
            "submit": gateway.submit,
            "reconcile": gateway.reconcile,
        }
        if isinstance(gateway, ResultsLater):
            self._calls["collect"] = gateway.collect
        self._pool = ThreadPoolExecutor(gateway.connections, thread_name_prefix=gateway.vendor)
        self._answers: SimpleQueue[Answer] = SimpleQueue()
        self._held: dict[int, tuple[Answer, Future[None]]] = {}
        self._last_took_s = QUICK_S

    @property
    def import_ids(self) -> list[int]:
        """The imports that were taken and not brought back yet."""
        return list(self._held)

    @property
    def has_idle_connections(self) -> bool:
        """Whether some connection has nothing to send."""
        return len(self._held) < self._connections

    @property
    def free(self) -> int:
        """How many more imports can be taken now."""
        return max(0, self._capacity - len(self._held))

    @property
    def enough(self) -> int:
        """How many answers a turn of the ledger should be about."""
        return min(self._capacity // 2, len(self._held))

    @property
    def _capacity(self) -> int:
        return (6 if self._last_took_s < QUICK_S else 2) * self._connections

    def start(self, claim: Claim, errand: Errand, *, tries: int) -> None:
        """The next idle connection goes on the errand for the import; `tries` went before."""
        wanted = Answer(claim, errand, tries=tries)
        self._held[claim.import_id] = (wanted, self._pool.submit(self._exchange, wanted))

    def collect(self, wait_s: float = 0.0, *, enough: int = 1) -> list[Answer]:
        """What came back; waits up to `wait_s` until it is enough."""
        answers: list[Answer] = []
        deadline = time.monotonic() + wait_s
        while not self._answers.empty() or (len(answers) < enough and time.monotonic() < deadline):
            try:
                answers.append(self._answers.get(timeout=max(0.001, deadline - time.monotonic())))
            except Empty:
                break
        for answer in answers:
            self._held.pop(answer.claim.import_id, None)
        return answers

    def drain(self) -> tuple[list[Answer], list[Answer]]:
        """No import is held any more: (what came back, what was never started)."""
        idle = [answer for answer, future in self._held.values() if future.cancel()]
        for answer in idle:
            del self._held[answer.claim.import_id]
        wait(future for _, future in self._held.values())
        return self.collect(), idle

    def close(self) -> None:
        """The threads are gone."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _exchange(self, wanted: Answer) -> None:
        started = time.monotonic()
        try:
            answer = replace(wanted, receipt=self._calls[wanted.errand](wanted.claim.batch))
        except BaseException as error:  # noqa: BLE001  the boundary of the thread: the coordinator judges every error
            answer = replace(wanted, error=error)
        self._last_took_s = QUICK_S if answer.error else time.monotonic() - started
        self._answers.put(answer)
