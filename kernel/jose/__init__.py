"""The one door to JOSE: signed and encrypted tokens, their keys, and DPoP proofs.

Owns every rule about what may be accepted as a token: JWS (RFC 7515), JWE (RFC 7516), JWK (RFC 7517, 7638), JWA
(RFC 7518, 8037, 9864), JWT (RFC 7519) with its best practice (RFC 8725), client assertions (RFC 7523) and DPoP
(RFC 9449). Two laws hold everywhere: the algorithm belongs to the key, never to the header; and nothing read from a
token is used before its signature is good. Talks to `cryptography` for signatures, to joserfc for encryption, and to
nobody over a network. Why there is only one door: docs/adr/0006-one-door-to-jose.md.
"""

from .compact import MAX_TOKEN_BYTES
from .dpop import PROOF_ALGORITHMS, DpopProof, access_token_hash, verify_dpop
from .encryption import A256GCM, decrypt, encrypt
from .errors import InvalidKey, InvalidProof, InvalidToken, Reason, Refused, SignerUnavailable
from .jwk import ed25519_private, p256_jwk, thumbprint
from .keys import (
    ECDH_ES,
    SIGNATURE_ALGORITHMS,
    DecryptionKey,
    EncryptionKey,
    SigningKey,
    VerifyingKey,
    encryption_keys,
    generate_ed25519,
    generate_p256,
    generate_rsa,
    verifying_keys,
)
from .making import (
    CLIENT_ASSERTION_TYPE,
    assertion_claims,
    client_assertion,
    proof_claims,
    prove,
)
from .recipients import CONTENT_ALGORITHMS, RECIPIENT_ALGORITHMS, RecipientKey, encrypt_to
from .signing import sign, sign_bytes
from .target_uri import normalise as normalise_target
from .token_hash import half_hash
from .verification import (
    SignedBytes,
    Verified,
    verify,
    verify_client_assertion,
    verify_signature_only,
)

__all__ = [
    "A256GCM",
    "CLIENT_ASSERTION_TYPE",
    "CONTENT_ALGORITHMS",
    "ECDH_ES",
    "MAX_TOKEN_BYTES",
    "PROOF_ALGORITHMS",
    "RECIPIENT_ALGORITHMS",
    "SIGNATURE_ALGORITHMS",
    "DecryptionKey",
    "DpopProof",
    "EncryptionKey",
    "InvalidKey",
    "InvalidProof",
    "InvalidToken",
    "Reason",
    "RecipientKey",
    "Refused",
    "SignedBytes",
    "SignerUnavailable",
    "SigningKey",
    "Verified",
    "VerifyingKey",
    "access_token_hash",
    "assertion_claims",
    "client_assertion",
    "decrypt",
    "ed25519_private",
    "encrypt",
    "encrypt_to",
    "encryption_keys",
    "generate_ed25519",
    "generate_p256",
    "generate_rsa",
    "half_hash",
    "normalise_target",
    "p256_jwk",
    "proof_claims",
    "prove",
    "sign",
    "sign_bytes",
    "thumbprint",
    "verify",
    "verify_client_assertion",
    "verify_dpop",
    "verify_signature_only",
    "verifying_keys",
]
