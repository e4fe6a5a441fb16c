"""Streams that are closed, full or cut off, and an early Ctrl-C."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.commands import ROOT, Configure, Vendor, in_a_shell, load
from tests.factories import DAY


@pytest.mark.parametrize("streams", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_sync_without_a_stream_loads_all_the_same(configure: Configure, sinch: Vendor, streams: str) -> None:
    """Where nobody listens nothing is said; the load, and its exit code, are those of any other."""
    config = configure()
    in_a_shell(f"leadsync sync --config {config} --day {DAY} {streams}", code=0)
    assert len(sinch.vendor.store.creations) == 3
    in_a_shell(f"leadsync status --config {config} {streams}", code=1)  # last night is missing


def test_sync_onto_a_full_disk_loads_and_says_what_is_missing(configure: Configure, sinch: Vendor) -> None:
    """The load is not to blame for the disk; that its answer was lost is a sentence, and needs a person."""
    ended = in_a_shell(f"leadsync sync --config {configure()} --day {DAY} > /dev/full", code=1)
    assert ended.stderr == "standard output could not be written: No space left on device\n"
    assert len(sinch.vendor.store.creations) == 3
    in_a_shell(f"leadsync sync --config {configure()} --day {DAY} --json > /dev/full", code=1)
    in_a_shell(f"leadsync sync --config {configure()} --day 2999-01-01 2> /dev/full", code=2)


def test_a_reader_that_wants_no_more_is_no_failure(configure: Configure) -> None:
    """What is piped into `head` ends with the code that it has without."""
    config = configure()
    load(config)
    for form in ("", "--json"):
        ended = in_a_shell(f"leadsync status --config {config} --day {DAY} {form} | (exec <&-; sleep 0.1)", code=0)
        assert (ended.stdout, ended.stderr) == ("", "")
    told = in_a_shell(f"leadsync leads --config {config} --day {DAY} | head -n 1", code=0)
    assert told.stdout == f"{DAY}: leads\n"


def test_interrupt_during_the_first_imports_is_a_word() -> None:
    """Ctrl-C before the command has begun ends like Ctrl-C in it: `interrupted`, 130."""
    program = (
        "import os, signal, sys\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # ignored where the tests run in the background
        "class Interrupt:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'click': os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Interrupt())\n"
        "from pipelines.entry import main\n"
        "main()\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "interrupted\n")
