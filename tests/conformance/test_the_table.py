"""docs/conformance.md tells the truth: every module is a test that exists, or has a reason why it does not apply."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| `?(?P<module>[^|]+?)`? \| (?P<answer>.+) \|$", re.MULTILINE)
TEST = re.compile(r"`(?P<file>[\w/.]+\.py)::(?P<test>\w+)`")
ROWS = [
    (found["module"], found["answer"])
    for found in ROW.finditer((ROOT / "docs/conformance.md").read_text(encoding="utf-8"))
    if found["module"] != "module"
]


def test_there_are_rows() -> None:
    assert len(ROWS) > 90


@pytest.mark.parametrize(("module", "answer"), ROWS, ids=[str(number) for number in range(len(ROWS))])
def test_every_module_has_a_test_or_a_reason(module: str, answer: str) -> None:
    named = TEST.search(answer)
    if named is None:
        assert answer.startswith("does not apply, because "), module
        return
    path = ROOT / named["file"] if "/" in named["file"] else ROOT / "tests/conformance" / named["file"]
    assert re.search(rf"^def {named['test']}\(", path.read_text(encoding="utf-8"), re.MULTILINE), answer
