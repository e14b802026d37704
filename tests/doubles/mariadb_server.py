"""A MariaDB server of one's own, on a Unix socket in a temporary folder: no network, nothing left behind."""

from __future__ import annotations

import itertools
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

import pymysql

PROGRAM = shutil.which("mariadbd") or "/usr/sbin/mariadbd"
MISSING = "no mariadbd: apt-get install mariadb-server enables this"
_QUICK = (
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-buffer-pool-size=16M",
    "--innodb-log-file-size=8M",
    "--performance-schema=OFF",
    "--skip-log-bin",
    "--skip-networking",
)


class MariaDbServer:
    """Runs from `start` to `stop`. Its ``root`` may do everything; a department's reader is made by a test."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="tongban-maria-"))
        self._numbers = itertools.count(1)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def socket(self) -> Path:
        """Where it listens."""
        return self._folder / "s"

    def start(self) -> None:
        """Make the system tables and serve."""
        # A tmpdir of its own: while the system tables are made, temporary tables are named alike by every server, and
        # two that share a folder delete each other's and crash.
        places = (f"--datadir={self._folder / 'data'}", f"--tmpdir={self._folder}")
        words = ("--no-defaults", "--user=root", "--auth-root-authentication-method=normal", "--skip-test-db")
        made = subprocess.run(["mariadb-install-db", *words, *places], capture_output=True, check=False)
        assert made.returncode == 0, made.stdout + made.stderr
        self._process = subprocess.Popen(
            [PROGRAM, "--no-defaults", "--user=root", *places, f"--socket={self.socket}", *_QUICK],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        patience = time.monotonic() + 60
        while time.monotonic() < patience:
            if self.socket.exists():  # made when the server is ready to be asked
                self._connect().close()
                return
            time.sleep(0.05)
        raise AssertionError("MariaDB does not start")

    def database(self) -> str:
        """The SQLAlchemy URL of a fresh, empty database."""
        name = f"people_{next(self._numbers)}"
        self.run(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        return self.url("root", "", name)

    def url(self, user: str, password: str, database: str) -> str:
        """A database as this user reaches it."""
        return f"mysql+pymysql://{user}:{password}@localhost/{database}?unix_socket={quote(str(self.socket), safe='')}"

    def run(self, *statements: str) -> None:
        """As root."""
        with self._connect() as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def stop(self) -> None:
        """End it at once and delete its files."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _connect(self) -> pymysql.connections.Connection:
        return pymysql.connect(unix_socket=str(self.socket), user="root", autocommit=True, charset="utf8mb4")
