"""Handing mail to one configured server (RFC 5321), or to a folder; who writes to whom is the caller's matter.

The server is told nothing but over TLS, except on this very machine. What is raised names neither address nor words.
"""

from __future__ import annotations

import os
import re
import smtplib
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from threading import Timer

from kernel.canonical import JSON, encode

WITHIN = 30.0
"""Seconds after which a hand-over is broken off, wherever it stands."""
STEP = 10.0
"""Seconds that a server may be silent."""
_NO_MAILBOX = frozenset({550, 551, 553})
"""For good, and about the mailbox (RFC 5321 §4.2.3); 552 says that it is full, 554 that nobody knows what."""
_PART = r"[^\s\x00-\x1f\x7f\ud800-\udfff@<>()\[\]\\,;:\"]+"
_MAILBOX = re.compile(f"{_PART}@{_PART}")
"""One mailbox and nothing beside it, in one line (RFC 5321 §4.1.2, without quoted names and address literals)."""
_PASSING = re.compile(rb"5\.(7|2\.2)\b")
"""What the server does not let us do, to whomever we write (RFC 3463 §3.8), and a mailbox that is full (§3.3)."""


class NotDelivered(Exception):
    """Not handed over this time; worth trying again. The text holds neither address nor words."""


class Undeliverable(Exception):
    """Will never be handed over: this carrier does not carry it, or says for good that this address is none."""


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail to one address. ``id`` stays the same over every try; ``headers`` are our own words."""

    id: str
    to: str = field(repr=False)
    subject: str
    body: str = field(repr=False)
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class MailRelay:
    """Hands mail to one server (``host:port``)."""

    server: str
    mail_from: str
    token: str = field(default="", repr=False)
    """``user:password``, where the server asks for one."""
    within: float = WITHIN
    """Seconds for all of it; looking up the server's name and a last attempt to connect may come on top."""

    def deliver(self, mail: Mail) -> None:
        """The server's 250 to the mail means taken over, whatever follows. Raises NotDelivered, Undeliverable.

        Only what is said of the recipient can be for good, and what names none. All else is the trouble of this server
        or of ours with it: one expired password must not condemn every address.
        """
        host, _, port = self.server.rpartition(":")
        try:
            message = self._written(mail)
            with _Conversation(host, int(port), self.within) as server:
                self._enter(server, host)
                server.send_message(message, to_addrs=[mail.to])
        except smtplib.SMTPRecipientsRefused as error:
            ((code, words),) = error.recipients.values()
            raise _outcome(code, words) from None
        except smtplib.SMTPResponseException as error:
            raise NotDelivered(f"the mail server answered with {error.smtp_code}") from None
        except (smtplib.SMTPException, OSError, ValueError):  # ValueError: what cannot be said in SMTP, as a password
            raise NotDelivered("the mail server did not answer as it should") from None

    def _enter(self, server: smtplib.SMTP, host: str) -> None:
        if not _is_this_machine(host):
            server.starttls(context=ssl.create_default_context())
        if self.token:
            user, _, password = self.token.partition(":")
            server.login(user, password)

    def _written(self, mail: Mail) -> EmailMessage:
        """Raises Undeliverable, ValueError."""
        if not _MAILBOX.fullmatch(mail.to):
            raise Undeliverable("the address is no mailbox")
        message = EmailMessage()
        message["Subject"] = mail.subject
        message["From"], message["To"] = self.mail_from, mail.to
        message["Message-ID"] = f"<{mail.id}@{self.mail_from.rpartition('@')[2]}>"
        for name, value in mail.headers:
            message[name] = value
        message.set_content(mail.body, cte="base64")  # whatever the server speaks
        return message


class _Conversation(smtplib.SMTP):
    """With a server, broken off when its time is over: smtplib's own limit starts afresh with every byte received."""

    def __init__(self, host: str, port: int, within: float) -> None:
        """Connect and hear the greeting; ``within`` is in seconds. Raises SMTPException, OSError."""
        self._over = False
        self._line: socket.socket | None = None
        self._watch = Timer(within, self._break_off)
        self._watch.daemon = True
        self._watch.start()
        try:
            super().__init__(host, port, timeout=min(STEP, within))
        except BaseException:
            self.close()
            raise

    def __exit__(self, *_: object) -> None:
        """Take leave, as far as the server listens."""
        with suppress(smtplib.SMTPException, OSError):
            self.quit()
        self.close()

    def close(self) -> None:
        """Hang up."""
        super().close()
        self._watch.cancel()
        self._watch.join()
        if self._line is not None:
            self._line.close()

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        """Where smtplib gets its connection: one address after the other, while there is time."""
        trouble = OSError("the name has no address")
        for *_, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            if self._over:
                raise TimeoutError
            try:
                connected = socket.create_connection((str(address[0]), port), timeout)
            except OSError as error:
                trouble = error
            else:
                return self._watched(connected)
        raise trouble

    def _watched(self, connected: socket.socket) -> socket.socket:
        self._line = connected.dup()  # another handle of the same connection, which TLS does not take away
        if self._over:
            connected.close()
            raise TimeoutError
        return connected

    def _break_off(self) -> None:
        self._over = True
        if self._line is not None:
            with suppress(OSError):
                self._line.shutdown(socket.SHUT_RDWR)


@dataclass(frozen=True, slots=True)
class MailFolder:
    """One file a mail, readable by the service's account alone; the same mail again is the same file."""

    folder: Path

    def deliver(self, mail: Mail) -> None:
        """On disk before it returns. Raises NotDelivered."""
        content: dict[str, JSON] = {
            "id": mail.id,
            "to": mail.to,
            "subject": mail.subject,
            "headers": [[*each] for each in mail.headers],
            "body": mail.body,
        }
        keep(self.folder, mail.id, content)


def keep(folder: Path, name: str, content: dict[str, JSON]) -> None:
    """Write a message whole as ``<name>.json``, for its owner alone: a reader never sees half, and a crash loses none.

    Raises NotDelivered.
    """
    unfinished = folder / f".{name}"
    try:
        missing = [each for each in (folder, *folder.parents) if not each.exists()]
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(encode(content))
            file.flush()
            os.fsync(handle)
        unfinished.rename(folder / f"{name}.json")
        for each in (folder, *(made.parent for made in missing)):
            _settle(each)
    except OSError:
        raise NotDelivered("the folder cannot be written") from None


def _settle(folder: Path) -> None:
    """Make the names in a folder durable, not only what the files hold."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _outcome(code: int, words: bytes) -> NotDelivered | Undeliverable:
    """Of a recipient that was refused; "relaying denied" says nothing of the mailbox, and a full one may be emptied."""
    kind = Undeliverable if code in _NO_MAILBOX and not _PASSING.match(words) else NotDelivered
    return kind(f"the mail server answered with {code}")


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
