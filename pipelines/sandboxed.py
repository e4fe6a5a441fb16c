"""A sandbox in place of the vendors: whoever asked for it sends to it, and to nobody else.

Belongs here: that the configuration leads to the doubles. Does not belong here: starting them (`processes.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from connectors.errors import SetupError
from pipelines.processes import exported, running_sandbox
from pipelines.settings import Settings, load_settings

_OF_SECOND_HOST = ("vendors.sobot.hosts.cc-ivr", "vendors.sobot.report_hosts")


@contextmanager
def sandboxed(config: Path | None, *, port: int = 0, log_file: Path) -> Iterator[dict[str, str]]:
    """A sandbox runs inside the block, and the configuration leads to it; yields the variables that lead there.

    Raises:
        SetupError: an address of the configuration leads elsewhere; nothing was sent.
    """
    with running_sandbox(port=port, log_file=log_file) as addresses, exported(addresses):
        _check(load_settings(config), addresses)
        yield addresses


def _check(settings: Settings, addresses: Mapping[str, str]) -> None:
    for setting, address in _addresses("vendors", settings.vendors.model_dump()):
        if address.rstrip("/") not in addresses.values():
            host = "SOBOT_SECOND_HOST" if setting in _OF_SECOND_HOST else setting.split(".")[1].upper()
            raise SetupError(
                f"{setting} leads to {address}, and not to the sandbox; write ${{{host}_URL:-{address}}} there,"
                f" so that the sandbox can take its place. Nothing was sent"
            )


def _addresses(setting: str, value: Any) -> Iterator[tuple[str, str]]:
    """Every web address below the setting, with the name of its own."""
    if isinstance(value, str) and value.startswith(("http://", "https://")):
        yield setting, value
    elif isinstance(value, Mapping):
        for name, one in value.items():
            yield from _addresses(f"{setting}.{name}", one)
    elif isinstance(value, Collection) and not isinstance(value, str | bytes):
        for one in value:
            yield from _addresses(setting, one)
