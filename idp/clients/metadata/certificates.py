"""The members of client metadata about TLS certificates (RFC 8705 §2.1.2 and §2.2.2), checked."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from idp.clients import certificates
from idp.errors import InvalidClientMetadataError
from idp.model.certificate import CertificateName
from idp.model.client import AuthMethod
from kernel.canonical import JSON
from kernel.jose import InvalidKey, base64url, jwk, thumbprint

_DIGEST = re.compile(r"[A-Za-z0-9_-]{43}")
_KEY_SET = "jwks"


def names(data: Mapping[str, JSON]) -> dict[str, JSON]:
    """The one name a client is known by, in its canonical spelling. Raises InvalidClientMetadataError."""
    given = [name for name in CertificateName if name.value in data]
    method = data["token_endpoint_auth_method"]
    if method == AuthMethod.SELF_SIGNED_TLS.value:
        _has_certificates(data)
    if (len(given) != 1) if method == AuthMethod.TLS.value else given:  # RFC 8705 §2.1.2: exactly one
        raise InvalidClientMetadataError("tls_client_auth needs exactly one tls_client_auth_ name, no other method any")
    try:
        return {name.value: certificates.canonical_name(name, str(data[name.value])) for name in given}
    except ValueError:
        raise InvalidClientMetadataError(f"{given[0].value} is malformed") from None


def of_key(entry: Mapping[str, JSON]) -> dict[str, JSON]:
    """A key's certificate, kept by its thumbprint (RFC 7517 §4.7 and §4.9). Raises InvalidClientMetadataError."""
    chain, digest = entry.get("x5c"), entry.get("x5t#S256")
    if chain is not None:
        return {"x5t#S256": certificates.thumbprint(_certificate_of(entry, chain))}
    if digest is None:
        return {}
    if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
        raise InvalidClientMetadataError("jwks: x5t#S256 is no SHA-256 thumbprint")
    return {"x5t#S256": digest}


def _certificate_of(entry: Mapping[str, JSON], chain: JSON) -> bytes:
    """The first certificate, which must be of this very key (RFC 7517 §4.7)."""
    first = chain[0] if isinstance(chain, list) and chain else None
    try:
        der = base64.b64decode(first if isinstance(first, str) else "", validate=True)
        same = thumbprint(_public(x509.load_der_x509_certificate(der))) == thumbprint(entry)
    except (ValueError, InvalidKey, UnsupportedAlgorithm, x509.InvalidVersion):
        raise InvalidClientMetadataError("jwks: x5c holds no certificate of a key that is used here") from None
    if not same:
        raise InvalidClientMetadataError("jwks: x5c is not a certificate of its key")
    return der


def _public(certificate: x509.Certificate) -> dict[str, JSON]:
    key = certificate.public_key()
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        return jwk.p256_jwk(key)
    if isinstance(key, ed25519.Ed25519PublicKey):
        return jwk.ed25519_jwk(key)
    if isinstance(key, rsa.RSAPublicKey):
        numbers = key.public_numbers()
        return {"kty": "RSA", "n": _number(numbers.n), "e": _number(numbers.e)}
    raise InvalidKey("the certificate's key is of no type used here")


def _number(value: int) -> str:
    return base64url.encode(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def _has_certificates(data: Mapping[str, JSON]) -> None:
    """RFC 8705 §2.2.2: the client's key set says which certificates are its own."""
    key_set = data.get(_KEY_SET)
    keys = key_set.get("keys") if isinstance(key_set, dict) else None
    signing = (
        [key for key in keys if not isinstance(key, dict) or key.get("use") != "enc"] if isinstance(keys, list) else []
    )
    if not signing or not all(isinstance(key, dict) and "x5t#S256" in key for key in signing):
        raise InvalidClientMetadataError("self_signed_tls_client_auth needs jwks whose keys have x5c or x5t#S256")
