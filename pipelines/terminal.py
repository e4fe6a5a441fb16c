"""How commands speak: tables for people, JSON for programs, sentences for errors.

Belongs here: output. Does not belong here: what is said.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import orjson
from rich import box
from rich.console import Console
from rich.table import Table

# In a pipe or a log there is no width to fit: lines are as long as they are.
_WIDTH = None if sys.stdout is not None and sys.stdout.isatty() else 400
console = Console(highlight=False, soft_wrap=True, width=_WIDTH)
errors = Console(stderr=True, highlight=False, soft_wrap=True)


def say(text: str) -> None:
    """One line for people."""
    console.print(text, markup=False)


def complain(text: str) -> None:
    """One line on standard error."""
    errors.print(text, markup=False, style="red" if errors.is_terminal else None)


def emit(value: Any) -> None:
    """The value as JSON on standard output, nothing else."""
    sys.stdout.write(
        orjson.dumps(value, default=str, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS).decode() + "\n"
    )


def show(title: str, records: Sequence[Mapping[str, Any]]) -> None:
    """The records as a table; columns in the order in which they first occur, numbers to the right.

    Nothing is shown of no records.
    """
    if not records:
        return
    table = Table(
        title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False
    )
    names = list(dict.fromkeys(name for record in records for name in record))
    for name in names:
        is_number = all(isinstance(record.get(name, 0), (int, float)) for record in records)
        table.add_column(name, justify="right" if is_number else "left", overflow="fold")
    for record in records:
        table.add_row(*(_cell(record.get(name)) for name in names))
    console.print(table)
    console.print()


@contextmanager
def progress(text: str) -> Iterator[None]:
    """Says what goes on while it lasts: a spinner on a terminal, one line elsewhere."""
    if console.is_terminal:
        with console.status(text):
            yield
    else:
        say(f"{text} …")
        yield


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "NO"
    return f"{value:,}" if isinstance(value, int) else str(value)
