"""Vendors that tell later what became of an import: late, never, in riddles, or not at all."""

from __future__ import annotations

import time
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from pipelines import morning
from pipelines.store import utc_now
from sandbox.faults import Match
from sandbox.platform.seeds import SLEEPING_LIST
from tests.factories import DAY, phone
from tests.faults import vendors
from tests.faults.running import bounded
from tests.faults.vendors import LATER, MakeSite, Site, always
from tests.reading import query

sites = vendors.sites

HOUR = 3600
CREATE = {"sobot": "outbound_task_import_data", "platform": "bulk_create"}
POLL = {"sobot": "batch_import_result_query", "platform": "bulk_status"}
ERRORS = Match(method="GET", path_contains="/errors")
LOOK_UPS = Match(method="GET", path_contains="/leads")
REPORT = Match(method="GET", path_contains="/costExport/")

QUESTION_FAULTS: dict[str, dict[str, Any]] = {
    "lost": {"kind": "lost_after_commit"},
    "truncated": {"kind": "truncated", "bytes": 12},
    "html_200": {"kind": "html_200"},
    "html_502": {"kind": "html"},
    "slow": {"kind": "stall_after_commit", "seconds": 5},
    "status_503": {"kind": "status"},
    "status_429": {"kind": "status", "status": 429},
    "status_401": {"kind": "status", "status": 401},
    "status_404": {"kind": "status", "status": 404},
}


def digits(number: int) -> str:
    return phone(number).lstrip("+")


def hide(site: Site) -> None:
    """The vendor keeps to itself how far it is."""
    name = "result_hidden" if site.way.vendor == "sobot" else "bulk_stuck"
    setattr(site.vendor.knobs, name, True)


def show(site: Site) -> None:
    """The vendor tells again."""
    name = "result_hidden" if site.way.vendor == "sobot" else "bulk_stuck"
    setattr(site.vendor.knobs, name, False)


@LATER
@pytest.mark.parametrize("fault", always(QUESTION_FAULTS, "html_200", "status_401"))
def test_spoilt_questions_heal(way: str, fault: str, sites: MakeSite) -> None:
    """Whatever becomes of the answers to polls and collections, every lead is accepted, and nothing is sent again."""
    site = sites(way, settings={"read_timeout_s": 0.2})
    site.load()
    assert site.states() == {"submitted": 45}
    site.spoil(**QUESTION_FAULTS[fault], match=site.way.asking, times=5)
    site.follow(ticks=4)
    site.assert_balanced()
    assert site.server.faults.fired_count >= 4
    site.server.faults.clear()
    site.follow()
    site.assert_accepted_once()
    assert site.requests[CREATE[way]] == 3


@pytest.mark.parametrize("fault", always(QUESTION_FAULTS, "status_503"))
def test_spoilt_look_ups_heal(fault: str, sites: MakeSite) -> None:
    """A lead that cannot be looked up is neither accepted nor sent again before it was."""
    site = sites("platform", settings={"read_timeout_s": 0.2})
    site.spoil("lost_after_commit", times=3)
    site.load()
    site.spoil(**QUESTION_FAULTS[fault], match=LOOK_UPS, times=7)
    site.follow(ticks=4)
    site.assert_balanced()
    site.server.faults.clear()
    site.finish()
    site.assert_accepted_once()
    assert site.requests["bulk_create"] == 3


@LATER
def test_result_that_never_appears_is_unknown_and_never_sent_again(way: str, sites: MakeSite) -> None:
    """After its deadline an import is unknown; it is asked about on and on, sent never, and settles when it is told."""
    site = sites(way)
    hide(site)
    site.load()
    site.follow(ticks=5)
    assert site.states() == {"submitted": 45}
    site.advance(HOUR)
    site.follow(ticks=5)
    assert site.states() == {"unknown": 45}
    site.load()
    for _ in range(3):
        site.advance(6 * HOUR)
        site.load()
        site.tick()
    assert site.states() == {"unknown": 45}
    assert site.requests[CREATE[way]] == 3
    show(site)
    site.advance(6 * HOUR)
    site.follow()
    site.assert_accepted_once()
    assert site.requests[CREATE[way]] == 3


@LATER
def test_results_that_never_can_be_read_come_to_an_end(way: str, sites: MakeSite) -> None:
    """Answers that nobody understands are asked for until late word is over; then a person is told, once, and why."""
    site = sites(way)
    site.load()
    site.spoil("html_200", site.way.asking, times=None)
    site.advance(HOUR)
    site.follow(ticks=3)
    assert site.states() == {"unknown": 45}
    for _ in range(5):
        site.advance(6 * HOUR)
        site.tick()
    assert site.open_imports() == []
    assert Counter(site.reasons().values()) == {("unattributed", "result_unreadable"): 45}
    details = [detail for (detail,) in site.imports("detail")]
    told = f"the vendor's results could not be read: {way} {POLL[way]}: the body is not JSON"
    assert details == [told] * 3
    site.assert_balanced()
    site.server.faults.clear()
    site.advance(6 * HOUR)
    site.tick()
    site.load()
    assert site.states() == {"unattributed": 45}
    assert site.requests[CREATE[way]] == 3


@LATER
def test_results_that_can_be_read_again_are_read(way: str, sites: MakeSite) -> None:
    """While late word is heard, an import whose answers were not understood settles as soon as they are."""
    site = sites(way)
    site.load()
    site.spoil("html_200", site.way.asking, times=None)
    site.advance(HOUR)
    site.follow(ticks=3)
    site.server.faults.clear()
    site.advance(6 * HOUR)
    site.follow()
    site.assert_accepted_once()
    assert site.requests[CREATE[way]] == 3


def test_job_that_never_ends_is_left_to_a_person(sites: MakeSite) -> None:
    """A job that runs on for more than a day is unattributed with its word, and its leads are never sent again."""
    site = sites("platform", count=20)
    hide(site)
    site.load()
    site.advance(HOUR)
    site.follow(ticks=2)
    assert site.states() == {"unknown": 20}
    site.advance(25 * HOUR)
    site.follow(ticks=3)
    assert site.open_imports() == []
    assert Counter(site.reasons().values()) == {("unattributed", "job_never_finished"): 20}
    site.load()
    assert site.requests["bulk_create"] == 1
    site.assert_balanced()


def test_counts_that_never_add_up_are_unattributed_until_the_vendor_says_more(sites: MakeSite) -> None:
    """Leads that no count speaks of are `unaccounted` when time is up, and accepted if the vendor counts them late."""
    site = sites("sobot", count=20)
    site.vendor.knobs.count_shortfall = 5
    site.load()
    site.follow(ticks=10)
    assert site.states() == {"submitted": 20}
    site.advance(HOUR)
    site.follow(ticks=3)
    assert Counter(site.reasons().values()) == {("unattributed", "unaccounted"): 20}
    site.assert_balanced()
    [(state, unattributed, detail)] = site.imports("state", "unattributed_count", "detail")
    assert (state, unattributed) == ("settled", 20)
    assert detail.startswith("5 of 20 leads are in none of sobot's counts")

    site.load()
    assert site.requests[CREATE["sobot"]] == 1
    site.vendor.knobs.count_shortfall = 0
    site.advance(HOUR)
    site.follow(ticks=3)
    site.assert_accepted_once()
    assert site.requests[CREATE["sobot"]] == 1
    [(reopened,)] = query(site.installation, "SELECT count(*) FROM ledger.events WHERE event = 'told_late'")
    assert reopened == 1


def test_late_word_that_says_nothing_new_reopens_nothing(sites: MakeSite) -> None:
    """An import that is settled for now is asked about rarely, and stays settled while the counts stay the same."""
    site = sites("sobot", count=20)
    site.vendor.knobs.count_shortfall = 5
    site.load()
    site.advance(HOUR)
    site.follow(ticks=3)
    before = site.requests[POLL["sobot"]]
    for _ in range(8):
        site.advance(2 * HOUR)
        site.tick()
    assert Counter(site.reasons().values()) == {("unattributed", "unaccounted"): 20}
    assert query(site.installation, "SELECT count(*) FROM ledger.events WHERE event = 'told_late'") == [(0,)]
    assert 1 <= site.requests[POLL["sobot"]] - before <= 8


@pytest.mark.parametrize(
    "script",
    [
        ["pending", "processing", "wibbled"],
        ["wobbling", "wubbling", "completed"],
        pytest.param(["", "processing", "Completed"], marks=pytest.mark.exhaustive),
        pytest.param(["pending", "In-Progress", "DONE"], marks=pytest.mark.exhaustive),
    ],
)
@pytest.mark.parametrize("result", always(["counts", "empty", "null"], "empty"))
def test_words_and_results_that_no_document_names_lose_nothing(script: list[str], result: str, sites: MakeSite) -> None:
    """A job whose words or counts say nothing is looked up: what is there is accepted, and nothing is sent again."""
    site = sites("platform", count=20)
    site.vendor.knobs.bulk_script, site.vendor.knobs.bulk_result = script, result
    site.load()
    site.follow()
    site.assert_accepted_once()
    assert site.requests["bulk_create"] == 1


@pytest.mark.parametrize("error_list", always(["array", "object"], "object"))
def test_errors_that_fail_on_page_two_are_read_again(error_list: str, sites: MakeSite) -> None:
    """Nothing is concluded from the first page of the errors: verdicts come when all of them were read."""
    site = sites("platform", count=40)
    knobs = site.vendor.knobs
    knobs.reject_phones, knobs.error_page_size, knobs.error_list = [phone(n) for n in range(1, 9)], 3, error_list
    site.load()
    site.spoil("status", ERRORS, skip=1, times=3)
    site.follow(ticks=1)
    assert site.server.faults.fired_count == 3
    assert site.states()["submitted"] >= 20
    site.follow()
    assert site.states() == {"accepted": 32, "rejected": 8}
    site.assert_held(range(9, 41))
    assert {lead for lead, (state, _) in site.reasons().items() if state == "rejected"} == {
        f"L{number}" for number in range(1, 9)
    }


@pytest.mark.parametrize("report", always(["missing", "corrupt", "html", "odd_columns"], "missing", "odd_columns"))
def test_report_that_cannot_be_read_leaves_its_batch_unattributed(report: str, sites: MakeSite) -> None:
    """Counts without names convict nobody: the batch with the errors is unattributed, the others are accepted."""
    site = sites("sobot")
    site.vendor.knobs.report, site.vendor.knobs.reject_numbers = report, [digits(number) for number in (1, 2, 3)]
    site.load()
    site.follow()
    assert site.open_imports() == []
    assert Counter(site.reasons().values()) == {
        ("accepted", None): 25,
        ("unattributed", "accepted_or_rejected"): 20,
    }
    site.assert_held(range(4, 46))
    assert all(detail is None or "error report" in detail for (detail,) in site.imports("detail"))
    site.load()
    assert site.requests[CREATE["sobot"]] == 3


@pytest.mark.parametrize("fault", always(["lost", "truncated", "html_502", "slow", "status_503", "status_429"], "slow"))
def test_report_whose_host_is_down_is_read_later(fault: str, sites: MakeSite) -> None:
    """While the report may still be had, nothing is concluded without it."""
    site = sites("sobot", settings={"read_timeout_s": 0.2})
    site.vendor.knobs.reject_numbers = [digits(number) for number in (1, 2, 3)]
    site.load()
    site.spoil(**QUESTION_FAULTS[fault], match=REPORT, times=4)
    site.follow()
    assert site.server.faults.fired_count == 4
    assert site.states() == {"accepted": 42, "rejected": 3}
    site.assert_held(range(4, 46))


def test_import_is_asked_about_no_sooner_than_the_vendor_says(sites: MakeSite) -> None:
    """A poll that is answered with 429 waits as long as it is told, in the ledger and not in the sensor's tick."""
    site = sites("sobot", count=20)
    site.load()
    site.advance(10)
    site.spoil("status", site.way.asking, status=429, retry_after="100", times=None)
    started = time.monotonic()
    polled = morning.poll_results(site.installation, limit=50, budget_s=10)
    assert time.monotonic() - started < 10
    assert (polled["sobot"].asked, polled["sobot"].failed) == (1, 1)
    assert site.server.faults.fired_count == 1
    [(is_in_time,)] = query(
        site.installation,
        "SELECT due_at BETWEEN now() + interval '90 s' AND now() + interval '101 s' FROM ledger.imports",
    )
    assert is_in_time
    site.server.faults.clear()
    site.requests.clear()
    site.advance(80)
    site.tick()
    assert site.requests[POLL["sobot"]] == 0
    site.advance(25)
    site.tick()
    site.assert_accepted_once()


def test_platform_is_asked_no_sooner_than_it_says(sites: MakeSite) -> None:
    """The same for the Platform: the tick ends at once, and the import is due when the vendor said."""
    site = sites("platform", count=20)
    site.load()
    site.advance(10)
    site.spoil("status", site.way.asking, status=429, retry_after="100", times=None)
    started = time.monotonic()
    morning.poll_results(site.installation, limit=50, budget_s=10)
    assert time.monotonic() - started < 10
    site.server.faults.clear()
    site.requests.clear()
    site.advance(80)
    site.tick()
    assert site.requests == {}
    site.advance(30)
    site.follow()
    site.assert_accepted_once()


@LATER
def test_ticks_before_an_import_is_due_ask_nobody(way: str, sites: MakeSite) -> None:
    """However often the sensor ticks, an import is asked about at its due times alone."""
    site = sites(way)
    hide(site)
    site.load()
    site.requests.clear()
    for _ in range(5):
        site.tick()
    assert site.requests == {}
    site.advance(HOUR / 6)
    for _ in range(5):
        site.tick()
    assert site.requests[POLL[way]] == 3


@LATER
def test_import_that_takes_half_an_hour_is_asked_about_ever_more_rarely(way: str, sites: MakeSite) -> None:
    """Polls back off: half an hour of ticks every ten seconds costs an import some dozens of requests."""
    site = sites(way, count=20)
    hide(site)
    site.load()
    site.requests.clear()
    for _ in range(85):
        site.advance(20)
        morning.poll_results(site.installation, limit=50, budget_s=10)
    assert 10 <= site.requests[POLL[way]] <= 60
    assert site.states() == {"submitted": 20}


@LATER
def test_repeated_tick_and_repeated_run_change_nothing(way: str, sites: MakeSite) -> None:
    """A sensor that asks for the same run twice, or a run that is executed twice, reads nothing twice."""
    site = sites(way)
    site.load()
    site.advance()
    first = morning.poll_results(site.installation, limit=50, budget_s=10)
    assert first[way].finished == 3
    assert morning.poll_results(site.installation, limit=50, budget_s=10) == {}
    due = morning.due_results(site.installation, limit=20)
    assert morning.due_results(site.installation, limit=20) == due
    morning.collect(site.installation, DAY)
    site.assert_accepted_once()
    before = query(site.installation, "SELECT * FROM ledger.imports ORDER BY import_id"), dict(site.requests)
    morning.collect(site.installation, DAY)
    site.tick()
    assert (query(site.installation, "SELECT * FROM ledger.imports ORDER BY import_id"), dict(site.requests)) == before


def test_every_poll_has_a_key_of_its_own_and_every_import_one_for_good(sites: MakeSite) -> None:
    """A vendor that replays the answers to known keys still tells the news, and takes each import once."""
    site = sites("sobot")
    site.vendor.knobs.replay_reads = True
    site.spoil("lost_after_commit", times=2)
    site.spoil("reset_before_processing", skip=2, times=2)
    site.load()
    site.finish()
    site.assert_accepted_once()
    keys = site.vendor.store.idempotency_keys
    polls = [key for operation, key in keys if operation == POLL["sobot"]]
    imports = {key for operation, key in keys if operation == CREATE["sobot"]}
    assert len(polls) == len(set(polls)) >= 6
    assert len(imports) == 3
    assert imports.isdisjoint(polls)


@pytest.mark.parametrize("repeated_code", always(["append", "refuse", "ignore"], "refuse"))
@pytest.mark.parametrize("kind", always(["reset_before_processing", "lost_after_commit"], "lost_after_commit"))
def test_vendor_without_idempotency_gets_no_lead_twice(kind: str, repeated_code: str, sites: MakeSite) -> None:
    """The import's code is the anchor where the vendor does not look at keys."""
    site = sites("sobot")
    site.vendor.knobs.idempotency, site.vendor.knobs.repeated_code = "ignore", repeated_code
    site.spoil(kind, times=2)
    site.load()
    site.finish()
    site.assert_accepted_once()


def test_import_that_is_sent_again_keeps_its_key(sites: MakeSite) -> None:
    """A vendor that shows an import later than we wait for it gets it again under the same code and key: once."""
    site = sites("sobot", count=20, settings={"remove_duplicates_rule": "NonRemoveDuplicates"})
    site.vendor.knobs.delay_visible_s, site.vendor.knobs.delay_final_s = 400, 500
    site.spoil("lost_after_commit")
    site.load()
    [(key,)] = query(site.installation, "SELECT import_key FROM ledger.imports")
    assert site.follow() == {"accepted": 20}
    site.assert_accepted_once()
    assert query(site.installation, "SELECT import_key FROM ledger.imports") == [(key,)]
    assert len({key for name, key in site.vendor.store.idempotency_keys if name == CREATE["sobot"]}) == 1


@LATER
def test_import_whose_answer_was_lost_is_adopted(way: str, sites: MakeSite) -> None:
    """An import that the vendor took and finished is settled by what the vendor shows of it, and not sent again."""
    site = sites(way)
    site.spoil("lost_after_commit", times=None)
    site.load()
    assert site.states() == {"unknown": 45}
    site.server.faults.clear()
    assert site.follow() == {"accepted": 45}
    site.assert_accepted_once()
    assert site.requests[CREATE[way]] == 3


@LATER
def test_import_that_shows_up_late_is_adopted(way: str, sites: MakeSite) -> None:
    """An import whose answer was lost, and that the vendor has not worked off yet, is waited for."""
    site = sites(way)
    if way == "sobot":
        site.vendor.knobs.delay_visible_s, site.vendor.knobs.delay_final_s = 100, 300
    else:
        site.vendor.knobs.bulk_step_s = 250
    site.spoil("lost_after_commit", times=None)
    site.load()
    site.server.faults.clear()
    site.load()
    assert site.follow() == {"accepted": 45}
    site.assert_accepted_once()
    assert site.requests[CREATE[way]] == 3


def test_two_leads_of_one_key_are_accepted_and_named(sites: MakeSite) -> None:
    """A lead that the vendor has twice is accepted and says so: a person must mend the vendor's data."""
    site = sites("platform", count=20)
    site.spoil("lost_after_commit")
    site.load()
    site.advance()
    site.vendor.held()
    with site.vendor.store.lock:
        [twin] = [lead for lead in site.vendor.store.leads.values() if lead.customer_key == "lead-L7"]
        site.vendor.store.add_lead(twin.list_id, twin.fields, twin.stored_at)
    site.follow()
    assert site.states() == {"accepted": 20}
    assert {lead: reason for lead, reason in site.reasons().items() if reason[1]} == {
        "L7": ("accepted", "several_at_vendor")
    }


@pytest.mark.parametrize("error_fields", [["row", "customerKey", "message"], ["row", "message"], ["message"]])
def test_job_that_fails_for_one_lead_is_sent_on_without_it(error_fields: list[str], sites: MakeSite) -> None:
    """A vendor that refuses the whole job for one lead gets the others again, and that lead alone is rejected.

    Where the job does not say for whom it failed, batches are halved, and what was halved is not joined again.
    """
    site = sites("platform", count=20)
    site.vendor.knobs.bulk_is_atomic, site.vendor.knobs.reject_phones = True, [phone(7)]
    site.vendor.knobs.error_fields = error_fields
    site.load()
    site.follow()
    assert site.open_imports() == []
    assert site.states() == {"accepted": 19, "rejected": 1}
    assert site.reasons()["L7"] == ("rejected", "refused_by_vendor")
    site.assert_held([number for number in range(1, 21) if number != 7])
    assert sum(site.requests[name] for name in ("bulk_create", "lead_create")) <= 60


@pytest.mark.parametrize("error_fields", [["row", "customerKey", "message"], ["row", "message"], ["message"]])
def test_job_that_fails_for_every_lead_is_not_tried_for_ever(error_fields: list[str], sites: MakeSite) -> None:
    """When the vendor stores no lead of a job, each is rejected in the end, after a bounded number of requests."""
    site = sites("platform", count=20)
    site.vendor.knobs.reject_phones = [phone(number) for number in range(1, 21)]
    site.vendor.knobs.error_fields = error_fields
    site.load()
    site.finish()
    assert site.open_imports() == []
    assert site.states() == {"rejected": 20}
    assert sum(site.requests[name] for name in ("bulk_create", "lead_create")) <= 60
    site.assert_held([])


def test_tick_that_dies_after_its_question_is_made_up_for(sites: MakeSite) -> None:
    """An import that was put off by a tick that came to nothing is due again a little later."""
    site = sites("sobot", count=20)
    site.load()
    site.advance(10)
    with site.installation.ledger() as ledger:
        taken = ledger.store.rows(
            "results",
            "take_polls",
            vendor="sobot",
            now=utc_now(),
            retry_at=utc_now() + timedelta(seconds=60),
            limit=1,
        )
    assert len(taken) == 1
    with bounded(10):
        site.tick()
    assert site.states() == {"submitted": 20}
    site.advance(61)
    site.tick()
    site.assert_accepted_once()


@pytest.mark.parametrize(("way", "count"), [("platform-singles", 3), ("platform", 25)])
def test_list_that_is_not_dialled_is_told_by_each_way(way: str, count: int, sites: MakeSite) -> None:
    """Lead by lead, or by a job: who is accepted and not called has that as the reason."""
    site = sites(way, count=count, target={"list_id": SLEEPING_LIST})
    site.load()
    site.follow()
    assert Counter(site.reasons().values()) == {("accepted", "not_in_dialler"): count}
    site.assert_balanced()
