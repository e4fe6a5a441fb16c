"""OBI's answers as people have seen them, read leniently, and the path of what is missing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.sinch.models import (
    EntryResult,
    ShapeError,
    SinchCampaign,
    SinchCustomer,
    normalise_id,
    read_campaign,
    read_customer,
    read_entry_results,
    read_time,
    split_numbers,
    unwrap_attributes,
)

CUSTOMER = {
    "id": "2CADB6A1-3712-4F2F-AA93-B98EECB95D76",
    "externalId": "crm-10",
    "numbers": "+52145200;+52145299;",
    "result": "Sold",
    "callResult": "Answered",
    "classifier": "Hot",
    "callCount": 2,
    "lastBNumber": 0,
    "date": "9999-12-31T23:59:59Z",
    "agentId": "A1",
    "modificationDate": "2026-11-17T09:07:50.243Z",
    "dialer": "undeclared",
    "attributes": {"attribute": [{"name": "City", "value": "New York"}, {"name": "Age", "value": 41}]},
}


def test_read_customer_reads_every_field() -> None:
    """The id is id32, the numbers are split, the time is UTC, and unknown fields are ignored."""
    assert read_customer(CUSTOMER) == SinchCustomer(
        id="2CADB6A137124F2FAA93B98EECB95D76",
        external_id="crm-10",
        numbers=("+52145200", "+52145299"),
        result="Sold",
        call_result="Answered",
        classifier="Hot",
        call_count=2,
        agent_id="A1",
        modified_at=datetime(2026, 11, 17, 9, 7, 50, 243000, tzinfo=UTC),
        attributes={"City": "New York", "Age": "41"},
    )


def test_read_customer_needs_three_fields_only() -> None:
    """What the vendor may leave out is None or empty."""
    assert read_customer({"id": "a" * 32, "externalId": 7, "numbers": ""}) == SinchCustomer(
        id="A" * 32, external_id="7", numbers=(), result=None, call_result=None, classifier=None, call_count=None,
        agent_id=None, modified_at=None, attributes={},
    )  # fmt: skip


def test_read_campaign_reads_every_field() -> None:
    """A campaign with what the directory shows of it."""
    row = {
        "id": "8a7c98ea-f116-4f2f-aa93-b98eecb95d76", "name": "Spring", "status": "Active", "dialingMode": "PREVIEW",
        "queueName": "Q", "total": 12, "notHandled": 5.0, "dialer": "x",
    }  # fmt: skip
    assert read_campaign(row) == SinchCampaign(
        "8A7C98EAF1164F2FAA93B98EECB95D76", "Spring", "Active", "PREVIEW", "Q", 12, 5
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(
            {"attribute": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]},
            {"A": "1", "B": "2"},
            id="wrapped",
        ),
        pytest.param([{"name": "A", "value": "1"}], {"A": "1"}, id="bare"),
        pytest.param({"attribute": {"name": "A", "value": "1"}}, {"A": "1"}, id="collapsed"),
        pytest.param({"attribute": []}, {}, id="wrapped-empty"),
        pytest.param({"attribute": None}, {}, id="wrapped-null"),
        pytest.param([], {}, id="bare-empty"),
        pytest.param(None, {}, id="null"),
        pytest.param({}, {}, id="object-without-the-wrapper"),
        pytest.param("", {}, id="xml-empty-element"),
        pytest.param([{"name": "A"}, {"value": "1"}, {"name": "B", "value": ""}], {"B": ""}, id="halves"),
    ],
)
def test_unwrap_attributes_reads_every_form(value: Any, expected: dict[str, str]) -> None:
    """Wrapped, bare, or a single element that a mapper from XML collapsed."""
    assert unwrap_attributes(value) == expected


@pytest.mark.parametrize(
    "value",
    [pytest.param({"attribute": [1]}, id="number"), pytest.param([{"name": "A", "value": None}], id="null-value")],
)
def test_unwrap_attributes_passes_over_what_is_no_attribute(value: Any) -> None:
    """An element without a name and a value says nothing; least of all the text «None»."""
    assert unwrap_attributes(value) == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, None),
        ("", None),
        ("9999-12-31T23:59:59Z", None),
        ("9999-12-31T23:59:59.999", None),
        ("2021-02-20T22:00:00Z", datetime(2021, 2, 20, 22, tzinfo=UTC)),
        ("2020-09-25T07:07:50.243Z", datetime(2020, 9, 25, 7, 7, 50, 243000, tzinfo=UTC)),
        ("2020-09-25T07:07:50", datetime(2020, 9, 25, 7, 7, 50, tzinfo=UTC)),
        ("2020-09-25T09:07:50+02:00", datetime(2020, 9, 25, 7, 7, 50, tzinfo=UTC)),
    ],
)
def test_read_time_is_utc_and_knows_the_sentinel(text: str | None, expected: datetime | None) -> None:
    """Both spellings of a time occur; the year 9999 means that there is none."""
    assert read_time(text) == expected


@pytest.mark.parametrize("text", ["yesterday", "0001-01-01T00:00:00+02:00"])
def test_read_customer_names_the_path_of_a_time_that_is_none(text: str) -> None:
    """A time that cannot be read breaks the contract at a path; its text is not quoted."""
    with pytest.raises(ShapeError, match=r"^\$\[3\]\.modificationDate: [^0-9]*$"):
        read_customer({**CUSTOMER, "modificationDate": text}, "$[3]")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2cadb6a1-3712-4f2f-aa93-b98eecb95d76", "2CADB6A137124F2FAA93B98EECB95D76"),
        (" 2CADB6A137124F2FAA93B98EECB95D76\n", "2CADB6A137124F2FAA93B98EECB95D76"),
        (17, "17"),
    ],
)
def test_normalise_id_is_id32(value: Any, expected: str) -> None:
    """Id36 and id32 of one thing are the same text."""
    assert normalise_id(value) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ()),
        (";", ()),
        ("+1", ("+1",)),
        ("+1;", ("+1",)),
        ("+1;+2;+3", ("+1", "+2", "+3")),
        (" +1 ; +2 ", ("+1", "+2")),
    ],
)
def test_split_numbers_tolerates_a_trailing_separator(text: str, expected: tuple[str, ...]) -> None:
    """Up to three numbers in their order; an empty place is no number."""
    assert split_numbers(text) == expected


@pytest.mark.parametrize(
    ("reader", "row", "sentence"),
    [
        (read_customer, {"id": "1", "numbers": "+491712345678"}, "$[3].externalId: missing"),
        (read_customer, {"id": "1", "externalId": None, "numbers": "+491712345678"}, "$[3].externalId: missing"),
        (read_customer, {"externalId": "e", "numbers": "+491712345678"}, "$[3].id: missing"),
        (read_customer, {"id": "1", "externalId": "e"}, "$[3].numbers: missing"),
        (read_customer, "+491712345678", "$[3]: an object was expected"),
        (read_customer, None, "$[3]: an object was expected"),
        (read_campaign, {"id": "1"}, "$[3].name: missing"),
        (read_campaign, ["+491712345678"], "$[3]: an object was expected"),
    ],
)
def test_missing_field_is_named_by_its_path(reader: Callable[[Any, str], Any], row: Any, sentence: str) -> None:
    """The text is where and what, never a value."""
    with pytest.raises(ShapeError) as raised:
        reader(row, "$[3]")
    assert str(raised.value) == sentence


def test_read_entry_results_keeps_the_order() -> None:
    """The answers in the order of the request, with what each of them carries."""
    rows = [{"statusCode": 201, "id": "A"}, {"statusCode": 200}, {"statusCode": 400.0, "error": "bad"}]
    assert read_entry_results(rows) == [
        EntryResult(201, "A", None),
        EntryResult(200, None, None),
        EntryResult(400, None, "bad"),
    ]


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ({"statusCode": 201}, "$: an array was expected"),
        (None, "$: an array was expected"),
        ([{"statusCode": 201}, {"id": "+491712345678"}], "$[1].statusCode: missing"),
        ([{"statusCode": 201}, {"statusCode": None}], "$[1].statusCode: missing"),
        ([{"statusCode": "201"}], "$[0].statusCode: a number was expected"),
        ([{"statusCode": True}], "$[0].statusCode: a number was expected"),
        ([{"statusCode": 201}, 7], "$[1].statusCode: missing"),
    ],
)
def test_read_entry_results_names_the_entry_that_is_none(rows: Any, sentence: str) -> None:
    """An answer that cannot be accounted for entry by entry is no answer, and says where."""
    with pytest.raises(ShapeError) as raised:
        read_entry_results(rows)
    assert str(raised.value) == sentence


@pytest.mark.parametrize("row", [{"statusCode": 400, "error": 7}, {"statusCode": 201, "id": 7}])
def test_read_entry_results_are_text(row: dict[str, Any]) -> None:
    """What is declared a text is one, so that reading it later cannot fail."""
    (result,) = read_entry_results([row])
    assert {type(result.id), type(result.error)} == {str, type(None)}
