"""What Sobot knows that leads and configuration name: agents, skill groups, tasks, relay numbers, IVR flows.

Belongs here: reading them as entries. Does not belong here: the requests (`client.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from connectors.directory import DirectoryEntry
from connectors.sobot.client import SobotClient

_ALL_RELAY_STATES = (0, 1, 2)


class SobotDirectory:
    """Source: vendors.md, 1(b) #4, #5, #17, #13, #19. A lead names its agent by the work number."""

    vendor = "sobot"
    named_by_leads: Mapping[str, str] = {"agent": "agents"}
    named_by_targets: Mapping[str, str] = {"code": "tasks", "agent_id": "agents"}

    def __init__(self, client: SobotClient) -> None:
        self._client = client
        self.kinds: Mapping[str, Callable[[], Iterator[DirectoryEntry]]] = {
            "agents": self._agents,
            "skill_groups": self._skill_groups,
            "tasks": self._tasks,
            "relay_numbers": self._relay_numbers,
            "ivr_flows": self._ivr_flows,
        }

    def close(self) -> None:
        """All connections are closed."""
        self._client.close()

    def _agents(self) -> Iterator[DirectoryEntry]:
        for agent in self._client.query_call_agent_list():
            key = agent.agent_id or agent.agent_uuid
            name = agent.agent_name or key
            yield DirectoryEntry(key, name, (agent.agent_uuid,), {"extension": agent.ext})

    def _skill_groups(self) -> Iterator[DirectoryEntry]:
        for group in self._client.query_call_skill_group_list():
            yield DirectoryEntry(group.queue_id, group.queue_name or group.queue_id)

    def _tasks(self) -> Iterator[DirectoryEntry]:
        for task in self._client.query_outbound_task_list():
            detail = {"state": task.state, "expired": task.expired, "ends_at_ms": task.schedule_end_ms}
            yield DirectoryEntry(task.code, task.name, detail=detail)

    def _relay_numbers(self) -> Iterator[DirectoryEntry]:
        for number in self._client.query_relay_number_list(enabled=_ALL_RELAY_STATES):
            state = number.enabled.name if number.enabled else None
            yield DirectoryEntry(number.gateway_number, number.alias or number.gateway_number, detail={"state": state})

    def _ivr_flows(self) -> Iterator[DirectoryEntry]:
        for flow in self._client.query_published_ivr_flows():
            yield DirectoryEntry(flow.code, flow.name)
