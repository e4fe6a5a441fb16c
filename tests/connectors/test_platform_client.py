"""The 23 operations of the Platform over a socket: bodies, pages, links, paths and logging in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from connectors.errors import (
    AuthenticationError,
    ConnectorError,
    ContractError,
    InvalidRequestError,
    NotFoundError,
    OutcomeUnknownError,
    RateLimitedError,
    RejectedError,
    TooLargeError,
)
from connectors.platform import models
from connectors.platform.client import PlatformClient
from connectors.platform.models import read_time
from connectors.platform.paging import Cursors, LinkError, PageLinks
from connectors.platform.paths import DEFAULT_PATHS, Paths, complaint
from connectors.platform.settings import PlatformSettings
from sandbox.faults import Fault, Match
from sandbox.platform.app import PlatformApi
from sandbox.platform.routes import DEFAULT_ROUTES
from sandbox.platform.seeds import LIST_ONE, SALES_OUTBOUND, SLEEPING_LIST, SUPPORT_INBOUND
from sandbox.server import SandboxServer
from tests.factories import phone

Vendor = SandboxServer[PlatformApi]
SYDNEY = timezone(timedelta(hours=11))


@pytest.fixture
def platform() -> Iterator[Vendor]:
    """A double of the Platform on a socket of its own."""
    with SandboxServer(PlatformApi()) as server:
        yield server


def connect(url: str, **changes: Any) -> PlatformClient:
    quick = {"base_url": url, "token": "platform-token", "max_attempts": 2, "backoff_s": 0, "read_timeout_s": 5}
    settings = PlatformSettings.model_validate(quick | changes)
    return settings.client(settings.transport())


@pytest.fixture
def clients(platform: Vendor) -> Iterator[Callable[..., PlatformClient]]:
    """Makes quick clients of the double; settings that differ are named."""
    made: list[PlatformClient] = []

    def make(**changes: Any) -> PlatformClient:
        made.append(connect(platform.url, **changes))
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def client(clients: Callable[..., PlatformClient]) -> PlatformClient:
    """A client with the defaults."""
    return clients()


def lead(number: int = 1, **fields: Any) -> dict[str, Any]:
    return {"listId": LIST_ONE, "customerKey": f"crm-{number}", "phone1": phone(number)} | fields


OPERATIONS: dict[str, Callable[[PlatformClient], object]] = {
    "activity_get": lambda client: client.activity_get(1),
    "activity_list": lambda client: list(client.activity_list()),
    "campaign_stats_outbound": lambda client: client.campaign_stats_outbound(99),
    "campaign_stats_inbound": lambda client: client.campaign_stats_inbound(99),
    "media_get": lambda client: client.media_get(1),
    "voicemail_get": lambda client: client.voicemail_get(1),
    "recording_get": lambda client: client.recording_get(1),
    "lead_list": lambda client: list(client.lead_list()),
    "lead_create": lambda client: client.lead_create(lead(listId=99)),
    "list_list": lambda client: list(client.list_list()),
    "list_create": lambda client: client.list_create(list_name="New", campaign_id=99),
    "bulk_status": lambda client: client.bulk_status("no-such-job"),
    "bulk_errors": lambda client: list(client.bulk_errors("no-such-job")),
    "list_get": lambda client: client.list_get(99),
    "lead_get": lambda client: client.lead_get(99),
    "lead_update": lambda client: client.lead_update(99, {"phone1": phone(1)}),
    "lead_delete": lambda client: client.lead_delete(99),
    "bulk_create": lambda client: client.bulk_create([lead()]),
    "customer_delete": lambda client: client.customer_delete(phone_number=phone(1), confirm=True),
    "dialler_call_get": lambda client: client.dialler_call_get(99),
    "dialler_call_list": lambda client: list(client.dialler_call_list()),
    "user_list": lambda client: list(client.user_list()),
    "presence_update": lambda client: client.presence_update(agent_id=99, available=True),
}
NEVER_ABSENT = {
    "activity_list", "lead_list", "list_list", "dialler_call_list", "user_list", "bulk_create", "customer_delete",
}  # fmt: skip


def test_client_has_every_operation() -> None:
    """The vendor's document, the paths and the double agree on the 23 operations."""
    public = {name for name in vars(PlatformClient) if not name.startswith("_")} - {"stop", "close"}
    assert public == OPERATIONS.keys() == DEFAULT_PATHS.keys() == DEFAULT_ROUTES.keys()
    assert len(public) == 23


# --- the operations, one by one ------------------------------------------------------------------


def test_activities_are_read_and_narrowed(client: PlatformClient) -> None:
    """Operations 1 and 2: any type, with whatever data it has."""
    outbound = client.activity_get(111)
    assert (outbound.type, outbound.data["leadId"]) == ("call.outbound", 9999)
    assert list(client.activity_list(activity_type="call.outbound")) == [outbound]
    assert list(client.activity_list(campaign_id=SALES_OUTBOUND, lead_id=9999)) == [outbound]
    assert list(client.activity_list(created_to=datetime(2020, 1, 1, tzinfo=UTC))) == []
    late = datetime(2026, 1, 1, 0, 30, tzinfo=UTC)
    assert [one.data["activityId"] for one in client.activity_list(created_from=late)] == [111]


def test_statistics_have_two_paths(client: PlatformClient) -> None:
    """Operations 3 and 4 share a title and a parameter, and are two things."""
    outbound = client.campaign_stats_outbound(SALES_OUTBOUND)
    assert (outbound.campaign_name, outbound.is_active, len(outbound.lists)) == ("Sales Outbound", True, 2)
    inbound = client.campaign_stats_inbound(SUPPORT_INBOUND, period="day")
    assert (inbound.campaign_name, inbound.max_call_waiting_s, inbound.calls_received_count) == (
        "Support Inbound", 18, 2,
    )  # fmt: skip
    assert inbound.at is not None
    assert inbound.at.utcoffset() == timedelta(hours=10)


def test_media_is_bytes_with_metadata_beside(client: PlatformClient) -> None:
    """Operations 5 to 7: the file as it is; recordings and voicemails are described apart."""
    assert client.media_get(5364).startswith(b"RIFF")
    assert client.voicemail_get(5365).duration_s == 21
    recording = client.recording_get(5364)
    assert (recording.media_uri, recording.duration_s, recording.is_deleted) == ("/v3.0/media/5364", 9, False)
    with pytest.raises(ContractError, match=r"^platform media_get: the answer is longer than 4 bytes$"):
        client.media_get(5364, limit_bytes=4)


def test_page_of_html_is_no_media_file(client: PlatformClient, platform: Vendor) -> None:
    """A gateway's page with status 200 is not handed on as a recording."""
    platform.faults.replace([Fault(kind="html_200")])
    with pytest.raises(ContractError, match="a page of HTML instead of a media file"):
        client.media_get(5364)


def test_lead_is_created_read_changed_and_deleted(client: PlatformClient) -> None:
    """Operations 9, 15, 16 and 17: write names and read names are mapped onto each other."""
    created = client.lead_create(
        lead(1, leadData={"FirstName": "Ada"}, timezone="Australia/Sydney", agentId=1002, statusCode=None)
    )
    assert created.is_in_dialler is True
    client.lead_update(created.lead_id, {"phone2": phone(2), "nextAttemptTimestamp": "2026-01-05T09:00:00+11:00"})
    read = client.lead_get(created.lead_id)
    assert (read.lead_id, read.customer_key, read.list_id, read.phones) == (
        created.lead_id, "crm-1", LIST_ONE, (phone(1), phone(2)),
    )  # fmt: skip
    assert (read.data_fields, read.timezone, read.agent_id, read.is_completed) == (
        {"FirstName": "Ada"}, "Australia/Sydney", 1002, False,
    )  # fmt: skip
    client.lead_delete(created.lead_id)
    with pytest.raises(NotFoundError):
        client.lead_get(created.lead_id)


def test_lead_is_completed_by_an_explicit_word_only(client: PlatformClient) -> None:
    """isCompleted cannot be undone: as a field it is refused before it is sent."""
    lead_id = client.lead_create(lead()).lead_id
    with pytest.raises(InvalidRequestError, match="unknown field isCompleted; to complete, say complete"):
        client.lead_update(lead_id, {"isCompleted": True})
    client.lead_update(lead_id, {}, complete=True)
    assert client.lead_get(lead_id).is_completed is True


def test_leads_are_narrowed_by_every_filter(client: PlatformClient) -> None:
    """Operation 8: filters that are not given are not sent, for null is not absent."""
    ids = [client.lead_create(lead(number, statusCode=number)).lead_id for number in (1, 2)]
    elsewhere = client.lead_create(lead(3, listId=SLEEPING_LIST)).lead_id

    def found(**filters: Any) -> list[int]:
        return [row.lead_id for row in client.lead_list(**filters)]

    now = datetime.now(SYDNEY)
    assert found() == [*ids, elsewhere]
    assert found(customer_key="crm-2", list_id=LIST_ONE) == [ids[1]]
    assert found(status_code=1, campaign_id=SALES_OUTBOUND) == [ids[0]]
    assert found(uploaded_from=now - timedelta(minutes=1), uploaded_to=now + timedelta(minutes=1)) == found()
    assert found(uploaded_to=now - timedelta(minutes=1)) == []


def test_lists_are_made_and_read_by_either_name_of_their_id(client: PlatformClient) -> None:
    """Operations 10, 11 and 14: listId in one place is id in another."""
    made = client.list_create(list_name="List Three", campaign_id=SALES_OUTBOUND)
    assert (made.name, made.campaign_id) == ("List Three", SALES_OUTBOUND)
    assert client.list_get(made.list_id).name == "List Three"
    assert [one.name for one in client.list_list(campaign_id=SALES_OUTBOUND)] == [
        "List One", "Sleeping List", "List Three",
    ]  # fmt: skip
    assert client.list_get(SLEEPING_LIST).is_in_dialler is False


def test_bulk_job_is_handed_over_and_followed(client: PlatformClient, platform: Vendor) -> None:
    """Operations 12, 13 and 18: a uuid, a word, and errors page by page."""
    platform.vendor.knobs.error_page_size = 1
    job = client.bulk_create([lead(1), lead(2, phone1="x"), lead(3, phone1="y")])
    assert (job.status, client.bulk_status(job.uuid).status) == ("pending", "pending")
    platform.vendor.clock.advance(2)
    assert client.bulk_status(job.uuid).result == {"total": 3, "success": 1, "failed": 2}
    assert [error.item["customerKey"] for error in client.bulk_errors(job.uuid)] == ["crm-2", "crm-3"]


def test_bulk_errors_may_be_an_object(client: PlatformClient, platform: Vendor) -> None:
    """errorList keyed by row keeps its keys."""
    platform.vendor.knobs.bulk_step_s, platform.vendor.knobs.error_list = 0, "object"
    job = client.bulk_create([lead(1), lead(2, phone1="x")])
    assert [error.key for error in client.bulk_errors(job.uuid)] == ["1"]


def test_customer_is_erased_only_when_confirmed(client: PlatformClient, platform: Vendor) -> None:
    """Operation 19 erases for good: without confirmation, or without a customer, nothing is sent."""
    client.lead_create(lead(1))
    client.lead_create(lead(2))
    with pytest.raises(InvalidRequestError, match="say confirm"):
        client.customer_delete(phone_number=phone(1))
    with pytest.raises(InvalidRequestError, match="phoneNumber or emailAddress is needed"):
        client.customer_delete(phone_number="", confirm=True)
    assert client.customer_delete(phone_number=phone(1), confirm=True).lead == {"deleted": 1}
    assert platform.vendor.held() == [(str(LIST_ONE), phone(2).lstrip("+"))]
    assert platform.vendor.store.requests["customer_delete"] == 1


def test_dialler_calls_are_read_by_window(client: PlatformClient, platform: Vendor) -> None:
    """Operations 20 and 21: both ends are inside, and both dialects of timestamps are understood."""
    lead_id = client.lead_create(lead()).lead_id
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    call = platform.vendor.store.add_call(lead_id, noon.timestamp(), "Busy")
    platform.vendor.knobs.timestamps = "basic"
    read = client.dialler_call_get(call.attempt_id)
    assert (read.dial_status, read.lead_id, read.dialled_at) == ("Busy", lead_id, noon)
    assert list(client.dialler_call_list(campaign_id=SALES_OUTBOUND, dialled_from=noon, dialled_to=noon)) == [read]
    assert list(client.dialler_call_list(lead_id=lead_id, dialled_from=noon + timedelta(seconds=1))) == []


def test_users_are_narrowed_and_presence_is_set(client: PlatformClient, platform: Vendor) -> None:
    """Operations 22 and 23."""
    assert [user.user_id for user in client.user_list()] == [1001, 1002, 1003]
    assert [user.user_id for user in client.user_list(user_type="agent", account_active=True)] == [1002]
    assert [user.user_id for user in client.user_list(account_active=False)] == [1003]
    assert client.presence_update(agent_id=1002, available=False).is_available is False
    assert platform.vendor.store.availability == {1002: False}


# --- what is not sent ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda c: c.lead_create({"phone1": "1"}), "lead_create: not sent: listId is required, a whole number"),
        (lambda c: c.lead_create(lead(phone1=None)),
         "lead_create: not sent: a lead needs one of phone1, phone2, phone3"),
        (lambda c: c.lead_create(lead(shoe=4)), "lead_create: not sent: a lead has no field shoe"),
        (lambda c: c.bulk_create([]), "bulk_create: not sent: leads is empty"),
        (lambda c: c.bulk_create([lead(), {}]), "bulk_create: not sent: listId is required, a whole number"),
        (lambda c: c.lead_update(1, {}), "lead_update: not sent: no field is changed"),
        (lambda c: c.lead_update(1, {"phone1": None}),
         "lead_update: not sent: a field is null, and what that does is not documented"),
        (lambda c: c.list_create(list_name="", campaign_id=1), "list_create: not sent: listName is empty"),
        (lambda c: c.bulk_status(""), "bulk_status: not sent: uuid is empty"),
        (lambda c: list(c.bulk_errors("")), "bulk_errors: not sent: uuid is empty"),
    ],
)  # fmt: skip
def test_request_that_breaks_the_document_is_not_sent(
    client: PlatformClient, platform: Vendor, call: Callable[[PlatformClient], object], sentence: str
) -> None:
    """The sentence names the parameter and the rule, never the value."""
    with pytest.raises(InvalidRequestError) as raised:
        call(client)
    assert str(raised.value) == f"platform {sentence}"
    assert platform.vendor.store.requests == {}


# --- pages and links -----------------------------------------------------------------------------


@pytest.mark.parametrize("cursors", ["quoted", "bare"])
@pytest.mark.parametrize("last_page", ["absent", "null", "empty"])
@pytest.mark.parametrize("links", ["short", "long", "absolute", "elsewhere"])
def test_pages_are_read_to_the_end_in_every_dialect(
    client: PlatformClient, platform: Vendor, links: Any, last_page: Any, cursors: Any
) -> None:
    """nextUri gives the cursor and nothing else: our own path and filters are asked again, on our own host."""
    knobs = platform.vendor.knobs
    knobs.page_size, knobs.links, knobs.last_page, knobs.cursors = 2, links, last_page, cursors
    ids = [client.lead_create(lead(number)).lead_id for number in range(1, 6)]
    client.lead_create(lead(9, listId=SLEEPING_LIST))
    assert [row.lead_id for row in client.lead_list(list_id=LIST_ONE)] == ids
    assert platform.vendor.store.requests["lead_list"] == 3


@pytest.mark.parametrize(
    ("next_uri", "cursor"),
    [
        ("/v3.0/leads?cursor=fn5+Pz8/AA==", "fn5+Pz8/AA=="),
        ("/v3.0/leads?cursor=fn5%2BPz8%2FAA%3D%3D", "fn5+Pz8/AA=="), ("?listId=1&cursor=a%20b", "a b"),
        ("?cursor=a&cursor=b", "a"), ("?cursor=%C3%BC", "ü"),
    ],
)  # fmt: skip
def test_cursor_is_the_one_that_the_vendor_wrote(next_uri: str, cursor: str) -> None:
    """Escapes are decoded, and a plus that is none is a plus."""
    assert Cursors().after(next_uri) == cursor


@pytest.mark.parametrize("next_uri", ["/v3.0/leads", "?cursor=", "?page=2", "http://["])
def test_link_without_a_cursor_is_no_end(next_uri: str) -> None:
    """It leads on, and does not say where to."""
    with pytest.raises(LinkError, match=r"^\$\.metadata\.nextUri: holds no cursor$"):
        Cursors().after(next_uri)


def test_repeated_cursor_breaks_the_contract(client: PlatformClient, platform: Vendor) -> None:
    """Paging that goes round in circles is stopped, and never looks like an end."""
    platform.vendor.knobs.looping_cursor = True
    with pytest.raises(ContractError) as raised:
        list(client.user_list())
    assert str(raised.value) == "platform user_list: $.metadata.nextUri: the same cursor again"
    assert platform.vendor.store.requests["user_list"] == 2


def test_401_in_the_middle_of_paging_is_a_refused_login(client: PlatformClient, platform: Vendor) -> None:
    """A token that is revoked between two pages ends the read; what was read is not taken for everything."""
    platform.vendor.knobs.page_size = 1
    platform.faults.replace([Fault(kind="status", status=401, skip=1)])
    with pytest.raises(AuthenticationError, match=r"^platform user_list: HTTP 401: the login was refused"):
        list(client.user_list())


@pytest.mark.parametrize("links", ["short", "long", "absolute"])
@pytest.mark.parametrize("last_page", ["absent", "null", "empty"])
def test_error_pages_are_read_to_the_end(client: PlatformClient, platform: Vendor, links: Any, last_page: Any) -> None:
    """nextPageLink may be relative, prefixed or absolute; the end may be written in three ways."""
    knobs = platform.vendor.knobs
    knobs.bulk_step_s, knobs.error_page_size, knobs.links, knobs.last_page = 0, 2, links, last_page
    job = client.bulk_create([lead(number, phone1="x") for number in range(5)])
    assert [error.item["row"] for error in client.bulk_errors(job.uuid)] == [0, 1, 2, 3, 4]


def test_error_page_on_another_host_breaks_the_contract(client: PlatformClient, platform: Vendor) -> None:
    """Our token goes to no other host."""
    knobs = platform.vendor.knobs
    knobs.bulk_step_s, knobs.error_page_size, knobs.links = 0, 1, "elsewhere"
    job = client.bulk_create([lead(1, phone1="x"), lead(2, phone1="x")])
    with pytest.raises(ContractError, match=r"^platform bulk_errors: \$\.nextPageLink: leads to another host$"):
        list(client.bulk_errors(job.uuid))


@pytest.mark.parametrize(
    ("pages", "outcome"),
    [
        ([(None, None)], [None]),
        ([("?pageNo=2", 1)], [None]),
        ([("?pageNo=2", None), ("", None)], [[("pageNo", "2")], None]),
        ([("?pageNo=2", 5), ("?pageNo=2", 5)], [[("pageNo", "2")], "$.nextPageLink: the same page again, or no end"]),
        ([(None, 2)], ["$.nextPageLink: missing before the last page"]),
        ([("/errors/2", 2)], ["$.nextPageLink: names no page"]),
        ([("//elsewhere.invalid/?pageNo=2", 2)], ["$.nextPageLink: leads to another host"]),
        ([("http://[", 2)], ["$.nextPageLink: not a link"]),
        ([("http://HERE:80/x?pageNo=2", 2)], [[("pageNo", "2")]]),
        ([("?token=a+b%2B", 2)], [[("token", "a+b+")]]),
    ],
)
def test_page_links_are_guarded(pages: list[tuple[str | None, int | None]], outcome: list[Any]) -> None:
    """totalPages ends the read; a link that repeats, is missing, or leads away is an error."""
    links = PageLinks("here:80")
    seen: list[Any] = []
    for link, total in pages:
        page = models.BulkErrorPage(errorList=[], nextPageLink=link, totalPages=total)
        try:
            seen.append(links.after(page))
        except LinkError as error:
            seen.append(str(error).removesuffix(" of pages"))
    assert seen == outcome


# --- answers -------------------------------------------------------------------------------------


@pytest.mark.parametrize("operation", sorted(OPERATIONS.keys() - NEVER_ABSENT))
def test_operation_on_nothing_is_not_found(client: PlatformClient, operation: str) -> None:
    """Most paths are guesses: a 404 names the setting that may be wrong."""
    with pytest.raises(NotFoundError) as raised:
        OPERATIONS[operation](client)
    assert str(raised.value) == (
        f"platform {operation}: HTTP 404: there is no such thing, or vendors.platform.paths.{operation} is wrong"
    )


@pytest.mark.parametrize("operation", sorted(OPERATIONS))
def test_operation_with_the_wrong_token_is_refused(
    clients: Callable[..., PlatformClient], platform: Vendor, operation: str
) -> None:
    """401, once, and nothing else is tried silently; the token is in no text."""
    with pytest.raises(AuthenticationError) as raised:
        OPERATIONS[operation](clients(token="wrong-secret"))
    sentence = "HTTP 401: the login was refused; see vendors.platform.token, auth_scheme"
    assert str(raised.value) == f"platform {operation}: {sentence}"
    assert platform.vendor.store.requests == {operation: 1}


@pytest.mark.parametrize(
    ("scheme", "header"), [("bearer", "Authorization"), ("raw", "Authorization"), ("raw", "X-Api-Token")]
)
def test_token_is_shown_as_the_settings_say(
    clients: Callable[..., PlatformClient], platform: Vendor, scheme: Any, header: str
) -> None:
    """With a prefix or without, under any header."""
    platform.vendor.knobs.auth_scheme, platform.vendor.knobs.auth_header = scheme, header
    assert len(list(clients(auth_scheme=scheme, auth_header=header).user_list())) == 3


READS = sorted(key for key in OPERATIONS if DEFAULT_ROUTES[key][0] == "GET" and key != "media_get")
ANSWERED_WRITES = ["bulk_create", "customer_delete", "lead_create", "list_create", "presence_update"]


@pytest.mark.parametrize("operation", READS)
def test_read_of_a_page_that_is_no_json_breaks_the_contract(
    client: PlatformClient, platform: Vendor, operation: str
) -> None:
    """An HTML page with status 200 is no answer to a question."""
    platform.faults.replace([Fault(kind="html_200")])
    with pytest.raises(ContractError, match=rf"^platform {operation}: the body is not JSON$"):
        OPERATIONS[operation](client)


@pytest.mark.parametrize("operation", ANSWERED_WRITES)
@pytest.mark.parametrize("kind", ["html_200", "lost_after_commit", "html"])
def test_write_without_a_readable_answer_is_unknown(
    client: PlatformClient, platform: Vendor, operation: str, kind: Any
) -> None:
    """A page, a reset or a 5xx after a write leaves the outcome open; it is sent once."""
    platform.faults.replace([Fault(kind=kind)])
    with pytest.raises(OutcomeUnknownError):
        OPERATIONS[operation](client)
    assert sum(platform.vendor.store.requests.values()) <= 1


CHANGES: dict[str, Callable[[PlatformClient, int], None]] = {
    "lead_update": lambda client, lead_id: client.lead_update(lead_id, {"phone1": phone(9)}),
    "lead_delete": lambda client, lead_id: client.lead_delete(lead_id),
}


@pytest.mark.parametrize("operation", CHANGES)
@pytest.mark.parametrize("commit", [False, True])
def test_change_that_a_page_answers_is_unknown(
    client: PlatformClient, platform: Vendor, operation: str, commit: bool
) -> None:
    """The document shows no answer to a change, and a gateway's page with status 200 is none: it tells nothing."""
    lead_id = client.lead_create(lead()).lead_id
    platform.faults.replace([Fault(kind="html", status=200, commit=commit)])
    with pytest.raises(OutcomeUnknownError, match=rf"^platform {operation}: the body is not JSON$"):
        CHANGES[operation](client, lead_id)
    assert platform.vendor.store.requests[operation] == commit


@pytest.mark.parametrize("operation", CHANGES)
@pytest.mark.parametrize("answer", ["204", "empty", "object"])
def test_change_is_believed_without_a_body_or_with_json(
    client: PlatformClient, platform: Vendor, operation: str, answer: Any
) -> None:
    """What a change answers is not documented: nothing, or an object."""
    platform.vendor.knobs.change_answer = answer
    CHANGES[operation](client, client.lead_create(lead()).lead_id)
    assert [one.phones for one in platform.vendor.store.leads.values()] in ([], [[phone(9)]])


def test_answer_without_an_id_is_unknown_too(client: PlatformClient, platform: Vendor) -> None:
    """A 2xx that lacks what the document promises is not a success; the text is the path, never the value."""
    platform.faults.replace([Fault(kind="extra_fields", fields={"leadId": None})])
    with pytest.raises(OutcomeUnknownError, match=r"^platform lead_create: \$\.leadId: not as documented"):
        client.lead_create(lead())
    platform.faults.replace([Fault(kind="extra_fields", fields={"uuid": ""})])
    with pytest.raises(OutcomeUnknownError, match=r"^platform bulk_create: \$\.uuid"):
        client.bulk_create([lead()])


def test_row_without_an_id_breaks_the_contract(client: PlatformClient, platform: Vendor) -> None:
    """A missing required field is named by its place."""
    platform.faults.replace([Fault(kind="extra_fields", fields={"items": [{"phones": []}]})])
    with pytest.raises(ContractError) as raised:
        list(client.lead_list())
    assert str(raised.value) == "platform lead_list: $.items[0].leadId: missing"


ODD_VALUES: list[Any] = ["", "x", None, True, -1.5, [], [1], {}, {"x": None}]
IN_LEADS = [
    "campaignId", "campaignName", "listName", "timezone", "completed", "agentId", "agentFullName", "dataFields",
    "lastStatusCode", "lastStatusDescription", "phones", "outcomeType", "outcomesInfo", "timestamps",
]  # fmt: skip
IN_LISTS = ["campaignName", "inDialler", "weight", "timestamps"]


@pytest.mark.parametrize("value", ODD_VALUES, ids=repr)
def test_field_that_no_look_up_needs_may_be_of_any_type(client: PlatformClient, platform: Vendor, value: Any) -> None:
    """The document shows no row: what does not tell one lead, or one list, from another blocks nobody."""
    lead_id = client.lead_create(lead()).lead_id
    platform.vendor.knobs.odd_fields = dict.fromkeys(IN_LEADS, value)
    found = [(row.lead_id, row.list_id, row.customer_key) for row in client.lead_list()]
    assert found == [(lead_id, LIST_ONE, "crm-1")]
    platform.vendor.knobs.odd_fields = dict.fromkeys(IN_LISTS, value)
    assert "List One" in [one.name for one in client.list_list()]


@pytest.mark.parametrize("name", ["leadId", "listId", "customerKey"])
def test_field_that_a_look_up_needs_is_read_as_documented(client: PlatformClient, platform: Vendor, name: str) -> None:
    """Whose lead it is must not be guessed."""
    client.lead_create(lead())
    platform.vendor.knobs.odd_fields = {name: {"x": 1}}
    with pytest.raises(ContractError, match=rf"^platform lead_list: \$\.items\[0\]\.{name}: not as documented"):
        list(client.lead_list())


def test_odd_field_is_as_if_it_were_not_there(client: PlatformClient, platform: Vendor) -> None:
    """It is empty, and the others hold."""
    client.lead_create(lead(agentId=1002, timezone="Australia/Sydney"))
    platform.vendor.knobs.odd_fields = {"agentId": "", "dataFields": "x", "phones": 7, "completed": "perhaps"}
    (row,) = client.lead_list()
    assert (row.agent_id, row.data_fields, row.phones, row.is_completed) == (None, {}, (), None)
    assert row.timezone == "Australia/Sydney"


def test_undocumented_fields_are_passed_over(client: PlatformClient, platform: Vendor) -> None:
    """What a later version adds harms nothing."""
    platform.faults.replace([Fault(kind="extra_fields", times=None)])
    lead_id = client.lead_create(lead()).lead_id
    assert [row.lead_id for row in client.lead_list()] == [lead_id]
    assert client.list_get(LIST_ONE).name == "List One"


@pytest.mark.parametrize(
    ("status", "kind"),
    [(413, TooLargeError), (422, InvalidRequestError), (418, RejectedError), (429, RateLimitedError)],
)
def test_refusal_is_told_by_its_status(
    client: PlatformClient, platform: Vendor, status: int, kind: type[ConnectorError]
) -> None:
    """Error bodies are lost to the document: the status alone classifies."""
    platform.faults.replace([Fault(kind="status", status=status)])
    with pytest.raises(kind) as raised:
        client.bulk_create([lead()])
    assert raised.value.status == status


def test_read_is_tried_again_and_a_write_is_not(client: PlatformClient, platform: Vendor) -> None:
    """A gateway's page with 502 is waited out by a read."""
    platform.faults.replace([Fault(kind="html")])
    assert len(list(client.user_list())) == 3
    platform.faults.replace([Fault(kind="status", status=429, retry_after="0")])
    assert len(list(client.user_list())) == 3


# --- paths ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("knob", ["308", "301"])
def test_redirect_of_a_write_is_not_followed(
    clients: Callable[..., PlatformClient], platform: Vendor, knob: Any
) -> None:
    """A redirect may drop the body: it is an error that names the path setting, and stores nothing."""
    platform.vendor.knobs.slash_redirect = knob
    with pytest.raises(ContractError) as raised:
        clients(paths={"bulk_create": "/leads/bulk"}).bulk_create([lead()])
    assert str(raised.value) == (
        f"platform bulk_create: HTTP {knob}: a redirect, which is not followed; "
        "is vendors.platform.paths.bulk_create right, and its last slash?"
    )
    assert platform.vendor.store.jobs == {}


def test_method_that_is_not_allowed_names_the_path(clients: Callable[..., PlatformClient], platform: Vendor) -> None:
    """405 hints at the path and its method."""
    with pytest.raises(
        RejectedError, match=r"HTTP 405: is vendors\.platform\.paths\.lead_update right, and its method"
    ):
        clients(update_method="PATCH").lead_update(1, {"phone1": phone(1)})


def test_every_path_and_method_may_be_another() -> None:
    """With a deliberately different map on both sides, and another base path, every operation is reached."""
    theirs = {
        key: ({"lead_update": "PATCH", "presence_update": "POST"}.get(key, method), f"/other{path}/x-{key}")
        for key, (method, path) in DEFAULT_ROUTES.items()
    }
    ours = {key: f"/other{path}/x-{key}" for key, path in DEFAULT_PATHS.items()}
    with SandboxServer(PlatformApi(routes=theirs, base_path="/tenant/api")) as server:
        changes = {"paths": ours, "base_path": "/tenant/api", "update_method": "PATCH", "presence_method": "POST"}
        client = connect(server.url, **changes)
        for operation, call in OPERATIONS.items():
            if operation in NEVER_ABSENT:
                call(client)
            else:
                with pytest.raises(NotFoundError):
                    call(client)
        client.close()
        assert server.vendor.store.requests == dict.fromkeys(OPERATIONS, 1)


@pytest.mark.parametrize(
    ("key", "path", "sentence"),
    [
        ("lead_get", "/lead/{leadId}/details", None),
        ("lead_gett", "/x", "there is no operation lead_gett; there are activity_get, activity_list"),
        ("lead_get", "leads/{leadId}", "lead_get: a path begins with / and has no query"),
        ("lead_get", "/leads/{leadId}?x=1", "lead_get: a path begins with / and has no query"),
        ("lead_get", "/leads", "lead_get: this path needs {leadId} once"),
        ("lead_get", "/leads/{id}", "lead_get: this path needs {leadId} once"),
        ("lead_list", "/leads/{leadId}", "lead_list: this path has no place for an id"),
    ],
)
def test_paths_are_checked(key: str, path: str, sentence: str | None) -> None:
    """A path has its own placeholder and no other; the sentence names the operation."""
    told = complaint(key, path)
    assert told == sentence or (sentence is not None and told is not None and told.startswith(sentence))


def test_operations_never_share_a_method_and_a_path() -> None:
    """Two operations under one path and method could not be told apart."""
    assert Paths().clash() is None
    assert Paths({"campaign_stats_inbound": "/campaigns/outbound/{campaignId}/statistics"}).clash() == (
        "campaign_stats_outbound", "campaign_stats_inbound",
    )  # fmt: skip
    assert Paths(update_method="POST").clash() is None


def test_ids_are_quoted_in_paths() -> None:
    """An id cannot leave its place."""
    assert Paths().path("bulk_status", "../../users?x=1") == "/leads/bulk/..%2F..%2Fusers%3Fx%3D1"


# --- shapes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2020-07-06T13:55:06+10:00", datetime(2020, 7, 6, 3, 55, 6, tzinfo=UTC)),
        ("2020-07-06T13:11:06+1000", datetime(2020, 7, 6, 3, 11, 6, tzinfo=UTC)),
        ("2019-08-24T14:15:22Z", datetime(2019, 8, 24, 14, 15, 22, tzinfo=UTC)),
        ("2019-08-24T14:15:22", datetime(2019, 8, 24, 14, 15, 22, tzinfo=UTC)),
        ("", None), (None, None),
    ],
)  # fmt: skip
def test_timestamps_are_read_in_every_dialect(text: str | None, at: datetime | None) -> None:
    """Three spellings of an offset are the same moment."""
    assert read_time(text) == at


def test_empty_objects_may_be_empty_arrays() -> None:
    """What a mapper writes as [] is an object without fields."""
    lead_read = models.LEAD.validate_python({"leadId": "7", "dataFields": [], "customerKey": 10, "phones": None})
    assert (lead_read.lead_id, lead_read.data_fields, lead_read.customer_key, lead_read.phones) == (7, {}, "10", ())
    assert models.LEADS.validate_python({"metadata": [], "items": []}).metadata.next_uri is None


@pytest.mark.parametrize(
    "phones", [["+1", "+2"], [{"phoneNumber": "+1"}, {"number": "+2"}], {"phone1": "+1", "phone2": "+2"}]
)
def test_phones_are_read_in_every_shape(phones: Any) -> None:
    """Texts, objects, or an object of texts."""
    assert models.LEAD.validate_python({"leadId": 7, "phones": phones}).phones == ("+1", "+2")


def test_shapes_do_not_show_private_data(client: PlatformClient) -> None:
    """A lead or a call that is printed shows ids, and neither numbers nor fields."""
    lead_id = client.lead_create(lead(1, leadData={"FirstName": "Adalbert"})).lead_id
    text = repr(client.lead_get(lead_id)) + repr(models.BulkError(key=None, item={"phone1": phone(1)}))
    assert phone(1) not in text
    assert "Adalbert" not in text


def test_lost_answers_are_matched_by_path(client: PlatformClient, platform: Vendor) -> None:
    """A bulk job whose answer was lost is there all the same."""
    platform.faults.replace([Fault(kind="lost_after_commit", match=Match(path_contains="bulk"))])
    with pytest.raises(OutcomeUnknownError):
        client.bulk_create([lead()])
    assert len(platform.vendor.store.jobs) == 1
