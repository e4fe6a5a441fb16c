"""The settings that all vendors share: how an address is written, how patiently it is asked, how hard it is pressed.

Belongs here: addresses, waits, retries and rates. Does not belong here: anything that only one vendor has
(`connectors/<vendor>/settings.py`).
"""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field

from connectors.patience import Patience


def http_address(value: str) -> str:
    """The address without a slash at its end; ValueError if it is none, or holds a login."""
    if not value.startswith(("http://", "https://")):
        raise ValueError("must begin with http:// or https://")
    if "@" in urlsplit(value).netloc:  # it would be shown wherever the address is
        raise ValueError("must not hold a login: username and password have settings of their own")
    return value.rstrip("/")


class PacedSettings(BaseModel):
    """Times in seconds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    requests_per_second: float | None = Field(None, gt=0)
    connect_timeout_s: float = Field(10, gt=0)
    read_timeout_s: float = Field(60, gt=0)
    max_attempts: int = Field(5, ge=1)
    backoff_s: float = Field(1, ge=0)
    backoff_max_s: float = Field(60, ge=0)
    settle_s: float = Field(60, ge=0, description="wait before the vendor is asked about an unseen outcome")

    def patience(self) -> Patience:
        """The time-outs and retries of this vendor."""
        return Patience(
            connect_timeout_s=self.connect_timeout_s,
            read_timeout_s=self.read_timeout_s,
            max_attempts=self.max_attempts,
            backoff_s=self.backoff_s,
            backoff_max_s=self.backoff_max_s,
        )
