"""Standard output and standard error, whatever they lead to: a reader that left, a full disk, nothing at all.

Belongs here: that no work ends because what is said of it cannot be written. Does not belong here: what is said
(`terminal.py`).
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO


@contextmanager
def patient_streams() -> Iterator[Callable[[], str | None]]:
    """Inside the block whatever is written is accepted; a stream that is closed leads nowhere.

    Yields what tells, in a sentence, why standard output could not be written in full. A reader that wants no more
    (`| head`) is no reason.
    """
    _open_closed()
    before = sys.stdout, sys.stderr
    # Where somebody put a stream of his own in place, as tests do, it stays.
    written = _patient(1, sys.stdout) if sys.stdout is sys.__stdout__ else None
    sys.stdout = written or sys.stdout
    sys.stderr = _patient(2, sys.stderr) if sys.stderr is sys.__stderr__ else sys.stderr
    try:
        yield lambda: _loss(written)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        sys.stdout, sys.stderr = before


class _Accepting(io.FileIO):
    """A file that accepts everything; after the first failure to write, the rest is dropped."""

    failure: OSError | None = None

    def write(self, content: bytes, /) -> int:  # type: ignore[override]  # whatever has bytes, in truth
        if self.failure is None:
            try:
                return super().write(content)
            except OSError as error:
                self.failure = error
        return memoryview(content).nbytes


def _open_closed() -> None:
    """Each of the three is open: the first file or socket that is opened would else get its place, and what is said."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free


def _patient(number: int, replaced: TextIO | None) -> io.TextIOWrapper:
    raw = _Accepting(number, "w", closefd=False)
    return io.TextIOWrapper(
        io.BufferedWriter(raw),  # type: ignore[type-var]  # for what write takes, as above
        encoding=replaced.encoding if replaced else "utf-8",
        errors=replaced.errors if replaced else "backslashreplace",
        line_buffering=number == 2 or raw.isatty(),
    )


def _loss(written: io.TextIOWrapper | None) -> str | None:
    if written is None:
        return None
    written.flush()
    failure = written.buffer.raw.failure  # type: ignore[attr-defined]
    if failure is None or isinstance(failure, BrokenPipeError):
        return None
    return f"standard output could not be written: {failure.strerror}"
