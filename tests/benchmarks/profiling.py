"""``--profile CASE``: where one case spends its CPU time, as collapsed stacks that any flame graph tool reads.

The service runs as always, with one more thread that looks at every thread's stack each millisecond or so and charges
it the CPU time this thread has used since. Charged by CPU clock and not by wall clock, waiting costs nothing. The
sampler sees the others only where they give up the interpreter's lock, so single lines are approximate.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from types import FrameType

from granian import Granian
from granian.constants import HTTPModes, Interfaces

from kernel.turns import let_threads_take_turns
from tests.benchmarks import load
from tests.benchmarks.processes import Processes
from tests.benchmarks.runner import Plan
from tongban import serving
from tongban.serving import InShortTurns

INTERVAL = 0.001
ROOT = str(Path(__file__).parents[2]) + os.sep


class Sampler:
    """Charges CPU time to stacks. One a process."""

    def __init__(self, path: Path) -> None:
        self._path, self._stacks = path, Counter[str]()
        self._used: dict[int, int] = {}
        threading.Thread(target=self._run, name="profiler", daemon=True).start()

    def write(self) -> None:
        """``frame;frame;frame microseconds``, one stack a line."""
        lines = (f"{stack} {cost // 1000}" for stack, cost in self._stacks.most_common() if cost >= 1000)
        self._path.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def _run(self) -> None:
        sys.setswitchinterval(0.0005)
        own, written = threading.get_ident(), time.monotonic()
        while True:
            time.sleep(INTERVAL)
            if time.monotonic() - written > 1:  # a worker may be ended without running what is registered for its end
                self.write()
                written = time.monotonic()
            for thread, frame in sys._current_frames().items():
                if thread != own:
                    self._charge(thread, frame)

    def _charge(self, thread: int, frame: FrameType) -> None:
        try:
            used = time.clock_gettime_ns(time.pthread_getcpuclockid(thread))
        except (OSError, ProcessLookupError):
            return
        spent = used - self._used.get(thread, used)
        self._used[thread] = used
        if spent > 0:
            self._stacks[collapsed(frame)] += spent


def collapsed(frame: FrameType | None) -> str:
    """A stack as one line, the outermost call first."""
    names: list[str] = []
    while frame is not None:
        names.append(described(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_qualname))
        frame = frame.f_back
    return ";".join(reversed(names))


def described(path: str, line: int, name: str) -> str:
    """``room/file.py:line name``, short for installed packages."""
    short = path.removeprefix(ROOT) if path.startswith(ROOT) else "/".join(Path(path).parts[-2:])
    return f"{short}:{line} {name}".replace(";", ",")


def idp() -> InShortTurns:
    """The provider, sampled; what granian loads."""
    Sampler(Path(os.environ["TONGBAN_PROFILE"]))
    return serving.idp()


def exchange() -> InShortTurns:
    """The exchange, sampled."""
    Sampler(Path(os.environ["TONGBAN_PROFILE"]))
    return serving.exchange()


def main(service: str) -> None:
    """Serve as ``tongban serve`` does, through the factories above."""
    let_threads_take_turns()
    settings = serving.configured()
    chosen = settings.idp if service == "idp" else settings.exchange
    host, _, port = chosen.listen.rpartition(":")
    Granian(
        f"tests.benchmarks.profiling:{service}",
        address=host,
        port=int(port),
        interface=Interfaces.WSGI,
        factory=True,
        workers=1,
        blocking_threads=chosen.threads,
        http=HTTPModes.http1,
        websockets=False,
        log_access=False,
        workers_kill_timeout=10,
    ).serve()


def record(name: str, plan: Plan, results: Path) -> int:
    """Load one case of ours under the sampler; write the stacks and print the costliest places."""
    from tests.benchmarks.cases import named  # this imports the programs that import this module
    from tests.benchmarks.stages import STAGES

    path = results / f"profile-{name}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    subject = STAGES[named(name).stage].subject(path.resolve())
    with tempfile.TemporaryDirectory(prefix="tongban-bench-") as folder, Processes(Path(folder) / "logs") as running:
        subject.start(running, Path(folder))
        work = subject.works()[named(name).key]
        work.check()
        request = work.request()
        once = work.once(request, int(3000 * plan.seconds)) if work.once else ()
        measured = load.run(request, seconds=plan.seconds, connections=plan.connections, once=once)
    summarize(path.read_text(encoding="utf-8").splitlines(), measured.requests, print)
    print(f"written to {path}")
    return 0


def summarize(stacks: Iterable[str], requests: int, say: Callable[[str], None], most: int = 40) -> None:
    """The costliest functions, by themselves and with all they call, in microseconds a request."""
    own, whole = Counter[str](), Counter[str]()
    for line in stacks:
        stack, _, cost = line.rpartition(" ")
        frames = stack.split(";")
        own[frames[-1]] += int(cost)
        whole.update(dict.fromkeys(map(function, frames), int(cost)))
    for title, counted in (("by itself, by line", own), ("with all it calls, by function", whole)):
        say(f"CPU µs a request, {title} ({requests} requests)")
        for place, spent in counted.most_common(most):
            say(f"{spent / max(requests, 1):9.1f}  {place}")


def function(frame: str) -> str:
    """A frame without its line number."""
    place, _, name = frame.partition(" ")
    return f"{place.rpartition(':')[0]} {name}"


if __name__ == "__main__":
    main(sys.argv[1])
