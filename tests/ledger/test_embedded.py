"""The embedded server runs while a process needs it: neither longer, because one was killed, nor shorter."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = """
import sys
from pathlib import Path
from pipelines.database import start_embedded
start_embedded(Path(sys.argv[1]))
print("holds", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where a server may be; the user it runs as can enter."""
    parent = Path(tempfile.mkdtemp(prefix="leadsync-embedded-", dir="/tmp"))
    parent.chmod(0o755)
    yield parent / "postgres"
    shutil.rmtree(parent, ignore_errors=True)


@contextmanager
def holder(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the server of the folder until the block ends."""
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(folder)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "holds\n"
        yield process
        process.communicate()


def is_running(folder: Path) -> bool:
    return (folder / "postmaster.pid").exists()


def listed(folder: Path) -> list[int]:
    numbers: list[int] = json.loads((folder / ".handle_pids.json").read_text())
    return numbers


@pytest.mark.slow
def test_server_stops_with_the_last_process_also_after_a_kill(folder: Path) -> None:
    """One that was killed holds nothing; whoever lives keeps the server from those that end."""
    with holder(folder) as killed:
        killed.kill()
    assert is_running(folder)
    with holder(folder) as first:
        assert listed(folder) == [first.pid]
        with holder(folder):
            pass
        assert is_running(folder)
        with holder(folder) as killed:
            killed.kill()
        assert listed(folder) == [first.pid, killed.pid]
    assert not is_running(folder)
    assert list((folder / ".holders").iterdir()) == [folder / ".holders" / str(first.pid)]


@pytest.mark.slow
def test_another_process_with_the_number_of_one_that_was_killed_holds_nothing(folder: Path) -> None:
    """A number that lives is no holder where nobody has its file locked; without a file it is given the benefit."""
    with holder(folder) as killed:
        killed.kill()
    (folder / ".holders" / str(killed.pid)).rename(folder / ".holders" / str(os.getpid()))
    (folder / ".handle_pids.json").write_text(json.dumps([os.getpid()]))
    with holder(folder):
        pass
    assert not is_running(folder)
    with holder(folder):
        (folder / ".handle_pids.json").write_text(json.dumps([*listed(folder), os.getpid()]))
    assert is_running(folder)
    (folder / ".handle_pids.json").write_text("[]")
    with holder(folder):
        pass
    assert not is_running(folder)
