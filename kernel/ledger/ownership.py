"""An embedded log is served by one process: a lock on a file beside the database says which.

Commands that write now and then (an erasure, a suspension) need no ownership: the head is read afresh inside every
transaction. Ownership keeps two *serving* processes from starving each other of SQLite's one write lock.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from kernel.ledger.errors import LedgerOwned


class Ownership:
    """Held from construction to ``release``; the system releases it when the process dies, however it dies."""

    def __init__(self, database_file: Path) -> None:
        """Take it; raises LedgerOwned when another process has it."""
        self.path = database_file.with_name(database_file.name + ".ledger-lock")
        self._descriptor: int | None = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.release()
            raise LedgerOwned(f"another process serves this log already (it holds {self.path})") from None

    def release(self) -> None:
        """Give it back; twice is as good as once."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)
