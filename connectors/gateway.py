"""The port that every vendor implements, and the words it speaks.

Belongs here: the canonical types between the ledger and a vendor. Does not belong here: anything that
only one vendor knows (`connectors/<vendor>/`), or how deliveries are planned and sent (`pipelines/`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal, NamedTuple, Protocol, runtime_checkable
from uuid import UUID

import orjson
import pyarrow as pa

from connectors.columns import TEXT

Entry = dict[str, Any]
"""One lead in the vendor's own schema, as JSON."""

Outcome = Literal["accepted", "duplicate", "rejected", "unattributed", "unknown", "not_sent"]
"""`unknown`: ask the vendor later. `not_sent`: the vendor certainly does not have it; send it again."""

Action = Literal["create", "update"]
"""What an import does at the vendor: it creates leads, or changes one that the vendor has."""

TargetAction = Literal["activate", "pause", "delete"]
"""What can be done to a target besides loading it. Each may be repeated without harm."""


@dataclass(frozen=True, slots=True)
class Campaign:
    """Where contacts go: our name, one vendor, one target at that vendor, a mapping."""

    campaign: str
    vendor: str
    target: Mapping[str, Any]
    region: str | None = None
    mapping: Mapping[str, Any] = field(default_factory=dict)


class Contact(NamedTuple):
    """A lead or customer that may be called. `phones` are E.164, the first is dialled first.

    A named tuple, like `Verdict`: one is made for every lead, and a frozen dataclass takes five times as long.
    """

    source: str
    lead_id: str
    phones: Sequence[str]
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    country: str | None = None
    time_zone: str | None = None
    agent: str | None = None
    priority: int | None = None
    not_before: datetime | None = None
    attributes: Mapping[str, Any] = {}


CONTACT_FIELDS = frozenset(
    {"lead_id", "source", "first_name", "last_name", "email", "country", "time_zone", "agent", "priority"}
)
"""Fields of a contact that a mapping may name; every other name is an attribute of the source's row, and so is one of
these where the source has a column of that name with another meaning."""

CONTACT_COLUMNS = pa.schema(
    [
        ("source", TEXT),
        ("lead_id", TEXT),
        ("phones", TEXT),
        ("first_name", TEXT),
        ("last_name", TEXT),
        ("email", TEXT),
        ("country", TEXT),
        ("time_zone", TEXT),
        ("agent", TEXT),
        ("priority", pa.int64()),
        ("not_before", pa.timestamp("us", "UTC")),
        ("attributes", TEXT),
    ]
)
"""Many contacts, a row each: `phones` with commas between, `attributes` a JSON object or missing."""


@dataclass(frozen=True, slots=True)
class Batch:
    """One import: entries that travel together, frozen as the JSON array `payload`.

    `import_key` is the idempotency key: the same for every try of this import. `positions` are the
    entries that have no verdict yet; all of them before the first answer. `not_after` is the monotonic
    time after which the batch is not ours to send any more. `sent_at` is when it was last sent; where no
    answer was seen, the latest time at which it may have been.

    `vendor_reference` is what the vendor calls the import; for an update, which carries one entry, it is the
    vendor's id of the lead. `progress` is what the last poll told; `is_overdue`: the vendor had time enough, so
    what can be known must be told now.
    """

    import_key: UUID
    campaign: Campaign
    day: date
    payload: bytes
    entry_count: int
    positions: Sequence[int]
    vendor_reference: str | None = None
    not_after: float = float("inf")
    action: Action = "create"
    sent_at: datetime | None = None
    progress: Progress | None = None
    is_overdue: bool = False

    def entries(self) -> list[Entry]:
        """All entries, in order."""
        entries: list[Entry] = orjson.loads(self.payload)
        return entries

    def is_expired(self, clock: Callable[[], float] = time.monotonic) -> bool:
        """Whether the claim on this batch is over, so that it must not be sent."""
        return clock() >= self.not_after


class Verdict(NamedTuple):
    """What became of one entry. `reason` is the vendor's own text, without private data."""

    position: int
    outcome: Outcome
    reason_code: str | None = None
    reason: str | None = None
    vendor_id: str | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """The vendor's answer to a batch.

    `verdicts` holds at most one per open position; a position without one is `unknown`. `is_pending`
    means that the vendor took the batch and will say later what became of it (`reference` names it); such a
    receipt may hold verdicts of entries that were refused at once.

    `accepted_ids` is the short form of a batch of which every entry was accepted for good: the vendor's ids by
    position, no `verdicts`, neither pending nor provisional. `detail` is a sentence for the report of the import,
    `error_report` the address of the vendor's own. `is_provisional`: time is up and these verdicts stand, but the
    vendor may still come to say more.
    """

    verdicts: Sequence[Verdict] = ()
    reference: str | None = None
    is_pending: bool = False
    detail: str | None = None
    error_report: str | None = None
    is_provisional: bool = False
    accepted_ids: Sequence[str | None] | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a vendor is with an import that it took.

    `word` is the vendor's own status. `counts` are the vendor's (accepted, duplicate, rejected), where it tells
    them. `mark` is whatever the gateway wants to see again at its next poll, without private data.
    """

    is_finished: bool
    word: str | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    error_report: str | None = None
    mark: str | None = None


@dataclass(frozen=True, slots=True)
class ResultTerms:
    """When a vendor is asked what became of an import. Times in seconds since it was taken.

    First after `first_s`, then at growing intervals of at most `max_s`; after `deadline_s` what can be known is
    taken, and until `late_s` later word is still heard.
    """

    first_s: float = 5
    max_s: float = 60
    deadline_s: float = 1800
    late_s: float = 86_400


@dataclass(frozen=True, slots=True)
class CallResult:
    """The vendor's newest word on the calls to one lead."""

    vendor_id: str
    result: str | None
    call_result: str | None
    classifier: str | None
    call_count: int | None
    agent_id: str | None
    changed_at: datetime | None


class Delivered(NamedTuple):
    """A lead that a vendor has. `entry` is what it was sent last, and `phones` its E.164 numbers; both until purged."""

    source: str
    lead_id: str
    vendor_id: str | None = None
    entry: Entry | None = None
    phones: Sequence[str] = ()


class Gateway(Protocol):
    """A dialler vendor, as the delivery engine sees it. Every method may be called from many threads."""

    @property
    def vendor(self) -> str:
        """The vendor's short name."""

    @property
    def batch_size(self) -> int:
        """How many entries one import carries at most."""

    @property
    def connections(self) -> int:
        """How many requests may be in flight at once."""

    @property
    def request_count(self) -> int:
        """How many requests were sent so far."""

    def mapper(self, campaign: Campaign) -> Callable[[Contact], Entry]:
        """A function that turns a contact of the campaign into the vendor's schema."""

    @property
    def can_update(self) -> bool:
        """Whether a lead that changed after the vendor took it is sent again, as an update."""

    @property
    def carries_not_before(self) -> bool:
        """Whether the vendor is told from when on a lead may be called; else it gets no lead before its time."""

    @property
    def keeps_phones(self) -> bool:
        """Whether a number that a lead has no more stays at the vendor after an update."""

    def required_columns(self, campaign: Campaign) -> Sequence[str]:
        """The source columns that the campaign's mapping needs."""

    def preflight(self, campaign: Campaign) -> None:
        """The campaign's target exists and may be loaded.

        Raises:
            TargetError: this campaign cannot be loaded; others may.
            TargetOverError: its target's time is over.
            SetupError, ConnectorError: nothing can be loaded: credentials, address, vendor down.
        """

    def submit(self, batch: Batch) -> Receipt:
        """The batch was sent once.

        Raises:
            NotSentError, RateLimitedError: nothing was stored.
            OutcomeUnknownError: the vendor may have all, some or none of it.
            TooLargeError, InvalidRequestError: the vendor refused the batch as a whole.
        """

    def reconcile(self, batch: Batch) -> Receipt:
        """For every open position: `accepted` if the vendor has it, `not_sent` if it has not."""

    def call_results(self, campaign: Campaign, start: datetime, end: datetime) -> Iterator[CallResult]:
        """Results that changed at the vendor in [start, end)."""

    def stop_waiting(self) -> None:
        """Every wait for a rate limit, now and later, ends with NotSentError: the process is to end."""

    def close(self) -> None:
        """All connections are closed."""


@runtime_checkable
class MapsColumns(Protocol):
    """A vendor that maps many contacts at once. Such a gateway is a `Gateway` too."""

    def column_mapper(self, campaign: Campaign) -> Callable[[pa.Table], pa.Array | None]:
        """A function that turns contacts, in `CONTACT_COLUMNS`, into JSON texts: those of `mapper`, byte for byte.

        It answers None where these contacts must be mapped one by one.
        """


@runtime_checkable
class RenamesAgents(Protocol):
    """A vendor whose mapping says which agent is meant by a word of ours. Such a gateway is a `Gateway` too."""

    def renamed_agents(self, campaign: Campaign) -> Collection[str]:
        """The words that the campaign's mapping knows: they go to it as they are, whatever the vendor knows."""


@runtime_checkable
class ResultsLater(Protocol):
    """A vendor that takes a batch and tells later what became of it. Such a gateway is a `Gateway` too."""

    @property
    def result_terms(self) -> ResultTerms:
        """When to ask."""

    def poll(self, batch: Batch) -> Progress:
        """How far the import is: one cheap question, whose answer changes nothing.

        Raises:
            ConnectorError: no answer; ask again later.
        """

    def collect(self, batch: Batch) -> Receipt:
        """The verdicts of an import that is finished, or overdue, read from wherever the vendor tells them.

        `is_pending`: it is not finished after all. A position without verdict is `unknown` once it is overdue.

        Raises:
            ConnectorError: not everything could be read; nothing is concluded, collect again later.
        """


@runtime_checkable
class MakesTargets(Protocol):
    """A vendor at which a missing target is made. Such a gateway is a `Gateway` too.

    What is found or made is merged into `Campaign.target` of every batch, and kept for good.
    """

    def target_name(self, campaign: Campaign, day: date) -> str | None:
        """The vendor's name of the target for that day, the same at every call; None: it is configured by its id."""

    def find_target(self, campaign: Campaign, name: str) -> Mapping[str, Any] | None:
        """The target that has exactly this name; None when there is none.

        Raises:
            TargetError: it cannot be loaded, or there are several.
        """

    def create_target(self, campaign: Campaign, name: str, day: date) -> Mapping[str, Any]:
        """The target was made.

        Raises:
            OutcomeUnknownError: it may have been; look for it by name, later.
            TargetError: it cannot be made; the text names the setting.
        """


@runtime_checkable
class RenewsTargets(Protocol):
    """A vendor whose targets are over some day: another takes the place then. Such a gateway `MakesTargets` too.

    Every target that it finds or makes has `ends_at`: a text in ISO 8601 with its offset, or None for no end.
    """

    def successor_name(self, name: str, begins_on: date) -> str:
        """What the target is called that takes the place of the named one on that day, the same at every call."""


@runtime_checkable
class ControlsTargets(Protocol):
    """A vendor whose targets can be switched, or removed. Such a gateway is a `Gateway` too."""

    @property
    def target_actions(self) -> frozenset[TargetAction]:
        """What can be done to a target of this vendor."""

    def action_when_loaded(self, campaign: Campaign) -> TargetAction | None:
        """What the configuration wants done once the campaign was loaded in full."""

    def control_target(self, campaign: Campaign, action: TargetAction) -> None:
        """It is done; also when it was so before.

        Raises:
            TargetError: it cannot be done; the text names the setting.
            OutcomeUnknownError: it may have been done; repeat it.
        """


@runtime_checkable
class TakesBack(Protocol):
    """A vendor from which a delivered lead can be taken back. Such a gateway is a `Gateway` too."""

    @property
    def withdrawal_refusal(self) -> str | None:
        """Why no lead can be taken back, naming the setting that forbids it or is missing; None when it can be."""

    def withdraw(self, campaign: Campaign, lead: Delivered) -> str:
        """The vendor calls the lead no more, also when it was so before; how, in a few words for the report.

        May be repeated without harm, whatever came of it before. The campaign's target is the one that the lead was
        delivered into.

        Raises:
            TargetError, RejectedError: the vendor, or what is known of the lead, does not allow it; a person must look.
            SetupError: no lead of this vendor can be taken back now.
            ConnectorError: not this time; try again later.
        """
