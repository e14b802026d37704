"""Carriers of notices for tests: one that keeps what it is given, and a mail server of a few lines."""

from __future__ import annotations

import socket
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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
    """RFC 5321, as much of it as one message needs.

    ``answers`` are its lines by verb, where others than the usual ones ("" is the greeting, "." the end of a mail).
    ``trickle`` is how many lines of a greeting come one by one before the last, a twentieth of a second apart.
    """

    port: int
    answers: dict[str, str] = field(default_factory=dict)
    trickle: int = 0
    mails: list[str] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    """As they were named (RCPT), angle brackets and all."""


class _Listening(socketserver.ThreadingTCPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.state = MailServer(self.server_address[1])


class _Conversation(socketserver.StreamRequestHandler):
    server: _Listening

    def handle(self) -> None:
        with suppress(OSError):  # the client may leave at any time
            self._greet()
            for raw in self.rfile:
                verb = raw.decode().upper().split()[0][:4]
                if verb == "RCPT":
                    self.server.state.recipients.append(raw.decode().partition(":")[2].strip())
                self._obey(verb)
                if verb == "QUIT":
                    return

    def _greet(self) -> None:
        for _ in range(self.server.state.trickle):
            self._say("220-wait")
            time.sleep(0.05)
        self._answer("", "220 test")

    def _obey(self, verb: str) -> None:
        state = self.server.state
        if verb != "DATA" or verb in state.answers:
            self._answer(verb, "221 bye" if verb == "QUIT" else "250 ok")
            return
        self._say("354 go on")
        mail = self._data()
        if "." not in state.answers:
            state.mails.append(mail)
        self._answer(".", "250 taken")

    def _data(self) -> str:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line)
        return b"".join(lines).decode()

    def _answer(self, verb: str, usual: str) -> None:
        self._say(self.server.state.answers.get(verb, usual))

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


@contextmanager
def mail_server() -> Iterator[MailServer]:
    with _Listening() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield server.state
        server.shutdown()
        thread.join()


def nobody_listens() -> int:
    """A port of this machine where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
