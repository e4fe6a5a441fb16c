"""The settings of `leadsync.yaml`: which there are, and what is allowed.

Belongs here: shapes, defaults and messages. Does not belong here: reading YAML (`configfile.py`) or
building anything from the settings (`database.py`, `vendors.py`, `intake.py`).
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import phonenumbers
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from connectors.crm.connection import holds_password
from connectors.crm.layout import LONGEST_KEY
from connectors.errors import SetupError
from connectors.numbers import Days, Seconds, Whole
from connectors.pace import FOLDER
from connectors.zones import ZoneName
from pipelines import vendors
from pipelines.configfile import Document, dotted, read_document
from pipelines.cron import fires_on, is_cron
from pipelines.database import EMBEDDED, postgres_url
from pipelines.fixed_targets import sharing
from pipelines.mistakes import complaint, problems_of, sentence
from pipelines.source_settings import SourcesSettings, check_sources

DEFAULT_FILE = "leadsync.yaml"
SECRETS = ("password", "api_key", "token", "app_secret", "app_key")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CampaignSettings(_Strict):
    """One campaign: our name, its vendor, its target there, its mapping."""

    campaign: str = Field(min_length=1, max_length=LONGEST_KEY)
    vendor: str
    target: dict[str, Any]
    region: str | None = None
    mapping: dict[str, Any] = Field(default_factory=dict)
    active: bool = True

    @field_validator("vendor")
    @classmethod
    def _is_a_vendor(cls, value: str) -> str:
        return vendor_name(value)

    @field_validator("region")
    @classmethod
    def _is_a_region(cls, value: str | None) -> str | None:
        return None if value is None else region_code(value)

    @field_validator("target", mode="before")
    @classmethod
    def _is_a_target(cls, value: Any, info: ValidationInfo) -> Any:
        vendor = vendors.VENDORS.get(info.data.get("vendor") or "")
        return {} if vendor is None else _target(vendor, value)  # without a vendor, that is what is wrong

    @field_validator("mapping")
    @classmethod
    def _is_a_mapping(cls, value: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        vendor = vendors.VENDORS.get(info.data.get("vendor") or "")
        return value if vendor is None or not value else vendor.mapping.model_validate(value).model_dump()


class EligibilitySettings(_Strict):
    """Who may be called."""

    consent_required: bool = False
    do_not_call: Literal["lead", "number"] = "lead"
    unknown_agent: Literal["refuse", "drop"] = "refuse"
    withdraw_days: Days = 30
    withdraw_at_most: Whole = Field(default=1000, ge=0)


class VendorsSettings(_Strict):
    """The vendors that campaigns may name."""

    sinch: vendors.SinchSettings | None = None
    sobot: vendors.SobotSettings | None = None
    platform: vendors.PlatformSettings | None = None
    jtel: vendors.JtelSettings | None = None

    def configured(self) -> dict[str, vendors.VendorSettings]:
        """The vendors that the file sets up, by short name."""
        return {name: value for name, value in ((n, getattr(self, n)) for n in type(self).model_fields) if value}


class MappingsSettings(_Strict):
    """By vendor, the mapping of campaigns that have none of their own."""

    sinch: vendors.SinchMapping = vendors.SinchMapping()
    sobot: vendors.SobotMapping = vendors.SobotMapping()
    platform: vendors.PlatformMapping = vendors.PlatformMapping()
    jtel: vendors.JtelMapping = vendors.JtelMapping()

    def of(self, vendor: str) -> dict[str, Any]:
        """The vendor's mapping."""
        mapping: BaseModel | None = getattr(self, vendor, None)
        return mapping.model_dump() if mapping else {}


class DeliverySettings(_Strict):
    """How batches are claimed and retried. Times in seconds."""

    lease_s: Seconds = Field(default=180, gt=0)


class Settings(_Strict):
    """Everything in `leadsync.yaml`."""

    database: str = EMBEDDED
    timezone: ZoneName = "UTC"
    nightly: str = "0 2 * * *"
    first_day: date = date(2026, 1, 1)
    empty_day: Literal["fail", "pass"] = "fail"
    retention_days: Days = 90
    sources: SourcesSettings
    vendors: VendorsSettings = VendorsSettings()
    campaigns: tuple[CampaignSettings, ...] = ()
    mappings: MappingsSettings = MappingsSettings()
    eligibility: EligibilitySettings = EligibilitySettings()
    delivery: DeliverySettings = DeliverySettings()
    _file: Path = PrivateAttr(default=Path(DEFAULT_FILE))

    @field_validator("database")
    @classmethod
    def _is_embedded_or_postgres(cls, value: str) -> str:
        if value != EMBEDDED:
            postgres_url(value, also="`embedded` or ")
        return value

    @field_validator("nightly")
    @classmethod
    def _is_cron(cls, value: str) -> str:
        if not is_cron(value):
            raise ValueError("must be a cron expression of five fields, such as 0 2 * * *")
        return value

    def is_night(self, day: date) -> bool:
        """Whether the schedule pulls the day, in the night after it."""
        return fires_on(self.nightly, day + timedelta(days=1))

    @property
    def folder(self) -> Path:
        """The folder of the file; paths in it are relative to it."""
        return self._file.parent

    @property
    def file(self) -> Path:
        """The file that the settings were read from."""
        return self._file

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
        settings = Settings.model_validate(document.values, context={FOLDER: file.resolve().parent})
    except ValidationError as error:
        raise SetupError(sentence(document, error, Settings)) from None
    settings._file = file.resolve()
    _refuse_odd_sources(document, settings)
    _refuse_short_lease(document, settings)
    _refuse_twins(document, [campaign.campaign for campaign in settings.campaigns])
    _refuse_shared_targets(document, [campaign for campaign in settings.campaigns if campaign.active])
    return settings


def vendor_name(value: str) -> str:
    """The name of a vendor; ValueError says which there are."""
    if value not in vendors.VENDORS:
        raise ValueError(f"there is no vendor {value!r}; there are {', '.join(vendors.VENDORS)}")
    return value


def region_code(value: str) -> str:
    """The code of a country that numbers can be of; ValueError if it is none."""
    if value not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError(f"region {value!r} is not an ISO 3166 code such as DE")
    return value


def target_of(vendor: str | None, value: Any) -> Any:
    """The target in its own shape; a single word is the id of the vendor's own thing.

    Raises:
        ValueError: says what is wrong with it.
    """
    if vendor is None or vendor not in vendors.VENDORS:
        return value
    try:
        return _target(vendors.VENDORS[vendor], value)
    except ValidationError as error:
        problem = problems_of(error)[0]
        where = f"{dotted(problem['loc'])}: " if problem["loc"] else ""
        raise ValueError(f"{where}{complaint(problem)}") from None


def _target(vendor: vendors.Vendor, value: Any) -> dict[str, Any]:
    is_word = isinstance(value, str | int)
    return vendor.target.model_validate({vendor.exact[0]: value} if is_word else value).model_dump()


def _refuse_odd_sources(document: Document, settings: Settings) -> None:
    try:
        check_sources(settings.sources, settings.folder)
    except SetupError as error:
        key = str(error).partition(":")[0].split(".")
        raise SetupError(f"{document.where(tuple(key))}: {error}") from None


def _refuse_short_lease(document: Document, settings: Settings) -> None:
    """A request is begun in the first half of its lease, and must end inside it: else two may be out for one lead."""
    lease_s, key = settings.delivery.lease_s, ("delivery", "lease_s")
    for name, vendor in settings.vendors.configured().items():
        read_timeout_s = vendor.patience().read_timeout_s
        if lease_s < 2 * read_timeout_s:
            asks = ("vendors", name, "read_timeout_s")
            where = document.where(key if key in document.lines else asks)
            raise SetupError(
                f"{where}: {dotted(key)}: {lease_s:g} is less than twice {dotted(asks)}, which is {read_timeout_s:g}"
            )


def _refuse_twins(document: Document, names: Sequence[str]) -> None:
    for index, name in enumerate(names):
        if name in names[:index]:
            raise SetupError(f"{document.where(('campaigns', index))}: campaigns: {name} is listed twice")


def _refuse_shared_targets(document: Document, campaigns: Sequence[CampaignSettings]) -> None:
    """Each campaign keeps its own account of who was delivered: in one target, it is nobody's."""
    shared = sharing((campaign.campaign, campaign.vendor, campaign.target) for campaign in campaigns)
    for fixed, names in shared.items():
        index = next(at for at, value in enumerate(document.values["campaigns"]) if value["campaign"] == names[1])
        raise SetupError(
            f"{document.where(('campaigns', index, 'target'))}: campaigns: {' and '.join(names)} are loaded into"
            f" {fixed}: who is in both would be called twice. Give each its own target, or set one inactive"
        )


def _refuse_literal_secrets(document: Document) -> None:
    for key in document.lines:
        value = _at(document.values, key)
        if key[:1] == ("vendors",) and key[-1] in SECRETS and key not in document.raw and value is not None:
            raise SetupError(f"{document.where(key)}: {dotted(key)} is a secret; write it as ${{NAME}}")
        if key[-1:] == ("database",) and isinstance(value, str) and holds_password(document.written(key, value)):
            raise SetupError(f"{document.where(key)}: {dotted(key)} holds a password; write it as ${{NAME}}")


def _at(values: Any, key: tuple[str | int, ...]) -> Any:
    for part in key:
        values = values[part]
    return values
