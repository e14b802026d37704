"""``tlog-proof@v1`` receipts: the entry is in the log, and this evidence is the one it speaks of."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kernel.ledger.verify import tree
from kernel.ledger.verify.encoding import base64_bytes, decimal, json_object
from kernel.ledger.verify.failure import VerificationFailed
from kernel.ledger.verify.note import verify_checkpoint
from kernel.ledger.verify.signature import verify_signature

_HEADER = "c2sp.org/tlog-proof@v1"
_LONGEST_RECEIPT = 1 << 19
_MOST_HASHES = 63


@dataclass(frozen=True, slots=True)
class Verification:
    """What was found true; None where it was not asked."""

    in_log: bool
    """The entry is in the log that the key signs for."""
    evidence_matches: bool | None
    """The evidence given is, byte for byte, the one the entry commits to."""
    signature_valid: bool | None
    """The evidence bears a valid signature by one of the keys given."""
    origin: str
    size: int
    """Of the tree whose signed head the receipt carries."""
    index: int
    leaf: bytes
    """Canonical JSON of the entry."""


@dataclass(frozen=True, slots=True)
class _Proof:
    index: int
    hashes: list[bytes]
    note: str
    leaf: bytes
    salt: bytes | None


def verify_receipt(
    receipt_text: str | bytes, *, vkey: str, evidence: str | None = None, jwks: Mapping[str, Any] | None = None
) -> Verification:
    """Check a receipt; with ``evidence`` (compact JWS) also that it is the recorded one, with ``jwks`` its signature.

    Raises VerificationFailed for the first thing that is not so.
    """
    proof = _parse(_text_of(receipt_text))
    head = verify_checkpoint(proof.note, vkey=vkey)
    if tree.root_by_inclusion(tree.leaf(proof.leaf), proof.index, head.size, proof.hashes) != head.root:
        raise VerificationFailed("记录不在日志中", "the entry is not in the log")
    if evidence is not None:
        _match(proof, evidence)
    if jwks is not None:
        verify_signature(evidence, jwks)
    matches, valid = (True if evidence is not None else None), (True if jwks is not None else None)
    return Verification(True, matches, valid, head.origin, head.size, proof.index, proof.leaf)


def _text_of(receipt: str | bytes) -> str:
    try:
        text = receipt.decode() if isinstance(receipt, bytes) else receipt
    except UnicodeDecodeError:
        raise VerificationFailed("回执不是 UTF-8 文本", "the receipt is not UTF-8 text") from None
    if len(text) > _LONGEST_RECEIPT:
        raise VerificationFailed("回执过长", "the receipt is too long")
    return text


def _parse(text: str) -> _Proof:
    """C2SP tlog-proof: header, extra, index, hashes, blank line, checkpoint verbatim."""
    head, blank, note = text.partition("\n\n")
    lines = head.split("\n")
    if not blank or lines[0] != _HEADER:
        raise VerificationFailed("不是 tlog-proof@v1 回执", "not a tlog-proof@v1 receipt")
    if len(lines) < 3 or not lines[1].startswith("extra "):
        raise VerificationFailed("回执不含记录内容", "the receipt does not carry its entry")
    if not lines[2].startswith("index ") or len(lines) > 3 + _MOST_HASHES:
        raise VerificationFailed("回执格式有误", "malformed receipt")
    leaf, salt = _extra(base64_bytes(lines[1].removeprefix("extra ")))
    hashes = [base64_bytes(line) for line in lines[3:]]
    if any(len(one) != 32 for one in hashes):
        raise VerificationFailed("回执格式有误", "malformed receipt")
    return _Proof(decimal(lines[2].removeprefix("index ")), hashes, note, leaf, salt)


def _extra(data: bytes) -> tuple[bytes, bytes | None]:
    """Leaf and salt; the data must be exactly the canonical JSON of the two."""
    members = json_object(data)
    if not set(members) <= {"leaf", "salt"} or not all(isinstance(one, str) for one in members.values()):
        raise VerificationFailed("回执所附内容有误", "the receipt's extra data is malformed")
    canonical = "{" + ",".join(f'"{name}":"{members[name]}"' for name in sorted(members)) + "}"
    if "leaf" not in members or canonical.encode() != data:
        raise VerificationFailed("回执所附内容有误", "the receipt's extra data is malformed")
    return base64_bytes(members["leaf"]), base64_bytes(members["salt"]) if "salt" in members else None


def _match(proof: _Proof, evidence: str) -> None:
    """The leaf's commitment is HMAC-SHA-256 under the salt, over the exact bytes of the evidence."""
    commitment = json_object(proof.leaf).get("commitment")
    if not isinstance(commitment, str):
        raise VerificationFailed("此记录不对应任何证据", "this entry commits to no evidence", "evidence")
    if proof.salt is None:
        raise VerificationFailed("回执不含盐值，无法核对证据", "the receipt carries no salt", "evidence")
    found = hmac.digest(proof.salt, evidence.encode("utf-8", "surrogatepass"), "sha256").hex()
    if not hmac.compare_digest(found, commitment):
        raise VerificationFailed("证据与记录不符", "the evidence is not the recorded one", "evidence")
