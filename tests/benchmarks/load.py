"""wrk behind one narrow function: a raw request in, what was measured out."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from tests.benchmarks.processes import LOAD_CORE, children_cpu, pinned

SCRIPT = Path(__file__).with_name("load.lua")
ONCE = "@ONCE@"
"""Stands in a raw request where a value goes that may be used once only."""


class LoadFailed(Exception):
    """wrk did not run or did not report."""


@dataclass(frozen=True, slots=True)
class Request:
    """One prepared HTTP/1.1 request to loopback; ``expect`` must stand in each answer's body.

    A header value may hold ONCE, or the body, where ``once_length`` is then the length of each single-use value.
    """

    port: int
    method: str
    path: str
    headers: Sequence[tuple[str, str]] = ()
    body: bytes = b""
    expect: str = "-"
    once_length: int = 0

    def raw(self) -> bytes:
        """As it goes over the wire."""
        lines = [f"{self.method} {self.path} HTTP/1.1", f"Host: 127.0.0.1:{self.port}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        if self.body:
            grown = self.once_length - len(ONCE) if self.once_length else 0
            lines.append(f"Content-Length: {len(self.body) + grown}")
        return "\r\n".join([*lines, "", ""]).encode() + self.body


@dataclass(frozen=True, slots=True)
class Measured:
    """What wrk saw. Times in seconds and milliseconds; ``generator_cpu`` is the CPU time wrk itself used."""

    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float
    status: int
    connect: int
    read: int
    write: int
    timeout: int
    wrong: int
    exhausted: int
    generator_cpu: float = field(default=0.0)

    @property
    def errors(self) -> int:
        """Everything that makes a round void."""
        return self.status + self.connect + self.read + self.write + self.timeout + self.wrong + self.exhausted

    @property
    def client_bound(self) -> bool:
        """Whether the load generator, not the server, was at its limit."""
        return self.seconds > 0 and self.generator_cpu / self.seconds > 0.95


def parse(output: str) -> Measured:
    """The one line that load.lua prints. Raises LoadFailed."""
    for line in output.splitlines():
        if line.startswith("RESULT "):
            values = json.loads(line.removeprefix("RESULT "))
            return Measured(**{each.name: values[each.name] for each in fields(Measured) if each.name in values})
    raise LoadFailed(f"wrk reported nothing: {output[-300:]}")


def run(request: Request, *, seconds: float, connections: int, once: Sequence[str] = ()) -> Measured:
    """Load for ``seconds`` (at least 1). ``once`` are single-use values, one a request. Raises LoadFailed."""
    with tempfile.TemporaryDirectory(prefix="tongban-load-") as folder:
        raw, values = Path(folder, "request"), Path(folder, "values")
        raw.write_bytes(request.raw())
        values.write_text("\n".join(once), encoding="ascii")
        command = [
            *("wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout", "10s", "--latency"),
            *("-s", str(SCRIPT), f"http://127.0.0.1:{request.port}", "--"),
            *(str(raw), str(values) if once else "-", request.expect),
        ]
        return _timed(pinned(command, LOAD_CORE))


def _timed(command: Sequence[str]) -> Measured:
    before = children_cpu()
    try:
        done = subprocess.run(list(command), capture_output=True, text=True, check=False, timeout=900)
    except FileNotFoundError as missing:
        raise LoadFailed(f"{missing.filename} is not installed: apt-get install wrk") from None
    if done.returncode != 0:
        raise LoadFailed(done.stderr.strip()[-300:] or done.stdout.strip()[-300:])
    measured = parse(done.stdout)
    return Measured(**(asdict(measured) | {"generator_cpu": children_cpu() - before}))
