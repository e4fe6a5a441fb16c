"""What goes into the ledger and comes out of it: scopes, plans, claims, setbacks.

Belongs here: the values that the ledger's methods speak. Does not belong here: any statement (`ledger.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import blake2b
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID, uuid4

import pyarrow as pa

from connectors.columns import TEXT
from connectors.gateway import Action, Batch, Campaign


@dataclass(frozen=True, slots=True)
class Scope:
    """What a run is about: one vendor, some days, some campaigns."""

    vendor: str
    days: tuple[date, ...]
    campaigns: tuple[str, ...]


Holders: TypeAlias = Mapping[tuple[str, str], tuple[str, str]]
"""Who has a number in a campaign: (campaign, number) to (source, lead_id)."""

ELIGIBLE = pa.schema(
    [
        ("row_no", pa.int64()),
        ("campaign", TEXT),
        ("lead_id", TEXT),
        ("phones", TEXT),
        ("time_zone", TEXT),
        ("country", TEXT),
    ]
)
"""Eligible contacts. `phones`: all numbers, with commas between, in E.164."""

SAID = pa.schema(
    [
        ("row_no", pa.int64()),
        ("lead_id", TEXT),
        ("first_name", TEXT),
        ("last_name", TEXT),
        ("email", TEXT),
        ("agent", TEXT),
        ("priority", TEXT),
        ("not_before", TEXT),
        ("attributes", TEXT),
    ]
)
"""What a source said of rows. `attributes`: a JSON object."""

KNOWN = pa.schema(
    [
        ("row_no", pa.int64()),
        ("content_digest", TEXT),
        ("verdict", TEXT),
        ("vendor", TEXT),
        ("is_newer", pa.bool_()),
        ("is_other_number", pa.bool_()),
        ("has_new_number", pa.bool_()),
        ("is_outdated", pa.bool_()),
    ]
)
"""What was delivered of rows before. `content_digest`: in hex. `is_newer`: of a later day than the row's.
`has_new_number`: the row has a number that the delivery has not.
`is_outdated`: it says that its lead changed, or has lost its numbers."""

PLANNABLE = pa.schema(
    [
        *ELIGIBLE,
        ("phone", TEXT),
        *list(SAID)[2:],
        *list(KNOWN)[1:],
        ("is_delivery", pa.bool_()),
        ("is_outrun", pa.bool_()),
    ]
)
"""Eligible contacts with what their rows say and what was delivered of them before, if any. `phone`: the first one.
`is_outrun`: a later day has an eligible row of the lead, too."""


class Numbered(NamedTuple):
    """A lead of a campaign with its numbers, commas between."""

    campaign: str
    lead_id: str
    phones: str


@dataclass(frozen=True, slots=True)
class PlannedBatch:
    """A batch that is to be planned: frozen payload and the deliveries that it carries, in order."""

    campaign: Campaign
    payload: bytes
    payload_digest: bytes
    entry_count: int
    parent_id: int | None = None
    attempts: int = 0
    due_at: datetime | None = None
    action: Action = "create"
    import_key: UUID = field(default_factory=uuid4)

    @classmethod
    def of(
        cls,
        campaign: Campaign,
        contents: Sequence[bytes],
        *,
        parent_id: int | None = None,
        attempts: int = 0,
        due_at: datetime | None = None,
        action: Action = "create",
    ) -> PlannedBatch:
        """A batch of entries that are JSON already; its payload is their JSON array."""
        payload = b"[" + b",".join(contents) + b"]"
        digest = blake2b(payload, digest_size=16).digest()
        return cls(campaign, payload, digest, len(contents), parent_id, attempts, due_at, action)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A contact that eligibility let pass and planning did not."""

    row_no: int
    verdict: str
    reason_code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Claim:
    """An import that is ours until the lease ends.

    `is_passed_over`: it was sent more than once, and the vendor took others since the first time.
    """

    import_id: int
    attempts: int
    batch: Batch
    is_passed_over: bool = False


@dataclass(frozen=True, slots=True)
class Setback:
    """Why an import did not come to its end, and when it is due again."""

    import_id: int
    due_at: datetime
    error_code: str
    error: str | None


@dataclass(frozen=True, slots=True)
class WholeSettlement:
    """An import of which one answer named every entry; what is no exception is accepted. `vendor_ids` by position."""

    import_id: int
    vendor_ids: Sequence[str | None]
    duplicate_count: int = 0
    rejected_count: int = 0
    unattributed_count: int = 0


@dataclass(frozen=True, slots=True)
class Submission:
    """An import that the vendor took: when it is asked first, and until when it has time."""

    import_id: int
    due_at: datetime
    deadline_at: datetime


@dataclass(frozen=True, slots=True)
class Note:
    """What the vendor calls an import and says of it; None leaves what is there."""

    import_id: int
    reference: str | None
    detail: str | None
    error_report: str | None


@dataclass(frozen=True, slots=True)
class LateWatch:
    """An import that is settled for now: when the vendor is asked once more, and until when at all."""

    import_id: int
    due_at: datetime
    late_until: datetime


MadeTargets = Mapping[tuple[str, date], Mapping[str, Any]]
"""What was found or made for a campaign on a day: (campaign, day) to the vendor's words for it."""
