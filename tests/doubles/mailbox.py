"""Carriers of notices for tests: one that keeps what it is given, and a mail server of a few lines."""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from idp.notices import Message


@dataclass
class Mailbox:
    """Keeps every message; fails first as often as it is told."""

    messages: list[Message] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)

    def deliver(self, message: Message) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.messages.append(message)

    def words(self) -> list[str]:
        return [message.text.en for message in self.messages]


@dataclass
class MailServer:
    """RFC 5321, as much of it as one message needs. ``refusal`` answers RCPT instead of 250."""

    port: int
    refusal: str = ""
    mails: list[str] = field(default_factory=list)


@contextmanager
def mail_server() -> Iterator[MailServer]:
    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self._say("220 test")
            for raw in self.rfile:
                verb = raw.decode().upper().split()[0][:4]
                if verb == "DATA":
                    self._say("354 go on")
                    state.mails.append(self._data())
                    self._say("250 taken")
                elif verb == "RCPT" and state.refusal:
                    self._say(state.refusal)
                elif verb == "QUIT":
                    self._say("221 bye")
                    return
                else:
                    self._say("250 ok")

        def _data(self) -> str:
            lines = []
            while (line := self.rfile.readline()) != b".\r\n":
                lines.append(line)
            return b"".join(lines).decode()

        def _say(self, line: str) -> None:
            self.wfile.write(f"{line}\r\n".encode())

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        state = MailServer(server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield state
        server.shutdown()
        thread.join()


def nobody_listens() -> int:
    """A port of this machine where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
