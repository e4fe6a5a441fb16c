"""The shapes of Sobot's answers.

Belongs here: what `data` of each operation holds, with our names. Does not belong here: the envelope around it
(`wire.py`), requests (`client.py`) and what an answer means for a delivery (`results.py`, `gateway.py`).

Ids come with stray blanks at times: every text is trimmed. Numbers in place of texts are taken as texts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Generic, TypeVar

from pydantic import (
    AliasChoices,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    TypeAdapter,
    create_model,
    model_validator,
)

from connectors.contract import Shape
from connectors.lenient import IfReadable

RowT = TypeVar("RowT")


def _as_text(value: Any) -> Any:
    return str(value) if type(value) is int else value


def _no_rows(value: Any) -> Any:
    return [] if value is None else value


def _lines(value: Any) -> Any:
    """The document has lines of text in its example, and objects with such a line in its table."""
    if not isinstance(value, list):
        return [] if value is None else value
    return [row.get("detail") if isinstance(row, Mapping) else row for row in value]


Password = Annotated[SecretStr, BeforeValidator(_as_text)]


class SobotShape(Shape):
    """An object in an answer of Sobot."""

    model_config = ConfigDict(str_strip_whitespace=True, coerce_numbers_to_str=True)


class Page(SobotShape, Generic[RowT]):
    """One page; `total` is how many rows there are in all, where the vendor tells. Source: vendors.md, 1(c) 15."""

    rows: Annotated[list[RowT], BeforeValidator(_no_rows)] = Field(alias="list")
    total: int | None = Field(None, validation_alias=AliasChoices("total", "totalCount"))
    page_count: int | None = Field(None, alias="totalPage")


class AgentSetting(SobotShape):
    """An agent's extension, phone and sorting time. Source: vendors.md, 1(b) #1 and #3.

    `agent_id` is the work number, `wrap_up_type` 1 overall or 2 individual, `wrap_up_time_s` seconds.
    """

    agent_uuid: str = Field(alias="agentUUID")
    agent_id: str | None = Field(None, alias="agentID")
    agent_name: str | None = Field(None, alias="agentName", repr=False)
    ext: str | None = None
    phone: str | None = Field(None, repr=False)
    wrap_up_type: int | None = Field(None, alias="wrapUpType")
    wrap_up_time_s: int | None = Field(None, alias="wrapUpTime")


class KnownAgent(AgentSetting):
    """An agent that was asked for: the work number is certain. Source: vendors.md, 1(b) #1."""

    agent_id: str = Field(alias="agentID")


class ModifiedAgent(AgentSetting):
    """An agent after a change: the vendor's table swaps what is required. Source: vendors.md, 1(b) #2."""

    agent_uuid: str | None = Field(None, alias="agentUUID")  # type: ignore[assignment]
    wrap_up_time_s: int = Field(alias="wrapUpTime")


class CallAgent(SobotShape):
    """An agent who may call. Times in milliseconds. Source: vendors.md, 1(b) #4."""

    agent_uuid: str = Field(alias="agentUUID")
    agent_id: str | None = Field(None, alias="agentID")
    agent_name: str | None = Field(None, alias="agentName", repr=False)
    ext: str | None = None
    agent_phone: str | None = Field(None, alias="agentPhone", repr=False)
    login_status: int | None = Field(None, alias="loginStatus")
    not_ready_reason_code: int | None = Field(None, alias="notReadyReasonCode")
    create_time: str | None = Field(None, alias="createTime")
    update_time: str | None = Field(None, alias="updateTime")
    create_time_ms: int | None = Field(None, alias="createTimeMs")
    update_time_ms: int | None = Field(None, alias="updateTimeMs")


class SkillGroup(SobotShape):
    """A skill group. Source: vendors.md, 1(b) #5 and #6."""

    queue_id: str = Field(alias="queueID")
    queue_name: str | None = Field(None, alias="queueName")
    queue_weight: str | None = Field(None, alias="queueWeight")


class GroupMember(SobotShape):
    """An agent in a skill group, by work number or id, as was asked. Source: vendors.md, 1(b) #8 and #9."""

    agent: str
    agent_name: str | None = Field(None, alias="agentName", repr=False)
    level: str | None = None
    checkin: bool | None = None


class SkillGroupMembers(SkillGroup):
    """A skill group and who is in it. Source: vendors.md, 1(b) #8."""

    agent_count: int | None = Field(None, alias="agentCount")
    agents: list[GroupMember] = Field(default_factory=list)


class SkillGroupChange(SkillGroup):
    """What was changed in a skill group. Source: vendors.md, 1(b) #9."""

    add: list[GroupMember] | None = None
    remove: list[GroupMember] | None = None


class SkillGroupChanges(SobotShape):
    """The echo of a change of skill groups. Source: vendors.md, 1(b) #9."""

    agent_type: str | None = Field(None, alias="agentType")
    changes: list[SkillGroupChange] = Field(default_factory=list, alias="list")


class Extension(SobotShape):
    """A SIP extension; its password is a secret. `bind_time_ms` since 1970. Source: vendors.md, 1(b) #10."""

    ext: str
    password: Password
    bind_status: int = Field(alias="bindStatus")
    bind_time_ms: int | None = Field(None, alias="bindTime")
    agent_uuid: str | None = Field(None, alias="agentUUID")
    agent_name: str | None = Field(None, alias="agentName", repr=False)


class MadeExtension(SobotShape):
    """A SIP extension that was made. Source: vendors.md, 1(b) #11."""

    ext: str
    password: Password
    codec: str = Field(alias="langCodeTxt")


class ForbiddenNumbersTaken(SobotShape):
    """What became of an import of forbidden numbers; `details` quote numbers. Source: vendors.md, 1(b) #12."""

    success_count: int = Field(alias="successCount")
    failed_count: Annotated[int, BeforeValidator(lambda value: value or 0)] = Field(0, alias="failedCount")
    details: Annotated[list[str], BeforeValidator(_lines)] = Field(default_factory=list, repr=False)


class RelayState(SobotShape):
    """Whether a relay number is enabled: 0 no, 1 yes, 2 cancelled. Source: vendors.md, 1(b) #13."""

    code: int | None = Field(None, alias="enabledCode")
    name: str | None = Field(None, alias="enabledName")


class RelayNumber(SobotShape):
    """A number that calls go out by. Source: vendors.md, 1(b) #13."""

    gateway_number: str = Field(alias="gatewayNumber", repr=False)
    alias: str | None = None
    remark: str | None = None
    enabled: RelayState | None = None


class TaskMade(SobotShape):
    """An outbound task that was made. Source: vendors.md, 1(b) #14."""

    id: str
    code: str


class ImportTaken(SobotShape):
    """An import that was taken: ids, no counts. Source: vendors.md, 1(b) #15."""

    calling_list_code: str = Field(alias="callingListCode")
    campaign_id: str = Field(alias="campaignId")
    code: str


class ImportResult(SobotShape):
    """The result row of an import. `created_at_ms` since 1970. A null says as little as a name that is not there.

    Source: vendors.md, 1(b-16).
    """

    calling_list_code: str = Field(alias="callingListCode")
    code: str | None = None
    campaign_id: str | None = Field(None, alias="campaignId")
    created_at_ms: int | None = Field(None, alias="creationTime")
    remove_duplicates_rule: str | None = Field(None, alias="removeDuplicatesRule")
    success_count: int = Field(alias="successCount")
    duplicate_count: int = Field(0, validation_alias=AliasChoices("repeatCount", "removeDuplicatesCount"))
    error_count: int = Field(alias="errorCount")
    error_report_path: str | None = Field(None, alias="errorReportPath")

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, row: Any) -> Any:
        return {key: value for key, value in row.items() if value is not None} if isinstance(row, Mapping) else row

    @property
    def total_count(self) -> int:
        """How many leads the counts speak of."""
        return self.success_count + self.duplicate_count + self.error_count


def import_results(duplicate_fields: Sequence[str]) -> TypeAdapter[Page[ImportResult]]:
    """How a page of result rows is read, with the duplicates' count under the first of these names that has one.

    The vendor's table and its example disagree about the name. Source: vendors.md, 1(c) 7.
    """
    count = (int, Field(0, validation_alias=AliasChoices(*duplicate_fields)))
    row = create_model("ImportResult", __base__=ImportResult, duplicate_count=count)
    return TypeAdapter(Page[row])  # type: ignore[valid-type]


class OutboundTask(SobotShape):
    """A row of the task list, without a campaign id. Rates are texts, times in ms. Source: vendors.md, 1(b-17).

    Only what tasks are found by is required: a statistic that is missing, null or odd is None.
    """

    code: str
    name: str
    state: IfReadable[int] = None
    expired: IfReadable[int] = None
    description: IfReadable[str] = None
    created_at_ms: IfReadable[int] = Field(None, alias="creationTime")
    schedule_start_ms: IfReadable[int] = Field(None, alias="scheduleStartTime")
    schedule_end_ms: IfReadable[int] = Field(None, alias="scheduleEndTime")
    schedule_time_zone: IfReadable[str] = Field(None, alias="scheduleTimeZoneId")
    record_count: IfReadable[int] = Field(None, alias="contactRecordCount")
    unassigned_count: IfReadable[int] = Field(None, alias="contactUnassignedCount")
    agent_count: IfReadable[int] = Field(None, alias="agentCount")
    executed_count: IfReadable[int] = Field(None, alias="contactRecordExecuteCount")
    executed_rate: IfReadable[str] = Field(None, alias="contactExecuteRate")
    answered_count: IfReadable[int] = Field(None, alias="contactRecordAnswerCount")
    answered_rate: IfReadable[str] = Field(None, alias="contactAnswerRate")
    dial_count: IfReadable[int] = Field(None, alias="callDialCount")
    call_answered_count: IfReadable[int] = Field(None, alias="callAnswerCount")
    call_answered_rate: IfReadable[str] = Field(None, alias="callAnswerRate")
    talk_duration: IfReadable[int] = Field(None, alias="callTalkDuration")
    average_talk_duration: IfReadable[int] = Field(None, alias="averageCallTalkDuration")


class IvrFlow(SobotShape):
    """A published IVR flow. Source: vendors.md, 1(b) #19."""

    name: str
    code: str
    remarks: str | None = None
