"""The numbers of `leadsync.yaml`: none is so large, or so odd, that a load ends on it."""

from __future__ import annotations

from functools import reduce
from pathlib import Path
from typing import Any

import pytest
import yaml

from connectors.errors import SetupError
from connectors.numbers import LONGEST_DAYS, LONGEST_S
from pipelines.settings import DeliverySettings, EligibilitySettings, Settings, load_settings
from pipelines.vendors import VENDORS
from tests.commands import leadsync

GOOD = """\
sources: {leads: {csv: leads.csv, cursor: updated_at}}
vendors:
  sinch: {base_url: "https://s.example", auth_mode: none}
  sobot: {app_id: a, app_secret: "${SECRET}", agent_id: b}
  platform: {base_url: "https://p.example", token: "${SECRET}"}
  jtel: {base_url: "https://j.example", clients_id: 1, token: "${SECRET}"}
eligibility: {}
delivery: {lease_s: 180}
"""


def load(folder: Path, key: str, written: str) -> Settings:
    """Good settings of all vendors in which the key says what is written."""
    document: dict[str, Any] = yaml.safe_load(GOOD)
    *parents, name = key.split(".")
    reduce(dict.__getitem__, parents, document)[name] = yaml.safe_load(written)
    path = folder / "leadsync.yaml"
    path.write_text(yaml.safe_dump(document), "utf-8")
    return load_settings(path, {"SECRET": "x"})


def mistake(folder: Path, key: str, written: str) -> str:
    """What is wrong with the key, without file and line."""
    with pytest.raises(SetupError) as raised:
        load(folder, key, written)
    where, _, text = str(raised.value).partition(f": {key}: ")
    assert where.startswith(f"{folder}/leadsync.yaml, line ")
    return text


def settings_in(unit: str) -> list[str]:
    """Every setting whose name ends in the unit."""
    models = {f"vendors.{name}": vendor.settings for name, vendor in VENDORS.items()}
    models |= {"": Settings, "eligibility": EligibilitySettings, "delivery": DeliverySettings}
    keys = (f"{parent}.{name}".strip(".") for parent, model in models.items() for name in model.model_fields)
    return [key for key in keys if key.endswith(unit)]


@pytest.mark.parametrize("written", ["1e20", "1.0e+20", str(LONGEST_S + 1), ".inf", ".nan", "-1", "true"])
@pytest.mark.parametrize("key", settings_in("_s"))
def test_seconds_that_no_clock_counts_are_refused(tmp_path: Path, key: str, written: str) -> None:
    """A wait that cannot be added to the time would end a load; every setting in seconds has the same bound."""
    assert mistake(tmp_path, key, written)


@pytest.mark.parametrize("written", [str(LONGEST_DAYS + 1), "9999999999", "0", ".inf", "true"])
@pytest.mark.parametrize("key", settings_in("_days"))
def test_days_that_no_calendar_has_are_refused(tmp_path: Path, key: str, written: str) -> None:
    """The day before so many days must be one of the calendar."""
    assert mistake(tmp_path, key, written)


def test_longest_wait_and_period_are_allowed(tmp_path: Path) -> None:
    """The bounds themselves are good."""
    assert load(tmp_path, "vendors.sobot.result_late_s", str(LONGEST_S)).vendors.sobot.result_late_s == LONGEST_S
    assert load(tmp_path, "retention_days", str(LONGEST_DAYS)).retention_days == LONGEST_DAYS


@pytest.mark.parametrize(
    "key",
    ["vendors.sinch.batch_size", "vendors.sobot.agent_type", "vendors.sobot.requests_per_second",
     "vendors.sobot.token_renew_fraction", "vendors.platform.connections", "vendors.jtel.clients_id",
     "eligibility.withdraw_at_most"],
)  # fmt: skip
def test_yes_is_no_number(tmp_path: Path, key: str) -> None:
    """Python counts with true as with 1; nobody means that."""
    assert mistake(tmp_path, key, "true") == "must be a number, not true or false"


@pytest.mark.parametrize("host", ["127.0.0.1:70000", "127.0.0.1:0", "127.0.0.1:port"])
@pytest.mark.parametrize(
    "key", ["vendors.sinch.base_url", "vendors.sobot.token_host", "vendors.platform.base_url", "vendors.jtel.base_url"]
)
def test_port_that_is_none_is_refused(tmp_path: Path, key: str, host: str) -> None:
    """Ports end at 65535; the first request would have failed with a traceback."""
    assert mistake(tmp_path, key, f"https://{host}") == "has a port that is none: ports are 1 to 65535"


@pytest.mark.parametrize("written", ["[img.example:70000]", "[https://img.example:0]"])
def test_port_of_a_report_host_is_one(tmp_path: Path, written: str) -> None:
    """Hosts without a scheme are no exception."""
    assert mistake(tmp_path, "vendors.sobot.report_hosts", written).startswith("has a port that is none")


def test_purge_of_more_days_than_there_are_is_refused() -> None:
    """The option has the bound of the setting."""
    ended = leadsync("purge", "--days", "1000000", code=2)
    assert "Invalid value for '--days': 1000000 is not in the range 1<=x<=36500" in ended.stderr
