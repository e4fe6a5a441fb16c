"""A customer is taken back from Sinch: deleted, once and for all, and nobody else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest
from pydantic import ValidationError

from connectors.errors import (
    ConnectorError,
    ContractError,
    NotFoundError,
    NotSentError,
    OutcomeUnknownError,
    RateLimitedError,
    SetupError,
    UnavailableError,
)
from connectors.gateway import Campaign, Delivered, TakesBack
from connectors.sinch.gateway import SinchGateway
from connectors.sinch.settings import SinchSettings
from sandbox.faults import Fault, Match
from sandbox.server import SandboxServer
from sandbox.sinch.app import SinchObi
from sandbox.sinch.entries import Batch, add_batch
from tests.factories import ABSENT_TARGET, TARGET, phone

Vendor = SandboxServer[SinchObi]
CAMPAIGN = Campaign("promo", "sinch", {"campaign_id": TARGET})
DELETE, LOOK_UP = Match(method="DELETE"), Match(method="GET")


@pytest.fixture
def gateways(sinch: Vendor) -> Iterator[Callable[..., SinchGateway]]:
    """Makes quick gateways to the double; settings that differ are named."""
    made: list[SinchGateway] = []

    def make(**changes: Any) -> SinchGateway:
        made.append(settings(base_url=sinch.url, **changes).gateway())
        return made[-1]

    yield make
    for gateway in made:
        gateway.close()


@pytest.fixture
def gateway(gateways: Callable[..., SinchGateway]) -> SinchGateway:
    """A gateway with the defaults."""
    return gateways()


def settings(**changes: Any) -> SinchSettings:
    quick = {"base_url": "http://127.0.0.1:1", "auth_mode": "none", "max_attempts": 2, "backoff_s": 0}
    return SinchSettings.model_validate(quick | {"read_timeout_s": 5} | changes)


def load(sinch: Vendor, *external_ids: str) -> list[str]:
    """The campaign has a customer for each of these; their ids."""
    entries = [{"externalId": one, "numbers": phone(number)} for number, one in enumerate(external_ids, 1)]
    store, batch = sinch.vendor.store, Batch(entries, orjson.dumps(entries), sinch.vendor.knobs)
    return [row["id"] for row in add_batch(store, store.campaigns[TARGET], batch)]


def lead(number: int = 1, **fields: Any) -> Delivered:
    return Delivered("lead", f"L{number}", **fields)


def held(sinch: Vendor) -> list[str]:
    """The externalIds that the campaign has."""
    return [customer.external_id for customer in sinch.vendor.store.campaigns[TARGET].customers.values()]


def test_gateway_takes_leads_back(gateway: SinchGateway) -> None:
    """The port, as the engine looks for it: by default nothing forbids it."""
    port: TakesBack = gateway
    assert isinstance(gateway, TakesBack)
    assert port.withdrawal_refusal is None


def test_customer_is_deleted_by_its_id(gateway: SinchGateway, sinch: Vendor) -> None:
    """And by its externalId, in case it is there twice; the campaign keeps the others."""
    first, _ = load(sinch, "lead-L1", "lead-L2")
    assert gateway.withdraw(CAMPAIGN, lead(vendor_id=first)) == "deleted"
    assert held(sinch) == ["lead-L2"]
    assert sinch.vendor.dialled() == [(TARGET, phone(2).lstrip("+"))]
    assert sinch.vendor.store.requests == {"delete_customer": 1, "list_customers": 1}


def test_customer_without_id_is_found_by_its_external_id(gateway: SinchGateway, sinch: Vendor) -> None:
    """The id that we gave it is enough."""
    load(sinch, "lead-L1", "lead-L2")
    assert gateway.withdraw(CAMPAIGN, lead()) == "deleted"
    assert held(sinch) == ["lead-L2"]


def test_external_id_is_the_one_that_was_sent(gateways: Callable[..., SinchGateway], sinch: Vendor) -> None:
    """The template may have changed since; without what was sent it is made by the template."""
    load(sinch, "old/L1", "promo/lead/L2")
    gateway = gateways(external_id_template="{campaign}/{source}/{lead_id}")
    assert gateway.withdraw(CAMPAIGN, lead(1, entry={"externalId": "old/L1", "numbers": phone(1)})) == "deleted"
    assert held(sinch) == ["promo/lead/L2"]
    assert gateway.withdraw(CAMPAIGN, lead(2)) == "deleted"
    assert held(sinch) == []


def test_all_customers_of_the_external_id_are_deleted(gateways: Callable[..., SinchGateway], sinch: Vendor) -> None:
    """Where the vendor took it more than once, over several pages, all of them are ours."""
    sinch.vendor.knobs.unique_external_id = False
    load(sinch, "lead-L1", "lead-L2", "lead-L1", "lead-L1")
    assert gateways(page_limit=1).withdraw(CAMPAIGN, lead()) == "deleted"
    assert held(sinch) == ["lead-L2"]


@pytest.mark.parametrize("lead_id", ["*", "L?", "?*"])
def test_wildcards_in_an_id_delete_nobody_else(gateway: SinchGateway, sinch: Vendor, lead_id: str) -> None:
    """`*` and `?` match everything at the vendor, and are letters to us."""
    load(sinch, "lead-L1", f"lead-{lead_id}", "lead-L2")
    assert gateway.withdraw(CAMPAIGN, Delivered("lead", lead_id)) == "deleted"
    assert gateway.withdraw(CAMPAIGN, Delivered("lead", lead_id)) == "was gone already"
    assert held(sinch) == ["lead-L1", "lead-L2"]


def test_repetition_finds_it_gone(gateway: SinchGateway, sinch: Vendor) -> None:
    """Taken back twice is taken back, by id and without."""
    (first,) = load(sinch, "lead-L1")
    told = [gateway.withdraw(CAMPAIGN, lead(vendor_id=known)) for known in (first, first, None)]
    assert told == ["deleted", "was gone already", "was gone already"]
    assert held(sinch) == []


def test_customer_that_came_again_under_another_id_is_deleted(gateway: SinchGateway, sinch: Vendor) -> None:
    """An id that leads nowhere proves nothing: somebody may have put the customer back."""
    load(sinch, "lead-L1")
    assert gateway.withdraw(CAMPAIGN, lead(vendor_id=32 * "0")) == "deleted"
    assert held(sinch) == []


@pytest.mark.parametrize(
    ("fault", "is_done"),
    [
        (Fault(kind="lost_after_commit", match=DELETE), True),
        (Fault(kind="status", commit=True, match=DELETE), True),
        (Fault(kind="status", match=DELETE), False),
        (Fault(kind="reset_before_processing", match=DELETE), False),
    ],
    ids=["lost", "503-done", "503", "reset"],
)
@pytest.mark.parametrize("is_id_known", [True, False])
def test_unseen_outcome_is_repeated_without_harm(
    gateway: SinchGateway, sinch: Vendor, fault: Fault, is_id_known: bool, is_done: bool
) -> None:
    """Whatever came of the first try, the second tells how it is."""
    first, _ = load(sinch, "lead-L1", "lead-L2")
    known = lead(vendor_id=first if is_id_known else None)
    sinch.faults.replace([fault])
    with pytest.raises(OutcomeUnknownError):
        gateway.withdraw(CAMPAIGN, known)
    assert held(sinch) == (["lead-L2"] if is_done else ["lead-L1", "lead-L2"])
    assert gateway.withdraw(CAMPAIGN, known) == ("was gone already" if is_done else "deleted")
    assert held(sinch) == ["lead-L2"]


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault(kind="status", match=LOOK_UP, times=None), UnavailableError),
        (Fault(kind="html_200", match=LOOK_UP, times=None), ContractError),
        (Fault(kind="status", status=429, match=DELETE, retry_after="0"), RateLimitedError),
    ],
)
def test_question_without_answer_deletes_nothing(
    gateway: SinchGateway, sinch: Vendor, fault: Fault, kind: type[ConnectorError]
) -> None:
    """It is for another time; the customer is still there, and nobody says otherwise."""
    load(sinch, "lead-L1")
    sinch.faults.replace([fault])
    with pytest.raises(kind):
        gateway.withdraw(CAMPAIGN, lead())
    assert held(sinch) == ["lead-L1"]


def test_404_for_a_customer_that_shows_is_no_proof(gateway: SinchGateway, sinch: Vendor) -> None:
    """A path that is shut answers 404 too: what the campaign shows is not gone."""
    (first,) = load(sinch, "lead-L1")
    sinch.faults.replace([Fault(kind="status", status=404, match=DELETE, times=None)])
    with pytest.raises(ContractError) as raised:
        gateway.withdraw(CAMPAIGN, lead(vendor_id=first))
    assert str(raised.value) == "sinch delete_customer: not found, although the campaign shows it"
    assert held(sinch) == ["lead-L1"]


def test_customer_who_shows_after_he_was_deleted_is_not_gone(gateway: SinchGateway, sinch: Vendor) -> None:
    """A gateway that answers 204 itself deletes nobody: the campaign dials what it shows."""
    (first,) = load(sinch, "lead-L1")
    sinch.faults.replace([Fault(kind="status", status=204, match=DELETE)])
    with pytest.raises(ContractError) as raised:
        gateway.withdraw(CAMPAIGN, lead(vendor_id=first))
    assert str(raised.value) == "sinch delete_customer: answered as done, although the campaign shows it"
    assert gateway.withdraw(CAMPAIGN, lead(vendor_id=first)) == "deleted"
    assert held(sinch) == []


def test_page_of_html_deletes_nobody(gateway: SinchGateway, sinch: Vendor) -> None:
    """Whatever its status; the next try tells."""
    (first,) = load(sinch, "lead-L1")
    sinch.faults.replace([Fault(kind="html", status=200, match=DELETE)])
    with pytest.raises(OutcomeUnknownError):
        gateway.withdraw(CAMPAIGN, lead(vendor_id=first))
    assert gateway.withdraw(CAMPAIGN, lead(vendor_id=first)) == "deleted"


def test_id_that_the_vendor_left_empty_is_none(gateway: SinchGateway, sinch: Vendor) -> None:
    """The customer is found by the externalId, as without one."""
    load(sinch, "lead-L1", "lead-L2")
    assert gateway.withdraw(CAMPAIGN, lead(vendor_id="")) == "deleted"
    assert held(sinch) == ["lead-L2"]


@pytest.mark.parametrize("is_id_known", [True, False])
def test_campaign_that_cannot_be_seen_is_left_to_a_person(
    gateway: SinchGateway, sinch: Vendor, is_id_known: bool
) -> None:
    """A campaign that is hidden from the account is dialled all the same: nothing is called gone."""
    (first,) = load(sinch, "lead-L1")
    sinch.vendor.knobs.hide_campaigns = [TARGET]
    for target in (TARGET, ABSENT_TARGET):
        campaign = Campaign("promo", "sinch", {"campaign_id": target})
        with pytest.raises(NotFoundError) as raised:
            gateway.withdraw(campaign, lead(vendor_id=first if is_id_known else None))
        assert str(raised.value) == (
            f"sinch customers: no campaign {target} that this account may see, so whether it has the lead is open"
        )
    assert held(sinch) == ["lead-L1"]


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (401, "vendors.sinch.username, password: sinch refused the login (HTTP 401)"),
        (
            403,
            "vendors.sinch.api_key: sinch refused access (HTTP 403): the key is missing or the account may not do this",
        ),
    ],
)
def test_refused_login_names_the_setting(gateway: SinchGateway, sinch: Vendor, status: int, sentence: str) -> None:
    """It is no fault of the lead's."""
    (first,) = load(sinch, "lead-L1")
    sinch.faults.replace([Fault(kind="status", status=status)])
    with pytest.raises(SetupError) as raised:
        gateway.withdraw(CAMPAIGN, lead(vendor_id=first))
    assert str(raised.value) == sentence
    assert held(sinch) == ["lead-L1"]


def test_vendor_that_is_away_is_asked_another_time() -> None:
    """Nothing was sent."""
    gateway = settings().gateway()
    with pytest.raises(NotSentError):
        gateway.withdraw(CAMPAIGN, lead(vendor_id=32 * "A"))
    gateway.close()


@pytest.mark.parametrize("off", ["off", False])
def test_off_takes_nothing_back(gateways: Callable[..., SinchGateway], sinch: Vendor, off: Any) -> None:
    """YAML reads `off` as false: both say it; who asks all the same is refused before anything is sent."""
    (first,) = load(sinch, "lead-L1")
    gateway = gateways(withdraw=off)
    assert gateway.withdrawal_refusal == "vendors.sinch.withdraw is off: no lead is taken back from sinch"
    with pytest.raises(SetupError, match=r"vendors\.sinch\.withdraw is off"):
        gateway.withdraw(CAMPAIGN, lead(vendor_id=first))
    assert (held(sinch), sinch.vendor.store.requests) == (["lead-L1"], {})


def test_setting_takes_two_words() -> None:
    """Anything else is refused with both."""
    with pytest.raises(ValidationError, match="Input should be 'delete' or 'off'"):
        settings(withdraw="complete")
