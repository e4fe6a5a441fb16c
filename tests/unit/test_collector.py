"""The collector is calm as long as somebody asks for it, and as it was before once the last one leaves."""

from __future__ import annotations

import gc
import threading

import pytest

from pipelines.collector import calm_collector


def test_last_of_all_threads_brings_back_what_was() -> None:
    """Two loads that overlap: the first to leave takes the calm from nobody, the last leaves no trace."""
    before, frozen = gc.get_threshold(), gc.get_freeze_count()
    entered, left = threading.Event(), threading.Event()

    def overlap() -> None:
        with calm_collector():
            entered.set()
            left.wait(10)

    other = threading.Thread(target=overlap)
    with calm_collector():
        calm = gc.get_threshold()
        other.start()
        assert entered.wait(10)
    assert gc.get_threshold() == calm != before
    left.set()
    other.join(10)
    assert (gc.get_threshold(), gc.get_freeze_count()) == (before, frozen)


def test_error_inside_brings_back_what_was() -> None:
    """A load that fails leaves no trace either."""
    before = gc.get_threshold()
    with pytest.raises(ZeroDivisionError), calm_collector():
        raise ZeroDivisionError
    assert gc.get_threshold() == before
