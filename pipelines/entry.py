"""Where the process of `leadsync` begins: Ctrl-C ends it with a word, also while the rest is imported.

Belongs here: what must be so before the first import. Does not belong here: anything else.
"""

from __future__ import annotations

import os
import signal


def main() -> None:
    """The command ran; the process ends with its exit code."""
    # A shell that starts us in the background ignores SIGINT; so do we then.
    is_heeded = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if is_heeded:
        signal.signal(signal.SIGINT, _end)
    from pipelines.cli import main as run

    if is_heeded:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    run()


def _end(*_: object) -> None:
    os.write(2, b"interrupted\n")
    os._exit(130)


if __name__ == "__main__":
    main()
