"""A process that loads, polls or collects a day of any vendor, and is killed at a given step.

Reads lines of `<configuration> <day> <errand> <step> <journal>`, errand being load, poll or collect, and forks a
process for each. Steps are those of `crash_child.py`, for the vendors that tell later: both sides of every request for
or about an import, every statement, and both sides of every commit.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

from connectors.platform.gateway import PlatformGateway
from connectors.sobot.gateway import SobotGateway
from pipelines import morning
from pipelines.installation import Installation
from pipelines.load import load_day
from pipelines.store import Store
from tests.faults.crash_child import Fuse

ERRANDS: Mapping[str, Callable[[Installation, date], object]] = {
    "load": load_day,
    "poll": lambda installation, _day: morning.poll_results(installation, limit=50, budget_s=10),
    "collect": morning.collect,
}
REQUESTS = ("preflight", "find_target", "create_target", "submit", "reconcile", "poll", "collect")


def main() -> None:
    """Every line of the input was carried out by a process of its own."""
    for line in sys.stdin:
        config, day, errand, step, journal = line.split()
        child = os.fork()
        if child == 0:
            _run(Path(config), date.fromisoformat(day), errand, int(step), Path(journal))
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def _run(config: Path, day: date, errand: str, step: int, journal: Path) -> None:
    fuse = Fuse(step, os.open(journal, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND))
    for name in ("run", "rows", "one", "copy"):
        fuse.around(Store, name, is_before=False)
    for gateway in (SobotGateway, PlatformGateway):
        for name in REQUESTS:
            fuse.around(gateway, name)
    fuse.around_commit()
    ERRANDS[errand](Installation.load(config, actor="child"), day)
    os._exit(0)


if __name__ == "__main__":
    main()
