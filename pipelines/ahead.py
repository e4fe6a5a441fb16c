"""Makes the next item, or puts the last one away, while one is worked on.

Belongs here: one thread beside the caller's, and its end. Does not belong here: what the items are. The thread may
use a database connection of its own, never one that the caller uses meanwhile.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Empty, Full, Queue
from typing import Generic, Self, TypeVar

log = logging.getLogger(__name__)

T = TypeVar("T")
R = TypeVar("R")

_LOOK_AGAIN_S = 0.1


class Ahead(Generic[T]):
    """The items of an iterator, made by a thread; at most `size` of them wait to be taken.

    An error of the iterator is raised where the item would have been taken. Close it in every case: then
    the iterator is closed, in its own thread, and the thread is gone.
    """

    def __init__(self, items: Iterator[T], *, size: int) -> None:
        self._items = items
        self._made: Queue[T | BaseException | None] = Queue(maxsize=size)
        self._closed = threading.Event()
        self.is_over = False
        self._thread = threading.Thread(target=self._make, name="ahead", daemon=True)
        self._thread.start()

    def take(self, *, wait_s: float | None = None) -> T | None:
        """The next item; None at the end (`is_over`), or when none came within `wait_s` seconds."""
        if self.is_over:
            return None
        try:
            made = self._made.get(timeout=wait_s) if wait_s else self._made.get(block=wait_s is None)
        except Empty:
            return None
        if made is None or isinstance(made, BaseException):
            self.is_over = True
        if isinstance(made, BaseException):
            raise made
        return made

    def __iter__(self) -> Iterator[T]:
        while (item := self.take()) is not None:
            yield item

    def close(self) -> None:
        """The iterator is closed and the thread is gone."""
        self._closed.set()
        self._thread.join()
        self.is_over = True

    def _make(self) -> None:
        end: BaseException | None = None
        try:
            for item in self._items:
                if not self._put(item):
                    break
        except BaseException as error:  # noqa: BLE001  the boundary of the thread: the consumer raises it
            end = error
        finally:
            close = getattr(self._items, "close", None)
            if close is not None:
                close()
        self._put(end)

    def _put(self, item: T | BaseException | None) -> bool:
        while not self._closed.is_set():
            try:
                self._made.put(item, timeout=_LOOK_AGAIN_S)
            except Full:
                continue
            return True
        return False


class Behind(Generic[T, R]):
    """Puts items away in a thread, in order, one at a time; with `is_inline` where they are handed over.

    An error is raised where the next item is handed over, or at the end. Outside the block the thread is gone, and
    everything is put away, unless the block ended with an error.
    """

    def __init__(self, put_away: Callable[[T], R], *, is_inline: bool = False) -> None:
        self._put_away = put_away
        self._thread = None if is_inline else ThreadPoolExecutor(1, thread_name_prefix="behind")
        self._last: Future[R] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        try:
            if kind is None:
                self.finish()
        finally:
            if self._thread is not None:
                self._thread.shutdown(wait=True)
            if self._last is not None and self._last.exception() is not None:
                log.warning("behind another error: %s", type(self._last.exception()).__name__)

    def hand_over(self, item: T) -> list[R]:
        """The item is being put away; what came of the items before it, where that was not told yet."""
        if self._thread is None:
            return [self._put_away(item)]
        before = self.finish()
        self._last = self._thread.submit(self._put_away, item)
        return before

    def through(self, items: Iterable[T]) -> Iterator[R]:
        """What comes of the items, in order; the next is made while one is put away."""
        for item in items:
            yield from self.hand_over(item)
        yield from self.finish()

    def finish(self) -> list[R]:
        """Everything is put away; what came of the last item, if that was not told yet."""
        last, self._last = self._last, None
        return [last.result()] if last else []
