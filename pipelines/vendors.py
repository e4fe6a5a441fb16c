"""Which vendors there are: the one table.

Belongs here: each vendor's settings, target and mapping. Does not belong here: anything that only one of them
knows, and reading the configuration (`settings.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from pydantic import BaseModel

from connectors.directory import Directory
from connectors.gateway import Gateway
from connectors.jtel.settings import JtelMapping, JtelSettings, JtelTarget
from connectors.patience import Patience
from connectors.platform.settings import PlatformMapping, PlatformSettings, PlatformTarget
from connectors.sinch.settings import SinchMapping, SinchSettings, SinchTarget
from connectors.sobot.settings import SobotMapping, SobotSettings, SobotTarget

__all__ = [
    "VENDORS",
    "JtelMapping",
    "JtelSettings",
    "PlatformMapping",
    "PlatformSettings",
    "SinchMapping",
    "SinchSettings",
    "SobotMapping",
    "SobotSettings",
    "Vendor",
    "VendorSettings",
]


class Client(Protocol):
    """The operations of one of a vendor's interfaces."""

    def close(self) -> None:
        """All connections are closed."""


class VendorSettings(Protocol):
    """What every vendor's settings can do."""

    @property
    def settle_s(self) -> float:
        """The wait before the vendor is asked about an unseen outcome, in seconds."""

    def patience(self) -> Patience:
        """The time-outs and retries of the vendor."""

    def gateway(self) -> Gateway:
        """A gateway over new connections; the caller closes it."""

    def clients(self) -> Sequence[Client]:
        """Clients of every documented operation, over new connections; the caller closes them."""

    def directory(self) -> Directory:
        """What the vendor knows, over new connections; the caller closes it."""


@dataclass(frozen=True, slots=True)
class Vendor:
    """The models of a vendor's part of the configuration.

    `exact`: the keys of a target that name one thing that is there; the first is the vendor's own id.
    """

    settings: type[BaseModel]
    target: type[BaseModel]
    mapping: type[BaseModel]
    exact: Sequence[str]


VENDORS: Mapping[str, Vendor] = {
    "sinch": Vendor(SinchSettings, SinchTarget, SinchMapping, ("campaign_id",)),
    "sobot": Vendor(SobotSettings, SobotTarget, SobotMapping, ("code",)),
    "platform": Vendor(PlatformSettings, PlatformTarget, PlatformMapping, ("list_id",)),
    "jtel": Vendor(JtelSettings, JtelTarget, JtelMapping, ("campaign_id", "campaign_name")),
}
