"""Claims of ID tokens (OpenID Connect Core 1.0 §2)."""

from __future__ import annotations

from collections.abc import Mapping

from idp.model import assurance
from idp.model.claims import of_scopes
from idp.tokens import lifetimes
from idp.tokens.access_token import Stamp, offices
from idp.tokens.entitlement import Entitlement, SignedIn
from idp.tokens.pairwise import Pairwise
from idp.tokens.person_claims import PersonClaims
from kernel.canonical import JSON

TYPE = "JWT"
_TEXTS, _TIMES = ("aud", "sub", "sid", "at_hash"), ("iat", "exp", "auth_time")


def claims(
    entitlement: Entitlement,
    signed_in: SignedIn,
    stamp: Stamp,
    *,
    issuer: str,
    pairwise: Pairwise,
    nonce: str | None,
    about: PersonClaims,
) -> dict[str, JSON]:
    """Who signed in, how, and for whom. `at_hash` is added when the access token exists."""
    family = signed_in.family
    made: dict[str, JSON] = {
        "iss": issuer,
        "aud": entitlement.client.id,
        "sub": pairwise.subject(signed_in.person.id, entitlement.client.organisation),
        "iat": int(stamp.issued_at.timestamp()),
        "exp": int((stamp.issued_at + lifetimes.ID_TOKEN).timestamp()),
        "auth_time": int(family.authentication.at.timestamp()),
        "acr": assurance.acr(family.level),
        "amr": [*family.authentication.methods],
        "sid": family.sid,
    }
    if nonce is not None:
        made["nonce"] = nonce  # §3.1.2.1: passed through unmodified
    made |= offices(entitlement, signed_in)
    names = family.claims.within(entitlement.client.scopes_since(family.registration)).id_token  # §5.5
    if entitlement.is_for_the_exchange or entitlement.resource is not None:
        names |= of_scopes(entitlement.scope)  # no access token for userinfo exists, so they stand here (§5.4)
    return made | (about.told(signed_in.person, names) if names else {})


def is_one(claims: Mapping[str, JSON]) -> bool:
    """Whether claims that we signed are an ID token's: userinfo and JARM answers are of the same type."""
    return all(type(claims.get(name)) is str for name in _TEXTS) and all(
        type(claims.get(name)) is int for name in _TIMES
    )
