"""What the undocumented insides of a bulk job mean: its status words, its counts, its errors. Pure.

Belongs here: reading of `status`, `result` and `errorList`, by lists of words that settings may replace. Does not
belong here: asking for them (`client.py`), and what follows for a delivery (`jobs.py`).
Source: vendors.md, 3(b) bulk semantics and 3(c) 4.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from hashlib import blake2b
from typing import Annotated, Any, Literal, NamedTuple

import orjson
from pydantic import BaseModel, ConfigDict, Field

from connectors.gateway import Entry
from connectors.numbers import Whole
from connectors.platform.models import BulkError, BulkStatus

Standing = Literal["running", "good", "mixed", "bad", "odd"]
"""`odd`: a word that nobody told us, of a job that shows a result and does not move any more."""

_NESTED = ("lead", "data", "record", "values")
_PHONES = ("phone1", "phone2", "phone3")


class _Words(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class StatusWords(_Words):
    """Which status words mean what, in lower case, with _ for blanks and hyphens; `*` stands for anything."""

    running: tuple[str, ...] = (
        "pending", "queued", "waiting", "new", "created", "accepted", "uploaded", "started", "running", "processing",
        "in_progress", "importing", "validating",
    )  # fmt: skip
    good: tuple[str, ...] = (
        "completed", "complete", "done", "finished", "success", "succeeded", "successful", "processed",
    )  # fmt: skip
    mixed: tuple[str, ...] = ("partial*", "completed_with_errors")
    bad: tuple[str, ...] = ("failed", "failure", "error", "cancelled", "canceled", "aborted")

    def standing(self, word: str) -> Standing | None:
        """What the word means; None when it is in no list."""
        normal = word.strip().lower().replace(" ", "_").replace("-", "_")
        lists: tuple[tuple[Standing, tuple[str, ...]], ...] = (
            ("mixed", self.mixed), ("bad", self.bad), ("good", self.good), ("running", self.running),
        )  # fmt: skip
        return next((kind for kind, words in lists if any(fnmatchcase(normal, one) for one in words)), None)


class CountWords(_Words):
    """Under which keys of `result` its counts may stand, in lower case, letters and digits only."""

    accepted: tuple[str, ...] = (
        "success", "succeeded", "successful", "successcount", "imported", "importedcount", "created", "createdcount",
        "inserted", "accepted", "acceptedcount", "added", "loaded",
    )  # fmt: skip
    duplicate: tuple[str, ...] = ("duplicate", "duplicates", "duplicatecount", "skipped", "skippedcount")
    rejected: tuple[str, ...] = (
        "failed", "failure", "failures", "failcount", "failedcount", "failurecount", "error", "errors", "errorcount",
        "rejected", "rejectedcount", "invalid",
    )  # fmt: skip


class ErrorFields(_Words):
    """Under which keys an item of `errorList` may name its row, its lead and its reason.

    `row_base` is the number of the first row. A row alone is never believed: whether the lead is there is looked up.
    """

    row: tuple[str, ...] = ("row", "rowNumber", "rowIndex", "index", "line", "lineNumber", "position")
    customer_key: tuple[str, ...] = ("customerKey", "customer_key", "externalId")
    phone: tuple[str, ...] = ("phone1", "phone", "phoneNumber")
    message: tuple[str, ...] = ("message", "error", "errorMessage", "errors", "reason", "description")
    row_base: Annotated[Whole, Field(ge=0, le=2)] = 0


class Complaint(NamedTuple):
    """What the vendor says against one entry; `is_sure` when it named the entry by key or number."""

    text: str | None
    is_sure: bool


@dataclass(frozen=True, slots=True)
class Complaints:
    """A job's errors: by position where they name an entry, and how many name none."""

    by_position: Mapping[int, Complaint] = field(default_factory=dict)
    unplaced_count: int = 0
    first_unplaced: str | None = None

    @property
    def count(self) -> int:
        """How many entries or errors there are."""
        return len(self.by_position) + self.unplaced_count

    def is_sure_of(self, position: int) -> bool:
        """Whether an error names this entry by its key or number."""
        complaint = self.by_position.get(position)
        return complaint is not None and complaint.is_sure


def standing(status: BulkStatus, words: StatusWords, last_mark: str | None) -> Standing:
    """Where the job is. A word that is in no list counts as finished once the job shows a result twice alike."""
    known = words.standing(status.status)
    if known is not None:
        return known
    mark = mark_of(status)
    return "odd" if mark is not None and mark == last_mark else "running"


def mark_of(status: BulkStatus) -> str | None:
    """A fingerprint of what the job shows; None while it shows no result."""
    if not status.result and not status.error_link:
        return None
    shown = orjson.dumps([status.status, status.result, status.error_link], option=orjson.OPT_SORT_KEYS)
    return blake2b(shown, digest_size=16).hexdigest()


def read_counts(result: Any, words: CountWords) -> dict[str, int]:
    """The counts that `result` tells by accepted, duplicate, rejected; those that it tells in two ways are left out."""
    if not isinstance(result, Mapping):
        return {}
    numbers = [(_plain(key), value) for key, value in _leaves(result) if type(value) is int and value >= 0]
    counts = {}
    for kind in ("accepted", "duplicate", "rejected"):
        told = {value for key, value in numbers if key in getattr(words, kind)}
        if len(told) == 1:
            counts[kind] = told.pop()
    return counts


def is_whole(counts: Mapping[str, int], entry_count: int) -> bool:
    """Whether the counts say that every entry was accepted, and nothing else."""
    return counts.get("accepted") == entry_count and not counts.get("rejected", 0) and not counts.get("duplicate", 0)


def shows_trouble(status: BulkStatus, words: CountWords) -> bool:
    """Whether the job shows anything but nought where it tells of errors, refusals and duplicates.

    A number will do, and so will a text, a list or an object: whatever it is, the counts beside it are not believed.
    """
    troubles = {*words.duplicate, *words.rejected}
    told = [value for key, value in _fields(status.result) if _plain(key) in troubles]
    return any(_says_something(value) for value in (status.error_link, *told))


def place(errors: Iterable[BulkError], entries: Sequence[Entry], fields: ErrorFields) -> Complaints:
    """Which entries the errors are about: by customerKey, else by a number that one entry has, else by row."""
    by_key = {entry["customerKey"]: position for position, entry in enumerate(entries)}
    by_phone = _owners(entries)
    placed: dict[int, Complaint] = {}
    unplaced: list[str | None] = []
    for error in errors:
        item = _flat(error.item)
        text = _message(error.item, item, fields)
        key = _first(item, fields.customer_key) or error.key
        position = by_key.get(str(key), by_phone.get(_digits(_first(item, fields.phone))))
        is_sure = position is not None
        if position is None:
            position = _row(_first(item, fields.row, or_else=error.key), fields.row_base, len(entries))
        if position is None:
            unplaced.append(text)
        else:
            placed.setdefault(position, Complaint(text, is_sure))
    return Complaints(placed, len(unplaced), next((text for text in unplaced if text), None))


def phones_of(entry: Entry) -> list[str]:
    """The entry's numbers, in order."""
    return [entry[name] for name in _PHONES if entry.get(name)]


def _owners(entries: Sequence[Entry]) -> dict[str, int]:
    """Numbers, as digits, that one entry alone has."""
    owners: dict[str, set[int]] = {}
    for position, entry in enumerate(entries):
        for phone in phones_of(entry):
            owners.setdefault(_digits(phone), set()).add(position)
    return {phone: next(iter(found)) for phone, found in owners.items() if phone and len(found) == 1}


def _flat(item: Any) -> dict[str, Any]:
    """The item's fields, and under them those of the lead that it may enclose."""
    if not isinstance(item, Mapping):
        return {}
    inner: Mapping[str, Any] = next((item[key] for key in _NESTED if isinstance(item.get(key), Mapping)), {})
    return {**inner, **item}


def _message(item: Any, fields_of_item: Mapping[str, Any], fields: ErrorFields) -> str | None:
    value = _first(fields_of_item, fields.message) if fields_of_item else item
    if isinstance(value, list):
        value = "; ".join(str(part) for part in value if isinstance(part, (str, int)))
    return value if isinstance(value, str) and value else None


def _first(item: Mapping[str, Any], keys: Sequence[str], *, or_else: Any = None) -> Any:
    return next((item[key] for key in keys if item.get(key) is not None), or_else)


def _row(value: Any, base: int, count: int) -> int | None:
    text = str(value)
    row = int(text) - base if text.isascii() and text.isdigit() and len(text) < 9 else -1
    return row if 0 <= row < count else None


def _leaves(result: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    for key, value in result.items():
        yield from value.items() if isinstance(value, Mapping) else [(key, value)]


def _fields(value: Any) -> Iterable[tuple[str, Any]]:
    """Every field of every object in the value, however deep; no recursion, for JSON may be deeper than our stack."""
    rest = [value]
    while rest:
        one = rest.pop()
        if isinstance(one, Mapping):
            yield from one.items()
        if isinstance(one, (Mapping, list)):
            rest += one.values() if isinstance(one, Mapping) else one


def _says_something(value: Any) -> bool:
    """Whether it is more than null, nought, false, empty, or an object of such values."""
    leaves = [inner for _, inner in _fields(value) if not isinstance(inner, Mapping)]
    return any(leaves) if isinstance(value, Mapping) else bool(value)


def _plain(key: Any) -> str:
    return "".join(letter for letter in str(key).lower() if letter.isalnum())


def _digits(phone: Any) -> str:
    return "".join(letter for letter in str(phone or "") if letter.isdigit())
