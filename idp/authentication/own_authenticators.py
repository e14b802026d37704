"""People's own authenticators: passkeys, the authenticator app, recovery codes. Added, renamed, removed."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection

from idp.authentication import told, totp
from idp.authentication.other_factors import APP, PASSKEY, RECOVERY_CODES, OtherFactor
from idp.authentication.other_sessions import having_shown
from idp.authentication.own_account import NothingThere, OwnChanges, Owner, WrongCode, added, removed
from idp.authentication.passkeys import Passkeys
from idp.authentication.recovery_codes import RecoveryCodes
from idp.authentication.sealing import PersonVault
from idp.authentication.webauthn_ceremonies import PasskeyRefused
from idp.model.assurance import Factor
from idp.model.passkey import Passkey
from idp.store import passkeys as stored_passkeys
from idp.store import people, second_factors
from kernel.clock import Clock
from kernel.database import Database
from kernel.entropy import Entropy
from kernel.ids import new_id

MOST_PASSKEYS = 20
LONGEST_NAME = 40
APP_SET_UP = timedelta(minutes=15)
_SECRET_BYTES = 20
"""RFC 4226 §4 R6 recommends 160 bits."""


@dataclass(frozen=True, slots=True)
class OwnAuthenticators:
    """Every method raises LedgerUnavailable; the caller has made sure of a strong and recent sign-in.

    What is removed or replaced ends the person's other sessions in which a factor of its kind was shown (ADR 0101).
    """

    database: Database
    changes: OwnChanges
    passkeys: Passkeys
    recovery_codes: RecoveryCodes
    vault: PersonVault
    clock: Clock
    entropy: Entropy

    # Passkeys ---------------------------------------------------------------------------------------------------------

    def add_passkey(self, owner: Owner, answer: str, browser: str, name: str) -> None:
        """Keep the passkey a browser just made. Raises PasskeyRefused."""
        made, now = self.passkeys.registered(answer, browser, owner.person.id), self.clock.now()
        passkey = Passkey(
            id=new_id("pky", self.clock, self.entropy),
            person=owner.person.id,
            credential_id=made.credential_id,
            public_key=made.public_key,
            sign_count=made.sign_count,
            transports=made.transports,
            bound=made.bound,
            backed_up=made.backed_up,
            name=plain_name(name),
            created_at=now,
        )

        def change(connection: Connection) -> None:
            known = stored_passkeys.by_credential(connection, made.credential_id)  # WebAuthn Level 3 §7.1 step 26
            if known is not None or len(stored_passkeys.of_person(connection, owner.person.id)) >= MOST_PASSKEYS:
                raise PasskeyRefused("known already, or one too many")
            stored_passkeys.add(connection, passkey)

        self.changes.tell(owner, change, added(OtherFactor(passkey.factor.value, told.PASSKEY)))

    def rename_passkey(self, owner: Owner, passkey_id: str, name: str) -> None:
        """Give a passkey another name. Raises NothingThere."""

        def change(connection: Connection) -> None:
            if not stored_passkeys.rename(connection, owner.person.id, passkey_id, plain_name(name)):
                raise NothingThere

        self.changes.make(owner, "AuthenticatorRenamed", change, told.AUTHENTICATOR_RENAMED)

    def remove_passkey(self, owner: Owner, passkey_id: str) -> None:
        """Forget a passkey. Raises NothingThere, LastStrongFactor."""
        found = next((each for each in self.passkeys.of_person(owner.person.id) if each.id == passkey_id), None)
        if found is None:
            raise NothingThere

        def change(connection: Connection) -> None:
            if not stored_passkeys.remove(connection, owner.person.id, passkey_id):
                raise NothingThere

        self.changes.tell(owner, change, removed(PASSKEY), ending=having_shown(found.factor))

    # The authenticator app --------------------------------------------------------------------------------------------

    def begin_app(self, owner: Owner) -> None:
        """Make a secret for an app; it counts once a code shows that it has arrived."""
        secret, person = base64.b32encode(self.entropy.bytes(_SECRET_BYTES)), owner.person.id

        def work(connection: Connection) -> None:
            sealed = self.vault.seal_more(person, people.data_key(connection, person), secret, "totp")
            second_factors.begin_totp(connection, person, sealed, self.clock.now() + APP_SET_UP)

        self.database.write(work)

    def app_being_set_up(self, owner: Owner) -> str | None:
        """The secret of the app being set up; None when none is."""
        pending = self._pending(owner)
        return None if pending is None else pending[1]

    def confirm_app(self, owner: Owner, code: str) -> None:
        """The app's first code: from now on it counts, and one there was before does not, which is told as a removal.

        Raises WrongCode, and NothingThere also when an app came or went at the same moment.
        """
        pending = self._pending(owner)
        if pending is None:
            raise NothingThere
        sealed, secret = pending
        counter = totp.matching_counter(secret, code, self.clock.now())
        if counter is None:
            raise WrongCode
        replaces = Factor.CODE in owner.person.authenticators

        def change(connection: Connection) -> None:
            if (people.sealed(connection, owner.person.id).totp is not None) is not replaces:
                raise NothingThere
            if not second_factors.finish_totp(connection, owner.person.id, sealed, counter, self.clock.now()):
                raise NothingThere

        told_of = [removed(APP), added(APP)] if replaces else [added(APP)]
        self.changes.tell(owner, change, *told_of, ending=having_shown(Factor.CODE))

    def remove_app(self, owner: Owner) -> None:
        """Forget the app. Raises NothingThere."""

        def change(connection: Connection) -> None:
            if not second_factors.remove_totp(connection, owner.person.id):
                raise NothingThere

        self.changes.tell(owner, change, removed(APP), ending=having_shown(Factor.CODE))

    # Recovery codes ---------------------------------------------------------------------------------------------------

    def renew_recovery_codes(self, owner: Owner) -> tuple[str, ...]:
        """Ten fresh codes, shown this once; the old ones end."""
        codes = self.recovery_codes.fresh()

        def change(connection: Connection) -> None:
            self.recovery_codes.renew(connection, owner.person.id, codes)

        self.changes.tell(owner, change, added(RECOVERY_CODES), ending=having_shown(Factor.RECOVERY))
        return codes

    def _pending(self, owner: Owner) -> tuple[bytes, str] | None:
        person = owner.person.id
        with self.database.read() as connection:
            sealed = second_factors.pending_totp(connection, person, self.clock.now())
            wrapped = people.data_key(connection, person)
        return None if sealed is None else (sealed, self.vault.open_more(person, wrapped, sealed, "totp").decode())


def plain_name(name: str) -> str:
    """A passkey's name as it is kept: one line, not too long, never empty."""
    return " ".join(name.split())[:LONGEST_NAME] or "Passkey"
