"""The code a person tells clerks before they may be asked on their phone (CIBA Core 1.0 §7.1, `user_code`)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from idp.authentication import password_rules, told
from idp.authentication.own_account import NothingThere, OwnChanges, Owner
from idp.authentication.passwords import Passwords, PasswordUnusable
from idp.authentication.throttling import Throttle
from idp.store import people
from kernel.database import Database
from kernel.text import Text


class UserCodeUnusable(PasswordUnusable):
    """Others would try this one first, or it is a secret that clerks must not hear."""

    text = Text(
        "口令须为 8 至 256 个字符，不能太常见，不能由您的名字或连续按键组成，也不能是您的登录密码。",
        "The code has 8 to 256 characters, is not common, not made of your name or of neighbouring keys, and not your "
        "password.",
    )


@dataclass(frozen=True, slots=True)
class OwnUserCode:
    """Raises HashingBusy, TooManyTries, LedgerUnavailable."""

    database: Database
    changes: OwnChanges
    passwords: Passwords
    throttle: Throttle

    def exists(self, owner: Owner) -> bool:
        """Whether the person chose one."""
        with self.database.read() as connection:
            found = people.by_username(connection, owner.person.username)
        return found is not None and found[1].user_code_hash is not None

    def choose(self, owner: Owner, code: str) -> None:
        """Clerks have to be told this from now on. Raises UserCodeUnusable."""
        person = owner.person
        self._check(owner, code)
        hashed = self.passwords.hash(code)

        def change(connection: Connection) -> None:
            people.choose_user_code(connection, person.id, hashed)

        self.changes.make(owner, "UserCodeChosen", change, told.USER_CODE_CHOSEN)

    def remove(self, owner: Owner) -> None:
        """Nothing has to be told any more. Raises NothingThere."""
        person = owner.person

        def change(connection: Connection) -> None:
            if not people.remove_user_code(connection, person.id):
                raise NothingThere

        self.changes.make(owner, "UserCodeRemoved", change, told.USER_CODE_REMOVED)

    def _check(self, owner: Owner, code: str) -> None:
        person = owner.person
        try:
            password_rules.check(code, person.username, person.name, alone=False)
        except PasswordUnusable:
            raise UserCodeUnusable("too easily guessed") from None
        # Whether something is the password is said to nobody often.
        self.throttle.reserve_one(f"choosing a user code by {person.id}")
        with self.database.read() as connection:
            found = people.by_username(connection, person.username)
        if self.passwords.verify(code, found[1].password_hash if found else None):
            raise UserCodeUnusable("the password itself")
