"""A software authenticator for tests (WebAuthn Level 3 §6): makes credentials, signs, lies on demand."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from kernel.entropy import SystemEntropy
from kernel.jose import base64url

UP, UV, BE, BS, AT = 0x01, 0x04, 0x08, 0x10, 0x40


@dataclass
class Authenticator:
    """One device with one credential. ``bound`` devices have a counter, others are copied and count nothing."""

    origin: str
    bound: bool = True
    verified: bool = True
    sign_count: int = 0
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    credential_id: bytes = field(default_factory=lambda: SystemEntropy().bytes(32))
    user_handle: str = ""

    def create(self, options: dict[str, Any], **changes: Any) -> str:
        """The answer to ``navigator.credentials.create``."""
        self.user_handle = options["user"]["id"]
        numbers = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        credential = bytes(16) + len(self.credential_id).to_bytes(2, "big") + self.credential_id + cbor2.dumps(cose)
        data = self._data(options["rp"]["id"], AT) + credential
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", options["challenge"], changes)
        response = {"clientDataJSON": client, "attestationObject": attestation, "transports": ["internal"]}
        return self._answer(response)

    def get(self, options: dict[str, Any], **changes: Any) -> str:
        """The answer to ``navigator.credentials.get``."""
        self.sign_count += self.bound
        data = self._data(options["rpId"], 0)
        client = self._client("webauthn.get", options["challenge"], changes)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        response = {"clientDataJSON": client, "authenticatorData": data, "signature": signature}
        return self._answer(response | {"userHandle": base64url.decode(self.user_handle)})

    def _data(self, rp_id: str, flags: int) -> bytes:
        flags |= UP | (UV if self.verified else 0) | (0 if self.bound else BE | BS)
        return hashlib.sha256(rp_id.encode()).digest() + bytes([flags]) + self.sign_count.to_bytes(4, "big")

    def _client(self, kind: str, challenge: str, changes: dict[str, Any]) -> bytes:
        client = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(client | changes).encode()

    def _answer(self, response: dict[str, Any]) -> str:
        own = base64url.encode(self.credential_id)
        coded = {
            name: base64url.encode(value) if isinstance(value, bytes) else value for name, value in response.items()
        }
        return json.dumps({"id": own, "rawId": own, "type": "public-key", "response": coded})
