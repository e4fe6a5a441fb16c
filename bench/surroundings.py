"""What measured processes stand on: one Postgres, a database per run, one sandbox, and their CPU clocks.

Belongs here: starting, resetting and ending what is not measured. Does not belong here: what is run against
it (`measuring.py`).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml
from sqlalchemy import URL, create_engine, text
from sqlalchemy.pool import NullPool

import sql.migrate
from bench.dataset import CAMPAIGN, CAMPAIGN_ID, REGION, DataSet
from pipelines.database import connect, embedded_server, start_embedded

TEMPLATE = "template_bench"
TICKS = os.sysconf("SC_CLK_TCK")


class Postgres:
    """The embedded server, with a migrated template to clone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._url = start_embedded(folder, TEMPLATE)
        engine = connect(self._url)
        sql.migrate.upgrade(engine)
        engine.dispose()
        self._pid = int((folder / "postmaster.pid").read_text().split()[0])

    def clone(self, name: str) -> None:
        """There is a new database with the newest schema; what was written before is on the disk."""
        self._administer(f'CREATE DATABASE "{name}" TEMPLATE "{TEMPLATE}"', "CHECKPOINT")

    def address(self, name: str) -> str:
        """Where the database is, for libpq and for SQLAlchemy."""
        url: URL = self._url.set(database=name, drivername="postgresql")
        return url.render_as_string(hide_password=False)

    def drop(self, name: str) -> None:
        """The database is gone."""
        self._administer(f'DROP DATABASE "{name}" WITH (FORCE)')

    def cpu_s(self) -> float:
        """CPU seconds of the server so far: its own, its ended children's, and its living children's."""
        living = [pid for pid, stat in _stats().items() if int(stat[1]) == self._pid]
        return _cpu_s(self._pid, with_ended_children=True) + sum(_cpu_s(pid) for pid in living)

    def close(self) -> None:
        """The server has ended."""
        embedded_server(self._folder).cleanup()

    def _administer(self, *statements: str) -> None:
        admin = create_engine(self._url.set(database="postgres"), isolation_level="AUTOCOMMIT", poolclass=NullPool)
        with admin.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))
        admin.dispose()


class Sandbox:
    """The vendor's double in a process of its own."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "sandbox"]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        self.url = str(json.loads(self._process.stdout.readline())["sinch"])

    def reset(self, *, latency_ms: float) -> None:
        """It holds one empty campaign, and answers after that long."""
        self._post("campaigns", {"id": CAMPAIGN_ID, "name": "Bench", "status": "Active", "reset": True})
        self._post("knobs", {"latency_ms": latency_ms})

    def state(self) -> dict[str, Any]:
        """What it holds, in numbers."""
        state: dict[str, Any] = httpx.get(f"{self.url}/_sandbox/state", timeout=60, trust_env=False).json()
        return state

    def cpu_s(self) -> float:
        """CPU seconds so far."""
        return _cpu_s(self._process.pid)

    def close(self) -> None:
        """The process has ended."""
        self._process.terminate()
        self._process.wait(15)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _post(self, name: str, values: dict[str, Any]) -> None:
        httpx.post(f"{self.url}/_sandbox/{name}", json=values, timeout=60, trust_env=False).raise_for_status()


@dataclass(frozen=True)
class Surroundings:
    """The servers, and a folder that is gone afterwards."""

    folder: Path
    postgres: Postgres
    sandbox: Sandbox


@contextmanager
def surroundings() -> Iterator[Surroundings]:
    """Servers run inside the block; nothing of them is left after it."""
    folder = Path(tempfile.mkdtemp(prefix="leadsync-bench-", dir="/tmp"))
    folder.chmod(0o755)  # the embedded server runs as a user of its own
    try:
        postgres = Postgres(folder / "postgres")
        sandbox = Sandbox()
        try:
            yield Surroundings(folder, postgres, sandbox)
        finally:
            sandbox.close()
            postgres.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def write_configuration(path: Path, *, database: str, vendor_url: str, connections: int, data_set: DataSet) -> None:
    """A `leadsync.yaml` for the data set; what it does not name has its default."""
    columns = {"lead_id": "id", "phone1": "mobile_phone"}
    document = {
        "database": database,
        "timezone": "Europe/Berlin",
        "first_day": "2026-11-01",
        "sources": {
            "leads": {"csv": str(data_set.leads_csv), "cursor": "updated_at", "columns": columns},
            "do_not_call": {"csv": str(data_set.do_not_call_csv)},
        },
        "vendors": {"sinch": {"base_url": vendor_url, "auth_mode": "none", "connections": connections}},
        "campaigns": [
            {
                "campaign": CAMPAIGN,
                "vendor": "sinch",
                "target": {"campaign_id": CAMPAIGN_ID},
                "region": REGION,
                "mapping": {"attributes": {"City": "city"}},
            }
        ],
    }
    path.write_text(yaml.safe_dump(document), "utf-8")


def _stats() -> dict[int, list[str]]:
    """The fields after the name in /proc/<pid>/stat, of every process."""
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal()]
    return {pid: stat for pid in pids if (stat := _stat(pid))}


def _stat(pid: int) -> list[str]:
    """Empty when the process is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def _cpu_s(pid: int, *, with_ended_children: bool = False) -> float:
    # utime, stime, cutime, cstime are fields 14 to 17; the list starts at field 3.
    ticks = _stat(pid)[11 : 15 if with_ended_children else 13]
    return sum(map(int, ticks)) / TICKS
