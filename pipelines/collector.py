"""Keeps Python's garbage collector from looking again and again at rows that pass by.

Belongs here: when it looks. Does not belong here: anything else of memory; rows are freed by their counts.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

# Objects that are alive at once before the youngest are looked at: more than all chunks of rows on their way.
_YOUNG = 500_000


@contextmanager
def calm_collector() -> Iterator[None]:
    """Inside, cycles are looked for rarely, and never among what was there before; else a sixth of a load's time."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(_YOUNG, 10, 10)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
