"""How RCI's lists are asked: filters, sorting, and the second look at what came back.

Belongs here: what a filter may hold, how it is written, whether a row passes it. Does not belong here: pages
(`paging.py`), requests (`rci_operations.py`), and which list has which filter (`rci.py`).

Source: vendors.md, 2(b), and 2(e) #6, #7, #19, #21.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic.alias_generators import to_camel, to_snake

from connectors.sinch.models import normalise_id, read_time
from connectors.sinch.rci_bodies import TIME, LimitError, utc_text

Filter = str | int | bool | datetime | Sequence[str] | None
Sort = str | Sequence[str]
Query = list[tuple[str, str]]

ID_FILTERS = frozenset({"id", "queueId", "promptId"})
_SEARCHED = {"address": "addresses"}
_GUID = re.compile(r"[0-9A-Fa-f]{8}(-?)(?:[0-9A-Fa-f]{4}\1){3}[0-9A-Fa-f]{12}")


@dataclass(frozen=True, slots=True)
class Criteria:
    """The filters that one list has, by the vendor's names.

    Attributes:
        patterns: Texts, with the wildcards `*` and `?`.
        flags: True or false.
        windows: Times; each is also asked for as `…End`. The plain name means after, `…End` before.
        repeated: Those of the patterns that may be a list, each of which is sent.
    """

    patterns: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    windows: tuple[str, ...] = ()
    repeated: frozenset[str] = frozenset()

    def annotations(self) -> dict[str, Any]:
        """The parameters in snake case, and what each takes."""
        patterns = {name: str | Sequence[str] | None if name in self.repeated else str | None for name in self.patterns}
        flags = dict.fromkeys(self.flags, bool | None)
        ends = [name for window in self.windows for name in (window, f"{window}End")]
        times = dict.fromkeys(ends, datetime | str | None)
        return {to_snake(name): kind for name, kind in {**patterns, **flags, **times}.items()}

    @staticmethod
    def sent_name(name: str) -> str:
        """The vendor's name of the parameter."""
        return to_camel(name)

    def written(self, name: str, value: Filter) -> list[str]:
        """The filter's values as they are sent.

        Raises:
            LimitError: it is of the wrong kind, or empty: an empty filter might be taken for none.
        """
        vendors = to_camel(name)
        if vendors in self.flags:
            return [_flag_text(name, value)]
        if vendors.removesuffix("End") in self.windows:
            return [utc_text(_moment(name, value))]
        values = value if vendors in self.repeated and isinstance(value, Sequence) else [value]
        values = [value] if isinstance(value, str) else values
        return [_pattern_text(name, one) for one in values]

    def passes(self, row: object, name: str, sent: Sequence[str]) -> bool:
        """Whether the row may be an answer to the filter; a row that does not show the field may."""
        vendors = to_camel(name)
        base = vendors.removesuffix("End")
        if base in self.windows:
            return _is_within(getattr(row, to_snake(base), None), sent[0], is_end=vendors != base)
        if vendors in self.repeated:  # whether several values are alternatives is not documented
            return True
        held = getattr(row, _SEARCHED.get(name, name), None)
        return held in (None, ()) or any(_is_like(one, sent[0]) for one in _texts(held))


def sort_text(sort: Sort) -> str:
    """The parameter `sort`, without the blanks of the document's examples.

    Raises:
        LimitError: a part of it is empty.
    """
    parts = [part.strip() for part in (sort.split(",") if isinstance(sort, str) else sort)]
    if not parts or "" in parts:
        raise LimitError("sort", "field names, each with - before it for descending, and at last LOCALE-xx")
    return ",".join(part if part.startswith("LOCALE-") else _field_name(part) for part in parts)


def canonical_id(value: str) -> str:
    """The id32 of a GUID in either spelling; anything else, such as a time zone, as it is."""
    return normalise_id(value) if _GUID.fullmatch(value.strip()) else value


def given_id(name: str, value: object) -> str:
    """The id as it is sent.

    Raises:
        LimitError: it is no text, empty, or a step up in a path.
    """
    if not isinstance(value, str) or value.strip() in ("", ".", ".."):
        raise LimitError(name, "an id")
    return canonical_id(value)


def _field_name(part: str) -> str:
    sign, name = ("-", part[1:]) if part.startswith("-") else ("", part)
    return sign + (to_camel(name) if "_" in name else name)


def _pattern_text(name: str, value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int) or not str(value).strip():
        raise LimitError(name, "text, with the wildcards * and ?")
    text = str(value).strip()
    return canonical_id(text) if to_camel(name) in ID_FILTERS else text


def _flag_text(name: str, value: object) -> str:
    text = str(value).strip().lower()
    if text not in ("true", "false"):
        raise LimitError(name, "true or false")
    return text


def _moment(name: str, value: object) -> datetime:
    try:
        moment = read_time(value) if isinstance(value, str) else value
    except (ValueError, OverflowError):
        moment = None
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        raise LimitError(name, TIME)
    return moment


def _is_within(held: datetime | None, sent: str, *, is_end: bool) -> bool:
    """Whether the time lies on the right side; the bound itself passes, for it is not documented."""
    if held is None:
        return True
    bound = datetime.fromisoformat(sent)
    return held.replace(microsecond=held.microsecond // 1000 * 1000) <= bound if is_end else held >= bound


def _texts(held: object) -> list[str]:
    if isinstance(held, bool):
        return [str(held).lower()]
    return [str(one) for one in held] if isinstance(held, tuple) else [str(held)]


def _is_like(held: str, pattern: str) -> bool:
    """Whether the vendor may have meant this text: case and accents are left to it."""
    escaped = re.escape(_folded(pattern)).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(escaped, _folded(held), re.DOTALL) is not None


def _folded(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text.strip().casefold())
    return "".join(one for one in apart if not unicodedata.combining(one))
