"""Whom we trust at the other end of a connection, and with what certificate we show ourselves.

Belongs here: contexts of TLS, and what is wrong with the files that they are made of. Does not belong here: connections
(`transport.py`).
"""

from __future__ import annotations

import ssl
from functools import cache

import httpx

from connectors.errors import SetupError

# In the alerts by which the other end ends a connection for the sake of our certificate.
_OF_OUR_CERTIFICATE = ("CERTIFICATE", "UNKNOWN_CA", "ACCESS_DENIED")


def own_context(vendor: str, *, ca_bundle: str | None, certificate: tuple[str, str] | None) -> ssl.SSLContext | None:
    """A context for the vendor alone; None where nothing of it is set, and `known_authorities` serves.

    Args:
        ca_bundle: a PEM file of the authorities that are trusted, in place of the known ones.
        certificate: PEM files of our certificate and its key.

    Raises:
        SetupError: a file is missing or none of its kind; names the setting.
    """
    if ca_bundle is None and certificate is None:
        return None
    context = httpx.create_ssl_context(trust_env=False) if ca_bundle is None else _trusting(vendor, ca_bundle)
    if certificate is not None:
        _show(vendor, context, *certificate)
    return context


def _trusting(vendor: str, ca_bundle: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_bundle)
    except ssl.SSLError:
        raise SetupError(f"vendors.{vendor}.ca_bundle: {ca_bundle} holds no certificate in PEM") from None
    except OSError as error:
        raise SetupError(f"vendors.{vendor}.ca_bundle: {ca_bundle} cannot be read: {error.strerror}") from None


def _show(vendor: str, context: ssl.SSLContext, client_cert: str, client_key: str) -> None:
    try:
        context.load_cert_chain(client_cert, client_key)
    except ssl.SSLError:
        raise SetupError(f"vendors.{vendor}.client_cert, client_key: no certificate with its key") from None
    except OSError as error:
        raise SetupError(f"vendors.{vendor}.client_cert, client_key: cannot be read: {error.strerror}") from None


@cache
def known_authorities(*, is_used: bool) -> ssl.SSLContext:
    """Shared by all transports, and made when the first of them connects: to read the trusted authorities takes as long
    as a hundred requests. Where no address is one of TLS they stay unread: nobody is trusted."""
    return httpx.create_ssl_context(trust_env=False) if is_used else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def is_our_certificate_refused(error: BaseException | None) -> bool:
    """Whether the other end said that it wants another certificate of ours, or one at all."""
    reason = getattr(error, "reason", None) or "" if isinstance(error, ssl.SSLError) else ""
    return "ALERT" in reason and any(word in reason for word in _OF_OUR_CERTIFICATE)
