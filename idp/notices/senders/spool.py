"""A folder of files, for development, for the demonstration, and for gateways that collect files."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from idp.notices.sender import Message, NotDelivered
from kernel.canonical import encode


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
        unfinished = self.folder / f".{message.id}"
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(encode(content))
                file.flush()
                os.fsync(handle)
            unfinished.rename(self.folder / f"{message.id}.json")
        except OSError:
            raise NotDelivered("the folder cannot be written") from None
