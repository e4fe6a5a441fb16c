"""What exists from the start: agents, templates, skill groups, extensions, relay numbers, IVR flows, one task.

Belongs here: made-up but plausible values. Does not belong here: behaviour.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SERVICE_AGENT_ID = "e906cc52bfac44b4ae30497fd39c4c4d"
SERVICE_AGENT_NO = "1000"
OTHER_AGENT_ID = "bd4630df3550552ba7c16f27ae9a39cb"
OTHER_AGENT_NO = "2222"
CALL_AGENT_NO = "12001"

DATA_TEMPLATE = "D000000000"
WRAP_UP_TEMPLATE = "W000000000"
CITY_FIELD = "3b987930e6db4b0ca51f6ad5755e91ae"
LEAD_FIELD = "5c1f0f6b1c9f4d0fb1c9e1b7f0b6a001"

TASK_CODE = "6yoq3b0lpf"
TASK_NAME = "Spring Promo"

TEMPLATES: Mapping[str, frozenset[str]] = {
    DATA_TEMPLATE: frozenset({CITY_FIELD, LEAD_FIELD}),
    "D000000001": frozenset(),
}
WRAP_UP_TEMPLATES = frozenset({WRAP_UP_TEMPLATE})


def new_agents() -> list[dict[str, Any]]:
    """Three agents: the service agent, another one, and one who only calls."""
    rows = [
        (SERVICE_AGENT_ID, SERVICE_AGENT_NO, "service"),
        (OTHER_AGENT_ID, OTHER_AGENT_NO, "other"),
        ("2b82a4acc60647dd814b3db642e75972", CALL_AGENT_NO, "caller"),
    ]
    return [
        {
            "agentUUID": agent_id,
            "agentID": number,
            "agentName": name,
            "ext": f"10{index}0",
            "phone": f"1380013800{index}",
            "wrapUpType": 2,
            "wrapUpTime": 60,
            "loginStatus": 1,
        }
        for index, (agent_id, number, name) in enumerate(rows)
    ]


def new_queues() -> dict[str, dict[str, Any]]:
    """Twelve skill groups by number; the first has a member."""
    queues = {
        f"{number}": {"queueID": f"{number}", "queueName": f"queue{number}", "queueWeight": "0", "agents": {}}
        for number in range(1111, 1123)
    }
    queues["1111"]["agents"] = {OTHER_AGENT_ID: {"level": "1", "checkin": True}}
    return queues


def new_extensions() -> list[dict[str, Any]]:
    """Thirteen extensions; the first two are bound."""
    bound = {
        0: {"agentUUID": SERVICE_AGENT_ID, "agentName": "service", "bindTime": 1657274393279},
        1: {"agentUUID": OTHER_AGENT_ID, "agentName": "other", "bindTime": 1657682876629},
    }
    return [
        {"ext": f"{5001 + index}", "password": "123456", "bindStatus": int(index in bound), **bound.get(index, {})}
        for index in range(13)
    ]


RELAY_NUMBERS: tuple[Mapping[str, Any], ...] = (
    {"gatewayNumber": "01051429401", "alias": "one", "remark": "often", "enabled": 1},
    {"gatewayNumber": "01051429402", "alias": "two", "remark": "no use", "enabled": 2},
    {"gatewayNumber": "01051429403", "alias": "three", "remark": "", "enabled": 0},
)
RELAY_STATES: Mapping[int, str] = {0: "Disabled", 1: "Enabling", 2: "Cancelled"}

IVR_FLOWS: tuple[Mapping[str, str], ...] = tuple(
    {"name": f"test{number}", "code": f"{4000 + number}", "remarks": "ssf"} for number in range(33)
)
