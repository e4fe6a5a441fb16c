"""Texts of the configuration with names in braces, such as `{campaign} {day}`.

Belongs here: what may stand in the braces, and names that follow from such a text. Does not belong here: what else a
vendor wants of such a text (`connectors/<vendor>/settings.py`).
"""

from __future__ import annotations

from datetime import date
from string import Formatter


def names_in(template: str, *allowed: str, dated: str = "", setting: str = "") -> list[str]:
    """The names in the template's braces, in their order.

    A name stands there as it is: an attribute or a part of it may be missing, and a format may make two leads the same.

    Args:
        dated: the name of a date, which a format may follow: `{day:%d.%m.}`.
        setting: what the sentence is about, where the error does not come with its name.

    Raises:
        ValueError: anything but the allowed names stands there, or a brace has no other half.
    """
    refusal = ValueError(f"{setting} may only contain {_listed(allowed)}".strip())
    try:
        parts = list(Formatter().parse(template))
    except ValueError:
        raise refusal from None
    for _, name, spec, conversion in parts:
        is_bare = not conversion and (not spec or (name == dated and "{" not in spec and spec.isprintable()))
        if name is not None and (name not in allowed or not is_bare):
            raise refusal
    return [name for _, name, *_ in parts if name is not None]


def successor_name(name: str, begins_on: date) -> str:
    """The name of what takes the place of a target that is over: the same for the same day, whoever asks, and when."""
    return f"{name} from {begins_on.isoformat()}"


def _listed(names: tuple[str, ...]) -> str:
    *first, last = (f"{{{name}}}" for name in names)
    return f"{', '.join(first)} and {last}"
