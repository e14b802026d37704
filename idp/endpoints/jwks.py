"""The provider's public keys (RFC 7517 §5), as bytes the key ring prepares at each rotation."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from kernel.keys import KeyRing
from kernel.web.http import HttpRequest, HttpResponse
from kernel.web.prepared import PreparedDocument


@dataclass(frozen=True, slots=True)
class JwksEndpoint:
    """GET the JWK set."""

    keys: KeyRing

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The current and the next keys: a next key is published long before it signs."""
        return _document(self.keys.jwks_bytes()).answer(request)


@lru_cache(maxsize=2)
def _document(key_set: bytes) -> PreparedDocument:
    """Made once a rotation."""
    return PreparedDocument(key_set)
