"""The RCI double keeps the vendor's rules, over a real socket.

Belongs here: what RCI answers and stores, and the knobs that our client does not show. Does not belong here: faults
(`test_sandbox_faults.py`), and our client (`test_sinch_rci.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from sandbox.server import SandboxServer
from sandbox.sinch import rci_seeds as seeds
from sandbox.sinch.rci import SinchRci
from sandbox.sinch.rci_table import ROUTES

RCI = "/RI/rci"
USERS = f"{RCI}/users"
FOX = f"{USERS}/{seeds.FOX_ID}"
SALES = f"{RCI}/queues/{seeds.SALES_QUEUE_ID}"
EVENTS = f"{RCI}/disruptionSets/{seeds.SET_ID}/events"
UNKNOWN_ID = "0" * 32
HTML = {"accept": "text/html"}
ADA = {"firstName": "Ada", "surname": "Muster", "phone": "509"}


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer[SinchRci]]:
    with SandboxServer(SinchRci()) as running:
        yield running


@pytest.fixture(scope="module")
def opened(server: SandboxServer[SinchRci]) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, headers={"accept": "application/json"}) as client:
        yield client


@pytest.fixture
def rci(server: SandboxServer[SinchRci]) -> SinchRci:
    """The double in its first state."""
    server.vendor.reset()
    server.faults.clear()
    return server.vendor


@pytest.fixture
def client(opened: httpx.Client, rci: SinchRci) -> httpx.Client:
    """A client of the double, whose state is fresh."""
    return opened


def create(client: httpx.Client, path: str, body: Any) -> httpx.Response:
    """The answer to a POST as the document asks for it."""
    return client.post(path, json=body, headers=HTML)


# --- who asks, and in which media type ----------------------------------------------------------


def test_every_operation_of_the_document_is_served() -> None:
    """There are 109 operations, each once."""
    assert len({route.operation for route in ROUTES}) == len(ROUTES) == 109


@pytest.mark.parametrize("path", [USERS, FOX, f"{FOX}/skills"])
def test_read_without_json_accepted_is_406(client: httpx.Client, path: str) -> None:
    """XML is not spoken."""
    assert client.get(path, headers={"accept": "application/xml"}).status_code == 406


def test_creation_takes_json_and_answers_html(client: httpx.Client) -> None:
    """A created object is 201 with its id as text/html; other media types are 406 and 415."""
    made = create(client, USERS, ADA)
    assert (made.status_code, made.headers["content-type"], len(made.text)) == (201, "text/html", 32)
    assert "location" not in made.headers
    assert client.post(USERS, json=ADA).status_code == 406
    assert client.post(USERS, content=b"<user/>", headers=HTML | {"content-type": "text/xml"}).status_code == 415


@pytest.mark.parametrize(("where", "body_length", "has_location"), [("both", 32, True), ("location", 0, True)])
def test_created_id_may_be_told_by_location(
    client: httpx.Client, rci: SinchRci, where: Any, body_length: int, has_location: bool
) -> None:
    """A knob tells the id in Location too, or there alone."""
    rci.knobs.create_answer = where
    made = create(client, USERS, ADA)
    assert (len(made.text), "location" in made.headers) == (body_length, has_location)
    assert client.get(made.headers["location"]).json()["surname"] == "Muster"


def test_replacement_needs_json(client: httpx.Client) -> None:
    """A PUT of another type is 415, and nothing was changed."""
    answer = client.put(FOX, content=b"<user/>", headers={"content-type": "application/xml"})
    assert (answer.status_code, client.get(FOX).json()["surname"]) == (415, "Fox")


def test_login_is_that_of_obi(client: httpx.Client, rci: SinchRci) -> None:
    """401 without the login, 403 without the key."""
    rci.knobs.change({"require_auth": "basic+key", "username": "u", "password": "p", "api_key": "k"})
    answers = [
        client.get(USERS, auth=("u", "p")),
        client.get(USERS, headers={"x-api-key": "k"}),
        client.get(USERS, auth=("u", "p"), headers={"x-api-key": "k"}),
    ]
    assert [answer.status_code for answer in answers] == [403, 401, 200]


# --- ids and paths ------------------------------------------------------------------------------


def test_malformed_id_is_400_as_text(client: httpx.Client) -> None:
    """An id of 31 characters is none, as in the document's example."""
    answer = client.get(f"{USERS}/2B8ED95B0EC911E79675005056A75D9")
    assert (answer.status_code, answer.text) == (400, "Invalid GUID: '2B8ED95B0EC911E79675005056A75D9'")
    assert answer.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize("path", [f"{USERS}/{UNKNOWN_ID}", f"{FOX}/roles/{UNKNOWN_ID}", f"{RCI}/nothing", "/RI/other"])
def test_unknown_object_is_404_as_text(client: httpx.Client, path: str) -> None:
    """What does not exist is 404 text/plain in the vendor's words."""
    answer = client.get(path)
    assert (answer.status_code, answer.text) == (404, "HTTP 404 Not Found")


@pytest.mark.parametrize(("method", "path"), [("PUT", USERS), ("POST", f"{RCI}/timeZones"), ("DELETE", f"{RCI}/roles")])
def test_method_that_the_document_has_not_is_405(client: httpx.Client, method: str, path: str) -> None:
    """A path that exists does not take every method."""
    assert client.request(method, path, json={}).status_code == 405


def test_ids_with_hyphens_go_in_and_out(client: httpx.Client, rci: SinchRci) -> None:
    """Either spelling is taken; a knob answers with hyphens wherever an id stands."""
    rci.knobs.id36 = True
    assert client.get(f"{RCI}/roles/2cadb6a1-3712-4f13-bc68-938e2b5fefc1").json()["name"] == "CC Agent"
    assert client.get(f"{RCI}/cpExtensions").json()[0]["queues"] == ["B8F0CA9C-FC04-11D3-A223-0050DA29E0F4"]
    assert client.get(f"{RCI}/timeZones/Europe%2FBerlin").json()["id"] == "Europe/Berlin"
    assert len(create(client, USERS, ADA).text) == 36


# --- bodies -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "body", "text"),
    [
        (USERS, {"firstName": "Ada"}, "Invalid surname: missing"),
        (USERS, ADA | {"surname": "x" * 401}, "Invalid surname"),
        (USERS, ADA | {"email": "a@b.c"}, "Invalid email"),
        (USERS, ADA | {"synchronised": "true"}, "Invalid synchronised"),
        (USERS, [ADA], "Invalid JSON: object expected"),
        (f"{RCI}/queues", {"type": "fax", "name": "Q", "loginType": "HuntGroup"}, "Invalid type"),
        (f"{SALES}/extensions", {}, "Invalid address: missing"),
        (f"{FOX}/roles", {"name": "Agent"}, "Invalid id: missing"),
        (f"{FOX}/roles", {"id": "x"}, "Invalid GUID: 'x'"),
        (f"{FOX}/skills", {"id": seeds.GERMAN_ID, "value": 6}, "Invalid value"),
        (EVENTS, {"items": {"item": [{"id": UNKNOWN_ID}]}}, "Invalid items"),
        (EVENTS, {"items": {"item": [{"externalId": "55"}]}}, "Invalid items"),
        (EVENTS, {"items": {"item": []}, "activeFrom": "today"}, "Invalid activeFrom"),
    ],
)
def test_body_that_breaks_a_limit_is_400(client: httpx.Client, path: str, body: Any, text: str) -> None:
    """The first field that is missing or does not fit is named, without its value."""
    answer = create(client, path, body)
    assert (answer.status_code, answer.text) == (400, text)


def test_link_to_nothing_is_404(client: httpx.Client) -> None:
    """Only what exists can be linked."""
    assert create(client, f"{FOX}/roles", {"id": UNKNOWN_ID}).status_code == 404


def test_wrapped_list_may_not_come_bare(client: httpx.Client, rci: SinchRci) -> None:
    """The wrapper of every example is asked for; a knob takes bare arrays too."""
    queue = {"type": "chat", "name": "Q", "loginType": "HuntGroup", "addresses": ["1"]}
    assert create(client, f"{RCI}/queues", queue).text == "Invalid addresses: {'address': [...]} expected"
    rci.knobs.bare_wrappers = "accept"
    made = create(client, f"{RCI}/queues", queue).text
    assert client.get(f"{RCI}/queues/{made}").json()["addresses"] == {"address": ["1"]}


def test_single_element_may_be_answered_without_its_array(client: httpx.Client, rci: SinchRci) -> None:
    """A knob collapses a wrapper of one element, and no other."""
    rci.knobs.collapse_single = True
    queues = {queue["name"]: queue["addresses"] for queue in client.get(f"{RCI}/queues").json()}
    assert queues["Test Queue"] == {"address": "99"}
    assert queues["Sales"] == {"address": ["100", "101"]}


def test_attribute_is_taken_under_both_spellings(client: httpx.Client, rci: SinchRci) -> None:
    """The schema's `langauge` is taken; answered is `language`, or by a knob the schema's word."""
    path = f"{RCI}/queueGroups/{seeds.SALES_GROUP_ID}/attributes"
    assert create(client, path, {"name": "Name", "langauge": "EN", "value": "Sales"}).status_code == 201
    assert client.get(path).json()[0]["language"] == "EN"
    rci.knobs.misspelt_names = True
    assert client.get(path).json()[0]["langauge"] == "EN"
    assert client.get(EVENTS).json()[0]["items"]["item"][0]["externalid"] == "55"
    assert client.get(FOX).json()["externalId"] == "agent-1"


def test_replacement_clears_what_is_not_given(client: httpx.Client) -> None:
    """A PUT stores its body and nothing of what was there."""
    assert client.put(FOX, json={"firstName": "John", "surname": "Wolf"}).status_code == 204
    assert client.get(FOX).json() == {"id": seeds.FOX_ID, "firstName": "John", "surname": "Wolf"}


def test_replacement_under_another_id_is_400(client: httpx.Client) -> None:
    """An id in the body is that of the path, in either spelling."""
    wolf = {"firstName": "John", "surname": "Wolf"}
    assert client.put(FOX, json=wolf | {"id": seeds.DUCK_ID}).text == "Invalid id: not that of the path"
    assert client.put(FOX, json=wolf | {"id": "E936C474-B223-11D3-8FBE-0090279A922E"}).status_code == 204


def test_replaced_event_keeps_when_it_was_created(client: httpx.Client, rci: SinchRci) -> None:
    """`created` stays, `modified` is now; the client writes neither."""
    made = create(client, EVENTS, {"items": {"item": []}}).text
    created = client.get(f"{EVENTS}/{made}").json()["created"]
    rci.clock.advance(60)
    client.put(f"{EVENTS}/{made}", json={"items": {"item": []}, "remarks": "x", "created": "2000-01-01T00:00:00Z"})
    event = client.get(f"{EVENTS}/{made}").json()
    assert (event["created"], event["remarks"]) == (created, "x")
    assert event["modified"] > created


# --- deletion -----------------------------------------------------------------------------------


def test_user_group_is_removed_with_a_message(client: httpx.Client) -> None:
    """One DELETE documents 200 and JSON, the others say nothing: 204."""
    removed = client.delete(f"{FOX}/userGroups/{seeds.HELPDESK_ID}")
    assert (removed.status_code, set(removed.json())) == (200, {"message"})
    assert client.delete(FOX).status_code == 204
    assert client.delete(FOX).status_code == 404


@pytest.mark.parametrize("status", ["200", "201", "202", "204"])
def test_deletion_answers_the_status_of_the_knob(client: httpx.Client, rci: SinchRci, status: Any) -> None:
    """A knob answers every DELETE alike."""
    rci.knobs.delete_answer = status
    assert client.delete(FOX).status_code == int(status)


def test_deleted_user_leaves_nothing_behind(client: httpx.Client, rci: SinchRci) -> None:
    """What belonged to the user is gone, and no role, group or skill has them any more."""
    client.delete(FOX)
    assert not [path for path in rci.store.objects if seeds.FOX_ID in path]
    assert not [link for link in rci.store.links if ("/users", seeds.FOX_ID) in link]
    assert [user["surname"] for user in client.get(f"{RCI}/roles/{seeds.AGENT_ROLE_ID}/users").json()] == ["Duck"]


def test_queue_taken_out_of_its_group_still_exists(client: httpx.Client) -> None:
    """Assumed: the text says that the queue is deleted, the path says that it leaves the group."""
    path = f"{RCI}/queueGroups/{seeds.SALES_GROUP_ID}/queues/{seeds.SALES_QUEUE_ID}"
    assert client.delete(path).status_code == 204
    assert (client.get(path).status_code, client.get(SALES).status_code) == (404, 200)


# --- lists --------------------------------------------------------------------------------------


def surnames(client: httpx.Client, **parameters: str) -> list[str]:
    """The surnames of the users that the list answers."""
    return [user["surname"] for user in client.get(USERS, params=parameters).json()]


def test_users_are_short_and_show_what_was_asked(client: httpx.Client) -> None:
    """The list has id and name, and the fields of the query, which narrow it."""
    [fox] = client.get(USERS, params={"phone": "5*"}).json()
    assert fox == {"id": seeds.FOX_ID, "firstName": "John", "surname": "Fox", "phone": "501"}
    assert set(client.get(USERS).json()[0]) == {"id", "firstName", "surname"}


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, ["Duck", "Fox", "Frog"]),
        ({"sort": "-surname"}, ["Frog", "Fox", "Duck"]),
        ({"sort": "-firstName,LOCALE-en"}, ["Frog", "Fox", "Duck"]),
        ({"offset": "1", "limit": "1"}, ["Fox"]),
        ({"surname": "F*"}, ["Fox", "Frog"]),
        ({"login": "nobody"}, ["Duck", "Fox", "Frog"]),
    ],
)
def test_users_are_sorted_cut_and_narrowed(
    client: httpx.Client, parameters: dict[str, str], expected: list[str]
) -> None:
    """By default by name; a parameter that is no filter of this list says nothing."""
    assert surnames(client, **parameters) == expected


@pytest.mark.parametrize("parameters", [{"sort": "firstName, surname"}, {"limit": "many"}, {"offset": "-1"}])
def test_malformed_parameter_is_400(client: httpx.Client, parameters: dict[str, str]) -> None:
    """Assumed: the blanks of the document's examples are not understood."""
    assert client.get(USERS, params=parameters).status_code == 400


def test_knobs_let_parameters_have_no_effect(client: httpx.Client, rci: SinchRci) -> None:
    """Filters and offsets may be ignored, and pages may be shorter than asked."""
    rci.knobs.change({"ignore_filters": True, "ignore_offset": True, "max_limit": 2})
    assert surnames(client, surname="Frog", offset="1", limit="3") == ["Duck", "Fox"]


def test_keywords_may_be_repeated_and_listed(client: httpx.Client) -> None:
    """`keyword` alone is an alternative of all that was given."""
    found = client.get(f"{RCI}/replyTemplates?keyword=none&keyword=proble*,installation").json()
    assert [template["name"] for template in found] == ["template2", "template"]


@pytest.mark.parametrize(
    ("parameters", "count"),
    [
        ({"active": "true"}, 0),
        ({"active": "false"}, 1),
        ({"activeFrom": "2021-01-01T00:00:00Z"}, 1),
        ({"activeFromEnd": "2021-01-06T13:29:34.580Z"}, 0),
        ({"created": "2020-12-28T12:01:00.000Z"}, 0),
    ],
)
def test_events_are_bounded_by_times(client: httpx.Client, parameters: dict[str, str], count: int) -> None:
    """Plain is after, `…End` before, both without the time itself (assumed); active is now."""
    assert len(client.get(EVENTS, params=parameters).json()) == count


def test_event_becomes_active_as_time_goes_by(client: httpx.Client, rci: SinchRci) -> None:
    """Active is what has begun and has not ended, by the double's clock."""
    create(client, EVENTS, {"items": {"item": []}, "remarks": "open"})
    assert [event["remarks"] for event in client.get(EVENTS, params={"active": "true"}).json()] == ["open"]


def test_time_that_is_none_is_400(client: httpx.Client) -> None:
    """A window needs a time."""
    assert client.get(EVENTS, params={"created": "soon"}).text == "Invalid time: 'soon'"


# --- state --------------------------------------------------------------------------------------


def test_state_counts_objects_and_requests(client: httpx.Client, server: SandboxServer[SinchRci]) -> None:
    """The summary tells top-level lists, links, and requests by method and path of the document."""
    client.get(FOX)
    state = client.get("/_sandbox/state").json()
    assert (state["objects"]["/users"], state["links"]) == (3, 7)
    assert state["requests"] == {"GET /users/{userId}": 1}
    assert client.get("/_sandbox/other").status_code == 404
    assert server.vendor.held() == []


def test_reset_restores_what_was_changed(client: httpx.Client, rci: SinchRci) -> None:
    """Seeds are copied: what was changed in place is as before after a reset."""
    rci.store.objects["/queues"][seeds.SALES_QUEUE_ID]["addresses"].append("102")
    rci.knobs.put_answer = "201"
    rci.reset()
    assert client.get(SALES).json()["addresses"] == {"address": ["100", "101"]}
    assert client.put(f"{RCI}/roles/{seeds.AGENT_ROLE_ID}", json={"name": "A"}).status_code == 204
