"""Sobot through the port: what is sent, when it is asked about, and what becomes of each lead."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import settings as h_settings
from hypothesis import strategies as st

from connectors.errors import (
    AuthenticationError,
    ConnectorError,
    InvalidRequestError,
    NotFoundError,
    NotSentError,
    NoTurnError,
    OutcomeUnknownError,
    RateLimitedError,
    TargetError,
    TooLargeError,
    UnavailableError,
)
from connectors.gateway import (
    Batch,
    Campaign,
    Gateway,
    MakesTargets,
    Progress,
    Receipt,
    ResultsLater,
    ResultTerms,
    Verdict,
)
from connectors.sobot.entries import calling_list_code, idempotency_key
from connectors.sobot.gateway import SobotGateway
from connectors.sobot.settings import SobotSettings
from sandbox.faults import Fault, Match
from sandbox.server import SandboxServer
from sandbox.sobot.app import SobotCallCenter
from sandbox.sobot.seeds import OTHER_AGENT_ID, SERVICE_AGENT_ID, TASK_CODE
from sandbox.sobot.store import BodyFault

Vendor = SandboxServer[SobotCallCenter]
DAY = date(2026, 11, 17)
KEY = UUID(int=1)
CODE = "20261117PQ6M2EF3P3BX"
IMPORT = Match(path_contains="/_import")
RESULT = Match(path_contains="/import-result")
CAMPAIGN = Campaign("promo", "sobot", {"code": TASK_CODE})


@pytest.fixture
def second() -> Iterator[list[SandboxServer[Any]]]:
    """The servers of second hosts, stopped at the end; each test starts its own by `sobot`."""
    servers: list[SandboxServer[Any]] = []
    yield servers
    for server in servers:
        server.stop()


@pytest.fixture
def sobot(second: list[SandboxServer[Any]]) -> Iterator[Vendor]:
    """A double whose reports lie on a second socket (`second[0]`)."""
    with SandboxServer(SobotCallCenter()) as server:
        second.append(SandboxServer(server.vendor.second_host))
        second[0].start()
        server.vendor.knobs.second_host = second[0].url
        yield server


@pytest.fixture
def gateways(sobot: Vendor) -> Iterator[Callable[..., SobotGateway]]:
    """Makes quick gateways to the double; settings that differ are named."""
    made: list[SobotGateway] = []

    def make(**changes: Any) -> SobotGateway:
        made.append(settings(sobot, **changes).gateway())
        return made[-1]

    yield make
    for gateway in made:
        gateway.close()


@pytest.fixture
def gateway(gateways: Callable[..., SobotGateway]) -> SobotGateway:
    """A gateway with the defaults."""
    return gateways()


def settings(sobot: Vendor, **changes: Any) -> SobotSettings:
    second_host = sobot.vendor.knobs.second_host
    quick = {
        "app_id": "app-1",
        "app_secret": "secret-1",
        "agent_id": SERVICE_AGENT_ID,
        "token_host": sobot.url,
        "hosts": {"default": sobot.url, "cc-ivr": second_host},
        "report_hosts": [second_host],
        "requests_per_second": None,
        "max_attempts": 2,
        "backoff_s": 0,
        "read_timeout_s": 5,
    }
    return SobotSettings.model_validate(quick | changes)


def entries(count: int, first: int = 1) -> list[dict[str, Any]]:
    return [{"telephone": f"49151{number:07d}", "name": f"Lead {number}"} for number in range(first, first + count)]


def batch(count: int = 3, **changes: Any) -> Batch:
    sent_at = datetime.now(UTC)
    made = Batch(KEY, CAMPAIGN, DAY, orjson.dumps(entries(count)), count, range(count), sent_at=sent_at)
    return replace(made, **changes)


def phone(number: int) -> str:
    return f"49151{number:07d}"


def held(*numbers: int) -> list[tuple[str, str]]:
    return [(TASK_CODE, phone(number)) for number in numbers]


def finish(sobot: Vendor) -> None:
    """The vendor has worked off what it took."""
    sobot.vendor.clock.advance(60)


def accepted(*positions: int) -> list[Verdict]:
    return [Verdict(position, "accepted") for position in positions]


def test_gateway_is_what_the_engine_expects(gateways: Callable[..., SobotGateway]) -> None:
    """A gateway whose results come later and whose targets are made, with the terms of its settings."""
    gateway = gateways(result_first_poll_s=1, result_poll_max_s=2, result_deadline_s=3, result_late_s=4)
    port: Gateway = gateway
    assert isinstance(port, ResultsLater)
    assert isinstance(port, MakesTargets)
    assert (port.vendor, port.batch_size, port.can_update) == ("sobot", 200, False)
    assert gateway.result_terms == ResultTerms(1, 2, 3, 4)
    assert list(gateway.call_results(CAMPAIGN, datetime.now(UTC), datetime.now(UTC))) == []


def test_submit_names_the_import_after_its_key(gateway: SobotGateway, sobot: Vendor) -> None:
    """Code and Idempotency-Key depend on the import alone; the vendor has the leads and will say more later."""
    assert gateway.submit(batch()) == Receipt(reference=CODE, is_pending=True)
    assert (CODE, len(CODE)) == (calling_list_code(DAY, KEY), 20)
    assert sobot.vendor.store.idempotency_keys[-1] == (
        "outbound_task_import_data", idempotency_key("app-1", TASK_CODE, CODE),
    )  # fmt: skip
    (body,) = sobot.vendor.store.received
    assert body == {
        "agentID": SERVICE_AGENT_ID,
        "agentType": "1",
        "code": TASK_CODE,
        "callingListCode": CODE,
        "removeDuplicatesRule": "RemoveDuplicatesInCampaign",
        "enableFilterDoNotCallListNumber": "Filter",
        "assignRule": "NoAssign",
        "dataDetails": entries(3),
    }
    assert sobot.vendor.held() == held(1, 2, 3)


def test_submit_follows_the_settings(gateways: Callable[..., SobotGateway], sobot: Vendor) -> None:
    """Duplicates, assignment and block list are the business's choice."""
    rules = {"remove_duplicates_rule": "NonRemoveDuplicates", "dnc_filter": "NoFilter", "assign_rule": "AssignAppoint"}
    gateways(**rules, assign_agents=[{"agent_id": "a", "count": 100}]).submit(batch())
    (body,) = sobot.vendor.store.received
    assert (body["removeDuplicatesRule"], body["enableFilterDoNotCallListNumber"]) == (
        "NonRemoveDuplicates",
        "NoFilter",
    )
    assert (body["assignRule"], body["assignAgentAndCount"]) == ("AssignAppoint", [{"agentID": "a", "count": 100}])


def test_submit_of_the_same_import_again_is_the_same_request(
    gateways: Callable[..., SobotGateway], sobot: Vendor
) -> None:
    """Another process sends the same code under the same key; the vendor stores it once, even without its own rule."""
    for _ in range(2):
        gateway = gateways(remove_duplicates_rule="NonRemoveDuplicates")
        assert gateway.submit(batch()) == Receipt(reference=CODE, is_pending=True)
    assert sobot.vendor.held() == held(1, 2, 3)
    keys = {key for operation, key in sobot.vendor.store.idempotency_keys if operation == "outbound_task_import_data"}
    assert len(keys) == 1


def test_submit_keeps_both_codes_where_the_vendor_calls_it_otherwise(gateway: SobotGateway, sobot: Vendor) -> None:
    """The echo is not what was sent: both are recorded, and the rows under ours are found."""
    sobot.vendor.knobs.echo_code = "02951e5b01ddcM40997b"
    receipt = gateway.submit(batch())
    assert receipt == Receipt(
        reference="02951e5b01ddcM40997b",
        is_pending=True,
        detail=f"sent as {CODE}, called 02951e5b01ddcM40997b by sobot",
    )
    finish(sobot)
    assert gateway.poll(batch(vendor_reference=receipt.reference)).is_finished


def test_poll_asks_under_the_vendors_code_where_ours_shows_nothing(gateway: SobotGateway, sobot: Vendor) -> None:
    """An import that the vendor shows under its own name is found by it."""
    gateway.submit(batch())
    finish(sobot)
    sobot.vendor.store.imports[0].calling_list_code = "renamed"
    assert gateway.poll(batch()).word == "no row yet"
    assert gateway.poll(batch(vendor_reference="renamed")).word == "3 of 3"


def test_submit_needs_a_task(gateway: SobotGateway) -> None:
    """A target that was not made yet cannot be loaded."""
    with pytest.raises(TargetError, match=r"campaigns\.promo\.target\.code"):
        gateway.submit(batch(campaign=Campaign("promo", "sobot", {"code": None})))


@pytest.mark.parametrize(
    ("fault", "kind", "is_stored"),
    [
        (Fault(kind="lost_after_commit", match=IMPORT), OutcomeUnknownError, True),
        (Fault(kind="truncated", match=IMPORT), OutcomeUnknownError, True),
        (Fault(kind="html_200", match=IMPORT), OutcomeUnknownError, True),
        (Fault(kind="html", match=IMPORT), OutcomeUnknownError, False),
        (Fault(kind="status", match=IMPORT), OutcomeUnknownError, False),
        (Fault(kind="status", commit=True, match=IMPORT), OutcomeUnknownError, True),
        (Fault(kind="status", status=409, commit=True, match=IMPORT), OutcomeUnknownError, True),
        (Fault(kind="reset_before_processing", match=IMPORT), OutcomeUnknownError, False),
        (Fault(kind="status", status=429, retry_after="0", match=IMPORT), RateLimitedError, False),
        (Fault(kind="status", status=400, match=IMPORT), InvalidRequestError, False),
        (Fault(kind="status", status=413, match=IMPORT), TooLargeError, False),
        (Fault(kind="status", status=404, match=IMPORT), NotFoundError, False),
        (Fault(kind="status", status=401, times=2, match=IMPORT), AuthenticationError, False),
        (Fault(kind="status", match=Match(path_contains="/tokens/")), NotSentError, False),
    ],
    ids=lambda value: f"{value.kind}-{value.status}-{value.commit}" if isinstance(value, Fault) else None,
)
def test_submit_says_what_may_be_concluded(
    gateway: SobotGateway, sobot: Vendor, fault: Fault, kind: type[ConnectorError], *, is_stored: bool
) -> None:
    """A write is sent once; only an answer that certainly refuses is a refusal."""
    sobot.faults.replace([fault])
    with pytest.raises(kind) as raised:
        gateway.submit(batch())
    assert type(raised.value) is kind
    assert bool(sobot.vendor.held()) == is_stored
    assert "Lead" not in str(raised.value)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (BodyFault("outbound_task_import_data", 500), OutcomeUnknownError),
        (BodyFault("outbound_task_import_data", 500, commit=True), OutcomeUnknownError),
        (BodyFault("outbound_task_import_data", 200, "999999", commit=True), OutcomeUnknownError),
        (BodyFault("outbound_task_import_data", 409, commit=True), OutcomeUnknownError),
        (BodyFault("outbound_task_import_data", 429), RateLimitedError),
        (BodyFault("outbound_task_import_data", 413), TooLargeError),
        (BodyFault("outbound_task_import_data", 422), InvalidRequestError),
    ],
    ids=lambda value: f"{value.code}-{value.ret_code}" if isinstance(value, BodyFault) else None,
)
def test_submit_reads_the_body_not_the_status(
    gateway: SobotGateway, sobot: Vendor, fault: BodyFault, kind: type[ConnectorError]
) -> None:
    """HTTP 200 with a failing body is no success; what we do not know may have been stored."""
    sobot.vendor.store.body_faults = [replace(fault)]
    with pytest.raises(kind):
        gateway.submit(batch())


def test_submit_to_another_agents_task_stops_the_campaign(gateway: SobotGateway, sobot: Vendor) -> None:
    """Only the creator may load a task; to others it is not there."""
    task = sobot.vendor.store.add_task("theirs", creator=OTHER_AGENT_ID)
    with pytest.raises(NotFoundError):
        gateway.submit(batch(campaign=Campaign("promo", "sobot", {"code": task.code})))
    mine = {"code": task.code, "agent_id": OTHER_AGENT_ID, "agent_type": 1}
    assert gateway.submit(batch(campaign=Campaign("promo", "sobot", mine))).is_pending


def test_submit_of_a_poisoned_entry_refuses_the_batch(gateway: SobotGateway, sobot: Vendor) -> None:
    """The engine halves such a batch until the entry is alone."""
    sobot.vendor.knobs.poison = [phone(2)]
    with pytest.raises(InvalidRequestError):
        gateway.submit(batch())
    assert sobot.vendor.held() == []


def test_imports_into_one_task_take_turns(gateways: Callable[..., SobotGateway], sobot: Vendor) -> None:
    """One task has one request in flight; another task does not wait for it."""
    gateway, other = gateways(), sobot.vendor.store.add_task("other")
    gateway.preflight(CAMPAIGN)
    sobot.faults.replace([Fault(kind="slow", seconds=30, match=IMPORT)])
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(gateway.submit, batch())
        assert sobot.faults.wait_until_fired()
        with pytest.raises(NoTurnError, match="its turn at the task came too late"):
            gateway.submit(batch(import_key=UUID(int=2), not_after=time.monotonic() + 0.05))
        elsewhere = batch(import_key=UUID(int=3), campaign=Campaign("b", "sobot", {"code": other.code}))
        assert gateway.submit(elsewhere).is_pending
        waiting = pool.submit(gateway.submit, batch(import_key=UUID(int=4)))
        gateway.stop_waiting()
        with pytest.raises(NoTurnError):
            waiting.result()
        sobot.stop()
        with pytest.raises(OutcomeUnknownError):
            first.result()


def test_parallel_imports_into_a_task_are_a_setting(gateways: Callable[..., SobotGateway], sobot: Vendor) -> None:
    """With two places, two requests of one task are in flight."""
    gateway = gateways(max_parallel_imports_per_task=2)
    gateway.preflight(CAMPAIGN)
    sobot.faults.replace([Fault(kind="slow", seconds=30, times=2, match=IMPORT)])
    with ThreadPoolExecutor(2) as pool:
        sent = [pool.submit(gateway.submit, batch(import_key=UUID(int=number))) for number in (1, 2)]
        assert sobot.faults.wait_until_fired(2)
        sobot.stop()
        assert [type(one.exception()) for one in sent] == [OutcomeUnknownError] * 2


def test_poll_tells_how_far_it_is(gateway: SobotGateway, sobot: Vendor) -> None:
    """No row is not finished, counts that are short are not finished, and each question has a fresh key."""
    sobot.vendor.knobs.replay_reads = True
    sobot.vendor.knobs.reject_numbers = [phone(3)]
    gateway.submit(batch(4))
    assert gateway.poll(batch(4)) == Progress(is_finished=False, word="no row yet")
    sobot.vendor.clock.advance(1)
    half = gateway.poll(batch(4))
    assert (half.is_finished, half.word, half.counts) == (
        False,
        "1 of 4",
        {"accepted": 1, "duplicate": 0, "rejected": 0},
    )
    sobot.vendor.clock.advance(1)
    done = gateway.poll(batch(4))
    assert (done.is_finished, done.word, done.counts) == (
        True,
        "4 of 4",
        {"accepted": 3, "duplicate": 0, "rejected": 1},
    )
    assert done.error_report is not None
    assert done.error_report.startswith(sobot.vendor.knobs.second_host)


def test_poll_ignores_rows_of_other_imports(gateway: SobotGateway, sobot: Vendor) -> None:
    """A row that answers for another import, or for another task, is not ours, even if it comes first."""
    sobot.vendor.knobs.foreign_row_first = True
    gateway.submit(batch())
    assert gateway.poll(batch()).word == "no row yet"
    finish(sobot)
    assert gateway.poll(batch()).word == "3 of 3"


def test_poll_without_an_answer_concludes_nothing(gateway: SobotGateway, sobot: Vendor) -> None:
    """A vendor that is away is asked again later."""
    gateway.submit(batch())
    sobot.faults.replace([Fault(kind="status", times=None, match=RESULT)])
    for ask in (gateway.poll, gateway.collect, gateway.reconcile):
        with pytest.raises(UnavailableError):
            ask(batch(vendor_reference=CODE))


def test_collect_reads_counts_and_report(gateway: SobotGateway, sobot: Vendor) -> None:
    """Who is in the report is rejected with its reason; the others were stored."""
    sobot.vendor.knobs.reject_numbers = [phone(2)]
    gateway.submit(batch(4))
    finish(sobot)
    receipt = gateway.collect(batch(4, vendor_reference=CODE))
    assert receipt.verdicts == [
        Verdict(0, "accepted"),
        Verdict(1, "rejected", "refused_by_vendor", "The number is not allowed"),
        *accepted(2, 3),
    ]
    assert (receipt.reference, receipt.is_pending, receipt.is_provisional, receipt.detail) == (CODE, False, False, None)
    assert receipt.error_report is not None
    assert sobot.vendor.store.requests["error_report"] == 1


@pytest.mark.parametrize("knobs", [{"report_numbers": "number"}, {"report_header": ["姓名", "电话", "原因"]}])
def test_collect_reads_the_report_in_whatever_dress(
    gateway: SobotGateway, sobot: Vendor, knobs: dict[str, Any]
) -> None:
    """Numbers as quantities, titles in another language."""
    sobot.vendor.knobs.change(knobs)
    sobot.vendor.knobs.reject_numbers = [phone(1)]
    gateway.submit(batch(2))
    finish(sobot)
    assert [verdict.outcome for verdict in gateway.collect(batch(2)).verdicts] == ["rejected", "accepted"]


def test_collect_answers_for_open_positions_alone(gateway: SobotGateway, sobot: Vendor) -> None:
    """Entries that have a verdict are not judged again; the counts are those of the whole import."""
    gateway.submit(batch(4))
    finish(sobot)
    assert gateway.collect(batch(4, positions=[1, 3])).verdicts == accepted(1, 3)


def test_collect_of_leads_that_were_there_is_duplicate(gateway: SobotGateway, sobot: Vendor) -> None:
    """All repeated: the counts leave no doubt. Some repeated: they do, and nobody is called accepted."""
    gateway.submit(batch())
    gateway.submit(batch(import_key=UUID(int=2)))
    gateway.submit(batch(5, import_key=UUID(int=3)))
    finish(sobot)
    reason = "all leads of the import that sobot did not refuse were repetitions"
    assert gateway.collect(batch(import_key=UUID(int=2))).verdicts == [
        Verdict(position, "duplicate", "already_at_vendor", reason) for position in range(3)
    ]
    doubt = "sobot counts 2 accepted, 3 duplicate for 5 leads, and does not say which"
    mixed = gateway.collect(batch(5, import_key=UUID(int=3)))
    assert mixed.verdicts == [Verdict(n, "unattributed", "accepted_or_duplicate", doubt) for n in range(5)]
    assert (mixed.detail, mixed.is_provisional) == (None, False)


def test_collect_attributes_repetitions_that_the_report_names(gateway: SobotGateway, sobot: Vendor) -> None:
    """A report that names repetitions too leaves no doubt."""
    sobot.vendor.knobs.report_repeats = True
    gateway.submit(batch(2))
    gateway.submit(batch(4, import_key=UUID(int=2)))
    finish(sobot)
    verdicts = gateway.collect(batch(4, import_key=UUID(int=2))).verdicts
    repeated = [Verdict(n, "duplicate", "already_at_vendor", "Duplicate number") for n in (0, 1)]
    assert verdicts == [*repeated, *accepted(2, 3)]


def test_collect_before_the_end_is_pending(gateway: SobotGateway, sobot: Vendor) -> None:
    """Not finished after all: nothing is concluded."""
    gateway.submit(batch())
    assert gateway.collect(batch(vendor_reference=CODE)) == Receipt(reference=CODE, is_pending=True)
    sobot.vendor.clock.advance(1)
    assert gateway.collect(batch(vendor_reference=CODE)) == Receipt(reference=CODE, is_pending=True)


def test_overdue_import_without_a_row_stays_unknown(gateway: SobotGateway, sobot: Vendor) -> None:
    """A row that never appears concludes nothing, and an import that was taken is never sent again."""
    sobot.vendor.knobs.result_hidden = True
    gateway.submit(batch())
    finish(sobot)
    late = batch(vendor_reference=CODE, is_overdue=True, sent_at=datetime.now(UTC) - timedelta(days=2))
    assert gateway.collect(late) == Receipt(reference=CODE)
    assert gateway.reconcile(late) == Receipt()


@pytest.mark.parametrize("ask", ["collect", "reconcile"])
def test_overdue_import_whose_counts_are_short_is_told_as_far_as_known(
    gateway: SobotGateway, sobot: Vendor, ask: str
) -> None:
    """Filtered numbers may be in no count: after the deadline they are unaccounted, and the vendor may still speak."""
    sobot.vendor.store.block(phone(4))
    sobot.vendor.knobs.reject_numbers = [phone(1)]
    gateway.submit(batch(4))
    finish(sobot)
    assert not gateway.poll(batch(4)).is_finished
    receipt = getattr(gateway, ask)(batch(4, vendor_reference=CODE, is_overdue=True))
    doubt = "of 3 leads sobot counts 2 accepted, and does not say which"
    assert receipt.verdicts == [
        Verdict(0, "rejected", "refused_by_vendor", "The number is not allowed"),
        *[Verdict(position, "unattributed", "unaccounted", doubt) for position in (1, 2, 3)],
    ]
    shortfall = "1 of 4 leads are in none of sobot's counts (numbers filtered by its block list may be)"
    assert (receipt.is_provisional, receipt.detail) == (True, shortfall)


REPORT_FAULTS = [
    Fault(kind="status", times=None),
    Fault(kind="html", times=None),
    Fault(kind="lost_after_commit", times=None),
    Fault(kind="truncated", times=None),
    Fault(kind="status", status=429, retry_after="0", times=None),
]


@pytest.mark.parametrize("fault", REPORT_FAULTS, ids=lambda fault: f"{fault.kind}-{fault.status}")
def test_report_that_cannot_be_had_now_is_waited_for(
    gateway: SobotGateway, sobot: Vendor, second: list[SandboxServer[Any]], fault: Fault
) -> None:
    """Its host may come back: nothing is concluded until the deadline, and then the counts stand."""
    sobot.vendor.knobs.reject_numbers = [phone(1)]
    gateway.submit(batch(2))
    finish(sobot)
    second[0].faults.replace([fault])
    with pytest.raises((UnavailableError, RateLimitedError)):
        gateway.collect(batch(2))
    receipt = gateway.collect(batch(2, is_overdue=True))
    assert {verdict.reason_code for verdict in receipt.verdicts} == {"accepted_or_rejected"}
    assert receipt.is_provisional
    assert receipt.detail is not None
    assert receipt.detail.startswith("the error report could not be fetched in time")
    second[0].faults.clear()
    assert [verdict.outcome for verdict in gateway.collect(batch(2)).verdicts] == ["rejected", "accepted"]


@pytest.mark.parametrize(
    ("knob", "detail"),
    [
        ("missing", "the error report cannot be fetched (HTTP 404)"),
        ("corrupt", "the error report cannot be read (BadZipFile)"),
        ("html", "the error report cannot be read (BadZipFile)"),
        ("odd_columns", "the error report names none of the numbers that were sent"),
        ("no_address", "the error report's address is not a URL"),
    ],
)
def test_report_that_is_of_no_use_leaves_the_counts(
    gateway: SobotGateway, sobot: Vendor, knob: Any, detail: str
) -> None:
    """A file that is gone or cannot be read never fails the import."""
    sobot.vendor.knobs.report = knob
    sobot.vendor.knobs.reject_numbers = [phone(1)]
    gateway.submit(batch(2))
    finish(sobot)
    receipt = gateway.collect(batch(2))
    doubt = "sobot counts 1 accepted, 1 rejected for 2 leads, and does not say which"
    assert receipt.verdicts == [Verdict(n, "unattributed", "accepted_or_rejected", doubt) for n in range(2)]
    assert (receipt.detail, receipt.is_provisional) == (detail, False)


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        ({"report_hosts": ["img-sg.sobot.io"]},
         "the error report lies on a host that vendors.sobot.report_hosts does not name"),
        ({"report_max_bytes": 100}, "the error report is a redirect or longer than 100 bytes"),
    ],
)  # fmt: skip
def test_report_is_fetched_from_named_hosts_and_in_bounds(
    gateways: Callable[..., SobotGateway], sobot: Vendor, changes: dict[str, Any], detail: str
) -> None:
    """An address of the vendor's answer does not lead us anywhere else, nor to a file without end."""
    sobot.vendor.knobs.reject_numbers = [phone(1)]
    gateway = gateways(**changes)
    gateway.submit(batch(2))
    finish(sobot)
    assert gateway.collect(batch(2)).detail == detail


def test_report_whose_address_is_none_is_no_report(gateway: SobotGateway, sobot: Vendor) -> None:
    """A text that no URL can be counts as no report, for the question and for the verdicts: the counts decide."""
    sobot.vendor.knobs.report = "no_address"
    gateway.submit(batch())
    finish(sobot)
    told = gateway.poll(batch())
    assert (told.is_finished, told.error_report) == (True, None)
    receipt = gateway.collect(batch())
    assert (receipt.verdicts, receipt.error_report) == (accepted(0, 1, 2), None)


def test_report_is_not_fetched_where_nothing_is_in_doubt(gateway: SobotGateway, sobot: Vendor) -> None:
    """The address is there even without an error; the file is left alone."""
    gateway.submit(batch())
    finish(sobot)
    assert gateway.collect(batch()).error_report is not None
    assert sobot.vendor.store.requests["error_report"] == 0


def test_reconcile_finds_what_was_stored_though_its_answer_was_lost(gateway: SobotGateway, sobot: Vendor) -> None:
    """Still working: pending, under our code. Finished: the verdicts, as if the answer had been seen."""
    sobot.faults.replace([Fault(kind="lost_after_commit", match=IMPORT)])
    with pytest.raises(OutcomeUnknownError):
        gateway.submit(batch())
    assert gateway.reconcile(batch()) == Receipt()
    sobot.vendor.clock.advance(1)
    assert gateway.reconcile(batch()) == Receipt(reference=CODE, is_pending=True)
    finish(sobot)
    receipt = gateway.reconcile(batch())
    assert (receipt.verdicts, receipt.reference, receipt.is_pending) == (accepted(0, 1, 2), CODE, False)
    assert sobot.vendor.held() == held(1, 2, 3)


def test_reconcile_says_not_sent_only_when_the_vendor_had_time(
    gateways: Callable[..., SobotGateway], sobot: Vendor
) -> None:
    """Without a row: nothing before `settle_before_resend_s` is over, or without a time; then all go again."""
    gateway = gateways(settle_before_resend_s=120)
    sobot.faults.replace([Fault(kind="reset_before_processing", match=IMPORT)])
    with pytest.raises(OutcomeUnknownError):
        gateway.submit(batch())
    now = datetime.now(UTC)
    assert gateway.reconcile(batch(sent_at=now - timedelta(seconds=110))) == Receipt()
    assert gateway.reconcile(batch(sent_at=None)) == Receipt()
    absent = [Verdict(position, "not_sent", "absent_at_vendor") for position in range(3)]
    assert gateway.reconcile(batch(sent_at=now - timedelta(seconds=121))) == Receipt(absent)
    assert gateway.submit(batch()) == Receipt(reference=CODE, is_pending=True)
    assert sobot.vendor.held() == held(1, 2, 3)


@pytest.mark.parametrize("idempotency", ["replay", "ignore"])
@pytest.mark.parametrize("repeated_code", ["append", "refuse", "ignore"])
def test_import_that_arrived_twice_is_stored_once(
    gateway: SobotGateway, sobot: Vendor, idempotency: Any, repeated_code: Any
) -> None:
    """A row that showed too late made us send again: key, code or rule keeps the leads single, and all are settled."""
    sobot.vendor.knobs.idempotency = idempotency
    sobot.vendor.knobs.repeated_code = repeated_code
    sobot.faults.replace([Fault(kind="lost_after_commit", match=IMPORT)])
    with pytest.raises(OutcomeUnknownError):
        gateway.submit(batch())
    absent = gateway.reconcile(batch(sent_at=datetime.now(UTC) - timedelta(hours=1)))
    assert {verdict.outcome for verdict in absent.verdicts} == {"not_sent"}
    if (idempotency, repeated_code) == ("ignore", "refuse"):
        with pytest.raises(OutcomeUnknownError, match="the import is known there"):
            gateway.submit(batch())
    else:
        assert gateway.submit(batch()).is_pending
    finish(sobot)
    assert gateway.reconcile(batch()).verdicts == accepted(0, 1, 2)
    assert sobot.vendor.held() == held(1, 2, 3)


KINDS = ["lost_after_commit", "truncated", "html_200", "html", "status", "reset_before_processing", "extra_fields"]
OLD = timedelta(hours=1)


@pytest.mark.slow
@h_settings(max_examples=25)
@given(
    history=st.lists(st.tuples(st.sampled_from(KINDS), st.booleans(), st.booleans()), max_size=6),
    is_replaying=st.booleans(),
)
def test_history_of_faults_stores_each_lead_once(history: list[tuple[Any, bool, bool]], *, is_replaying: bool) -> None:
    """Whatever happens to requests, and however often the import goes again: once at the vendor, and settled."""
    with SandboxServer(SobotCallCenter()) as server:
        server.vendor.knobs.second_host = ""
        server.vendor.knobs.idempotency = "replay" if is_replaying else "ignore"
        hosts = {"default": server.url, "cc-ivr": server.url}
        gateway = settings(server, hosts=hosts, report_hosts=[server.url], token_retry_s=1e-6).gateway()
        receipt = live_through(gateway, server, history)
        gateway.close()
        assert receipt.verdicts == accepted(0, 1, 2)
        assert server.vendor.held() == held(1, 2, 3)


def live_through(gateway: SobotGateway, sobot: Vendor, history: list[tuple[Any, bool, bool]]) -> Receipt:
    """What an engine does, with a fault for each step: send, ask where unsure, send again what is not there."""
    is_known, reference = False, None
    for kind, commit, is_slow in [*history, (None, False, False), (None, False, False), (None, False, False)]:
        sobot.faults.replace([Fault(kind=kind, commit=commit)] if kind else [])
        if not is_slow:
            finish(sobot)
        now = batch(vendor_reference=reference, sent_at=datetime.now(UTC) - OLD)
        try:
            receipt = gateway.reconcile(now) if is_known else gateway.submit(now)
        except ConnectorError as error:
            is_known = is_known or isinstance(error, OutcomeUnknownError)
            continue
        is_known = not any(verdict.outcome == "not_sent" for verdict in receipt.verdicts)
        reference = receipt.reference or reference
        if receipt.verdicts and is_known:
            return receipt
    raise AssertionError("not settled")


def test_token_that_ends_in_the_middle_costs_nothing(gateway: SobotGateway, sobot: Vendor) -> None:
    """A 401 on the import itself is followed by one repetition, which is stored once."""
    gateway.preflight(CAMPAIGN)
    sobot.vendor.store.tokens.clear()
    assert gateway.submit(batch()).is_pending
    assert sobot.vendor.held() == held(1, 2, 3)
    assert sobot.vendor.store.requests["company_token"] == 2


def test_requests_are_counted_over_all_hosts(gateway: SobotGateway, sobot: Vendor) -> None:
    """The import, the question, the report."""
    sobot.vendor.knobs.reject_numbers = [phone(1)]
    gateway.submit(batch(2))
    finish(sobot)
    gateway.collect(batch(2))
    assert gateway.request_count == 3
