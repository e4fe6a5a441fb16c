"""What `vendors.jtel`, a target and a mapping may say, and the sentence for what they may not."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from connectors.jtel.fields import first_too_long, fit, limits, parse_release
from connectors.jtel.settings import JtelMapping, JtelSettings, JtelTarget

LEAST = {"base_url": "https://portal.example.com", "clients_id": 1, "token": "t"}


def sentence(raised: pytest.ExceptionInfo[ValidationError]) -> str:
    return raised.value.errors(include_url=False)[0]["msg"].removeprefix("Value error, ")


def test_defaults_are_those_of_the_vendor_reference() -> None:
    """The least configuration is an address, a client account and a token."""
    settings = JtelSettings.model_validate(LEAST)
    assert settings.model_dump(exclude={"token"}) == {
        "base_url": "https://portal.example.com",
        "rest_path": "/rest/v1.0",
        "clients_id": 1,
        "allow_http": False,
        "allow_delete": False,
        "release": None,
        "timezone": "Europe/Berlin",
        "datetime_format": "%Y-%m-%dT%H:%M:%S.%f",
        "contact_import_path": "/dialler/contacts/import",
        "overwrite_duplicates": True,
        "update_changed": True,
        "clear_phones_on_update": True,
        "user_data_template": "{source}:{lead_id}:{campaign}",
        "name_placeholder": "-",
        "too_long": "cut",
        "reconcile_by": "listing",
        "listing_max_age_s": 60,
        "withdraw": {},
        "parallel_requests": 4,
        "requests_per_second": None,
        "connect_timeout_s": 10,
        "read_timeout_s": 60,
        "max_attempts": 5,
        "backoff_s": 1,
        "backoff_max_s": 60,
        "ca_bundle": None,
        "settle_s": 60,
    }
    assert "token='t'" not in repr(settings)


def test_gateway_is_built_from_the_settings() -> None:
    """One contact per request, four at once; updates only over a contact that the import overwrites."""
    gateways = [
        JtelSettings.model_validate(LEAST | changes).gateway()
        for changes in ({}, {"parallel_requests": 2, "update_changed": False}, {"overwrite_duplicates": False})
    ]
    assert [(one.batch_size, one.connections, one.can_update) for one in gateways] == [
        (1, 4, True),
        (1, 2, False),
        (1, 4, False),
    ]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"base_url": "http://127.0.0.1:8700"},
            "base_url: must begin with https://; plain http needs allow_http: true",
        ),
        ({"base_url": "portal.example.com"}, "must begin with http:// or https://"),
        (
            {"base_url": "https://portal.example.com/rest/v1.0/1"},
            "must end before /rest/: rest_path and clients_id are added to it",
        ),
        ({"rest_path": "rest"}, "must begin with /"),
        ({"token": "a b"}, "must be the secret alone, without blanks"),
        ({"release": 3.40}, "must be in quotes, such as '3.39'"),
        ({"release": "new"}, "must be a release of the portal, such as '3.39'"),
        ({"timezone": "Europe/Berln"}, "Europe/Berln is not an IANA time zone. Did you mean Europe/Berlin?"),
        ({"user_data_template": "{source}:{lead}"}, "may only contain {source}, {lead_id} and {campaign}"),
        (
            {"user_data_template": "{source}:{lead_id}"},
            "must contain {source}, {lead_id} and {campaign}, each once",
        ),
        (
            {"user_data_template": "{source}{lead_id}:{campaign}"},
            "must have a character such as : between {source}, {lead_id} and {campaign}",
        ),
        (
            {"overwrite_duplicates": False, "reconcile_by": "upsert"},
            "reconcile_by: upsert needs overwrite_duplicates: true, else a lead is stored twice",
        ),
    ],
)
def test_settings_refuse_with_a_sentence(changes: dict[str, Any], expected: str) -> None:
    """What would send leads in the clear, twice or into the void is refused at the start."""
    with pytest.raises(ValidationError) as raised:
        JtelSettings.model_validate(LEAST | changes)
    assert sentence(raised) == expected


def test_http_is_allowed_by_name() -> None:
    """Plain http needs its setting, on the loopback too."""
    changes = {"base_url": "http://127.0.0.1:8700/", "allow_http": True}
    assert JtelSettings.model_validate(LEAST | changes).base_url == "http://127.0.0.1:8700"


def test_first_field_of_a_target_is_the_id() -> None:
    """A bare word in a CRM's column means the campaign's id, as a number or as a text of digits."""
    assert next(iter(JtelTarget.model_fields)) == "campaign_id"
    assert JtelTarget.model_validate({"campaign_id": "538"}).campaign_id == 538


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ({"campaign_id": "Renewals"}, "must be a number; a campaign is named in campaign_name"),
        ({}, "needs exactly one of campaign_id, campaign_name and template"),
        ({"campaign_id": 1, "template": "T"}, "needs exactly one of campaign_id, campaign_name and template"),
        ({"campaign_id": 1, "per": "day"}, "name_template, per and valid_days belong to a template"),
        (
            {"template": "T", "name_template": "{lead}"},
            "name_template may only contain {campaign} and {day}",
        ),
        (
            {"template": "T", "name_template": "{day}"},
            "name_template must contain the {day} with per: day, and must not without",
        ),
        (
            {"template": "T", "per": "day", "name_template": "{campaign}"},
            "name_template must contain the {day} with per: day, and must not without",
        ),
    ],
)
def test_target_refuses_with_a_sentence(target: dict[str, Any], expected: str) -> None:
    """A target is one campaign, by one way of naming it."""
    with pytest.raises(ValidationError) as raised:
        JtelTarget.model_validate(target)
    assert sentence(raised) == expected


@pytest.mark.parametrize(
    "target",
    [
        {"campaign_name": "Renewals"},
        {"template": "T"},
        {"template": "T", "per": "day"},
        {"template": "T", "per": "day", "name_template": "{campaign} {day:%d.%m.%Y}", "valid_days": 3},
    ],
)
def test_target_takes_every_way_of_naming(target: dict[str, Any]) -> None:
    """An id, a name, or a template with or without a day."""
    assert JtelTarget.model_validate(target).model_dump(exclude_unset=True) == target


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("city", "city is no field that jtel imports. Did you mean City?"),
        ("PostCode", "PostCode is no field that jtel imports. Did you mean PostalCode?"),
        ("PhoneNumber2", "PhoneNumber2 is filled by leadsync and cannot be mapped"),
        ("UserData", "UserData is filled by leadsync and cannot be mapped"),
        (
            "dtNextTry",
            "dtNextTry is no field that jtel imports. There are: AccountBIC, AccountBank, AccountIBAN, "
            "AccountNationalBankCode, AccountNumber, AccountOwner, Address, Amount, City, Client, Comment, Company, "
            "Country, Email, ExternalSystemLink, FaxNumber, FirstName, Model, Name, PostalCode, RandomSortOrder, "
            "ReferenceNumber, ReservedUsersUID, Salutation, Service, Tag, Title, Website",
        ),
    ],
)
def test_mapping_takes_importable_fields_alone(field: str, expected: str) -> None:
    """A near miss is named, a field of ours or of the dialler's is refused."""
    with pytest.raises(ValidationError) as raised:
        JtelMapping.model_validate({"fields": {field: "column"}})
    assert sentence(raised) == expected


def test_mapping_keeps_what_it_takes() -> None:
    """The vendor's field to our column."""
    assert JtelMapping.model_validate({"fields": {"City": "city"}}).model_dump() == {"fields": {"City": "city"}}


@pytest.mark.parametrize(
    ("release", "lengths"),
    [(None, (32, 32, 16, 64)), ("3.18", (32, 32, 16, 64)), ("3.19", (64, 256, 16, 64)), ("3.39", (64, 256, 16, 64))],
)
def test_lengths_go_by_the_release(release: str | None, lengths: tuple[int, ...]) -> None:
    """Fields grew with 3.19; an unknown release is taken for an older one."""
    known = limits(parse_release(release))
    assert tuple(known[name] for name in ("Name", "Email", "Title", "UserData")) == lengths


def test_fit_cuts_texts_and_leaves_out_what_a_cut_would_falsify() -> None:
    """Half a name is a name; half an e-mail address or account is another one."""
    known = limits((3, 39))
    assert fit("City", "x" * 63 + " yz", known) == "x" * 63
    assert fit("AccountIBAN", "x" * 35, known) is None
    assert fit("Amount", 12.5, known) == 12.5
    assert fit("Comment", "x" * 1000, known) == "x" * 1000
    assert first_too_long({"Name": "x" * 64, "Title": "x" * 17}, known) == "Title"
    assert first_too_long({"Name": "x" * 64, "Comment": "x" * 1000, "Amount": 1}, known) is None
