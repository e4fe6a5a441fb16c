"""The Sobot double keeps the vendor's rules, over a real socket.

Belongs here: what it answers and stores. Does not belong here: faults of the socket (`test_sandbox_faults.py`).
"""

from __future__ import annotations

import hashlib
import io
import time
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from uuid import uuid4

import httpx
import orjson
import pytest

from sandbox.server import SandboxServer
from sandbox.sobot.app import SobotCallCenter
from sandbox.sobot.reports import write_xlsx
from sandbox.sobot.seeds import CITY_FIELD, OTHER_AGENT_NO, SERVICE_AGENT_ID, SERVICE_AGENT_NO, TASK_CODE
from sandbox.vendor import Vendor

V6 = "/callservice/v6"
IMPORT = f"{V6}/cc-exports/api/campaigns/_import"
RESULT = f"{V6}/cc-outbound/api/campaigns/calling-list/import-result"
TASKS = f"{V6}/cc-outbound/api/campaigns"
AGENTS = f"{V6}/cc-config/api/agents/call/_search"
IVR = f"{V6}/cc-ivr/api/ivr/published/_search"
BLOCK = f"{V6}/cc-config/blacklist/batch"

Poster = Callable[..., dict[str, Any]]


@pytest.fixture
def server() -> Iterator[SandboxServer[SobotCallCenter]]:
    with SandboxServer(SobotCallCenter()) as running:
        yield running


@pytest.fixture
def sobot(server: SandboxServer[SobotCallCenter]) -> SobotCallCenter:
    """The double itself."""
    return server.vendor


@pytest.fixture
def client(server: SandboxServer[SobotCallCenter]) -> Iterator[httpx.Client]:
    """A client without a token."""
    with httpx.Client(base_url=server.url) as opened:
        yield opened


@pytest.fixture
def post(client: httpx.Client) -> Poster:
    """Posts a body with a token and a fresh key, and gives the envelope; a header that is None is left out."""
    token = client.post("/tokens/company", json=signed()).json()["accessToken"]
    client.headers["authorization"] = f"Bearer {token}"

    def send(
        path: str, body: Any, *, method: str = "POST", key: str | None = None, status: int = 200
    ) -> dict[str, Any]:
        headers = {"idempotency-key": key or str(uuid4())}
        answer = client.request(method, path, json=body, headers=headers)
        assert answer.status_code == status, answer.text
        envelope: dict[str, Any] = answer.json()
        return envelope

    return send


def signed(*, secret: str = "secret-1", moment_ms: int | None = None, **changes: Any) -> dict[str, Any]:
    """The body of a token call."""
    moment = str(round(1000 * time.time()) if moment_ms is None else moment_ms)
    text = f"app-1{moment}token{secret}"
    signature = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
    return {"responseType": "token", "appId": "app-1", "currentTime": moment, "sign": signature, **changes}


def importing(*telephones: str, batch: str = "20260301A", **changes: Any) -> dict[str, Any]:
    """A valid import into the seeded task."""
    return {
        "agentID": SERVICE_AGENT_ID,
        "agentType": "1",
        "code": TASK_CODE,
        "callingListCode": batch,
        "removeDuplicatesRule": "RemoveDuplicatesInCampaign",
        "assignRule": "NoAssign",
        "dataDetails": [{"telephone": telephone} for telephone in telephones],
        **changes,
    }


def asking(code: str = "20260301A", **changes: Any) -> dict[str, Any]:
    return {"agentID": SERVICE_AGENT_ID, "agentType": "1", "callingListCode": code, **changes}


def rows(envelope: dict[str, Any]) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = envelope["data"]["list"]
    return listed


def counts(row: dict[str, Any]) -> tuple[int, int, int]:
    return (row["successCount"], row["repeatCount"], row["errorCount"])


def numbers(sobot: SobotCallCenter) -> list[str]:
    return [telephone for _, telephone in sobot.held()]


def test_double_is_a_vendor(sobot: SobotCallCenter) -> None:
    """Both hosts can be served."""
    hosts: list[Vendor] = [sobot, sobot.second_host]
    assert [host.name for host in hosts] == ["sobot", "sobot-second-host"]
    assert hosts[1].held() == []
    assert hosts[1].state() == hosts[0].state()


# --- tokens -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (partial(signed), 200),  # signed when it is sent: the moment counts
        (partial(signed, secret="wrong"), 401),
        (partial(signed, appId="app-2"), 401),
        (partial(signed, responseType="code"), 400),
        (partial(signed, currentTime=1), 400),
        (partial(signed, moment_ms=1_700_000_000_000), 400),
        (dict, 400),
        (list, 400),
    ],
)
def test_token_is_for_a_right_and_recent_signature(client: httpx.Client, body: Callable[[], Any], status: int) -> None:
    """Presence, types, signature and moment are checked."""
    assert client.post("/tokens/company", json=body()).status_code == status


def test_token_has_its_life_in_milliseconds(client: httpx.Client, sobot: SobotCallCenter) -> None:
    """A JWT of three parts whose claims are against the standard; the older answer has another field."""
    token = client.post("/tokens/company", json=signed()).json()["accessToken"]
    assert len(token.split(".")) == 3
    sobot.knobs.token_style = "access_token"
    assert client.post("/tokens/company", json=signed()).json()["response_type"] == "token"


def test_agent_token_needs_an_agent(client: httpx.Client) -> None:
    """By id or work number."""
    asked = [client.post("/tokens/agent", json=signed(**who)) for who in ({}, {"agentId": "a"}, {"agentNo": "1"})]
    assert [answer.status_code for answer in asked] == [400, 200, 200]


def test_token_calls_are_limited(client: httpx.Client, sobot: SobotCallCenter) -> None:
    """Five a minute, then 429 until the minute is over."""
    asked = [client.post("/tokens/company", json=signed()).status_code for _ in range(6)]
    assert asked == [200] * 5 + [429]
    sobot.clock.advance(61)
    assert client.post("/tokens/company", json=signed()).status_code == 200


@pytest.mark.parametrize("header", [{}, {"authorization": "Bearer x"}, {"authorization": ""}, {"token": "x"}])
def test_operation_without_a_token_is_401(client: httpx.Client, header: dict[str, str]) -> None:
    """The only refusal whose status is documented."""
    assert client.post(AGENTS, json={}, headers=header).status_code == 401


def test_token_ends(client: httpx.Client, post: Poster, sobot: SobotCallCenter) -> None:
    """After its life; or by the next one, where the knob says so; the bare JWT counts by knob."""
    assert post(AGENTS, {})["code"] == 200
    sobot.clock.advance(86_401)
    post(AGENTS, {}, status=401)
    sobot.knobs.single_token = True
    first, second = (client.post("/tokens/company", json=signed()).json()["accessToken"] for _ in range(2))
    tried = [client.post(AGENTS, json={}, headers={"authorization": f"Bearer {token}"}) for token in (first, second)]
    assert [answer.status_code for answer in tried] == [401, 200]
    bare = {"authorization": second}
    assert client.post(AGENTS, json={}, headers=bare).status_code == 401
    sobot.knobs.bare_token = True
    assert client.post(AGENTS, json={}, headers=bare).status_code == 200


def test_get_token_family_is_another(client: httpx.Client, sobot: SobotCallCenter) -> None:
    """Its refusals come with HTTP 200, and its token opens nothing unless the knob says so."""
    moment = str(round(time.time()))
    sign = hashlib.md5(f"app-1{moment}secret-1".encode(), usedforsecurity=False).hexdigest()
    query = {"appid": "app-1", "create_time": moment, "sign": sign}
    assert client.get("/api/get_token", params=query | {"sign": "x"}).json()["ret_code"] == "900003"
    header = {"token": client.get("/api/get_token", params=query).json()["item"]["token"]}
    assert client.post(AGENTS, json={}, headers=header).status_code == 401
    sobot.knobs.accept_get_token = True
    assert client.post(AGENTS, json={}, headers=header).status_code == 200


# --- envelopes and keys -------------------------------------------------------------------------


def test_envelope_varies_as_the_knobs_say(post: Poster, sobot: SobotCallCenter) -> None:
    """`code` as number or text, `retCode` by operation, always or never."""
    listing = {"pageSize": 5, "currPage": 1}
    assert "retCode" not in post(AGENTS, {})
    assert post(f"{TASKS}/getList", listing)["retCode"] == "000000"
    sobot.knobs.change({"code_as_text": True, "ret_code": "never"})
    assert post(f"{TASKS}/getList", listing)["code"] == "200"
    assert "retCode" not in post(f"{TASKS}/getList", listing)
    sobot.knobs.change({"ret_code": "always"})
    assert post(AGENTS, {})["retCode"] == "000000"


def test_refusal_is_an_envelope_with_http_200_or_its_number(post: Poster, sobot: SobotCallCenter) -> None:
    """Assumed, and configurable, so that nothing relies on it."""
    refused = post(IMPORT, {})
    assert (refused["status"], refused["code"], refused["retCode"], refused["data"]) == ("Failed", 400, "100400", None)
    sobot.knobs.error_status = "same"
    post(IMPORT, {}, status=400)


@pytest.mark.parametrize("path", [TASKS, IMPORT, RESULT, f"{TASKS}/getList"])
@pytest.mark.parametrize("key", ["", "not-a-uuid"])
def test_keyed_operations_need_a_uuid(post: Poster, client: httpx.Client, path: str, key: str) -> None:
    """14 to 17, the two reads included."""
    headers = {"idempotency-key": key} if key else {}
    assert client.post(path, json={}, headers=headers).json()["message"] == "Idempotency-Key: a UUID is required"


def test_key_that_was_used_gets_the_stored_answer(post: Poster, sobot: SobotCallCenter) -> None:
    """The same body is not worked off again, another is a conflict; a read is asked anew unless the knob says so."""
    key = str(uuid4())
    first = post(IMPORT, importing("1000"), key=key)
    assert post(IMPORT, importing("1000"), key=key) == first
    assert post(IMPORT, importing("2000"), key=key)["code"] == 409
    assert numbers(sobot) == ["1000"]
    question = str(uuid4())
    assert rows(post(RESULT, asking(), key=question)) == []
    sobot.clock.advance(5)
    assert len(rows(post(RESULT, asking(), key=question))) == 1
    sobot.knobs.replay_reads = True
    assert len(rows(post(RESULT, asking(), key=question))) == 1
    sobot.store.imports.clear()
    assert len(rows(post(RESULT, asking(), key=question))) == 1


def test_body_can_fail_with_http_200(post: Poster, client: httpx.Client, sobot: SobotCallCenter) -> None:
    """Before or after the work, as often as was asked."""
    fault = {"operation": "outbound_task_import_data", "code": 500, "commit": True}
    assert client.post("/_sandbox/body_faults", json=fault).status_code == 201
    assert post(IMPORT, importing("1000"))["code"] == 500
    assert numbers(sobot) == ["1000"]
    assert post(IMPORT, importing("2000", batch="B"))["code"] == 200
    assert client.post("/_sandbox/body_faults", json={"operation": "x", "typo": 1}).status_code == 400


# --- imports ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"callingListCode": "A" * 21}, "callingListCode: at most 20 letters and digits"),
        ({"callingListCode": "A-1"}, "callingListCode: at most 20 letters and digits"),
        ({"callingListCode": None}, "callingListCode is required"),
        ({"removeDuplicatesRule": "RemoveDuplicatesInTenan t"}, "removeDuplicatesRule: must be one of"),
        ({"assignRule": "None"}, "assignRule: must be one of"),
        ({"assignRule": "AssignAppoint"}, "assignAgentAndCount is required for AssignAppoint"),
        ({"assignAgentAndCount": [{"agentID": "1"}]}, "assignAgentAndCount: agentID and count are required"),
        ({"enableFilterDoNotCallListNumber": "Yes"}, "enableFilterDoNotCallListNumber: must be one of"),
        ({"agentID": "nobody"}, "no such agent"),
        ({"agentID": OTHER_AGENT_NO, "agentType": "0"}, "campaign is unavailable"),
        ({"code": "nosuch"}, "campaign is unavailable"),
        ({"campaignId": "nosuch"}, "campaign is unavailable"),
        ({"dataDetails": []}, "dataDetails: a list was expected"),
        ({"dataDetails": [{"telephone": " 1000 "}]}, "telephone: a text without blanks around it was expected"),
        ({"dataDetails": [{"telephone": "1000", "description": "x" * 201}]}, "description: at most 200 characters"),
        ({"dataDetails": [{"telephone": "1000", "customFields": [{"fieldId": "x", "fieldValue": "y"}]}]},
         "customFields: unknown fieldId"),
    ],
)  # fmt: skip
def test_import_is_checked_as_documented(post: Poster, sobot: SobotCallCenter, changes: Any, text: str) -> None:
    """A request that breaks a rule is refused as a whole, and stores nothing."""
    assert post(IMPORT, importing("1000", **changes))["message"].startswith(text)
    assert sobot.held() == []


def test_import_is_for_the_task_of_the_id_before_that_of_the_code(post: Poster, sobot: SobotCallCenter) -> None:
    """`campaignId` wins when both are given."""
    other = sobot.store.add_task("other")
    taken = post(IMPORT, importing("1000", campaignId=other.id))["data"]
    assert taken == {"campaignId": other.id, "callingListCode": "20260301A", "code": other.code}
    assert sobot.held() == [(other.code, "1000")]


def test_import_may_be_too_large(post: Poster, sobot: SobotCallCenter) -> None:
    """The limit is not documented; neither is its code."""
    sobot.knobs.max_details = 2
    assert post(IMPORT, importing("1000", "2000", "3000"))["code"] == 413
    sobot.knobs.over_max = 400
    assert post(IMPORT, importing("1000", "2000", "3000"))["code"] == 400
    assert post(IMPORT, importing("1000", "2000"))["code"] == 200


def test_result_shows_late_then_half_then_whole(post: Poster, sobot: SobotCallCenter) -> None:
    """Invisible, partial, final, by the double's clock; selectors narrow."""
    post(IMPORT, importing("1000", "2000", "3000", "2000", "x"))
    assert rows(post(RESULT, asking())) == []
    sobot.clock.advance(1)
    assert [counts(row) for row in rows(post(RESULT, asking()))] == [(1, 0, 0)]
    sobot.clock.advance(1)
    assert [counts(row) for row in rows(post(RESULT, asking()))] == [(3, 1, 1)]
    assert rows(post(RESULT, asking("other"))) == []
    assert rows(post(RESULT, asking(code="nosuchtask"))) == []


@pytest.mark.parametrize(
    ("rule", "second", "stored"),
    [
        ("NonRemoveDuplicates", (3, 0, 0), ["1000", "2000", "2000", "2000", "2000", "1000"]),
        ("RemoveDuplicatesInCallingList", (2, 1, 0), ["1000", "2000", "2000", "1000"]),
        ("RemoveDuplicatesInCampaign", (0, 3, 0), ["1000", "2000"]),
        ("RemoveDuplicatesInTenant", (0, 3, 0), ["1000", "2000"]),
    ],
)
def test_duplicates_are_removed_as_the_rule_says(
    post: Poster, sobot: SobotCallCenter, rule: str, second: tuple[int, int, int], stored: list[str]
) -> None:
    """In the import, in the task, in all tasks, or not at all."""
    post(IMPORT, importing("1000", "2000", "2000", removeDuplicatesRule=rule))
    post(IMPORT, importing("2000", "2000", "1000", batch="B", removeDuplicatesRule=rule))
    sobot.clock.advance(2)
    assert [counts(row) for row in rows(post(RESULT, asking("B")))] == [second]
    assert numbers(sobot) == stored


def test_duplicates_of_other_tasks_count_in_the_tenant_alone(post: Poster, sobot: SobotCallCenter) -> None:
    """A number of another task is new to this one."""
    other = sobot.store.add_task("other")
    post(IMPORT, importing("1000", batch="A", campaignId=other.id))
    post(IMPORT, importing("1000", batch="B"))
    post(IMPORT, importing("1000", batch="C", removeDuplicatesRule="RemoveDuplicatesInTenant"))
    assert sobot.held() == [(TASK_CODE, "1000"), (other.code, "1000")]


@pytest.mark.parametrize(("counted", "expected"), [("nowhere", (1, 0, 0)), ("error", (1, 0, 1)), ("repeat", (1, 1, 0))])
def test_block_list_is_kept_where_the_import_says_filter(
    post: Poster, sobot: SobotCallCenter, counted: Any, expected: tuple[int, int, int]
) -> None:
    """Outbound and enabled entries; where they are counted is not known."""
    sobot.knobs.filtered_count = counted
    blocked = {"callNumber": "2000", "numberType": 1, "callType": 3, "enabled": 1}
    post(BLOCK, [blocked, blocked | {"callNumber": "1000", "callType": 2}], method="PUT")
    post(IMPORT, importing("1000", "2000", enableFilterDoNotCallListNumber="Filter"))
    sobot.clock.advance(2)
    assert [counts(row) for row in rows(post(RESULT, asking()))] == [expected]
    assert numbers(sobot) == ["1000"]
    post(IMPORT, importing("2000", batch="B"))
    assert numbers(sobot) == ["1000", "2000"]


@pytest.mark.parametrize(
    ("repeated", "code", "row_count"), [("append", 200, 2), ("refuse", 409, 1), ("ignore", 200, 1)]
)
def test_code_that_was_used_is_a_knob(
    post: Poster, sobot: SobotCallCenter, repeated: Any, code: int, row_count: int
) -> None:
    """Worked off again, refused, or passed over: the vendor does not say."""
    sobot.knobs.repeated_code = repeated
    post(IMPORT, importing("1000"))
    assert post(IMPORT, importing("2000"))["code"] == code
    sobot.clock.advance(2)
    assert len(rows(post(RESULT, asking()))) == row_count


def test_result_misbehaves_as_the_knobs_say(post: Poster, sobot: SobotCallCenter) -> None:
    """Counts that never add up, others' rows first, blanks around ids, another name for duplicates, no row at all."""
    sobot.knobs.change({"count_shortfall": 1, "foreign_row_first": True, "pad_ids": True})
    sobot.knobs.change({"duplicate_field": "removeDuplicatesCount"})
    post(IMPORT, importing("1000", "2000"))
    sobot.clock.advance(2)
    *foreign, mine = rows(post(RESULT, asking()))
    assert [row["callingListCode"] for row in foreign] == ["20220815203412", asking()["callingListCode"]]
    assert [row["code"] for row in foreign] == ["dgug92owec"] * 2
    assert mine["callingListCode"] == " 20260301A "
    assert (mine["successCount"], mine["removeDuplicatesCount"], "repeatCount" in mine) == (1, 0, False)
    sobot.knobs.change({"result_hidden": True, "foreign_row_first": False})
    assert rows(post(RESULT, asking())) == []


@pytest.mark.parametrize("everywhere", ["0.0.0.0", "[::]"])
def test_report_is_where_the_asker_reaches_the_second_host(
    post: Poster, client: httpx.Client, sobot: SobotCallCenter, everywhere: str
) -> None:
    """A sandbox that listens on every address, as in a container, is known by the name that it was asked by."""
    sobot.knobs.second_host = f"http://{everywhere}:8702"
    post(IMPORT, importing("1000"))
    sobot.clock.advance(2)
    (row,) = rows(post(RESULT, asking()))
    assert row["errorReportPath"].startswith(f"http://{client.base_url.host}:8702/")


def test_report_lies_on_a_host_that_takes_no_token(post: Poster, client: httpx.Client, sobot: SobotCallCenter) -> None:
    """A real workbook, on the second socket alone; a knob makes it absent or corrupt."""
    sobot.knobs.reject_numbers = ["2000"]
    with SandboxServer(sobot.second_host) as second:
        sobot.knobs.second_host = second.url
        post(IMPORT, importing("1000", "2000"))
        sobot.clock.advance(2)
        (row,) = rows(post(RESULT, asking()))
        address = row["errorReportPath"]
        assert address.startswith(second.url)
        content = httpx.get(address).content
        assert httpx.get(address, headers={"authorization": "Bearer x"}).status_code == 400
        assert client.get(address.removeprefix(second.url)).status_code == 404
        sobot.knobs.report = "missing"
        assert httpx.get(address).status_code == 404
        sobot.knobs.report = "corrupt"
        assert not zipfile.is_zipfile(io.BytesIO(httpx.get(address).content))
    sheet = zipfile.ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet1.xml").decode()
    assert "<t>2000</t>" in sheet
    assert "<t>1000</t>" not in sheet
    assert "The number is not allowed" in sheet


def test_workbook_escapes_its_texts() -> None:
    """What a lead is called does not break the file."""
    sheet = zipfile.ZipFile(io.BytesIO(write_xlsx([["<a&b>", 7]]))).read("xl/worksheets/sheet1.xml").decode()
    assert '<c t="inlineStr"><is><t>&lt;a&amp;b&gt;</t></is></c><c><v>7</v></c>' in sheet


# --- tasks and configuration --------------------------------------------------------------------


def making(**changes: Any) -> dict[str, Any]:
    return {
        "agentID": SERVICE_AGENT_NO,
        "name": "new",
        "dataTemplateCode": "D000000000",
        "wrapUpTemplateCode": "W000000000",
        "scheduleStartTime": 1660115936310,
        "scheduleEndTime": 1660118400638,
        **changes,
    }


def test_task_is_made_once_by_name(post: Poster, sobot: SobotCallCenter) -> None:
    """36 characters of id, ten of code; the creator is the agent that asked."""
    made = post(TASKS, making())["data"]
    task = sobot.store.tasks[made["code"]]
    assert (len(made["id"]), len(made["code"]), task.creator) == (36, 10, SERVICE_AGENT_ID)
    assert post(TASKS, making())["code"] == 409


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"name": None}, "name is required"),
        ({"dataTemplateCode": "D9"}, "dataTemplateCode: no enabled import template"),
        ({"wrapUpTemplateCode": "W9"}, "wrapUpTemplateCode: no enabled summary template"),
        ({"scheduleEndTime": 1660115936310}, "scheduleEndTime must be later"),
        ({"scheduleEndTime": None}, "scheduleEndTime: a whole number was expected"),
        ({"scheduleTimeZoneId": "Mars"}, "scheduleTimeZoneId: unknown time zone"),
        ({"description": "x" * 201}, "description: at most 200 characters"),
        ({"agentType": "2"}, "agentType: must be 0 or 1"),
    ],
)
def test_task_is_checked_as_documented(post: Poster, changes: Any, text: str) -> None:
    """Templates must be enabled, the end later than the start."""
    assert post(TASKS, making(**changes))["message"].startswith(text)


def test_task_list_pages_and_needs_its_page(post: Poster, sobot: SobotCallCenter) -> None:
    """No default for page and size; rows have no campaign id; the window is at most a year."""
    for number in range(4):
        sobot.store.add_task(f"t{number}")
    page = post(f"{TASKS}/getList", {"pageSize": 2, "currPage": 3})["data"]
    assert {key: page[key] for key in ("totalCount", "totalPage", "currPage", "pageSize")} == {
        "totalCount": 5, "totalPage": 3, "currPage": 3, "pageSize": 2,
    }  # fmt: skip
    assert [row["name"] for row in page["list"]] == ["t3"]
    assert not {"id", "campaignId"} & page["list"][0].keys()
    assert post(f"{TASKS}/getList", {"pageSize": 2})["code"] == 400
    window = {"creationTimeStart": 0, "creationTimeEnd": 367 * 86_400_000}
    assert post(f"{TASKS}/getList", {"pageSize": 2, "currPage": 1, **window})["code"] == 400


def test_delete_of_a_skill_group_needs_its_body(post: Poster, client: httpx.Client, sobot: SobotCallCenter) -> None:
    """Many an HTTP helper drops it."""
    path = f"{V6}/cc-config/api/queue"
    without = client.delete(path, headers={"content-type": "application/json"})
    assert (without.status_code, without.text) == (400, "Invalid JSON")
    assert post(path, {"queueID": "1111"}, method="DELETE")["code"] == 200
    assert "1111" not in sobot.store.queues


def test_ivr_flows_are_on_the_second_host_where_there_is_one(
    post: Poster, client: httpx.Client, sobot: SobotCallCenter
) -> None:
    """At most fifty a page; the first host has no such path then."""
    assert len(rows(post(IVR, {"pageSize": 50}))) == 33
    assert post(IVR, {"pageSize": 51})["code"] == 400
    with SandboxServer(sobot.second_host) as second:
        sobot.knobs.second_host = second.url
        assert client.post(IVR, json={}).status_code == 404
        answer = httpx.post(f"{second.url}{IVR}", json={}, headers=dict(client.headers))
        assert (answer.status_code, len(answer.json()["data"]["list"])) == (200, 10)
        assert httpx.post(f"{second.url}{IVR}", json={}).status_code == 401


def test_forbidden_numbers_fail_line_by_line(post: Poster) -> None:
    """`code` is 200, the arithmetic is right, the lines name the entry."""
    good = {"callNumber": "13800138000", "numberType": 1, "callType": 2, "enabled": 0}
    bad = [good | {"numberType": 2}, good | {"callType": 1}, good | {"enabled": 5}, good | {"expirationTime": "x"}, 7]
    envelope = post(BLOCK, [good, *bad], method="PUT")
    assert (envelope["code"], envelope["data"]["successCount"], envelope["data"]["failedCount"]) == (200, 1, 5)
    assert envelope["data"]["details"][0] == "NO【2】,【numberType】,Content【2】,【Reference:1-number】"


def test_unknown_paths_and_bodies_are_refused(post: Poster, client: httpx.Client) -> None:
    """404 for a path, 415 in the envelope for a body that is not sent as JSON."""
    assert client.post(f"{V6}/cc-config/api/nothing", json={}).status_code == 404
    assert client.post("/other", json={}).status_code == 404
    text = client.post(AGENTS, content=b"{}", headers={"content-type": "text/plain"})
    assert text.json()["code"] == 415


def test_control_places_tasks_and_tells_state(client: httpx.Client, sobot: SobotCallCenter) -> None:
    """A demo can be set up over HTTP."""
    placed = client.post("/_sandbox/tasks", json={"name": "demo", "code": "demo000001"})
    assert (placed.status_code, placed.json()["tasks"]["demo000001"]) == (201, {"name": "demo", "records": 0})
    assert client.post("/_sandbox/tasks", json=[]).status_code == 400
    assert client.get("/_sandbox/state").json() == orjson.loads(orjson.dumps(sobot.state()))
    sobot.store.reset()
    assert list(sobot.state()["tasks"]) == [TASK_CODE]


def test_entries_keep_their_details(post: Poster, sobot: SobotCallCenter) -> None:
    """What was sent for a lead is what the vendor holds."""
    detail = {"telephone": "1000", "name": "Rason", "customFields": [{"fieldId": CITY_FIELD, "fieldValue": "Köln"}]}
    post(IMPORT, importing(dataDetails=[detail]))
    assert sobot.store.tasks[TASK_CODE].details == [detail]
