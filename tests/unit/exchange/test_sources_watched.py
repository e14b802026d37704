"""Sources as the exchange sees them: scores and changes in metrics and catalogue, caching by the cycle, probes."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from prometheus_client import CollectorRegistry

from connectors.base import Record, Standing
from connectors.errors import SourceGarbled, SourceUnavailable
from connectors.files.connector import FilesConnector
from connectors.mapping import Mapped
from connectors.source import Source
from exchange.catalogue import views
from exchange.catalogue.reading import InvalidCatalogue
from exchange.catalogue.source_metrics import SourceMetrics
from exchange.catalogue.sources import Sources
from exchange.console.source_words import source_rows
from exchange.gateway.probing import Probing
from exchange.messages.words import in_words
from exchange.store import messages
from kernel.clock import ManualClock
from kernel.entropy import SeededEntropy
from kernel.manifests import ManifestError
from policies.roles import Officer, Role
from tests.doubles.connectors import source as of_files
from tests.doubles.connectors import values
from tests.doubles.drop_folder import csv_bytes, drop
from tests.doubles.drops import settled
from tests.doubles.exchange import IDENTITY_CARD, NOW, POLICE, World, connector, prepared_sqlite, small_world

__all__ = ["prepared_sqlite", "small_world"]

NAME = {"type": "identity-card", "fields": ["name"]}
COLUMNS = {"name": "name", "citizen_number": "id", "born": "born", "address": "address", "until": "until"}


def test_scores_stand_in_the_metrics_and_in_the_catalogue(small_world: World) -> None:
    small_world.rooms.policy.renew()
    before = small_world.client.get("/v1/catalogue/evidence-types/identity-card").json["source"]
    assert (before["state"], before["quality"]["answers"], before["changes"]) == ("closed", 0, [])
    small_world.ask(small_world.open_case(), NAME)
    told = small_world.client.get("/v1/catalogue/evidence-types/identity-card").json["source"]
    assert (told["quality"]["answers"], told["quality"]["validity"], told["trust_grade"]) == (1, 1.0, "A")
    page = small_world.outside.metrics.render().decode()
    assert 'tongban_source_up{source="identity"} 1.0' in page
    assert 'tongban_source_quality{measure="validity",source="identity"} 1.0' in page
    assert 'tongban_source_changes{kind="vanished",source="identity"} 0.0' in page
    assert "陈示例" not in page


def test_what_nobody_declared_is_counted_and_named_neither_in_metrics_nor_in_messages(small_world: World) -> None:
    source = small_world.rooms.policy.renew().sources["identity-card"]
    read = Mapped({"name": "陈示例"}, None)
    for row in [{"name": "陈示例"}] * 20 + [{"name": "陈示例", "李四": "x", "王五": "x"}]:
        source.watch.answered([Record(row)], [read], read)
    page = small_world.outside.metrics.render().decode()
    assert 'tongban_source_changes{kind="new",source="identity"} 2.0' in page
    assert small_world.rooms.shapes.tell() == 1
    officer = Officer("police-officer", POLICE, frozenset({Role.PROVIDER_OFFICER}))
    with small_world.outside.database.read() as connection:
        told = messages.listed(connection, officer, unread=True, after="", limit=10)
    said = [in_words(one.kind, one.about, one.facts) for one in told if one.kind == "source-changed"]
    assert said[0].en.endswith("it sends something that it did not send before")
    assert not any(name in page + str(told) for name in ("李四", "王五"))


def cached(cycle: str | None, seconds: int) -> list[dict[str, Any]]:
    kind = {**IDENTITY_CARD, "spec": {**IDENTITY_CARD["spec"]}}
    if cycle is not None:
        kind["spec"]["update_cycle"] = cycle
    source = connector("identity", "identity-card", COLUMNS)
    source["spec"]["cache"] = {"seconds": seconds}
    return [kind, source]


def test_an_answer_is_remembered_and_its_age_is_told(small_world: World) -> None:
    small_world.apply(*cached("daily", 600))
    small_world.rooms.policy.renew()
    case = small_world.open_case()
    (first,) = small_world.ask(case, NAME).json["evidence"]
    small_world.clock.advance(5)
    small_world.rooms.policy.renew()
    small_world.rooms.revocations.renew()
    (second,) = small_world.ask(case, NAME).json["evidence"]
    assert second["provenance"]["retrieved_at"] == first["provenance"]["retrieved_at"]
    small_world.apply({**IDENTITY_CARD, "spec": {**IDENTITY_CARD["spec"], "update_cycle": "weekly"}})
    small_world.rooms.policy.renew()
    (third,) = small_world.ask(case, NAME).json["evidence"]
    assert third["provenance"]["retrieved_at"] > first["provenance"]["retrieved_at"]


@pytest.mark.parametrize(("cycle", "seconds"), [(None, 1), ("real-time", 60), ("irregular", 60), ("daily", 86_401)])
def test_nothing_is_remembered_beyond_the_owners_cycle(small_world: World, cycle: str | None, seconds: int) -> None:
    with pytest.raises((InvalidCatalogue, ManifestError)):
        small_world.apply(*cached(cycle, seconds))


class Probed:
    """A source that notes its probes."""

    name = "people"

    def __init__(self, every: int | None, fails: bool = False) -> None:
        self.probed_every = every
        self.fails = fails
        self.probed = threading.Semaphore(0)

    def probe(self) -> None:
        self.probed.release()
        if self.fails:
            raise SourceUnavailable("down")


def test_probes_are_made_in_each_sources_own_rhythm() -> None:
    clock = ManualClock(NOW)
    often, broken, never = Probed(60), Probed(60, fails=True), Probed(None)
    sources: Any = [often, broken, never]
    probing = Probing(lambda: sources, clock, SeededEntropy(7))
    assert probing.tick() == 0  # nodes that start together do not ask together
    begun = 0
    for _ in range(600):
        clock.advance(1)
        begun += probing.tick()
    assert 16 <= begun <= 26  # two sources, ten minutes, once a minute, shifted by up to a fifth
    for source in (often, broken):
        assert all(source.probed.acquire(timeout=5) for _ in range(7))
    assert not never.probed.acquire(blocking=False)
    probing.close()


def test_the_providing_department_is_told_once_that_its_source_has_changed(small_world: World) -> None:
    source = small_world.rooms.policy.renew().sources["identity-card"]
    assert small_world.rooms.shapes.tell() == 0
    source.watch.garbled(SourceGarbled("columns-missing", field="address"))
    assert [small_world.rooms.shapes.tell() for _ in range(2)] == [1, 0]
    officer = Officer("police-officer", POLICE, frozenset({Role.PROVIDER_OFFICER}))
    with small_world.outside.database.read() as connection:
        found = messages.listed(connection, officer, unread=True, after="", limit=10)
    [told] = [one for one in found if one.kind == "source-changed"]
    said = in_words(told.kind, told.about, told.facts)
    assert "address" in said.zh
    assert "identity-card" in said.en


def test_a_copy_tells_its_age_and_since_when_no_newer_one_can_be_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "drop").mkdir()
    drop(tmp_path / "drop", "p-1.csv", csv_bytes([("id", "name"), ("A1", "张三")]), modified=1000)
    settings = {"folder": "drop", "pattern": "*.csv", "format": "csv", "encoding": "utf-8", "subject_column": "id"}
    with of_files("files", settings, ["name"], roots=[tmp_path]) as asked:
        assert settled(lambda: values(asked) == {"name": "张三"})
        then = "1970-01-01T00:16:40+00:00"
        assert told_of(asked) == ({"as_of": then, "unreachable_since": None}, ["数据截至"])
        stuck = Standing(datetime.fromtimestamp(1000, UTC), "source.unavailable cut-off", NOW)
        monkeypatch.setattr(FilesConnector, "standing", lambda _: stuck)
        copy, rows = told_of(asked)
        assert copy == {"as_of": then, "unreachable_since": NOW.isoformat()}
        assert rows == ["数据截至", "取不到新文件，自"]
        metrics = CollectorRegistry()
        metrics.register(SourceMetrics(Watched(asked)))
        assert metrics.get_sample_value("tongban_source_copy_stuck", {"source": "people"}) == 1.0
        assert metrics.get_sample_value("tongban_source_copy_as_of_seconds", {"source": "people"}) == 1000.0


class Watched(Sources):
    """The sources of a node: these."""

    def __init__(self, *found: Source) -> None:
        self._found = found

    def listed(self) -> tuple[Source, ...]:
        return self._found


def told_of(asked: Source) -> tuple[Any, list[str]]:
    """What the catalogue says of a source's copy, and the rows of its page about it."""
    said = views.source(asked)
    with Flask("page").test_request_context(headers={"Accept-Language": "zh"}):
        rows = [label for label, _ in source_rows(said)]
    return said["copy"], [label for label in rows if label in {"数据截至", "取不到新文件，自"}]
