"""CPU time and memory of a process tree, from a made-up /proc and from the real one."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.benchmarks import meter


def stat(pid: int, parent: int, *, own: tuple[int, int], reaped: tuple[int, int] = (0, 0), name: str = "x") -> str:
    rest = ["S", str(parent), *["0"] * 9, *map(str, (*own, *reaped)), *["0"] * 20]
    return f"{pid} ({name}) {' '.join(rest)}"


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    lines = {
        10: stat(10, 1, own=(100, 50)),
        11: stat(11, 10, own=(20, 10), reaped=(7, 3), name="worker (one) two"),
        12: stat(12, 11, own=(5, 5)),
        20: stat(20, 1, own=(1000, 1000)),
    }
    for pid, line in lines.items():
        (tmp_path / str(pid)).mkdir()
        (tmp_path / str(pid) / "stat").write_text(line)
        (tmp_path / str(pid) / "smaps_rollup").write_text(f"Rss: 9 kB\nPss: {pid} kB\nPss_Anon: 1 kB\n")
    (tmp_path / "cpuinfo").write_text("processor: 0\nmodel name\t: Sample CPU\n")
    return tmp_path


def test_proc_5_a_name_may_hold_spaces_and_parentheses() -> None:
    process = meter.parse_stat(stat(7, 3, own=(150, 50), reaped=(20, 30), name="a) b (c"), ticks=100)
    assert (process.pid, process.parent, process.own, process.reaped) == (7, 3, 2.0, 0.5)


def test_a_tree_counts_descendants_and_children_already_reaped(proc: Path) -> None:
    assert meter.cpu_seconds([10], proc) * meter.TICKS == pytest.approx(200)
    assert meter.cpu_seconds([11], proc) * meter.TICKS == pytest.approx(50)


def test_overlapping_trees_are_counted_once(proc: Path) -> None:
    assert meter.cpu_seconds([10, 11], proc) == meter.cpu_seconds([10], proc)


def test_a_process_that_is_gone_counts_as_nothing(proc: Path) -> None:
    assert meter.cpu_seconds([999], proc) == 0.0
    (proc / "12" / "smaps_rollup").unlink()
    assert meter.pss_bytes([10], proc) == (10 + 11) * 1024


def test_memory_is_the_proportional_set_size_and_nothing_else(proc: Path) -> None:
    assert meter.pss_bytes([10], proc) == (10 + 11 + 12) * 1024
    assert meter.parse_pss("Rss: 5 kB\n") == 0


def test_the_processor_is_named(proc: Path) -> None:
    assert meter.processor_name(proc) == "Sample CPU"


def test_a_child_that_computes_is_charged_to_its_parents_tree() -> None:
    busy = "import time\nwhile time.process_time() < 0.15: pass\nprint('done', flush=True)"
    command = [
        sys.executable,
        "-c",
        f"import subprocess, sys; subprocess.run([sys.executable, '-c', {busy!r}]); input()",
    ]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"done\n"
        limit = time.monotonic() + 10
        while meter.cpu_seconds([parent.pid]) < 0.14 and time.monotonic() < limit:
            time.sleep(0.01)
        assert meter.cpu_seconds([parent.pid]) >= 0.14
        assert meter.cpu_seconds([parent.pid]) <= meter.cpu_seconds([os.getpid()])
        parent.communicate(b"\n")
