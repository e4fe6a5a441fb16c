"""The Platform double keeps to the vendor's document, and to its own knobs where that is silent.

Belongs here: what the double answers and stores. Does not belong here: generic faults (`test_sandbox_faults.py`).
What is assumed in the double is no fact about the vendor, and neither is a green test of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from sandbox.platform.app import PlatformApi
from sandbox.platform.bulk import take_job
from sandbox.platform.seeds import (
    LIST_ONE,
    LIST_TWO,
    SALES_OUTBOUND,
    SLEEPING_LIST,
    SUPPORT_INBOUND,
    SUPPORT_OUTBOUND,
)
from sandbox.server import SandboxServer

BASE = "/platform-api/v3.0"
Server = SandboxServer[PlatformApi]
NOBODY = 999_999

OPERATIONS: dict[str, tuple[str, str, Any]] = {
    "activity_get": ("GET", "/activities/110", None),
    "activity_list": ("GET", "/activities", None),
    "campaign_stats_outbound": ("GET", f"/campaigns/outbound/{SALES_OUTBOUND}/statistics", None),
    "campaign_stats_inbound": ("GET", f"/campaigns/inbound/{SUPPORT_INBOUND}/statistics", None),
    "media_get": ("GET", "/media/5364", None),
    "voicemail_get": ("GET", "/media/voicemails/5365", None),
    "recording_get": ("GET", "/media/recordings/5364", None),
    "lead_list": ("GET", "/leads", None),
    "lead_create": ("POST", "/leads", {"listId": LIST_ONE, "phone1": "+61499000001"}),
    "list_list": ("GET", "/leads/lists", None),
    "list_create": ("POST", "/leads/lists", {"listName": "New", "campaignId": SALES_OUTBOUND}),
    "bulk_status": ("GET", "/leads/bulk/{uuid}", None),
    "bulk_errors": ("GET", "/leads/bulk/{uuid}/errors", None),
    "list_get": ("GET", f"/leads/lists/{LIST_ONE}", None),
    "lead_get": ("GET", "/leads/{lead}", None),
    "lead_update": ("PUT", "/leads/{lead}", {"phone2": "+61499000002"}),
    "lead_delete": ("DELETE", "/leads/{lead}", None),
    "bulk_create": ("POST", "/leads/bulk/", {"leads": [{"listId": LIST_ONE, "phone1": "+61499000001"}]}),
    "customer_delete": ("DELETE", "/customer?phoneNumber=%2B61499000001", None),
    "dialler_call_get": ("GET", "/dialler/calls/{call}", None),
    "dialler_call_list": ("GET", "/dialler/calls", None),
    "user_list": ("GET", "/users", None),
    "presence_update": ("PUT", "/availability", {"agentId": 1002, "available": True}),
}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with SandboxServer(PlatformApi()) as running:
        yield running


@pytest.fixture
def api(server: Server) -> PlatformApi:
    server.vendor.reset()
    server.faults.clear()
    return server.vendor


@pytest.fixture(scope="module")
def opened(server: Server) -> Iterator[httpx.Client]:
    headers = {"authorization": "Bearer platform-token"}
    with httpx.Client(base_url=server.url + BASE, headers=headers) as client:
        yield client


@pytest.fixture
def client(opened: httpx.Client, api: PlatformApi) -> httpx.Client:
    """A client of the double, whose state is fresh."""
    return opened


def lead(number: int = 1, **fields: Any) -> dict[str, Any]:
    return {"listId": LIST_ONE, "customerKey": f"crm-{number}", "phone1": f"+6149900{number:04d}"} | fields


@pytest.fixture
def create(client: httpx.Client) -> Callable[..., int]:
    """Stores a lead; its id."""

    def post(number: int = 1, **fields: Any) -> int:
        answer = client.post("/leads", json=lead(number, **fields))
        assert answer.status_code == 201, answer.text
        return int(answer.json()["leadId"])

    return post


@pytest.fixture
def bulk(client: httpx.Client) -> Callable[..., str]:
    """Hands a job over; its uuid."""

    def post(*rows: Any) -> str:
        answer = client.post("/leads/bulk/", json={"leads": list(rows)})
        assert answer.status_code == 202, answer.text
        return str(answer.json()["uuid"])

    return post


def seeded(api: PlatformApi) -> dict[str, Any]:
    """Ids of a lead, a call and a job that are there."""
    first = api.store.add_lead(LIST_ONE, {"phone1": "+61499000001"}, 0.0)
    call = api.store.add_call(first.lead_id, 0.0)
    with api.store.lock:
        job = take_job({"leads": []}, api.store, api.knobs, api.clock.now())
    return {"lead": first.lead_id, "call": call.attempt_id, "uuid": job.uuid}


@pytest.mark.parametrize("key", OPERATIONS)
def test_every_operation_answers_under_its_path(client: httpx.Client, api: PlatformApi, key: str) -> None:
    """All 23 operations are served, literal segments before placeholders, and counted by name."""
    method, path, body = OPERATIONS[key]
    answer = client.request(method, path.format(**seeded(api)), json=body)
    assert (answer.is_success, dict(api.store.requests)) == (True, {key: 1})


@pytest.mark.parametrize("key", OPERATIONS)
def test_every_operation_wants_the_token(client: httpx.Client, api: PlatformApi, key: str) -> None:
    """A missing, wrong or revoked token is 401, whatever is asked."""
    method, path, body = OPERATIONS[key]
    path = path.format(**seeded(api))
    statuses = [
        client.request(method, path, json=body, headers={"authorization": given}).status_code
        for given in ("", "Bearer wrong", "platform-token")
    ]
    api.knobs.token = "another"
    assert [*statuses, client.request(method, path, json=body).status_code] == [401] * 4


def test_token_may_stand_alone_under_another_header(client: httpx.Client, api: PlatformApi) -> None:
    """The prefix and the header are unknown: both are knobs."""
    api.knobs.auth_scheme, api.knobs.auth_header = "raw", "X-Api-Token"
    assert client.get("/users").status_code == 401
    assert client.get("/users", headers={"x-api-token": "platform-token"}).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404), ("PATCH", "/leads", 405), ("GET", f"/leads/{NOBODY}", 404), ("GET", "/leads/x", 400),
        ("GET", "/leads/bulk/unknown", 404), ("GET", "/leads/lists/1", 404), ("GET", "/media/voicemails/5364", 404),
        ("GET", "/campaigns/inbound/2/statistics", 404), ("GET", "/campaigns/inbound/3/statistics?period=year", 400),
        ("GET", "/leads?listId=null", 400), ("GET", "/leads?uploadedTimestampFrom=yesterday", 400),
        ("GET", "/users?accountActive=null", 400), ("GET", "/leads?cursor=x", 400), ("DELETE", "/customer", 400),
    ],
)  # fmt: skip
def test_what_is_not_there_or_not_well_formed_is_refused(
    client: httpx.Client, method: str, path: str, status: int
) -> None:
    """404 for what does not exist, 405 for a method, 400 for a parameter: `null` is not absent."""
    assert client.request(method, path).status_code == status


def test_routes_may_be_altogether_different(api: PlatformApi) -> None:
    """No path is built in."""
    other = PlatformApi(routes={"user_list": ("POST", "/people/all/")}, base_path="/v9")
    with SandboxServer(other) as server:
        headers = {"authorization": "Bearer platform-token"}
        assert httpx.post(f"{server.url}/v9/people/all/", headers=headers).json()["items"][0]["userId"] == 1001
        assert httpx.get(f"{server.url}/v9/users", headers=headers).status_code == 404


@pytest.mark.parametrize(("knob", "status"), [("308", 308), ("301", 301), ("none", 405)])
def test_path_without_its_last_slash_is_redirected(
    client: httpx.Client, api: PlatformApi, knob: Any, status: int
) -> None:
    """A POST whose slash is missing stores nothing and names the right path."""
    api.knobs.slash_redirect = knob
    answer = client.post("/leads/bulk", json={"leads": [lead()]})
    where = f"{BASE}/leads/bulk/" if status != 405 else None
    assert (answer.status_code, answer.headers.get("location"), api.store.jobs) == (status, where, {})


# --- pages ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("links", "prefix"),
    [
        ("short", "/v3.0/leads?cursor="), ("long", f"{BASE}/leads?cursor="), ("absolute", "http://127.0.0.1"),
        ("elsewhere", "https://elsewhere.invalid/"),
    ],
)  # fmt: skip
def test_pages_are_joined_by_an_opaque_cursor(
    client: httpx.Client, api: PlatformApi, create: Callable[..., int], links: Any, prefix: str
) -> None:
    """The link is written in the dialect of the knob; its cursor, with the same filters, leads on."""
    api.knobs.page_size, api.knobs.links = 2, links
    ids = [create(number) for number in range(1, 6)]
    create(9, listId=LIST_TWO)
    read: list[int] = []
    cursor: dict[str, str] = {}
    for _ in range(3):
        answer = client.get("/leads", params={"listId": LIST_ONE, **cursor}).json()
        read += [row["leadId"] for row in answer["items"]]
        uri = answer["metadata"]["nextUri"]
        cursor = dict(httpx.URL(uri or "").params)
        assert uri is None or uri.startswith(prefix)
    assert (read, uri) == (ids, None)


def test_cursor_is_good_for_its_own_filters_only(
    client: httpx.Client, api: PlatformApi, create: Callable[..., int]
) -> None:
    """A cursor with other filters than it was made for is refused."""
    api.knobs.page_size = 1
    create(1), create(2)
    uri = client.get("/leads", params={"listId": LIST_ONE}).json()["metadata"]["nextUri"]
    assert client.get("/leads", params=dict(httpx.URL(uri).params)).status_code == 400


@pytest.mark.parametrize(
    ("knob", "metadata"), [("absent", {}), ("null", {"nextUri": None}), ("empty", {"nextUri": ""})]
)
def test_last_page_ends_in_three_ways(
    client: httpx.Client, api: PlatformApi, knob: Any, metadata: dict[str, Any]
) -> None:
    """Absent, null or empty: which one is unknown."""
    api.knobs.last_page = knob
    assert client.get("/users").json()["metadata"] == metadata


def test_looping_cursor_never_ends(client: httpx.Client, api: PlatformApi) -> None:
    """By the knob, every page names the first one again."""
    api.knobs.looping_cursor = True
    first = client.get("/users").json()["metadata"]
    assert client.get("/users", params=dict(httpx.URL(first["nextUri"]).params)).json()["metadata"] == first


def test_lists_are_narrowed_by_their_filters(
    client: httpx.Client, api: PlatformApi, create: Callable[..., int]
) -> None:
    """Every documented filter narrows; a knob makes the vendor overlook one."""
    one, two = create(1, statusCode=3), create(2, listId=LIST_TWO)

    def ids(path: str, name: str, **filters: Any) -> list[int]:
        return [row[name] for row in client.get(path, params=filters).json()["items"]]

    assert ids("/leads", "leadId", customerKey="crm-1") == [one]
    assert ids("/leads", "leadId", listId=LIST_TWO) == [two]
    assert ids("/leads", "leadId", campaignId=SUPPORT_OUTBOUND) == [two]
    assert ids("/leads", "leadId", statusCode=3) == [one]
    assert ids("/leads", "leadId", uploadedTimestampTo="2020-01-01T00:00:00+1000") == []
    assert ids("/leads/lists", "id", campaignId=SALES_OUTBOUND) == [LIST_ONE, SLEEPING_LIST]
    assert ids("/users", "userId", userType="agent", accountActive="true") == [1002]
    assert [row["data"]["activityId"] for row in client.get("/activities?leadId=9999").json()["items"]] == [111]
    api.knobs.ignored_filters = ["customerKey"]
    assert ids("/leads", "leadId", customerKey="crm-1") == [one, two]


# --- leads ---------------------------------------------------------------------------------------


def test_lead_is_written_and_read_by_different_names(client: httpx.Client, create: Callable[..., int]) -> None:
    """leadData is read as dataFields, phone1..3 as phones, statusCode as lastStatusCode."""
    lead_id = create(
        1, phone2="+61499000099", leadData={"FirstName": "Ada"}, statusCode=4, timezone="Australia/Sydney",
        nextAttemptTimestamp="2026-01-05T09:00:00+11:00", agentId=1002,
    )  # fmt: skip
    read = client.get(f"/leads/{lead_id}").json()
    assert {name: read[name] for name in ("leadId", "listId", "listName", "campaignId", "phones", "dataFields")} == {
        "leadId": lead_id, "listId": LIST_ONE, "listName": "List One", "campaignId": SALES_OUTBOUND,
        "phones": ["+61499000001", "+61499000099"], "dataFields": {"FirstName": "Ada"},
    }  # fmt: skip
    assert (read["lastStatusCode"], read["completed"], read["agentId"]) == (4, False, 1002)


def test_lead_of_a_sleeping_list_is_not_in_the_dialler(client: httpx.Client) -> None:
    """A success that is not being dialled says so."""
    answers = [client.post("/leads", json=lead(n, listId=where)) for n, where in ((1, LIST_ONE), (2, SLEEPING_LIST))]
    assert [answer.json()["inDialler"] for answer in answers] == [True, False]


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"listId": None}, 400), ({"listId": "100"}, 400), ({"listId": True}, 400), ({"listId": 7}, 404),
        ({"phone1": 49}, 400), ({"phone1": "nobody"}, 422), ({"leadData": []}, 400), ({"agentId": 7}, 422),
        ({"nextAttemptTimestamp": "2026-01-05T09:00:00"}, 400), ({"customerKey": None}, 201), ({"phone1": None}, 201),
        ({"nextAttemptTimestamp": "2026-01-05T09:00:00Z"}, 201),
    ],
)  # fmt: skip
def test_lead_is_checked_field_by_field(client: httpx.Client, fields: dict[str, Any], status: int) -> None:
    """A list is required; every other field may be null, and has a type."""
    assert client.post("/leads", json=lead(1, **fields)).status_code == status


def test_same_customer_key_is_stored_again_unless_the_knob_forbids_it(
    client: httpx.Client, api: PlatformApi, create: Callable[..., int]
) -> None:
    """Nothing in the document makes a customerKey unique; the oracle shows the second copy."""
    create(1), create(1)
    api.knobs.duplicate_key = "409"
    assert client.post("/leads", json=lead(1)).status_code == 409
    assert api.held() == [(str(LIST_ONE), "61499000001")] * 2
    assert api.store.creations == {(LIST_ONE, "crm-1"): 2}


def test_unknown_lead_data_is_refused_by_the_knob(client: httpx.Client, api: PlatformApi) -> None:
    """What happens to unknown keys is unknown: accepted, or 422."""
    api.knobs.lead_fields = ["FirstName"]
    assert client.post("/leads", json=lead(1, leadData={"Shoe": "41"})).status_code == 201
    api.knobs.unknown_lead_data, api.knobs.unknown_list = "422", "422"
    assert client.post("/leads", json=lead(2, leadData={"Shoe": "41"})).status_code == 422
    assert client.post("/leads", json=lead(3, listId=7)).status_code == 422


def test_lead_is_found_when_its_index_lag_is_over(
    client: httpx.Client, api: PlatformApi, create: Callable[..., int]
) -> None:
    """A stored lead may be missing from the list for a while; by its id it is there."""
    api.knobs.index_lag_s = 60
    lead_id = create()
    found = [client.get("/leads").json()["items"]]
    api.clock.advance(60)
    found.append(client.get("/leads").json()["items"])
    assert [[row["leadId"] for row in rows] for rows in found] == [[], [lead_id]]
    assert client.get(f"/leads/{lead_id}").status_code == 200


def test_completed_lead_stays_completed(client: httpx.Client, create: Callable[..., int]) -> None:
    """isCompleted goes one way."""
    lead_id = create()
    assert client.put(f"/leads/{lead_id}", json={"isCompleted": False}).status_code == 204
    assert client.put(f"/leads/{lead_id}", json={"isCompleted": True}).status_code == 204
    assert client.put(f"/leads/{lead_id}", json={"isCompleted": False}).status_code == 422
    assert client.get(f"/leads/{lead_id}").json()["completed"] is True


@pytest.mark.parametrize(("knob", "phones"), [("clear", ["+61499000002"]), ("keep", ["+61499000001", "+61499000002"])])
def test_null_in_an_update_does_what_the_knob_says(
    client: httpx.Client, api: PlatformApi, create: Callable[..., int], knob: Any, phones: list[str]
) -> None:
    """A field that is not named keeps its value; what null does is unknown."""
    api.knobs.update_null = knob
    lead_id = create()
    client.put(f"/leads/{lead_id}", json={"phone1": None, "phone2": "+61499000002"})
    read = client.get(f"/leads/{lead_id}").json()
    assert (read["phones"], read["customerKey"]) == (phones, "crm-1")


def test_updated_customer_key_and_list_are_found(client: httpx.Client, create: Callable[..., int]) -> None:
    """A lead may be moved and renamed."""
    lead_id = create()
    client.put(f"/leads/{lead_id}", json={"customerKey": "crm-2", "listId": LIST_TWO})
    rows = client.get("/leads", params={"customerKey": "crm-2", "listId": LIST_TWO}).json()["items"]
    assert [row["leadId"] for row in rows] == [lead_id]
    assert client.get("/leads", params={"customerKey": "crm-1"}).json()["items"] == []


@pytest.mark.parametrize(("knob", "ending"), [("colon", "+10:00"), ("basic", "+1000")])
def test_timestamps_have_two_dialects(
    client: httpx.Client, api: PlatformApi, create: Callable[..., int], knob: Any, ending: str
) -> None:
    """With and without a colon in the offset."""
    api.knobs.timestamps = knob
    lead_id = create()
    assert client.get(f"/leads/{lead_id}").json()["timestamps"]["uploaded"].endswith(ending)


def test_erasure_takes_leads_and_calls_of_the_number(
    client: httpx.Client, api: PlatformApi, create: Callable[..., int]
) -> None:
    """Everything of that number is gone, and of others nothing."""
    gone, kept = create(1), create(2)
    api.store.add_call(gone, 0.0)
    answer = client.delete("/customer", params={"phoneNumber": "+61499000001"})
    assert answer.json() == {"callData": {"deleted": 1}, "emailData": {"deleted": 0}, "leadData": {"deleted": 1}}
    assert (list(api.store.leads), api.store.calls, api.store.erasures) == ([kept], {}, 1)


# --- bulk ----------------------------------------------------------------------------------------


def test_job_walks_through_its_words_and_stores_at_the_last(
    client: httpx.Client, api: PlatformApi, bulk: Callable[..., str]
) -> None:
    """Nothing is stored before the job is done; then all of it, with counts."""
    uuid = bulk(lead(1), lead(2))
    seen = []
    for _ in range(3):
        status = client.get(f"/leads/bulk/{uuid}").json()
        seen.append((status["status"], status["result"], len(api.held())))
        api.clock.advance(1)
    counts = {"total": 2, "success": 2, "failed": 0}
    assert seen == [("pending", {}, 0), ("processing", {}, 0), ("completed", counts, 2)]
    assert client.get(f"/leads/bulk/{uuid}/errors").json() == {
        "pageNo": 1, "limit": 20, "errorList": [], "totalPages": 0, "nextPageLink": None,
    }  # fmt: skip


def test_job_with_refused_rows_tells_them_page_by_page(
    client: httpx.Client, api: PlatformApi, bulk: Callable[..., str]
) -> None:
    """Some rows refused: another word, a link, and pages that are numbered."""
    api.knobs.bulk_step_s, api.knobs.error_page_size = 0, 1
    uuid = bulk(lead(1), lead(2, phone1="x"), "no lead", lead(4))
    status = client.get(f"/leads/bulk/{uuid}").json()
    assert (status["status"], status["result"]) == ("completed_with_errors", {"total": 4, "success": 2, "failed": 2})
    assert status["error_link"] == {"href": f"/v3.0/leads/bulk/{uuid}/errors"}
    first = client.get(f"/leads/bulk/{uuid}/errors").json()
    assert first["nextPageLink"] == f"/v3.0/leads/bulk/{uuid}/errors?pageNo=2"
    second = client.get(f"/leads/bulk/{uuid}/errors?pageNo=2").json()
    assert [*first["errorList"], *second["errorList"]] == [
        {"row": 1, "customerKey": "crm-2", "message": "phone1 is not a valid number: x"},
        {"row": 2, "message": "a lead must be an object"},
    ]
    assert len(api.held()) == 2


def test_errors_may_be_an_object_by_row(client: httpx.Client, api: PlatformApi, bulk: Callable[..., str]) -> None:
    """By the knobs: keyed by a row that counts from one, with a text alone."""
    api.knobs.bulk_step_s, api.knobs.error_list, api.knobs.error_row_base = 0, "object", 1
    api.knobs.error_fields, api.knobs.error_link, api.knobs.bulk_result = ["message"], "null", "null"
    uuid = bulk(lead(1, listId=7))
    status = client.get(f"/leads/bulk/{uuid}").json()
    assert status == {"uuid": uuid, "status": "failed", "error_link": None, "result": None}
    assert client.get(f"/leads/bulk/{uuid}/errors").json()["errorList"] == {"1": "listId does not exist"}


def test_atomic_job_stores_all_or_nothing(api: PlatformApi, bulk: Callable[..., str]) -> None:
    """By the knob, one refused row takes the others with it."""
    api.knobs.bulk_step_s, api.knobs.bulk_is_atomic = 0, True
    bulk(lead(1), lead(2, phone1="x"))
    assert (api.held(), +api.store.creations) == ([], {})


def test_stuck_job_goes_on_for_ever(client: httpx.Client, api: PlatformApi, bulk: Callable[..., str]) -> None:
    """By the knob, a job is processing whatever the time."""
    api.knobs.bulk_stuck = True
    uuid = bulk(lead(1))
    api.clock.advance(1_000_000)
    assert (client.get(f"/leads/bulk/{uuid}").json()["status"], api.held()) == ("processing", [])


def test_job_is_forgotten_after_its_retention(client: httpx.Client, api: PlatformApi, bulk: Callable[..., str]) -> None:
    """Afterwards the uuid is unknown, and the leads are there."""
    api.knobs.bulk_retention_s = 60
    uuid = bulk(lead(1))
    api.clock.advance(60)
    assert [client.get(f"/leads/bulk/{uuid}{rest}").status_code for rest in ("", "/errors")] == [404, 404]
    assert len(api.held()) == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"leads": None}, 202), ({"leads": []}, 202), ({}, 202), ([], 400), ({"leads": "x"}, 400),
        ({"leads": [{}, {}, {}]}, 413), ({"leads": [{"customerKey": "poison"}]}, 422),
    ],
)  # fmt: skip
def test_bulk_request_is_refused_as_a_whole(client: httpx.Client, api: PlatformApi, body: Any, status: int) -> None:
    """Too many, or malformed: then there is no job."""
    api.knobs.max_leads, api.knobs.poison = 2, ["poison"]
    assert client.post("/leads/bulk/", json=body).status_code == status
    assert bool(api.store.jobs) is (status == 202)


def test_rate_limit_is_429_with_a_header_or_without(client: httpx.Client, api: PlatformApi) -> None:
    """Beyond the rate requests are refused, until a second has passed."""
    api.knobs.requests_per_second = 1
    first, second = client.get("/users"), client.get("/users")
    api.knobs.retry_after = None
    third = client.get("/users")
    api.clock.advance(1)
    assert [answer.status_code for answer in (first, second, third, client.get("/users"))] == [200, 429, 429, 200]
    assert (second.headers.get("retry-after"), third.headers.get("retry-after")) == ("1", None)


def test_control_places_campaigns_lists_and_calls(
    server: Server, client: httpx.Client, create: Callable[..., int]
) -> None:
    """What an administrator or the dialler would do; a mistake is named and changes nothing."""
    control = f"{server.url}/_sandbox"
    assert httpx.post(f"{control}/campaigns", json={"campaign_id": 9, "name": "Nine"}).status_code == 201
    assert httpx.post(f"{control}/lists", json={"name": "L", "campaign_id": 9, "list_id": 900}).status_code == 201
    lead_id = create(1, listId=900)
    state = httpx.post(f"{control}/calls", json={"lead_id": lead_id, "dial_status": "Busy"}).json()
    assert state["lists"]["900"] == {"name": "L", "leads": 1}
    (call,) = client.get("/dialler/calls", params={"leadId": lead_id}).json()["items"]
    assert (call["dialStatusName"], call["campaignId"], call["phoneNumber"]) == ("Busy", 9, "+61499000001")
    assert httpx.post(f"{control}/calls", json={"lead_id": NOBODY}).status_code == 400
    assert httpx.post(f"{control}/lists", json={}).status_code == 400
    assert httpx.post(f"{control}/other", json={}).status_code == 404
