"""What the vendors of the example CRM know besides the doubles' own seeds: its agents, and its time zones.

Belongs here: the words of `examples/crm`. Does not belong here: what every double holds (`<vendor>/seeds.py`).
"""

from __future__ import annotations

from sandbox.platform.app import PlatformApi
from sandbox.sinch.both import Sinch
from sandbox.sobot.app import SobotCallCenter

AGENTS = ("agent.01", "agent.02", "agent.07", "team-south")
TIME_ZONES = (
    "America/Chicago",
    "America/Los_Angeles",
    "Atlantic/Canary",
    "Australia/Brisbane",
    "Australia/Perth",
    "Australia/Sydney",
    "Europe/Madrid",
    "Europe/Paris",
    "Europe/Vienna",
    "Europe/Zurich",
)


def teach(sinch: Sinch, sobot: SobotCallCenter, platform: PlatformApi) -> None:
    """Each of the three knows the example's agents by its own ids, and Sinch its time zones."""
    for number, agent in enumerate(AGENTS, 1):
        name = {"firstName": "Agent", "surname": agent, "login": agent, "externalId": agent}
        sinch.rci.store.put("/users", {"id": f"{number:032X}", **name})
        ids = {"agentUUID": f"{number:032x}", "agentID": f"{13000 + number}", "ext": f"{6000 + number}", "phone": ""}
        sobot.store.agents.append({**ids, "agentName": agent, "wrapUpType": 2, "wrapUpTime": 60, "loginStatus": 1})
        user = {"userId": 1100 + number, "userName": agent, "userType": "agent", "accountActive": True}
        platform.store.users[1100 + number] = user
    for zone in TIME_ZONES:
        sinch.rci.store.put("/timeZones", {"id": zone, "name": zone})
