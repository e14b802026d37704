"""Events and the leaves they become: canonical JSON (RFC 8785) without personal data, bound to evidence by commitment.

A leaf never holds what it commits to. The commitment is HMAC-SHA-256 under a random salt of the entry's own, because
a plain hash of something that holds an identity number can be searched (ADR 0007); who the entry is about stands as a
keyed tag that dies with the subject's key.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from kernel import canonical
from kernel.entropy import Entropy
from kernel.envelope import hmac_sha256
from kernel.identifiers.subject import SubjectRef
from kernel.ledger.personal_data import holds_citizen_number

VERSION = 1
LEAF_LIMIT = 65_535
"""Bytes; C2SP tlog-tiles prefixes an entry with its length as a uint16."""
SALT_BYTES = 32
TAG_BYTES = 16
_FIXED_MEMBERS = 400
"""Bytes, at most, of the members of a leaf whose length does not depend on the event."""

_WELL_NAMED = re.compile(r"[A-Z][A-Za-z]{1,63}\n[!#-\[\]-~]{1,128}\n[!#-\[\]-~]{0,64}")
"""Event, request and item in printable ASCII without quotation mark and backslash: each is its own JSON."""


class InvalidEvent(ValueError):
    """The event cannot become a leaf; the message never repeats what it holds."""


@dataclass(frozen=True, slots=True)
class Located:
    """Whom an entry is about, for those who keep no number: the log's own blind index of them."""

    index: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, in the past tense, to be recorded once.

    ``request``, ``item`` and ``name`` together are unique in a log: recording the same event again finds the entry.
    """

    name: str
    request: str
    item: str = ""
    facts: Mapping[str, canonical.JSON] = field(default_factory=dict)
    """What may be known by every auditor for ever: no personal data, no payload."""
    subject: SubjectRef | Located | None = field(default=None, repr=False)
    evidence: str | None = field(default=None, repr=False)
    """The exact compact JWS that the commitment covers."""
    payload: bytes | None = field(default=None, repr=False)
    """Kept beside the log, encrypted under the subject's key; the commitment covers it when there is no evidence."""


Identity = tuple[str, str, str]


@dataclass(slots=True, eq=False)  # not frozen, because freezing costs more than the rest of making one
class Draft:
    """An event checked and encoded as far as is possible before its place in the log is known."""

    identity: Identity
    subject: bytes | None
    """Blind index of whom it is about."""
    payload: bytes | None = field(repr=False)
    salt: bytes = field(repr=False)
    """Empty when the entry commits to nothing."""
    middle: bytes
    """The leaf's members from ``commitment`` to ``request``."""

    def leaf(self, at: str, *, tag: bytes | None, ciphertext_hash: bytes | None) -> bytes:
        """The canonical bytes of the leaf (members in the order of RFC 8785 §3.2.3, so composed without sorting)."""
        ciphertext = f'"ciphertext":"{ciphertext_hash.hex()}",' if ciphertext_hash else ""
        subject = f'"subject":"{tag.hex()}",' if tag else ""
        return b'{"at":"%b",%b%b%b"v":%d}' % (at.encode(), ciphertext.encode(), self.middle, subject.encode(), VERSION)


def draft(event: Event, entropy: Entropy, locate: Callable[[SubjectRef], bytes]) -> Draft:
    """Check an event and encode it; ``locate`` gives a subject's blind index. Raises InvalidEvent."""
    identity = _identity(event)
    salt, commitment = _commit(event, entropy)
    facts = _encode(event.facts)
    middle = b'%b"event":"%b","facts":%b,"item":"%b","request":"%b",' % (
        *(commitment, event.name.encode(), facts),
        *(event.item.encode(), event.request.encode()),
    )
    if len(middle) + _FIXED_MEMBERS > LEAF_LIMIT:
        raise InvalidEvent(f"an entry of the log holds at most {LEAF_LIMIT} bytes")
    if holds_citizen_number(middle):
        raise InvalidEvent("the event holds what looks like a citizen number; a leaf holds no personal data")
    return Draft(identity, _located(event.subject, locate), event.payload, salt, middle)


def _located(subject: SubjectRef | Located | None, locate: Callable[[SubjectRef], bytes]) -> bytes | None:
    if subject is None:
        return None
    return subject.index if isinstance(subject, Located) else locate(subject)


def drafts(events: Sequence[Event], entropy: Entropy, locate: Callable[[SubjectRef], bytes]) -> list[Draft]:
    """Check and encode the events of one call; raises InvalidEvent, also for the same event twice."""
    made = [draft(event, entropy, locate) for event in events]
    if len({one.identity for one in made}) != len(made):
        raise InvalidEvent("the same event stands twice in one call")
    return made


def _encode(facts: Mapping[str, canonical.JSON]) -> bytes:
    try:
        return canonical.encode(dict(facts))
    except canonical.NotCanonical as error:
        raise InvalidEvent(f"the facts have no canonical form: {error}") from None


def _identity(event: Event) -> Identity:
    if not _WELL_NAMED.fullmatch(f"{event.name}\n{event.request}\n{event.item}"):
        raise InvalidEvent("an event needs a name in the past tense, a request id and an item id of printable ASCII")
    if event.payload is not None and event.subject is None:
        raise InvalidEvent("a payload is kept under its subject's key, so it needs a subject")
    return event.request, event.item, event.name


def _commit(event: Event, entropy: Entropy) -> tuple[bytes, bytes]:
    """Salt and the leaf's member that commits to the evidence, else to the payload; both empty when there is none."""
    covered = event.payload if event.evidence is None else event.evidence.encode()
    if covered is None:
        return b"", b""
    salt = entropy.bytes(SALT_BYTES)
    return salt, b'"commitment":"%b",' % hmac_sha256(salt, covered).hex().encode()


def instant(at: datetime) -> str:
    """A time as leaves write it: RFC 3339, UTC, milliseconds, ``Z``."""
    return at.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def month(at: datetime) -> str:
    """The epoch a subject tag is made for: the UTC month, as ``2026-11``."""
    return at.isoformat()[:7]
