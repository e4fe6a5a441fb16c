"""The operations that change nothing, bulk jobs apart.

Belongs here: which records an operation shows. Does not belong here: their JSON forms (`views.py`), cursors
(`paging.py`). That an unknown campaign or list filters to nothing, where it is no path, is assumed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from sandbox.clock import Clock
from sandbox.exchange import Answer, Request, json_answer
from sandbox.platform.knobs import PlatformKnobs
from sandbox.platform.paging import Row, filters, page
from sandbox.platform.protocol import link, moment, number, refusal, timestamp
from sandbox.platform.routes import Routes
from sandbox.platform.store import Call, Lead, PlatformCampaign, Store
from sandbox.platform.views import call_view, inbound_statistics, lead_view, list_view, outbound_statistics

T = TypeVar("T")


def record(records: Mapping[int, T], identifier: str, name: str) -> T:
    """The record of that id.

    Raises:
        RefusedError: 400 for an id that is none, 404 for one that nothing has.
    """
    key = number(identifier, name)
    if key not in records:
        raise refusal(404, f"{name} does not exist")
    return records[key]


def shown_lead(store: Store, identifier: str, knobs: PlatformKnobs) -> Lead:
    """The lead of that id.

    Raises:
        RefusedError: as `record`; also 404 for a lead of a hidden list.
    """
    lead = record(store.leads, identifier, "leadId")
    if lead.list_id in knobs.hidden_lists:
        raise refusal(404, "leadId does not exist")
    return lead


class Reading:
    """The reading operations over a store."""

    def __init__(self, store: Store, knobs: PlatformKnobs, clock: Clock, routes: Routes) -> None:
        self._store = store
        self._knobs = knobs
        self._clock = clock
        self._routes = routes

    def operations(self) -> dict[str, Callable[[Request, str], Answer]]:
        """The operations by their keys."""
        return {
            "activity_get": self.activity_get,
            "activity_list": self.activity_list,
            "campaign_stats_outbound": self.campaign_stats_outbound,
            "campaign_stats_inbound": self.campaign_stats_inbound,
            "media_get": self.media_get,
            "voicemail_get": self.voicemail_get,
            "recording_get": self.recording_get,
            "lead_list": self.lead_list,
            "lead_get": self.lead_get,
            "list_list": self.list_list,
            "list_get": self.list_get,
            "dialler_call_get": self.dialler_call_get,
            "dialler_call_list": self.dialler_call_list,
            "user_list": self.user_list,
        }

    def activity_get(self, _request: Request, identifier: str) -> Answer:
        """GET /activities/{activityId}."""
        return json_answer(self._activity(record(self._store.activities, identifier, "activityId")))

    def activity_list(self, request: Request, _: str) -> Answer:
        """GET /activities; `leadId` is from another capture of the vendor's page."""
        names = ("campaignId", "createdTimestampFrom", "createdTimestampTo", "activityType", "leadId")
        asked = filters(request, names, self._knobs)

        def fits(activity: dict[str, Any]) -> bool:
            return (
                _same_number(asked, "campaignId", activity["data"].get("campaignId"))
                and _same_number(asked, "leadId", activity["data"].get("leadId"))
                and asked.get("activityType", activity["type"]) == activity["type"]
                and _within(asked, "createdTimestamp", activity["created_at"])
            )

        shown = [(key, self._activity(one)) for key, one in self._store.activities.items() if fits(one)]
        return self._page(request, shown, asked, "activity_list")

    def campaign_stats_outbound(self, _request: Request, identifier: str) -> Answer:
        """GET /campaigns/outbound/{campaignId}/statistics."""
        campaign = self._campaign(identifier, "outbound")
        return json_answer(outbound_statistics(campaign, self._store, self._clock.now(), self._knobs))

    def campaign_stats_inbound(self, request: Request, identifier: str) -> Answer:
        """GET /campaigns/inbound/{campaignId}/statistics; another period than hour or day is 400 (assumed)."""
        campaign = self._campaign(identifier, "inbound")
        if request.parameters().get("period", "hour") not in ("hour", "day"):
            raise refusal(400, "period is hour or day")
        return json_answer(inbound_statistics(campaign, self._clock.now(), self._knobs))

    def media_get(self, _request: Request, identifier: str) -> Answer:
        """GET /media/{mediaId}: bytes (assumed; the document says a JSON string)."""
        media = record(self._store.media, identifier, "mediaId")
        return Answer(200, "audio/wav", media["content"])

    def voicemail_get(self, request: Request, identifier: str) -> Answer:
        """GET /media/voicemails/{mediaId}."""
        return json_answer(self._media(request, identifier, "voicemail"))

    def recording_get(self, request: Request, identifier: str) -> Answer:
        """GET /media/recordings/{mediaId}."""
        deletion = {"deleted": False, "deletedTimestamp": None, "deletedBy": None, "deletionReason": None}
        return json_answer({**self._media(request, identifier, "recording"), **deletion})

    def lead_list(self, request: Request, _: str) -> Answer:
        """GET /leads; a lead is found once its index lag is over."""
        names = ("campaignId", "listId", "statusCode", "uploadedTimestampFrom", "uploadedTimestampTo", "customerKey")
        asked = filters(request, names, self._knobs)
        key = asked.get("customerKey")
        among = self._store.leads.values() if key is None else self._store.with_key(key)
        shown = [(lead.lead_id, self._row(lead)) for lead in among if self._fits(lead, asked)]
        return self._page(request, shown, asked, "lead_list")

    def lead_get(self, _request: Request, identifier: str) -> Answer:
        """GET /leads/{leadId}."""
        return json_answer(lead_view(shown_lead(self._store, identifier, self._knobs), self._store, self._knobs))

    def list_list(self, request: Request, _: str) -> Answer:
        """GET /leads/lists."""
        asked = filters(request, ("campaignId",), self._knobs)
        shown = [
            (key, _oddly(list_view(one, self._store, self._knobs), self._knobs))
            for key, one in self._store.lists.items()
            if _same_number(asked, "campaignId", one.campaign_id) and key not in self._knobs.hidden_lists
        ]
        return self._page(request, shown, asked, "list_list")

    def list_get(self, _request: Request, identifier: str) -> Answer:
        """GET /leads/lists/{listId}."""
        found = record(self._store.lists, identifier, "listId")
        if found.list_id in self._knobs.hidden_lists:
            raise refusal(int(self._knobs.hidden_status), "listId cannot be seen")
        return json_answer(list_view(found, self._store, self._knobs))

    def dialler_call_get(self, _request: Request, identifier: str) -> Answer:
        """GET /dialler/calls/{attemptId}."""
        return json_answer(call_view(record(self._store.calls, identifier, "attemptId"), self._store, self._knobs))

    def dialler_call_list(self, request: Request, _: str) -> Answer:
        """GET /dialler/calls; both ends of the window are inside it."""
        names = ("campaignId", "leadId", "dialledTimestampFrom", "dialledTimestampTo")
        asked = filters(request, names, self._knobs)

        def fits(call: Call) -> bool:
            return (
                _same_number(asked, "campaignId", call.campaign_id)
                and _same_number(asked, "leadId", call.lead_id)
                and _within(asked, "dialledTimestamp", call.dialled_at)
            )

        shown = [(key, call_view(one, self._store, self._knobs)) for key, one in self._store.calls.items() if fits(one)]
        return self._page(request, shown, asked, "dialler_call_list")

    def user_list(self, request: Request, _: str) -> Answer:
        """GET /users."""
        asked = filters(request, ("userType", "accountActive"), self._knobs)
        if asked.get("accountActive", "true") not in ("true", "false"):
            raise refusal(400, "accountActive must be a boolean")
        shown = [
            (key, user)
            for key, user in self._store.users.items()
            if asked.get("userType", user["userType"]) == user["userType"]
            and ("accountActive" not in asked or user["accountActive"] is (asked["accountActive"] == "true"))
        ]
        return self._page(request, shown, asked, "user_list")

    def _page(self, request: Request, rows: list[Row], asked: Mapping[str, str], key: str) -> Answer:
        return page(request, rows, asked, self._routes.base_path, self._routes.path(key), self._knobs)

    def _fits(self, lead: Lead, asked: Mapping[str, str]) -> bool:
        return (
            lead.list_id not in self._knobs.hidden_lists
            and _same_number(asked, "listId", lead.list_id)
            and _same_number(asked, "campaignId", self._store.lists[lead.list_id].campaign_id)
            and _same_number(asked, "statusCode", lead.fields.get("statusCode"))
            and _within(asked, "uploadedTimestamp", lead.stored_at)
            and lead.stored_at + self._knobs.index_lag_s <= self._clock.now()
        )

    def _row(self, lead: Lead) -> dict[str, Any]:
        view = _oddly(lead_view(lead, self._store, self._knobs), self._knobs)
        return {name: value for name, value in view.items() if name not in self._knobs.hidden_fields}

    def _campaign(self, identifier: str, kind: str) -> PlatformCampaign:
        campaign = record(self._store.campaigns, identifier, "campaignId")
        if campaign.kind != kind:
            raise refusal(404, f"there is no such {kind} campaign")
        return campaign

    def _media(self, request: Request, identifier: str, kind: str) -> dict[str, Any]:
        media = record(self._store.media, identifier, "mediaId")
        if media["kind"] != kind:
            raise refusal(404, f"there is no such {kind}")
        uri = link(request, self._routes.base_path, self._routes.path("media_get", identifier), self._knobs)
        return {"mediaId": media["mediaId"], "mediaUri": uri, "duration": media["duration"]}

    def _activity(self, activity: Mapping[str, Any]) -> dict[str, Any]:
        created = timestamp(activity["created_at"], self._knobs)
        return {"type": activity["type"], "data": {**activity["data"], "timestamps": {"created": created}}}


def _oddly(view: Mapping[str, Any], knobs: PlatformKnobs) -> dict[str, Any]:
    return {name: knobs.odd_fields.get(name, value) for name, value in view.items()}


def _same_number(asked: Mapping[str, str], name: str, value: int | None) -> bool:
    return name not in asked or number(asked[name], name) == value


def _within(asked: Mapping[str, str], name: str, at: float) -> bool:
    """Timestamps have whole seconds; «not earlier» and «not later» include their ends."""
    start, end = asked.get(f"{name}From"), asked.get(f"{name}To")
    return (start is None or int(at) >= int(moment(start, name))) and (end is None or int(at) <= int(moment(end, name)))
