"""`python -m sandbox`: every double, each on its own port, until SIGINT or SIGTERM.

Belongs here: the command line. Does not belong here: anything that a test could not do without it.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from sandbox.control import PREFIX
from sandbox.example import teach
from sandbox.exchange import RefusedError, Request
from sandbox.faults import parse_faults
from sandbox.jtel.app import JtelPortal
from sandbox.platform.app import PlatformApi
from sandbox.server import SandboxServer, block_signals, wait_for_signal
from sandbox.settings import SettingError
from sandbox.sinch.both import Sinch
from sandbox.sobot.app import SobotCallCenter
from sandbox.vendor import Vendor

COLLECT_AFTER = (100_000, 20, 100)

Servers = Mapping[str, SandboxServer[Any]]


def main(arguments: Sequence[str]) -> int:
    """The doubles were announced by one JSON line on standard output and served until a signal."""
    options = _parse(arguments)
    try:
        servers = _servers(options.host, options.port)
    except (OSError, OverflowError) as error:
        place = f"--host {options.host} --port {options.port}, or on one of the ports after it"
        sys.stderr.write(f"sandbox: cannot listen on {place}: {getattr(error, 'strerror', None) or error}\n")
        return 1
    if options.seed_config is not None and (problem := _seed(options.seed_config, servers)):
        sys.stderr.write(f"sandbox: {options.seed_config}: {problem}\n")
        return 1
    for server in servers.values():
        if options.latency_ms is not None:
            server.vendor.knobs.latency_ms = options.latency_ms
    gc.set_threshold(*COLLECT_AFTER)  # millions of stored customers are walked at each collection
    block_signals()
    with ExitStack() as stack:
        for server in servers.values():
            stack.enter_context(server)
        sys.stdout.write(json.dumps({name: server.url for name, server in servers.items()}) + "\n")
        sys.stdout.flush()
        wait_for_signal()
    return 0


def _servers(host: str, port: int) -> Servers:
    """The doubles at `port` and the ports after it, or wherever there is room."""
    sinch, sobot, platform = Sinch(), SobotCallCenter(), PlatformApi()
    teach(sinch, sobot, platform)
    vendors: Sequence[Vendor] = (sinch, sobot, sobot.second_host, platform, JtelPortal())
    servers = {
        vendor.name: SandboxServer(vendor, host=host, port=port + n if port else 0) for n, vendor in enumerate(vendors)
    }
    sobot.knobs.second_host = servers[sobot.second_host.name].url
    return servers


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="sandbox", description="Doubles of the vendors.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="of the first; the others follow. 0 takes free ports")
    parser.add_argument("--latency-ms", type=float, help="how long every request takes")
    parser.add_argument(
        "--seed-config",
        type=Path,
        help='JSON file: {"sinch": {"campaigns": […], "knobs": {…}, "faults": […]}, …}',
    )
    return parser.parse_args(arguments)


def _seed(file: Path, servers: Servers) -> str | None:
    """What the file says is so; a sentence where it cannot be."""
    try:
        for name, config in json.loads(file.read_text("utf-8")).items():
            if name not in servers:
                return f"there is no double {name!r}; there are: {', '.join(servers)}"
            _apply(config, servers[name])
    except OSError as error:
        return error.strerror or type(error).__name__
    except RefusedError as error:
        return error.answer.body.decode()
    except ValueError as error:  # no JSON, or a knob or a fault that cannot be
        return str(error)
    return None


def _apply(config: dict[str, Any], server: SandboxServer[Any]) -> None:
    """Knobs and faults are set; everything else is what the double's control requests of that name place."""
    server.vendor.knobs.change(config.pop("knobs", {}))
    server.faults.replace(parse_faults(config.pop("faults", [])))
    for what, things in config.items():
        for thing in things:
            request = Request("POST", f"{PREFIX}{what}", b"", {}, json.dumps(thing).encode())
            if server.vendor.control(request) is None:
                raise SettingError(f"{server.vendor.name}: there is nothing that is called {what}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
