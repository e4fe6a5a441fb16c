"""`leadsync`: what people type.

Belongs here: arguments, exit codes and what is printed. Does not belong here: any work; commands call the
same functions as the assets.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import orjson

from connectors.errors import LeadsyncError, SetupError
from connectors.numbers import LONGEST_DAYS
from pipelines.options import (
    INTERRUPTED,
    MOST_ROWS,
    NEEDS_A_PERSON,
    OK,
    WRONG_USE,
    campaigns_option,
    config_option,
    day_option,
    json_option,
    wait_seconds,
)
from pipelines.query_command import query
from pipelines.streams import patient_streams
from pipelines.target_command import target
from pipelines.terminal import complain, emit, progress, say, show
from pipelines.vendor_command import vendor


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="leadsync")
def cli() -> None:
    """Loads people-to-call from a CRM into contact-centre diallers, with every lead accounted for."""


@cli.command()
@config_option
@json_option
def demo(config: Path | None, as_json: bool) -> int:
    """Load three example days through Dagster into sandboxes of the four vendors, twice."""
    from pipelines.demo import run_demo, tell  # here: Dagster takes a second to import

    result = run_demo(config, is_quiet=as_json)
    emit(result) if as_json else tell(result)
    is_good = not (result["problems"] or result["first"]["failures"] or result["again"]["failures"])
    return OK if is_good else NEEDS_A_PERSON


@cli.command()
@config_option
@click.option(
    "--port", type=click.IntRange(1, 65535), default=3000, show_default=True, help="Where the Dagster UI listens."
)
@click.option("--sandbox", "with_sandbox", is_flag=True, help="Run the sandbox vendors too, and send to them alone.")
def up(config: Path | None, port: int, with_sandbox: bool) -> int:
    """Run the Dagster UI, its daemon and the embedded Postgres until Ctrl-C."""
    from pipelines.up import services, wait_for_end  # here: Dagster takes a second to import

    with services(config, port=port, with_sandbox=with_sandbox) as running_services:
        say(f"Dagster UI  {running_services.url}")
        if running_services.sandbox:
            say(f"Sandbox     {running_services.sandbox}")
        say(f"Logs        {running_services.logs}")
        reason = wait_for_end(running_services)
    if reason:
        complain(reason)
    return NEEDS_A_PERSON if reason else OK


@cli.command()
@config_option
@json_option
@day_option(required=False)
def check(config: Path | None, as_json: bool, day: date | None) -> int:
    """Look at configuration, sources, credentials and targets; send nothing."""
    from pipelines.preflight import look

    with _opened(config) as installation, progress("Checking") if not as_json else _quiet():
        findings = list(look(installation, day or _yesterday(installation)))
    if as_json:
        emit([{"what": finding.what, "problem": finding.problem, "note": finding.note} for finding in findings])
    else:
        show("Checked", [{"what": f.what, "result": f.problem or f.note or "good"} for f in findings])
    return OK if all(finding.is_good for finding in findings) else NEEDS_A_PERSON


@cli.command()
@config_option
@json_option
@day_option(required=True)
@campaigns_option
def plan(config: Path | None, as_json: bool, day: date, campaigns: Sequence[str]) -> int:
    """Dry run: what `sync` would send, with masked samples. Changes nothing, sends nothing."""
    from pipelines.dryrun import dry_run

    with _opened(config) as installation:
        _check_day(installation, day)
        result = dry_run(installation, day, campaigns)
    code = NEEDS_A_PERSON if result["problems"] else OK
    if as_json:
        emit(result)
        return code
    show(f"{day}: what would be sent (nothing was)", result["campaigns"])
    show("Why not the others", result["reasons"])
    for sample in result["samples"]:
        say(orjson.dumps(sample).decode())
    for problem in result["problems"]:
        complain(problem)
    return code


@cli.command()
@config_option
@json_option
@day_option(required=True)
@campaigns_option
@click.option(
    "--wait",
    "wait_s",
    type=float,
    callback=wait_seconds,
    is_flag=False,
    flag_value=900.0,
    default=0.0,
    metavar="[SECONDS]",
    help="Stay until unseen outcomes were asked about and imports are settled, at most so many seconds: 900 where no"
    " number is given. Without --wait nothing is waited for.",
)
def sync(config: Path | None, as_json: bool, day: date, campaigns: Sequence[str], wait_s: float) -> int:
    """Load one day: pull, decide, plan, send; what is accepted and unchanged is not sent again.

    Of a day before first_day what was sent is asked about, and nothing else is done.
    """
    from pipelines import morning

    stop = _stop_on_signals()
    with _opened(config) as installation:
        is_loaded = not morning.is_past_with_open(installation, day)
        if is_loaded:
            _check_day(installation, day)
        with progress(f"{'Loading' if is_loaded else 'Settling'} {day}") if not as_json else _quiet():
            failures, stops = (_loaded if is_loaded else _settled)(installation, day, campaigns, wait_s, stop)
        report = morning.report(installation, [day], campaigns)
    _tell(report, as_json, failures, zone=installation.settings.zone, names=campaigns)
    return OK if not failures and not stops and not report.problems else NEEDS_A_PERSON


@cli.command()
@config_option
@json_option
@day_option(required=False)
def status(config: Path | None, as_json: bool, day: date | None) -> int:
    """Did the night load, and if not, which leads and why? The newest day unless --day says otherwise."""
    from pipelines import morning
    from pipelines.report import newest_days

    others: list[str] = []
    with _opened(config) as installation:
        if day:
            _check_begun(installation, day)
        with installation.store() as store:
            days = [day] if day else newest_days(store, datetime.now(installation.settings.zone).date())
            if not days:
                raise SetupError("nothing was loaded yet; begin with `leadsync sync --day …`")
            if not day:
                others = [*_missing_nights(installation, days[0]), *morning.told_of_older_days(installation, days[0])]
        report = morning.report(installation, days)
    _tell(report, as_json, others, zone=installation.settings.zone, is_asked_for=True)
    return NEEDS_A_PERSON if report.problems or others else OK


@cli.command()
@config_option
@json_option
@day_option(required=True)
@campaigns_option
@click.option(
    "--state",
    "states",
    multiple=True,
    help="Only in this state; may be repeated. Else all but accepted; all with --reason.",
)
@click.option("--reason", "reasons", multiple=True, help="Only for this reason; may be repeated.")
@click.option(
    "--limit", type=click.IntRange(1, MOST_ROWS), default=200, show_default=True, help="So many leads at most."
)
def leads(
    config: Path | None,
    as_json: bool,
    day: date,
    campaigns: Sequence[str],
    states: Sequence[str],
    reasons: Sequence[str],
    limit: int,
) -> int:
    """Which leads, and why: by their id in the CRM, without numbers and names."""
    from pipelines import report

    for state in states:
        if state not in report.STATES:
            raise click.BadParameter(f"{state} is no state; there are {', '.join(report.STATES)}", param_hint="--state")
    unless_told = () if reasons else [state for state in report.STATES if state != "accepted"]
    wanted = states or unless_told
    with _opened(config) as installation, installation.store() as store:
        _check_begun(installation, day)
        if day not in report.decided_days(store, [day]):
            raise SetupError(f"{day}: nothing was pulled and decided")
        _check_known(campaigns, report.known_campaigns(store, day), day)
        rows = report.leads(store, day, names=campaigns, states=wanted, reason_codes=reasons, limit=limit + 1)
        there = report.reason_codes(store, day) if reasons and not rows else []
    records = [row._asdict() for row in rows[:limit]]
    if as_json:
        emit(records)
    elif records:  # as text: the number of a row is no quantity
        show(f"{day}: leads", [{name: str(cell) for name, cell in one.items() if cell is not None} for one in records])
    else:
        say(f"{day}: no such lead" + (f"; the reasons of the day are: {', '.join(there) or 'none'}" if reasons else ""))
    if len(rows) > limit:
        complain(f"There are more than {limit}: narrow it down, or raise --limit.")
    return OK


@cli.command()
@config_option
@json_option
@campaigns_option
@click.option("--dry-run", "is_dry_run", is_flag=True, help="Say which leads would be taken back; take none back.")
@click.option(
    "--by-hand",
    "by_hand",
    multiple=True,
    metavar="LEAD",
    help="A lead of the one --campaign that a person took back at the vendor; may be repeated.",
)
@click.option("--source", type=click.Choice(["lead", "customer"]), help="Which of the two --by-hand means.")
@click.option("--however-many", is_flag=True, help="Also more than eligibility.withdraw_at_most.")
def withdraw(
    config: Path | None,
    as_json: bool,
    campaigns: Sequence[str],
    is_dry_run: bool,
    by_hand: Sequence[str],
    source: str | None,
    however_many: bool,
) -> int:
    """Take back from the vendors what must not be called any more: by the list and the newest rows, as of now."""
    from pipelines import withdraw_command

    if by_hand and (len(campaigns) != 1 or is_dry_run):
        raise click.UsageError("--by-hand needs exactly one --campaign, and no --dry-run")
    stop = _stop_on_signals()
    with _opened(config) as installation:
        if by_hand:
            result = withdraw_command.note_by_hand(installation, campaigns[0], by_hand, source)
        elif is_dry_run:
            result = withdraw_command.look(installation, campaigns)
        else:
            with progress("Taking back") if not as_json else _quiet():
                result = withdraw_command.take_back(installation, campaigns, is_limited=not however_many, stop=stop)
    if as_json:
        emit(result)
    else:
        show("Must not be called" if is_dry_run else "Taken back", result["leads"])
        if not result["leads"] and not result["problems"]:
            say("Nothing to take back: no vendor has a lead that must not be called.")
    for problem in result["problems"]:
        complain(problem)
    return NEEDS_A_PERSON if result["problems"] else OK


@cli.command()
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8700,
    show_default=True,
    help="Where the first double listens; the others follow. 0 takes free ports.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="On which address.")
@click.option("--latency-ms", default=0.0, show_default=True, help="How long every request takes.")
def sandbox(port: int, host: str, latency_ms: float) -> int:
    """Run the doubles of the vendors until Ctrl-C."""
    arguments = ["-m", "sandbox", "--host", host, "--port", str(port), "--latency-ms", str(latency_ms)]
    os.execv(sys.executable, [sys.executable, *arguments])


@cli.command()
@config_option
@json_option
@click.option(
    "--days", type=click.IntRange(1, LONGEST_DAYS), help="Keep private data of so many days; else retention_days."
)
def purge(config: Path | None, as_json: bool, days: int | None) -> int:
    """Forget numbers, names and payloads past their retention; counts, states and reasons stay."""
    from pipelines import morning

    with _opened(config) as installation:
        today = datetime.now(installation.settings.zone).date()
        before = today - timedelta(days=days or installation.settings.retention_days)
        counts = morning.forget(installation, before)
    emit(counts) if as_json else show(f"Forgotten: days before {before}", [counts])
    return OK


@cli.command()
@config_option
def migrate(config: Path | None) -> int:
    """Bring the ledger's database to the newest schema."""
    from pipelines.database import shown

    with _opened(config) as installation:
        missing = installation.migrate()
        where = shown(installation.engine.url)
    say(f"{where} has the newest schema")
    if missing:
        complain(missing)
    return OK


cli.add_command(query)
cli.add_command(target)
cli.add_command(vendor)


def main(arguments: Sequence[str] | None = None) -> None:
    """The process ends with the command's exit code; a user's mistake is a sentence, never a traceback."""
    with patient_streams() as loss:
        code = _run(arguments)
        if lost := loss():
            complain(lost)
            code = code or NEEDS_A_PERSON
    sys.exit(code)


def _run(arguments: Sequence[str] | None) -> int:
    """The exit code. Whoever asked for JSON reads of a failure on standard output, too."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    failure = None
    try:
        code = cli.main(args=words, standalone_mode=False)
    except click.exceptions.Exit as exit_:
        code = exit_.exit_code
    except click.ClickException as error:
        error.show()
        code, failure = WRONG_USE, error.format_message()
    except (click.Abort, KeyboardInterrupt):
        complain("interrupted")
        code, failure = INTERRUPTED, "interrupted"
    except LeadsyncError as error:
        complain(str(error))
        code, failure = WRONG_USE if isinstance(error, _WrongDayError) else NEEDS_A_PERSON, str(error)
    if failure is not None and "--json" in words:  # in the words: wrong ones were never read as options
        emit({"error": failure})
    return code if isinstance(code, int) else OK


def _tell(report: Any, as_json: bool, extra: Sequence[str], **how: Any) -> None:
    from pipelines.reading import as_record, tell

    emit(as_record(report, extra)) if as_json else tell(report, extra, **how)


def _opened(config: Path | None) -> Any:
    from contextlib import closing

    from pipelines.installation import Installation  # here: pandas takes a second to import

    return closing(Installation.load(config))


def _loaded(
    installation: Any, day: date, names: Sequence[str], wait_s: float, stop: threading.Event
) -> tuple[list[str], list[str]]:
    """The day was loaded, and followed where that was asked for: what failed, and what was stopped."""
    from pipelines.load import load_day

    result = load_day(installation, day, names, wait_s=wait_s, stop=stop)
    return [*result.failures, *(_followed(installation, day, wait_s, stop) if wait_s else [])], result.stops


def _settled(
    installation: Any, day: date, names: Sequence[str], wait_s: float, stop: threading.Event
) -> tuple[list[str], list[str]]:
    """What was sent of a day that is not loaded any more was asked about: what failed."""
    from pipelines.settling import settle_day

    complain(f"{day} lies before first_day: what was sent is asked about; nothing is pulled, planned or sent")
    return settle_day(installation, day, names, wait_s=wait_s, stop=stop), []


def _followed(installation: Any, day: date, wait_s: float, stop: threading.Event) -> list[str]:
    """What failed while the day's asynchronous imports were followed to their end."""
    from pipelines import morning

    if not morning.count_imports(installation, day)["submitted"]:
        return []
    from pipelines.following import follow  # here: Dagster takes a second to import
    from pipelines.runs import dagster_instance

    try:
        with dagster_instance(installation.settings) as instance:
            return follow(installation, instance, [day], wait_s=wait_s, stop=stop, tell=complain)
    except SetupError as error:  # the load itself is done, and is told of
        return [f"{day}: cannot wait: {error}"]


def _quiet() -> Any:
    from contextlib import nullcontext

    return nullcontext()


def _yesterday(installation: Any) -> date:
    from pipelines.partitions import day_before

    return date.fromisoformat(day_before(datetime.now(installation.settings.zone)))


def _missing_nights(installation: Any, newest: date) -> list[str]:
    """That the last nights pulled nothing, if so: the newest day is then not the one that was asked about."""
    passed = range(1, (_yesterday(installation) - newest).days + 1)
    missed = [day for day in (newest + timedelta(days=n) for n in passed) if installation.settings.is_night(day)]
    if not missed:
        return []
    first, last = missed[0], missed[-1]
    days = str(last) if first == last else f"{first} to {last}"
    return [f"{days}: nothing was pulled; {newest} is the newest day"]


class _WrongDayError(SetupError):
    """The command is not for such a day; nothing was done."""


def _check_day(installation: Any, day: date) -> None:
    """The day can be loaded; else the error says why not."""
    if day < installation.settings.first_day:
        raise _WrongDayError(f"--day {day} lies before first_day, {installation.settings.first_day}")
    _check_begun(installation, day)


def _check_begun(installation: Any, day: date) -> None:
    settings = installation.settings
    if day > datetime.now(settings.zone).date():
        raise _WrongDayError(f"--day {day} has not begun in {settings.timezone}")


def _check_known(names: Sequence[str], known: Sequence[str], day: date) -> None:
    for name in names:
        if name not in known:
            raise SetupError(f"there is no campaign {name!r} on {day}; there are: {', '.join(known) or 'none'}")


def _stop_on_signals() -> threading.Event:
    """An event that SIGTERM and SIGINT set: the batch in flight is finished, the rest released."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


if __name__ == "__main__":
    main()
