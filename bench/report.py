"""What was measured, as text, Markdown and JSON.

Belongs here: tables. Does not belong here: numbers that the measurements do not hold already.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from bench.goals import Goal
from bench.measuring import Measurement

Table = tuple[Sequence[str], Sequence[Sequence[str]]]
STEPS_SHOWN = 22


@dataclass(frozen=True)
class Report:
    """Everything that one call of `python -m bench` found out.

    `stages` are of `stage_lead_count` leads; `parallel_speeds` are of the machine, before each round and at the end.
    """

    measurements: Sequence[Measurement]
    goals: Sequence[Goal]
    stages: Sequence[dict[str, Any]]
    stage_lead_count: int
    parallel_speeds: Sequence[float]

    def markdown(self) -> str:
        """The tables with a heading each; also good to read in a terminal."""
        parts = [
            ("Machine", self._machine()),
            ("Measured", _measured(self.measurements)),
            ("Goals", _goals(self.goals)),
            (f"Where the time goes ({self.stage_lead_count:,} leads, 0 ms, one probed run)", self._by_stage()),
            ("The same by step", self._by_step()),
        ]
        return "\n".join(f"## {heading}\n\n{_markdown(table)}\n" for heading, table in parts if table[1])

    def write(self, folder: Path) -> Path:
        """`<time>.md` and `<time>.json` are in the folder; the path of the former."""
        folder.mkdir(parents=True, exist_ok=True)
        stem = f"{datetime.now(UTC):%Y-%m-%dT%H%M%SZ}"
        path = folder / f"{stem}.md"
        path.write_text(self.markdown(), "utf-8")
        (folder / f"{stem}.json").write_text(json.dumps(asdict(self), indent=2), "utf-8")
        return path

    def _machine(self) -> Table:
        header = ("CPUs", "all of them busy do, of the work of one alone", "least", "most")
        speeds = self.parallel_speeds
        if not speeds:
            return header, []
        return header, [[str(os.cpu_count()), *(f"{of(speeds):.2f} ×" for of in (median, min, max))]]

    def _by_stage(self) -> Table:
        stages = dict.fromkeys(row["stage"] for row in self.stages)
        totals = [
            [name, *(sum(row[key] for row in self.stages if row["stage"] == name) for key in ("wall_s", "cpu_s"))]
            for name in stages
        ]
        return ("stage", "wall s", "our CPU s", "wall µs a lead"), [
            [name, f"{wall_s:.2f}", f"{cpu_s:.2f}", self._per_lead(wall_s)] for name, wall_s, cpu_s in totals
        ]

    def _by_step(self) -> Table:
        rows = sorted(self.stages, key=lambda row: -max(row["wall_s"], row["cpu_s"]))[:STEPS_SHOWN]
        return ("stage", "step", "calls", "wall s", "our CPU s", "wall µs a lead"), [
            [
                row["stage"],
                row["step"],
                str(row["calls"]),
                f"{row['wall_s']:.2f}",
                f"{row['cpu_s']:.2f}",
                self._per_lead(row["wall_s"]),
            ]
            for row in rows
        ]

    def _per_lead(self, seconds: float) -> str:
        return f"{1e6 * seconds / self.stage_lead_count:.1f}"


def _measured(measurements: Iterable[Measurement]) -> Table:
    header = (
        "leads",
        "latency ms",
        "contender",
        "connections",
        "wall s",
        "leads/s",
        "CPU s",
        "peak MB",
        "requests",
        "start s",
        "Postgres CPU s",
        "sandbox CPU s",
    )
    return header, [
        [
            f"{one.case.lead_count:,}",
            str(one.case.latency_ms),
            one.case.contender,
            str(one.case.connections),
            f"{one.wall_s:.2f}",
            f"{one.leads_per_s:,.0f}",
            f"{one.cpu_s:.2f}",
            f"{one.peak_mb:.0f}",
            f"{one.request_count:,}",
            f"{one.start_s:.1f}",
            f"{one.postgres_cpu_s:.2f}",
            f"{one.sandbox_cpu_s:.2f}",
        ]
        for one in measurements
    ]


def _goals(goals: Iterable[Goal]) -> Table:
    return ("goal", "found", "bound", ""), [
        [
            goal.text,
            f"{goal.found:.2f}",
            f"{'≥' if goal.is_least else '≤'} {goal.bound:g}",
            "pass" if goal.is_reached else "MISS",
        ]
        for goal in goals
    ]


def _markdown(table: Table) -> str:
    header, rows = table
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    lines = [header, ["-" * width for width in widths], *rows]
    return "\n".join("| " + " | ".join(map(str.ljust, line, widths)) + " |" for line in lines)
