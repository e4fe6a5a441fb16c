"""Keeps Python's garbage collector from looking again and again at rows that pass by.

Belongs here: when it looks. Does not belong here: anything else of memory; rows are freed by their counts.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

# Objects that are alive at once before the youngest are looked at: more than all chunks of rows on their way.
_YOUNG = 500_000


class _Calm:
    """How many ask for calm, and how the collector was before the first of them."""

    lock = threading.Lock()
    count = 0
    before = gc.get_threshold()


@contextmanager
def calm_collector() -> Iterator[None]:
    """Inside, cycles are looked for rarely, and never among what was there before; else a sixth of a load's time.

    The last to leave, of all threads, brings back what was before the first.
    """
    with _Calm.lock:
        if _Calm.count == 0:
            _Calm.before = gc.get_threshold()
            gc.freeze()
            gc.set_threshold(_YOUNG, 10, 10)
        _Calm.count += 1
    try:
        yield
    finally:
        with _Calm.lock:
            _Calm.count -= 1
            if _Calm.count == 0:
                gc.set_threshold(*_Calm.before)
                gc.unfreeze()
