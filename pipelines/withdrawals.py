"""Takes back leads that must not be called any more although a vendor has them.

Belongs here: which leads these are, the course of taking them back, and what the ledger keeps of it. Does not belong
here: how a vendor does it (`connectors/`), who may be called (`eligibility.py`), when and with what it is done
(`recall.py`, `night.py`).

Whoever is due stands in `ledger.withdrawals` until the vendor took the lead back, a person did, or it may be called. To
take a lead back may be repeated without harm, so nothing is claimed: what a crash leaves open is still due.
"""

from __future__ import annotations

import re
import threading
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar

import orjson

from connectors.errors import ConnectorError, RejectedError, SetupError, TargetError
from connectors.gateway import Campaign, Delivered, Gateway, TakesBack
from connectors.patience import Patience
from connectors.redaction import redact
from pipelines.eligibility import REASONS, STOPS
from pipelines.store import Row, Store, utc_now

T = TypeVar("T", bound=Any)

TRIES = 3
Outcome = Literal["withdrawn", "not_withdrawn"]
WITHDRAWN: Outcome = "withdrawn"
NOT_WITHDRAWN: Outcome = "not_withdrawn"
CHANGED = "its delivery changed meanwhile"
PAGE_ROWS = 500
HELD_PAGE_ROWS = 20  # each comes with the payload that it was sent in

# How many of its last digits make a number the same in whatever form a vendor writes it.
_TELLING_DIGITS = 7


class Lead(NamedTuple):
    """A lead that was to be taken back, why, and what became of it: how the vendor did it, or why it did not."""

    vendor: str
    campaign: str
    source: str
    lead_id: str
    reason_code: str
    outcome: Outcome
    how: str


@dataclass
class WithdrawalSummary:
    """What taking leads back came to at one vendor.

    `is_cut_short`: the run ended before all were looked at. `is_waiting`: of some it is not known yet whether they are
    there.
    """

    leads: list[Lead] = field(default_factory=list)
    is_cut_short: bool = False
    is_waiting: bool = False

    @property
    def counts(self) -> Counter[str]:
        """How many leads were withdrawn, and how many were not."""
        return Counter(lead.outcome for lead in self.leads)

    @property
    def problems(self) -> list[str]:
        """One sentence for each campaign of which the vendor still has leads."""
        by_campaign: dict[tuple[str, str], list[str]] = {}
        for lead in self.leads:
            if lead.outcome == NOT_WITHDRAWN:
                by_campaign.setdefault((lead.vendor, lead.campaign), []).append(lead.how)
        return [still_there(*key, min(causes), len(causes)) for key, causes in sorted(by_campaign.items())]


@dataclass(frozen=True, slots=True)
class Watch:
    """Which leads are looked for: of one vendor, of some campaigns or all, by rows since a day.

    More than `at_most` are taken back by nobody, unless that is None: then the list or the consents are rather wrong.
    """

    vendor: str
    campaigns: Sequence[str]
    today: date
    since: date
    at_most: int | None

    @property
    def scope(self) -> dict[str, Any]:
        """The vendor and the campaigns, as the statements want them."""
        return {"vendor": self.vendor, "campaigns": list(self.campaigns)}


class _Answer(NamedTuple):
    """How the vendor took a lead back, or why not.

    `is_silent`: it did not answer. `is_for_all`: no lead can be. `is_asked`: it was tried.
    """

    how: str
    is_done: bool = False
    is_silent: bool = False
    is_for_all: bool = False
    is_asked: bool = True


def still_there(vendor: str, campaign: str, why: str, count: int) -> str:
    """The sentence for a person: so many leads may still be dialled."""
    leads, them = ("1 lead", "it") if count == 1 else (f"{count} leads", "them")
    return f"{campaign}: {leads} must not be called any more, and {vendor} may still dial {them}: {why}"


def has_delivered(store: Store, vendor: str) -> bool:
    """Whether the vendor was ever sent anything."""
    return bool(store.one("withdrawals", "has_delivered", vendor=vendor).has_delivered)


def noted_vendors(store: Store) -> list[str]:
    """The vendors that have somebody to be taken back, as far as that was noted."""
    return [row.vendor for row in store.rows("withdrawals", "noted_vendors")]


def note_due(store: Store, watch: Watch) -> None:
    """The ledger has everybody who is due now; who was due before stays so."""
    common = {"today": watch.today, "since": watch.since, "now": utc_now(), **watch.scope}
    with store.transaction():
        store.run("withdrawals", "forget_rows", vendor=watch.vendor)
        found = store.rows("withdrawals", "barred_at_home", vendor=watch.vendor, since=watch.since, today=watch.today)
        barred = [row.phone for row in found]
        store.run("withdrawals", "note_due", reason_codes=list(STOPS), barred=barred, **common)


def forget_not_due(store: Store, watch: Watch) -> None:
    """Nobody is noted who may be called after all, or of whom the vendor has nothing that must not be called."""
    with store.transaction():
        store.run("withdrawals", "drop_unlisted", today=watch.today, **watch.scope)
        store.run("withdrawals", "drop_granted", **watch.scope)
        store.run("withdrawals", "forget_groundless", **watch.scope)
        for page in _pages(store, watch, "held", page_rows=HELD_PAGE_ROWS):
            unheld = [row for row in page if not _is_held(row)]
            store.run("withdrawals", "forget", leads=_as_json(unheld, lambda _: {}))


def due(store: Store, watch: Watch) -> list[Lead]:
    """The leads that are to be taken back, as they are noted; nobody is asked."""
    return [_lead(watch.vendor, row, _Answer("not tried")) for page in _pages(store, watch, "due") for row in page]


def problems(store: Store, names: Sequence[str] = ()) -> list[str]:
    """One sentence for each campaign, of the named ones or all, of which a vendor still has such leads."""
    rows = [row for row in store.rows("withdrawals", "problems") if not names or row.campaign in names]
    return [still_there(row.vendor, row.campaign, row.problem, row.lead_count) for row in rows]


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
    """Everybody who is noted was taken back, or the note says why not.

    Args:
        refusal: why the vendor cannot be asked at all; then, or without a gateway, nobody is asked.
    """
    count = store.one("withdrawals", "count_due", **watch.scope).lead_count
    if not refusal and watch.at_most is not None and count > watch.at_most:
        refusal = (
            f"{count} leads at once are more than eligibility.withdraw_at_most ({watch.at_most}): look whether the"
            " do-not-call list and the consents are right; if so, say leadsync withdraw --however-many"
        )
    if gateway is None or refusal:
        return WithdrawalSummary(_refused(store, watch, refusal or ""))
    summary = WithdrawalSummary()
    with ThreadPoolExecutor(gateway.connections, thread_name_prefix=f"{watch.vendor}-withdraw") as threads:
        for page in _pages(store, watch, "held", page_rows=2 * gateway.connections):
            if stop.is_set():
                summary.is_cut_short = True
                break
            asked = [threads.submit(_take_back, gateway, watch.vendor, row, patience, stop) for row in page]
            answers = [one.result() for one in asked]
            leads = [_lead(watch.vendor, row, answer) for row, answer in zip(page, answers, strict=True)]
            summary.leads += _stored(store, leads, actor=actor)
            summary.is_waiting |= not all(row.is_settled for row in page)
            if why := _why_nobody_else(answers):
                summary.leads += _refused(store, watch, why, after=page[-1])
                break
    return summary


def withdrawn_by_hand(
    store: Store, campaign: str, lead_ids: Sequence[str], source: str | None, *, actor: str
) -> Sequence[Lead]:
    """The leads count as withdrawn: a person took them back.

    Raises:
        SetupError: one of them is not to be taken back, is both a lead and a customer, or is not settled yet; nothing
            was changed.
    """
    rows = store.rows("withdrawals", "named", campaign=campaign, lead_ids=list(lead_ids))
    named = [row for row in rows if source is None or row.source == source]
    missing = sorted(set(lead_ids) - {row.lead_id for row in named})
    if missing:
        raise SetupError(f"{campaign} has no lead {', '.join(missing)} that is to be taken back")
    if len(named) > len(set(lead_ids)):
        raise SetupError(f"{campaign} has a lead and a customer of that id: say --source lead, or --source customer")
    unsure = sorted(row.lead_id for row in named if not row.is_settled)
    if unsure:
        raise SetupError(f"{campaign}: it is not known yet whether {', '.join(unsure)} is there: try again later")
    by_hand = _Answer("taken back by hand", is_done=True)
    return _stored(store, [_lead(row.vendor, row, by_hand) for row in named], actor=actor)


def _pages(
    store: Store, watch: Watch, name: str, *, page_rows: int = PAGE_ROWS, after: Row | None = None
) -> Iterator[Sequence[Row]]:
    while rows := store.rows("withdrawals", name, limit=page_rows, **watch.scope, **_after(after)):
        yield rows
        after = rows[-1]


def _is_held(row: Row) -> bool:
    """Whether what the vendor has is what must not be called: who is listed has changed his number, perhaps."""
    if row.is_whole_lead or not row.is_settled or row.payload is None or row.delivery_code == "update_refused":
        return True
    if not set(row.numbers).isdisjoint(row.other_phones or ()):
        return True
    return _mentions(orjson.loads(row.payload)[row.position], [number[-_TELLING_DIGITS:] for number in row.numbers])


def _mentions(value: Any, endings: Sequence[str]) -> bool:
    """Whether one of the numbers stands anywhere in the entry."""
    if isinstance(value, Mapping):
        return any(_mentions(one, endings) for one in value.values())
    if isinstance(value, list):
        return any(_mentions(one, endings) for one in value)
    digits = re.sub(r"\D", "", str(value))
    return any(ending in digits for ending in endings)


def _take_back(gateway: Gateway, vendor: str, row: Row, patience: Patience, stop: threading.Event) -> _Answer:
    if not row.is_settled:
        return _Answer(f"it is not known yet whether {vendor} has it: its import is {row.state}", is_asked=False)
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
        except Exception as error:  # noqa: BLE001  one odd lead must not keep back the others, nor the load
            where = traceback.extract_tb(error.__traceback__)[-1]
            return _Answer(f"a defect: {type(error).__name__} in {Path(where.filename).name}, line {where.lineno}")
    raise AssertionError("unreachable")


def _delay_s(error: ConnectorError, backoff_s: float) -> float:
    return backoff_s if error.retry_after is None else error.retry_after.total_seconds()


def _why_nobody_else(answers: Sequence[_Answer]) -> str | None:
    """Why no further lead is tried: a setting is wrong, or the vendor answers nobody."""
    asked = [answer for answer in answers if answer.is_asked]
    is_silent = len(asked) > 1 and all(answer.is_silent for answer in asked)
    return next((answer.how for answer in asked if answer.is_for_all or is_silent), None)


def _refused(store: Store, watch: Watch, why: str, *, after: Row | None = None) -> list[Lead]:
    """The leads after the given one, or all, of which each says why none is taken back."""
    told = redact(why) or ""
    store.run("withdrawals", "note_refusal", problem=told, **watch.scope, **_after(after))
    pages = _pages(store, watch, "due", after=after)
    return [_lead(watch.vendor, row, _Answer(told)) for page in pages for row in page]


def _lead(vendor: str, row: Row, answer: _Answer) -> Lead:
    outcome = WITHDRAWN if answer.is_done else NOT_WITHDRAWN
    return Lead(vendor, row.campaign, row.source, row.lead_id, row.reason_code, outcome, redact(answer.how) or "")


def _after(row: Row | None) -> dict[str, str]:
    if row is None:
        return {"after_lead": "", "after_campaign": "", "after_source": ""}
    return {"after_lead": row.lead_id, "after_campaign": row.campaign, "after_source": row.source}


def _stored(store: Store, leads: Sequence[Lead], *, actor: str) -> list[Lead]:
    """The leads as the ledger has them now: withdrawn, or noted with why not."""
    done = [lead for lead in leads if lead.outcome == WITHDRAWN]
    kept = [lead for lead in leads if lead.outcome == NOT_WITHDRAWN]
    with store.transaction():
        rows = store.rows("withdrawals", "withdraw", leads=_as_json(done, _as_reason), now=utc_now(), actor=actor)
        store.run("withdrawals", "note_problems", leads=_as_json(kept, lambda lead: {"problem": lead.how}))
    seen = {(row.campaign, row.source, row.lead_id) for row in rows}
    changed = [lead._replace(outcome=NOT_WITHDRAWN, how=CHANGED) for lead in done if lead[1:4] not in seen]
    return [*(lead for lead in done if lead[1:4] in seen), *changed, *kept]


def _as_json(rows: Sequence[T], more: Callable[[T], Mapping[str, str]]) -> str:
    told = [{"campaign": r.campaign, "source": r.source, "lead_id": r.lead_id, **more(r)} for r in rows]
    return orjson.dumps(told).decode()


def _as_reason(lead: Lead) -> dict[str, str]:
    if lead.reason_code not in REASONS:
        return {"reason_code": lead.reason_code, "reason": lead.how}
    text = REASONS[lead.reason_code][1]
    return {"reason_code": f"{lead.reason_code}_after_delivery", "reason": f"{text}; taken back: {lead.how}"}
