"""A department that signs what it says, with another library than ours verifies with."""

from __future__ import annotations

import base64
import json
import time
import warnings
from collections.abc import Mapping
from typing import Any

from joserfc import jwk, jws

from tests.doubles.http_source import Behaviour, Handler

ISSUER, AUDIENCE = "https://civil.example", "https://exchange.example"


class Signer:
    """An issuer with one key. `clock` gives seconds since 1970."""

    def __init__(self, alg: str = "ES256", kid: str = "k1", issuer: str = ISSUER, clock: Any = time.time) -> None:
        self.alg, self.kid, self.issuer, self._clock = alg, kid, issuer, clock
        kind, size = {"ES256": ("EC", "P-256"), "EdDSA": ("OKP", "Ed25519")}.get(alg, ("RSA", 2048))
        self._key = jwk.generate_key(kind, size)  # type: ignore[call-overload]

    @property
    def public(self) -> dict[str, Any]:
        return {**self._key.as_dict(private=False), "kid": self.kid, "alg": self.alg}

    def trusted(self, **more: Any) -> dict[str, Any]:
        """The entry of a trust list."""
        return {"issuer": self.issuer, "algorithms": [self.alg], "keys": [self.public], **more}

    def claims(self, subject: str, record: Any, **changed: Any) -> dict[str, Any]:
        now = int(self._clock())
        said = {"iss": self.issuer, "aud": AUDIENCE, "sub": subject, "iat": now, "exp": now + 60, "record": record}
        return {name: value for name, value in (said | changed).items() if value is not None}

    def sign(self, payload: Mapping[str, Any] | bytes, **header: Any) -> str:
        protected = {"alg": self.alg, "kid": self.kid, "typ": "JWT"} | header
        data = payload if isinstance(payload, bytes) else json.dumps(payload, ensure_ascii=False).encode()
        kept = {name: value for name, value in protected.items() if value is not None}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # EdDSA has another name since RFC 9864; many still sign by the old one
            return jws.serialize_compact(kept, data, self._key, algorithms=[self.alg])

    def document(self, subject: str, record: Any, **changed: Any) -> str:
        return self.sign(self.claims(subject, record, **changed))

    def by_subject(self, handler: Handler) -> None:
        """A behaviour: one document a record."""
        found = handler.server.records.get(handler.subject)
        documents = [self.document(handler.subject, record) for record in found or ()]
        handler.answer(json.dumps({"documents": documents}).encode(), 404 if found is None else 200)


def saying_documents(*documents: str) -> Behaviour:
    """A behaviour: the answer holds these."""
    return lambda handler: handler.answer(json.dumps({"documents": documents}).encode())


def part(value: Any) -> str:
    """One segment of a compact JWS, of anything."""
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
