"""What a dry run may show of a payload."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.masking import mask_phone, masked


def test_masked_shows_the_shape_of_an_entry_and_no_person() -> None:
    """Keys, ids, time zone, priority and attribute names stay; every value about a person is masked."""
    entry = {
        "externalId": "lead-L1",
        "numbers": "+491712345678;+33612345678",
        "timeZone": "Europe/Berlin",
        "priority": 1,
        "date": "2026-11-18T08:00:00Z",
        "attributes": {
            "attribute": [
                {"name": "First Name", "value": "Ada"},
                {"name": "City", "value": "Köln"},
                {"name": "Mail", "value": "ada@example.com"},
            ]
        },
    }
    assert masked(entry) == {
        "externalId": "lead-L1",
        "numbers": "+49 *** *** 5678;+33 *** *** 5678",
        "timeZone": "Europe/Berlin",
        "priority": 1,
        "date": "2026-11-18T08:00:00Z",
        "attributes": {
            "attribute": [
                {"name": "First Name", "value": "A***"},
                {"name": "City", "value": "K***"},
                {"name": "Mail", "value": "a***"},
            ]
        },
    }


def test_masked_does_not_change_the_entry() -> None:
    """What is masked is a copy."""
    entry: dict[str, Any] = {"numbers": "+491712345678", "attributes": {"attribute": [{"name": "N", "value": "Ada"}]}}
    masked(entry)
    assert entry == {"numbers": "+491712345678", "attributes": {"attribute": [{"name": "N", "value": "Ada"}]}}


def test_mask_phone_shows_prefix_and_end() -> None:
    """The country and the last four digits are enough to recognise a number by."""
    assert mask_phone("+491712345678") == "+49 *** *** 5678"


def value_of(text: str) -> Any:
    return masked({"name": "Note", "value": text})["value"]


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        pytest.param("Ada Muster +491712345678", "Muster", id="name-beside-a-number"),
        pytest.param("+491712345678 ada@example.com", "ada@example.com", id="mail-beside-a-number"),
        pytest.param("ada123456@example.com", "@example.com", id="mail-with-digits"),
    ],
)
def test_masked_hides_what_stands_beside_a_number(text: str, secret: str) -> None:
    """A value that holds a number is no less private than one that holds none."""
    assert secret not in value_of(text)


@pytest.mark.parametrize("text", ["123456", "1234567", "19800131"])
def test_masked_hides_most_of_a_short_number(text: str) -> None:
    """A short number (a PIN, a birthday, a customer number) does not show more than half of its digits."""
    assert sum(character.isdigit() for character in value_of(text)) <= len(text) / 2


@pytest.mark.parametrize("key", ["externalId", "customerKey", "UserData"])
def test_our_own_key_is_shown(key: str) -> None:
    """Whoever reads a sample sees whose it is; the key has ids of the CRM alone."""
    assert masked({key: "lead:L1:spring-promo", "Name": "Ada"}) == {key: "lead:L1:spring-promo", "Name": "A***"}


def test_name_that_labels_nothing_is_a_persons() -> None:
    """Some vendors call a person's name `name`; it is masked like any other."""
    assert masked({"name": "Ada Muster", "telephone": "4915112345678"}) == {"name": "A***", "telephone": "4***"}
