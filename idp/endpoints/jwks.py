"""The provider's public keys (RFC 7517 §5), as bytes the key ring prepares at each rotation."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from kernel.keys import KeyRing
from kernel.web.http import HttpRequest, HttpResponse

_HEADERS = (("Content-Type", "application/json"), ("Cache-Control", "public, max-age=300"))


@dataclass(frozen=True, slots=True)
class JwksEndpoint:
    """GET the JWK set."""

    keys: KeyRing

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The current and the next keys: a next key is published long before it signs."""
        del request
        return _answer(self.keys.jwks_bytes())


@lru_cache(maxsize=2)
def _answer(key_set: bytes) -> HttpResponse:
    """Made once a rotation."""
    return HttpResponse(200, key_set, _HEADERS)
