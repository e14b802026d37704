"""The number that a first clerk enters is compared with what accounts hold; what does not fit is counted and recorded.

Or one clerk, with neither person nor document before them, could try out whose number is whose (ADR 0097).
"""

from __future__ import annotations

from dataclasses import dataclass

from idp.administration.errors import AdministrationError
from idp.administration.person_register import PersonRegister
from idp.administration.rights import Actor, Command
from idp.authentication.throttling import Throttle, TooManyTries
from idp.proofing.identity import AnotherNumber, HeldByAnother, refuse_another
from idp.store import people
from kernel.identifiers.subject import SubjectRef

REFUSED = "WindowCheckRefused"
"""The entry of a number that does not fit; it says whose account, and neither number."""


@dataclass(frozen=True, slots=True)
class FirstReadings:
    """Compares, counts and records."""

    register: PersonRegister
    throttle: Throttle

    def compare(self, actor: Actor, person: str, subject: SubjectRef) -> None:
        """Raises AnotherNumber and HeldByAnother, each with an entry, and AdministrationError for guesses in a row.

        Tries are counted by account and by clerk before they are compared. The right number ends an account's count; a
        number that nobody holds, at an account without one, proves nothing and stays counted there.
        """
        about, by = f"first reading of {person}", f"first readings by {actor.person}"
        counted(self.throttle, about, by)
        database = self.register.database
        try:
            with database.read() as connection:
                refuse_another(connection, self.register.vault, person, subject)
                proven = people.sealed(connection, person).subject_index is not None
        except (AnotherNumber, HeldByAnother):
            records = self.register.records.of(actor.person, Command.PROVE_PERSON.value)
            records.make(REFUSED, {"person": person}, lambda _connection: None)
            raise
        if proven:
            self.throttle.succeeded_with_one(about, by)
        else:
            database.write(lambda connection: self.throttle.forgive_one(connection, by))


def counted(throttle: Throttle, about: str, by: str) -> None:
    """Count a clerk's reading before it is compared. Raises AdministrationError for too many that differed."""
    try:
        throttle.reserve_one(about, by)
    except TooManyTries as early:
        raise AdministrationError(
            f"不一致的次数过多，请在 {early.seconds} 秒后重试",
            f"what was read differed too often; try again in {early.seconds} seconds",
        ) from None
