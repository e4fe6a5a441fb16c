"""Keeps Python's garbage collector from looking again and again at rows that pass by.

Belongs here: when it looks. Does not belong here: anything else of memory; rows are freed by their counts.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

# Objects made before the youngest are looked at. A chunk of rows is more, and holds no cycle.
_YOUNG = 50_000


@contextmanager
def calm_collector() -> Iterator[None]:
    """Inside, cycles are looked for rarely: with the usual setting that takes a sixth of a load's time."""
    before = gc.get_threshold()
    gc.set_threshold(_YOUNG, 10, 10)
    try:
        yield
    finally:
        gc.set_threshold(*before)
