"""Shows a vendor entry without showing a person.

Belongs here: what a dry run prints of a payload. Does not belong here: redaction of foreign texts
(`connectors/redaction.py`).
"""

from __future__ import annotations

import re
from typing import Any

# Keys whose values say nothing of a person.
_OPEN = frozenset(
    {
        "externalId", "customerKey", "UserData",  # ours: they tell which lead it is
        "timeZone", "priority", "dialingMode", "previewTime", "date", "agentId",
    }
)  # fmt: skip
_PHONES = re.compile(r"\+[0-9]{6,15}(;\+[0-9]{6,15})*")
_SHORTEST_PHONE = 10


def masked(entry: Any, key: str = "") -> Any:
    """The entry with every private value masked; shapes and keys stay."""
    if isinstance(entry, dict):
        # A `name` beside a `value` labels it; alone it is somebody's.
        is_label = "name" in entry and "value" in entry
        return {n: value if is_label and n == "name" else masked(value, n) for n, value in entry.items()}
    if isinstance(entry, list):
        return [masked(item, key) for item in entry]
    if key in _OPEN or not isinstance(entry, str):
        return entry
    return _mask(entry)


def mask_phone(phone: str) -> str:
    """`+49 *** *** 1234`; a number too short to be one shows nothing."""
    return f"{phone[:3]} *** *** {phone[-4:]}" if len(phone) >= _SHORTEST_PHONE else "***"


def _mask(text: str) -> str:
    if _PHONES.fullmatch(text):
        return ";".join(mask_phone(phone) for phone in text.split(";"))
    return text[:1] + "***"
