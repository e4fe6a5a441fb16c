"""A process that loads the days of its input; started by `test_concurrency.py`.

Says `ready`, reads one line `<configuration> <day>`, and answers with how the load ended: `done`, or the error.
"""

from __future__ import annotations

import signal
import sys
import threading
from datetime import date
from pathlib import Path

from connectors.errors import LeadsyncError
from pipelines.installation import Installation
from pipelines.load import load_day


def main() -> None:
    """The load of the input's line has ended; SIGTERM ended it early."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    say("ready")
    config, day = sys.stdin.readline().split()
    installation = Installation.load(Path(config), actor="child")
    try:
        load_day(installation, date.fromisoformat(day), stop=stop)
    except LeadsyncError as error:
        say(f"{type(error).__name__}: {error}")
    else:
        say("done")
    finally:
        installation.close()


def say(line: str) -> None:
    """The line was written to whoever started this process."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
