"""Addresses of offices: sealed in the store, each under a key of its own, and opened only to show and to send."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from exchange.store.forwardings import Forwarding
from kernel.envelope import KeyEncryptionKey, data_key, open_, seal
from kernel.settings import ExchangeSettings
from policies.forwarding import Way

LONGEST = 400
# RFC 5321 §4.1.2 without quoted local parts: nothing that could begin another header or another address.
_MAIL = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@((?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63})"
)
_URL = re.compile(r"https?://[!-~]{1,390}")


@dataclass(frozen=True, slots=True)
class Addresses:
    """Seals and opens addresses, and says which may be entered. Safe for threads."""

    kek: KeyEncryptionKey
    domains: frozenset[str]
    """Of mail addresses; empty: any."""
    loopback: bool
    """Whether this machine may be called without TLS, as in a demonstration."""

    @classmethod
    def of(cls, settings: ExchangeSettings, kek: KeyEncryptionKey) -> Addresses:
        """As configured."""
        domains = frozenset(domain.lower() for domain in settings.mail_domains)
        return cls(kek, domains, urlsplit(settings.origin).scheme == "http")

    def well_formed(self, way: Way, address: str) -> bool:
        """Whether it is an address of its kind; whether somebody is there, only the proof tells."""
        if way is Way.MAIL:
            found = _MAIL.fullmatch(address)
            return found is not None and (not self.domains or found[1].lower() in self.domains)
        if _URL.fullmatch(address) is None:
            return False
        try:
            parts = urlsplit(address)
            named = bool(parts.hostname) and parts.username is None and parts.port != 0 and not parts.fragment
        except ValueError:
            return False
        return named and (parts.scheme == "https" or self.loopback)

    def seal(self, name: str, address: str) -> tuple[bytes, bytes]:
        """The wrapped key and the sealed address of the one with this name."""
        key = data_key()
        return self.kek.wrap(key), seal(key, address.encode(), name.encode())

    def open(self, one: Forwarding) -> str:
        """The address. Raises CannotOpen."""
        return open_(self.kek.unwrap(one.wrapped), one.sealed, one.id.encode()).decode()
