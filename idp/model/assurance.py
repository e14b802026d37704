"""Levels of assurance: how well an account was proofed, and how strongly its owner just signed in.

`urn:tongban:loa:1` … `:4`. What a token may claim is the lower of the two: a strong key proves nothing about a person
who was never proofed, and a proofed person is not present behind a guessed password.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

_PREFIX = "urn:tongban:loa:"
LEVELS = (1, 2, 3, 4)
BY_PASSWORD = 2
BY_PASSWORD_AND_CODE = 3
HIGHEST_OFFERED = BY_PASSWORD_AND_CODE
"""What the authenticators of this form reach: level 4 needs a certificate or a visit in person."""

OFFERED = tuple(f"{_PREFIX}{level}" for level in LEVELS if level <= HIGHEST_OFFERED)


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


@dataclass(frozen=True, slots=True)
class Authentication:
    """How and when a person signed in: what `auth_time`, `amr` and `acr` are made of."""

    password_at: datetime
    code_at: datetime | None = None

    @property
    def methods(self) -> tuple[str, ...]:
        """`amr` values (RFC 8176 §2)."""
        return ("pwd",) if self.code_at is None else ("pwd", "otp", "mfa")

    def level(self, proofed: int) -> int:
        """The level reached by an account proofed to ``proofed``."""
        return min(proofed, BY_PASSWORD if self.code_at is None else BY_PASSWORD_AND_CODE)


def attainable(proofed: int, has_code: bool) -> int:
    """The highest level an account can reach with the authenticators it has."""
    return min(proofed, BY_PASSWORD_AND_CODE if has_code else BY_PASSWORD)
