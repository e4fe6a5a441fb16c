"""The seven documented operations of jtel and its contact functions over a socket, and every trap of their answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from inspect import getmembers, isfunction
from typing import Any
from zoneinfo import ZoneInfo

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
    UnavailableError,
)
from connectors.jtel.client import JtelClient
from connectors.jtel.models import JtelCampaign, JtelContact
from connectors.jtel.settings import JtelSettings
from sandbox.faults import Fault
from sandbox.jtel.app import JtelPortal
from sandbox.jtel.seeds import CAMPAIGN_1_ID, CAMPAIGN_10_ID, RENEWALS_ID, TEMPLATE_ID, TOKEN
from sandbox.server import SandboxServer

Vendor = SandboxServer[JtelPortal]
CONTACT = {
    "DiallerCampaignsID": RENEWALS_ID,
    "UserData": "crm:10:538",
    "Name": "Smith",
    "FirstName": "Kathy",
    "PhoneNumber1": "+4989123456",
}
SECRETS = ("4989123456", "Smith", "Kathy", TOKEN)


@pytest.fixture(scope="module")
def running() -> Iterator[Vendor]:
    with SandboxServer(JtelPortal()) as server:
        yield server


@pytest.fixture
def jtel(running: Vendor) -> Vendor:
    """A double of jtel whose state is fresh."""
    running.vendor.reset()
    running.faults.clear()
    return running


@pytest.fixture
def clients(jtel: Vendor) -> Iterator[Callable[..., JtelClient]]:
    """Makes quick clients of the double; settings that differ are named."""
    made: list[JtelClient] = []

    def make(**changes: Any) -> JtelClient:
        quick = {"base_url": jtel.url, "clients_id": 1, "token": TOKEN, "allow_http": True, "release": "3.39"}
        quick |= {"max_attempts": 2, "backoff_s": 0, "read_timeout_s": 5}
        made.append(JtelSettings.model_validate(quick | changes).client())
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def client(clients: Callable[..., JtelClient]) -> JtelClient:
    """A client with the defaults."""
    return clients()


def test_every_operation_has_a_method() -> None:
    """Ten operations are public methods; what is not one of them begins with an underscore or ends the client."""
    methods = {name for name, _ in getmembers(JtelClient, isfunction) if not name.startswith("_")}
    assert methods - {"stop", "close"} == {
        "campaigns",
        "campaign",
        "campaigns_by_name",
        "result_codes",
        "clone_campaign",
        "delete_campaign",
        "delete_campaigns_by_name",
        "contacts",
        "contact",
        "import_contact",
    }


def test_campaigns_are_read_whole(client: JtelClient) -> None:
    """All campaigns of the account come in one answer."""
    assert [row.name for row in client.campaigns()] == [
        "Campaign 1",
        "Campaign 10",
        "Renewals",
        "Spring Promo",
        "Template",
    ]


def test_campaign_is_read_by_id(client: JtelClient) -> None:
    """One campaign, with every field that the document shows."""
    assert client.campaign(RENEWALS_ID) == JtelCampaign(
        ID=RENEWALS_ID,
        Name="Renewals",
        ClientsID=1,
        LanguagesID=2,
        ContactPreviewTime=5,
        nMaxParallelLines=None,
        bCallerIDActive=False,
        bCloseContactsOnIncomingCallsMatchCallerID=True,
        AbortOnNoTelNumberResultCodesID=2492,
        IncomingCallResultCodesID=2494,
        dtFrom=None,
        dtTo=None,
        UserData=None,
    )


@pytest.mark.parametrize("not_found", ["404", "empty"])
def test_nothing_found_is_the_same_either_way(client: JtelClient, jtel: Vendor, not_found: Any) -> None:
    """404 and an empty page both mean that there is none; by name that is no error."""
    jtel.vendor.knobs.not_found = not_found
    with pytest.raises(NotFoundError):
        client.campaign(999)
    with pytest.raises(NotFoundError):
        client.contact(999)
    assert client.campaigns_by_name("Nobody") == ()


def test_campaigns_by_name_are_all_that_contain_it(client: JtelClient) -> None:
    """The vendor's match is partial, and the client does not hide it."""
    assert [row.name for row in client.campaigns_by_name("Campaign 1")] == ["Campaign 1", "Campaign 10"]


@pytest.mark.parametrize("name", ["a&b=c", "50% / ä", "#1 + 2", "?name=x"])
def test_campaigns_by_name_encode_the_name(client: JtelClient, jtel: Vendor, name: str) -> None:
    """A name is a parameter, whatever it contains."""
    campaign_id = jtel.vendor.store.add_campaign({"Name": name})
    assert [row.id for row in client.campaigns_by_name(name)] == [campaign_id]


def test_id_is_read_under_either_key(client: JtelClient, jtel: Vendor) -> None:
    """The document cuts the key off: `ID` and `DiallerCampaignsID` are understood."""
    jtel.vendor.knobs.id_key = "DiallerCampaignsID"
    assert client.campaign(RENEWALS_ID).id == RENEWALS_ID


def test_null_booleans_are_neither_true_nor_false(client: JtelClient, jtel: Vendor) -> None:
    """A boolean may be null."""
    jtel.vendor.knobs.has_null_booleans = True
    campaign = client.campaign(RENEWALS_ID)
    assert (campaign.is_caller_id_active, campaign.closes_contacts_on_incoming_calls) == (None, None)


def test_result_codes_are_read_in_a_language(client: JtelClient) -> None:
    """Texts are in the asked language, ids and export keys are the same."""
    english, german = client.result_codes(RENEWALS_ID, 1), client.result_codes(RENEWALS_ID, 2)
    assert [(code.id, code.export_key) for code in english] == [(code.id, code.export_key) for code in german]
    assert (english[0].content, german[0].content, german[3].type_content) == ("Finished", "Abgeschlossen", "Abbruch")
    first = german[0]
    assert (first.campaign_id, first.type_id, first.is_done, first.is_agent_bound) == (RENEWALS_ID, 1, True, None)


def test_clone_makes_a_campaign(client: JtelClient, jtel: Vendor) -> None:
    """The clone has the name, the user data and the dates, written in the tenant's zone without zone."""
    clone = client.clone_campaign(
        "Template",
        "New",
        user_data="u",
        dt_from=datetime(2026, 11, 16, 23, tzinfo=UTC),
        dt_to=datetime(2026, 11, 17, 23, 59, 59, 999_000, tzinfo=ZoneInfo("Europe/Berlin")),
    )
    assert (clone.name, clone.user_data) == ("New", "u")
    assert clone.dt_from == datetime(2026, 11, 17)
    assert clone.dt_to == datetime(2026, 11, 17, 23, 59, 59, 999_000)
    assert jtel.vendor.store.named("New") == clone.id


@pytest.mark.parametrize("form", ["local", "utc", "csv"])
def test_dates_are_read_in_three_forms(client: JtelClient, jtel: Vendor, form: Any) -> None:
    """No form is documented, three are known: with and without zone, with and without T."""
    jtel.vendor.knobs.date_format = form
    at = datetime(2026, 11, 30, 12, tzinfo=UTC)
    read = client.clone_campaign("Template", "New", dt_to=at).dt_to
    assert read is not None
    assert (read if read.tzinfo else read.replace(tzinfo=ZoneInfo("Europe/Berlin"))) == at


def test_dates_are_written_as_configured(clients: Callable[..., JtelClient], jtel: Vendor) -> None:
    """Format and zone are settings, because the vendor documents neither."""
    client = clients(datetime_format="%Y-%m-%d %H:%M:%S", timezone="America/New_York")
    client.clone_campaign("Template", "New", dt_to=datetime(2026, 11, 30, 12, tzinfo=UTC))
    stored = jtel.vendor.store.campaigns[jtel.vendor.store.named("New") or 0]["dtTo"]
    assert stored == datetime(2026, 11, 30, 6, tzinfo=UTC)  # 07:00 in New York, read as Berlin's


@pytest.mark.parametrize("release", [None, "3.38", "3.4"])
def test_clone_sends_no_dates_before_3_39(
    clients: Callable[..., JtelClient], jtel: Vendor, release: str | None
) -> None:
    """An older or unknown release may ignore them: refused here, before anything is made."""
    with pytest.raises(InvalidRequestError) as raised:
        clients(release=release).clone_campaign("Template", "New", dt_to=datetime(2026, 11, 30, tzinfo=UTC))
    assert str(raised.value) == "jtel clone_campaign: dt_from, dt_to: need vendors.jtel.release 3.39 or newer"
    assert jtel.vendor.store.requests == {}


def test_clone_names_what_is_missing_or_taken(client: JtelClient) -> None:
    """404 is the source, 409 the destination."""
    with pytest.raises(NotFoundError):
        client.clone_campaign("Nobody", "New")
    with pytest.raises(ConflictError):
        client.clone_campaign("Template", "Renewals")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"destination": "x" * 65}, "destination: must have 1 to 64 characters"),
        ({"destination": ""}, "destination: must have 1 to 64 characters"),
        ({"destination": "x", "user_data": "x" * 65}, "user_data: must have at most 64 characters"),
    ],
)
def test_clone_checks_lengths_before_sending(
    client: JtelClient, jtel: Vendor, arguments: dict[str, str], sentence: str
) -> None:
    """The sentence names the parameter and its limit."""
    with pytest.raises(InvalidRequestError) as raised:
        client.clone_campaign("Template", **arguments)  # type: ignore[arg-type]
    assert (str(raised.value), jtel.vendor.store.requests) == (f"jtel clone_campaign: {sentence}", {})


def test_delete_is_by_id(clients: Callable[..., JtelClient], jtel: Vendor) -> None:
    """With `allow_delete` the campaign is gone, and the second time there is none."""
    client = clients(allow_delete=True)
    client.delete_campaign(CAMPAIGN_1_ID)
    assert (CAMPAIGN_1_ID in jtel.vendor.store.campaigns, CAMPAIGN_10_ID in jtel.vendor.store.campaigns) == (
        False,
        True,
    )
    with pytest.raises(NotFoundError):
        client.delete_campaign(CAMPAIGN_1_ID)


def test_delete_needs_the_setting(client: JtelClient, jtel: Vendor) -> None:
    """Without `allow_delete` nothing is sent."""
    with pytest.raises(InvalidRequestError, match="allow_delete"):
        client.delete_campaign(CAMPAIGN_1_ID)
    with pytest.raises(InvalidRequestError, match="allow_delete"):
        client.delete_campaigns_by_name("Campaign 1", accept_partial_matches=True)
    assert jtel.vendor.store.requests == {}


def test_delete_by_name_needs_the_word(clients: Callable[..., JtelClient], jtel: Vendor) -> None:
    """One name may delete several campaigns: only who says so gets that far."""
    jtel.vendor.knobs.delete_by_name = "partial"
    client = clients(allow_delete=True)
    with pytest.raises(InvalidRequestError, match="accept_partial_matches"):
        client.delete_campaigns_by_name("Campaign 1")
    assert jtel.vendor.store.requests == {}
    client.delete_campaigns_by_name("Campaign 1", accept_partial_matches=True)
    assert {CAMPAIGN_1_ID, CAMPAIGN_10_ID}.isdisjoint(jtel.vendor.store.campaigns)
    with pytest.raises(NotFoundError):
        client.delete_campaigns_by_name("Campaign 1", accept_partial_matches=True)


@pytest.mark.parametrize("method", ["campaigns_by_name", "delete_campaigns_by_name"])
def test_empty_name_is_not_sent(clients: Callable[..., JtelClient], jtel: Vendor, method: str) -> None:
    """An empty part matches every campaign."""
    options = {"accept_partial_matches": True} if method.startswith("delete") else {}
    with pytest.raises(InvalidRequestError, match="must not be empty"):
        getattr(clients(allow_delete=True), method)(" ", **options)
    assert jtel.vendor.store.requests == {}


def test_import_stores_the_well_formed_request(client: JtelClient, jtel: Vendor) -> None:
    """The contact of the vendor reference is stored, and its id comes back."""
    contact_id = client.import_contact(CONTACT)
    (stored,) = jtel.vendor.store.contacts.values()
    assert (contact_id, stored.campaign_id) == (str(stored.id), RENEWALS_ID)
    assert stored.written == {name: value for name, value in CONTACT.items() if name != "DiallerCampaignsID"}
    assert client.contact(stored.id) == JtelContact(
        ID=stored.id,
        DiallerCampaignsID=RENEWALS_ID,
        UserData="crm:10:538",
        try_count=0,
        dtNextTry=None,
        dtLastModified=client.contact(stored.id).modified_at,
        **{f"nTriesPhoneNumber{number}": 0 for number in range(1, 7)},
    )


def test_import_answers_no_id_where_there_is_none(client: JtelClient, jtel: Vendor) -> None:
    """The answer is not documented: 200 is success with or without a record."""
    jtel.vendor.knobs.import_answers = "status"
    assert client.import_contact(CONTACT) is None
    assert len(jtel.vendor.held()) == 1


def test_import_overwrites_only_when_asked(client: JtelClient, jtel: Vendor) -> None:
    """The flag is the caller's; without it the same contact is stored twice."""
    first = client.import_contact(CONTACT)
    assert client.import_contact(CONTACT) == first
    assert client.import_contact(CONTACT, overwrite_duplicates=False) != first
    assert len(jtel.vendor.held()) == 2


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"Name": ""}, "contact: needs Name"),
        ({"DiallerCampaignsID": None}, "contact: needs DiallerCampaignsID or DiallerCampaignsName"),
        ({"PhoneNumber1": None}, "contact: needs PhoneNumber1 to PhoneNumber6"),
        ({"FirstName": "x" * 65}, "contact.FirstName: is longer than 64 characters"),
        ({"UserData": "x" * 65}, "contact.UserData: is longer than 64 characters"),
    ],
)
def test_import_checks_the_contact_before_sending(
    client: JtelClient, jtel: Vendor, changes: dict[str, Any], sentence: str
) -> None:
    """The sentence names the field and its limit, never its value."""
    with pytest.raises(InvalidRequestError) as raised:
        client.import_contact(CONTACT | changes)
    assert (str(raised.value), jtel.vendor.store.requests) == (f"jtel import_contact: {sentence}", {})


def test_import_goes_to_the_configured_path(clients: Callable[..., JtelClient]) -> None:
    """The path is public, not documented, and therefore a setting."""
    with pytest.raises(NotFoundError):
        clients(contact_import_path="/dialler/contact/import").import_contact(CONTACT)


def test_contacts_are_those_of_a_campaign_or_all(client: JtelClient) -> None:
    """Without a campaign the contacts of the whole account come."""
    client.import_contact(CONTACT)
    client.import_contact(CONTACT | {"DiallerCampaignsID": TEMPLATE_ID, "UserData": "other"})
    assert [row.user_data for row in client.contacts(RENEWALS_ID)] == ["crm:10:538"]
    assert [row.user_data for row in client.contacts()] == ["crm:10:538", "other"]


@pytest.mark.parametrize("operation", ["campaigns", "contacts"])
def test_part_of_a_listing_is_no_listing(client: JtelClient, jtel: Vendor, operation: str) -> None:
    """Paging is «reserved for future use»: a cut answer would prove the absence of what it does not hold."""
    jtel.vendor.knobs.page_size = 2
    for number in range(3):
        client.import_contact(CONTACT | {"UserData": f"L{number}"})
    with pytest.raises(ContractError, match=r"\$\.records: fewer than there are"):
        getattr(client, operation)()


@pytest.mark.parametrize(
    ("status", "read_error", "write_error"),
    [
        (401, AuthenticationError, AuthenticationError),
        (403, ForbiddenError, ForbiddenError),
        (404, NotFoundError, NotFoundError),
        (400, InvalidRequestError, InvalidRequestError),
        (429, RateLimitedError, RateLimitedError),
        (500, UnavailableError, OutcomeUnknownError),
        (0, ContractError, OutcomeUnknownError),
        (201, ContractError, OutcomeUnknownError),
    ],
)
def test_body_status_is_read_like_the_http_status(
    client: JtelClient, jtel: Vendor, status: int, read_error: type[ConnectorError], write_error: type[ConnectorError]
) -> None:
    """HTTP 200 is no success: only a body status of 200 is, and one that is neither leaves the outcome unknown."""
    jtel.vendor.knobs.body_status = status
    with pytest.raises(read_error):
        client.campaign(RENEWALS_ID)
    with pytest.raises(write_error):
        client.import_contact(CONTACT)


def test_missing_body_status_is_no_success(client: JtelClient, jtel: Vendor) -> None:
    """A body without status cannot be accounted for."""
    jtel.vendor.knobs.omits_status = True
    with pytest.raises(ContractError) as read:
        client.campaign(RENEWALS_ID)
    with pytest.raises(OutcomeUnknownError) as written:
        client.import_contact(CONTACT)
    assert (str(read.value), str(written.value)) == (
        "jtel campaign: $.status: missing",
        "jtel import_contact: $.status: missing",
    )


def test_refused_token_names_its_ordinary_cause(client: JtelClient, jtel: Vendor) -> None:
    """A 401 in mid-run comes from a token that was generated anew: every operation says so."""
    client.campaigns()
    jtel.vendor.store.regenerate_token()
    for call in (client.campaigns, lambda: client.import_contact(CONTACT)):
        with pytest.raises(AuthenticationError) as raised:
            call()
        assert str(raised.value).endswith(
            "the token was refused (401): it is wrong, or another one was generated in the portal since, "
            "which ends the old one at once"
        )


@pytest.mark.parametrize(("knob", "error"), [("403", ForbiddenError), ("404", NotFoundError)])
def test_other_client_account_is_refused(
    clients: Callable[..., JtelClient], jtel: Vendor, knob: Any, error: type[ConnectorError]
) -> None:
    """The account's id is part of every address."""
    jtel.vendor.knobs.wrong_client = knob
    with pytest.raises(error):
        clients(clients_id=2).campaigns()


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind="lost_after_commit"),
        Fault(kind="truncated"),
        Fault(kind="html_200"),
        Fault(kind="html", status=500, commit=True),
        Fault(kind="status", status=503),
    ],
    ids=["lost", "truncated", "html-200", "html-500", "503"],
)
@pytest.mark.parametrize("operation", ["import_contact", "clone_campaign", "delete_campaign"])
def test_write_without_readable_answer_is_unknown_and_sent_once(
    clients: Callable[..., JtelClient], jtel: Vendor, fault: Fault, operation: str
) -> None:
    """No write is repeated by the client, and no private data is in the error."""
    client = clients(allow_delete=True)
    arguments: dict[str, list[Any]] = {
        "import_contact": [CONTACT],
        "clone_campaign": ["Template", "New"],
        "delete_campaign": [CAMPAIGN_1_ID],
    }
    jtel.faults.replace([fault])
    with pytest.raises(OutcomeUnknownError) as raised:
        getattr(client, operation)(*arguments[operation])
    assert jtel.vendor.store.requests.total() <= 1
    assert not any(secret in str(raised.value) for secret in SECRETS)


@pytest.mark.parametrize(
    "fault", [Fault(kind="html", status=500), Fault(kind="lost_after_commit")], ids=["html-500", "lost"]
)
def test_read_is_tried_again(client: JtelClient, jtel: Vendor, fault: Fault) -> None:
    """A read that was not answered changes nothing, and is repeated."""
    jtel.faults.replace([fault])
    assert client.campaign(RENEWALS_ID).name == "Renewals"


def test_unknown_fields_are_ignored(client: JtelClient, jtel: Vendor) -> None:
    """A newer portal may say more."""
    jtel.faults.replace([Fault(kind="extra_fields")])
    assert client.campaign(RENEWALS_ID).name == "Renewals"


def test_large_listing_is_read(client: JtelClient, jtel: Vendor) -> None:
    """There are no pages: ten thousand contacts come in one answer."""
    with jtel.vendor.store.lock:
        for number in range(10_000):
            jtel.vendor.store.add_contact(RENEWALS_ID, {"UserData": f"L{number}", "PhoneNumber1": f"+4930{number:07d}"})
    rows = client.contacts(RENEWALS_ID)
    assert (len(rows), len({row.user_data for row in rows})) == (10_000, 10_000)


def test_results_show_no_private_data() -> None:
    """A contact's representation has ids and keys alone, whatever the record held."""
    contact = JtelContact.model_validate({**CONTACT, "ID": 1, "PhoneNumber2": "+4989123457"})
    assert not any(secret in repr(contact) for secret in SECRETS)
    assert orjson.loads(contact.model_dump_json())["user_data"] == "crm:10:538"
