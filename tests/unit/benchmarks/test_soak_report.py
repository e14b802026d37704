"""The long tests: every law is in their table; the report says what ran, how much of it, and how to have it again."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from tests.laws import LAWS
from tests.soak import ROOT, Row, Run, report, rows, told, written_to

BEFORE, NOW = Run("2026-11-20 08:00", "abc1234"), Run("2026-11-28 11:00", "def5678+")
FORBIDS, RACES = (
    "tests/property/test_policies_laws.py::test_law[adding_a_forbid_never_permits]",
    "tests/security/test_races.py::test_one_of_eight_processes_wins_each_race",
)
KEPT = Row(FORBIDS, 301.0, True, 1_000_000, BEFORE)
AGAIN = ('TONGBAN_SEED=7 python -m pytest "tests/x.py::test_x[a|b]"', 'python -m pytest "tests/x.py::test_x[c]"')
FAILED = Row("tests/x.py::test_x", 12.0, False, 3, BEFORE, AGAIN)
ROWS = {KEPT.test: KEPT, FAILED.test: FAILED}
ROOMS = ("property", "security", "faults")


def test_what_is_written_is_read_again() -> None:
    assert told(report(ROWS, 60.0)) == ROWS
    assert told(report(ROWS, None)) == ROWS


def test_a_law_has_its_name_in_both_languages_beside_its_test() -> None:
    assert (
        f"| 加一条禁止，绝不因此放行 / Adding a forbid never permits | `{FORBIDS}` | 1,000,000 | 301 | ✓ | "
        "2026-11-20 08:00 | `abc1234` |"
    ) in report(ROWS, 60.0)


def test_a_law_that_did_not_run_or_ran_on_too_little_is_said_to() -> None:
    said = report(ROWS, 60.0)
    assert f"| `{RACES}` | | | 未运行 / not run | | |" in said
    assert f"failed or not run: {len(LAWS)}" in said  # one passed, and one is no law
    little = report({FORBIDS: replace(KEPT, cases=999_999)}, 60.0)
    assert "| 999,999 | 301 | ✓ 少于 / fewer than 1,000,000 |" in little
    assert f"failed or not run: {len(LAWS)}" in little
    assert f"failed or not run: {len(LAWS) - 1}" in report({FORBIDS: KEPT}, 60.0)


def test_rows_of_different_commits_are_said_to_be() -> None:
    assert "- 提交 / commit: `abc1234` (1)" in report({FORBIDS: KEPT}, 60.0)
    mixed = report({FORBIDS: KEPT, RACES: Row(RACES, 1.0, True, 100, NOW)}, None)
    assert "rows stem from different commits:** `abc1234` (1), `def5678+` (1)" in mixed
    assert "a part was run again" in mixed
    assert "the whole run: 47 min" in report({FORBIDS: KEPT}, 47 * 60.0)


def test_a_failure_says_how_to_have_it_again() -> None:
    said = report(ROWS, 60.0)
    assert all(f"- `{FAILED.test}`：`{how}`" in said for how in AGAIN)
    assert "Failures" not in report({FORBIDS: KEPT}, 60.0)


def written_down(test: str, seconds: float, inside: str = "", **properties: object) -> str:
    """As pytest writes one down; parts of the test's name may have marks."""
    file, *inner = test.split("::")
    within = ".".join([file.removesuffix(".py").replace("/", "."), *inner[:-1]])
    said = "".join(f'<property name="{name}" value="{value}" />' for name, value in properties.items())
    about = f'classname="{within}" name="{inner[-1]}" time="{seconds}"'
    return f"<testcase {about}><properties>{said}</properties>{inside}</testcase>"


def test_parts_are_one_row_and_what_was_left_out_is_none(tmp_path: Path) -> None:
    history = "tests/property/test_ledger_history.py::TestHistory::runTest"
    ran = (
        written_down(FORBIDS, 5.5, cases=70),
        written_down(f"{RACES}[0-sqlite]", 2, cases=16),
        written_down(f"{RACES}[0-postgresql]", 3, '<failure message="x">long</failure>', again="so"),
        written_down(history, 1),
        written_down("tests/faults/test_skipped.py::test_it", 1, '<skipped message="no slapd" />'),
    )
    (results := tmp_path / "soak.xml").write_text(f"<testsuites>{''.join(ran)}</testsuites>", encoding="utf-8")
    assert rows(results, NOW) == {
        FORBIDS: Row(FORBIDS, 5.5, True, 70, NOW),
        RACES: Row(RACES, 5.0, False, 16, NOW, ("so",)),
        history: Row(history, 1.0, True, 1, NOW),
    }
    assert rows(tmp_path / "none.xml", NOW) == {}


@pytest.mark.parametrize("law", LAWS)
def test_the_table_names_tests_that_are_there(law: str) -> None:
    file, _, test = law.partition("::")
    text = (ROOT / file).read_text(encoding="utf-8")
    name, _, inner = test.removesuffix("]").partition("[")
    assert f"def {name}(" in text or name == "TestHistory::runTest"
    assert f"def {inner}" in text


def test_no_law_is_forgotten() -> None:
    """Whatever in these rooms is tried on generated or counted cases is in the table."""
    tried = {
        name for room in ROOMS for file in sorted((ROOT / "tests" / room).glob("test_*.py")) for name in laws(file)
    }
    assert tried
    assert tried - {law.partition("[")[0] for law in LAWS} == set()


def laws(file: Path) -> Iterator[str]:
    """Tests that are Hypothesis' or count their cases."""
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            given = any(ast.unparse(each).startswith("given(") for each in node.decorator_list)
            if given or any(each.arg == "record_property" for each in node.args.args):
                yield f"{file.relative_to(ROOT)}::{node.name}"


BROKEN = """
from hypothesis import given, strategies as st
from tests.cases import seeds, sized

@given(st.integers())
def test_of_hypothesis(number):
    assert number == number

@given(st.integers())
def test_that_hypothesis_breaks(number):
    assert number < 1000

def test_that_breaks_at_a_seed(record_property):
    tried = [seed for seed in seeds(sized(3, 1000), 40)]
    record_property("cases", len(tried))
    for seed in seeds(sized(3, 1000), 40):
        assert seed != 47
"""


def test_a_broken_law_is_counted_named_and_breaks_again(tmp_path: Path) -> None:
    """What pytest writes down of laws that hold and laws that do not, by this project's own conftest."""
    (tmp_path / "test_broken.py").write_text(BROKEN, encoding="utf-8")
    found = ran(tmp_path, TONGBAN_SOAK="0.05")
    held, by_hypothesis, by_seed = (
        found[f"test_broken.py::{test}"]
        for test in ("test_of_hypothesis", "test_that_hypothesis_breaks", "test_that_breaks_at_a_seed")
    )
    assert (held.passed, held.cases, held.again) == (True, 500, ())  # a twentieth of what the long run tries
    assert not by_hypothesis.passed
    assert "below @reproduce_failure(" in by_hypothesis.again[0]
    assert (by_seed.passed, by_seed.cases) == (False, 50)
    (how,) = by_seed.again
    assert how == 'TONGBAN_SOAK=0.05 TONGBAN_SEED=47 python -m pytest "test_broken.py::test_that_breaks_at_a_seed"'
    assert ran(tmp_path, TONGBAN_SOAK="0.001", TONGBAN_SEED="47")[by_seed.test].again  # of one seed, it is the first
    assert not ran(tmp_path, TONGBAN_SOAK="0.001", TONGBAN_SEED="48")[by_seed.test].again


def ran(folder: Path, **environment: str) -> Mapping[str, Row]:
    """The rows of a run of one folder's tests."""
    results = folder / "results.xml"
    words = ["-p", "tests.conftest", "-p", "no:cacheprovider", "-c", str(ROOT / "pyproject.toml"), "--rootdir", "."]
    command = [sys.executable, "-m", "pytest", *words, *written_to(results), "test_broken.py"]
    subprocess.run(
        command, cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT)} | environment, capture_output=True, check=False
    )
    return rows(results, NOW)
