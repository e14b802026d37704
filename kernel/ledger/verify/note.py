"""C2SP signed notes, verifier keys and tlog-checkpoints."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from kernel.ledger.verify.encoding import base64_bytes, decimal
from kernel.ledger.verify.failure import VerificationFailed

_ED25519 = 0x01
_KEY_ID_BYTES = 4
_HASH_BYTES = 32
_LONGEST_NOTE = 1 << 20
_MOST_SIGNATURES = 100
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree head whose signature has been verified."""

    origin: str
    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class LogKey:
    """A verifier key, parsed."""

    name: str
    key_id: bytes
    public_key: Ed25519PublicKey


def verify_checkpoint(note: str, *, vkey: str) -> Checkpoint:
    """Origin, size and root of a checkpoint signed by the log; raises VerificationFailed."""
    key = parse_vkey(vkey)
    text = _signed_text(note, key)
    lines = text.split("\n")
    if len(lines) < 4:  # C2SP tlog-checkpoint: three lines, then extension lines, which are ignored
        raise VerificationFailed("检查点格式有误", "malformed checkpoint")
    root = base64_bytes(lines[2])
    if len(root) != _HASH_BYTES:
        raise VerificationFailed("检查点格式有误", "malformed checkpoint")
    if lines[0] != key.name:
        raise VerificationFailed("检查点属于另一个日志", "the checkpoint belongs to another log")
    return Checkpoint(lines[0], decimal(lines[1]), root)


def parse_vkey(vkey: str) -> LogKey:
    """``name+hex8+base64``; base64 may itself hold a plus sign. Raises VerificationFailed."""
    parts = vkey.strip().split("+", 2)
    data = base64_bytes(parts[2]) if len(parts) == 3 else b""
    if len(data) != 33 or data[0] != _ED25519 or not _is_name(parts[0]):
        raise VerificationFailed("日志公钥格式有误", "malformed verifier key")
    key_id = sha256(parts[0].encode() + b"\n" + data).digest()[:_KEY_ID_BYTES]
    if parts[1] != key_id.hex():
        raise VerificationFailed("日志公钥的标识与内容不符", "the verifier key's id does not fit its bytes")
    return LogKey(parts[0], key_id, Ed25519PublicKey.from_public_bytes(data[1:]))


def _is_name(name: str) -> bool:
    return bool(name) and "+" not in name and not any(character.isspace() for character in name)


def _signed_text(note: str, key: LogKey) -> str:
    """The text of a note that bears a good signature by the key; other signers' lines are skipped."""
    if len(note) > _LONGEST_NOTE or _CONTROL.search(note):
        raise VerificationFailed("检查点格式有误", "malformed note")
    text, blank, signatures = note.rpartition("\n\n")
    text += "\n"
    lines = signatures.split("\n")
    if not blank or lines.pop() != "" or not 0 < len(lines) <= _MOST_SIGNATURES:
        raise VerificationFailed("检查点缺少签名", "the note bears no signature")
    ours = [signature for line in lines if (signature := _signature_by(line, key)) is not None]
    if not ours:
        raise VerificationFailed("检查点没有此日志密钥的签名", "the checkpoint is not signed with this log's key")
    for signature in ours:
        _verify(key, signature, text)
    return text


def _signature_by(line: str, key: LogKey) -> bytes | None:
    """The signature on a line, when its name and key id are the key's."""
    dash, name, encoded = (*line.split(" "), "", "")[:3] if line.count(" ") == 2 else ("", "", "")
    if dash != "—" or not _is_name(name):
        raise VerificationFailed("签名行格式有误", "malformed signature line")
    data = base64_bytes(encoded)
    if len(data) <= _KEY_ID_BYTES:
        raise VerificationFailed("签名行格式有误", "malformed signature line")
    is_ours = name == key.name and data[:_KEY_ID_BYTES] == key.key_id
    return data[_KEY_ID_BYTES:] if is_ours else None


def _verify(key: LogKey, signature: bytes, text: str) -> None:
    try:
        key.public_key.verify(signature, text.encode())
    except (InvalidSignature, UnicodeEncodeError):
        raise VerificationFailed("检查点的签名无效", "the checkpoint's signature is not valid") from None
