"""Base64url exactly as RFC 7515 §2 writes it: no padding, no other alphabet, one spelling per value."""

import base64
from binascii import b2a_base64

_URL_ALPHABET = bytes.maketrans(b"+/", b"-_")


def encode(data: bytes) -> str:
    """Text of `data` without padding."""
    return b2a_base64(data, newline=False).translate(_URL_ALPHABET, b"=").decode("ascii")


def decode(text: str) -> bytes:
    """Bytes of `text`; raises ValueError unless `text` is the one canonical spelling of them.

    Padding, blanks, the standard alphabet and unused trailing bits that are not zero are refused: otherwise one
    token could be written in several ways, and a replay table keyed by its text would not know it again.
    """
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:  # binascii.Error, or text beyond ASCII
        raise ValueError("not base64url") from None
    if encode(data) != text:
        raise ValueError("not canonical base64url")
    return data


def decode_number(text: str) -> int:
    """The unsigned big-endian number of RFC 7518 §2 (Base64urlUInt); raises ValueError."""
    return int.from_bytes(decode(text), "big")


def encode_number(value: int) -> str:
    """Base64urlUInt: the fewest octets that hold `value` (RFC 7518 §2)."""
    return encode(value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big"))
