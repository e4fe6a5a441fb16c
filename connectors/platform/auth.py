"""How a client shows its token to the Platform.

Source: vendors.md, 3(a): the header and its prefix are not documented, so both are settings.
"""

from __future__ import annotations

from typing import Literal

AuthScheme = Literal["bearer", "raw"]


def token_headers(token: str, *, header: str, scheme: AuthScheme) -> dict[str, str]:
    """The header that carries the API token."""
    return {header: f"Bearer {token}" if scheme == "bearer" else token}
