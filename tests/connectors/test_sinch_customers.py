"""Customers that are mapped a column at a time are those that are mapped one by one, byte for byte."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.gateway import CONTACT_COLUMNS, Campaign, Contact
from connectors.sinch.customers import customer_columns, customer_mapper

TEMPLATE = "{source}-{lead_id}"
NAMED = {
    "City": "city",
    "Note": 'a "quoted" column',
    "Mail": "email",
    "Rank": "priority",
    "Who": "lead_id",
    "First Name": "first_name",
}
CAMPAIGN = Campaign("spring", "sinch", {"campaign_id": "1"}, mapping={"attributes": NAMED})

# Everything that JSON escapes, or that a reader of columns might stumble over; NUL and surrogates no database stores.
awkward = st.text(
    st.one_of(
        st.sampled_from('"\\\n\r\t\x01\x1f\x7f,;{}ü😀\u2028 '), st.characters(codec="utf-8", exclude_characters="\0")
    ),
    max_size=8,
)
words = st.one_of(st.none(), st.just(""), awkward)
moments = st.datetimes(datetime(1900, 1, 1), datetime(2262, 1, 1), timezones=st.just(UTC))
contacts = st.builds(
    Contact,
    source=st.sampled_from(["lead", "customer"]),
    lead_id=awkward.filter(bool),
    phones=st.lists(st.from_regex(r"\A\+[1-9][0-9]{6,12}\Z"), min_size=1, max_size=3),
    first_name=words,
    last_name=words,
    email=words,
    country=words,
    time_zone=words,
    agent=words,
    priority=st.one_of(st.none(), st.integers(-999_999_999, 999_999_999)),
    not_before=st.one_of(st.none(), moments),
    attributes=st.dictionaries(st.sampled_from([*NAMED.values(), "unnamed"]), awkward),
)


def columns_of(rows: list[Contact]) -> pa.Table:
    """The contacts as planning hands them over."""
    attributes = [orjson.dumps(row.attributes).decode() if row.attributes else None for row in rows]
    told = [row._replace(phones=",".join(row.phones))._asdict() for row in rows]
    return pa.Table.from_pylist(
        [one | {"attributes": text} for one, text in zip(told, attributes, strict=True)], CONTACT_COLUMNS
    )


def one_by_one(rows: list[Contact], template: str = TEMPLATE) -> list[str]:
    """What the mapper of single contacts makes, as it is sent."""
    return [orjson.dumps(customer_mapper(CAMPAIGN, template)(row)).decode() for row in rows]


def at_once(rows: list[Contact], template: str = TEMPLATE) -> list[str] | None:
    """What the mapper of columns makes."""
    made = customer_columns(CAMPAIGN, template)(columns_of(rows))
    return None if made is None else made.to_pylist()


@given(st.lists(contacts, min_size=1, max_size=6))
def test_columns_make_what_single_contacts_make(rows: list[Contact]) -> None:
    """Any contact, beside any other."""
    assert at_once(rows) == one_by_one(rows)


@given(st.lists(contacts, min_size=3, max_size=6))
def test_a_part_of_longer_columns_is_mapped_alike(rows: list[Contact]) -> None:
    """Arrow hands over a part of a column without copying it."""
    made = customer_columns(CAMPAIGN, TEMPLATE)(columns_of(rows).slice(1, len(rows) - 2))
    assert made is not None
    assert made.to_pylist() == one_by_one(rows[1:-1])


@pytest.mark.parametrize(
    "template", ["{source}-{lead_id}", "{campaign}/{lead_id}/{source}!", "a{{b}}{lead_id}{source}"]
)
def test_every_template_of_a_key_is_followed(template: str) -> None:
    """Literals before, between and after the names."""
    rows = [Contact("lead", 'L"1', ["+493012345678"]), Contact("customer", "ü", ["+493012345679"])]
    assert at_once(rows, template) == one_by_one(rows, template)


@pytest.mark.parametrize("value", [1, 1.5, True, ["a"], {"b": "c"}])
def test_an_attribute_that_is_no_text_is_mapped_one_by_one(value: Any) -> None:
    """A database has numbers and truths; how they are written as text is the other mapper's matter."""
    rows = [Contact("lead", "L1", ["+493012345678"], attributes={"city": "Ulm"})]
    rows.append(rows[0]._replace(attributes={"city": value}))
    assert at_once(rows) is None
    assert at_once([row._replace(attributes={"unnamed": value}) for row in rows]) is not None


def test_a_column_of_the_source_wins_over_our_field_of_its_name() -> None:
    """Where the source has no such column, it is ours; one that is blank in a row is blank. What goes along by itself
    stays ours."""
    own = [{"source": "Facebook", "first_name": "Jo", "last_name": "Doe"}, {"source": "", "last_name": ""}, {}]
    rows = [Contact("lead", "1", ["+4930123456"], "Ann", "Ace", attributes=one) for one in own]
    campaign = Campaign("spring", "sinch", {}, mapping={"attributes": {"Origin": "source", "First Name": "first_name"}})
    made = [customer_mapper(campaign, TEMPLATE)(one) for one in rows]
    assert [{each["name"]: each["value"] for each in one["attributes"]["attribute"]} for one in made] == [
        {"First Name": "Jo", "Last Name": "Ace", "Origin": "Facebook"},
        {"First Name": "Ann", "Last Name": "Ace"},
        {"First Name": "Ann", "Last Name": "Ace", "Origin": "lead"},
    ]
    at_once_ = customer_columns(campaign, TEMPLATE)(columns_of(rows))
    assert at_once_ is not None
    assert [orjson.loads(one) for one in at_once_.to_pylist()] == made
