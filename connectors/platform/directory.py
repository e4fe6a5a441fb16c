"""What the Platform knows that leads and configuration name: lists and users.

Belongs here: reading them as entries. Does not belong here: the requests (`client.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from connectors.directory import DirectoryEntry
from connectors.platform.client import PlatformClient


class PlatformDirectory:
    """Source: vendors.md, 3(b) #10 and #22. A user without an id cannot be named by anybody, and is left out."""

    vendor = "platform"
    named_by_leads: Mapping[str, str] = {"agent": "users"}
    named_by_targets: Mapping[str, str] = {"list_id": "lists"}

    def __init__(self, client: PlatformClient) -> None:
        self._client = client
        self.kinds: Mapping[str, Callable[[], Iterator[DirectoryEntry]]] = {"lists": self._lists, "users": self._users}

    def close(self) -> None:
        """All connections are closed."""
        self._client.close()

    def _lists(self) -> Iterator[DirectoryEntry]:
        for one in self._client.list_list():
            detail = {"campaign_id": one.campaign_id, "campaign": one.campaign_name, "in_dialler": one.is_in_dialler}
            yield DirectoryEntry(str(one.list_id), one.name, detail=detail)

    def _users(self) -> Iterator[DirectoryEntry]:
        for user in self._client.user_list():
            if user.user_id is not None:
                key = str(user.user_id)
                detail = {"type": user.user_type, "active": user.is_active}
                yield DirectoryEntry(key, user.user_name or key, detail=detail)
