"""The eight operations of OBI under `/RI/obi`, and what the double adds under `/_sandbox/`.

Belongs here: which path is which operation, and each operation's order of checks.
Does not belong here: the checks themselves (`protocol.py`, `entries.py`, `filters.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from sandbox.clock import Clock
from sandbox.exchange import Answer, RefusedError, Request, json_answer, no_content, plain_text
from sandbox.settings import SettingError
from sandbox.sinch.entries import Batch, add_batch, add_one
from sandbox.sinch.filters import campaign_tests, find_customers
from sandbox.sinch.knobs import SinchKnobs
from sandbox.sinch.protocol import (
    bad_request,
    normal_id,
    not_found,
    require_accept,
    require_content_type,
    require_credentials,
)
from sandbox.sinch.records import Campaign, Customer
from sandbox.sinch.store import Store
from sandbox.sinch.views import campaign_view, collapse_single, customer_view

PREFIX = "/RI/obi/"
JSON = "application/json"
HTML = "text/html"
OPEN_STATUSES = frozenset({"Passive", "Active"})

Operation = Callable[[Request, list[str]], Answer]


class SinchObi:
    """The double of OBI. Its knobs and its store may be changed at any time, from any thread.

    Attributes:
        knobs: How it behaves.
        store: What it holds, with the oracle for tests.
    """

    name = "sinch"

    def __init__(self) -> None:
        self.knobs = SinchKnobs()
        self.clock = Clock()
        self.store = Store()
        self.store.clock = lambda: datetime.fromtimestamp(self.clock.now(), UTC)

    def reset(self) -> None:
        """Knobs and store are as after construction; references to them stay good."""
        self.knobs.change(vars(SinchKnobs()))
        self.store.reset()

    def held(self) -> list[tuple[str, str]]:
        """(campaign id, first number as digits) of every stored customer."""
        with self.store.lock:
            return [
                (campaign.id, customer.numbers.partition(";")[0].lstrip("+"))
                for campaign in self.store.campaigns.values()
                for customer in campaign.customers.values()
            ]

    def dialled(self) -> list[tuple[str, str]]:
        """All of `held`: what must not be called is deleted."""
        return self.held()

    def state(self) -> dict[str, Any]:
        """The store's summary."""
        return self.store.summary()

    def answer(self, request: Request) -> Answer:
        """OBI's answer; what it says was stored is stored."""
        try:
            operation, ids = self._route(request)
            with self.store.lock:
                self.store.requests[operation.__name__] += 1
                require_credentials(request, self.knobs)
                return operation(request, ids)
        except RefusedError as refusal:
            return refusal.answer

    def control(self, request: Request) -> Answer | None:
        """Campaigns and outcomes are put in place, as an administrator or the dialer would."""
        match request.method, request.path:
            case "POST", "/_sandbox/campaigns":
                return self._place_campaign(request.json())
            case "POST", "/_sandbox/outcomes":
                return self._place_outcome(request.json())
        return None

    def list_campaigns(self, request: Request, _ids: list[str]) -> Answer:
        """GET /campaigns."""
        require_accept(request, JSON)
        tests = campaign_tests(request.parameters())
        hidden = self._hidden()
        views = [campaign_view(c) for c in self.store.campaigns.values() if c.id not in hidden]
        return json_answer([view for view in views if all(test(view) for test in tests)])

    def read_campaign(self, request: Request, ids: list[str]) -> Answer:
        """GET /campaigns/{campaignId}."""
        require_accept(request, JSON)
        return json_answer(campaign_view(self._campaign(ids)))

    def set_campaign_status(self, request: Request, ids: list[str]) -> Answer:
        """PUT /campaigns/{campaignId}/status."""
        require_content_type(request, "text/plain")
        campaign = self._campaign(ids)
        status = request.body.decode("utf-8", "replace").strip()
        if status not in OPEN_STATUSES:
            raise bad_request(f"Invalid status: '{status}'")
        self._require_open(campaign)
        campaign.set_status(status)
        return no_content()

    def list_customers(self, request: Request, ids: list[str]) -> Answer:
        """GET /campaigns/{campaignId}/customers."""
        require_accept(request, JSON)
        campaign = self._campaign(ids)
        parameters = request.parameters()
        views = find_customers(campaign, parameters, self.knobs)
        if parameters.get("includeScript", "false").lower() != "true":
            views = [{k: v for k, v in view.items() if k != "script"} for view in views]
        return json_answer([self._finished(view) for view in views])

    def create_customer(self, request: Request, ids: list[str]) -> Answer:
        """POST /campaigns/{campaignId}/customers."""
        require_accept(request, HTML)
        require_content_type(request, JSON)
        campaign = self._campaign(ids)
        self._require_open(campaign)
        batch = Batch([request.json()], request.body, self.knobs)
        customer = add_one(self.store, campaign, batch)
        host = request.header(b"host")
        location = f"http://{host}{PREFIX}campaigns/{campaign.id}/customers/{customer.id}"
        return Answer(201, HTML, customer.id.encode(), (("location", location),))

    def read_customer(self, request: Request, ids: list[str]) -> Answer:
        """GET /campaigns/{campaignId}/customers/{customerId}."""
        require_accept(request, JSON)
        campaign = self._campaign(ids)
        customer = _customer(campaign, ids)
        return json_answer(self._finished(customer_view(customer, campaign, self.knobs)))

    def delete_customer(self, _request: Request, ids: list[str]) -> Answer:
        """DELETE /campaigns/{campaignId}/customers/{customerId}."""
        campaign = self._campaign(ids)
        campaign.delete(_customer(campaign, ids))
        return no_content()

    def create_customers(self, request: Request, ids: list[str]) -> Answer:
        """POST /campaigns/{campaignId}/customers/list."""
        require_accept(request, JSON)
        require_content_type(request, JSON)
        campaign = self._campaign(ids)
        self._require_open(campaign)
        entries = request.json()
        if not isinstance(entries, list):
            raise bad_request("Invalid JSON: array expected")
        self._require_size(len(entries))
        batch = Batch(
            entries,
            request.body,
            self.knobs,
            is_all_or_none=_flag(request, "stopProcessIfInvalidEntriesFound"),
            failing_positions=request.entry_statuses,
        )
        return json_answer(add_batch(self.store, campaign, batch))

    def _route(self, request: Request) -> tuple[Operation, list[str]]:
        if not request.path.startswith(PREFIX):
            raise not_found()
        segments = request.path[len(PREFIX) :].split("/")
        operation = self._operations(request.method, segments).get(request.method)
        if operation is None:
            raise RefusedError(plain_text(405, "HTTP 405 Method Not Allowed"))
        return operation, segments[1:4:2]

    def _operations(self, method: str, segments: list[str]) -> Mapping[str, Operation]:
        match segments:
            case ["campaigns", _, "customers", "list"] if method == "POST":
                return {"POST": self.create_customers}
            case ["campaigns", _, "customers"]:
                return {"GET": self.list_customers, "POST": self.create_customer}
            case ["campaigns", _, "customers", _]:
                return {"GET": self.read_customer, "DELETE": self.delete_customer}
            case ["campaigns", _, "status"]:
                return {"PUT": self.set_campaign_status}
            case ["campaigns", _]:
                return {"GET": self.read_campaign}
            case ["campaigns"]:
                return {"GET": self.list_campaigns}
        raise not_found()

    def _campaign(self, ids: list[str]) -> Campaign:
        campaign_id = normal_id(ids[0])
        campaign = self.store.campaigns.get(campaign_id)
        if campaign is None or campaign_id in self._hidden():
            raise not_found()
        return campaign

    def _hidden(self) -> frozenset[str]:
        return frozenset(normal_id(hidden) for hidden in self.knobs.hide_campaigns)

    def _require_open(self, campaign: Campaign) -> None:
        if campaign.status not in OPEN_STATUSES and self.knobs.closed_campaign == "400":
            raise bad_request(f"Invalid campaign status: '{campaign.status}'")

    def _require_size(self, count: int) -> None:
        if count <= self.knobs.max_batch or self.knobs.over_max == "accept":
            return
        if self.knobs.over_max == "413":
            raise RefusedError(plain_text(413, "HTTP 413 Request Entity Too Large"))
        raise bad_request("Too many customers in a single request")

    def _finished(self, view: dict[str, Any]) -> dict[str, Any]:
        return collapse_single(view) if self.knobs.collapse_single else view

    def _place_campaign(self, values: object) -> Answer:
        if not isinstance(values, dict):
            raise SettingError("a campaign is an object")
        fields = {name: value for name, value in values.items() if name != "reset"}
        if "id" in fields:
            fields["id"] = normal_id(str(fields["id"]))
        if values.get("reset"):
            self.store.reset([fields] if fields else [])
        else:
            self.store.add_campaign(fields)
        return json_answer(self.store.summary(), 201)

    def _place_outcome(self, values: object) -> Answer:
        if not isinstance(values, dict) or not {"campaignId", "externalId"} <= values.keys():
            raise SettingError("an outcome is an object with campaignId and externalId")
        outcome = {k: v for k, v in values.items() if k not in ("campaignId", "externalId")}
        self.store.record_outcome(normal_id(str(values["campaignId"])), str(values["externalId"]), outcome)
        return no_content()


def _customer(campaign: Campaign, ids: list[str]) -> Customer:
    customer = campaign.customers.get(normal_id(ids[1]))
    if customer is None:
        raise not_found()
    return customer


def _flag(request: Request, name: str) -> bool:
    raw = request.parameters().get(name, "false").lower()
    if raw not in ("true", "false"):
        raise bad_request(f"Invalid {name}: '{raw}'")
    return raw == "true"
