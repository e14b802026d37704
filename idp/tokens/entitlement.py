"""What a grant entitles a client to: everything a token will say, before there is a token."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from idp.model import scopes
from idp.model.client import Client
from idp.model.evidence import Details
from idp.model.person import Person
from idp.model.session import Family
from kernel.canonical import JSON
from kernel.identifiers.subject import SubjectRef


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The person a token is about, and what they allowed. ``reference`` is known only while the token is made."""

    person: Person
    family: Family
    reference: SubjectRef | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Exchanged:
    """The token another one was exchanged for (RFC 8693): its name, and when it ends."""

    jti: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Entitlement:
    """One token to be issued. Without ``signed_in`` nobody is present; ``act`` then names the client's officer.

    ``resource`` is the resource server the token is for (RFC 8707), unless it is for the exchange or for userinfo.
    ``jkt`` and ``certificate`` are the thumbprints of the key and of the TLS certificate it is bound to.
    """

    client: Client
    grant_type: str
    scope: tuple[str, ...]
    details: Details = ()
    jkt: str | None = None
    signed_in: SignedIn | None = None
    act: Mapping[str, JSON] | None = None
    resource: str | None = None
    certificate: str | None = None
    exchanged: Exchanged | None = None

    @property
    def confirmation(self) -> dict[str, JSON]:
        """`cnf` (RFC 7800): everything the holder has to prove (RFC 9449 §6.1, RFC 8705 §3.1)."""
        named: dict[str, JSON] = {"jkt": self.jkt, "x5t#S256": self.certificate}
        return {name: value for name, value in named.items() if value is not None}

    @property
    def registration(self) -> int:
        """The client's, under which it was allowed: by a person once, or just now."""
        if self.signed_in is None or self.exchanged is not None:  # in exchange, the family is another client's
            return self.client.registration
        return self.signed_in.family.registration

    @property
    def ends(self) -> tuple[datetime, ...]:
        """When what it rests on ends."""
        family = () if self.signed_in is None else (self.signed_in.family.expires_at,)
        return family if self.exchanged is None else (*family, self.exchanged.until)

    @property
    def is_for_the_exchange(self) -> bool:
        """Whether the exchange is the audience: for evidence, and for the scopes that are its business."""
        return bool(self.details) or not scopes.EXCHANGE.isdisjoint(self.scope)

    @property
    def names_the_subject(self) -> bool:
        """Whether the exchange has to learn who the token is about."""
        return self.signed_in is not None and (bool(self.details) or scopes.USAGE in self.scope)
