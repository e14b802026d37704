"""A bad line in front of a real server: bytes are carried, late, in drops, cut short, lost, replaced or without end."""

from __future__ import annotations

import contextlib
import ctypes
import random
import socket
import struct
import threading
import time
from collections.abc import Callable
from typing import Self

Line = Callable[["FaultProxy", socket.socket, socket.socket], None]
"""What happens to what the server (second) says to the client (first); what the client says is carried as it is."""

PIECE = 65_536
TWO_GIGABYTES = 2 << 30


class FaultProxy:
    """Listens on loopback and carries to ``target``: a port of loopback, or the path of a Unix socket.

    ``line`` may be replaced at any time; it holds for connections made, and answers begun, from then on.
    """

    def __init__(self, target: int | str) -> None:
        self._target = target
        self.line: Line = good
        self.sent = 0
        """Bytes given to clients."""
        self.released = threading.Event()
        self._near = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._near.getsockname()[1]
        self._ends: list[socket.socket] = []

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.released.set()
        self.hang_up()
        self._near.close()

    def hang_up(self) -> None:
        """End every connection that stands: a client that keeps some makes new ones, on the line as it is now."""
        for end in self._ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)  # whoever reads from it ends, and closes it
        self._ends.clear()

    def give(self, client: socket.socket, data: bytes) -> None:
        """Say something to the client, and count it."""
        client.sendall(data)
        self.sent += len(data)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # closed: the test is over
            while True:
                client, _address = self._near.accept()
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), client, self._connected() as server:
            self._ends += [client, server]
            threading.Thread(target=_carry, args=(client, server), daemon=True).start()
            self.line(self, client, server)

    def _connected(self) -> socket.socket:
        if isinstance(self._target, int):
            return socket.create_connection(("127.0.0.1", self._target))
        server = socket.socket(socket.AF_UNIX)
        try:
            server.connect(self._target)
        except OSError:
            server.close()
            raise
        return server


def _carry(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while some := source.recv(PIECE):
            target.sendall(some)
        target.shutdown(socket.SHUT_WR)


def good(proxy: FaultProxy, client: socket.socket, server: socket.socket) -> None:
    """Nothing is wrong, until the line is replaced: what the server says next meets the new one."""
    while server.recv(1, socket.MSG_PEEK):
        if proxy.line is not good:
            proxy.line(proxy, client, server)
            return
        proxy.give(client, server.recv(PIECE))
    client.shutdown(socket.SHUT_RDWR)


def delay(seconds: float) -> Line:
    """Everything comes, so much later each time."""

    def line(proxy: FaultProxy, client: socket.socket, server: socket.socket) -> None:
        while (some := server.recv(PIECE)) and not proxy.released.wait(seconds):
            proxy.give(client, some)

    return line


def drip(proxy: FaultProxy, client: socket.socket, server: socket.socket) -> None:
    """Everything comes, ten bytes a second."""
    while some := server.recv(PIECE):
        for place in range(len(some)):
            if proxy.released.wait(0.1):
                return
            proxy.give(client, some[place : place + 1])


def cut(after: int) -> Line:
    """So many bytes come, then the line ends as if that were all."""

    def line(proxy: FaultProxy, client: socket.socket, server: socket.socket) -> None:
        left = after
        while left and (some := server.recv(min(PIECE, left))):
            proxy.give(client, some)
            left -= len(some)
        client.shutdown(socket.SHUT_RDWR)

    return line


def cut_in_all(after: int) -> Line:
    """So many bytes come over all connections together, then every one of them ends as if that were all."""
    left = [after]

    def line(proxy: FaultProxy, client: socket.socket, server: socket.socket) -> None:
        while left[0] > 0 and (some := server.recv(PIECE)):
            some, left[0] = some[: max(0, left[0])], left[0] - len(some)
            proxy.give(client, some)
        client.shutdown(socket.SHUT_RDWR)

    return line


def black_hole(proxy: FaultProxy, client: socket.socket, server: socket.socket) -> None:
    """The line stands, and nothing ever comes."""
    del client, server
    proxy.released.wait(30)


def reset(proxy: FaultProxy, client: socket.socket, server: socket.socket) -> None:
    """The line breaks off with the server's first word (TCP RST)."""
    del proxy
    server.recv(1)
    # Closing would wait for the thread that reads from it; connecting to nothing does not (connect(2), AF_UNSPEC).
    ctypes.CDLL(None).connect(client.fileno(), struct.pack("=H14x", socket.AF_UNSPEC), 16)


def garbage(proxy: FaultProxy, client: socket.socket, server: socket.socket) -> None:
    """Something comes in place of the answer that nobody said."""
    server.recv(1)
    proxy.give(client, random.Random(7).randbytes(5_000))
    client.shutdown(socket.SHUT_RDWR)


def flood(proxy: FaultProxy, client: socket.socket, server: socket.socket) -> None:
    """Two gigabytes follow the beginning of the answer, made as they are sent; HTTP no longer announces a length."""
    begun = server.recv(PIECE)
    proxy.give(client, b"HTTP/1.1 200 OK\r\n\r\n" if begun.startswith(b"HTTP/1.") else begun)
    block = b" " * PIECE
    ends = time.monotonic() + 20
    while proxy.sent < TWO_GIGABYTES and time.monotonic() < ends and not proxy.released.is_set():
        proxy.give(client, block)
