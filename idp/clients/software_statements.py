"""Software statements (RFC 7591 §2.3): what somebody the operator trusts says about a piece of software.

The issuers and their public keys stand in one file the operator keeps. A statement's members take the place of those
sent beside it, and go through every check they would have gone through: nobody's signature widens an invitation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from idp.clients.metadata.keys import registered_key
from idp.errors import InvalidClientMetadataError, InvalidSoftwareStatementError, UnapprovedSoftwareStatementError
from kernel.canonical import JSON, MalformedJson, decode
from kernel.jose import InvalidKey, InvalidToken, Refused, VerifyingKey, base64url, compact, verify_signature_only
from kernel.jose import claims as jwt

MEMBER = "software_statement"
TYPES = ("JWT", "software-statement+jwt", "")
LEEWAY = 10
_ABOUT_THE_STATEMENT = frozenset({"iss", "sub", "aud", "exp", "nbf", "iat", "jti"})
_MOST_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Expected:
    """What a statement is held against; ``now`` in seconds since 1970-01-01 UTC."""

    issuer: str
    now: float


def is_in_force(claims: Mapping[str, JSON], expected: Expected) -> None:
    """RFC 7519 §4.1.4 to §4.1.6: each of `exp`, `nbf` and `iat` counts where it is there."""
    if "exp" in claims and expected.now >= jwt.instant_claim(claims, "exp"):
        raise InvalidSoftwareStatementError("The software statement has expired.")
    for name in ("nbf", "iat"):
        if name in claims and jwt.instant_claim(claims, name) > expected.now + LEEWAY:
            raise InvalidSoftwareStatementError("The software statement is from the future.")


def is_meant_for_this_server(claims: Mapping[str, JSON], expected: Expected) -> None:
    """RFC 7519 §4.1.3: a statement that names its readers names us."""
    audience = claims.get("aud", expected.issuer)
    if expected.issuer not in (audience if isinstance(audience, list) else [audience]):
        raise InvalidSoftwareStatementError("The software statement is meant for another server.")


def names_its_software(claims: Mapping[str, JSON], expected: Expected) -> None:
    """RFC 7591 §2: `software_id` is what tells one software from another, whoever runs it."""
    del expected
    jwt.text_claim(claims, "software_id")


def holds_no_other_statement(claims: Mapping[str, JSON], expected: Expected) -> None:
    """RFC 7591 §2.3: a statement is not made of statements."""
    del expected
    if MEMBER in claims:
        raise InvalidSoftwareStatementError("A software statement must not hold another.")


CHECKS: tuple[Callable[[Mapping[str, JSON], Expected], None], ...] = (
    is_in_force,
    is_meant_for_this_server,
    names_its_software,
    holds_no_other_statement,
)


@dataclass(frozen=True, slots=True)
class SoftwareStatements:
    """Reads statements. ``issuers`` are those whose word counts, with their keys, each of one algorithm."""

    issuer: str
    issuers: Mapping[str, tuple[VerifyingKey, ...]] = field(default_factory=dict)

    def applied(self, metadata: Mapping[str, JSON], now: datetime) -> dict[str, JSON]:
        """The metadata with the statement's members in place of their own (§2.3), and the statement as it was sent.

        Raises UnapprovedSoftwareStatementError, InvalidSoftwareStatementError.
        """
        if MEMBER not in metadata:
            return dict(metadata)
        said = self._verified(metadata[MEMBER], now)
        return {**metadata, **{name: value for name, value in said.items() if name not in _ABOUT_THE_STATEMENT}}

    def _verified(self, statement: JSON, now: datetime) -> Mapping[str, JSON]:
        if not isinstance(statement, str):
            raise InvalidSoftwareStatementError("software_statement must be a string.")
        try:
            keys = self.issuers.get(_said_issuer(statement))
            if not keys:
                raise UnapprovedSoftwareStatementError("The issuer of the software statement is not approved here.")
            claims = compact.json_object(verify_signature_only(statement, keys, typ=TYPES).payload)
            for check in CHECKS:
                check(claims, Expected(self.issuer, now.timestamp()))
        except (InvalidToken, Refused) as refusal:
            raise InvalidSoftwareStatementError(
                f"The software statement is not acceptable: {refusal.reason.value}."
            ) from None
        return claims


def _said_issuer(statement: str) -> str:
    """Whom a statement says it is from. Not verified: it only tells whose keys to verify it with."""
    return str(compact.json_object(compact.parse(statement).payload).get("iss"))


def facts(data: Mapping[str, JSON]) -> dict[str, JSON]:
    """What the ledger keeps of a statement: whose it was and what about, and which one exactly."""
    statement = data.get(MEMBER)
    if not isinstance(statement, str):
        return {}
    digest = base64url.encode(sha256(statement.encode()).digest())
    about: dict[str, JSON] = {"issuer": _said_issuer(statement), "software": data.get("software_id"), "digest": digest}
    return {MEMBER: about}


def trusted(path: Path | None) -> dict[str, tuple[VerifyingKey, ...]]:
    """The operator's file: a JSON object of issuers, each with its JWK set. Raises ValueError for anything else."""
    if path is None:
        return {}
    try:
        document = decode(path.read_bytes(), max_bytes=_MOST_BYTES)
        entries = document.items() if isinstance(document, dict) else []
        found = {issuer: _keys(jwks) for issuer, jwks in entries}
    except (OSError, MalformedJson, InvalidKey, InvalidClientMetadataError) as error:
        raise ValueError(f"{path}: no file of software statement issuers: {error}") from None
    if not found or not all(found.values()):
        raise ValueError(f"{path}: an issuer has no key, or there is none")
    return found


def _keys(jwks: JSON) -> tuple[VerifyingKey, ...]:
    entries = jwks.get("keys") if isinstance(jwks, dict) else None
    return tuple(
        VerifyingKey.from_jwk(registered_key(entry)) for entry in (entries if isinstance(entries, list) else [])
    )
