"""Changing one's own password: the present one is asked for, and the new one has to be a good one."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from idp.authentication import password_rules, told
from idp.authentication.devices import Device, KnownDevices
from idp.authentication.other_sessions import EVERY_OTHER
from idp.authentication.own_account import OwnChanges, Owner, Told, WrongCode
from idp.authentication.passwords import Passwords
from idp.authentication.throttling import Throttle
from idp.model.secret import hashed
from idp.store import devices, people
from kernel.database import Database


@dataclass(frozen=True, slots=True)
class OwnPassword:
    """Raises PasswordUnusable, HashingBusy, TooManyTries, SignedOutMeanwhile, LedgerUnavailable."""

    database: Database
    changes: OwnChanges
    passwords: Passwords
    throttle: Throttle
    known_devices: KnownDevices

    def change(self, owner: Owner, present: str, new: str, device: Device) -> None:
        """Another password from now on; every other session ends, and every other device is a stranger's (ADR 0101).

        Raises WrongCode when the present one is wrong, or no longer the present one. Hashing takes its time: whoever
        set another password meanwhile is not overridden.
        """
        person = owner.person
        with self.database.read() as connection:
            found = people.by_username(connection, person.username)
        own = self.known_devices.known(device, person.id)  # a name somebody made up would begin a count of its own
        self.throttle.reserve(person.username, device.address, own)
        shown = found[1].password_hash if found else None
        if not self.passwords.verify(present, shown):
            raise WrongCode
        self.throttle.succeeded(person.username, device.address, own)
        password_rules.check(new, person.username, person.name, alone=password_rules.is_alone(person.authenticators))
        password_rules.check_beside_user_code(self.passwords, new, found[1].user_code_hash if found else None)
        password_hash = self.passwords.hash(new)

        def change(connection: Connection) -> None:
            if not people.stands(connection, person.id, shown):
                raise WrongCode
            stands_alone = password_rules.stands_alone(new)
            people.change_password(connection, person.id, password_hash, stands_alone=stands_alone)
            devices.forget_others(connection, person.id, hashed(own or ""))

        self.changes.tell(owner, change, Told("PasswordChanged", told.PASSWORD_CHANGED), ending=EVERY_OTHER)
