"""Bulk jobs behind the port: handed over, looked at, collected, and found again when something was lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest

from connectors.errors import (
    ConnectorError,
    ContractError,
    InvalidRequestError,
    NotFoundError,
    OutcomeUnknownError,
    RateLimitedError,
    TooLargeError,
    UnavailableError,
)
from connectors.gateway import Batch, Campaign, Progress, Receipt, Verdict
from connectors.platform.gateway import PlatformGateway
from connectors.platform.settings import PlatformSettings
from sandbox.faults import Fault, Match
from sandbox.platform.app import PlatformApi
from sandbox.platform.seeds import LIST_ONE, SLEEPING_LIST
from sandbox.server import SandboxServer
from tests.factories import phone

Vendor = SandboxServer[PlatformApi]
Gateways = Callable[..., PlatformGateway]
BULK = Match(method="POST", path_contains="/leads/bulk")
ERRORS = Match(path_contains="/errors")
STATUS = Match(method="GET", path_contains="/leads/bulk/")
SIZE = 20


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
        quick = {
            "base_url": platform.url, "token": "platform-token", "max_attempts": 2, "backoff_s": 0,
            "read_timeout_s": 5,
        }  # fmt: skip
        made.append(PlatformSettings.model_validate(quick | changes).gateway())
        return made[-1]

    yield make
    for gateway in made:
        gateway.close()


@pytest.fixture
def gateway(gateways: Gateways) -> PlatformGateway:
    """A gateway with the defaults."""
    return gateways()


def entry(number: int, **fields: Any) -> dict[str, Any]:
    return {"customerKey": f"lead-L{number}", "phone1": phone(number)} | fields


def batch(*changed: dict[str, Any], **fields: Any) -> Batch:
    """Twenty leads; those that are given take the place of the first ones."""
    entries = [*changed, *(entry(number) for number in range(len(changed), SIZE))]
    whole: dict[str, Any] = {
        "import_key": UUID(int=1), "campaign": Campaign("promo", "platform", {"list_id": LIST_ONE}),
        "day": date(2026, 11, 17), "payload": orjson.dumps(entries), "entry_count": SIZE, "positions": range(SIZE),
        "sent_at": ago(0),
    }  # fmt: skip
    return Batch(**(whole | fields))


def ago(seconds: float) -> datetime:
    return datetime.now(UTC) - timedelta(seconds=seconds)


def taken(gateway: PlatformGateway, sent: Batch) -> Batch:
    """The batch as the engine knows it once it was handed over."""
    receipt = gateway.submit(sent)
    assert receipt.is_pending
    return replace(sent, vendor_reference=receipt.reference)


def finished(gateway: PlatformGateway, platform: Vendor, sent: Batch) -> Batch:
    """The batch as the engine knows it once its job has ended."""
    followed = taken(gateway, sent)
    platform.vendor.clock.advance(60)
    return looked_at(gateway, followed)


def looked_at(gateway: PlatformGateway, followed: Batch) -> Batch:
    return replace(followed, progress=gateway.poll(followed))


def asked_later(followed: Batch, receipt: Receipt, *, after_s: float = 120) -> Batch:
    """The batch as the engine asks about it, when the settle time is over: without what was concluded."""
    settled = {v.position for v in receipt.verdicts if v.outcome not in ("unknown", "not_sent")}
    open_positions = [position for position in followed.positions if position not in settled]
    return replace(followed, positions=open_positions, sent_at=ago(after_s))


def summary(verdicts: Sequence[Verdict]) -> list[tuple[str, str | None, int]]:
    """(outcome, reason code, how many), in the order in which they first come."""
    pairs = [(verdict.outcome, verdict.reason_code) for verdict in sorted(verdicts)]
    return [(*pair, pairs.count(pair)) for pair in dict.fromkeys(pairs)]


def held(platform: Vendor) -> int:
    return len(platform.vendor.held())


ALL = [("accepted", None, SIZE)]


# --- handing over ---------------------------------------------------------------------------------


def test_large_batch_is_one_job_whose_uuid_is_the_reference(gateway: PlatformGateway, platform: Vendor) -> None:
    """One request, no verdict yet."""
    receipt = gateway.submit(batch())
    assert receipt == Receipt(reference=next(iter(platform.vendor.store.jobs)), is_pending=True)
    assert platform.vendor.store.requests == {"bulk_create": 1}


@pytest.mark.parametrize(("use_bulk_from", "operation"), [(20, "bulk_create"), (21, "lead_create")])
def test_size_decides_the_way(gateways: Gateways, platform: Vendor, use_bulk_from: int, operation: str) -> None:
    """From that many leads on a batch is a job."""
    gateways(use_bulk_from=use_bulk_from).submit(batch())
    assert list(platform.vendor.store.requests) == [operation]


def test_batch_whose_job_failed_goes_lead_by_lead(gateway: PlatformGateway, platform: Vendor) -> None:
    """What comes back after a job is judged one by one, so that a poisonous lead stands alone."""
    receipt = gateway.submit(batch(entry(0, phone1="x"), vendor_reference="an-old-job"))
    assert summary(receipt.verdicts) == [("rejected", "refused_by_vendor", 1), ("accepted", None, SIZE - 1)]


@pytest.mark.parametrize(
    ("knobs", "kind"),
    [({"max_leads": 19, "over_max": "413"}, TooLargeError), ({"max_leads": 19, "over_max": "422"}, InvalidRequestError),
     ({"poison": ["lead-L3"]}, InvalidRequestError)],
)  # fmt: skip
def test_refusal_of_the_whole_batch_asks_for_a_split(
    gateway: PlatformGateway, platform: Vendor, knobs: dict[str, Any], kind: type[ConnectorError]
) -> None:
    """413, 400 and 422: nothing was stored, and the engine halves the batch."""
    platform.vendor.knobs.change(knobs)
    with pytest.raises(kind):
        gateway.submit(batch())
    assert platform.vendor.store.jobs == {}


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault(kind="lost_after_commit", match=BULK), OutcomeUnknownError),
        (Fault(kind="reset_before_processing", match=BULK), OutcomeUnknownError),
        (Fault(kind="html", match=BULK), OutcomeUnknownError),
        (Fault(kind="html_200", match=BULK), OutcomeUnknownError),
        (Fault(kind="truncated", match=BULK), OutcomeUnknownError),
        (Fault(kind="status", status=429, match=BULK, retry_after="7"), RateLimitedError),
        (Fault(kind="status", status=404, match=BULK), NotFoundError),
        (Fault(kind="status", status=308, match=BULK), ContractError),
    ],
)
def test_handing_over_fails_by_what_may_be_concluded(
    gateway: PlatformGateway, platform: Vendor, fault: Fault, kind: type[ConnectorError]
) -> None:
    """Whatever may have reached the vendor is unknown; it is sent once."""
    platform.faults.replace([fault])
    with pytest.raises(kind):
        gateway.submit(batch())
    assert platform.vendor.store.requests["bulk_create"] <= 1


# --- polling --------------------------------------------------------------------------------------


def test_poll_tells_the_vendors_word_and_counts(gateway: PlatformGateway, platform: Vendor) -> None:
    """Cheap: one question; finished at the last word."""
    followed = taken(gateway, batch())
    seen = []
    for _ in range(3):
        progress = gateway.poll(followed)
        seen.append((progress.is_finished, progress.word, dict(progress.counts)))
        platform.vendor.clock.advance(1)
    counts = {"accepted": SIZE, "rejected": 0}
    assert seen == [(False, "pending", {}), (False, "processing", {}), (True, "completed", counts)]
    assert platform.vendor.store.requests == {"bulk_create": 1, "bulk_status": 3}


def test_poll_names_the_error_report_without_its_query(gateway: PlatformGateway, platform: Vendor) -> None:
    """The address of the vendor's errors, where it tells one."""
    platform.vendor.knobs.error_link = "string"
    followed = finished(gateway, platform, batch(entry(0, phone1="x")))
    assert followed.progress is not None
    assert followed.progress.error_report == f"/v3.0/leads/bulk/{followed.vendor_reference}/errors"


def test_poll_of_an_unknown_uuid_goes_on(gateway: PlatformGateway) -> None:
    """It may turn up yet, or the path is wrong: the deadline decides."""
    assert gateway.poll(batch(vendor_reference="gone")) == Progress(is_finished=False, word="not_found")


def test_poll_without_an_answer_raises(gateway: PlatformGateway, platform: Vendor) -> None:
    """No answer is no progress."""
    followed = taken(gateway, batch())
    platform.faults.replace([Fault(kind="status", match=STATUS, times=None)])
    with pytest.raises(UnavailableError):
        gateway.poll(followed)


def test_poll_does_not_sit_out_a_rate_limit(gateway: PlatformGateway, platform: Vendor) -> None:
    """429 is handed to whoever asks, with the wait: one request, and no waiting."""
    followed = taken(gateway, batch())
    platform.faults.replace([Fault(kind="status", status=429, retry_after="100", match=STATUS, times=None)])
    with pytest.raises(RateLimitedError) as raised:
        gateway.poll(followed)
    assert raised.value.retry_after == timedelta(seconds=100)
    assert platform.faults.fired_count == 1


def test_unknown_word_counts_as_finished_when_two_polls_are_alike(gateway: PlatformGateway, platform: Vendor) -> None:
    """The word is told; without a result it is running."""
    platform.vendor.knobs.bulk_script = ["wartend", "erledigt"]
    followed = looked_at(gateway, taken(gateway, batch()))
    again = looked_at(gateway, followed)
    platform.vendor.clock.advance(60)
    first = looked_at(gateway, again)
    second = looked_at(gateway, first)
    told = [(one.progress.is_finished, one.progress.word) for one in (followed, again, first, second) if one.progress]
    assert told == [(False, "wartend"), (False, "wartend"), (False, "erledigt"), (True, "erledigt")]
    receipt = gateway.collect(second)
    assert (summary(receipt.verdicts), receipt.detail) == (ALL, "the job ended as «erledigt» with 0 errors")


# --- collecting -----------------------------------------------------------------------------------


def test_clean_job_is_believed_without_a_look(gateway: PlatformGateway, platform: Vendor) -> None:
    """Counts that add up to every lead are every lead's verdict; only the list is looked at, once for all jobs."""
    followed = finished(gateway, platform, batch())
    for _ in range(2):
        receipt = gateway.collect(followed)
        assert (summary(receipt.verdicts), receipt.is_pending, receipt.detail) == (ALL, False, None)
    assert platform.vendor.store.requests == {"bulk_create": 1, "bulk_status": 3, "list_get": 1}


def test_lead_of_a_job_that_is_not_in_the_dialler_is_accepted_with_that_reason(
    gateway: PlatformGateway, platform: Vendor
) -> None:
    """As one that was sent alone; where the list was read before, that costs no request."""
    sleeping = Campaign("promo", "platform", {"list_id": SLEEPING_LIST})
    gateway.preflight(sleeping)
    receipt = gateway.collect(finished(gateway, platform, batch(campaign=sleeping)))
    told = Verdict(0, "accepted", "not_in_dialler", "stored, but not being dialled (inDialler is false)")
    assert list(receipt.verdicts) == [told._replace(position=position) for position in range(SIZE)]
    assert platform.vendor.store.requests["list_get"] == 1


def test_lead_that_is_found_in_a_list_that_sleeps_says_so(gateway: PlatformGateway, platform: Vendor) -> None:
    """Also after a lost answer; what is told of a lead besides, such as a second one, stays as it is."""
    platform.vendor.store.lists[LIST_ONE].in_dialler = False
    gateway.submit(batch())
    gateway.submit(batch(payload=orjson.dumps([entry(0)]), entry_count=1, positions=[0]))
    platform.vendor.clock.advance(60)
    asked = batch(sent_at=ago(3600))
    assert summary(gateway.reconcile(asked).verdicts) == [
        ("accepted", "several_at_vendor", 1), ("accepted", "not_in_dialler", SIZE - 1),
    ]  # fmt: skip


def test_list_that_does_not_show_tells_nothing_of_its_leads(gateway: PlatformGateway, platform: Vendor) -> None:
    """The job's own word stands; a list that cannot be read just now is asked about again."""
    followed = finished(gateway, platform, batch())
    one_list = Match(method="GET", path_contains=f"/lists/{LIST_ONE}")
    platform.faults.replace([Fault(kind="status", match=one_list, times=None)])
    with pytest.raises(UnavailableError):
        gateway.collect(followed)
    platform.faults.replace([Fault(kind="status", status=403, match=one_list, times=None)])
    assert summary(gateway.collect(followed).verdicts) == ALL


def test_clean_job_is_looked_up_for_ids_when_the_setting_says_always(gateways: Gateways, platform: Vendor) -> None:
    """With `always`, every verdict carries the vendor's id."""
    gateway = gateways(verify_by_lookup="always")
    receipt = gateway.collect(finished(gateway, platform, batch()))
    ids = [str(lead.lead_id) for lead in platform.vendor.store.leads.values()]
    assert [verdict.vendor_id for verdict in receipt.verdicts] == ids
    assert platform.vendor.store.requests["lead_list"] == SIZE


@pytest.mark.parametrize("collecting", ["collect", "reconcile"])
@pytest.mark.parametrize(
    "knobs",
    [{"bulk_counts": "all"}, {"bulk_counts": "all", "error_link": "string"}]
    + [{"bulk_counts": counts, "error_link": "null"} for counts in ("beside", "text", "twice")],
)
def test_counts_that_errors_contradict_are_not_believed(
    gateway: PlatformGateway, platform: Vendor, knobs: dict[str, Any], collecting: str
) -> None:
    """A good word, a count of every lead, and errors in whatever shape: they are read, and every lead is looked up."""
    platform.vendor.knobs.change({"bulk_word_mixed": "completed"} | knobs)
    followed = finished(gateway, platform, batch(entry(0), entry(1, phone1="x")))
    ask = getattr(gateway, collecting)
    receipt = ask(replace(followed, sent_at=ago(120)))
    assert summary(receipt.verdicts) == [("accepted", None, SIZE - 1), ("rejected", "refused_by_vendor", 1)]
    assert platform.vendor.store.requests["bulk_errors"] == 1
    assert platform.vendor.store.requests["lead_list"] == SIZE


def test_job_that_is_not_finished_stays_pending(gateway: PlatformGateway, platform: Vendor) -> None:
    """Collecting too early concludes nothing."""
    followed = taken(gateway, batch())
    assert gateway.collect(followed) == Receipt(reference=followed.vendor_reference, is_pending=True)
    gone = batch(vendor_reference="gone")
    assert gateway.collect(gone) == Receipt(reference="gone", is_pending=True)


@pytest.mark.parametrize("error_list", ["array", "object"])
@pytest.mark.parametrize("fields", [["row", "customerKey", "message"], ["customerKey"], ["phone1", "message"]])
@pytest.mark.parametrize("word", ["completed_with_errors", "completed", "partially done", "failed"])
def test_refused_rows_are_rejected_and_the_others_are_found(
    gateway: PlatformGateway, platform: Vendor, word: str, fields: list[str], error_list: Any
) -> None:
    """Whatever the word: leads named by key or number are refused in the vendor's words, the rest is looked up."""
    knobs = platform.vendor.knobs
    knobs.bulk_word_mixed, knobs.error_fields, knobs.error_list, knobs.error_page_size = word, fields, error_list, 1
    knobs.reject_phones = [phone(0), phone(1)]
    receipt = gateway.collect(finished(gateway, platform, batch()))
    assert summary(receipt.verdicts) == [("rejected", "refused_by_vendor", 2), ("accepted", None, SIZE - 2)]
    assert all(verdict.vendor_id for verdict in receipt.verdicts if verdict.outcome == "accepted")
    reason = "phone1 is not a valid number: <number>" if "message" in fields else "refused by the bulk job"
    assert {verdict.reason for verdict in receipt.verdicts} == {None, reason}


@pytest.mark.parametrize("row_base", [0, 1])
def test_row_alone_is_believed_only_when_the_lead_is_missing_twice(
    gateway: PlatformGateway, platform: Vendor, row_base: int
) -> None:
    """Where rows are counted from is unknown: who is stored is accepted; who is missing is asked about again."""
    knobs = platform.vendor.knobs
    knobs.error_fields, knobs.error_row_base = ["row", "message"], row_base
    followed = finished(gateway, platform, batch(entry(0), entry(1, phone1="x")))
    first = gateway.collect(followed)
    assert summary(first.verdicts) == [("accepted", None, SIZE - 1), ("unknown", "not_found_yet", 1)]
    second = gateway.reconcile(asked_later(followed, first))
    assert summary(second.verdicts) == [("rejected", "refused_by_vendor", 1)]
    assert [verdict.position for verdict in second.verdicts] == [1]


def test_rows_that_fail_inside_the_vendor_are_told_like_refused_ones(
    gateway: PlatformGateway, platform: Vendor
) -> None:
    """Whatever became of a row, its error names it."""
    platform.faults.replace([Fault(kind="entry_status", match=BULK, positions=[3])])
    receipt = gateway.collect(finished(gateway, platform, batch()))
    assert summary(receipt.verdicts) == [("accepted", None, SIZE - 1), ("rejected", "refused_by_vendor", 1)]


def test_missing_leads_are_the_refused_ones_when_their_number_agrees(
    gateway: PlatformGateway, platform: Vendor
) -> None:
    """Errors that name nobody: as many are missing as were refused, so these are they."""
    platform.vendor.knobs.error_fields = ["message"]
    followed = finished(gateway, platform, batch(entry(0, phone1="x"), entry(1, phone1="y")))
    first = gateway.collect(followed)
    second = gateway.reconcile(asked_later(followed, first))
    assert second.verdicts == [
        Verdict(position, "rejected", "refused_by_vendor", "phone1 is not a valid number: x") for position in (0, 1)
    ]


@pytest.mark.parametrize("fields", [["message"], ["row"]])
def test_failed_job_goes_on_in_halves_after_a_second_look(
    gateway: PlatformGateway, platform: Vendor, fields: list[str]
) -> None:
    """A job that failed as a whole: nothing is there, twice; no row is believed, and halves isolate the poison."""
    platform.vendor.knobs.bulk_is_atomic, platform.vendor.knobs.error_fields = True, fields
    followed = finished(gateway, platform, batch(entry(0, phone1="x")))
    first = gateway.collect(followed)
    assert summary(first.verdicts) == [("unknown", "not_found_yet", SIZE)]
    again = asked_later(followed, first)
    second = gateway.reconcile(again)
    assert summary(second.verdicts) == [("not_sent", "absent_at_vendor", 10), ("unknown", "not_found_yet", 10)]
    assert [verdict.position for verdict in second.verdicts if verdict.outcome == "not_sent"] == list(range(10))
    third = gateway.reconcile(replace(again, positions=range(10, SIZE)))
    assert summary(third.verdicts) == [("not_sent", "absent_at_vendor", 10)]
    assert held(platform) == 0


@pytest.mark.parametrize("row_base", [0, 1])
@pytest.mark.parametrize("fields", [["message"], ["row"]])
def test_failed_job_with_an_error_for_each_lead_refuses_each(
    gateway: PlatformGateway, platform: Vendor, fields: list[str], row_base: int
) -> None:
    """As many errors as leads, and none is there: all of them are refused, and nothing is tried again."""
    knobs = platform.vendor.knobs
    knobs.reject_phones, knobs.error_fields = [phone(number) for number in range(SIZE)], fields
    knobs.error_row_base = row_base
    followed = finished(gateway, platform, batch())
    second = gateway.reconcile(asked_later(followed, gateway.collect(followed)))
    assert summary(second.verdicts) == [("rejected", "refused_by_vendor", SIZE)]


def test_failed_job_that_names_its_poison_isolates_it(gateway: PlatformGateway, platform: Vendor) -> None:
    """The named lead is refused; the others, which were stored by nobody, go on."""
    platform.vendor.knobs.bulk_is_atomic = True
    followed = finished(gateway, platform, batch(entry(0, phone1="x")))
    first = gateway.collect(followed)
    assert summary(first.verdicts) == [("rejected", "refused_by_vendor", 1), ("unknown", "not_found_yet", SIZE - 1)]
    second = gateway.reconcile(asked_later(followed, first))
    assert summary(second.verdicts) == [("not_sent", "absent_at_vendor", SIZE - 1)]


def test_lead_that_the_index_shows_late_is_not_sent_again(gateway: PlatformGateway, platform: Vendor) -> None:
    """A failed job whose leads are stored all the same, and found only later: accepted at the second look."""
    knobs = platform.vendor.knobs
    knobs.index_lag_s, knobs.bulk_script, knobs.bulk_result = 30, ["processing", "failed"], "null"
    followed = finished(gateway, platform, batch())
    first = gateway.collect(followed)
    platform.vendor.clock.advance(30)
    second = gateway.reconcile(asked_later(followed, first))
    assert (summary(first.verdicts), summary(second.verdicts)) == ([("unknown", "not_found_yet", SIZE)], ALL)


def test_job_that_says_it_stored_what_is_not_there_is_left_to_a_person(gateways: Gateways, platform: Vendor) -> None:
    """A good word, and a lead that cannot be found: sending it again might store it twice."""
    gateway = gateways(verify_by_lookup="always")
    followed = finished(gateway, platform, batch())
    platform.vendor.store.delete_lead(next(iter(platform.vendor.store.leads)))
    first = gateway.collect(followed)
    second = gateway.reconcile(asked_later(followed, first))
    assert summary(first.verdicts) == [("unknown", "not_found_yet", 1), ("accepted", None, SIZE - 1)]
    text = "the job ended as «completed», but the list does not show this lead"
    assert second.verdicts == [Verdict(0, "unattributed", "not_found_after_job", text)]


@pytest.mark.parametrize("result", ["empty", "null"])
def test_good_word_without_counts_is_looked_up(gateway: PlatformGateway, platform: Vendor, result: Any) -> None:
    """A word alone is not success."""
    platform.vendor.knobs.bulk_result = result
    receipt = gateway.collect(finished(gateway, platform, batch()))
    assert summary(receipt.verdicts) == ALL
    assert platform.vendor.store.requests["lead_list"] == SIZE


def test_lead_that_is_stored_in_spite_of_its_error_is_accepted_and_told(
    gateway: PlatformGateway, platform: Vendor
) -> None:
    """An error about a lead that is there is a warning."""
    platform.vendor.knobs.reject_phones = [phone(0)]
    platform.vendor.store.add_lead(LIST_ONE, entry(0), 0.0)
    (first, *_) = gateway.collect(finished(gateway, platform, batch())).verdicts
    assert first[:4] == (0, "accepted", "stored_with_error", "phone1 is not a valid number: <number>")


def test_lead_that_is_there_twice_is_accepted_and_told(gateways: Gateways, platform: Vendor) -> None:
    """The vendor makes no customerKey unique."""
    gateway = gateways(verify_by_lookup="always")
    platform.vendor.store.add_lead(LIST_ONE, entry(0), 0.0)
    receipt = gateway.collect(finished(gateway, platform, batch()))
    assert summary(receipt.verdicts) == [("accepted", "several_at_vendor", 1), ("accepted", None, SIZE - 1)]


@pytest.mark.parametrize(
    ("knobs", "told"),
    [
        ({}, [("rejected", "refused_by_vendor", 1), ("unattributed", "not_named_by_job", SIZE - 1)]),
        ({"error_fields": ["row"]}, [("unattributed", "not_named_by_job", SIZE)]),
        ({"reject_phones": [], "bulk_result": "null"}, [("accepted", "job_completed", SIZE)]),
        ({"reject_phones": []}, ALL),
        (
            {"bulk_word_mixed": "completed", "bulk_counts": "text", "error_fields": ["row"]},
            [("unattributed", "not_named_by_job", SIZE)],
        ),
    ],
)
def test_setting_never_looks_nothing_up(
    gateways: Gateways, platform: Vendor, knobs: dict[str, Any], told: list[tuple[str, str | None, int]]
) -> None:
    """What the job does not say of a lead by name stays unattributed, and is never sent again."""
    platform.vendor.knobs.change({"reject_phones": [phone(0)]} | knobs)
    gateway = gateways(verify_by_lookup="never")
    receipt = gateway.collect(finished(gateway, platform, batch()))
    assert summary(receipt.verdicts) == told
    assert platform.vendor.store.requests["lead_list"] == 0


def test_failing_error_page_concludes_nothing_until_time_is_up(gateway: PlatformGateway, platform: Vendor) -> None:
    """Page 2 of the errors cannot be read: collect again later; when overdue, look-ups alone decide."""
    platform.vendor.knobs.error_page_size = 1
    followed = finished(gateway, platform, batch(entry(0, phone1="x"), entry(1, phone1="y")))
    platform.faults.replace([Fault(kind="status", match=ERRORS, skip=1, times=None)])
    with pytest.raises(UnavailableError):
        gateway.collect(followed)
    receipt = gateway.collect(replace(followed, is_overdue=True))
    assert summary(receipt.verdicts) == [("unknown", "not_found_yet", 2), ("accepted", None, SIZE - 2)]


def test_missing_error_list_leaves_it_to_look_ups(gateway: PlatformGateway, platform: Vendor) -> None:
    """404 for the errors, where the path is a guess: who is there is accepted."""
    followed = finished(gateway, platform, batch(entry(0, phone1="x")))
    platform.faults.replace([Fault(kind="status", status=404, match=ERRORS, times=None)])
    receipt = gateway.collect(followed)
    assert summary(receipt.verdicts) == [("unknown", "not_found_yet", 1), ("accepted", None, SIZE - 1)]
    second = gateway.reconcile(asked_later(followed, receipt))
    assert summary(second.verdicts) == [("rejected", "refused_by_vendor", 1)]


def test_failing_look_up_concludes_nothing(gateway: PlatformGateway, platform: Vendor) -> None:
    """Nobody is missing because nobody could look."""
    followed = finished(gateway, platform, batch(entry(0, phone1="x")))
    platform.faults.replace([Fault(kind="status", skip=5, times=None, match=Match(method="GET"))])
    with pytest.raises(UnavailableError):
        gateway.collect(followed)


def test_overdue_job_is_concluded_by_look_up(gateway: PlatformGateway, platform: Vendor) -> None:
    """Stuck in processing: what is there is accepted, the rest has no verdict and is never sent."""
    platform.vendor.knobs.bulk_stuck = True
    followed = finished(gateway, platform, batch())
    platform.vendor.store.add_lead(LIST_ONE, entry(3), 0.0)
    receipt = gateway.collect(replace(followed, is_overdue=True))
    assert (summary(receipt.verdicts), receipt.is_pending) == ([("accepted", None, 1)], False)
    assert receipt.detail == "the job was still «processing» when its time was over"


# --- asking about what was not seen ---------------------------------------------------------------


def test_lost_uuid_is_settled_by_customer_key(gateway: PlatformGateway, platform: Vendor) -> None:
    """The answer with the uuid was lost: once the job has run, every lead is found."""
    platform.faults.replace([Fault(kind="lost_after_commit", match=BULK)])
    with pytest.raises(OutcomeUnknownError):
        gateway.submit(batch())
    assert gateway.reconcile(batch(sent_at=ago(120))).verdicts == []
    platform.vendor.clock.advance(60)
    assert summary(gateway.reconcile(batch(sent_at=ago(120))).verdicts) == ALL
    assert set(platform.vendor.store.creations.values()) == {1}


@pytest.mark.parametrize(
    ("age_s", "changes", "told"),
    [
        (1700, {}, []), (1801, {}, [("not_sent", "absent_at_vendor", SIZE)]), (120, {"bulk_settle_s": 60},
        [("not_sent", "absent_at_vendor", SIZE)]), (30, {"bulk_settle_s": 60}, []), (700, {"bulk_deadline_s": 600},
        [("not_sent", "absent_at_vendor", SIZE)]),
    ],
)  # fmt: skip
def test_lost_uuid_is_absent_only_after_a_job_must_have_ended(
    gateways: Gateways, platform: Vendor, age_s: float, changes: dict[str, Any], told: list[Any]
) -> None:
    """A job whose uuid was lost may still be running: until then nothing is concluded."""
    assert summary(gateways(**changes).reconcile(batch(sent_at=ago(age_s))).verdicts) == told


def test_partly_stored_lost_job_is_told_apart(gateway: PlatformGateway, platform: Vendor) -> None:
    """Some are there: they are accepted at once, the others wait."""
    for number in range(5):
        platform.vendor.store.add_lead(LIST_ONE, entry(number), 0.0)
    early = gateway.reconcile(batch(sent_at=ago(60)))
    late = gateway.reconcile(batch(sent_at=ago(3600)))
    assert summary(early.verdicts) == [("accepted", None, 5)]
    assert summary(late.verdicts) == [("accepted", None, 5), ("not_sent", "absent_at_vendor", SIZE - 5)]


HIDDEN = pytest.mark.parametrize("status", ["404", "403"])


@HIDDEN
def test_nothing_is_absent_from_a_list_that_does_not_show(
    gateway: PlatformGateway, platform: Vendor, status: Any
) -> None:
    """The account lost its rights for an hour: empty look-ups say nothing, and nothing is sent again."""
    platform.faults.replace([Fault(kind="lost_after_commit", match=BULK)])
    with pytest.raises(OutcomeUnknownError):
        gateway.submit(batch())
    platform.vendor.clock.advance(60)
    platform.vendor.knobs.hidden_lists, platform.vendor.knobs.hidden_status = [LIST_ONE], status
    blind = gateway.reconcile(batch(sent_at=ago(3600)))
    assert summary(blind.verdicts) == [("unknown", "list_not_shown", SIZE)]
    assert str(blind.verdicts[0].reason).startswith(
        f"campaigns.promo.target.list_id: platform has no list {LIST_ONE} that this account may see: "
    )
    platform.vendor.knobs.hidden_lists = []
    assert summary(gateway.reconcile(batch(sent_at=ago(3600))).verdicts) == ALL


@HIDDEN
def test_failed_job_sends_nobody_again_whose_list_does_not_show(
    gateway: PlatformGateway, platform: Vendor, status: Any
) -> None:
    """A job that failed when it had stored its leads: the second look sees no list, so it proves nothing."""
    platform.vendor.knobs.change({"bulk_script": ["processing", "failed"], "bulk_result": "null"})
    followed = finished(gateway, platform, batch())
    platform.vendor.knobs.hidden_lists, platform.vendor.knobs.hidden_status = [LIST_ONE], status
    blind = gateway.reconcile(replace(followed, sent_at=ago(120)))
    assert summary(blind.verdicts) == [("unknown", "list_not_shown", SIZE)]
    platform.vendor.knobs.hidden_lists = []
    assert summary(gateway.reconcile(replace(followed, sent_at=ago(120))).verdicts) == ALL


def test_absence_waits_for_a_word_on_the_list(gateway: PlatformGateway, platform: Vendor) -> None:
    """The list is asked for once, after the look-ups; where that is not answered, nothing is concluded."""
    platform.faults.replace([Fault(kind="status", match=Match(path_contains="/lists/"), times=None)])
    with pytest.raises(UnavailableError):
        gateway.reconcile(batch(sent_at=ago(3600)))
    platform.faults.clear()
    platform.vendor.store.requests.clear()
    assert summary(gateway.reconcile(batch(sent_at=ago(3600))).verdicts) == [("not_sent", "absent_at_vendor", SIZE)]
    assert platform.vendor.store.requests == {"lead_list": SIZE, "list_get": 1}


def test_known_uuid_is_followed_while_the_job_runs(gateway: PlatformGateway, platform: Vendor) -> None:
    """The vendor has it and is working: the engine goes on polling."""
    followed = taken(gateway, batch())
    assert gateway.reconcile(followed) == Receipt(reference=followed.vendor_reference, is_pending=True)


def test_known_uuid_of_a_clean_job_is_settled(gateway: PlatformGateway, platform: Vendor) -> None:
    """Finished, and the counts add up."""
    followed = finished(gateway, platform, batch())
    assert summary(gateway.reconcile(replace(followed, progress=None)).verdicts) == ALL


def test_finished_job_that_nobody_looked_at_is_followed_first(gateway: PlatformGateway, platform: Vendor) -> None:
    """A first look never sends again: the engine polls and collects, and asks once more."""
    platform.vendor.knobs.bulk_is_atomic = True
    followed = replace(finished(gateway, platform, batch(entry(0, phone1="x"))), progress=None)
    for asked in (followed, replace(followed, sent_at=ago(120))):
        assert gateway.reconcile(asked) == Receipt(reference=followed.vendor_reference, is_pending=True)
    assert summary(gateway.reconcile(replace(followed, sent_at=ago(1801))).verdicts) == [
        ("rejected", "refused_by_vendor", 1), ("not_sent", "absent_at_vendor", SIZE - 1),
    ]  # fmt: skip


def test_stuck_job_is_left_to_a_person_after_a_day(gateway: PlatformGateway, platform: Vendor) -> None:
    """A job that never ends may end yet: its leads are never sent again."""
    platform.vendor.knobs.bulk_stuck = True
    followed = finished(gateway, platform, batch())
    waiting = gateway.reconcile(replace(followed, sent_at=ago(3600)))
    assert waiting == Receipt(reference=followed.vendor_reference)
    platform.vendor.store.add_lead(LIST_ONE, entry(0), 0.0)
    over = gateway.reconcile(replace(followed, sent_at=ago(90_000)))
    assert summary(over.verdicts) == [("accepted", None, 1), ("unattributed", "job_never_finished", SIZE - 1)]


def test_forgotten_uuid_is_settled_by_customer_key(gateway: PlatformGateway, platform: Vendor) -> None:
    """The vendor knows the job no more: the leads tell, now or when it is overdue."""
    platform.vendor.knobs.bulk_retention_s = 60
    followed = finished(gateway, platform, batch(entry(0, phone1="x")))
    overdue = gateway.collect(replace(followed, is_overdue=True))
    assert summary(overdue.verdicts) == [("accepted", None, SIZE - 1)]
    assert overdue.detail == "the job was still «not_found» when its time was over"
    late = gateway.reconcile(asked_later(followed, overdue, after_s=1801))
    assert late.verdicts == [Verdict(0, "not_sent", "absent_at_vendor")]
