"""Outbound tasks as targets, what a run looks at before it sends, and contacts in the vendor's words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from connectors.errors import (
    AuthenticationError,
    ConnectorError,
    ContractError,
    OutcomeUnknownError,
    SetupError,
    TargetError,
    TargetOverError,
)
from connectors.gateway import Batch, Campaign, Contact
from connectors.sobot.entries import calling_list_code, entry_maker, idempotency_key, mapped_columns, render_phone
from connectors.sobot.gateway import SobotGateway
from connectors.sobot.settings import SobotMapping, SobotSettings, SobotTarget
from connectors.sobot.targets import window
from sandbox.faults import Fault, Match
from sandbox.server import SandboxServer
from sandbox.sobot.app import SobotCallCenter
from sandbox.sobot.seeds import (
    CITY_FIELD,
    LEAD_FIELD,
    OTHER_AGENT_ID,
    OTHER_AGENT_NO,
    SERVICE_AGENT_NO,
    TASK_CODE,
    TASK_NAME,
)
from sandbox.sobot.store import BodyFault

Vendor = SandboxServer[SobotCallCenter]
DAY = date(2026, 11, 17)
TEMPLATES = {"data_template_code": "D000000000", "wrap_up_template_code": "W000000000"}
CREATE = Match(method="POST", path_contains="/cc-outbound/api/campaigns")


@pytest.fixture
def sobot() -> Iterator[Vendor]:
    """A double that plays both of its hosts."""
    with SandboxServer(SobotCallCenter()) as server:
        yield server


@pytest.fixture
def gateways(sobot: Vendor) -> Iterator[Callable[..., SobotGateway]]:
    """Makes quick gateways to the double; settings that differ are named."""
    made: list[SobotGateway] = []

    def make(**changes: Any) -> SobotGateway:
        made.append(SobotSettings.model_validate(quick(sobot.url) | changes).gateway())
        return made[-1]

    yield make
    for gateway in made:
        gateway.close()


@pytest.fixture
def gateway(gateways: Callable[..., SobotGateway]) -> SobotGateway:
    """A gateway with the defaults."""
    return gateways()


def quick(url: str) -> dict[str, Any]:
    return {
        "app_id": "app-1",
        "app_secret": "secret-1",
        "agent_id": SERVICE_AGENT_NO,
        "agent_type": 0,
        "token_host": url,
        "hosts": {"default": url, "cc-ivr": url},
        "report_hosts": [url],
        "requests_per_second": None,
        "max_attempts": 2,
        "backoff_s": 0,
        "read_timeout_s": 5,
    }


def campaign(**target: Any) -> Campaign:
    return Campaign("promo", "sobot", SobotTarget.model_validate(target).model_dump())


def to_make(**target: Any) -> Campaign:
    return campaign(**TEMPLATES, **target)


# --- names, tasks found and made ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ({"code": TASK_CODE}, None),
        (TEMPLATES, "promo"),
        (TEMPLATES | {"per": "day"}, "promo 2026-11-17"),
        (TEMPLATES | {"name_template": "Load: {campaign}"}, "Load: promo"),
        (TEMPLATES | {"per": "day", "name_template": "{day}/{campaign}"}, "2026-11-17/promo"),
    ],
)
def test_target_name_is_by_campaign_or_day(gateway: SobotGateway, target: dict[str, Any], name: str | None) -> None:
    """A task per campaign or per day; one that is configured by its code is not looked for."""
    assert gateway.target_name(campaign(**target), DAY) == name


def test_create_target_is_found_again_and_can_be_loaded(gateway: SobotGateway, sobot: Vendor) -> None:
    """The made target names the task and its creator, and is what a look-up by name finds."""
    assert gateway.find_target(to_make(), "promo") is None
    made = gateway.create_target(to_make(time_zone="Europe/Berlin", description="d"), "promo", date(2099, 7, 1))
    task = next(task for task in sobot.vendor.store.tasks.values() if task.name == "promo")
    assert made == {
        "code": task.code, "agent_id": SERVICE_AGENT_NO, "agent_type": 0, "ends_at": "2099-07-30T18:00:00+02:00",
    }  # fmt: skip
    assert gateway.find_target(to_make(), "promo") == made
    assert task.fields == {
        "scheduleStartTime": 4086572400000,
        "scheduleEndTime": 4089110400000,
        "scheduleTimeZoneId": "Europe/Berlin",
        "description": "d",
    }
    entry = {"telephone": "491511000001"}
    loaded = Campaign("promo", "sobot", {**to_make().target, **made})
    assert gateway.submit(Batch(UUID(int=1), loaded, DAY, orjson.dumps([entry]), 1, [0])).is_pending
    assert sobot.vendor.held() == [(task.code, "491511000001")]


def test_made_target_is_loaded_by_its_creator_after_the_setting_changed(
    gateways: Callable[..., SobotGateway], sobot: Vendor
) -> None:
    """Only the creator may load a task: it is kept with the target and outlives `vendors.sobot.agent_id`."""
    made = gateways().create_target(to_make(), "promo", DAY)
    later = gateways(agent_id=OTHER_AGENT_NO)
    loaded = Campaign("promo", "sobot", {**to_make().target, **made})
    entry = {"telephone": "491511000001"}
    batch = Batch(UUID(int=1), loaded, DAY, orjson.dumps([entry]), 1, [0])
    assert later.submit(batch).is_pending
    sobot.vendor.clock.advance(10)
    assert later.poll(batch).is_finished


def test_find_target_reads_all_pages_and_compares_whole_names(gateway: SobotGateway, sobot: Vendor) -> None:
    """The vendor's list has no filter by name: every page is read, and a part of a name is another name."""
    for number in range(120):
        sobot.vendor.store.add_task(f"promo {number}")
    assert gateway.find_target(to_make(), "promo") is None
    task = sobot.vendor.store.add_task("promo")
    found = gateway.find_target(to_make(), "promo")
    assert found == {"code": task.code, "agent_id": SERVICE_AGENT_NO, "agent_type": 0, "ends_at": None}
    assert gateway.find_target(to_make(), "Promo") is None


STATISTICS = (
    "state", "creationTime", "contactRecordCount", "contactUnassignedCount", "agentCount", "contactRecordExecuteCount",
    "contactExecuteRate", "contactRecordAnswerCount", "contactAnswerRate", "callDialCount", "callAnswerCount",
    "callAnswerRate", "callTalkDuration", "averageCallTalkDuration",
)  # fmt: skip


@pytest.mark.parametrize("value", [None, "n/a", {}])
def test_find_target_goes_by_code_and_name_alone(gateway: SobotGateway, sobot: Vendor, value: Any) -> None:
    """Somebody else's task that was never dialled, with statistics of nothing, keeps no campaign from its own."""
    sobot.vendor.knobs.task_fields = dict.fromkeys(STATISTICS, value)
    sobot.vendor.store.add_task("theirs", creator=OTHER_AGENT_ID)
    mine = sobot.vendor.store.add_task("promo")
    assert gateway.find_target(to_make(), "promo") == {
        "code": mine.code, "agent_id": SERVICE_AGENT_NO, "agent_type": 0, "ends_at": None,
    }  # fmt: skip
    gateway.preflight(campaign(code=mine.code))


def test_find_target_of_several_is_an_error(gateway: SobotGateway, sobot: Vendor) -> None:
    """Two tasks of one name: a person must say which."""
    for _ in range(2):
        sobot.vendor.store.add_task("promo")
    with pytest.raises(TargetError) as raised:
        gateway.find_target(to_make(), "promo")
    assert str(raised.value) == (
        "campaigns.promo.target.name_template: sobot has 2 tasks «promo»; name the right one by target.code"
    )


def test_create_target_whose_answer_was_lost_is_found(gateway: SobotGateway, sobot: Vendor) -> None:
    """Unknown, then found by its name; making it again, whose name is taken, finds it too. There is one task."""
    sobot.faults.replace([Fault(kind="lost_after_commit", match=CREATE)])
    with pytest.raises(OutcomeUnknownError):
        gateway.create_target(to_make(), "promo", DAY)
    found = gateway.find_target(to_make(), "promo")
    assert gateway.create_target(to_make(days=7), "promo", DAY) == found
    assert sum(task.name == "promo" for task in sobot.vendor.store.tasks.values()) == 1


def test_create_target_again_is_the_same_request(gateways: Callable[..., SobotGateway], sobot: Vendor) -> None:
    """The same task is asked for under the same key; another window is another request."""
    far = date(2099, 1, 1)
    first, again = (make().create_target(to_make(), "promo", far) for make in [gateways] * 2)
    keys = [key for operation, key in sobot.vendor.store.idempotency_keys if operation == "create_outbound_task"]
    assert (first, len(set(keys)), len(keys)) == (again, 1, 2)


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ({"data_template_code": "D9", "wrap_up_template_code": "W000000000"}, "code is 400"),
        ({"data_template_code": "D000000000", "wrap_up_template_code": "W9"}, "code is 400"),
    ],
)
def test_create_target_that_is_refused_names_the_settings(
    gateway: SobotGateway, target: dict[str, str], text: str
) -> None:
    """A template that is not there is one campaign's mistake."""
    with pytest.raises(TargetError) as raised:
        gateway.create_target(campaign(**target), "promo", DAY)
    assert str(raised.value).startswith(
        "campaigns.promo.target.data_template_code, wrap_up_template_code: the task was not made:"
    )
    assert text in str(raised.value)


def test_create_target_without_a_login_is_no_targets_fault(gateway: SobotGateway, sobot: Vendor) -> None:
    """A refused login stops everything, and says so."""
    sobot.faults.replace([Fault(kind="status", status=401, times=2, match=CREATE)])
    with pytest.raises(AuthenticationError):
        gateway.create_target(to_make(), "promo", DAY)


def test_create_target_that_conflicts_with_nothing_is_refused(gateway: SobotGateway, sobot: Vendor) -> None:
    """A conflict without a task of that name is the vendor's no."""
    sobot.vendor.store.body_faults = [BodyFault("create_outbound_task", 409)]
    with pytest.raises(TargetError, match="was not made"):
        gateway.create_target(to_make(), "promo", DAY)


BERLIN = ZoneInfo("Europe/Berlin")
SCHEDULE = {"days": 3, "start_hour": 9, "end_hour": 18}


@pytest.mark.parametrize(
    ("target", "now", "start", "end"),
    [
        pytest.param(SCHEDULE, "2026-11-10T12:00", "2026-11-17T09:00", "2026-11-19T18:00", id="ahead-of-its-day"),
        pytest.param(SCHEDULE, "2026-11-18T02:00", "2026-11-18T09:00", "2026-11-20T18:00", id="the-night-after"),
        pytest.param(SCHEDULE, "2026-12-24T15:00", "2026-12-24T09:00", "2026-12-26T18:00", id="backfill"),
        pytest.param(
            SCHEDULE | {"days": 1}, "2026-11-18T19:00", "2026-11-19T09:00", "2026-11-19T18:00", id="evening-of-one-day"
        ),
        pytest.param(
            SCHEDULE | {"end_hour": 24}, "2026-11-17T02:00", "2026-11-17T09:00", "2026-11-20T00:00", id="midnight"
        ),
        pytest.param({}, "2026-11-17T02:00", "2026-11-17T09:00", "2026-12-16T18:00", id="defaults"),
    ],
)
def test_window_begins_on_its_day_or_today(target: dict[str, Any], now: str, start: str, end: str) -> None:
    """Whole hours of the campaign's zone, both ends always, and never over already."""
    found = window(target, DAY, zone=BERLIN, now=datetime.fromisoformat(now).replace(tzinfo=BERLIN))
    assert found == tuple(datetime.fromisoformat(text).replace(tzinfo=BERLIN) for text in (start, end))


@given(
    now=st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)),
    days=st.integers(1, 366), start_hour=st.integers(0, 22), length=st.integers(1, 2),
    zone=st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Singapore", "Pacific/Midway"]),
)  # fmt: skip
def test_window_is_open_in_the_future(now: datetime, days: int, start_hour: int, length: int, zone: str) -> None:
    """Its end is later than its start and than now, over every change of the clocks."""
    target = {"days": days, "start_hour": start_hour, "end_hour": start_hour + length}
    start, end = window(target, DAY, zone=ZoneInfo(zone), now=now)
    assert start < end
    assert end > now
    assert start - max(now, datetime(2026, 11, 17, tzinfo=UTC)) < timedelta(days=3)


# --- what a run looks at first ------------------------------------------------------------------


def test_preflight_looks_at_agent_and_task_once(gateway: SobotGateway, sobot: Vendor) -> None:
    """The acting agent is asked for once, each task that is named by its code is looked for."""
    for _ in range(2):
        gateway.preflight(campaign(code=TASK_CODE))
        gateway.preflight(to_make())
    asked = sobot.vendor.store.requests
    assert (asked["query_agent_setting"], asked["query_outbound_task_list"], asked["company_token"]) == (1, 2, 1)


def test_preflight_of_a_task_that_is_not_there(gateway: SobotGateway) -> None:
    """One campaign's mistake, with its setting."""
    with pytest.raises(TargetError) as raised:
        gateway.preflight(campaign(code="nosuchtask"))
    assert str(raised.value) == "campaigns.promo.target.code: sobot has no outbound task nosuchtask"


@pytest.mark.parametrize(
    ("end_ms", "sentence"),
    [
        (
            1763373600000,
            "sobot's outbound task 6yoq3b0lpf is over since 2025-11-17 18:00 +08, and dials nobody; give it a later "
            "end there, or name another",
        ),
        (4089110400000, None),
        (0, None),
        (None, None),
        ("soon", None),
        (10**17, None),
    ],
)
def test_preflight_of_a_task_whose_schedule_is_over(
    gateway: SobotGateway, sobot: Vendor, end_ms: Any, sentence: str | None
) -> None:
    """It takes leads and dials nobody: its campaign is stopped. Nought, or what says nothing, is no end."""
    sobot.vendor.knobs.task_fields = {"scheduleEndTime": end_ms}
    if sentence is None:
        gateway.preflight(campaign(code=TASK_CODE))
        return
    with pytest.raises(TargetOverError) as raised:
        gateway.preflight(campaign(code=TASK_CODE))
    assert str(raised.value) == f"campaigns.promo.target.code: {sentence}"


@pytest.mark.parametrize(
    ("told", "ends_at"),
    [
        ("America/New_York", "2025-11-17T05:00:00-05:00"),
        (None, "2025-11-17T11:00:00+01:00"),
        ("Nowhere/Else", "2025-11-17T11:00:00+01:00"),
    ],
)
def test_found_task_tells_its_end_in_its_zone(
    gateway: SobotGateway, sobot: Vendor, told: str | None, ends_at: str
) -> None:
    """That of the target where the task tells none that there is."""
    sobot.vendor.store.add_task("promo", fields={"scheduleEndTime": 1763373600000, "scheduleTimeZoneId": told})
    found = gateway.find_target(to_make(time_zone="Europe/Berlin"), "promo")
    assert found is not None
    assert found["ends_at"] == ends_at


def test_preflight_names_the_agent_of_the_settings_or_of_the_target(gateways: Callable[..., SobotGateway]) -> None:
    """An agent that the vendor does not know stops all campaigns, or the one that names it."""
    with pytest.raises(SetupError, match=r"^vendors\.sobot\.agent_id: sobot does not know this agent") as all_stop:
        gateways(agent_id="9999").preflight(campaign(code=TASK_CODE))
    assert not isinstance(all_stop.value, TargetError)
    with pytest.raises(TargetError, match=r"^campaigns\.promo\.target\.agent_id: sobot does not know this agent"):
        gateways().preflight(campaign(code=TASK_CODE, agent_id="9999"))
    with pytest.raises(SetupError, match="0 is a work number, 1 an id"):
        gateways(agent_type=1).preflight(campaign(code=TASK_CODE))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"app_secret": "wrong"}, "vendors.sobot.app_id, app_secret: sobot refused the login "
         "(sobot company_token: the token call was refused (HTTP 401)); "
         "is this machine's clock right?"),
        ({"auth_mode": "get_token"}, "vendors.sobot.app_id, app_secret: sobot refused the login "
         "(sobot query_agent_setting: HTTP 401: the login was refused); "
         "is this machine's clock right?"),
        ({"token_host": "http://127.0.0.1:9"}, "vendors.sobot.token_host: sobot company_token: "
         "no token: no connection to 127.0.0.1:9: nothing listens there; is the vendor up, and the address right?"),
        ({"hosts": {"default": "http://127.0.0.1:9"}}, "vendors.sobot.hosts: sobot query_agent_setting: "
         "no connection to 127.0.0.1:9: nothing listens there; is the vendor up, and the address right?"),
    ],
)  # fmt: skip
def test_preflight_names_the_setting_that_is_wrong(
    gateways: Callable[..., SobotGateway], changes: dict[str, Any], sentence: str
) -> None:
    """Login, address of the tokens, address of the operations."""
    with pytest.raises(SetupError) as raised:
        gateways(**changes).preflight(campaign(code=TASK_CODE))
    assert str(raised.value) == sentence


def test_preflight_says_where_sobot_gives_no_token_for_now(
    gateways: Callable[..., SobotGateway], sobot: Vendor
) -> None:
    """Too many tokens were asked for: the address is right, and the vendor is up; also at the next question."""
    gateway = gateways(token_retry_s=0.05)
    sobot.faults.add(Fault(kind="status", status=429, match=Match(path_contains="/tokens"), times=None))
    for _ in range(2):
        with pytest.raises(SetupError, match=r"HTTP 429\); sobot limits how often it is asked: wait a minute$"):
            gateway.preflight(campaign(code=TASK_CODE))


def test_preflight_names_the_scope_where_access_is_refused(gateway: SobotGateway, sobot: Vendor) -> None:
    """403 is not the login."""
    sobot.faults.replace([Fault(kind="status", status=403, match=Match(path_contains="/cc-config/"))])
    with pytest.raises(SetupError, match=r"^vendors\.sobot\.token_scope: sobot refused access"):
        gateway.preflight(campaign(code=TASK_CODE))


@pytest.mark.parametrize("kind", ["html_200", "status"])
def test_preflight_of_a_vendor_in_trouble_is_no_targets_fault(gateway: SobotGateway, sobot: Vendor, kind: Any) -> None:
    """Nothing is said of the campaign."""
    sobot.faults.replace([Fault(kind=kind, times=None, match=Match(path_contains="/cc-config/"))])
    with pytest.raises(ConnectorError):
        gateway.preflight(campaign(code=TASK_CODE))


def test_find_target_of_an_odd_list_is_a_contract_error(gateway: SobotGateway, sobot: Vendor) -> None:
    """A page of HTML is not an empty list of tasks."""
    gateway.preflight(to_make())
    sobot.faults.replace([Fault(kind="html_200")])
    with pytest.raises(ContractError):
        gateway.find_target(to_make(), TASK_NAME)


# --- contacts in the vendor's words -------------------------------------------------------------

ADA = Contact("lead", "L1", ["+491511000001", "+491511000002"], first_name="Ada", last_name="Muster", agent="12001",
              attributes={"city": "Köln", "note": "x" * 201, "nick": "A"})  # fmt: skip


@pytest.mark.parametrize(
    ("mapping", "expected"),
    [
        ({}, {"telephone": "491511000001", "name": "Ada Muster", "allocationAgent": "12001"}),
        (
            {"custom_fields": {CITY_FIELD: "city", LEAD_FIELD: "lead_id", "f3": "absent"}, "name": "nick"},
            {
                "telephone": "491511000001", "name": "A", "allocationAgent": "12001",
                "customFields": [
                    {"fieldId": CITY_FIELD, "fieldValue": "Köln"}, {"fieldId": LEAD_FIELD, "fieldValue": "L1"},
                ],
            },
        ),
        (
            {"description": "note"},
            {"telephone": "491511000001", "name": "Ada Muster", "description": "x" * 199 + "…",
             "allocationAgent": "12001"},
        ),
    ],
)  # fmt: skip
def test_mapper_writes_what_the_mapping_names(
    gateway: SobotGateway, mapping: dict[str, Any], expected: dict[str, Any]
) -> None:
    """Field id to our column; the first number alone; a note that is too long is cut, and shows that it is."""
    given = SobotMapping.model_validate(mapping).model_dump()
    assert gateway.mapper(Campaign("promo", "sobot", {}, mapping=given))(ADA) == expected


def test_mapper_of_a_bare_contact_sends_its_number_alone(gateway: SobotGateway) -> None:
    """What the contact lacks is not in the entry; an entry without a mapping is the vendor's least."""
    assert gateway.mapper(Campaign("promo", "sobot", {}))(Contact("lead", "L1", ["+491511000001"])) == {
        "telephone": "491511000001"
    }


def test_mapped_entries_are_taken_by_the_vendor(gateway: SobotGateway, sobot: Vendor) -> None:
    """What the mapper writes, the double's validation lets pass."""
    mapping = {"custom_fields": {CITY_FIELD: "city"}, "description": "note"}
    entry = gateway.mapper(Campaign("promo", "sobot", {}, mapping=mapping))(ADA)
    gateway.submit(Batch(UUID(int=1), campaign(code=TASK_CODE), DAY, orjson.dumps([entry]), 1, [0]))
    assert sobot.vendor.store.tasks[TASK_CODE].details == [entry]


def test_required_columns_are_those_of_the_source() -> None:
    """Our own columns are always there; the others must be in the source."""
    mapping = {"custom_fields": {"a": "city", "b": "lead_id"}, "name": "nick", "description": "email"}
    assert mapped_columns(mapping) == ["city", "nick"]
    assert mapped_columns({}) == []


@pytest.mark.parametrize(
    ("e164", "phone_format", "expected"),
    [
        ("+491511000001", "digits", "491511000001"),
        ("+491511000001", "e164", "+491511000001"),
        ("+4915112345678", "national", "015112345678"),
        ("+8613800138000", "national", "13800138000"),
        ("+390612345678", "national", "0612345678"),
    ],
)
def test_phone_is_rendered_as_the_setting_says(e164: str, phone_format: Any, expected: str) -> None:
    """Digits, E.164, or what one would dial inside the country."""
    assert render_phone(e164, phone_format) == expected
    assert entry_maker({}, phone_format)(Contact("lead", "1", [e164])) == {"telephone": expected}


@given(st.uuids(), st.dates(date(2020, 1, 1), date(2099, 12, 31)))
def test_code_of_an_import_is_within_the_vendors_limit(key: UUID, day: date) -> None:
    """Twenty letters and digits that begin with the day, the same at every call."""
    code = calling_list_code(day, key)
    assert (len(code), code.isascii() and code.isalnum(), code[:8]) == (20, True, day.strftime("%Y%m%d"))
    assert code == calling_list_code(day, key)


def test_codes_and_keys_differ_by_what_they_name() -> None:
    """Another import, tenant or task is another code and key; literals computed once hold for ever."""
    assert calling_list_code(DAY, UUID(int=1)) == "20261117PQ6M2EF3P3BX"
    assert calling_list_code(DAY, UUID(int=2)) != calling_list_code(DAY, UUID(int=1))
    keys = {idempotency_key(*parts) for parts in [("a", "b", "c"), ("a", "b", "d"), ("ab", "", "c"), ("a", "bc", "")]}
    assert len(keys) == 4
    assert UUID(idempotency_key("a", "b", "c")).version == 5


# --- settings -----------------------------------------------------------------------------------

LEAST = {"app_id": "a", "app_secret": "s", "agent_id": "1"}


def test_settings_have_the_defaults_of_the_vendor_reference() -> None:
    """Section 5, key by key."""
    given = SobotSettings.model_validate(LEAST)
    assert given.hosts == {"default": "https://sg.sobot.io", "cc-ivr": "https://openapi.soboten.com"}
    assert given.report_hosts == ("https://img-sg.sobot.io",)
    chosen = {
        "token_host": "https://sg.sobot.io", "product_prefix": "/callservice/v6", "module_prefix": "cc-",
        "auth_mode": "company_jwt", "authorization_prefix": "Bearer ", "token_ttl_fallback_s": 86_400,
        "token_renew_fraction": 0.5, "auth_error_codes": ("401", "900001", "900002"), "max_details_per_import": 200,
        "phone_format": "digits", "token_scope": "company", "requests_per_second": 2,
        "max_parallel_imports_per_task": 1, "result_first_poll_s": 5, "result_poll_max_s": 60,
        "result_deadline_s": 1800, "settle_before_resend_s": 120,
        "duplicate_fields": ("repeatCount", "removeDuplicatesCount"),
        "remove_duplicates_rule": "RemoveDuplicatesInCampaign", "assign_rule": "NoAssign", "dnc_filter": "Filter",
        "timezoneid": "Asia/Singapore", "connect_timeout_s": 10, "read_timeout_s": 60, "max_attempts": 5,
    }  # fmt: skip
    assert {name: getattr(given, name) for name in chosen} == chosen


def test_settings_of_one_host_leave_the_other() -> None:
    """A tenant of another region changes what differs; codes may be written as numbers."""
    given = SobotSettings.model_validate(
        LEAST | {"hosts": {"default": "https://us.sobot.com/"}, "auth_error_codes": [401, 77]}
    )
    assert given.hosts == {"default": "https://us.sobot.com", "cc-ivr": "https://openapi.soboten.com"}
    assert given.auth_error_codes == ("401", "77")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"token_host": "sg.sobot.io"}, "must begin with http:// or https://"),
        ({"hosts": {"default": "x"}}, "must begin with http:// or https://"),
        ({"report_hosts": ["ftp://x"]}, "must be hosts, such as img-sg.sobot.io"),
        ({"report_hosts": ["x/path"]}, "must be hosts, such as img-sg.sobot.io"),
        ({"report_hosts": ["a@b"]}, "must be hosts, such as img-sg.sobot.io"),
        ({"timezoneid": "Singapore/Asia"}, "is not an IANA time zone"),
        ({"assign_rule": "AssignAppoint"}, "assign_agents and assign_rule AssignAppoint belong together"),
        ({"assign_agents": [{"agent_id": "1", "count": 1}]}, "belong together"),
        ({"typo": 1}, "Extra inputs"),
    ],
)
def test_settings_that_cannot_be_right_are_refused(changes: dict[str, Any], sentence: str) -> None:
    """A clear sentence, before anything is sent."""
    with pytest.raises(ValidationError, match=sentence):
        SobotSettings.model_validate(LEAST | changes)


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ({}, "needs code, or data_template_code and wrap_up_template_code"),
        ({"data_template_code": "D"}, "needs code, or data_template_code and wrap_up_template_code"),
        (TEMPLATES | {"start_hour": 18, "end_hour": 18}, "end_hour must be later than start_hour"),
        (TEMPLATES | {"time_zone": "Berlin"}, "is not an IANA time zone"),
        (TEMPLATES | {"name_template": "{lead}"}, "may only contain"),
        (TEMPLATES | {"name_template": "{campaign"}, "may only contain"),
        (TEMPLATES | {"name_template": "{campaign} {day}"}, "contains {day} for a task per day, and only then"),
        (TEMPLATES | {"per": "day", "name_template": "x"}, "contains {day} for a task per day, and only then"),
        (TEMPLATES | {"name_template": " x"}, "must not be blank"),
        (TEMPLATES | {"description": "x" * 201}, "at most 200"),
        (TEMPLATES | {"agent_type": 1}, "agent_type belongs to agent_id"),
    ],
)
def test_target_that_cannot_be_right_is_refused(target: dict[str, Any], sentence: str) -> None:
    """A task must be known or possible to make."""
    with pytest.raises(ValidationError, match=sentence):
        SobotTarget.model_validate(target)


def test_target_of_one_word_is_a_task_code() -> None:
    """The first field is what a bare word in a CRM's column means."""
    assert next(iter(SobotTarget.model_fields)) == "code"
    assert orjson.loads(orjson.dumps(campaign(code="c").target)) == campaign(code="c").target
