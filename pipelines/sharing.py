"""Finds the rows of a day that share a lead, or a first number, inside a campaign.

Belongs here: keys of a few bytes for each row, kept while the day is decided, so that of a million rows only those that
may be duplicates are compared. Does not belong here: which of them is kept (`sql/statements/contacts.sql`,
mark_duplicates).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from connectors.columns import TEXT, by_value
from connectors.crm.frames import RowNos, as_arrow, as_flags
from pipelines.eligibility import STOPS

Keys = np.ndarray[Any, np.dtype[np.uint64]]

# A number, 15 digits at most, is below 2 to the 50th; the bits above it are its campaign's.
_NUMBER_BITS = np.uint64(50)
_NO_NUMBER = np.uint64(0)


class _Noted(NamedTuple):
    source: str
    row_nos: RowNos
    leads: Keys
    numbers: Keys


class LeadKeys:
    """64 bits for each lead of a source and campaign: equal for equal leads, and for others by chance alone."""

    def __init__(self) -> None:
        self._places: dict[tuple[str, str], int] = {}

    def of(self, source: str, campaigns: pa.Array, lead_ids: pa.Array) -> Keys:
        """The keys of the leads."""
        hashes: Keys = pd.util.hash_array(lead_ids.to_numpy(zero_copy_only=False), categorize=False)
        return hashes ^ self.placed(source, campaigns)

    def placed(self, source: str, campaigns: pa.Array) -> Keys:
        """What parts equal leads of several sources and campaigns, and equal numbers of several campaigns."""

        def place(campaign: str) -> int:
            return self._places.setdefault((source, campaign), len(self._places))

        places: Keys = by_value(campaigns, place, pa.uint64()).to_numpy()
        return places << _NUMBER_BITS


class Sharing:
    """Takes the rows of a day chunk by chunk, and tells at the end which of them share something.

    Leads go by their keys: who shares one by chance alone is told too, and is compared for nothing.
    """

    def __init__(self) -> None:
        self._noted: list[_Noted] = []
        self._lead_keys = LeadKeys()

    def note(self, source: str, decided: pd.DataFrame) -> None:
        """The rows, as `eligibility.judge` returns them, are remembered: those that may be sent, and those that stop a
        lead."""
        lead_ids, campaigns = as_arrow(decided["lead_id"]), as_arrow(decided["campaign"])
        is_eligible = pc.equal(as_arrow(decided["verdict"]), "eligible")
        is_stopping = pc.is_in(as_arrow(decided["reason_code"]), pa.array(STOPS, TEXT))
        takes_part = pc.or_(is_eligible, pc.and_(is_stopping, pc.not_equal(lead_ids, "")))
        campaigns = campaigns.filter(takes_part)
        leads = self._lead_keys.of(source, campaigns, lead_ids.filter(takes_part))
        phones = pc.if_else(is_eligible, as_arrow(decided["phone"]), pa.scalar(None, TEXT)).filter(takes_part)
        digits = pc.utf8_slice_codeunits(phones, 1).cast(pa.uint64()).fill_null(_NO_NUMBER).to_numpy()
        numbers = np.where(digits == _NO_NUMBER, _NO_NUMBER, digits | self._lead_keys.placed("", campaigns))
        row_nos = decided["row_no"].to_numpy(np.int64)[as_flags(takes_part)]
        self._noted.append(_Noted(source, row_nos, leads, numbers))

    def rows(self) -> Mapping[str, RowNos]:
        """By source, the numbers of the rows that share a lead, or a first number, with another row."""
        leads = _repeated([noted.leads for noted in self._noted])
        numbers = _repeated([noted.numbers[noted.numbers != _NO_NUMBER] for noted in self._noted])
        found: dict[str, list[RowNos]] = {}
        for noted in self._noted:
            is_shared = among(noted.leads, leads) | among(noted.numbers, numbers)
            found.setdefault(noted.source, []).append(noted.row_nos[is_shared])
        return {source: np.concatenate(row_nos) for source, row_nos in found.items()}


def among(keys: Keys, others: Keys) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Whether each of the keys is one of the others, which are in order."""
    if not len(others):
        return np.zeros(len(keys), np.bool_)
    nearest = np.minimum(np.searchsorted(others, keys), len(others) - 1)
    is_found: np.ndarray[Any, np.dtype[np.bool_]] = others[nearest] == keys
    return is_found


def _repeated(parts: Sequence[Keys]) -> Keys:
    """The keys that are there more than once, in order."""
    keys = np.concatenate([*parts, np.empty(0, np.uint64)])
    keys.sort()
    return np.unique(keys[1:][keys[1:] == keys[:-1]])
