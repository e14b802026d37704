"""DPoP nonces of the provider (RFC 9449 §8): proof that a proof was made now, not stored up in advance.

Stateless: a nonce is a keyed digest of a step of time, the same on every node, and good during its step and the next.
Nothing is stored, and nobody without the key can make one for the future.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field

from kernel.clock import Clock
from kernel.envelope import hmac_sha256
from kernel.jose import base64url

STEP_SECONDS = 120
HEADER = "DPoP-Nonce"


@dataclass(frozen=True, slots=True)
class Nonces:
    """Makes and recognises nonces. ``required``: a proof without one is refused."""

    clock: Clock
    key: bytes = field(repr=False)
    required: bool = False

    @property
    def header(self) -> tuple[str, str]:
        """The response header that hands out the current nonce (§8.2)."""
        return (HEADER, self._of(self._step()))

    def accepts(self, given: str | None) -> bool:
        """Whether a proof's nonce is one of ours, of this step or the last; without one, whether that is allowed."""
        if given is None:
            return not self.required
        step = self._step()
        known = [hmac.compare_digest(given.encode(), self._of(each).encode()) for each in (step, step - 1)]
        return any(known)

    def _step(self) -> int:
        return int(self.clock.now().timestamp()) // STEP_SECONDS

    def _of(self, step: int) -> str:
        return base64url.encode(hmac_sha256(self.key, f"dpop nonce\0{step}".encode())[:16])
