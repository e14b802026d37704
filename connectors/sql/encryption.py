"""How a database on another machine is spoken to: by TLS, its certificate and its name verified (attack case K6).

Drivers speak TLS only where a server offers it, or not at all, and verify nothing unless they are told to: whoever
stands in between would read the password and everybody's records. What a URL says of lesser modes is not heard; a
manifest that means it says ``insecure_sql``. This machine, and its Unix sockets, need no encryption.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import URL

from connectors.errors import SourceMisconfigured
from connectors.hosts import is_same_machine

_SERVICES = frozenset({"service", "servicefile"})
"""Parameters of libpq by which a file says where the database is."""


def of_postgresql(url: URL) -> Mapping[str, str]:
    """Parameters of libpq. https://www.postgresql.org/docs/current/libpq-ssl.html"""
    if not _SERVICES & url.query.keys() and all(map(_is_here, _hosts(url, "host", "hostaddr"))):
        return {}
    # Encryption by GSSAPI would come first where there is a ticket, and does not look at a certificate.
    modes = {"sslmode": "verify-full", "gssencmode": "disable"}
    named = "sslrootcert" in url.query or "PGSSLROOTCERT" in os.environ
    return modes if named else {**modes, "sslrootcert": "system"}


def of_mysql(url: URL) -> Mapping[str, Any]:
    """Arguments of PyMySQL, which sends nothing where they are given and the server has no TLS.

    Raises: SourceMisconfigured where a file of certificates cannot be read.
    """
    if "unix_socket" in url.query or all(map(_is_here, _hosts(url))):
        return {}
    said = {name: str(value) for name, value in url.query.items()}
    try:
        context = ssl.create_default_context(cafile=said.get("ssl_ca"))
        if "ssl_cert" in said:
            context.load_cert_chain(said["ssl_cert"], said.get("ssl_key"))
    except OSError:
        raise SourceMisconfigured("ca-file") from None
    return {"ssl": context, "ssl_disabled": False}


def _hosts(url: URL, *parameters: str) -> Iterator[str]:
    yield url.host or ""
    for name in parameters:
        said = url.query.get(name, ())
        for each in (said,) if isinstance(said, str) else said:
            yield from each.split(",")


def _is_here(host: str) -> bool:
    """An empty one is the driver's default, which is this machine; one with a port after it is said to be away."""
    return not host or host.startswith(("/", "@")) or is_same_machine(host)
