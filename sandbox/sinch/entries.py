"""OBI's rules about new customers: what one entry must hold, and what a batch does with bad ones.

Belongs here: validation, uniqueness, the per-entry results. Does not belong here: HTTP, storage.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import available_timezones

from sandbox.sinch.knobs import SinchKnobs
from sandbox.sinch.protocol import bad_request
from sandbox.sinch.records import Campaign, Customer, new_ids
from sandbox.sinch.store import Store

NUMBERS = re.compile(r"\+?[0-9]+(?:;\+?[0-9]+){0,2};?")
PHONES = ("Phone1", "Phone2", "Phone3")


@dataclass(slots=True)
class Batch:
    """The entries of one request, and how they are to be judged.

    Attributes:
        body: The JSON that the entries were read from.
        is_all_or_none: Whether one bad entry stops all (`stopProcessIfInvalidEntriesFound`).
        failing_positions: Entries that fail for no reason of their own, with their status.
    """

    entries: list[Any]
    body: bytes
    knobs: SinchKnobs
    is_all_or_none: bool = False
    failing_positions: Mapping[int, int] = field(default_factory=dict)


class EntryError(Exception):
    """The entry breaks a rule; the text is what OBI answers for it."""

    status = 400


class EntryFailedError(EntryError):
    """The entry fails for no reason of its own."""

    def __init__(self, status: int) -> None:
        super().__init__("Internal error")
        self.status = status


Judged = Customer | EntryError


def add_batch(store: Store, campaign: Campaign, batch: Batch) -> list[dict[str, object]]:
    """The valid entries are stored, or none when all or none is asked; one result each, in order.

    Raises:
        RefusedError: 400, when an entry is no customer at all, or is poisoned.
    """
    judged = _judge(store, campaign, batch)
    valid = [verdict for verdict in judged if isinstance(verdict, Customer)]
    is_stored = not batch.is_all_or_none or len(valid) == len(judged)
    if is_stored:
        campaign.add(valid)
    return [_result(verdict, is_stored=is_stored) for verdict in judged]


def add_one(store: Store, campaign: Campaign, batch: Batch) -> Customer:
    """The batch's only customer is stored.

    Raises:
        RefusedError: 400 with the entry's error, when it breaks a rule.
    """
    verdict = _judge(store, campaign, batch)[0]
    if isinstance(verdict, EntryError):
        raise bad_request(str(verdict))
    campaign.add([verdict])
    return verdict


def _result(verdict: Judged, *, is_stored: bool) -> dict[str, object]:
    if isinstance(verdict, EntryError):
        return {"error": str(verdict), "statusCode": verdict.status}
    return {"statusCode": 201, "id": verdict.id} if is_stored else {"statusCode": 200}


def _judge(store: Store, campaign: Campaign, batch: Batch) -> list[Judged]:
    external_ids = [_external_id(entry) for entry in batch.entries]
    store.record_received(external_ids)
    _refuse_poisoned(external_ids, batch.knobs)
    is_taken = _taken_check(store, campaign, batch, external_ids)
    reader = _EntryReader(batch, store.clock())
    judged: list[Judged] = []
    for position, customer_id in enumerate(new_ids(len(external_ids))):
        try:
            customer = reader.read(position, customer_id)
        except EntryError as error:
            judged.append(error)
            continue
        is_bad = is_taken(customer.external_id)
        judged.append(_not_unique(customer.external_id) if is_bad else customer)
    for position in batch.failing_positions.keys() & set(range(len(judged))):
        judged[position] = EntryFailedError(batch.failing_positions[position])
    return judged


def _external_id(entry: object) -> str | None:
    """The entry's own externalId; None when the system is to make one.

    Raises:
        RefusedError: 400, when the entry is no object.
    """
    if not isinstance(entry, dict):
        raise bad_request("Invalid customer")
    external_id = entry.get("externalId")
    return external_id if isinstance(external_id, str) else None


def _refuse_poisoned(external_ids: list[str | None], knobs: SinchKnobs) -> None:
    if knobs.poison and not set(knobs.poison).isdisjoint(external_ids):
        raise bad_request("HTTP 400 Bad Request")


def _not_unique(external_id: str) -> EntryError:
    return EntryError(f"Invalid externalId: {external_id} : Value is not unique")


def _taken_check(
    store: Store, campaign: Campaign, batch: Batch, external_ids: list[str | None]
) -> Callable[[str], bool]:
    """Says whether store or request has the externalId already, and notes it for the next."""
    stored = campaign.by_external_id
    is_system_wide = batch.knobs.external_id_scope == "system"
    all_fail = batch.is_all_or_none or batch.knobs.duplicate_in_request == "all_fail"
    seen = _repeated(external_ids) if all_fail else set()

    def is_taken(external_id: str) -> bool:
        if external_id in seen or external_id in stored:
            return True
        seen.add(external_id)
        return is_system_wide and store.is_used_anywhere(external_id)

    return is_taken if batch.knobs.unique_external_id else lambda _: False


def _repeated(external_ids: list[str | None]) -> set[str]:
    counts = Counter(filter(None, external_ids))
    return {external_id for external_id, count in counts.items() if count > 1}


class _EntryReader:
    """Holds one request's entries against the rules, as the knobs are now."""

    def __init__(self, batch: Batch, received_at: datetime) -> None:
        self._batch = batch
        self._accepts_bare_attributes = batch.knobs.bare_attributes == "accept"
        self._rejected_numbers = frozenset(batch.knobs.reject_numbers)
        self._received_at = received_at

    def read(self, position: int, customer_id: str) -> Customer:
        """The customer that the entry describes; without an externalId, the id is used.

        Raises:
            EntryError: when the entry breaks a rule.
            RefusedError: 400, when its attributes are a bare array and the knob rejects that.
        """
        entry = self._batch.entries[position]
        external_id = entry.get("externalId") or customer_id
        if not isinstance(external_id, str):
            raise EntryError(f"Invalid externalId: '{external_id}'")
        attributes = self._read_attributes(entry.get("attributes"))
        numbers = self._read_numbers(entry.get("numbers") or _numbers_of(attributes))
        for name, value in entry.items():
            if name in FIELD_CHECKS and value is not None and not FIELD_CHECKS[name](value):
                raise EntryError(f"Invalid {name}: '{value}'")
        return Customer(customer_id, external_id, numbers, self._received_at, self._batch.body, position)

    def _read_attributes(self, value: Any) -> list[tuple[Any, Any]]:
        if isinstance(value, list) and not self._accepts_bare_attributes:
            raise bad_request("Invalid attributes: 'attribute' expected")
        try:
            return [(one["name"], one["value"]) for one in unwrapped(value)]
        except (KeyError, TypeError) as error:
            raise EntryError("Invalid attributes") from error

    def _read_numbers(self, raw: object) -> str:
        if not isinstance(raw, str) or not NUMBERS.fullmatch(raw):
            raise EntryError(f"Invalid numbers: '{raw}'")
        if self._rejected_numbers and not self._rejected_numbers.isdisjoint(raw.split(";")):
            raise EntryError(f"Invalid numbers: '{raw}'")
        return raw.rstrip(";")


def unwrapped(attributes: Any) -> Any:
    """What the wrapper `attribute` holds, as a list, also when it is bare or a single object."""
    held = attributes.get("attribute") if isinstance(attributes, dict) else attributes
    if held is None:
        return []
    return [held] if isinstance(held, dict) else held


def _numbers_of(attributes: list[tuple[Any, Any]]) -> str:
    """The phone attributes joined as `numbers`; empty when the mandatory `Phone1` is missing."""
    phones = {name: value for name, value in attributes if name in PHONES}
    if "Phone1" not in phones:
        return ""
    return ";".join(str(phones[name]) for name in PHONES if phones.get(name))


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_datetime(value: object) -> bool:
    try:
        datetime.fromisoformat(str(value))
    except ValueError:
        return False
    return True


TIME_ZONES = frozenset(available_timezones())
DIALING_MODES = frozenset({"PREVIEW", "PREDICTIVE"})
FIELD_CHECKS: Mapping[str, Callable[[Any], bool]] = {
    "date": _is_datetime,
    "agentId": lambda value: isinstance(value, str),
    "dialingMode": lambda value: isinstance(value, str) and value in DIALING_MODES,
    "previewTime": _is_integer,
    "priority": _is_integer,
    "timeZone": lambda value: isinstance(value, str) and value in TIME_ZONES,
}
