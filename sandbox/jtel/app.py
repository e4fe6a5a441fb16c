"""The portal's dialler functions under `/rest/v1.0/{ClientsID}`, and what the double adds under `/_sandbox/`.

Belongs here: which path is which operation, and each operation's order of checks. Does not belong here: the
checks themselves (`protocol.py`, `contacts.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from sandbox.clock import Clock
from sandbox.exchange import Answer, RefusedError, Request, json_answer, no_content
from sandbox.jtel.contacts import contact_view, import_contact
from sandbox.jtel.dates import read_time, write_time
from sandbox.jtel.knobs import JtelKnobs
from sandbox.jtel.protocol import all_records, done, json_object, refusal, require_token, some_records, whole_number
from sandbox.jtel.seeds import result_code_view
from sandbox.jtel.store import Contact, Store
from sandbox.settings import SettingError

PREFIX = "/rest/v1.0/"

Operation = Callable[[Request, list[str]], Answer]


class JtelPortal:
    """The double of the portal. Its knobs and its store may be changed at any time, from any thread.

    Attributes:
        knobs: How it behaves.
        store: What it holds, with the oracle for tests.
    """

    name = "jtel"

    def __init__(self) -> None:
        self.knobs = JtelKnobs()
        self.clock = Clock()
        self.store = Store()
        self.store.clock = lambda: datetime.fromtimestamp(self.clock.now(), UTC)

    def reset(self) -> None:
        """Knobs and store are as after construction; references to them stay good."""
        self.knobs.change(vars(JtelKnobs()))
        self.store.reset()

    def held(self) -> list[tuple[str, str]]:
        """(campaign id, first number as digits) of every stored contact."""
        with self.store.lock:
            return _first_numbers(self.store.contacts.values())

    def dialled(self) -> list[tuple[str, str]]:
        """`held` without contacts that have a flag of the knobs."""
        flags = self.knobs.flags.items()
        with self.store.lock:
            return _first_numbers(
                contact
                for contact in self.store.contacts.values()
                if not any(contact.written.get(name) == value for name, value in flags)
            )

    def state(self) -> dict[str, Any]:
        """The store's summary."""
        return self.store.summary()

    def answer(self, request: Request) -> Answer:
        """The portal's answer; what it says was stored is stored."""
        try:
            operation, parts = self._route(request)
            with self.store.lock:
                self.store.requests[operation.__name__] += 1
                require_token(request, self.store.token)
                if self.knobs.body_status is not None:
                    return json_answer({"status": self.knobs.body_status})
                return operation(request, parts)
        except RefusedError as refused:
            return refused.answer

    def control(self, request: Request) -> Answer | None:
        """Campaigns, counters and the token are put in place, as an administrator or the dialler would."""
        match request.method, request.path:
            case "POST", "/_sandbox/campaigns":
                return self._place_campaign(request.json())
            case "POST", "/_sandbox/outcomes":
                return self._place_tries(request.json())
            case "POST", "/_sandbox/token":
                return json_answer({"token": self.store.regenerate_token()}, 201)
        return None

    def campaigns(self, _request: Request, _parts: list[str]) -> Answer:
        """GET /dialler/campaigns."""
        rows = sorted(self.store.campaigns.values(), key=lambda fields: str(fields["Name"]))
        return all_records([self._view(fields) for fields in rows], self.knobs, order_by="Name")

    def campaign(self, _request: Request, parts: list[str]) -> Answer:
        """GET /dialler/campaigns/{DiallerCampaignsID}."""
        fields = self.store.campaigns.get(whole_number(parts[2]))
        return some_records([self._view(fields)] if fields else [], self.knobs)

    def campaigns_by_name(self, request: Request, _parts: list[str]) -> Answer:
        """GET /dialler/campaigns/campaign?name=…: a partial match."""
        found = self._containing(_name(request))
        return some_records([self._view(self.store.campaigns[key]) for key in found], self.knobs)

    def result_codes(self, request: Request, parts: list[str]) -> Answer:
        """GET /dialler/campaigns/campaign/{DiallerCampaignsID}/resultCodes?languagesID=…."""
        language = request.parameters().get("languagesID", "1")
        if language not in ("1", "2"):
            raise refusal(400)
        campaign_id = whole_number(parts[3])
        ids = self.store.result_codes.get(campaign_id, [])
        records = [result_code_view(index, key, campaign_id, int(language)) for index, key in enumerate(ids)]
        if not records:
            return some_records([], self.knobs)
        page = {"records": records, "count": len(records)}
        return json_answer(page if self.knobs.omits_status else {**page, "status": 200})

    def clone_campaign(self, request: Request, _parts: list[str]) -> Answer:
        """POST /dialler/campaigns/clone."""
        body = json_object(request)
        if not all(isinstance(body.get(name), str) and body[name] for name in ("source", "destination")):
            raise refusal(400)
        source_id = self.store.named(body["source"])
        if source_id is None:
            raise refusal(404)
        if self._is_taken(body["destination"]):
            raise refusal(409)
        source = self.store.campaigns[source_id]
        changed = {"Name": body["destination"], "UserData": body.get("userData"), **self._dates(body)}
        clone_id = self.store.add_campaign({key: value for key, value in {**source, **changed}.items() if key != "ID"})
        shown = clone_id if self.knobs.clone_answers == "clone" else source_id
        return some_records([self._view(self.store.campaigns[shown])], self.knobs)

    def delete_campaign(self, _request: Request, parts: list[str]) -> Answer:
        """DELETE /dialler/campaigns/campaign/{DiallerCampaignsID}."""
        campaign_id = whole_number(parts[3])
        if campaign_id not in self.store.campaigns:
            raise refusal(404)
        self.store.delete_campaign(campaign_id)
        return done(self.knobs)

    def delete_campaigns_by_name(self, request: Request, _parts: list[str]) -> Answer:
        """DELETE /dialler/campaigns/campaign?name=…: whole name or part, as the knob says."""
        name = _name(request)
        exact = self.store.named(name)
        found = self._containing(name) if self.knobs.delete_by_name == "partial" else [exact] if exact else []
        if not found:
            raise refusal(404)
        for campaign_id in found:
            self.store.delete_campaign(campaign_id)
        return done(self.knobs)

    def contacts(self, request: Request, _parts: list[str]) -> Answer:
        """GET /dialler/contacts?diallerCampaignsID=…."""
        given = request.parameters().get("diallerCampaignsID")
        campaign_id = None if given is None or not self.knobs.filters_contacts else whole_number(given)
        if campaign_id is not None and campaign_id not in self.store.campaigns:
            return some_records([], self.knobs)
        rows = [row for row in self.store.contacts.values() if campaign_id in (None, row.campaign_id)]
        return all_records([contact_view(row, self.knobs) for row in rows], self.knobs, order_by="ID")

    def contact(self, _request: Request, parts: list[str]) -> Answer:
        """GET /dialler/contacts/{DiallerContactsID}."""
        found = self.store.contacts.get(whole_number(parts[2]))
        return some_records([contact_view(found, self.knobs)] if found else [], self.knobs)

    def import_contact(self, request: Request, _parts: list[str]) -> Answer:
        """POST /dialler/contacts/import?overwriteDuplicates=…."""
        flag = request.parameters().get("overwriteDuplicates", "false")
        if flag not in ("true", "false"):
            raise refusal(400)
        stored = import_contact(self.store, json_object(request), self.knobs, is_overwriting=flag == "true")
        if self.knobs.import_answers == "status":
            return done(self.knobs)
        return some_records([contact_view(stored, self.knobs)], self.knobs)

    def _route(self, request: Request) -> tuple[Operation, list[str]]:
        if not request.path.startswith(PREFIX):
            raise refusal(404)
        client, *parts = request.path[len(PREFIX) :].split("/")
        if client != str(self.knobs.clients_id):
            raise refusal(int(self.knobs.wrong_client))
        return self._operation(request.method, parts), parts

    def _operation(self, method: str, parts: list[str]) -> Operation:
        match method, parts:
            case "GET", ["dialler", "campaigns"]:
                return self.campaigns
            case "GET", ["dialler", "campaigns", "campaign"]:  # before the id, which would swallow it
                return self.campaigns_by_name
            case "GET", ["dialler", "campaigns", _]:
                return self.campaign
            case "GET", ["dialler", "campaigns", "campaign", _, "resultCodes"]:
                return self.result_codes
            case "POST", ["dialler", "campaigns", "clone"]:
                return self.clone_campaign
            case "DELETE", ["dialler", "campaigns", "campaign"]:
                return self.delete_campaigns_by_name
            case "DELETE", ["dialler", "campaigns", "campaign", _]:
                return self.delete_campaign
            case "GET", ["dialler", "contacts"]:
                return self.contacts
            case "GET", ["dialler", "contacts", _]:
                return self.contact
            case "POST", ["dialler", "contacts", "import"]:
                return self.import_contact
        raise refusal(404)

    def _is_taken(self, name: str) -> bool:
        if self.knobs.is_name_case_sensitive:
            return self.store.named(name) is not None
        return any(str(fields["Name"]).casefold() == name.casefold() for fields in self.store.campaigns.values())

    def _containing(self, name: str) -> list[int]:
        if self.knobs.is_name_case_sensitive:
            return [key for key, fields in self.store.campaigns.items() if name in fields["Name"]]
        part = name.casefold()
        return [key for key, fields in self.store.campaigns.items() if part in str(fields["Name"]).casefold()]

    def _view(self, fields: dict[str, Any]) -> dict[str, Any]:
        view = {key: self._shown(key, value) for key, value in fields.items() if key != "ID"}
        if not self.knobs.shows_user_data:
            del view["UserData"]
        return {**view, self.knobs.id_key: fields["ID"]}

    def _shown(self, key: str, value: Any) -> Any:
        if isinstance(value, bool) and self.knobs.has_null_booleans:
            return None
        return write_time(value, self.knobs.date_format) if isinstance(value, datetime) else value

    def _dates(self, body: dict[str, Any]) -> dict[str, datetime]:
        given = {name: body[name] for name in ("dtFrom", "dtTo") if body.get(name) is not None}
        if given and not self.knobs.is_since("3.39"):
            if self.knobs.old_dates == "reject":
                raise refusal(400)
            return {}
        try:
            return {name: read_time(value) for name, value in given.items()}
        except (TypeError, ValueError):
            raise refusal(400) from None

    def _place_campaign(self, values: object) -> Answer:
        if not isinstance(values, dict):
            raise SettingError("a campaign is an object")
        fields = {name: value for name, value in values.items() if name != "reset"}
        if values.get("reset"):
            self.store.reset([fields] if fields else [])
        else:
            self.store.add_campaign(fields)
        return json_answer(self.store.summary(), 201)

    def _place_tries(self, values: object) -> Answer:
        if not isinstance(values, dict) or not isinstance(values.get("ID"), int):
            raise SettingError("an outcome is an object with the ID of a contact")
        self.store.record_tries(values["ID"], {key: value for key, value in values.items() if key != "ID"})
        return no_content()


def _first_numbers(contacts: Iterable[Contact]) -> list[tuple[str, str]]:
    return [(str(contact.campaign_id), contact.first_phone.lstrip("+")) for contact in contacts]


def _name(request: Request) -> str:
    name = request.parameters().get("name", "")
    if not name:
        raise refusal(400)
    return name
