"""A proposed grant, held against what was really asked in the last weeks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from sqlalchemy import Connection

from exchange.in_force.snapshot import Snapshot
from exchange.store import decisions
from exchange.store.decisions import LoggedDecision, Period
from kernel.canonical import JSON
from kernel.dates import CHINA
from policies import recorded
from policies.grants.grant import Grant
from policies.grants.impact import changed, compare, day_of, impact_to_json, report_digest
from policies.index import PolicyImage
from policies.model import AccessRequest

PERIODS = (30, 90)
"""Days of the log that can be asked for."""
MOST_JUDGED = 50_000
"""Decisions an officer waits for; of more, the newest, and the report says so."""


@dataclass(frozen=True, slots=True)
class Simulation:
    """A report (JSON, without anything of a person) and its digest."""

    report: dict[str, JSON]
    digest: str


def simulate(
    connection: Connection, snapshot: Snapshot, grant: Grant, now: datetime, days: int, most: int = MOST_JUDGED
) -> Simulation:
    """What ``grant`` would have changed for the requests logged in the last ``days`` whole days and today.

    Raises InvalidImage, DatabaseUnavailable.
    """
    since = now.astimezone(CHINA).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=days)
    types = _types_below(snapshot.image, grant)
    logged = decisions.newest_of(connection, types, Period(since), most + 1) if types else ()
    judged = logged[:most]
    before, after = changed(snapshot.image, grant)
    day = day_of(grant, now)
    read = lru_cache(None)(recorded.Asked)

    def asked(one: LoggedDecision) -> tuple[AccessRequest, bytes | None]:
        return read(one.asked).at(one.at, one.consent_from, one.consent_until), one.subject

    impact = compare(before, after, map(asked, judged), day)
    report: dict[str, JSON] = {
        "grant": grant.ref,
        "instead_of": [member.ref for member in before.members() if member.id == grant.id],
        "epoch": snapshot.epoch,
        "days": days,
        "entries": [judged[-1].entry, judged[0].entry] if judged else [],
        "judged_on": day.isoformat(),
        "truncated": len(logged) > most,
        "not_simulated": [f"quota:{member.ref}" for member in _with_quota(before, after, grant)],
        **impact_to_json(impact),
    }
    return Simulation(report, report_digest(report))


def _types_below(image: PolicyImage, grant: Grant) -> tuple[str, ...]:
    """The evidence types that the grant speaks of: its own, and those of its family."""
    family = ("EvidenceType", grant.evidence_type)
    return tuple(sorted(name for kind, name in image.hierarchy.above if _is_below(image, kind, name, family)))


def _is_below(image: PolicyImage, kind: str, name: str, family: tuple[str, str]) -> bool:
    return kind == family[0] and family in image.hierarchy.above[kind, name]


def _with_quota(before: PolicyImage, after: PolicyImage, grant: Grant) -> tuple[Grant, ...]:
    sides = {member.ref: member for image in (before, after) for member in image.members() if member.id == grant.id}
    return tuple(member for _, member in sorted(sides.items()) if member.quota_per_day is not None)
