"""Who entries are about: a key per subject, under which tags are made and payloads encrypted.

The subject is found by a blind index (HMAC under the service's key, so that the table does not tell who is in it);
its key is stored wrapped by the key-encryption key. Deleting the wrapped key makes tags unlinkable and payloads
unreadable, while every proof keeps verifying.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection

from kernel.envelope import KeyEncryptionKey, blind_index, data_key, hmac_sha256, open_, seal
from kernel.identifiers.subject import SubjectRef
from kernel.ledger import rows
from kernel.ledger.event import TAG_BYTES, Draft, instant, month

_CIPHER_BYTES = 32
"""A subject's key is two: the first half encrypts payloads, the second makes tags."""


@dataclass(slots=True, eq=False)  # not frozen: see Draft
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
        known = rows.subjects(connection, [located]).get(located)
        return known and (self.kek.unwrap(known[0]), known[1])

    def tags(self, key: bytes, since: str, until: str) -> list[bytes]:
        """A subject's tags over the months from ``since`` to ``until``, both included."""
        return [_tag(key, epoch.encode()) for epoch in _months(since, until)]

    def place(self, connection: Connection, drafts: Sequence[Draft], start: int, at: datetime) -> list[Placed]:
        """Give drafts the places from ``start`` on; makes keys for subjects seen for the first time."""
        keys = self._keys(connection, {one.subject for one in drafts if one.subject}, at)
        moment, epoch = instant(at), month(at).encode()
        return [self._place(start + number, one, keys, moment, epoch) for number, one in enumerate(drafts)]

    def _place(self, index: int, draft: Draft, keys: Mapping[bytes, bytes], at: str, epoch: bytes) -> Placed:
        tag = ciphertext = None
        if draft.subject is not None:
            key = keys[draft.subject]
            tag = _tag(key, epoch)
            ciphertext = self._seal(key, index, draft.payload)
        leaf = draft.leaf(at, tag=tag, ciphertext_hash=sha256(ciphertext).digest() if ciphertext else None)
        kept = (index, draft.subject, draft.salt, ciphertext) if draft.salt else None
        return Placed(index, draft, leaf, tag, kept)

    def _keys(self, connection: Connection, wanted: Set[bytes], at: datetime) -> dict[bytes, bytes]:
        """The key of every wanted subject. The head is locked: nobody else adds subjects meanwhile."""
        known = rows.subjects(connection, wanted)
        keys = {located: self.kek.unwrap(wrapped) for located, (wrapped, _) in known.items()}
        fresh = {located: data_key() + data_key() for located in wanted if located not in keys}
        since = month(at - timedelta(days=1))  # another node's clock may be behind ours
        rows.add_subjects(connection, [(located, self.kek.wrap(key), since) for located, key in fresh.items()])
        return keys | fresh

    def _seal(self, key: bytes, index: int, payload: bytes | None) -> bytes | None:
        return None if payload is None else seal(key[:_CIPHER_BYTES], payload, self._place_of(index))

    def open(self, key: bytes, index: int, ciphertext: bytes) -> bytes:
        """The payload of an entry."""
        return open_(key[:_CIPHER_BYTES], ciphertext, self._place_of(index))

    def _place_of(self, index: int) -> bytes:
        """Associated data: a ciphertext moved beside another leaf does not open."""
        return f"{self.origin}\n{index}".encode()


def _tag(key: bytes, epoch: bytes) -> bytes:
    return hmac_sha256(key[_CIPHER_BYTES:], epoch)[:TAG_BYTES]


def _months(since: str, until: str) -> Iterator[str]:
    year, number = int(since[:4]), int(since[5:])
    while (epoch := f"{year:04d}-{number:02d}") <= until:
        yield epoch
        year, number = (year + 1, 1) if number == 12 else (year, number + 1)
