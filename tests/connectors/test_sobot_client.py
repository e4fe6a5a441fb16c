"""The nineteen operations over a socket: paths, headers, limits, pages, and what an envelope lets us conclude."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import orjson
import pytest

from connectors.errors import (
    AuthenticationError,
    ConflictError,
    ConnectorError,
    ContractError,
    ForbiddenError,
    InvalidRequestError,
    NotFoundError,
    OutcomeUnknownError,
    RateLimitedError,
    RejectedError,
    TooLargeError,
    UnavailableError,
)
from connectors.redaction import redact
from connectors.sobot.client import SobotClient
from connectors.sobot.models import (
    AgentSetting,
    ForbiddenNumbersTaken,
    GroupMember,
    ImportResult,
    ImportTaken,
    IvrFlow,
    KnownAgent,
    ModifiedAgent,
    RelayNumber,
    RelayState,
    SkillGroup,
    SkillGroupMembers,
    import_results,
)
from connectors.sobot.settings import SobotSettings
from sandbox.exchange import Answer, Request
from sandbox.faults import Fault, Match
from sandbox.server import SandboxServer
from sandbox.sobot.app import SobotCallCenter
from sandbox.sobot.seeds import (
    CALL_AGENT_NO,
    CITY_FIELD,
    DATA_TEMPLATE,
    OTHER_AGENT_ID,
    OTHER_AGENT_NO,
    SERVICE_AGENT_ID,
    TASK_CODE,
    TASK_NAME,
    WRAP_UP_TEMPLATE,
)
from sandbox.sobot.store import BodyFault

START = datetime(2026, 11, 17, 9, 0, 40, tzinfo=UTC)
END = datetime(2026, 11, 30, 18, tzinfo=UTC)
DETAILS = [{"telephone": "100000000", "name": "Rason", "description": "desc1"}]


class Listening(SobotCallCenter):
    """The double, remembering what it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[Request] = []

    def answer(self, request: Request) -> Answer:
        self.heard.append(request)
        return super().answer(request)


Vendor = SandboxServer[Listening]


@pytest.fixture
def sobot() -> Iterator[Vendor]:
    """A double whose IVR flows and reports lie on a second socket."""
    with SandboxServer(Listening()) as server, SandboxServer(server.vendor.second_host) as second:
        server.vendor.knobs.second_host = second.url
        yield server


@pytest.fixture
def clients(sobot: Vendor) -> Iterator[Callable[..., SobotClient]]:
    """Makes quick clients of the double; settings that differ are named."""
    made: list[SobotClient] = []

    def make(**changes: Any) -> SobotClient:
        made.append(settings(sobot, **changes).client())
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def client(clients: Callable[..., SobotClient]) -> SobotClient:
    """A client with the defaults."""
    return clients()


def settings(sobot: Vendor, **changes: Any) -> SobotSettings:
    quick = {
        "app_id": "app-1",
        "app_secret": "secret-1",
        "agent_id": SERVICE_AGENT_ID,
        "token_host": sobot.url,
        "hosts": {"default": sobot.url, "cc-ivr": sobot.vendor.knobs.second_host},
        "requests_per_second": None,
        "max_attempts": 2,
        "backoff_s": 0,
        "read_timeout_s": 5,
    }
    return SobotSettings.model_validate(quick | changes)


def last(sobot: Vendor) -> Request:
    return sobot.vendor.heard[-1]


def headers_of(request: Request) -> dict[str, str]:
    ours = ("authorization", "accept", "content-type", "timezoneid", "language", "idempotency-key")
    return {name: request.header(name.encode()) for name in ours if request.header(name.encode())}


def import_data(client: SobotClient, **changes: Any) -> ImportTaken:
    given: dict[str, Any] = {"calling_list_code": "20261117ABC", "data_details": DETAILS, "code": TASK_CODE}
    return client.outbound_task_import_data(**given | changes)


def create_task(client: SobotClient, **changes: Any) -> Any:
    given: dict[str, Any] = {
        "name": "Announcement",
        "data_template_code": DATA_TEMPLATE,
        "wrap_up_template_code": WRAP_UP_TEMPLATE,
        "schedule_start": START,
        "schedule_end": END,
    }
    return client.create_outbound_task(**given | changes)


def create_plans(client: SobotClient, **changes: Any) -> list[str]:
    given: dict[str, Any] = {
        "name": "plan",
        "schedule_start": START,
        "schedule_end": END,
        "customer_phone_numbers": ["18189672221", "18189671111"],
        "executor_id": CALL_AGENT_NO,
        "agent_id": OTHER_AGENT_NO,
        "agent_type": 0,
    }
    return client.create_contact_plans_in_bulk(**given | changes)


OPERATIONS: dict[str, Callable[[SobotClient], Any]] = {
    "query_agent_setting": lambda c: c.query_agent_setting(agent=OTHER_AGENT_NO, agent_type=0),
    "modify_agent_setting": lambda c: c.modify_agent_setting(agent=OTHER_AGENT_NO, agent_type=0, wrap_up_time_s=30),
    "unbind_agent_setting": lambda c: c.unbind_agent_setting(agent=OTHER_AGENT_NO, agent_type=0),
    "query_call_agent_list": lambda c: c.query_call_agent_list(),
    "query_call_skill_group_list": lambda c: list(c.query_call_skill_group_list()),
    "add_skill_group": lambda c: c.add_skill_group(queue_name="new", queue_id="9"),
    "delete_skill_group": lambda c: c.delete_skill_group(queue_id="1112"),
    "query_skill_group_members": lambda c: c.query_skill_group_members(),
    "update_skill_groups_in_bulk": lambda c: c.update_skill_groups_in_bulk(changes=[{"queueID": "1111"}]),
    "query_extension_list": lambda c: list(c.query_extension_list()),
    "create_extension_account": lambda c: c.create_extension_account(ext="0777", password="123456"),
    "import_enterprise_forbidden_numbers": lambda c: c.import_enterprise_forbidden_numbers(numbers=[forbidden()]),
    "query_relay_number_list": lambda c: c.query_relay_number_list(),
    "create_outbound_task": create_task,
    "outbound_task_import_data": import_data,
    "batch_import_result_query": lambda c: list(c.batch_import_result_query(calling_list_code="A")),
    "query_outbound_task_list": lambda c: list(c.query_outbound_task_list()),
    "create_contact_plans_in_bulk": create_plans,
    "query_published_ivr_flows": lambda c: list(c.query_published_ivr_flows()),
}
READS = {name for name in OPERATIONS if name.startswith("query") or name == "batch_import_result_query"}
WRITES = OPERATIONS.keys() - READS
ON_THE_FIRST_HOST = sorted(OPERATIONS.keys() - {"query_published_ivr_flows"})


def forbidden(**changes: Any) -> dict[str, Any]:
    return {"callNumber": "13800138000", "numberType": 1, "callType": 3, "enabled": 1} | changes


def test_operations_are_all_nineteen_of_the_document(client: SobotClient, sobot: Vendor) -> None:
    """Every operation works, and reaches the one of that name."""
    for operation in OPERATIONS.values():
        operation(client)
    asked = sobot.vendor.store.requests
    assert {name: asked[name] for name in OPERATIONS} == dict.fromkeys(OPERATIONS, 1)


def test_query_agent_setting_reads_by_number_and_by_id(client: SobotClient) -> None:
    """Operation 1: agentType says what `agent` is."""
    by_number = client.query_agent_setting(agent=OTHER_AGENT_NO, agent_type=0)
    assert by_number == client.query_agent_setting(agent=OTHER_AGENT_ID, agent_type=1)
    assert by_number == KnownAgent(
        agent_uuid=OTHER_AGENT_ID, agent_id=OTHER_AGENT_NO, agent_name="other", ext="1010", phone="13800138001",
        wrap_up_type=2, wrap_up_time_s=60,
    )  # fmt: skip
    with pytest.raises(NotFoundError, match=r"^sobot query_agent_setting: the answer's code is 404 / \[code 100404\]$"):
        client.query_agent_setting(agent="9999", agent_type=0)


def test_modify_and_unbind_agent_setting_change_it(client: SobotClient) -> None:
    """Operations 2 and 3: what is named changes, and extension or phone or both go."""
    modified = client.modify_agent_setting(agent=OTHER_AGENT_NO, agent_type=0, wrap_up_time_s=30, ext="1077")
    assert (type(modified), modified.wrap_up_time_s, modified.ext) == (ModifiedAgent, 30, "1077")
    unbound = client.unbind_agent_setting(agent=OTHER_AGENT_NO, agent_type=0, number_type=0)
    assert (type(unbound), unbound.ext, unbound.phone) == (AgentSetting, None, "13800138001")
    assert client.unbind_agent_setting(agent=OTHER_AGENT_NO, agent_type=0, number_type=2).phone is None


def test_query_call_agent_list_is_a_bare_array(client: SobotClient) -> None:
    """Operation 4: name, number and extension in part, the skill group exactly."""
    assert [agent.agent_name for agent in client.query_call_agent_list()] == ["service", "other", "caller"]
    assert [agent.agent_id for agent in client.query_call_agent_list(agent_id="20")] == [CALL_AGENT_NO]
    assert [agent.agent_id for agent in client.query_call_agent_list(queue="1111")] == [OTHER_AGENT_NO]
    assert client.query_call_agent_list(queue="1112") == []


@pytest.mark.parametrize(("page_size", "requests"), [(50, 1), (12, 1), (5, 3), (1, 12)])
def test_skill_groups_are_read_to_the_last_page(
    client: SobotClient, sobot: Vendor, page_size: int, requests: int
) -> None:
    """Operation 5: the announced total is the end, whatever the size of the pages."""
    groups = list(client.query_call_skill_group_list(page_size=page_size))
    assert [group.queue_id for group in groups] == [str(number) for number in range(1111, 1123)]
    assert sobot.vendor.store.requests["query_call_skill_group_list"] == requests


def test_skill_groups_are_added_filled_and_deleted(client: SobotClient, sobot: Vendor) -> None:
    """Operations 6 to 9: an echo of the change, members as asked for, and a DELETE that carries its body."""
    made = client.add_skill_group(queue_name="new", queue_id="9", queue_weight="1")
    assert made == SkillGroup(queue_id="9", queue_name="new", queue_weight="1")
    add = [{"agent": OTHER_AGENT_NO, "level": 3, "checkin": True}]
    changed = client.update_skill_groups_in_bulk(changes=[{"queueID": "9", "add": add}], agent_type=0)
    assert changed.changes[0].add == [GroupMember(agent=OTHER_AGENT_NO, level="3", checkin=True)]
    assert client.query_skill_group_members(queue_id="9", agent_type=1) == [
        SkillGroupMembers(
            queue_id="9", queue_name="new", queue_weight="1", agent_count=1,
            agents=[GroupMember(agent=OTHER_AGENT_ID, agent_name="other", level="3", checkin=True)],
        )
    ]  # fmt: skip
    client.delete_skill_group(queue_id="9")
    assert (last(sobot).method, last(sobot).body) == ("DELETE", b'{"queueID":"9"}')
    with pytest.raises(NotFoundError):
        client.delete_skill_group(queue_id="9")


def test_extensions_keep_their_password_secret(client: SobotClient) -> None:
    """Operations 10 and 11: passwords come in plain text and are in no representation."""
    extensions = list(client.query_extension_list(page_size=3))
    assert (len(extensions), extensions[0].password.get_secret_value()) == (13, "123456")
    assert len(list(client.query_extension_list(bind_status=1))) == 2
    made = client.create_extension_account(ext="0777", password="654321", agent_id=OTHER_AGENT_NO, agent_type=0)
    assert (made.ext, made.codec, made.password.get_secret_value()) == ("0777", "Opus", "654321")
    assert "654321" not in repr(made) + str(made)
    assert "123456" not in repr(extensions)


def test_forbidden_numbers_can_fail_one_by_one_with_code_200(client: SobotClient, sobot: Vendor) -> None:
    """Operation 12: success of the call says nothing of each entry; the body is a bare array, by PUT."""
    numbers = [forbidden(), forbidden(callNumber="x"), forbidden(callNumber="13800138009", expirationTime="2027-01-31")]
    taken = client.import_enterprise_forbidden_numbers(numbers=numbers)
    assert taken == ForbiddenNumbersTaken(
        success_count=2, failed_count=1, details=["NO【2】,【callNumber】,Content【x】,【Reference:number】"]
    )
    assert (last(sobot).method, orjson.loads(last(sobot).body)) == ("PUT", numbers)
    assert sorted(sobot.vendor.store.block_list) == ["13800138000", "13800138009"]


def test_relay_numbers_are_the_enabled_ones_unless_asked(client: SobotClient) -> None:
    """Operation 13: a list of states; null means enabled."""
    one = RelayNumber(
        gateway_number="01051429401", alias="one", remark="often", enabled=RelayState(code=1, name="Enabling")
    )
    assert client.query_relay_number_list() == [one]
    assert len(client.query_relay_number_list(enabled=[0, 1, 2])) == 3


def test_create_outbound_task_sends_whole_minutes(client: SobotClient, sobot: Vendor) -> None:
    """Operation 14: both times always, in milliseconds, cut to the minute; id and code come back."""
    made = create_task(client, schedule_time_zone="Europe/Berlin", description="d", idempotency_key=str(UUID(int=7)))
    task = sobot.vendor.store.tasks[made.code]
    assert (made.id, len(made.id), task.name, task.creator) == (task.id, 36, "Announcement", SERVICE_AGENT_ID)
    assert orjson.loads(last(sobot).body) == {
        "agentID": SERVICE_AGENT_ID,
        "agentType": "1",
        "name": "Announcement",
        "dataTemplateCode": "D000000000",
        "wrapUpTemplateCode": "W000000000",
        "scheduleStartTime": 1794906000000,
        "scheduleEndTime": 1796061600000,
        "scheduleTimeZoneId": "Europe/Berlin",
        "description": "d",
    }
    assert last(sobot).header(b"idempotency-key") == str(UUID(int=7))
    with pytest.raises(InvalidRequestError, match="400"):
        create_task(client, name="other", data_template_code="D999")


def test_import_is_the_well_formed_request(client: SobotClient, sobot: Vendor) -> None:
    """Operation 15: body and headers are those of the vendor reference."""
    task = sobot.vendor.store.tasks[TASK_CODE]
    details = [DETAILS[0] | {"customFields": [{"fieldId": CITY_FIELD, "fieldValue": "Admin"}]}]
    taken = import_data(
        client,
        calling_list_code="20220815203412",
        data_details=details,
        campaign_id=task.id,
        code=None,
        remove_duplicates_rule="RemoveDuplicatesInCallingList",
        idempotency_key=str(UUID(int=7)),
    )
    assert taken == ImportTaken(calling_list_code="20220815203412", campaign_id=task.id, code=TASK_CODE)
    request = last(sobot)
    assert request.path == "/callservice/v6/cc-exports/api/campaigns/_import"
    assert request.body == orjson.dumps(
        {
            "agentID": "e906cc52bfac44b4ae30497fd39c4c4d",
            "agentType": "1",
            "campaignId": task.id,
            "callingListCode": "20220815203412",
            "removeDuplicatesRule": "RemoveDuplicatesInCallingList",
            "enableFilterDoNotCallListNumber": "Filter",
            "assignRule": "NoAssign",
            "dataDetails": details,
        }
    )
    token = next(iter(sobot.vendor.store.tokens))
    assert headers_of(request) == {
        "authorization": f"Bearer {token}",
        "accept": "application/json",
        "content-type": "application/json;charset=utf-8",
        "timezoneid": "Asia/Singapore",
        "idempotency-key": str(UUID(int=7)),
    }


def test_import_assigns_by_an_array_of_agents(client: SobotClient, sobot: Vendor) -> None:
    """The table says object and text, the example array and number: the example is sent."""
    rows = [{"agentID": "2b82a4acc60647dd814b3db642e75972", "count": 100}]
    import_data(client, assign_rule="AssignAppoint", assign_agent_and_count=rows)
    assert orjson.loads(last(sobot).body)["assignAgentAndCount"] == rows


def test_import_is_for_the_creator_of_the_task_alone(client: SobotClient, sobot: Vendor) -> None:
    """Another agent is told that the task is not there."""
    with pytest.raises(NotFoundError):
        import_data(client, agent_id=OTHER_AGENT_NO, agent_type=0)
    assert sobot.vendor.held() == []


def test_import_results_are_read_once_they_show(client: SobotClient, sobot: Vendor) -> None:
    """Operation 16: nothing, then half the counts, then all; by batch number and task."""

    def found() -> list[ImportResult]:
        return list(client.batch_import_result_query(calling_list_code="20261117ABC", code=TASK_CODE))

    import_data(client, data_details=[{"telephone": f"10000000{n}"} for n in (1, 2, 2)])
    assert found() == []
    sobot.vendor.clock.advance(1)
    assert [(row.success_count, row.duplicate_count) for row in found()] == [(1, 0)]
    sobot.vendor.clock.advance(1)
    (row,) = found()
    assert (row.calling_list_code, row.code, row.total_count) == ("20261117ABC", TASK_CODE, 3)
    assert (row.success_count, row.duplicate_count, row.error_count) == (2, 1, 0)
    assert row.error_report_path is not None
    assert row.error_report_path.startswith(sobot.vendor.knobs.second_host)


@pytest.mark.parametrize("name", ["repeatCount", "removeDuplicatesCount"])
def test_duplicates_are_counted_under_either_name(client: SobotClient, sobot: Vendor, name: Any) -> None:
    """The vendor's table and its example disagree; both are read."""
    sobot.vendor.knobs.duplicate_field = name
    import_data(client, data_details=DETAILS * 2)
    sobot.vendor.clock.advance(2)
    (row,) = client.batch_import_result_query(calling_list_code="20261117ABC")
    assert (row.success_count, row.duplicate_count) == (1, 1)


@pytest.mark.parametrize(
    ("told", "null"), [("removeDuplicatesCount", "repeatCount"), ("repeatCount", "removeDuplicatesCount")]
)
def test_duplicates_are_counted_beside_a_null(client: SobotClient, sobot: Vendor, told: Any, null: str) -> None:
    """A name that is there with null says nothing: the other one counts, and nought where neither has a number."""
    sobot.vendor.knobs.duplicate_field, sobot.vendor.knobs.null_result_fields = told, [null]
    import_data(client, data_details=DETAILS * 2)
    sobot.vendor.clock.advance(2)
    (row,) = client.batch_import_result_query(calling_list_code="20261117ABC")
    assert (row.success_count, row.duplicate_count) == (1, 1)
    sobot.vendor.knobs.null_result_fields = [told, null]
    (row,) = client.batch_import_result_query(calling_list_code="20261117ABC")
    assert (row.success_count, row.duplicate_count) == (1, 0)


def test_duplicate_field_is_a_setting() -> None:
    """The first of the named fields that is there counts; none is nought."""
    row = {"callingListCode": "A", "successCount": "1", "errorCount": 0, "third": 3}
    pages = import_results(["other", "third"]).validate_python({"list": [row]})
    assert pages.rows[0].duplicate_count == 3
    assert import_results(["other"]).validate_python({"list": [row]}).rows[0].duplicate_count == 0


def test_padded_ids_are_trimmed(client: SobotClient, sobot: Vendor) -> None:
    """Ids with blanks around them, as the vendor's page prints them, compare as those that were sent."""
    sobot.vendor.knobs.pad_ids = True
    made = create_task(client)
    assert (made.id, len(made.id)) == (sobot.vendor.store.tasks[made.code].id, 36)
    import_data(client)
    sobot.vendor.clock.advance(2)
    (row,) = client.batch_import_result_query(calling_list_code="20261117ABC")
    assert row.calling_list_code == "20261117ABC"


def test_task_list_has_every_task_of_all_pages(client: SobotClient, sobot: Vendor) -> None:
    """Operation 17: statistics, no campaign id, narrowed by code, time or agent."""
    for number in range(4):
        sobot.vendor.store.add_task(f"t{number}", created_ms=1_794_000_000_000 + number)
    assert [task.name for task in client.query_outbound_task_list(page_size=2)] == [TASK_NAME, "t0", "t1", "t2", "t3"]
    (task,) = client.query_outbound_task_list(code=TASK_CODE)
    assert (task.code, task.name, task.state, task.executed_rate, task.record_count) == (
        TASK_CODE,
        TASK_NAME,
        1,
        "0.00%",
        0,
    )
    since = datetime.fromtimestamp(1_794_000_000, UTC)
    assert (
        len(list(client.query_outbound_task_list(created_from=since, created_until=since + timedelta(days=360)))) == 4
    )
    assert list(client.query_outbound_task_list(agent_id=OTHER_AGENT_NO, agent_type=0)) == []


def test_contact_plans_are_made_for_each_number(client: SobotClient, sobot: Vendor) -> None:
    """Operation 18: an id for each, in the name of whichever agent."""
    ids = create_plans(client, note="n", zone_id="Asia/Singapore", zone_value="GMT+08:00 Singapore")
    assert (len(ids), len(sobot.vendor.store.contact_plans)) == (2, 2)
    assert last(sobot).path == "/callservice/v6/cc-console/contact-schedules/_batchAddInfos"


def test_ivr_flows_are_read_from_their_own_host(client: SobotClient, sobot: Vendor) -> None:
    """Operation 19: the first host has no such path; the same token opens the second."""
    flows = list(client.query_published_ivr_flows(page_size=10))
    assert (len(flows), flows[0]) == (33, IvrFlow(name="test0", code="4000", remarks="ssf"))
    assert sobot.vendor.store.requests["query_published_ivr_flows"] == 4
    assert {request.path for request in sobot.vendor.heard} == {"/tokens/company"}


def test_ivr_flows_are_not_on_the_first_host(clients: Callable[..., SobotClient], sobot: Vendor) -> None:
    """Hosts are by module; a wrong one is a 404."""
    with pytest.raises(NotFoundError):
        list(clients(hosts={"default": sobot.url, "cc-ivr": sobot.url}).query_published_ivr_flows())


WITH_LANGUAGE = {
    "add_skill_group",
    "delete_skill_group",
    "query_skill_group_members",
    "update_skill_groups_in_bulk",
    "query_relay_number_list",
}
WITH_KEY = {
    "create_outbound_task",
    "outbound_task_import_data",
    "batch_import_result_query",
    "query_outbound_task_list",
}
WITHOUT_TIME_ZONE = {"create_extension_account", "query_outbound_task_list"}


@pytest.mark.parametrize("operation", ON_THE_FIRST_HOST)
def test_headers_are_those_of_the_operation(clients: Callable[..., SobotClient], sobot: Vendor, operation: str) -> None:
    """`timezoneid`, `language` and `Idempotency-Key` go where the document has them, and nowhere else."""
    OPERATIONS[operation](clients(timezoneid="Europe/Berlin", language="de"))
    sent = headers_of(last(sobot))
    assert sent.get("timezoneid") == (None if operation in WITHOUT_TIME_ZONE else "Europe/Berlin")
    assert sent.get("language") == ("de" if operation in WITH_LANGUAGE else None)
    assert ("idempotency-key" in sent) == (operation in WITH_KEY)
    assert sent.get("content-type") == (
        None if operation == "query_agent_setting" else "application/json;charset=utf-8"
    )


def test_each_question_has_a_key_of_its_own(client: SobotClient, sobot: Vendor) -> None:
    """A server that stores answers by key would tell a poller its first answer for ever."""
    sobot.vendor.knobs.replay_reads = True
    import_data(client)
    assert list(client.batch_import_result_query(calling_list_code="20261117ABC")) == []
    sobot.vendor.clock.advance(2)
    assert len(list(client.batch_import_result_query(calling_list_code="20261117ABC"))) == 1
    keys = [key for operation, key in sobot.vendor.store.idempotency_keys if operation == "batch_import_result_query"]
    assert len(set(keys)) == 2


def test_product_and_module_prefixes_are_settings(clients: Callable[..., SobotClient], sobot: Vendor) -> None:
    """The sibling product has the same operations under other paths."""
    client = clients(product_prefix="/callservice/tm", module_prefix="tm-")
    with pytest.raises(NotFoundError):
        client.query_call_agent_list()
    assert last(sobot).path == "/callservice/tm/tm-config/api/agents/call/_search"


@pytest.mark.parametrize("knobs", [{"code_as_text": True}, {"ret_code": "always"}, {"ret_code": "never"}])
def test_every_envelope_of_a_success_is_one(client: SobotClient, sobot: Vendor, knobs: dict[str, Any]) -> None:
    """`code` as number or text, with and without `retCode`."""
    sobot.vendor.knobs.change(knobs)
    for operation in OPERATIONS.values():
        operation(client)


REFUSALS = [
    (400, None, InvalidRequestError),
    (422, None, InvalidRequestError),
    (403, None, ForbiddenError),
    (404, None, NotFoundError),
    (409, None, ConflictError),
    (413, None, TooLargeError),
    (429, None, RateLimitedError),
]


@pytest.mark.parametrize(("code", "ret_code", "kind"), REFUSALS)
@pytest.mark.parametrize("operation", ["query_call_agent_list", "outbound_task_import_data"])
def test_body_code_is_judged_as_a_status_is(
    client: SobotClient, sobot: Vendor, operation: str, code: int, ret_code: str | None, kind: type[ConnectorError]
) -> None:
    """HTTP 200 is no success: a known refusal in the body concludes the same for questions and for writes."""
    sobot.vendor.store.body_faults = [BodyFault(operation, code, ret_code, times=2)]
    with pytest.raises(kind) as raised:
        OPERATIONS[operation](client)
    assert type(raised.value) is kind
    told = f"sobot {operation}: the answer's code is {code} / [code {100_000 + code}]"
    assert (str(raised.value), redact(told)) == (told, told)


@pytest.mark.parametrize(
    ("code", "ret_code"), [(500, None), (503, "000000"), (200, "999999"), (12345, "7"), (200, "1")]
)
@pytest.mark.parametrize("commit", [True, False])
def test_write_with_an_unclear_body_is_unknown(
    client: SobotClient, sobot: Vendor, code: int, ret_code: str | None, commit: bool
) -> None:
    """A failing body whose code we do not know does not say whether the vendor stored anything."""
    sobot.vendor.store.body_faults = [BodyFault("outbound_task_import_data", code, ret_code, commit=commit)]
    with pytest.raises(OutcomeUnknownError):
        import_data(client)
    assert len(sobot.vendor.held()) == int(commit)
    assert sobot.vendor.store.requests["outbound_task_import_data"] == 1


@pytest.mark.parametrize(("code", "ret_code"), [(500, None), (200, "999999"), (429, None)])
def test_question_with_a_body_in_trouble_is_asked_again(
    client: SobotClient, sobot: Vendor, code: int, ret_code: str | None
) -> None:
    """A vendor in trouble, or one that wants time, is asked a second time."""
    sobot.vendor.store.body_faults = [BodyFault("query_call_agent_list", code, ret_code)]
    assert len(client.query_call_agent_list()) == 3
    assert sobot.vendor.store.requests["query_call_agent_list"] == 2


def test_question_that_stays_in_trouble_is_unavailable(client: SobotClient, sobot: Vendor) -> None:
    """After `max_attempts` it is over; nothing has changed."""
    sobot.vendor.store.body_faults = [BodyFault("query_call_agent_list", 500, times=9)]
    with pytest.raises(UnavailableError):
        client.query_call_agent_list()
    assert sobot.vendor.store.requests["query_call_agent_list"] == 2


def test_question_with_an_unknown_refusal_is_not_repeated(client: SobotClient, sobot: Vendor) -> None:
    """A code that we do not know is the vendor's no."""
    sobot.vendor.store.body_faults = [BodyFault("query_call_agent_list", 200101, "200101")]
    with pytest.raises(RejectedError, match=r"code is \[code 200101\] / \[code 200101\]$"):
        client.query_call_agent_list()
    assert sobot.vendor.store.requests["query_call_agent_list"] == 1


@pytest.mark.parametrize("status", [400, 403, 404, 409, 413, 429, 500, 503])
def test_status_of_a_refusal_may_be_its_code(client: SobotClient, sobot: Vendor, status: int) -> None:
    """Where the vendor uses HTTP's own statuses, they conclude the same."""
    sobot.vendor.knobs.error_status = "same"
    sobot.vendor.store.body_faults = [BodyFault("add_skill_group", status)]
    expected = {code: kind for code, _, kind in REFUSALS}.get(status, OutcomeUnknownError)
    with pytest.raises(expected, match=rf"^sobot add_skill_group: HTTP {status}(: too many requests for now)?$"):
        OPERATIONS["add_skill_group"](client)


@pytest.mark.parametrize("operation", sorted(READS - {"query_published_ivr_flows"}))
def test_question_answered_by_a_page_breaks_the_contract(client: SobotClient, sobot: Vendor, operation: str) -> None:
    """HTML with status 200 is no answer."""
    client.query_call_agent_list()
    sobot.faults.replace([Fault(kind="html_200")])
    with pytest.raises(ContractError, match=rf"^sobot {operation}: the body is not JSON$"):
        OPERATIONS[operation](client)


@pytest.mark.parametrize("operation", sorted(WRITES))
@pytest.mark.parametrize("kind", ["html_200", "lost_after_commit", "truncated", "html"])
def test_write_without_a_readable_answer_is_unknown(
    client: SobotClient, sobot: Vendor, operation: str, kind: Any
) -> None:
    """After a write, a page, a reset, a cut answer or a 502 leave the outcome open; it is not sent again."""
    client.query_call_agent_list()
    sobot.faults.replace([Fault(kind=kind)])
    with pytest.raises(OutcomeUnknownError):
        OPERATIONS[operation](client)
    assert sobot.faults.fired_count == 1


@pytest.mark.parametrize("kind", ["status", "lost_after_commit", "truncated"])
def test_question_without_an_answer_is_asked_again(client: SobotClient, sobot: Vendor, kind: Any) -> None:
    """A search by POST changes nothing: it is read, and tried again."""
    client.query_call_agent_list()
    sobot.faults.replace([Fault(kind=kind, match=Match(path_contains="getList"))])
    assert len(list(client.query_outbound_task_list())) == 1


@pytest.mark.parametrize(
    ("operation", "answer", "path"),
    [
        ("query_agent_setting", {"agentUUID": "a"}, "$.data.agentID: missing"),
        ("query_call_agent_list", [{"agentUUID": "a"}, {}], "$.data[1].agentUUID: missing"),
        ("query_call_skill_group_list", {"other": []}, "$.data.list: missing"),
        ("query_outbound_task_list", {"list": [{"code": "c"}]}, "$.data.list[0].name: missing"),
        ("query_extension_list", {"list": [{"ext": "1", "bindStatus": 0}]}, "$.data.list[0].password: missing"),
    ],
)
def test_misshapen_answer_is_named_by_its_path(
    clients: Callable[..., SobotClient], sobot: Vendor, operation: str, answer: Any, path: str
) -> None:
    """The path, never the value."""
    with SandboxServer(Scripted({"code": 200, "data": answer})) as scripted:
        client = clients(hosts={"default": scripted.url})
        with pytest.raises(ContractError) as raised:
            OPERATIONS[operation](client)
    assert str(raised.value) == f"sobot {operation}: {path}"


@pytest.mark.parametrize("envelope", [[], "text", {"data": {}}])
def test_answer_without_an_envelope_concludes_nothing(
    clients: Callable[..., SobotClient], sobot: Vendor, envelope: Any
) -> None:
    """JSON that is no envelope breaks the contract of a question, and leaves a write open."""
    with SandboxServer(Scripted(envelope)) as scripted:
        client = clients(hosts={"default": scripted.url})
        with pytest.raises(ContractError):
            client.query_call_agent_list()
        with pytest.raises(OutcomeUnknownError):
            import_data(client)


@pytest.mark.parametrize("data", [{"list": [], "total": 0}, {"list": None}])
def test_page_without_rows_is_the_last(clients: Callable[..., SobotClient], sobot: Vendor, data: Any) -> None:
    """Nothing is nothing, in either form."""
    with SandboxServer(Scripted({"code": 200, "data": data})) as scripted:
        assert list(clients(hosts={"default": scripted.url}).query_call_skill_group_list()) == []


def test_page_that_repeats_is_an_error(clients: Callable[..., SobotClient], sobot: Vendor) -> None:
    """A vendor that ignores the page number does not keep us for ever."""
    data = {"list": [{"queueID": "1"}], "total": 3}
    with SandboxServer(Scripted({"code": 200, "data": data})) as scripted:
        client = clients(hosts={"default": scripted.url})
        with pytest.raises(ContractError, match="page 2 repeats the page before it"):
            list(client.query_call_skill_group_list())


class Scripted(SobotCallCenter):
    """A vendor that gives the same answer to everything."""

    def __init__(self, envelope: Any) -> None:
        super().__init__()
        self._envelope = envelope

    def answer(self, _request: Request) -> Answer:
        return Answer(200, "application/json", orjson.dumps(self._envelope))


def test_moments_are_sent_in_milliseconds_of_utc(client: SobotClient, sobot: Vendor) -> None:
    """A wall time in Singapore is the moment that the vendor's page gives for it."""
    at = datetime(2022, 9, 24, 10, 27, tzinfo=timezone(timedelta(hours=8)))
    list(client.query_outbound_task_list(created_from=at))
    assert orjson.loads(last(sobot).body)["creationTimeStart"] == 1663986420000


def test_import_whose_turn_comes_too_late_is_not_sent(client: SobotClient, sobot: Vendor) -> None:
    """A claim that is over is not sent any more."""
    with pytest.raises(ConnectorError, match="not sent"):
        import_data(client, not_after=0.0)
    assert sobot.vendor.held() == []


def test_undocumented_fields_are_passed_over(client: SobotClient, sobot: Vendor) -> None:
    """What a later version adds harms nothing."""
    sobot.faults.replace([Fault(kind="extra_fields", times=None)])
    assert len(client.query_call_agent_list()) == 3


def test_body_without_login_is_told_as_authentication(client: SobotClient, sobot: Vendor) -> None:
    """The 5.0 interface says so in `ret_code`; a call that meets it is judged by it."""
    sobot.vendor.store.body_faults = [BodyFault("query_call_agent_list", 200, "900002", times=9)]
    with pytest.raises(AuthenticationError):
        client.query_call_agent_list()
