"""How much the machine does when all of its CPUs are busy, beside what one of them does alone.

Belongs here: the measuring of that. Does not belong here: what follows from it (`README.md`).

Two CPUs may be two threads of one core, or shared with neighbours: then a load that keeps our process and
Postgres busy at once has not twice the machine of a script that keeps one process busy.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time

START_AFTER_S = 0.3
BUSY_S = 0.5
TIMEOUT_S = 60.0

_COUNT = """
import sys, time
start, end = map(float, sys.argv[1:])
while time.monotonic() < start:
    pass
count = 0
while time.monotonic() < end:
    for _ in range(1000):
        count += 1
print(count)
"""


def parallel_speed() -> float:
    """The work of as many busy processes as there are CPUs, in units of the work of one alone; at most that many."""
    return _work(os.cpu_count() or 1) / _work(1)


def _work(process_count: int) -> int:
    """How far that many processes count together, all at the same time."""
    start = time.monotonic() + START_AFTER_S
    command = [sys.executable, "-c", _COUNT, str(start), str(start + BUSY_S)]
    counting = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(process_count)]
    return sum(int(process.communicate(timeout=TIMEOUT_S)[0]) for process in counting)
