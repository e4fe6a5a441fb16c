"""Which objects a list answers, and in which order.

Belongs here: patterns, windows of times, sorting. Does not belong here: the form of an object (`rci_views.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from sandbox.exchange import Request
from sandbox.sinch.filters import slice_of
from sandbox.sinch.protocol import bad_request
from sandbox.sinch.rci_knobs import RciKnobs
from sandbox.sinch.rci_store import RciStore, Record
from sandbox.sinch.rci_table import Collection

HELD_AS: Mapping[str, str] = {"address": "addresses", "keyword": "keywords", "queueId": "_queueIds"}
ATTRIBUTE_FILTERS = frozenset({"attributeName", "attributeValue"})

Test = Callable[[Record], bool]


def found(
    records: Iterable[Record], collection: Collection, request: Request, knobs: RciKnobs, store: RciStore, now: datetime
) -> list[Record]:
    """The records that pass, sorted, one page of them where the list has pages.

    Raises:
        RefusedError: 400, when a parameter is malformed.
    """
    asked = request.parameters()
    tests = [] if knobs.ignore_filters else [*_tests(request, collection), *_window_tests(asked, collection, now)]
    if not knobs.ignore_filters:
        tests += _attribute_tests(asked, collection, store)
    passed = _sorted([one for one in records if all(test(one) for test in tests)], asked, collection)
    return _page(passed, asked, knobs) if collection.is_paged else passed


def queried(request: Request, collection: Collection) -> set[str]:
    """The searchable fields that the query names."""
    return request.parameters().keys() & set(collection.search)


def _tests(request: Request, collection: Collection) -> list[Test]:
    values: dict[str, list[str]] = {}
    for name, value in parse_qsl(request.query.decode("latin-1"), keep_blank_values=True):
        if name in collection.search and name not in ATTRIBUTE_FILTERS:
            # Only keywords may be repeated and hold lists; the last of any other name counts.
            values[name] = values.get(name, []) + value.split(",") if name == "keyword" else [value]
    return [_pattern_test(HELD_AS.get(name, name), patterns) for name, patterns in values.items()]


def _pattern_test(field: str, values: list[str]) -> Test:
    patterns = [_pattern(value) for value in values]

    def is_like(record: Record) -> bool:
        return any(pattern.fullmatch(held) for pattern in patterns for held in _texts(record.get(field)))

    return is_like


def _attribute_tests(asked: Mapping[str, str], collection: Collection, store: RciStore) -> list[Test]:
    if not ATTRIBUTE_FILTERS & asked.keys() & set(collection.search):
        return []
    name, value = _pattern(asked.get("attributeName", "*")), _pattern(asked.get("attributeValue", "*"))

    def has_attribute(record: Record) -> bool:
        held = store.objects.get(f"{collection.path}/{record['id']}/attributes", {}).values()
        return any(name.fullmatch(one["name"]) and value.fullmatch(one["value"]) for one in held)

    return [has_attribute]


def _window_tests(asked: Mapping[str, str], collection: Collection, now: datetime) -> list[Test]:
    tests: list[Test] = []
    for name in collection.windows:
        tests += [_after(name, _time(asked[name]))] if name in asked else []
        tests += [_before(name, _time(asked[f"{name}End"]))] if f"{name}End" in asked else []
    if collection.windows and "active" in asked:
        wanted = asked["active"] == "true"
        tests.append(lambda record: _is_active(record, now) == wanted)
    return tests


def _after(name: str, bound: datetime) -> Test:
    return lambda record: name in record and _time(record[name]) > bound


def _before(name: str, bound: datetime) -> Test:
    return lambda record: name in record and _time(record[name]) < bound


def _is_active(record: Record, now: datetime) -> bool:
    start, end = record.get("activeFrom"), record.get("activeTo")
    return (start is None or _time(start) <= now) and (end is None or now < _time(end))


def _sorted(records: list[Record], asked: Mapping[str, str], collection: Collection) -> list[Record]:
    if collection.sort is None:
        return records
    parts = asked["sort"].split(",") if "sort" in asked else list(collection.sort)
    if any(not part or part != part.strip() for part in parts):
        raise bad_request("Invalid sort")
    for part in reversed([part for part in parts if not part.startswith("LOCALE-")]):
        records = sorted(records, key=_key(part.lstrip("-")), reverse=part.startswith("-"))
    return records


def _key(name: str) -> Callable[[Record], str]:
    return lambda record: str(record.get(name, "")).casefold()


def _page(records: list[Record], asked: Mapping[str, str], knobs: RciKnobs) -> list[Record]:
    heeded = {name: value for name, value in asked.items() if name != "offset" or not knobs.ignore_offset}
    page = list(slice_of(heeded)(records))
    return page if knobs.max_limit is None else page[: knobs.max_limit]


def _pattern(value: str) -> re.Pattern[str]:
    return re.compile(re.escape(value).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)


def _texts(held: Any) -> list[str]:
    if held is None:
        return []
    if isinstance(held, bool):
        return [str(held).lower()]
    return [str(one) for one in held] if isinstance(held, list) else [str(held)]


def _time(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise bad_request(f"Invalid time: '{text}'") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
