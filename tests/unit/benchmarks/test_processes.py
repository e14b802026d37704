"""Programs are stopped whatever happens."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.benchmarks import processes
from tests.benchmarks.processes import NotReady, Processes, Program

STUBBORN = """
import http.server, signal, subprocess, sys
signal.signal(signal.SIGTERM, signal.SIG_DFL)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
open(sys.argv[2], "w").write(str(child.pid))
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), http.server.SimpleHTTPRequestHandler).serve_forever()
"""


def alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def ended(pid: int) -> bool:
    limit = time.monotonic() + 10
    while alive(pid) and time.monotonic() < limit:
        time.sleep(0.02)
    return not alive(pid)


def program(tmp_path: Path) -> tuple[Program, Path]:
    (port,) = processes.free_ports(1)
    note = tmp_path / "child"
    command = [sys.executable, "-c", STUBBORN, str(port), str(note)]
    return Program("stubborn", command, f"http://127.0.0.1:{port}/"), note


def test_an_interrupt_leaves_no_process_and_no_child_behind(tmp_path: Path) -> None:
    wanted, note = program(tmp_path)
    running = Processes(tmp_path / "logs")
    pids: list[int] = []
    with pytest.raises(KeyboardInterrupt):
        interrupted(running, wanted, lambda: pids.extend((running.pid("stubborn"), int(note.read_text()))))
    assert len(pids) == 2
    assert all(ended(pid) for pid in pids)


def interrupted(running: Processes, wanted: Program, note: Callable[[], None]) -> None:
    with running:
        running.start(wanted)
        note()
        raise KeyboardInterrupt


def test_a_program_that_does_not_start_says_what_its_log_ends_with(tmp_path: Path) -> None:
    broken = Program("broken", [sys.executable, "-c", "raise SystemExit('no such thing')"], "http://127.0.0.1:9/")
    with Processes(tmp_path / "logs") as running, pytest.raises(NotReady, match="no such thing"):
        running.start(broken)


def test_free_ports_are_different_ones() -> None:
    assert len(set(processes.free_ports(20))) == 20


def test_sigterm_ends_a_run_as_an_interrupt_does(tmp_path: Path) -> None:
    wanted, note = program(tmp_path)
    script = f"""
import time
from tests.benchmarks.processes import Processes, Program, terminate_as_interrupt
from pathlib import Path
terminate_as_interrupt()
with Processes(Path({str(tmp_path / "logs")!r})) as running:
    running.start(Program("stubborn", {list(wanted.command)!r}, {wanted.ready!r}))
    print("ready", flush=True)
    time.sleep(60)
"""
    root = Path(__file__).parents[3]
    environment = os.environ | {"PYTHONPATH": str(root)}
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
    ) as harness:
        assert harness.stdout is not None
        assert harness.stdout.readline() == b"ready\n"
        harness.send_signal(signal.SIGTERM)
        assert harness.wait(20) != 0
    assert ended(int(note.read_text()))
