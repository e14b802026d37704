"""Which addresses a manifest may name, and where plain http is allowed."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

from connectors.faults import fault

_PRIVATE = tuple(
    ipaddress.ip_network(network)
    for network in ("127.0.0.0/8", "::1/128", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
)
_LOCAL_NAMES = frozenset({"localhost"})
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


def is_same_machine(host: str) -> bool:
    """Whether a host name or address is this machine by definition."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host in _LOCAL_NAMES


def is_private(address: str) -> bool:
    """Whether an IP address is of this machine or of a private network (RFC 1918 §3, RFC 4193 §3.1)."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return any((mapped or ip) in network for network in _PRIVATE)


def is_link_local(address: str) -> bool:
    """Whether an IP address reaches no further than the next cable (RFC 3927): where clouds tell machines secrets."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return (mapped or ip).is_link_local


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
