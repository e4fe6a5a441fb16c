"""The settings of `vendors.sobot`, and the gateway built from them.

Source of the defaults: vendors.md, section 5.
"""

from __future__ import annotations

import threading
from collections.abc import Hashable, Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from connectors.credentials import Login, Password
from connectors.gateway import ResultTerms
from connectors.numbers import A_NUMBER, PerSecond, Seconds, Share, Whole
from connectors.pace import PacedSettings, http_address, parts_of
from connectors.patience import RateLimiter
from connectors.sobot.auth import (
    ADDRESS_SETTING,
    LOGIN_SETTINGS,
    VENDOR,
    AuthMode,
    Credential,
    TokenAuth,
    TokenProvider,
    TokenScope,
)
from connectors.sobot.client import SobotClient
from connectors.sobot.directory import SobotDirectory
from connectors.sobot.entries import PhoneFormat
from connectors.sobot.gateway import ImportTerms, SobotGateway, Withdrawal
from connectors.sobot.limits import LONGEST_NOTE
from connectors.sobot.reports import ReportHosts, origin_of
from connectors.sobot.targets import ServiceAgent, Tasks, default_name
from connectors.sobot.wire import SobotWire
from connectors.templates import names_in
from connectors.transport import Transport
from connectors.withdrawal import spell_off
from connectors.zones import ZoneName

DEFAULT_HOSTS = {"default": "https://sg.sobot.io", "cc-ivr": "https://openapi.soboten.com"}

_BUILDING = threading.Lock()
# For the life of the process: a sensor reads the configuration every few seconds, and token calls are limited.
_PROVIDERS: dict[tuple[Hashable, ...], TokenProvider] = {}

AgentType = Annotated[Literal[0, 1], A_NUMBER]


class SobotTarget(BaseModel):
    """An outbound task: one that is there, by its code, or what is needed to make one per campaign or per day.

    Hours are those of `time_zone` (without one, of `vendors.sobot.timezoneid`). `agent_id` is who made the task, or is
    to make it, where that is not the service agent of the settings.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str | None = Field(None, min_length=1)
    per: Literal["campaign", "day"] = "campaign"
    name_template: str | None = None
    data_template_code: str | None = None
    wrap_up_template_code: str | None = None
    days: Whole = Field(30, ge=1, le=366)
    start_hour: Whole = Field(9, ge=0, le=23)
    end_hour: Whole = Field(18, ge=1, le=24)
    time_zone: ZoneName | None = None
    description: str | None = Field(None, max_length=LONGEST_NOTE)
    agent_id: str | None = Field(None, min_length=1)
    agent_type: AgentType | None = None

    @model_validator(mode="after")
    def _is_known_or_can_be_made(self) -> SobotTarget:
        if self.code is None and not (self.data_template_code and self.wrap_up_template_code):
            raise ValueError("needs code, or data_template_code and wrap_up_template_code to make a task")
        if self.end_hour <= self.start_hour:
            raise ValueError("end_hour must be later than start_hour")
        if self.agent_type is not None and self.agent_id is None:
            raise ValueError("agent_type belongs to agent_id")
        _require_name(self.name_template or default_name(self.per), self.per)
        return self


class SobotMapping(BaseModel):
    """Which of our columns go along: `custom_fields` has the import template's field ids, each with our column.

    That way round because a field takes one column, while a column may fill several fields. Without `name`, first
    and last name are sent. A `description` of more than 200 characters is cut, and ends with an ellipsis.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    custom_fields: dict[str, str] = Field(default_factory=dict)
    name: str | None = None
    description: str | None = None


class AssignedAgent(BaseModel):
    """How many leads of each import an agent gets, for `assign_rule: AssignAppoint`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    agent_id: str = Field(min_length=1)
    count: Whole = Field(ge=1)


class SobotSettings(PacedSettings):
    """How to reach Sobot's call centre and how hard to press it. Times in seconds."""

    app_id: Login = Field(min_length=1)
    app_secret: Password
    agent_id: str = Field(min_length=1, description="the service agent, who makes the tasks and loads them")
    agent_type: AgentType = 1
    token_host: str = "https://sg.sobot.io"
    hosts: dict[str, str] = Field(default_factory=lambda: dict(DEFAULT_HOSTS))
    report_hosts: tuple[str, ...] = ("https://img-sg.sobot.io",)
    report_max_bytes: Whole = Field(20_000_000, ge=1)
    product_prefix: str = "/callservice/v6"
    module_prefix: str = "cc-"
    auth_mode: AuthMode = "company_jwt"
    token_scope: TokenScope = "company"
    authorization_prefix: str = "Bearer "
    token_ttl_fallback_s: Seconds = Field(86_400, gt=0)
    token_renew_fraction: Share = 0.5
    token_retry_s: Seconds = Field(30, gt=0, description="no second token call before that, after one that failed")
    auth_error_codes: tuple[str, ...] = ("401", "900001", "900002")
    timezoneid: ZoneName = "Asia/Singapore"
    language: str = "en"
    phone_format: PhoneFormat = "digits"
    remove_duplicates_rule: Literal[
        "NonRemoveDuplicates",
        "RemoveDuplicatesInCallingList",
        "RemoveDuplicatesInCampaign",
        "RemoveDuplicatesInTenant",
    ] = "RemoveDuplicatesInCampaign"
    dnc_filter: Literal["Filter", "NoFilter"] = "Filter"
    assign_rule: Literal["AssignAverage", "AssignAppoint", "NoAssign"] = "NoAssign"
    assign_agents: tuple[AssignedAgent, ...] = ()
    duplicate_fields: tuple[str, ...] = Field(("repeatCount", "removeDuplicatesCount"), min_length=1)
    max_details_per_import: Whole = Field(200, ge=1, le=10_000)
    max_parallel_imports_per_task: Whole = Field(1, ge=1)
    connections: Whole = Field(4, ge=1, le=64)
    requests_per_second: PerSecond | None = 2
    result_first_poll_s: Seconds = 5
    result_poll_max_s: Seconds = 60
    result_deadline_s: Seconds = Field(1800, gt=0)
    result_late_s: Seconds = 86_400
    settle_before_resend_s: Seconds = Field(120, description="no row for that long after it was lost: it is not there")
    withdraw: Annotated[Withdrawal, BeforeValidator(spell_off)] = "bar_numbers"
    barred_phone_format: PhoneFormat | None = Field(None, description="of the block list; None: phone_format")

    @field_validator("token_host")
    @classmethod
    def _is_http(cls, value: str) -> str:
        return http_address(value)

    @field_validator("hosts")
    @classmethod
    def _are_http(cls, value: dict[str, str]) -> dict[str, str]:
        return DEFAULT_HOSTS | {module: http_address(host) for module, host in value.items()}

    @field_validator("report_hosts")
    @classmethod
    def _are_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(_origin, value))

    @field_validator("auth_error_codes", mode="before")
    @classmethod
    def _are_texts(cls, value: object) -> object:
        return [str(code) for code in value] if isinstance(value, (list, tuple)) else value

    @model_validator(mode="after")
    def _assigns_as_its_rule_says(self) -> SobotSettings:
        if (self.assign_rule == "AssignAppoint") != bool(self.assign_agents):
            raise ValueError("assign_agents and assign_rule AssignAppoint belong together")
        return self

    def token_provider(self) -> TokenProvider:
        """The one token of the credential in this process: everything that logs in with it shares it."""
        terms = (self.token_ttl_fallback_s, self.token_renew_fraction, self.token_retry_s)
        key = (self._credential(), self.token_host, *terms, self.connect_timeout_s, self.read_timeout_s, self.ca_bundle)
        with _BUILDING:
            return _PROVIDERS.get(key) or _PROVIDERS.setdefault(key, self._new_token_provider())

    def _new_token_provider(self) -> TokenProvider:
        return TokenProvider(
            self._credential(),
            open_transport=lambda: Transport(
                vendor=VENDOR,
                base_url=self.token_host,
                ca_bundle=self.ca_bundle,
                patience=self.patience(),
                address_setting=ADDRESS_SETTING,
            ),
            ttl_fallback_s=self.token_ttl_fallback_s,
            renew_fraction=self.token_renew_fraction,
            retry_s=self.token_retry_s,
        )

    def gateway(self) -> SobotGateway:
        """A gateway over new transports, one per host under one rate limit; the caller closes it."""
        limiter, agent = RateLimiter(self.requests_per_second), ServiceAgent(self.agent_id, self.agent_type)
        client = self.client(limiter)
        return SobotGateway(
            client,
            tasks=Tasks(client, agent, tenant=self.app_id, time_zone=self.timezoneid),
            agent=agent,
            reports=self._report_hosts(limiter),
            terms=self._import_terms(),
            result_terms=self._result_terms(),
            batch_size=self.max_details_per_import,
            connections=self.connections,
            max_parallel_imports_per_task=self.max_parallel_imports_per_task,
        )

    def clients(self) -> tuple[SobotClient]:
        """A client of all operations over new transports; the caller closes it."""
        return (self.client(),)

    def directory(self) -> SobotDirectory:
        """What Sobot knows, over new transports; the caller closes it."""
        return SobotDirectory(self.client())

    def client(self, limiter: RateLimiter | None = None) -> SobotClient:
        """A client over new transports, one per host under one rate limit; the caller closes it."""
        return SobotClient(
            self._wire(limiter or RateLimiter(self.requests_per_second)),
            agent_id=self.agent_id,
            agent_type=self.agent_type,
            duplicate_fields=self.duplicate_fields,
        )

    def _credential(self) -> Credential:
        return Credential(
            app_id=self.app_id,
            app_secret=self.app_secret.get_secret_value(),
            mode=self.auth_mode,
            scope=self.token_scope,
            agent=self.agent_id,
            agent_type=self.agent_type,
        )

    def _transports(self, limiter: RateLimiter) -> dict[str, Transport]:
        """A transport for every host, by module."""
        auth = TokenAuth(self.token_provider(), prefix=self.authorization_prefix)
        by_host = {
            host: Transport(
                vendor=VENDOR,
                base_url=host,
                auth=auth,
                ca_bundle=self.ca_bundle,
                patience=self.patience(),
                limiter=limiter,
                login_settings=LOGIN_SETTINGS,
                address_setting="vendors.sobot.hosts",
            )
            for host in set(self.hosts.values())
        }
        return {module: by_host[host] for module, host in self.hosts.items()}

    def _report_hosts(self, limiter: RateLimiter) -> ReportHosts:
        """Transports that never log in: a token must not reach the host of the reports."""
        transports = {
            origin: Transport(
                vendor=VENDOR,
                base_url=origin,
                ca_bundle=self.ca_bundle,
                patience=self.patience(),
                limiter=limiter,
                address_setting="vendors.sobot.report_hosts",
            )
            for origin in self.report_hosts
        }
        return ReportHosts(transports, limit_bytes=self.report_max_bytes)

    def _wire(self, limiter: RateLimiter) -> SobotWire:
        return SobotWire(
            self._transports(limiter),
            self.token_provider(),
            product_prefix=self.product_prefix,
            module_prefix=self.module_prefix,
            timezone_id=self.timezoneid,
            language=self.language,
            auth_error_codes=self.auth_error_codes,
            patience=self.patience(),
            limiter=limiter,
        )

    def _import_terms(self) -> ImportTerms:
        return ImportTerms(
            tenant=self.app_id,
            phone_format=self.phone_format,
            remove_duplicates_rule=self.remove_duplicates_rule,
            dnc_filter=self.dnc_filter,
            assign_rule=self.assign_rule,
            assign_agent_and_count=[{"agentID": one.agent_id, "count": one.count} for one in self.assign_agents],
            settle_before_resend_s=self.settle_before_resend_s,
            withdraw=self.withdraw,
            barred_phone_format=self.barred_phone_format,
        )

    def _result_terms(self) -> ResultTerms:
        return ResultTerms(
            first_s=self.result_first_poll_s,
            max_s=self.result_poll_max_s,
            deadline_s=self.result_deadline_s,
            late_s=self.result_late_s,
        )


def _origin(value: str) -> str:
    parts: Sequence[str] = parts_of(value if "://" in value else f"https://{value}")
    if parts[0] not in ("http", "https") or not parts[1] or "@" in parts[1] or parts[2].strip("/"):
        raise ValueError("must be hosts, such as img-sg.sobot.io, or http://127.0.0.1:8700 for one without TLS")
    return origin_of(value)


def _require_name(template: str, per: str) -> None:
    names = names_in(template, "campaign", "day", setting="name_template")
    if ("day" in names) != (per == "day"):
        raise ValueError("name_template contains {day} for a task per day, and only then")
    sample = template.format(campaign="c", day="2026-01-01")
    if not sample.strip() or sample != sample.strip():
        raise ValueError("name_template must not be blank, nor begin or end with a blank")
