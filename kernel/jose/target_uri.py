"""Comparing a proof's `htu` with the address of a request (RFC 9449 §4.3, normal forms of RFC 3986 §6.2)."""

import re
from urllib.parse import SplitResult, urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_ESCAPE = re.compile("%([0-9A-Fa-f]{2})")
_FORBIDDEN = re.compile(r"[^\x21-\x7e]|[\\<>\"{}|^`]|%(?![0-9A-Fa-f]{2})")


def normalise(url: str) -> str:
    """Scheme, host, port and path in one spelling; query and fragment dropped. Raises ValueError.

    User information, characters no URI may hold and schemes other than http and https are refused.
    """
    if _FORBIDDEN.search(url):
        raise ValueError("not a URI")
    parts = urlsplit(url)
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or "@" in parts.netloc:
        raise ValueError("not an http address of a server")
    path = _without_dot_segments(_ESCAPE.sub(_normal_escape, parts.path)) or "/"
    return f"{parts.scheme}://{_authority(parts)}{path}"


def _authority(parts: SplitResult) -> str:
    hostname = parts.hostname or ""
    host = f"[{hostname}]" if ":" in hostname else hostname
    port = parts.port  # raises ValueError beyond 65535
    return host if port is None or port == _DEFAULT_PORTS[parts.scheme] else f"{host}:{port}"


def _normal_escape(match: re.Match[str]) -> str:
    """RFC 3986 §6.2.2.1 and §6.2.2.2: unreserved characters unescaped, other escapes in capitals."""
    character = chr(int(match.group(1), 16))
    return character if character in _UNRESERVED else match.group(0).upper()


def _without_dot_segments(path: str) -> str:
    """RFC 3986 §5.2.4 for an absolute path."""
    kept: list[str] = []
    segments = path.split("/")
    for segment in segments:
        if segment == "..":
            del kept[max(1, len(kept) - 1) :]  # the first, empty segment is the root: nothing lies above it
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in {".", ".."}:
        kept.append("")
    return "/".join(kept)
