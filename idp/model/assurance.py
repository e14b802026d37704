"""Levels of assurance: how well an account was proofed, and how strongly its owner just signed in.

`urn:tongban:loa:1` … `:4`. What a token may claim is the lower of the two: a strong key proves nothing about a person
who was never proofed, and a proofed person is not present behind a guessed password.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

_PREFIX = "urn:tongban:loa:"
LEVELS = (1, 2, 3, 4)
BY_ONE_FACTOR = 2
BY_TWO_FACTORS = 3
BY_A_BOUND_KEY = 4

OFFERED = tuple(f"{_PREFIX}{level}" for level in LEVELS)


def acr(level: int) -> str:
    """The `acr` value of a level."""
    return f"{_PREFIX}{level}"


def level(value: str) -> int | None:
    """The level an `acr` value names; None when it is not one of ours."""
    return next((level for level in LEVELS if acr(level) == value), None)


def wanted_levels(acr_values: str) -> tuple[int, ...]:
    """The levels asked for, in order of preference (OpenID Connect Core 1.0 §3.1.2.1); unknown values are left out."""
    found = (level(value) for value in acr_values.split(" "))
    return tuple(dict.fromkeys(value for value in found if value is not None))


class Factor(StrEnum):
    """What a person shows of themselves; the values are the stored form."""

    PASSWORD = "pwd"  # noqa: S105 - a registered value
    CODE = "otp"
    """From an authenticator app."""
    PHONE = "sms"
    """Sent to a telephone that was confirmed before."""
    RECOVERY = "recovery"
    """From a list kept on paper."""
    PASSKEY = "swk"
    """A passkey that its owner's account may copy to other devices (WebAuthn Level 3 §4, multi-device credential)."""
    BOUND_KEY = "hwk"
    """A passkey that cannot leave its device (single-device credential)."""


AMR: Mapping[Factor, tuple[str, ...]] = {
    Factor.PASSWORD: ("pwd",),
    Factor.CODE: ("otp",),
    Factor.PHONE: ("sms",),
    Factor.RECOVERY: ("otp",),
    Factor.PASSKEY: ("swk", "user"),
    Factor.BOUND_KEY: ("hwk", "user"),
}
"""`amr` values (RFC 8176 §2). A recovery code is a one-time password from a list. A passkey is proof of possession of a
software- or hardware-secured key, by what its authenticator signs of itself (the backup-eligible flag: attestation is
not asked for), with a test that the user is present; that the user was verified too is what `mfa` says."""

PHISHING_RESISTANT = frozenset({Factor.PASSKEY, Factor.BOUND_KEY})
"""Bound to our origin by the browser: nobody can pass them on (NIST SP 800-63B-4 §3.2.5)."""

PRIMARY = frozenset({Factor.PASSWORD}) | PHISHING_RESISTANT
"""Factors that begin a sign-in: they say which account is meant."""


@dataclass(frozen=True, slots=True)
class Authentication:
    """How and when a person signed in: what `auth_time`, `amr` and `acr` are made of.

    ``factors``: when each was last shown in this session; at least one of them is primary.
    """

    factors: Mapping[Factor, datetime] = field(default_factory=dict)

    @property
    def at(self) -> datetime:
        """When the person last said who they are (OpenID Connect Core 1.0 §2, `auth_time`)."""
        return max(at for factor, at in self.factors.items() if factor in PRIMARY)

    @property
    def methods(self) -> tuple[str, ...]:
        """`amr` values (RFC 8176 §2), each once."""
        return self._named(AMR)

    @property
    def recorded(self) -> tuple[str, ...]:
        """As the ledger names them: `amr` values, but a recovery code by its own name. RFC 8176 has none for it."""
        return self._named({**AMR, Factor.RECOVERY: (Factor.RECOVERY.value,)})

    def level(self, proofed: int) -> int:
        """The level reached by an account proofed to ``proofed``."""
        return min(proofed, reached(self.factors))

    def standing(self, authenticators: Collection[Factor]) -> Authentication | None:
        """What of it still counts for an account that has these authenticators (ADR 0101).

        None when nothing of it says any more who the person is. A recovery code is used up by being shown: that no
        other is left takes nothing from it.
        """
        kept = {
            factor: at for factor, at in self.factors.items() if factor in authenticators or factor is Factor.RECOVERY
        }
        return Authentication(kept) if kept.keys() & PRIMARY else None

    def since(self, oldest: datetime) -> frozenset[Factor]:
        """The factors shown no earlier than ``oldest``."""
        return frozenset(factor for factor, at in self.factors.items() if at >= oldest)

    def showing(self, factor: Factor, at: datetime) -> Authentication:
        """The same sign-in with one more factor, or one shown again."""
        return Authentication({**self.factors, factor: at})

    def to_json(self) -> dict[str, str]:
        """The stored form."""
        return {factor.value: at.isoformat() for factor, at in self.factors.items()}

    def _named(self, names: Mapping[Factor, tuple[str, ...]]) -> tuple[str, ...]:
        values = [value for factor in Factor if factor in self.factors for value in names[factor]]
        return tuple(dict.fromkeys([*values, "mfa"] if reached(self.factors) >= BY_TWO_FACTORS else values))

    @classmethod
    def from_json(cls, stored: Mapping[str, object]) -> Authentication:
        """The authentication as ``to_json`` stored it."""
        return cls({Factor(name): datetime.fromisoformat(str(at)) for name, at in stored.items()})


def reached(factors: Collection[Factor]) -> int:
    """The strength of some factors together, whoever shows them.

    A passkey counts as two factors, since its owner had to unlock it (SP 800-63B-4 §3.1.7). One that can be copied is
    no stronger than any other two; only a key that cannot leave its device is (§2.3.1: non-exportable).
    """
    if Factor.BOUND_KEY in factors:
        return BY_A_BOUND_KEY
    if Factor.PASSKEY in factors or (Factor.PASSWORD in factors and len(factors) > 1):
        return BY_TWO_FACTORS
    return BY_ONE_FACTOR


def attainable(proofed: int, authenticators: Collection[Factor]) -> int:
    """The highest level an account can reach with the authenticators it has."""
    return min(proofed, reached(authenticators))


def leading_to(level: int, shown: Collection[Factor], authenticators: Collection[Factor]) -> frozenset[Factor]:
    """The authenticators of an account any one of which, shown as well, makes the sign-in strong enough."""
    return frozenset(factor for factor in authenticators if factor not in shown and reached({*shown, factor}) >= level)
