"""Reading text that has exactly one form: whatever could be written in two ways is refused."""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from typing import Any

from kernel.ledger.verify.failure import Check, VerificationFailed

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")


def base64_bytes(text: str, *, check: Check = "log") -> bytes:
    """RFC 4648 §4 with padding; the text must be the one that encoding its bytes yields."""
    try:
        data = b64decode(text, validate=True)
    except (NotBase64, ValueError):
        data = None
    if data is None or b64encode(data).decode() != text:
        raise VerificationFailed("Base64 编码有误", "malformed base64", check)
    return data


def decimal(text: str) -> int:
    """ASCII decimal without leading zeros."""
    if not _DECIMAL.fullmatch(text):
        raise VerificationFailed("数字写法有误", "malformed number")
    return int(text)


def json_object(data: bytes, *, check: Check = "log") -> dict[str, Any]:
    """A JSON object without duplicate keys."""
    try:
        value = json.loads(data.decode(), object_pairs_hook=_once)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise VerificationFailed("JSON 内容有误", "malformed JSON", check)
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a key stands twice")
    return members
