"""Claims of access tokens (RFC 9068 §2.2), as a pure function of what the token stands for.

`act` names the officer of a client when nobody is present (RFC 8693 §4.1). `mandate` says for whom
a person acts; the issuer adds it, since it is sealed until then.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from idp.model import assurance, evidence, scopes
from idp.model.person import PersonKind
from idp.tokens import lifetimes
from idp.tokens.entitlement import Entitlement, SignedIn
from idp.tokens.pairwise import Pairwise
from kernel.canonical import JSON

TYPE = "at+jwt"
"""RFC 9068 §2.1."""

REGISTRATION_CLAIM = "urn:tongban:params:registration"
"""Under which registration of its client a token was allowed (ADR 0073); left out while nothing was ever taken."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """What is new about every token: its name and its time."""

    jti: str
    issued_at: datetime
    expires_at: datetime

    @classmethod
    def now(cls, entitlement: Entitlement, jti: str, now: datetime) -> Stamp:
        """A stamp with the lifetime of the kind of token: purpose-bound ones live five minutes at most.

        None outlives what it stems from: a person's session and consent; got in exchange, the other token.
        """
        life = lifetimes.PURPOSE_BOUND_TOKEN if entitlement.details else lifetimes.ACCESS_TOKEN
        return cls(jti, now, min((now + life, *entitlement.ends)))

    @property
    def expires_in(self) -> int:
        """Seconds (RFC 6749 §5.1)."""
        return int((self.expires_at - self.issued_at).total_seconds())


def claims(
    entitlement: Entitlement, stamp: Stamp, *, issuer: str, audience: str, pairwise: Pairwise
) -> dict[str, JSON]:
    """Every claim but the encrypted subject."""
    made: dict[str, JSON] = {
        "iss": issuer,
        "aud": audience,
        "sub": _subject(entitlement, pairwise),
        "client_id": entitlement.client.id,
        "iat": int(stamp.issued_at.timestamp()),
        "exp": int(stamp.expires_at.timestamp()),
        "jti": stamp.jti,
    }
    if entitlement.registration:
        made[REGISTRATION_CLAIM] = entitlement.registration
    if entitlement.scope:
        made["scope"] = scopes.text(entitlement.scope)
    if entitlement.details:
        made["authorization_details"] = evidence.to_json(entitlement.details)  # RFC 9396 §9.1
    if entitlement.confirmation:
        made["cnf"] = entitlement.confirmation
    if entitlement.act is not None:
        made["act"] = dict(entitlement.act)  # RFC 8693 §4.1
    if entitlement.signed_in is not None:
        made |= _signed_in(entitlement, entitlement.signed_in)
    return made


def _subject(entitlement: Entitlement, pairwise: Pairwise) -> str:
    """RFC 9068 §2.2: the person as the client's organisation knows them, or the client itself."""
    if entitlement.signed_in is None:
        return entitlement.client.id
    return pairwise.subject(entitlement.signed_in.person.id, entitlement.client.organisation)


def _signed_in(entitlement: Entitlement, signed_in: SignedIn) -> dict[str, JSON]:
    """RFC 9068 §2.2.1 authentication information, and §2.2.3.1 offices where they are asked for."""
    family = signed_in.family
    made: dict[str, JSON] = {
        "auth_time": int(family.authentication.at.timestamp()),
        "acr": assurance.acr(family.level),
        "amr": [*family.authentication.methods],
        "sid": family.sid,
    }
    if family.may_act:
        made["may_act"] = {"client_id": [*family.may_act]}  # RFC 8693 §4.4
    return made | offices(entitlement, signed_in)


def offices(entitlement: Entitlement, signed_in: SignedIn) -> dict[str, JSON]:
    """Organisation and roles of staff, where the client may act on them."""
    person = signed_in.person
    if scopes.GOVERNANCE not in entitlement.scope or person.kind is not PersonKind.STAFF:
        return {}
    return {"organisation": person.organisation, "roles": [*person.roles]}
