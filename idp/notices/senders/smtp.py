"""A mail server (RFC 5321): for e-mail only."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from ipaddress import ip_address

from idp.model.contact import ContactKind
from idp.notices.sender import SUBJECT, Message, NotDelivered, Undeliverable

SECONDS = 10.0
_PERMANENT = range(500, 600)  # RFC 5321 §4.2.1


@dataclass(frozen=True, slots=True)
class SmtpSender:
    """Hands mail to one configured server (``host:port``); over TLS, except to this very machine."""

    server: str
    mail_from: str
    token: str = field(default="", repr=False)
    """``user:password``, where the server asks for one."""

    def deliver(self, message: Message) -> None:
        """The server's 250 means taken over."""
        if message.to.kind is not ContactKind.EMAIL:
            raise Undeliverable("a mail server carries no text messages")
        host, _, port = self.server.rpartition(":")
        try:
            with smtplib.SMTP(host, int(port), timeout=SECONDS) as server:
                self._enter(server, host)
                server.send_message(self._mail(message))
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

    def _mail(self, message: Message) -> EmailMessage:
        mail = EmailMessage()
        mail["Subject"] = f"{SUBJECT.zh} / {SUBJECT.en}"
        mail["From"], mail["To"] = self.mail_from, message.to.value
        mail["Message-ID"] = f"<{message.id}@{self.mail_from.rpartition('@')[2]}>"
        mail.set_content(message.body, cte="base64")  # whatever the server speaks
        return mail


def _outcome(code: int) -> NotDelivered | Undeliverable:
    kind = Undeliverable if code in _PERMANENT else NotDelivered
    return kind(f"the mail server answered with {code}")


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
