"""Who entries are about: a key per subject, under which tags are made and payloads encrypted.

The subject is found by a blind index (HMAC under the service's key, so that the table does not tell who is in it);
its key is stored wrapped by the key-encryption key. Deleting the wrapped key makes tags unlinkable and payloads
unreadable, while every proof keeps verifying.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection

from kernel.envelope import KeyEncryptionKey, blind_index, data_key, open_, seal
from kernel.identifiers.subject import SubjectRef
from kernel.ledger import store
from kernel.ledger.event import TAG_BYTES, Draft, instant, month


@dataclass(frozen=True, slots=True)
class Placed:
    """A draft with its place in the log, its leaf, and what is kept beside it."""

    index: int
    draft: Draft
    leaf: bytes
    tag: bytes | None
    kept: tuple[Any, ...] | None = field(repr=False)
    """Row of ``ledger_payload``, when there is anything to keep."""


@dataclass(frozen=True, slots=True)
class Subjects:
    """The subjects of one log."""

    origin: str
    kek: KeyEncryptionKey
    index_key: bytes = field(repr=False)

    def locate(self, subject: SubjectRef) -> bytes:
        """The blind index of a subject."""
        return blind_index(self.index_key, f"{subject.scheme}\n{subject.value}")

    def key(self, connection: Connection, located: bytes) -> tuple[bytes, str] | None:
        """Key and first month of a subject, or None when it is unknown or erased."""
        known = store.subjects(connection, [located]).get(located)
        return known and (self.kek.unwrap(known[0]), known[1])

    def tags(self, key: bytes, since: str, until: str) -> list[bytes]:
        """A subject's tags over the months from ``since`` to ``until``, both included."""
        return [_tag(key, epoch) for epoch in _months(since, until)]

    def place(self, connection: Connection, drafts: Sequence[Draft], start: int, at: datetime) -> list[Placed]:
        """Give drafts the places from ``start`` on; makes keys for subjects seen for the first time."""
        keys = self._keys(connection, {one.subject for one in drafts if one.subject}, month(at))
        moment, epoch = instant(at), month(at)
        return [self._place(start + number, one, keys, moment, epoch) for number, one in enumerate(drafts)]

    def _place(
        self, index: int, draft: Draft, keys: dict[SubjectRef, tuple[bytes, bytes]], at: str, epoch: str
    ) -> Placed:
        if draft.subject is None:
            return Placed(
                index, draft, draft.leaf(at, tag=None, ciphertext_hash=None), None, _kept(index, None, draft, None)
            )
        located, key = keys[draft.subject]
        tag, ciphertext = _tag(key, epoch), self._seal(key, index, draft.payload)
        leaf = draft.leaf(at, tag=tag, ciphertext_hash=sha256(ciphertext).digest() if ciphertext else None)
        return Placed(index, draft, leaf, tag, _kept(index, located, draft, ciphertext))

    def _keys(
        self, connection: Connection, wanted: set[SubjectRef], epoch: str
    ) -> dict[SubjectRef, tuple[bytes, bytes]]:
        """Blind index and key of every wanted subject. The head is locked: nobody else adds subjects meanwhile."""
        located = {subject: self.locate(subject) for subject in wanted}
        known = store.subjects(connection, located.values())
        keys = {index: self.kek.unwrap(wrapped) for index, (wrapped, _) in known.items()}
        fresh = {index: data_key() for index in located.values() if index not in keys}
        store.add_subjects(connection, [(index, self.kek.wrap(key), epoch) for index, key in fresh.items()])
        return {subject: (index, keys.get(index) or fresh[index]) for subject, index in located.items()}

    def _seal(self, key: bytes, index: int, payload: bytes | None) -> bytes | None:
        return None if payload is None else seal(key, payload, self._place_of(index))

    def open(self, key: bytes, index: int, ciphertext: bytes) -> bytes:
        """The payload of an entry."""
        return open_(key, ciphertext, self._place_of(index))

    def _place_of(self, index: int) -> bytes:
        """Associated data: a ciphertext moved beside another leaf does not open."""
        return f"{self.origin}\n{index}".encode()


def _kept(index: int, located: bytes | None, draft: Draft, ciphertext: bytes | None) -> tuple[Any, ...] | None:
    return (index, located, draft.salt, ciphertext) if draft.salt else None


def _tag(key: bytes, epoch: str) -> bytes:
    """Made under a key of its own, derived from the subject's, so that tags never meet the payload's cipher."""
    return hmac.digest(hmac.digest(key, b"tongban ledger subject tag v1", "sha256"), epoch.encode(), "sha256")[
        :TAG_BYTES
    ]


def _months(since: str, until: str) -> Iterator[str]:
    year, number = int(since[:4]), int(since[5:])
    while (epoch := f"{year:04d}-{number:02d}") <= until:
        yield epoch
        year, number = (year + 1, 1) if number == 12 else (year, number + 1)
