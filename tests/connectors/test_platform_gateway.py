"""The Platform behind the port: contacts as leads, single creates, updates, lists, calls, and what is found again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
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
    RateLimitedError,
    RejectedError,
    SetupError,
    TargetError,
)
from connectors.gateway import Batch, CallResult, Campaign, Contact, Gateway, MakesTargets, ResultsLater, Verdict
from connectors.platform.gateway import PlatformGateway
from connectors.platform.settings import PlatformSettings
from sandbox.faults import Fault, Match
from sandbox.platform.app import PlatformApi
from sandbox.platform.seeds import LIST_ONE, LIST_TWO, SALES_OUTBOUND, SLEEPING_LIST, SUPPORT_INBOUND
from sandbox.server import SandboxServer
from tests.factories import phone

Vendor = SandboxServer[PlatformApi]
DAY = date(2026, 11, 17)
CREATE = Match(method="POST", path_contains="/leads")
KATHY = Contact(
    source="crm", lead_id="10", phones=["+61499999999"], first_name="Kathy", time_zone="Australia/Sydney",
    not_before=datetime(2026, 1, 5, 9, tzinfo=ZoneInfo("Australia/Sydney")),
)  # fmt: skip


@pytest.fixture
def platform() -> Iterator[Vendor]:
    """A double of the Platform on a socket of its own."""
    with SandboxServer(PlatformApi()) as server:
        yield server


@pytest.fixture
def gateways(platform: Vendor) -> Iterator[Callable[..., PlatformGateway]]:
    """Makes quick gateways to the double; settings that differ are named."""
    made: list[PlatformGateway] = []

    def make(**changes: Any) -> PlatformGateway:
        made.append(settings(platform.url, **changes).gateway())
        return made[-1]

    yield make
    for gateway in made:
        gateway.close()


@pytest.fixture
def gateway(gateways: Callable[..., PlatformGateway]) -> PlatformGateway:
    """A gateway with the defaults."""
    return gateways()


def settings(url: str, **changes: Any) -> PlatformSettings:
    quick = {"base_url": url, "token": "platform-token", "max_attempts": 2, "backoff_s": 0, "read_timeout_s": 5}
    return PlatformSettings.model_validate(quick | changes)


def campaign(target: dict[str, Any] | None = None, **mapping: Any) -> Campaign:
    return Campaign("promo", "platform", target or {"list_id": LIST_ONE}, mapping=mapping)


def entry(number: int, **fields: Any) -> dict[str, Any]:
    return {"customerKey": f"lead-L{number}", "phone1": phone(number)} | fields


def batch(*entries: dict[str, Any], **fields: Any) -> Batch:
    whole: dict[str, Any] = {
        "import_key": UUID(int=1), "campaign": campaign(), "day": DAY, "payload": orjson.dumps(entries),
        "entry_count": len(entries), "positions": range(len(entries)), "sent_at": ago(60),
    }  # fmt: skip
    return Batch(**(whole | fields))


def ago(seconds: float) -> datetime:
    return datetime.now(UTC) - timedelta(seconds=seconds)


def ids(platform: Vendor, *numbers: int) -> list[str]:
    """The vendor's ids of the leads with these numbers."""
    store = platform.vendor.store
    return [str(lead.lead_id) for number in numbers for lead in store.with_key(f"lead-L{number}")]


def offline(**changes: Any) -> PlatformGateway:
    return settings("http://127.0.0.1:1", **changes).gateway()


def test_gateway_is_a_gateway_that_answers_later_and_makes_lists() -> None:
    """The port, as the engine looks for it."""
    gateway = offline()
    port: Gateway = gateway
    assert isinstance(port, ResultsLater)
    assert isinstance(port, MakesTargets)
    assert (port.vendor, port.batch_size, port.connections, port.can_update) == ("platform", 100, 8, True)
    assert offline(update_changed=False).can_update is False


# --- contact to lead -----------------------------------------------------------------------------


def test_entry_is_the_well_formed_request_without_its_list() -> None:
    """A contact becomes the lead of the vendor reference; the list is added when it is sent."""
    entry_made = offline().mapper(campaign(lead_data={"FirstName": "first_name"}))(KATHY)
    assert entry_made == {
        "customerKey": "crm-10", "phone1": "+61499999999", "timezone": "Australia/Sydney",
        "nextAttemptTimestamp": "2026-01-05T09:00:00+11:00", "leadData": {"FirstName": "Kathy"},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("contact", "mapping", "expected"),
    [
        pytest.param({}, {}, {}, id="least"),
        pytest.param({"phones": ["+1", "+2", "+3"]}, {}, {"phone1": "+1", "phone2": "+2", "phone3": "+3"}, id="phones"),
        pytest.param({"agent": "1002"}, {}, {"agentId": 1002}, id="agent-number"),
        pytest.param({"agent": "kim"}, {"agents": {"kim": 1003}}, {"agentId": 1003}, id="agent-named"),
        pytest.param({"agent": "kim"}, {}, {}, id="agent-unknown"),
        pytest.param({}, {"status_code": 0}, {"statusCode": 0}, id="status-code"),
        pytest.param({"not_before": datetime(2026, 1, 5, 9, tzinfo=UTC)}, {},
                     {"nextAttemptTimestamp": "2026-01-05T09:00:00+00:00"}, id="utc"),
        pytest.param({"first_name": None, "attributes": {"city": "Köln", "n": 0}},
                     {"lead_data": {"First": "first_name", "City": "city", "N": "n", "X": "x"}},
                     {"leadData": {"City": "Köln", "N": "0"}}, id="columns"),
        pytest.param({"email": "a@example.com", "country": "DE", "priority": 1}, {}, {}, id="what-no-mapping-names"),
    ],
)  # fmt: skip
def test_mapper_writes_what_the_contact_has(
    contact: dict[str, Any], mapping: dict[str, Any], expected: dict[str, Any]
) -> None:
    """A field that the contact lacks is not in the entry, and nothing is null."""
    whole = {"source": "lead", "lead_id": "1", "phones": ["+491712345678"]} | contact
    made = offline().mapper(campaign(**mapping))(Contact(**whole))
    assert made == {"customerKey": "lead-1", "phone1": "+491712345678"} | expected


def test_mapper_uses_the_template_and_names_its_columns() -> None:
    """The key may hold our campaign; columns that only the source has are required of it."""
    gateway = offline(customer_key_template="{campaign}:{source}:{lead_id}")
    with_columns = campaign(lead_data={"First": "first_name", "City": "city"})
    assert gateway.mapper(with_columns)(KATHY)["customerKey"] == "promo:crm:10"
    assert gateway.required_columns(with_columns) == ["city"]


# --- preflight and lists -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "target",
    [{"list_id": LIST_ONE}, {"list_id": SLEEPING_LIST}, {"campaign_id": SALES_OUTBOUND}, {"campaign_id": 9}],
)
def test_preflight_finds_the_list_or_the_campaign(
    gateway: PlatformGateway, platform: Vendor, target: dict[str, Any]
) -> None:
    """A campaign without any list is there too: its statistics say so."""
    platform.vendor.store.add_campaign(9, "Empty")
    gateway.preflight(campaign(target))


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ({"list_id": 7}, "campaigns.promo.target.list_id: platform has no list 7 that this account may see: "),
        ({"campaign_id": 7}, "campaigns.promo.target.campaign_id: platform has no outbound campaign 7 that this "),
        ({"campaign_id": SUPPORT_INBOUND}, "campaigns.promo.target.campaign_id: platform has no outbound campaign 3 "),
    ],
)
def test_preflight_names_the_target_that_is_not_there(
    gateway: PlatformGateway, target: dict[str, Any], sentence: str
) -> None:
    """Only this campaign cannot be loaded; the sentence names its setting."""
    with pytest.raises(TargetError) as raised:
        gateway.preflight(campaign(target))
    assert str(raised.value).startswith(sentence)


@pytest.mark.parametrize(
    ("changes", "fault", "sentence"),
    [
        ({"token": "wrong"}, None,
         "vendors.platform.token, auth_scheme: platform refused the token in this form (HTTP 401)"),
        ({"auth_scheme": "raw"}, None,
         "vendors.platform.token, auth_scheme: platform refused the token in this form (HTTP 401)"),
        ({}, Fault(kind="status", status=403),
         "vendors.platform.token: platform refused access (HTTP 403): the account may not do this"),
        ({"base_path": "/v3.0"}, None, "vendors.platform.base_url, base_path: platform user_list: HTTP 404: there is "
         "no such thing, or vendors.platform.paths.user_list is wrong"),
        ({"base_url": "http://127.0.0.1:1"}, None, "vendors.platform.base_url: platform user_list: no connection "
         "to 127.0.0.1:1: nothing listens there; is the vendor up, and the address right?"),
    ],
)  # fmt: skip
def test_preflight_names_the_setting_that_is_wrong(
    gateways: Callable[..., PlatformGateway], platform: Vendor, changes: dict[str, Any], fault: Fault | None,
    sentence: str,
) -> None:  # fmt: skip
    """A refused token, a wrong path or address stops everything, with one sentence and no secret."""
    platform.faults.replace([fault] if fault else [])
    with pytest.raises(SetupError) as raised:
        gateways(**changes).preflight(campaign())
    assert str(raised.value) == sentence


def test_target_name_is_none_for_an_id_and_the_same_at_every_call_else(gateway: PlatformGateway) -> None:
    """Per campaign, or per day; by default, our own name of the campaign."""
    names = [
        gateway.target_name(campaign(target), DAY)
        for target in (
            {"list_id": 1}, {"campaign_id": 2}, {"campaign_id": 2, "per": "day"},
            {"campaign_id": 2, "list_name": "L {campaign}/{day}", "per": "day"}, {"campaign_id": 2, "list_name": "L"},
        )
    ]  # fmt: skip
    assert names == [None, "promo", "promo 2026-11-17", "L promo/2026-11-17", "L"]


def test_list_is_found_by_its_exact_name(gateway: PlatformGateway, platform: Vendor) -> None:
    """In the vendor's campaign alone, over all pages; several are an error."""
    platform.vendor.knobs.page_size = 1
    where = campaign({"campaign_id": SALES_OUTBOUND})
    assert gateway.find_target(where, "Sleeping List") == {"list_id": SLEEPING_LIST}
    assert (gateway.find_target(where, "sleeping list"), gateway.find_target(where, "List Two")) == (None, None)
    platform.vendor.store.add_list("Sleeping List", SALES_OUTBOUND)
    with pytest.raises(TargetError) as raised:
        gateway.find_target(where, "Sleeping List")
    assert str(raised.value) == (
        "campaigns.promo.target.list_name: platform has 2 lists named «Sleeping List» in campaign 2; "
        "name one by list_id"
    )


def test_list_is_made_and_then_found(gateway: PlatformGateway) -> None:
    """What was made is what is found."""
    where = campaign({"campaign_id": SALES_OUTBOUND})
    made = gateway.create_target(where, "promo", DAY)
    assert gateway.find_target(where, "promo") == made


def test_list_whose_answer_was_lost_may_have_been_made(gateway: PlatformGateway, platform: Vendor) -> None:
    """It is looked for by name, and not made again blindly; a refusal names the setting."""
    where = campaign({"campaign_id": SALES_OUTBOUND})
    platform.faults.replace([Fault(kind="lost_after_commit", match=Match(method="POST"))])
    with pytest.raises(OutcomeUnknownError):
        gateway.create_target(where, "promo", DAY)
    assert gateway.find_target(where, "promo") is not None
    platform.faults.replace([Fault(kind="status", status=409, match=Match(method="POST"))])
    with pytest.raises(OutcomeUnknownError):
        gateway.create_target(where, "promo", DAY)
    platform.faults.clear()
    with pytest.raises(TargetError, match=r"^campaigns\.promo\.target: platform did not make the list: "):
        gateway.create_target(campaign({"campaign_id": 7}), "promo", DAY)


# --- single creates ------------------------------------------------------------------------------


def test_small_batch_goes_lead_by_lead(gateway: PlatformGateway, platform: Vendor) -> None:
    """Each lead has its verdict and the vendor's id in the answer."""
    receipt = gateway.submit(batch(entry(1), entry(2)))
    assert receipt.verdicts == [
        Verdict(position, "accepted", vendor_id=lead_id) for position, lead_id in enumerate(ids(platform, 1, 2))
    ]
    assert (receipt.is_pending, receipt.reference) == (False, None)
    assert platform.vendor.held() == [(str(LIST_ONE), phone(number).lstrip("+")) for number in (1, 2)]


def test_only_open_positions_are_sent(gateway: PlatformGateway, platform: Vendor) -> None:
    """A batch of any size of which a part is settled goes lead by lead, and only what is open."""
    receipt = gateway.submit(batch(*(entry(number) for number in range(30)), positions=[3, 7]))
    assert [verdict[:2] for verdict in receipt.verdicts] == [(3, "accepted"), (7, "accepted")]
    assert platform.vendor.store.requests == {"lead_create": 2}


def test_lead_that_is_not_in_the_dialler_is_accepted_with_that_reason(gateway: PlatformGateway) -> None:
    """A success that is not being dialled is told apart."""
    (verdict,) = gateway.submit(batch(entry(1), campaign=campaign({"list_id": SLEEPING_LIST}))).verdicts
    assert verdict[:3] == (0, "accepted", "not_in_dialler")


def test_refused_lead_harms_no_other(gateway: PlatformGateway, platform: Vendor) -> None:
    """422 is the lead's own; the list is looked at once, to be sure that it is not to blame."""
    receipt = gateway.submit(batch(entry(1), entry(2, phone1="x"), entry(3, phone1="y"), entry(4)))
    assert [verdict[:3] for verdict in receipt.verdicts] == [
        (0, "accepted", None), (1, "rejected", "refused_by_vendor"), (2, "rejected", "refused_by_vendor"),
        (3, "accepted", None),
    ]  # fmt: skip
    assert receipt.verdicts[1].reason == "platform lead_create: HTTP 422"
    assert platform.vendor.store.requests == {"lead_create": 4, "list_get": 1}


@pytest.mark.parametrize("knob", ["404", "422"])
def test_missing_list_blames_the_campaign_and_no_lead(gateway: PlatformGateway, platform: Vendor, knob: Any) -> None:
    """Leads whose list is gone are not refused: the target is, whatever the status."""
    platform.vendor.knobs.unknown_list = knob
    with pytest.raises(TargetError, match=r"^campaigns\.promo\.target\.list_id: platform has no list 7 "):
        gateway.submit(batch(entry(1), entry(2), campaign=campaign({"list_id": 7})))


def test_refusal_while_the_list_cannot_be_looked_at_is_not_sent(gateway: PlatformGateway, platform: Vendor) -> None:
    """Nothing was stored, and who is to blame is not known: it is sent again later."""
    platform.faults.replace([Fault(kind="status", match=Match(path_contains="/lists/"), times=None)])
    with pytest.raises(NotSentError, match="refused, and the list cannot be looked at"):
        gateway.submit(batch(entry(1, phone1="x")))


def test_404_of_a_lead_is_its_own_only_if_the_path_is_right(gateway: PlatformGateway, platform: Vendor) -> None:
    """Where another lead was judged, the path is right; where none was, the path setting is named."""
    platform.faults.replace([Fault(kind="status", status=404, match=CREATE)])
    receipt = gateway.submit(batch(entry(1), entry(2)))
    assert sorted(verdict[:2] for verdict in receipt.verdicts) == [(0, "rejected"), (1, "accepted")]
    platform.faults.replace([Fault(kind="status", status=404, match=CREATE, times=None)])
    with pytest.raises(NotFoundError, match=r"vendors\.platform\.paths\.lead_create is wrong"):
        gateway.submit(batch(entry(3), entry(4)))


@pytest.mark.parametrize("status", [402, 405, 406, 407, 415, 451])
def test_refusal_that_speaks_of_the_request_is_no_leads_fault(
    gateway: PlatformGateway, platform: Vendor, status: int
) -> None:
    """A wrong path or method, a proxy, an unpaid account: the load ends and says so, and what is judged stays so."""
    platform.faults.replace([Fault(kind="status", status=status, match=CREATE, times=None)])
    with pytest.raises(RejectedError, match=f"platform lead_create: HTTP {status}"):
        gateway.submit(batch(entry(1), entry(2)))
    platform.faults.replace([Fault(kind="status", status=status, match=CREATE, skip=1, times=None)])
    receipt = gateway.submit(batch(entry(3), entry(4), entry(5)))
    assert [verdict.outcome for verdict in receipt.verdicts] == ["accepted", "not_sent", "not_sent"]
    assert platform.vendor.store.requests == {"lead_create": 1}


def test_conflict_is_a_duplicate_once_the_lead_is_found(gateway: PlatformGateway, platform: Vendor) -> None:
    """409: already at the vendor, if it is there; unknown, if nobody could look; refused, if it is elsewhere."""
    platform.vendor.knobs.duplicate_key = "409"
    gateway.submit(batch(entry(1)))
    again = gateway.submit(batch(entry(1), entry(2))).verdicts
    assert again[0] == Verdict(0, "duplicate", "already_at_vendor", vendor_id=ids(platform, 1)[0])
    platform.faults.replace([Fault(kind="status", match=Match(method="GET"), times=None)])
    assert gateway.submit(batch(entry(3), entry(1))).verdicts[1][:3] == (1, "unknown", "not_verified")
    platform.faults.replace([Fault(kind="status", status=409, match=CREATE)])
    assert gateway.submit(batch(entry(5), entry(6))).verdicts[0][:3] == (0, "rejected", "refused_by_vendor")


@pytest.mark.parametrize("kind", ["lost_after_commit", "reset_before_processing", "html", "html_200", "truncated"])
def test_answer_lost_in_the_middle_loses_no_verdict(gateway: PlatformGateway, platform: Vendor, kind: Any) -> None:
    """What was judged stays judged, the lost one is unknown, those after it were not sent."""
    platform.faults.replace([Fault(kind=kind, match=CREATE, skip=1)])
    receipt = gateway.submit(batch(entry(1), entry(2), entry(3), entry(4)))
    assert [verdict[:3] for verdict in receipt.verdicts] == [
        (0, "accepted", None), (1, "unknown", "outcome_unknown"), (2, "not_sent", "not_reached"),
        (3, "not_sent", "not_reached"),
    ]  # fmt: skip
    assert {number for number in (3, 4) if ids(platform, number)} == set()


def test_nothing_concluded_raises(gateway: PlatformGateway, platform: Vendor) -> None:
    """The first answer was lost: the whole batch is asked about."""
    platform.faults.replace([Fault(kind="lost_after_commit", match=CREATE)])
    with pytest.raises(OutcomeUnknownError):
        gateway.submit(batch(entry(1), entry(2)))


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault(kind="status", status=401, match=CREATE, times=None), AuthenticationError),
        (Fault(kind="status", status=429, match=CREATE, times=None, retry_after="0"), RateLimitedError),
        (Fault(kind="status", status=308, match=CREATE, times=None), ContractError),
    ],
)
def test_what_ends_a_batch_at_once_is_raised_and_later_keeps_the_verdicts(
    gateway: PlatformGateway, platform: Vendor, fault: Fault, kind: type[ConnectorError]
) -> None:
    """Nothing is stored by 401 and 429, so the rest was not sent; what a redirect did is unknown."""
    platform.faults.replace([fault])
    with pytest.raises(kind):
        gateway.submit(batch(entry(1), entry(2)))
    platform.faults.replace([Fault(kind=fault.kind, status=fault.status, match=CREATE, skip=1, retry_after="0")])
    receipt = gateway.submit(batch(entry(3), entry(4), entry(5)))
    after = "unknown" if kind is ContractError else "not_sent"
    assert [verdict.outcome for verdict in receipt.verdicts] == ["accepted", after, "not_sent"]


def test_expired_claim_sends_nothing(gateway: PlatformGateway, platform: Vendor) -> None:
    """Past the end of its lease a batch is not ours."""
    with pytest.raises(NotSentError):
        gateway.submit(batch(entry(1), not_after=0.0))
    assert platform.vendor.store.requests == {}


def test_target_without_a_list_is_a_target_error(gateway: PlatformGateway) -> None:
    """A list that was neither found nor made is the campaign's problem."""
    with pytest.raises(TargetError, match=r"^campaigns\.promo\.target: its list was not found or made yet$"):
        gateway.submit(batch(entry(1), campaign=campaign({"campaign_id": 2})))


# --- asking ---------------------------------------------------------------------------------------


def test_reconcile_finds_what_was_stored(gateway: PlatformGateway, platform: Vendor) -> None:
    """By customerKey in the list: there is accepted, absent after the settle time is not sent."""
    gateway.submit(batch(entry(1), entry(3)))
    receipt = gateway.reconcile(batch(entry(1), entry(2), entry(3), positions=[0, 1]))
    assert receipt.verdicts == [
        Verdict(0, "accepted", vendor_id=ids(platform, 1)[0]), Verdict(1, "not_sent", "absent_at_vendor"),
    ]  # fmt: skip


@pytest.mark.parametrize("sent_at", [None, "now"])
def test_reconcile_concludes_no_absence_before_the_settle_time(
    gateway: PlatformGateway, platform: Vendor, sent_at: str | None
) -> None:
    """A request may still be under way: what is there counts, what is not is asked about later."""
    gateway.submit(batch(entry(1)))
    asked = batch(entry(1), entry(2), sent_at=ago(1) if sent_at else None)
    assert [verdict[:2] for verdict in gateway.reconcile(asked).verdicts] == [(0, "accepted")]


@pytest.mark.parametrize("status", ["404", "403"])
def test_reconcile_concludes_no_absence_from_a_list_that_does_not_show(
    gateway: PlatformGateway, platform: Vendor, status: Any
) -> None:
    """The list is hidden from the account, or gone: whether its leads are there is not known."""
    gateway.submit(batch(entry(1)))
    platform.vendor.knobs.hidden_lists, platform.vendor.knobs.hidden_status = [LIST_ONE], status
    (verdict,) = gateway.reconcile(batch(entry(1))).verdicts
    assert verdict[:3] == (0, "unknown", "list_not_shown")


def test_reconcile_trusts_no_filter(gateway: PlatformGateway, platform: Vendor) -> None:
    """A vendor that overlooks customerKey or listId answers with others: they are not ours."""
    platform.vendor.knobs.ignored_filters = ["customerKey", "listId"]
    platform.vendor.knobs.page_size = 2
    for number in range(5):
        gateway.submit(batch(entry(number), campaign=campaign({"list_id": LIST_TWO})))
    gateway.submit(batch(entry(5)))
    receipt = gateway.reconcile(batch(entry(5), entry(1), entry(9)))
    assert [verdict[:2] for verdict in receipt.verdicts] == [(0, "accepted"), (1, "not_sent"), (2, "not_sent")]


def test_odd_lead_of_somebody_else_blocks_no_question(gateway: PlatformGateway, platform: Vendor) -> None:
    """A lead without an agent, written as an empty text, stands among ours."""
    platform.vendor.knobs.change({"ignored_filters": ["customerKey"], "odd_fields": {"agentId": "", "phones": 7}})
    gateway.submit(batch(entry(8), entry(1)))
    receipt = gateway.reconcile(batch(entry(1), entry(2)))
    assert [verdict[:2] for verdict in receipt.verdicts] == [(0, "accepted"), (1, "not_sent")]


def test_rows_without_a_key_are_read_one_by_one(gateway: PlatformGateway, platform: Vendor) -> None:
    """What a row of the list shows is not documented: the lead itself tells its key."""
    platform.vendor.knobs.hidden_fields, platform.vendor.knobs.ignored_filters = ["customerKey"], ["customerKey"]
    gateway.submit(batch(entry(1), entry(2)))
    receipt = gateway.reconcile(batch(entry(2), entry(3)))
    assert receipt.verdicts == [
        Verdict(0, "accepted", vendor_id=ids(platform, 2)[0]), Verdict(1, "not_sent", "absent_at_vendor"),
    ]  # fmt: skip


def test_lead_that_is_deleted_between_list_and_get_concludes_nothing(
    gateway: PlatformGateway, platform: Vendor
) -> None:
    """A row that cannot be read might be ours, or the path is wrong: asked again later, never sent again."""
    platform.vendor.knobs.hidden_fields = ["customerKey"]
    gateway.submit(batch(entry(1)))
    (lead_id,) = ids(platform, 1)
    platform.faults.replace([Fault(kind="status", status=404, match=Match(path_contains=f"/leads/{lead_id}"))])
    with pytest.raises(NotFoundError):
        gateway.reconcile(batch(entry(1)))


def test_reconcile_gives_up_on_a_filter_that_is_not_heeded(
    gateway: PlatformGateway, platform: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list is not read to its end for every lead: that is named, and concludes nothing."""
    monkeypatch.setattr("connectors.platform.lookup.MOST_ROWS", 3)
    platform.vendor.knobs.ignored_filters = ["customerKey"]
    gateway.submit(batch(*(entry(number) for number in range(5))))
    with pytest.raises(ContractError, match="more than 3 rows for one customerKey: the filter is not heeded"):
        gateway.reconcile(batch(entry(1)))


def test_lead_that_the_vendor_has_twice_is_accepted_and_told(gateway: PlatformGateway, platform: Vendor) -> None:
    """Two hits for one key are an error in the vendor's data; the lead is there."""
    gateway.submit(batch(entry(1)))
    gateway.submit(batch(entry(1)))
    (verdict,) = gateway.reconcile(batch(entry(1))).verdicts
    text = "the list has 2 leads of this customerKey"
    assert verdict == Verdict(0, "accepted", "several_at_vendor", text, ids(platform, 1)[0])


def test_reconcile_that_cannot_ask_concludes_nothing(gateway: PlatformGateway, platform: Vendor) -> None:
    """No answer is no absence."""
    platform.faults.replace([Fault(kind="status", times=None)])
    with pytest.raises(ConnectorError):
        gateway.reconcile(batch(entry(1)))


def test_lost_create_is_found_and_never_sent_twice(gateway: PlatformGateway, platform: Vendor) -> None:
    """The whole way: lost after it was stored, asked, accepted; its neighbours sent once."""
    platform.faults.replace([Fault(kind="lost_after_commit", match=CREATE, skip=1)])
    first = gateway.submit(batch(entry(1), entry(2), entry(3)))
    asked = gateway.reconcile(batch(entry(1), entry(2), entry(3), positions=[1]))
    rest = gateway.submit(batch(entry(3)))
    outcomes = [verdict.outcome for receipt in (first, asked, rest) for verdict in receipt.verdicts]
    assert outcomes == ["accepted", "unknown", "not_sent", "accepted", "accepted"]
    assert set(platform.vendor.store.creations.values()) == {1}


# --- updates --------------------------------------------------------------------------------------


def update(*fields: dict[str, Any], reference: str | None = None) -> Batch:
    return batch(*fields, action="update", vendor_reference=reference)


@pytest.mark.parametrize("is_known", [True, False])
def test_update_changes_the_fields_of_the_entry_alone(
    gateway: PlatformGateway, platform: Vendor, is_known: bool
) -> None:
    """By the vendor's id, or by the customerKey where it is not known; nothing is made null."""
    gateway.submit(batch(entry(1, phone2=phone(7), leadData={"City": "Köln"})))
    (lead_id,) = ids(platform, 1)
    changed = entry(1, phone1=phone(8), timezone="Europe/Berlin")
    receipt = gateway.submit(update(changed, reference=lead_id if is_known else None))
    assert receipt.verdicts == [Verdict(0, "accepted", vendor_id=lead_id)]
    stored = platform.vendor.store.leads[int(lead_id)]
    assert stored.fields == {
        "customerKey": "lead-L1", "phone1": phone(8), "phone2": phone(7), "leadData": {"City": "Köln"},
        "timezone": "Europe/Berlin",
    }  # fmt: skip


def test_update_of_an_unknown_id_looks_for_the_key(gateway: PlatformGateway, platform: Vendor) -> None:
    """A lead that was replaced at the vendor is found by its key."""
    gateway.submit(batch(entry(1)))
    receipt = gateway.submit(update(entry(1, phone1=phone(2)), reference="1"))
    assert receipt.verdicts == [Verdict(0, "accepted", vendor_id=ids(platform, 1)[0])]


def test_update_never_creates(gateway: PlatformGateway, platform: Vendor) -> None:
    """A lead that is gone at the vendor is refused with that reason."""
    text = "the vendor does not have this lead any more"
    absent = [Verdict(0, "rejected", "absent_at_vendor", text)]
    assert gateway.submit(update(entry(1), reference="7")).verdicts == absent
    assert gateway.submit(update(entry(1))).verdicts == absent
    assert gateway.reconcile(update(entry(1), reference="7")).verdicts == absent
    assert platform.vendor.store.leads == {}


def test_update_knows_no_absence_from_a_list_that_does_not_show(gateway: PlatformGateway, platform: Vendor) -> None:
    """A lead that counts as gone is made anew once it changes again: the target is to blame, not the lead."""
    gateway.submit(batch(entry(1)))
    (lead_id,) = ids(platform, 1)
    platform.vendor.knobs.hidden_lists = [LIST_ONE]
    for reference in (lead_id, None):
        for ask in (gateway.submit, gateway.reconcile):
            with pytest.raises(TargetError, match=r"^campaigns\.promo\.target\.list_id: platform has no list"):
                ask(update(entry(1, phone1=phone(2)), reference=reference))


@pytest.mark.parametrize("is_known", [True, False])
def test_404_for_an_update_of_a_lead_that_shows_is_a_refusal(
    gateway: PlatformGateway, platform: Vendor, is_known: bool
) -> None:
    """The paths are guesses, and a wrong one answers 404 too: what counts as gone would be made a second time."""
    gateway.submit(batch(entry(1)))
    (lead_id,) = ids(platform, 1)
    platform.faults.replace([Fault(kind="status", status=404, match=Match(method="PUT"), times=None)])
    receipt = gateway.submit(update(entry(1, phone1=phone(2)), reference=lead_id if is_known else None))
    text = "not found, although the list shows it; is vendors.platform.paths.lead_update right?"
    assert receipt.verdicts == [Verdict(0, "rejected", "refused_by_vendor", text)]


def test_update_of_a_lead_that_is_there_twice_is_told(gateway: PlatformGateway, platform: Vendor) -> None:
    """The first is changed, and a person hears of the other."""
    gateway.submit(batch(entry(1)))
    gateway.submit(batch(entry(1)))
    receipt = gateway.submit(update(entry(1)))
    assert receipt.verdicts == [Verdict(0, "accepted", "several_at_vendor", vendor_id=ids(platform, 1)[0])]


def test_refused_update_is_a_verdict_and_a_refused_login_is_not(gateway: PlatformGateway, platform: Vendor) -> None:
    """422 is the lead's own; 401 stops."""
    gateway.submit(batch(entry(1)))
    (lead_id,) = ids(platform, 1)
    (verdict,) = gateway.submit(update(entry(1, phone1="x"), reference=lead_id)).verdicts
    assert verdict == Verdict(0, "rejected", "refused_by_vendor", "platform lead_update: HTTP 422")
    platform.vendor.knobs.token = "another"
    with pytest.raises(AuthenticationError):
        gateway.submit(update(entry(1), reference=lead_id))


@pytest.mark.parametrize("status", [402, 405, 406, 407, 415, 451])
def test_update_by_a_wrong_method_is_no_leads_fault(gateway: PlatformGateway, platform: Vendor, status: int) -> None:
    """`update_method` is a guess: what it is refused for is no verdict, which would never be tried again."""
    gateway.submit(batch(entry(1)))
    (lead_id,) = ids(platform, 1)
    platform.faults.replace([Fault(kind="status", status=status, match=Match(method="PUT"), times=None)])
    for reference in (lead_id, None):
        with pytest.raises(RejectedError, match=f"platform lead_update: HTTP {status}"):
            gateway.submit(update(entry(1, phone1=phone(2)), reference=reference))


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [
        ({}, "accepted"), ({"timezone": "Europe/Berlin"}, "accepted"), ({"leadData": {"City": "Köln"}}, "accepted"),
        ({"phone1": phone(2)}, "not_sent"), ({"phone2": phone(2)}, "not_sent"), ({"agentId": 1002}, "not_sent"),
        ({"timezone": "Europe/Paris"}, "not_sent"), ({"leadData": {"City": "Bonn"}}, "not_sent"),
        ({"statusCode": 1}, "not_sent"),
    ],
)  # fmt: skip
def test_reconcile_of_an_update_compares_what_can_be_compared(
    gateway: PlatformGateway, platform: Vendor, fields: dict[str, Any], outcome: str
) -> None:
    """Shown is accepted; anything else is sent again, which changes nothing twice."""
    gateway.submit(batch(entry(1, timezone="Europe/Berlin", leadData={"City": "Köln", "N": "1"})))
    (lead_id,) = ids(platform, 1)
    for reference in (lead_id, None):
        (verdict,) = gateway.reconcile(update(entry(1, **fields), reference=reference)).verdicts
        assert verdict.outcome == outcome


def test_update_that_a_page_answers_is_unknown_and_goes_again(gateway: PlatformGateway, platform: Vendor) -> None:
    """A gateway's page with status 200: the lead does not show the change, so it was not made."""
    gateway.submit(batch(entry(1)))
    (lead_id,) = ids(platform, 1)
    changed = update(entry(1, phone1=phone(2)), reference=lead_id)
    platform.faults.replace([Fault(kind="html", status=200, match=Match(method="PUT"))])
    with pytest.raises(OutcomeUnknownError):
        gateway.submit(changed)
    assert gateway.reconcile(changed).verdicts == [Verdict(0, "not_sent", "not_updated")]
    assert gateway.submit(changed).verdicts == [Verdict(0, "accepted", vendor_id=lead_id)]
    assert platform.vendor.store.leads[int(lead_id)].phones == [phone(2)]


def test_lost_update_is_unknown_and_then_found(gateway: PlatformGateway, platform: Vendor) -> None:
    """The answer was lost after the change: the lead shows it."""
    gateway.submit(batch(entry(1)))
    (lead_id,) = ids(platform, 1)
    changed = update(entry(1, phone1=phone(2)), reference=lead_id)
    platform.faults.replace([Fault(kind="lost_after_commit", match=Match(method="PUT"))])
    with pytest.raises(OutcomeUnknownError):
        gateway.submit(changed)
    assert gateway.reconcile(changed).verdicts == [Verdict(0, "accepted", vendor_id=lead_id)]


# --- calls and the end ----------------------------------------------------------------------------


@pytest.mark.parametrize("target", [{"list_id": LIST_ONE}, {"list_id": LIST_ONE, "campaign_id": SALES_OUTBOUND}])
def test_call_results_are_the_newest_of_each_lead(
    gateway: PlatformGateway, platform: Vendor, target: dict[str, Any]
) -> None:
    """One word per lead, from attempts in [start, end); over all pages."""
    platform.vendor.knobs.page_size = 1
    gateway.submit(batch(entry(1), entry(2), entry(3)))
    first, second, third = (int(lead_id) for lead_id in ids(platform, 1, 2, 3))
    start = datetime(2026, 11, 17, tzinfo=UTC)
    for lead_id, minutes, word in (
        (first, 0, "Busy"), (first, 20, "Answered"), (first, 10, "No Answer"), (second, 1439, "Busy"),
        (third, 1440, "Answered"), (third, -1, "Answered"),
    ):  # fmt: skip
        platform.vendor.store.add_call(lead_id, (start + timedelta(minutes=minutes)).timestamp(), word)
    results = list(gateway.call_results(campaign(target), start, start + timedelta(days=1)))
    assert results == [
        CallResult(str(lead_id), None, word, None, None, None, start + timedelta(minutes=minutes))
        for lead_id, minutes, word in ((first, 20, "Answered"), (second, 1439, "Busy"))
    ]


def test_stop_waiting_ends_every_wait(gateway: PlatformGateway) -> None:
    """Afterwards nothing is sent."""
    gateway.stop_waiting()
    with pytest.raises(NotSentError):
        gateway.submit(batch(entry(1)))
    assert gateway.request_count == 0


# --- settings -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"base_url": "platform.example.com"}, "must begin with http:// or https://"),
        ({"base_path": "v3.0"}, "must begin with /"),
        ({"token": " "}, "must be the secret alone"),
        ({"paths": {"leads": "/x"}}, "there is no operation leads"),
        ({"paths": {"lead_get": "/x"}}, "lead_get: this path needs {leadId} once"),
        ({"paths": {"lead_list": "/leads/lists"}}, "paths: lead_list and list_list have the same method and path"),
        ({"customer_key_template": "{lead_id}"}, "must contain {source} and {lead_id}"),
        ({"customer_key_template": "{id}"}, "may only contain {source}, {lead_id} and {campaign}"),
        ({"follow_redirects_on_write": True}, "Input should be False"),
        ({"bulk_status_words": {"great": ["x"]}}, "Extra inputs are not permitted"),
        ({"shoe": 1}, "Extra inputs are not permitted"),
    ],
)
def test_settings_say_what_is_wrong(changes: dict[str, Any], sentence: str) -> None:
    """A clear sentence for every mistake."""
    with pytest.raises(ValueError) as raised:
        settings(**({"url": "http://127.0.0.1:1"} | changes))
    assert sentence in str(raised.value)


def test_settings_hide_the_token_and_take_every_key() -> None:
    """The token is in no repr; times become the terms of a job."""
    made = settings("http://127.0.0.1:1/", bulk_deadline_s=600, bulk_late_s=900, bulk_poll_s=1, bulk_poll_max_s=9)
    assert "platform-token" not in repr(made)
    terms = made.gateway().result_terms
    assert (terms.first_s, terms.max_s, terms.deadline_s, terms.late_s) == (1, 9, 600, 900)


def test_invalid_batch_of_ours_never_leaves(gateway: PlatformGateway, platform: Vendor) -> None:
    """An entry without a phone is refused before it is sent, and is the lead's own fault."""
    (first, second) = gateway.submit(batch(entry(1), {"customerKey": "lead-L2"})).verdicts
    assert (first.outcome, second.outcome) == ("accepted", "rejected")
    assert platform.vendor.store.requests["lead_create"] == 1
    with pytest.raises(InvalidRequestError):
        gateway.submit(batch(*[{"customerKey": "lead-L2"}] * 20))
