"""One service as a process: ``python -m tongban.running idp``, configured by ``TONGBAN_CONFIG`` and the environment.

``tongban serve`` does the same and more. This module knows one service at a time and nothing of the operator's command,
so that a container of one service needs no code of the other.
"""

from __future__ import annotations

import sys

from granian import Granian
from granian.constants import HTTPModes, Interfaces

from kernel.database import DatabaseUnavailable, UnsafeDatabase
from kernel.keys import KeyRingError
from kernel.settings import ExchangeSettings, IdpSettings, SettingsError
from kernel.turns import let_threads_take_turns
from tongban import preflight
from tongban.serving import configured


def run(name: str, settings: IdpSettings | ExchangeSettings, workers: int | None) -> None:
    """Serve one service until the process is told to stop; requests under way are finished first."""
    let_threads_take_turns()
    host, _, port = settings.listen.rpartition(":")
    Granian(
        f"tongban.serving:{name}",
        address=host or "127.0.0.1",
        port=int(port),
        interface=Interfaces.WSGI,
        factory=True,
        workers=workers or settings.workers,
        blocking_threads=settings.threads,
        http=HTTPModes.http1,
        websockets=False,
        log_access=False,
        workers_kill_timeout=10,
    ).serve()


def main() -> None:
    """Serve the service named on the command line; 2 when it cannot be configured or is not known."""
    try:
        settings = configured()
    except SettingsError as error:
        sys.exit(_wrong(str(error)))
    known: dict[str, IdpSettings | ExchangeSettings] = {"idp": settings.idp, "exchange": settings.exchange}
    if len(sys.argv) != 2 or sys.argv[1] not in known:
        sys.exit(_wrong("python -m tongban.running idp|exchange"))
    try:
        preflight.check(sys.argv[1], known[sys.argv[1]])
    except (preflight.NotStartable, KeyRingError, UnsafeDatabase, DatabaseUnavailable) as error:
        sys.exit(_wrong(str(error)))
    run(sys.argv[1], known[sys.argv[1]], None)


def _wrong(sentence: str) -> int:
    sys.stderr.write(f"{sentence}\n")
    return 2


if __name__ == "__main__":
    main()
