"""Which addresses a manifest may name, and where plain http is allowed."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

from connectors.faults import fault
from connectors.hosts import is_same_machine

_CHARACTERS = re.compile(r"[\x21-\x7e]+")


def check(url: str, *, insecure_http: bool) -> None:
    """Raises: ManifestFault unless the address is https, or http where that is allowed."""
    parts = _split(url)
    if "{" in parts.netloc or "@" in parts.netloc or parts.fragment:
        raise fault((), "主机部分不得含占位符或口令，也不得有 #", "no placeholder or password in the host, and no #")
    if parts.scheme not in {"https", "http"}:
        raise fault((), "只支持 https 和 http", "only https and http are known")
    if parts.scheme == "http" and not insecure_http and not is_same_machine(parts.hostname or ""):
        raise fault(
            (),
            "请用 https；专网内确需 http 时写明 insecure_http: true",
            "use https, or say insecure_http: true inside a private network",
        )


def is_plain(url: str) -> bool:
    """Whether the address is plain http."""
    return urlsplit(url).scheme == "http"


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        usable = (
            bool(parts.hostname) and _CHARACTERS.fullmatch(url) is not None and (parts.port is None or parts.port > 0)
        )
    except ValueError:
        usable = False
    if not usable:
        raise fault((), "不是有效的地址", "this is no valid address")
    return parts
