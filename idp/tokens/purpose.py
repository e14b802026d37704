"""The subject claim: who a token is about, for the exchange's eyes alone (ADR 0011)."""

from __future__ import annotations

from kernel import canonical
from kernel.identifiers.subject import SubjectRef
from kernel.jose import EncryptionKey, encrypt

SUBJECT_CLAIM = "urn:tongban:params:subject"
PLAINTEXT_BYTES = 256
"""Every plaintext has this length, so that the ciphertext's length says nothing about the identifier."""


def seal_subject(
    subject: SubjectRef, *, audience: str, jti: str, key: EncryptionKey, mandate: str | None = None
) -> str:
    """A JWE naming the subject and the token it travels in: moved into another token, it is refused there.

    ``mandate`` is the reference of the mandate that the token speaks of: no department may know it, since it would be
    the same for all of them.
    """
    said = {"scheme": subject.scheme, "value": subject.value, "aud": audience, "jti": jti}
    plaintext = canonical.encode(said if mandate is None else said | {"mandate": mandate})
    return encrypt(plaintext.ljust(PLAINTEXT_BYTES), key)
