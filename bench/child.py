"""What the measuring process and a measured one say to each other, and the measuring inside the latter.

Belongs here: the order, the answer, clocks. Does not belong here: what is measured (`ours.py`,
`handwritten.py`, `ceilings.py`), servers around it (`surroundings.py`).

A measured process reads its order from standard input and writes its answer to standard output.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Order:
    """What one measured process has to do.

    Attributes:
        ordered_at: the system's monotonic clock just before the process was started.
        is_probed: whether stages are timed; the answer is then no measurement of speed.
    """

    leads_csv: str
    do_not_call_csv: str
    config: str
    day: str
    campaign_id: str
    database: str
    vendor_url: str
    connections: int
    variant: str = ""
    is_probed: bool = False
    ordered_at: float = 0.0


@dataclass(frozen=True)
class Done:
    """What the work came to, in its own words. `stages`: rows of `probe.Stopwatch`."""

    lead_count: int
    request_count: int
    sent_count: int
    stages: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Answer:
    """What was measured. `start_s`: from the order to the first instruction of the work: imports, preparation."""

    start_s: float
    wall_s: float
    cpu_s: float
    peak_mb: float
    done: Done


Work = Callable[[], Done]


def serve(prepare: Callable[[Order], Work]) -> None:
    """One order was carried out and answered. What `prepare` does is not part of the measured time."""
    order = Order(**json.load(sys.stdin))
    work = prepare(order)
    start_s = time.monotonic() - order.ordered_at
    wall_before, cpu_before = time.perf_counter(), time.process_time()
    done = work()
    answer = Answer(
        start_s=start_s,
        wall_s=time.perf_counter() - wall_before,
        cpu_s=time.process_time() - cpu_before,
        peak_mb=_peak_mb(),
        done=done,
    )
    json.dump(asdict(answer), sys.stdout)


def carry_out(module: str, order: Order, *, timeout_s: float) -> Answer:
    """The answer of a fresh process to the order; CalledProcessError if it failed, and its words on stderr."""
    ordered = asdict(order) | {"ordered_at": time.monotonic()}
    process = subprocess.run(
        [sys.executable, "-m", module],
        input=json.dumps(ordered).encode(),
        stdout=subprocess.PIPE,
        check=True,
        timeout=timeout_s,
        cwd=Path(__file__).parents[1],
    )
    answer = json.loads(process.stdout)
    return Answer(**{**answer, "done": Done(**answer["done"])})


def _peak_mb() -> float:
    # Not ru_maxrss: it survives exec, and would be that of the measuring process if that is larger.
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise AssertionError("no VmHWM in /proc/self/status")
