"""A vendor whose certificate an authority of one's own has signed, and one that wants to see ours."""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from connectors.errors import ConnectorError, NotSentError, SetupError
from connectors.jtel.settings import JtelSettings
from connectors.patience import Patience
from connectors.platform.settings import PlatformSettings
from connectors.sinch.settings import SinchSettings
from connectors.sobot.settings import SobotSettings
from connectors.transport import Transport
from tests.connectors.serving import serving

QUICK = Patience(max_attempts=1, connect_timeout_s=5, read_timeout_s=5)
Key = ec.EllipticCurvePrivateKey


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The authority `ca.pem`, a server that it signed for, and a client that nobody did."""
    found = tmp_path_factory.mktemp("authority")
    authority, server, client = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
    write(found, "ca", authority, certificate("Our own authority", authority, "Our own authority", authority))
    write(found, "server", server, certificate("localhost", server, "Our own authority", authority))
    write(found, "client", client, certificate("somebody", client, "somebody", client))
    return found


def certificate(name: str, key: Key, issuer: str, issuer_key: Key) -> x509.Certificate:
    """One for the name, signed by the issuer; who signs for himself is an authority."""
    named, by = (x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, each)]) for each in (name, issuer))
    now = datetime.now(UTC)
    is_authority = key is issuer_key
    usage = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only"), False
    )
    extensions: list[tuple[x509.ExtensionType, bool]] = [
        (x509.BasicConstraints(ca=is_authority, path_length=None), True),
        (x509.SubjectAlternativeName([x509.DNSName(name.replace(" ", "-"))]), False),
        (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), False),
        (x509.KeyUsage(True, key_cert_sign=is_authority, crl_sign=is_authority, decipher_only=False, **usage), True),
    ]
    made = x509.CertificateBuilder(by, named, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    for extension, is_critical in extensions:
        made = made.add_extension(extension, critical=is_critical)
    return made.sign(issuer_key, hashes.SHA256())


def write(folder: Path, name: str, key: Key, signed: x509.Certificate) -> None:
    """Both are there, as PEM."""
    pem = serialization.Encoding.PEM
    (folder / f"{name}.pem").write_bytes(signed.public_bytes(pem))
    (folder / f"{name}.key").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


class Ok(BaseHTTPRequestHandler):
    """Answers everyone whose certificate is good."""

    request: ssl.SSLSocket

    def handle(self) -> None:
        try:
            self.request.do_handshake()
        except OSError:
            # What is sent and not read would reset the connection, and what was said of the certificate with it.
            with suppress(OSError), socket.socket(fileno=os.dup(self.request.fileno())) as plain:
                while plain.recv(65_536):
                    pass
        else:
            super().handle()

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: Any) -> None:
        """Nothing is said."""


@contextmanager
def served(folder: Path, *, asks: bool = False, newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> Iterator[str]:
    """The address of the server; `asks`: for a client certificate of the authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = newest
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    if asks:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(folder / "ca.pem")
    server = HTTPServer(("127.0.0.1", 0), Ok)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    with serving(server) as port:
        yield f"https://localhost:{port}"


def asked(url: str, **options: Any) -> int:
    """The status of an answer."""
    with closing(Transport(vendor="sinch", base_url=url, patience=QUICK, **options)) as transport:
        return transport.read("op", "/", headers={}).status


def test_an_authority_of_one_s_own_is_trusted_where_it_is_named(folder: Path) -> None:
    """And nowhere else."""
    with served(folder) as url:
        with pytest.raises(NotSentError, match=r"its certificate is not trusted \(ca_bundle says whose is\)"):
            asked(url)
        with pytest.raises(NotSentError, match="its certificate is not trusted"):
            asked(url, ca_bundle=str(folder / "client.pem"))
        with pytest.raises(NotSentError, match="its certificate is not trusted"):  # for localhost it is
            asked(url.replace("localhost", "127.0.0.1"), ca_bundle=str(folder / "ca.pem"))
        assert asked(url, ca_bundle=str(folder / "ca.pem")) == 200


@pytest.mark.parametrize(
    ("name", "newest"),
    [(None, ssl.TLSVersion.TLSv1_3), ("client", ssl.TLSVersion.TLSv1_3), ("client", ssl.TLSVersion.TLSv1_2)],
)
def test_a_client_certificate_that_is_refused_is_told(folder: Path, name: str | None, newest: ssl.TLSVersion) -> None:
    """The vendor is up, and the address right: something else is wrong."""
    pair = (str(folder / f"{name}.pem"), str(folder / f"{name}.key")) if name else None
    with served(folder, asks=True, newest=newest) as url:
        with pytest.raises(ConnectorError, match="it asks for a client certificate, and refuses ours"):
            asked(url, ca_bundle=str(folder / "ca.pem"), certificate=pair)
        own = (str(folder / "server.pem"), str(folder / "server.key"))
        assert asked(url, ca_bundle=str(folder / "ca.pem"), certificate=own) == 200


ADDRESS = {"base_url": "https://vendor.example.com"}
VENDORS: dict[str, Callable[[str], Any]] = {
    "sinch": lambda path: SinchSettings.model_validate(ADDRESS | {"auth_mode": "none", "ca_bundle": path}),
    "sobot": lambda path: SobotSettings.model_validate(
        {"app_id": "a", "app_secret": "s", "agent_id": "b", "ca_bundle": path}
    ),
    "platform": lambda path: PlatformSettings.model_validate(ADDRESS | {"token": "t", "ca_bundle": path}),
    "jtel": lambda path: JtelSettings.model_validate(ADDRESS | {"token": "t", "clients_id": 1, "ca_bundle": path}),
}


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_bundle_that_cannot_be_used_is_told_with_its_setting(folder: Path, vendor: str) -> None:
    """When the vendor is opened: before anything is sent."""
    reasons = {"no.pem": "cannot be read: No such file or directory", "ca.key": "holds no certificate in PEM"}
    for name, why in reasons.items():
        path = folder / name
        with pytest.raises(SetupError) as told:
            VENDORS[vendor](str(path)).gateway()
        assert str(told.value) == f"vendors.{vendor}.ca_bundle: {path} {why}"
    VENDORS[vendor](str(folder / "ca.pem")).gateway().close()
