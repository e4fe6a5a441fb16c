"""A contact as an entry of an import, and the codes by which an import is found again.

Belongs here: pure functions from our words to the vendor's. Does not belong here: sending (`gateway.py`).
Source: vendors.md, 1(b-15) and 1(c) 10, 11.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Literal
from uuid import UUID, uuid5

import phonenumbers

from connectors.gateway import Contact, Entry
from connectors.mapping import column_reader, source_columns
from connectors.sobot.limits import LONGEST_NOTE

PhoneFormat = Literal["digits", "e164", "national"]

# Ours, made up once: it only keeps these keys apart from those of others.
_NAMESPACE = UUID("6f1d6a52-0c8e-5b0c-9a43-6b1f5e0c7a21")
_CODE_LETTERS = 12


def entry_maker(mapping: Mapping[str, Any], phone_format: PhoneFormat) -> Callable[[Contact], Entry]:
    """A function that turns a contact into one of `dataDetails`; its first number is the only one that is sent."""
    columns = [(field_id, column_reader(column)) for field_id, column in (mapping.get("custom_fields") or {}).items()]
    name, note = mapping.get("name"), mapping.get("description")
    read_name = column_reader(name) if name else _full_name
    read_note = column_reader(note) if note else _nothing

    def entry(contact: Contact) -> Entry:
        made: Entry = {"telephone": render_phone(contact.phones[0], phone_format)}
        for key, value in (
            ("name", read_name(contact)),
            ("description", shorten(read_note(contact))),
            ("allocationAgent", contact.agent),
        ):
            if value:
                made[key] = str(value)
        values = [(field_id, read(contact)) for field_id, read in columns]
        fields = [{"fieldId": field_id, "fieldValue": str(value)} for field_id, value in values if value is not None]
        return {**made, "customFields": fields} if fields else made

    return entry


def mapped_columns(mapping: Mapping[str, Any]) -> Sequence[str]:
    """The source's columns that a mapping names and that are not ours anyway."""
    custom_fields = mapping.get("custom_fields") or {}
    return source_columns([*custom_fields.values(), mapping.get("name"), mapping.get("description")])


def render_phone(e164: str, phone_format: PhoneFormat) -> str:
    """The number as the vendor is to have it: `+491511…`, `491511…` or `01511…`."""
    if phone_format == "e164":
        return e164
    if phone_format == "national":
        parsed = phonenumbers.parse(e164)
        return digits(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL))
    return digits(e164)


def digits(text: str) -> str:
    """The text's ASCII digits."""
    return "".join(letter for letter in text if letter in "0123456789")


def shorten(note: Any) -> str | None:
    """The note within the vendor's 200 characters; one that was cut ends with an ellipsis, so that it shows."""
    if note is None:
        return None
    text = str(note)
    return text if len(text) <= LONGEST_NOTE else text[: LONGEST_NOTE - 1] + "…"


def calling_list_code(day: date, import_key: UUID) -> str:
    """The vendor's name for an import: its day and twelve letters of its key's hash, the same at every try."""
    letters = base64.b32encode(hashlib.sha256(import_key.bytes).digest()).decode()
    return f"{day:%Y%m%d}{letters[:_CODE_LETTERS]}"


def idempotency_key(*parts: str) -> str:
    """The UUID of a write: the same for the same parts, whoever sends it and whenever."""
    return str(uuid5(_NAMESPACE, "\n".join(parts)))


def _full_name(contact: Contact) -> str:
    return " ".join(part for part in (contact.first_name, contact.last_name) if part)


def _nothing(_contact: Contact) -> None:
    return None
