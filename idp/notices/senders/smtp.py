"""A mail server (RFC 5321): for e-mail only."""

from __future__ import annotations

from dataclasses import dataclass, field

from idp.model.contact import ContactKind
from idp.notices.sender import SUBJECT, Message, Undeliverable
from kernel.mail import Mail, MailRelay


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
        relay = MailRelay(self.server, self.mail_from, self.token)
        relay.deliver(Mail(message.id, message.to.value, f"{SUBJECT.zh} / {SUBJECT.en}", message.body))
