"""Programs that run beside us: the sandbox, Dagster's services. Each is started, watched and ended here.

Belongs here: child processes, and the environment that they inherit. Does not belong here: what they do.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from connectors.errors import SetupError

GRACE_S = 15.0


@contextmanager
def running(
    command: Sequence[str], *, log_file: Path | None = None, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """The program runs inside the block, and has ended after it."""
    with ExitStack() as stack:
        output = stack.enter_context(log_file.open("ab")) if log_file else None
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**os.environ, **(environment or {})},
            # A shell that starts us in the background ignores SIGINT, and Dagster would inherit that.
            preexec_fn=_restore_signals,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            _end(process)


@contextmanager
def running_sandbox(*, port: int = 0, log_file: Path | None = None) -> Iterator[dict[str, str]]:
    """A sandbox of every vendor runs inside the block; yields the environment that leads a configuration to it."""
    command = [sys.executable, "-m", "sandbox", "--port", str(port)]
    with ExitStack() as stack:
        errors = stack.enter_context(log_file.open("ab")) if log_file else subprocess.DEVNULL
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, start_new_session=True
        )
        stack.callback(_end, process)
        assert process.stdout is not None
        stack.callback(process.stdout.close)
        line = process.stdout.readline()
        if not line:
            raise SetupError(f"the sandbox did not start; is port {port} in use?")
        yield {f"{name.upper().replace('-', '_')}_URL": url for name, url in json.loads(line).items()}


@contextmanager
def exported(variables: Mapping[str, str]) -> Iterator[None]:
    """This process and what it starts have the variables inside the block; afterwards all are as they were."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def wait_for_port(port: int, process: subprocess.Popen[bytes], *, log_file: Path, timeout_s: float = 60.0) -> None:
    """Something listens on the local port; SetupError, which names the log, if the process ended, or time is over."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SetupError(f"{log_file.stem} ended with code {process.returncode}; see {log_file}")
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise SetupError(f"{log_file.stem} does not listen on port {port} after {timeout_s:.0f} s; see {log_file}")


def free_port() -> int:
    """A local port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_port_taken(port: int) -> bool:
    """Whether something listens on the local port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(GRACE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _restore_signals() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
