"""A TCP connection within a deadline, to addresses that are allowed: for protocols whose library leaves that to us."""

from __future__ import annotations

import socket
from collections.abc import Callable

from connectors.errors import SourceTimedOut, SourceUnavailable
from connectors.resilience import Deadline


def dial(host: str, port: int, allowed: Callable[[str], bool], deadline: Deadline) -> socket.socket:
    """The first address of a host that answers, of those that are allowed. Raises: SourceUnavailable, SourceTimedOut.

    Looking up a host's name keeps no deadline: callers run where nobody waits for them.
    """
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise SourceUnavailable("resolve") from None
    for family, kind, protocol, _, address in addresses:
        if not allowed(str(address[0])):
            continue
        left = deadline.left()
        connected = socket.socket(family, kind, protocol)
        try:
            connected.settimeout(left)
            connected.connect(address)
        except TimeoutError:
            connected.close()
            raise SourceTimedOut("deadline") from None
        except OSError:
            connected.close()
            continue
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connected
    raise SourceUnavailable("connect")
