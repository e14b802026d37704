"""Attacks on whoever reads Parquet files: pages and footers that lie, bombs (K3), files that end the reader (K6)."""

from __future__ import annotations

import errno
import gzip
import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from connectors.adapters import all_readable
from connectors.errors import SourceGarbled, SourceProblem, SourceTooLarge, SourceUnavailable
from connectors.files import parquet_file
from connectors.files.form import Survey
from connectors.files.settings import FileSettings, parse
from connectors.files.workroom import read_state
from connectors.kit.measuring import memory_taken
from connectors.parquet import pages
from connectors.registry import build
from connectors.source import Source
from kernel.clock import SystemClock
from tests.doubles.connectors import manifest, retrieve
from tests.doubles.drop_folder import drop
from tests.doubles.parquet_bytes import (
    BOMBS,
    BY_DICTIONARY,
    DATA,
    DICTIONARY,
    I32,
    I64,
    INDEX,
    LIST,
    STRUCT,
    Column,
    Page,
    bomb,
    fields,
    parquet,
    plain,
    text,
    varint,
)

MOST = 2_000_000
"""Bytes that a file may have here once it is unpacked."""
LARGE, HUGE = 40 << 20, 2**31 - 1
HELD = 8 << 20
"""Bytes that the process which answers may hold of any of these files."""
A1, NAME = plain("id", "A1"), plain("name", "张三")
EXPANDED, GARBLED = (SourceTooLarge, "expanded"), (SourceGarbled, "parquet")


def page(**lies: Any) -> Column:
    """A column of one page that lies."""
    body = text("张三")
    given = {"body": body, "unpacked": len(body), **lies}
    return Column("name", [Page(**given)], unpacked=len(body), values=1)


def stuffed(*said: tuple[int, int, Any]) -> Column:
    """A column of a page whose header says more than once what it says."""
    return page(more=said)


def nested(depth: int) -> list[Any]:
    """A struct in a struct, and so on."""
    return [(1, STRUCT, nested(depth - 1))] if depth else []


def listed(depth: int) -> tuple[int, list[Any]]:
    """A list in a list, and so on."""
    return (LIST, [listed(depth - 1)] if depth else [])


ENTRY = text("长" * 30_000)
DICTIONARIES = Column(
    "name",
    [
        *[Page(gzip.compress(ENTRY), len(ENTRY), kind=DICTIONARY)] * 30,
        Page(gzip.compress(b"\x01\x02\x00"), 3, encoding=BY_DICTIONARY),
    ],
    codec=2,
    unpacked=3,
    dictionary=True,
)
HIDDEN = Page(text("张三"), HUGE).written()
LIES: Mapping[str, tuple[bytes, tuple[type[SourceProblem], str]]] = {
    **{f"a {name} bomb": (parquet([A1, bomb("name", name, LARGE)]), EXPANDED) for name in BOMBS},
    **{
        f"a {name} bomb of which the footer says little": (
            parquet([A1, replace(bomb("name", name, LARGE), unpacked=100)]),
            EXPANDED,
        )
        for name in BOMBS
    },
    **{
        f"a {name} bomb of which the page says little, too": (parquet([A1, bomb("name", name, LARGE, 100)]), GARBLED)
        for name in BOMBS
    },
    **{
        f"a {name} bomb in a column that nobody reads": (
            parquet([A1, NAME, replace(bomb("other", name, LARGE), unpacked=100)]),
            EXPANDED,
        )
        for name in BOMBS
    },
    "a page says that it is huge": (parquet([A1, page(unpacked=HUGE)]), EXPANDED),
    "a page says that it is huge as it lies there": (parquet([A1, page(packed=HUGE)]), GARBLED),
    "the footer says that it is huge": (parquet([A1, replace(NAME, unpacked=2**62)]), EXPANDED),
    "many say that they are large": (parquet([A1, *[replace(NAME, unpacked=MOST // 2)] * 3]), EXPANDED),
    "a page of a negative size": (parquet([A1, page(unpacked=-1)]), GARBLED),
    "a page of a negative size as it lies there": (parquet([A1, page(packed=-9)]), GARBLED),
    "a page of negative values": (parquet([A1, page(values=-1)]), GARBLED),
    "the footer has a negative size": (parquet([A1, replace(NAME, unpacked=-1)]), GARBLED),
    "the footer has a negative size that makes up for another": (
        parquet([A1, replace(NAME, unpacked=-(2**62)), Column("other", None, unpacked=2**62, values=1)]),
        GARBLED,
    ),
    "pages before the file": (parquet([A1, replace(NAME, begins=-5)]), GARBLED),
    "pages behind the file": (parquet([A1, replace(NAME, begins=2**40)]), GARBLED),
    "pages where there are none": (parquet([A1, replace(NAME, begins=0)]), GARBLED),
    "large dictionaries, one after the other": (parquet([A1, DICTIONARIES]), EXPANDED),
    "pages of an unknown kind, in which others hide": (
        parquet([A1, Column("name", [Page(HIDDEN, 5, kind=INDEX)], values=1)]),
        GARBLED,
    ),
    "pages of an unknown kind, by a field of no number": (
        parquet([A1, Column("name", [Page(HIDDEN, 5, kind=INDEX, more=((0, STRUCT, [(1, I32, 1)]),))], values=1)]),
        GARBLED,
    ),
    "the same pages for many columns": (
        parquet([A1, bomb("name", "gzip", 40_000), *[Column(f"c{at}", None, 2, 1, 1) for at in range(60)]]),
        EXPANDED,
    ),
    "a size said again, as a number of another type": (parquet([A1, stuffed((2, I32, HUGE), (2, I64, 10))]), EXPANDED),
    "a size of more bits than it has": (parquet([A1, stuffed((2, I32, 2**40 + HUGE))]), EXPANDED),
    "a size said again, under a number of more bits": (
        parquet([A1, stuffed((2, I32, HUGE), (0x8002, I32, 10))]),
        GARBLED,
    ),
    "more values than there are pages": (parquet([A1, NAME], rows=5), GARBLED),
    "more rows than are allowed": (parquet([A1, NAME], rows=10**12), (SourceTooLarge, "rows")),
    "more rows than it says": (parquet([A1, NAME], rows=10**12, rows_in_all=1), GARBLED),
    "a header without end": (parquet([A1, page(more=[(9, STRUCT, [(1, 8, b"x" * 1_500_000)])])]), GARBLED),
    "a header of headers": (parquet([A1, page(more=[(9, STRUCT, nested(50))])]), GARBLED),
    "a header of lists": (parquet([A1, page(more=[(9, LIST, listed(50))])]), GARBLED),
}


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[..., Source]]:
    sources: list[Source] = []

    def make(data: bytes, **settings: Any) -> Source:
        drop(tmp_path / "drop", f"people-{len(sources)}.parquet", data)
        given = {"folder": "drop", "pattern": "*.parquet", "subject_column": "id", "format": "parquet", **settings}
        described = {"newest_by": "name", "max_file_bytes": MOST, **given}
        made = manifest("files", described, {"fields": {"name": {"column": "name"}}})
        made["spec"]["limits"] = {"deadline_ms": 20_000, "failures": 1000}
        asked = build(made, secrets={}.__getitem__, roots=[tmp_path], clock=SystemClock(), cache=tmp_path / "cache")
        sources.append(asked)
        return asked

    yield make
    for each in sources:
        each.close()


def values(asked: Source, value: str = "A1") -> Mapping[str, Any]:
    return retrieve(asked, value, deadline=20.0).values


def refused(asked: Source) -> tuple[type[SourceProblem], str]:
    with pytest.raises(SourceProblem) as caught:
        values(asked)
    return type(caught.value), caught.value.reason


def test_a_file_made_here_is_read(opened: Callable[..., Source]) -> None:
    assert values(opened(parquet([A1, NAME]))) == {"name": "张三"}


@pytest.mark.parametrize("codec", BOMBS)
def test_what_is_compressed_honestly_is_read(opened: Callable[..., Source], codec: str) -> None:
    assert values(opened(parquet([A1, bomb("name", codec, 50_004)]))) == {"name": "x" * 50_000}


@pytest.mark.parametrize("lie", LIES)
def test_K3_a_file_that_lies_is_refused_and_the_process_that_answers_holds_nothing_of_it(
    opened: Callable[..., Source], lie: str
) -> None:
    data, expected = LIES[lie]
    asked = opened(data)
    with memory_taken() as taken:
        assert refused(asked) == expected
    assert taken.bytes < HELD


def test_K3_a_bomb_lies_in_quarantine_with_a_report_and_the_last_good_file_answers(
    opened: Callable[..., Source], tmp_path: Path
) -> None:
    assert values(opened(parquet([A1, NAME]))) == {"name": "张三"}
    asked = opened(parquet([A1, bomb("name", "zstd", LARGE)]))
    assert values(asked) == {"name": "张三"}
    folder = tmp_path / "cache" / "people"
    ends = time.monotonic() + 20
    while not (state := read_state(folder)) or not state.quarantined:  # the last good file answers meanwhile
        assert time.monotonic() < ends
        time.sleep(0.02)
    (note,) = state.quarantined
    assert (note.stamp.name, note.reason) == ("people-1.parquet", "source.too-large expanded")
    report = (folder / "reports" / note.report).read_text("utf-8")
    assert "解压并逐行写出后超过大小上限" in report
    assert "larger than allowed once it is unpacked" in report
    assert values(asked) == {"name": "张三"}


def test_pages_of_one_value_each_are_read(opened: Callable[..., Source]) -> None:
    """Twenty thousand pages, as a writer makes them that has little memory."""
    ids = [Page(body := text(f"A{at}"), len(body)) for at in range(20_000)]
    names = [Page(body := text("张三"), len(body))] * 20_000
    assert values(opened(parquet([Column("id", ids), Column("name", names)], rows=20_000)), "A19999") == {
        "name": "张三"
    }


def test_K3_pages_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages without values, of which no sum of sizes ever tells."""
    monkeypatch.setattr(pages, "MOST_PAGES", 1000)
    (tmp_path / "pages").write_bytes(Page(b"", 0, 0).written() * 1002)
    with (tmp_path / "pages").open("rb") as file, pytest.raises(pages.TooMuch, match="pages"):
        pages.check(file.fileno(), [pages.Chunk(0, 1, 0)], MOST)


@pytest.mark.parametrize("said", [[(2, I32, HUGE), (2, I64, 10)], [(2, I32, HUGE), (9, 8, b"")]])
def test_K3_a_header_is_read_as_a_reader_reads_it(tmp_path: Path, said: list[tuple[int, int, Any]]) -> None:
    """Not only the cage says that the page is too large."""
    (tmp_path / "pages").write_bytes(page(more=said).pages[0].written())  # type: ignore[index]
    with (tmp_path / "pages").open("rb") as file, pytest.raises(pages.TooMuch, match="expanded"):
        pages.check(file.fileno(), [pages.Chunk(0, 1, 0)], MOST)


SIZED = [(1, I32, DATA), (2, I32, 10), (3, I32, 0), (5, STRUCT, [(1, I32, 1)])]
BEHIND_THE_LAST = bytes([15 << 4 | I32, 0]) * 2184 + bytes([11 << 4 | I32]) + varint(2 * HUGE) + b"\0"
"""Fields that count on from the greatest number, 0x7FFF, to 0x10002, which is 2 in sixteen bits."""


@pytest.mark.parametrize(
    "header",
    [
        fields([(2, I32, HUGE), *SIZED[:1], *SIZED[2:], (0x8002, I32, 10)]),
        fields([*SIZED, (0x7FFF, I32, 0)])[:-1] + BEHIND_THE_LAST,
        fields([(1, I32, INDEX), (2, I32, 10), (3, I32, 0), (0, STRUCT, [(1, I32, 1)])]),
    ],
    ids=["of more bits", "counted on", "none"],
)
def test_K3_fields_have_numbers_that_a_reader_takes_for_no_other_ones(tmp_path: Path, header: bytes) -> None:
    """A reader keeps sixteen bits of a number: what is another field to it must not be the size to us, or not be it."""
    (tmp_path / "pages").write_bytes(header)
    with (tmp_path / "pages").open("rb") as file, pytest.raises(pages.Malformed):
        pages.check(file.fileno(), [pages.Chunk(0, 1, 0)], MOST)


def test_K3_a_page_that_is_allowed_but_has_no_room_in_the_cage_is_refused(opened: Callable[..., Source]) -> None:
    assert refused(opened(parquet([A1, page(unpacked=HUGE)]), max_file_bytes=2**33)) == EXPANDED


@hypothesis.settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.binary(max_size=200), said=st.lists(st.tuples(st.integers(0, 12), st.sampled_from([I32, I64])), max_size=4)
)
def test_K3_whatever_stands_in_the_place_of_pages_is_looked_through_or_malformed(
    tmp_path: Path, data: bytes, said: list[tuple[int, int]]
) -> None:
    start = fields([(number, kind, 1) for number, kind in said])[:-1]
    (tmp_path / "pages").write_bytes(start + data)
    with (tmp_path / "pages").open("rb") as file, suppress(pages.Malformed, pages.TooMuch):
        pages.check(file.fileno(), [pages.Chunk(0, 9, 0)], MOST)


def settings() -> FileSettings:
    described = {"folder": "drop", "pattern": "*", "subject_column": "id", "format": "parquet"}
    return parse(described, frozenset({"name"}))


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """Every process that was started to read a file."""
    processes: list[subprocess.Popen[bytes]] = []

    class Noted(subprocess.Popen[bytes]):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            processes.append(self)

    monkeypatch.setattr(subprocess, "Popen", Noted)
    return processes


def test_K6_a_reader_is_gone_with_whoever_wanted_the_rows(
    tmp_path: Path, started: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And it never had what this process was started with."""
    monkeypatch.setenv("TONGBAN_DATABASE_PASSWORD", "secret")
    many = 5000
    column = Page(b"".join(text(f"{at:06d}" + "x" * 90) for at in range(many)), many * 100, many)
    (tmp_path / "file").write_bytes(parquet([Column("id", [column]), Column("name", [column])], rows=many))
    with (tmp_path / "file").open("rb") as file:
        with closing(parquet_file.rows(file, settings(), Survey(all_readable))) as rows:
            assert [next(rows), len(next(rows))] == [["id", "name"], 2]
            (process,) = started
            assert process.poll() is None
            environment = Path(f"/proc/{process.pid}/environ").read_bytes()
            nice = os.getpriority(os.PRIO_PROCESS, process.pid)
            goes_first = Path(f"/proc/{process.pid}/oom_score_adj").read_text("ascii")
        assert process.returncode is not None
    assert environment.startswith(b"PYTHONPATH=")
    assert environment.count(b"\0") == 1
    assert goes_first == "1000\n"
    assert nice == min(19, os.getpriority(os.PRIO_PROCESS, 0) + 5)


@pytest.mark.parametrize("sent", [signal.SIGSEGV, signal.SIGABRT, signal.SIGPROF, None], ids=str)
def test_K6_a_file_that_ends_its_reader_is_refused_like_any_broken_one(
    opened: Callable[..., Source], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, sent: signal.Signals | None
) -> None:
    instead(monkeypatch, tmp_path, ending(sent))
    assert refused(opened(parquet([A1, NAME]))) == GARBLED


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGKILL])
def test_K6_a_reader_that_is_ended_from_outside_says_nothing_about_its_file(
    opened: Callable[..., Source], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, sent: signal.Signals
) -> None:
    with monkeypatch.context() as patched:
        instead(patched, tmp_path, ending(sent))
        asked = opened(parquet([A1, NAME]))
        assert refused(asked) == (SourceUnavailable, "reader")
    assert values(opened(parquet([A1, NAME]))) == {"name": "张三"}
    assert not list((tmp_path / "cache" / "people" / "reports").iterdir())


@pytest.mark.parametrize("script", ["exit 1", "exit 127"])
def test_K6_a_reader_that_cannot_begin_says_nothing_about_its_file(
    opened: Callable[..., Source], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str
) -> None:
    with monkeypatch.context() as patched:
        instead(patched, tmp_path, script)
        asked = opened(parquet([A1, NAME]))
        assert refused(asked) == (SourceUnavailable, "reader")
    assert eventually(asked) == {"name": "张三"}


def test_K6_a_machine_that_can_start_no_process_says_nothing_about_the_file(
    opened: Callable[..., Source], monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*_: Any, **__: Any) -> None:
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    with monkeypatch.context() as patched:
        patched.setattr(subprocess, "Popen", none)
        asked = opened(parquet([A1, NAME]))
        assert refused(asked) == (SourceUnavailable, "reader")
    assert eventually(asked) == {"name": "张三"}


def test_K6_a_disk_that_fails_says_nothing_about_the_file() -> None:
    class Failing(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError(errno.EIO, "Input/output error")

    with pytest.raises(OSError, match="Input/output error"):
        next(parquet_file.rows(Failing(), settings(), Survey(all_readable)))


def eventually(asked: Source) -> Mapping[str, Any]:
    """The values, once the file has been read again."""
    ends = time.monotonic() + 20
    while True:
        try:
            return values(asked)
        except SourceUnavailable:
            assert time.monotonic() < ends
            time.sleep(0.05)


COLUMNS = '[["id","VARCHAR"],["name","VARCHAR"]]'


def instead(monkeypatch: pytest.MonkeyPatch, folder: Path, script: str) -> None:
    """Another program in place of the reader."""
    program = folder / "reader"
    program.write_text(f"#!/bin/sh\ncat > /dev/null\n{script}\n")
    program.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(program))


def ending(sent: signal.Signals | None) -> str:
    """A script that says a word, then ends by a signal, or without one."""
    return f"echo '{COLUMNS}'\n" + ("exit 1" if sent is None else f"kill -{sent.value} $$")


@pytest.mark.parametrize(
    "said",
    ["[]", "{}", "[1]", '{"end": 1}', "x", "", '[["id","VARCHAR"],["name","VARCHAR"]]\n[{"day": "never"}, 1]'],
)
def test_what_the_reader_says_is_not_believed_either(
    opened: Callable[..., Source], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, said: str
) -> None:
    instead(monkeypatch, tmp_path, f"cat <<'END'\n{said}\nEND")
    kind, reason = refused(opened(parquet([A1, NAME])))
    assert (kind, reason) in {GARBLED, (SourceGarbled, "columns-missing"), (SourceTooLarge, "1")}


def test_K6_a_line_without_end_is_not_held(
    opened: Callable[..., Source], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "reader"
    program.write_text(
        '#!/bin/sh\ncat > /dev/null\necho \'[["id","V"],["name","V"]]\'\nexec yes \'[\' | tr -d \'\\n\'\n'
    )
    program.chmod(0o700)
    monkeypatch.setattr(parquet_file.sys, "executable", str(program))
    began = time.monotonic()
    with memory_taken() as taken:
        assert refused(opened(parquet([A1, NAME]))) == GARBLED
    assert taken.bytes < HELD
    assert time.monotonic() - began < 10
