"""What the vendor's document says about parameters, checked before anything is sent.

Belongs here: the limits, and the error that names parameter and limit and never a value. Does not belong here:
limits that the document leaves open; those are settings.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from connectors.errors import InvalidRequestError

DEDUPLICATIONS = (
    "NonRemoveDuplicates",
    "RemoveDuplicatesInCallingList",
    "RemoveDuplicatesInCampaign",
    "RemoveDuplicatesInTenant",
)
ASSIGN_RULES = ("AssignAverage", "AssignAppoint", "NoAssign")
DNC_FILTERS = ("Filter", "NoFilter")
LONGEST_NOTE = 200
LONGEST_PLAN_NAME = 20
MOST_PLANS = 50
LARGEST_IVR_PAGE = 50

_CALLING_LIST_CODE = re.compile(r"[A-Za-z0-9]{1,20}")
_EXTENSION = re.compile(r"[0-9]{3,8}")
_PASSWORD = re.compile(r"[0-9]{6,8}")
_PLAN_PHONE = re.compile(r"[0-9]{3,16}")


class Limits:
    """The checks of one operation; each raises InvalidRequestError in that operation's name."""

    def __init__(self, operation: str) -> None:
        self.operation = operation

    def require(self, sentence: str, *, holds: bool) -> None:
        """The rule that the sentence says is kept.

        Raises:
            InvalidRequestError: with the sentence; nothing was sent.
        """
        if not holds:
            raise InvalidRequestError(f"not sent: {sentence}", vendor="sobot", operation=self.operation)

    def one_of(self, name: str, value: Any, options: Sequence[Any]) -> None:
        """The value is none at all, or one of the options."""
        self.require(f"{name} must be one of {', '.join(map(str, options))}", holds=value is None or value in options)

    def text(self, name: str, value: str) -> None:
        """The value holds something."""
        self.require(f"{name} must not be empty", holds=bool(value.strip()))

    def longest(self, name: str, value: str | None, limit: int) -> None:
        """The text is not longer than the limit."""
        self.require(f"{name} takes at most {limit} characters", holds=value is None or len(value) <= limit)

    def page_size(self, value: int, *, largest: int | None = None) -> None:
        """The page has at least one row, and at most as many as documented."""
        is_small = largest is None or value <= largest
        self.require(f"page_size must be 1{f' to {largest}' if largest else ' or more'}", holds=value >= 1 and is_small)

    def schedule(self, start: datetime, end: datetime) -> None:
        """Both times have a zone, and the end is later than the start, in whole minutes."""
        self.moment("schedule_start", start)
        self.moment("schedule_end", end)
        self.require(
            "schedule_end must be at least a minute later than schedule_start", holds=minute_ms(end) > minute_ms(start)
        )

    def moment(self, name: str, value: datetime | None) -> None:
        """The time says in which zone it is."""
        self.require(f"{name} needs a time zone", holds=value is None or value.tzinfo is not None)

    def span(self, start: datetime | None, end: datetime | None) -> None:
        """The window of creation times is at most twelve months."""
        self.moment("created_from", start)
        self.moment("created_until", end)
        if start is not None and end is not None:
            self.require("created_until must not be before created_from", holds=end >= start)
            self.require("created_from to created_until may span at most 12 months", holds=end <= _a_year_later(start))

    def extension(self, ext: str, password: str) -> None:
        """3 to 8 digits, and 6 to 8."""
        self.require("ext takes 3 to 8 digits", holds=bool(_EXTENSION.fullmatch(ext)))
        self.require("password takes 6 to 8 digits", holds=bool(_PASSWORD.fullmatch(password)))

    def calling_list_code(self, code: str) -> None:
        """Up to 20 letters and digits."""
        self.require(
            "calling_list_code takes up to 20 letters and digits", holds=bool(_CALLING_LIST_CODE.fullmatch(code))
        )

    def details(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Every entry of an import has a number without blanks around it, a short note, and whole custom fields."""
        self.require("data_details must not be empty", holds=len(rows) > 0)
        for row in rows:
            phone = row.get("telephone")
            self.require(
                "data_details: telephone is required, unpadded",
                holds=isinstance(phone, str) and phone == phone.strip() != "",
            )
            self.longest("data_details: description", row.get("description"), LONGEST_NOTE)
            fields = row.get("customFields") or []
            is_whole = all(one.get("fieldId") and one.get("fieldValue") is not None for one in fields)
            self.require("data_details: customFields need fieldId and fieldValue", holds=is_whole)

    def assignment(self, assign_rule: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """A designated assignment names agents and counts."""
        self.one_of("assign_rule", assign_rule, ASSIGN_RULES)
        self.require("AssignAppoint needs assign_agent_and_count", holds=bool(rows) or assign_rule != "AssignAppoint")
        is_whole = all(row.get("agentID") and row.get("count") is not None for row in rows)
        self.require("assign_agent_and_count needs agentID and count", holds=is_whole)

    def plan_phones(self, phones: Sequence[str]) -> None:
        """Up to 50 numbers of 3 to 16 digits."""
        self.require(f"customer_phone_numbers takes 1 to {MOST_PLANS} numbers", holds=1 <= len(phones) <= MOST_PLANS)
        self.require(
            "customer_phone_numbers takes numbers of 3 to 16 digits", holds=all(map(_PLAN_PHONE.fullmatch, phones))
        )

    def forbidden_numbers(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Each entry has its four required fields, within their values."""
        self.require("numbers must not be empty", holds=len(rows) > 0)
        for row in rows:
            phone = row.get("callNumber")
            self.require("numbers: callNumber is required", holds=isinstance(phone, str) and bool(phone.strip()))
            self.require("numbers: numberType must be 1", holds=row.get("numberType") == 1)
            self.require("numbers: callType must be 2 (inbound) or 3 (outbound)", holds=row.get("callType") in (2, 3))
            self.require("numbers: enabled must be 0 or 1", holds=row.get("enabled") in (0, 1))
            self.require("numbers: expirationTime must be yyyy-MM-dd", holds=_is_day(row.get("expirationTime")))


def minute_ms(moment: datetime) -> int:
    """Milliseconds since 1970, rounded down to the minute, as accurate as the vendor's schedules are."""
    return int(moment.timestamp()) // 60 * 60_000


def milliseconds(moment: datetime) -> int:
    """Milliseconds since 1970."""
    return round(1000 * moment.astimezone(UTC).timestamp())


def _a_year_later(moment: datetime) -> datetime:
    try:
        return moment.replace(year=moment.year + 1)
    except ValueError:  # 29 February
        return moment.replace(year=moment.year + 1, month=3, day=1)


def _is_day(value: Any) -> bool:
    if value is None:
        return True
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False
