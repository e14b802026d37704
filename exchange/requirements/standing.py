"""Where each requirement of a case stands: by which rung it is met, or open; and which causes the exchange has seen.

Pure. What was delivered in the case counts by itself; a rung below it counts from when it was recorded, unless a
delivery came after it. So a requirement is in exactly one state. A certificate that came and does not stand meets
nothing, and undoes what was said before it came (ADR 0093).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType

from exchange import errors
from exchange.catalogue.model import APPLICANT, Alternative
from exchange.in_force.snapshot import Snapshot
from exchange.requirements.broker import Needed, Part, Way, at
from exchange.requirements.circumstances import Applies
from exchange.requirements.delivered import lapsed, latest, not_in_force, released, whose
from exchange.requirements.ladder import BY_SHARING, ON_TRUST, Cause, Rung
from exchange.store.cases import Case
from exchange.store.deliveries import REFUSED, RELEASED, Attempt
from exchange.store.resolutions import THE_APPLICANT, Resolution

FRESH = timedelta(days=1)
"""How long a source that was down is a cause: tomorrow somebody asks it again."""
Granted = Callable[[str], bool]
"""Whether any grant in force lets the department have an evidence type for the service item."""


@dataclass(frozen=True, slots=True)
class Sight:
    """Where the exchange looks for a cause: what was asked for in a case, what is granted, and what is disputed.

    ``disputed``: whose records (blind index) of which type are, of those that the department has received itself; of
    others it is told nothing. ``applicants``: those of the case, as far as they are known.
    """

    attempts: Sequence[Attempt]
    granted: Granted
    now: datetime
    disputed: Set[tuple[bytes, str]] = field(default=frozenset(), repr=False)
    applicants: Set[bytes] = field(default=frozenset(), repr=False)


_CAUSES: Mapping[str, Cause] = MappingProxyType(
    {
        "evidence.not-found": Cause.NO_RECORD,
        "evidence.invalid-record": Cause.INVALID_RECORD,
        "source.garbled": Cause.INVALID_RECORD,
        "source.ambiguous-subject": Cause.INVALID_RECORD,
        "source.refused-by-office": Cause.PROVIDER_REFUSED,
        errors.PREVIEW_DISPUTED.code: Cause.DISPUTED,
        "source.not-answered-in-time": Cause.NOT_ANSWERED,
        "evidence.timed-out": Cause.NOT_ANSWERED,
        **dict.fromkeys(
            (
                "policy.no-grant",
                "policy.field-not-granted",
                "policy.predicate-not-granted",
                "policy.relation-not-granted",
                "policy.expired",
                "policy.division-not-own",
                "policy.subject-sealed",
            ),
            Cause.NO_GRANT,
        ),
    }
)
"""What a refused or failed attempt shows. A sign-in that was too weak, or a consent that is missing, shows nothing: the
person can do something about it. Nor does what whoever asks brings about: another ground or hour, a quota used up.
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """A requirement for one subject of the case: the rung that meets it (None: open), since which entry of the log.

    ``lapsed``: deliveries of certificates for it that do not stand.
    """

    needed: Needed
    subject: bytes = field(repr=False)
    rung: Rung | None
    entry: int | None = None
    due: str = ""
    lapsed: tuple[Attempt, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether something is still to be done for it."""
        return self.rung is None

    @property
    def rungs(self) -> tuple[Rung, ...]:
        """The rungs there are now: what sharing showed not to stand is neither promised nor handed in instead.

        Another one is shown at the window.
        """
        return tuple(one for one in self.needed.rungs if not self.lapsed or one not in ON_TRUST)

    @property
    def papers(self) -> int:
        """What would be handed in for it without sharing."""
        return self.needed.requirement.uploads


def subjects_of(needed: Needed, case: Case) -> tuple[bytes, ...]:
    """For whom a requirement stands in a case: the applicant, or each party of its role."""
    role = needed.requirement.role
    if role == APPLICANT:
        return (THE_APPLICANT,)
    return tuple(dict.fromkeys(party.subject for party in case.parties if party.role == role))


def standings(
    wanted: Iterable[Needed], case: Case, attempts: Sequence[Attempt], resolved: Sequence[Resolution]
) -> tuple[Standing, ...]:
    """Every requirement of a case, for everybody it is about."""
    return tuple(standing(one, subject, attempts, resolved) for one in wanted for subject in subjects_of(one, case))


def standing(needed: Needed, subject: bytes, attempts: Sequence[Attempt], resolved: Sequence[Resolution]) -> Standing:
    """Where one requirement stands for one subject."""
    if needed.rungs == (Rung.NOT_NEEDED,):
        return Standing(needed, subject, Rung.NOT_NEEDED)
    own = [one for one in resolved if (one.requirement, one.subject) == (needed.requirement.code, subject)]
    lapsed = not_in_force(needed, subject, attempts)
    since = max((one.entry for one in lapsed), default=-1)
    taken = max((one for one in own if one.took and one.entry > since), key=lambda one: one.entry, default=None)
    delivered = max(_deliveries(needed, subject, attempts), default=None, key=lambda one: one[1])
    if taken is not None and (delivered is None or taken.entry > delivered[1]):
        return Standing(needed, subject, taken.rung, taken.entry, taken.due, lapsed)
    if delivered is not None:
        return Standing(needed, subject, delivered[0], delivered[1], lapsed=lapsed)
    return Standing(needed, subject, None, lapsed=lapsed)


def is_undecided(needed: Needed) -> bool:
    """Whether it is not known yet if it applies."""
    return needed.applies is Applies.DEPENDS and needed.requirement.not_needed is None


def _deliveries(needed: Needed, subject: bytes, attempts: Sequence[Attempt]) -> Iterable[tuple[Rung, int]]:
    """The ways that were delivered in whole, by their rung and the entry that completed each."""
    for way in needed.ways:
        entries = [released(part.asked, needed, subject, attempts) for part in way.parts]
        if all(entry is not None for entry in entries):
            # What has left counts, also where the source has since been taken away.
            yield way.rung or Rung.SHARED_DATA, max(entry for entry in entries if entry is not None)


def seen(needed: Needed, subject: bytes, sight: Sight) -> Mapping[Rung, frozenset[Cause]]:
    """Which causes the exchange itself has seen, by rung: only where every way of that rung is barred."""
    found: dict[Rung, frozenset[Cause]] = {}
    for rung in BY_SHARING:
        causes = [_bars(way, needed, subject, sight) for way in at(rung, needed.ways)]
        if causes and all(causes):
            found[rung] = frozenset().union(*causes)
    return found


def _bars(way: Way, needed: Needed, subject: bytes, sight: Sight) -> frozenset[Cause]:
    """Why this way does not serve; nothing where it does, or nobody has tried."""
    found = [barred(part, needed, subject, sight) for part in way.parts]
    came = all(Cause.INSUFFICIENT in causes for causes in found)
    causes = frozenset[Cause]().union(*found)
    return causes if came else causes - {Cause.INSUFFICIENT}


def barred(part: Part, needed: Needed, subject: bytes, sight: Sight) -> frozenset[Cause]:
    """Why one piece of evidence does not serve: it came and was not enough, it did not come, it is disputed, or it is a
    certificate that does not stand.

    Nothing: nobody tried.
    """
    asked, found = part.asked, set[Cause]()
    last = latest(asked, needed, subject, sight.attempts)
    if last is not None and last.outcome == RELEASED:
        found.add(Cause.INSUFFICIENT)
    elif (cause := _bar(asked, last, sight.granted, sight.now)) is not None:
        found.add(cause)
    if lapsed(asked, needed, subject, sight.attempts):
        found.add(Cause.NOT_IN_FORCE)
    people = whose(asked, needed, subject, sight.attempts, sight.applicants)
    if any((one, asked.evidence_type) in sight.disputed for one in people):
        found.add(Cause.DISPUTED)
    return frozenset(found)


def granted_types(snapshot: Snapshot, consumer: str, service_item: str, now: datetime) -> Granted:
    """Whether a grant in force lets a department have an evidence type for a service item."""
    types = frozenset(
        grant.evidence_type
        for grant in snapshot.image.members()
        if grant.consumer == consumer and service_item in grant.service_items and grant.emergency is None
        if grant.valid_from <= now < grant.valid_to
    )
    return types.__contains__


def _bar(part: Alternative, attempt: Attempt | None, granted: Granted, now: datetime) -> Cause | None:
    if attempt is None:
        return None if granted(part.evidence_type) else Cause.NO_GRANT
    wanted = part.fields | part.predicates
    if attempt.outcome == REFUSED and wanted and not attempt.asked <= wanted:
        return None  # refused for more than is required: less may well be granted
    cause = _CAUSES.get(attempt.reason)
    if cause is None and attempt.outcome != REFUSED and attempt.reason != errors.RETRIEVAL_INTERRUPTED.code:
        cause = Cause.SOURCE_DOWN
    return None if cause in _PASSING and now - attempt.at > FRESH else cause


_PASSING = frozenset({Cause.SOURCE_DOWN, Cause.NO_GRANT})
"""Causes that may be over by now: they count while they are fresh."""
