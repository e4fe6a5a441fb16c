"""What tests of commands and of the code location stand on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from tests.commands import PERSON, Configure, Vendor
from tests.factories import CAMPAIGN, OTHER_CAMPAIGN, OTHER_TARGET, TARGET, lead, phone, write_configuration


@pytest.fixture
def configure(tmp_path: Path, database: str, sinch: Vendor) -> Configure:
    """Writes a configuration that logs in, with leads of every kind."""
    sinch.vendor.knobs.require_auth, sinch.vendor.knobs.password = "basic", "s3cret"
    rows = [
        lead(1, **PERSON),
        lead(2, **PERSON),
        lead(3, **PERSON, phone1="4.917E+11"),
        lead(4, **PERSON, campaign=OTHER_CAMPAIGN),
        lead(5, **PERSON),
    ]

    def write(**changes: Any) -> Path:
        whole: dict[str, Any] = {
            "database": database,
            "sinch_url": sinch.url,
            "rows": rows,
            "campaigns": {CAMPAIGN: TARGET, OTHER_CAMPAIGN: OTHER_TARGET},
            "do_not_call": [{"phone": phone(5), "reason": "asked"}],
            "sinch": {"auth_mode": "basic", "username": "api-user", "password": "${SINCH_PASSWORD}"},
        }
        return write_configuration(tmp_path, **whole | changes)

    return write


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    """A Dagster instance with storage of its own."""
    with dg.instance_for_test() as found:
        yield found
