"""The subject claim: who a token is about, for the exchange's eyes alone (ADR 0011)."""

from __future__ import annotations

from kernel import canonical
from kernel.identifiers.subject import SubjectRef
from kernel.jose import EncryptionKey, encrypt

SUBJECT_CLAIM = "urn:tongban:params:subject"
PLAINTEXT_BYTES = 256
"""Every plaintext has this length, so that the ciphertext's length says nothing about the identifier."""


def seal_subject(subject: SubjectRef, *, audience: str, jti: str, key: EncryptionKey) -> str:
    """A JWE naming the subject and the token it travels in: moved into another token, it is refused there."""
    plaintext = canonical.encode({"scheme": subject.scheme, "value": subject.value, "aud": audience, "jti": jti})
    return encrypt(plaintext.ljust(PLAINTEXT_BYTES), key)
