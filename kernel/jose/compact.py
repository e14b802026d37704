"""The compact serialisation of a JWS (RFC 7515 §7.1), taken apart strictly, and composed."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import orjson

from kernel.canonical import JSON, MalformedJson
from kernel.canonical import decode as decode_json

from . import base64url
from .errors import Reason, Refused

MAX_TOKEN_BYTES = 16 * 1024
MAX_HEADER_BYTES = 2 * 1024
_JWS_SEGMENTS = 3


@dataclass(frozen=True, slots=True)
class CompactJws:
    """A well-formed JWS whose signature nobody has checked yet: its payload stays bytes until then."""

    header: Mapping[str, JSON]
    payload: bytes
    signed: bytes
    signature: bytes


def parse(token: str, max_bytes: int = MAX_TOKEN_BYTES) -> CompactJws:
    """Takes a compact JWS apart; raises Refused(TOO_LARGE | MALFORMED)."""
    parts = segments(token, _JWS_SEGMENTS, max_bytes)
    signed = token[: token.rindex(".")].encode("ascii")
    return CompactJws(json_object(parts[0], MAX_HEADER_BYTES), parts[1], signed, parts[2])


def segments(token: str, count: int, max_bytes: int = MAX_TOKEN_BYTES) -> list[bytes]:
    """The decoded segments of a compact JWS or JWE; raises Refused(TOO_LARGE | MALFORMED)."""
    if not isinstance(token, str) or not token.isascii():
        raise Refused(Reason.MALFORMED)
    if len(token) > max_bytes:
        raise Refused(Reason.TOO_LARGE)
    parts = token.split(".")
    if len(parts) != count:
        raise Refused(Reason.MALFORMED)
    try:
        return [base64url.decode(part) for part in parts]
    except ValueError:
        raise Refused(Reason.MALFORMED) from None


def json_object(data: bytes, max_bytes: int = MAX_TOKEN_BYTES) -> dict[str, JSON]:
    """One JSON object without duplicate keys, NaN or trailing bytes; raises Refused(MALFORMED)."""
    try:
        value = decode_json(data, max_bytes=max_bytes)
    except MalformedJson:
        raise Refused(Reason.MALFORMED) from None
    if not isinstance(value, dict):
        raise Refused(Reason.MALFORMED)
    return value


@lru_cache(maxsize=256)
def encoded_header(alg: str, kid: str, typ: str) -> str:
    """The protected header as it stands in every token of one key and type: encoded once."""
    return base64url.encode(orjson.dumps({"alg": alg, "kid": kid, "typ": typ}))
