"""What makes a lead storable, and what an update does to one.

Belongs here: the checks on one lead, for single creates, bulk rows and updates alike. Does not belong here: jobs
(`bulk.py`). Which values are refused, and with which status, is assumed throughout.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sandbox.platform.knobs import PlatformKnobs
from sandbox.platform.protocol import moment, refusal
from sandbox.platform.store import Lead, Store

PHONES = ("phone1", "phone2", "phone3")
CREATE_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "listId": int,
    "customerKey": str,
    "timezone": str,
    **dict.fromkeys(PHONES, str),
    "nextAttemptTimestamp": str,
    "leadData": dict,
    "statusCode": int,
    "agentId": int,
}
UPDATE_TYPES = {**CREATE_TYPES, "isCompleted": bool}

_NUMBER = re.compile(r"\+?\d{3,16}")


def store_lead(values: Any, store: Store, knobs: PlatformKnobs, now: float) -> Lead:
    """The lead is stored.

    Raises:
        RefusedError: 400, 404, 409 or 422, and nothing was stored.
    """
    check_fields(values, CREATE_TYPES, store, knobs)
    if type(values.get("listId")) is not int:
        raise refusal(400, "listId is required")
    require_list(values["listId"], store, knobs)
    key = values.get("customerKey")
    if knobs.duplicate_key == "409" and key is not None and store.find(values["listId"], key):
        raise refusal(409, "customerKey exists")
    fields = {name: value for name, value in values.items() if name != "listId" and value is not None}
    return store.add_lead(values["listId"], fields, now)


def change_lead(lead: Lead, values: Any, store: Store, knobs: PlatformKnobs, now: float) -> None:
    """The fields that are given hold; the others are as they were.

    Raises:
        RefusedError: 400, 404, 409 or 422, and nothing was changed.
    """
    check_fields(values, UPDATE_TYPES, store, knobs)
    if values.get("isCompleted") is False and lead.is_completed:
        raise refusal(422, "a completed lead cannot be opened again")
    if values.get("isCompleted") and lead.is_completed and knobs.complete_again == "409":
        raise refusal(409, "the lead is completed")
    if values.get("listId") is not None:
        require_list(values["listId"], store, knobs)
        lead.list_id = values["listId"]
    lead.is_completed = lead.is_completed or bool(values.get("isCompleted"))
    for name, value in values.items():
        if name in ("listId", "isCompleted") or (value is None and knobs.update_null == "keep"):
            continue
        if name == "customerKey":
            store.rename_lead(lead, value)
        else:
            lead.fields[name] = value
    lead.updated_at = now


def check_fields(values: Any, types: Mapping[str, type | tuple[type, ...]], store: Store, knobs: PlatformKnobs) -> None:
    """Every documented field has its type, numbers look like numbers, the agent exists; null is always allowed.

    Raises:
        RefusedError: 400 for a wrong type, 422 for a wrong value.
    """
    if not isinstance(values, dict):
        raise refusal(400, "a lead must be an object")
    for name, kind in types.items():
        value = values.get(name)
        if value is not None and (not isinstance(value, kind) or (kind is int and isinstance(value, bool))):
            raise refusal(400, f"{name} has the wrong type")
    _check_values(values, store, knobs)


def require_list(list_id: int, store: Store, knobs: PlatformKnobs) -> None:
    """The list exists.

    Raises:
        RefusedError: 404 or 422, as the knobs say.
    """
    if list_id not in store.lists:
        raise refusal(int(knobs.unknown_list), "listId does not exist")


def _check_values(values: Mapping[str, Any], store: Store, knobs: PlatformKnobs) -> None:
    for name in PHONES:
        phone = values.get(name)
        if phone and (not _NUMBER.fullmatch(phone) or phone in knobs.reject_phones):
            raise refusal(422, f"{name} is not a valid number: {phone}")
    if values.get("nextAttemptTimestamp"):
        moment(values["nextAttemptTimestamp"], "nextAttemptTimestamp")
    if values.get("agentId") is not None and values["agentId"] not in store.users:
        raise refusal(422, "agentId does not exist")
    unknown = set(values.get("leadData") or {}) - set(knobs.lead_fields)
    if unknown and knobs.unknown_lead_data == "422":
        raise refusal(422, f"leadData has unknown fields: {', '.join(sorted(unknown))}")
