"""Loads of the test's day that are bound to end, and what is true of a day that was loaded in full.

Belongs here: what the fault tests do and ask again and again. Does not belong here: faults themselves.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import text

from pipelines import morning
from pipelines.installation import Installation
from pipelines.load import DaySummary, load_day
from sandbox.faults import Match
from sandbox.server import SandboxServer
from sandbox.sinch.app import SinchObi
from tests.factories import DAY, TARGET
from tests.reading import states

Make = Callable[..., Installation]
Vendor = SandboxServer[SinchObi]

SENDING = Match(method="POST", path_contains="/customers/list")
ASKING = Match(method="GET", path_contains="/customers")
NOT_YET = 3600.0


class Journal(Counter[str]):
    """Counts like the Counter whose place it takes, and remembers the order."""

    def __init__(self) -> None:
        super().__init__()
        self.order: list[str] = []

    def __setitem__(self, operation: str, count: int) -> None:
        self.order.append(operation)
        super().__setitem__(operation, count)


@contextmanager
def bounded(within_s: float = 60.0) -> Iterator[threading.Event]:
    """An event that stops a run which does not end by itself; the test fails then."""
    stop = threading.Event()
    watchdog = threading.Timer(within_s, stop.set)
    watchdog.daemon = True
    watchdog.start()
    try:
        yield stop
    finally:
        watchdog.cancel()
    assert not stop.is_set(), f"the run did not end by itself within {within_s} s"


def load(installation: Installation, *, within_s: float = 60.0) -> DaySummary:
    """The day was loaded as far as one run can, and the run ended by itself."""
    with bounded(within_s) as stop:
        return load_day(installation, DAY, stop=stop)


def load_in_full(installation: Installation, count: int, *, runs: int = 3) -> None:
    """At most `runs` runs bring all `count` leads to `accepted`."""
    for _ in range(runs):
        load(installation)
        if states(installation) == {"accepted": count}:
            return
    assert states(installation) == {"accepted": count}


def once(count: int, target: str = TARGET) -> Mapping[tuple[str, str], int]:
    """The vendor's memory when each of `count` leads was created once."""
    return {(target, f"lead-L{number}"): 1 for number in range(1, count + 1)}


def assert_balanced(installation: Installation) -> None:
    """Every lead that was read has exactly one state."""
    campaigns = morning.report(installation, [DAY]).campaigns
    assert [row.campaign for row in campaigns if not row.balanced] == []


def end_settle_time(installation: Installation) -> None:
    """The settle time of every unknown import is over."""
    change(installation, "UPDATE ledger.imports SET due_at = now() - interval '1 second' WHERE state = 'unknown'")


def change(installation: Installation, statement: str, **values: Any) -> None:
    """The statement was committed."""
    with installation.engine.begin() as connection:
        connection.execute(text(statement), values)
