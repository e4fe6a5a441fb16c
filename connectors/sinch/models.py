"""The shapes of OBI's answers, read leniently: unknown fields are ignored, missing required ones named.

Belongs here: reading JSON of OBI into frozen rows. Does not belong here: requests (`client.py`) and what
an answer means for a delivery (`gateway.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

LOADABLE_STATUSES = ("Passive", "Active")


class ShapeError(ValueError):
    """The answer lacks a required field; the text is its JSON path, never its value."""


@dataclass(frozen=True, slots=True)
class SinchCampaign:
    """An outbound campaign. Source: vendors.md, 2(c) #1 and #2."""

    id: str
    name: str
    status: str | None
    dialing_mode: str | None
    queue_name: str | None
    total: int | None
    not_handled: int | None


@dataclass(frozen=True, slots=True)
class SinchCustomer:
    """A customer of a campaign. `modified_at` is UTC. Source: vendors.md, 2(c) #4 and #6."""

    id: str
    external_id: str
    numbers: tuple[str, ...]
    result: str | None
    call_result: str | None
    classifier: str | None
    call_count: int | None
    agent_id: str | None
    modified_at: datetime | None
    attributes: Mapping[str, str]


class EntryResult(NamedTuple):
    """The answer to one entry of `customers/list`. Source: vendors.md, 2(c) #8."""

    status: int
    id: str | None
    error: str | None


def read_campaign(row: Any, path: str = "$") -> SinchCampaign:
    """The campaign that a JSON object describes."""
    return SinchCampaign(
        id=normalise_id(_required(row, "id", path)),
        name=str(_required(row, "name", path)),
        status=_text(row, "status"),
        dialing_mode=_text(row, "dialingMode"),
        queue_name=_text(row, "queueName"),
        total=_whole(row, "total"),
        not_handled=_whole(row, "notHandled"),
    )


def read_customer(row: Any, path: str = "$") -> SinchCustomer:
    """The customer that a JSON object describes."""
    return SinchCustomer(
        id=normalise_id(_required(row, "id", path)),
        external_id=str(_required(row, "externalId", path)),
        numbers=split_numbers(str(_required(row, "numbers", path))),
        result=_text(row, "result"),
        call_result=_text(row, "callResult"),
        classifier=_text(row, "classifier"),
        call_count=_whole(row, "callCount"),
        agent_id=_text(row, "agentId"),
        modified_at=_time(row, "modificationDate", path),
        attributes=unwrap_attributes(row.get("attributes")),
    )


def read_entry_results(rows: Any) -> list[EntryResult]:
    """The answers to a list of customers, in the order of the request."""
    if not isinstance(rows, list):
        raise ShapeError("$: an array was expected")
    try:
        statuses = [row["statusCode"] for row in rows]
        ids, errors = ([row.get(key) for row in rows] for key in ("id", "error"))
        if set(map(type, statuses)) - {int}:
            statuses = list(map(_status, statuses))
    except (TypeError, KeyError, AttributeError, ValueError):
        raise ShapeError(_first_misshapen(rows)) from None
    return list(map(EntryResult, statuses, _texts(ids), _texts(errors)))


def unwrap_attributes(value: Any) -> dict[str, str]:
    """Attributes by name, from the wrapped form, a bare array, or a single collapsed object."""
    if isinstance(value, Mapping):
        value = value.get("attribute", [])
    if isinstance(value, Mapping):
        value = [value]
    if not isinstance(value, Sequence) or isinstance(value, str):
        return {}
    return {
        str(item["name"]): str(item["value"])
        for item in value
        if isinstance(item, Mapping) and item.get("name") is not None and item.get("value") is not None
    }


def split_numbers(numbers: str) -> tuple[str, ...]:
    """The phone numbers of the `;`-separated form; a trailing `;` is tolerated."""
    return tuple(number.strip() for number in numbers.split(";") if number.strip())


def normalise_id(value: Any) -> str:
    """The 32-character upper-case form of an id that may come with hyphens."""
    return str(value).strip().replace("-", "").upper()


def read_time(value: str | None) -> datetime | None:
    """The UTC time of an ISO 8601 text; None for none and for the year-9999 sentinel."""
    if not value or value.startswith("9999"):
        return None
    at = datetime.fromisoformat(value)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _status(value: Any) -> int:
    if type(value) is not int and not (isinstance(value, float) and value.is_integer()):
        raise ValueError
    return int(value)


def _first_misshapen(rows: list[Any]) -> str:
    """The JSON path of the first entry that is no result."""
    for index, row in enumerate(rows):
        status = row.get("statusCode") if isinstance(row, Mapping) else None
        if status is None:
            return f"$[{index}].statusCode: missing"
        if type(status) is not int and not isinstance(status, float):
            return f"$[{index}].statusCode: a number was expected"
    return "$: an array of results was expected"


def _required(row: Any, key: str, path: str) -> Any:
    if not isinstance(row, Mapping):
        raise ShapeError(f"{path}: an object was expected")
    if row.get(key) is None:
        raise ShapeError(f"{path}.{key}: missing")
    return row[key]


def _time(row: Mapping[str, Any], key: str, path: str) -> datetime | None:
    try:
        return read_time(_text(row, key))
    except (ValueError, OverflowError):
        raise ShapeError(f"{path}.{key}: a time was expected") from None


def _text(row: Mapping[str, Any], key: str) -> str | None:
    value = row.get(key)
    return None if value is None else str(value)


def _texts(values: list[Any]) -> list[str | None]:
    """The values as texts, None for an empty one; in nearly every answer they are texts."""
    if set(map(type, values)) <= {str, type(None)} and "" not in values:
        return values
    return [None if value is None or value == "" else str(value) for value in values]


def _whole(row: Mapping[str, Any], key: str) -> int | None:
    value = row.get(key)
    return int(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
