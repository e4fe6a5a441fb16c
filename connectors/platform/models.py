"""The shapes of the Platform's answers, read leniently: unknown fields are ignored, missing required ones named.

Belongs here: JSON of the Platform as frozen values. Does not belong here: requests (`client.py`), what an answer
means for a delivery (`gateway.py`), the undocumented insides of a bulk job (`bulk.py`).

What identifies a person is left out of `repr`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar

from pydantic import (
    AliasChoices,
    BeforeValidator,
    Field,
    TypeAdapter,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from connectors.contract import Shape

T = TypeVar("T")

# Where in `timestamps` of a dialler call the moment of dialling may stand; the document shows none of its keys.
_DIALLED = ("dialled", "dialledTimestamp", "dialed", "start", "started", "created")
_NUMBER_KEYS = ("number", "phoneNumber", "phone", "value")


def read_time(value: Any) -> Any:
    """The moment of a timestamp in any of the three documented dialects; one without an offset is UTC."""
    if not isinstance(value, str):
        return value
    if not value:
        return None
    at = datetime.fromisoformat(value)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


def _object(value: Any) -> Any:
    """An empty object may come as an empty array, or as null."""
    return {} if value is None or value == [] else value


def _phones(value: Any) -> Any:
    """The numbers of `phones`, whose items are undocumented: texts, or objects that hold one."""
    rows = list(value.values()) if isinstance(value, Mapping) else value or []
    return [number for number in map(_phone, rows) if number] if isinstance(rows, list) else rows


def _phone(row: Any) -> Any:
    if isinstance(row, Mapping):
        row = next((row[key] for key in _NUMBER_KEYS if row.get(key)), None)
    return _text(row)


Text = Annotated[str, BeforeValidator(_text)]
Time = Annotated[datetime | None, BeforeValidator(read_time)]
Object = Annotated[dict[str, Any], BeforeValidator(_object)]


def _or_else(empty: Callable[[], Any]) -> WrapValidator:
    """For a field that no look-up needs: of an odd type it is empty, so that it keeps no other row from being seen."""

    def read(value: Any, parse: ValidatorFunctionWrapHandler) -> Any:
        try:
            return parse(value)
        except ValidationError:
            return empty()

    return WrapValidator(read)


_OR_NONE = _or_else(type(None))
LooseInt = Annotated[int | None, _OR_NONE]
LooseBool = Annotated[bool | None, _OR_NONE]
LooseFloat = Annotated[float | None, _OR_NONE]
LooseText = Annotated[Text | None, _OR_NONE]
LooseObject = Annotated[Object, _or_else(dict)]


class Metadata(Shape):
    """What stands beside the rows of a page; `next_uri` is None or empty on the last one."""

    next_uri: str | None = Field(None, alias="nextUri")


class Page(Shape, Generic[T]):
    """One page of rows."""

    metadata: Annotated[Metadata, BeforeValidator(_object)]
    items: list[T]


class Activity(Shape):
    """An interaction; what `data` holds depends on the type. Source: vendors.md, 3(b) #1 and #2."""

    type: str
    data: Object = Field(repr=False)


class OutboundStatistics(Shape):
    """An outbound campaign's figures. Source: vendors.md, 3(b) #3."""

    campaign_id: int = Field(alias="campaignId")
    campaign_name: Text | None = Field(None, alias="campaignName")
    agents: Object = Field(default_factory=dict)
    is_active: bool | None = Field(None, alias="isActive")
    created_at: Time = Field(None, alias="createdDate")
    updated_at: Time = Field(None, alias="lastUpdated")
    lists: list[Any] = Field(default_factory=list)
    at: Time = Field(None, alias="timestamp")
    timezone: str | None = None


class InboundStatistics(Shape):
    """An inbound campaign's figures; times in seconds. Source: vendors.md, 3(b) #4."""

    campaign_id: int = Field(alias="campaignId")
    campaign_name: Text | None = Field(None, alias="campaignName")
    max_call_waiting_s: float | None = Field(None, alias="maxCallWaitingTime")
    average_waiting_s: float | None = Field(None, alias="averageWaitingTime")
    estimated_call_waiting_s: float | None = Field(None, alias="estimatedCallWaitingTime")
    agents: Object = Field(default_factory=dict)
    calls_waiting_count: int | None = Field(None, alias="callsWaiting")
    calls_received_count: int | None = Field(None, alias="callsReceived")
    calls_abandoned_in_workflow_count: int | None = Field(None, alias="callsAbandonedInWorkflow")
    calls_abandoned_in_queue_count: int | None = Field(None, alias="callsAbandonedInQueue")
    at: Time = Field(None, alias="timestamp")
    timezone: str | None = None


class Voicemail(Shape):
    """A voicemail's metadata. Source: vendors.md, 3(b) #6."""

    media_id: int = Field(alias="mediaId")
    media_uri: str | None = Field(None, alias="mediaUri")
    duration_s: float | None = Field(None, alias="duration")


class Recording(Voicemail):
    """A recording's metadata. Source: vendors.md, 3(b) #7."""

    is_deleted: bool | None = Field(None, alias="deleted")
    deleted_at: Time = Field(None, alias="deletedTimestamp")
    deleted_by: int | None = Field(None, alias="deletedBy")
    deletion_reason: str | None = Field(None, alias="deletionReason")


class Lead(Shape):
    """A lead, by the names of the read; rows of a list are taken to look alike. Source: vendors.md, 3(b) #8, #15.

    What tells one lead from another (its id, its list, its key) is read as documented, and the rest loosely.
    """

    lead_id: int = Field(alias="leadId", validation_alias=AliasChoices("leadId", "id"))
    campaign_id: LooseInt = Field(None, alias="campaignId")
    campaign_name: LooseText = Field(None, alias="campaignName")
    list_id: int | None = Field(None, alias="listId")
    list_name: LooseText = Field(None, alias="listName")
    timezone: LooseText = None
    is_completed: LooseBool = Field(None, alias="completed")
    customer_key: Text | None = Field(None, alias="customerKey")
    agent_id: LooseInt = Field(None, alias="agentId")
    agent_name: LooseText = Field(None, alias="agentFullName", repr=False)
    data_fields: LooseObject = Field(default_factory=dict, alias="dataFields", repr=False)
    last_status_code: LooseInt = Field(None, alias="lastStatusCode")
    last_status: LooseText = Field(None, alias="lastStatusDescription")
    phones: Annotated[tuple[Text, ...], BeforeValidator(_phones), _or_else(tuple)] = Field((), repr=False)
    outcome_type: LooseText = Field(None, alias="outcomeType")
    outcomes: Any = Field(None, alias="outcomesInfo", repr=False)
    timestamps: LooseObject = Field(default_factory=dict)

    @property
    def says_its_key(self) -> bool:
        """Whether the answer had a customerKey at all, were it null."""
        return "customer_key" in self.model_fields_set


class CreatedLead(Shape):
    """A lead that was just stored; one that is not in the dialler is not dialled. Source: vendors.md, 3(b) #9."""

    lead_id: int = Field(alias="leadId")
    is_in_dialler: bool | None = Field(None, alias="inDialler")


class LeadList(Shape):
    """A lead list; it calls its id and name differently in two places. Source: vendors.md, 3(b) #10, #11, #14.

    Its id, its name and its campaign are read as documented, and the rest loosely.
    """

    list_id: int = Field(validation_alias=AliasChoices("id", "listId"))
    name: Text = Field(validation_alias=AliasChoices("name", "listName"))
    campaign_id: int | None = Field(None, alias="campaignId")
    campaign_name: LooseText = Field(None, alias="campaignName")
    is_in_dialler: LooseBool = Field(None, alias="inDialler")
    weight: LooseFloat = None
    timestamps: LooseObject = Field(default_factory=dict)


class BulkJob(Shape):
    """A bulk import as it was taken. Source: vendors.md, 3(b) #18."""

    uuid: str = Field(min_length=1)
    status: Text | None = None


class BulkStatus(Shape):
    """How far a bulk import is; the shapes of `result` and `error_link` are undocumented. Source: 3(b) #12."""

    status: Text
    error_link: Any = Field(None, repr=False)
    result: Any = Field(None, repr=False)


class BulkErrorPage(Shape):
    """A page of errors; `errors` is an array, or an object keyed by row. Source: vendors.md, 3(b) #13."""

    page_no: int | None = Field(None, alias="pageNo")
    errors: list[Any] | dict[str, Any] | None = Field(alias="errorList", repr=False)
    total_pages: int | None = Field(None, alias="totalPages")
    next_page_link: str | None = Field(None, alias="nextPageLink")


class BulkError(Shape):
    """One error of a bulk import, as it came; `key` is its name where the errors were an object."""

    key: str | None
    item: Any = Field(repr=False)


class Erasure(Shape):
    """What was erased of a customer. Source: vendors.md, 3(b) #19."""

    call: Object = Field(alias="callData", repr=False)
    email: Object = Field(alias="emailData", repr=False)
    lead: Object = Field(alias="leadData", repr=False)


class DiallerCall(Shape):
    """One attempt of the dialler. Source: vendors.md, 3(b) #20 and #21."""

    attempt_id: int = Field(alias="attemptId")
    dial_status_id: int | None = Field(None, alias="dialStatusId")
    dial_status: Text | None = Field(None, alias="dialStatusName")
    phone_index: int | None = Field(None, alias="phoneIndex")
    phone: Text | None = Field(None, alias="phoneNumber", repr=False)
    lead_id: int | None = Field(None, alias="leadId")
    timestamps: Object = Field(default_factory=dict)
    type: str | None = None
    campaign_id: int | None = Field(None, alias="campaignId")
    campaign_name: Text | None = Field(None, alias="campaignName")
    activity_id: int | None = Field(None, alias="activityId")
    parent_activity_id: int | None = Field(None, alias="parentActivityId")
    root_activity_id: int | None = Field(None, alias="rootActivityId")

    @property
    def dialled_at(self) -> datetime | None:
        """When it was dialled; None when the answer does not say, or not in a way that can be read."""
        text = next((self.timestamps[key] for key in _DIALLED if self.timestamps.get(key)), None)
        try:
            return read_time(text) if isinstance(text, str) else None
        except ValueError:
            return None


class User(Shape):
    """A user. The document shows no row: every field may be missing. Source: vendors.md, 3(b) #22."""

    user_id: int | None = Field(None, validation_alias=AliasChoices("userId", "agentId", "id"))
    user_name: Text | None = Field(None, validation_alias=AliasChoices("userName", "username", "name"), repr=False)
    user_type: Text | None = Field(None, alias="userType")
    is_active: bool | None = Field(None, validation_alias=AliasChoices("accountActive", "active"))


class Presence(Shape):
    """Whether an agent is available. Source: vendors.md, 3(b) #23."""

    agent_id: int = Field(alias="agentId")
    is_available: bool = Field(alias="available")


ACTIVITY = TypeAdapter(Activity)
ACTIVITIES = TypeAdapter(Page[Activity])
OUTBOUND_STATISTICS = TypeAdapter(OutboundStatistics)
INBOUND_STATISTICS = TypeAdapter(InboundStatistics)
VOICEMAIL = TypeAdapter(Voicemail)
RECORDING = TypeAdapter(Recording)
LEAD = TypeAdapter(Lead)
LEADS = TypeAdapter(Page[Lead])
CREATED_LEAD = TypeAdapter(CreatedLead)
LEAD_LIST = TypeAdapter(LeadList)
LEAD_LISTS = TypeAdapter(Page[LeadList])
BULK_JOB = TypeAdapter(BulkJob)
BULK_STATUS = TypeAdapter(BulkStatus)
BULK_ERROR_PAGE = TypeAdapter(BulkErrorPage)
ERASURE = TypeAdapter(Erasure)
DIALLER_CALL = TypeAdapter(DiallerCall)
DIALLER_CALLS = TypeAdapter(Page[DiallerCall])
USERS = TypeAdapter(Page[User])
PRESENCE = TypeAdapter(Presence)
