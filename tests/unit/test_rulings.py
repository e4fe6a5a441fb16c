"""What a vendor's answer, or its absence, does to an import."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from connectors.errors import (
    AuthenticationError,
    ConflictError,
    ConnectorError,
    ContractError,
    ForbiddenError,
    InvalidRequestError,
    NotFoundError,
    NotSentError,
    NoTurnError,
    OutcomeUnknownError,
    RateLimitedError,
    RejectedError,
    SetupError,
    TargetError,
    TooLargeError,
    UnavailableError,
)
from connectors.gateway import Batch, Campaign, Receipt, ResultTerms, Verdict
from connectors.patience import Patience
from pipelines.ledger_rows import Claim, LateWatch, Note, Setback
from pipelines.rulings import Answer, Bench, Errand, Ruling

NOW = datetime(2026, 11, 18, 2, tzinfo=UTC)
AFTER_SETTLING = NOW + timedelta(seconds=30)
BENCH = Bench(NOW, settle_s=30, patience=Patience(backoff_s=0))
WAIT = timedelta(seconds=7)


def claim(*positions: int, entry_count: int = 4) -> Claim:
    """An import of four entries, of which those at `positions`, or all, have no verdict yet."""
    batch = Batch(
        import_key=UUID(int=1),
        campaign=Campaign("promo", "sinch", {"campaign_id": "1"}),
        day=date(2026, 11, 17),
        payload=b"[1,2,3,4]",
        entry_count=entry_count,
        positions=positions or range(entry_count),
    )
    return Claim(import_id=9, attempts=1, batch=batch)


def error(kind: type[ConnectorError]) -> ConnectorError:
    if kind is RateLimitedError:
        return RateLimitedError("said", vendor="sinch", operation="op", status=429, retry_after=WAIT)
    return kind("said", vendor="sinch", operation="op")


def all_kinds(kind: type[ConnectorError] = ConnectorError) -> Iterator[type[ConnectorError]]:
    yield kind
    for inner in kind.__subclasses__():
        yield from all_kinds(inner)


def whole(ruling: Ruling) -> Ruling:
    """The ruling with lists, so that an empty list and an empty tuple are equal."""
    return replace(ruling, verdicts=list(ruling.verdicts), unsent=list(ruling.unsent))


def setback(code: str, due_at: datetime = NOW, text: str | None = "sinch op: said") -> Setback:
    return Setback(9, due_at, code, text)


SILENCE = setback("no_verdict", AFTER_SETTLING, "the answer says nothing of some entries")
HALVES = Ruling(claim(), halves=[[0, 1], [2, 3]])
SUBMISSIONS: dict[type[ConnectorError], Ruling] = {
    ConnectorError: Ruling(claim(), unknown=setback("outcome_unknown", AFTER_SETTLING)),
    NotSentError: Ruling(claim(), returned=setback("not_sent")),
    NoTurnError: Ruling(claim(), returned=setback("not_sent")),
    OutcomeUnknownError: Ruling(claim(), unknown=setback("outcome_unknown", AFTER_SETTLING)),
    UnavailableError: Ruling(claim(), unknown=setback("vendor_unavailable", AFTER_SETTLING)),
    RateLimitedError: Ruling(claim(), returned=setback("rate_limited", NOW + WAIT)),
    RejectedError: Ruling(claim(), returned=setback("refused_by_vendor")),
    AuthenticationError: Ruling(claim(), returned=setback("login_refused")),
    ForbiddenError: Ruling(claim(), returned=setback("access_refused")),
    NotFoundError: Ruling(claim(), returned=setback("target_not_found")),
    ConflictError: Ruling(claim(), returned=setback("refused_by_vendor")),
    TooLargeError: HALVES,
    InvalidRequestError: HALVES,
    ContractError: Ruling(claim(), unknown=setback("outcome_unknown", AFTER_SETTLING)),
}
QUESTIONS: dict[type[ConnectorError], Setback] = {
    ConnectorError: setback("outcome_unknown"),
    NotSentError: setback("not_sent"),
    NoTurnError: setback("not_sent"),
    OutcomeUnknownError: setback("outcome_unknown"),
    UnavailableError: setback("vendor_unavailable"),
    RateLimitedError: setback("rate_limited", NOW + WAIT),
    RejectedError: setback("refused_by_vendor"),
    AuthenticationError: setback("login_refused"),
    ForbiddenError: setback("access_refused"),
    NotFoundError: setback("target_not_found"),
    ConflictError: setback("refused_by_vendor"),
    TooLargeError: setback("refused_by_vendor"),
    InvalidRequestError: setback("refused_by_vendor"),
    ContractError: setback("outcome_unknown"),
}


@pytest.mark.parametrize("kind", sorted(all_kinds(), key=lambda kind: kind.__name__))
def test_rule_on_a_failed_submission(kind: type[ConnectorError]) -> None:
    """Certainly not stored: planned again. Refused for its content: split. Anything else: unknown, asked about."""
    assert BENCH.rule(Answer(claim(), errand="submit", error=error(kind))) == SUBMISSIONS[kind]


@pytest.mark.parametrize(("asked_s", "due_s"), [(7, 30), (100, 100)])
def test_rule_asks_about_an_unseen_outcome_no_sooner_than_the_vendor_wants(asked_s: int, due_s: int) -> None:
    """Nor before it has settled."""
    asked = timedelta(seconds=asked_s)
    failed = OutcomeUnknownError("said", vendor="sinch", operation="op", status=503, retry_after=asked)
    ruling = BENCH.rule(Answer(claim(), "submit", error=failed))
    assert ruling == Ruling(claim(), unknown=setback("outcome_unknown", NOW + timedelta(seconds=due_s)))


def test_rule_on_a_question_waits_as_the_vendor_asks() -> None:
    """A 503 with `Retry-After` is one of its own words."""
    failed = UnavailableError("said", vendor="sinch", operation="op", status=503, retry_after=WAIT)
    ruling = BENCH.rule(Answer(claim(), "reconcile", error=failed))
    assert ruling.unknown == setback("vendor_unavailable", NOW + WAIT)


@pytest.mark.parametrize("kind", sorted(all_kinds(), key=lambda kind: kind.__name__))
def test_rule_on_a_failed_question(kind: type[ConnectorError]) -> None:
    """A question without an answer leaves the import unknown, whatever went wrong: it is never sent again."""
    expected = Ruling(claim(), unknown=QUESTIONS[kind])
    assert BENCH.rule(Answer(claim(), errand="reconcile", error=error(kind))) == expected


@pytest.mark.parametrize(
    ("errand", "due_at"),
    [pytest.param("submit", AFTER_SETTLING, id="submission"), pytest.param("reconcile", NOW, id="question")],
)
def test_rule_on_a_defect_quotes_nothing(errand: Errand, due_at: datetime) -> None:
    """An exception that is not of our tree leaves the import unknown, and only its name is kept."""
    answer = Answer(claim(), errand=errand, error=KeyError("+491712345678"))
    assert BENCH.rule(answer) == Ruling(claim(), unknown=setback("outcome_unknown", due_at, "KeyError"))


def test_rule_on_a_target_that_closed() -> None:
    """A target that can no longer be loaded rejects no lead: the import is planned again, due at once."""
    answer = Answer(claim(), errand="submit", error=TargetError("campaigns.promo: is Expired"))
    assert BENCH.rule(answer) == Ruling(claim(), returned=setback("target_refused", text="campaigns.promo: is Expired"))


def test_rule_on_a_setting_that_is_wrong_after_all() -> None:
    """An error that does not say whether anything was sent leaves the import unknown, in its own words."""
    answer = Answer(claim(), errand="submit", error=SetupError("vendors.sinch.username: refused"))
    expected = setback("outcome_unknown", AFTER_SETTLING, "vendors.sinch.username: refused")
    assert BENCH.rule(answer) == Ruling(claim(), unknown=expected)


@pytest.mark.parametrize("failed", [*map(error, (RejectedError, AuthenticationError)), TargetError("is Expired")])
def test_rule_does_not_wait_for_what_a_person_mends(failed: Exception) -> None:
    """As soon as the login or the target is well again, the next run may begin; only a question waits all the same."""
    patient = Bench(NOW, settle_s=30, patience=Patience(backoff_s=60, backoff_max_s=60))
    ruling = patient.rule(Answer(claim(), errand="submit", error=failed, tries=3))
    assert ruling.returned is not None
    assert ruling.returned.due_at == NOW
    question = patient.rule(Answer(claim(), errand="reconcile", error=failed, tries=3))
    assert question.unknown is not None
    assert question.unknown.due_at > NOW


@pytest.mark.parametrize(("tries", "longest_s"), [(0, 1), (1, 2), (2, 4), (10, 60)])
def test_rule_waits_longer_with_every_failure_of_the_run(tries: int, longest_s: int) -> None:
    """What was not sent waits by the run's own failures with it, not by those of nights before."""
    bench = Bench(NOW, settle_s=30, patience=Patience(backoff_s=1, backoff_max_s=60))
    ruling = bench.rule(Answer(claim(), errand="submit", error=error(NotSentError), tries=tries))
    assert ruling.returned is not None
    waited_s = (ruling.returned.due_at - NOW).total_seconds()
    assert longest_s / 2 <= waited_s <= longest_s


@pytest.mark.parametrize("kind", [TooLargeError, InvalidRequestError])
def test_rule_rejects_an_entry_that_is_refused_alone(kind: type[ConnectorError]) -> None:
    """Where splitting has come down to one entry, that entry is the one the vendor refuses."""
    expected = Ruling(claim(2), [Verdict(2, "rejected", "refused_by_vendor", "sinch op: said")])
    assert BENCH.rule(Answer(claim(2), errand="submit", error=error(kind))) == expected


@pytest.mark.parametrize(
    ("positions", "halves"), [((0, 1, 2), [[0], [1, 2]]), ((1, 3), [[1], [3]]), ((0, 1, 2, 3), [[0, 1], [2, 3]])]
)
def test_rule_splits_what_is_open(positions: tuple[int, ...], halves: list[list[int]]) -> None:
    """A refused batch goes on in halves of its open entries, in their order, none twice and none lost."""
    answer = Answer(claim(*positions), errand="submit", error=error(TooLargeError))
    assert BENCH.rule(answer) == Ruling(claim(*positions), halves=halves)


ACCEPTED = Verdict(0, "accepted", vendor_id="A")
REJECTED = Verdict(1, "rejected", "refused_by_vendor", "bad")
DUPLICATE = Verdict(2, "duplicate", "already_at_vendor", vendor_id="B")
UNATTRIBUTED = Verdict(3, "unattributed", "counts_only")


@pytest.mark.parametrize("errand", ["submit", "reconcile"])
@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        pytest.param(
            [ACCEPTED, REJECTED, DUPLICATE, UNATTRIBUTED],
            Ruling(claim(), [ACCEPTED, REJECTED, DUPLICATE, UNATTRIBUTED]),
            id="all-settled",
        ),
        pytest.param(
            [ACCEPTED, Verdict(1, "not_sent", "validated_only"), Verdict(2, "not_sent"), UNATTRIBUTED],
            Ruling(claim(), [ACCEPTED, UNATTRIBUTED], unsent=[1, 2], unsent_due_at=NOW),
            id="some-not-stored",
        ),
        pytest.param(
            [ACCEPTED, Verdict(1, "unknown", "entry_error", "statusCode 500"), DUPLICATE, UNATTRIBUTED],
            Ruling(
                claim(), [ACCEPTED, DUPLICATE, UNATTRIBUTED],
                unknown=setback("entry_error", AFTER_SETTLING, "statusCode 500"),
            ),
            id="one-unknown",
        ),
        pytest.param(
            [ACCEPTED],
            Ruling(claim(), [ACCEPTED], unknown=SILENCE),
            id="the-rest-is-missing",
        ),
        pytest.param(
            [ACCEPTED, Verdict(1, "not_sent"), Verdict(3, "unknown")],
            Ruling(
                claim(), [ACCEPTED], unsent=[1], unsent_due_at=NOW,
                unknown=SILENCE,
            ),
            id="everything-at-once",
        ),
        pytest.param(
            [],
            Ruling(claim(), [], unknown=SILENCE),
            id="nothing",
        ),
    ],
)  # fmt: skip
def test_rule_on_a_receipt(verdicts: list[Verdict], expected: Ruling, errand: Errand) -> None:
    """Settled entries are settled, unstored ones go on alone, and what was not spoken of stays unknown."""
    assert whole(BENCH.rule(Answer(claim(), errand=errand, receipt=Receipt(verdicts)))) == whole(expected)


def test_rule_on_a_receipt_for_the_open_entries_only() -> None:
    """An import whose other entries are settled is settled when the open ones are."""
    answer = Answer(claim(1, 2), errand="reconcile", receipt=Receipt([REJECTED, DUPLICATE]))
    assert whole(BENCH.rule(answer)) == whole(Ruling(claim(1, 2), [REJECTED, DUPLICATE]))


def test_rule_on_a_batch_that_was_accepted_whole() -> None:
    """The short form settles a new batch at once, and of one that was settled in part only what is open."""
    receipt = Receipt(accepted_ids=["a", "b", None, "d"])
    ruling = BENCH.rule(Answer(claim(), errand="submit", receipt=receipt))
    assert ruling == Ruling(claim(), accepted_ids=["a", "b", None, "d"])
    assert (ruling.is_whole, ruling.outcomes) == (True, {"accepted": 4})
    ruling = BENCH.rule(Answer(claim(1, 2), errand="reconcile", receipt=receipt))
    named = [Verdict(1, "accepted", vendor_id="b"), Verdict(2, "accepted")]
    assert (ruling, ruling.is_whole) == (Ruling(claim(1, 2), named), False)


@pytest.mark.parametrize(
    ("positions", "named"),
    [((), [0, 1, 2, 2]), ((), [0, 1, 2, 4]), ((), [0, 1, 2, 3, 3]), ((1, 2), [1, 2]), ((1, 2), [0, 1, 2, 3])],
    ids=["one-twice", "one-outside", "one-too-many", "the-open-ones", "settled-ones-too"],
)
def test_only_an_answer_that_names_every_entry_once_is_whole(positions: tuple[int, ...], named: list[int]) -> None:
    """What does not name exactly the entries of a batch that is open as a whole is stored entry by entry."""
    ruling = Ruling(claim(*positions), [Verdict(position, "accepted") for position in named])
    assert not ruling.is_whole
    assert Ruling(claim(), [Verdict(position, "accepted") for position in (3, 1, 0, 2)]).is_whole


@pytest.mark.parametrize("accepted_ids", [["a", "b", "c"], ["a", "b", "c", "d", "e"]], ids=["too-few", "too-many"])
def test_rule_believes_no_short_form_of_another_length(accepted_ids: list[str]) -> None:
    """Which entry has which id is not known: the batch is asked about."""
    ruling = BENCH.rule(Answer(claim(), errand="submit", receipt=Receipt(accepted_ids=accepted_ids)))
    assert whole(ruling) == whole(Ruling(claim(), unknown=SILENCE))


def test_an_answer_that_may_still_change_is_not_whole() -> None:
    """Time is up and its verdicts stand, entry by entry; until a day is over the vendor may say more."""
    bench = Bench(NOW, settle_s=30, result_terms=ResultTerms(max_s=60, deadline_s=1800, late_s=86_400))
    settled = [Verdict(position, "accepted") for position in range(4)]
    ruling = bench.rule(Answer(claim(), errand="collect", receipt=Receipt(settled, is_provisional=True)))
    watch = LateWatch(9, due_at=NOW + timedelta(minutes=10), late_until=NOW + timedelta(days=1))
    assert whole(ruling) == whole(Ruling(claim(), settled, late=watch))
    assert (ruling.is_settling, ruling.is_whole) == (True, False)
    assert replace(ruling, late=None).is_whole


@pytest.mark.parametrize(
    ("absent", "expected"),
    [
        ([3], Ruling(claim(), [ACCEPTED, REJECTED, DUPLICATE, Verdict(
            3, "rejected", "refused_by_vendor", "the vendor finished without storing it"
        )])),
        ([2, 3], Ruling(claim(), [ACCEPTED, REJECTED], halves=[[2], [3]])),
    ],
    ids=["one", "two"],
)  # fmt: skip
def test_rule_on_what_a_finished_result_lacks(absent: list[int], expected: Ruling) -> None:
    """It goes on in halves, and one that came to nothing alone is what the vendor refuses."""
    told = [
        *(ACCEPTED, REJECTED, DUPLICATE)[: 4 - len(absent)],
        *(Verdict(position, "not_sent") for position in absent),
    ]
    assert whole(BENCH.rule(Answer(claim(), errand="collect", receipt=Receipt(told)))) == whole(expected)


def test_rule_on_an_accepted_update_names_its_lead() -> None:
    """An update is settled by its entry: what it held is let go there."""
    update = replace(claim(0, entry_count=1), batch=replace(claim(0, entry_count=1).batch, action="update"))
    ruling = BENCH.rule(Answer(update, errand="submit", receipt=Receipt(accepted_ids=["a"])))
    assert (ruling.verdicts, ruling.is_whole) == ([Verdict(0, "accepted", vendor_id="a")], False)


def test_rule_redacts_what_the_vendor_wrote() -> None:
    """The reason that is stored holds no number of a person."""
    refused = InvalidRequestError("Invalid numbers: '+491712345678'", vendor="sinch", operation="op", status=400)
    ruling = BENCH.rule(Answer(claim(0), errand="submit", error=refused))
    assert ruling.verdicts == [Verdict(0, "rejected", "refused_by_vendor", "sinch op: Invalid numbers: '<number>'")]


@pytest.mark.parametrize("kind", [InvalidRequestError, TooLargeError, NotFoundError, UnavailableError, NotSentError])
def test_rule_on_a_result_that_could_not_be_read(kind: type[ConnectorError]) -> None:
    """Whatever answers a question after a result: nothing is concluded, and nothing goes again."""
    ruling = BENCH.rule(Answer(claim(), errand="collect", error=error(kind)))
    assert (ruling.put_off is not None, ruling.halves, ruling.verdicts, ruling.unsent) == (True, (), (), ())


@pytest.mark.parametrize("kind", [NotFoundError, ContractError])
def test_rule_on_a_result_that_is_refused_after_its_time(kind: type[ConnectorError]) -> None:
    """An overdue import whose result is refused, or not understood, is unknown, and asked about by its leads."""
    late = replace(claim(), batch=replace(claim().batch, is_overdue=True))
    assert BENCH.rule(Answer(late, errand="collect", error=error(kind))).unknown is not None


@pytest.mark.parametrize("errand", ["collect", "reconcile"])
def test_rule_on_a_result_that_is_never_understood(errand: Errand) -> None:
    """When no late word is heard any more, what is open of the import is left to a person, with the reason."""
    terms = BENCH.result_terms
    sent_at = NOW - timedelta(seconds=terms.deadline_s + terms.late_s)
    old = replace(claim(1, 2), batch=replace(claim(1, 2).batch, is_overdue=True, sent_at=sent_at))
    text = "the vendor's results could not be read: sinch op: said"
    verdicts = [Verdict(position, "unattributed", "result_unreadable", text) for position in (1, 2)]
    answer = Answer(old, errand=errand, error=error(ContractError))
    assert BENCH.rule(answer) == Ruling(old, verdicts, note=Note(9, None, text, None))

    younger = replace(old, batch=replace(old.batch, sent_at=sent_at + timedelta(seconds=1)))
    never_taken = replace(old, batch=replace(old.batch, is_overdue=False))
    for waiting in (replace(answer, claim=younger), replace(answer, claim=never_taken)):
        assert not BENCH.rule(waiting).is_settling
    assert not BENCH.rule(replace(answer, error=error(UnavailableError))).is_settling


@pytest.mark.parametrize("kind", [UnavailableError, RateLimitedError, OutcomeUnknownError, NotSentError])
def test_rule_on_a_result_that_cannot_be_had_for_now(kind: type[ConnectorError]) -> None:
    """It is asked for another time, however late it is."""
    late = replace(claim(), batch=replace(claim().batch, is_overdue=True))
    ruling = BENCH.rule(Answer(late, errand="collect", error=error(kind)))
    assert (ruling.put_off is not None, ruling.unknown) == (True, None)


def test_rule_asks_more_and_more_rarely() -> None:
    """A question that fails long after the batch was sent waits for a share of that time: no sensor runs hot."""
    old = replace(claim(), batch=replace(claim().batch, sent_at=NOW - timedelta(hours=8)))
    for errand in ("reconcile", "collect"):
        ruling = BENCH.rule(Answer(old, errand=errand, error=error(NotSentError)))
        later = ruling.unknown or ruling.put_off
        assert later is not None
        assert later.due_at == NOW + timedelta(hours=1)


def test_rule_asks_more_and_more_rarely_where_the_answer_says_nothing() -> None:
    """Nor where the vendor is still at work on what had its time."""
    batch = replace(claim().batch, sent_at=NOW - timedelta(hours=8), is_overdue=True)
    old = replace(claim(), batch=batch)
    for receipt in (Receipt(), Receipt(is_pending=True)):
        ruling = BENCH.rule(Answer(old, errand="reconcile", receipt=receipt))
        assert ruling.unknown is not None
        assert ruling.unknown.due_at == NOW + timedelta(hours=1)
