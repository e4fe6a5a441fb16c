"""The settings of `vendors.jtel`, and the gateway built from them.

Source of the defaults: vendors.md, section 5.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from difflib import get_close_matches
from string import Formatter
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from connectors.credentials import Token
from connectors.jtel.client import DATETIME_FORMAT, JtelClient
from connectors.jtel.directory import JtelDirectory
from connectors.jtel.fields import FILLED_BY_US, MAPPABLE, first_too_long, limits, parse_release
from connectors.jtel.gateway import JtelGateway, JtelTerms
from connectors.jtel.targets import default_name_template
from connectors.numbers import Days, Seconds, Whole
from connectors.pace import PacedSettings, http_address
from connectors.patience import RateLimiter
from connectors.templates import names_in
from connectors.transport import Transport
from connectors.withdrawal import OFF, spell_off
from connectors.zones import ZoneName


class JtelTarget(BaseModel):
    """A dialler campaign: by its id, by its exact name, or cloned from a template when it is missing.

    A clone is made once, or with `per: day` for every day. `valid_days` gives it a first and a last day, counted
    from the day that it is made for.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    campaign_id: Whole | None = Field(None, ge=1)
    campaign_name: str | None = Field(None, min_length=1, max_length=64)
    template: str | None = Field(None, min_length=1, max_length=64)
    name_template: str | None = Field(None, min_length=1)
    per: Literal["campaign", "day"] = "campaign"
    valid_days: Days | None = None

    @field_validator("campaign_id", mode="before")
    @classmethod
    def _is_a_number(cls, value: Any) -> Any:
        if isinstance(value, str) and not (value.strip().isascii() and value.strip().isdigit()):
            raise ValueError("must be a number; a campaign is named in campaign_name")
        return value

    @model_validator(mode="after")
    def _names_one_campaign(self) -> JtelTarget:
        given = [name for name in ("campaign_id", "campaign_name", "template") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError("needs exactly one of campaign_id, campaign_name and template")
        if self.template is None and self.model_fields_set & {"name_template", "per", "valid_days"}:
            raise ValueError("name_template, per and valid_days belong to a template")
        return self

    @model_validator(mode="after")
    def _names_each_clone(self) -> JtelTarget:
        pattern = self.name_template or default_name_template(self.per)
        names_in(pattern, "campaign", "day", dated="day", setting="name_template")
        first, second = (pattern.format(campaign="c", day=day) for day in (date(2026, 1, 2), date(2026, 1, 3)))
        if (first != second) != (self.per == "day"):
            raise ValueError("name_template must contain the {day} with per: day, and must not without")
        return self


class JtelMapping(BaseModel):
    """Which of our columns go along: the vendor's field to our column."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    fields: dict[str, str] = Field(default_factory=dict)

    @field_validator("fields")
    @classmethod
    def _can_be_imported(cls, value: dict[str, str]) -> dict[str, str]:
        _require_mappable(value)
        return value


class JtelSettings(PacedSettings):
    """How to reach jtel's portal and how hard to press it. Times in seconds."""

    base_url: str = Field(description="the portal's address, without rest_path")
    rest_path: str = "/rest/v1.0"
    clients_id: Whole = Field(ge=1, description="the client account, which is part of every address")
    token: Token
    allow_http: bool = Field(False, description="send the token and the leads unencrypted")
    allow_delete: bool = Field(False, description="whether a person may delete campaigns; no load ever does")
    release: str | None = Field(None, description="of the portal, in quotes; unset is taken for the oldest")
    timezone: ZoneName = Field("Europe/Berlin", description="of the tenant; a time without zone is in it")
    datetime_format: str = Field(DATETIME_FORMAT, description="how a time is written; %f has three digits")
    contact_import_path: str = "/dialler/contacts/import"
    overwrite_duplicates: bool = Field(True, description="false makes a second contact of the same UserData")
    update_changed: bool = Field(True, description="send a lead that changed again, over the one that jtel has")
    clear_phones_on_update: bool = Field(True, description="an update sends '' for phones that the lead has no more")
    user_data_template: str = "{source}:{lead_id}:{campaign}"
    name_placeholder: str = Field("-", min_length=1, max_length=32, description="the mandatory name of the nameless")
    too_long: Literal["cut", "reject"] = Field("cut", description="what becomes of a text that a field does not take")
    reconcile_by: Literal["listing", "upsert"] = Field(
        "listing", description="after an unseen outcome: look for the lead, or send it again over itself"
    )
    listing_max_age_s: Seconds = Field(60, description="how long a listing serves other questions too")
    withdraw: dict[str, str | int | float] = Field(
        default_factory=dict, description="jtel's fields, and what they are set to where a contact must not be called"
    )
    parallel_requests: Whole = Field(4, ge=1, le=64)

    @field_validator("base_url")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        value = http_address(value)
        if "/rest/" in value:
            raise ValueError("must end before /rest/: rest_path and clients_id are added to it")
        return value

    @field_validator("rest_path", "contact_import_path")
    @classmethod
    def _is_a_path(cls, value: str) -> str:
        if not value.startswith("/"):
            raise ValueError("must begin with /")
        return value.rstrip("/")

    @field_validator("release", mode="before")
    @classmethod
    def _is_a_release(cls, value: Any) -> Any:
        if isinstance(value, int | float):  # YAML reads 3.40 as the number 3.4, which is older than 3.39
            raise ValueError("must be in quotes, such as '3.39'")
        parse_release(value)
        return value

    @field_validator("user_data_template")
    @classmethod
    def _is_one_lead_s_own(cls, value: str) -> str:
        """jtel may match `UserData` in the whole account: a lead's key must be no other's, in any campaign."""
        if sorted(names_in(value, "source", "lead_id", "campaign")) != ["campaign", "lead_id", "source"]:
            raise ValueError("must contain {source}, {lead_id} and {campaign}, each once")
        if not all(literal for literal, name, *_ in list(Formatter().parse(value))[1:] if name is not None):
            raise ValueError("must have a character such as : between {source}, {lead_id} and {campaign}")
        return value

    @field_validator("withdraw", mode="before")
    @classmethod
    def _may_be_off(cls, value: Any) -> Any:
        if spell_off(value) == OFF:
            return {}
        if isinstance(value, dict):
            for name, flag in value.items():
                if isinstance(flag, bool) or flag is None or not str(flag).strip():
                    raise ValueError(f"{name} takes a text or a number; yes and no are texts in quotes alone")
        return value

    @field_validator("withdraw")
    @classmethod
    def _can_be_flagged(cls, value: dict[str, str | int | float]) -> dict[str, str | int | float]:
        _require_mappable(value)
        return value

    @model_validator(mode="after")
    def _can_withdraw(self) -> JtelSettings:
        lengths = limits(parse_release(self.release))
        if name := first_too_long(self.withdraw, lengths):
            raise ValueError(f"withdraw: {name} takes at most {lengths[name]} characters")
        if self.withdraw and not self.overwrite_duplicates:
            raise ValueError("withdraw needs overwrite_duplicates: true")
        return self

    @model_validator(mode="after")
    def _is_safe(self) -> JtelSettings:
        if self.base_url.startswith("http://") and not self.allow_http:
            raise ValueError("base_url: must begin with https://; plain http needs allow_http: true")
        if not self.overwrite_duplicates and self.reconcile_by == "upsert":
            raise ValueError("reconcile_by: upsert needs overwrite_duplicates: true, else a lead is stored twice")
        return self

    def transport(self) -> Transport:
        """A new transport; the caller closes it."""
        return Transport(
            vendor="jtel",
            base_url=f"{self.base_url}{self.rest_path}/{self.clients_id}",
            headers={"Authorization": f"Bearer {self.token.get_secret_value()}"},
            ca_bundle=self.ca_bundle,
            patience=self.patience(),
            limiter=RateLimiter(self.requests_per_second),
        )

    def client(self, transport: Transport | None = None) -> JtelClient:
        """A client over the transport, or over a new one; the caller closes it."""
        return JtelClient(
            transport or self.transport(),
            contact_import_path=self.contact_import_path,
            datetime_format=self.datetime_format,
            timezone=ZoneInfo(self.timezone),
            release=parse_release(self.release),
            allow_delete=self.allow_delete,
        )

    def clients(self) -> tuple[JtelClient]:
        """A client of all operations over a new transport; the caller closes it."""
        return (self.client(self.transport()),)

    def directory(self) -> JtelDirectory:
        """What jtel knows, over a new transport; the caller closes it."""
        return JtelDirectory(*self.clients())

    def gateway(self) -> JtelGateway:
        """A gateway over a new transport; the caller closes it."""
        transport = self.transport()
        return JtelGateway(self.client(transport), self.terms(), request_count=lambda: transport.request_count)

    def terms(self) -> JtelTerms:
        """How contacts are written and asked about."""
        shared = {name: getattr(self, name) for name in JtelTerms.__slots__ if name not in ("release", "zone")}
        return JtelTerms(**shared, release=parse_release(self.release), zone=ZoneInfo(self.timezone))


def _require_mappable(names: Iterable[str]) -> None:
    for name in names:
        if name not in MAPPABLE:
            raise ValueError(_unmappable(name))


def _unmappable(name: str) -> str:
    if name in FILLED_BY_US:
        return f"{name} is filled by leadsync and cannot be mapped"
    known = {field.lower(): field for field in sorted(MAPPABLE)}
    close = get_close_matches(name.lower(), known, 1)
    hint = f"Did you mean {known[close[0]]}?" if close else f"There are: {', '.join(known.values())}"
    return f"{name} is no field that jtel imports. {hint}"
