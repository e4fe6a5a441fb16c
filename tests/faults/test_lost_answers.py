"""Answers that get lost, late, cut or garbled on their way: no lead is lost with them, and none is sent twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from pipelines.morning import report
from sandbox.faults import Fault
from tests.factories import CAMPAIGN, DAY, leads
from tests.faults.running import (
    ASKING,
    NOT_YET,
    SENDING,
    Journal,
    Make,
    Vendor,
    assert_balanced,
    end_settle_time,
    load,
    load_in_full,
    once,
)
from tests.reading import query, states

COUNT = 60
QUICK = {"batch_size": 20, "read_timeout_s": 0.4}

# Each as the fault of two of three requests; `stored` is how many of the 60 leads the vendor has at the end of them.
UNSEEN = {
    "lost_after_commit": ({"kind": "lost_after_commit"}, 60),
    "reset_before_body": ({"kind": "reset_before_body"}, 20),
    "reset_before_processing": ({"kind": "reset_before_processing"}, 20),
    "stall_after_commit": ({"kind": "stall_after_commit"}, 60),
    "stall_before_commit": ({"kind": "stall_before_commit"}, 20),
    "truncated": ({"kind": "truncated", "bytes": 40}, 60),
    "truncated_at_once": ({"kind": "truncated", "bytes": 0}, 60),
    "html_200": ({"kind": "html_200"}, 60),
    "html_502": ({"kind": "html", "commit": False}, 20),
    "html_502_committed": ({"kind": "html", "commit": True}, 60),
    "status_503": ({"kind": "status", "commit": False}, 20),
    "status_503_committed": ({"kind": "status", "commit": True}, 60),
    "status_408": ({"kind": "status", "status": 408, "commit": True}, 60),
    "short_response": ({"kind": "short_response", "count": 3}, 60),
    "empty_response": ({"kind": "short_response", "count": 20}, 60),
}  # fmt: skip

KINDS = pytest.mark.parametrize("kind", UNSEEN)


def spoil(sinch: Vendor, kind: str, *, times: int | None = 2) -> None:
    """So many requests meet the fault. A resend would be stored, and seen as a second creation."""
    sinch.vendor.knobs.unique_external_id = False
    sinch.faults.add(Fault(match=SENDING, times=times, **UNSEEN[kind][0]))


@KINDS
def test_lost_answers_heal_by_themselves(kind: str, installations: Make, sinch: Vendor) -> None:
    """Whatever happens to answers, at most three runs accept every lead, and the vendor has each once."""
    installation = installations(rows=leads(COUNT), sinch=QUICK)
    spoil(sinch, kind)
    load_in_full(installation, COUNT)
    assert sinch.faults.fired_count == 2
    assert sinch.vendor.store.creations == once(COUNT)
    assert_balanced(installation)


@KINDS
def test_unseen_outcomes_are_unknown_and_wait_for_their_time(kind: str, installations: Make, sinch: Vendor) -> None:
    """An outcome that was not seen is no verdict, and inside its settle time nothing is sent or asked."""
    installation = installations(rows=leads(COUNT), sinch={**QUICK, "settle_s": NOT_YET})
    spoil(sinch, kind)
    load(installation)
    assert states(installation) == {"accepted": 20, "unknown": 40}
    assert len(sinch.vendor.store.creations) == UNSEEN[kind][1]
    assert_balanced(installation)
    sinch.vendor.store.requests.clear()
    load(installation)
    assert sinch.vendor.store.requests == {"read_campaign": 1}
    assert states(installation) == {"accepted": 20, "unknown": 40}


@KINDS
def test_unknown_imports_are_asked_about_before_anything_is_sent_again(
    kind: str, installations: Make, sinch: Vendor
) -> None:
    """After the settle time the vendor is asked about each lead, and sent only what it has not."""
    installation = installations(rows=leads(20), sinch={**QUICK, "settle_s": NOT_YET})
    spoil(sinch, kind, times=1)
    load(installation)
    is_stored = bool(sinch.vendor.store.creations)
    end_settle_time(installation)
    journal = sinch.vendor.store.requests = Journal()
    load(installation)
    sent_again = [] if is_stored else ["read_campaign", "create_customers"]
    assert journal.order == [*["list_customers"] * 20, *sent_again]
    assert states(installation) == {"accepted": 20}
    assert sinch.vendor.store.creations == once(20)


def test_failed_entries_are_unknown_alone(installations: Make, sinch: Vendor) -> None:
    """An entry that the vendor failed on inside a good answer is unknown; its neighbours are accepted."""
    sinch.vendor.knobs.unique_external_id = False
    installation = installations(rows=leads(20), sinch={**QUICK, "settle_s": NOT_YET})
    sinch.faults.add(Fault(kind="entry_status", match=SENDING, positions=[0, 7]))
    load(installation)
    assert states(installation) == {"accepted": 18, "unknown": 2}
    reasons = query(
        installation, "SELECT lead_id, reason_code FROM reporting.lead_outcome WHERE state = 'unknown' ORDER BY 1"
    )
    assert reasons == [("L1", "entry_error"), ("L8", "entry_error")]
    end_settle_time(installation)
    load(installation)
    assert states(installation) == {"accepted": 20}
    assert sinch.vendor.store.creations == once(20)


def test_fields_that_no_document_names_change_nothing(installations: Make, sinch: Vendor) -> None:
    """An answer that gained fields is read as if it had not."""
    installation = installations(rows=leads(COUNT), sinch=QUICK)
    sinch.faults.add(Fault(kind="extra_fields", times=None))
    assert load(installation).problems == []
    assert states(installation) == {"accepted": COUNT}
    assert sinch.vendor.store.creations == once(COUNT)


def seconds() -> str:
    return "1"


def http_date() -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=1), usegmt=True)


def past_date() -> str:
    return format_datetime(datetime(2020, 1, 1, tzinfo=UTC), usegmt=True)


@pytest.mark.parametrize("retry_after", [seconds, http_date, past_date, lambda: "soon", lambda: None])
def test_rate_limited_batches_are_sent_later_in_the_same_run(
    retry_after: Any, installations: Make, sinch: Vendor
) -> None:
    """A refusal for now is waited out as long as the vendor asks, in whatever form it asks, and is no unknown."""
    sinch.vendor.knobs.unique_external_id = False
    installation = installations(rows=leads(COUNT), sinch=QUICK)
    sinch.faults.add(Fault(kind="status", status=429, retry_after=retry_after(), match=SENDING, times=2))
    assert load(installation).problems == []
    assert states(installation) == {"accepted": COUNT}
    assert dict(sinch.vendor.store.requests) == {"read_campaign": 1, "create_customers": 3}
    assert sinch.vendor.store.creations == once(COUNT)


def test_rate_limit_that_does_not_end_leaves_everything_planned(installations: Make, sinch: Vendor) -> None:
    """A vendor that refuses for now for too long ends the run with a reason; the next run loads it all."""
    sinch.vendor.knobs.unique_external_id = False
    installation = installations(rows=leads(COUNT), sinch=QUICK)
    sinch.faults.add(Fault(kind="status", status=429, match=SENDING, times=None))
    [problem] = load(installation).problems
    assert "HTTP 429" in problem
    assert "gave up after 3 tries" in problem
    assert states(installation) == {"planned": COUNT}
    assert sinch.vendor.store.creations == {}
    sinch.faults.clear()
    load_in_full(installation, COUNT, runs=1)
    assert sinch.vendor.store.creations == once(COUNT)


@pytest.mark.parametrize("kind", ["status_503", "html_502", "reset_before_processing", "reset_before_body"])
def test_vendor_that_fails_every_request_ends_the_run(kind: str, installations: Make, sinch: Vendor) -> None:
    """A vendor that answers no write at all is not tried for ever: the run ends and says that leads are open."""
    installation = installations(rows=leads(20), sinch=QUICK)
    spoil(sinch, kind, times=None)
    load(installation, within_s=8)
    open_count = sum(count for state, count in states(installation).items() if state in ("planned", "unknown"))
    assert open_count == 20
    assert sinch.faults.fired_count <= 10
    sinch.faults.clear()
    load_in_full(installation, 20)
    assert sinch.vendor.store.creations == once(20)


@pytest.mark.parametrize("status", [200, 500, 503])
def test_entry_that_is_never_stored_ends_the_run(status: int, installations: Make, sinch: Vendor) -> None:
    """A vendor that takes every entry and stores none is not tried for ever."""
    installation = installations(rows=leads(5), sinch=QUICK)
    sinch.faults.add(Fault(kind="entry_status", status=status, positions=[4, 3, 2, 1, 0], match=SENDING, times=None))
    load(installation, within_s=8)
    assert sinch.faults.fired_count <= 10
    assert sinch.vendor.store.creations == {}


def test_questions_that_fail_leave_the_import_unknown(installations: Make, sinch: Vendor) -> None:
    """A vendor that cannot be asked is not sent anything: the import stays unknown until an answer comes."""
    sinch.vendor.knobs.unique_external_id = False
    installation = installations(rows=leads(20), sinch={**QUICK, "settle_s": NOT_YET})
    sinch.faults.add(Fault(kind="lost_after_commit", match=SENDING))
    load(installation)
    sinch.faults.replace([Fault(kind="status", status=503, match=ASKING, skip=5, times=None)])
    end_settle_time(installation)
    sinch.vendor.store.requests.clear()
    load(installation)
    assert sinch.vendor.store.requests["create_customers"] == 0
    assert states(installation) == {"unknown": 20}
    sinch.faults.clear()
    end_settle_time(installation)
    load_in_full(installation, 20, runs=1)
    assert sinch.vendor.store.creations == once(20)


def test_vendor_that_answers_nothing_leaves_the_rest_planned(installations: Make, sinch: Vendor) -> None:
    """A vendor that is down all night does not turn every lead into a question: the run ends early, with a reason."""
    installation = installations(rows=leads(400), sinch={**QUICK, "batch_size": 10, "settle_s": NOT_YET})
    sinch.faults.add(Fault(kind="status", status=503, match=SENDING, times=None))
    problem = "sinch: no outcome was seen of 10 batches in a row; of the last: sinch create_customers: HTTP 503"
    assert load(installation).problems == [f"{DAY}: {problem}"]
    found = states(installation)
    assert found["planned"] + found["unknown"] == 400
    # Ten batches; at most nine, the four that two connections hold, and four more of the turn that sees the tenth.
    assert 100 <= found["unknown"] <= 170
    waiting = "SELECT DISTINCT reason_code, reason FROM reporting.lead_outcome WHERE state = 'planned'"
    assert query(installation, waiting) == [("load_ended_early", problem)]
    told = report(installation, [DAY])
    assert told.problems[0] == f"{CAMPAIGN} on {DAY} was stopped: {problem}"
    waiting_imports = [
        (row.import_count, row.lead_count, row.detail) for row in told.open_imports if row.state == "planned"
    ]
    assert waiting_imports == [(found["planned"] // 10, found["planned"], problem)]

    sinch.faults.clear()
    end_settle_time(installation)
    load_in_full(installation, 400)
    assert sinch.vendor.store.creations == once(400)
    assert report(installation, [DAY]).problems == []
