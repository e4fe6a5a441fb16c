"""Phone numbers as E.164, a column at a time.

Belongs here: the answers of `phones.to_e164` for many numbers at once. Does not belong here: what counts as a valid
number (`phones.py`).

Arrow matches many numbers with one pattern sooner than Python looks at each, and lets other threads work meanwhile. So
numbers of a common shape are gathered by calling code and length, and each group is matched at once; whatever is not
certain to be valid after that is read one by one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from connectors.columns import TEXT, joined, without_characters
from connectors.crm.frames import as_flags
from pipelines.phones import (
    MAX_LENGTH,
    STRIPPED,
    Plan,
    calling_code,
    home_plan,
    plan_of,
    to_e164,
)

_FEW = 50  # so few numbers are read one by one sooner than a pattern is compiled for them

# Digits and separators behind at most one plus; of these the guards refuse nothing that is not doubtful here.
_PLAIN = r"^\(?\+?[0-9(][0-9 ()./-]*[0-9)]$"
_DOUBTFUL = r"(?:/| -)[^0-9]*0|\.0+$"

Places = np.ndarray[Any, np.dtype[np.intp]]


class _Numbers(NamedTuple):
    """Digits, and for each the place of its number in the column."""

    digits: pa.Array
    places: Places

    def where(self, flags: pa.Array) -> Self:
        """Those with the flag."""
        return self._replace(digits=self.digits.filter(flags), places=self.places[as_flags(flags)])

    def without(self, length: int) -> Self:
        """The same numbers without so many of their first digits."""
        return self._replace(digits=pc.utf8_slice_codeunits(self.digits, length))

    def by(self, keys: pa.Array) -> Iterator[tuple[Any, _Numbers]]:
        """The numbers of each key that enough of them have; the others are left out."""
        coded = keys.dictionary_encode()
        counts = np.bincount(coded.indices.drop_null().to_numpy(), minlength=len(coded.dictionary))
        for at in np.flatnonzero(counts >= _FEW).tolist():
            yield coded.dictionary[at].as_py(), self.where(pc.fill_null(pc.equal(coded.indices, at), False))


def column_to_e164(raw: pa.Array, regions: pa.Array) -> pa.Array:
    """What `to_e164` makes of each number and its region: text, null where there is no number, or no valid one.

    Args:
        raw: what the source holds: text, or null.
        regions: for each number an ISO 3166 alpha-2 code in upper case, or null.
    """
    plain = _stripped(raw)
    is_abroad = pc.starts_with(plain.digits, "+")
    abroad, at_home = [plain.where(is_abroad).without(1)], []
    national = plain.where(pc.invert(is_abroad))
    for region, called in national.by(regions.take(pa.array(national.places))):
        plan = home_plan(region)
        if plan is not None:
            at_home.append((plan, _dialled_at_home(called, plan)))
            if plan.international_prefix.pattern == "00":
                abroad.append(called.where(pc.starts_with(called.digits, "00")).without(2))
    dialled = [*at_home, *_by_plan(_together(abroad))]
    found = [read for plan, numbers in dialled for read in _read_significant(numbers, plan)]
    answers = _placed(_together(found), len(raw))
    left = pc.and_(raw.is_valid(), answers.is_null())
    cells = zip(raw.filter(left).to_pylist(), regions.filter(left).to_pylist(), strict=True)
    return pc.replace_with_mask(answers, left, pa.array([to_e164(*cell) for cell in cells], TEXT))


def _stripped(raw: pa.Array) -> _Numbers:
    """Every number of a common shape that passes the guards: its digits, behind a plus if it has one."""
    is_short = pc.less_equal(pc.binary_length(raw), MAX_LENGTH)
    is_plain = pc.and_not(pc.match_substring_regex(raw, _PLAIN), pc.match_substring_regex(raw, _DOUBTFUL))
    is_common = pc.fill_null(pc.and_(is_short, is_plain), False)
    return _Numbers(without_characters(raw.filter(is_common), STRIPPED), np.flatnonzero(as_flags(is_common)))


def _dialled_at_home(called: _Numbers, plan: Plan) -> _Numbers:
    """The numbers that lead nowhere else, and cannot have lost a plus."""
    elsewhere = f"^(?:{plan.international_prefix.pattern}|{plan.code})"
    return called.where(pc.invert(pc.match_substring_regex(called.digits, elsewhere)))


def _by_plan(abroad: _Numbers) -> Iterator[tuple[Plan, _Numbers]]:
    """International numbers by what is checked for their calling code, without it."""
    begin = pc.utf8_slice_codeunits(abroad.digits, 0, 3).dictionary_encode()
    codes = pa.array([calling_code(digits) for digits in begin.dictionary.to_pylist()], TEXT)
    for code, numbers in abroad.by(codes.take(begin.indices)):
        plan = plan_of(code)
        if plan is not None:
            yield plan, numbers.without(len(code))


def _read_significant(numbers: _Numbers, plan: Plan) -> Iterator[_Numbers]:
    """The numbers that are certain to be valid, behind their calling code."""
    numbers = _without_national_prefix(numbers, plan)
    for length, alike in numbers.by(pc.binary_length(numbers.digits)):
        patterns = plan.patterns(length) if length > 1 else []  # as in `phones.py`: one digit would lose its zero
        if patterns:
            for pattern in patterns:
                alike = alike.where(pc.match_substring_regex(alike.digits, f"^(?:{pattern})$"))
            yield alike._replace(digits=joined(f"+{plan.code}", alike.digits))


def _without_national_prefix(numbers: _Numbers, plan: Plan) -> _Numbers:
    """Those whose prefix, if they have one, is only to be cut off; without it."""
    prefix = plan.national_prefix
    if prefix.groups:  # a carrier code, or a prefix that is rewritten
        return numbers.where(pc.invert(pc.match_substring_regex(numbers.digits, f"^(?:{prefix.pattern})")))
    cut = pc.replace_substring_regex(numbers.digits, f"^(?:{prefix.pattern})", "", max_replacements=1)
    return numbers._replace(digits=cut)


def _together(parts: Sequence[_Numbers]) -> _Numbers:
    digits = pa.concat_arrays([pa.array([], TEXT), *(part.digits for part in parts)])
    return _Numbers(digits, np.concatenate([np.empty(0, np.intp), *(part.places for part in parts)]))


def _placed(numbers: _Numbers, size: int) -> pa.Array:
    """The numbers in a column of that size, each in its place; null in every other."""
    at = np.full(size, -1)
    at[numbers.places] = np.arange(len(numbers.places))
    return numbers.digits.take(pa.array(at, mask=at < 0))
