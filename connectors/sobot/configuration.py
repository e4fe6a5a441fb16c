"""Sobot's configuration: agents, skill groups, extensions, numbers, IVR flows; operations 1 to 13 and 19.

Belongs here: paths, parameters, documented limits. Does not belong here: outbound tasks (`client.py`), hosts, tokens
and envelopes (`wire.py`).

Where an agent acts, `agent_id` and `agent_type` (0 work number, 1 id) default to the client's own service agent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter

from connectors.sobot.limits import LARGEST_IVR_PAGE, Limits
from connectors.sobot.models import (
    AgentSetting,
    CallAgent,
    Extension,
    ForbiddenNumbersTaken,
    IvrFlow,
    KnownAgent,
    MadeExtension,
    ModifiedAgent,
    Page,
    RelayNumber,
    SkillGroup,
    SkillGroupChanges,
    SkillGroupMembers,
)
from connectors.sobot.wire import Call, SobotWire

_ANYTHING: TypeAdapter[Any] = TypeAdapter(Any)
_KNOWN_AGENT = TypeAdapter(KnownAgent)
_MODIFIED_AGENT = TypeAdapter(ModifiedAgent)
_AGENT_SETTING = TypeAdapter(AgentSetting)
_CALL_AGENTS = TypeAdapter(list[CallAgent])
_SKILL_GROUP = TypeAdapter(SkillGroup)
_SKILL_GROUPS = TypeAdapter(Page[SkillGroup])
_MEMBERS = TypeAdapter(list[SkillGroupMembers])
_CHANGES = TypeAdapter(SkillGroupChanges)
_EXTENSIONS = TypeAdapter(Page[Extension])
_MADE_EXTENSION = TypeAdapter(MadeExtension)
_FORBIDDEN = TypeAdapter(ForbiddenNumbersTaken)
_RELAY_NUMBERS = TypeAdapter(list[RelayNumber])
_IVR_FLOWS = TypeAdapter(Page[IvrFlow])


class ConfigurationClient:
    """The operations on what is set up at the vendor; `agent_id` is the agent in whose name the client acts."""

    def __init__(self, wire: SobotWire, *, agent_id: str, agent_type: int = 1) -> None:
        self._wire = wire
        self._agent_id = agent_id
        self._agent_type = agent_type

    @property
    def request_count(self) -> int:
        """How many requests were sent so far, without those for tokens."""
        return self._wire.request_count

    def stop(self) -> None:
        """No further request starts."""
        self._wire.stop()

    def close(self) -> None:
        """All connections are closed."""
        self._wire.close()

    def query_agent_setting(self, *, agent: str, agent_type: int) -> KnownAgent:
        """An agent's extension, phone and sorting time. Source: vendors.md, 1(b) #1."""
        limits = _agent_limits("query_agent_setting", agent, agent_type)
        query = [("agentType", str(agent_type)), ("agent", agent)]
        return self._wire.read(Call(limits.operation, "GET", "cc-config", "/api/agents", query=query), _KNOWN_AGENT)

    def modify_agent_setting(
        self,
        *,
        agent: str,
        agent_type: int,
        wrap_up_time_s: int,
        phone: str | None = None,
        ext: str | None = None,
        wrap_up_type: int | None = None,
    ) -> ModifiedAgent:
        """The agent has the given setting. Source: vendors.md, 1(b) #2."""
        limits = _agent_limits("modify_agent_setting", agent, agent_type)
        limits.one_of("wrap_up_type", wrap_up_type, (1, 2))
        body = given(
            agent=agent, agentType=agent_type, wrapUpTime=wrap_up_time_s, phone=phone, ext=ext, wrapUpType=wrap_up_type
        )
        return self._wire.write(Call(limits.operation, "POST", "cc-config", "/api/agents", body), _MODIFIED_AGENT)

    def unbind_agent_setting(self, *, agent: str, agent_type: int, number_type: int | None = None) -> AgentSetting:
        """The agent has no extension (0), no phone (1) or neither (2). Source: vendors.md, 1(b) #3."""
        limits = _agent_limits("unbind_agent_setting", agent, agent_type)
        limits.one_of("number_type", number_type, (0, 1, 2))
        body = given(agent=agent, agentType=agent_type, numberType=number_type)
        return self._wire.write(Call(limits.operation, "POST", "cc-config", "/api/agents/unbind", body), _AGENT_SETTING)

    def query_call_agent_list(
        self,
        *,
        agent_name: str | None = None,
        agent_id: str | None = None,
        queue: str | None = None,
        ext: str | None = None,
        agent_status: int | None = None,
    ) -> list[CallAgent]:
        """All agents who may call; name, number and extension match in part. Source: vendors.md, 1(b) #4."""
        body = given(agentName=agent_name, agentID=agent_id, queue=queue, ext=ext, agentStatus=agent_status)
        call = Call("query_call_agent_list", "POST", "cc-config", "/api/agents/call/_search", body)
        return self._wire.read(call, _CALL_AGENTS)

    def query_call_skill_group_list(self, *, page_size: int = 50) -> Iterator[SkillGroup]:
        """All skill groups, page by page. Source: vendors.md, 1(b) #5."""
        Limits("query_call_skill_group_list").page_size(page_size)
        call = Call("query_call_skill_group_list", "POST", "cc-config", "/api/queues/_search")
        return self._wire.pages(call, _SKILL_GROUPS, page_size=page_size)

    def add_skill_group(self, *, queue_name: str, queue_id: str, queue_weight: str | None = None) -> SkillGroup:
        """The skill group exists. Source: vendors.md, 1(b) #6."""
        limits = Limits("add_skill_group")
        limits.text("queue_name", queue_name)
        limits.text("queue_id", queue_id)
        body = given(queueName=queue_name, queueID=queue_id, queueWeight=queue_weight)
        call = Call(limits.operation, "POST", "cc-config", "/api/queue", body, has_language=True)
        return self._wire.write(call, _SKILL_GROUP)

    def delete_skill_group(self, *, queue_id: str) -> None:
        """The skill group is gone; this DELETE has a body. Source: vendors.md, 1(b) #7."""
        limits = Limits("delete_skill_group")
        limits.text("queue_id", queue_id)
        call = Call(limits.operation, "DELETE", "cc-config", "/api/queue", {"queueID": queue_id}, has_language=True)
        self._wire.write(call, _ANYTHING)

    def query_skill_group_members(
        self, *, queue_id: str | None = None, agent_type: int | None = None
    ) -> list[SkillGroupMembers]:
        """The skill group, or all, with their agents as `agent_type` says. Source: vendors.md, 1(b) #8."""
        limits = Limits("query_skill_group_members")
        limits.one_of("agent_type", agent_type, (0, 1))
        body = given(queueID=queue_id, agentType=as_text(agent_type))
        call = Call(limits.operation, "POST", "cc-config", "/api/queue/agents/search", body, has_language=True)
        return self._wire.read(call, _MEMBERS)

    def update_skill_groups_in_bulk(
        self, *, changes: Sequence[Mapping[str, Any]], agent_type: int | None = None
    ) -> SkillGroupChanges:
        """Agents were added to and removed from skill groups.

        `changes` are the vendor's `list`: queueID, queueName, queueWeight, add and remove with agent, level (a number)
        and checkin. Source: vendors.md, 1(b) #9.
        """
        limits = Limits("update_skill_groups_in_bulk")
        limits.one_of("agent_type", agent_type, (0, 1))
        limits.require("changes need a queueID", holds=bool(changes) and all(row.get("queueID") for row in changes))
        body = given(agentType=as_text(agent_type), list=list(changes))
        call = Call(limits.operation, "POST", "cc-config", "/api/queue/agents", body, has_language=True)
        return self._wire.write(call, _CHANGES)

    def query_extension_list(self, *, bind_status: int | None = None, page_size: int = 50) -> Iterator[Extension]:
        """All extensions, not bound (0) or bound (1), page by page. Source: vendors.md, 1(b) #10."""
        limits = Limits("query_extension_list")
        limits.one_of("bind_status", bind_status, (0, 1))
        limits.page_size(page_size)
        call = Call(limits.operation, "POST", "cc-config", "/api/exts/_search", given(bindStatus=bind_status))
        return self._wire.pages(call, _EXTENSIONS, page_size=page_size)

    def create_extension_account(
        self, *, ext: str, password: str, agent_id: str | None = None, agent_type: int | None = None
    ) -> MadeExtension:
        """The extension exists; it cannot be renamed. Source: vendors.md, 1(b) #11."""
        limits = Limits("create_extension_account")
        limits.extension(ext, password)
        body = {**self._acting(limits, agent_id, agent_type), "ext": ext, "password": password}
        call = Call(limits.operation, "POST", "cc-config", "/api/exts/_add", body, has_time_zone=False)
        return self._wire.write(call, _MADE_EXTENSION)

    def import_enterprise_forbidden_numbers(self, *, numbers: Sequence[Mapping[str, Any]]) -> ForbiddenNumbersTaken:
        """The numbers are on the block list, except `failed_count` of them: a success here says nothing of each.

        Entries: callNumber, numberType (1), callType (2 inbound, 3 outbound), enabled (0, 1), and perhaps
        expirationTime (yyyy-MM-dd), zoneId, description. Source: vendors.md, 1(b) #12.
        """
        limits = Limits("import_enterprise_forbidden_numbers")
        limits.forbidden_numbers(numbers)
        call = Call(limits.operation, "PUT", "cc-config", "/blacklist/batch", list(numbers))
        return self._wire.write(call, _FORBIDDEN)

    def query_relay_number_list(self, *, enabled: Sequence[int] | None = None) -> list[RelayNumber]:
        """Relay numbers: disabled (0), enabled (1), cancelled (2); else enabled ones. Source: vendors.md, 1(b) #13."""
        limits = Limits("query_relay_number_list")
        for state in enabled or ():
            limits.one_of("enabled", state, (0, 1, 2))
        body = given(enabled=None if enabled is None else list(enabled))
        call = Call(limits.operation, "POST", "cc-config", "/api/gatewayNumber/search", body, has_language=True)
        return self._wire.read(call, _RELAY_NUMBERS)

    def query_published_ivr_flows(
        self, *, operator: str | None = None, agent_type: int | None = None, page_size: int = LARGEST_IVR_PAGE
    ) -> Iterator[IvrFlow]:
        """All published IVR flows, page by page, from a host of their own. Source: vendors.md, 1(b) #19."""
        limits = Limits("query_published_ivr_flows")
        limits.one_of("agent_type", agent_type, (0, 1))
        limits.page_size(page_size, largest=LARGEST_IVR_PAGE)
        body = given(operator=operator, agentType=agent_type)
        call = Call(limits.operation, "POST", "cc-ivr", "/api/ivr/published/_search", body, has_time_zone=False)
        return self._wire.pages(call, _IVR_FLOWS, page_size=page_size)

    def _acting(self, limits: Limits, agent_id: str | None, agent_type: int | None) -> dict[str, Any]:
        """Who acts: the given agent, or the client's own. An agent that is given alone is one of the client's type."""
        kind = self._agent_type if agent_type is None else agent_type
        limits.one_of("agent_type", kind, (0, 1))
        return {"agentID": agent_id or self._agent_id, "agentType": str(kind)}


def _agent_limits(operation: str, agent: str, agent_type: int) -> Limits:
    limits = Limits(operation)
    limits.text("agent", agent)
    limits.one_of("agent_type", agent_type, (0, 1))
    return limits


def given(**fields: Any) -> dict[str, Any]:
    """The fields that have a value."""
    return {name: value for name, value in fields.items() if value is not None}


def as_text(agent_type: int | None) -> str | None:
    return None if agent_type is None else str(agent_type)
