"""Requests signed with a shared secret: HTTP Message Signatures (RFC 9421) by hmac-sha256, with a digest (RFC 9530)."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence

from connectors.errors import SourceMisconfigured
from connectors.resilience import Deadline
from connectors.rest.request import Request
from kernel.clock import Clock
from kernel.entropy import Entropy, token
from kernel.envelope import hmac_sha256

KEY_ID = re.compile(r"[!#-\[\]-~]{1,128}")
"""Characters that a structured-field string holds unescaped (RFC 8941 §3.3.3)."""
_SHORTEST_SECRET = 16  # bytes
_LABEL = "sig1"


class MessageSigner:
    """Signs method, address, the headers we send, the body's digest and the time."""

    def __init__(self, key_id: str, secret: bytes, clock: Clock, entropy: Entropy) -> None:
        if len(secret) < _SHORTEST_SECRET or not KEY_ID.fullmatch(key_id):
            raise SourceMisconfigured("secret-unusable")
        self._key_id, self._secret, self._clock, self._entropy = key_id, secret, clock, entropy

    def lines(self, request: Request, _: Deadline) -> Sequence[bytes]:
        """The digest of the body, what is covered, and the signature over it."""
        added = [] if request.body is None else [b"Content-Digest: " + digest(request.body)]
        components = [("@method", request.method.encode()), ("@target-uri", request.url.encode())]
        components += [field for line in (*request.headers, *added) if (field := _field(line))[1]]
        covered = parameters(
            [name for name, _ in components],
            created=int(self._clock.now().timestamp()),
            nonce=token(self._entropy, 16),
            keyid=self._key_id,
            alg="hmac-sha256",
        )
        signature = sign(components, covered, self._secret)
        return [
            *added,
            f"Signature-Input: {_LABEL}={covered}".encode(),
            f"Signature: {_LABEL}=:{base64.b64encode(signature).decode()}:".encode(),
        ]

    def refused(self, _: Sequence[bytes]) -> bool:
        """Another signature by the same secret would be refused like the first."""
        return False

    def close(self) -> None:
        """There is nothing to give back."""


def digest(body: bytes) -> bytes:
    """The value of ``Content-Digest`` (RFC 9530 §2)."""
    return b"sha-256=:" + base64.b64encode(hashlib.sha256(body).digest()) + b":"


def parameters(names: Sequence[str], **values: str | int) -> str:
    """The covered components and the signature's parameters, as ``Signature-Input`` has them (RFC 9421 §2.3)."""
    covered = " ".join(f'"{name}"' for name in names)
    told = "".join(
        f";{name}={value}" if isinstance(value, int) else f';{name}="{value}"' for name, value in values.items()
    )
    return f"({covered}){told}"


def sign(components: Sequence[tuple[str, bytes]], covered: str, secret: bytes) -> bytes:
    """HMAC over the signature base (RFC 9421 §2.5, §3.3.3)."""
    base = b"".join(f'"{name}": '.encode() + value + b"\n" for name, value in components)
    return hmac_sha256(secret, base + f'"@signature-params": {covered}'.encode())


def _field(line: bytes) -> tuple[str, bytes]:
    """A header line as a component: its name in small letters, its value without blanks around it (RFC 9421 §2.1)."""
    name, _, value = line.partition(b":")
    return name.decode().lower(), value.strip()
