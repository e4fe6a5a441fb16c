"""Which vendors there are, and their gateways.

Belongs here: the one table of vendors. Does not belong here: anything that only one of them knows.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from connectors.errors import SetupError
from connectors.gateway import Gateway
from pipelines.settings import Settings

VENDORS = ("sinch",)


@contextmanager
def open_gateway(settings: Settings, vendor: str) -> Iterator[Gateway]:
    """The vendor's gateway, closed at the end."""
    configured = settings.vendors.configured()
    if vendor not in configured:
        raise SetupError(f"vendors.{vendor} is not in the configuration, but a campaign needs it")
    gateway: Gateway = configured[vendor].gateway()
    try:
        yield gateway
    finally:
        gateway.close()
