"""Where a host is, by its name or address alone: on this machine, in a private network, or behind the next cable."""

from __future__ import annotations

import ipaddress

_PRIVATE = tuple(
    ipaddress.ip_network(network)
    for network in ("127.0.0.0/8", "::1/128", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
)
_LOCAL_NAMES = frozenset({"localhost"})


def is_same_machine(host: str) -> bool:
    """Whether a host name or address is this machine by definition."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host in _LOCAL_NAMES


def is_private(address: str) -> bool:
    """Whether an IP address is of this machine or of a private network (RFC 1918 §3, RFC 4193 §3.1)."""
    return any(_plain(address) in network for network in _PRIVATE)


def is_link_local(address: str) -> bool:
    """Whether an IP address reaches no further than the next cable (RFC 3927): where clouds tell machines secrets."""
    return _plain(address).is_link_local


def _plain(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Without the interface of a link (RFC 4007 §11), and an IPv4 address as one (RFC 4291 §2.5.5.2)."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    return (ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None) or ip
