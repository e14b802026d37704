"""Another exchange as far as a caller of its interface sees it, written with other libraries than ours; it can lie.

For states that a real one (`tests.doubles.second_exchange`) does not get into on demand.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
import ssl
import time
from collections.abc import Callable, Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jwk, jws

from kernel import jose
from kernel.entropy import SeededEntropy
from tests.doubles.http_source import Handler, HttpSource

US, ITEM, BASIS, KIND, CASE = "11500000DEM000057T", "ITEM0000000001", "rules", "person", "case_01"
PRIVATE = jose.generate_p256(SeededEntropy(88)) | {"alg": "ES256", "kid": "ours"}
MOST_ROWS = 3
Change = Callable[[dict[str, Any]], None]


def text64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Log:
    """A transparency log of one entry at a time (C2SP signed notes)."""

    def __init__(self, name: str = "paper.example/log") -> None:
        self._private, self._name = Ed25519PrivateKey.generate(), name
        self._key = b"\x01" + self._private.public_key().public_bytes_raw()
        self._id = hashlib.sha256(name.encode() + b"\n" + self._key).digest()[:4]

    @property
    def vkey(self) -> str:
        return f"{self._name}+{self._id.hex()}+{text64(self._key)}"

    def receipt(self, evidence: str) -> str:
        salt = b"s" * 32
        leaf = json.dumps({"commitment": hmac.digest(salt, evidence.encode(), "sha256").hex()}).encode()
        root = hashlib.sha256(b"\x00" + leaf).digest()  # RFC 6962 §2.1: of a tree of one leaf
        head = f"{self._name}\n1\n{text64(root)}\n"
        extra = json.dumps({"leaf": text64(leaf), "salt": text64(salt)}, separators=(",", ":"), sort_keys=True)
        signed = text64(self._id + self._private.sign(head.encode()))
        lines = ["c2sp.org/tlog-proof@v1", f"extra {text64(extra.encode())}", "index 0", "", head]
        return "\n".join(lines) + f"\n— {self._name} {signed}\n"


class PaperExchange(HttpSource):
    """Token endpoint, cases, evidence and keys on one address. What it says may be changed by a test."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(tls=tls)
        self.scheme = "Bearer" if tls else "DPoP"
        self.nonce = ""
        self.known_as = ""
        self.log = Log()
        self.key = jwk.generate_key("EC", "P-256")
        self.kid = "k1"
        self.calls: list[str] = []
        self.asked: dict[str, Any] = {}
        self.change_claims: Change = lambda _: None
        self.change_item: Change = lambda _: None
        self.change_answer: Change = lambda _: None
        self.bodies: list[Any] = []
        self.behaviour = by_path
        self._numbers = itertools.count(1)

    @property
    def url(self) -> str:
        if self.known_as:  # behind somebody else's address
            return self.known_as
        return super().url if self.scheme == "DPoP" else super().url.replace("http://127.0.0.1", "https://localhost")

    def settings(self, **changed: Any) -> dict[str, Any]:
        """`spec.exchange` of a manifest of ours; its secret is called ``key``."""
        return {
            "origin": self.url,
            "token_url": f"{self.url}/token",
            "issuer": self.url,
            "client_id": "first-exchange",
            "secret": "key",
            "officer": "relay-1",
            "organisation": US,
            "service_item": ITEM,
            "legal_basis": BASIS,
            "evidence_type": KIND,
            "log_key": self.log.vkey,
            **changed,
        }

    def sign(self, claims: Mapping[str, Any], typ: str = "evidence+jwt") -> str:
        header = {"alg": "ES256", "kid": self.kid, "typ": typ}
        return jws.serialize_compact(header, json.dumps(claims, ensure_ascii=False).encode(), self.key)

    def item(self, request: str, rows: list[Mapping[str, Any]]) -> dict[str, Any]:
        if not rows:
            return {"type": KIND, "status": "failed", "problem": {"code": "evidence.not-found", "fault": "provider"}}
        if len(rows) > MOST_ROWS or any(row != rows[0] for row in rows):
            code = "source.too-large" if len(rows) > MOST_ROWS else "source.ambiguous-subject"
            return {"type": KIND, "status": "failed", "problem": {"code": code, "fault": "provider"}}
        data = {name: value for name, value in rows[0].items() if name != "id"}
        claims = {
            "iss": self.url, "aud": US, "jti": f"{request}/0", "iat": int(time.time()), "case": CASE,
            "service_item": ITEM, "legal_basis": BASIS, "relation": "self",
            "evidence": {"type": KIND, "data": data}, "provenance": {"source_time": "2026-11-23T01:30:00.000Z"},
        }  # fmt: skip
        self.change_claims(claims)
        signed = self.sign(claims)
        made = {"type": KIND, "status": "delivered", "data": data, "jws": signed, "receipt": self.log.receipt(signed)}
        self.change_item(made)
        return made

    def evidence(self, asked: Mapping[str, Any], again: str = "") -> dict[str, Any]:
        (item,) = asked["evidence"]
        request = again or f"er_{next(self._numbers)}"
        self.asked[request] = asked
        made = self.item(request, [*self.records.get(item["subject"]["value"], ())])
        answer = {"id": request, "status": made["status"], "evidence": [made]}
        self.change_answer(answer)
        return answer


def by_path(handler: Handler) -> None:
    server = handler.server
    assert isinstance(server, PaperExchange)
    _, path, headers, body = server.seen[-1]
    server.calls.append(path)
    if path == "/token":
        if server.nonce and json.loads(decoded(headers["DPoP"].split(".")[1])).get("nonce") != server.nonce:
            handler.answer(b'{"error": "use_dpop_nonce"}', 400, [("DPoP-Nonce", server.nonce)])
            return
        bound = {"access_token": f"t{len(server.calls)}", "token_type": server.scheme, "expires_in": 300}
        handler.answer(json.dumps(bound).encode())
    elif path == "/jwks":
        public = server.key.as_dict(private=False) | {"kid": server.kid, "alg": "ES256", "use": "sig"}
        handler.answer(json.dumps({"keys": [public]}).encode())
    elif not headers["Authorization"].startswith(f"{server.scheme} t") or (server.scheme in headers) != (
        server.scheme == "DPoP"
    ):
        handler.answer(b'{"code": "token.missing"}', 401)
    elif handler.command == "GET":
        answer = server.evidence(server.asked[path.rpartition("/")[2]], path.rpartition("/")[2])
        handler.answer(json.dumps(answer).encode(), 202 if "awaiting" in answer["status"] else 200)
    else:
        server.bodies.append(json.loads(body))
        served = {"/v1/cases": ({"case": CASE}, 201), f"/v1/cases/{CASE}/close": ({}, 200)}
        answer, status = served.get(path) or (server.evidence(server.bodies[-1]), 200)
        handler.answer(json.dumps(answer, ensure_ascii=False).encode(), status)
