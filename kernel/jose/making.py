"""What a client makes to show who it is: DPoP proofs and client assertions."""

from collections.abc import Mapping
from datetime import datetime

import orjson

from kernel.canonical import JSON
from kernel.entropy import Entropy, token

from . import base64url
from .dpop import KEY_MEMBERS, PROOF_TYPE, access_token_hash
from .keys import SigningKey
from .signing import composed, sign
from .verification import CLIENT_ASSERTION_TYPES

CLIENT_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
"""The value of ``client_assertion_type`` (RFC 7523 §2.2)."""
ASSERTION_SECONDS = 60


def proof_claims(
    method: str, url: str, *, now: datetime, entropy: Entropy, access_token: str | None = None
) -> dict[str, JSON]:
    """The claims of a proof for one request (RFC 9449 §4.2); ``url`` has neither query nor fragment."""
    claims: dict[str, JSON] = {"htm": method, "htu": url, "jti": token(entropy, 16), "iat": int(now.timestamp())}
    return claims if access_token is None else claims | {"ath": access_token_hash(access_token)}


def prove(claims: Mapping[str, JSON], key: SigningKey) -> str:
    """The value of the DPoP header: its own header carries the public key, which is why ``sign`` does not make it."""
    public: dict[str, JSON] = {name: key.jwk[name] for name in KEY_MEMBERS if name in key.jwk}
    header: dict[str, JSON] = {"typ": PROOF_TYPE, "alg": key.alg, "jwk": public}
    return composed(base64url.encode(orjson.dumps(header)), orjson.dumps(dict(claims)), key)


def assertion_claims(client_id: str, audience: str, *, now: datetime, entropy: Entropy) -> dict[str, JSON]:
    """The claims by which a client names itself to ``audience`` for one request (RFC 7523 §3)."""
    begins = int(now.timestamp())
    about: dict[str, JSON] = {"iss": client_id, "sub": client_id, "aud": audience, "jti": token(entropy, 16)}
    return about | {"iat": begins, "exp": begins + ASSERTION_SECONDS}


def client_assertion(
    key: SigningKey,
    client_id: str,
    audience: str,
    *,
    now: datetime,
    entropy: Entropy,
    more: Mapping[str, JSON] | None = None,
) -> dict[str, str]:
    """The two fields of a form by which a client authenticates with its key (RFC 7523 §2.2); ``more`` adds claims."""
    claims = assertion_claims(client_id, audience, now=now, entropy=entropy) | dict(more or {})
    made = sign(claims, key, typ=CLIENT_ASSERTION_TYPES[0])
    return {"client_assertion_type": CLIENT_ASSERTION_TYPE, "client_assertion": made}
