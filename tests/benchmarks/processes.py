"""Programs of a run: pinned to a core, waited for until ready, and stopped whatever happens."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType

from tests.benchmarks import meter

SERVER_CORE = 0
LOAD_CORE = 1
START_SECONDS = 60.0
STOP_SECONDS = 8.0


class NotReady(Exception):
    """A program did not start; the text says what its log ends with."""


@dataclass(frozen=True)
class Program:
    """One process: command, the address that answers 2xx when it is ready, the core it runs on."""

    name: str
    command: Sequence[str]
    ready: str
    core: int = SERVER_CORE
    environment: Mapping[str, str] = field(default_factory=dict)


def can_pin() -> bool:
    """Whether servers and load can have a core of their own each."""
    return shutil.which("taskset") is not None and {SERVER_CORE, LOAD_CORE} <= os.sched_getaffinity(0)


def pinned(command: Sequence[str], core: int) -> list[str]:
    """The command on one core, or unchanged where that is impossible."""
    return ["taskset", "-c", str(core), *command] if can_pin() else list(command)


def children_cpu() -> float:
    """CPU-seconds of our children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def free_ports(count: int) -> list[int]:
    """Loopback ports that nobody listens on now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


class Processes:
    """Running programs by name. As a context manager, leaves none behind, also after an interrupt."""

    def __init__(self, logs: Path) -> None:
        """``logs`` gets one file a program."""
        self._logs = logs
        self._logs.mkdir(parents=True, exist_ok=True)
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._adopted: dict[str, tuple[int, Callable[[], object]]] = {}

    def __enter__(self) -> Processes:
        """Nothing runs yet."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop everything, the last one first."""
        for name in reversed(list(self._running)):
            self.stop(name)
        for _, stop in self._adopted.values():
            stop()

    def start(self, program: Program) -> None:
        """Start a program and wait until it answers. Raises NotReady."""
        with (self._logs / f"{program.name}.log").open("ab") as log:
            self._running[program.name] = subprocess.Popen(
                pinned(program.command, program.core),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=os.environ | dict(program.environment),
                start_new_session=True,  # a Ctrl-C reaches us alone; we then stop them in order
            )
        self._wait(program)

    def adopt(self, name: str, pid: int, stop: Callable[[], object]) -> None:
        """Count a program that was started otherwise; it is stopped by ``stop``, after everything of ours."""
        if can_pin():
            for member in meter.tree(pid, meter.processes().values()):
                os.sched_setaffinity(member.pid, {SERVER_CORE})
        self._adopted[name] = (pid, stop)

    def pid(self, name: str) -> int:
        """The process id of a running program."""
        return self._adopted[name][0] if name in self._adopted else self._running[name].pid

    def stop(self, name: str) -> None:
        """Ask a program's process group to end, then make sure."""
        process = self._running.pop(name)
        for signal_number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal_number)
            try:
                process.wait(STOP_SECONDS)
                return
            except subprocess.TimeoutExpired:
                continue

    def _wait(self, program: Program) -> None:
        process = self._running[program.name]
        limit = time.monotonic() + START_SECONDS
        while time.monotonic() < limit and process.poll() is None:
            if answers(program.ready):
                return
            time.sleep(0.05)
        log = (self._logs / f"{program.name}.log").read_text(encoding="utf-8", errors="replace")
        raise NotReady(f"{program.name} did not answer on {program.ready}: …{log[-600:]}")


def answers(url: str) -> bool:
    """Whether an address of ours answers 2xx."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return 200 <= int(answer.status) < 300
    except (urllib.error.URLError, OSError, ValueError):
        return False


def terminate_as_interrupt() -> None:
    """SIGTERM ends a run as Ctrl-C does: through the context managers, so that everything is stopped."""

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
