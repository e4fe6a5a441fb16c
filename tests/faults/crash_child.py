"""A process that loads days and is killed at a given step; started by `test_crash.py`.

Reads lines of `<configuration> <day> <step> <journal>` and forks a load for each, so that the interpreter starts once.
The load is killed by SIGKILL at its n-th step, where steps are: every statement, both sides of every commit,
and both sides of every request for or about a batch. Answers each line with the exit status; the
journal has the steps that were reached.
"""

from __future__ import annotations

import itertools
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from functools import wraps
from pathlib import Path
from typing import Any

from connectors.sinch.gateway import SinchGateway
from pipelines.installation import Installation
from pipelines.load import load_day
from pipelines.store import Store
from tests.factories import with_lease

LEASE_S = 0.4


class Fuse:
    """Kills the process at step `at`; every step is written to the file first."""

    def __init__(self, at: int, journal: int) -> None:
        self._at = at
        self._journal = journal
        self._steps = itertools.count(1)

    def step(self, name: str) -> None:
        """One more step was reached."""
        number = next(self._steps)
        os.write(self._journal, f"{name}\n".encode())
        if number == self._at:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, owner: type, name: str, *, is_before: bool = True) -> None:
        """The method steps before it begins and after it has ended."""
        method: Callable[..., Any] = getattr(owner, name)

        @wraps(method)
        def stepping(*args: Any, **values: Any) -> Any:
            if is_before:
                self.step(f"before {name}")
            result = method(*args, **values)
            self.step(f"after {name}")
            return result

        setattr(owner, name, stepping)

    def around_commit(self) -> None:
        """Every transaction steps before it commits and after it has."""
        transaction = Store.transaction

        @contextmanager
        def stepping(store: Store) -> Iterator[None]:
            with transaction(store):
                yield
                self.step("before commit")
            self.step("after commit")

        Store.transaction = stepping  # type: ignore[method-assign]


def main() -> None:
    """Every line of the input was carried out by a process of its own."""
    for line in sys.stdin:
        config, day, step, journal = line.split()
        child = os.fork()
        if child == 0:
            _load(Path(config), date.fromisoformat(day), int(step), Path(journal))
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def _load(config: Path, day: date, step: int, journal: Path) -> None:
    fuse = Fuse(step, os.open(journal, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND))
    for name in ("run", "rows", "one", "copy"):
        fuse.around(Store, name, is_before=False)
    for name in ("preflight", "submit", "reconcile"):
        fuse.around(SinchGateway, name)
    fuse.around_commit()
    installation = with_lease(Installation.load(config, actor="child"), LEASE_S)
    load_day(installation, day)
    os._exit(0)


if __name__ == "__main__":
    main()
