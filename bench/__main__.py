"""`python -m bench`: measures the load beside a hand-written script and the raw ceilings.

Belongs here: the command line. Does not belong here: anything that takes time by itself.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from subprocess import CalledProcessError, TimeoutExpired
from typing import Any

from bench.dataset import write_data_set
from bench.goals import goals
from bench.machine import parallel_speed
from bench.measuring import (
    OURS,
    Bench,
    Case,
    Measurement,
    UnexpectedResultError,
    cases,
    large_cases,
    medians,
)
from bench.report import Report
from bench.surroundings import surroundings

RESULTS = Path(__file__).parent / "results"
CONNECTIONS = (8, 32)
QUICK_LEADS = 20_000


def main(arguments: Sequence[str]) -> int:
    """The report was printed and written; 1 when it is not whole, or `--strict` and a goal was missed."""
    options = _parse(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers are ended
    runs: list[Measurement] = []
    stages: list[dict[str, Any]] = []
    speeds: list[float] = []
    try:
        _measure(options, runs, stages, speeds)
    except (KeyboardInterrupt, CalledProcessError, TimeoutExpired, UnexpectedResultError) as error:
        print(f"stopped early: {error or type(error).__name__}", file=sys.stderr)
        is_whole = False
    else:
        is_whole = True
    if not runs:
        return 1
    measurements = medians(runs)
    report = Report(measurements, goals(measurements), stages, options.leads[0], speeds)
    print(report.markdown())
    print(f"written to {report.write(RESULTS)}")
    return int(not is_whole or (options.strict and not all(goal.is_reached for goal in report.goals)))


def _measure(
    options: argparse.Namespace, runs: list[Measurement], stages: list[dict[str, Any]], speeds: list[float]
) -> None:
    """Adds to what it is given as it goes, so that an early end loses nothing."""
    small = cases(options.leads, latency_ms=options.latency_ms, connections=CONNECTIONS)
    large = large_cases(options.large, connections=CONNECTIONS[0])
    with surroundings() as around:
        print("writing the data sets", file=sys.stderr, flush=True)
        sizes = [*options.leads, *options.large]
        bench = Bench(around, {size: write_data_set(around.folder / str(size), size) for size in sizes})
        for _ in range(options.rounds):
            speeds.append(parallel_speed())
            for case in small:
                runs.append(bench.measure(case))
        speeds.append(parallel_speed())
        stages += bench.stages(Case(OURS, options.leads[0], 0, CONNECTIONS[0]))
        for _ in range(options.rounds if large else 0):
            speeds.append(parallel_speed())
            for case in large:
                runs.append(bench.measure(case))


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--leads", type=int, nargs="+", default=[100_000], metavar="N", help="measured in every way")
    parser.add_argument(
        "--large", type=int, nargs="*", default=[1_000_000], metavar="N", help="measured without latency"
    )
    parser.add_argument("--latency-ms", type=int, default=100, help="of the vendor, besides 0")
    parser.add_argument("--rounds", type=int, default=3, help="medians are taken over these")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_LEADS:,} leads, one round, no large size")
    parser.add_argument("--strict", action="store_true", help="exit with 1 when a goal was missed")
    options = parser.parse_args(arguments)
    if options.quick:
        options.leads, options.large, options.rounds = [QUICK_LEADS], [], 1
    return options


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
