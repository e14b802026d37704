"""Links that stand in posts: each opens one thing for one address, and none can be made by anybody else."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import timedelta

from kernel.envelope import blind_index
from kernel.jose import base64url as base64_url

PROOF_LASTS = timedelta(hours=48)
PROVE, UNSUBSCRIBE = "prove", "unsubscribe"
PLACE = "/console/forwarding-links"
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Links:
    """Makes links and reads them. The token names its address and what it is for, under a key of its own."""

    origin: str
    key: bytes

    @classmethod
    def of(cls, origin: str, secret: bytes) -> Links:
        """With a key derived from the installation's."""
        return cls(origin, blind_index(secret, "forwarding links"))

    def to_prove(self, forwarding: str, post: str) -> str:
        """That the address is right: good for the newest question alone."""
        return f"{self.origin}{PLACE}/{PROVE}?token={self._token(PROVE, forwarding, post)}"

    def to_unsubscribe(self, forwarding: str) -> str:
        """From everything that is not urgent."""
        return f"{self.origin}{PLACE}/{UNSUBSCRIBE}?token={self._token(UNSUBSCRIBE, forwarding)}"

    def read(self, what: str, token: str) -> tuple[str, ...] | None:
        """What a token of this kind names; None when it is none of ours."""
        if len(token) > _LONGEST or not token.isascii():
            return None
        *named, _ = token.split(".")
        return tuple(named) if named and hmac.compare_digest(self._token(what, *named), token) else None

    def _token(self, what: str, *named: str) -> str:
        return ".".join((*named, base64_url.encode(blind_index(self.key, "\n".join((what, *named))))))
