"""`leadsync sync --wait`, and the nightly refresh, over all four vendors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml

from pipelines.cli import main
from pipelines.installation import Installation
from pipelines.jobs import REFERENCE
from pipelines.runs import dagster_environment, failures, run_job
from pipelines.settings import load_settings
from sandbox.faults import Fault
from sandbox.server import SandboxServer
from tests.doubles import KINDS, SECRETS, serve, write_vendors
from tests.factories import DAY, lead
from tests.reading import query, states

Servers = dict[str, SandboxServer[Any]]


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Servers]:
    """All doubles; the asynchronous ones finish an import at once."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    with ExitStack() as stack:
        made = {name: stack.enter_context(serve(kind)) for name, kind in KINDS.items()}
        made["sobot"].vendor.knobs.change({"delay_visible_s": 0, "delay_final_s": 0.2})
        made["platform"].vendor.knobs.change({"bulk_step_s": 0.1})
        yield made


@pytest.fixture
def config(tmp_path: Path, database: str, servers: Servers, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Twenty-five leads for each vendor, and a Dagster instance of the test's own."""
    monkeypatch.setenv("LEADSYNC_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    monkeypatch.delenv("DAGSTER_PG_URL", raising=False)
    rows = [lead(number, campaign=f"{name}-calls") for name in KINDS for number in range(1, 26)]
    return write_vendors(tmp_path, servers, database=database, rows=rows)


def test_sync_that_waits_ends_with_every_lead_settled(
    config: Path, servers: Servers, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command follows what vendors settle later, through the sensor and the runs that it asks for."""
    with pytest.raises(SystemExit) as ended:
        main(["sync", "--config", str(config), "--day", str(DAY), "--wait", "60", "--json"])
    said = capsys.readouterr()
    assert ended.value.code == 0, said
    assert "waiting for platform: 1 imports, 25 leads submitted; sobot: 1 imports, 25 leads submitted\n" in said.err
    assert json.loads(said.out)["problems"] == []
    installation = Installation.load(config)
    assert states(installation) == {"accepted": 100}
    installation.close()
    assert {name: len(server.vendor.held()) for name, server in servers.items()} == dict.fromkeys(KINDS, 25)


def test_instance_is_ours_unless_one_stands_beside_the_configuration(config: Path) -> None:
    """One file is enough: Dagster's own settings are there, and a dagster.yaml of the user's has precedence."""
    settings = load_settings(config)
    written = Path(dagster_environment(settings)["DAGSTER_HOME"]) / "dagster.yaml"
    assert yaml.safe_load(written.read_text("utf-8"))["run_retries"]["max_retries"] == 2
    (config.parent / "dagster.yaml").write_text("run_retries: {enabled: false}\n", "utf-8")
    assert Path(dagster_environment(settings)["DAGSTER_HOME"]) / "dagster.yaml" == written
    assert yaml.safe_load(written.read_text("utf-8")).keys() == {"run_retries", "storage"}


def test_refresh_of_one_vendor_that_is_down_hinders_no_other(config: Path, servers: Servers) -> None:
    """What three vendors know is refreshed; the run fails with the fourth's sentence."""
    servers["jtel"].faults.replace([Fault(kind="status", times=None)])
    installation = Installation.load(config)
    with dg.instance_for_test() as instance:
        result = run_job(installation.settings, instance, REFERENCE, [])
    assert not result.success
    assert all(text.startswith("jtel ") for text in failures(result))
    known = query(installation, "SELECT DISTINCT vendor FROM reporting.reference_entry ORDER BY vendor")
    assert known == [("platform",), ("sinch",), ("sobot",)]
    installation.close()
