"""What a bulk job's undocumented insides mean: words, counts, errors. Pure, without a socket."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.platform.bulk import (
    Complaint,
    Complaints,
    CountWords,
    ErrorFields,
    StatusWords,
    is_whole,
    mark_of,
    place,
    read_counts,
    shows_trouble,
    standing,
)
from connectors.platform.models import BulkError, BulkStatus

ENTRIES = [
    {"customerKey": "lead-A", "phone1": "+491511000001"},
    {"customerKey": "lead-B", "phone1": "+491511000002", "phone2": "+491511000009"},
    {"customerKey": "lead-C", "phone1": "+491511000003", "phone2": "+491511000009"},
]


def status(word: str, *, result: Any = None, error_link: Any = None) -> BulkStatus:
    return BulkStatus(status=word, result=result, error_link=error_link)


@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        ("completed", "good"), ("Complete", "good"), ("DONE", "good"), ("finished", "good"), ("success", "good"),
        ("succeeded", "good"), (" processed ", "good"), ("failed", "bad"), ("error", "bad"), ("cancelled", "bad"),
        ("aborted", "bad"), ("partial", "mixed"), ("partially_completed", "mixed"), ("Completed with errors", "mixed"),
        ("completed-with-errors", "mixed"), ("pending", "running"), ("In Progress", "running"), ("", None),
        ("abgeschlossen", None), ("completedness", None),
    ],
)  # fmt: skip
def test_status_words_mean_what_the_lists_say(word: str, meaning: str | None) -> None:
    """Case, blanks and hyphens do not matter; a word that is in no list means nothing."""
    assert StatusWords().standing(word) == meaning


def test_status_words_may_be_others() -> None:
    """A tenant's own words replace a list."""
    words = StatusWords.model_validate({"good": ["fertig"], "running": ["l*"]})
    assert [words.standing(word) for word in ("fertig", "laeuft", "completed", "failed")] == [
        "good", "running", None, "bad",
    ]  # fmt: skip


def test_unknown_word_is_finished_once_its_result_stands_still() -> None:
    """Without a result it is running; with one, it is finished when two polls show the same."""
    words = StatusWords()
    bare, early, late = status("zu"), status("zu", result={"n": 1}), status("zu", result={"n": 2})
    assert (mark_of(bare), mark_of(status("zu", result={}, error_link={}))) == (None, None)
    assert standing(bare, words, None) == "running"
    assert standing(early, words, None) == "running"
    assert standing(late, words, mark_of(early)) == "running"
    assert standing(late, words, mark_of(late)) == "odd"
    assert standing(status("pending", result={"n": 2}), words, mark_of(status("pending", result={"n": 2}))) == "running"


def test_mark_holds_no_private_data() -> None:
    """The mark is kept between polls: it is a fingerprint."""
    mark = mark_of(status("zu", result={"phone": "+491511000001"}))
    assert mark is not None
    assert (len(mark), "491511" in mark) == (32, False)


@pytest.mark.parametrize(
    ("result", "counts"),
    [
        (None, {}), ([], {}), ("3", {}), ({}, {}), ({"total": 3}, {}), ({"success": "3"}, {}), ({"success": True}, {}),
        ({"success": 3, "failed": 0}, {"accepted": 3, "rejected": 0}),
        ({"Imported Count": 2, "error_count": 1}, {"accepted": 2, "rejected": 1}),
        ({"summary": {"created": 2, "duplicates": 1}}, {"accepted": 2, "duplicate": 1}),
        ({"created": 2, "imported": 3, "failed": 0}, {"rejected": 0}),
        ({"created": 2, "imported": 2}, {"accepted": 2}),
        ({"created": 3, "summary": {"created": 2}}, {}),
    ],
)  # fmt: skip
def test_counts_are_read_where_they_are_recognisable(result: Any, counts: dict[str, int]) -> None:
    """Known keys in any spelling; two keys that contradict each other say nothing."""
    assert read_counts(result, CountWords()) == counts


@pytest.mark.parametrize(
    ("counts", "is_so"),
    [({"accepted": 3}, True), ({"accepted": 3, "rejected": 0}, True), ({"accepted": 2}, False), ({}, False),
     ({"accepted": 3, "rejected": 1}, False), ({"accepted": 3, "duplicate": 1}, False)],
)  # fmt: skip
def test_counts_are_whole_when_every_entry_was_accepted(counts: dict[str, int], is_so: bool) -> None:
    """Anything less, more, or else is doubtful."""
    assert is_whole(counts, 3) is is_so


@pytest.mark.parametrize(
    ("result", "error_link", "is_so"),
    [
        (None, None, False), ({}, {}, False), ({"success": 3}, "", False), ({"success": 3, "failed": 0}, [], False),
        ({"success": 3, "errors": [], "failed": None, "error": ""}, {"href": None}, False),
        ({"success": 3, "errors": {"count": 0, "items": []}}, False, False), ({"success": 3, "total": 5}, None, False),
        ({"success": 3}, "/errors", True), ({"success": 3}, {"href": "/errors"}, True),
        ({"success": 3, "errors": ["no"]}, None, True), ({"success": 3, "errors": {"lead-A": "no"}}, None, True),
        ({"success": 3, "errors": {"count": 0, "items": ["no"]}}, None, True),
        ({"success": 3, "failed": "3"}, None, True), ({"success": 3, "failed": 0, "errors": 2}, None, True),
        ({"success": 3, "failed": True}, None, True), ({"success": 3, "failed": -1}, None, True),
        ({"success": 3, "skipped": "1"}, None, True), ({"summary": {"import": {"Error Count": 1}}}, None, True),
        ([{"row": 1, "error": "no"}], None, True),
    ],
)  # fmt: skip
def test_trouble_is_whatever_is_not_nought(result: Any, error_link: Any, is_so: bool) -> None:
    """A link to errors, or anything under a word for refusals and duplicates, at any depth, in any type."""
    assert shows_trouble(status("completed", result=result, error_link=error_link), CountWords()) is is_so


def test_trouble_is_seen_at_any_depth() -> None:
    """JSON that is deeper than our stack is read all the same."""
    result: Any = {"failed": 1}
    for _ in range(1000):
        result = {"result": result}
    assert shows_trouble(status("completed", result=result), CountWords())


@pytest.mark.parametrize(
    ("error", "placed"),
    [
        pytest.param(BulkError(key=None, item={"customerKey": "lead-B", "message": "no"}), {1: ("no", True)}, id="key"),
        pytest.param(BulkError(key="lead-C", item="no"), {2: ("no", True)}, id="object-by-key"),
        pytest.param(BulkError(key=None, item={"phone1": "491511000001"}), {0: (None, True)}, id="phone"),
        pytest.param(BulkError(key=None, item={"phone": "+49 1511 000001"}), {0: (None, True)}, id="phone-spelt"),
        pytest.param(BulkError(key=None, item={"row": 2, "error": "no"}), {2: ("no", False)}, id="row"),
        pytest.param(BulkError(key="1", item={"errors": ["no", "nor", {}]}), {1: ("no; nor", False)}, id="object-row"),
        pytest.param(BulkError(key="1", item={"row": 0, "customerKey": "lead-C"}), {2: (None, True)}, id="key-wins"),
        pytest.param(BulkError(key=None, item={"lead": {"customerKey": "lead-A"}, "reason": "no"}),
                     {0: ("no", True)}, id="enclosed"),
        pytest.param(BulkError(key=None, item={"row": 3}), {}, id="row-beyond"),
        pytest.param(BulkError(key=None, item={"row": -1}), {}, id="row-below"),
        pytest.param(BulkError(key=None, item={"phone1": "+491511000009"}), {}, id="phone-of-two"),
        pytest.param(BulkError(key=None, item="something"), {}, id="text"),
        pytest.param(BulkError(key=None, item=None), {}, id="nothing"),
        pytest.param(BulkError(key="x", item=[1]), {}, id="array"),
    ],
)  # fmt: skip
def test_errors_are_placed(error: BulkError, placed: dict[int, tuple[str | None, bool]]) -> None:
    """By customerKey, else by a number that one lead has, else by row, which is never sure."""
    found = place([error], ENTRIES, ErrorFields())
    assert dict(found.by_position) == {position: Complaint(*told) for position, told in placed.items()}
    assert found.unplaced_count == 1 - len(placed)


def test_errors_are_read_by_the_fields_of_the_settings() -> None:
    """A tenant's own keys, and rows that count from one."""
    fields = ErrorFields.model_validate({"row": ["zeile"], "message": ["text"], "row_base": 1})
    found = place(
        [BulkError(key=None, item={"zeile": "3", "text": "no"}), BulkError(key=None, item="x")], ENTRIES, fields
    )
    assert found == Complaints({2: Complaint("no", False)}, 1, "x")
    assert found.count == 2


def test_first_error_of_an_entry_counts() -> None:
    """Two errors about one lead are one refusal."""
    errors = [BulkError(key=None, item={"row": 0, "message": text}) for text in ("first", "second")]
    assert place(errors, ENTRIES, ErrorFields()).by_position == {0: Complaint("first", False)}
