"""A target that is named by its id belongs to one campaign's name: nobody in it is called for a second one, unasked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines import morning
from pipelines.cli import main
from pipelines.dryrun import dry_run
from pipelines.installation import Installation
from pipelines.load import load_day
from pipelines.preflight import look
from pipelines.vendors import VENDORS
from tests.doubles import KINDS, SECRETS, serve, write_vendors
from tests.factories import DAY, TARGET, leads
from tests.reading import query

BY_NAME = ["sobot", "platform", "jtel"]


class Place:
    """A vendor's double with a campaign of two leads, and the configuration over it."""

    def __init__(self, folder: Path, database: str, name: str, server: Any) -> None:
        self.name, self.vendor = name, server.vendor
        self.rows = leads(2, campaign=f"{name}-calls")
        self._more: dict[str, Any] = {"database": database, "settings": {name: {"use_bulk_from": 1000}}}
        self._more["settings"] = self._more["settings"] if name == "platform" else {}
        self._folder, self._servers = folder, {name: server}

    def configured(self, campaign: str | None = None, target: dict[str, Any] | None = None) -> Installation:
        """The leads name the campaign, which is loaded into the target, else as before."""
        rows = [row | {"campaign": campaign or row["campaign"]} for row in self.rows]
        targets = {self.name: target} if target else {}
        config = write_vendors(self._folder, self._servers, rows=rows, targets=targets, **self._more)
        document = yaml.safe_load(config.read_text("utf-8"))
        document["campaigns"][0]["campaign"] = rows[0]["campaign"]
        config.write_text(yaml.safe_dump(document), "utf-8")
        return Installation.load(config)

    def used(self, installation: Installation) -> dict[str, Any]:
        """The target that the leads are in, by its id."""
        key = VENDORS[self.name].exact[0]
        [(target,)] = query(installation, "SELECT DISTINCT target FROM ledger.imports WHERE sent_at IS NOT NULL")
        return {key: target[key]}


@pytest.fixture
def place(
    request: pytest.FixtureRequest, tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Place]:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    with serve(KINDS[request.param]) as server:
        yield Place(tmp_path, database, request.param, server)


@pytest.mark.parametrize("place", KINDS, indirect=True)
def test_renamed_campaign_calls_nobody_a_second_time(place: Place) -> None:
    """Its leads wait, and everybody who asks is told what to do; under the old name all is as it was."""
    with closing(place.configured()) as first:
        load_day(first, DAY)
        target = place.used(first)
    before = place.vendor.held()
    assert len(before) == 2
    [(key, value)] = target.items()
    sentence = (
        f"campaigns.renamed.target: {place.name}'s {key} {value} was loaded under the name {place.name}-calls before,"
        " and who is there would be called twice: keep the name, or name another target, or see `leadsync target adopt`"
    )
    with closing(place.configured("renamed", target)) as renamed:
        assert f"{place.name}: renamed" in {one.what for one in look(renamed, DAY) if one.problem == sentence}
        assert load_day(renamed, DAY).problems == [f"{DAY} renamed: {sentence}"]
        assert dry_run(renamed, DAY)["problems"] == [sentence]
        assert any("renamed" in text and "stopped" in text for text in morning.report(renamed, [DAY]).problems)
        assert place.vendor.held() == before
    with closing(place.configured(target=target)) as mended:
        assert load_day(mended, DAY).problems == []
        assert place.vendor.held() == before


@pytest.mark.parametrize("place", ["platform"], indirect=True)
def test_target_is_adopted_by_a_persons_word(place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Who is there is called again, as that person wants it; it is on record."""

    def adopt(*more: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as ended:
            main(["target", "adopt", "--campaign", "renamed", "--config", str(tmp_path / "leadsync.yaml"), *more])
        told = capsys.readouterr()
        return int(ended.value.code or 0), told.out + told.err

    with closing(place.configured()) as first:
        load_day(first, DAY)
        target = place.used(first)
    with closing(place.configured("renamed", target)) as renamed:
        code, told = adopt()
        assert (code, "Say --yes" in told) == (1, True)
        assert load_day(renamed, DAY).problems != []
        into = f"platform's list_id {target['list_id']}"
        assert adopt("--yes") == (
            0,
            f"renamed is loaded into {into} from now on; on record in reporting.target_event\n",
        )
        assert load_day(renamed, DAY).problems == load_day(renamed, DAY).problems == []
        assert len(place.vendor.held()) == 4
        events = query(renamed, "SELECT event, name FROM reporting.target_event WHERE campaign = 'renamed'")
        assert events == [("found", str(target["list_id"]))]


@pytest.mark.parametrize("place", BY_NAME, indirect=True)
def test_target_that_is_found_or_made_by_its_name_alarms_nobody(place: Place) -> None:
    """Another name is another target there."""
    with closing(place.configured()) as first:
        load_day(first, DAY)
    with closing(place.configured("renamed")) as renamed:
        assert load_day(renamed, DAY).problems == []
        assert len({target for target, _ in place.vendor.held()}) == 2


@pytest.mark.parametrize("place", ["sinch"], indirect=True)
def test_target_in_which_nobody_is_may_change_its_name(place: Place) -> None:
    """What was planned under another name, or refused, is nobody whom the vendor could call."""
    with closing(place.configured()) as first:
        place.vendor.store.campaigns[TARGET].set_status("Expired")
        load_day(first, DAY)
        place.vendor.store.campaigns[TARGET].set_status("Active")
    with closing(place.configured("renamed")) as renamed:
        assert load_day(renamed, DAY).problems == []
        assert len(place.vendor.held()) == 2
