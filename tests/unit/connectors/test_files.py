"""The file adapter: which file counts, how it is read, and when it is read again."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.errors import (
    AmbiguousSubject,
    SourceGarbled,
    SourceMisconfigured,
    SourceProblem,
    SourceTooLarge,
    SourceUnavailable,
)
from connectors.files import index, reading
from connectors.source import Outcome, Source
from tests.doubles.connectors import retrieve, source, values
from tests.doubles.drop_folder import csv_bytes, drop, xlsx_bytes

HEADER = ("证件号码", "姓名", "有效期至", "备注")
ROWS = [HEADER, ("A1", "张三", "2027/1/2", "𠮷"), ("B1", "李四", "长期", '引号"与,逗号\n换行')]
FIELDS = {
    "name": {"column": "姓名"},
    "until": {"column": "有效期至", "date": ["yyyy/M/d", "iso"]},
    "note": {"column": "备注"},
}
ONE = {"name": "张三", "until": "2027-01-02", "note": "𠮷"}
Opened = Callable[..., Source]


@pytest.fixture
def opened(tmp_path: Path):
    sources: list[Source] = []

    def make(fields: Any = FIELDS, roots: Any = None, limits: Any = None, **settings: Any) -> Source:
        described = {"folder": "drop", "pattern": "people*.csv", "format": "csv", "encoding": "utf-8"}
        described |= {"subject_column": "证件号码"} | settings
        described = {name: value for name, value in described.items() if value is not None}
        sources.append(source("files", described, fields, roots=roots or [tmp_path], limits=limits or {}))
        return sources[-1]

    yield make
    for each in sources:
        each.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "drop").mkdir()
    return tmp_path / "drop"


def refused(asked: Source) -> SourceProblem:
    with pytest.raises(SourceProblem) as caught:
        values(asked)
    return caught.value


@pytest.mark.parametrize(
    ("settings", "data"),
    [
        ({"encoding": "gb18030"}, csv_bytes(ROWS, "gb18030")),
        ({"encoding": "utf-8"}, csv_bytes(ROWS)),
        ({"encoding": "utf-8"}, csv_bytes(ROWS, "utf-8-sig")),
        ({"encoding": "utf-8-sig"}, csv_bytes(ROWS, "utf-8-sig")),
        ({"encoding": "utf-8-sig"}, csv_bytes(ROWS)),
        ({"delimiter": "|", "quote": "'"}, csv_bytes(ROWS, delimiter="|", quotechar="'")),
        ({"skip_rows": 2}, csv_bytes([["某市卫生健康委员会"], [], *ROWS])),
        ({}, csv_bytes([*ROWS, [], ["", "", "", ""]], lineterminator="\n")),
        ({}, csv_bytes([[*row, "", ""] for row in ROWS])),
        ({"pattern": "people.xlsx", "format": "xlsx", "encoding": None}, xlsx_bytes(ROWS)),
        ({"pattern": "people.xlsx", "format": "xlsx", "encoding": None, "sheet": "people"}, xlsx_bytes(ROWS)),
        ({"pattern": "people.xlsx", "format": "xlsx", "encoding": None, "skip_rows": 1}, xlsx_bytes([["标题"], *ROWS])),
    ],
)
def test_files_are_read_as_their_manifest_declares(folder: Path, opened: Opened, settings: Any, data: bytes) -> None:
    drop(folder, "people.xlsx" if settings.get("format") == "xlsx" else "people.csv", data)
    asked = opened(**settings)
    assert values(asked) == ONE
    assert values(asked, "B1") == {"name": "李四", "until": "长期", "note": '引号"与,逗号\n换行'}
    assert retrieve(asked, "C1").outcome is Outcome.NOT_FOUND


def test_cells_of_a_workbook_keep_their_kind(folder: Path, opened: Opened) -> None:
    morning = datetime.fromisoformat("2027-01-02T08:00")  # spreadsheets know no zones
    rows = [("A1", 12, morning.replace(hour=0), 89.5), ("B1", True, morning.date()), ("C1", "x", morning)]
    drop(folder, "people.xlsx", xlsx_bytes([HEADER, *rows]))
    asked = opened(format="xlsx", pattern="people.xlsx", encoding=None)
    assert values(asked) == {"name": 12, "until": "2027-01-02", "note": "89.5"}
    assert values(asked, "B1") == {"name": True, "until": "2027-01-02"}
    assert values(asked, "C1")["until"] == "2027-01-02"


@pytest.mark.parametrize("number", [500199199001010019, 1e15, 5.0019919900101e17])
def test_a_number_that_a_spreadsheet_has_rounded_is_refused(folder: Path, opened: Opened, number: float) -> None:
    drop(folder, "people.xlsx", xlsx_bytes([HEADER, ("B1", "李四", "长期", ""), (number, "张三", "长期", "")]))
    assert refused(opened(format="xlsx", pattern="people.xlsx", encoding=None)).reason == "row-3-digits"


def test_blanks_around_a_subject_do_not_hide_it(folder: Path, opened: Opened) -> None:
    drop(folder, "people.csv", csv_bytes([HEADER, ("\tA1　", "张三", "长期", "")]))
    assert values(opened())["name"] == "张三"


def test_small_letters_are_another_spelling_only_where_the_manifest_says_so(folder: Path, opened: Opened) -> None:
    drop(folder, "people.csv", csv_bytes([HEADER, ("1x", "张三", "长期", "")]))
    assert values(opened(), "1X") == {}
    assert values(opened(lower_case_too=True), "1X")["name"] == "张三"


def test_conditions_narrow_by_constants_and_parameters(folder: Path, opened: Opened) -> None:
    drop(folder, "people.csv", csv_bytes([HEADER, ("A1", "张三", "长期", "甲"), ("A1", "张三", "长期", "乙 ")]))
    assert isinstance(refused(opened()), AmbiguousSubject)
    assert values(opened(where={"备注": "甲"}))["note"] == "甲"
    asked = opened(fields={"name": {"column": "姓名"}}, where={"备注": "{sort}"})
    assert values(asked, sort="乙") == {"name": "张三"}
    assert values(asked, sort="丙") == {}


def rows_of_one(count: int, last: str, note: str = "") -> bytes:
    """So many rows of one subject, of which the last has the date that is asked for."""
    many = [("A1", "张三", "2026/1/1", note)] * (count - 1)
    return csv_bytes([HEADER, *many, ("A1", "张三", last, note)])


def test_a_row_behind_too_many_others_is_too_large_an_answer_and_not_nobody(folder: Path, opened: Opened) -> None:
    asked = opened(fields={"name": {"column": "姓名"}}, where={"有效期至": "{until}"})
    drop(folder, "people.csv", rows_of_one(1000, "2027/1/2"))
    assert values(asked, until="2027/1/2") == {"name": "张三"}
    assert values(asked, until="2028/1/2") == {}
    drop(folder, "people-2.csv", rows_of_one(1001, "2027/1/2"), modified=4_000_000_000)
    with pytest.raises(SourceTooLarge) as caught:
        values(asked, until="2027/1/2")
    assert caught.value.reason == "records"


@pytest.mark.parametrize("where", [{}, {"有效期至": "2026/1/1"}])
def test_law_6_rows_are_counted_while_they_are_read(
    folder: Path, opened: Opened, monkeypatch: pytest.MonkeyPatch, where: dict[str, str]
) -> None:
    read: list[int] = []
    unpacked = index.unpacked
    monkeypatch.setattr(index, "unpacked", lambda line: read.append(len(line)) or unpacked(line))
    drop(folder, "people.csv", rows_of_one(900, "2027/1/2", "x" * 1000))
    with pytest.raises(SourceTooLarge) as caught:
        values(opened(where=where, limits={"max_bytes": 5000, "max_records": 1000}))
    assert caught.value.reason == "bytes"
    assert len(read) == 5


def test_what_conditions_leave_out_is_no_part_of_the_answer(folder: Path, opened: Opened) -> None:
    drop(folder, "people.csv", rows_of_one(900, "2027/1/2", "x" * 1000))
    assert values(opened(where={"有效期至": "2027/1/2"}, limits={"max_bytes": 5000}))["note"] == "x" * 1000


def test_the_newest_file_counts_by_time_or_by_name(folder: Path, opened: Opened) -> None:
    for name, who, at in (
        ("people-20260103.csv", "旧", 1000),
        ("people-20260101.csv", "新", 2000),
        ("other.csv", "他", 3000),
    ):
        drop(folder, name, csv_bytes([HEADER, ("A1", who, "长期", "")]), modified=at)
    assert values(opened())["name"] == "新"
    assert values(opened(newest_by="name"))["name"] == "旧"
    assert retrieve(opened()).source_time == datetime.fromtimestamp(2000, UTC)


def test_a_file_is_read_once_until_another_takes_its_place(
    folder: Path, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    monkeypatch.setattr(reading, "build", lambda *given, **named: read.append("once") or real(*given, **named))
    asked = opened()
    drop(folder, "people.csv", csv_bytes(ROWS))
    for _ in range(3):
        assert values(asked) == ONE
    assert len(read) == 1
    drop(folder, "people.csv", csv_bytes([HEADER, ("A1", "张叁", "长期", "")]))
    assert values(asked)["name"] == "张叁"
    drop(folder, "people-2.csv", csv_bytes([HEADER, ("A1", "张肆", "长期", "")]))
    assert values(asked)["name"] == "张肆"
    (folder / "people-2.csv").unlink()
    assert values(asked)["name"] == "张叁"
    assert len(read) == 4


real = reading.build


def test_a_bad_file_is_read_once_and_a_good_one_heals(
    folder: Path, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    monkeypatch.setattr(reading, "build", lambda *given, **named: read.append("once") or real(*given, **named))
    drop(folder, "people.csv", b"\xff\xfe\x00")
    asked = opened(limits={"failures": 100})
    assert [refused(asked).reason for _ in range(3)] == ["encoding"] * 3
    assert len(read) == 1
    drop(folder, "people.csv", csv_bytes(ROWS))
    assert values(asked) == ONE


def test_while_a_new_file_is_being_read_the_last_complete_one_answers(
    folder: Path, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(folder, "people.csv", csv_bytes(ROWS), modified=1000)
    asked = opened(limits={"deadline_ms": 10_000})
    assert values(asked) == ONE
    begun, go_on = threading.Event(), threading.Event()

    def slow(*arguments: Any, **named: Any) -> Any:
        begun.set()
        go_on.wait(5)
        return real(*arguments, **named)

    monkeypatch.setattr(reading, "build", slow)
    drop(folder, "people.csv", csv_bytes([HEADER, ("A1", "张叁", "长期", "")]), modified=2000)
    first: list[Any] = []
    reader = threading.Thread(target=lambda: first.append(retrieve(asked)))
    reader.start()
    assert begun.wait(5)
    meanwhile = retrieve(asked)
    go_on.set()
    reader.join()
    assert (meanwhile.values["name"], meanwhile.source_time) == ("张三", datetime.fromtimestamp(1000, UTC))
    assert (first[0].values["name"], first[0].source_time) == ("张叁", datetime.fromtimestamp(2000, UTC))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "header"),
        (csv_bytes([("证件号码", "姓名")]), "columns-missing"),
        (csv_bytes([(*HEADER, "姓名")]), "columns-missing"),
        (csv_bytes([HEADER, ("A1", "张三")]), "row-2"),
        (csv_bytes([HEADER, ("A1", "张三", "长期", "", "多")]), "row-2"),
        (csv_bytes(ROWS)[:-30], "row-3"),
        (b'a,"b\n', "csv"),
        (csv_bytes([HEADER, ("A1", "x" * 200_000, "长期", "")]), "csv"),
        (csv_bytes(ROWS, "gb18030"), "encoding"),
        (csv_bytes([HEADER, ["x"] * 1001]), "row-2"),
        (csv_bytes([["x"] * 1001]), "header"),
    ],
)
def test_a_file_of_another_shape_is_garbled_as_a_whole(folder: Path, opened: Opened, data: bytes, reason: str) -> None:
    drop(folder, "people.csv", data)
    problem = refused(opened())
    assert isinstance(problem, SourceGarbled)
    assert problem.reason in {reason, "csv"}


def test_rows_and_bytes_of_a_file_are_limited(folder: Path, opened: Opened) -> None:
    drop(folder, "people.csv", csv_bytes([*ROWS, *ROWS[1:] * 5]))
    assert isinstance(refused(opened(max_rows=5)), SourceTooLarge)
    assert isinstance(refused(opened(max_file_bytes=50)), SourceTooLarge)


def test_an_empty_folder_and_a_missing_one_are_unavailable(tmp_path: Path, folder: Path, opened: Opened) -> None:
    assert refused(opened()).reason == "no-file"
    assert refused(opened(folder="drop/not-yet")).reason == "folder"
    asked = opened(folder="later")
    assert isinstance(refused(asked), SourceUnavailable)
    drop(tmp_path / "later", "people.csv", csv_bytes(ROWS))
    assert values(asked) == ONE


def test_a_file_that_changes_while_it_is_read_is_not_used(
    folder: Path, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = drop(folder, "people.csv", csv_bytes(ROWS))

    def changing(*arguments: Any, **named: Any) -> Any:
        made = real(*arguments, **named)
        with path.open("ab") as file:
            file.write(b"C1,\xe7\x8e\x8b")
        return made

    asked = opened()
    monkeypatch.setattr(reading, "build", changing)
    assert refused(asked).reason == "file-changing"
    monkeypatch.setattr(reading, "build", real)
    drop(folder, "people.csv", csv_bytes(ROWS))
    assert values(asked) == ONE


def test_a_folder_is_found_under_the_root_that_has_it(tmp_path: Path, folder: Path, opened: Opened) -> None:
    drop(folder, "people.csv", csv_bytes(ROWS))
    (tmp_path / "elsewhere").mkdir()
    assert values(opened(roots=[tmp_path / "elsewhere", tmp_path])) == ONE
    assert values(opened(folder=str(folder))) == ONE
    with pytest.raises(SourceMisconfigured):
        opened(folder=str(folder), roots=[tmp_path / "elsewhere"])


def test_a_workbook_without_the_sheet_is_garbled(folder: Path, opened: Opened) -> None:
    drop(folder, "people.xlsx", xlsx_bytes(ROWS))
    assert refused(opened(format="xlsx", pattern="people.xlsx", encoding=None, sheet="none")).reason == "xlsx"
