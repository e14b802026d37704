"""The signature on what is pushed: HTTP Message Signatures (RFC 9421) over method, address, body, id and time.

Made with the exchange's published signing key, so a subscriber keeps no secret. Every try is signed afresh, with its
time; ``webhook-id`` stays the same, so whoever remembers it takes each event once.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256

from exchange.events.cloud_event import MEDIA_TYPE
from kernel.jose import SigningKey

TAG = "tongban-webhook"
"""Says what the signature is for (RFC 9421 §2.3): none made for something else passes for one of these."""
_COVERED = ("@method", "@target-uri", "content-type", "content-digest", "webhook-id", "webhook-timestamp")
_ALGORITHMS: Mapping[str, str] = {"ES256": "ecdsa-p256-sha256", "EdDSA": "ed25519"}
"""RFC 9421 §6.2.2; both take a signature as JOSE writes it (§3.3.4: r and s, one after the other)."""


def signed_headers(url: str, body: bytes, event: str, now: datetime, key: SigningKey) -> tuple[str, ...]:
    """The header lines to send beside ``Content-Type: application/cloudevents+json``."""
    created = int(now.timestamp())
    digest = f"sha-256=:{b64encode(sha256(body).digest()).decode()}:"  # RFC 9530 §2
    fields = {
        "@method": "POST",
        "@target-uri": url,
        "content-type": MEDIA_TYPE,
        "content-digest": digest,
        "webhook-id": event,
        "webhook-timestamp": str(created),
    }
    names = " ".join(f'"{name}"' for name in _COVERED)
    parameters = f'({names});created={created};keyid="{key.kid}";alg="{_ALGORITHMS[key.alg]}";tag="{TAG}"'
    base = [f'"{name}": {fields[name]}' for name in _COVERED] + [f'"@signature-params": {parameters}']
    signature = b64encode(key.sign("\n".join(base).encode())).decode()
    return (
        f"Content-Digest: {digest}",
        f"Webhook-Id: {event}",
        f"Webhook-Timestamp: {created}",
        f"Signature-Input: sig={parameters}",
        f"Signature: sig=:{signature}:",
    )
