"""A lead is taken back from Sobot: its numbers are barred, all of them, in the form that the tasks have."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from connectors.errors import (
    ConnectorError,
    InvalidRequestError,
    NotSentError,
    OutcomeUnknownError,
    RateLimitedError,
    RejectedError,
    SetupError,
)
from connectors.gateway import Campaign, Delivered, TakesBack
from connectors.sobot.gateway import SobotGateway
from connectors.sobot.models import ForbiddenNumbersTaken
from connectors.sobot.settings import SobotSettings
from sandbox.faults import Fault, Match
from sandbox.server import SandboxServer
from sandbox.sobot.app import SobotCallCenter
from sandbox.sobot.seeds import SERVICE_AGENT_ID, TASK_CODE
from sandbox.sobot.store import BodyFault
from tests.factories import phone

Vendor = SandboxServer[SobotCallCenter]
Gateways = Callable[..., SobotGateway]
OPERATION = "import_enterprise_forbidden_numbers"
BAR = Match(method="PUT", path_contains="/blacklist/batch")
CAMPAIGN = Campaign("promo", "sobot", {"code": TASK_CODE})
LEAD = Delivered("lead", "L1", phones=[phone(1), phone(2)])


@pytest.fixture
def sobot() -> Iterator[Vendor]:
    """A double of Sobot on a socket of its own."""
    with SandboxServer(SobotCallCenter()) as server:
        yield server


@pytest.fixture
def gateways(sobot: Vendor) -> Iterator[Gateways]:
    """Makes quick gateways to the double; settings that differ are named."""
    made: list[SobotGateway] = []

    def make(**changes: Any) -> SobotGateway:
        made.append(settings(token_host=sobot.url, hosts={"default": sobot.url}, **changes).gateway())
        return made[-1]

    yield make
    for gateway in made:
        gateway.close()


def settings(**changes: Any) -> SobotSettings:
    quick = {"app_id": "app-1", "app_secret": "secret-1", "agent_id": SERVICE_AGENT_ID, "requests_per_second": None}
    return SobotSettings.model_validate(quick | {"max_attempts": 2, "backoff_s": 0, "read_timeout_s": 5} | changes)


def barred(sobot: Vendor) -> list[str]:
    """The numbers on the block list."""
    return list(sobot.vendor.store.block_list)


def test_gateway_takes_leads_back(gateways: Gateways) -> None:
    """The port, as the engine looks for it: by default nothing forbids it."""
    gateway = gateways()
    port: TakesBack = gateway
    assert isinstance(gateway, TakesBack)
    assert port.withdrawal_refusal is None


def test_all_numbers_are_barred_in_one_request(gateways: Gateways, sobot: Vendor) -> None:
    """Outbound, enabled, for good, and in our name."""
    assert gateways().withdraw(CAMPAIGN, LEAD) == "2 numbers barred"
    rest = {"numberType": 1, "callType": 3, "enabled": 1, "description": "leadsync: must not be called"}
    expected = [{"callNumber": number, **rest} for number in ("4915110000001", "4915110000002")]
    assert httpx.get(f"{sobot.url}/_sandbox/forbidden_numbers").json() == expected
    assert sobot.vendor.store.requests[OPERATION] == 1


@pytest.mark.parametrize(
    ("changes", "numbers"),
    [
        ({}, ["4915110000001"]),
        ({"phone_format": "e164", "barred_phone_format": "digits"}, ["4915110000001"]),
        ({"phone_format": "national"}, ["015110000001"]),
        ({"barred_phone_format": "national"}, ["015110000001"]),
    ],
)
def test_list_has_numbers_as_the_tasks_do(
    gateways: Gateways, sobot: Vendor, changes: dict[str, str], numbers: list[str]
) -> None:
    """Unless the settings say that the list writes them otherwise."""
    assert gateways(**changes).withdraw(CAMPAIGN, LEAD._replace(phones=[phone(1)])) == "number barred"
    assert barred(sobot) == numbers


@pytest.mark.parametrize(
    ("phones", "entry", "numbers"),
    [
        ([phone(1)], {"telephone": "4915110000001"}, ["4915110000001"]),
        ([phone(2)], {"telephone": "4915110000001"}, ["4915110000002", "4915110000001"]),
        ([], {"telephone": "4915110000001", "name": "Ada"}, ["4915110000001"]),
        ([phone(1), phone(1)], None, ["4915110000001"]),
    ],
    ids=["the-same", "an-older-one", "the-task-s-alone", "twice"],
)
def test_number_in_the_task_is_barred_too(
    gateways: Gateways, sobot: Vendor, phones: list[str], entry: Any, numbers: list[str]
) -> None:
    """Sobot never changes a task: a lead that got another number since is dialled by the old one."""
    sobot.vendor.store.tasks[TASK_CODE].add("4915110000001", {})
    gateways().withdraw(CAMPAIGN, Delivered("lead", "L1", phones=phones, entry=entry))
    assert barred(sobot) == numbers
    assert (sobot.vendor.held(), sobot.vendor.dialled()) == ([(TASK_CODE, "4915110000001")], [])


@pytest.mark.parametrize("entry", [None, {}])
def test_lead_without_a_number_is_left_to_a_person(gateways: Gateways, sobot: Vendor, entry: Any) -> None:
    """Once purged, nobody can say which number it had; nothing is sent."""
    with pytest.raises(RejectedError) as raised:
        gateways().withdraw(CAMPAIGN, Delivered("lead", "L1", entry=entry))
    assert str(raised.value) == (
        f"sobot {OPERATION}: not sent: no number of the lead is known any more, so none can be barred"
    )
    assert (barred(sobot), sobot.vendor.store.requests) == ([], {})


def test_number_that_is_refused_is_told_without_the_number(gateways: Gateways, sobot: Vendor) -> None:
    """`code` is 200 all the same; what the list took of the others stays there."""
    gateway = gateways(phone_format="e164", barred_phone_format="digits")
    lead = LEAD._replace(phones=[phone(2)], entry={"telephone": phone(1)})
    with pytest.raises(InvalidRequestError) as raised:
        gateway.withdraw(CAMPAIGN, lead)
    assert str(raised.value) == (
        f"sobot {OPERATION}: 1 of 2 numbers refused: NO【2】,【callNumber】,Content【<number>】,【Reference:number】"
    )
    assert barred(sobot) == ["4915110000002"]


def test_counts_that_do_not_add_up_are_no_success(gateways: Gateways, sobot: Vendor) -> None:
    """Fewer are said to be taken than were sent, and none refused: a person must look at the list."""
    sobot.vendor.knobs.forbidden_shortfall = 1
    with pytest.raises(RejectedError) as raised:
        gateways().withdraw(CAMPAIGN, LEAD)
    assert str(raised.value) == f"sobot {OPERATION}: 2 numbers sent, 1 taken, none refused"
    assert barred(sobot) == ["4915110000001", "4915110000002"]


@pytest.mark.parametrize(
    ("answer", "failed_count", "details"),
    [
        ({"successCount": 1}, 0, []),
        ({"successCount": 1, "failedCount": None, "details": None}, 0, []),
        ({"successCount": 0, "failedCount": 1, "details": ["Entry【1】"]}, 1, ["Entry【1】"]),
        ({"successCount": 0, "failedCount": 1, "details": [{"detail": "Entry【1】"}]}, 1, ["Entry【1】"]),
    ],
)
def test_answer_is_read_as_the_document_s_table_and_example(
    answer: dict[str, Any], failed_count: int, details: list[str]
) -> None:
    """What is not required may be missing or null; a line comes bare, or in an object."""
    read = ForbiddenNumbersTaken.model_validate(answer)
    assert (read.failed_count, read.details) == (failed_count, details)


def test_repetition_bars_nothing_anew(gateways: Gateways, sobot: Vendor) -> None:
    """Twice is once; a lead of the same number in another campaign does no harm either."""
    gateway = gateways()
    other = Campaign("winback", "sobot", {"code": "demo000001"})
    told = [gateway.withdraw(campaign, LEAD) for campaign in (CAMPAIGN, CAMPAIGN, other)]
    assert told == ["2 numbers barred"] * 3
    assert barred(sobot) == ["4915110000001", "4915110000002"]


@pytest.mark.parametrize(
    ("fault", "is_done"),
    [
        (Fault(kind="lost_after_commit", match=BAR), True),
        (Fault(kind="status", commit=True, match=BAR), True),
        (Fault(kind="html_200", match=BAR), True),
        (Fault(kind="status", match=BAR), False),
        (Fault(kind="reset_before_processing", match=BAR), False),
    ],
    ids=["lost", "503-done", "html", "503", "reset"],
)
def test_unseen_outcome_is_repeated_without_harm(
    gateways: Gateways, sobot: Vendor, fault: Fault, is_done: bool
) -> None:
    """Whatever came of the first try, the numbers are barred after the second."""
    gateway = gateways()
    sobot.faults.replace([fault])
    with pytest.raises(OutcomeUnknownError):
        gateway.withdraw(CAMPAIGN, LEAD)
    assert barred(sobot) == (["4915110000001", "4915110000002"] if is_done else [])
    assert gateway.withdraw(CAMPAIGN, LEAD) == "2 numbers barred"
    assert barred(sobot) == ["4915110000001", "4915110000002"]


@pytest.mark.parametrize(
    ("code", "kind"), [(400, InvalidRequestError), (429, RateLimitedError), (500, OutcomeUnknownError)]
)
def test_body_that_says_no_is_no_success(
    gateways: Gateways, sobot: Vendor, code: int, kind: type[ConnectorError]
) -> None:
    """HTTP 200 with a failing code: refused, for another time, or unseen."""
    sobot.vendor.store.body_faults.append(BodyFault(OPERATION, code=code, ret_code=None))
    with pytest.raises(kind):
        gateways().withdraw(CAMPAIGN, LEAD)
    assert barred(sobot) == []


def test_refused_login_names_the_setting(gateways: Gateways, sobot: Vendor) -> None:
    """It is no fault of the lead's."""
    sobot.vendor.knobs.app_secret = "another"
    with pytest.raises(SetupError, match=r"^vendors\.sobot\.app_id, app_secret: sobot refused the login"):
        gateways().withdraw(CAMPAIGN, LEAD)
    assert barred(sobot) == []


def test_refused_access_names_the_setting(gateways: Gateways, sobot: Vendor) -> None:
    """The token is good, and may not do this."""
    sobot.faults.replace([Fault(kind="status", status=403, match=BAR)])
    with pytest.raises(SetupError) as raised:
        gateways().withdraw(CAMPAIGN, LEAD)
    assert str(raised.value) == f"vendors.sobot.token_scope: sobot refused access (sobot {OPERATION}: HTTP 403)"
    assert barred(sobot) == []


def test_vendor_that_is_away_is_asked_another_time() -> None:
    """Nothing was sent."""
    gateway = settings(token_host="http://127.0.0.1:1", hosts={"default": "http://127.0.0.1:1"}).gateway()
    with pytest.raises(NotSentError):
        gateway.withdraw(CAMPAIGN, LEAD)
    gateway.close()


@pytest.mark.parametrize("off", ["off", False])
def test_off_bars_nothing(gateways: Gateways, sobot: Vendor, off: Any) -> None:
    """YAML reads `off` as false: both say it; who asks all the same is refused before anything is sent."""
    gateway = gateways(withdraw=off)
    assert gateway.withdrawal_refusal == "vendors.sobot.withdraw is off: no lead is taken back from sobot"
    with pytest.raises(SetupError, match=r"vendors\.sobot\.withdraw is off"):
        gateway.withdraw(CAMPAIGN, LEAD)
    assert (barred(sobot), sobot.vendor.store.requests) == ([], {})


def test_setting_takes_two_words() -> None:
    """Anything else is refused with both."""
    with pytest.raises(ValidationError, match="Input should be 'bar_numbers' or 'off'"):
        settings(withdraw="delete")
