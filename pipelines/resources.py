"""The one resource of the code location: the installation.

Belongs here: handing an installation to assets and sensors. Does not belong here: what it can do.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import dagster as dg

from connectors.errors import LeadsyncError
from pipelines.installation import Installation
from pipelines.night import intake_on_record


class LeadSync(dg.ConfigurableResource[Installation]):
    """Opens the installation that a configuration file describes."""

    config_file: str

    @contextmanager
    def opened(self, actor: str, *, intake_of: Sequence[date] = ()) -> Iterator[Installation]:
        """The installation; its connections are closed at the end. `actor` names the run in the ledger.

        An error of ours fails the step with its sentence, which Dagster shows before any stack; where it ends the
        intake of days, the ledger has it too.
        """
        installation = Installation.load(Path(self.config_file), actor=actor)
        try:
            with intake_on_record(installation, intake_of):
                yield installation
        except LeadsyncError as error:
            raise dg.Failure(description=str(error)) from error
        finally:
            installation.close()
