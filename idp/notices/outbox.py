"""Writing notices: in the transaction of what they are about, one row for every channel they go to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection

from idp.authentication.sealing import PersonVault
from idp.model.contact import Contact, ContactKind
from idp.notices.channels import Channels
from idp.notices.kinds import NoticeKind
from idp.notices.sender import Message
from idp.store import notices, people
from idp.store.notices import StoredNotice
from kernel import canonical
from kernel.clock import Clock
from kernel.entropy import Entropy
from kernel.ids import new_id
from kernel.text import Text

WORTH_TELLING = timedelta(hours=24)
"""How long delivery is tried, unless the notice says otherwise (a code that has expired helps nobody)."""


@dataclass(frozen=True, slots=True)
class Notices:
    """The outbox. Everything here writes on the caller's connection and nowhere else, so it may run more than once."""

    vault: PersonVault
    channels: Channels
    clock: Clock
    entropy: Entropy

    def send(self, connection: Connection, person_id: str, kind: NoticeKind, **facts: Text | str) -> int:
        """Tell a person on every confirmed channel; to how many it goes (0 when none is confirmed).

        ``facts`` fill the places of the notice's words: no personal number, no address, no secret.
        """
        confirmed = [each.contact for each in self.channels.of(connection, person_id) if each.confirmed_at is not None]
        return self.send_to(connection, person_id, confirmed, kind, WORTH_TELLING, timedelta(0), **facts)

    def send_to(
        self,
        connection: Connection,
        person_id: str,
        contacts: Iterable[Contact],
        kind: NoticeKind,
        lasting: timedelta = WORTH_TELLING,
        after: timedelta = timedelta(0),
        **facts: Text | str,
    ) -> int:
        """Tell a person at certain addresses, such as one that is only now being confirmed; ``after`` a while."""
        text, wrapped, count = kind.saying(**facts), people.data_key(connection, person_id), 0
        for contact in contacts:
            due = self.clock.now() + after
            notices.add(connection, self._row(person_id, wrapped, contact, kind, text), due, due + lasting)
            count += 1
        return count

    def _row(self, person_id: str, wrapped: bytes, contact: Contact, kind: NoticeKind, text: Text) -> StoredNotice:
        notice = new_id("ntc", self.clock, self.entropy)
        content = {"channel": contact.kind.value, "to": contact.value, "zh": text.zh, "en": text.en}
        sealed = self.vault.seal_more(person_id, wrapped, canonical.encode(content), _place(notice))
        return StoredNotice(notice, person_id, kind.name, sealed, self.clock.now())


def opened(vault: PersonVault, stored: StoredNotice, wrapped: bytes) -> Message:
    """What a stored notice says, and to whom. Raises CannotOpen when the person was erased meanwhile."""
    content = canonical.decode(vault.open_more(stored.person, wrapped, stored.sealed, _place(stored.id)))
    assert isinstance(content, dict)  # our own encoding, authenticated by the seal
    contact = Contact(ContactKind(str(content["channel"])), str(content["to"]))
    return Message(stored.id, contact, Text(str(content["zh"]), str(content["en"])))


def _place(notice_id: str) -> str:
    return f"notice {notice_id}"
