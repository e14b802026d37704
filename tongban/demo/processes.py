"""The processes of the demonstration: started on loopback, waited for, and stopped whatever happens."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

import requests

START_SECONDS = 60.0
STOP_SECONDS = 8.0


class DemoFailed(Exception):
    """The demonstration cannot go on; the text says what to do."""


class NotStarted(DemoFailed):
    """A program did not start; its log, which the text names, says why."""


@dataclass(frozen=True)
class Program:
    """One process: its name, command, the port it answers on and the path that says it is ready.

    ``also`` are the ports of processes that it starts itself.
    """

    name: str
    command: Sequence[str]
    port: int
    ready: str = "/healthz"
    environment: Mapping[str, str] = field(default_factory=dict)
    also: Sequence[int] = ()

    @property
    def ports(self) -> Sequence[int]:
        """Every port that somebody is going to listen on."""
        return (self.port, *self.also)


def taken(port: int) -> bool:
    """Whether a server cannot have this loopback port: somebody listens on it, or goes out from it."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: remains of the last run do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
        return False


def refuse_taken(ports: Iterable[int]) -> None:
    """Raises: DemoFailed where a server cannot have one of these ports."""
    for port in filter(taken, ports):
        raise DemoFailed(
            f"端口 {port} 已被占用，请换一个：--port-base 9400 / "
            f"Port {port} is taken: choose others with --port-base 9400."
        )


class Processes:
    """Running programs by name. As a context manager, leaves none behind."""

    def __init__(self, logs: Path) -> None:
        self.logs = logs
        self.logs.mkdir(parents=True, exist_ok=True)
        self.running: dict[str, tuple[Program, subprocess.Popen[bytes]]] = {}

    def __enter__(self) -> Processes:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for _program, process in self.running.values():
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)  # together; each is waited for below
        for name in reversed(list(self.running)):
            self.stop(name)

    def launch(self, programs: Sequence[Program]) -> None:
        """Start them together, and do not wait."""
        for program in programs:
            self._launch(program)

    def wait(self) -> None:
        """Wait until everything that was launched is ready."""
        for program, _process in list(self.running.values()):
            self._wait(program)

    def stop(self, name: str) -> None:
        """Ask a program's process group to end, then make sure."""
        _program, process = self.running.pop(name)
        for signal_number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(process.pid, signal_number)
                process.wait(STOP_SECONDS)
            except ProcessLookupError:
                return
            except subprocess.TimeoutExpired:
                continue

    def restart(self, program: Program) -> None:
        """Start a program that was stopped, and wait for it."""
        self._launch(program)
        self._wait(program)

    def _launch(self, program: Program) -> None:
        log = (self.logs / f"{program.name}.log").open("ab")
        process = subprocess.Popen(  # noqa: S603 - this interpreter and modules of our own
            list(program.command),
            stdout=log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env=os.environ | dict(program.environment),
            start_new_session=True,
        )
        log.close()
        self.running[program.name] = (program, process)

    def _wait(self, program: Program) -> None:
        process = self.running[program.name][1]
        limit = time.monotonic() + START_SECONDS
        while time.monotonic() < limit:
            if process.poll() is not None:
                break
            if all(answers(port, program.ready) for port in program.ports):
                return
            time.sleep(0.1)
        log = self.logs / f"{program.name}.log"
        raise NotStarted(f"{program.name} 没有启动，原因见 / did not start, see {log}")


def answers(port: int, path: str) -> bool:
    """Whether the address says it is ready."""
    try:
        return requests.get(f"http://127.0.0.1:{port}{path}", timeout=2).ok
    except requests.RequestException:
        return False


def python(module: str, *words: str) -> list[str]:
    """The command that runs one of our modules with this interpreter."""
    return [sys.executable, "-m", module, *words]
