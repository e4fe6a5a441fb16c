"""How a client logs in to Sinch: nobody, basic authentication, an API key, a client certificate.

Source: vendors.md, 2(a).
"""

from __future__ import annotations

from typing import Literal

import httpx

from connectors.errors import SetupError

AuthMode = Literal["none", "basic", "certificate"]


def basic_auth(mode: AuthMode, username: str | None, password: str | None) -> httpx.Auth | None:
    """The httpx authentication for the mode; None where no login is sent."""
    if mode != "basic":
        return None
    if not username or password is None:
        raise SetupError("vendors.sinch: auth_mode basic needs username and password")
    return httpx.BasicAuth(username, password)


def key_headers(api_key: str | None, header: str) -> dict[str, str]:
    """The header that carries the API key, where there is one."""
    return {header: api_key} if api_key else {}


def certificate_pair(cert: str | None, key: str | None) -> tuple[str, str] | None:
    """The paths of the client certificate and its key; both or neither."""
    if (cert is None) != (key is None):
        raise SetupError("vendors.sinch: client_cert and client_key belong together")
    return (cert, key) if cert and key else None
