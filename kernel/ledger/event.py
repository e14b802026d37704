"""Events and the leaves they become: canonical JSON (RFC 8785) without personal data, bound to evidence by commitment.

A leaf never holds what it commits to. The commitment is HMAC-SHA-256 under a random salt of the entry's own, because
a plain hash of something that holds an identity number can be searched (ADR 0007); who the entry is about stands as a
keyed tag that dies with the subject's key.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from kernel import canonical
from kernel.entropy import Entropy
from kernel.identifiers.subject import SubjectRef

LEAF_VERSION = 1
LEAF_LIMIT = 65_535
"""Bytes; C2SP tlog-tiles prefixes an entry with its length as a uint16."""
SALT_BYTES = 32
TAG_BYTES = 16
_FIXED_MEMBERS = 400
"""Bytes, at most, of the members of a leaf whose length does not depend on the event."""

_NAME = re.compile(r"[A-Z][A-Za-z]{1,63}")
_REQUEST = re.compile(r"[!-~]{1,128}")
_ITEM = re.compile(r"[!-~]{0,64}")
_CITIZEN_NUMBER = re.compile(
    r"(?<![0-9A-Za-z])[1-8]\d{5}(?:1[89]|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?![0-9A-Za-z])"
)
"""GB 11643-1999 by its look: division, a date of birth, sequence, check character; nothing else of 18 characters."""


class InvalidEvent(ValueError):
    """The event cannot become a leaf; the message never repeats what it holds."""


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
    subject: SubjectRef | None = field(default=None, repr=False)
    evidence: str | None = field(default=None, repr=False)
    """The exact compact JWS that the commitment covers."""
    payload: bytes | None = field(default=None, repr=False)
    """Kept beside the log, encrypted under the subject's key; the commitment covers it when there is no evidence."""


Identity = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Draft:
    """An event checked and encoded as far as is possible before its place in the log is known."""

    identity: Identity
    subject: SubjectRef | None = field(repr=False)
    payload: bytes | None = field(repr=False)
    salt: bytes = field(repr=False)
    """Empty when the entry commits to nothing."""
    _commitment: bytes
    _middle: bytes
    _end: bytes

    def leaf(self, at: str, *, tag: bytes | None, ciphertext_hash: bytes | None) -> bytes:
        """The canonical bytes of the leaf (members in the order of RFC 8785 §3.2.3, so composed without sorting)."""
        ciphertext = b'"ciphertext":"%b",' % ciphertext_hash.hex().encode() if ciphertext_hash else b""
        subject = b'"subject":"%b",' % tag.hex().encode() if tag else b""
        return b"".join(
            (b'{"at":"', at.encode(), b'",', ciphertext, self._commitment, self._middle, subject, self._end)
        )


def draft(event: Event, entropy: Entropy) -> Draft:
    """Check an event and encode it; raises InvalidEvent."""
    facts = _encode_facts(event)
    covered = event.evidence.encode() if event.evidence is not None else event.payload
    salt = entropy.bytes(SALT_BYTES) if covered is not None else b""
    commitment = (
        b'"commitment":"%b",' % hmac.digest(salt, covered, "sha256").hex().encode() if covered is not None else b""
    )
    name, item, request = (canonical.encode(text) for text in (event.name, event.item, event.request))
    middle = b'"event":%b,"facts":%b,"item":%b,"request":%b,' % (name, facts, item, request)
    if len(middle) + _FIXED_MEMBERS > LEAF_LIMIT:
        raise InvalidEvent(f"an entry of the log holds at most {LEAF_LIMIT} bytes")
    identity = (event.request, event.item, event.name)
    return Draft(identity, event.subject, event.payload, salt, commitment, middle, b'"v":%d}' % LEAF_VERSION)


def drafts(events: Sequence[Event], entropy: Entropy) -> list[Draft]:
    """Check and encode the events of one call; raises InvalidEvent, also for the same event twice."""
    made = [draft(event, entropy) for event in events]
    if len({one.identity for one in made}) != len(made):
        raise InvalidEvent("the same event stands twice in one call")
    return made


def _encode_facts(event: Event) -> bytes:
    well_named = _NAME.fullmatch(event.name) and _REQUEST.fullmatch(event.request) and _ITEM.fullmatch(event.item)
    if not well_named:
        raise InvalidEvent("an event needs a name in the past tense, a request id and an item id of printable ASCII")
    if event.payload is not None and event.subject is None:
        raise InvalidEvent("a payload is kept under its subject's key, so it needs a subject")
    facts = canonical.encode(dict(event.facts))
    for text in (facts.decode(), event.request, event.item):
        if _CITIZEN_NUMBER.search(text):
            raise InvalidEvent("the facts hold what looks like a citizen number; a leaf holds no personal data")
    return facts


def instant(at: datetime) -> str:
    """A time as leaves write it: RFC 3339, UTC, milliseconds, ``Z``."""
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


def month(at: datetime) -> str:
    """The epoch a subject tag is made for: the UTC month, as ``2026-11``."""
    return f"{at:%Y-%m}"
