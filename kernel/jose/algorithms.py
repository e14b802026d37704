"""Signature primitives: one signer and one verifier per algorithm, bound to a parsed key.

A bound function knows its key and its algorithm, so nothing in a token can choose either. Sources: RFC 7518 §3.3
(RS256), §3.4 (ES256), §3.5 (PS256), RFC 8037 §3.1 (EdDSA), RFC 9864 §2.2 (Ed25519, its fully specified name).
"""

from collections.abc import Callable

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

Signer = Callable[[bytes], bytes]
Verifier = Callable[[bytes, bytes], bool]  # (signed bytes, signature) -> good

_ECDSA = ec.ECDSA(SHA256())  # algorithm objects are stateless; keeping them saves a tenth of each signature
_HASH = SHA256()
_PKCS1 = padding.PKCS1v15()
_PSS = padding.PSS(mgf=padding.MGF1(_HASH), salt_length=padding.PSS.DIGEST_LENGTH)
_ES256_HALF = 32


def es256_signer(key: ec.EllipticCurvePrivateKey) -> Signer:
    """ECDSA on P-256; the signature is R ‖ S, 32 bytes each, not DER (RFC 7518 §3.4)."""

    def sign(data: bytes) -> bytes:
        r, s = decode_dss_signature(key.sign(data, _ECDSA))
        return r.to_bytes(_ES256_HALF, "big") + s.to_bytes(_ES256_HALF, "big")

    return sign


def es256_verifier(key: ec.EllipticCurvePublicKey) -> Verifier:
    """Counterpart of `es256_signer`; another length than 64 bytes is no signature (RFC 7518 §3.4)."""

    def verify(data: bytes, signature: bytes) -> bool:
        if len(signature) != 2 * _ES256_HALF:
            return False
        r, s = int.from_bytes(signature[:_ES256_HALF], "big"), int.from_bytes(signature[_ES256_HALF:], "big")
        try:
            key.verify(encode_dss_signature(r, s), data, _ECDSA)
        except InvalidSignature:
            return False
        return True

    return verify


def ed25519_signer(key: ed25519.Ed25519PrivateKey) -> Signer:
    """Pure Ed25519 (RFC 8032 §5.1)."""
    return key.sign


def ed25519_verifier(key: ed25519.Ed25519PublicKey) -> Verifier:
    """Counterpart of `ed25519_signer`."""

    def verify(data: bytes, signature: bytes) -> bool:
        try:
            key.verify(signature, data)
        except InvalidSignature:
            return False
        return True

    return verify


def rsa_signer(key: rsa.RSAPrivateKey, alg: str) -> Signer:
    """RS256 (PKCS #1 v1.5) or PS256 (PSS, salt as long as the digest)."""
    scheme = _rsa_padding(alg)

    def sign(data: bytes) -> bytes:
        return key.sign(data, scheme, _HASH)

    return sign


def rsa_verifier(key: rsa.RSAPublicKey, alg: str) -> Verifier:
    """Counterpart of `rsa_signer`."""
    scheme = _rsa_padding(alg)

    def verify(data: bytes, signature: bytes) -> bool:
        try:
            key.verify(signature, data, scheme, _HASH)
        except InvalidSignature:
            return False
        return True

    return verify


def _rsa_padding(alg: str) -> padding.AsymmetricPadding:
    return {"RS256": _PKCS1, "PS256": _PSS}[alg]
