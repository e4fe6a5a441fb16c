"""Settings that arrive as JSON objects, checked against the fields of a dataclass.

Belongs here: the check, and the knobs that every double has.
Does not belong here: the knobs of one vendor (`<vendor>/knobs.py`), faults (`faults.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints


class SettingError(ValueError):
    """A setting that arrived as JSON is unknown or of the wrong type; the text names it."""


@dataclass
class Knobs:
    """The settings of a double; each vendor adds its own.

    Attributes:
        latency_ms: How long every request takes, from its arrival to its answer: what the double itself
            does is part of it. It is processed at the half, even if the client has left. Requests that
            meet a fault do not wait.
    """

    latency_ms: float = 0.0

    def change(self, values: Mapping[str, object]) -> None:
        """The named fields hold the given values; the others are as they were.

        Raises:
            SettingError: when a name is unknown or a value is of the wrong type; then nothing
                was changed.
        """
        check_fields(type(self), values)
        for name, value in values.items():
            setattr(self, name, value)


def check_fields(owner: type, values: Mapping[str, object]) -> None:
    """Every name is a field of the dataclass, and every value fits its type.

    Raises:
        SettingError: naming the first field that does not fit.
    """
    hints = _hints(owner)
    for name, value in values.items():
        if name not in hints:
            raise SettingError(f"unknown field '{name}', known: {', '.join(sorted(hints))}")
        if not _fits(value, hints[name]):
            raise SettingError(f"field '{name}' does not take {value!r}")


@cache
def _hints(owner: type) -> dict[str, Any]:
    return get_type_hints(owner)


def _fits(value: object, hint: Any) -> bool:
    origin = get_origin(hint)
    if hint is Any:
        return True
    if origin is Literal:
        return value in get_args(hint)
    if origin in (Union, UnionType):
        return any(_fits(value, option) for option in get_args(hint))
    if origin is list:
        return isinstance(value, list) and all(_fits(item, get_args(hint)[0]) for item in value)
    if origin is dict:
        return isinstance(value, dict)
    return _is_instance(value, hint)


def _is_instance(value: object, kind: type) -> bool:
    if isinstance(value, bool):
        return kind is bool
    if kind is float:
        return isinstance(value, int | float)
    return isinstance(value, kind)
