"""The settings that all vendors share: how an address is written, whom it is trusted to, how patiently it is asked.

Belongs here: addresses, paths of files, waits, retries and rates. Does not belong here: anything that only one vendor
has (`connectors/<vendor>/settings.py`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo

from connectors.numbers import PerSecond, Seconds, Whole
from connectors.patience import Patience


def http_address(value: str) -> str:
    """The address without a slash at its end; ValueError if it is none, or holds a login."""
    if not value.startswith(("http://", "https://")):
        raise ValueError("must begin with http:// or https://")
    if "@" in parts_of(value).netloc:  # it would be shown wherever the address is
        raise ValueError("must not hold a login: username and password have settings of their own")
    return value.rstrip("/")


def parts_of(address: str) -> SplitResult:
    """The parts of the address; ValueError where its host or its port is none."""
    try:
        parts = urlsplit(address)
    except ValueError:  # its own words are about IPv6
        raise ValueError("is no address, such as https://vendor.example.com") from None
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0:
        raise ValueError("has a port that is none: ports are 1 to 65535")
    if not parts.hostname:
        raise ValueError("must name a host, such as https://vendor.example.com")
    return parts


def _beside(value: str, told: ValidationInfo) -> str:
    folder = (told.context or {}).get(FOLDER)
    return value if folder is None else str(Path(folder) / value)


FOLDER = "folder"
"""In the context of validation: the folder of the file that the settings are read from."""

BesideFile = Annotated[str, AfterValidator(_beside)]
"""A path; a relative one is beside the file that the settings are read from."""


class PacedSettings(BaseModel):
    """Times in seconds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    requests_per_second: PerSecond | None = None
    connect_timeout_s: Seconds = Field(10, gt=0)
    read_timeout_s: Seconds = Field(60, gt=0)
    max_attempts: Whole = Field(5, ge=1)
    backoff_s: Seconds = 1
    backoff_max_s: Seconds = 60
    ca_bundle: BesideFile | None = Field(None, description="PEM file of the authorities that sign for the vendor")
    settle_s: Seconds = Field(60, description="wait before the vendor is asked about an unseen outcome")

    def patience(self) -> Patience:
        """The time-outs and retries of this vendor."""
        return Patience(
            connect_timeout_s=self.connect_timeout_s,
            read_timeout_s=self.read_timeout_s,
            max_attempts=self.max_attempts,
            backoff_s=self.backoff_s,
            backoff_max_s=self.backoff_max_s,
        )
