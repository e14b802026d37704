"""All that an account signs in with besides its password: what stands, and its removal as a whole.

Only a recovery that two clerks allowed removes it so (ADR 0099): whoever lost a factor cannot show it, and whoever
stole one could.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from idp.authentication import told
from idp.store import contacts, passkeys, people, second_factors
from kernel.text import Text


@dataclass(frozen=True, slots=True)
class OtherFactor:
    """One of them: as an entry names it (``authenticator``), and in words."""

    authenticator: str
    words: Text


PASSKEY = OtherFactor("passkey", told.PASSKEY)
APP = OtherFactor("otp", told.AUTHENTICATOR_APP)
RECOVERY_CODES = OtherFactor("recovery", told.RECOVERY_CODES)
PHONE_CODES = OtherFactor("sms", told.PHONE_CODES)


def standing(connection: Connection, person_id: str) -> tuple[OtherFactor, ...]:
    """One for every passkey and every telephone that gets codes, one for the app, one for the recovery codes left."""
    phones = sum(each.codes_since is not None for each in contacts.of_person(connection, person_id))
    return (
        *[PASSKEY] * len(passkeys.of_person(connection, person_id)),
        *[APP] * (people.sealed(connection, person_id).totp is not None),
        *[RECOVERY_CODES] * (second_factors.recovery_codes_left(connection, person_id) > 0),
        *[PHONE_CODES] * phones,
    )


def remove(connection: Connection, person_id: str) -> None:
    """Remove them all, and an app that is being set up: whoever began that would have its secret."""
    passkeys.remove_all(connection, person_id)
    second_factors.remove_totp(connection, person_id)
    second_factors.abandon_totp(connection, person_id)
    second_factors.remove_recovery_codes(connection, person_id)
    contacts.use_none_for_codes(connection, person_id)
