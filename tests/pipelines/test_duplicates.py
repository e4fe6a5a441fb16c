"""Which row is kept of those that share a lead, or a first number, on one day in one campaign."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from pipelines.installation import Installation
from pipelines.load import load_day
from tests.factories import DAY, lead, phone, write_rows
from tests.reading import query

Make = Callable[..., Installation]
Row = Mapping[str, str]

NEXT = DAY + timedelta(days=1)
SOURCES = {name: {"csv": f"{name}.csv", "cursor": "updated_at"} for name in ("leads", "customers")}
VERDICTS = "SELECT lead_id, verdict, reason_code FROM ledger.contacts WHERE day = :day ORDER BY source DESC, row_no"
AGAIN = ("L1", "duplicate", "duplicate_lead")
REFUSED = ("L1", "suppressed", "consent_withdrawn")
UNCLEAR = ("L1", "suppressed", "consent_unclear")
LISTED = ("L1", "suppressed", "do_not_call")


def said(consent: str, hour: int | None = 10, **fields: str) -> dict[str, str]:
    """A row of the lead at the hour, or at no moment that is told."""
    updated_at = "" if hour is None else f"{DAY}T{hour:02}:00:00+01:00"
    return lead(1, consent=consent, updated_at=updated_at, **fields)


def loaded(installation: Installation) -> list[tuple[object, ...]]:
    """(lead, verdict, reason code) of each row, leads before customers, after a load of the day."""
    load_day(installation, DAY)
    return query(installation, VERDICTS, day=DAY)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ((said("yes"), said("no")), [AGAIN, REFUSED]),
        ((said("no"), said("yes")), [REFUSED, AGAIN]),
        ((said("yes"), said("", phone2=phone(9))), [AGAIN, LISTED]),
        ((said("", phone2=phone(9)), said("yes")), [LISTED, AGAIN]),
    ],
    ids=["granted-and-refused", "refused-and-granted", "free-and-listed", "listed-and-free"],
)
def test_what_stops_a_lead_counts_before_what_was_said_at_the_same_moment(
    rows: tuple[Row, ...], expected: list[tuple[str, str, str]], installations: Make
) -> None:
    """Nobody knows which of the two was said last."""
    installation = installations(rows=rows, do_not_call=[{"phone": phone(9)}])
    assert loaded(installation) == expected


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ((said("yes", None), said("no", None)), [AGAIN, REFUSED]),
        ((said("no", None), said("yes", None)), [REFUSED, AGAIN]),
        ((said("no", None), said("yes", 9)), [REFUSED, AGAIN]),
        ((said("", None), said("", None, phone2=phone(9))), [AGAIN, LISTED]),
        ((said("", None, phone2=phone(9)), said("", None)), [LISTED, AGAIN]),
        ((said("", None, phone2=phone(9)), said("", 9)), [LISTED, AGAIN]),
        ((said("perhaps", None), said("no", None)), [AGAIN, REFUSED]),
        ((said("no", None), said("perhaps", 9)), [REFUSED, AGAIN]),
    ],
    ids=[
        "granted-refused",
        "refused-granted",
        "refused-granted-at-9",
        "free-listed",
        "listed-free",
        "listed-free-at-9",
        "unclear-refused",
        "refused-unclear-at-9",
    ],
)
def test_what_stops_a_lead_counts_where_rows_have_no_moment(
    rows: tuple[Row, ...], expected: list[tuple[str, str, str]], installations: Make, tmp_path: Path
) -> None:
    """A file of the day need not say when its rows were written: any of them may be the last."""
    sources = {"leads": {"csv": "leads-{day}.csv"}, "do_not_call": {"csv": "do_not_call.csv"}}
    write_rows(tmp_path / f"leads-{DAY}.csv", rows)
    assert loaded(installations(sources=sources, do_not_call=[{"phone": phone(9)}])) == expected


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ((said("perhaps", 8), said("no", 9)), [AGAIN, REFUSED]),
        ((said("no", 9), said("perhaps", 8)), [REFUSED, AGAIN]),
        ((said("no", 8), said("perhaps", 9)), [AGAIN, UNCLEAR]),
        ((said("no", 9), said("perhaps", 9)), [AGAIN, UNCLEAR]),
    ],
    ids=["in-order", "out-of-order", "unclear-last", "at-one-moment"],
)
def test_of_several_refusals_the_last_is_kept(
    rows: tuple[Row, ...], expected: list[tuple[str, str, str]], installations: Make
) -> None:
    """At one moment, the one that stands further down."""
    assert loaded(installations(rows=rows)) == expected


def test_a_lead_that_a_vendor_has_keeps_its_number(installations: Make) -> None:
    """A new lead with the same number has changed earlier on the day, and is not sent all the same."""
    assert loaded(installations(rows=[said("")])) == [("L1", "eligible", None)]
    newcomer = lead(2, phone1=phone(1), updated_at=f"{DAY}T08:00:00+01:00")
    installation = installations(rows=[newcomer, said("")])
    assert loaded(installation) == [("L2", "duplicate", "duplicate_number"), ("L1", "eligible", None)]
    assert query(installation, "SELECT lead_id, state FROM reporting.lead_outcome ORDER BY lead_id") == [
        ("L1", "accepted"),
        ("L2", "duplicate"),
    ]


@pytest.mark.parametrize("hour", [9, 10, 11])
def test_of_a_lead_and_a_customer_with_one_number_the_first_is_kept(
    hour: int, installations: Make, tmp_path: Path
) -> None:
    """At one moment, the lead."""
    write_rows(tmp_path / "customers.csv", [said("", 10, lead_id="C1")])
    verdicts = loaded(installations(rows=[said("", hour)], sources=SOURCES))
    kept, other = ("L1", "C1") if hour <= 10 else ("C1", "L1")
    assert sorted(verdicts) == sorted([(kept, "eligible", None), (other, "duplicate", "duplicate_number")])


def test_a_customer_with_the_id_and_the_number_of_a_lead_is_another(installations: Make, tmp_path: Path) -> None:
    """Who was loaded as a lead before is not called a second time as a customer."""
    write_rows(tmp_path / "customers.csv", [said("") | {"updated_at": f"{NEXT}T10:00:00+01:00"}])
    installation = installations(rows=[said("")], sources=SOURCES)
    for day in (DAY, NEXT):
        load_day(installation, day)
    assert query(
        installation, "SELECT source, state, reason_code, reason FROM reporting.lead_outcome ORDER BY day"
    ) == [
        ("lead", "accepted", None, None),
        ("customer", "duplicate", "number_in_campaign", "the campaign has this number as lead L1"),
    ]
