"""Changing one's own password: the present one is asked for, and the new one has to be a good one."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from idp.authentication import password_rules, told
from idp.authentication.devices import Device
from idp.authentication.own_account import OwnChanges, Owner, WrongCode
from idp.authentication.passwords import Passwords
from idp.authentication.throttling import Throttle
from idp.store import people
from kernel.database import Database


@dataclass(frozen=True, slots=True)
class OwnPassword:
    """Raises PasswordUnusable, HashingBusy, TooManyTries, LedgerUnavailable."""

    database: Database
    changes: OwnChanges
    passwords: Passwords
    throttle: Throttle

    def change(self, owner: Owner, present: str, new: str, device: Device) -> None:
        """Another password from now on. Raises WrongCode when the present one is wrong."""
        person = owner.person
        self.throttle.reserve(person.username, device.address, device.cookie)
        with self.database.read() as connection:
            found = people.by_username(connection, person.username)
        if not self.passwords.verify(present, found[1].password_hash if found else None):
            raise WrongCode
        self.throttle.succeeded(person.username, device.address, device.cookie)
        password_rules.check(new, person.username, person.name, alone=len(person.authenticators) == 1)
        password_rules.check_beside_user_code(self.passwords, new, found[1].user_code_hash if found else None)
        hashed = self.passwords.hash(new)

        def change(connection: Connection) -> None:
            people.change_password(connection, person.id, hashed)

        self.changes.make(owner, "PasswordChanged", change, told.PASSWORD_CHANGED)
