"""The port through which messages leave, and its laws."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from idp.model.contact import Contact
from kernel.mail import NotDelivered, Undeliverable
from kernel.text import Text

__all__ = ["SUBJECT", "Message", "NotDelivered", "Sender", "Undeliverable"]

SUBJECT = Text("统一身份认证通知", "Notice about your sign-in account")


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one address. ``id`` stays the same over every try."""

    id: str
    to: Contact
    text: Text = field(repr=False)

    @property
    def body(self) -> str:
        """Both languages, Chinese first."""
        return f"{self.text.zh}\n{self.text.en}"


class Sender(Protocol):
    """Hands messages to whoever carries them. Laws, held by one contract test over every adapter:

    1. ``deliver`` returns only when the carrier has taken the message over; otherwise it raises NotDelivered or
       Undeliverable, and nothing else.
    2. The carrier can tell a repeated message by its ``id``: delivery is at least once, never knowingly twice.
    3. It ends within a bounded time.
    4. Whatever it raises names neither the address nor the words.
    5. Both languages travel, unchanged.
    """

    def deliver(self, message: Message) -> None:
        """Hand one message over. Raises NotDelivered, Undeliverable."""
        ...
