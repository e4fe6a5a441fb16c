"""Shows a vendor entry without showing a person.

Belongs here: what a dry run prints of a payload. Does not belong here: redaction of foreign texts
(`connectors/redaction.py`).
"""

from __future__ import annotations

import re
from typing import Any

# Keys whose values say nothing of a person.
_OPEN = frozenset({"externalId", "timeZone", "priority", "dialingMode", "previewTime", "date", "agentId"})
_PHONE = re.compile(r"\+?[0-9]{6,15}")


def masked(entry: Any, key: str = "") -> Any:
    """The entry with every private value masked; shapes and keys stay."""
    if isinstance(entry, dict):
        return {
            name: masked(value, "name" if name == "name" and "value" in entry else name)
            for name, value in entry.items()
        }
    if isinstance(entry, list):
        return [masked(item, key) for item in entry]
    if key in _OPEN or not isinstance(entry, str):
        return entry
    if key == "name":
        return entry
    return _mask(entry)


def mask_phone(phone: str) -> str:
    """`+49 *** *** 1234`."""
    return f"{phone[:3]} *** *** {phone[-4:]}"


def _mask(text: str) -> str:
    if _PHONE.search(text):
        return _PHONE.sub(lambda match: mask_phone(match[0]), text)
    return text[:1] + "***"
