"""The double of Sinch's configuration interface (RCI): 109 operations under `/RI/rci`.

Belongs here: what each verb does to the store, and the order of its checks. Does not belong here: which lists there
are (`rci_table.py`), what a body must hold (`rci_rules.py`), how a list is searched (`rci_search.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sandbox.clock import Clock
from sandbox.exchange import Answer, RefusedError, Request, json_answer, plain_text
from sandbox.sinch.protocol import (
    bad_request,
    normal_id,
    not_found,
    require_accept,
    require_content_type,
    require_credentials,
)
from sandbox.sinch.rci_knobs import RciKnobs
from sandbox.sinch.rci_rules import checked, resolved_items, skill_value
from sandbox.sinch.rci_search import found, queried
from sandbox.sinch.rci_store import RciStore, Record
from sandbox.sinch.rci_table import ROUTES, Collection, Route, Verb
from sandbox.sinch.rci_views import id_text, skill_view, view

PREFIX = "/RI/rci"
JSON = "application/json"
HTML = "text/html"
REMOVED = {"message": "The user has been removed properly from user group."}
WITH_MESSAGE = "/users/{userId}/userGroups/{userGroupId}"

Handler = Callable[[Request, Collection, list[str]], Answer]


class SinchRci:
    """The double of RCI. Its knobs and its store may be changed at any time, from any thread.

    Attributes:
        knobs: How it behaves; those of OBI may be shared.
        store: What it holds.
    """

    name = "sinch"

    def __init__(self, knobs: RciKnobs | None = None, clock: Clock | None = None) -> None:
        self.knobs = knobs or RciKnobs()
        self.clock = clock or Clock()
        self.store = RciStore()
        self._handlers: dict[Verb, Handler] = {
            "list": self._list,
            "create": self._create,
            "read": self._read,
            "replace": self._replace,
            "delete": self._delete,
        }

    def reset(self) -> None:
        """Knobs and store are as after construction; references to them stay good."""
        self.knobs.change(vars(RciKnobs()))
        self.store.reset()

    def held(self) -> list[tuple[str, str]]:
        """Nothing: RCI holds no leads."""
        return []

    def dialled(self) -> list[tuple[str, str]]:
        """Nothing is dialled from here."""
        return []

    def state(self) -> dict[str, Any]:
        """The store's summary."""
        return self.store.summary()

    def control(self, _request: Request) -> Answer | None:
        """RCI has no controls of its own."""
        return None

    def answer(self, request: Request) -> Answer:
        """RCI's answer; what it says was stored is stored."""
        try:
            route, ids = _route(request)
            with self.store.lock:
                self.store.requests[route.operation] += 1
                require_credentials(request, self.knobs)
                return self._handlers[route.verb](request, route.collection, ids)
        except RefusedError as refusal:
            return refusal.answer

    def _list(self, request: Request, collection: Collection, ids: list[str]) -> Answer:
        require_accept(request, JSON)
        path = self._path(collection, ids)
        if collection.is_valued:
            pairs = self.store.linked(_end(path), _linked_path(collection))
            return json_answer([skill_view(one, link["value"], collection, self.knobs) for one, link in pairs])
        records = found(self._held(collection, path), collection, request, self.knobs, self.store, self._now())
        only = None if collection.shown is None else {*collection.shown, *queried(request, collection)}
        return json_answer([view(one, collection, self.knobs, only=only) for one in records])

    def _create(self, request: Request, collection: Collection, ids: list[str]) -> Answer:
        require_accept(request, HTML)
        require_content_type(request, JSON)
        path, body = self._path(collection, ids), request.json()
        if collection.linked is None:
            new_id = self.store.put(path, self._record(body, collection, path))
        else:
            new_id = self._linked_id(body, collection)
            value = {"value": skill_value(body)} if collection.is_valued else {}
            self.store.links[_link(path, collection, new_id)] = value
        return self._created(request, path, new_id)

    def _read(self, request: Request, collection: Collection, ids: list[str]) -> Answer:
        require_accept(request, JSON)
        if collection.member.endswith("/currentSourceCodeVersion"):
            return json_answer(view(self._current(ids), collection, self.knobs))
        _path, record, link = self._member(collection, ids)
        if collection.is_valued:
            return json_answer(skill_view(record, link["value"], collection, self.knobs))
        return json_answer(view(record, collection, self.knobs))

    def _replace(self, request: Request, collection: Collection, ids: list[str]) -> Answer:
        """Everything is replaced: what the body does not hold is cleared."""
        require_content_type(request, JSON)
        path, record, link = self._member(collection, ids)
        body = request.json()
        if isinstance(body, dict) and normal_id(str(body.get("id", record["id"]))) != record["id"]:
            raise bad_request("Invalid id: not that of the path")
        if collection.is_valued:
            link["value"] = skill_value(body)
        else:
            self.store.put(path, self._record(body, collection, path, former=record))
        return Answer(int(self.knobs.put_answer))

    def _delete(self, _request: Request, collection: Collection, ids: list[str]) -> Answer:
        path, record, _link_value = self._member(collection, ids)
        if collection.linked is None:
            self.store.delete(path, record["id"])
        else:
            del self.store.links[_link(path, collection, record["id"])]
        return self._deleted(collection)

    def _created(self, request: Request, path: str, new_id: str) -> Answer:
        told = id_text(new_id, self.knobs)
        location = ("location", f"http://{request.header(b'host')}{PREFIX}{path}/{told}")
        where = self.knobs.create_answer
        body = b"" if where == "location" else told.encode()
        return Answer(201, HTML, body, () if where == "body" else (location,))

    def _deleted(self, collection: Collection) -> Answer:
        status = self.knobs.delete_answer
        if status == "documented":
            status = "200" if collection.member == WITH_MESSAGE else "204"
        return json_answer(REMOVED) if status == "200" else Answer(int(status))

    def _path(self, collection: Collection, ids: list[str]) -> str:
        """The path of the list with its ids; 404 when what it belongs to does not exist."""
        owner = collection.path.rpartition("/")[0]
        if "{" not in owner:
            return collection.path
        top, owner_id = f"/{owner.split('/')[1]}", normal_id(ids[0])
        if self.store.get(top, owner_id) is None:
            raise not_found()
        return f"{top}/{owner_id}/{collection.name}"

    def _held(self, collection: Collection, path: str) -> list[Record]:
        if collection.linked is None:
            return list(self.store.objects.get(path, {}).values())
        return [record for record, _ in self.store.linked(_end(path), _linked_path(collection))]

    def _member(self, collection: Collection, ids: list[str]) -> tuple[str, Record, Record]:
        """The path of the list, the object, and the value of its link; 404 when there is none."""
        path = self._path(collection, ids)
        object_id = ids[-1] if collection.name == "timeZones" else normal_id(ids[-1])
        record = self.store.get(_linked_path(collection) if collection.linked else path, object_id)
        link = self.store.links.get(_link(path, collection, object_id)) if collection.linked else {}
        if record is None or link is None:
            raise not_found()
        return path, record, link

    def _linked_id(self, body: Any, collection: Collection) -> str:
        if not isinstance(body, dict) or "id" not in body:
            raise bad_request("Invalid id: missing")
        linked_id = normal_id(str(body["id"]))
        if self.store.get(_linked_path(collection), linked_id) is None:
            raise not_found()
        return linked_id

    def _record(self, body: Any, collection: Collection, path: str, former: Record | None = None) -> Record:
        record = checked(body, collection.fields, self.knobs)
        if collection.name == "extensions" and not record.keys() & {"name", "address"}:
            raise bad_request("Invalid address: missing")
        if collection.name == "events":
            known = self.store.objects.get(f"{path.rpartition('/')[0]}/items", {})
            record["items"] = resolved_items(record["items"], list(known.values()))
            at = self._now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
            record |= {"modified": at, "created": former["created"] if former else at}
        return record if former is None else {"id": former["id"], **record}

    def _current(self, ids: list[str]) -> Record:
        ivr_id = normal_id(ids[0])
        ivr = self.store.get("/customIvrs", ivr_id) or {}
        version = self.store.get(f"/customIvrs/{ivr_id}/sourceCodes", ivr.get("currentSourceCodeVersionId", ""))
        if version is None:
            raise not_found()
        return version

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self.clock.now(), UTC)


def _route(request: Request) -> tuple[Route, list[str]]:
    if not request.path.startswith(f"{PREFIX}/"):
        raise not_found()
    path = request.path.removeprefix(PREFIX)
    matches = [(route, match) for route in ROUTES if (match := route.pattern.fullmatch(path))]
    for route, match in matches:
        if route.method == request.method:
            return route, list(match.groups())
    raise RefusedError(plain_text(405, "HTTP 405 Method Not Allowed")) if matches else not_found()


def _end(path: str) -> tuple[str, str]:
    """The owner of a list as the end of a link."""
    _, top, owner_id, _ = path.split("/")
    return f"/{top}", owner_id


def _linked_path(collection: Collection) -> str:
    return f"/{collection.linked}"


def _link(path: str, collection: Collection, object_id: str) -> frozenset[tuple[str, str]]:
    return frozenset((_end(path), (_linked_path(collection), object_id)))
