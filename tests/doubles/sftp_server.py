"""A real SFTP server on loopback, by another library (asyncssh) than the connector's; it can lie as it is told."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Self

import asyncssh

USER = "tongban"
PASSWORD = "a word for the drop"

Names = Callable[[], AsyncIterator[asyncssh.SFTPName]]


class _Gate(asyncssh.SSHServer):
    """Lets one user in, by password or by key."""

    def __init__(self, server: SftpServer) -> None:
        self._server = server

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._server.connections.append(conn)

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        self._server.passwords.append(password)
        return (username, password) == (USER, self._server.password)

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return username == USER and key.public_data == self._server.client_key.public_data


class _Files(asyncssh.SFTPServer):
    """The server's folder, told about truthfully unless a test says otherwise."""

    def __init__(self, chan: Any, server: SftpServer) -> None:
        super().__init__(chan, chroot=str(server.folder).encode())
        self._server = server

    async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        told = self._server.names() if self._server.names else super().scandir(path)
        async for name in told:
            yield name

    def lstat(self, path: bytes) -> Any:
        return self._server.claimed(super().lstat(path))

    def fstat(self, file_obj: object) -> Any:
        return self._server.claimed(super().fstat(file_obj))

    def read(self, file_obj: object, offset: int, size: int) -> Any:
        self._server.reads += 1
        if self._server.read is not None:
            return self._server.read(offset, size)
        return super().read(file_obj, offset, size)


class SftpServer:
    """One folder, ``/``. What the attributes below are set to is what connections do from then on.

    Attributes:
        names: what a listing says in place of what lies there.
        claimed: what becomes of a file's attributes before they are told.
        read: what reading gives in place of the file's bytes.
        passwords: those that somebody tried.
    """

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="tongban-sftp-"))
        self.host_key = asyncssh.generate_private_key("ssh-ed25519")
        self.client_key = asyncssh.generate_private_key("ssh-ed25519")
        self.port = 0
        self.connections: list[asyncssh.SSHServerConnection] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="sftp-server", daemon=True)
        self.honest()

    def honest(self) -> None:
        """As a server should be."""
        self.password = PASSWORD
        self.names: Names | None = None
        self.claimed: Callable[[Any], Any] = lambda told: told
        self.read: Callable[[int, int], bytes] | None = None
        self.reads = 0
        self.passwords: list[str] = []

    @property
    def pinned(self) -> str:
        """Its host key, as a manifest pins it."""
        return self.host_key.export_public_key().decode().strip()

    def settings(self, folder: str = "/", **more: Any) -> dict[str, Any]:
        """The part ``files.sftp`` of a manifest."""
        where = {"host": "127.0.0.1", "port": self.port, "host_keys": [self.pinned], "folder": folder}
        return {**where, "username": USER, "password_secret": "drop", **more}

    def __enter__(self) -> Self:
        self._thread.start()
        self._acceptor = self._on_loop(self._listen())
        self.port = self._acceptor.get_port()
        return self

    def __exit__(self, *_: object) -> None:
        self._on_loop(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def hang_up(self) -> None:
        """End every connection."""
        self._loop.call_soon_threadsafe(self._abort)

    def _abort(self) -> None:
        while self.connections:
            self.connections.pop().abort()

    async def _listen(self) -> asyncssh.SSHAcceptor:
        return await asyncssh.listen(
            "127.0.0.1",
            0,
            server_factory=lambda: _Gate(self),
            server_host_keys=[self.host_key],
            sftp_factory=lambda chan: _Files(chan, self),
        )

    async def _stop(self) -> None:
        self._acceptor.close()
        self._abort()
        await self._acceptor.wait_closed()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def _on_loop(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(20)
