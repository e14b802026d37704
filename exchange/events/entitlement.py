"""Who may hear of changes to which evidence: whose department holds a grant in force for it (ADR 0091). Default deny.

And what of a queue may still leave: an event may have waited for weeks.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from exchange.catalogue.model import Status, System, kept_apart
from exchange.events.pseudonyms import Pseudonyms
from exchange.events.signal import Kind
from exchange.in_force.snapshot import Snapshot
from exchange.store.subscriptions import Queued
from policies.delivery import Delivery

Rights = frozenset[str]
"""Evidence types of which somebody may hear. When the grant began does not matter: what was received under the version
before it, or under another grant, is held all the same.
"""


def rights(snapshot: Snapshot, organisation: str, now: datetime, delivery: Delivery = Delivery.DIRECT) -> Rights:
    """What an organisation's grants in force are about: one person at a time, or what may leave in bulk.

    Emergency access gives no right to hear of anything, and what may only leave in bulk none but of its own rows.
    """
    return frozenset(
        grant.evidence_type
        for grant in snapshot.image.members()
        if grant.consumer == organisation
        and grant.emergency is None
        and grant.allows(delivery)
        and grant.valid_from <= now < grant.valid_to
    )


def rights_of(snapshot: Snapshot, system: System | None, now: datetime, delivery: Delivery = Delivery.DIRECT) -> Rights:
    """The same for a system: nothing where it is not active, and the sandbox does not hear of real evidence."""
    if system is None or system.status is not Status.ACTIVE:
        return frozenset()
    known = snapshot.registry.evidence_types
    found = rights(snapshot, system.organisation, now, delivery)
    return frozenset(code for code in found if code in known and not kept_apart(system, known[code]))


def withheld(
    queued: Sequence[Queued], system: System | None, snapshot: Snapshot, names: Pseudonyms, now: datetime
) -> frozenset[int]:
    """The numbers of those events that may not leave any more: the right to hear of them ended, or whom they are about
    was sealed after they were handed out.
    """
    allowed, hidden = rights_of(snapshot, system, now), _sealed(queued, system, snapshot, names, now)
    in_bulk = rights_of(snapshot, system, now, Delivery.BULK)
    return frozenset(
        each.number
        for each in queued
        if (each.evidence_type and each.evidence_type not in (in_bulk if Kind(each.kind).in_bulk else allowed))
        or each.subject in hidden
    )


def _sealed(
    queued: Sequence[Queued], system: System | None, snapshot: Snapshot, names: Pseudonyms, now: datetime
) -> frozenset[str]:
    """What a system calls everybody who is sealed; worked out only where something in its queue is about somebody."""
    if system is None or not any(each.subject for each in queued):
        return frozenset()
    return frozenset(names.of_subject(system.name, one) for one in snapshot.sealed if snapshot.is_sealed(one, now))
