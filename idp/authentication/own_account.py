"""Changes people make to their own ways of signing in: each is an entry, a notice, and one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection

from idp.authentication import password_rules, recovery_stop
from idp.model.assurance import PHISHING_RESISTANT, Factor
from idp.model.person import Account, PersonKind
from idp.notices import NoticeKind, Notices
from idp.store import people, sessions
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.entropy import Entropy
from kernel.identifiers.subject import SubjectRef
from kernel.ids import new_id
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger
from kernel.text import Text

Change = Callable[[Connection], None]


class NothingThere(Exception):
    """What should be changed is not there, or is somebody else's: nobody is told which."""


class LastStrongFactor(Exception):
    """Staff keep at least one factor that cannot be phished."""


class PasswordMustBeLonger(Exception):
    """The password would be the only factor, and is too short for that or was set before its length was kept."""


class WrongCode(Exception):
    """The code is not the one, was used already, or is too old."""


class SignedOutMeanwhile(Exception):
    """The session was ended, or the account disabled, while the change was under way: nothing was changed."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose account it is, in which session they change it, and how the ledger knows them."""

    person: Account
    session: str
    reference: SubjectRef | None = field(default=None, repr=False)


OWN = "own-account"
"""The command in the entries of what people do to their own accounts, as administrators' entries name theirs."""
STOPS_RECOVERY = frozenset({"PasswordChanged", "AuthenticatorRemoved", "ContactRemoved"})
"""Changes by which an owner, who has just signed in as strongly as they can, shuts somebody out. The link of a recovery
that was asked for before would let them in again, and would go to the channel that was removed."""


@dataclass(frozen=True, slots=True)
class OwnChanges:
    """Writes a change, its entry and its notice together, or none of them.

    What was asked for in the owner's name by somebody else ends with some of them (`STOPS_RECOVERY`).
    """

    ledger: Ledger
    notices: Notices
    clock: Clock
    entropy: Entropy
    staff_need_passkeys: bool

    def make(
        self,
        owner: Owner,
        name: str,
        change: Change,
        notice: NoticeKind | None,
        facts: Mapping[str, JSON] | None = None,
        **words: Text | str,
    ) -> None:
        """Make a change. Raises what ``change`` raises, SignedOutMeanwhile and LedgerUnavailable.

        Whoever ends sessions means what is under way in them as well: recovery, disabling and signing out elsewhere
        pass the log, too, so that a change comes before them or finds its session ended.
        """
        person, now = owner.person, self.clock.now()

        def write(stopped: tuple[str, ...]) -> None:
            def also(connection: Connection, _receipts: object) -> None:
                # The log's head is locked before this: two removals at once take turns, and the second sees the first.
                if not sessions.stands(connection, owner.session, person.id, now):
                    raise SignedOutMeanwhile
                self._keeping_the_rules(connection, person.id, change)
                if notice is not None:
                    self.notices.send(connection, person.id, notice, **words)
                if name in STOPS_RECOVERY:
                    recovery_stop.stop_by_owner(connection, self.notices, person.id, stopped, now)

            changed = self._entry(owner, name, facts or {})
            self.ledger.append([changed, *(self._stopped(owner, each) for each in stopped)], also=also)

        recovery_stop.naming(write)

    def _keeping_the_rules(self, connection: Connection, person_id: str, change: Change) -> None:
        """Make the change. Raises LastStrongFactor, PasswordMustBeLonger."""
        before = people.find(connection, person_id)
        change(connection)
        after = people.find(connection, person_id)
        assert before is not None and after is not None  # noqa: PT018 - accounts are never deleted
        if leaves_too_little(before, after.authenticators, required=self.staff_need_passkeys):
            raise LastStrongFactor
        if password_rules.suffices(before) and not password_rules.suffices(after):
            raise PasswordMustBeLonger

    def _entry(self, owner: Owner, name: str, facts: Mapping[str, JSON]) -> Event:
        who = owner.person.id
        told: dict[str, JSON] = {"person": who, "actor": who, "command": OWN, **facts}
        return Event(name, new_id("own", self.clock, self.entropy), facts=told, subject=owner.reference)

    def _stopped(self, owner: Owner, recovery: str) -> Event:
        identity = new_id("rcv", self.clock, self.entropy)
        return recovery_stop.entry(identity, owner.person.id, recovery, OWN, owner.reference)


def leaves_too_little(before: Account, after: frozenset[Factor], *, required: bool) -> bool:
    """Whether a change takes the last phishing-resistant factor from somebody who has to have one."""
    had = bool(before.authenticators & PHISHING_RESISTANT)
    return required and before.kind is PersonKind.STAFF and had and not after & PHISHING_RESISTANT
