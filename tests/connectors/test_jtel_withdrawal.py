"""A contact is taken back from jtel: sent again over itself with a flag, and never made."""

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
    NotFoundError,
    NotSentError,
    OutcomeUnknownError,
    RateLimitedError,
    RejectedError,
    SetupError,
    UnavailableError,
)
from connectors.gateway import Campaign, Delivered, TakesBack
from connectors.jtel.gateway import JtelGateway
from connectors.jtel.keys import sent_key
from connectors.jtel.settings import JtelSettings
from sandbox.faults import Fault, Match
from sandbox.jtel.app import JtelPortal
from sandbox.jtel.seeds import CAMPAIGN_1_ID, RENEWALS_ID, TOKEN
from sandbox.jtel.store import Contact
from sandbox.server import SandboxServer

Vendor = SandboxServer[JtelPortal]
Gateways = Callable[..., JtelGateway]
CAMPAIGN = Campaign("promo", "jtel", {"campaign_id": RENEWALS_ID})
FLAG: dict[str, Any] = {"Tag": "do-not-call"}
IMPORT, READ = Match(method="POST", path_contains="/contacts/import"), Match(method="GET")


@pytest.fixture
def jtel() -> Iterator[Vendor]:
    """A double of jtel on a socket of its own."""
    with SandboxServer(JtelPortal()) as server:
        yield server


@pytest.fixture
def gateways(jtel: Vendor) -> Iterator[Gateways]:
    """Makes quick gateways to the double, which flag by `Tag`; settings that differ are named."""
    made: list[JtelGateway] = []

    def make(**changes: Any) -> JtelGateway:
        made.append(settings(base_url=jtel.url, **changes).gateway())
        return made[-1]

    yield make
    for gateway in made:
        gateway.close()


def settings(**changes: Any) -> JtelSettings:
    quick = {"clients_id": 1, "token": TOKEN, "allow_http": True, "max_attempts": 2, "backoff_s": 0}
    return JtelSettings.model_validate(quick | {"read_timeout_s": 5, "withdraw": FLAG} | changes)


def entry(number: int = 1, **fields: Any) -> dict[str, Any]:
    return {"UserData": f"lead:{number}:promo", "Name": "Muster", "PhoneNumber1": f"+4930{number:07d}"} | fields


def store(jtel: Vendor, number: int = 1, *, campaign_id: int = RENEWALS_ID, **fields: Any) -> Contact:
    """The campaign has the contact of that number."""
    return jtel.vendor.store.add_contact(campaign_id, entry(number, **fields))


def lead(number: int = 1, known: Contact | None = None, **fields: Any) -> Delivered:
    return Delivered("lead", f"L{number}", None if known is None else str(known.id), entry(number, **fields))


def held(jtel: Vendor) -> list[tuple[int, Any]]:
    """Campaign and tag of all contacts."""
    return [(one.campaign_id, one.written.get("Tag")) for one in jtel.vendor.store.contacts.values()]


def test_gateway_takes_leads_back(gateways: Gateways) -> None:
    """The port, as the engine looks for it: nothing forbids it once the setting names a field."""
    gateway = gateways()
    port: TakesBack = gateway
    assert isinstance(gateway, TakesBack)
    assert port.withdrawal_refusal is None


@pytest.mark.parametrize("overwrite", ["replace", "merge"])
@pytest.mark.parametrize("is_id_known", [True, False])
def test_contact_is_flagged_and_keeps_the_rest(
    gateways: Gateways, jtel: Vendor, is_id_known: bool, overwrite: Any
) -> None:
    """Over itself, by the same `UserData`, whether or not an import empties what it leaves out."""
    jtel.vendor.knobs.overwrite = overwrite
    first = store(jtel, 1, City="Köln", PhoneNumber2="+49301111111")
    store(jtel, 2)
    jtel.vendor.knobs.flags = FLAG
    sent = lead(1, first if is_id_known else None, City="Köln", PhoneNumber2="+49301111111")
    assert gateways().withdraw(CAMPAIGN, sent) == "flagged by Tag"
    assert first.written == entry(1, City="Köln", PhoneNumber2="+49301111111", Tag="do-not-call")
    assert held(jtel) == [(RENEWALS_ID, "do-not-call"), (RENEWALS_ID, None)]
    assert jtel.vendor.dialled() == [(str(RENEWALS_ID), "49300000002")]


@pytest.mark.parametrize("is_id_known", [True, False])
@pytest.mark.parametrize("key", ["lead:L1:promo", sent_key("lead:L1:promo")], ids=["as-it-was-sent", "as-it-is-sent"])
def test_contact_is_flagged_under_the_key_that_it_has(
    gateways: Gateways, jtel: Vendor, key: str, *, is_id_known: bool
) -> None:
    """A lead with capitals in its id is flagged where it is, whenever it was delivered, and never made anew."""
    first = store(jtel, UserData=key)
    sent = lead(1, first if is_id_known else None, UserData="lead:L1:promo")
    assert gateways().withdraw(CAMPAIGN, sent) == "flagged by Tag"
    assert first.written == entry(UserData=key, Tag="do-not-call")
    assert held(jtel) == [(RENEWALS_ID, "do-not-call")]


def test_flag_may_be_several_fields(gateways: Gateways, jtel: Vendor) -> None:
    """Texts and numbers, over what the mapping put there."""
    first = store(jtel, Tag="spring")
    gateway = gateways(withdraw={"Tag": "do-not-call", "RandomSortOrder": 999999})
    assert gateway.withdraw(CAMPAIGN, lead(known=first, Tag="spring")) == "flagged by Tag, RandomSortOrder"
    assert first.written == entry(1, Tag="do-not-call", RandomSortOrder=999999)


def test_contact_is_flagged_where_it_is(gateways: Gateways, jtel: Vendor) -> None:
    """With a target per day that may be the clone of an earlier day: it is not moved, and not made anew."""
    jtel.vendor.knobs.user_data_scope = "campaign"
    first = store(jtel, campaign_id=CAMPAIGN_1_ID)
    target = {"template": "Template", "per": "day", "campaign_id": RENEWALS_ID}
    assert gateways().withdraw(Campaign("promo", "jtel", target), lead(known=first)) == "flagged by Tag"
    assert held(jtel) == [(CAMPAIGN_1_ID, "do-not-call")]


def test_contact_that_is_gone_is_not_made_anew(gateways: Gateways, jtel: Vendor) -> None:
    """Somebody deleted it there: to send it again would put it back."""
    store(jtel, 2)
    gone = Contact(99, RENEWALS_ID, {}, jtel.vendor.store.clock())
    gateway = gateways()
    assert [gateway.withdraw(CAMPAIGN, lead(known=known)) for known in (gone, None)] == ["was gone already"] * 2
    assert held(jtel) == [(RENEWALS_ID, None)]
    assert jtel.vendor.store.requests["import_contact"] == 0


@pytest.mark.parametrize("not_found", ["404", "empty"])
def test_contact_is_gone_with_its_campaign(gateways: Gateways, jtel: Vendor, not_found: Any) -> None:
    """A clone that was deleted took its contacts along."""
    jtel.vendor.knobs.not_found = not_found
    first = store(jtel)
    jtel.vendor.store.delete_campaign(RENEWALS_ID)
    assert gateways().withdraw(CAMPAIGN, lead(known=first)) == "was gone already"
    assert held(jtel) == []


def test_404_for_all_contacts_is_no_proof(gateways: Gateways, jtel: Vendor) -> None:
    """The functions for contacts are outside the document: a portal that lacks them answers 404 too."""
    first = store(jtel)
    jtel.faults.replace([Fault(kind="status", status=404, match=Match(path_contains="/contacts"), times=None)])
    with pytest.raises(NotFoundError, match="jtel contacts: HTTP 404"):
        gateways().withdraw(CAMPAIGN, lead(known=first))
    assert held(jtel) == [(RENEWALS_ID, None)]


def test_id_that_is_another_contact_s_is_not_believed(gateways: Gateways, jtel: Vendor) -> None:
    """What tells our contact is its `UserData`."""
    store(jtel, 1)
    other = store(jtel, 2, campaign_id=CAMPAIGN_1_ID)
    assert gateways().withdraw(CAMPAIGN, lead(1, other)) == "flagged by Tag"
    assert held(jtel) == [(RENEWALS_ID, "do-not-call"), (CAMPAIGN_1_ID, None)]


def test_one_listing_serves_many_leads_and_absence_is_asked_anew(gateways: Gateways, jtel: Vendor) -> None:
    """A contact that came after the listing was read is not called gone."""
    for number in (1, 2):
        store(jtel, number)
    gateway = gateways()
    assert [gateway.withdraw(CAMPAIGN, lead(number)) for number in (1, 2)] == ["flagged by Tag"] * 2
    assert jtel.vendor.store.requests["contacts"] == 1
    store(jtel, 3)
    assert gateway.withdraw(CAMPAIGN, lead(3)) == "flagged by Tag"
    assert jtel.vendor.store.requests["contacts"] == 2
    assert held(jtel) == [(RENEWALS_ID, "do-not-call")] * 3


def test_repetition_changes_nothing(gateways: Gateways, jtel: Vendor) -> None:
    """Flagged twice is flagged."""
    first = store(jtel)
    gateway = gateways()
    told = [gateway.withdraw(CAMPAIGN, lead(known=known)) for known in (first, first, None)]
    assert told == ["flagged by Tag"] * 3
    assert held(jtel) == [(RENEWALS_ID, "do-not-call")]


@pytest.mark.parametrize(
    ("fault", "is_done"),
    [
        (Fault(kind="lost_after_commit", match=IMPORT), True),
        (Fault(kind="status", commit=True, match=IMPORT), True),
        (Fault(kind="html_200", match=IMPORT), True),
        (Fault(kind="status", match=IMPORT), False),
        (Fault(kind="reset_before_processing", match=IMPORT), False),
    ],
    ids=["lost", "503-done", "html", "503", "reset"],
)
def test_unseen_outcome_is_repeated_without_harm(gateways: Gateways, jtel: Vendor, fault: Fault, is_done: bool) -> None:
    """Whatever came of the first try, the contact is flagged after the second, and there is one."""
    first = store(jtel)
    gateway = gateways()
    jtel.faults.replace([fault])
    with pytest.raises(OutcomeUnknownError):
        gateway.withdraw(CAMPAIGN, lead(known=first))
    assert held(jtel) == [(RENEWALS_ID, "do-not-call" if is_done else None)]
    assert gateway.withdraw(CAMPAIGN, lead(known=first)) == "flagged by Tag"
    assert held(jtel) == [(RENEWALS_ID, "do-not-call")]


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault(kind="status", match=READ, times=None), UnavailableError),
        (Fault(kind="html_200", match=READ, times=None), ContractError),
        (Fault(kind="status", status=429, match=IMPORT, retry_after="0"), RateLimitedError),
        (Fault(kind="status", status=409, match=IMPORT), ConflictError),
        (Fault(kind="status", status=400, match=IMPORT), InvalidRequestError),
    ],
)
@pytest.mark.parametrize("is_id_known", [True, False])
def test_failure_flags_nothing(
    gateways: Gateways, jtel: Vendor, fault: Fault, kind: type[ConnectorError], is_id_known: bool
) -> None:
    """Refused, or for another time: the contact is as it was, and nobody says otherwise."""
    first = store(jtel)
    jtel.faults.replace([fault])
    with pytest.raises(kind) as raised:
        gateways().withdraw(CAMPAIGN, lead(known=first if is_id_known else None))
    assert "+4930" not in str(raised.value)
    assert held(jtel) == [(RENEWALS_ID, None)]


def test_purged_lead_is_left_to_a_person(gateways: Gateways, jtel: Vendor) -> None:
    """A flag alone would empty the contact, and needs a name and a number."""
    first = store(jtel)
    with pytest.raises(RejectedError) as raised:
        gateways().withdraw(CAMPAIGN, Delivered("lead", "L1", str(first.id)))
    assert str(raised.value) == (
        "jtel import_contact: not sent: what jtel has of the lead is not known any more, "
        "and a flag alone would empty the rest"
    )
    assert (held(jtel), jtel.vendor.store.requests) == ([(RENEWALS_ID, None)], {})


@pytest.mark.parametrize(("status", "setting"), [(401, "vendors.jtel.token: "), (403, "vendors.jtel.clients_id: ")])
@pytest.mark.parametrize("match", [READ, IMPORT])
def test_refused_login_names_the_setting(
    gateways: Gateways, jtel: Vendor, match: Match, status: int, setting: str
) -> None:
    """It is no fault of the lead's."""
    first = store(jtel)
    jtel.faults.replace([Fault(kind="status", status=status, match=match)])
    with pytest.raises(SetupError) as raised:
        gateways().withdraw(CAMPAIGN, lead(known=first))
    assert str(raised.value).startswith(setting)
    assert held(jtel) == [(RENEWALS_ID, None)]


def test_vendor_that_is_away_is_asked_another_time() -> None:
    """Nothing was sent."""
    gateway = settings(base_url="http://127.0.0.1:1").gateway()
    with pytest.raises(NotSentError):
        gateway.withdraw(CAMPAIGN, lead())
    gateway.close()


@pytest.mark.parametrize("off", [{}, "off", False])
def test_without_a_field_nothing_is_taken_back(gateways: Gateways, jtel: Vendor, off: Any) -> None:
    """YAML reads `off` as false: all say it; who asks all the same is refused before anything is sent."""
    first = store(jtel)
    gateway = gateways(withdraw=off)
    sentence = "vendors.jtel.withdraw names no field by which jtel is told not to call a contact: none is taken back"
    assert gateway.withdrawal_refusal == sentence
    with pytest.raises(SetupError) as raised:
        gateway.withdraw(CAMPAIGN, lead(known=first))
    assert str(raised.value) == sentence
    assert (held(jtel), jtel.vendor.store.requests) == ([(RENEWALS_ID, None)], {})


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"withdraw": {"tag": "x"}}, "tag is no field that jtel imports. Did you mean Tag?"),
        ({"withdraw": {"PhoneNumber1": "x"}}, "PhoneNumber1 is filled by leadsync and cannot be mapped"),
        ({"withdraw": {"Tag": " "}}, "Tag takes a text or a number; yes and no are texts in quotes alone"),
        ({"withdraw": {"Tag": True}}, "Tag takes a text or a number; yes and no are texts in quotes alone"),
        ({"withdraw": {"Title": 17 * "x"}}, "withdraw: Title takes at most 16 characters"),
        ({"overwrite_duplicates": False}, "withdraw needs overwrite_duplicates: true"),
        ({"withdraw": "delete"}, "Input should be a valid dictionary"),
    ],
)
def test_setting_takes_importable_fields_with_something_in_them(changes: dict[str, Any], expected: str) -> None:
    """What jtel would not take, or would flag nothing, is refused at the start."""
    with pytest.raises(ValidationError) as raised:
        settings(base_url="http://127.0.0.1:1", **changes)
    assert raised.value.errors(include_url=False)[0]["msg"].removeprefix("Value error, ") == expected
