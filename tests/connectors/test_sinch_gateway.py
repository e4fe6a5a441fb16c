"""Contact to customer, request to wire, and what OBI's answers mean for a delivery."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
import pytest

from connectors.errors import OutcomeUnknownError, TargetError
from connectors.gateway import Batch, CallResult, Campaign, Contact, Receipt, Verdict
from connectors.sinch.gateway import SinchGateway
from connectors.sinch.settings import SinchSettings
from sandbox.faults import Fault, Match
from sandbox.server import SandboxServer
from sandbox.sinch.app import SinchObi
from tests.factories import ABSENT_TARGET, OTHER_TARGET, TARGET, phone

CAMPAIGN = Campaign("promo", "sinch", {"campaign_id": TARGET}, mapping={"attributes": {"City": "city"}})
OLD_TARGET = "DEADBEEFDEADBEEFDEADBEEFDEADBEEF"
PATH = f"/RI/obi/campaigns/{TARGET}/customers/list?stopProcessIfInvalidEntriesFound=false"

# The well-formed request of the vendor reference, word for word.
WELL_FORMED = (
    b'[{"externalId":"crm-10","numbers":"+52145200;+52145299","timeZone":"Europe/Helsinki","priority":1,'
    b'"attributes":{"attribute":[{"name":"First Name","value":"Kathy"},{"name":"City","value":"New York"}]}}]'
)
KATHY = Contact(
    source="crm", lead_id="10", phones=["+52145200", "+52145299"], first_name="Kathy", time_zone="Europe/Helsinki",
    priority=1, attributes={"city": "New York", "shoe": "41"},
)  # fmt: skip


@dataclass
class Listener:
    """A socket that remembers one request and answers with `reply`."""

    url: str = ""
    reply: bytes = b"[]"
    requests: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def listener() -> Iterator[Listener]:
    """A vendor that answers every POST with 200 and whatever the test says."""
    heard = Listener()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            heard.requests.append((self.command, self.path, headers, body))
            self.send_response(200)
            self.send_header("Content-Length", str(len(heard.reply)))
            self.end_headers()
            self.wfile.write(heard.reply)

        def log_message(self, *_: Any) -> None:
            """Nothing is printed."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        heard.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield heard
        server.shutdown()
        thread.join()


@pytest.fixture
def gateways(sinch: SandboxServer[SinchObi]) -> Iterator[Callable[..., SinchGateway]]:
    """Makes quick gateways to the double; settings that differ are named."""
    made: list[SinchGateway] = []

    def make(**changes: Any) -> SinchGateway:
        made.append(settings(sinch.url, **changes).gateway())
        return made[-1]

    yield make
    for gateway in made:
        gateway.close()


def settings(url: str, **changes: Any) -> SinchSettings:
    quick = {"base_url": url, "auth_mode": "none", "max_attempts": 2, "backoff_s": 0, "read_timeout_s": 5}
    return SinchSettings.model_validate(quick | changes)


def batch(*entries: dict[str, Any], positions: list[int] | None = None, target: str = TARGET) -> Batch:
    return Batch(
        import_key=UUID(int=1),
        campaign=Campaign("promo", "sinch", {"campaign_id": target}),
        day=date(2026, 11, 17),
        payload=orjson.dumps(entries),
        entry_count=len(entries),
        positions=range(len(entries)) if positions is None else positions,
    )


def entry(number: int, **fields: Any) -> dict[str, Any]:
    return {"externalId": f"lead-L{number}", "numbers": phone(number)} | fields


def ids(sinch: SandboxServer[SinchObi], *external_ids: str) -> list[str]:
    return [sinch.vendor.store.find(TARGET, external_id)[0].id for external_id in external_ids]


def test_entry_is_the_well_formed_request() -> None:
    """A contact becomes, byte for byte, the entry of the vendor reference."""
    with_template = SinchGateway(None, external_id_template="{source}-{lead_id}")  # type: ignore[arg-type]
    assert orjson.dumps([with_template.mapper(CAMPAIGN)(KATHY)]) == WELL_FORMED


def test_submit_is_the_well_formed_request_on_the_wire(listener: Listener) -> None:
    """Method, path, flag, media types and body are those of the vendor reference."""
    listener.reply = b'[{"statusCode":201,"id":"A"}]'
    gateway = settings(listener.url).gateway()
    sent = Batch(UUID(int=1), CAMPAIGN, date(2026, 11, 17), WELL_FORMED, 1, [0])
    assert gateway.submit(sent) == Receipt(accepted_ids=["A"])
    gateway.close()
    ((method, path, headers, body),) = listener.requests
    assert (method, path, body) == ("POST", PATH, WELL_FORMED)
    assert (headers["accept"], headers["content-type"]) == ("application/json", "application/json")
    assert "authorization" not in headers


@pytest.mark.parametrize(
    ("contact", "expected"),
    [
        pytest.param({}, {"externalId": "lead-1", "numbers": "+491712345678"}, id="least"),
        pytest.param(
            {"source": "customer", "lead_id": "1 ä/*"},
            {"externalId": "customer-1 ä/*", "numbers": "+491712345678"}, id="customer",
        ),
        pytest.param(
            {"priority": 0}, {"externalId": "lead-1", "numbers": "+491712345678", "priority": 0}, id="priority-0"
        ),
        pytest.param({"agent": "A"}, {"externalId": "lead-1", "numbers": "+491712345678", "agentId": "A"}, id="agent"),
        pytest.param(
            {"not_before": datetime(2026, 11, 18, 9, 30, tzinfo=ZoneInfo("Europe/Berlin"))},
            {"externalId": "lead-1", "numbers": "+491712345678", "date": "2026-11-18T08:30:00Z"}, id="date-in-utc",
        ),
        pytest.param(
            {"email": "a@example.com", "country": "DE"}, {"externalId": "lead-1", "numbers": "+491712345678"},
            id="what-no-mapping-names-stays-here",
        ),
        pytest.param(
            {"first_name": "Ada", "last_name": "Muster", "attributes": {"city": "Köln"}},
            {
                "externalId": "lead-1", "numbers": "+491712345678",
                "attributes": {"attribute": [
                    {"name": "First Name", "value": "Ada"}, {"name": "Last Name", "value": "Muster"},
                    {"name": "City", "value": "Köln"},
                ]},
            },
            id="attributes",
        ),
    ],
)  # fmt: skip
def test_mapper_writes_what_the_contact_has(contact: dict[str, Any], expected: dict[str, Any]) -> None:
    """A field that the contact lacks is not in the entry; an id is never sent."""
    whole = {"source": "lead", "lead_id": "1", "phones": ["+491712345678"]} | contact
    gateway = SinchGateway(None)  # type: ignore[arg-type]
    assert gateway.mapper(CAMPAIGN)(Contact(**whole)) == expected


def test_mapper_uses_the_mapping_and_the_template() -> None:
    """A mapping renames and replaces, and may name our columns as well as theirs."""
    campaign = Campaign(
        "promo", "sinch", {}, mapping={"attributes": {"First Name": "salutation", "Mail": "email", "Shoe": "shoe"}}
    )
    gateway = SinchGateway(None, external_id_template="{campaign}/{source}/{lead_id}")  # type: ignore[arg-type]
    contact = Contact(
        "lead", "1", ["+1"], first_name="Ada", last_name="M", email="a@b.de", attributes={"salutation": "Dr"}
    )
    assert gateway.mapper(campaign)(contact) == {
        "externalId": "promo/lead/1",
        "numbers": "+1",
        "attributes": {
            "attribute": [
                {"name": "First Name", "value": "Dr"},
                {"name": "Last Name", "value": "M"},
                {"name": "Mail", "value": "a@b.de"},
            ]
        },
    }
    assert gateway.required_columns(campaign) == ["salutation", "shoe"]


def test_submit_reads_each_verdict(gateways: Callable[..., SinchGateway], sinch: SandboxServer[SinchObi]) -> None:
    """Stored, refused and refused again: by position, without the number in the reason."""
    receipt = gateways().submit(batch(entry(1), entry(2, numbers="+49171x"), entry(3, priority="high"), entry(4)))
    first, fourth = ids(sinch, "lead-L1", "lead-L4")
    assert receipt.verdicts == [
        Verdict(0, "accepted", vendor_id=first),
        Verdict(1, "rejected", "refused_by_vendor", "Invalid numbers: '+49171x'"),
        Verdict(2, "rejected", "refused_by_vendor", "Invalid priority: 'high'"),
        Verdict(3, "accepted", vendor_id=fourth),
    ]


def test_submit_redacts_the_vendor_s_reason(
    gateways: Callable[..., SinchGateway], sinch: SandboxServer[SinchObi]
) -> None:
    """The vendor quotes the number that it refuses; we do not."""
    sinch.vendor.knobs.reject_numbers = [phone(1)]
    assert gateways().submit(batch(entry(1))).verdicts == [
        Verdict(0, "rejected", "refused_by_vendor", "Invalid numbers: '<number>'")
    ]


def test_submit_takes_validated_for_not_sent(
    gateways: Callable[..., SinchGateway], sinch: SandboxServer[SinchObi]
) -> None:
    """Where one invalid entry stops the rest, the valid ones were not stored and are sent again."""
    receipt = gateways(stop_on_invalid=True).submit(batch(entry(1), entry(2, numbers="x")))
    assert receipt.verdicts == [
        Verdict(0, "not_sent", "validated_only", "valid, but not stored: another entry was invalid"),
        Verdict(1, "rejected", "refused_by_vendor", "Invalid numbers: 'x'"),
    ]
    assert sinch.vendor.store.creations == {}


def test_submit_looks_up_who_holds_a_taken_id(
    gateways: Callable[..., SinchGateway], sinch: SandboxServer[SinchObi]
) -> None:
    """The vendor's «not unique» is a duplicate if it is this lead, and a rejection if it is somebody else."""
    gateway = gateways()
    gateway.submit(batch(entry(1), entry(2)))
    receipt = gateway.submit(batch(entry(1), entry(2, numbers=phone(9)), entry(3)))
    first, third = ids(sinch, "lead-L1", "lead-L3")
    assert receipt.verdicts == [
        Verdict(0, "duplicate", "already_at_vendor", vendor_id=first),
        Verdict(1, "rejected", "external_id_taken", "the vendor holds this externalId for somebody else"),
        Verdict(2, "accepted", vendor_id=third),
    ]


def test_submit_leaves_a_taken_id_unknown_when_asking_fails(
    gateways: Callable[..., SinchGateway], sinch: SandboxServer[SinchObi]
) -> None:
    """A duplicate that could not be verified is neither accepted nor rejected."""
    gateway = gateways()
    gateway.submit(batch(entry(1)))
    sinch.faults.replace([Fault(kind="status", times=None, match=Match(method="GET"))])
    assert gateway.submit(batch(entry(1))).verdicts == [
        Verdict(0, "unknown", "not_verified", "sinch customers: HTTP 503")
    ]


def test_submit_leaves_an_entry_error_unknown(
    gateways: Callable[..., SinchGateway], sinch: SandboxServer[SinchObi]
) -> None:
    """A 500 for one entry says nothing of whether it was stored."""
    sinch.faults.replace([Fault(kind="entry_status", status=500, positions=[1])])
    receipt = gateways().submit(batch(entry(1), entry(2)))
    assert receipt.verdicts == [
        Verdict(0, "accepted", vendor_id=ids(sinch, "lead-L1")[0]),
        Verdict(1, "unknown", "entry_error", "statusCode 500"),
    ]


@pytest.mark.parametrize("status", [408, 425, 429])
def test_submit_leaves_an_entry_that_was_not_looked_at_unknown(
    gateways: Callable[..., SinchGateway], sinch: SandboxServer[SinchObi], status: int
) -> None:
    """One that was throttled is asked about, and sent again; it was not refused."""
    sinch.faults.replace([Fault(kind="entry_status", status=status, positions=[0])])
    assert gateways().submit(batch(entry(1))).verdicts == [Verdict(0, "unknown", "entry_error", f"statusCode {status}")]


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (Fault(kind="short_response"), "sinch create_customers: 1 answers to 2 entries"),
        (Fault(kind="html_200"), "sinch create_customers: the body is not JSON"),
        (Fault(kind="truncated"), "sinch create_customers: sent, but no answer was seen: the connection broke"),
        (Fault(kind="lost_after_commit"), "sinch create_customers: sent, but no answer was seen: the connection broke"),
        (Fault(kind="status", commit=True), "sinch create_customers: HTTP 503"),
    ],
    ids=["short", "html", "truncated", "lost", "503"],
)
def test_submit_is_unknown_when_the_answer_cannot_be_accounted_for(
    gateways: Callable[..., SinchGateway], sinch: SandboxServer[SinchObi], fault: Fault, sentence: str
) -> None:
    """Stored or not, nobody can say: the sentence names the fault and no lead."""
    sinch.faults.replace([fault])
    with pytest.raises(OutcomeUnknownError) as raised:
        gateways().submit(batch(entry(1), entry(2)))
    assert str(raised.value).startswith(sentence.partition(" (")[0])


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (b'[{"statusCode":201,"id":"A"},{"statusCode":201,"id":"A"}]', "several entries were answered with one id"),
        (b'[{"statusCode":201},{"statusCode":201,"id":""}]', None),
    ],
    ids=["same", "none"],
)
def test_submit_does_not_take_one_id_for_two_customers(listener: Listener, reply: bytes, expected: str | None) -> None:
    """Who is there is asked by externalId then; ids that are missing are nobody's."""
    listener.reply = reply
    gateway = settings(listener.url).gateway()
    try:
        if expected is None:
            assert gateway.submit(batch(entry(1), entry(2))).accepted_ids == [None, None]
        else:
            with pytest.raises(OutcomeUnknownError, match=expected):
                gateway.submit(batch(entry(1), entry(2)))
    finally:
        gateway.close()


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        (r'"Invalid numbers: \u0000x\u0000"', "Invalid numbers: x"),
        (r'"a \\u0000 b"', r"a \u0000 b"),
        (r'"\\\u0000"', "\\"),
    ],
)
def test_submit_reads_a_text_without_the_character_nul(listener: Listener, written: str, reason: str) -> None:
    """Postgres holds none: the verdicts of everybody in the turn would be lost with it."""
    listener.reply = f'[{{"statusCode":400,"error":{written}}}]'.encode()
    gateway = settings(listener.url).gateway()
    try:
        assert gateway.submit(batch(entry(1))).verdicts == [Verdict(0, "rejected", "refused_by_vendor", reason)]
    finally:
        gateway.close()


def test_submit_names_the_entry_that_cannot_be_read(listener: Listener) -> None:
    """An array of the right length with a wrong entry is no answer, and says where."""
    listener.reply = b'[{"statusCode":201,"id":"A"},{"error":"+491712345678"}]'
    gateway = settings(listener.url).gateway()
    with pytest.raises(OutcomeUnknownError) as raised:
        gateway.submit(batch(entry(1), entry(2)))
    gateway.close()
    assert str(raised.value) == "sinch create_customers: $[1].statusCode: missing"


def test_submit_reads_an_error_that_is_no_text(listener: Listener) -> None:
    """An error that is a number is still that entry's rejection."""
    listener.reply = b'[{"statusCode":400,"error":17}]'
    gateway = settings(listener.url).gateway()
    try:
        assert gateway.submit(batch(entry(1))).verdicts == [Verdict(0, "rejected", "refused_by_vendor", "17")]
    finally:
        gateway.close()


def test_reconcile_asks_for_the_open_entries(
    gateways: Callable[..., SinchGateway], sinch: SandboxServer[SinchObi]
) -> None:
    """Who is there is accepted, who is not was not sent, and a stranger under our id is no acceptance."""
    gateway = gateways()
    gateway.submit(batch(entry(1), entry(2)))
    asked = batch(entry(0), entry(1), entry(2, numbers=phone(9)), entry(3), positions=[1, 2, 3])
    assert gateway.reconcile(asked).verdicts == [
        Verdict(1, "accepted", vendor_id=ids(sinch, "lead-L1")[0]),
        Verdict(2, "rejected", "external_id_taken", "the vendor holds this externalId for somebody else"),
        Verdict(3, "not_sent", "absent_at_vendor"),
    ]


@pytest.mark.parametrize(
    ("numbers", "verdict"),
    [("0151 100 00001", "accepted"), ("15110000001", "accepted"), ("0001", "rejected"), ("0151 100 00009", "rejected")],
)
def test_reconcile_knows_a_number_without_its_country(
    gateways: Callable[..., SinchGateway], sinch: SandboxServer[SinchObi], numbers: str, verdict: str
) -> None:
    """Under our own externalId a national spelling is nobody else; a few digits are no number."""
    gateway = gateways()
    gateway.submit(batch(entry(1, numbers="+4915110000001")))
    [customer] = sinch.vendor.store.find(TARGET, "lead-L1")
    customer.numbers = numbers
    [told] = gateway.reconcile(batch(entry(1, numbers="+4915110000001"))).verdicts
    assert told.outcome == verdict


def test_reconcile_finds_the_lead_beside_a_stranger_of_its_id(
    gateways: Callable[..., SinchGateway], sinch: SandboxServer[SinchObi]
) -> None:
    """Where the campaign has the id twice, the one with the number is the lead."""
    sinch.vendor.knobs.unique_external_id = False
    gateway = gateways()
    gateway.submit(batch(entry(1, numbers=phone(9))))
    gateway.submit(batch(entry(1)))
    _, mine = sinch.vendor.store.find(TARGET, "lead-L1")
    assert gateway.reconcile(batch(entry(1))).verdicts == [Verdict(0, "accepted", vendor_id=mine.id)]


@pytest.mark.parametrize("lead_id", ["*", "L?", "L*", "?", "a&b=c", "ä ö", "50%", "a;b", "a+b", "#1", "a/b"])
def test_reconcile_finds_ids_that_a_filter_would_widen(
    gateways: Callable[..., SinchGateway], sinch: SandboxServer[SinchObi], lead_id: str
) -> None:
    """`*` and `?` are wildcards to the vendor and letters to us: only the very same id is the lead."""
    gateway = gateways(page_limit=2)
    others = [entry(number) for number in range(1, 6)]
    gateway.submit(batch(*others))
    mine = entry(7, externalId=lead_id)
    assert gateway.reconcile(batch(mine)).verdicts == [Verdict(0, "not_sent", "absent_at_vendor")]
    gateway.submit(batch(mine))
    expected = [Verdict(0, "accepted", vendor_id=ids(sinch, lead_id)[0])]
    assert gateway.reconcile(batch(mine)).verdicts == expected


@pytest.mark.parametrize("target", [TARGET, OTHER_TARGET, TARGET.lower(), "8A7C98EA-F116-4F2F-AA93-B98EECB95D76"])
def test_preflight_passes_an_open_campaign(gateways: Callable[..., SinchGateway], target: str) -> None:
    """Passive and Active campaigns may be loaded, however their id is spelt."""
    gateways().preflight(Campaign("promo", "sinch", {"campaign_id": target}))


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        (ABSENT_TARGET, f"sinch has no campaign {ABSENT_TARGET} that this account may see (HTTP 404)"),
        ("spring", "sinch has no campaign spring that this account may see (HTTP 400)"),
        (OLD_TARGET, "the sinch campaign «Old» is Expired; only Passive and Active can be loaded"),
    ],
)
def test_preflight_names_the_setting_of_a_target(
    gateways: Callable[..., SinchGateway], target: str, sentence: str
) -> None:
    """A target that cannot be loaded stops its campaign alone, with one sentence that names the setting."""
    with pytest.raises(TargetError) as raised:
        gateways().preflight(Campaign("promo", "sinch", {"campaign_id": target}))
    assert str(raised.value) == f"campaigns.promo.target.campaign_id: {sentence}"


def test_campaign_is_switched_on_where_the_target_says_so(
    gateways: Callable[..., SinchGateway], sinch: SandboxServer[SinchObi]
) -> None:
    """Only `activate: true` starts the dialling."""
    gateway = gateways()
    assert gateway.action_when_loaded(CAMPAIGN) is None
    assert sinch.vendor.store.campaigns[TARGET].status == "Passive"
    wanted = Campaign("promo", "sinch", {"campaign_id": TARGET, "activate": True})
    assert gateway.action_when_loaded(wanted) == "activate"
    gateway.control_target(wanted, "activate")
    assert sinch.vendor.store.campaigns[TARGET].status == "Active"
    gateway.control_target(wanted, "pause")
    assert sinch.vendor.store.campaigns[TARGET].status == "Passive"


def test_call_results_are_those_that_changed_in_the_window(
    gateways: Callable[..., SinchGateway], sinch: SandboxServer[SinchObi]
) -> None:
    """Customers with a result or a call that changed in the window, its first moment too, with the vendor's words."""
    at = datetime(2026, 11, 17, 9, tzinfo=UTC)
    gateway = gateways()
    sinch.vendor.store.clock = lambda: at
    gateway.submit(batch(entry(1), entry(2), entry(3)))
    sinch.vendor.store.record_outcome(TARGET, "lead-L1", {"result": "Sold", "callResult": "Answered", "callCount": 2})
    sinch.vendor.store.clock = lambda: at + timedelta(days=2)
    sinch.vendor.store.record_outcome(TARGET, "lead-L2", {"result": "Late", "callCount": 1})
    found = list(gateway.call_results(CAMPAIGN, at - timedelta(hours=1), at + timedelta(hours=1)))
    assert found == [CallResult(ids(sinch, "lead-L1")[0], "Sold", "Answered", None, 2, None, at)]
    assert list(gateway.call_results(CAMPAIGN, at, at + timedelta(hours=1))) == found
    assert list(gateway.call_results(CAMPAIGN, at - timedelta(hours=1), at)) == []
