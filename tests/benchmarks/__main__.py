"""``python -m tests.benchmarks``: the comparisons, then the micro benchmarks; a table and a JSON file."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from tests.benchmarks import beside_sources, hanging, large_file, micro, profiling, replaying, report, sign_in
from tests.benchmarks.cases import CASES, Case
from tests.benchmarks.contender import CheckFailed
from tests.benchmarks.load import LoadFailed
from tests.benchmarks.processes import NotReady, terminate_as_interrupt
from tests.benchmarks.runner import QUICK, Plan, Result
from tests.benchmarks.stages import STAGES, perform

RESULTS = Path(__file__).parent / "results"
OTHERS = {"large_file": large_file.run, "beside_sources": beside_sources.run, "hanging": hanging.run}
"""What runs only when it is asked for, by the word that asks for it."""


def arguments(words: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    names = [case.name for case in CASES]
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two short rounds, marked as such")
    parser.add_argument("--case", action="append", choices=names, help="only this case (may be given several times)")
    parser.add_argument("--rounds", type=int, help="rounds of each side (5)")
    parser.add_argument("--seconds", type=int, help="length of a round (4)")
    parser.add_argument("--connections", type=int, help="concurrent connections (16)")
    parser.add_argument("--no-micro", action="store_true", help="leave micro benchmarks and replay out")
    parser.add_argument("--micro", action="store_true", help="the micro benchmarks alone")
    parser.add_argument("--group", action="append", choices=micro.NAMES, help="these micro benchmarks alone")
    parser.add_argument("--sign-in", action="store_true", help="what sign-in tells a stranger, and does to tokens")
    parser.add_argument("--replay", action="store_true", help="a million logged decisions made again")
    parser.add_argument("--large-file", action="store_true", help="a look-up in ten million rows of a file")
    parser.add_argument("--beside-sources", action="store_true", help="one look-up, plain and governed, in turn")
    parser.add_argument("--hanging", action="store_true", help="a hundred sources of which ten hang")
    parser.add_argument("--profile", choices=names, help="record where one case spends its CPU time")
    parser.add_argument("--compare", type=Path, help="an earlier JSON file: compare ratios")
    parser.add_argument("--output", type=Path, help="where the JSON goes (tests/benchmarks/results)")
    return parser.parse_args(words)


def planned(chosen: argparse.Namespace) -> Plan:
    """The plan the words ask for."""
    given = {name: getattr(chosen, name) for name in ("rounds", "seconds", "connections") if getattr(chosen, name)}
    return replace(QUICK if chosen.quick else Plan(), **given)


def compared(cases: Sequence[Case], plan: Plan) -> tuple[list[Result], dict[str, str]]:
    """Every case, stage by stage, each with fresh data on a real disk."""
    results: list[Result] = []
    versions: dict[str, str] = {}
    for name, stage in STAGES.items():
        wanted = [case for case in cases if case.stage == name]
        if wanted:
            with tempfile.TemporaryDirectory(prefix="tongban-bench-") as folder:
                found, of_peer = perform(stage, wanted, plan, Path(folder), lambda line: print(line, flush=True))
            results += found
            versions |= of_peer
    return results, versions


def run(chosen: argparse.Namespace) -> int:
    """Everything the words ask for; 1 when a round was void."""
    plan = planned(chosen)
    cases = [case for case in CASES if not chosen.case or case.name in chosen.case]
    others = [name for name in OTHERS if getattr(chosen, name)]
    alone = chosen.micro or chosen.group or chosen.sign_in or chosen.replay or others
    results, versions = ([], {}) if alone else compared(cases, plan)
    left_out = chosen.no_micro or chosen.sign_in or chosen.replay or others
    small = [] if left_out else micro.run(plan.quick, chosen.group or micro.NAMES)
    signed_in = sign_in.run(plan.quick) if chosen.sign_in else {}
    replayed = replaying.run(plan.quick) if chosen.replay or not (alone or chosen.no_micro) else {}
    found_besides = {name: OTHERS[name](plan.quick) for name in others}
    about = report.circumstances(["make bench", f"BENCH_ARGS={' '.join(sys.argv[1:])!r}"], plan, RESULTS, versions)
    found = report.document(about, results, small) | ({"sign_in": signed_in} if signed_in else {})
    found |= ({"replay": replayed} if replayed else {}) | found_besides
    if results:
        report.show(results, plan, {name: stage.peer_name for name, stage in STAGES.items()})
    micro.show(small)
    if chosen.compare:
        print(*report.compare(found, json.loads(chosen.compare.read_text(encoding="utf-8"))), sep="\n")
    path = chosen.output or RESULTS / f"{datetime.now(UTC):%Y%m%d-%H%M%S}{'-quick' if plan.quick else ''}.json"
    report.write(found, path)
    print(f"written to {path}")
    return int(any(one.void for result in results for one in (*result.subject, *result.peer)))


def main(words: Sequence[str]) -> int:
    """Run; stop everything whatever happens."""
    terminate_as_interrupt()
    chosen = arguments(words)
    try:
        return profiling.record(chosen.profile, planned(chosen), RESULTS) if chosen.profile else run(chosen)
    except KeyboardInterrupt:
        print("stopped; nothing is left running", file=sys.stderr)
        return 130
    except (CheckFailed, NotReady, LoadFailed) as trouble:
        print(f"{type(trouble).__name__}: {trouble}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
