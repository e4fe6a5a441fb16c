"""A lead is taken back from the Platform: completed or deleted, also when it was so before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.errors import (
    ConflictError,
    ConnectorError,
    ContractError,
    InvalidRequestError,
    NotSentError,
    OutcomeUnknownError,
    RateLimitedError,
    SetupError,
    TargetError,
    UnavailableError,
)
from connectors.gateway import Campaign, Delivered, TakesBack
from connectors.platform.gateway import PlatformGateway
from connectors.platform.settings import PlatformSettings
from sandbox.faults import Fault, Match
from sandbox.platform.app import PlatformApi
from sandbox.platform.seeds import LIST_ONE, LIST_TWO
from sandbox.platform.store import Lead
from sandbox.server import SandboxServer
from tests.factories import phone

Vendor = SandboxServer[PlatformApi]
Gateways = Callable[..., PlatformGateway]
CAMPAIGN = Campaign("promo", "platform", {"list_id": LIST_ONE})
METHODS = {"complete": "PUT", "delete": "DELETE"}
WORDS = {"complete": "completed", "delete": "deleted"}
ways = pytest.mark.parametrize("way", ["complete", "delete"])


@pytest.fixture
def platform() -> Iterator[Vendor]:
    """A double of the Platform on a socket of its own."""
    with SandboxServer(PlatformApi()) as server:
        yield server


@pytest.fixture
def gateways(platform: Vendor) -> Iterator[Gateways]:
    """Makes quick gateways to the double; settings that differ are named."""
    made: list[PlatformGateway] = []

    def make(**changes: Any) -> PlatformGateway:
        made.append(settings(base_url=platform.url, **changes).gateway())
        return made[-1]

    yield make
    for gateway in made:
        gateway.close()


def settings(**changes: Any) -> PlatformSettings:
    quick = {"base_url": "http://127.0.0.1:1", "token": "platform-token", "max_attempts": 2, "backoff_s": 0}
    return PlatformSettings.model_validate(quick | {"read_timeout_s": 5} | changes)


def store(platform: Vendor, number: int = 1, *, list_id: int = LIST_ONE, **fields: Any) -> Lead:
    """The list has the lead of that number."""
    return platform.vendor.store.add_lead(
        list_id, {"customerKey": f"lead-L{number}", "phone1": phone(number)} | fields, 0.0
    )


def lead(number: int = 1, known: Lead | None = None, **fields: Any) -> Delivered:
    return Delivered("lead", f"L{number}", None if known is None else str(known.lead_id), **fields)


def open_keys(platform: Vendor) -> list[str | None]:
    """The customerKeys of all leads that are stored and not completed."""
    return [one.customer_key for one in platform.vendor.store.leads.values() if not one.is_completed]


def stored_count(way: str, taken: int, others: int) -> int:
    """How many leads the double still has: what is completed stays."""
    return others + (taken if way == "complete" else 0)


def test_gateway_takes_leads_back(gateways: Gateways) -> None:
    """The port, as the engine looks for it: by default nothing forbids it."""
    gateway = gateways()
    port: TakesBack = gateway
    assert isinstance(gateway, TakesBack)
    assert port.withdrawal_refusal is None


def test_lead_is_completed_unless_told_otherwise(gateways: Gateways, platform: Vendor) -> None:
    """It stays for the statistics, and is never dialled again; nothing else of it changes."""
    first = store(platform)
    before = dict(first.fields)
    assert gateways().withdraw(CAMPAIGN, lead(known=first)) == "completed"
    assert (first.is_completed, first.fields) == (True, before)
    assert (platform.vendor.held(), platform.vendor.dialled()) == ([(str(LIST_ONE), phone(1).lstrip("+"))], [])


@ways
def test_lead_is_taken_back_by_its_id(gateways: Gateways, platform: Vendor, way: str) -> None:
    """And by its key, in case it is there twice; the others are dialled on."""
    first = store(platform, 1)
    store(platform, 2)
    assert gateways(withdraw=way).withdraw(CAMPAIGN, lead(known=first)) == WORDS[way]
    assert (open_keys(platform), len(platform.vendor.store.leads)) == (["lead-L2"], stored_count(way, 1, 1))
    assert platform.vendor.store.requests == {"lead_update" if way == "complete" else "lead_delete": 1, "lead_list": 1}


def test_lead_that_was_completed_before_is_left_alone(gateways: Gateways, platform: Vendor) -> None:
    """The list shows it still; only what would be dialled is completed."""
    first, second = store(platform, 1), store(platform, 1)
    second.is_completed = True
    for _ in range(2):
        platform.vendor.store.requests.clear()
        assert gateways().withdraw(CAMPAIGN, lead(known=first)) == "completed"
        assert platform.vendor.store.requests == {"lead_update": 1, "lead_list": 1}
    assert open_keys(platform) == []


@ways
def test_lead_that_is_there_twice_is_taken_back_twice(gateways: Gateways, platform: Vendor, way: str) -> None:
    """The ledger knows one of them by its id; the vendor would dial the other."""
    first = store(platform, 1)
    store(platform, 1)
    store(platform, 2)
    assert gateways(withdraw=way).withdraw(CAMPAIGN, lead(known=first)) == WORDS[way]
    assert open_keys(platform) == ["lead-L2"]


@ways
def test_lead_without_id_is_found_by_its_key(gateways: Gateways, platform: Vendor, way: str) -> None:
    """In its own list alone, and every one that bears the key."""
    for list_id in (LIST_ONE, LIST_TWO, LIST_ONE):
        store(platform, list_id=list_id)
    store(platform, 2)
    assert gateways(withdraw=way).withdraw(CAMPAIGN, lead()) == WORDS[way]
    assert (open_keys(platform), len(platform.vendor.store.leads)) == (["lead-L1", "lead-L2"], stored_count(way, 2, 2))
    assert [one.list_id for one in platform.vendor.store.leads.values() if not one.is_completed] == [LIST_TWO, LIST_ONE]


def test_key_is_the_one_that_was_sent(gateways: Gateways, platform: Vendor) -> None:
    """The template may have changed since; without what was sent it is made by the template."""
    store(platform, 1, customerKey="old/L1")
    store(platform, 2, customerKey="promo/lead/L2")
    gateway = gateways(customer_key_template="{campaign}/{source}/{lead_id}")
    assert gateway.withdraw(CAMPAIGN, lead(1, entry={"customerKey": "old/L1", "phone1": phone(1)})) == "completed"
    assert open_keys(platform) == ["promo/lead/L2"]
    assert gateway.withdraw(CAMPAIGN, lead(2)) == "completed"
    assert open_keys(platform) == []


def test_filter_that_is_not_heeded_takes_nobody_else(gateways: Gateways, platform: Vendor) -> None:
    """The look-up compares again: a row of another key, or list, is not the lead."""
    platform.vendor.knobs.ignored_filters = ["customerKey", "listId"]
    store(platform, 1, list_id=LIST_TWO)
    store(platform, 2)
    assert gateways(withdraw="delete").withdraw(CAMPAIGN, lead()) == "was gone already"
    assert open_keys(platform) == ["lead-L1", "lead-L2"]


@pytest.mark.parametrize("status", ["204", "409"])
def test_lead_that_is_completed_stays_so(gateways: Gateways, platform: Vendor, status: Any) -> None:
    """Whether the vendor takes that again or refuses it: it is called no more, by id and without."""
    platform.vendor.knobs.complete_again = status
    first = store(platform)
    gateway = gateways()
    told = [gateway.withdraw(CAMPAIGN, lead(known=known)) for known in (first, first, None)]
    assert told == ["completed", "completed", "completed"]
    assert (first.is_completed, len(platform.vendor.store.leads)) == (True, 1)


@ways
def test_lead_that_is_gone_stays_so(gateways: Gateways, platform: Vendor, way: str) -> None:
    """Somebody deleted it there: that is said, and no other lead is touched."""
    first = store(platform)
    platform.vendor.store.delete_lead(first.lead_id)
    store(platform, 2)
    gateway = gateways(withdraw=way)
    assert [gateway.withdraw(CAMPAIGN, lead(known=known)) for known in (first, None)] == ["was gone already"] * 2
    assert open_keys(platform) == ["lead-L2"]


@ways
@pytest.mark.parametrize("status", ["404", "403"])
def test_lead_of_a_list_that_does_not_show_is_not_gone(
    gateways: Gateways, platform: Vendor, way: str, status: Any
) -> None:
    """The vendor dials it on, whatever our account may see: a person must look."""
    first = store(platform)
    platform.vendor.knobs.hidden_lists, platform.vendor.knobs.hidden_status = [LIST_ONE], status
    for known in (first, None):
        with pytest.raises(TargetError, match=r"^campaigns\.promo\.target\.list_id: platform has no list"):
            gateways(withdraw=way).withdraw(CAMPAIGN, lead(known=known))
    assert open_keys(platform) == ["lead-L1"]


@ways
def test_lead_that_came_again_under_another_id_is_taken(gateways: Gateways, platform: Vendor, way: str) -> None:
    """An id that leads nowhere proves nothing."""
    first = store(platform)
    platform.vendor.store.delete_lead(first.lead_id)
    store(platform)
    assert gateways(withdraw=way).withdraw(CAMPAIGN, lead(known=first)) == WORDS[way]
    assert open_keys(platform) == []


@ways
@pytest.mark.parametrize(
    ("fault", "is_done"),
    [
        (Fault(kind="lost_after_commit"), True),
        (Fault(kind="status", commit=True), True),
        (Fault(kind="status"), False),
        (Fault(kind="reset_before_processing"), False),
        (Fault(kind="html", status=200, commit=True), True),
        (Fault(kind="html", status=200), False),
    ],
    ids=["lost", "503-done", "503", "reset", "page-done", "page"],
)
def test_unseen_outcome_is_repeated_without_harm(
    gateways: Gateways, platform: Vendor, way: str, fault: Fault, is_done: bool
) -> None:
    """Whatever came of the first try, the second tells how it is."""
    first = store(platform)
    gateway = gateways(withdraw=way)
    platform.faults.replace([fault])
    with pytest.raises(OutcomeUnknownError):
        gateway.withdraw(CAMPAIGN, lead(known=first))
    assert open_keys(platform) == ([] if is_done else ["lead-L1"])
    is_gone = is_done and way == "delete"
    assert gateway.withdraw(CAMPAIGN, lead(known=first)) == ("was gone already" if is_gone else WORDS[way])
    assert (open_keys(platform), len(platform.vendor.store.leads)) == ([], stored_count(way, 1, 0))


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault(kind="status", match=Match(method="GET"), times=None), UnavailableError),
        (Fault(kind="html_200", match=Match(method="GET"), times=None), ContractError),
        (Fault(kind="status", status=429, match=Match(method="PUT"), retry_after="0"), RateLimitedError),
    ],
)
def test_question_without_answer_takes_nothing_back(
    gateways: Gateways, platform: Vendor, fault: Fault, kind: type[ConnectorError]
) -> None:
    """It is for another time; the lead is still dialled, and nobody says otherwise."""
    store(platform)
    platform.faults.replace([fault])
    with pytest.raises(kind):
        gateways().withdraw(CAMPAIGN, lead())
    assert open_keys(platform) == ["lead-L1"]


@ways
@pytest.mark.parametrize(("status", "kind"), [(409, ConflictError), (422, InvalidRequestError)])
def test_refusal_is_left_to_a_person(
    gateways: Gateways, platform: Vendor, way: str, status: int, kind: type[ConnectorError]
) -> None:
    """The vendor does not let go of the lead: a refusal, without a word of whom it is about."""
    first = store(platform)
    platform.faults.replace([Fault(kind="status", status=status, match=Match(method=METHODS[way]))])
    with pytest.raises(kind) as raised:
        gateways(withdraw=way).withdraw(CAMPAIGN, lead(known=first))
    operation = "lead_update" if way == "complete" else "lead_delete"
    assert str(raised.value) == f"platform {operation}: HTTP {status}"
    assert open_keys(platform) == ["lead-L1"]


@ways
@pytest.mark.parametrize("is_id_known", [True, False])
def test_404_for_a_lead_that_shows_is_no_proof(
    gateways: Gateways, platform: Vendor, way: str, is_id_known: bool
) -> None:
    """The paths are guesses, and a wrong one answers 404 too: what the list shows is not gone."""
    first = store(platform)
    platform.faults.replace([Fault(kind="status", status=404, match=Match(method=METHODS[way]), times=None)])
    with pytest.raises(ContractError) as raised:
        gateways(withdraw=way).withdraw(CAMPAIGN, lead(known=first if is_id_known else None))
    operation = "lead_update" if way == "complete" else "lead_delete"
    assert str(raised.value) == (
        f"platform {operation}: not found, although the list shows it; is vendors.platform.paths.{operation} right?"
    )
    assert open_keys(platform) == ["lead-L1"]


def test_list_that_is_not_known_names_the_target(gateways: Gateways, platform: Vendor) -> None:
    """Without an id the lead is looked for in its list."""
    store(platform)
    with pytest.raises(TargetError, match=r"campaigns\.promo\.target: its list was not found or made yet"):
        gateways().withdraw(Campaign("promo", "platform", {"campaign_id": 2}), lead())
    assert open_keys(platform) == ["lead-L1"]


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (401, "vendors.platform.token, auth_scheme: platform refused the token in this form (HTTP 401)"),
        (403, "vendors.platform.token: platform refused access (HTTP 403): the account may not do this"),
    ],
)
def test_refused_login_names_the_setting(gateways: Gateways, platform: Vendor, status: int, sentence: str) -> None:
    """It is no fault of the lead's."""
    first = store(platform)
    platform.faults.replace([Fault(kind="status", status=status)])
    with pytest.raises(SetupError) as raised:
        gateways().withdraw(CAMPAIGN, lead(known=first))
    assert str(raised.value) == sentence
    assert open_keys(platform) == ["lead-L1"]


def test_vendor_that_is_away_is_asked_another_time() -> None:
    """Nothing was sent."""
    gateway = settings().gateway()
    with pytest.raises(NotSentError):
        gateway.withdraw(CAMPAIGN, Delivered("lead", "L1", "7"))
    gateway.close()


@pytest.mark.parametrize("off", ["off", False])
def test_off_takes_nothing_back(gateways: Gateways, platform: Vendor, off: Any) -> None:
    """YAML reads `off` as false: both say it; who asks all the same is refused before anything is sent."""
    first = store(platform)
    gateway = gateways(withdraw=off)
    assert gateway.withdrawal_refusal == "vendors.platform.withdraw is off: no lead is taken back from platform"
    with pytest.raises(SetupError, match=r"vendors\.platform\.withdraw is off"):
        gateway.withdraw(CAMPAIGN, lead(known=first))
    assert (open_keys(platform), platform.vendor.store.requests) == (["lead-L1"], {})


def test_setting_takes_three_words() -> None:
    """Anything else is refused with all of them."""
    with pytest.raises(ValidationError, match="Input should be 'complete', 'delete' or 'off'"):
        settings(withdraw="bar_numbers")
