"""Requests of devices without a browser (RFC 8628): window terminals, kiosks."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from idp.model.authorization import AuthorizationRequest
from kernel.entropy import Entropy

LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
"""§6.1: without vowels, so that no word comes out, and without digits that look like letters."""
LENGTH = 8
_SEPARATORS = frozenset(" -_.·")


@dataclass(frozen=True, slots=True)
class DeviceRequest:
    """One request as it is kept: by the hash of its device code."""

    hash: bytes = field(repr=False)
    request: AuthorizationRequest
    expires_at: datetime


def new_user_code(entropy: Entropy) -> str:
    """Eight letters of twenty: 34 bits, of which nobody may try more than a few (§5.1)."""
    number = int.from_bytes(entropy.bytes(16))
    letters = []
    for _ in range(LENGTH):
        number, letter = divmod(number, len(LETTERS))
        letters.append(LETTERS[letter])
    return "".join(letters)


def shown(user_code: str) -> str:
    """The code in two groups, as it stands on the terminal's screen."""
    return f"{user_code[: LENGTH // 2]}-{user_code[LENGTH // 2 :]}"


def typed(text: str) -> str | None:
    """The code a person typed, however it is spaced or cased (§6.1); None when it cannot be one."""
    letters = "".join(each for each in text[:40].upper() if each not in _SEPARATORS)
    return letters if len(letters) == LENGTH and set(letters) <= set(LETTERS) else None
