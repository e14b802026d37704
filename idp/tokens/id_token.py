"""Claims of ID tokens (OpenID Connect Core 1.0 §2)."""

from __future__ import annotations

import hashlib

from idp.model import assurance, scopes
from idp.tokens import lifetimes
from idp.tokens.access_token import Stamp, offices
from idp.tokens.entitlement import Entitlement, SignedIn
from idp.tokens.pairwise import Pairwise
from kernel.canonical import JSON
from kernel.jose import base64url

TYPE = "JWT"


def claims(
    entitlement: Entitlement, signed_in: SignedIn, stamp: Stamp, *, issuer: str, pairwise: Pairwise, nonce: str | None
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
    if entitlement.is_for_the_exchange:
        made |= profile(entitlement.scope, signed_in)  # no access token for userinfo exists, so they stand here (§5.4)
    return made


def profile(scope: tuple[str, ...], signed_in: SignedIn) -> dict[str, JSON]:
    """What the `profile` scope gives (§5.4): the name as one field, since Chinese names are not split."""
    return {"name": signed_in.person.name} if scopes.PROFILE in scope else {}


def access_token_hash(access_token: str) -> str:
    """`at_hash` for ES256: the left half of SHA-256 (§3.1.3.6)."""
    return base64url.encode(hashlib.sha256(access_token.encode()).digest()[:16])
