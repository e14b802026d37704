"""A folder of files, for development, for the demonstration, and for gateways that collect files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from idp.notices.sender import Message
from kernel.mail import keep


@dataclass(frozen=True, slots=True)
class SpoolSender:
    """One file a message, readable by the service's account alone; the same message again is the same file."""

    folder: Path

    def deliver(self, message: Message) -> None:
        """Write the file whole, then give it its name: a reader never sees half of it."""
        content = {
            "id": message.id,
            "channel": message.to.kind.value,
            "to": message.to.value,
            "zh": message.text.zh,
            "en": message.text.en,
        }
        keep(self.folder, message.id, {**content})
