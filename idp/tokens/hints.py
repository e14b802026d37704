"""ID tokens that come back to us as hints: they say whom a client means, and permit nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from idp.errors import InvalidRequestError
from idp.tokens import id_token
from kernel.canonical import JSON
from kernel.jose import InvalidToken, Refused, VerifyingKey, compact, verify_signature_only
from kernel.keys import KeyRing


@dataclass(frozen=True, slots=True)
class IdTokenHints:
    """Reads `id_token_hint` (OpenID Connect Core 1.0 §3.1.2.1, RP-Initiated Logout 1.0 §2)."""

    issuer: str
    keys: KeyRing

    def read(self, text: str) -> Mapping[str, JSON]:
        """The claims of an ID token of ours, which may have expired. Raises InvalidRequestError."""
        return self._read(text, self.keys.verifying())

    def read_at_sign_out(self, text: str) -> Mapping[str, JSON]:
        """The same, also by a key that is long retired and was not revoked: a session may outlive it.

        For signing out alone (RP-Initiated Logout 1.0 §2), where it only says which session is meant.
        """
        return self._read(text, self.keys.archived())

    def _read(self, text: str, keys: Sequence[VerifyingKey]) -> Mapping[str, JSON]:
        try:
            signed = verify_signature_only(text, keys, typ=id_token.TYPE)
            claims = compact.json_object(signed.payload)
        except (InvalidToken, Refused):
            raise InvalidRequestError("id_token_hint is not an ID token of this provider.") from None
        if claims.get("iss") != self.issuer or not id_token.is_one(claims):
            raise InvalidRequestError("id_token_hint is not an ID token of this provider.")
        return claims
