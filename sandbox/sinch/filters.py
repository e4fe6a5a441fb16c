"""Which records a GET answers.

Belongs here: wildcards, windows of dates, the attribute filter, paging.
Does not belong here: the form of a record (`views.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from itertools import islice
from typing import Any

from sandbox.sinch.knobs import SinchKnobs
from sandbox.sinch.protocol import bad_request
from sandbox.sinch.records import Campaign, Customer
from sandbox.sinch.views import customer_view

View = dict[str, Any]
Test = Callable[[View], bool]

CAMPAIGN_SEARCH = frozenset(
    {
        "name",
        "dialerId",
        "dialerName",
        "dialingMode",
        "status",
        "dialerStatus",
        "queueId",
        "queueName",
        "customIvrNumber",
        "total",
        "handled",
        "maxCalls",
        "filtered",
        "timeZone",
    }
)
CAMPAIGN_DATES = ("startDate", "endDate", "registered")
CUSTOMER_SEARCH = frozenset(
    {
        "externalId",
        "numbers",
        "result",
        "callResult",
        "classifier",
        "callCount",
        "lastBNumber",
        "agentId",
        "dialingMode",
        "previewTime",
        "priority",
        "timeZone",
    }
)


def campaign_tests(parameters: Mapping[str, str]) -> list[Test]:
    """What a campaign must pass; parameters that are no documented filter say nothing.

    Raises:
        RefusedError: 400, when a date is none.
    """
    tests = _pattern_tests(parameters, CAMPAIGN_SEARCH)
    for name in CAMPAIGN_DATES:
        tests += _window_tests(parameters, name)
    return tests


def find_customers(campaign: Campaign, parameters: Mapping[str, str], knobs: SinchKnobs) -> list[View]:
    """One page of the customers that pass, in the order of their creation.

    Raises:
        RefusedError: 400, when a date, `offset` or `limit` is none, or `attributeName` is missing.
    """
    tests = _customer_tests(parameters)
    heeded = {name: value for name, value in parameters.items() if name != "offset" or not knobs.ignore_offset}
    page = slice_of(heeded)
    if not tests:
        customers = islice(page(_candidates(campaign, parameters)), knobs.max_limit)
        return [customer_view(customer, campaign, knobs) for customer in customers]
    views = (customer_view(customer, campaign, knobs) for customer in _candidates(campaign, parameters))
    return list(islice(page(view for view in views if all(test(view) for test in tests)), knobs.max_limit))


def slice_of(parameters: Mapping[str, str]) -> Callable[[Iterable[Any]], Iterator[Any]]:
    """Cuts `limit` elements from `offset` on; the defaults are 100 and 0.

    Raises:
        RefusedError: 400, when one of them is no whole number of at least 0.
    """
    offset = _whole_number(parameters, "offset", 0)
    limit = _whole_number(parameters, "limit", 100)
    return lambda rows: islice(rows, offset, offset + limit)


def _candidates(campaign: Campaign, parameters: Mapping[str, str]) -> Iterable[Customer]:
    """The customers that index and modification date leave."""
    external_id = parameters.get("externalId")
    found: Iterable[Customer] = campaign.customers.values()
    if external_id is not None and not _has_wildcard(external_id):
        found = campaign.by_external_id.get(external_id, ())
    after = _moment(parameters, "modificationDate")
    before = _moment(parameters, "modificationDateEnd")
    if after is None and before is None:
        return found
    return (c for c in found if _is_between(c.modified_at, after, before))


def _customer_tests(parameters: Mapping[str, str]) -> list[Test]:
    external_id = parameters.get("externalId", "")
    by_index = frozenset() if _has_wildcard(external_id) else frozenset({"externalId"})
    tests = _pattern_tests(parameters, CUSTOMER_SEARCH - by_index)
    return tests + _window_tests(parameters, "date") + _attribute_tests(parameters)


def _pattern_tests(parameters: Mapping[str, str], names: frozenset[str]) -> list[Test]:
    return [_pattern_test(name, value) for name, value in parameters.items() if name in names]


def _pattern_test(name: str, value: str) -> Test:
    pattern = _pattern(value)
    return lambda view: name in view and pattern.fullmatch(str(view[name])) is not None


def _window_tests(parameters: Mapping[str, str], name: str) -> list[Test]:
    after = _moment(parameters, name)
    before = _moment(parameters, f"{name}End")
    if after is None and before is None:
        return []
    return [lambda view: name in view and _is_between(_parse(view[name]), after, before)]


def _attribute_tests(parameters: Mapping[str, str]) -> list[Test]:
    if "attributeName" not in parameters:
        if "attributeValue" in parameters:
            raise bad_request("attributeName is mandatory in case attributeValue is given")
        return []
    name = _pattern(parameters["attributeName"])
    value = _pattern(parameters.get("attributeValue", "*"))

    def has_attribute(view: View) -> bool:
        return any(
            name.fullmatch(str(one["name"])) and value.fullmatch(str(one["value"]))
            for one in view["attributes"]["attribute"]
        )

    return [has_attribute]


def _has_wildcard(value: str) -> bool:
    return "*" in value or "?" in value


@lru_cache(maxsize=256)
def _pattern(value: str) -> re.Pattern[str]:
    escaped = re.escape(value).replace(r"\*", ".*").replace(r"\?", ".")
    return re.compile(escaped, re.DOTALL)


def _is_between(moment: datetime, after: datetime | None, before: datetime | None) -> bool:
    return (after is None or moment > after) and (before is None or moment < before)


def _moment(parameters: Mapping[str, str], name: str) -> datetime | None:
    raw = parameters.get(name)
    if raw is None:
        return None
    try:
        return _parse(raw)
    except ValueError as error:
        raise bad_request(f"Invalid {name}: '{raw}'") from error


def _parse(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _whole_number(parameters: Mapping[str, str], name: str, default: int) -> int:
    raw = parameters.get(name)
    if raw is None:
        return default
    if not (raw.isascii() and raw.isdigit()):
        raise bad_request(f"Invalid {name}: '{raw}'")
    return int(raw)
