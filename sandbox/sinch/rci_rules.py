"""What RCI takes: the fields of a body, checked against the tables.

Belongs here: one body to one record, or a refusal. Does not belong here: storing (`rci.py`), HTTP.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sandbox.sinch.protocol import ID32, ID36, bad_request
from sandbox.sinch.rci_knobs import RciKnobs
from sandbox.sinch.rci_store import Record
from sandbox.sinch.rci_table import Field, Fields

MISSPELT: Mapping[str, str] = {"language": "langauge", "externalId": "externalid"}
SKILL_VALUES = range(1, 6)
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T.*Z")


def checked(body: object, fields: Fields, knobs: RciKnobs) -> Record:
    """The fields of the record that the body describes; what no table names is passed over.

    Raises:
        RefusedError: 400, when it is no object, or a field is missing or breaks a limit.
    """
    if not isinstance(body, dict):
        raise bad_request("Invalid JSON: object expected")
    record = {name: _checked_field(name, rule, body, knobs) for name, rule in fields.items()}
    return {name: value for name, value in record.items() if value is not None}


def skill_value(body: object) -> int:
    """The value of a user's skill.

    Raises:
        RefusedError: 400, when it is no whole number from 1 to 5.
    """
    value = body.get("value") if isinstance(body, dict) else None
    if not isinstance(value, int) or isinstance(value, bool) or value not in SKILL_VALUES:
        raise bad_request("Invalid value")
    return value


def resolved_items(items: Sequence[Any], known: Sequence[Record]) -> list[Record]:
    """The items of a disruption event, found by id, or by externalId and type.

    Raises:
        RefusedError: 400, when one of them is not in the set.
    """
    return [_resolved(item, known) for item in items]


def _resolved(item: Any, known: Sequence[Record]) -> Record:
    wanted = item if isinstance(item, dict) else {}
    for one in known:
        is_named = (wanted.get("externalId"), wanted.get("type")) == (one["externalId"], one["type"])
        if str(wanted.get("id", "")).replace("-", "").upper() == one["id"] or ("id" not in wanted and is_named):
            return {"id": one["id"], "externalId": one["externalId"], "type": one["type"]}
    raise bad_request("Invalid items")


def _checked_field(name: str, rule: Field, body: Mapping[str, Any], knobs: RciKnobs) -> Any:
    value = body.get(name, body.get(MISSPELT.get(name, name)))
    if value is None:
        if rule.is_required:
            raise bad_request(f"Invalid {name}: missing")
        return None
    if rule.wrapper:
        return _unwrapped(name, rule.wrapper, value, knobs)
    if not _CHECKS[rule.kind](value, rule):
        raise bad_request(f"Invalid {name}")
    return value


def _unwrapped(name: str, wrapper: str, value: Any, knobs: RciKnobs) -> list[Any]:
    held = value.get(wrapper) if isinstance(value, dict) else value
    if isinstance(value, list) and knobs.bare_wrappers == "reject":
        held = None
    if not isinstance(held, list):
        raise bad_request(f"Invalid {name}: {{'{wrapper}': [...]}} expected")
    return held


def _is_text(value: Any, rule: Field) -> bool:
    if not isinstance(value, str):
        return False
    if rule.words:
        return value.lower() in {word.lower() for word in rule.words}
    return rule.shortest <= len(value) and (rule.longest is None or len(value) <= rule.longest)


def _is_time(value: Any, _rule: Field) -> bool:
    try:
        return isinstance(value, str) and bool(_TIME.fullmatch(value)) and bool(datetime.fromisoformat(value))
    except ValueError:
        return False


def _are_ids(value: Any, _rule: Field) -> bool:
    return isinstance(value, list) and all(ID32.fullmatch(str(one)) or ID36.fullmatch(str(one)) for one in value)


_CHECKS: Mapping[str, Callable[[Any, Field], bool]] = {
    "text": _is_text,
    "flag": lambda value, _: isinstance(value, bool),
    "number": lambda value, _: isinstance(value, int | float) and not isinstance(value, bool),
    "time": _is_time,
    "ids": _are_ids,
}
