"""The life of a drop: complete, late, a second copy, unusable, a change to what was; and what outlives a start."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.errors import SourceGarbled, SourceMisconfigured, SourceProblem, SourceUnavailable
from connectors.files import drops, reading
from connectors.files.folder import Folder
from connectors.files.form import FIRST, THEN_EVERY, Survey
from connectors.files.index import Index
from connectors.files.index import build as write_index
from connectors.files.place import Stamp
from connectors.files.settings import parse
from connectors.files.tables import Row
from connectors.files.workroom import MOST_NOTES, Note, Shape, State, read_state
from connectors.registry import build
from connectors.source import Source
from kernel.clock import SystemClock
from tests.doubles.connectors import manifest, retrieve, values
from tests.doubles.drop_folder import csv_bytes, drop
from tests.doubles.drops import settled

HEADER = ("id", "name", "op")
Opened = Callable[..., Source]


def people(*rows: tuple[str, str] | tuple[str, str, str]) -> bytes:
    return csv_bytes([HEADER, *((*row, "")[:3] for row in rows)])


ONE, TWO = people(("A1", "张三")), people(("A1", "张叁"), ("B1", "李四"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "drop").mkdir()
    return tmp_path / "drop"


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def opened(tmp_path: Path, cache: Path) -> Iterator[Opened]:
    sources: list[Source] = []

    def make(cached: bool = True, mapping: Any = None, **settings: Any) -> Source:
        described = {
            "folder": "drop",
            "pattern": "p-*.csv",
            "format": "csv",
            "encoding": "utf-8",
            "subject_column": "id",
        }
        made = manifest("files", {**described, **settings}, mapping or {"fields": {"name": {"column": "name"}}})
        made["spec"]["limits"] = {"deadline_ms": 10_000, "failures": 1000}
        sources.append(
            build(made, secrets={}.__getitem__, roots=[tmp_path], clock=SystemClock(), cache=cache if cached else None)
        )
        return sources[-1]

    yield make
    for each in sources:
        each.close()


def name(asked: Source, subject: str = "A1") -> Any:
    return values(asked, subject).get("name")


def refused(asked: Source) -> SourceProblem:
    with pytest.raises(SourceProblem) as caught:
        values(asked)
    return caught.value


def known(cache: Path) -> State:
    state = read_state(cache / "people")
    assert state is not None
    return state


def test_the_last_good_file_goes_on_with_its_age_when_a_newer_one_is_unusable(folder, cache, opened: Opened) -> None:
    drop(folder, "p-1.csv", ONE, modified=1000)
    asked = opened()
    assert name(asked) == "张三"
    drop(
        folder,
        "p-2.csv",
        csv_bytes([HEADER, ("A1", "张叁", ""), ("B1", "李四"), ("C1", "500199199001010019", "x", "x")]),
    )
    found = retrieve(asked)
    assert (found.values["name"], found.source_time) == ("张三", datetime.fromtimestamp(1000, UTC))
    (note,) = known(cache).quarantined
    assert (note.stamp.name, note.reason) == ("p-2.csv", "source.garbled row-3")
    report = (cache / "people" / "reports" / note.report).read_text()
    assert "第 3 行：列数与表头不符 / line 3: does not have the cells that the header names" in report
    assert "line 4" in report
    assert "李四" not in report
    assert "500199" not in report
    drop(folder, "p-2.csv", TWO)
    assert name(asked) == "张叁"


@pytest.mark.parametrize("cached", [True, False])
def test_a_column_that_a_newer_file_lacks_is_named_while_the_last_good_one_answers(folder, opened, cached) -> None:
    drop(folder, "p-1.csv", ONE, modified=1000)
    with opened(cached) as asked:
        assert name(asked) == "张三"
        assert asked.watch.changes() == ()
        drop(folder, "p-2.csv", csv_bytes([("id", "full_name"), ("A1", "张叁")]), modified=2000)
        assert settled(lambda: name(asked) == "张三" and bool(asked.watch.changes()))
        assert [(change.kind, change.name) for change in asked.watch.changes()] == [("vanished", "name")]
    with opened(cached) as again:
        assert settled(lambda: name(again) == "张三" and bool(again.watch.changes()))
        drop(folder, "p-3.csv", TWO, modified=3000)
        assert settled(lambda: name(again) == "张叁" and not again.watch.changes())


def test_a_column_that_the_only_file_lacks_is_named(folder, opened: Opened) -> None:
    drop(folder, "p-1.csv", csv_bytes([("id", "full_name"), ("A1", "张叁")]))
    asked = opened()
    with pytest.raises(SourceGarbled) as caught:
        values(asked)
    assert caught.value.field == "name"
    assert [(change.kind, change.name) for change in asked.watch.changes()] == [("vanished", "name")]


def shapes(asked: Source) -> list[tuple[str, str, int]]:
    return [(change.kind, change.name, change.count) for change in asked.watch.changes()]


BORN = {"fields": {"name": {"column": "name"}, "born": {"column": "op", "date": ["yyyy-MM-dd"]}}}


CHANGES = {"newest_by": "name", "changes": {"key": ["id"], "removed": {"column": "op", "values": ["D"]}}}


def days(written: str, rows: int = 40) -> bytes:
    return people(("A1", "张三"), *((f"P{number}", "某某", written) for number in range(rows)))


@pytest.mark.parametrize("cached", [True, False])
def test_a_column_that_has_another_name_in_the_same_place_is_told_as_renamed(folder, opened: Opened, cached) -> None:
    drop(folder, "p-1.csv", ONE, modified=1000)
    asked = opened(cached)
    assert name(asked) == "张三"
    drop(folder, "p-2.csv", csv_bytes([("id", "张三丰", "op"), ("A1", "张叁", "")]), modified=2000)
    assert settled(lambda: name(asked) == "张三" and shapes(asked) == [("renamed", "name", 1)])
    drop(folder, "p-3.csv", csv_bytes([("id", "op", "x"), ("A1", "", "")]), modified=3000)
    assert settled(lambda: name(asked) == "张三" and shapes(asked) == [("vanished", "name", 1)])


def test_columns_that_come_are_counted_and_never_named(folder, cache, opened: Opened, capsys) -> None:
    drop(folder, "p-1.csv", csv_bytes([("id", "name", "旧"), ("A1", "张三", "")]), modified=1000)
    asked = opened()
    assert (name(asked), shapes(asked)) == ("张三", [])
    drop(folder, "p-2.csv", csv_bytes([("id", "name", "李四光", "王五"), ("A1", "张叁", "", "")]), modified=2000)
    assert settled(lambda: name(asked) == "张叁" and shapes(asked) == [("new", "?", 2)])
    (since,) = [change.since for change in asked.watch.changes()]
    with opened() as again:
        assert settled(lambda: name(again) == "张叁")
        assert [change.since for change in again.watch.changes()] == [since]
    assert "李四光" not in (cache / "people" / "state.json").read_text() + repr(asked.watch.changes())
    drop(folder, "p-3.csv", csv_bytes([("id", "name", "旧"), ("A1", "张仨", "")]), modified=3000)
    assert settled(lambda: name(asked) == "张仨" and shapes(asked) == [])


def test_a_file_in_which_values_are_written_otherwise_is_held_back_and_the_field_named(
    folder, cache, opened: Opened
) -> None:
    drop(folder, "p-1.csv", days("1990-03-12"), modified=1000)
    asked = opened(mapping=BORN)
    assert settled(lambda: values(asked, "P1") == {"name": "某某", "born": "1990-03-12"})
    drop(folder, "p-2.csv", days("12.03.1991"), modified=2000)
    assert settled(lambda: name(asked) is not None and bool(asked.watch.changes()))
    assert shapes(asked) == [("format", "born", 1)]
    assert values(asked, "P1")["born"] == "1990-03-12"
    (note,) = known(cache).quarantined
    report = (cache / "people" / "reports" / note.report).read_text()
    assert "列“op”：的值多数无法按清单读取" in report
    assert "1991" not in report
    drop(folder, "p-3.csv", days("1992-01-01"), modified=3000)
    assert settled(lambda: values(asked, "P1")["born"] == "1992-01-01" and shapes(asked) == [])


@pytest.mark.parametrize(("percent", "taken"), [(90, True), (20, False)])
def test_how_much_may_be_unreadable_is_declared(folder, opened: Opened, percent: int, taken: bool) -> None:
    drop(folder, "p-1.csv", days("1990-03-12"), modified=1000)
    asked = opened(mapping=BORN, max_unreadable_percent=percent)
    assert settled(lambda: values(asked, "P1")["born"] == "1990-03-12")
    half = [(f"P{number}", "另名", "1990-03-12" if number % 2 else "12.03.1990") for number in range(40)]
    drop(folder, "p-2.csv", people(("A1", "张叁"), *half), modified=2000)
    assert settled(lambda: name(asked) == ("张叁" if taken else "张三") and bool(shapes(asked)) != taken)
    assert shapes(asked) == ([] if taken else [("format", "born", 1)])


def test_what_could_not_be_read_before_either_is_no_change(folder, opened: Opened) -> None:
    drop(folder, "p-1.csv", days("12.03.1990"), modified=1000)
    asked = opened(mapping=BORN)
    assert settled(lambda: name(asked) == "张三")
    drop(folder, "p-2.csv", days("13.03.1990") + "A2,李四,\n".encode(), modified=2000)
    assert settled(lambda: name(asked, "A2") == "李四")
    assert shapes(asked) == []


def half(rows: int, who: str) -> bytes:
    """A register in half of whose rows no date stands where one should."""
    return people(("A1", who), *((f"P{at}", "某某", "1990-03-12" if at % 2 else "不详") for at in range(rows)))


def test_a_file_too_small_to_measure_makes_no_news_of_the_next_one(folder, cache, opened: Opened) -> None:
    drop(folder, "p-1.csv", half(10, "张三"), modified=1000)
    asked = opened(mapping=BORN)
    assert settled(lambda: name(asked) == "张三")
    drop(folder, "p-2.csv", half(60, "张叁"), modified=2000)
    assert settled(lambda: name(asked) == "张叁")
    assert (shapes(asked), known(cache).quarantined) == ([], ())


def test_few_changes_do_not_hide_how_the_files_before_them_were(folder, cache, opened: Opened) -> None:
    drop(folder, "p-1.csv", half(60, "张三"))
    asked = opened(mapping=BORN, **CHANGES)
    assert settled(lambda: name(asked) == "张三")
    for at, (who, data) in enumerate({"二": people(("A1", "二")), "三": half(60, "三")}.items(), start=2):
        drop(folder, f"p-{at}.csv", data)
        assert settled(lambda who=who: name(asked) == who)
    assert (shapes(asked), known(cache).quarantined) == ([], ())


def test_few_changes_do_not_hide_that_values_could_be_read_before_them(folder, opened: Opened) -> None:
    drop(folder, "p-1.csv", days("1990-03-12"))
    asked = opened(mapping=BORN, **CHANGES)
    assert settled(lambda: name(asked) == "张三")
    drop(folder, "p-2.csv", people(("A1", "二")))
    assert settled(lambda: name(asked) == "二")
    drop(folder, "p-3.csv", days("12.03.1991"))
    assert settled(lambda: name(asked) == "二" and shapes(asked) == [("format", "born", 1)])


def born(form: str) -> dict[str, Any]:
    return {"fields": {"name": {"column": "name"}, "born": {"column": "op", "date": [form]}}}


@pytest.mark.parametrize("settings", [{}, CHANGES], ids=["whole", "changes"])
def test_a_mended_mapping_takes_up_a_file_that_could_not_be_read(
    folder, cache, opened: Opened, settings: dict[str, Any]
) -> None:
    drop(folder, "p-1.csv", days("1990-03-12"), modified=1000)
    with opened(mapping=born("yyyy-MM-dd"), **settings) as asked:
        assert settled(lambda: values(asked, "P1")["born"] == "1990-03-12")
        drop(folder, "p-2.csv", days("12.03.1991"), modified=2000)
        assert settled(lambda: name(asked) == "张三" and shapes(asked) == [("format", "born", 1)])
    mended = opened(mapping=born("dd.MM.yyyy"), **settings)
    assert settled(lambda: values(mended, "P1")["born"] == "1991-03-12" and shapes(mended) == [])
    assert known(cache).quarantined == ()


def test_another_mapping_is_no_news_of_the_next_file(folder, cache, opened: Opened) -> None:
    drop(folder, "p-1.csv", days("1990-03-12"), modified=1000)
    with opened(mapping=born("yyyy-MM-dd")) as asked:
        assert settled(lambda: name(asked) == "张三")
    drop(folder, "p-2.csv", days("1990-03-13").replace("张三".encode(), "张叁".encode()), modified=2000)
    other = opened(mapping=born("dd.MM.yyyy"))
    assert settled(lambda: name(other) == "张叁")
    assert (shapes(other), known(cache).quarantined) == ([], ())


@pytest.mark.parametrize("settings", [{}, CHANGES], ids=["whole", "changes"])
def test_a_mapping_that_was_changed_elsewhere_does_not_take_up_a_file_that_cannot_be_read(
    folder, cache, opened: Opened, settings: dict[str, Any]
) -> None:
    drop(folder, "p-1.csv", days("1990-03-12"), modified=1000)
    with opened(mapping=BORN, **settings) as asked:
        assert settled(lambda: name(asked) == "张三")
        drop(folder, "p-2.csv", days("12.03.1991"), modified=2000)
        assert settled(lambda: name(asked) == "张三" and shapes(asked) == [("format", "born", 1)])
    again = opened(mapping={"fields": BORN["fields"] | {"whose": {"column": "name"}}}, **settings)
    assert settled(lambda: values(again, "P1") == {"name": "某某", "born": "1990-03-12", "whose": "某某"})
    assert settled(lambda: name(again) == "张三" and shapes(again) == [("format", "born", 1)])
    assert [note.stamp.name for note in known(cache).quarantined] == ["p-2.csv"]


def test_of_the_rows_that_are_kept_the_same_are_looked_at_as_of_the_file_they_are_from(tmp_path: Path) -> None:
    rows = [Row(f"P{number}", (number,), number) for number in range(1, 3501)]
    write_index(tmp_path / "index", ("op",), rows, most_bytes=1 << 20)
    of_the_file: list[Any] = []

    def readable(record: Any) -> frozenset[str]:
        of_the_file.append(record["op"])
        return frozenset()

    survey = Survey(readable)
    for row in rows:
        survey.row(("op",), row.values)
    kept = Index(tmp_path / "index", ("op",), vanishing=False)
    assert [record["op"] for record in kept.sample(FIRST, THEN_EVERY)] == of_the_file
    assert of_the_file == [*range(1, 1001), 2000, 3000]


@pytest.mark.parametrize("beside", [{"max_rows": 99}, {"max_unreadable_percent": 30}])
def test_other_limits_do_not_hide_that_values_could_be_read_before(folder, opened: Opened, beside: Any) -> None:
    drop(folder, "p-1.csv", days("1990-03-12"), modified=1000)
    with opened(mapping=BORN) as asked:
        assert settled(lambda: name(asked) == "张三")
    drop(folder, "p-2.csv", days("12.03.1991"), modified=2000)
    again = opened(mapping=BORN, **beside)
    assert settled(lambda: name(again) == "张三" and shapes(again) == [("format", "born", 1)])


def test_files_in_another_encoding_are_told_from_a_broken_line(folder, opened: Opened) -> None:
    many = people(*((f"P{number}", "李四") for number in range(9)), ("A1", "张三"))
    drop(folder, "p-1.csv", many, modified=1000)
    asked = opened()
    assert name(asked) == "张三"
    drop(folder, "p-2.csv", many.replace("张三".encode(), b"\xff\xfe"), modified=2000)
    assert settled(lambda: refused_file(asked, folder) == 1)
    assert (name(asked), shapes(asked)) == ("张三", [])
    drop(folder, "p-3.csv", many.decode().encode("gb18030"), modified=3000)
    assert settled(lambda: name(asked) == "张三" and shapes(asked) == [("encoding", "", 1)])


def test_lines_of_another_width_are_told_from_a_torn_one(folder, opened: Opened) -> None:
    columns = [{"name": "id", "from": 1, "to": 4}, {"name": "name", "from": 5, "to": 10}]
    layout = {"unit": "bytes", "columns": columns}
    drop(folder, "p-1.csv", b"A1  zhang \nB1  li    \n", modified=1000)
    asked = opened(format="fixed-width", layout=layout)
    assert name(asked) == "zhang"
    drop(folder, "p-2.csv", b"A1  wang  \nB1  li    \nC1  sun\n", modified=2000)
    assert settled(lambda: refused_file(asked, folder) == 1)
    assert (name(asked), shapes(asked)) == ("zhang", [])
    drop(folder, "p-3.csv", b"A1  wang    \nB1  li      \n", modified=3000)
    assert settled(lambda: name(asked) == "zhang" and shapes(asked) == [("width", "", 1)])


ENDLESS = b"x," * 600_000
"""More than a line may have, in cells that are short enough."""


@pytest.mark.parametrize(
    ("broken", "reason", "told"),
    [
        (b"A1," + b"x" * 2_000_000 + b",\n", "source.garbled csv", "line 2: has a stray quote"),
        (b"A1," + ENDLESS + b"\n\xff,,\n", "source.garbled encoding", "the file: is not in the declared encoding"),
    ],
    ids=["a cell", "a line before a strange byte"],
)
def test_a_line_without_end_puts_its_file_in_quarantine_once_and_a_good_one_beside_it_is_taken(
    folder, cache, opened: Opened, broken: bytes, reason: str, told: str
) -> None:
    drop(folder, "p-1.csv", ONE, modified=1000)
    asked = opened()
    assert name(asked) == "张三"
    drop(folder, "p-3.csv", b"id,name,op\n" + broken, modified=3000)
    drop(folder, "p-2.csv", TWO, modified=2000)
    assert settled(lambda: name(asked) == "张叁")
    assert asked.standing is not None
    assert (shapes(asked), asked.standing.trouble) == ([], "")
    (note,) = known(cache).quarantined
    assert (note.stamp.name, note.reason) == ("p-3.csv", reason)
    assert told in (cache / "people" / "reports" / note.report).read_text()


@pytest.mark.parametrize(
    ("data", "limits", "times"),
    [
        (people(("A1", "张叁")).decode().encode("gb18030"), {}, 1),
        (people(*[("A1", "张叁")] * 3), {"max_rows": 2}, 1),
        (people(("A1", "张" * 99)), {"max_file_bytes": 100}, 0),
    ],
    ids=["another encoding", "too many rows", "too large"],
)
def test_a_file_that_is_refused_is_fetched_once_and_one_beyond_its_size_never(
    folder, cache, opened: Opened, monkeypatch: pytest.MonkeyPatch, data: bytes, limits: Any, times: int
) -> None:
    drop(folder, "p-1.csv", ONE, modified=1000)
    asked = opened(**limits)
    assert name(asked) == "张三"
    fetched: list[str] = []
    real = Folder.open

    def counted(place: Folder, stamp: Stamp) -> Any:
        fetched.append(stamp.name)
        return real(place, stamp)

    monkeypatch.setattr(Folder, "open", counted)
    drop(folder, "p-2.csv", data, modified=2000)
    assert settled(lambda: refused_file(asked, folder) == 1)
    assert fetched == ["p-2.csv"] * times


def test_a_file_that_is_refused_stays_known_when_the_one_beside_it_ends_the_look(
    folder, cache, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(folder, "p-1.csv", ONE, modified=1000)
    asked = opened()
    assert name(asked) == "张三"
    fetched: list[str] = []
    real = Folder.open

    def out_of_reach(place: Folder, stamp: Stamp) -> Any:
        fetched.append(stamp.name)
        if stamp.name == "p-2.csv":
            raise SourceUnavailable("file-gone")
        return real(place, stamp)

    monkeypatch.setattr(Folder, "open", out_of_reach)
    drop(folder, "p-2.csv", TWO, modified=2000)
    drop(folder, "p-3.csv", b"\xff", modified=3000)
    assert settled(lambda: name(asked) == "张三" and fetched.count("p-2.csv") > 2)
    assert fetched.count("p-3.csv") == 1
    assert len(list((cache / "people" / "reports").iterdir())) == 1


def refused_file(asked: Source, folder: Path) -> int:
    """How many files are in quarantine, after another look."""
    assert name(asked)
    return len(known(folder.parent / "cache").quarantined)


def test_an_encoding_that_does_not_fit_is_reported_by_line(folder, cache, opened: Opened) -> None:
    drop(folder, "p-1.csv", ONE)
    asked = opened()
    assert name(asked) == "张三"
    drop(folder, "p-2.csv", ONE + "B1,李四,\r\n".encode("gb18030") + b"C1,x,\r\n")
    assert name(asked) == "张三"
    (note,) = known(cache).quarantined
    report = (cache / "people" / "reports" / note.report).read_text()
    assert "line 3: is not in the declared encoding" in report
    assert "line 4" not in report


def test_without_a_good_file_the_unusable_one_is_the_answer_and_an_older_good_one_is_taken(
    folder, opened: Opened
) -> None:
    drop(folder, "p-2.csv", b"\xff", modified=2000)
    asked = opened()
    assert isinstance(refused(asked), SourceGarbled)
    drop(folder, "p-1.csv", ONE, modified=1000)
    assert name(asked) == "张三"


def test_a_second_copy_of_a_file_is_noted_not_read_and_does_not_look_younger(
    folder, cache, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(folder, "p-1.csv", ONE, modified=1000)
    asked = opened()
    assert name(asked) == "张三"
    monkeypatch.setattr(reading, "build", None)
    drop(folder, "p-2.csv", ONE, modified=2000)
    assert retrieve(asked).source_time == datetime.fromtimestamp(1000, UTC)
    assert [note.stamp.name for note in known(cache).duplicates] == ["p-2.csv"]
    assert name(asked) == "张三"
    assert len(known(cache).duplicates) == 1


@pytest.mark.parametrize("newest_by", ["name", "modified"])
def test_a_file_that_comes_late_is_not_taken_even_when_the_newer_one_goes(
    folder, cache, opened: Opened, newest_by: str
) -> None:
    drop(folder, "p-2.csv", TWO, modified=2000)
    asked = opened(newest_by=newest_by)
    assert name(asked) == "张叁"
    drop(folder, "p-1.csv", ONE, modified=1000)
    assert name(asked) == "张叁"
    assert [note.stamp.name for note in known(cache).late] == ["p-1.csv"]
    (folder / "p-2.csv").unlink()
    assert name(asked) == "张叁"
    assert len(known(cache).late) == 1


def test_an_edition_that_is_taken_back_gives_way_to_the_one_before(folder, opened: Opened) -> None:
    drop(folder, "p-1.csv", ONE, modified=1000)
    drop(folder, "p-2.csv", TWO, modified=2000)
    asked = opened()
    assert name(asked) == "张叁"
    (folder / "p-2.csv").unlink()
    assert name(asked) == "张三"


def test_a_register_that_is_taken_away_is_no_longer_answered_for(folder, cache, opened: Opened) -> None:
    path = drop(folder, "p-1.csv", ONE)
    asked = opened()
    assert name(asked) == "张三"
    path.unlink()
    assert refused(asked).reason == "no-file"
    assert list((cache / "people").glob("*.sqlite3")) == []
    drop(folder, "p-1.csv", ONE)
    assert name(asked) == "张三"


def test_a_file_counts_once_its_marker_is_there(folder, opened: Opened) -> None:
    drop(folder, "p-1.csv", ONE, modified=1000)
    asked = opened(pickup={"by": "marker", "suffix": ".done"}, pattern="p-*")
    assert refused(asked).reason == "file-incoming"
    (folder / "p-1.csv.done").touch()
    assert settled(lambda: name(asked) == "张三")
    drop(folder, "p-2.csv", TWO, modified=2000)
    assert name(asked) == "张三"
    (folder / "p-2.csv.done").touch()
    assert name(asked) == "张叁"


def test_a_file_counts_once_it_has_not_changed_for_a_while(folder, opened: Opened) -> None:
    drop(folder, "p-1.csv", ONE, modified=1000)
    asked = opened(pickup={"by": "stable", "seconds": 600})
    assert name(asked) == "张三"
    drop(folder, "p-2.csv", TWO)
    assert name(asked) == "张三"
    os.utime(folder / "p-2.csv", (2000, 2000))
    assert name(asked) == "张叁"


def test_changes_are_applied_in_order_each_once(folder, opened: Opened) -> None:
    drop(folder, "p-1.csv", people(("A1", "张三"), ("B1", "李四"), ("C1", "王五"), ("C1", "王伍")))
    drop(folder, "p-2.csv", people(("B1", "", "D"), ("D1", "赵六"), ("E1", "x"), ("E1", "", "D")))
    asked = opened(**CHANGES)
    assert [name(asked, one) for one in ("A1", "B1", "C1", "D1", "E1")] == ["张三", None, "王伍", "赵六", None]
    drop(folder, "p-3.csv", people(("A1", "张叁"), ("B1", "李斯")))
    (folder / "p-1.csv").unlink()
    assert [name(asked, one) for one in ("A1", "B1", "C1", "D1")] == ["张叁", "李斯", "王伍", "赵六"]
    for path in folder.iterdir():
        path.unlink()
    assert name(asked) == "张叁"


def test_a_change_that_cannot_be_used_holds_up_those_after_it_and_a_late_one_is_not_applied(
    folder, cache, opened: Opened
) -> None:
    drop(folder, "p-2.csv", people(("A1", "张三")))
    asked = opened(**CHANGES)
    assert name(asked) == "张三"
    drop(folder, "p-3.csv", people(("", "x"), ("A1", "张叁"))[:-4])
    drop(folder, "p-4.csv", people(("A1", "张肆")))
    drop(folder, "p-1.csv", people(("A1", "旧")))
    assert name(asked) == "张三"
    drop(folder, "p-3.csv", people(("A1", "张叁"), ("B1", "李四")))
    assert [name(asked), name(asked, "B1")] == ["张肆", "李四"]
    drop(folder, "p-3.csv", people(("A1", "改过")))
    assert name(asked) == "张肆"
    assert sorted(note.stamp.name for note in known(cache).late) == ["p-1.csv", "p-3.csv"]


def test_a_change_without_a_key_is_unusable(folder, cache, opened: Opened) -> None:
    drop(folder, "p-1.csv", csv_bytes([HEADER, ("A1", "", "")]))
    asked = opened(newest_by="name", changes={"key": ["id", "name"]})
    assert refused(asked).reason == "row-2"
    (note,) = known(cache).quarantined
    assert "column “name”: lacks a value" in (cache / "people" / "reports" / note.report).read_text()


@pytest.mark.parametrize("settings", [{}, CHANGES])
def test_a_restart_reads_no_file_again(
    folder, opened: Opened, monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any]
) -> None:
    drop(folder, "p-1.csv", ONE, modified=1000)
    first = opened(**settings)
    assert name(first) == "张三"
    first.close()
    monkeypatch.setattr(reading, "build", None)
    again = retrieve(opened(**settings))
    assert (again.values["name"], again.source_time) == ("张三", datetime.fromtimestamp(1000, UTC))


def test_a_restart_with_other_settings_reads_the_file_again(folder, cache, opened: Opened) -> None:
    drop(folder, "p-1.csv", ONE)
    opened_once = opened()
    assert name(opened_once) == "张三"
    opened_once.close()
    assert name(opened(columns=["name", "op"])) == "张三"
    assert len(list((cache / "people").glob("*.sqlite3"))) == 1


BESIDE_THE_ROWS: list[dict[str, Any]] = [
    {"pickup": {"by": "stable", "seconds": 1}},
    {"max_rows": 7},
    {"max_file_bytes": 4096},
    {"max_age_hours": 8760},
    {"max_unreadable_percent": 5},
    {"lower_case_too": True},
]
"""Settings that no row of an index depends on."""


@pytest.mark.parametrize("beside", BESIDE_THE_ROWS, ids=lambda beside: next(iter(beside)))
@pytest.mark.parametrize("settings", [{}, CHANGES], ids=["whole", "changes"])
def test_limits_and_pickup_change_no_index(
    folder, opened: Opened, monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any], beside: dict[str, Any]
) -> None:
    drop(folder, "p-1.csv", ONE)
    first = opened(**settings)
    assert name(first) == "张三"
    first.close()
    monkeypatch.setattr(reading, "build", None)
    assert name(opened(**settings, **beside)) == "张三"


def test_a_file_of_too_many_rows_is_read_again_once_more_are_allowed(folder, cache, opened: Opened) -> None:
    drop(folder, "p-1.csv", ONE, modified=1000)
    drop(folder, "p-2.csv", TWO, modified=2000)
    first = opened(max_rows=1)
    assert name(first) == "张三"
    assert [note.stamp.name for note in known(cache).quarantined] == ["p-2.csv"]
    first.close()
    assert settled(lambda: name(opened(max_rows=2)) == "张叁")
    assert known(cache).quarantined == ()


@pytest.fixture
def gathered(folder, opened: Opened) -> None:
    """A register gathered from files that have gone since."""
    drop(folder, "p-1.csv", people(("A1", "张三"), ("B1", "李四")))
    drop(folder, "p-2.csv", people(("A1", "张叁")))
    first = opened(**CHANGES)
    assert name(first) == "张叁"
    first.close()
    for path in folder.iterdir():
        path.unlink()


@pytest.mark.usefixtures("gathered")
def test_how_files_to_come_are_found_and_read_leaves_what_was_gathered(folder, cache, opened: Opened) -> None:
    index = known(cache).current
    changed = opened(**CHANGES | {"encoding": "gb18030", "delimiter": ";", "pattern": "p-?.*", "max_rows": 9})
    assert [name(changed), name(changed, "B1"), known(cache).current] == ["张叁", "李四", index]
    drop(folder, "p-3.txt", "id;name;op\r\nB1;李斯;\r\n".encode("gb18030"))
    assert [name(changed), name(changed, "B1")] == ["张叁", "李斯"]


OTHER_ROWS: dict[str, dict[str, Any]] = {
    "columns": CHANGES | {"columns": ["name", "op"]},
    "key": {"changes": {"key": ["id", "name"]}},
    "whole": {"newest_by": "name"},
    "format": CHANGES | {"format": "json-lines"},
}


@pytest.mark.usefixtures("gathered")
@pytest.mark.parametrize("settings", OTHER_ROWS.values(), ids=OTHER_ROWS.keys())
def test_what_was_gathered_is_never_dropped_for_other_settings_but_refused(
    folder, cache, opened: Opened, settings: dict[str, Any]
) -> None:
    before = known(cache)
    changed = opened(**settings)
    drop(folder, "p-3.csv", people(("C1", "王五")))
    for _ in range(2):
        problem = refused(changed)
        assert (type(problem), problem.reason) == (SourceMisconfigured, "gathered-otherwise")
    assert known(cache) == before
    again = opened(**CHANGES)
    assert [name(again), name(again, "B1"), name(again, "C1")] == ["张叁", "李四", "王五"]


@pytest.mark.usefixtures("gathered")
def test_what_was_gathered_is_let_go_by_removing_its_folder(folder, cache, opened: Opened) -> None:
    changed = opened(**CHANGES | {"columns": ["name", "op"]})
    drop(folder, "p-3.csv", people(("A1", "张三")))
    assert refused(changed).reason == "gathered-otherwise"
    shutil.rmtree(cache / "people")
    assert settled(lambda: name(changed) == "张三")
    assert name(changed, "B1") is None


def test_the_shape_of_settings_is_the_same_in_every_process() -> None:
    """Python orders a set of texts anew in each process: a gathered register must outlive that."""
    program = (
        "from connectors.files.settings import parse; from connectors.files.workroom import Shape;"
        "changes = {'key': ['id'], 'removed': {'column': 'op', 'values': list('ABCDEFGH')}};"
        "given = {'folder': 'd', 'pattern': '*', 'format': 'parquet', 'subject_column': 'id', 'changes': changes};"
        "print(Shape.of(parse(given, frozenset({'name'})), ''))"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(told) == 1


WHOLE: dict[str, Any] = {
    "pattern": "people-*.csv",
    "format": "csv",
    "encoding": "gb18030",
    "skip_rows": 1,
    "subject_column": "id",
    "where": {"status": "1"},
    "max_rows": 5000,
}
SFTP = {
    "host": "drop.example",
    "folder": "/out",
    "username": "reader",
    "key_secret": "drop-key",
    "host_keys": ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsh6Q0Y1fNs7pYQ2DkVh0zq3oGQkJyJx0d0mW5tYy1e"],
}


@pytest.mark.parametrize(
    ("manifest", "rows"),
    [
        (WHOLE | {"folder": "drop"}, "2d52036c21fa2fa209c3cfcc3c0921a05b1b4551c36213c17b112bd6be58ec4c"),
        (WHOLE | {"sftp": SFTP}, "bfbbec95ea13337956f5e82574e670cd5be30861ac587cf942abc18de316547e"),
        (WHOLE | CHANGES | {"folder": "drop"}, "df62cad86ff437c5b284b06a31aab91e4893d6d5ba8e7588a949bfd68124ce58"),
    ],
    ids=["whole", "sftp", "changes"],
)
def test_a_newer_version_of_this_software_knows_the_indexes_of_an_older_one(manifest: Any, rows: str) -> None:
    """Where this fails, a new setting has come into the digest, and every last good file would go with the upgrade."""
    assert Shape.of(parse(manifest, frozenset({"name"})), "").rows == rows


def test_a_note_that_was_torn_by_a_crash_costs_a_reading_and_nothing_else(folder, cache, opened: Opened) -> None:
    drop(folder, "p-1.csv", ONE)
    first = opened()
    assert name(first) == "张三"
    first.close()
    (cache / "people" / "state.json").write_bytes(b'{"form": 1, "fing')
    (cache / "people" / "left-behind.sqlite3").write_bytes(b"half an index")
    assert name(opened()) == "张三"
    assert len(list((cache / "people").glob("*.sqlite3"))) == 1


def test_two_processes_share_one_edition(folder, cache, opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    drop(folder, "p-1.csv", ONE)
    first, second = opened(), opened()
    assert [name(first), name(second)] == ["张三"] * 2
    drop(folder, "p-2.csv", TWO)
    assert name(first) == "张叁"
    monkeypatch.setattr(reading, "build", None)
    assert name(second) == "张叁"
    assert len(list((cache / "people").glob("*.sqlite3"))) == 1


def test_what_is_kept_is_for_its_owner_alone_and_goes_with_the_source_where_it_need_not_last(
    folder, cache, opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(folder, "p-1.csv", ONE)
    drop(folder, "p-2.csv", b"\xff")
    assert name(opened()) == "张三"
    kept = [cache / "people", *(cache / "people").rglob("*")]
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept} == {0o700, 0o600}
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    passing = opened(cached=False)
    assert name(passing) == "张三"
    (room,) = (tmp_path / "tmp").iterdir()
    assert list(room.glob("*.sqlite3")) == []  # open, and without a name already
    passing.close()
    assert list((tmp_path / "tmp").iterdir()) == []


def test_an_edition_may_be_too_old_to_answer_from(folder, opened: Opened) -> None:
    drop(folder, "p-1.csv", ONE, modified=1000)
    problem = refused(opened(max_age_hours=24))
    assert isinstance(problem, SourceUnavailable)
    assert problem.reason == "too-old"


def test_notes_do_not_grow_without_end(folder, cache) -> None:
    state = State(Shape("x", "x", gathered=False))
    for number in range(MOST_NOTES + 5):
        state = state.noted("late", Note(Stamp(str(number), "", 0, 0), ""))
    assert len(state.late) == MOST_NOTES


def test_a_source_that_is_closed_while_a_file_is_read_leaves_nothing_behind(
    folder, tmp_path, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, released, real = threading.Event(), threading.Event(), drops.read

    def slow(*words: Any) -> int:
        begun.set()
        released.wait(20)
        words[2].parent.mkdir(exist_ok=True)  # as where the folder could not be removed under whoever writes into it
        return real(*words)

    monkeypatch.setattr(drops, "read", slow)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    drop(folder, "p-1.csv", ONE)
    asked = opened(cached=False)
    with pytest.raises(SourceProblem):
        retrieve(asked, deadline=0.05)
    assert begun.wait(20)
    asked.close()
    released.set()
    assert settled(lambda: not [each for each in threading.enumerate() if each.name == "files-look"])
    assert list(tmp_path.glob("tongban-files-*")) == []
