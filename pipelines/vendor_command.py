"""`leadsync vendor`: every documented operation of a vendor, asked directly.

Belongs here: the commands that the table of operations makes, their help, and what becomes of an answer. Does not
belong here: which operations there are (`connectors/operations.csv`), how a text becomes a value (`parameters.py`),
what may be shown (`disclosure.py`).

Nothing is loaded or recorded by this command: it needs no database, and the ledger does not hear of it.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

import click
import orjson

from connectors.errors import SetupError
from connectors.operations import Operation, operations_of, vendors
from pipelines.options import MOST_ROWS, NEEDS_A_PERSON, OK
from pipelines.terminal import complain, emit, say

if TYPE_CHECKING:
    from pipelines.disclosure import Disclosure
    from pipelines.parameters import Parameter

USUAL_ROWS = 100
_CITATION = re.compile(r"Source: vendors\.md[^.]*\.(?=\s|$)")


class _Directory(click.Group):
    """A group whose commands come from the table; an unknown one is a sentence with the name that was meant."""

    noun: str

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if self.get_command(ctx, args[0]) is None:
            from pipelines.parameters import suggestion  # here: pydantic takes a tenth of a second to import

            hint = suggestion(args[0], self.list_commands(ctx))
            raise click.UsageError(f"there is no {self.noun} {args[0]}{hint}", ctx)
        return super().resolve_command(ctx, args)


class _Vendors(_Directory):
    noun = "vendor"

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(vendors())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        known = operations_of(cmd_name)
        return _Operations(cmd_name, known, help=f"Ask {cmd_name}: {len(known)} operations.") if known else None


class _Operations(_Directory):
    noun = "operation"

    def __init__(self, name: str, known: Mapping[str, Operation], **attributes: Any) -> None:
        super().__init__(name, **attributes)
        self._known = known

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._known)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        operation = self._known.get(cmd_name)
        return _Ask(operation) if operation else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        width = max(map(len, self._known))
        with formatter.section("Operations"):  # a line each, however long: people search them
            for one in self._known.values():
                formatter.write(f"  {one.operation:{width}}  {one.kind:5}  {one.address}  ({one.document})\n")


class _Ask(click.Command):
    """One operation. Its parameters are the method's, so its help is written when it is wanted."""

    def __init__(self, operation: Operation) -> None:
        super().__init__(
            operation.operation,
            callback=lambda **options: ask(operation, **options),
            params=_options(),
            options_metavar="[--param NAME=VALUE]... [OPTIONS]",
        )
        self.operation = operation

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        told = f"{self.operation.address} ({self.operation.kind})", "", *_told(self.operation).splitlines()
        formatter.write("".join(f"  {line}".rstrip() + "\n" for line in ("", *told)))

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        from pipelines.parameters import parameters_of  # here: pydantic takes a tenth of a second to import

        rows = [(one.name, _taken(one)) for one in parameters_of(_described(self.operation))]
        with formatter.section("Parameters"):
            formatter.write_dl(rows or [("none", "")], col_max=44)
        super().format_options(ctx, formatter)


vendor = _Vendors(
    "vendor",
    help="Ask a vendor directly: every operation that its document has, by name. A write is only sent with --yes.",
)


def ask(
    operation: Operation,
    *,
    config: Path | None,
    given: Sequence[str],
    output: Path | None,
    limit: int,
    is_agreed: bool,
    as_json: bool,
    shows_persons: bool,
) -> int:
    """The operation was done and its answer told; a write without agreement was only described."""
    from pipelines.disclosure import Disclosure  # here: pydantic takes a tenth of a second to import

    values = _values(operation, given, has_output=output is not None)
    disclosure = Disclosure(shows_persons=shows_persons)
    with _connected(operation, config) as method:
        if operation.is_write and not is_agreed:
            _describe(operation, values, disclosure, as_json=as_json)
            return NEEDS_A_PERSON
        answer = _whole(operation, method, values, limit)
    if output is not None:
        _save(answer, output, as_json=as_json)
    elif answer is None and not as_json:
        say(f"{operation.vendor} {operation.operation}: done")
    else:
        emit(disclosure.shown(answer))
    return OK


def _options() -> list[click.Parameter]:
    return [
        click.Option(
            ["--param", "-p", "given"], multiple=True, metavar="NAME=VALUE",
            help="A parameter; @FILE in place of the value reads a file, @@ is an @.",
        ),
        click.Option(["--yes", "is_agreed"], is_flag=True, help="Send it, although it changes something."),
        click.Option(
            ["--limit"], type=click.IntRange(1, MOST_ROWS), default=USUAL_ROWS, show_default=True,
            help="The most rows of a read."
        ),
        click.Option(
            ["--output"], type=click.Path(path_type=Path, dir_okay=False), help="Where the bytes of a file go."
        ),
        click.Option(
            ["--show-personal-data", "shows_persons"], is_flag=True,
            help="Show names, numbers and addresses of persons; secrets are never shown.",
        ),
        click.Option(["--json", "as_json"], is_flag=True, help="JSON also where a sentence would do."),
        click.Option(
            ["--config"], type=click.Path(path_type=Path, dir_okay=False),
            help="The configuration; else LEADSYNC_CONFIG, else leadsync.yaml.",
        ),
    ]  # fmt: skip


def _told(operation: Operation) -> str:
    """The method's docstring, with the document's name for the place in our own reference."""
    return _CITATION.sub(f"Source: {operation.document}.", inspect.getdoc(_described(operation)) or "")


def _taken(parameter: Parameter) -> str:
    if parameter.is_required:
        return f"{parameter.takes}; required"
    is_plain = parameter.default in (None, (), "")
    return parameter.takes if is_plain else f"{parameter.takes}; default {_default(parameter.default)}"


def _default(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _described(operation: Operation) -> Callable[..., Any]:
    """The client's method without a connection: enough for its help and its signature."""
    from pipelines.vendors import VENDORS  # here: the settings take half a second to import

    promised = get_type_hints(VENDORS[operation.vendor].settings.clients)["return"]  # type: ignore[attr-defined]
    return _method([object.__new__(kind) for kind in get_args(promised)], operation)


def _method(clients: Sequence[object], operation: Operation) -> Callable[..., Any]:
    found: Callable[..., Any] = next(
        getattr(client, operation.operation) for client in clients if hasattr(type(client), operation.operation)
    )
    return found


def _values(operation: Operation, given: Sequence[str], *, has_output: bool) -> dict[str, Any]:
    """The parameters' values.

    Raises:
        click.UsageError: one of them, or --output, does not fit the operation.
    """
    from pipelines.parameters import ParameterError, answers_bytes, parameters_of, read_parameters

    method = _described(operation)
    if has_output != answers_bytes(method):
        raise click.UsageError(
            f"{operation.operation} answers JSON, which goes to standard output; leave out --output"
            if has_output
            else f"{operation.operation} answers the bytes of a file; name one by --output"
        )
    try:
        return read_parameters(parameters_of(method), given)
    except ParameterError as error:
        raise click.UsageError(f"{operation.operation}: {error}") from None


@contextmanager
def _connected(operation: Operation, config: Path | None) -> Iterator[Callable[..., Any]]:
    """The method of a client over new connections, closed at the end.

    Raises:
        SetupError: the configuration cannot be read, or does not have the vendor.
    """
    from pipelines.settings import load_settings

    settings = load_settings(config)
    configured = settings.vendors.configured()
    if operation.vendor not in configured:
        raise SetupError(f"vendors.{operation.vendor} is not in {settings.file.name}; say there how it is reached")
    clients = configured[operation.vendor].clients()
    with ExitStack() as stack:
        for client in clients:
            stack.callback(client.close)
        yield _method(clients, operation)


def _whole(operation: Operation, method: Callable[..., Any], values: Mapping[str, Any], limit: int) -> Any:
    """The answer. Of a list that was read at most `limit` rows: those of a write are its outcome, and all told.

    Raises:
        LeadsyncError: the vendor refused, was not reached, or JSON that a person gave does not suit the client.
    """
    try:
        answer = method(**values)
        if not isinstance(answer, Iterator | list) and type(answer) is not tuple:
            return answer
        rows = list(islice(answer, None if operation.is_write else limit + 1))
    except (TypeError, ValueError, ArithmeticError, AttributeError) as error:
        # What stands in a JSON value is known to nobody before it is sent; its shape may trip the client anywhere.
        advice = "; it may have been sent: look at the vendor before you try again" if operation.is_write else ""
        text = f"a parameter's value, or the answer, is not of the expected form ({type(error).__name__}){advice}"
        raise SetupError(f"{operation.vendor} {operation.operation}: {text}") from error
    if operation.is_write or len(rows) <= limit:
        return rows
    complain(f"these are the first {limit} rows, and there are more; --limit says how many are told")
    return rows[:limit]


def _describe(operation: Operation, values: Mapping[str, Any], disclosure: Disclosure, *, as_json: bool) -> None:
    """It was told what would be sent."""
    shown = {name: disclosure.shown(value, name) for name, value in values.items()}
    if as_json:
        emit({"sent": False, "method": operation.method, "path": operation.path, "parameters": shown})
    complain(
        f"not sent: {operation.vendor} {operation.operation} changes something at the vendor: {operation.address} with "
        f"{orjson.dumps(shown).decode()}; add --yes to send it"
    )


def _save(content: bytes, file: Path, *, as_json: bool) -> None:
    try:
        file.write_bytes(content)
    except OSError as error:
        raise SetupError(f"{file}: the answer cannot be written there ({error.strerror})") from None
    if as_json:
        emit({"file": str(file), "bytes": len(content)})
    else:
        say(f"{len(content)} bytes are in {file}")
