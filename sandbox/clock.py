"""The time that a double goes by, which a test may move forward.

Belongs here: the clock. Does not belong here: what becomes due by it (vendors).
"""

from __future__ import annotations

import time
from threading import Lock


class Clock:
    """Wall time plus what was advanced; safe from any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._ahead_s = 0.0

    def now(self) -> float:
        """Seconds since 1970."""
        with self._lock:
            return time.time() + self._ahead_s

    def advance(self, seconds: float) -> None:
        """It is so much later."""
        with self._lock:
            self._ahead_s += seconds
