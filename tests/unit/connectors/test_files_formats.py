"""File formats: what each declares, and what each is refused for."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from connectors.adapters import all_readable
from connectors.errors import SourceGarbled, SourceProblem, SourceTooLarge
from connectors.files.form import Survey
from connectors.files.reading import Unusable, read
from connectors.files.settings import parse
from connectors.registry import findings
from connectors.source import Source
from tests.doubles.connectors import manifest, retrieve, source, values
from tests.doubles.drop_folder import csv_bytes, drop, fixed_width_bytes

WIDTHS = (18, 10, 8)
COLUMNS = [
    {"name": "证件号码", "from": 1, "to": 18},
    {"name": "姓名", "from": 19, "to": 28},
    {"name": "备注", "from": 29, "to": 36},
]
FIELDS = {"name": {"column": "姓名"}, "note": {"column": "备注"}}
ROWS = [("A1", "张三", "甲𠮷"), ("B1", "李·四", "")]
Opened = Callable[..., Source]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    sources: list[Source] = []

    def make(data: bytes, fields: Any = FIELDS, limits: Any = None, **settings: Any) -> Source:
        drop(tmp_path / "drop", "people.dat", data)
        described = {"folder": "drop", "pattern": "people.*", "subject_column": "证件号码", **settings}
        sources.append(source("files", described, fields, roots=[tmp_path], limits={"deadline_ms": 20_000}))
        return sources[-1]

    yield make
    for each in sources:
        each.close()


def refused(asked: Source) -> SourceProblem:
    with pytest.raises(SourceProblem) as caught:
        retrieve(asked, deadline=20.0)
    return caught.value


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8"])
@pytest.mark.parametrize("unit", ["bytes", "characters"])
def test_fixed_width_columns_are_counted_as_the_manifest_says(opened: Opened, encoding: str, unit: str) -> None:
    data = fixed_width_bytes(ROWS, WIDTHS, encoding, unit)
    settings = {"format": "fixed-width", "encoding": encoding, "layout": {"unit": unit, "columns": COLUMNS}}
    asked = opened(data, **settings)
    assert values(asked) == {"name": "张三", "note": "甲𠮷"}
    assert values(asked, "B1") == {"name": "李·四"}
    other = {"bytes": "characters", "characters": "bytes"}[unit]
    wrong = opened(data, **{**settings, "layout": {"unit": other, "columns": COLUMNS}})
    assert isinstance(refused(wrong), SourceGarbled)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (fixed_width_bytes(ROWS, WIDTHS, "gb18030", "bytes")[:-4], "row-2"),
        (fixed_width_bytes(ROWS, (18, 10, 9), "gb18030", "bytes"), "row-1"),
        (b"A1".ljust(27) + "张".encode("gb18030") + b" " * 7, "encoding"),
        (b"x" * (1 << 21), "row-1"),
        (b"\xff" * 36 + b"\n", "encoding"),
    ],
)
def test_a_fixed_width_file_of_another_shape_is_garbled(opened: Opened, data: bytes, reason: str) -> None:
    layout = {"unit": "bytes", "columns": COLUMNS}
    problem = refused(opened(data, format="fixed-width", encoding="gb18030", layout=layout))
    assert isinstance(problem, SourceGarbled)
    assert problem.reason == reason


def test_lines_above_a_fixed_width_file_and_blank_ones_are_left_out(opened: Opened) -> None:
    data = b"report of today\n" + fixed_width_bytes(ROWS, WIDTHS, "utf-8", "bytes") + b"\n\x20\n"
    settings = {"format": "fixed-width", "encoding": "utf-8", "skip_rows": 1}
    assert values(opened(data, **settings, layout={"unit": "bytes", "columns": COLUMNS}))["name"] == "张三"


def lines(*records: object, encoding: str = "utf-8") -> bytes:
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records).encode(encoding)


def test_json_lines_keep_digits_lists_and_objects(opened: Opened) -> None:
    fields = {
        "amount": {"column": "amount", "type": "decimal"},
        "city": {"path": "address.city"},
        "shares": {"path": "owners[].share", "several": True},
        "big": {"column": "big"},
    }
    data = b'\n{"\xe8\xaf\x81\xe4\xbb\xb6\xe5\x8f\xb7\xe7\xa0\x81": "A1", "amount": 0.10, "address": {"city": "x"},'
    data += b' "owners": [{"share": 0.5}], "big": 123456789012345678901234567890}\n'
    settings = {"format": "json-lines", "encoding": "utf-8", "columns": ["amount", "address", "owners", "big"]}
    got = values(opened(data, fields, **settings))
    assert got == {"amount": "0.10", "city": "x", "shares": ["0.5"], "big": "123456789012345678901234567890"}


def test_json_lines_may_leave_members_out_and_be_in_gb18030(opened: Opened) -> None:
    data = lines(
        {"证件号码": "A1", "姓名": "张三"}, {"证件号码": "B1", "姓名": "李四", "备注": "x"}, encoding="gb18030"
    )
    asked = opened(data, format="json-lines", encoding="gb18030")
    assert (values(asked), values(asked, "B1")) == ({"name": "张三"}, {"name": "李四", "note": "x"})


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (lines({"证件号码": "A1", "姓名": "张三"}), "columns-missing"),
        (lines({"证件号码": "A1"}, ["A1"]), "row-2"),
        (b'{"a": 1, "a": 2}\n', "row-1"),
        (b'{"a": NaN}\n', "row-1"),
        (b"[" * 100_000 + b"\n", "row-1"),
        (b'{"a": ' * 5000 + b"1" + b"}" * 5000 + b"\n", "row-1"),
        (b'{"a": "' + b"x" * (1 << 20) + b'"}\n', "row-1"),
        (lines({"证件号码": "张"}, encoding="gb18030"), "encoding"),
    ],
)
def test_json_lines_of_another_shape_are_garbled(opened: Opened, data: bytes, reason: str) -> None:
    problem = refused(opened(data, format="json-lines", encoding="utf-8"))
    assert isinstance(problem, SourceGarbled)
    assert problem.reason == reason


def parquet(tmp_path: Path, query: str) -> bytes:
    with duckdb.connect(":memory:") as database:
        database.execute(f"COPY ({query}) TO '{tmp_path}/made.parquet' (FORMAT parquet)")
    return (tmp_path / "made.parquet").read_bytes()


def test_parquet_values_keep_their_kind(tmp_path: Path, opened: Opened) -> None:
    names = ("amount", "ratio", "born", "at", "bits", "big", "day")
    fields = {name: {"column": name} for name in names}
    fields |= {
        "born": {"column": "born", "date": "iso"},
        "at": {"column": "at", "datetime": "iso"},
        "city": {"path": "address.city"},
        "shares": {"path": "shares", "several": True},
    }
    query = """SELECT 'A1' AS 证件号码, 1234567.10::DECIMAL(12, 2) AS amount, 0.1::DOUBLE AS ratio,
        DATE '2026-01-02' AS born,
        TIMESTAMPTZ '2026-01-02 08:00:00+08' AS at, '\\x0A\\xFF'::BLOB AS bits, 1234567890123456789 AS big,
        TIME '08:00:00' AS day, {'city': 'x'} AS address, [0.5, NULL] AS shares"""
    got = values(opened(parquet(tmp_path, query), fields, format="parquet", columns=[*names, "address", "shares"]))
    assert got == {
        "amount": "1234567.10",
        "ratio": "0.1",
        "born": "2026-01-02",
        "at": "2026-01-02T00:00:00Z",
        "bits": "0aff",
        "big": "1234567890123456789",
        "day": "08:00:00",
        "city": "x",
        "shares": ["0.5"],
    }


def test_a_parquet_file_without_the_column_is_garbled_and_a_torn_one_too(tmp_path: Path, opened: Opened) -> None:
    data = parquet(tmp_path, "SELECT 'A1' AS 证件号码, '张三' AS 姓名")
    assert refused(opened(data, format="parquet")).reason == "columns-missing"
    assert refused(opened(data[: len(data) // 2] + data[-8:], format="parquet")).reason == "parquet"
    assert refused(opened(b"PAR1" + b"\xff" * 200 + b"PAR1", format="parquet")).reason == "parquet"


def test_a_parquet_file_may_have_more_columns_than_are_read_and_names_that_differ_by_a_blank(
    tmp_path: Path, opened: Opened
) -> None:
    others = ", ".join(f"{number} AS c{number}" for number in range(1200))
    data = parquet(tmp_path, f"SELECT {others}, '张三' AS 姓名, '李四' AS \"姓名 \", '甲' AS 备注, 'A1' AS 证件号码")
    assert values(opened(data, format="parquet")) == {"name": "张三", "note": "甲"}
    other = {"name": {"column": "姓名 "}}
    assert values(opened(data, other, format="parquet")) == {"name": "李四"}


def test_of_a_parquet_file_all_columns_are_surveyed(tmp_path: Path) -> None:
    survey = surveyed(
        tmp_path, parquet(tmp_path, "SELECT 1 AS x, '张三' AS 姓名, 'A1' AS 证件号码, 2 AS y, '甲' AS 备注")
    )
    assert (survey.form().width, survey.form().places) == (5, {"姓名": 1, "备注": 4, "证件号码": 2})
    assert len(survey.form().others) == 2


def surveyed(folder: Path, data: bytes) -> Survey:
    """What is seen of a Parquet file."""
    described = {"folder": "drop", "pattern": "*", "subject_column": "证件号码", "format": "parquet"}
    (folder / "data").write_bytes(data)
    survey = Survey(all_readable)
    with (folder / "data").open("rb") as stream:
        read(stream, parse(described, frozenset({"姓名", "备注"})), folder / "index", None, "people", survey)
    return survey


@pytest.mark.parametrize(
    ("query", "settings", "reason"),
    [
        ("SELECT 'A1' AS 证件号码, '' AS 姓名, '' AS 备注 FROM range(5000)", {"max_rows": 4999}, "rows"),
        ("SELECT 'A1' AS 证件号码, '' AS 姓名, repeat('x', 90000) AS 备注", {"max_file_bytes": 60_000}, "expanded"),
    ],
)
def test_K3_a_parquet_file_that_says_it_is_large_is_not_unpacked(
    tmp_path: Path, opened: Opened, query: str, settings: dict[str, int], reason: str
) -> None:
    problem = refused(opened(parquet(tmp_path, query), format="parquet", **settings))
    assert isinstance(problem, SourceTooLarge)
    assert problem.reason == reason


def test_K3_one_long_text_said_a_million_times_is_not_unpacked(tmp_path: Path, opened: Opened) -> None:
    query = "SELECT 'A1' AS 证件号码, '' AS 姓名, repeat('x', 200000) AS 备注 FROM range(300)"
    data = parquet(tmp_path, query)
    assert len(data) < 1 << 20
    assert refused(opened(data, format="parquet")).reason in {"parquet", "expanded"}


SHORT, LONG = "'A1' AS 证件号码, '甲' || i AS 姓名", "repeat('长', 33000)"
REPEATED = {
    "a value": f"SELECT {SHORT}, {LONG} AS 备注 FROM range(300) AS t(i)",
    "the subject": f"SELECT {LONG} AS 证件号码, '' AS 姓名, '' AS 备注 FROM range(300)",
}


@pytest.mark.parametrize("query", REPEATED.values(), ids=REPEATED)
def test_K3_one_text_said_in_every_row_by_a_dictionary_is_written_out_so_far_and_no_further(
    tmp_path: Path, opened: Opened, query: str
) -> None:
    """19 kB that gave 300 MB of cells, each of them short enough."""
    data = parquet(tmp_path, query)
    assert len(data) < 300_000
    assert written_out(tmp_path, data, "parquet") < 3_000_000
    problem = refused(opened(data, format="parquet", max_file_bytes=1_000_000))
    assert (type(problem), problem.reason) == (SourceTooLarge, "expanded")


def test_K3_keys_of_changes_count_too(tmp_path: Path, opened: Opened) -> None:
    """Rows that say that something is gone are kept by their keys while a file is read."""
    data = parquet(tmp_path, f"SELECT 'A1' AS 证件号码, {LONG} AS 姓名, 'D' AS 备注 FROM range(300)")
    changes = {"key": ["姓名"], "removed": {"column": "备注", "values": ["D"]}}
    problem = refused(opened(data, format="parquet", max_file_bytes=1_000_000, changes=changes))
    assert (type(problem), problem.reason) == (SourceTooLarge, "expanded")


def written_out(folder: Path, data: bytes, form: str) -> int:
    """Bytes of an index that was given up."""
    described = {"folder": "drop", "pattern": "*", "subject_column": "证件号码", "format": form}
    settings = parse({**described, "max_file_bytes": 1_000_000}, frozenset({"姓名", "备注"}))
    file, index = folder / "data", folder / "index"
    file.write_bytes(data)
    with file.open("rb") as stream, pytest.raises(Unusable) as caught:
        read(stream, settings, index, None, "people", Survey(all_readable))
    assert [fault.why for fault in caught.value.report.faults] == ["expanded"]
    return index.stat().st_size


@pytest.mark.parametrize(
    ("settings", "where"),
    [
        ({"format": "csv"}, ()),
        ({"format": "json-lines"}, ()),
        ({"format": "fixed-width", "encoding": "gb18030"}, ()),
        ({"format": "csv", "encoding": "gb18030", "layout": {"unit": "bytes", "columns": COLUMNS}}, ("layout",)),
        ({"format": "parquet", "encoding": "utf-8"}, ("encoding",)),
        ({"format": "parquet", "skip_rows": 1}, ("skip_rows",)),
        ({"format": "json-lines", "encoding": "utf-8", "delimiter": ";"}, ("delimiter",)),
        ({"format": "csv", "encoding": "utf-8", "sheet": "x"}, ("sheet",)),
        ({"format": "csv", "encoding": "latin-1"}, ("encoding",)),
        (
            {"format": "fixed-width", "encoding": "gbk", "layout": {"unit": "bytes", "columns": COLUMNS[:2]}},
            ("layout", "columns"),
        ),
        (
            {
                "format": "fixed-width",
                "encoding": "gbk",
                "layout": {"unit": "bytes", "columns": [*COLUMNS, {"name": "x", "from": 3, "to": 2}]},
            },
            ("layout", "columns", 3),
        ),
    ],
)
def test_what_a_format_has_no_use_for_or_lacks_is_a_finding(settings: dict[str, Any], where: tuple[Any, ...]) -> None:
    described = {"folder": "drop", "pattern": "x", "subject_column": "证件号码", **settings}
    assert [finding.where[2:] for finding in findings(manifest("files", described, {"fields": FIELDS}))] == [where]


def test_an_encoding_is_declared_and_never_guessed(opened: Opened) -> None:
    rows = [("证件号码", "姓名", "备注"), ("A1", "张三", "甲")]
    assert values(opened(csv_bytes(rows, "gbk"), format="csv", encoding="gbk"))["name"] == "张三"
    assert refused(opened(csv_bytes(rows, "gb18030"), format="csv", encoding="utf-8")).reason == "encoding"
    beyond = csv_bytes([rows[0], ("A1", "𠮷", "")], "gb18030")
    assert refused(opened(beyond, format="csv", encoding="gbk")).reason == "encoding"
