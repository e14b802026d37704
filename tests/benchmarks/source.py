"""The source system of governed calls: answers every POST with one record of 20 fields, as fast as it can.

Run as a program: ``python -m tests.benchmarks.source PORT``. It shares the load generator's core.
"""

from __future__ import annotations

import asyncio
import json
import sys

FIELDS = tuple(f"field_{number:02d}" for number in range(1, 21))
RECORD = {name: f"示例内容 {index} of the register" for index, name in enumerate(FIELDS, 1)}


class Source(asyncio.Protocol):
    """HTTP/1.1 with keep-alive and pipelining, for clients that send Content-Length."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A new client."""
        self._transport = transport
        self._waiting = b""

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete."""
        self._waiting += data
        while (end := self._waiting.find(b"\r\n\r\n")) >= 0:
            size = end + 4 + _length(self._waiting[:end])
            if len(self._waiting) < size:
                return
            self._waiting = self._waiting[size:]
            self._transport.write(ANSWER)  # type: ignore[attr-defined]


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


def answer() -> bytes:
    """The one answer, prepared."""
    body = json.dumps(RECORD, ensure_ascii=False).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


ANSWER = answer()


async def main(port: int) -> None:
    """Serve until told to stop."""
    server = await asyncio.get_running_loop().create_server(Source, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
