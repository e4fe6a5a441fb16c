"""The settings of `vendors.sinch`, and the gateway built from them.

Source of the defaults: vendors.md, section 5.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, field_validator

from connectors.credentials import HeaderSecret, Login, Password
from connectors.numbers import Whole
from connectors.pace import BesideFile, PacedSettings, http_address
from connectors.patience import RateLimiter
from connectors.sinch.auth import AuthMode, basic_auth, certificate_pair, key_headers
from connectors.sinch.client import SinchClient
from connectors.sinch.directory import SinchDirectory
from connectors.sinch.gateway import SinchGateway, Withdrawal
from connectors.sinch.rci import RciClient
from connectors.templates import names_in
from connectors.transport import Transport
from connectors.withdrawal import spell_off


class SinchTarget(BaseModel):
    """A campaign at Sinch. With `activate` it is switched to Active once it was loaded in full."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    campaign_id: str = Field(min_length=1)
    activate: bool = False


class SinchMapping(BaseModel):
    """Which of our columns go along as attributes: the vendor's name to our column."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    attributes: dict[str, str] = Field(default_factory=dict)


class SinchSettings(PacedSettings):
    """How to reach Sinch OBI and how hard to press it. Times in seconds."""

    base_url: str
    obi_path: str = "/RI/obi"
    rci_path: str = "/RI/rci"
    auth_mode: AuthMode = "basic"
    username: Login | None = None
    password: Password | None = None
    api_key: HeaderSecret | None = None
    api_key_header: str = "x-api-key"
    client_cert: BesideFile | None = None
    client_key: BesideFile | None = None
    batch_size: Whole = Field(100, ge=1, le=1000)
    connections: Whole = Field(8, ge=1, le=64)
    stop_on_invalid: bool = False
    external_id_template: str = "{source}-{lead_id}"
    page_limit: Whole = Field(100, ge=1)
    withdraw: Annotated[Withdrawal, BeforeValidator(spell_off)] = "delete"

    @field_validator("base_url")
    @classmethod
    def _is_http(cls, value: str) -> str:
        return http_address(value)

    @field_validator("external_id_template")
    @classmethod
    def _names_the_lead(cls, value: str) -> str:
        if not {"source", "lead_id"}.issubset(names_in(value, "source", "lead_id", "campaign")):
            raise ValueError("must contain {source} and {lead_id}")
        return value

    def gateway(self) -> SinchGateway:
        """A gateway over a new transport; the caller closes it."""
        transport = self._transport(self.obi_path)
        return SinchGateway(
            SinchClient(transport, page_limit=self.page_limit),
            batch_size=self.batch_size,
            connections=self.connections,
            external_id_template=self.external_id_template,
            stop_on_invalid=self.stop_on_invalid,
            withdraw=self.withdraw,
            request_count=lambda: transport.request_count,
        )

    def clients(self) -> tuple[SinchClient, RciClient]:
        """Clients of all operations over new transports; the caller closes them."""
        return SinchClient(self._transport(self.obi_path), page_limit=self.page_limit), self.rci_client()

    def directory(self) -> SinchDirectory:
        """What Sinch knows, over new transports; the caller closes it."""
        return SinchDirectory(*self.clients())

    def rci_client(self) -> RciClient:
        """A client of the configuration interface over a new transport; the caller closes it."""
        return RciClient(self._transport(self.rci_path), page_limit=self.page_limit)

    def _transport(self, path: str) -> Transport:
        return Transport(
            vendor="sinch",
            base_url=self.base_url + path,
            auth=basic_auth(self.auth_mode, self.username, _secret(self.password)),
            headers=key_headers(_secret(self.api_key), self.api_key_header),
            certificate=certificate_pair(self.client_cert, self.client_key),
            ca_bundle=self.ca_bundle,
            patience=self.patience(),
            limiter=RateLimiter(self.requests_per_second),
            login_settings="vendors.sinch.username, password",
        )


def _secret(value: SecretStr | None) -> str | None:
    return value.get_secret_value() if value else None
