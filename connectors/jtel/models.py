"""The shapes of jtel's answers, read leniently: unknown fields are ignored, missing required ones named.

A field that nothing depends on is None where it cannot be read.

Belongs here: frozen records, and the dates in them. Does not belong here: requests (`client.py`) and what an
answer means for a delivery (`gateway.py`).

A time without zone is in the zone of the tenant's portal; it stays without zone here, because no answer says which.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar
from zoneinfo import ZoneInfo

from pydantic import AliasChoices, BeforeValidator, Field, model_validator

from connectors.contract import Shape
from connectors.lenient import IfReadable

RecordT = TypeVar("RecordT")

_NO_DATE = "0000-00-00"
_ONE_TRY_EACH = tuple(f"nTriesPhoneNumber{number}" for number in range(1, 7))


def read_time(value: Any) -> Any:
    """The time of a text in any of the three forms that jtel is known to write; None for '' and MySQL's nought."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    return None if not text or text.startswith(_NO_DATE) else datetime.fromisoformat(text)


def write_time(at: datetime, *, pattern: str, zone: ZoneInfo) -> str:
    """The time in the tenant's zone, which one without zone is in already; `%f` is written in milliseconds."""
    local = at.replace(tzinfo=zone) if at.tzinfo is None else at.astimezone(zone)
    return local.strftime(pattern.replace("%f", f"{local.microsecond // 1000:03d}"))


def _as_text(value: Any) -> Any:
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


Time = IfReadable[Annotated[datetime | None, BeforeValidator(read_time)]]
UserData = IfReadable[Annotated[str, BeforeValidator(_as_text)]]
"""Ours is a text; other systems may number their contacts."""


class JtelCampaign(Shape):
    """A dialler campaign. Source: vendors.md, 4(b) #1, #2, #3 and #5; the record is shortened in the document."""

    id: int = Field(validation_alias=AliasChoices("ID", "DiallerCampaignsID"))
    name: str = Field(alias="Name")
    clients_id: IfReadable[int] = Field(None, alias="ClientsID")
    languages_id: IfReadable[int] = Field(None, alias="LanguagesID")
    contact_preview_time: IfReadable[int] = Field(None, alias="ContactPreviewTime")
    max_parallel_lines: IfReadable[int] = Field(None, alias="nMaxParallelLines")
    is_caller_id_active: IfReadable[bool] = Field(None, alias="bCallerIDActive")
    closes_contacts_on_incoming_calls: IfReadable[bool] = Field(
        None, alias="bCloseContactsOnIncomingCallsMatchCallerID"
    )
    abort_on_no_number_result_codes_id: IfReadable[int] = Field(None, alias="AbortOnNoTelNumberResultCodesID")
    incoming_call_result_codes_id: IfReadable[int] = Field(None, alias="IncomingCallResultCodesID")
    dt_from: Time = Field(None, alias="dtFrom")
    dt_to: Time = Field(None, alias="dtTo")
    user_data: UserData = Field(None, validation_alias=AliasChoices("UserData", "userData"))

    @property
    def tells_user_data(self) -> bool:
        """Whether the record has the field at all: the document does not show it."""
        return "user_data" in self.model_fields_set


class JtelResultCode(Shape):
    """A result code of a campaign; `content` is in the asked language, so key on `id` or `export_key`.

    Source: vendors.md, 4(b) #4.
    """

    id: int = Field(alias="ID")
    campaign_id: int | None = Field(None, alias="DiallerCampaignsID")
    type_id: int | None = Field(None, alias="DiallerResultCodesTypesID")
    type_content: str | None = Field(None, alias="DiallerResultCodesTypesContent")
    type_short_text: str | None = Field(None, alias="DiallerResultCodesTypesShortText")
    content: str | None = Field(None, alias="Content")
    short_text: str | None = Field(None, alias="ShortText")
    export_key: str | None = Field(None, alias="ExportKey")
    is_done: bool | None = Field(None, alias="bDone")
    is_delay: bool | None = Field(None, alias="bDelay")
    is_aborted: bool | None = Field(None, alias="bAborted")
    is_appointment: bool | None = Field(None, alias="bAppointment")
    is_agent_bound: bool | None = Field(None, alias="bAgentBound")
    allows_delete: bool | None = Field(None, alias="bAllowDelete")
    time_offset: int | None = Field(None, alias="TimeOffset")


class JtelContact(Shape):
    """A contact, as far as it is public. `try_count` is None where the record has no counter at all.

    Nothing is required: a listing has contacts of others too, and ours are known by their `UserData`.

    Source: vendors.md, 4(b) «Leads».
    """

    id: IfReadable[int] = Field(None, validation_alias=AliasChoices("ID", "DiallerContactsID"))
    campaign_id: IfReadable[int] = Field(None, alias="DiallerCampaignsID")
    user_data: UserData = Field(None, alias="UserData")
    try_count: int | None = None
    next_try_at: Time = Field(None, alias="dtNextTry", repr=False)
    modified_at: Time = Field(None, alias="dtLastModified", repr=False)

    @model_validator(mode="before")
    @classmethod
    def _adds_tries(cls, record: Any) -> Any:
        if not isinstance(record, Mapping):
            return record
        tries = [record[name] for name in _ONE_TRY_EACH if isinstance(record.get(name), int)]
        return {**record, "try_count": sum(tries) if tries else None}


class Page(Shape, Generic[RecordT]):
    """What every read answers. `count` is documented as 1 even where several records come."""

    records: tuple[RecordT, ...]
    count: int | None = None
    limit_start: int | None = Field(None, alias="limitStart")
    limit_page_size: int | None = Field(None, alias="limitPageSize")

    @model_validator(mode="before")
    @classmethod
    def _is_empty_if_it_says_so(cls, page: Any) -> Any:
        if isinstance(page, Mapping) and page.get("records") is None and page.get("count") == 0:
            return {**page, "records": []}
        return page

    @property
    def is_cut(self) -> bool:
        """Whether the answer says that it does not hold everything: paging is «reserved for future use»."""
        size = self.limit_page_size
        is_full = size is not None and 0 <= size <= len(self.records)
        return bool(self.limit_start) or is_full or (self.count or 0) > len(self.records)


class BodyStatus(Shape):
    """The return code, which every body repeats. Source: vendors.md, 4(c) 11."""

    status: int


def imported_id(answer: Any) -> str | None:
    """The id of the contact that an import answered; None where the answer, which is not documented, has none."""
    records = answer.get("records") if isinstance(answer, Mapping) else None
    first = records[0] if isinstance(records, Sequence) and not isinstance(records, str) and records else answer
    if not isinstance(first, Mapping):
        return None
    found = first.get("ID", first.get("DiallerContactsID"))
    return str(found) if isinstance(found, int) else None
