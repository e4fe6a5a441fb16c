"""Of a day's rows, those that share a lead or a first number inside a campaign are told, and no other."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from pipelines.sharing import Sharing


class Row(NamedTuple):
    """What a row is compared by."""

    campaign: str
    lead_id: str
    verdict: str
    reason_code: str | None
    phone: str | None


NUMBERS = ("+4930123450", "+4930123451", "+999999999999999")
eligible = st.builds(
    Row,
    campaign=st.sampled_from(["spring", "autumn"]),
    lead_id=st.sampled_from(["1", "2", "ü"]),
    verdict=st.just("eligible"),
    reason_code=st.none(),
    phone=st.sampled_from(NUMBERS),
)
refusing = st.builds(
    Row,
    campaign=st.sampled_from(["spring", ""]),
    lead_id=st.sampled_from(["1", "2", ""]),
    verdict=st.just("suppressed"),
    reason_code=st.sampled_from(["consent_withdrawn", "consent_missing", "do_not_call", "campaign_inactive"]),
    phone=st.sampled_from([*NUMBERS, None]),
)
sources = st.sampled_from(["lead", "customer"])
days = st.lists(st.tuples(sources, st.lists(eligible | refusing, max_size=6)), max_size=4)


@given(days)
def test_rows_that_share_something_are_told(chunks: list[tuple[str, list[Row]]]) -> None:
    """As one would count them by hand, over all chunks and sources."""
    sharing, day = Sharing(), list[tuple[str, int, Row]]()
    for source, rows in chunks:
        numbered = [(len(day) + at, row) for at, row in enumerate(rows)]
        day += [(source, row_no, row) for row_no, row in numbered]
        sharing.note(source, _frame(numbered))
    leads = Counter((source, row.campaign, row.lead_id) for source, _, row in day if _takes_part(row))
    numbers = Counter((row.campaign, row.phone) for _, _, row in day if row.verdict == "eligible")
    expected = {
        (source, row_no)
        for source, row_no, row in day
        if _takes_part(row)
        and (
            leads[source, row.campaign, row.lead_id] > 1
            or (row.verdict == "eligible" and numbers[row.campaign, row.phone] > 1)
        )
    }
    assert {(source, row_no) for source, row_nos in sharing.rows().items() for row_no in row_nos} == expected


def test_more_campaigns_than_keys_have_room_for_hide_no_pair() -> None:
    """Some are compared for nothing then; those that share something are told all the same."""
    rows = [(at, Row(f"c{at}", "1", "eligible", None, NUMBERS[0])) for at in range(20_000)]
    sharing = Sharing()
    sharing.note("lead", _frame([*rows, (20_000, rows[0][1])]))
    assert {0, 20_000} <= set(sharing.rows()["lead"].tolist())


def _takes_part(row: Row) -> bool:
    return row.verdict == "eligible" or (
        row.reason_code in ("consent_withdrawn", "consent_missing", "do_not_call") and row.lead_id != ""
    )


def _frame(rows: list[tuple[int, Row]]) -> pd.DataFrame:
    frame = pd.DataFrame([row for _, row in rows], columns=Row._fields, dtype=object)
    return frame.assign(row_no=[row_no for row_no, _ in rows])
