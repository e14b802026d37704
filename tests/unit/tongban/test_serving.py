"""`tongban serve`: what stands in the way is said before a worker starts, and a service that dies is no success."""

from __future__ import annotations

import ctypes
import os
import platform
import re
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from kernel import turns
from kernel.ledger.ownership import Ownership
from tests.conftest import ENGINE
from tests.unit.tongban.conftest import Installation, run
from tongban.serving import InShortTurns

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def ports() -> tuple[int, int]:
    """Two free neighbours."""
    for base in range(28000 + os.getpid() % 1000, 32000, 7):
        with socket.socket() as first, socket.socket() as second:
            if first.connect_ex(("127.0.0.1", base)) and second.connect_ex(("127.0.0.1", base + 1)):
                return base, base + 1
    raise RuntimeError("no free ports")


@pytest.fixture(scope="module")
def served(
    make_named_database: Callable[[], str | None], tmp_path_factory: pytest.TempPathFactory, ports: tuple[int, int]
) -> Installation:
    folder, database = tmp_path_factory.mktemp("served"), make_named_database()
    named = ("--database", database) if database else ()
    done = run("init", "--data", folder / "data", "--port-base", ports[0], *named)
    assert done.exit_code == 0, done.output
    return Installation(folder / "data")


@pytest.mark.parametrize("service", ["idp", "exchange", "all"])
def test_a_taken_port_is_one_sentence(served: Installation, ports: tuple[int, int], service: str) -> None:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", ports[1] if service == "exchange" else ports[0]))
        taken.listen()
        done = served("serve", service)
    assert done.exit_code == 2
    assert "the port is taken" in done.output


def test_a_second_server_on_the_same_data_is_one_sentence(embedded: Installation, ports: tuple[int, int]) -> None:
    own = Ownership(embedded.folder / "exchange.sqlite3")
    named = zip(("IDP", "EXCHANGE"), ports, strict=True)
    listening = {f"TONGBAN_{name}__LISTEN": f"127.0.0.1:{port}" for name, port in named}
    try:
        done = embedded("serve", "all", env=listening)
    finally:
        own.release()
    assert done.exit_code == 2
    assert "stop it first" in done.output


def test_an_address_of_another_machine_is_one_sentence(served: Installation, ports: tuple[int, int]) -> None:
    done = served("serve", "idp", env={"TONGBAN_IDP__LISTEN": f"192.0.2.1:{ports[0]}"})
    assert done.exit_code == 2
    assert "no such address" in done.output


def test_one_service_by_itself_says_the_same(served: Installation) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TONGBAN_CONFIG": served.config}
    environment["TONGBAN_IDP__KEY_DIR"] = "/nowhere"
    command = [sys.executable, "-m", "tongban.running", "idp"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "no key ring" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture
def both(served: Installation, ports: tuple[int, int], tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    with (tmp_path / "log").open("wb") as log:
        command = [sys.executable, "-m", "tongban", "serve", "all", "--config", served.config]
        process = subprocess.Popen(command, env=os.environ | {"PYTHONPATH": str(ROOT)}, stdout=log, stderr=log)
    limit = time.monotonic() + 60
    while time.monotonic() < limit and process.poll() is None:
        try:
            if all(requests.get(f"http://127.0.0.1:{port}/healthz", timeout=2).ok for port in ports):
                break
        except requests.RequestException:
            time.sleep(0.1)
    assert process.poll() is None, (tmp_path / "log").read_text(encoding="utf-8")
    yield process
    process.terminate()
    process.wait(30)


def children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]


def test_a_service_that_dies_takes_the_other_along_and_is_no_success(both: subprocess.Popen[bytes]) -> None:
    service = children(both.pid)[0]
    for worker in children(service):
        os.kill(worker, signal.SIGKILL)
    assert both.wait(30) not in (0, None)


@pytest.mark.skipif(not hasattr(os, "SCHED_BATCH"), reason="the policy is one of Linux")
def test_a_thread_that_wakes_up_does_not_interrupt_another(both: subprocess.Popen[bytes]) -> None:
    workers = [worker for service in children(both.pid) for worker in children(service)]
    threads = [int(task.name) for worker in workers for task in Path(f"/proc/{worker}/task").iterdir()]
    assert len(threads) > len(workers) > 1
    policies = Counter(os.sched_getscheduler(thread) for thread in threads)
    writers = len(workers) if ENGINE == "sqlite" else 0  # they wake from the disk, and everybody waits for them
    assert policies == Counter({os.SCHED_BATCH: len(threads) - writers, os.SCHED_OTHER: writers})


def linux() -> tuple[int, int]:
    """The running kernel's version; (0, 0) of another system."""
    found = re.match(r"(\d+)\.(\d+)", platform.release()) if platform.system() == "Linux" else None
    return (int(found[1]), int(found[2])) if found else (0, 0)


def slice_of(thread: int) -> int:
    """Nanoseconds (sched_getattr(2))."""
    told = ctypes.create_string_buffer(turns.SCHED_ATTR.size)
    number = turns.SCHED_SETATTR[platform.machine()] + 1  # the two calls are neighbours on every processor we know
    assert ctypes.CDLL(None).syscall(number, thread, told, len(told), 0) == 0
    return int(turns.SCHED_ATTR.unpack(told.raw)[5])


@pytest.mark.skipif(linux() < (6, 12), reason="a thread has a slice of its own since Linux 6.12")
@pytest.mark.skipif(platform.machine() not in turns.SCHED_SETATTR, reason="the number of the system call is not known")
def test_threads_that_answer_requests_take_short_turns_and_the_network_does_not(
    both: subprocess.Popen[bytes], ports: tuple[int, int]
) -> None:
    for port in ports:
        assert requests.get(f"http://127.0.0.1:{port}/healthz", timeout=10).ok
    for worker in [worker for service in children(both.pid) for worker in children(service)]:
        threads = sorted(int(task.name) for task in Path(f"/proc/{worker}/task").iterdir())
        slices = [slice_of(thread) for thread in threads]
        assert turns.SLICE_NANOSECONDS in slices
        assert slices[0] != turns.SLICE_NANOSECONDS  # the first, whose slice the network's thread inherits


def test_a_system_without_short_turns_serves_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "another")
    app = InShortTurns(lambda _environ, _start_response: [b"served"])
    assert app({}, lambda *_told: lambda _data: None) == [b"served"]
