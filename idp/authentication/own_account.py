"""Changes people make to their own ways of signing in: each is an entry, a notice, and one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from idp.authentication import password_rules, recovery_stop, told
from idp.authentication.other_factors import OtherFactor
from idp.authentication.other_sessions import Ending, Others, naming
from idp.model.assurance import PHISHING_RESISTANT, Factor
from idp.model.person import Account, PersonKind
from idp.notices import NoticeKind, Notices
from idp.store import people, sessions
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.database import Database
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
    """The password would be the only factor, and is too short for that."""


class PasswordOfUnknownLength(Exception):
    """The password would be the only factor, and was set before its length was kept: signing in with it shows it."""


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


@dataclass(frozen=True, slots=True)
class Told:
    """What the ledger and the owner's channels say of a change."""

    name: str
    notice: NoticeKind | None
    facts: Mapping[str, JSON] = field(default_factory=dict)
    words: Mapping[str, Text | str] = field(default_factory=dict)


def added(factor: OtherFactor) -> Told:
    """That a way of signing in was added."""
    about = {"authenticator": factor.authenticator}
    return Told("AuthenticatorAdded", told.AUTHENTICATOR_ADDED, about, {"what": factor.words})


def removed(factor: OtherFactor) -> Told:
    """That a way of signing in was removed."""
    about = {"authenticator": factor.authenticator}
    return Told("AuthenticatorRemoved", told.AUTHENTICATOR_REMOVED, about, {"what": factor.words})


OWN = "own-account"
"""The command in the entries of what people do to their own accounts, as administrators' entries name theirs."""
STOPS_RECOVERY = frozenset({"PasswordChanged", "AuthenticatorRemoved", "ContactRemoved"})
"""Changes by which an owner, who has just signed in as strongly as they can, shuts somebody out. The link of a recovery
that was asked for before would let them in again, and would go to the channel that was removed."""


@dataclass(frozen=True, slots=True)
class OwnChanges:
    """Writes a change, its entries and its notices together, or none of them, and ends the sign-ins it takes away.

    What was asked for in the owner's name by somebody else ends with some of them (`STOPS_RECOVERY`).
    """

    database: Database
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
        """Make a change that ends no sign-in, and tell one thing of it. Raises what ``tell`` does."""
        self.tell(owner, change, Told(name, notice, facts or {}, words))

    def tell(self, owner: Owner, change: Change, *news: Told, ending: Ending | None = None) -> None:
        """Make a change and tell of it. Raises what ``change`` raises, SignedOutMeanwhile and LedgerUnavailable.

        Whoever ends sessions means what is under way in them as well: recovery, disabling and signing out elsewhere
        pass the log, too, so that a change comes before them or finds its session ended. ``ending``: the other sessions
        that end with it (ADR 0101).
        """
        naming(
            self.database,
            owner.person.id,
            owner.session,
            ending,
            lambda others: self._write(owner, change, news, others),
        )

    def _write(self, owner: Owner, change: Change, news: Sequence[Told], others: Others) -> None:
        person, now = owner.person, self.clock.now()

        def write(stopped: tuple[str, ...]) -> None:
            def also(connection: Connection, _receipts: object) -> None:
                # The log's head is locked before this: two removals at once take turns, and the second sees the first.
                if not sessions.stands(connection, owner.session, person.id, now):
                    raise SignedOutMeanwhile
                self._keeping_the_rules(connection, person.id, change)
                others.end(connection, now)
                for each in news:
                    if each.notice is not None:
                        self.notices.send(connection, person.id, each.notice, **each.words)
                if any(each.name in STOPS_RECOVERY for each in news):
                    recovery_stop.stop_asked_for(connection, self.notices, person.id, stopped, now)

            entries = [*(self._entry(owner, each) for each in news), *others.entries(OWN, owner.reference)]
            self.ledger.append([*entries, *(self._stopped(owner, each) for each in stopped)], also=also)

        recovery_stop.naming(write)

    def _keeping_the_rules(self, connection: Connection, person_id: str, change: Change) -> None:
        """Make the change. Raises LastStrongFactor, PasswordMustBeLonger, PasswordOfUnknownLength."""
        before = people.find(connection, person_id)
        change(connection)
        after = people.find(connection, person_id)
        assert before is not None and after is not None  # noqa: PT018 - accounts are never deleted
        if leaves_too_little(before, after.authenticators, required=self.staff_need_passkeys):
            raise LastStrongFactor
        if password_rules.suffices(before) and not password_rules.suffices(after):
            raise PasswordOfUnknownLength if after.password_stands_alone is None else PasswordMustBeLonger

    def _entry(self, owner: Owner, one: Told) -> Event:
        who = owner.person.id
        facts: dict[str, JSON] = {"person": who, "actor": who, "command": OWN, **one.facts}
        return Event(one.name, new_id("own", self.clock, self.entropy), facts=facts, subject=owner.reference)

    def _stopped(self, owner: Owner, recovery: str) -> Event:
        identity = new_id("rcv", self.clock, self.entropy)
        return recovery_stop.entry(identity, owner.person.id, recovery, OWN, owner.reference)


def leaves_too_little(before: Account, after: frozenset[Factor], *, required: bool) -> bool:
    """Whether a change takes the last phishing-resistant factor from somebody who has to have one."""
    had = bool(before.authenticators & PHISHING_RESISTANT)
    return required and before.kind is PersonKind.STAFF and had and not after & PHISHING_RESISTANT
