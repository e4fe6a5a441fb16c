"""The command as people and programs run it, and a load in this process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from pipelines.installation import Installation
from pipelines.load import load_day
from sandbox.server import SandboxServer
from sandbox.sinch.app import SinchObi
from tests.factories import DAY

ROOT = Path(__file__).parents[1]
PERSON = {"first_name": "Adalbert", "last_name": "Geheim", "email": "geheim@example.com", "city": "Kölnstadt"}
PRIVATE = ("1511000", "Adalbert", "Geheim", "geheim@", "Kölnstadt", "s3cret", "4.917E+11")
Vendor = SandboxServer[SinchObi]
Configure = Callable[..., Path]


def ran(
    *arguments: str | Path,
    environment: Mapping[str, str] = {},
    private: Sequence[str] = PRIVATE,
    timeout_s: float = 60,
) -> subprocess.CompletedProcess[str]:
    """The command ran to its end, without a terminal; whatever it said holds no private data and no traceback."""
    ended = subprocess.run(
        [sys.executable, "-m", "pipelines.cli", *map(str, arguments)],
        cwd=ROOT, env={**os.environ, "SINCH_PASSWORD": "s3cret", **environment}, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=timeout_s, check=False,
    )  # fmt: skip
    said = ended.stdout + ended.stderr
    assert "Traceback" not in said, said
    assert [text for text in private if text in said] == []
    return ended


def leadsync(
    *arguments: str | Path, environment: Mapping[str, str] = {}, code: int = 0, timeout_s: float = 60
) -> subprocess.CompletedProcess[str]:
    """The command ended with the code, as `ran`."""
    ended = ran(*arguments, environment=environment, timeout_s=timeout_s)
    assert ended.returncode == code, ended.stdout + ended.stderr
    return ended


def in_a_shell(line: str, *, code: int) -> subprocess.CompletedProcess[str]:
    """The line, in which `leadsync` is the command, ended with the code, and without a traceback."""
    ended = subprocess.run(
        ["bash", "-o", "pipefail", "-c", f'leadsync() {{ "{sys.executable}" -m pipelines.cli "$@"; }}; {line}'],
        cwd=ROOT, env={**os.environ, "SINCH_PASSWORD": "s3cret"}, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert "Traceback" not in ended.stderr, ended.stderr
    assert ended.returncode == code, ended.stderr
    return ended


def load(config: Path) -> list[str]:
    """The day was loaded in this process; what needs a person."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SINCH_PASSWORD", "s3cret")
        with closing(Installation.load(config, actor="test")) as installation:
            return load_day(installation, DAY).problems
