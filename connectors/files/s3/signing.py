"""AWS Signature Version 4 over a request without a body (“Signature Calculations: Authorization header”). Pure.

botocore would bring 15 MB and an HTTP client of its own for these lines; its signer is what the tests compare with.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote, urlsplit

from kernel.envelope import hmac_sha256

_ALGORITHM = "AWS4-HMAC-SHA256"
_NOTHING = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs for one access key in one region."""

    key_id: str
    secret: str = field(repr=False)
    region: str
    token: str = field(default="", repr=False)
    """Of temporary credentials; it is sent, and signed with the rest (“Using temporary credentials”)."""

    def lines(self, url: str, headers: Mapping[str, str], now: datetime) -> list[bytes]:
        """The header lines of a GET: those given and those that sign all of them.

        Args:
            url: whose query is `query`'s; percent-encoded as it is sent.
            headers: further ones, by names in small letters.
            now: with its zone; storage refuses a time that is more than a quarter of an hour off.
        """
        parts = urlsplit(url)
        at = f"{now:%Y%m%dT%H%M%SZ}"
        scope = f"{at[:8]}/{self.region}/s3/aws4_request"
        sent = {**headers, "x-amz-content-sha256": _NOTHING, "x-amz-date": at}
        sent |= {"x-amz-security-token": self.token} if self.token else {}
        covered = dict(sorted({**sent, "host": parts.netloc}.items()))
        names = ";".join(covered)
        fields = "".join(f"{name}:{value}\n" for name, value in covered.items())
        canonical = "\n".join(["GET", parts.path or "/", parts.query, fields, names, _NOTHING])
        told = "\n".join([_ALGORITHM, at, scope, hashlib.sha256(canonical.encode()).hexdigest()])
        signature = hmac_sha256(self._key(at[:8]), told.encode()).hex()
        authorization = f"{_ALGORITHM} Credential={self.key_id}/{scope},SignedHeaders={names},Signature={signature}"
        return [f"{name}: {value}".encode() for name, value in (*sent.items(), ("authorization", authorization))]

    def _key(self, day: str) -> bytes:
        key = f"AWS4{self.secret}".encode()
        for step in (day, self.region, "s3", "aws4_request"):
            key = hmac_sha256(key, step.encode())
        return key


def query(pairs: Sequence[tuple[str, str]]) -> str:
    """A query in the one spelling that a signature knows: sorted, everything but unreserved characters encoded."""
    return "&".join(
        f"{name}={value}" for name, value in sorted((encoded(name), encoded(value)) for name, value in pairs)
    )


def encoded(text: str, *, safe: str = "") -> str:
    """Percent-encoded as a signature has it (RFC 3986 §2.3)."""
    return quote(text, safe="-._~" + safe)
