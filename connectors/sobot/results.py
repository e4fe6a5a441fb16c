"""What a result row and its error report say of each lead. Pure: no request, no clock.

Belongs here: counts and named leads to verdicts. Does not belong here: asking (`gateway.py`) and the report's file
(`reports.py`). Source: vendors.md, 1(b-16).

The vendor counts; it does not say which lead is which, except by the error report. Where the counts leave a doubt
every lead that it touches is `unattributed`, with the counts in its reason.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connectors.gateway import Entry, Outcome, Verdict
from connectors.redaction import redact
from connectors.sobot.models import ImportResult
from connectors.sobot.reports import NamedLead, number_key

_SOUNDS_REPEATED = ("duplicat", "repeat", "重复", "重複")
_WORDS: Mapping[Outcome, tuple[str | None, str]] = {
    "accepted": (None, ""),
    "duplicate": ("already_at_vendor", "all leads of the import that sobot did not refuse were repetitions"),
    "rejected": ("refused_by_vendor", "in error, by sobot's counts; no report names a reason"),
}


@dataclass(frozen=True, slots=True)
class Conclusion:
    """A verdict for every position of an import, and what was odd, as clauses for the import's detail."""

    verdicts: Sequence[Verdict]
    oddities: Sequence[str]


def newest_word(rows: Sequence[ImportResult]) -> ImportResult | None:
    """The row that counts; of several for one code, the one under which the most leads were stored.

    A request that the vendor worked off twice has two rows: the first counts successes, the second repetitions.
    """
    return max(rows, key=lambda row: (row.success_count, row.total_count), default=None)


def is_complete(row: ImportResult, sent_count: int) -> bool:
    """Whether the counts speak of every lead that was sent."""
    return row.total_count >= sent_count


def conclude(entries: Sequence[Entry], row: ImportResult, report: Sequence[NamedLead]) -> Conclusion:
    """Verdicts for all entries, from the counts and from whom the report names."""
    named, oddity = _named(_reasons_by_position(entries, report), row)
    rest = [position for position in range(len(entries)) if position not in named]
    left = _left(row, named)
    verdict = _of_rest(left, len(rest))
    verdicts = [named.get(position) or verdict._replace(position=position) for position in range(len(entries))]
    return Conclusion(verdicts, [clause for clause in (oddity, _shortfall(row, len(entries))) if clause])


def _reasons_by_position(entries: Sequence[Entry], report: Sequence[NamedLead]) -> dict[int, str | None]:
    """Who is named, by position. A number of several leads counts only if the report has it for each of them."""
    positions: defaultdict[str, list[int]] = defaultdict(list)
    for position, entry in enumerate(entries):
        positions[number_key(entry["telephone"])].append(position)
    reasons: defaultdict[str, list[str | None]] = defaultdict(list)
    for number, reason in report:
        reasons[number].append(reason)
    return {
        position: reason
        for number, told in reasons.items()
        if len(told) >= len(positions[number])
        for position, reason in zip(positions[number], told, strict=False)
    }


def _named(reasons: Mapping[int, str | None], row: ImportResult) -> tuple[dict[int, Verdict], str | None]:
    """Verdicts of those who are named; none, and why, where the report does not fit the counts.

    A reason that speaks of repetition is one where the vendor counts as many repetitions; else it is an error's.
    """
    repeated = {position for position, reason in reasons.items() if _sounds_repeated(reason)}
    if len(repeated) > row.duplicate_count:
        repeated = set()
    if len(reasons) - len(repeated) > row.error_count:
        return {}, f"the error report names {len(reasons)} leads, but {row.error_count} are counted as errors"
    return {
        position: _repeated(position, reason) if position in repeated else _rejected(position, reason)
        for position, reason in reasons.items()
    }, None


def _left(row: ImportResult, named: Mapping[int, Verdict]) -> dict[Outcome, int]:
    """The counts without those who are named."""
    outcomes = [verdict.outcome for verdict in named.values()]
    left: dict[Outcome, int] = {
        "accepted": row.success_count,
        "duplicate": row.duplicate_count - outcomes.count("duplicate"),
        "rejected": row.error_count - outcomes.count("rejected"),
    }
    return {outcome: count for outcome, count in left.items() if count > 0}


def _of_rest(left: Mapping[Outcome, int], rest_count: int) -> Verdict:
    """The verdict of everyone who is not named; its position is still to be set."""
    if left.get("accepted", 0) >= rest_count:
        return Verdict(0, "accepted")
    if len(left) == 1 and sum(left.values()) == rest_count:
        outcome = next(iter(left))
        return Verdict(0, outcome, *_WORDS[outcome])
    told = ", ".join(f"{count} {outcome}" for outcome, count in left.items()) or "none"
    if sum(left.values()) < rest_count:
        text = f"of {rest_count} leads sobot counts {told}, and does not say which"
        return Verdict(0, "unattributed", "unaccounted", text)
    text = f"sobot counts {told} for {rest_count} leads, and does not say which"
    return Verdict(0, "unattributed", "_or_".join(left), text)


def _shortfall(row: ImportResult, sent_count: int) -> str | None:
    missing = sent_count - row.total_count
    if missing <= 0:
        return None
    return f"{missing} of {sent_count} leads are in none of sobot's counts (numbers filtered by its block list may be)"


def _rejected(position: int, reason: str | None) -> Verdict:
    text = redact(reason) or "in sobot's error report, without a reason"
    return Verdict(position, "rejected", "refused_by_vendor", text)


def _repeated(position: int, reason: str | None) -> Verdict:
    return Verdict(position, "duplicate", "already_at_vendor", redact(reason))


def _sounds_repeated(reason: str | None) -> bool:
    return reason is not None and any(word in reason.lower() for word in _SOUNDS_REPEATED)
