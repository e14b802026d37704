"""Encryption to one recipient: ECDH-ES on P-256 with A256GCM (RFC 7516, RFC 7518 §4.6 and §5.3), nothing else.

joserfc does the work; this module decides what may reach it.
"""

from collections.abc import Mapping, Sequence

from joserfc import jwe
from joserfc.errors import JoseError

from kernel.canonical import JSON

from . import compact, jwk
from .errors import InvalidKey, InvalidToken, Reason, Refused
from .keys import ECDH_ES, DecryptionKey, EncryptionKey

A256GCM = "A256GCM"
_JWE_SEGMENTS = 5
_IV_BYTES, _TAG_BYTES = 12, 16  # RFC 7518 §5.3
_FORBIDDEN_HEADERS = frozenset({"crit", "b64", "jwk", "jku", "x5u", "x5c", "zip", "p2s", "p2c", "skid"})
_EPK_MEMBERS = {"kty", "crv", "x", "y"}


def encrypt(plaintext: bytes, key: EncryptionKey, *, header: Mapping[str, JSON] | None = None) -> str:
    """Compact JWE to `key` with a fresh ephemeral key; `header` adds parameters such as `cty`, and overrides none."""
    protected = {**(header or {}), "alg": ECDH_ES, "enc": A256GCM, "kid": key.kid}
    return jwe.encrypt_compact(protected, plaintext, key.recipient, algorithms=[ECDH_ES, A256GCM])


def decrypt(token: str, keys: Sequence[DecryptionKey]) -> bytes:
    """The plaintext of a JWE meant for one of `keys`; raises InvalidToken with its reason."""
    try:
        header = _checked_header(token)
        key = _select(header, keys)
    except Refused as refusal:
        raise InvalidToken(refusal.reason) from None
    return _decrypted(token, key)


def _decrypted(token: str, key: DecryptionKey) -> bytes:
    try:
        opened = jwe.decrypt_compact(token, key.recipient, algorithms=[ECDH_ES, A256GCM])
    except (JoseError, ValueError):  # one answer for every cause: a wrong tag and a wrong key look alike
        raise InvalidToken(Reason.UNDECRYPTABLE) from None
    assert opened.plaintext is not None  # it is there, or joserfc has raised
    return opened.plaintext


def _checked_header(token: str) -> Mapping[str, JSON]:
    # 1. Size and five canonical segments.  2. The header is one JSON object without duplicate keys.
    parts = compact.segments(token, _JWE_SEGMENTS)
    header = compact.json_object(parts[0], compact.MAX_HEADER_BYTES)
    # 3. Nothing that brings a key, an extension or compression.
    if not _FORBIDDEN_HEADERS.isdisjoint(header):
        raise Refused(Reason.FORBIDDEN_HEADER)
    # 4. Exactly our two algorithms.
    if (header.get("alg"), header.get("enc")) != (ECDH_ES, A256GCM):
        raise Refused(Reason.WRONG_ALGORITHM)
    # 5. Direct agreement has no encrypted key (RFC 7516 §5.2 step 10); IV and tag have one length each.
    if parts[1] or len(parts[2]) != _IV_BYTES or len(parts[4]) != _TAG_BYTES:
        raise Refused(Reason.MALFORMED)
    # 6. The ephemeral key is a point on our curve: the invalid-curve attack ends here (RFC 7518 §4.6.1.1).
    _check_ephemeral_key(header.get("epk"))
    return header


def _check_ephemeral_key(epk: JSON) -> None:
    if not isinstance(epk, dict) or set(epk) != _EPK_MEMBERS:
        raise Refused(Reason.MALFORMED)
    try:
        jwk.p256_public(epk)
    except InvalidKey:
        raise Refused(Reason.MALFORMED) from None


def _select(header: Mapping[str, JSON], keys: Sequence[DecryptionKey]) -> DecryptionKey:
    for key in keys:
        if key.kid == header.get("kid"):
            return key
    raise Refused(Reason.UNKNOWN_KEY)
