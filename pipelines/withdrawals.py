"""Takes back leads that must not be called any more although a vendor has them.

Belongs here: which leads these are, the course of taking them back, and what the ledger keeps of it. Does not belong
here: how a vendor does it (`connectors/`), who may be called (`eligibility.py`), when it is done (`night.py`).

To take a lead back may be repeated without harm, so nothing is claimed, and nothing is kept but the outcome: what a
crash leaves open is due again in the next run.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

import orjson

from connectors.errors import ConnectorError, RateLimitedError, RejectedError, SetupError, TargetError
from connectors.gateway import Campaign, Delivered, Gateway, TakesBack
from connectors.patience import Patience
from connectors.redaction import redact
from pipelines.eligibility import MUST_NOT_BE_CALLED, REASONS
from pipelines.store import Row, Store, utc_now

TRIES = 3
WITHDRAWN, FAILED = "withdrawn", "not_withdrawn"
BY_HAND = "withdrawn_by_hand"


class Taken(NamedTuple):
    """What became of one lead: how the vendor took it back, or why not."""

    vendor: str
    campaign: str
    source: str
    lead_id: str
    reason_code: str
    outcome: str
    how: str


@dataclass
class WithdrawalSummary:
    """What taking leads back came to at one vendor."""

    leads: list[Taken] = field(default_factory=list)
    is_cut_short: bool = False

    @property
    def counts(self) -> Counter[str]:
        """How many leads were withdrawn, and how many were not."""
        return Counter(lead.outcome for lead in self.leads)

    @property
    def problems(self) -> list[str]:
        """One sentence for each campaign and cause for which the vendor still has leads."""
        failed = Counter((lead.vendor, lead.campaign, lead.how) for lead in self.leads if lead.outcome == FAILED)
        return [still_there(vendor, campaign, how, count) for (vendor, campaign, how), count in failed.items()]


@dataclass(frozen=True, slots=True)
class Watch:
    """Which leads are looked at: of one vendor, of some campaigns or all; rows and further numbers since a day."""

    vendor: str
    campaigns: Sequence[str]
    today: date
    since: date


class _Answer(NamedTuple):
    """How the vendor took a lead back, or why not. `is_silent`: it did not answer. `is_for_all`: no lead can be."""

    how: str
    is_done: bool = False
    is_silent: bool = False
    is_for_all: bool = False


def still_there(vendor: str, campaign: str, why: str, count: int) -> str:
    """The sentence for a person: so many leads are still dialled."""
    leads = "1 lead" if count == 1 else f"{count} leads"
    return f"{campaign}: {leads} must not be called any more, and {vendor} still has them: {why}"


def has_delivered(store: Store, vendor: str) -> bool:
    """Whether the vendor was ever sent anything."""
    return bool(store.one("withdrawals", "has_delivered", vendor=vendor).has_delivered)


def due_pages(store: Store, watch: Watch, *, limit: int) -> Iterator[Sequence[Row]]:
    """The deliveries that must be taken back, as they are now, page by page."""
    after = {"after_campaign": "", "after_source": "", "after_lead": ""}
    while rows := store.rows(
        "withdrawals",
        "due",
        vendor=watch.vendor,
        campaigns=list(watch.campaigns),
        today=watch.today,
        since=watch.since,
        reason_codes=list(MUST_NOT_BE_CALLED),
        limit=limit,
        **after,
    ):
        yield rows
        after = {"after_campaign": rows[-1].campaign, "after_source": rows[-1].source, "after_lead": rows[-1].lead_id}


def withdraw(
    store: Store,
    gateway: Gateway | None,
    watch: Watch,
    *,
    refusal: str | None,
    patience: Patience,
    stop: threading.Event,
    actor: str,
) -> WithdrawalSummary:
    """Every lead that is due was taken back, or its delivery says why not.

    Args:
        refusal: why the vendor cannot be asked at all; then, or without a gateway, nobody is asked.
    """
    summary = WithdrawalSummary()
    common = {"vendor": watch.vendor, "campaigns": list(watch.campaigns)}
    store.run("withdrawals", "clear_failures", **common)
    connections = gateway.connections if gateway else 1
    with ThreadPoolExecutor(connections, thread_name_prefix=f"{watch.vendor}-withdraw") as threads:
        for page in due_pages(store, watch, limit=2 * connections):
            if refusal is None and stop.is_set():
                refusal, summary.is_cut_short = "the run was ended first", True
            if gateway is None or refusal:
                answers = [_Answer(refusal or "")] * len(page)
            else:
                asked = [threads.submit(_take_back, gateway, watch.vendor, row, patience, stop) for row in page]
                answers = [one.result() for one in asked]
                refusal = _end(answers)
            leads = [_taken(watch.vendor, row, answer) for row, answer in zip(page, answers, strict=True)]
            summary.leads += _stored(store, leads, actor=actor)
    return summary


def failures(store: Store, names: Sequence[str] = ()) -> list[str]:
    """One sentence for each campaign, of the named ones or all, and cause for which a vendor still has such leads."""
    rows = [row for row in store.rows("withdrawals", "failures") if not names or row.campaign in names]
    return [still_there(row.vendor, row.campaign, row.reason, row.lead_count) for row in rows]


def withdrawn_by_hand(store: Store, campaign: str, lead_ids: Sequence[str], *, actor: str) -> Sequence[Taken]:
    """The leads count as withdrawn: a person took them back.

    Raises:
        SetupError: one of them is not a lead that could not be taken back; nothing was noted.
    """
    rows = store.rows("withdrawals", "failed_leads", campaign=campaign, lead_ids=list(lead_ids))
    missing = sorted(set(lead_ids) - {row.lead_id for row in rows})
    if missing:
        raise SetupError(f"{campaign} has no lead {', '.join(missing)} that could not be taken back")
    leads = [
        Taken(row.vendor, row.campaign, row.source, row.lead_id, BY_HAND, WITHDRAWN, "taken back by hand")
        for row in rows
    ]
    return _stored(store, leads, actor=actor)


def _take_back(gateway: Gateway, vendor: str, row: Row, patience: Patience, stop: threading.Event) -> _Answer:
    assert isinstance(gateway, TakesBack)
    entry = orjson.loads(row.payload)[row.position] if row.payload else None
    lead = Delivered(row.source, row.lead_id, row.vendor_id, entry, (row.phone,) if row.phone else ())
    for attempt in range(1, TRIES + 1):
        try:
            return _Answer(gateway.withdraw(Campaign(row.campaign, vendor, row.target), lead), is_done=True)
        except (TargetError, RejectedError) as error:
            return _Answer(str(error))
        except SetupError as error:
            return _Answer(str(error), is_for_all=True)
        except ConnectorError as error:
            if attempt == TRIES or stop.wait(_delay_s(error, patience.backoff(attempt))):
                return _Answer(str(error), is_silent=True)
    raise AssertionError("unreachable")


def _delay_s(error: ConnectorError, backoff_s: float) -> float:
    if isinstance(error, RateLimitedError) and error.retry_after is not None:
        return error.retry_after.total_seconds()
    return backoff_s


def _end(answers: Sequence[_Answer]) -> str | None:
    """Why no further lead is tried: a setting is wrong, or the vendor answers nobody."""
    is_silent = len(answers) > 1 and all(answer.is_silent for answer in answers)
    return next((answer.how for answer in answers if answer.is_for_all or is_silent), None)


def _taken(vendor: str, row: Row, answer: _Answer) -> Taken:
    outcome = WITHDRAWN if answer.is_done else FAILED
    return Taken(vendor, row.campaign, row.source, row.lead_id, row.reason_code, outcome, redact(answer.how) or "")


def _stored(store: Store, leads: Sequence[Taken], *, actor: str) -> Sequence[Taken]:
    """The leads, which the ledger now has as withdrawn, or with why not."""
    told = [
        {"campaign": lead.campaign, "source": lead.source, "lead_id": lead.lead_id, **_as_reason(lead)}
        for lead in leads
    ]
    with store.transaction():
        for outcome, name in ((WITHDRAWN, "withdraw"), (FAILED, "note_failures")):
            own = [row for row, lead in zip(told, leads, strict=True) if lead.outcome == outcome]
            if own:
                rows = orjson.dumps(own).decode()
                store.run("withdrawals", name, leads=rows, now=utc_now(), actor=actor)
    return leads


def _as_reason(lead: Taken) -> dict[str, str]:
    if lead.outcome == FAILED:
        return {"reason_code": FAILED, "reason": lead.how}
    if lead.reason_code not in REASONS:
        return {"reason_code": lead.reason_code, "reason": lead.how}
    _, text = REASONS[lead.reason_code]
    return {"reason_code": f"{lead.reason_code}_after_delivery", "reason": f"{text}; taken back: {lead.how}"}
