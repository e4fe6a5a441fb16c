"""Work beside the caller's thread: what is made ahead, and what is put away behind."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from pipelines.ahead import Ahead, Behind

PATIENCE_S = 10.0


class BrokenError(Exception):
    """What goes wrong in the thread."""


def test_ahead_gives_every_item_in_order() -> None:
    """Nothing is lost, doubled or turned around, and the end is the end."""
    items = Ahead(iter(range(50)), size=3)
    assert list(items) == list(range(50))
    assert items.is_over
    assert items.take() is None
    items.close()


def test_ahead_makes_no_more_than_was_asked_for() -> None:
    """At most `size` items wait, and one is in the making."""
    made: list[int] = []
    third = threading.Event()

    def making() -> Iterator[int]:
        for number in range(100):
            made.append(number)
            if number == 2:
                third.set()
            yield number

    items = Ahead(making(), size=2)
    assert third.wait(PATIENCE_S)
    items.close()
    assert made == [0, 1, 2]


def test_ahead_raises_where_the_item_would_have_been() -> None:
    """The items before the error are given; then it is raised, once."""

    def making() -> Iterator[int]:
        yield 1
        raise BrokenError

    items = Ahead(making(), size=1)
    assert items.take() == 1
    with pytest.raises(BrokenError):
        items.take()
    assert items.take() is None
    items.close()


def test_ahead_closes_the_iterator_in_its_own_thread() -> None:
    """Whoever holds a connection inside the iterator gives it back where it was taken."""
    ended: list[str] = []

    def making() -> Iterator[int]:
        try:
            while True:
                yield 1
        finally:
            ended.append(threading.current_thread().name)

    items = Ahead(making(), size=1)
    assert items.take() == 1
    items.close()
    assert ended == ["ahead"]


@pytest.mark.parametrize("is_inline", [False, True], ids=["thread", "inline"])
def test_behind_puts_away_everything_in_order(is_inline: bool) -> None:
    """Each item is put away once, in order, and what came of it is told once."""
    kept: list[int] = []

    def put_away(item: int) -> str:
        kept.append(item)
        return f"kept {item}"

    with Behind(put_away, is_inline=is_inline) as behind:
        told = [word for item in range(5) for word in behind.hand_over(item)]
        told += behind.finish()
    assert kept == [0, 1, 2, 3, 4]
    assert told == [f"kept {item}" for item in range(5)]


def test_behind_has_put_away_the_last_item_at_the_end_of_the_block() -> None:
    """Nobody has to ask: outside the block everything is done."""
    kept: list[int] = []
    with Behind(kept.append) as behind:
        behind.hand_over(1)
        behind.hand_over(2)
    assert kept == [1, 2]
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("behind")]


def test_behind_works_one_at_a_time_while_the_next_is_made() -> None:
    """The caller goes on at once; the next item waits for the one before it."""
    may_end, running = threading.Event(), threading.Semaphore(1)

    def put_away(item: int) -> int:
        assert running.acquire(blocking=False)
        assert may_end.wait(PATIENCE_S)
        running.release()
        return item

    with Behind(put_away) as behind:
        assert behind.hand_over(1) == []
        may_end.set()
        assert behind.hand_over(2) == [1]
        assert behind.finish() == [2]


@pytest.mark.parametrize("is_inline", [False, True], ids=["thread", "inline"])
@pytest.mark.parametrize("more", [0, 1], ids=["at-the-end", "at-the-next"])
def test_behind_raises_what_went_wrong(is_inline: bool, more: int) -> None:
    """An error is never lost, and nothing is put away after it."""
    tried: list[int] = []

    def put_away(item: int) -> None:
        tried.append(item)
        raise BrokenError

    def hand_over() -> None:
        with Behind(put_away, is_inline=is_inline) as behind:
            for item in range(1 + more):
                behind.hand_over(item)

    with pytest.raises(BrokenError):
        hand_over()
    assert tried == [0]


def test_behind_does_not_hide_the_error_of_its_block() -> None:
    """The block's own error goes on; what is being put away ends first."""
    kept: list[int] = []

    def fail() -> None:
        with Behind(kept.append) as behind:
            behind.hand_over(1)
            raise BrokenError

    with pytest.raises(BrokenError):
        fail()
    assert kept == [1]
