"""What the exchange's own pages share, officers' and citizens': one client of the identity provider, and its key."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from exchange.access import Access
from exchange.authentication.fetching import Post
from exchange.authentication.issuer import Issuer
from exchange.authentication.tokens import Authenticator
from exchange.console.cookies import Cookies
from exchange.console.relying_party import RelyingParty
from exchange.console.sessions import Sessions
from kernel.clock import Clock
from kernel.entropy import Entropy
from kernel.envelope import blind_index
from kernel.jose import InvalidKey, SigningKey
from kernel.settings import ExchangeSettings, SettingsError
from kernel.text import Text


@dataclass(frozen=True)
class Registration:
    """The client as it is registered. ``private`` is its key, ``secret`` the exchange's own."""

    settings: ExchangeSettings
    access: Access
    authenticator: Authenticator
    issuer: Issuer
    post: Post
    private: SigningKey = field(repr=False)
    secret: bytes = field(repr=False)
    clock: Clock
    entropy: Entropy

    def sessions(self, **own: Any) -> Sessions:
        """Sessions of one group of pages, with whatever is its own."""
        settings = self.settings
        return Sessions(
            database=self.access.database,
            clock=self.clock,
            entropy=self.entropy,
            cookies=Cookies(settings.origin.startswith("https://")),
            indexes=self.access.indexes,
            check_standing=self.authenticator.check_standing,
            idle=timedelta(minutes=settings.console_idle_minutes),
            lasting=timedelta(hours=settings.console_hours),
            origin=settings.origin,
            **own,
        )

    def party(self, callback: str, **own: Any) -> RelyingParty:
        """The relying party of one group of pages: where people come back to, and whatever is its own."""
        settings = self.settings
        return RelyingParty(
            issuer=self.issuer,
            post=self.post,
            verified=self.authenticator.verified,
            client_id=settings.console_client_id,
            key=self.private,
            origin=settings.origin,
            redirect_uri=settings.origin + callback,
            clock=self.clock,
            entropy=self.entropy,
            leeway=settings.token_clock_skew_seconds,
            **own,
        )

    def key(self, purpose: str) -> bytes:
        """A key of one group's own."""
        return blind_index(self.secret, purpose)


def read_key(path: Path) -> SigningKey:
    """The pages' private key, which nobody else may read. Raises SettingsError."""
    try:
        if path.stat().st_mode & 0o077:
            raise SettingsError(f"[exchange] console_key {path}", _OPEN_TO_OTHERS)
        source = json.loads(path.read_text("utf-8"))
        if not isinstance(source, dict):
            raise InvalidKey("not a JSON object")
        return SigningKey.from_private_jwk(source)
    except (OSError, ValueError, InvalidKey):
        raise SettingsError(
            f"[exchange] console_key {path}",
            Text("无法读取，或不是私钥 JWK", "cannot be read, or is no private JWK"),
        ) from None


_OPEN_TO_OTHERS = Text(
    "他人可以读取此密钥：请 chmod 600；如已泄露，请换一把并重新登记",
    "others may read this key: chmod 600 it, and replace it and its registration if they did",
)
