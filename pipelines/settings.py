"""The settings of `leadsync.yaml`: which there are, and what is allowed.

Belongs here: shapes, defaults and messages. Does not belong here: reading YAML (`configfile.py`) or
building anything from the settings (`database.py`, `vendors.py`, `intake.py`).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from connectors.errors import SetupError
from connectors.sinch.settings import SinchSettings
from pipelines.configfile import Document, dotted, read_document

DEFAULT_FILE = "leadsync.yaml"
SECRETS = ("password", "api_key", "token", "app_secret", "app_key")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SourceSettings(_Strict):
    """Where rows come from: a CSV file, or a table or query of a database."""

    csv: str | None = None
    encoding: str = "auto"
    delimiter: str = "auto"
    database: str | None = None
    table: str | None = None
    query: str | None = None
    columns: dict[str, str] = Field(default_factory=dict)
    cursor: str | None = None
    cursor_timezone: str | None = None
    cursor_format: str | None = None

    @model_validator(mode="after")
    def _names_one_place(self) -> SourceSettings:
        if (self.csv is None) == (self.database is None):
            raise ValueError("needs either csv or database")
        if self.database is not None and (self.table is None) == (self.query is None):
            raise ValueError("a database needs either table or query")
        if self.csv is not None and (self.table or self.query):
            raise ValueError("table and query belong to a database, not to csv")
        return self

    @field_validator("cursor_timezone")
    @classmethod
    def _is_a_zone(cls, value: str | None) -> str | None:
        return None if value is None else _zone_name(value)


class SourcesSettings(_Strict):
    """The four sources. `leads` or `customers` must be there."""

    leads: SourceSettings | None = None
    customers: SourceSettings | None = None
    campaigns: SourceSettings | None = None
    do_not_call: SourceSettings | None = None

    @model_validator(mode="after")
    def _has_rows(self) -> SourcesSettings:
        if self.leads is None and self.customers is None:
            raise ValueError("needs leads or customers")
        return self


class CampaignSettings(_Strict):
    """One campaign: our name, its vendor, its target there, its mapping."""

    campaign: str = Field(min_length=1, max_length=200)
    vendor: str
    target: dict[str, Any] | str
    region: str | None = None
    mapping: dict[str, Any] = Field(default_factory=dict)
    active: bool = True


class EligibilitySettings(_Strict):
    """Who may be called."""

    consent_required: bool = False
    do_not_call: Literal["lead", "number"] = "lead"


class VendorsSettings(_Strict):
    """The vendors that campaigns may name."""

    sinch: SinchSettings | None = None

    def configured(self) -> dict[str, SinchSettings]:
        """The vendors that the file sets up, by short name."""
        return {name: value for name, value in ((n, getattr(self, n)) for n in type(self).model_fields) if value}


class DeliverySettings(_Strict):
    """How batches are claimed and retried. Times in seconds."""

    lease_s: float = Field(default=180, gt=0)


class Settings(_Strict):
    """Everything in `leadsync.yaml`."""

    database: str = "embedded"
    timezone: str = "UTC"
    nightly: str = "0 2 * * *"
    first_day: date = date(2026, 1, 1)
    retention_days: int = Field(90, ge=1)
    sources: SourcesSettings
    vendors: VendorsSettings = VendorsSettings()
    campaigns: tuple[CampaignSettings, ...] = ()
    mappings: dict[str, dict[str, Any]] = Field(default_factory=dict)
    eligibility: EligibilitySettings = EligibilitySettings()
    delivery: DeliverySettings = DeliverySettings()
    folder: Path = Path(".")

    @field_validator("timezone")
    @classmethod
    def _is_a_zone(cls, value: str) -> str:
        return _zone_name(value)

    @field_validator("nightly")
    @classmethod
    def _is_cron(cls, value: str) -> str:
        if len(value.split()) != 5:
            raise ValueError("must be a cron expression of five fields, such as 0 2 * * *")
        return value

    @model_validator(mode="after")
    def _campaigns_are_distinct(self) -> Settings:
        names = [campaign.campaign for campaign in self.campaigns]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"campaigns: {twice[0]} is listed twice")
        return self

    @property
    def zone(self) -> ZoneInfo:
        """The zone of the business day."""
        return ZoneInfo(self.timezone)


def load_settings(path: Path | None = None, environment: Mapping[str, str] | None = None) -> Settings:
    """The validated settings of the file; paths in it are relative to its folder.

    Raises:
        SetupError: names the key, the file and the line.
    """
    environment = os.environ if environment is None else environment
    file = path or Path(environment.get("LEADSYNC_CONFIG") or DEFAULT_FILE)
    document = read_document(file, environment)
    _refuse_literal_secrets(document)
    try:
        return Settings.model_validate({**document.values, "folder": file.resolve().parent})
    except ValidationError as error:
        raise SetupError(_sentence(document, error)) from None


def _refuse_literal_secrets(document: Document) -> None:
    for key in document.lines:
        if key and key[-1] in SECRETS and key not in document.raw and _at(document.values, key) is not None:
            raise SetupError(f"{document.where(key)}: {dotted(key)} is a secret; write it as ${{NAME}}")


def _at(values: Any, key: tuple[str | int, ...]) -> Any:
    for part in key:
        values = values[part]
    return values


def _sentence(document: Document, error: ValidationError) -> str:
    problem = error.errors(include_input=False, include_url=False)[0]
    key = tuple(part for part in problem["loc"] if part not in ("str", "dict[str,any]"))
    hint = ""
    if problem["type"] == "extra_forbidden":
        known = _known_names(key)
        close = get_close_matches(str(key[-1]), known, 1)
        hint = f". Did you mean {close[0]}?" if close else f". There are: {', '.join(known)}"
        text = "there is no such setting"
    elif problem["type"] == "missing":
        text = "is missing"
    else:
        text = problem["msg"].removeprefix("Value error, ")
    more = f" ({error.error_count() - 1} more)" if error.error_count() > 1 else ""
    return f"{document.where(key)}: {dotted(key)}: {text}{hint}{more}".replace(": : ", ": ")


def _known_names(key: tuple[str | int, ...]) -> list[str]:
    model: Any = Settings
    for part in key[:-1]:
        if isinstance(part, int):
            continue
        model = _model_in(model.model_fields[part].annotation)
    return sorted(set(model.model_fields) - {"folder"})


def _model_in(annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        found = _model_in(inner)
        if found is not None:
            return found
    return None


def _zone_name(value: str) -> str:
    if value not in available_timezones():
        close = get_close_matches(value, available_timezones(), 1)
        raise ValueError(f"{value} is not an IANA time zone" + (f". Did you mean {close[0]}?" if close else ""))
    return value
