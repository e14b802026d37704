"""Another identity provider, as the operator describes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from kernel.text import Text


@dataclass(frozen=True, slots=True)
class Upstream:
    """``levels`` says what its `acr` values are worth here; an `acr` that is not among them is worth nothing.

    ``secret`` is for `client_secret_basic`; without one this provider signs an assertion (RFC 7523). ``signing_alg`` is
    the algorithm of its ID tokens, for providers whose published keys do not name theirs.
    """

    name: str
    title: Text
    issuer: str
    client_id: str
    levels: Mapping[str, int]
    scope: str = "openid profile"
    name_claim: str = "name"
    number_claim: str = "citizen_number"
    signing_alg: str | None = None
    secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody on their way to an upstream and back: used once, by the person and in the session that began it."""

    hash: bytes = field(repr=False)
    person: str
    upstream: str


@dataclass(frozen=True, slots=True)
class Statement:
    """What an upstream says of whoever came: name, number, what it is worth, and the digest of its ID token."""

    name: str = field(repr=False)
    number: str = field(repr=False)
    level: int
    digest: bytes = field(repr=False)
