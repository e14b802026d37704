"""Run the long forms of property, fuzz, race and fault tests, and keep their report in ``docs/soak.md``.

A test that counts its cases says so with ``record_property("cases", n)``. With arguments, only those tests run, and
their rows of the report are renewed; each row says when it was last run, and on which commit.
"""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REPORT = ROOT / "docs" / "soak.md"
RESULTS = ROOT / ".build" / "soak.xml"
ROOMS = ("tests/property", "tests/faults", "tests/security")
LONGEST_SECONDS = 4 * 3600
"""Of one test."""


@dataclass(frozen=True, slots=True)
class Run:
    """When tests ran, and on what."""

    at: str
    commit: str


@dataclass(frozen=True, slots=True)
class Row:
    """One test as it last ran."""

    name: str
    seconds: float
    passed: bool
    cases: int | None
    run: Run


def main(arguments: list[str]) -> int:
    """Pytest's exit status; the report is written also when something failed."""
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.unlink(missing_ok=True)
    run = Run(f"{datetime.now(UTC):%Y-%m-%d %H:%M}", commit())
    # xunit1: the newer form has no place for properties, and warns of every test that counts its cases.
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        *("-n", os.environ.get("TONGBAN_TEST_WORKERS", "auto"), "--dist", "worksteal"),
        "--timeout",
        str(LONGEST_SECONDS),
        "-o",
        "junit_family=xunit1",
        f"--junitxml={RESULTS}",
    ]
    status = subprocess.run(
        [*command, *(arguments or ROOMS)], cwd=ROOT, env=os.environ | {"TONGBAN_SOAK": "1"}, check=False
    ).returncode
    kept = told(REPORT.read_text(encoding="utf-8")) if arguments and REPORT.exists() else []
    REPORT.write_text(report(renewed(kept, rows(RESULTS, run))), encoding="utf-8")
    print(f"report: {REPORT.relative_to(ROOT)}")
    return status


def commit() -> str:
    """The commit that is tested."""
    said = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True)
    return said.stdout.strip()


def rows(results: Path, run: Run) -> list[Row]:
    """What pytest wrote down; nothing where it did not come so far."""
    if not results.exists():
        return []
    return [row_of(case, run) for case in ElementTree.parse(results).getroot().iter("testcase")]


def row_of(case: ElementTree.Element, run: Run) -> Row:
    """One test as pytest wrote it."""
    counted = [each.get("value") for each in case.iter("property") if each.get("name") == "cases"]
    failed = case.find("failure") is not None or case.find("error") is not None
    name = f"{case.get('classname', '').replace('.', '/')}::{case.get('name')}"
    return Row(name, float(case.get("time", 0)), not failed, int(counted[0] or 0) if counted else None, run)


def renewed(kept: Iterable[Row], found: Iterable[Row]) -> list[Row]:
    """The rows of the report, longest first: what ran now stands for what ran before."""
    by_name = {row.name: row for row in (*kept, *found)}
    return sorted(by_name.values(), key=lambda row: (-row.seconds, row.name))


_LINE = re.compile(r"\| `(.+)` \| ([\d,]*) \| (\d+) \| ([✓✗]) \| (.+) \| `(.+)` \|")


def told(text: str) -> list[Row]:
    """The rows of a report that was written before."""
    return [
        Row(name, float(seconds), mark == "✓", int(cases.replace(",", "")) if cases else None, Run(at, on))
        for name, cases, seconds, mark, at, on in _LINE.findall(text)
    ]


def report(found: list[Row]) -> str:
    """A page with every test that took a second, counted its cases, or failed."""
    cases = sum(row.cases or 0 for row in found)
    failed = sum(not row.passed for row in found)
    lines = [
        "# 长跑测试 / Long tests",
        "",
        "由 `make soak` 写成；只跑一部分时（`PYTEST_ARGS`），只更新那几行。",
        "Written by `make soak`; a run of some tests (`PYTEST_ARGS`) renews their rows.",
        "",
        (
            f"最近一次 / newest run: Python {platform.python_version()}, {os.cpu_count()} cores · "
            f"计数用例 / counted cases: {cases:,} · 失败 / failed: {failed}"
        ),
        "",
        "| 测试 / test | 用例 / cases | 秒 / s | | 时间 / when (UTC) | |",
        "|---|---:|---:|---|---|---|",
    ]
    shown = [row for row in found if row.seconds >= 1 or row.cases is not None or not row.passed]
    return "\n".join([*lines, *map(line, shown), ""])


def line(row: Row) -> str:
    """One row of the page."""
    counted = f"{row.cases:,}" if row.cases is not None else ""
    mark = "✓" if row.passed else "✗"
    return f"| `{row.name}` | {counted} | {row.seconds:.0f} | {mark} | {row.run.at} | `{row.run.commit}` |"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
