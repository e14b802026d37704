"""Try the laws of tests/laws.py at length, and keep the report in ``docs/soak.md``.

With arguments, only those tests run, and their rows of the report are renewed. ``TONGBAN_SOAK=0.1`` rehearses a tenth
of the cases; the report of that goes to ``.build``. A test that counts its cases says so with
``record_property("cases", n)``; those of Hypothesis are counted for it (tests/conftest.py).
"""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from tests.laws import GROUPS, LAWS
from tests.run import temporary_files_in_memory

ROOT = Path(__file__).resolve().parent.parent
REPORT = ROOT / "docs" / "soak.md"
BUILD = ROOT / ".build"
RESULTS, REHEARSED = BUILD / "soak.xml", BUILD / "soak-rehearsed.md"
LONGEST_SECONDS = 4 * 3600
"""Of one test."""


@dataclass(frozen=True, slots=True)
class Run:
    """When tests ran, and on what."""

    at: str
    commit: str


@dataclass(frozen=True, slots=True)
class Row:
    """One law, or another test, as it last ran: all its parts together."""

    test: str
    seconds: float
    passed: bool
    cases: int
    run: Run
    again: tuple[str, ...] = ()
    """How to have failures again."""

    @property
    def shows(self) -> bool:
        """Whether it passed, on as many cases as it takes to say so."""
        return self.passed and (self.test not in LAWS or self.cases >= LAWS[self.test].least)

    def with_part(self, other: Row) -> Row:
        """Both together."""
        return replace(
            self,
            seconds=self.seconds + other.seconds,
            passed=self.passed and other.passed,
            cases=self.cases + other.cases,
            again=self.again + other.again,
        )


Rows = Mapping[str, Row]


def main(arguments: list[str]) -> int:
    """Pytest's exit status, or 1 where a law is not shown; the report is written also when something failed."""
    BUILD.mkdir(exist_ok=True)
    RESULTS.unlink(missing_ok=True)
    share = os.environ.get("TONGBAN_SOAK") or "1"
    into = REPORT if float(share) == 1 else REHEARSED
    kept = told(into.read_text(encoding="utf-8")) if into.exists() else {}
    run, began = Run(f"{datetime.now(UTC):%Y-%m-%d %H:%M}", commit()), time.monotonic()
    with temporary_files_in_memory() as environment:
        command = [sys.executable, *pytest_words(), *(arguments or longest_first(kept))]
        environment = os.environ | {"TONGBAN_SOAK": share} | environment
        status = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
    found = rows(RESULTS, run)
    now = {**kept, **found} if arguments else found
    into.write_text(report(now, None if arguments else time.monotonic() - began), encoding="utf-8")
    print(f"报告 / report: {into.relative_to(ROOT)}")
    return status or int(float(share) == 1 and not all(row.shows for row in found.values()))


def pytest_words() -> list[str]:
    """What pytest is called with, before the tests: it prints a line for each test that begins or ends."""
    workers = os.environ.get("TONGBAN_TEST_WORKERS", "auto")
    return ["-m", "pytest", "-v", "-n", workers, "--timeout", str(LONGEST_SECONDS), *written_to(RESULTS)]


def written_to(results: Path) -> list[str]:
    """Pytest's words for a file of results. xunit1: the newer form has no place for what tests say of themselves."""
    return ["-o", "junit_family=xunit1", f"--junitxml={results}"]


def longest_first(kept: Rows) -> list[str]:
    """All laws' tests, so that no worker begins the longest when the others have nothing left to do."""
    return sorted(LAWS, key=lambda test: -kept[test].seconds if test in kept else -LONGEST_SECONDS)


def commit() -> str:
    """The commit that is tested; with a plus where files are not those of it. The report itself does not count."""
    changed = git("status", "--porcelain", "--untracked-files=no", "--", ".", f":!{REPORT.relative_to(ROOT)}")
    return git("rev-parse", "--short", "HEAD") + ("+" if changed else "")


def git(*words: str) -> str:
    """What git says."""
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def rows(results: Path, run: Run) -> Rows:
    """What pytest wrote down, the parts of each test together; nothing where it did not come so far."""
    found: dict[str, Row] = {}
    cases = ElementTree.parse(results).getroot().iter("testcase") if results.exists() else ()
    for case in cases:
        if case.find("skipped") is None:
            row = row_of(case, run)
            found[row.test] = found[row.test].with_part(row) if row.test in found else row
    return found


def row_of(case: ElementTree.Element, run: Run) -> Row:
    """One part of a test as pytest wrote it: a test that counts nothing is one case."""
    said = {str(each.get("name")): str(each.get("value")) for each in case.iter("property")}
    failed = case.find("failure") is not None or case.find("error") is not None
    again = (said.get("again", f'python -m pytest "{address(case)}"'),) if failed else ()
    name = address(case)
    test = name if name in LAWS else name.partition("[")[0]
    return Row(test, float(case.get("time", 0)), not failed, int(said.get("cases", 0 if failed else 1)), run, again)


def address(case: ElementTree.Element) -> str:
    """The test's address as pytest takes it. Its class, if any, begins with a capital; its file may be a library's."""
    words = str(case.get("classname")).split(".")
    within = [word for word in words if word[:1].isupper()]
    file = "/".join(words[: len(words) - len(within)])
    return "::".join((f"{file}.py", *within, str(case.get("name"))))


_LINE = re.compile(r"\| .* \| `(\S.*)` \| ([\d,]+) \| (\d+) \| ([✓✗]).* \| (.+) \| `(.+)` \|")
_AGAIN = re.compile(r"- `(\S.*)`：`(.+)`")


def told(text: str) -> dict[str, Row]:
    """The rows of a report that was written before."""
    again: dict[str, tuple[str, ...]] = {}
    for test, how in _AGAIN.findall(text):
        again[test] = (*again.get(test, ()), how)
    return {
        test: Row(test, float(seconds), mark == "✓", int(cases.replace(",", "")), Run(at, on), again.get(test, ()))
        for test, cases, seconds, mark, at, on in _LINE.findall(text)
    }


def report(found: Rows, took: float | None) -> str:
    """The page: every law, run or not, and whatever else ran. ``took``: seconds of a run of all of them."""
    others = [row for row in found.values() if row.test not in LAWS]
    tables = [table(f"{group.zh} / {group.en}", [law.test for law in group.laws], found) for group in GROUPS]
    if others:
        tables.append(table("其他 / Others", [row.test for row in others], found))
    return "\n".join([*head(found, took), *failures(found), *(line for lines in tables for line in lines), ""])


def head(found: Rows, took: float | None) -> list[str]:
    """What the page is, how long it took, and of which commits it speaks."""
    commits = Counter(row.run.commit for row in found.values())
    whole = "只跑了一部分 / a part was run again" if took is None else f"全程 / the whole run: {took / 60:.0f} min"
    of = ", ".join(f"`{one}` ({number})" for one, number in commits.most_common())
    mixed = f"**各行出自不同提交 / Mind: rows stem from different commits:** {of}"
    failed = sum(not row.shows for row in found.values()) + len(LAWS.keys() - found.keys())
    return [
        "# 长跑测试 / Long tests",
        "",
        "由 `make soak` 写成；只跑一部分时（`PYTEST_ARGS`），只更新那几行。",
        "Written by `make soak`; a run of some tests (`PYTEST_ARGS`) renews their rows.",
        "",
        f"- {whole} · Python {platform.python_version()}, {os.cpu_count()} cores",
        f"- 定律 / laws: {len(LAWS)} · 计数用例 / counted cases: {sum(row.cases for row in found.values()):,}",
        f"- 未通过或未运行 / failed or not run: {failed}",
        f"- {mixed}" if len(commits) > 1 else f"- 提交 / commit: {of}",
        "",
    ]


def failures(found: Rows) -> list[str]:
    """How to have each failure again."""
    lines = [f"- `{row.test}`：`{how}`" for row in found.values() if not row.passed for how in row.again]
    return ["## 失败，如何重现 / Failures, and how to have them again", "", *lines, ""] if lines else []


def table(title: str, tests: Iterable[str], found: Rows) -> list[str]:
    """One group of the page."""
    return [
        f"## {title}",
        "",
        "| 定律 / law | 测试 / test | 用例 / cases | 秒 / s | | 时间 / when (UTC) | |",
        "|---|---|---:|---:|---|---|---|",
        *(line(test, found.get(test)) for test in tests),
        "",
    ]


def line(test: str, row: Row | None) -> str:
    """One row of the page."""
    law = LAWS.get(test)
    name = f"{law.zh} / {law.en}" if law else ""
    if row is None:
        return f"| {name} | `{test}` | | | 未运行 / not run | | |"
    few = f" 少于 / fewer than {law.least:,}" if law and row.passed and not row.shows else ""
    mark = ("✓" if row.passed else "✗") + few
    return f"| {name} | `{test}` | {row.cases:,} | {row.seconds:.0f} | {mark} | {row.run.at} | `{row.run.commit}` |"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
