"""Answers of all four vendors that get lost, late, cut or garbled: no lead is lost, and none is sent twice."""

from __future__ import annotations

from typing import Any

import pytest

from tests.faults import vendors
from tests.faults.vendors import ALL, MakeSite, always

sites = vendors.sites

FAULTS: dict[str, dict[str, Any]] = {
    "lost_after_commit": {"kind": "lost_after_commit"},
    "reset_before_body": {"kind": "reset_before_body"},
    "reset_before_processing": {"kind": "reset_before_processing"},
    "stall_after_commit": {"kind": "stall_after_commit", "seconds": 5},
    "stall_before_commit": {"kind": "stall_before_commit", "seconds": 5},
    "truncated": {"kind": "truncated", "bytes": 12},
    "truncated_at_once": {"kind": "truncated", "bytes": 0},
    "html_200": {"kind": "html_200"},
    "html_502": {"kind": "html"},
    "html_502_committed": {"kind": "html", "commit": True},
    "status_503": {"kind": "status"},
    "status_503_committed": {"kind": "status", "commit": True},
    "status_429": {"kind": "status", "status": 429},
    "status_429_retry_after": {"kind": "status", "status": 429, "retry_after": "1", "times": 1},
    "status_401": {"kind": "status", "status": 401},
}


EXAMPLES = ("lost_after_commit", "reset_before_processing", "status_401")


@ALL
@pytest.mark.parametrize("fault", always(FAULTS, *EXAMPLES))
def test_spoilt_creation_heals(way: str, fault: str, sites: MakeSite) -> None:
    """Whatever becomes of the answer to a creation, the next runs accept every lead, and the vendor has each once."""
    site = sites(way, settings={"read_timeout_s": 0.3})
    site.spoil(**{"times": 2, **FAULTS[fault]})
    site.load()
    site.assert_balanced()
    assert site.server.faults.fired_count >= 1
    site.finish()
    site.assert_accepted_once()
