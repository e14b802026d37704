"""Carrying out commands on entries: decided by ``workflow``, checked against the whole catalogue and the grants in
force, then recorded and stored in one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from exchange.catalogue import reading
from exchange.catalogue.grant_drafts import misfits
from exchange.catalogue.kinds import DIVISION, EVIDENCE_TYPE, Key
from exchange.catalogue.reading import Document, InvalidCatalogue
from exchange.catalogue.registry import Registry
from exchange.catalogue.workflow.commands import Command, SubmitEntry
from exchange.catalogue.workflow.events import (
    EntryEvent,
    EntryPublished,
    EntryState,
    EntryWithdrawn,
    ManifestApplied,
    digest,
    evolve,
    facts,
)
from exchange.catalogue.workflow.lifecycle import decide, owner
from exchange.catalogue.workflow.sharing import its_provider_hands_in
from exchange.in_force.snapshot import Snapshot
from exchange.messages import notices
from exchange.proceedings import record
from exchange.store import catalogue, catalogue_drafts, epoch, grants, messages
from exchange.store.catalogue_drafts import Publication
from kernel.clock import Clock
from kernel.database import Database
from kernel.lease import Lease
from kernel.ledger.batch import Also
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger
from kernel.ledger.receipt import Receipt
from kernel.text import Text
from policies.grants.events import GrantState, Status
from policies.proceedings import Moved
from policies.roles import Officer

REVIEW, MANIFEST = "review", "manifest"
"""How an entry was published."""
_LIVING = frozenset({Status.SUBMITTED, Status.APPROVED, Status.SCHEDULED, Status.ACTIVE, Status.SUSPENDED})


class EntryMoved(Moved):
    """Somebody else changed the entry, or the catalogue it was checked against; nothing was done."""


class GrantsDepend(Exception):
    """A grant could no longer mean what its signers saw; ``text`` names it."""

    def __init__(self, grant: GrantState, trouble: InvalidCatalogue) -> None:
        """``trouble`` is what the grant would no longer find in the catalogue."""
        super().__init__(grant.grant.ref)
        what = trouble.what
        self.text = Text(
            f"授权 {grant.grant.ref} 仍依赖它：{what.zh}", f"grant {grant.grant.ref} rests on it: {what.en}"
        )


@dataclass(frozen=True)
class Publishing:
    """Commands on entries. Safe for threads: an entry changes only under the revision that was read, and what is
    published was checked against the very catalogue it joins.
    """

    policy: Lease[Snapshot]
    database: Database
    ledger: Ledger
    clock: Clock

    def carry_out(self, command: Command, kind: str, name: str, actor: Officer, spend: Also) -> EntryState:
        """Do what an officer commands, and return where the entry stands now.

        ``spend`` uses up the caller's proof in the same transaction. Raises NotAllowed, InvalidCatalogue,
        GrantsDepend, EntryMoved, LedgerUnavailable, InvalidEvent.
        """
        with self.database.read() as connection:
            before = catalogue_drafts.find(connection, kind, name)
        event = decide(command, before, actor, self.clock.now(), kind)
        after = evolve(before, event, kind=kind, name=name)
        seen = self._checked(command, event, before, (kind, name))
        if isinstance(command, SubmitEntry) and kind == EVIDENCE_TYPE:
            self._handed_in(after, actor)

        def also(connection: Connection, receipts: Sequence[Receipt]) -> None:
            spend(connection, receipts)
            if not catalogue_drafts.put(connection, after, was=before.revision if before else 0):
                raise EntryMoved
            if seen is not None and epoch.read(connection).catalogue != seen:
                raise EntryMoved
            _effect(connection, event, before, after)
            messages.put(connection, notices.of_entry(event, after))

        record(self.ledger, [_entry(event, after, actor)], also, EntryMoved)
        return after

    def _checked(
        self, command: Command, event: EntryEvent, before: EntryState | None, key: tuple[str, str]
    ) -> int | None:
        """The version of the catalogue in which this fits; None when it touches nothing that is in force."""
        if not isinstance(event, (EntryPublished, EntryWithdrawn)) and not isinstance(command, SubmitEntry):
            return None
        proposal = before.proposal if before else None
        changed = None if isinstance(event, EntryWithdrawn) or proposal is None else proposal.document
        seen = self._fits({key: changed})
        return seen if isinstance(event, (EntryPublished, EntryWithdrawn)) else None

    def _handed_in(self, after: EntryState, actor: Officer) -> None:
        """Whether this officer may hand in what an evidence type is to share. Raises NotAllowed."""
        published = self.policy.renew().registry.evidence_types.get(after.name)
        if after.proposal is None:
            raise AssertionError("the table hands in nothing without a draft")
        proposed = reading.evidence_type(after.proposal.document)
        if (refusal := its_provider_hands_in(published, proposed, actor)) is not None:
            raise refusal

    def _fits(self, changed: Mapping[Key, Document | None]) -> int:
        """The version of the catalogue that these changes fit: it, whoever names what changes, and living grants.

        Raises InvalidCatalogue, GrantsDepend.
        """
        known = self.policy.renew().registry
        whole = any(kind == DIVISION for kind, _ in changed)
        with self.database.read() as connection:
            affected = living(connection)
            if whole:
                everything: dict[Key, Document | None] = {**catalogue.read_all(connection)}
                known = Registry.build((one for one in everything.values() if one), epoch.read(connection).catalogue)
                everything.update(changed)
                registry = Registry.build(one for one in everything.values() if one)
            else:
                registry = known.following(changed, known.version)
                near = [key for one in changed for key in known.referrers(one) if key not in changed]
                registry.check(catalogue.read_some(connection, near))
        grants_fit(registry, affected, lambda: known)
        return known.version


def living(connection: Connection) -> tuple[GrantState, ...]:
    """Grants in force, suspended, or before a panel."""
    return tuple(state for state in grants.listed(connection) if state.status in _LIVING)


def grants_fit(registry: Registry, affected: Sequence[GrantState], before: Callable[[], Registry]) -> None:
    """Whether this catalogue still has what these grants name. Raises GrantsDepend.

    What of a grant did not fit the catalogue ``before`` either stands in the way of no other change: decisions refuse
    what it should not give.
    """
    for state in affected:
        if troubles := misfits(registry, state.grant):
            known = {(one.where, one.what) for one in misfits(before(), state.grant)}
            for trouble in troubles:
                if (trouble.where, trouble.what) not in known:
                    raise GrantsDepend(state, trouble)


def applied(connection: Connection, document: Document, by: str, clock: Clock) -> None:
    """Note that an operator's manifest is the entry's next version. Called in the transaction that applies it."""
    kind, name = catalogue.key_of(document)
    before = catalogue_drafts.find(connection, kind, name)
    version = (before.version if before else 0) + 1
    event = ManifestApplied(by, clock.now(), version, digest(document), owner(document))
    after = evolve(before, event, kind=kind, name=name)
    if not catalogue_drafts.put(connection, after, was=before.revision if before else 0):
        raise EntryMoved
    _note(connection, event, after, MANIFEST)


def _effect(connection: Connection, event: EntryEvent, before: EntryState | None, after: EntryState) -> None:
    """What is in force changes, and with it the epoch."""
    if isinstance(event, EntryPublished) and before is not None and before.proposal is not None:
        _note(connection, event, after, REVIEW)
        catalogue.replace(connection, [before.proposal.document], event.at)
    elif isinstance(event, EntryWithdrawn):
        catalogue.remove(connection, (after.kind, after.name))
    else:
        return
    epoch.advance(connection, catalogue=True)


def _note(connection: Connection, event: EntryPublished | ManifestApplied, after: EntryState, how: str) -> None:
    since = epoch.read(connection).catalogue + 1
    publication = Publication(event.version, since, event.at, event.by, how, event.digest)
    catalogue_drafts.published(connection, after.kind, after.name, publication)


def _entry(event: EntryEvent, after: EntryState, actor: Officer) -> Event:
    said: dict[str, Any] = {**facts(event), "status": after.status, "officer_of": actor.organisation}
    return Event(event.name, f"{after.kind}/{after.name}", str(after.revision), said)
