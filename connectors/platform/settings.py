"""The settings of `vendors.platform`, and the gateway built from them.

Source of the defaults: vendors.md, section 5. Most of them stand for something that the vendor does not document.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from connectors.credentials import HeaderSecret
from connectors.gateway import ResultTerms
from connectors.numbers import Seconds, Whole
from connectors.pace import PacedSettings, http_address
from connectors.patience import RateLimiter
from connectors.platform.auth import AuthScheme, token_headers
from connectors.platform.bulk import CountWords, ErrorFields, StatusWords
from connectors.platform.client import PlatformClient
from connectors.platform.directory import PlatformDirectory
from connectors.platform.gateway import PlatformGateway
from connectors.platform.jobs import JobTerms, Verification
from connectors.platform.paths import Paths, WriteMethod, complaint
from connectors.platform.withdrawals import Withdrawal
from connectors.templates import names_in
from connectors.transport import Transport
from connectors.withdrawal import spell_off


class PlatformTarget(BaseModel):
    """A list by its id; or a campaign at the vendor, in which a list of that name is found or made.

    `list_name` may hold {campaign}, our own name of the campaign, and {day}; `per: day` makes one list for each day.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    list_id: Whole | None = Field(None, ge=1)
    campaign_id: Whole | None = Field(None, ge=1)
    list_name: str | None = Field(None, min_length=1)
    per: Literal["campaign", "day"] = "campaign"

    @model_validator(mode="after")
    def _names_a_list(self) -> PlatformTarget:
        if self.list_id is None and self.campaign_id is None:
            raise ValueError("needs list_id, or campaign_id with a list_name")
        if self.list_id is not None and (self.list_name is not None or self.per == "day"):
            raise ValueError("list_id names one list: list_name and per: day belong to campaign_id")
        if self.list_name is not None:
            _check_list_name(self.list_name, self.per)
        return self


class PlatformMapping(BaseModel):
    """Which of our columns go along: the campaign's field at the vendor to our column.

    `agents` gives the vendor's number of a preferred agent who is named otherwise by us; another that is not a number,
    nor was looked up, is left out, so that anybody may call the lead. `status_code` is given to every lead.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    lead_data: dict[str, str] = Field(default_factory=dict)
    agents: dict[str, Whole] = Field(default_factory=dict)
    status_code: Whole | None = None


class PlatformSettings(PacedSettings):
    """How to reach the Platform and how hard to press it. Times in seconds."""

    base_url: str
    base_path: str = "/platform-api/v3.0"
    token: HeaderSecret
    auth_header: str = Field("Authorization", pattern=r"^[A-Za-z0-9-]+$")
    auth_scheme: AuthScheme = "bearer"
    paths: dict[str, str] = Field(default_factory=dict)
    update_method: WriteMethod = "PUT"
    presence_method: WriteMethod = "PUT"
    follow_redirects_on_write: Literal[False] = False
    customer_key_template: str = "{source}-{lead_id}"
    use_bulk_from: Whole = Field(20, ge=2, description="smaller batches go lead by lead; change it with nothing open")
    bulk_max_leads: Whole = Field(100, ge=1, le=1000)
    bulk_poll_s: Seconds = Field(2, gt=0)
    bulk_poll_max_s: Seconds = Field(30, gt=0)
    bulk_deadline_s: Seconds = Field(1800, gt=0)
    bulk_settle_s: Seconds | None = Field(None, description="wait for a job whose id was lost; None: the deadline")
    bulk_late_s: Seconds = Field(86_400, gt=0)
    bulk_status_words: StatusWords = Field(default_factory=StatusWords)
    bulk_count_words: CountWords = Field(default_factory=CountWords)
    bulk_error_fields: ErrorFields = Field(default_factory=ErrorFields)
    verify_by_lookup: Verification = "doubtful"
    update_changed: bool = True
    withdraw: Annotated[Withdrawal, BeforeValidator(spell_off)] = "complete"
    connections: Whole = Field(8, ge=1, le=64)

    @field_validator("base_url")
    @classmethod
    def _is_http(cls, value: str) -> str:
        return http_address(value)

    @field_validator("base_path")
    @classmethod
    def _is_a_path(cls, value: str) -> str:
        if value and not value.startswith("/"):
            raise ValueError("must begin with /")
        return value.rstrip("/")

    @field_validator("paths")
    @classmethod
    def _are_paths(cls, value: dict[str, str]) -> dict[str, str]:
        problem = next(filter(None, (complaint(key, path) for key, path in value.items())), None)
        if problem:
            raise ValueError(problem)
        return value

    @field_validator("customer_key_template")
    @classmethod
    def _names_the_lead(cls, value: str) -> str:
        if not {"source", "lead_id"}.issubset(names_in(value, "source", "lead_id", "campaign")):
            raise ValueError("must contain {source} and {lead_id}")
        return value

    @model_validator(mode="after")
    def _paths_differ(self) -> PlatformSettings:
        clash = self._routes().clash()
        if clash:
            raise ValueError(f"paths: {clash[0]} and {clash[1]} have the same method and path")
        return self

    def transport(self) -> Transport:
        """A new transport that shows the token; the caller closes it."""
        token = self.token.get_secret_value()
        return Transport(
            vendor="platform",
            base_url=self.base_url + self.base_path,
            headers=token_headers(token, header=self.auth_header, scheme=self.auth_scheme),
            ca_bundle=self.ca_bundle,
            patience=self.patience(),
            limiter=RateLimiter(self.requests_per_second),
            login_settings="vendors.platform.token, auth_scheme",
        )

    def client(self, transport: Transport) -> PlatformClient:
        """The operations over a transport."""
        return PlatformClient(transport, base_url=self.base_url, paths=self._routes())

    def clients(self) -> tuple[PlatformClient]:
        """A client of all operations over a new transport; the caller closes it."""
        return (self.client(self.transport()),)

    def directory(self) -> PlatformDirectory:
        """What the Platform knows, over a new transport; the caller closes it."""
        return PlatformDirectory(*self.clients())

    def gateway(self) -> PlatformGateway:
        """A gateway over a new transport; the caller closes it."""
        transport = self.transport()
        return PlatformGateway(
            self.client(transport),
            batch_size=self.bulk_max_leads,
            use_bulk_from=self.use_bulk_from,
            connections=self.connections,
            customer_key_template=self.customer_key_template,
            can_update=self.update_changed,
            withdraw=self.withdraw,
            result_terms=ResultTerms(self.bulk_poll_s, self.bulk_poll_max_s, self.bulk_deadline_s, self.bulk_late_s),
            job_terms=self._job_terms(),
            request_count=lambda: transport.request_count,
        )

    def _routes(self) -> Paths:
        return Paths(self.paths, update_method=self.update_method, presence_method=self.presence_method)

    def _job_terms(self) -> JobTerms:
        return JobTerms(
            status_words=self.bulk_status_words,
            count_words=self.bulk_count_words,
            error_fields=self.bulk_error_fields,
            verify_by_lookup=self.verify_by_lookup,
            settle_s=self.settle_s,
            bulk_settle_s=self.bulk_deadline_s if self.bulk_settle_s is None else self.bulk_settle_s,
            deadline_s=self.bulk_deadline_s,
            late_s=self.bulk_late_s,
        )


def _check_list_name(template: str, per: str) -> None:
    is_dated = "day" in names_in(template, "campaign", "day", setting="list_name")
    if per == "day" and not is_dated:
        raise ValueError("list_name must contain {day} when there is one list per day")
    if per == "campaign" and is_dated:
        raise ValueError("list_name contains {day}: say per: day")
