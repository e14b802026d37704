"""What becomes of an address: entered, asked to prove itself, proven, changed, ended. State and entry in one append."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from sqlalchemy import Connection

from exchange import errors
from exchange.access import Asker
from exchange.forwarding.addresses import Addresses
from exchange.forwarding.links import PROOF_LASTS, PROVE, UNSUBSCRIBE, Links
from exchange.messages.words import URGENT
from exchange.proceedings import nothing_to_spend
from exchange.store import forwardings
from exchange.store.forwardings import GIVEN_UP, PROOF, Forwarding, Post
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.database import Database
from kernel.entropy import Entropy
from kernel.ids import new_id
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger
from kernel.ledger.receipt import Receipt
from kernel.problems import Problem
from policies.forwarding import Language, Pace, Status, Way
from policies.roles import Role

MADE, CHANGED = "ForwardingEntered", "ForwardingChanged"
MOST_OF_AN_OFFICE = 10
BETWEEN_PROOFS = timedelta(minutes=5)
"""Nobody makes us write to an address again and again,"""
MOST_QUESTIONS, WHILE = 12, timedelta(hours=1)
"""nor an office by entering it anew each time: so many questions in so long, of addresses that were ended, too."""

Done = Callable[[Connection], None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an office wants of an address."""

    kinds: frozenset[str]
    pace: Pace
    language: Language


@dataclass(frozen=True)
class ForwardingTransitions:
    """Carries out what is asked. Safe for threads: an address is changed only under the revision that was read."""

    database: Database
    ledger: Ledger
    addresses: Addresses
    links: Links
    mails: bool
    """Whether this installation sends mail at all."""
    clock: Clock
    entropy: Entropy

    def enter(self, organisation: str, role: Role, way: Way, address: str, wanted: Wanted, asker: Asker) -> Forwarding:
        """A new address of an office; the question whether it is right goes there at once. Raises Problem."""
        if way is Way.MAIL and not self.mails:
            raise Problem(errors.FORWARDING_NO_MAIL)
        name = new_id("fwd", self.clock, self.entropy)
        wrapped, sealed = self.addresses.seal(name, address)
        made = Forwarding(
            id=name,
            organisation=organisation,
            role=role,
            way=way,
            wrapped=wrapped,
            sealed=sealed,
            kinds=wanted.kinds,
            pace=wanted.pace,
            language=wanted.language,
            created_at=self.clock.now(),
        )

        def also(connection: Connection, receipts: Sequence[Receipt]) -> None:
            asker.spend(connection, receipts)
            if len(forwardings.of_offices(connection, organisation, [role])) >= MOST_OF_AN_OFFICE:
                raise Problem(errors.FORWARDINGS_TOO_MANY)
            forwardings.add(connection, made)
            self._ask(connection, made)

        self.ledger.append([Event(MADE, made.id, "1", {**facts_of(made), **asker.facts})], also=also)
        return made

    def ask_for_proof(self, seen: Forwarding, asker: Asker) -> Forwarding:
        """Ask once more whether it is right; earlier links are good no more. Raises Problem."""
        after = replace(seen, status=Status.UNPROVEN, revision=seen.revision + 1, trouble="")

        def again(connection: Connection) -> None:
            newest = forwardings.latest(connection, seen.id, 1, PROOF)
            if newest and self.clock.now() - newest[0].made_at < BETWEEN_PROOFS:
                raise Problem(errors.FORWARDING_ASKED_JUST_NOW)
            forwardings.give_up(connection, seen.id, self.clock.now(), {PROOF})
            self._ask(connection, after)

        return self._record(seen, after, asker, again)

    def change(self, seen: Forwarding, wanted: Wanted, asker: Asker) -> Forwarding:
        """What goes there, when and in which language; what waits and is wanted no more is not sent. Raises Problem."""
        after = replace(
            seen, kinds=wanted.kinds, pace=wanted.pace, language=wanted.language, revision=seen.revision + 1
        )
        return self._record(seen, after, asker, partial(self._withdraw, after))

    def end(self, seen: Forwarding, asker: Asker) -> Forwarding:
        """For ever; what waits for it is sent no more. Raises Problem."""
        after = replace(seen, status=Status.ENDED, revision=seen.revision + 1)

        def drop(connection: Connection) -> None:
            forwardings.give_up(connection, seen.id, self.clock.now(), _EVERY_KIND)
            forwardings.forget_waiting(connection, seen.id)

        return self._record(seen, after, asker, drop)

    # By the links in a post: whoever reads what arrives there ---------------------------------------------------------

    def to_prove(self, token: str) -> Forwarding | None:
        """The address that a link would prove; None when it is over, was used, or is none of ours."""
        named = self.links.read(PROVE, token)
        if named is None or len(named) != 2:
            return None
        with self.database.read() as connection:
            found = forwardings.find(connection, named[0])
            newest = forwardings.latest(connection, named[0], 1, PROOF)
        if found is None or found.status is not Status.UNPROVEN or not newest or newest[0].id != named[1]:
            return None
        late = newest[0].outcome == GIVEN_UP or self.clock.now() - newest[0].made_at > PROOF_LASTS
        return None if late else found

    def prove(self, token: str) -> Forwarding | None:
        """The address is right; None where ``to_prove`` says so, or a second click was faster."""
        if (seen := self.to_prove(token)) is None:
            return None
        now = self.clock.now()
        after = replace(seen, status=Status.ACTIVE, revision=seen.revision + 1, trouble="", proven_at=now)

        def in_use(connection: Connection) -> None:
            forwardings.give_up(connection, seen.id, now, {PROOF})
            forwardings.send_at_once(connection, seen.id, now)

        return self._by_link(seen, after, in_use)

    def to_unsubscribe(self, token: str) -> Forwarding | None:
        """The address that a link would order everything off for that is not urgent; None when there is none."""
        named = self.links.read(UNSUBSCRIBE, token)
        if named is None or len(named) != 1:
            return None
        with self.database.read() as connection:
            found = forwardings.find(connection, named[0])
        return None if found is None or found.status is Status.ENDED else found

    def unsubscribe(self, token: str) -> Forwarding | None:
        """Only what is urgent goes there from now on, what waits included; a second time changes nothing."""
        seen = self.to_unsubscribe(token)
        if seen is None or not seen.kinds:
            return seen
        after = replace(seen, kinds=frozenset(), revision=seen.revision + 1)
        return self._by_link(seen, after, partial(self._withdraw, after))

    # ------------------------------------------------------------------------------------------------------------------

    def _ask(self, connection: Connection, one: Forwarding) -> None:
        """Send the question whether an address is right. Raises Problem: too many were sent for its office."""
        now = self.clock.now()
        asked = forwardings.questions_since(connection, one.organisation, one.role, now - WHILE)
        if len(asked) >= MOST_QUESTIONS:
            wait = math.ceil((asked[MOST_QUESTIONS - 1] + WHILE - now).total_seconds())
            raise Problem(errors.FORWARDING_ASKED_TOO_OFTEN, headers=(("Retry-After", str(max(wait, 1))),))
        forwardings.put_post(connection, Post(new_id("fwp", self.clock, self.entropy), one.id, PROOF, now, now))

    def _withdraw(self, after: Forwarding, connection: Connection) -> None:
        """By kind: what is not urgent may wait to go at once, too, where the office wants it so."""
        forwardings.withdraw(connection, after.id, after.kinds | URGENT, self.clock.now())

    def _by_link(self, seen: Forwarding, after: Forwarding, more: Done | None = None) -> Forwarding | None:
        try:
            return self._record(seen, after, _LINK, more)
        except Problem as problem:
            if problem.kind is not errors.FORWARDING_CHANGED:
                raise
            return None

    def _record(self, seen: Forwarding, after: Forwarding, asker: Asker, more: Done | None = None) -> Forwarding:
        """The change and its entry, together or not at all. Raises Problem."""

        def also(connection: Connection, receipts: Sequence[Receipt]) -> None:
            asker.spend(connection, receipts)
            if not forwardings.change(connection, seen, after):
                raise Problem(errors.FORWARDING_CHANGED)
            if more is not None:
                more(connection)

        event = Event(CHANGED, after.id, str(after.revision), {**facts_of(after), **asker.facts})
        (receipt,) = self.ledger.append([event], also=also)
        if receipt.repeated:
            raise Problem(errors.FORWARDING_CHANGED)
        return after


def facts_of(one: Forwarding) -> Mapping[str, JSON]:
    """What the log says of an address: whose it is and what goes there, never the address."""
    return {
        "organisation": one.organisation,
        "role": one.role.value,
        "way": one.way.value,
        "kinds": [*sorted(one.kinds)],
        "pace": one.pace.value,
        "language": one.language.value,
        "status": one.status.value,
    }


_EVERY_KIND = {PROOF, forwardings.AT_ONCE, forwardings.DIGEST}
_LINK = Asker({"by": "link"}, nothing_to_spend)
"""A link proves by itself; what it may do once is kept by the revision."""
