"""The port that every vendor implements, and the words it speaks.

Belongs here: the canonical types between the ledger and a vendor. Does not belong here: anything that
only one vendor knows (`connectors/<vendor>/`), or how deliveries are planned and sent (`pipelines/`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal, NamedTuple, Protocol
from uuid import UUID

import orjson

Entry = dict[str, Any]
"""One lead in the vendor's own schema, as JSON."""

Outcome = Literal["accepted", "duplicate", "rejected", "unattributed", "unknown", "not_sent"]
"""`unknown`: ask the vendor later. `not_sent`: the vendor certainly does not have it; send it again."""


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


@dataclass(frozen=True, slots=True)
class Batch:
    """One import: entries that travel together, frozen as the JSON array `payload`.

    `import_key` is the idempotency key: the same for every try of this import. `positions` are the
    entries that have no verdict yet; all of them before the first answer. `not_after` is the monotonic
    time after which the batch is not ours to send any more.
    """

    import_key: UUID
    campaign: Campaign
    day: date
    payload: bytes
    entry_count: int
    positions: Sequence[int]
    vendor_reference: str | None = None
    not_after: float = float("inf")

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
    means that the vendor took the batch and will say later what became of it (`reference` names it).
    """

    verdicts: Sequence[Verdict] = ()
    reference: str | None = None
    is_pending: bool = False


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

    def required_columns(self, campaign: Campaign) -> Sequence[str]:
        """The source columns that the campaign's mapping needs."""

    def preflight(self, campaign: Campaign) -> None:
        """The campaign's target exists and may be loaded.

        Raises:
            TargetError: this campaign cannot be loaded; others may.
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

    def complete(self, campaign: Campaign) -> None:
        """The campaign was loaded in full: switch the target on, where that is configured."""

    def call_results(self, campaign: Campaign, start: datetime, end: datetime) -> Iterator[CallResult]:
        """Results that changed at the vendor in [start, end)."""

    def stop_waiting(self) -> None:
        """Every wait for a rate limit, now and later, ends with NotSentError: the process is to end."""

    def close(self) -> None:
        """All connections are closed."""
