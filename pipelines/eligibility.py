"""Decides who may be called. Pure: frames in, frames out; no clock, no database, no Dagster.

Belongs here: every rule that one row decides by itself. Does not belong here: duplicates, which need the
whole day and the campaign's past (`sql/statements/contacts.sql`, mark_duplicates), and how a number is
read (`phones.py`, `phone_columns.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import cache, lru_cache
from typing import Any, NamedTuple, TypeAlias
from zoneinfo import available_timezones

import numpy as np
import pandas as pd
import phonenumbers
import pyarrow as pa
import pyarrow.compute as pc

from connectors.columns import TEXT, by_value, joined_present
from connectors.crm.frames import as_arrow, as_flags
from connectors.redaction import redact
from pipelines.phone_columns import column_to_e164
from pipelines.phones import normalise_region

Cells: TypeAlias = Mapping[str, pa.Array]
"""Columns of text by their names, all of one length; null where a cell is missing."""

PHONE_COLUMNS = ("phone1", "phone2", "phone3")
_JUDGED = ("defect", "lead_id", "campaign", *PHONE_COLUMNS, "country", "timezone", "priority", "not_before", "consent")

# Priorities and times come again and again: so many of their texts are parsed once.
_REMEMBERED = 10_000

GRANTED = frozenset(
    {"yes", "y", "true", "t", "1", "granted", "given", "opt-in", "optin", "opt in", "ja", "oui", "si", "sí"}
)
WITHDRAWN = frozenset(
    {"no", "n", "false", "f", "0", "withdrawn", "revoked", "denied", "opt-out", "optout", "opt out", "nein", "non"}
)

# reason_code: (verdict, text). The first that is true of a row is its reason. A withdrawn consent comes before anything
# that is wrong else: the vendor of the campaign may have the lead, and must give it back.
REASONS: dict[str, tuple[str, str]] = {
    "consent_withdrawn": ("suppressed", "consent was withdrawn"),
    "row_unreadable": ("invalid", ""),
    "lead_id_missing": ("invalid", "the row has no id"),
    "campaign_missing": ("invalid", "the row names no campaign"),
    "campaign_unknown": ("invalid", "no such campaign is configured"),
    "campaign_inactive": ("suppressed", "the campaign is not active"),
    "consent_unclear": ("suppressed", "the consent is neither a yes nor a no"),
    "consent_missing": ("suppressed", "no consent was given"),
    "do_not_call": ("suppressed", "a number of the row is on the do-not-call list"),
    "phone_missing": ("invalid", "the row has no phone number"),
    "country_unknown": ("invalid", "a national number, and the country is not an ISO 3166 code"),
    "phone_invalid": ("invalid", "no number of the row is a valid phone number"),
    "time_zone_invalid": ("invalid", "the time zone is not in the IANA list"),
    "priority_invalid": ("invalid", "the priority is not a whole number"),
    "not_before_invalid": ("invalid", "not_before is not a date and time"),
}

REFUSALS = ("consent_withdrawn", "consent_missing", "consent_unclear")
"""Reasons by which the newest row of a lead that speaks of consent refuses it, whatever earlier ones say."""

STOPS = (*REFUSALS, "do_not_call")
"""Reasons by which a row stops its lead: it is taken back from its vendor."""

# Columns over the places of the rules, 0 for none: what `judge` writes for each.
_ORDER = {code: place for place, code in enumerate(REASONS, start=1)}
_CODES = pa.array([None, *REASONS], TEXT)
_VERDICTS = pa.array(["eligible", *(verdict for verdict, _ in REASONS.values())], TEXT)
_TEXTS = pa.array([None, *(text for _, text in REASONS.values())], TEXT)


@dataclass(frozen=True, slots=True)
class CampaignRule:
    """What eligibility needs to know of a campaign."""

    region: str | None
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class Policy:
    """The choices of the operator.

    `suppress_by`: a listed number stops the lead, or only that number. `zone`: of times that name none.
    """

    is_consent_required: bool = False
    suppress_by: str = "lead"
    zone: tzinfo = UTC


def normalise(frame: pd.DataFrame, campaigns: Mapping[str, CampaignRule]) -> pd.DataFrame:
    """Phones in E.164, country and time zone of each row, in the index of `frame`.

    Returns:
        Columns `phone1`, `phone2`, `phone3`, `country` (ISO 3166 alpha-2), `time_zone` (IANA): text, or missing.
    """
    country = by_value(as_arrow(frame["country"]), normalise_region)
    fallback = by_value(as_arrow(frame["campaign"]), lambda name: _region_of(campaigns.get(name)))
    # Only a row that names no country is read by the campaign's: an unread word is not no word.
    region = pc.if_else(as_arrow(frame["country"]).is_null(), fallback, country)
    phones = pa.concat_arrays([as_arrow(frame[column]) for column in PHONE_COLUMNS])
    found = column_to_e164(phones, pa.concat_arrays([region] * len(PHONE_COLUMNS)))
    contacts = {name: found.slice(at * len(frame), len(frame)) for at, name in enumerate(PHONE_COLUMNS)}
    contacts |= {"country": country, "time_zone": by_value(as_arrow(frame["timezone"]), canonical_time_zone)}
    return _framed(contacts, frame.index)


def numbers(contacts: pd.DataFrame) -> list[str]:
    """Every distinct number in the frame that `normalise` returned."""
    found = pa.chunked_array([as_arrow(contacts[column]) for column in PHONE_COLUMNS])
    distinct: list[str] = pc.unique(found.drop_null()).to_pylist()
    return distinct


def judge(
    frame: pd.DataFrame,
    contacts: pd.DataFrame,
    campaigns: Mapping[str, CampaignRule],
    listed: Set[str] = frozenset(),
    policy: Policy = Policy(),
) -> pd.DataFrame:
    """Every row of `frame` has a verdict; none is dropped.

    Args:
        frame: a chunk of a source (`connectors/crm/frames.py`).
        contacts: what `normalise` made of it.
        listed: the numbers that must not be called on this day.

    Returns:
        One row per row of `frame`: `row_no`, `campaign`, `lead_id` (text, '' when missing), `verdict`,
        `reason_code`, `reason` (text, or missing), `phone` (E.164, the first to call, or missing), `phones` (all,
        with commas between), `time_zone`, `country`, `consent` (`granted`, `withdrawn`, `unclear`, or missing),
        `cursor_at`.
    """
    said = {name: as_arrow(frame[name]) for name in _JUDGED}
    read = {name: as_arrow(contacts[name]) for name in contacts.columns}
    consent = by_value(said["consent"], _consent)
    found = _dialable([read[name] for name in PHONE_COLUMNS], listed, policy)
    rules = _broken_rules(said, read, consent, campaigns, found, policy)
    verdicts = _framed(
        {
            "campaign": pc.fill_null(said["campaign"], ""),
            "lead_id": pc.fill_null(said["lead_id"], ""),
            "verdict": _VERDICTS.take(rules),
            "reason_code": _CODES.take(rules),
            "reason": _reasons(rules, said["defect"]),
            "phone": found.first,
            "phones": found.joined,
            "time_zone": read["time_zone"],
            "country": _countries(read["country"], found.first),
            "consent": _told_consent(consent, rules),
        },
        frame.index,
    )
    verdicts.insert(0, "row_no", frame["row_no"])
    return verdicts.assign(cursor_at=frame["cursor_at"])


@lru_cache(_REMEMBERED)
def parse_priority(text: str) -> int | None:
    """The whole number, or None."""
    return int(text) if re.fullmatch(r"[+-]?[0-9]{1,9}", text) else None


@lru_cache(_REMEMBERED)
def parse_not_before(text: str, zone: tzinfo = UTC) -> datetime | None:
    """The UTC time of an ISO 8601 date and time; a naive one is in `zone`. None if it is not one."""
    try:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def canonical_time_zone(name: str) -> str | None:
    """The IANA name in its own spelling, or None if there is no such zone."""
    return _zones().get(name.casefold())


def _broken_rules(
    said: Cells,
    read: Cells,
    consent: pa.Array,
    campaigns: Mapping[str, CampaignRule],
    found: _Dialable,
    policy: Policy,
) -> pa.Array:
    """For each row the place in `_ORDER` of the first rule that it breaks; 0 if it breaks none."""
    inactive = [name for name, rule in campaigns.items() if not rule.is_active]
    has_valid = _has_phone(read)
    broken = {
        "consent_withdrawn": pc.and_(_is_one_of(consent, ("withdrawn",)), _is_named(said)),
        "row_unreadable": said["defect"].is_valid(),
        "lead_id_missing": said["lead_id"].is_null(),
        "campaign_missing": said["campaign"].is_null(),
        "campaign_unknown": pc.invert(_is_one_of(said["campaign"], campaigns)),
        "campaign_inactive": _is_one_of(said["campaign"], inactive),
        "consent_unclear": _is_one_of(consent, ("unclear",)),
        "consent_missing": pc.and_(consent.is_null(), policy.is_consent_required),
        "do_not_call": found.is_stopped,
        "phone_missing": pc.invert(_has_phone(said)),
        "country_unknown": pc.and_not(_is_odd(said["country"], read["country"]), has_valid),
        "phone_invalid": found.first.is_null(),
        "time_zone_invalid": _is_odd(said["timezone"], read["time_zone"]),
        "priority_invalid": _is_odd(said["priority"], _parsed(said["priority"], parse_priority)),
        "not_before_invalid": _is_odd(
            said["not_before"], _parsed(said["not_before"], lambda text: parse_not_before(text, policy.zone))
        ),
    }
    places = np.zeros(len(consent), dtype=np.int8)
    for code in reversed(REASONS):  # the first rule is written last, over all others
        places[as_flags(broken[code])] = _ORDER[code]
    return pa.array(places)


class _Dialable(NamedTuple):
    """The distinct numbers of each row that may be called, in order, and whether the do-not-call list stops the row."""

    joined: pa.Array
    first: pa.Array
    is_stopped: pa.Array


def _dialable(phones: Sequence[pa.Array], listed: Set[str], policy: Policy) -> _Dialable:
    first, second, third = phones
    third = _without(third, _is_same(third, first), _is_same(third, second))
    phones = [first, _without(second, _is_same(second, first)), third]
    barred = pa.array(list(listed), TEXT)
    is_listed = [pc.is_in(numbers, barred) for numbers in phones]
    is_stopped = pc.or_(pc.or_(is_listed[0], is_listed[1]), is_listed[2])
    if policy.suppress_by == "number":
        phones = [_without(numbers, flags) for numbers, flags in zip(phones, is_listed, strict=True)]
        is_stopped = pc.and_(is_stopped, pc.coalesce(*phones).is_null())
    return _Dialable(joined_present(*phones, separator=","), pc.coalesce(*phones), is_stopped)


def _is_same(cells: pa.Array, others: pa.Array) -> pa.Array:
    return pc.fill_null(pc.equal(cells, others), False)


def _without(cells: pa.Array, *flagged: pa.Array) -> pa.Array:
    """The cells, null where one of the flags is set."""
    for flags in flagged:
        cells = pc.if_else(flags, pa.scalar(None, TEXT), cells)
    return cells


def _reasons(rules: pa.Array, defects: pa.Array) -> pa.Array:
    return pc.if_else(pc.equal(rules, _ORDER["row_unreadable"]), by_value(defects, redact), _TEXTS.take(rules))


def _told_consent(consent: pa.Array, rules: pa.Array) -> pa.Array:
    """What the rows say of consent. One that cannot be read grants none: it may be of any day, before every refusal."""
    is_unsure = pc.and_(pc.equal(rules, _ORDER["row_unreadable"]), pc.fill_null(pc.equal(consent, "granted"), False))
    return _without(consent, is_unsure)


def _consent(text: str) -> str:
    word = text.strip().casefold()
    return "granted" if word in GRANTED else "withdrawn" if word in WITHDRAWN else "unclear"


def _parsed(cells: pa.Array, parse: Callable[[str], object]) -> pa.Array:
    """The cells, null where they cannot be parsed."""
    return by_value(cells, lambda text: None if parse(text) is None else text)


def _is_odd(said: pa.Array, read: pa.Array) -> pa.Array:
    """Whether something is said that cannot be read."""
    return pc.and_(said.is_valid(), read.is_null())


def _has_phone(cells: Cells) -> pa.Array:
    """Whether a row has one of the three."""
    first, second, third = (cells[name].is_valid() for name in PHONE_COLUMNS)
    return pc.or_(pc.or_(first, second), third)


def _is_named(said: Cells) -> pa.Array:
    """Whether a row says which lead it is, of which campaign."""
    return pc.and_(said["lead_id"].is_valid(), said["campaign"].is_valid())


def _is_one_of(cells: pa.Array, values: Iterable[str]) -> pa.Array:
    return pc.is_in(cells, pa.array(values, TEXT))


def _framed(columns: Mapping[str, pa.Array], index: pd.Index[Any]) -> pd.DataFrame:
    frame: pd.DataFrame = pa.table(columns).to_pandas(use_threads=False)
    return frame.set_axis(index, axis=0)


def _region_of(rule: CampaignRule | None) -> str | None:
    return rule.region if rule else None


def _countries(own: pa.Array, phones: pa.Array) -> pa.Array:
    """The country that the row names, else the one that its first number belongs to."""
    is_unnamed = own.is_null()
    told = pa.array([_country_of(phone) for phone in phones.filter(is_unnamed).to_pylist()], TEXT)
    return pc.replace_with_mask(own, is_unnamed, told)


def _country_of(phone: str | None) -> str | None:
    if phone is None:
        return None
    regions = _regions_of_prefix(phone[1:4])
    if len(regions) > 1:  # a calling code that countries share
        return phonenumbers.region_code_for_number(phonenumbers.parse(phone, None))
    return regions[0] if regions and regions[0] != "001" else None


@cache
def _regions_of_prefix(digits: str) -> tuple[str, ...]:
    for length in (1, 2, 3):
        regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(digits[:length]))
        if regions:
            return tuple(regions)
    return ()


@cache
def _zones() -> Mapping[str, str]:
    return {name.casefold(): name for name in available_timezones()}
