"""What of a vendor's answer, or of what it is sent, may be shown: no secret ever, no person unless that is asked for.

Belongs here: typed values to JSON values with private ones masked. Does not belong here: payloads of a dry run
(`masking.py`), texts in errors and reports (`connectors/redaction.py`).

A value is private where a shape leaves its field out of the repr, where its name is that of a person's field, or where
it stands in an object of which no document says what it holds: there ids and the like are shown alone, and of a lead's
own fields not even these. Besides, a person's number or address is masked in any text, and whatever a web address
carries of a login.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from enum import IntEnum
from typing import Any, NamedTuple

from pydantic import BaseModel, SecretStr
from pydantic.alias_generators import to_snake

from connectors.redaction import redact
from pipelines.masking import masked

HIDDEN = "***"

_SECRET = re.compile(r"password|passwd|secret|token|credential|authorization|(api|app|private)_?key")
_NUMBERED = re.compile(r"_?\d+$")
_PERSON = frozenset(
    {
        "agent_name", "agent_phone", "call_number", "chat", "chat_name", "customer_phone_numbers", "email",
        "email_address", "first_name", "full_name", "gateway_number", "last_name", "login", "mail", "mobile",
        "number", "numbers", "phone", "phone_number", "phones", "subject", "surname", "telephone", "user_name",
    }
)  # fmt: skip
# Objects that hold whatever columns somebody's CRM has.
_OF_LEADS = frozenset({"attribute", "attributes", "custom_fields", "data_fields", "lead_data"})
_OF_TIME = frozenset({"timestamps", "durations"})
# What an object of unknown fields may show beside ids: nothing of it says who somebody is.
_OPEN = frozenset(
    {
        "available", "call_type", "calling_list_code", "campaign_name", "checkin", "code", "count", "customer_key",
        "date", "dialing_mode", "enabled", "expiration_time", "id", "kind", "language", "level", "list_name",
        "next_attempt_timestamp", "number_type", "priority", "queue_name", "row", "status", "status_code",
        "time_zone", "timezone", "total", "type", "user_data", "weight",
    }
)  # fmt: skip
_WORDS = frozenset({"detail", "details", "error", "errors", "item", "message", "messages", "reason"})
_LARGEST_OPEN_NUMBER = 99_999

_MAIL = re.compile(r"[^\s@'\"<>=:,;/*]{1,64}@[^\s@'\"<>/:,;]{1,190}\.[^\s@'\"<>/:,;]{1,60}")
_PHONE = re.compile(r"\+\d(?:[\s().\-/]{0,2}\d){5,14}")
_LOGIN_IN_URL = re.compile(r"([a-z][a-z0-9+.\-]{1,20}://)[^/\s@]+@", re.IGNORECASE)
_QUERY_OF_URL = re.compile(r"([a-z][a-z0-9+.\-]{1,20}://[^\s?'\"<>]+)\?[^\s'\"<>]+", re.IGNORECASE)


class _Object(IntEnum):
    """What is around a value: fields that we know, fields that nobody documents, or a lead's own."""

    KNOWN = 0
    UNKNOWN = 1
    LEAD = 2


class _Place(NamedTuple):
    """Where a value stands: the name of its field, and in what."""

    key: str = ""
    around: _Object = _Object.KNOWN

    @property
    def is_private(self) -> bool:
        """Whether a value here says something of a person."""
        if self.around is _Object.LEAD or _NUMBERED.sub("", self.key) in _PERSON:
            return True
        return self.around is _Object.UNKNOWN and self.key not in _OPEN and not self.key.endswith(("_id", "_ids"))


@dataclass(frozen=True, slots=True)
class Disclosure:
    """How much is shown. `shows_persons`: everything but secrets."""

    shows_persons: bool = False

    def shown(self, value: Any, name: str = "") -> Any:
        """The value as JSON values; `name` is what it is called, which may tell that it is private."""
        return self._shown(value, _Place(_snake(name)))

    def _shown(self, value: Any, place: _Place) -> Any:
        if isinstance(value, SecretStr) or (value is not None and _SECRET.search(place.key)):
            return HIDDEN
        if value is None or isinstance(value, bool):
            return value
        if (members := _members(value)) is not None:
            return self._object(list(members), _around(value, place))
        if isinstance(value, bytes | bytearray):
            return f"<{len(value)} bytes>"
        if isinstance(value, Sequence) and not isinstance(value, str):
            return [self._shown(one, place) for one in value]
        if isinstance(value, int | float):
            return self._number(value, place)
        return self._text(value.isoformat() if isinstance(value, date) else str(value), place)

    def _object(self, members: Sequence[tuple[str, Any, bool]], around: _Object) -> dict[str, Any]:
        is_labelled = {"name", "value"} <= {name for name, _, _ in members}
        shown = {}
        for name, value, is_private in members:
            place = _Place(_snake(name), max(around, _Object.UNKNOWN) if is_private else around)
            is_label = is_labelled and name == "name"
            shown[self._text(name, _Place())] = self._shown(value, _Place() if is_label else place)
        return shown

    def _number(self, value: int | float, place: _Place) -> Any:
        is_short = abs(value) <= _LARGEST_OPEN_NUMBER and place.around is not _Object.LEAD
        return value if self.shows_persons or is_short or not place.is_private else HIDDEN

    def _text(self, text: str, place: _Place) -> str:
        text = _without_logins(text)
        if self.shows_persons or not text:
            return text
        if place.key in _WORDS and place.around is not _Object.LEAD:
            return redact(text) or ""
        return str(masked(text)) if place.is_private else _without_persons(text)


def _members(value: Any) -> Iterator[tuple[str, Any, bool]] | None:
    """Name, value and privacy of an object's fields; None of what is no object."""
    if isinstance(value, BaseModel):
        return ((name, getattr(value, name), not field.repr) for name, field in type(value).model_fields.items())
    if is_dataclass(value) and not isinstance(value, type):
        return ((field.name, getattr(value, field.name), not field.repr) for field in fields(value))
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return ((name, one, False) for name, one in value._asdict().items())
    if isinstance(value, Mapping):
        return ((str(name), one, False) for name, one in value.items())
    return None


def _around(value: Any, place: _Place) -> _Object:
    """What is around the members of an object that stands there; a shape says itself what is private in it."""
    if not isinstance(value, Mapping):
        return _Object.KNOWN
    if place.around is _Object.LEAD or place.key in _OF_LEADS:
        return _Object.LEAD
    return _Object.KNOWN if place.key in _OF_TIME else _Object.UNKNOWN


def _snake(name: str) -> str:
    return to_snake(name.replace("-", "_").replace(" ", "_"))


def _without_logins(text: str) -> str:
    """The text whose web addresses show neither who logs in nor a query, which may be signed."""
    if "://" not in text:
        return text
    return _QUERY_OF_URL.sub(rf"\1?{HIDDEN}", _LOGIN_IN_URL.sub(rf"\1{HIDDEN}@", text))


def _without_persons(text: str) -> str:
    if "@" in text:
        text = _MAIL.sub("<mail>", text)
    return _PHONE.sub("<number>", text) if "+" in text else text
