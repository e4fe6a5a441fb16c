"""What is hoped for, and whether it was reached.

Belongs here: the goals, one function each. Does not belong here: how anything is measured (`measuring.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.measuring import AGAIN, HANDWRITTEN, OURS, Measurement, best, of

THROUGHPUT_RATIO = 2.5
FLOOR_RATIOS = {8: 1.15, 32: 1.4}
MEMORY_GROWTH = 1.3
PEAK_MB = 350.0


@dataclass(frozen=True)
class Goal:
    """One ratio or number beside its bound."""

    text: str
    found: float
    bound: float
    is_least: bool = False

    @property
    def is_reached(self) -> bool:
        """Whether what was found keeps the bound."""
        return self.found >= self.bound if self.is_least else self.found <= self.bound


def goals(measurements: Sequence[Measurement]) -> list[Goal]:
    """Every goal that the measurements say something about."""
    return [
        *_throughput(measurements),
        *_floor(measurements),
        *_memory(measurements),
        *_second_run(measurements),
    ]


def _sizes(measurements: Sequence[Measurement]) -> list[int]:
    return sorted({measurement.case.lead_count for measurement in measurements})


def _throughput(measurements: Sequence[Measurement]) -> Iterator[Goal]:
    for size in _sizes(measurements):
        ours, script = best(measurements, OURS, size, 0), best(measurements, HANDWRITTEN, size, 0)
        if ours and script:
            ratio = ours.leads_per_s / script.leads_per_s
            yield Goal(f"{size:,} leads, 0 ms: throughput ÷ hand-written", ratio, THROUGHPUT_RATIO, is_least=True)


def _floor(measurements: Sequence[Measurement]) -> Iterator[Goal]:
    for measurement in measurements:
        case = measurement.case
        bound = FLOOR_RATIOS.get(case.connections)
        if case.contender == OURS and measurement.floor_s and bound:
            text = f"{case.lead_count:,} leads, {case.latency_ms} ms, {case.connections} connections: wall ÷ floor"
            yield Goal(text, measurement.wall_s / measurement.floor_s, bound)


def _memory(measurements: Sequence[Measurement]) -> Iterator[Goal]:
    sizes = _sizes(measurements)
    peaks = {size: one.peak_mb for size in sizes for one in of(measurements, OURS, size, 0)}
    if not peaks:
        return
    largest, smallest = max(peaks), min(peaks)
    if largest > smallest:
        text = f"peak at {largest:,} leads ÷ peak at {smallest:,}"
        yield Goal(text, peaks[largest] / peaks[smallest], MEMORY_GROWTH)
    yield Goal(f"peak MB at {largest:,} leads", peaks[largest], PEAK_MB)


def _second_run(measurements: Sequence[Measurement]) -> Iterator[Goal]:
    for size in _sizes(measurements):
        for again in of(measurements, AGAIN, size, 0):
            yield Goal(f"{size:,} leads, second run: requests", again.request_count, 0)
