"""Which encoding a file is in, wherever its blocks end."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connectors.crm import encoding
from connectors.crm.encoding import AUTO, find_encoding

PIECES = ["a", "bc", "ä", "€", "😀", "\n", "\r\n", " " * 20]
BROKEN = [b"\xff", b"\xc3", b"\xe2\x82", b"\x80"]


@pytest.fixture(scope="module", autouse=True)
def _small_blocks() -> Iterator[None]:
    """A few lines fill a block."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encoding, "_CHECKED_BYTES", 48)
        yield


@given(parts=st.lists(st.sampled_from([piece.encode() for piece in PIECES] + BROKEN), max_size=40))
@example(parts=[b"a" * 200, "ä".encode()])
@example(parts=[b"a\n" * 100, b"\xc3"])
@example(parts=[])
def test_file_is_utf8_if_python_decodes_it(parts: list[bytes]) -> None:
    """Strictly, when every byte is; else lines of another encoding are told apart, or it is Windows-1252."""
    content = b"".join(parts)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "leads.csv"
        path.write_bytes(content)
        found = find_encoding(path, AUTO, setting="sources.leads")
    try:
        content.decode()
    except UnicodeDecodeError:
        assert found.errors != "strict"
    else:
        assert found == ("utf-8", "strict")
