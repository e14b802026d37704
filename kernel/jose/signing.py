"""The issuing path: a JWS composed by hand, because this is most of what a token endpoint does (RFC 7515 §5.1)."""

from collections.abc import Mapping

import orjson

from kernel.canonical import JSON

from . import base64url
from .compact import encoded_header
from .keys import SigningKey


def sign(claims: Mapping[str, JSON], key: SigningKey, *, typ: str) -> str:
    """Compact JWS over `claims`, with `typ` in its header (RFC 8725 §3.11: explicit typing)."""
    return sign_bytes(orjson.dumps(claims if type(claims) is dict else dict(claims)), key, typ=typ)


def sign_bytes(payload: bytes, key: SigningKey, *, typ: str) -> str:
    """Compact JWS over exactly these bytes."""
    return composed(encoded_header(key.alg, key.kid, typ), payload, key)


def composed(header: str, payload: bytes, key: SigningKey) -> str:
    """Compact JWS of a header that is encoded already (RFC 7515 §5.1)."""
    signing_input = f"{header}.{base64url.encode(payload)}"
    return f"{signing_input}.{base64url.encode(key.sign(signing_input.encode('ascii')))}"
