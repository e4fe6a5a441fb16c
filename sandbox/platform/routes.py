"""Which method and path is which operation.

Belongs here: the double's own map, and matching by it. Does not belong here: what an operation does.
Source: vendors.md, 3(b). Three paths are known, the others are assumed; a test may replace any of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

DEFAULT_ROUTES: Mapping[str, tuple[str, str]] = {
    "activity_get": ("GET", "/activities/{activityId}"),
    "activity_list": ("GET", "/activities"),
    "campaign_stats_outbound": ("GET", "/campaigns/outbound/{campaignId}/statistics"),
    "campaign_stats_inbound": ("GET", "/campaigns/inbound/{campaignId}/statistics"),
    "media_get": ("GET", "/media/{mediaId}"),
    "voicemail_get": ("GET", "/media/voicemails/{mediaId}"),
    "recording_get": ("GET", "/media/recordings/{mediaId}"),
    "lead_list": ("GET", "/leads"),
    "lead_create": ("POST", "/leads"),
    "list_list": ("GET", "/leads/lists"),
    "list_create": ("POST", "/leads/lists"),
    "bulk_status": ("GET", "/leads/bulk/{uuid}"),
    "bulk_errors": ("GET", "/leads/bulk/{uuid}/errors"),
    "list_get": ("GET", "/leads/lists/{listId}"),
    "lead_get": ("GET", "/leads/{leadId}"),
    "lead_update": ("PUT", "/leads/{leadId}"),
    "lead_delete": ("DELETE", "/leads/{leadId}"),
    "bulk_create": ("POST", "/leads/bulk/"),
    "customer_delete": ("DELETE", "/customer"),
    "dialler_call_get": ("GET", "/dialler/calls/{attemptId}"),
    "dialler_call_list": ("GET", "/dialler/calls"),
    "user_list": ("GET", "/users"),
    "presence_update": ("PUT", "/availability"),
}

_PLACE = re.compile(r"\{\w+\}")


class Routes:
    """The operations under a base path. A literal segment wins over a placeholder."""

    def __init__(self, routes: Mapping[str, tuple[str, str]], base_path: str) -> None:
        self.base_path = base_path
        self._paths = {key: path for key, (_, path) in routes.items()}
        # The fewer placeholders, the more literal: /leads/lists comes before /leads/{leadId}.
        ordered = sorted(routes.items(), key=lambda item: len(_PLACE.findall(item[1][1])))
        self._patterns = [(key, method, _pattern(base_path + path)) for key, (method, path) in ordered]

    def find(self, method: str, path: str) -> tuple[str, str] | None:
        """The operation's key and the one id in its path; None when there is no such operation."""
        for key, wanted, pattern in self._patterns:
            match = pattern.fullmatch(path)
            if match and wanted == method:
                return key, (match.groups() or ("",))[0]
        return None

    def has_path(self, path: str) -> bool:
        """Whether any method has this path."""
        return any(pattern.fullmatch(path) for _, _, pattern in self._patterns)

    def path(self, key: str, identifier: object = "") -> str:
        """The operation's path under the base path."""
        return _PLACE.sub(str(identifier), self._paths[key])


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile("([^/]+)".join(re.escape(part) for part in _PLACE.split(path)))
