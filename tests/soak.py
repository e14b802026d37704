"""Run the long forms of property, fuzz, race and fault tests, and keep the report of the run in ``docs/soak.md``.

A test that counts its cases says so with ``record_property("cases", n)``. With arguments, only those tests run and the
report stays as it is.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REPORT = ROOT / "docs" / "soak.md"
RESULTS = ROOT / ".build" / "soak.xml"
ROOMS = ("tests/property", "tests/faults", "tests/security")
LONGEST_SECONDS = 4 * 3600
"""Of one test."""


@dataclass(frozen=True)
class Row:
    """One test of the run."""

    name: str
    seconds: float
    passed: bool
    cases: int | None


def main(arguments: list[str]) -> int:
    """Pytest's exit status; the report is written also when something failed."""
    RESULTS.parent.mkdir(exist_ok=True)
    began = datetime.now(UTC)
    # xunit1: the newer form has no place for properties, and warns of every test that counts its cases.
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        *("-n", "auto", "--dist", "worksteal"),
        "--timeout",
        str(LONGEST_SECONDS),
        "-o",
        "junit_family=xunit1",
        f"--junitxml={RESULTS}",
    ]
    status = subprocess.run(
        [*command, *(arguments or ROOMS)], cwd=ROOT, env=os.environ | {"TONGBAN_SOAK": "1"}, check=False
    ).returncode
    if not arguments:
        REPORT.write_text(report(list(rows(RESULTS)), began, status), encoding="utf-8")
        print(f"report: {REPORT.relative_to(ROOT)}")
    return status


def rows(results: Path) -> list[Row]:
    """What pytest wrote down, longest first."""
    found = [row_of(case) for case in ElementTree.parse(results).getroot().iter("testcase")]
    return sorted(found, key=lambda row: -row.seconds)


def row_of(case: ElementTree.Element) -> Row:
    """One test as pytest wrote it."""
    counted = [each.get("value") for each in case.iter("property") if each.get("name") == "cases"]
    failed = case.find("failure") is not None or case.find("error") is not None
    name = f"{case.get('classname', '').replace('.', '/')}::{case.get('name')}"
    return Row(name, float(case.get("time", 0)), not failed, int(counted[0] or 0) if counted else None)


def report(found: list[Row], began: datetime, status: int) -> str:
    """The run as a page: what was run, on what, and every test that took a second or counted its cases."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    cases = sum(row.cases or 0 for row in found)
    failed = [row for row in found if not row.passed]
    lines = [
        "# 长跑测试 / Long tests",
        "",
        "`make soak` 的最近一次结果；由该命令生成 / the last run of `make soak`, written by it.",
        "",
        (
            f"- {began:%Y-%m-%d %H:%M} UTC · commit `{commit.stdout.strip()}` · Python {platform.python_version()} · "
            f"{os.cpu_count()} cores"
        ),
        (
            f"- 测试 / tests: {len(found)} · 失败 / failed: {len(failed)} · 退出状态 / exit status: {status} · "
            f"计数用例 / counted cases: {cases:,}"
        ),
        "",
        "| 测试 / test | 用例 / cases | 秒 / s | |",
        "|---|---:|---:|---|",
    ]
    shown = [row for row in found if row.seconds >= 1 or row.cases is not None or not row.passed]
    lines += [f"| `{row.name}` | {counted(row)} | {row.seconds:.0f} | {'✓' if row.passed else '✗'} |" for row in shown]
    return "\n".join([*lines, ""])


def counted(row: Row) -> str:
    """The number of cases, where the test counted them."""
    return f"{row.cases:,}" if row.cases is not None else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
