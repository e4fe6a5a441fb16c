"""What a campaign may say of its target and mapping at the Platform."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.platform.settings import PlatformMapping, PlatformTarget


def test_first_field_is_what_a_bare_word_means() -> None:
    """A single word in a CRM column is the id of a list."""
    assert next(iter(PlatformTarget.model_fields)) == "list_id"
    assert PlatformTarget.model_validate({"list_id": "100"}).list_id == 100


@pytest.mark.parametrize(
    "target",
    [
        {"list_id": 100}, {"list_id": 100, "campaign_id": 2}, {"campaign_id": 2},
        {"campaign_id": 2, "list_name": "L {campaign}"}, {"campaign_id": 2, "per": "day"},
        {"campaign_id": 2, "per": "day", "list_name": "{day}"},
    ],
)  # fmt: skip
def test_target_is_a_list_or_a_campaign_with_a_name(target: dict[str, Any]) -> None:
    """Either is enough."""
    assert PlatformTarget.model_validate(target).model_dump(exclude_unset=True) == target


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ({}, "needs list_id, or campaign_id with a list_name"),
        ({"list_name": "L"}, "needs list_id, or campaign_id with a list_name"),
        ({"list_id": "List One"}, "Input should be a valid integer"),
        ({"list_id": 0}, "greater than or equal to 1"),
        ({"list_id": 100, "list_name": "L"}, "list_id names one list: list_name and per: day belong to campaign_id"),
        ({"list_id": 100, "per": "day"}, "list_id names one list: list_name and per: day belong to campaign_id"),
        ({"campaign_id": 2, "per": "day", "list_name": "L"}, "list_name must contain {day} when there is one list per"),
        ({"campaign_id": 2, "list_name": "{day}"}, "list_name contains {day}: say per: day"),
        ({"campaign_id": 2, "list_name": "{lead}"}, "list_name may only contain {campaign} and {day}"),
        ({"campaign_id": 2, "per": "week"}, "Input should be 'campaign' or 'day'"),
        ({"list": 100}, "Extra inputs are not permitted"),
    ],
)
def test_target_says_what_is_wrong(target: dict[str, Any], sentence: str) -> None:
    """A clear sentence for every mistake."""
    with pytest.raises(ValueError) as raised:
        PlatformTarget.model_validate(target)
    assert sentence in str(raised.value)


def test_mapping_is_fields_agents_and_a_code() -> None:
    """Everything is optional, and nothing else is taken."""
    assert PlatformMapping().model_dump() == {"lead_data": {}, "agents": {}, "status_code": None}
    with pytest.raises(ValueError):
        PlatformMapping.model_validate({"attributes": {}})
