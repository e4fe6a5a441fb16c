"""Times the stages of our load from outside: public functions are wrapped for the length of one run.

Belongs here: which function is which stage, and a stopwatch that never counts a second twice. Does not
belong here: measuring speed; a probed run is slower than a plain one.
"""

from __future__ import annotations

import functools
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

from sqlalchemy.engine.base import RootTransaction

from connectors.crm.csv import CsvSource
from pipelines import delivery, eligibility, intake, night, planning
from pipelines.ahead import Ahead, Behind
from pipelines.store import Store
from pipelines.workers import Workers


class Stopwatch:
    """Wall and CPU seconds by thread, stage and step; of nested blocks in one thread the innermost counts."""

    def __init__(self) -> None:
        self._clocks: list[_Clock] = []
        self._local = threading.local()

    @contextmanager
    def block(self, step: str, stage: str | None = None) -> Iterator[None]:
        """What this thread does inside counts as the step, of the given or of the running stage."""
        clock = self._clock()
        clock.enter(stage or clock.stage, step)
        try:
            yield
        finally:
            clock.leave()

    def rows(self) -> list[dict[str, Any]]:
        """One row per stage and step, summed over the threads, the costliest first."""
        total: dict[tuple[str, str], list[float]] = {}
        for clock in self._clocks:
            for key, spent in clock.spent.items():
                total[key] = [before + more for before, more in zip(total.get(key, [0, 0, 0]), spent, strict=True)]
        return [
            {"stage": stage, "step": step, "wall_s": wall_s, "cpu_s": cpu_s, "calls": int(calls)}
            for (stage, step), (wall_s, cpu_s, calls) in sorted(total.items(), key=lambda item: -item[1][0])
        ]

    @property
    def stage(self) -> str:
        """What this thread is at."""
        return self._clock().stage

    def _clock(self) -> _Clock:
        clock: _Clock | None = getattr(self._local, "clock", None)
        if clock is None:
            clock = self._local.clock = _Clock()
            self._clocks.append(clock)
        return clock


class _Clock:
    """The stopwatch of one thread."""

    def __init__(self) -> None:
        self.spent: dict[tuple[str, str], list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
        self._open: list[tuple[str, str]] = []
        self._since = (0.0, 0.0)

    @property
    def stage(self) -> str:
        return self._open[-1][0] if self._open else "other"

    def enter(self, stage: str, step: str) -> None:
        self._settle()
        self._open.append((stage, step))
        self.spent[stage, step][2] += 1

    def leave(self) -> None:
        self._settle()
        self._open.pop()

    def _settle(self) -> None:
        now = (time.perf_counter(), time.thread_time())
        if self._open:
            spent = self.spent[self._open[-1]]
            spent[0] += now[0] - self._since[0]
            spent[1] += now[1] - self._since[1]
        self._since = now


@contextmanager
def probe(watch: Stopwatch) -> Iterator[None]:
    """Inside, the stages of a load are timed."""
    with ExitStack() as stack:
        for owner, name, wrapped in _wrappers(watch):
            stack.enter_context(patch.object(owner, name, wrapped))
        with watch.block("the rest", "other"):
            yield


def _wrappers(watch: Stopwatch) -> Iterator[tuple[Any, str, Any]]:
    yield CsvSource, "chunks", _stream(watch, CsvSource.chunks, "read the file", "pull")
    yield intake, "pull", _stream(watch, intake.pull, "frames", "pull")
    yield intake, "decide", _call(watch, intake.decide, "frames", "decide")
    yield eligibility, "normalise", _call(watch, eligibility.normalise, "normalise")
    yield eligibility, "judge", _call(watch, eligibility.judge, "judge")
    yield planning, "plan", _stream(watch, planning.plan, "judge, map, digest", "plan")
    yield planning.Pages, "_read", _call(watch, planning.Pages._read, "read a page", "plan")
    yield Behind, "__init__", _behind(watch, Behind.__init__)
    yield night, "deliver", _call(watch, delivery.deliver, "coordinate", "send")
    yield Workers, "collect", _call(watch, Workers.collect, "wait for answers")
    yield Workers, "start", _call(watch, Workers.start, "hand over")
    yield Ahead, "take", _call(watch, Ahead.take, "wait for the thread ahead")
    yield RootTransaction, "commit", _call(watch, RootTransaction.commit, "sql: commit")
    for name in ("copy", "copy_rows"):
        yield Store, name, _copy(watch, getattr(Store, name))
    for name in ("run", "rows", "columns"):
        yield Store, name, _statement(watch, getattr(Store, name))


def _call(watch: Stopwatch, function: Callable[..., Any], step: str, stage: str | None = None) -> Callable[..., Any]:
    @functools.wraps(function)
    def timed(*arguments: Any, **named: Any) -> Any:
        with watch.block(step, stage):
            return function(*arguments, **named)

    return timed


def _behind(watch: Stopwatch, function: Callable[..., Any]) -> Callable[..., Any]:
    """What is put away in another thread counts for the stage that hands it over."""

    @functools.wraps(function)
    def timed(behind: Behind[Any, Any], put_away: Callable[..., Any], **named: Any) -> None:
        function(behind, _call(watch, put_away, "put away", watch.stage), **named)

    return timed


def _stream(watch: Stopwatch, function: Callable[..., Any], step: str, stage: str) -> Callable[..., Iterator[Any]]:
    @functools.wraps(function)
    def timed(*arguments: Any, **named: Any) -> Iterator[Any]:
        items = iter(function(*arguments, **named))
        while True:
            with watch.block(step, stage):
                item = next(items, None)
            if item is None:
                return
            yield item

    return timed


def _statement(watch: Stopwatch, function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def timed(store: Store, table: str, name: str, /, *schema: Any, **values: Any) -> Any:
        with watch.block(f"sql: {table}.{name}"):
            return function(store, table, name, *schema, **values)

    return timed


def _copy(watch: Stopwatch, function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def timed(store: Store, table: str, *content: Any) -> Any:
        with watch.block(f"sql: copy {table}"):
            return function(store, table, *content)

    return timed
