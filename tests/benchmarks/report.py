"""What a run leaves behind: a table in the terminal, a JSON file, and the comparison with an earlier one."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.benchmarks import meter
from tests.benchmarks.processes import can_pin
from tests.benchmarks.runner import Plan, Result, Round, Spread

SCHEMA = 1
PACKAGES = ("granian", "flask", "werkzeug", "sqlalchemy", "cryptography", "joserfc", "orjson", "marshmallow", "cedarpy")
COLUMNS = (
    "case", "subject /core", "peer", "peer /core", "ratio min/median/max", "goal", "p50 ms", "p99 ms", "PSS MB",
    "errors", "rps",
)  # fmt: skip


def circumstances(command: Sequence[str], plan: Plan, folder: Path, versions: Mapping[str, str]) -> dict[str, Any]:
    """Everything one has to know to judge the figures; ``load`` as it is when they are written."""
    packages = {name: metadata.version(name) for name in PACKAGES}
    return {
        "schema": SCHEMA,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": " ".join(command),
        "commit": _git("rev-parse", "HEAD"),
        "clean": not _git("status", "--porcelain", "--untracked-files=no"),
        "quick": plan.quick,
        "plan": asdict(plan),
        "pinned": can_pin(),
        "cpu": meter.processor_name(),
        "cores": os.cpu_count(),
        "load": [round(each, 2) for each in os.getloadavg()],
        "kernel": platform.release(),
        "python": f"{platform.python_version()} ({os.path.realpath(sys.executable)}, {platform.python_compiler()})",
        "file_system": _file_system(folder),
        "versions": packages | {"wrk": _wrk_version(), **versions},
    }


def document(about: Mapping[str, Any], results: Sequence[Result], micro: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The JSON: raw figures of every round, and what follows from them."""
    return {**about, "cases": [_case(result) for result in results], "micro": list(micro)}


def _case(result: Result) -> dict[str, Any]:
    case = result.case
    mine, ratio = result.per_core("subject"), result.ratio()
    return {
        "name": case.name,
        "work": case.work,
        "difference": case.difference,
        "goal_per_core": case.goal,
        "verdict": mine.verdict(case.goal) if mine else "void",
        "ratio_goal": case.ratio_goal,
        "ratio_verdict": ratio.verdict(case.ratio_goal) if ratio else "",
        "not_run": result.reason,
        "subject_per_core": _spread(mine),
        "peer_per_core": _spread(result.per_core("peer")),
        "ratio": _spread(ratio),
        "subject": [_round(one) for one in result.subject],
        "peer": [_round(one) for one in result.peer],
    }


def _round(one: Round) -> dict[str, Any]:
    return {**asdict(one.measured), "cpu": one.cpu, "pss": one.pss, "void": one.void, "per_core": one.per_core}


def _spread(spread: Spread | None) -> dict[str, float] | None:
    return asdict(spread) if spread else None


def show(results: Sequence[Result], plan: Plan, peers: Mapping[str, str]) -> None:
    """The table. ``peers`` are names by stage."""
    marks = [] if can_pin() else ["not pinned: server and load share cores"]
    marks += ["QUICK: two short rounds, not for quoting"] if plan.quick else []
    table = Table(*COLUMNS, title="Tongban benchmarks" + "".join(f" ({mark})" for mark in marks))
    for result in results:
        table.add_row(*row(result, peers[result.case.stage]))
    # A file or a pipe gets whole lines: a table cut to 80 columns cannot be read.
    Console(width=None if sys.stdout.isatty() else 190).print(table)
    for result in results:
        if result.reason:
            print(f"{result.case.name}: peer not run: {result.reason}")


def row(result: Result, peer: str) -> list[str]:
    """One line of the table."""
    mine, theirs, ratio = result.per_core("subject"), result.per_core("peer"), result.ratio()
    good = [one for one in result.subject if not one.void]
    last = good[-1] if good else None
    errors = sum(one.measured.errors for one in (*result.subject, *result.peer))
    goals = [f"≥ {result.case.goal:,.0f}/core: {mine.verdict(result.case.goal)}"] if mine and result.case.goal else []
    if ratio and result.case.ratio_goal:
        goals.append(f"≥ {result.case.ratio_goal:g}×: {ratio.verdict(result.case.ratio_goal)}")
    figures = (
        f"{last.measured.p50_ms:.1f}", f"{last.measured.p99_ms:.1f}", f"{last.pss / 1e6:.0f}", f"{last.rps:,.0f}"
    ) if last else ("–",) * 4  # fmt: skip
    ratio_text = f"{ratio.low:.2f} / {ratio.middle:.2f} / {ratio.high:.2f}" if ratio else "–"
    return [
        result.case.name,
        f"{mine.middle:,.0f}" if mine else "void",
        peer,
        f"{theirs.middle:,.0f}" if theirs else ("not run" if result.reason else "void"),
        ratio_text,
        "; ".join(goals) or "–",
        *figures[:3],
        str(errors),
        figures[3],
    ]


def compare(now: Mapping[str, Any], earlier: Mapping[str, Any]) -> list[str]:
    """Lines comparing ratios, never absolute figures: machines and days differ."""
    before = {case["name"]: case["ratio"] for case in earlier["cases"]}
    lines = []
    for case in now["cases"]:
        was, is_ = before.get(case["name"]), case["ratio"]
        if was and is_:
            change = is_["middle"] / was["middle"] - 1
            lines.append(f"{case['name']}: ratio {was['middle']:.2f} → {is_['middle']:.2f} ({change:+.0%})")
    return lines


def write(found: Mapping[str, Any], path: Path) -> None:
    """Whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".tmp.json")
    unfinished.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    unfinished.replace(path)


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], capture_output=True, text=True, check=False, cwd=Path(__file__).parent)
    return done.stdout.strip()


def _file_system(folder: Path) -> str:
    done = subprocess.run(["stat", "-f", "-c", "%T", str(folder)], capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def _wrk_version() -> str:
    if shutil.which("wrk") is None:
        return "not installed"
    done = subprocess.run(["wrk", "-v"], capture_output=True, text=True, check=False)
    return " ".join((done.stdout or done.stderr).split()[1:2])
