"""People who sign in: natural persons and staff."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from idp.model.assurance import Factor
from idp.model.contact import Contact
from idp.model.roles import Role
from kernel.identifiers.subject import SubjectRef


class PersonKind(StrEnum):
    """What an account stands for."""

    NATURAL = "natural"
    STAFF = "staff"


ROLES = frozenset(role.value for role in Role)
"""The offices staff may hold (RFC 9068 §2.2.3.1 `roles`)."""


@dataclass(frozen=True, slots=True)
class Person:
    """An account. ``organisation`` (social credit code) and ``roles`` belong to staff alone.

    ``disabled_everywhere``: by an office that reaches everywhere, so that no department admits it again.
    """

    id: str
    username: str
    name: str = field(repr=False)
    kind: PersonKind
    assurance: int
    disabled: bool
    organisation: str | None = None
    roles: tuple[str, ...] = ()
    disabled_everywhere: bool = False


@dataclass(frozen=True, slots=True)
class Account(Person):
    """A person as they sign in: with the factors they can show. Who makes or answers a token needs none of them.

    ``password_stands_alone``: it is long enough to be the only factor; None where that was not kept yet.
    """

    authenticators: frozenset[Factor] = frozenset({Factor.PASSWORD})
    password_stands_alone: bool | None = None


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a sign-in is checked against: an argon2id hash; the TOTP secret stays sealed until it is needed.

    ``user_code_hash`` is that of what the person tells a clerk (CIBA Core 1.0 §7.1), if they chose such a code.
    """

    person: str
    password_hash: str = field(repr=False)
    user_code_hash: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class NewPerson:
    """An account to be made. Its secrets are hashed or sealed before they are stored."""

    username: str
    name: str = field(repr=False)
    password: str = field(repr=False)
    kind: PersonKind = PersonKind.NATURAL
    assurance: int = 1
    subject: SubjectRef | None = None
    totp_secret: str | None = field(default=None, repr=False)
    organisation: str | None = None
    roles: tuple[str, ...] = ()
    contacts: tuple[Contact, ...] = ()
    """Channels that whoever makes the account vouches for."""
