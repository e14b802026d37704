"""Adapters of third parties: found once, refused one by one, and held to the same laws as ours."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from importlib.metadata import Distribution, EntryPoint, distributions
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from connectors import memory
from connectors.adapters import Adapter
from connectors.base import Query, Record
from connectors.errors import SourceMisconfigured, SourceTooLarge
from connectors.installed import GROUP, Installed, discover
from connectors.kit import laws
from connectors.kit.bench import NoSuchState, Row, flood
from connectors.kit.bench import source as kit_source
from connectors.registry import STANDARD, build, findings
from connectors.source import Source
from kernel.clock import SystemClock
from tests.doubles.connectors import manifest
from tests.doubles.third_party_adapter import command, install


def points(folder: Path) -> list[EntryPoint]:
    found: list[Distribution] = list(distributions(path=[str(folder)]))
    return [point for one in found for point in one.entry_points.select(group=GROUP)]


def left_out(found: Installed) -> dict[str, str]:
    return {one.name: one.why.en for one in found.left_out}


def test_an_installed_adapter_keeps_every_law_by_the_published_kit(tmp_path: Path) -> None:
    install(tmp_path)
    words, environment = command(tmp_path, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_card_index.py")
    done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout[-3000:]
    assert int(done.stdout.split(" passed")[0].split()[-1]) >= 50


class Unbounded(memory.MemoryConnector):
    """Breaks law 6."""

    def fetch(self, query: Query) -> tuple[Record, ...]:
        self._max_bytes = 10**9
        return super().fetch(query)


class LawlessBench:
    def healthy(self, rows: Sequence[Row], **limits: int) -> Source:
        adapter = Adapter(lambda settings, _: settings, lambda *_: Unbounded(rows, "id"), {})
        return kit_source("lawless", {}, adapters={"lawless": adapter}, limits=limits)


class ReadsWhole:
    """Breaks law 6, and would not be seen to by its refusals: it reads everything, understands it, then measures."""

    kind, keeps_deadline = "reads-whole", False

    def __init__(self, path: Path, most: int) -> None:
        self._path, self._most = path, most

    def fetch(self, query: Query) -> tuple[Record, ...]:
        cards = [json.loads(line) for line in self._path.read_bytes().splitlines()]
        found = [card for card in cards if card["id"] == query.subject.value]
        if len(json.dumps(found, ensure_ascii=False).encode()) > self._most:
            raise SourceTooLarge("bytes")
        return tuple(Record(card) for card in found)

    def close(self) -> None: ...


class WholeBench:
    def __init__(self, folder: Path) -> None:
        self._path = folder / "cards.jsonl"

    def healthy(self, rows: Sequence[Row], **limits: int) -> Source:
        self._path.write_text("".join(json.dumps(dict(row), ensure_ascii=False) + "\n" for row in rows), "utf-8")
        opened = Adapter(lambda *_: self._path, lambda path, opening: ReadsWhole(path, opening.limits.max_bytes), {})
        return kit_source("whole", {}, adapters={"whole": opened}, limits=limits)

    def flooding(self, **limits: int) -> Source:
        return self.healthy(flood(1 << 20), **limits)


def test_law_6_an_adapter_that_reads_the_whole_before_it_measures_is_found_out_by_the_kit(tmp_path: Path) -> None:
    bench: Any = WholeBench(tmp_path)
    laws.test_law_6_an_answer_over_the_limit_is_cut_off(bench)
    with pytest.raises(AssertionError, match="bytes"):
        laws.test_K3_law_6_a_flood_is_cut_off_before_it_is_held(bench)


def test_a_state_that_a_source_cannot_be_in_is_skipped_with_the_reason() -> None:
    class Bench:
        def flooding(self, **_: int) -> Source:
            raise NoSuchState("it has one byte")

    bench: Any = Bench()
    with pytest.raises(pytest.skip.Exception, match="it has one byte"):
        laws.test_K3_law_6_a_flood_is_cut_off_before_it_is_held(bench)


def test_an_adapter_that_breaks_a_law_is_found_out_by_the_kit() -> None:
    bench: Any = LawlessBench()
    laws.test_law_6_an_answer_within_the_limit_is_whole(bench)
    with pytest.raises(pytest.fail.Exception):
        laws.test_law_6_an_answer_over_the_limit_is_cut_off(bench)


BROKEN = {
    "Sql": ("card_index:ADAPTER", "small letters"),
    "sql": ("card_index:ADAPTER", "taken by the system"),
    "mapping": ("card_index:ADAPTER", "taken by the system"),
    "missing": ("card_index_of_nobody:ADAPTER", "cannot be loaded (ModuleNotFoundError)"),
    "exits": ("exits_when_imported:ADAPTER", "cannot be loaded (SystemExit)"),
    "other": ("card_index:CardIndex", "no Adapter"),
    "without-schema": ("schemas:NONE", "lacks a settings_schema"),
    "bad-schema": ("schemas:BAD", "no JSON Schema"),
}


def test_what_is_broken_is_left_out_and_said_and_nobody_elses_adapter_suffers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, {name: value for name, (value, _) in BROKEN.items()} | {"card-index": "card_index:ADAPTER"})
    (tmp_path / "exits_when_imported.py").write_text("raise SystemExit(3)", "utf-8")
    (tmp_path / "schemas.py").write_text(
        "from connectors.adapters import Adapter\n"
        "NONE, BAD = Adapter(dict, dict), Adapter(dict, dict, {'type': 'no such type'})",
        "utf-8",
    )
    monkeypatch.syspath_prepend(tmp_path)
    found = discover(points(tmp_path))
    said = left_out(found)
    assert [name for name, (_, why) in BROKEN.items() if why not in said[name]] == []
    assert set(found.adapters) == {*STANDARD, "card-index"}
    assert found.adapters["sql"] is STANDARD["sql"]
    assert {one.package for one in found.left_out} == {"card-index-adapter"}
    with capture_logs() as logs:
        assert found.log() is found
    assert {line["adapter"] for line in logs if line["log_level"] == "error"} == set(BROKEN)


def test_a_name_that_two_packages_claim_is_nobodys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path)
    install(tmp_path, name="another-card-index")
    monkeypatch.syspath_prepend(tmp_path)
    found = discover(points(tmp_path))
    assert sorted(one.package for one in found.left_out) == ["another-card-index", "card-index-adapter"]
    assert "card-index" not in found.adapters


def test_a_manifest_names_an_installed_adapter_as_any_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    found = discover(points(tmp_path))
    described = manifest("card-index", {"path": str(tmp_path / "none")}, {"fields": {"name": {"path": "name"}}})
    assert findings(described, found.adapters) == []
    assert [str(one.where) for one in findings(described)] != []
    wrong = manifest("card-index", {"file": "x"}, {"fields": {"name": {"path": "name"}}})
    assert findings(wrong, found.adapters) != []
    with build(described, secrets={}.__getitem__, roots=(), clock=SystemClock(), adapters=found.adapters) as source:
        assert source.name == "people"


def test_an_adapter_that_throws_while_it_reads_or_opens_its_section_harms_no_other() -> None:
    def throws(*_: object) -> object:
        raise RuntimeError("postgresql://reader:secret@db.internal")

    described = manifest("mine", {}, {"fields": {"name": {"path": "name"}}})
    for parse, open_ in ((throws, throws), (lambda *_: None, throws)):
        adapters = {"mine": Adapter(parse, open_, {"type": "object"})}
        said = " ".join(one.message.en for one in findings(described, adapters))
        assert "secret" not in said
        with pytest.raises(SourceMisconfigured) as caught:
            build(described, secrets={}.__getitem__, roots=(), clock=SystemClock(), adapters=adapters)
        assert "secret" not in caught.value.reason
    assert caught.value.reason == "unexpected-RuntimeError"
