"""`python -m sandbox`: every double, each on its own port, until SIGINT or SIGTERM.

Belongs here: the command line. Does not belong here: anything that a test could not do without it.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sandbox.faults import parse_faults
from sandbox.server import SandboxServer, block_signals, serve_until_signal
from sandbox.sinch.app import SinchObi

COLLECT_AFTER = (100_000, 20, 100)


def main(arguments: Sequence[str]) -> int:
    """The double was announced by one JSON line on standard output and served until a signal."""
    options = _parse(arguments)
    vendor = SinchObi()
    server = SandboxServer(vendor, host=options.host, port=options.port)
    if options.seed_config is not None:
        _apply(json.loads(options.seed_config.read_text()), server)
    if options.latency_ms is not None:
        vendor.knobs.latency_ms = options.latency_ms
    gc.set_threshold(*COLLECT_AFTER)  # millions of stored customers are walked at each collection
    block_signals()
    sys.stdout.write(json.dumps({vendor.name: server.url}) + "\n")
    sys.stdout.flush()
    serve_until_signal(server)
    return 0


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="sandbox", description="Doubles of the vendors.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    parser.add_argument("--latency-ms", type=float, help="wait of every request")
    parser.add_argument(
        "--seed-config",
        type=Path,
        help='JSON file: {"campaigns": […], "knobs": {…}, "faults": […]}',
    )
    return parser.parse_args(arguments)


def _apply(config: dict[str, Any], server: SandboxServer[SinchObi]) -> None:
    server.vendor.knobs.change(config.get("knobs", {}))
    server.faults.replace(parse_faults(config.get("faults", [])))
    for fields in config.get("campaigns", []):
        server.vendor.store.add_campaign(fields)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
