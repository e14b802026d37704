"""A second reader of receipts, written from RFC 6962 and the C2SP texts in another style than the product's.

The trees are built by RFC 6962's own recursive definitions from all the leaves, and texts are taken apart by regular
expressions, so that a mistake would have to be made twice, in two ways, to go unnoticed.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from base64 import b64decode

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

B64 = r"[A-Za-z0-9+/]+={0,2}"
RECEIPT = re.compile(
    rf"c2sp\.org/tlog-proof@v1\n(?:extra (?P<extra>{B64})\n)?index (?P<index>0|[1-9][0-9]*)\n"
    rf"(?P<hashes>(?:{B64}\n)*)\n(?P<text>(?P<origin>[^\n]+)\n(?P<size>0|[1-9][0-9]*)\n(?P<root>{B64})\n)\n"
    rf"(?P<signatures>(?:— [^ \n]+ {B64}\n)+)"
)


def mth(entries: list[bytes]) -> bytes:
    """RFC 6962 §2.1, literally."""
    if not entries:
        return hashlib.sha256(b"").digest()
    if len(entries) == 1:
        return hashlib.sha256(b"\x00" + entries[0]).digest()
    k = split(len(entries))
    return hashlib.sha256(b"\x01" + mth(entries[:k]) + mth(entries[k:])).digest()


def split(n: int) -> int:
    """The largest power of two smaller than n."""
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def path(m: int, entries: list[bytes]) -> list[bytes]:
    """RFC 6962 §2.1.1, literally."""
    if len(entries) == 1:
        return []
    k = split(len(entries))
    if m < k:
        return [*path(m, entries[:k]), mth(entries[k:])]
    return [*path(m - k, entries[k:]), mth(entries[:k])]


def subproof(m: int, entries: list[bytes], *, whole: bool = True) -> list[bytes]:
    """RFC 6962 §2.1.2, literally."""
    n = len(entries)
    if m == n:
        return [] if whole else [mth(entries)]
    k = split(n)
    if m <= k:
        return [*subproof(m, entries[:k], whole=whole), mth(entries[k:])]
    return [*subproof(m - k, entries[k:], whole=False), mth(entries[:k])]


def fold(leaf: bytes, m: int, n: int, hashes: list[bytes]) -> bytes:
    """The root, by walking RFC 6962's recursion downwards; the last hash is the sibling nearest to the root."""
    if n == 1:
        if hashes:
            raise ValueError("too long")
        return hashlib.sha256(b"\x00" + leaf).digest()
    if not hashes:
        raise ValueError("too short")
    k = split(n)
    if m < k:
        return hashlib.sha256(b"\x01" + fold(leaf, m, k, hashes[:-1]) + hashes[-1]).digest()
    return hashlib.sha256(b"\x01" + hashes[-1] + fold(leaf, m - k, n - k, hashes[:-1])).digest()


def accepts(receipt: str, vkey: str, evidence: str) -> bool:
    """Whether signature, inclusion and commitment all hold."""
    match = RECEIPT.fullmatch(receipt)
    if match is None or match["extra"] is None:
        return False
    name, key_id, key = vkey.split("+", 2)
    public = b64decode(key)
    blobs = [b64decode(line.rsplit(" ", 1)[1]) for line in match["signatures"].splitlines() if line.split()[1] == name]
    signatures = [blob[4:] for blob in blobs if blob[:4].hex() == key_id]
    if match["origin"] != name or hashlib.sha256(name.encode() + b"\n" + public).hexdigest()[:8] != key_id:
        return False
    for signature in signatures:
        Ed25519PublicKey.from_public_bytes(public[1:]).verify(signature, match["text"].encode())  # raises
    extra = json.loads(b64decode(match["extra"]))
    leaf, salt = b64decode(extra["leaf"]), b64decode(extra["salt"])
    hashes = [b64decode(line) for line in match["hashes"].splitlines()]
    root = fold(leaf, int(match["index"]), int(match["size"]), hashes)
    commitment = hmac.new(salt, evidence.encode(), hashlib.sha256).hexdigest()
    return bool(signatures) and root == b64decode(match["root"]) and json.loads(leaf)["commitment"] == commitment
