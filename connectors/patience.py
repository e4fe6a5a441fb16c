"""How long a request may take, how often it is tried, and how many start per second.

Belongs here: waits, and what a vendor asks for by Retry-After. Does not belong here: requests (`transport.py`), the
settings of all this (`pace.py`).
"""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

LONGEST_WAIT = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a request may take and how often a read is tried. Times in seconds."""

    connect_timeout_s: float = 10.0
    read_timeout_s: float = 60.0
    max_attempts: int = 5
    backoff_s: float = 1.0
    backoff_max_s: float = 60.0

    def backoff(self, attempt: int) -> float:
        """Seconds to wait after the given attempt (from 1): exponential, with full jitter, bounded."""
        return float(random.uniform(0.5, 1.0) * min(self.backoff_s * 2 ** min(attempt - 1, 60), self.backoff_max_s))


class RateLimiter:
    """Lets at most `per_second` requests start each second, over all threads, and pauses on demand."""

    def __init__(self, per_second: float | None) -> None:
        self._interval = 1 / per_second if per_second else 0.0
        self._lock = threading.Lock()
        self._next_at = self._paused_until = 0.0
        self._stopped = threading.Event()

    def wait(self, *, not_after: float = float("inf")) -> bool:
        """True when it is this request's turn; False when that would be too late, or after `stop`."""
        while True:
            with self._lock:
                turn = max(self._next_at, self._paused_until, time.monotonic())
                if turn >= not_after or self._stopped.is_set():
                    return False
                self._next_at = turn + self._interval
            if self._sleep_until(turn):
                return False
            if turn >= self._paused_until:  # else a pause began while it waited: it takes another turn
                return True

    @property
    def is_paused(self) -> bool:
        """Whether no request may start because of `pause`."""
        with self._lock:
            return self._paused_until > time.monotonic()

    def next_turn_s(self) -> float:
        """Seconds until the next request may start."""
        with self._lock:
            return max(0.0, max(self._next_at, self._paused_until) - time.monotonic())

    def pause(self, seconds: float) -> None:
        """No request starts within the next `seconds`, also none that has its turn already."""
        with self._lock:
            self._paused_until = max(self._paused_until, time.monotonic() + seconds)

    def stop(self) -> None:
        """Every wait, now and later, ends at once with False."""
        self._stopped.set()

    @property
    def is_stopped(self) -> bool:
        """Whether `stop` was called."""
        return self._stopped.is_set()

    def _sleep_until(self, turn: float) -> bool:
        delay = turn - time.monotonic()
        return self._stopped.wait(delay) if delay > 0 else self._stopped.is_set()


def parse_retry_after(value: str | None, *, now: datetime | None = None) -> timedelta | None:
    """The wait that a Retry-After header asks for, as seconds or as a date; None if it says nothing."""
    if value is None:
        return None
    digits = value.strip()
    if digits.isascii() and digits.isdigit():
        return min(timedelta(seconds=int(digits[:9])), LONGEST_WAIT) if len(digits) <= 9 else LONGEST_WAIT
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    wait = (at if at.tzinfo else at.replace(tzinfo=UTC)) - (now or datetime.now(UTC))
    return min(max(wait, timedelta(0)), LONGEST_WAIT)
