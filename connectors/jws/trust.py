"""The trust list: whose signatures count, by which keys, and what a document by one of them must say."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from connectors.adapters import Opening
from connectors.errors import SourceGarbled, SourceMisconfigured, SourceProblem, SourceTooLarge
from kernel import jose
from kernel.canonical import JSON

_OF_ANOTHER = frozenset({jose.Reason.UNKNOWN_KEY, jose.Reason.WRONG_ISSUER})
"""Reasons that only say that a document is not this issuer's."""


@dataclass(frozen=True, slots=True)
class TrustedIssuer:
    """One issuer and its keys, none of which can vouch for another issuer."""

    issuer: str
    keys: Sequence[jose.VerifyingKey] = field(repr=False)


@dataclass(frozen=True, slots=True)
class TrustList:
    """Whom we believe.

    Attributes:
        audience: whom documents must be meant for: us.
        types: accepted values of ``typ``; "" stands for none.
        max_age: seconds a document may be valid for, from its making to its end.
        max_bytes: of one document.
    """

    issuers: Sequence[TrustedIssuer]
    audience: str
    types: tuple[str, ...]
    max_age: int
    max_bytes: int

    def verified(self, document: str, now: datetime) -> jose.Verified:
        """The document, if one of the issuers signed it. Raises: SourceGarbled, SourceTooLarge."""
        reasons = []
        for trusted in self.issuers:
            try:
                return jose.verify(
                    document,
                    trusted.keys,
                    typ=self.types,
                    issuer=trusted.issuer,
                    audience=self.audience,
                    now=now,
                    max_age=self.max_age,
                    max_bytes=self.max_bytes,
                )
            except jose.InvalidToken as refused:
                reasons.append(refused.reason)
        raise _problem(reasons)


def trusted(entries: Sequence[Mapping[str, Any]], opening: Opening) -> Sequence[TrustedIssuer]:
    """The issuers of a manifest with their keys, pinned or out of a secret. Raises: SourceMisconfigured."""
    return [TrustedIssuer(entry["issuer"], _keys(entry, opening)) for entry in entries]


def usable(keys: Sequence[Mapping[str, Any]], algorithms: Sequence[str]) -> Sequence[jose.VerifyingKey]:
    """The keys that can verify by one of these algorithms; a key that names none takes a single one. May be empty."""
    alone = algorithms[0] if len(algorithms) == 1 else None
    named: list[JSON] = [{**key} if "alg" in key or alone is None else {**key, "alg": alone} for key in keys]
    try:
        parsed = jose.verifying_keys({"keys": named})
    except jose.InvalidKey:
        return ()
    return [key for key in parsed if key.alg in algorithms]


def _keys(entry: Mapping[str, Any], opening: Opening) -> Sequence[jose.VerifyingKey]:
    keys = entry["keys"] if "keys" in entry else _published(opening.secret(entry["keys_secret"]))
    found = usable(keys, entry["algorithms"])
    if not found:
        raise SourceMisconfigured("trust-keys")
    return found


def _published(text: str) -> Sequence[Mapping[str, Any]]:
    """The entries of a JWK set (RFC 7517 §5). Raises: SourceMisconfigured."""
    try:
        keys = json.loads(text)["keys"]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise SourceMisconfigured("trust-keys") from None
    if not isinstance(keys, list):
        raise SourceMisconfigured("trust-keys")
    return [key for key in keys if isinstance(key, dict)]


def _problem(reasons: Sequence[jose.Reason]) -> SourceProblem:
    """What is told of a document nobody vouches for: the reason of the issuer it came nearest to."""
    if jose.Reason.TOO_LARGE in reasons:
        return SourceTooLarge("jws")
    near = [reason for reason in reasons if reason not in _OF_ANOTHER]
    return SourceGarbled(f"jws-{(near or reasons)[0]}")
