"""Looks at everything that a night needs, before anything is sent: `leadsync check`.

Belongs here: one finding per thing looked at. Does not belong here: repairing anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import partial

from connectors.crm.frames import DayWindow
from connectors.errors import LeadsyncError, NotSentError, SetupError
from pipelines import night, upkeep
from pipelines.campaigns import campaign_defects
from pipelines.fixed_targets import takeovers
from pipelines.installation import Installation
from pipelines.source_settings import TABLES
from pipelines.sources import configured_sources, open_source


@dataclass(frozen=True)
class Finding:
    """What was looked at, and the sentence that says what is wrong; None if nothing is.

    `note` tells more of what is good enough.
    """

    what: str
    problem: str | None = None
    note: str | None = None

    @property
    def is_good(self) -> bool:
        """Whether nothing is wrong."""
        return self.problem is None


def look(installation: Installation, day: date) -> Iterator[Finding]:
    """Findings on database, sources, campaigns and targets; later ones are left out when they cannot be had."""
    database = _try("database", lambda: installation.engine)
    yield database
    if not database.is_good:
        return
    with installation.dry_run() as trial:
        listed = _try("campaigns", lambda: night.refresh_campaigns(trial))
        yield listed
        yield from _sources(trial, day)
        if listed.is_good:
            yield from _defects(trial)
            yield from _targets(trial)


def _defects(installation: Installation) -> Iterator[Finding]:
    """The campaigns that cannot be loaded as the CRM has them."""
    with installation.store() as store:
        defects = campaign_defects(store)
    for name, defect in defects.items():
        yield Finding(f"campaign {name}", defect)


def _sources(installation: Installation, day: date) -> Iterator[Finding]:
    settings = installation.settings
    window = DayWindow(day, settings.zone)
    for source in configured_sources(settings):
        name = TABLES[source]
        yield _try(f"sources.{name}", lambda name=name: _check_rows(installation, name, window))  # type: ignore[misc]
    if settings.sources.do_not_call is not None:
        yield _do_not_call(installation)


def _do_not_call(installation: Installation) -> Finding:
    """How many numbers the list bars, or what is wrong with it."""
    try:
        summary = night.refresh_do_not_call(installation)
    except LeadsyncError as error:
        return Finding("sources.do_not_call", str(error))
    return Finding("sources.do_not_call", summary.problem, f"{summary.listed_count} listed")


def _check_rows(installation: Installation, name: str, window: DayWindow) -> None:
    required = night.required_columns(installation)
    open_source(installation.settings, name, required=required).check(window)


def _targets(installation: Installation) -> Iterator[Finding]:
    """What each vendor knows, then each target; a vendor that cannot be opened is a finding, and stops no other."""
    for vendor in night.vendors_in_use(installation):
        try:
            yield from _known(installation, vendor)
            yield from _targets_of(installation, vendor)
        except SetupError as error:
            yield Finding(vendor, str(error))
        except NotSentError as error:  # nor will it answer any other question, and each takes its time
            yield Finding(vendor, error.advice())


def _targets_of(installation: Installation, vendor: str) -> Iterator[Finding]:
    """Each target of the vendor; one that is not there comes with the nearest that is."""
    with installation.store() as store, installation.gateway(vendor) as gateway:
        words = night.vocabulary(installation, store, vendor)
        campaigns = installation.campaigns(store, vendor)
        refused = takeovers(store, vendor, campaigns)
        for name, campaign in campaigns.items():
            if name in refused:
                yield Finding(f"{vendor}: {name}", refused[name])
                continue
            finding = _try(f"{vendor}: {name}", partial(gateway.preflight, campaign))
            doubt = None if finding.is_good else words.doubt(campaign.target)
            yield replace(finding, problem=f"{finding.problem} ({doubt})") if doubt else finding


def _known(installation: Installation, vendor: str) -> Iterator[Finding]:
    """How much of each kind the vendor knows. An account that may not read a kind can load all the same.

    Raises:
        NotSentError: the vendor cannot be reached.
    """
    with installation.directory(vendor) as directory:
        kinds = list(directory.kinds)
    for kind in kinds:
        what = f"{vendor}: {kind.replace('_', ' ')}"
        try:
            counts = upkeep.refresh_reference(installation, vendor, kind)
        except NotSentError:
            raise
        except LeadsyncError as error:
            yield Finding(what, note=f"cannot be read, and is not checked: {error}")
        else:
            yield Finding(what, note=f"{counts['entries']} known")


def _try(what: str, look_at: Callable[[], object]) -> Finding:
    try:
        look_at()
    except LeadsyncError as error:
        return Finding(what, str(error))
    return Finding(what)
