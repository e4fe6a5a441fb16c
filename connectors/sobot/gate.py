"""Lets a bounded number of requests into one task at a time.

Belongs here: the gate. Does not belong here: how fast requests start over all tasks (`connectors/transport.py`).
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from connectors.errors import NoTurnError


class TaskGate:
    """At most `limit` holders for each task, over all threads."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._changed = threading.Condition()
        self._inside: Counter[str] = Counter()
        self._is_stopped = False

    @contextmanager
    def entered(self, task: str, *, not_after: float) -> Iterator[None]:
        """One of the task's places is held.

        Raises:
            NoTurnError: none was free before the monotonic time `not_after`, or before `stop`.
        """
        with self._changed:
            wait_s = min(max(0.0, not_after - time.monotonic()), threading.TIMEOUT_MAX)
            self._changed.wait_for(lambda: self._is_stopped or self._inside[task] < self._limit, wait_s)
            if self._is_stopped or self._inside[task] >= self._limit:
                raise NoTurnError(
                    "not sent: its turn at the task came too late",
                    vendor="sobot",
                    operation="outbound_task_import_data",
                )
            self._inside[task] += 1
        try:
            yield
        finally:
            with self._changed:
                self._inside[task] -= 1
                self._changed.notify_all()

    def stop(self) -> None:
        """Every wait, now and later, ends with NoTurnError."""
        with self._changed:
            self._is_stopped = True
            self._changed.notify_all()
