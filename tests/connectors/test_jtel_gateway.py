"""Contact to jtel's, what its answers mean for a delivery, and never twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from threading import Barrier
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
import pytest

from connectors.errors import (
    AuthenticationError,
    ConnectorError,
    ContractError,
    InvalidRequestError,
    NotFoundError,
    NotSentError,
    OutcomeUnknownError,
    TargetError,
    TooLargeError,
)
from connectors.gateway import Batch, CallResult, Campaign, Contact, Receipt, Verdict
from connectors.jtel.gateway import JtelGateway
from connectors.jtel.keys import sent_key, user_data
from connectors.jtel.listings import ContactListings
from connectors.jtel.settings import JtelMapping, JtelSettings
from sandbox.faults import Fault, Match
from sandbox.jtel.app import JtelPortal
from sandbox.jtel.seeds import CAMPAIGN_1_ID, RENEWALS_ID, TOKEN
from sandbox.server import SandboxServer

Vendor = SandboxServer[JtelPortal]
TEMPLATE = "{source}:{lead_id}:{campaign}"
CASES = ("0015g00000xyzab", "0015g00000XyZab", "0015g00000XyZaB")
LONG_AGO = datetime(2026, 11, 17, tzinfo=UTC)
KATHY = Contact("crm", "10", ["+4989123456"], first_name="Kathy", last_name="Smith")


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
def gateways(jtel: Vendor) -> Iterator[Callable[..., JtelGateway]]:
    """Makes quick gateways to the double; settings that differ are named."""
    made: list[JtelGateway] = []

    def make(**changes: Any) -> JtelGateway:
        quick = {"max_attempts": 2, "backoff_s": 0, "read_timeout_s": 5, "base_url": jtel.url, "allow_http": True}
        made.append(settings(**quick | changes).gateway())
        return made[-1]

    yield make
    for gateway in made:
        gateway.close()


@pytest.fixture
def gateway(gateways: Callable[..., JtelGateway]) -> JtelGateway:
    """A gateway with the defaults."""
    return gateways()


def settings(**changes: Any) -> JtelSettings:
    least = {"base_url": "https://portal.example.com", "clients_id": 1, "token": TOKEN, "release": "3.39"}
    return JtelSettings.model_validate(least | changes)


def entry_of(contact: Contact = KATHY, *, fields: dict[str, str] | None = None, **changes: Any) -> dict[str, Any]:
    """The contact in jtel's schema, by a gateway of these settings."""
    mapping = JtelMapping.model_validate({"fields": fields or {}}).model_dump()
    gateway = settings(**changes).gateway()
    try:
        return gateway.mapper(Campaign("538", "jtel", {"campaign_id": RENEWALS_ID}, mapping=mapping))(contact)
    finally:
        gateway.close()


def lead(number: int = 1, **fields: Any) -> dict[str, Any]:
    return {"UserData": f"lead:{number}:promo", "Name": "Muster", "PhoneNumber1": f"+4930{number:07d}"} | fields


def batch(entry: dict[str, Any] | None = None, **changes: Any) -> Batch:
    whole = Batch(
        import_key=UUID(int=1),
        campaign=Campaign("promo", "jtel", {"campaign_id": RENEWALS_ID}),
        day=date(2026, 11, 17),
        payload=orjson.dumps([lead() if entry is None else entry]),
        entry_count=1,
        positions=[0],
        sent_at=LONG_AGO,
    )
    return replace(whole, **changes)


def held(jtel: Vendor) -> list[int]:
    """The ids of all stored contacts."""
    return list(jtel.vendor.store.contacts)


# --- contact to entry ------------------------------------------------------------------------------


def test_entry_is_the_well_formed_request(gateway: JtelGateway, jtel: Vendor) -> None:
    """A contact becomes the body of the vendor reference; the campaign's id is added when it is sent."""
    entry = entry_of()
    assert orjson.dumps(entry) == (
        b'{"UserData":"crm:10:538","Name":"Smith","FirstName":"Kathy","PhoneNumber1":"+4989123456"}'
    )
    gateway.submit(batch(entry))
    (stored,) = jtel.vendor.store.contacts.values()
    assert (stored.campaign_id, stored.written) == (RENEWALS_ID, entry)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ({"last_name": "Smith", "first_name": "Kathy"}, {"Name": "Smith", "FirstName": "Kathy"}),
        ({"last_name": "Smith"}, {"Name": "Smith"}),
        ({"first_name": "Kathy"}, {"Name": "Kathy"}),
        ({"first_name": " ", "last_name": " Smith "}, {"Name": "Smith"}),
        ({}, {"Name": "-"}),
    ],
)
def test_mapper_always_writes_a_name(names: dict[str, str], expected: dict[str, str]) -> None:
    """`Name` is mandatory: the last name, else the first, else the placeholder."""
    entry = entry_of(Contact("crm", "10", ["+4989123456"], **names))
    assert entry == {"UserData": "crm:10:538", "PhoneNumber1": "+4989123456"} | expected


def test_mapper_writes_six_phones_and_mapped_fields() -> None:
    """Fields take our columns and the source's; a number is one where jtel wants one; nothing is not sent."""
    contact = KATHY._replace(
        phones=[f"+498912345{number}" for number in range(7)],
        email="k@example.com",
        attributes={"city": "München", "owed": "12.50", "sort": "7", "firm": " ", "note": "NaN"},
    )
    fields = {"City": "city", "Email": "email", "Amount": "owed", "RandomSortOrder": "sort", "Company": "firm"}
    assert entry_of(contact, fields=fields) == {
        "UserData": "crm:10:538",
        "Name": "Smith",
        "FirstName": "Kathy",
        "City": "München",
        "Email": "k@example.com",
        "Amount": 12.5,
        "RandomSortOrder": 7,
        **{f"PhoneNumber{number + 1}": f"+498912345{number}" for number in range(6)},
    }
    assert entry_of(contact, fields={"Amount": "note", "Name": "firm"})["Amount"] == "NaN"
    assert entry_of(contact, fields={"Name": "firm"})["Name"] == "Smith"


def test_required_columns_are_those_of_the_source(gateway: JtelGateway) -> None:
    """Our own columns are always there."""
    campaign = Campaign("promo", "jtel", {}, mapping={"fields": {"City": "city", "Email": "email"}})
    assert gateway.required_columns(campaign) == ["city"]


def test_mapper_cuts_to_the_release_or_leaves_it() -> None:
    """`too_long: cut` fits every text; `reject` leaves it for the submission to refuse."""
    contact = KATHY._replace(last_name="x" * 70, email="y" * 40)
    cut, old = entry_of(contact, fields={"Email": "email"}), entry_of(contact, fields={"Email": "email"}, release=None)
    assert (len(cut["Name"]), cut["Email"]) == (64, "y" * 40)
    assert (len(old["Name"]), "Email" in old) == (32, False)
    assert len(entry_of(contact, too_long="reject")["Name"]) == 70


@pytest.mark.parametrize(
    ("lead_id", "campaign", "expected"),
    [
        ("10", "538", "crm:10:538"),
        ("10", "a:b", "crm:10:a:b"),
        ("1:2", "3", "crm:1:2:3~e4adbe99b068598ef9dd"),
        ("1", "2:3", "crm:1:2:3"),
    ],
)
def test_user_data_is_one_lead_s_own(lead_id: str, campaign: str, expected: str) -> None:
    """Two leads never share a key, whatever their ids contain: the vendor would write one over the other."""
    assert user_data(TEMPLATE, KATHY._replace(lead_id=lead_id), campaign) == expected


def test_user_data_has_at_most_64_characters() -> None:
    """A longer one is cut and told apart by a hash, the same at every call."""
    long = [KATHY._replace(lead_id="x" * 80 + end) for end in "ab"]
    keys = [user_data(TEMPLATE, contact, "promo") for contact in long]
    assert [len(key) for key in keys] == [64, 64]
    assert keys[0][:43] == keys[1][:43] == ("crm:" + "x" * 39)
    assert keys[0] != keys[1]
    assert keys == [user_data(TEMPLATE, contact, "promo") for contact in long]
    assert len(user_data(TEMPLATE, KATHY._replace(lead_id="x" * 54), "promo")) == 64


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("lead:l1:promo", "lead:l1:promo"),
        ("lead:L1:promo", "lead:L1:promo~5a54ca89814496bbbf03"),
        ("lead:jos\u00e9:promo", "lead:jos\u00e9:promo~e4663b654b6d556007e8"),
        ("lead:" + "X" * 59, "lead:" + "X" * 38 + "~1a1cf11d8615661ebcc2"),
        ("lead:1:2:P~e4adbe99b068598ef9dd", "lead:1:2:P~e4adbe99b068598ef9dd"),
    ],
)
def test_key_is_sent_so_that_case_and_accents_need_not_tell(key: str, expected: str) -> None:
    """Capitals and letters beyond ASCII get a hash; a key without, or with a hash already, is sent as it is."""
    assert sent_key(key) == expected


# --- submit ----------------------------------------------------------------------------------------


def test_submit_is_accepted_with_the_vendor_s_id(gateway: JtelGateway, jtel: Vendor) -> None:
    """200 is acceptance; the id is the contact's."""
    receipt = gateway.submit(batch())
    (contact_id,) = held(jtel)
    assert receipt == Receipt([Verdict(0, "accepted", vendor_id=str(contact_id))])


def test_submit_is_accepted_without_an_id(gateway: JtelGateway, jtel: Vendor) -> None:
    """The import's answer is not documented and may have none."""
    jtel.vendor.knobs.import_answers = "status"
    assert gateway.submit(batch()) == Receipt([Verdict(0, "accepted")])


def test_submit_twice_stores_once(gateway: JtelGateway, jtel: Vendor) -> None:
    """The same `UserData` is overwritten, so that even a lost answer cannot make a second contact."""
    first, second = gateway.submit(batch()), gateway.submit(batch())
    assert (first, len(held(jtel))) == (second, 1)


@pytest.mark.parametrize("is_case_sensitive", [True, False])
def test_submit_tells_ids_apart_that_differ_by_case_alone(
    gateway: JtelGateway, jtel: Vendor, *, is_case_sensitive: bool
) -> None:
    """Whether or not jtel looks at the case of `UserData`: two leads are two contacts, each found under its own id."""
    jtel.vendor.knobs.is_user_data_case_sensitive = is_case_sensitive
    leads = [batch(lead(number, UserData=f"lead:{key}:promo")) for number, key in enumerate(CASES)]
    sent = [gateway.submit(each).verdicts for each in leads]
    assert sent == [[Verdict(0, "accepted", vendor_id=str(contact_id))] for contact_id in held(jtel)]
    assert len(sent) == len(held(jtel)) == 3
    assert [gateway.reconcile(each).verdicts for each in leads] == sent


def test_submit_without_overwriting_says_so_to_the_vendor(gateways: Callable[..., JtelGateway], jtel: Vendor) -> None:
    """The double shows what `overwrite_duplicates: false` does to a lead that is sent twice."""
    gateway = gateways(overwrite_duplicates=False)
    gateway.submit(batch())
    gateway.submit(batch())
    assert (len(held(jtel)), jtel.vendor.state()["duplicates"]) == (2, 1)


@pytest.mark.parametrize("field", ["Name", "FirstName", "PhoneNumber1"])
def test_submit_rejects_what_is_too_long(gateways: Callable[..., JtelGateway], jtel: Vendor, field: str) -> None:
    """The verdict names the field and its limit, and nothing is sent."""
    limit = 32 if field == "PhoneNumber1" else 64
    receipt = gateways(too_long="reject").submit(batch(lead(**{field: "1" * 70})))
    assert receipt.verdicts == [Verdict(0, "rejected", "field_too_long", f"{field} is longer than {limit} characters")]
    assert jtel.vendor.store.requests == {}


def test_submit_leaves_a_refusal_to_the_engine(gateway: JtelGateway, jtel: Vendor) -> None:
    """400 refuses the only entry of the batch; the number is not in the text."""
    jtel.vendor.knobs.reject_phones = [lead()["PhoneNumber1"]]
    with pytest.raises(InvalidRequestError) as raised:
        gateway.submit(batch())
    assert str(raised.value) == "jtel import_contact: HTTP 400"


def test_submit_takes_a_conflict_for_this_lead_s(gateway: JtelGateway, jtel: Vendor) -> None:
    """409 to one contact must not stop the others."""
    jtel.faults.replace([Fault(kind="status", status=409)])
    assert gateway.submit(batch()) == Receipt(
        [Verdict(0, "rejected", "refused_by_vendor", "jtel import_contact: HTTP 409")]
    )


def test_submit_of_a_campaign_that_is_gone_is_not_found(gateway: JtelGateway, jtel: Vendor) -> None:
    """The campaign was deleted while it was loaded: the engine stops the campaign, not the lead."""
    jtel.vendor.store.delete_campaign(RENEWALS_ID)
    with pytest.raises(NotFoundError):
        gateway.submit(batch())


def test_submit_needs_a_target(gateway: JtelGateway) -> None:
    """A target that was not made yet cannot be loaded."""
    with pytest.raises(TargetError):
        gateway.submit(batch(campaign=Campaign("promo", "jtel", {"template": "Template", "campaign_id": None})))


def test_submit_carries_one_contact(gateway: JtelGateway, jtel: Vendor) -> None:
    """Several are refused before anything is sent, and the engine divides them."""
    with pytest.raises(TooLargeError):
        gateway.submit(batch(payload=orjson.dumps([lead(1), lead(2)]), entry_count=2, positions=[0, 1]))
    assert jtel.vendor.store.requests == {}


def test_submit_is_not_sent_after_its_time(gateway: JtelGateway, jtel: Vendor) -> None:
    """A batch whose claim is over is not ours to send."""
    with pytest.raises(NotSentError):
        gateway.submit(batch(not_after=0.0))
    assert jtel.vendor.store.requests == {}


def test_token_regenerated_in_mid_run_stops_the_run(gateway: JtelGateway, jtel: Vendor) -> None:
    """The second lead is refused, named by its cause, and not stored."""
    gateway.submit(batch(lead(1)))
    jtel.vendor.store.regenerate_token()
    with pytest.raises(AuthenticationError, match="another one was generated"):
        gateway.submit(batch(lead(2)))
    assert len(held(jtel)) == 1


# --- never twice -----------------------------------------------------------------------------------

LOST = [
    pytest.param(Fault(kind="lost_after_commit"), True, id="lost-after-commit"),
    pytest.param(Fault(kind="reset_before_processing"), False, id="lost-before"),
    pytest.param(Fault(kind="truncated"), True, id="truncated"),
    pytest.param(Fault(kind="html_200"), True, id="html-200"),
    pytest.param(Fault(kind="html", status=500, commit=True), True, id="html-500-stored"),
    pytest.param(Fault(kind="html", status=500), False, id="html-500"),
]


@pytest.mark.parametrize("overwrite", [True, False])
@pytest.mark.parametrize(("fault", "is_stored"), LOST)
def test_lost_answer_is_asked_about_and_sent_at_most_once(
    gateways: Callable[..., JtelGateway], jtel: Vendor, fault: Fault, is_stored: bool, overwrite: bool
) -> None:
    """Whatever became of the answer, in the end the vendor has the lead once."""
    gateway = gateways(overwrite_duplicates=overwrite)
    jtel.faults.replace([fault])
    with pytest.raises(OutcomeUnknownError):
        gateway.submit(batch())
    (verdict,) = gateway.reconcile(batch()).verdicts
    assert verdict.outcome == ("accepted" if is_stored else "not_sent")
    if verdict.outcome == "not_sent":
        gateway.submit(batch())
    assert [target for target, _ in jtel.vendor.held()] == [str(RENEWALS_ID)]


def test_reconcile_says_nothing_before_the_settle_time(gateway: JtelGateway, jtel: Vendor) -> None:
    """The request may still be at work: absence would prove nothing."""
    assert gateway.reconcile(batch(sent_at=datetime.now(UTC) - timedelta(seconds=59))) == Receipt()
    assert jtel.vendor.store.requests == {}


def test_reconcile_names_what_it_found(gateway: JtelGateway, jtel: Vendor) -> None:
    """One is accepted with its id, none was not sent, and several are told."""
    store = jtel.vendor.store
    one = store.add_contact(RENEWALS_ID, lead(1))
    several = [store.add_contact(RENEWALS_ID, lead(2)) for _ in range(3)]
    store.add_contact(CAMPAIGN_1_ID, lead(3))
    asked = [gateway.reconcile(batch(lead(number))).verdicts for number in (1, 2, 3)]
    assert asked == [
        [Verdict(0, "accepted", vendor_id=str(one.id))],
        [Verdict(0, "accepted", "several_at_vendor", "jtel has 3 contacts of this UserData", str(several[0].id))],
        [Verdict(0, "not_sent", "absent_at_vendor")],
    ]


def test_reconcile_looks_at_its_campaign_alone(gateway: JtelGateway, jtel: Vendor) -> None:
    """An older release answers the contacts of the whole account."""
    jtel.vendor.knobs.filters_contacts = False
    jtel.vendor.store.add_contact(CAMPAIGN_1_ID, lead())
    assert gateway.reconcile(batch()).verdicts == [Verdict(0, "not_sent", "absent_at_vendor")]


def test_reconcile_reads_one_listing_for_many_questions(gateway: JtelGateway, jtel: Vendor) -> None:
    """Hundred questions of eight threads are one request, because all were sent long before it."""
    for number in range(50):
        jtel.vendor.store.add_contact(RENEWALS_ID, lead(number))
    questions = [batch(lead(number)) for number in range(100)]
    with ThreadPoolExecutor(8) as pool:
        outcomes = [receipt.verdicts[0].outcome for receipt in pool.map(gateway.reconcile, questions)]
    assert outcomes == ["accepted"] * 50 + ["not_sent"] * 50
    assert jtel.vendor.store.requests == {"contacts": 1}


def test_reconcile_uses_no_listing_from_before_the_send(gateways: Callable[..., JtelGateway], jtel: Vendor) -> None:
    """What was sent after the listing was begun is not in it: it is read again."""
    gateway = gateways(settle_s=0, overwrite_duplicates=False)
    assert gateway.reconcile(batch()).verdicts == [Verdict(0, "not_sent", "absent_at_vendor")]
    sent_at = datetime.now(UTC)
    jtel.faults.replace([Fault(kind="lost_after_commit", match=Match(method="POST"))])
    with pytest.raises(OutcomeUnknownError):
        gateway.submit(batch())
    assert gateway.reconcile(batch(sent_at=sent_at)).verdicts == [Verdict(0, "accepted", vendor_id=str(held(jtel)[0]))]
    assert jtel.vendor.store.requests["contacts"] == 2


def test_reconcile_concludes_nothing_from_a_listing_that_is_cut(gateway: JtelGateway, jtel: Vendor) -> None:
    """A page is no proof of absence: the question stays open."""
    jtel.vendor.knobs.page_size = 1
    jtel.vendor.store.add_contact(RENEWALS_ID, lead(7))
    with pytest.raises(ContractError):
        gateway.reconcile(batch())


@pytest.mark.parametrize("fault", [Fault(kind="truncated", times=None), Fault(kind="html_200", times=None)])
def test_reconcile_concludes_nothing_from_no_answer(gateway: JtelGateway, jtel: Vendor, fault: Fault) -> None:
    """A question that was not answered stays one."""
    jtel.faults.replace([fault])
    with pytest.raises(ConnectorError):
        gateway.reconcile(batch())


def test_reconcile_believes_a_404_only_where_it_does_no_harm(
    gateways: Callable[..., JtelGateway], jtel: Vendor
) -> None:
    """«No contacts» and «no such function» look alike: who would make a second contact concludes nothing."""
    jtel.faults.replace([Fault(kind="status", status=404, times=None)])
    assert gateways().reconcile(batch()).verdicts == [Verdict(0, "not_sent", "absent_at_vendor")]
    with pytest.raises(NotFoundError):
        gateways(overwrite_duplicates=False).reconcile(batch())


def test_reconcile_by_upsert_asks_nobody(gateways: Callable[..., JtelGateway], jtel: Vendor) -> None:
    """Sending again writes the lead over itself; the settle time is waited for all the same."""
    gateway = gateways(reconcile_by="upsert")
    assert gateway.reconcile(batch()).verdicts == [Verdict(0, "not_sent", "upsert_again")]
    assert gateway.reconcile(batch(sent_at=datetime.now(UTC))) == Receipt()
    assert jtel.vendor.store.requests == {}


@pytest.mark.parametrize(
    "shown",
    [
        {"dtNextTry": "0000-00-00 00:00:00", "dtLastModified": "0000-00-00"},
        {"dtLastModified": "17.11.2026 10:00:00"},
        {"UserData": 123},
        {"UserData": {"key": 1}},
        {"ID": None},
        {"DiallerCampaignsID": "none"},
    ],
    ids=lambda shown: str(next(iter(shown.items()))),
)
def test_contacts_of_others_never_hide_ours(gateway: JtelGateway, jtel: Vendor, shown: dict[str, Any]) -> None:
    """Whatever the record of somebody else's contact holds, ours is found, and missed where it is not there."""
    jtel.vendor.store.add_contact(RENEWALS_ID, {"UserData": "theirs"}).shown = shown
    ours = jtel.vendor.store.add_contact(RENEWALS_ID, lead(1))
    asked = [gateway.reconcile(batch(lead(number))).verdicts for number in (1, 2)]
    assert asked == [
        [Verdict(0, "accepted", vendor_id=str(ours.id))],
        [Verdict(0, "not_sent", "absent_at_vendor")],
    ]
    window = (LONG_AGO, datetime.now(UTC) + timedelta(days=1))
    assert list(gateway.call_results(batch().campaign, *window)) == []


@pytest.mark.parametrize(
    ("shown", "has_id"),
    [({"dtNextTry": "0000-00-00 00:00:00"}, True), ({"dtLastModified": "yesterday"}, True), ({"ID": None}, False)],
)
def test_contact_of_ours_is_found_by_its_key_alone(
    gateway: JtelGateway, jtel: Vendor, shown: dict[str, Any], *, has_id: bool
) -> None:
    """An odd date, or no id, in the record of our own contact does not make it absent: it would be sent again."""
    ours = jtel.vendor.store.add_contact(RENEWALS_ID, lead())
    ours.shown = shown
    assert gateway.reconcile(batch()).verdicts == [Verdict(0, "accepted", vendor_id=str(ours.id) if has_id else None)]


# --- updates ---------------------------------------------------------------------------------------


def test_update_overwrites_the_contact(gateway: JtelGateway, jtel: Vendor) -> None:
    """The same `UserData` has the new values, and phones that the lead has no more are emptied."""
    jtel.vendor.knobs.overwrite = "merge"
    (accepted,) = gateway.submit(batch(lead(PhoneNumber2="+49301111111"))).verdicts
    update = batch(lead(Name="Jones"), action="update", vendor_reference=accepted.vendor_id)
    assert gateway.submit(update).verdicts == [accepted]
    (stored,) = jtel.vendor.store.contacts.values()
    assert (stored.written["Name"], stored.written["PhoneNumber1"], stored.written["PhoneNumber2"]) == (
        "Jones",
        lead()["PhoneNumber1"],
        "",
    )


def test_update_leaves_phones_where_it_is_told_to(gateways: Callable[..., JtelGateway], jtel: Vendor) -> None:
    """Without `clear_phones_on_update` only what the lead has is sent."""
    gateways(clear_phones_on_update=False).submit(batch(action="update"))
    (stored,) = jtel.vendor.store.contacts.values()
    assert stored.written == lead()


@pytest.mark.parametrize("is_id_known", [True, False])
@pytest.mark.parametrize("is_old", [True, False])
def test_update_goes_under_the_key_that_the_contact_has(
    gateway: JtelGateway, jtel: Vendor, *, is_old: bool, is_id_known: bool
) -> None:
    """A lead with capitals in its id that was delivered before they got a hash keeps its key: no second contact."""
    entry = lead(UserData="lead:L1:promo")
    if is_old:
        jtel.vendor.store.add_contact(RENEWALS_ID, entry)
    else:
        gateway.submit(batch(entry))
    ((contact_id, stored),) = jtel.vendor.store.contacts.items()
    update = batch(
        entry | {"Name": "Jones"}, action="update", vendor_reference=str(contact_id) if is_id_known else None
    )
    assert gateway.submit(update).verdicts == [Verdict(0, "accepted", vendor_id=str(contact_id))]
    assert (stored.written["Name"], held(jtel)) == ("Jones", [contact_id])
    assert stored.user_data == ("lead:L1:promo" if is_old else sent_key("lead:L1:promo"))


def test_update_whose_contact_cannot_be_looked_at_is_not_sent(gateway: JtelGateway, jtel: Vendor) -> None:
    """Under the wrong key it would make a second contact: it waits. Where the id leads nowhere, the listing tells."""
    entry = lead(UserData="lead:L1:promo")
    old = jtel.vendor.store.add_contact(RENEWALS_ID, entry)
    update = batch(entry | {"Name": "Jones"}, action="update", vendor_reference=str(old.id))
    by_id = Match(method="GET", path_contains=f"/contacts/{old.id}")
    for fault in ({"kind": "status"}, {"kind": "html_200"}):
        jtel.faults.replace([Fault(**fault, times=None, match=by_id)])
        with pytest.raises(NotSentError, match="the contact could not be looked at"):
            gateway.submit(update)
    jtel.faults.replace([Fault(kind="status", status=404, times=None, match=by_id)])
    gateway.submit(update)
    assert (old.written["Name"], held(jtel)) == ("Jones", [old.id])


def test_update_keeps_the_known_id_where_the_answer_has_none(gateway: JtelGateway, jtel: Vendor) -> None:
    """What is known of the contact is not forgotten."""
    jtel.vendor.knobs.import_answers = "status"
    assert gateway.submit(batch(action="update", vendor_reference="70001")) == Receipt(
        [Verdict(0, "accepted", vendor_id="70001")]
    )


def test_update_goes_where_the_contact_is(gateway: JtelGateway, jtel: Vendor) -> None:
    """With a clone per day the lead is in an earlier day's, and must not be made again in today's."""
    jtel.vendor.knobs.user_data_scope = "campaign"
    (accepted,) = gateway.submit(batch()).verdicts
    target = {"template": "Template", "per": "day", "campaign_id": CAMPAIGN_1_ID}
    update = batch(campaign=Campaign("promo", "jtel", target), action="update", vendor_reference=accepted.vendor_id)
    assert gateway.submit(update).verdicts == [accepted]
    assert [target for target, _ in jtel.vendor.held()] == [str(RENEWALS_ID)]


def test_update_of_a_contact_that_is_gone_makes_none(gateway: JtelGateway, jtel: Vendor) -> None:
    """Somebody deleted it at the vendor: an update is no reason to call again."""
    target = {"template": "Template", "per": "day", "campaign_id": RENEWALS_ID}
    update = batch(campaign=Campaign("promo", "jtel", target), action="update", vendor_reference="70001")
    assert gateway.submit(update).verdicts == [
        Verdict(0, "rejected", "absent_at_vendor", "jtel does not have this contact any more")
    ]
    assert held(jtel) == []
    jtel.faults.replace([Fault(kind="status", times=None, match=Match(method="GET"))])
    with pytest.raises(NotSentError):
        gateway.submit(update)


def test_update_whose_answer_was_lost_is_sent_again(gateway: JtelGateway, jtel: Vendor) -> None:
    """The listing shows the contact with or without the change: writing it again is certain."""
    gateway.submit(batch())
    update = batch(lead(Name="Jones"), action="update")
    jtel.faults.replace([Fault(kind="reset_before_processing")])
    with pytest.raises(OutcomeUnknownError):
        gateway.submit(update)
    assert gateway.reconcile(update).verdicts == [Verdict(0, "not_sent", "upsert_again")]
    gateway.submit(update)
    (stored,) = jtel.vendor.store.contacts.values()
    assert stored.written["Name"] == "Jones"


# --- call results, ending --------------------------------------------------------------------------


def test_call_results_are_counts_of_tries(gateway: JtelGateway, jtel: Vendor) -> None:
    """Contacts that were tried in the window; what came of it is not documented and not made up."""
    store = jtel.vendor.store
    noon = datetime(2026, 11, 17, 12, tzinfo=UTC)
    clock = store.clock
    try:
        store.clock = lambda: noon
        tried, later, _ = (store.add_contact(RENEWALS_ID, lead(number)) for number in (1, 2, 3))
        store.record_tries(tried.id, {"nTriesPhoneNumber1": 2, "nTriesPhoneNumber2": 1})
        store.clock = lambda: noon + timedelta(days=1)
        store.record_tries(later.id, {"nTriesPhoneNumber1": 1})
    finally:
        store.clock = clock
    campaign = Campaign("promo", "jtel", {"campaign_id": RENEWALS_ID})
    results = list(gateway.call_results(campaign, noon - timedelta(hours=1), noon + timedelta(hours=1)))
    assert results == [CallResult(str(tried.id), None, None, None, 3, None, noon.astimezone(ZoneInfo("Europe/Berlin")))]


def test_call_results_are_none_without_counters(gateway: JtelGateway, jtel: Vendor) -> None:
    """A portal whose records have no counters tells nothing, and a target that is not made has no contacts."""
    jtel.vendor.knobs.shows_counters = False
    contact = jtel.vendor.store.add_contact(RENEWALS_ID, lead())
    jtel.vendor.store.record_tries(contact.id, {"nTriesPhoneNumber1": 2})
    window = (LONG_AGO, datetime.now(UTC) + timedelta(days=1))
    assert list(gateway.call_results(Campaign("promo", "jtel", {"campaign_id": RENEWALS_ID}), *window)) == []
    assert list(gateway.call_results(Campaign("promo", "jtel", {"template": "Template"}), *window)) == []


def test_stopped_gateway_sends_nothing(gateway: JtelGateway, jtel: Vendor) -> None:
    """The process is to end: what was not sent stays ours."""
    gateway.stop_waiting()
    with pytest.raises(NotSentError):
        gateway.submit(batch())
    assert (gateway.request_count, held(jtel)) == (0, [])


# --- the listing -----------------------------------------------------------------------------------


class Shelf:
    """Listings over a clock that a test sets; counts what was fetched."""

    def __init__(self, *, max_age_s: float = 60) -> None:
        self.now = LONG_AGO
        self.fetched: list[int] = []
        self.listings = ContactListings(self._fetch, max_age_s=max_age_s, now=lambda: self.now)

    def _fetch(self, campaign_id: int) -> dict[str, list[int]]:
        self.fetched.append(campaign_id)
        return {"key": [len(self.fetched)]}

    def ask(self, campaign_id: int = 1, *, since_s: float = 0) -> list[int]:
        since = LONG_AGO + timedelta(seconds=since_s)
        return list(self.listings.contact_ids(campaign_id, since=since)["key"])


def test_listing_serves_until_it_is_old() -> None:
    """It is kept for its campaign, and read again after its time."""
    shelf = Shelf()
    assert [shelf.ask(), shelf.ask(), shelf.ask(2)] == [[1], [1], [2]]
    shelf.now += timedelta(seconds=61)
    assert (shelf.ask(), shelf.fetched) == ([3], [1, 2, 1])


def test_listing_begun_too_early_is_read_again() -> None:
    """A question since the 10th second is not answered by the listing of the first."""
    shelf = Shelf()
    shelf.ask()
    shelf.now += timedelta(seconds=10)
    assert [shelf.ask(since_s=10), shelf.ask(since_s=5)] == [[2], [2]]


def test_listing_that_could_not_be_read_is_not_kept() -> None:
    """The next question reads it anew."""
    answers: list[Any] = [ContractError("x", vendor="jtel", operation="contacts"), {"key": [1]}]

    def fetch(_: int) -> dict[str, list[int]]:
        answer = answers.pop(0)
        if isinstance(answer, ContractError):
            raise answer
        return dict(answer)

    listings = ContactListings(fetch, now=lambda: LONG_AGO)
    with pytest.raises(ContractError):
        listings.contact_ids(1, since=LONG_AGO)
    assert listings.contact_ids(1, since=LONG_AGO) == {"key": [1]}


def test_listing_is_read_by_one_thread_for_all() -> None:
    """Who comes while it is read waits for it."""
    shelf, gate = Shelf(), Barrier(8)

    def ask(_: int) -> list[int]:
        gate.wait(5)
        return shelf.ask()

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(8))) == [[1]] * 8
    assert shelf.fetched == [1]
