"""How addresses of vendors are written in the configuration."""

from __future__ import annotations

import pytest

from connectors.pace import http_address


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("https://vendor.example.com", "https://vendor.example.com"),
        ("http://127.0.0.1:8700/api/", "http://127.0.0.1:8700/api"),
        ("https://vendor.example.com/a@b/", "https://vendor.example.com/a@b"),
    ],
)
def test_address_ends_without_a_slash(written: str, address: str) -> None:
    """Paths are added to it."""
    assert http_address(written) == address


@pytest.mark.parametrize("written", ["vendor.example.com", "ftp://vendor.example.com", ""])
def test_what_is_no_address_is_refused(written: str) -> None:
    """The scheme must be there: nobody guesses whether TLS is meant."""
    with pytest.raises(ValueError, match="must begin with http:// or https://"):
        http_address(written)


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("https://[::1", "is no address"),
        ("https://", "must name a host"),
        ("https://:8700", "must name a host"),
        ("https://vendor.example.com:70000", "has a port that is none"),
        ("https://[::1]:70000", "has a port that is none"),
    ],
)
def test_address_that_leads_nowhere_is_refused(written: str, sentence: str) -> None:
    """What cannot be connected to is known without trying."""
    with pytest.raises(ValueError, match=sentence):
        http_address(written)


@pytest.mark.parametrize("written", ["https://me:secret@vendor.example.com", "https://me@vendor.example.com/api"])
def test_login_in_an_address_is_refused_without_quoting_it(written: str) -> None:
    """Addresses are shown in errors and reports, and nobody would send that login."""
    with pytest.raises(ValueError, match="must not hold a login") as caught:
        http_address(written)
    assert "me" not in str(caught.value).replace("username", "")
