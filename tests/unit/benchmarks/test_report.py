"""The JSON and the table."""

import json
from pathlib import Path

import pytest

from tests.benchmarks import report
from tests.benchmarks.cases import CASES, Case
from tests.benchmarks.load import Measured
from tests.benchmarks.runner import QUICK, Result, Round

CASE = Case("sample", "identity", "work", "none", goal=1000)
ROUNDS = tuple(Round(Measured(1000, 1.0, 1.5, 2.5, 0, 0, 0, 0, 0, 0, 0), cpu, 50_000_000, "") for cpu in (0.9, 1.1))
ABOUT = {"schema", "time", "command", "commit", "clean", "quick", "plan", "pinned", "cpu", "cores", "kernel", "python",
         "file_system", "versions", "load"}  # fmt: skip


def document(result: Result) -> dict:
    about = report.circumstances(["make bench"], QUICK, Path("/"), {"oidc-provider": "9"})
    return report.document(about, [result], [{"name": "x"}])


def test_the_json_tells_circumstances_raw_rounds_and_ratios() -> None:
    found = json.loads(json.dumps(document(Result(CASE, ROUNDS, ROUNDS))))
    assert set(found) == ABOUT | {"cases", "micro"}
    (case,) = found["cases"]
    assert case["ratio"] == {"low": 1.0, "middle": 1.0, "high": 1.0}
    assert case["verdict"] == "undecided"
    assert [one["requests"] for one in case["subject"]] == [1000, 1000]
    assert found["versions"]["oidc-provider"] == "9"


def test_where_there_is_no_load_generator_its_version_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report.shutil, "which", lambda _name: None)
    assert document(Result(CASE, ROUNDS, ROUNDS))["versions"]["wrk"] == "not installed"


def test_a_missing_peer_is_named_in_json_and_table() -> None:
    missing = Result(CASE, ROUNDS, (), "npm is not installed: sudo apt-get install npm")
    assert "apt-get" in document(missing)["cases"][0]["not_run"]
    assert report.row(missing, "peer")[3] == "not run"
    assert "undecided" in report.row(missing, "peer")[5]


def test_a_void_round_shows_its_errors() -> None:
    wrong = Round(Measured(10, 1.0, 1.0, 1.0, 4, 0, 0, 0, 0, 0, 0), 1.0, 0, "status 4")
    line = report.row(Result(CASE, (wrong,), (wrong,)), "peer")
    assert line[1] == "void"
    assert line[9] == "8"


def test_comparisons_are_of_ratios() -> None:
    now = document(Result(CASE, ROUNDS, ROUNDS))
    earlier = {
        "cases": [{"name": "sample", "ratio": {"low": 1, "middle": 2.0, "high": 3}}, {"name": "gone", "ratio": None}]
    }
    assert report.compare(now, earlier) == ["sample: ratio 2.00 → 1.00 (-50%)"]


def test_a_result_is_written_whole(tmp_path: Path) -> None:
    path = tmp_path / "results" / "one.json"
    report.write({"schema": 1}, path)
    assert json.loads(path.read_text()) == {"schema": 1}
    assert [each.name for each in path.parent.iterdir()] == ["one.json"]


def test_every_case_has_a_row_of_its_own_name() -> None:
    assert len({case.name for case in CASES}) == len(CASES)
