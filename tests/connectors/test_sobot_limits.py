"""What the vendor's document says of parameters is kept before anything is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.errors import InvalidRequestError
from connectors.sobot.client import SobotClient
from connectors.sobot.settings import SobotSettings
from sandbox.server import SandboxServer
from sandbox.sobot.app import SobotCallCenter

START = datetime(2026, 11, 17, 9, 0, 40, tzinfo=UTC)
A_YEAR_AND_A_DAY = START + timedelta(days=366)
ENTRY = {"telephone": "1000"}


@pytest.fixture(scope="module")
def sobot() -> Iterator[SandboxServer[SobotCallCenter]]:
    """A double that should hear of nothing but valid requests."""
    with SandboxServer(SobotCallCenter()) as server:
        yield server


@pytest.fixture
def client(sobot: SandboxServer[SobotCallCenter]) -> Iterator[SobotClient]:
    """A client of the double, whose counts are nought."""
    sobot.vendor.store.reset()
    given = {"app_id": "app-1", "app_secret": "secret-1", "agent_id": "1000", "agent_type": 0, "token_host": sobot.url}
    hosts = {"default": sobot.url, "cc-ivr": sobot.url}
    made = SobotSettings.model_validate({**given, "hosts": hosts, "requests_per_second": None}).client()
    yield made
    made.close()


def modify_agent(client: SobotClient, **changes: Any) -> Any:
    return client.modify_agent_setting(**{"agent": "1", "agent_type": 0, "wrap_up_time_s": 1} | changes)


def block(client: SobotClient, **changes: Any) -> Any:
    entry = {"callNumber": "13800138000", "numberType": 1, "callType": 3, "enabled": 1} | changes
    return client.import_enterprise_forbidden_numbers(numbers=[entry])


def import_data(client: SobotClient, **changes: Any) -> Any:
    given: dict[str, Any] = {"calling_list_code": "A", "data_details": [ENTRY], "code": "6yoq3b0lpf"}
    return client.outbound_task_import_data(**given | changes)


def import_entry(client: SobotClient, **entry: Any) -> Any:
    return import_data(client, data_details=[entry])


def list_tasks(client: SobotClient, start: datetime, end: datetime | None = None) -> Any:
    return client.query_outbound_task_list(created_from=start, created_until=end)


def create_task(client: SobotClient, **changes: Any) -> Any:
    given: dict[str, Any] = {"name": "n", "data_template_code": "D", "wrap_up_template_code": "W"}
    times = {"schedule_start": START, "schedule_end": START + timedelta(days=1)}
    return client.create_outbound_task(**given | times | changes)


def create_plans(client: SobotClient, **changes: Any) -> Any:
    given: dict[str, Any] = {"name": "plan", "customer_phone_numbers": ["18189672221"], "executor_id": "1"}
    times = {"schedule_start": START, "schedule_end": START + timedelta(days=1)}
    return client.create_contact_plans_in_bulk(**given | times | changes)


BREACHES: list[tuple[str, Callable[[SobotClient], Any]]] = [
    ("agent must not be empty", lambda c: c.query_agent_setting(agent=" ", agent_type=0)),
    ("agent_type must be one of 0, 1", lambda c: c.query_agent_setting(agent="1", agent_type=2)),
    ("wrap_up_type must be", lambda c: modify_agent(c, wrap_up_type=3)),
    ("number_type must be one of 0, 1, 2", lambda c: c.unbind_agent_setting(agent="1", agent_type=0, number_type=3)),
    ("page_size must be 1 or more", lambda c: c.query_call_skill_group_list(page_size=0)),
    ("queue_name must not be empty", lambda c: c.add_skill_group(queue_name="", queue_id="1")),
    ("queue_id must not be empty", lambda c: c.delete_skill_group(queue_id="")),
    ("changes need a queueID", lambda c: c.update_skill_groups_in_bulk(changes=[{}])),
    ("changes need a queueID", lambda c: c.update_skill_groups_in_bulk(changes=[])),
    ("bind_status must be one of 0, 1", lambda c: c.query_extension_list(bind_status=2)),
    ("ext takes 3 to 8 digits", lambda c: c.create_extension_account(ext="12", password="123456")),
    ("ext takes 3 to 8 digits", lambda c: c.create_extension_account(ext="123456789", password="123456")),
    ("password takes 6 to 8 digits", lambda c: c.create_extension_account(ext="123", password="12345")),
    ("numbers must not be empty", lambda c: c.import_enterprise_forbidden_numbers(numbers=[])),
    ("numberType must be 1", lambda c: block(c, numberType=2)),
    ("callType must be 2", lambda c: block(c, callType=1)),
    ("enabled must be 0 or 1", lambda c: block(c, enabled=2)),
    ("expirationTime must be", lambda c: block(c, expirationTime="1.1.27")),
    ("callNumber is required", lambda c: block(c, callNumber=" ")),
    ("enabled must be one of 0, 1, 2", lambda c: c.query_relay_number_list(enabled=[3])),
    ("description takes at most 200", lambda c: create_task(c, description="x" * 201)),
    ("at least a minute later", lambda c: create_task(c, schedule_end=START)),
    ("schedule_start needs a time zone", lambda c: create_task(c, schedule_start=datetime(2026, 1, 1))),
    ("name must not be empty", lambda c: create_task(c, name="")),
    ("campaign_id or code must be given", lambda c: import_data(c, code=None)),
    ("up to 20 letters and digits", lambda c: import_data(c, calling_list_code="A" * 21)),
    ("up to 20 letters and digits", lambda c: import_data(c, calling_list_code="A-1")),
    ("remove_duplicates_rule must be one of", lambda c: import_data(c, remove_duplicates_rule="Some")),
    ("dnc_filter must be one of", lambda c: import_data(c, dnc_filter="Some")),
    ("assign_rule must be one of", lambda c: import_data(c, assign_rule="Some")),
    ("AssignAppoint needs assign_agent_and_count", lambda c: import_data(c, assign_rule="AssignAppoint")),
    ("needs agentID and count", lambda c: import_data(c, assign_agent_and_count=[{"agentID": "1"}])),
    ("data_details must not be empty", lambda c: import_data(c, data_details=[])),
    ("telephone is required, unpadded", lambda c: import_entry(c, telephone=" 1000 ")),
    ("telephone is required, unpadded", lambda c: import_entry(c, name="n")),
    ("description takes at most 200", lambda c: import_entry(c, **ENTRY, description="x" * 201)),
    ("fieldId and fieldValue", lambda c: import_entry(c, **ENTRY, customFields=[{"fieldId": "a"}])),
    ("must be given", lambda c: c.batch_import_result_query()),
    ("may span at most 12 months", lambda c: list_tasks(c, START, A_YEAR_AND_A_DAY)),
    ("must not be before", lambda c: list_tasks(c, A_YEAR_AND_A_DAY, START)),
    ("needs a time zone", lambda c: list_tasks(c, datetime(2026, 1, 1))),
    ("name takes at most 20", lambda c: create_plans(c, name="x" * 21)),
    ("note takes at most 200", lambda c: create_plans(c, note="x" * 201)),
    ("takes 1 to 50 numbers", lambda c: create_plans(c, customer_phone_numbers=["1000"] * 51)),
    ("takes 1 to 50 numbers", lambda c: create_plans(c, customer_phone_numbers=[])),
    ("numbers of 3 to 16 digits", lambda c: create_plans(c, customer_phone_numbers=["+491511"])),
    ("page_size must be 1 to 50", lambda c: c.query_published_ivr_flows(page_size=51)),
]


@pytest.mark.parametrize(("sentence", "call"), BREACHES)
def test_documented_limit_is_kept_before_anything_is_sent(
    client: SobotClient, sobot: SandboxServer[SobotCallCenter], sentence: str, call: Callable[[SobotClient], Any]
) -> None:
    """The sentence names parameter and limit, never the value; the vendor hears nothing."""
    with pytest.raises(InvalidRequestError, match=sentence) as raised:
        call(client)
    assert raised.value.status is None
    assert sobot.vendor.store.requests == {}


def test_window_of_a_year_may_hold_a_leap_day(client: SobotClient) -> None:
    """Twelve months are those of the calendar."""
    since = datetime(2028, 2, 29, tzinfo=UTC)
    until = datetime(2029, 3, 1, tzinfo=UTC)
    assert list(list_tasks(client, since, until)) == []
