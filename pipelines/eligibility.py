"""Decides who may be called. Pure: frames in, frames out; no clock, no database, no Dagster.

Belongs here: every rule that one row decides by itself. Does not belong here: duplicates, which need the
whole day and the campaign's past (`sql/statements/contacts.sql`, mark_duplicates), and how a number is
read (`phones.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import cache
from typing import Any
from zoneinfo import available_timezones

import numpy as np
import pandas as pd
import phonenumbers

from connectors.redaction import redact
from pipelines.phones import normalise_region, to_e164

PHONE_COLUMNS = ("phone1", "phone2", "phone3")

GRANTED = frozenset(
    {"yes", "y", "true", "t", "1", "granted", "given", "opt-in", "optin", "opt in", "ja", "oui", "si", "sí"}
)
WITHDRAWN = frozenset(
    {"no", "n", "false", "f", "0", "withdrawn", "revoked", "denied", "opt-out", "optout", "opt out", "nein", "non"}
)

# reason_code: (verdict, text). The first rule of a row wins, in the order of `_RULES` below.
REASONS: Mapping[str, tuple[str, str]] = {
    "row_unreadable": ("invalid", ""),
    "lead_id_missing": ("invalid", "the row has no id"),
    "campaign_missing": ("invalid", "the row names no campaign"),
    "campaign_unknown": ("invalid", "no such campaign is configured"),
    "campaign_inactive": ("suppressed", "the campaign is not active"),
    "consent_withdrawn": ("suppressed", "consent was withdrawn"),
    "consent_missing": ("suppressed", "no consent was given"),
    "consent_unclear": ("suppressed", "the consent is neither a yes nor a no"),
    "phone_missing": ("invalid", "the row has no phone number"),
    "country_unknown": ("invalid", "a national number, and the country is not an ISO 3166 code"),
    "phone_invalid": ("invalid", "no number of the row is a valid phone number"),
    "do_not_call": ("suppressed", "a number of the row is on the do-not-call list"),
    "time_zone_invalid": ("invalid", "the time zone is not in the IANA list"),
    "priority_invalid": ("invalid", "the priority is not a whole number"),
    "not_before_invalid": ("invalid", "not_before is not a date and time"),
}


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
        Columns `phone1`, `phone2`, `phone3` (text or None), `country` (ISO 3166 alpha-2 or None),
        `time_zone` (IANA or None).
    """
    country = _mapped(frame["country"], normalise_region)
    fallback = _mapped(frame["campaign"], lambda name: _region_of(campaigns.get(name)))
    # Only a row that names no country is read by the campaign's: an unread word is not no word.
    region = [
        own or (other if named is None else None)
        for own, other, named in zip(country, fallback, frame["country"], strict=True)
    ]
    phones = {column: _e164(frame[column], region) for column in PHONE_COLUMNS}
    return pd.DataFrame(
        {**phones, "country": country, "time_zone": _mapped(frame["timezone"], canonical_time_zone)},
        index=frame.index,
        dtype=object,
    )


def numbers(contacts: pd.DataFrame) -> list[str]:
    """Every distinct number in the frame that `normalise` returned."""
    return list({number for column in PHONE_COLUMNS for number in contacts[column] if number})


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
        `reason_code`, `reason` (text or None), `phones` (lists of E.164), `time_zone`, `country`, `cursor_at`.
    """
    callable_phones, has_listed = _callable(contacts, listed, policy)
    reason_code = _reason_codes(frame, contacts, campaigns, callable_phones, has_listed, policy)
    return pd.DataFrame(
        {
            "row_no": frame["row_no"],
            "campaign": _filled(frame["campaign"]),
            "lead_id": _filled(frame["lead_id"]),
            "verdict": [REASONS[code][0] if code else "eligible" for code in reason_code],
            "reason_code": pd.Series(reason_code, index=frame.index, dtype=object),
            "reason": pd.Series(_reasons(reason_code, frame), index=frame.index, dtype=object),
            "phones": callable_phones,
            "time_zone": contacts["time_zone"],
            "country": pd.Series(_countries(contacts, callable_phones), index=frame.index, dtype=object),
            "cursor_at": frame["cursor_at"],
        },
        index=frame.index,
    )


def parse_priority(text: str) -> int | None:
    """The whole number, or None."""
    return int(text) if re.fullmatch(r"[+-]?[0-9]{1,9}", text) else None


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


def _reason_codes(
    frame: pd.DataFrame,
    contacts: pd.DataFrame,
    campaigns: Mapping[str, CampaignRule],
    phones: Sequence[Sequence[str]],
    has_listed: np.ndarray[Any, Any],
    policy: Policy,
) -> list[str | None]:
    has_phone = frame[list(PHONE_COLUMNS)].notna().any(axis=1).to_numpy()
    has_valid = contacts[list(PHONE_COLUMNS)].notna().any(axis=1).to_numpy()
    is_country_odd = _is_odd(frame["country"], contacts["country"])
    consent = _mapped(frame["consent"], lambda text: _consent(text))
    rules: list[tuple[str, np.ndarray[Any, Any]]] = [
        ("row_unreadable", frame["defect"].notna().to_numpy()),
        ("lead_id_missing", frame["lead_id"].isna().to_numpy()),
        ("campaign_missing", frame["campaign"].isna().to_numpy()),
        ("campaign_unknown", ~frame["campaign"].isin(list(campaigns)).to_numpy()),
        (
            "campaign_inactive",
            frame["campaign"].isin([n for n, rule in campaigns.items() if not rule.is_active]).to_numpy(),
        ),
        ("consent_withdrawn", (consent == "withdrawn").to_numpy()),
        ("consent_unclear", (consent == "unclear").to_numpy()),
        ("consent_missing", (consent.isna() & policy.is_consent_required).to_numpy()),
        ("do_not_call", has_listed),
        ("phone_missing", ~has_phone),
        ("country_unknown", ~has_valid & is_country_odd),
        ("phone_invalid", np.array([not row for row in phones], dtype=bool)),
        ("time_zone_invalid", _is_odd(frame["timezone"], contacts["time_zone"])),
        ("priority_invalid", _is_odd(frame["priority"], _mapped(frame["priority"], parse_priority))),
        (
            "not_before_invalid",
            _is_odd(
                frame["not_before"], _mapped(frame["not_before"], lambda text: parse_not_before(text, policy.zone))
            ),
        ),
    ]
    codes = np.select([mask for _, mask in rules], [code for code, _ in rules], default="")
    return [code or None for code in codes.tolist()]


def _callable(contacts: pd.DataFrame, listed: Set[str], policy: Policy) -> tuple[list[list[str]], np.ndarray[Any, Any]]:
    """Each row's distinct callable numbers in order, and whether the list stops the row."""
    columns = [contacts[column] for column in PHONE_COLUMNS]
    rows = [
        [first] if first and not second and not third else _distinct(first, second, third)
        for first, second, third in zip(*columns, strict=True)
    ]
    if not listed:
        return rows, np.zeros(len(rows), dtype=bool)
    free = [[number for number in row if number not in listed] for row in rows]
    if policy.suppress_by == "number":
        return free, np.array([bool(row) and not kept for row, kept in zip(rows, free, strict=True)], dtype=bool)
    return rows, np.array([len(row) != len(kept) for row, kept in zip(rows, free, strict=True)], dtype=bool)


def _distinct(*numbers: str | None) -> list[str]:
    return list(dict.fromkeys(number for number in numbers if number))


def _reasons(codes: Iterable[str | None], frame: pd.DataFrame) -> list[str | None]:
    return [
        None if code is None else REASONS[code][1] or redact(defect)
        for code, defect in zip(codes, frame["defect"], strict=True)
    ]


def _e164(column: pd.Series[Any], regions: Sequence[str | None]) -> list[str | None]:
    return [to_e164(raw, region) if raw else None for raw, region in zip(column, regions, strict=True)]


def _consent(text: str) -> str:
    word = text.strip().casefold()
    return "granted" if word in GRANTED else "withdrawn" if word in WITHDRAWN else "unclear"


def _mapped(column: pd.Series[Any], function: Callable[[str], Any]) -> pd.Series[Any]:
    """The function of every text in the column; each distinct text is worked out once."""
    known = {text: function(text) for text in column.dropna().unique()}
    values = [known.get(text) for text in column] if known else [None] * len(column)
    return pd.Series(values, index=column.index, dtype=object)


def _is_odd(raw: pd.Series[Any], parsed: pd.Series[Any]) -> np.ndarray[Any, Any]:
    return np.asarray(raw.notna() & parsed.isna(), dtype=bool)


def _filled(column: pd.Series[Any]) -> list[str]:
    return [text if isinstance(text, str) else "" for text in column]


def _region_of(rule: CampaignRule | None) -> str | None:
    return rule.region if rule else None


def _countries(contacts: pd.DataFrame, phones: Sequence[Sequence[str]]) -> list[str | None]:
    return [own or _country_of(row) for own, row in zip(contacts["country"], phones, strict=True)]


def _country_of(phones: Sequence[str]) -> str | None:
    if not phones:
        return None
    regions = _regions_of_prefix(phones[0][1:4])
    if len(regions) > 1:  # a calling code that countries share
        return phonenumbers.region_code_for_number(phonenumbers.parse(phones[0], None))
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
