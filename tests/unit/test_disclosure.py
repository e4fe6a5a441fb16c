"""What `leadsync vendor` may show of a value."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, Field, SecretStr

from pipelines.disclosure import Disclosure

MASKING, OPEN = Disclosure(), Disclosure(shows_persons=True)


class Known(BaseModel):
    """A shape that says itself which of its fields is private."""

    name: str = "Sales"
    owner: str = Field("Ada Muster", repr=False)
    held: dict[str, Any] = Field(default_factory=dict, repr=False)
    timestamps: dict[str, str] = Field(default_factory=dict)
    key: SecretStr = SecretStr("s3cret")


def test_fields_out_of_the_repr_are_masked() -> None:
    """A shape's own names are shown; what it hides from its repr is about a person, a secret is for nobody."""
    held = {"leadId": 1234567, "source": "+61400000001", "agentFullName": "Ada", "score": 4, "taxNumber": 123456}
    value = Known(held=held, timestamps={"created": "2026-11-17T09:00:00+01:00"})
    assert MASKING.shown(value) == {
        "name": "Sales",
        "owner": "A***",
        "held": {
            "leadId": 1234567, "source": "+61 *** *** 0001", "agentFullName": "A***", "score": 4, "taxNumber": "***",
        },
        "timestamps": {"created": "2026-11-17T09:00:00+01:00"},
        "key": "***",
    }  # fmt: skip
    assert OPEN.shown(value) == {**value.model_dump(), "key": "***"}


@pytest.mark.parametrize(
    "name", ["password", "Password", "app_secret", "appKey", "API-Key", "access_token", "Authorization"]
)
def test_secrets_are_hidden_by_name_at_any_depth(name: str) -> None:
    """Whoever asks: a field of such a name shows nothing, be it text or object."""
    for disclosure in (MASKING, OPEN):
        assert disclosure.shown("geheim", name) == "***"
        assert disclosure.shown([{"a": {name: {"b": "geheim"}}}]) == [{"a": {name: "***"}}]
    assert MASKING.shown({name: None}) == {name: None}


def test_leads_own_fields_show_their_names_alone() -> None:
    """A CRM may call anything an id, or a person's name a status: of its columns no value is shown."""
    fields = {"Status": "Widow", "Customer id": 42, "Born": "1970-01-01", "is_vip": True, "none": None}
    assert MASKING.shown({"leadData": fields}) == {
        "leadData": {"Status": "W***", "Customer id": "***", "Born": "1***", "is_vip": True, "none": None}
    }
    named = {"attributes": {"attribute": [{"name": "City", "value": "Köln"}]}}
    assert MASKING.shown(named) == {"attributes": {"attribute": [{"name": "City", "value": "K***"}]}}


def test_unknown_objects_show_ids_and_mask_names() -> None:
    """`name` is a person's there; a label beside a value is not."""
    row = {"name": "Ada", "telephone": "13800138000", "customFields": [{"fieldId": "f1", "fieldValue": "Admin"}]}
    assert MASKING.shown([row], "data_details") == [
        {"name": "A***", "telephone": "1***", "customFields": [{"fieldId": "f***", "fieldValue": "A***"}]}
    ]
    assert MASKING.shown({"queueID": "1111", "status": "ok", "+4915112345678": 3}) == {
        "queueID": "1111", "status": "ok", "<number>": 3,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2026-11-17T09:00:00+01:00", "2026-11-17T09:00:00+01:00"),
        ("call +49 151 1234-5678 or ada@example.com", "call <number> or <mail>"),
        ("https://ada:geheim@example.com/a?sign=geheim", "https://***@example.com/a?***"),
        ("8A7C98EAF1164F2FAA93B98EECB95D76", "8A7C98EAF1164F2FAA93B98EECB95D76"),
        ("", ""),
    ],
)
def test_open_texts_hold_no_number_and_no_address(text: str, shown: str) -> None:
    """A text that is nobody's is looked through; a login in a web address is hidden from everybody."""
    assert MASKING.shown(text, "description") == shown
    assert "geheim" not in OPEN.shown(text)


def test_other_values_are_json() -> None:
    """Bytes are counted, sequences are lists, nothing is nothing."""
    assert MASKING.shown((b"abc", None, True, 1.5, ("x",))) == ["<3 bytes>", None, True, 1.5, ["x"]]
