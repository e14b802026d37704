"""Who may hear of changes to which evidence: whose department holds a grant in force for it. Default deny."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from exchange.catalogue.model import Status, System, kept_apart
from exchange.in_force.snapshot import Snapshot
from policies.delivery import Delivery

Rights = Mapping[str, datetime]
"""Evidence types of which somebody may hear, each with the start of the oldest grant in force for it."""


def rights(snapshot: Snapshot, organisation: str, now: datetime) -> Rights:
    """What an organisation's grants in force are about, one person at a time.

    Neither emergency access nor what may only leave in bulk gives a right to hear of anything.
    """
    found: dict[str, datetime] = {}
    for grant in snapshot.image.members():
        own = grant.consumer == organisation and grant.emergency is None and grant.allows(Delivery.DIRECT)
        if own and grant.valid_from <= now < grant.valid_to:
            begun = found.get(grant.evidence_type, grant.valid_from)
            found[grant.evidence_type] = min(begun, grant.valid_from)
    return found


def rights_of(snapshot: Snapshot, system: System | None, now: datetime) -> Rights:
    """The same for a system: nothing where it is not active, and the sandbox does not hear of real evidence."""
    if system is None or system.status is not Status.ACTIVE:
        return {}
    known = snapshot.registry.evidence_types
    found = rights(snapshot, system.organisation, now)
    return {code: since for code, since in found.items() if code in known and not kept_apart(system, known[code])}
