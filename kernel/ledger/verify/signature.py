"""The evidence's own signature: ES256 over a compact JWS (RFC 7515), by a key of a published set (RFC 7517)."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePublicKey,
    EllipticCurvePublicNumbers,
)
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from kernel.ledger.verify.encoding import json_object
from kernel.ledger.verify.failure import VerificationFailed

_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]+")


def verify_signature(evidence: str | None, jwks: Mapping[str, Any]) -> None:
    """Raises VerificationFailed unless a key of the set signed the evidence."""
    if evidence is None or not _COMPACT.fullmatch(evidence):
        raise _failed("证据不是签名文书（JWS）", "the evidence is not a compact JWS")
    header_text, payload, signature_text = evidence.split(".")
    header = json_object(_base64url(header_text), check="signature")
    if header.get("alg") != "ES256" or "crit" in header:
        raise _failed("签名算法不是 ES256", "the signature is not ES256")
    signature = _base64url(signature_text)
    if len(signature) != 64:  # RFC 7518 §3.4
        raise _failed("签名长度有误", "the signature has a wrong length")
    signed = f"{header_text}.{payload}".encode()
    if not any(_is_signed_by(key, signature, signed) for key in _keys(jwks, header.get("kid"))):
        raise _failed("证据签名无效，或签名密钥不在所给集合中", "no key of the set made this signature")


def _failed(zh: str, en: str) -> VerificationFailed:
    return VerificationFailed(zh, en, "signature")


def _base64url(text: str) -> bytes:
    """RFC 7515 §2: without padding; only the text that encoding its bytes yields."""
    try:
        data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        data = b""
    if urlsafe_b64encode(data).rstrip(b"=").decode() != text:
        raise _failed("Base64url 编码有误", "malformed base64url")
    return data


def _keys(jwks: Mapping[str, Any], kid: object) -> list[EllipticCurvePublicKey]:
    """The set's P-256 signature keys of this id; all of them when the evidence names none."""
    members = jwks.get("keys")
    candidates = [one for one in members if isinstance(one, dict)] if isinstance(members, list) else []
    fitting = [one for one in candidates if _is_es256(one) and (kid is None or one.get("kid") == kid)]
    return [_public_key(one) for one in fitting]


def _is_es256(jwk: Mapping[str, Any]) -> bool:
    curve = jwk.get("kty") == "EC" and jwk.get("crv") == "P-256"
    return curve and jwk.get("alg", "ES256") == "ES256" and jwk.get("use", "sig") == "sig"


def _public_key(jwk: Mapping[str, Any]) -> EllipticCurvePublicKey:
    x, y = (int.from_bytes(_base64url(str(jwk.get(name)))) for name in ("x", "y"))
    try:
        return EllipticCurvePublicNumbers(x, y, SECP256R1()).public_key()
    except ValueError:
        raise _failed("密钥集合中有无效的密钥", "a key of the set is not on its curve") from None


def _is_signed_by(key: EllipticCurvePublicKey, signature: bytes, signed: bytes) -> bool:
    r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
    try:
        key.verify(encode_dss_signature(r, s), signed, ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True
