"""Handing mail to one configured server (RFC 5321), or to a folder; who writes to whom is the caller's matter.

The server is told nothing but over TLS, except on this very machine. What is raised names neither address nor words.
"""

from __future__ import annotations

import os
import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path

from kernel.canonical import JSON, encode

SECONDS = 10.0
_PERMANENT = range(500, 600)  # RFC 5321 §4.2.1


class NotDelivered(Exception):
    """Not handed over this time; worth trying again. The text holds neither address nor words."""


class Undeliverable(Exception):
    """Will never be handed over: this carrier does not carry it, or refused it for good."""


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

    def deliver(self, mail: Mail) -> None:
        """The server's 250 means taken over. Raises NotDelivered, Undeliverable, within a bounded time."""
        host, _, port = self.server.rpartition(":")
        try:
            with smtplib.SMTP(host, int(port), timeout=SECONDS) as server:
                self._enter(server, host)
                server.send_message(self._written(mail))
        except smtplib.SMTPResponseException as error:
            raise _outcome(error.smtp_code) from None
        except smtplib.SMTPRecipientsRefused as error:
            raise _outcome(max(code for code, _ in error.recipients.values())) from None
        except (smtplib.SMTPException, OSError):
            raise NotDelivered("the mail server did not answer as it should") from None

    def _enter(self, server: smtplib.SMTP, host: str) -> None:
        if not _is_this_machine(host):
            server.starttls(context=ssl.create_default_context())
        if self.token:
            user, _, password = self.token.partition(":")
            server.login(user, password)

    def _written(self, mail: Mail) -> EmailMessage:
        message = EmailMessage()
        message["Subject"] = mail.subject
        message["From"], message["To"] = self.mail_from, mail.to
        message["Message-ID"] = f"<{mail.id}@{self.mail_from.rpartition('@')[2]}>"
        for name, value in mail.headers:
            message[name] = value
        message.set_content(mail.body, cte="base64")  # whatever the server speaks
        return message


@dataclass(frozen=True, slots=True)
class MailFolder:
    """One file a mail, readable by the service's account alone; the same mail again is the same file."""

    folder: Path

    def deliver(self, mail: Mail) -> None:
        """On disk before it returns. Raises NotDelivered."""
        content: dict[str, JSON] = {"id": mail.id, "to": mail.to, "subject": mail.subject, "body": mail.body}
        keep(self.folder, mail.id, content)


def keep(folder: Path, name: str, content: dict[str, JSON]) -> None:
    """Write a message whole as ``<name>.json``, for its owner alone: a reader never sees half. Raises NotDelivered."""
    unfinished = folder / f".{name}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(encode(content))
            file.flush()
            os.fsync(handle)
        unfinished.rename(folder / f"{name}.json")
    except OSError:
        raise NotDelivered("the folder cannot be written") from None


def _outcome(code: int) -> NotDelivered | Undeliverable:
    kind = Undeliverable if code in _PERMANENT else NotDelivered
    return kind(f"the mail server answered with {code}")


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
