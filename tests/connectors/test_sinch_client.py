"""The eight operations of OBI over a socket, paging, wildcards and logging in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from connectors.errors import (
    AuthenticationError,
    ConnectorError,
    ContractError,
    ForbiddenError,
    InvalidRequestError,
    NotFoundError,
    OutcomeUnknownError,
    SetupError,
)
from connectors.gateway import Campaign
from connectors.patience import Patience
from connectors.sinch.auth import basic_auth, certificate_pair, key_headers
from connectors.sinch.client import SinchClient
from connectors.sinch.models import EntryResult, SinchCampaign
from connectors.sinch.settings import SinchSettings
from connectors.transport import Transport
from sandbox.faults import Fault
from sandbox.server import SandboxServer
from sandbox.sinch.app import SinchObi
from tests.factories import ABSENT_TARGET, OTHER_TARGET, TARGET, phone

Vendor = SandboxServer[SinchObi]
NOON = datetime(2026, 11, 17, 12, tzinfo=UTC)


@pytest.fixture
def clients(sinch: Vendor) -> Iterator[Callable[..., SinchClient]]:
    """Makes quick clients of the double."""
    made: list[SinchClient] = []

    def make(*, page_limit: int = 100, **options: Any) -> SinchClient:
        patience = Patience(connect_timeout_s=5, read_timeout_s=5, max_attempts=2, backoff_s=0)
        transport = Transport(vendor="sinch", base_url=f"{sinch.url}/RI/obi", patience=patience, **options)
        made.append(SinchClient(transport, page_limit=page_limit))
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def client(clients: Callable[..., SinchClient]) -> SinchClient:
    """A client with the defaults."""
    return clients()


def customers(count: int, first: int = 1) -> bytes:
    entries = [{"externalId": f"L{n}", "numbers": phone(n)} for n in range(first, first + count)]
    return orjson.dumps(entries)


def test_campaigns_are_those_that_pass_the_filter(client: SinchClient) -> None:
    """Operation 1: all campaigns, or those of a name, a status, a time."""
    assert len(client.campaigns()) == 5
    renewals = SinchCampaign(OTHER_TARGET, "Renewals", "Active", "PREDICTIVE", "Test Queue", 0, 0)
    assert client.campaigns(name="Rene*") == [renewals]
    assert {campaign.name for campaign in client.campaigns(status="Passive")} == {"Test Campaign", "Spring Promo UK"}
    before = datetime(2020, 1, 1, tzinfo=UTC)
    assert [campaign.name for campaign in client.campaigns(registeredEnd=before)] == ["Test Preview Campaign"]


def test_campaign_is_read_by_either_spelling_of_its_id(client: SinchClient) -> None:
    """Operation 2: id32 and id36 name the same campaign."""
    assert client.campaign("11112222-3333-4444-5555-666677778888") == client.campaign(OTHER_TARGET)
    assert client.campaign(OTHER_TARGET).name == "Renewals"


def test_set_campaign_status_switches_it(client: SinchClient) -> None:
    """Operation 3: Active and Passive, and nothing for an expired campaign."""
    client.set_campaign_status(TARGET, "Active")
    assert client.campaign(TARGET).status == "Active"
    client.set_campaign_status(TARGET, "Passive")
    assert client.campaign(TARGET).status == "Passive"


@pytest.mark.parametrize(("count", "requests"), [(0, 1), (99, 1), (100, 2), (101, 2), (250, 3)])
def test_customers_are_read_to_the_last_page(client: SinchClient, sinch: Vendor, count: int, requests: int) -> None:
    """Operation 4: more than the hundred of a page; a short page is the last."""
    if count:
        client.create_customers(TARGET, customers(count))
    assert [row.external_id for row in client.customers(TARGET)] == [f"L{n}" for n in range(1, count + 1)]
    assert sinch.vendor.store.requests["list_customers"] == requests


def test_customers_are_each_read_once_while_the_campaign_changes(
    clients: Callable[..., SinchClient], sinch: Vendor
) -> None:
    """A row that moves onto the next page because another was added before it is not told twice."""
    client = clients(page_limit=3)
    client.create_customers(TARGET, customers(6))
    reading = client.customers(TARGET)
    first = [next(reading) for _ in range(3)]
    late = client.create_customer(TARGET, {"externalId": "L7", "numbers": phone(7)})
    campaign = sinch.vendor.store.campaigns[TARGET]
    with sinch.vendor.store.lock:
        campaign.customers = {late: campaign.customers[late], **campaign.customers}
    assert [row.external_id for row in [*first, *reading]] == ["L1", "L2", "L3", "L4", "L5", "L6"]


def test_customers_are_all_read_where_the_vendor_gives_fewer_at_once(
    clients: Callable[..., SinchClient], sinch: Vendor
) -> None:
    """A page that is shorter than asked is not the last where more than the usual hundred was asked."""
    client = clients(page_limit=1000)
    client.create_customers(TARGET, customers(250))
    sinch.vendor.knobs.max_limit = 100
    assert len(list(client.customers(TARGET))) == 250


def test_customers_end_where_the_vendor_does_not_heed_the_offset(client: SinchClient, sinch: Vendor) -> None:
    """The same page again and again is no list."""
    client.create_customers(TARGET, customers(120))
    sinch.vendor.knobs.ignore_offset = True
    with pytest.raises(ContractError, match=r"^sinch customers: a page repeats the one before: offset is not heeded$"):
        list(client.customers(TARGET))


def test_customers_are_narrowed_by_fields_and_by_time(client: SinchClient, sinch: Vendor) -> None:
    """Filters and windows of time are the vendor's; the window excludes both its ends."""
    sinch.vendor.store.clock = lambda: NOON
    client.create_customers(TARGET, customers(2))
    sinch.vendor.store.clock = lambda: NOON + timedelta(hours=1)
    client.create_customers(TARGET, customers(1, first=3))

    def found(**filters: str | datetime) -> list[str]:
        return [row.external_id for row in client.customers(TARGET, **filters)]

    assert found(numbers=phone(2)) == ["L2"]
    assert found(modificationDate=NOON) == ["L3"]
    assert found(modificationDateEnd=NOON + timedelta(minutes=1)) == ["L1", "L2"]
    assert found(modificationDate=NOON - timedelta(milliseconds=1), modificationDateEnd=NOON) == []


@pytest.mark.parametrize("external_id", ["*", "L*", "?1", "a&limit=1", "ä ö", "50%", "a+b", "#1"])
def test_customers_of_an_id_with_a_wildcard_contain_it(client: SinchClient, external_id: str) -> None:
    """What the vendor answers to a wildcard is more than the one; the one is among it, on whichever page."""
    client.create_customers(TARGET, customers(120))
    client.create_customers(TARGET, orjson.dumps([{"externalId": external_id, "numbers": phone(999)}]))
    found = [row.external_id for row in client.customers(TARGET, externalId=external_id)]
    assert found.count(external_id) == 1
    assert len(found) == {"*": 121, "L*": 121}.get(external_id, len(found))


def test_create_customer_answers_with_its_id(client: SinchClient, sinch: Vendor) -> None:
    """Operation 5: the id of the body is the id under which the customer is read."""
    made = client.create_customer(TARGET, {"externalId": "L1", "numbers": phone(1)})
    assert made == sinch.vendor.store.find(TARGET, "L1")[0].id


def test_customer_is_read_with_its_attributes(client: SinchClient, sinch: Vendor) -> None:
    """Operation 6: one customer, also where a single attribute is collapsed, and the sentinel is no date."""
    attributes = {"attribute": [{"name": "City", "value": "Köln"}]}
    written = {"externalId": "L1", "numbers": f"{phone(1)};{phone(2)};", "attributes": attributes}
    made = client.create_customer(TARGET, written)
    read = client.customer(TARGET, made)
    assert (read.id, read.external_id, read.numbers) == (made, "L1", (phone(1), phone(2)))
    assert read.attributes == {"City": "Köln", "Phone1": phone(1), "Phone2": phone(2)}
    sinch.vendor.knobs.collapse_single = True
    alone = client.create_customer(TARGET, {"externalId": "L2", "numbers": phone(3)})
    assert client.customer(TARGET, alone).attributes == {"Phone1": phone(3)}


def test_delete_customer_takes_it_out(client: SinchClient) -> None:
    """Operation 7: gone, and a second time not there."""
    made = client.create_customer(TARGET, {"externalId": "L1", "numbers": phone(1)})
    client.delete_customer(TARGET, made)
    assert list(client.customers(TARGET)) == []
    with pytest.raises(NotFoundError, match=r"^sinch delete_customer: HTTP 404$"):
        client.delete_customer(TARGET, made)


def test_create_customers_answers_entry_by_entry(client: SinchClient, sinch: Vendor) -> None:
    """Operation 8: in the order of the request; stored entries have an id, refused ones the vendor's words."""
    body = orjson.dumps([{"externalId": "L1", "numbers": phone(1)}, {"externalId": "L2", "numbers": "x"}])
    assert client.create_customers(TARGET, body, stop_on_invalid=True) == [
        EntryResult(200, None, None),
        EntryResult(400, None, "Invalid numbers: 'x'"),
    ]
    assert client.create_customers(TARGET, body) == [
        EntryResult(201, sinch.vendor.store.find(TARGET, "L1")[0].id, None),
        EntryResult(400, None, "Invalid numbers: 'x'"),
    ]


OPERATIONS: dict[str, Callable[[SinchClient, str], object]] = {
    "campaigns": lambda client, _: client.campaigns(),
    "campaign": lambda client, target: client.campaign(target),
    "set_campaign_status": lambda client, target: client.set_campaign_status(target, "Active"),
    "customers": lambda client, target: list(client.customers(target)),
    "create_customer": lambda client, target: client.create_customer(target, {"externalId": "L1", "numbers": phone(1)}),
    "customer": lambda client, target: client.customer(target, "A" * 32),
    "delete_customer": lambda client, target: client.delete_customer(target, "A" * 32),
    "create_customers": lambda client, target: client.create_customers(target, customers(1)),
}


@pytest.mark.parametrize("operation", sorted(OPERATIONS.keys() - {"campaigns"}))
def test_operation_on_no_campaign_is_not_found(client: SinchClient, operation: str) -> None:
    """A campaign that is not there is a 404, an id that is none a 400; both name the operation only."""
    with pytest.raises(NotFoundError) as absent:
        OPERATIONS[operation](client, ABSENT_TARGET)
    assert str(absent.value) == f"sinch {operation}: HTTP 404"
    with pytest.raises(InvalidRequestError) as malformed:
        OPERATIONS[operation](client, "no-such id?")
    assert str(malformed.value) == f"sinch {operation}: HTTP 400"


@pytest.mark.parametrize("operation", sorted(OPERATIONS))
@pytest.mark.parametrize(
    ("login", "key", "kind"),
    [
        pytest.param(("api-user", "wrong"), "api-key", AuthenticationError, id="wrong-password"),
        pytest.param(None, "api-key", AuthenticationError, id="no-login"),
        pytest.param(("api-user", "api-password"), "wrong", ForbiddenError, id="wrong-key"),
        pytest.param(("api-user", "api-password"), None, ForbiddenError, id="no-key"),
    ],
)
def test_operation_without_the_right_login_is_refused(
    clients: Callable[..., SinchClient], sinch: Vendor, operation: str,
    login: tuple[str, str] | None, key: str | None, kind: type[ConnectorError],
) -> None:  # fmt: skip
    """401 for the login, 403 for the key, once each; nothing is stored, and no secret is told."""
    sinch.vendor.knobs.require_auth = "basic+key"
    auth = basic_auth("basic", *login) if login else None
    client = clients(auth=auth, headers=key_headers(key, "x-api-key"))
    with pytest.raises(kind) as raised:
        OPERATIONS[operation](client, TARGET)
    status = 401 if kind is AuthenticationError else 403
    assert str(raised.value) == f"sinch {operation}: HTTP {status}"
    assert sinch.vendor.store.creations == {}


@pytest.mark.parametrize(
    ("required", "options"),
    [
        ("none", {"auth_mode": "none"}),
        ("basic", {"username": "api-user", "password": "api-password"}),
        ("basic", {"username": "Änne:x", "password": "pä:ß"}),
        ("basic+key", {"username": "api-user", "password": "api-password", "api_key": "api-key"}),
        (
            "basic+key",
            {"username": "u", "password": "p", "api_key": "api-key", "api_key_header": "X-Gateway-Key"},
        ),
    ],
)
def test_settings_log_in(sinch: Vendor, required: Any, options: dict[str, str]) -> None:
    """Nobody, basic authentication and a key, under whichever header, as the settings say."""
    knobs = sinch.vendor.knobs
    knobs.require_auth, knobs.api_key_header = required, options.get("api_key_header", "x-api-key")
    knobs.username, knobs.password = options.get("username", ""), options.get("password", "")
    gateway = SinchSettings.model_validate({"base_url": sinch.url, **options}).gateway()
    gateway.preflight(Campaign("promo", "sinch", {"campaign_id": TARGET}))
    gateway.close()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"username": "api-user", "password": "wrong", "api_key": "api-key"},
         "vendors.sinch.username, password: sinch refused the login (HTTP 401)"),
        ({"username": "api-user", "password": "api-password"},
         "vendors.sinch.api_key: sinch refused access (HTTP 403): the key is missing or the account may not do this"),
    ],
)  # fmt: skip
def test_preflight_names_the_setting_of_a_refused_login(sinch: Vendor, options: dict[str, str], sentence: str) -> None:
    """A refused login stops everything, with one sentence that names the settings and no secret."""
    sinch.vendor.knobs.require_auth = "basic+key"
    gateway = SinchSettings.model_validate({"base_url": sinch.url, **options}).gateway()
    with pytest.raises(SetupError) as raised:
        gateway.preflight(Campaign("promo", "sinch", {"campaign_id": TARGET}))
    gateway.close()
    assert str(raised.value) == sentence


def test_basic_auth_needs_both_halves() -> None:
    """A login without a name or a password is a mistake in the settings, not a request."""
    for username, password in ((None, "p"), ("", "p"), ("u", None)):
        with pytest.raises(SetupError, match="auth_mode basic needs username and password"):
            basic_auth("basic", username, password)
    assert basic_auth("none", None, None) is None


def test_certificate_needs_both_files() -> None:
    """A certificate without its key is a mistake in the settings."""
    for pair in (("c.pem", None), (None, "k.pem")):
        with pytest.raises(SetupError, match="client_cert and client_key belong together"):
            certificate_pair(*pair)
    assert certificate_pair(None, None) is None
    assert certificate_pair("c.pem", "k.pem") == ("c.pem", "k.pem")


def test_certificate_that_is_not_there_is_a_setting() -> None:
    """A path that leads nowhere is named with its setting."""
    options = {"base_url": "http://127.0.0.1:1", "auth_mode": "none", "client_cert": "/no.pem", "client_key": "/no.key"}
    with pytest.raises(SetupError, match=r"vendors\.sinch\.client_cert"):
        SinchSettings.model_validate(options).gateway()


@pytest.mark.parametrize("operation", ["campaigns", "campaign", "customers", "customer"])
def test_read_of_a_page_that_is_no_json_breaks_the_contract(client: SinchClient, sinch: Vendor, operation: str) -> None:
    """An HTML page with status 200 is no answer to a question."""
    sinch.faults.replace([Fault(kind="html_200")])
    with pytest.raises(ContractError) as raised:
        OPERATIONS[operation](client, TARGET)
    assert str(raised.value) == f"sinch {operation}: the body is not JSON"


def test_write_that_is_answered_by_a_page_is_unknown(client: SinchClient, sinch: Vendor) -> None:
    """After a write, the same page leaves the outcome open."""
    sinch.faults.replace([Fault(kind="html_200")])
    with pytest.raises(OutcomeUnknownError, match=r"^sinch create_customers: the body is not JSON$"):
        client.create_customers(TARGET, customers(1))


def test_undocumented_fields_are_passed_over(client: SinchClient, sinch: Vendor) -> None:
    """What a later version of OBI adds harms nothing."""
    client.create_customers(TARGET, customers(2))
    sinch.faults.replace([Fault(kind="extra_fields", times=None)])
    assert [row.external_id for row in client.customers(TARGET)] == ["L1", "L2"]
    assert client.campaign(OTHER_TARGET).name == "Renewals"
    assert [result.status for result in client.create_customers(TARGET, customers(1, first=3))] == [201]


def test_create_customer_does_not_take_a_page_for_an_id(client: SinchClient, sinch: Vendor) -> None:
    """A single POST is answered with an id; a page of HTML is none, and leaves the outcome open."""
    sinch.faults.replace([Fault(kind="html_200")])
    with pytest.raises(OutcomeUnknownError):
        client.create_customer(TARGET, {"externalId": "L1", "numbers": phone(1)})


@pytest.mark.parametrize("operation", ["set_campaign_status", "delete_customer"])
def test_write_that_a_page_of_html_answers_is_not_done(client: SinchClient, sinch: Vendor, operation: str) -> None:
    """A gateway's page with status 200 says nothing of the vendor, who never saw the request."""
    client.create_customers(TARGET, customers(1))
    (customer,) = client.customers(TARGET)
    sinch.faults.replace([Fault(kind="html", status=200)])
    given = customer.id if operation == "delete_customer" else "Active"
    with pytest.raises(OutcomeUnknownError, match=f"^sinch {operation}: no documented answer"):
        getattr(client, operation)(TARGET, given)
    assert client.campaign(TARGET).status == "Passive"
    assert list(client.customers(TARGET)) == [customer]


@pytest.mark.parametrize("none", ["", " ", ".", ".."])
def test_id_that_is_none_reaches_nobody(client: SinchClient, sinch: Vendor, none: str) -> None:
    """It would name the list, the campaign, or all campaigns."""
    for ask in (
        lambda: client.delete_customer(TARGET, none),
        lambda: client.customer(TARGET, none),
        lambda: client.campaign(none),
        lambda: client.set_campaign_status(none, "Active"),
    ):
        with pytest.raises(InvalidRequestError, match="an id is empty, or no id"):
            ask()
    assert sinch.vendor.store.requests == {}
