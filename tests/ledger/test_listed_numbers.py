"""The do-not-call list as the database answers for it: numbers in E.164, and entries that name no country."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import phonenumbers
import pytest
from phonenumbers import PhoneNumberFormat, PhoneNumberType
from sqlalchemy import make_url

from pipelines.database import connect
from pipelines.store import Store

DAY = date(2026, 11, 17)
NOW = datetime(2026, 11, 17, 2, tzinfo=UTC)
# Written at home they have a 15 that E.164 has not, behind an area code of any length.
REWRITTEN = {("AR", PhoneNumberType.MOBILE)}


@pytest.fixture
def store(database: str) -> Iterator[Store]:
    engine = connect(make_url(database).set(drivername="postgresql+psycopg"))
    store = Store(engine)
    yield store
    store.close()
    engine.dispose()


def bar(store: Store, *digits: str, until: date | None = None) -> None:
    store.run("crm", "insert_national", digits=list(digits), until_on=[until] * len(digits))


def listed(store: Store, *numbers: str) -> set[str]:
    return {row.phone for row in store.rows("crm", "listed_numbers", phones=",".join(numbers), day=DAY)}


def written_at_home() -> dict[str, str]:
    """By number, how people write it who name no country: a number of every kind and region."""
    found = {}
    for region in phonenumbers.SUPPORTED_REGIONS:
        for kind in (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE, PhoneNumberType.TOLL_FREE):
            example = phonenumbers.example_number_for_type(region, kind)
            if example is not None and (region, kind) not in REWRITTEN:
                number = phonenumbers.format_number(example, PhoneNumberFormat.E164)
                found[number] = phonenumbers.format_number(example, PhoneNumberFormat.NATIONAL)
    return found


def test_entry_without_a_country_bars_its_number_in_every_country(store: Store) -> None:
    """However it is dialled there: behind a zero, an eight, a one, 06, nothing, or the code of the country."""
    numbers = written_at_home()
    digits = {number: re.sub(r"\D", "", written).lstrip("0") for number, written in numbers.items()}
    for number, own in digits.items():
        with store.transaction():
            store.run("crm", "delete_do_not_call")
            bar(store, own)
        assert listed(store, number, f"{number}0") == {number}
    bar(store, "436641234567")
    assert listed(store, "+436641234567", "+496641234567") == {"+436641234567"}


def test_entry_without_a_country_bars_no_number_that_only_ends_like_it(store: Store) -> None:
    """0711 234567 is nobody's 0171 1234567, whose digits it is the end of."""
    bar(store, "711234567")
    assert listed(store, "+491711234567", "+49711234567") == {"+49711234567"}


def test_entry_without_a_country_ends_as_others_do(store: Store) -> None:
    """On its last day it holds; of two entries for one number the longer one does."""
    bar(store, "6641234567", until=DAY - timedelta(days=1))
    assert listed(store, "+436641234567") == set()
    bar(store, "6641234567", until=DAY)
    bar(store, "6641234567", until=DAY - timedelta(days=2))
    assert listed(store, "+436641234567") == {"+436641234567"}


def test_entry_with_a_country_bars_on_its_last_day(store: Store) -> None:
    """And not on the day after it."""
    ends = {"+4915111": DAY, "+4915112": DAY - timedelta(days=1), "+4915113": DAY + timedelta(days=1), "+4915114": None}
    entries = {"phones": list(ends), "reasons": [None] * len(ends), "until_on": list(ends.values())}
    store.run("crm", "insert_do_not_call", now=NOW, **entries)
    assert listed(store, *ends) == {"+4915111", "+4915113", "+4915114"}


def test_number_that_is_listed_in_both_ways_is_one(store: Store) -> None:
    """An entry without a country is also read in the campaigns' regions."""
    store.run("crm", "insert_do_not_call", phones=["+436641234567"], reasons=[None], until_on=[None], now=NOW)
    bar(store, "6641234567")
    found = store.rows("crm", "listed_numbers", phones="+436641234567", day=DAY)
    assert [row.phone for row in found] == ["+436641234567"]
