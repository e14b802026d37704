"""Attacks on the file connector: out of the folder (K4), bombs (K3), and XML that multiplies or reaches out (K2)."""

from __future__ import annotations

import io
import os
import resource
import socket
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from connectors.errors import SourceGarbled, SourceMisconfigured, SourceProblem, SourceTooLarge
from connectors.registry import findings
from tests.doubles.connectors import manifest, source, values
from tests.doubles.drop_folder import csv_bytes, drop, xlsx_bytes

ROWS = [("id", "name"), ("A1", "张三")]
SECRET = csv_bytes([("id", "name"), ("A1", "not for the register")])
CSV = {"format": "csv", "encoding": "utf-8", "subject_column": "id"}
XLSX = {"format": "xlsx", "subject_column": "id", "pattern": "people.xlsx", "folder": "drop"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    drop(tmp_path / "root" / "drop", "people.csv", csv_bytes(ROWS))
    drop(tmp_path / "outside", "people.csv", SECRET)
    return tmp_path / "root"


def problem(root: Path, **settings: object) -> SourceProblem:
    described = {**CSV, "folder": "drop", "pattern": "people.csv", **settings}
    with pytest.raises(SourceProblem) as caught, source("files", described, ["name"], roots=[root]) as asked:
        values(asked)
    return caught.value


@pytest.mark.parametrize(
    "folder",
    [
        "..",
        "../outside",
        "drop/../../outside",
        "/etc",
        "/",
        "drop/..",
        "\0",
        "drop\0",
        "/proc/self/fd",
        "{root}/../outside",
        "{root}x",
    ],
)
def test_K4_no_folder_outside_the_roots_is_opened(root: Path, folder: str) -> None:
    assert isinstance(problem(root, folder=folder.replace("{root}", str(root))), SourceMisconfigured)


@pytest.mark.parametrize("pattern", ["../outside/people.csv", "/etc/passwd", "a/b", "people.csv\0", "..\\people.csv"])
def test_K4_a_pattern_names_files_and_never_paths(pattern: str) -> None:
    described = manifest(
        "files", {**CSV, "folder": "drop", "pattern": pattern}, {"fields": {"name": {"column": "name"}}}
    )
    assert [finding.where[-1] for finding in findings(described)] == ["pattern"]


def test_K4_a_link_to_a_file_outside_is_not_followed(root: Path) -> None:
    (root / "drop" / "people.csv").unlink()
    (root / "drop" / "people.csv").symlink_to(root.parent / "outside" / "people.csv")
    assert problem(root).reason == "no-file"


@pytest.mark.parametrize("folder", ["linked", "linked/inner", "drop/inner"])
def test_K4_a_link_anywhere_on_the_way_is_not_followed(root: Path, folder: str) -> None:
    (root.parent / "outside" / "inner").mkdir()
    drop(root.parent / "outside" / "inner", "people.csv", SECRET)
    (root / "linked").symlink_to(root.parent / "outside")
    (root / "drop" / "inner").symlink_to(root.parent / "outside" / "inner")
    assert isinstance(problem(root, folder=folder), SourceMisconfigured)


def test_K4_a_folder_exchanged_for_a_link_later_is_not_followed(root: Path) -> None:
    with source("files", {**CSV, "folder": "drop", "pattern": "people.csv"}, ["name"], roots=[root]) as asked:
        assert values(asked) == {"name": "张三"}
        (root / "drop").rename(root / "was")
        (root / "drop").symlink_to(root.parent / "outside")
        with pytest.raises(SourceMisconfigured):
            values(asked)


def pipe(path: Path) -> None:
    os.mkfifo(path)


def listening(path: Path) -> None:
    with tempfile.TemporaryDirectory() as short, socket.socket(socket.AF_UNIX) as server:
        server.bind(f"{short}/s")  # an address has room for 107 characters; the file may then go anywhere
        Path(short, "s").rename(path)


def directory(path: Path) -> None:
    path.mkdir()


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize("make", [pipe, listening, directory, device])
def test_K4_what_is_no_regular_file_is_not_opened(root: Path, make: Callable[[Path], None]) -> None:
    (root / "drop" / "people.csv").unlink()
    make(root / "drop" / "people.csv")
    began = time.monotonic()
    assert problem(root).reason == "no-file"
    assert time.monotonic() - began < 5.0


def test_K4_a_file_exchanged_between_looking_and_opening_is_not_used(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.open

    def exchanged(path: str, flags: int, *rest: object, **named: object) -> int:
        if path == "people.csv":
            (root / "drop" / "people.csv").unlink()
            os.link(root.parent / "outside" / "people.csv", root / "drop" / "people.csv")
        return real(path, flags, *rest, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "open", exchanged)
    assert problem(root).reason == "file-changing"


def archive(parts: dict[str, bytes], base: bytes | None = None) -> bytes:
    """A workbook with some parts replaced or added."""
    old = zipfile.ZipFile(io.BytesIO(base or xlsx_bytes(ROWS)))
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, parts.get(name, old.read(name)))
        for name in parts.keys() - set(old.namelist()):
            new.writestr(name, parts[name])
    return made.getvalue()


SHEET = "xl/worksheets/sheet1.xml"


def sheet_of(rows: bytes, prolog: bytes = b"", dimension: bytes = b"A1:B2") -> bytes:
    space = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    return (
        prolog
        + b"<worksheet "
        + space
        + b'><dimension ref="'
        + dimension
        + b'"/><sheetData>'
        + rows
        + b"</sheetData></worksheet>"
    )


def xlsx_problem(root: Path, data: bytes, **settings: object) -> SourceProblem:
    drop(root / "drop", "people.xlsx", data)
    with (
        pytest.raises(SourceProblem) as caught,
        source("files", {**XLSX, **settings}, ["name"], roots=[root], limits={"deadline_ms": 20_000}) as asked,
    ):
        values(asked)
    return caught.value


def test_K3_a_zip_bomb_is_refused_before_it_is_inflated(root: Path) -> None:
    bomb = archive({"xl/media/big.bin": b"\0" * (300 << 20)})
    assert len(bomb) < 1 << 20
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert isinstance(xlsx_problem(root, bomb), SourceTooLarge)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50 << 10  # KiB


def test_K3_a_bomb_that_lies_about_its_size_is_not_inflated_further_than_it_says(root: Path) -> None:
    sheet = sheet_of(b"<row/>" * 4_000_000)
    honest = archive({SHEET: sheet})
    lying = honest.replace(len(sheet).to_bytes(4, "little"), (1000).to_bytes(4, "little"))
    assert lying != honest
    assert isinstance(xlsx_problem(root, lying), SourceGarbled)


def test_K3_thousands_of_parts_are_refused(root: Path) -> None:
    assert isinstance(
        xlsx_problem(root, archive({f"xl/media/{number}": b"" for number in range(3000)})), SourceTooLarge
    )


@pytest.mark.parametrize(
    "rows",
    [
        b'<row r="1"><c r="XFD1" t="inlineStr"><is><t>id</t></is></c></row>',
        b'<row r="900000000000"><c r="A1" t="inlineStr"><is><t>id</t></is></c></row>',
    ],
)
def test_K3_a_few_bytes_cannot_become_millions_of_cells(root: Path, rows: bytes) -> None:
    began = time.monotonic()
    found = xlsx_problem(root, archive({SHEET: sheet_of(rows, dimension=b"A1:XFD1048576")}), max_rows=1000)
    assert isinstance(found, SourceGarbled | SourceTooLarge)
    assert time.monotonic() - began < 5.0


SHARED = "xl/sharedStrings.xml"
SHARED_TYPE = (
    b'<Override PartName="/xl/sharedStrings.xml" '
    b'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/></Types>'
)


def sharing(texts: list[bytes], rows: list[tuple[int, ...]]) -> bytes:
    """A workbook whose cells are numbers of shared texts (ECMA-376 part 1 §18.4)."""
    space = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    table = b"<sst " + space + b">" + b"".join(b"<si><t>%b</t></si>" % text for text in texts) + b"</sst>"
    cells = b"".join(b"<row>" + b"".join(b'<c t="s"><v>%d</v></c>' % text for text in row) + b"</row>" for row in rows)
    types = zipfile.ZipFile(io.BytesIO(xlsx_bytes(ROWS))).read("[Content_Types].xml")
    types = types.replace(b"</Types>", SHARED_TYPE)
    return archive({SHEET: sheet_of(cells), SHARED: table, "[Content_Types].xml": types})


def test_K3_one_text_that_every_row_shares_is_written_out_so_far_and_no_further(root: Path) -> None:
    data = sharing([b"id", b"name", b"A1", b"x" * 100_000], [(0, 1), *([(2, 3)] * 500)])
    assert len(data) < 10_000
    problem = xlsx_problem(root, data, max_file_bytes=10_000_000)
    assert (type(problem), problem.reason) == (SourceTooLarge, "expanded")
    drop(root / "drop", "people.xlsx", sharing([b"id", b"name", b"A1", b"x" * 100_000], [(0, 1), *([(2, 3)] * 10)]))
    with source("files", XLSX, ["name"], roots=[root], limits={"max_bytes": 4_000_000}) as asked:
        assert values(asked) == {"name": "x" * 100_000}


@pytest.mark.parametrize("claimed", [b"A1", b"A1:A1", b"A1:XFD1048576"])
def test_what_a_workbook_claims_about_its_size_is_not_believed(root: Path, claimed: bytes) -> None:
    cells = [(b"id", b"name"), (b"A1", b"x")]
    rows = b"".join(
        b'<row r="%d">' % at + b"".join(b'<c t="inlineStr"><is><t>%b</t></is></c>' % cell for cell in row) + b"</row>"
        for at, row in enumerate(cells, start=1)
    )
    drop(root / "drop", "people.xlsx", archive({SHEET: sheet_of(rows, dimension=claimed)}))
    with source("files", XLSX, ["name"], roots=[root]) as asked:
        assert values(asked) == {"name": "x"}


LAUGHS = b'<!DOCTYPE x [<!ENTITY a "ha">' + b"".join(
    b'<!ENTITY %c "%b">' % (98 + at, b"&%c;" % (97 + at) * 10) for at in range(9)
) + b"]>"  # fmt: skip


@pytest.mark.parametrize(
    "prolog",
    [
        LAUGHS,
        b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        b'<!DOCTYPE x SYSTEM "http://127.0.0.1:{port}/evil.dtd">',
        b"<!-- " + b"x" * 70_000 + b" --><!DOCTYPE x [<!ENTITY a 'b'>]>",
    ],
    ids=["billion-laughs", "external-entity", "external-dtd", "far-down"],
)
def test_K2_a_workbook_with_a_document_type_is_refused_and_nothing_is_fetched(root: Path, prolog: bytes) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.settimeout(0.05)
        prolog = prolog.replace(b"{port}", str(listener.getsockname()[1]).encode())
        cell = b'<row r="1"><c r="A1" t="inlineStr"><is><t>&a;</t></is></c></row>'
        assert xlsx_problem(root, archive({SHEET: sheet_of(cell, prolog)})).reason == "xml-doctype"
        with pytest.raises(TimeoutError):
            listener.accept()


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_K2_a_document_type_cannot_hide_in_another_encoding(root: Path, encoding: str) -> None:
    data = sheet_of(b"", LAUGHS).decode().encode(encoding)
    assert xlsx_problem(root, archive({SHEET: data})).reason == "xml-encoding"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK\x03\x04",
        b"\xd0\xcf\x11\xe0 an old .xls file",
        xlsx_bytes(ROWS)[:-100],
        archive({SHEET: b"<worksheet"}),
    ],
)
def test_a_broken_workbook_is_garbled(root: Path, data: bytes) -> None:
    assert isinstance(xlsx_problem(root, data), SourceGarbled)


def test_K7_a_pattern_of_many_stars_takes_no_time(root: Path) -> None:
    drop(root / "drop", "a" * 250, csv_bytes(ROWS))
    began = time.monotonic()
    assert problem(root, pattern="*a" * 40 + "b").reason == "no-file"
    assert time.monotonic() - began < 5.0
