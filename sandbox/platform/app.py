"""The 23 operations of the Platform, and what the double adds under `/_sandbox/`.

Belongs here: which request is which operation, and each operation's order of checks. Does not belong here: the
checks themselves (`leads.py`, `bulk.py`, `protocol.py`). Success statuses are assumed: the document lost them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sandbox.clock import Clock
from sandbox.exchange import Answer, RefusedError, Request, json_answer
from sandbox.platform.bulk import errors_answer, find_job, status_answer, take_job, word, work
from sandbox.platform.knobs import PlatformKnobs
from sandbox.platform.leads import change_lead, store_lead
from sandbox.platform.protocol import changed_answer, refusal, require_token
from sandbox.platform.reading import Reading, shown_lead
from sandbox.platform.routes import DEFAULT_ROUTES, Routes
from sandbox.platform.store import Lead, Store
from sandbox.settings import SettingError

BASE_PATH = "/platform-api/v3.0"

Operation = Callable[[Request, str], Answer]


class PlatformApi:
    """The double of the Platform. Its knobs and its store may be changed at any time, from any thread.

    Attributes:
        knobs: How it behaves.
        store: What it holds, with the oracle for tests.
        routes: Which path is which operation; `routes` of the constructor replace single ones.
    """

    name = "platform"

    def __init__(self, *, routes: Mapping[str, tuple[str, str]] | None = None, base_path: str = BASE_PATH) -> None:
        self.knobs = PlatformKnobs()
        self.clock = Clock()
        self.store = Store()
        self.routes = Routes({**DEFAULT_ROUTES, **(routes or {})}, base_path)
        self._asked_at: deque[float] = deque()
        self._reading = Reading(self.store, self.knobs, self.clock, self.routes)
        self._operations = self._reading.operations() | self._writing()

    def reset(self) -> None:
        """Knobs and store are as after construction; references to them stay good."""
        self.knobs.change(vars(PlatformKnobs()))
        self.store.reset()

    def held(self) -> list[tuple[str, str]]:
        """(list id, first number as digits) of every stored lead."""
        with self.store.lock:
            work(self.store, self.knobs, self.clock.now())
            return _first_numbers(self.store.leads.values())

    def dialled(self) -> list[tuple[str, str]]:
        """`held` without completed leads, and without those of lists that are not in the dialler."""
        with self.store.lock:
            work(self.store, self.knobs, self.clock.now())
            return _first_numbers(
                lead
                for lead in self.store.leads.values()
                if not lead.is_completed and self.store.lists[lead.list_id].in_dialler
            )

    def state(self) -> dict[str, Any]:
        """The store's summary."""
        with self.store.lock:
            work(self.store, self.knobs, self.clock.now())
            return self.store.summary()

    def answer(self, request: Request) -> Answer:
        """The Platform's answer; what it says was stored is stored."""
        try:
            with self.store.lock:
                key, identifier = self._route(request)
                self.store.requests[key] += 1
                require_token(request, self.knobs)
                self._require_patience()
                work(self.store, self.knobs, self.clock.now())
                return self._operations[key](request, identifier)
        except RefusedError as refused:
            return refused.answer

    def control(self, request: Request) -> Answer | None:
        """Campaigns, lists and calls are put in place, as an administrator or the dialler would."""
        match request.method, request.path:
            case "POST", "/_sandbox/campaigns":
                self.store.add_campaign(**_named(request.json(), "campaign_id", "name"))
            case "POST", "/_sandbox/lists":
                self.store.add_list(**_named(request.json(), "name", "campaign_id"))
            case "POST", "/_sandbox/calls":
                values = _named(request.json(), "lead_id")
                if values["lead_id"] not in self.store.leads:
                    raise SettingError("there is no such lead")
                self.store.add_call(**{"dialled_at": self.clock.now(), **values})
            case _:
                return None
        return json_answer(self.state(), 201)

    def lead_create(self, request: Request, _: str) -> Answer:
        """POST /leads. Source: vendors.md, 3(b) #9."""
        lead = store_lead(request.json(), self.store, self.knobs, self.clock.now())
        in_dialler = self.store.lists[lead.list_id].in_dialler
        return json_answer({"leadId": lead.lead_id, "inDialler": in_dialler}, 201)

    def lead_update(self, request: Request, identifier: str) -> Answer:
        """PUT /leads/{leadId}. Source: vendors.md, 3(b) #16."""
        lead = shown_lead(self.store, identifier, self.knobs)
        change_lead(lead, request.json(), self.store, self.knobs, self.clock.now())
        return changed_answer(lead.lead_id, self.knobs)

    def lead_delete(self, _request: Request, identifier: str) -> Answer:
        """DELETE /leads/{leadId}. Source: vendors.md, 3(b) #17."""
        lead = shown_lead(self.store, identifier, self.knobs)
        self.store.delete_lead(lead.lead_id)
        return changed_answer(lead.lead_id, self.knobs)

    def list_create(self, request: Request, _: str) -> Answer:
        """POST /leads/lists; a name may be used twice (assumed). Source: vendors.md, 3(b) #11."""
        values = request.json()
        if not isinstance(values, dict) or not values.get("listName") or type(values.get("campaignId")) is not int:
            raise refusal(400, "listName and campaignId are required")
        if values["campaignId"] not in self.store.campaigns:
            raise refusal(404, "campaignId does not exist")
        made = self.store.add_list(values["listName"], values["campaignId"], created_at=self.clock.now())
        return json_answer({"listName": made.name, "campaignId": made.campaign_id, "listId": made.list_id}, 201)

    def bulk_create(self, request: Request, _: str) -> Answer:
        """POST /leads/bulk/. Source: vendors.md, 3(b) #18."""
        now = self.clock.now()
        job = take_job(request.json(), self.store, self.knobs, now)
        job.failing = request.entry_statuses
        work(self.store, self.knobs, now)
        return json_answer({"uuid": job.uuid, "status": word(job, self.knobs, now)}, 202)

    def bulk_status(self, request: Request, identifier: str) -> Answer:
        """GET /leads/bulk/{uuid}. Source: vendors.md, 3(b) #12."""
        now = self.clock.now()
        job = find_job(identifier, self.store, self.knobs, now)
        return status_answer(job, request, self.routes, self.knobs, now)

    def bulk_errors(self, request: Request, identifier: str) -> Answer:
        """GET /leads/bulk/{uuid}/errors. Source: vendors.md, 3(b) #13."""
        job = find_job(identifier, self.store, self.knobs, self.clock.now())
        return errors_answer(job, request, self.routes, self.knobs)

    def customer_delete(self, request: Request, _: str) -> Answer:
        """DELETE /customer: leads and calls of the number or address are gone. Source: vendors.md, 3(b) #19."""
        asked = request.parameters()
        phone, email = asked.get("phoneNumber"), asked.get("emailAddress")
        if not phone and not email:
            raise refusal(400, "phoneNumber or emailAddress is required")
        leads = [lead.lead_id for lead in self.store.leads_of(phone, email)]
        calls = [call.attempt_id for call in self.store.calls.values() if call.lead_id in leads]
        for attempt_id in calls:
            del self.store.calls[attempt_id]
        for lead_id in leads:
            self.store.delete_lead(lead_id)
        self.store.erasures += 1
        return json_answer(
            {"callData": {"deleted": len(calls)}, "emailData": {"deleted": 0}, "leadData": {"deleted": len(leads)}}
        )

    def presence_update(self, request: Request, _: str) -> Answer:
        """PUT /availability. Source: vendors.md, 3(b) #23."""
        values = request.json()
        if type(values.get("agentId")) is not int or type(values.get("available")) is not bool:
            raise refusal(400, "agentId and available are required")
        if self.store.users.get(values["agentId"], {}).get("userType") != "agent":
            raise refusal(404, "agentId does not exist")
        self.store.availability[values["agentId"]] = values["available"]
        return json_answer({"agentId": values["agentId"], "available": values["available"]})

    def _writing(self) -> dict[str, Operation]:
        return {
            "lead_create": self.lead_create,
            "lead_update": self.lead_update,
            "lead_delete": self.lead_delete,
            "list_create": self.list_create,
            "bulk_create": self.bulk_create,
            "bulk_status": self.bulk_status,
            "bulk_errors": self.bulk_errors,
            "customer_delete": self.customer_delete,
            "presence_update": self.presence_update,
        }

    def _route(self, request: Request) -> tuple[str, str]:
        found = self.routes.find(request.method, request.path)
        if found is not None:
            return found
        other = request.path[:-1] if request.path.endswith("/") else request.path + "/"
        if self.routes.find(request.method, other) and self.knobs.slash_redirect != "none":
            raise refusal(int(self.knobs.slash_redirect), "Redirect", (("location", other),))
        raise refusal(405 if self.routes.has_path(request.path) else 404, "there is no such operation")

    def _require_patience(self) -> None:
        """429 beyond the rate of the knobs. The header is assumed."""
        limit, now = self.knobs.requests_per_second, self.clock.now()
        if limit is None:
            return
        while self._asked_at and self._asked_at[0] <= now - 1:
            self._asked_at.popleft()
        if len(self._asked_at) >= limit:
            wait = self.knobs.retry_after
            raise refusal(429, "Too Many Requests", () if wait is None else (("retry-after", wait),))
        self._asked_at.append(now)


def _first_numbers(leads: Iterable[Lead]) -> list[tuple[str, str]]:
    return [(str(lead.list_id), "".join(lead.phones[:1]).lstrip("+")) for lead in leads]


def _named(values: object, *required: str) -> dict[str, Any]:
    if not isinstance(values, dict) or not set(required) <= values.keys():
        raise SettingError(f"an object with {', '.join(required)} is needed")
    return values
