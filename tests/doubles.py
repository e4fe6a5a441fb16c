"""The four vendors' doubles side by side, each with quick settings and a campaign that goes to it.

Belongs here: what a test must know of a vendor to load it. Does not belong here: tests, rows (`factories.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.jtel.app import JtelPortal
from sandbox.platform.app import PlatformApi
from sandbox.platform.seeds import SALES_OUTBOUND
from sandbox.server import SandboxServer
from sandbox.sinch.both import Sinch
from sandbox.sobot.app import SobotCallCenter
from sandbox.sobot.seeds import DATA_TEMPLATE, SERVICE_AGENT_ID, WRAP_UP_TEMPLATE
from sandbox.vendor import Vendor
from tests.factories import QUICK, TARGET, write_document


@dataclass(frozen=True)
class Kind:
    """One vendor: its double, how a configuration reaches it, and a target.

    `create_path` is part of the path of the request that creates leads, `is_later` whether their fate is told later.
    """

    name: str
    double: Callable[[], Vendor]
    settings: Callable[[str], dict[str, Any]]
    target: Mapping[str, Any]
    create_path: str
    is_later: bool


def _sinch(url: str) -> dict[str, Any]:
    return {**QUICK, "base_url": url, "auth_mode": "none", "connections": 2}


def _sobot(url: str) -> dict[str, Any]:
    return {
        **QUICK,
        "connections": 2,
        "app_id": "app-1",
        "app_secret": "${SOBOT_SECRET}",
        "agent_id": SERVICE_AGENT_ID,
        "token_host": url,
        "hosts": {"default": url, "cc-ivr": url},
        "report_hosts": [url],
        "requests_per_second": None,
        "token_retry_s": 0.05,
        "result_first_poll_s": 0,
        "result_poll_max_s": 0.05,
        "settle_before_resend_s": 0,
    }


def _platform(url: str) -> dict[str, Any]:
    return {
        **QUICK,
        "connections": 2,
        "base_url": url,
        "token": "${PLATFORM_TOKEN}",
        "bulk_poll_s": 0.01,
        "bulk_poll_max_s": 0.05,
        "bulk_settle_s": 0,
    }


def _jtel(url: str) -> dict[str, Any]:
    return {
        **QUICK,
        "base_url": url,
        "clients_id": 1,
        "token": "${JTEL_TOKEN}",
        "allow_http": True,
        "parallel_requests": 2,
        "listing_max_age_s": 0,
    }


KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("sinch", Sinch, _sinch, {"campaign_id": TARGET}, "/customers/list", is_later=False),
        Kind(
            "sobot",
            SobotCallCenter,
            _sobot,
            {"data_template_code": DATA_TEMPLATE, "wrap_up_template_code": WRAP_UP_TEMPLATE},
            "/campaigns/_import",
            is_later=True,
        ),
        Kind("platform", PlatformApi, _platform, {"campaign_id": SALES_OUTBOUND}, "/leads/bulk/", is_later=True),
        Kind("jtel", JtelPortal, _jtel, {"template": "Template"}, "/contacts/import", is_later=False),
    )
}

SECRETS: Mapping[str, str] = {
    "SOBOT_SECRET": "secret-1",
    "PLATFORM_TOKEN": "platform-token",
    "JTEL_TOKEN": "jtel-token",
}


def serve(kind: Kind) -> SandboxServer[Any]:
    """A double of the vendor, ready to be started."""
    return SandboxServer(kind.double())


def write_vendors(folder: Path, servers: Mapping[str, SandboxServer[Any]], *, database: str, **more: Any) -> Path:
    """A `leadsync.yaml` with a campaign `<vendor>-calls` for each served vendor.

    Args:
        more: `rows` and `do_not_call`; `settings` and `targets`, by vendor, that differ; other settings as `document`.
    """
    settings, targets = more.pop("settings", {}), more.pop("targets", {})
    document = more.pop("document", {}) | {
        "vendors": {
            name: KINDS[name].settings(server.url) | settings.get(name, {}) for name, server in servers.items()
        },
        "campaigns": [
            {
                "campaign": f"{name}-calls",
                "vendor": name,
                "target": dict(targets.get(name, KINDS[name].target)),
                "region": "DE",
            }
            for name in servers
        ],
    }
    return write_document(folder, document, database=database, **more)
