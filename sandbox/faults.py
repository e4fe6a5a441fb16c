"""Which request misbehaves next, and how.

Belongs here: a fault as a value, and the plan that hands each one out exactly as often as asked.
Does not belong here: what a fault does to the socket (`misbehaviour.py`).
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from threading import Condition
from typing import Any, Literal, get_args

from sandbox.settings import SettingError, check_fields

FaultKind = Literal[
    "lost_after_commit",
    "reset_before_body",
    "reset_before_processing",
    "stall_after_commit",
    "stall_before_commit",
    "truncated",
    "html",
    "html_200",
    "status",
    "short_response",
    "entry_status",
    "extra_fields",
    "slow",
]

DEFAULT_STATUS: Mapping[str, int] = {
    "html": 502,
    "html_200": 200,
    "status": 503,
    "entry_status": 500,
}
CHOOSES_COMMIT = frozenset({"html", "status"})
NEVER_COMMITS = frozenset({"reset_before_body", "reset_before_processing", "stall_before_commit"})


@dataclass(frozen=True, kw_only=True)
class Match:
    """The requests that a fault is about; None matches all. The path includes no query."""

    method: str | None = None
    path_contains: str | None = None
    body_contains: str | None = None

    def covers(self, method: str, path: str, body: bytes) -> bool:
        """Whether the request is one of them."""
        return (
            (self.method is None or self.method == method)
            and (self.path_contains is None or self.path_contains in path)
            and (self.body_contains is None or self.body_contains.encode() in body)
        )


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One way to misbehave, and when.

    Attributes:
        skip: How many matching requests pass unharmed first.
        times: How many requests it then spoils; None is for ever.
        probability: Chance of each of them; None is certainty. A spared request uses up no `times`.
        seconds: For `stall_…` and `slow`.
        bytes: For `truncated`: how many bytes of the body are sent.
        status: For `html`, `status` and `entry_status`; None is the usual status of the kind.
        commit: For `html` and `status`: whether the request is processed all the same.
        retry_after: For `status`: the header's text, seconds or an HTTP date.
        count: For `short_response`: how many entries the result array loses at its end.
        positions: For `entry_status`: which entries of the batch fail, from 0.
        fields: For `extra_fields`: what every object of the answer gains.
    """

    kind: FaultKind
    match: Match = field(default_factory=Match)
    skip: int = 0
    times: int | None = 1
    probability: float | None = None
    seconds: float = 30.0
    bytes: int = 10
    status: int | None = None
    commit: bool = False
    retry_after: str | None = None
    count: int = 1
    positions: list[int] = field(default_factory=lambda: [0])
    fields: dict[str, Any] = field(default_factory=lambda: {"undocumented": "value"})

    @property
    def is_committed(self) -> bool:
        """Whether the vendor processes the request before the fault shows."""
        if self.kind in CHOOSES_COMMIT:
            return self.commit
        return self.kind not in NEVER_COMMITS

    @property
    def answered_status(self) -> int:
        """The status that the client reads, for the kinds that set one."""
        return DEFAULT_STATUS[self.kind] if self.status is None else self.status


def parse_fault(values: object) -> Fault:
    """The fault that a JSON object describes.

    Raises:
        SettingError: when it is no object, or a field is unknown or of the wrong type.
    """
    if not isinstance(values, dict) or values.get("kind") not in get_args(FaultKind):
        raise SettingError(f"a fault is an object with a kind of: {', '.join(get_args(FaultKind))}")
    match = values.get("match", {})
    if not isinstance(match, dict):
        raise SettingError("field 'match' takes an object")
    check_fields(Match, match)
    check_fields(Fault, {**values, "match": Match(**match)})
    return Fault(**{**values, "match": Match(**match)})


def parse_faults(values: object) -> list[Fault]:
    """The faults that a JSON list describes.

    Raises:
        SettingError: when it is no list, or one of them is no fault.
    """
    if not isinstance(values, list):
        raise SettingError("faults are a list of objects")
    return [parse_fault(value) for value in values]


@dataclass
class _Armed:
    fault: Fault
    matched_count: int = 0
    taken_count: int = 0
    fired_count: int = 0

    def is_due(self) -> bool:
        times = self.fault.times
        return self.matched_count > self.fault.skip and (times is None or self.taken_count < times)


class FaultPlan:
    """The faults in force; safe to read and to change from any thread.

    Every fault counts the requests that it matches. A request meets the first due fault of the list
    and no other. `seed` makes the probabilities repeat after each `replace`.
    """

    def __init__(self, *, seed: int = 0) -> None:
        self._seed = seed
        self._random = random.Random(seed)
        self._armed: list[_Armed] = []
        self._changed = Condition()

    def replace(self, faults: Sequence[Fault]) -> None:
        """These faults are in force and no others; all counts start at nought."""
        with self._changed:
            self._armed = [_Armed(fault) for fault in faults]
            self._random = random.Random(self._seed)

    def add(self, fault: Fault) -> None:
        """The fault is in force after those that were there."""
        with self._changed:
            self._armed = [*self._armed, _Armed(fault)]

    def clear(self) -> None:
        """No fault is in force."""
        self.replace([])

    @property
    def is_about_bodies(self) -> bool:
        """Whether a request's body says which fault it meets: then it is read before the fault shows."""
        return any(armed.fault.match.body_contains is not None for armed in self._armed)

    def take(self, method: str, path: str, body: bytes = b"") -> Fault | None:
        """The fault that this request meets, counted as used; None when it meets none."""
        if not self._armed:
            return None
        with self._changed:
            return self._take(method, path, body)

    def _take(self, method: str, path: str, body: bytes) -> Fault | None:
        matched = [armed for armed in self._armed if armed.fault.match.covers(method, path, body)]
        for armed in matched:
            armed.matched_count += 1
        for armed in matched:
            if armed.is_due() and self._strikes(armed.fault.probability):
                armed.taken_count += 1
                return armed.fault
        return None

    def _strikes(self, probability: float | None) -> bool:
        return probability is None or self._random.random() < probability

    def record_fired(self, fault: Fault) -> None:
        """The fault is about to show: what it commits is committed. Wakes `wait_until_fired`."""
        with self._changed:
            for armed in self._armed:
                if armed.fault is fault:
                    armed.fired_count += 1
            self._changed.notify_all()

    @property
    def fired_count(self) -> int:
        """How many requests the faults in force have spoilt so far."""
        with self._changed:
            return self._fired_count()

    def wait_until_fired(self, count: int = 1, *, deadline_s: float = 10.0) -> bool:
        """Whether the faults in force spoilt that many requests before the deadline."""
        with self._changed:
            return self._changed.wait_for(lambda: self._fired_count() >= count, deadline_s)

    def _fired_count(self) -> int:
        return sum(armed.fired_count for armed in self._armed)

    def snapshot(self) -> list[dict[str, Any]]:
        """The faults in force as JSON values, each with its counts."""
        with self._changed:
            return [
                {**asdict(a.fault), "matched_count": a.matched_count, "fired_count": a.fired_count} for a in self._armed
            ]
