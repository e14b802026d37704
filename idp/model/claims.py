"""Claims about people that exist here, the scope each belongs to, and what a client asked for by name.

OpenID Connect Core 1.0 §5.1, §5.4, §5.5. There is no `address`: where somebody lives is evidence, asked of the register
that knows it, through the exchange, for a case and on a legal basis.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from idp.model import scopes
from kernel.canonical import JSON

OF_SCOPE: Mapping[str, tuple[str, ...]] = {
    scopes.PROFILE: ("name",),
    scopes.EMAIL: ("email", "email_verified"),
    scopes.PHONE: ("phone_number", "phone_number_verified"),
}
"""§5.4: what each scope gives. The name is one field, since Chinese names are not split."""

SCOPE_OF: Mapping[str, str] = {claim: scope for scope, claims in OF_SCOPE.items() for claim in claims}


@dataclass(frozen=True, slots=True)
class ClaimsAsked:
    """Claims asked for by name (§5.5), beside what the scopes give: in the ID token, and at userinfo."""

    id_token: frozenset[str] = frozenset()
    userinfo: frozenset[str] = frozenset()

    def within(self, registered: Iterable[str]) -> ClaimsAsked:
        """Those whose scope the client has: asking by name is no way around the registration."""
        own = {claim for scope in registered for claim in OF_SCOPE.get(scope, ())}
        return ClaimsAsked(self.id_token & own, self.userinfo & own)

    @property
    def scopes(self) -> frozenset[str]:
        """The scopes in whose words a person is asked about these claims."""
        return frozenset(SCOPE_OF[claim] for claim in self.id_token | self.userinfo)

    def to_json(self) -> dict[str, JSON]:
        """The stored form."""
        return {"id_token": [*sorted(self.id_token)], "userinfo": [*sorted(self.userinfo)]}

    @classmethod
    def from_json(cls, stored: JSON) -> ClaimsAsked:
        """The claims as ``to_json`` stored them; none where nothing was stored."""
        members = stored if isinstance(stored, dict) else {}
        return cls(_names(members.get("id_token")), _names(members.get("userinfo")))


NO_CLAIMS = ClaimsAsked()


def of_scopes(granted: Iterable[str]) -> frozenset[str]:
    """The claims some scopes give."""
    return frozenset(claim for scope in granted for claim in OF_SCOPE.get(scope, ()))


def _names(value: JSON) -> frozenset[str]:
    return frozenset(map(str, value)) if isinstance(value, list) else frozenset()
