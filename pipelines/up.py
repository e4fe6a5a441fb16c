"""`leadsync up`: Postgres, Dagster's code server, UI and daemon in the foreground, until a signal.

Belongs here: which services there are and in which order they start. Does not belong here: production
deployment (`deploy/`).
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from connectors.errors import SetupError
from pipelines.database import home, using
from pipelines.installation import Installation
from pipelines.processes import free_port, is_port_taken, running, wait_for_port
from pipelines.runs import dagster_environment
from pipelines.sandboxed import sandboxed
from pipelines.settings import load_settings

SANDBOX_PORT = 8700


@dataclass(frozen=True)
class Services:
    """What runs: the UI's address, those of the sandbox, and the processes to watch."""

    url: str
    sandbox: str | None
    processes: dict[str, subprocess.Popen[bytes]]
    logs: Path


@contextmanager
def services(config: Path | None, *, port: int, with_sandbox: bool) -> Iterator[Services]:
    """All services run inside the block, and have ended after it."""
    if is_port_taken(port):
        raise SetupError(f"port {port} is in use; choose another with --port")
    settings = load_settings(config)
    folder = home(settings.folder)
    logs = folder / "logs"
    with using(logs, database=settings.database):
        for name in ("sandbox", "code-server", "webserver", "daemon"):
            (logs / f"{name}.log").touch()
    with ExitStack() as stack:
        sandbox = None
        if with_sandbox:
            addresses = stack.enter_context(sandboxed(config, port=SANDBOX_PORT, log_file=logs / "sandbox.log"))
            sandbox = ", ".join(addresses.values())
        _migrate(config)
        environment = {**dagster_environment(settings), **_configured(config)}
        code_port = free_port()
        workspace = folder / "workspace.yaml"
        with using(folder, database=settings.database):
            workspace.write_text(
                f"load_from:\n  - grpc_server: {{host: 127.0.0.1, port: {code_port}, location_name: leadsync}}\n"
            )
        processes = _start(stack, environment, logs, workspace, code_port, port)
        yield Services(f"http://127.0.0.1:{port}", sandbox, processes, logs)


def wait_for_end(running_services: Services) -> str:
    """Blocks until a signal, or until a service ends by itself; says which."""
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    while not ended.wait(1.0):
        for name, process in running_services.processes.items():
            if process.poll() is not None:
                return f"{name} ended with code {process.returncode}; see {running_services.logs / name}.log"
    return ""


def _start(
    stack: ExitStack, environment: dict[str, str], logs: Path, workspace: Path, code_port: int, port: int
) -> dict[str, subprocess.Popen[bytes]]:
    dagster = [sys.executable, "-m", "dagster"]
    commands = {
        "code-server": [
            *dagster,
            "api",
            "grpc",
            "-m",
            "pipelines.definitions",
            "-h",
            "127.0.0.1",
            "-p",
            str(code_port),
        ],
        "webserver": [
            sys.executable,
            "-m",
            "dagster_webserver",
            "-w",
            str(workspace),
            "-h",
            "127.0.0.1",
            "-p",
            str(port),
        ],
        "daemon": [sys.executable, "-m", "dagster._daemon", "run", "-w", str(workspace)],
    }
    processes = {}
    for name, command in commands.items():
        log_file = logs / f"{name}.log"
        processes[name] = stack.enter_context(running(command, log_file=log_file, environment=environment))
        if name == "code-server":
            wait_for_port(code_port, processes[name], log_file=log_file)
    wait_for_port(port, processes["webserver"], log_file=logs / "webserver.log")
    return processes


def _migrate(config: Path | None) -> None:
    installation = Installation.load(config)
    try:
        assert installation.engine is not None
    finally:
        installation.close()


def _configured(config: Path | None) -> dict[str, str]:
    return {"LEADSYNC_CONFIG": str(config.resolve())} if config else {}
