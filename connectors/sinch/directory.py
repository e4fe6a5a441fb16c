"""What Sinch knows that leads and configuration name: campaigns, users, queues, queue groups, skills, time zones.

Belongs here: reading them as entries. Does not belong here: the requests (`client.py`, `rci.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from connectors.directory import DirectoryEntry
from connectors.sinch.client import SinchClient
from connectors.sinch.models import normalise_id
from connectors.sinch.rci import RciClient


class SinchDirectory:
    """Source: vendors.md, 2(c) #1 and 2(d) #1, #32, #47, #67, #72."""

    vendor = "sinch"
    named_by_leads: Mapping[str, str] = {"agent": "users", "time_zone": "time_zones"}
    named_by_targets: Mapping[str, str] = {"campaign_id": "campaigns"}

    def __init__(self, obi: SinchClient, rci: RciClient) -> None:
        self._obi = obi
        self._rci = rci
        self.kinds: Mapping[str, Callable[[], Iterator[DirectoryEntry]]] = {
            "campaigns": self._campaigns,
            "users": self._users,
            "queues": self._queues,
            "queue_groups": self._queue_groups,
            "skills": self._skills,
            "time_zones": self._time_zones,
        }

    def close(self) -> None:
        """All connections are closed."""
        self._obi.close()
        self._rci.close()

    def _campaigns(self) -> Iterator[DirectoryEntry]:
        for one in self._obi.campaigns():
            detail = {"status": one.status, "dialing_mode": one.dialing_mode, "queue": one.queue_name}
            yield DirectoryEntry(normalise_id(one.id), one.name, detail=detail)

    def _users(self) -> Iterator[DirectoryEntry]:
        # A list shows only the fields that were asked about, and may leave out users who lack them: ask twice.
        external = {user.id: user.external_id for user in self._rci.users(external_id="*") if user.external_id}
        for user in self._rci.users():
            alias = (external[user.id],) if user.id in external else ()
            yield DirectoryEntry(normalise_id(user.id), f"{user.first_name} {user.surname}", alias)

    def _queues(self) -> Iterator[DirectoryEntry]:
        for queue in self._rci.queues():
            yield DirectoryEntry(normalise_id(queue.id), queue.name, detail={"type": queue.type})

    def _queue_groups(self) -> Iterator[DirectoryEntry]:
        for group in self._rci.queue_groups():
            yield DirectoryEntry(normalise_id(group.id), group.name)

    def _skills(self) -> Iterator[DirectoryEntry]:
        for skill in self._rci.skills():
            yield DirectoryEntry(normalise_id(skill.id), skill.name)

    def _time_zones(self) -> Iterator[DirectoryEntry]:
        for zone in self._rci.time_zones():
            yield DirectoryEntry(zone.id, zone.name)
