"""Asking the business register again: whoever was replaced there acts no longer, however long ago they were named.

Asked wherever a token would be made and the last look is older than ``every`` (ADR 0028). A register that says no ends
the right, with every token that stems from it; one that is silent lets nothing be issued meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection

from idp.authentication import told
from idp.authentication.accounts import Accounts
from idp.errors import InvalidGrantError, TemporarilyUnavailableError
from idp.model.representation import Representation
from idp.notices import Notices
from idp.proofing import lapse
from idp.proofing.business_register import EntityVerifier
from idp.proofing.verifier import VerifierUnavailable
from idp.store import representations
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.database import Database
from kernel.entropy import Entropy
from kernel.identifiers import social_credit_code
from kernel.ids import new_id
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger


@dataclass(frozen=True, slots=True)
class RegisterWatch:
    """Looks again. ``every``: how long one look counts."""

    database: Database
    ledger: Ledger
    accounts: Accounts
    notices: Notices
    register: EntityVerifier | None
    every: timedelta
    clock: Clock
    entropy: Entropy

    def confirm(self, acting: Representation) -> None:
        """Nothing while the register names the same person. Raises InvalidGrantError, TemporarilyUnavailableError."""
        now = self.clock.now()
        if acting.confirmed_at + self.every > now:
            return
        if self._still_named(acting):
            self.database.write(lambda connection: representations.confirm(connection, acting.rests_on, now))
            return
        self._lapse(acting)
        raise InvalidGrantError("The person may no longer act for the entity.")

    def _still_named(self, acting: Representation) -> bool:
        if self.register is None:  # the operator took it away: nobody can be asked any more
            raise InvalidGrantError("Nobody can act for an entity here.")
        reference = self.accounts.reference(acting.representative)
        if reference is None:
            return False
        try:
            return self.register.represents(reference, social_credit_code.parse(acting.code)) is not None
        except VerifierUnavailable:
            raise TemporarilyUnavailableError("The business register does not answer.") from None

    def _lapse(self, acting: Representation) -> None:
        person, now = acting.representative, self.clock.now()

        def also(connection: Connection, _receipts: object) -> None:
            lapse.end(connection, self.notices, acting.rests_on, person, now)
            self.notices.send(connection, person, told.REPRESENTATION_LAPSED)

        facts: dict[str, JSON] = {
            "person": person,
            "representation": acting.rests_on,
            "actor": "provider",
            "command": "register-watch",
        }
        lapsed = Event(
            "RepresentationLapsed",
            new_id("rep", self.clock, self.entropy),
            facts=facts,
            subject=self.accounts.reference(person),
        )
        try:
            self.ledger.append([lapsed], also=also)
        except lapse.AlreadyOver:  # while the register was asked
            return
