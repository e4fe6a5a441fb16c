"""Which method and path is which operation of the Platform.

Belongs here: the defaults, what a setting may replace in them, and paths with ids in them. Does not belong here:
requests (`client.py`). Source: vendors.md, 3(b): three paths are known, the others are guesses.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal
from urllib.parse import quote

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
WriteMethod = Literal["PUT", "POST", "PATCH"]

DEFAULT_PATHS: Mapping[str, str] = {
    "activity_get": "/activities/{activityId}",
    "activity_list": "/activities",
    "campaign_stats_outbound": "/campaigns/outbound/{campaignId}/statistics",
    "campaign_stats_inbound": "/campaigns/inbound/{campaignId}/statistics",
    "media_get": "/media/{mediaId}",
    "voicemail_get": "/media/voicemails/{mediaId}",
    "recording_get": "/media/recordings/{mediaId}",
    "lead_list": "/leads",
    "lead_create": "/leads",
    "list_list": "/leads/lists",
    "list_create": "/leads/lists",
    "bulk_status": "/leads/bulk/{uuid}",
    "bulk_errors": "/leads/bulk/{uuid}/errors",
    "list_get": "/leads/lists/{listId}",
    "lead_get": "/leads/{leadId}",
    "lead_update": "/leads/{leadId}",
    "lead_delete": "/leads/{leadId}",
    "bulk_create": "/leads/bulk/",
    "customer_delete": "/customer",
    "dialler_call_get": "/dialler/calls/{attemptId}",
    "dialler_call_list": "/dialler/calls",
    "user_list": "/users",
    "presence_update": "/availability",
}
METHODS: Mapping[str, Method] = {
    "lead_create": "POST",
    "list_create": "POST",
    "bulk_create": "POST",
    "lead_update": "PUT",
    "presence_update": "PUT",
    "lead_delete": "DELETE",
    "customer_delete": "DELETE",
}

_PLACE = re.compile(r"\{(\w*)\}")


class Paths:
    """The operations' methods and paths; what is not named is as by default."""

    def __init__(
        self,
        changes: Mapping[str, str] | None = None,
        *,
        update_method: WriteMethod = "PUT",
        presence_method: WriteMethod = "PUT",
    ) -> None:
        self._paths = {**DEFAULT_PATHS, **(changes or {})}
        self._methods: dict[str, Method] = {
            **METHODS,
            "lead_update": update_method,
            "presence_update": presence_method,
        }

    def method(self, key: str) -> Method:
        """The operation's method."""
        return self._methods.get(key, "GET")

    def path(self, key: str, identifier: int | str | None = None) -> str:
        """The operation's path under the base path, with the id in its place."""
        return _PLACE.sub(quote(str(identifier), safe=""), self._paths[key])

    def clash(self) -> tuple[str, str] | None:
        """Two operations that share a method and a path; None when there are none."""
        seen: dict[tuple[str, str], str] = {}
        for key, path in self._paths.items():
            other = seen.setdefault((self.method(key), _PLACE.sub("{}", path)), key)
            if other != key:
                return other, key
        return None


def complaint(key: str, path: str) -> str | None:
    """What is wrong with a path that is to replace a default; None when it will do."""
    if key not in DEFAULT_PATHS:
        return f"there is no operation {key}; there are {', '.join(DEFAULT_PATHS)}"
    if not path.startswith("/") or "?" in path or "#" in path:
        return f"{key}: a path begins with / and has no query"
    wanted = _PLACE.findall(DEFAULT_PATHS[key])
    if _PLACE.findall(path) != wanted or {"{", "}"} & set(_PLACE.sub("", path)):
        needed = f"needs {{{wanted[0]}}} once" if wanted else "has no place for an id"
        return f"{key}: this path {needed}"
    return None
