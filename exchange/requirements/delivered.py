"""What came in a case for a piece of evidence that a requirement needs, and whether the certificate stood that it is.

Pure. Of one person's certificate the latest delivery that says how it stands has the word (ADR 0093).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set

from exchange.catalogue.model import APPLICANT, SELF, Alternative
from exchange.certificates.lifecycle import Status
from exchange.requirements.broker import Needed
from exchange.store.deliveries import RELEASED, Attempt

NOT_IN_FORCE = frozenset({Status.SUSPENDED, Status.RESCINDED, Status.CANCELLED, Status.EXPIRED, Status.REVOKED})
"""How a certificate stands that shows nothing any more, or nothing now.

Of one that is moving to another authority, that another exchange has a word of its own for, or of which nothing is
known, whoever handles the matter judges by what is told with the evidence.
"""


def released(part: Alternative, needed: Needed, subject: bytes, attempts: Sequence[Attempt]) -> int | None:
    """The latest entry by which it came with all that is required, if its certificate stands; None where none did."""
    wanted = part.fields | part.predicates
    fallen = {one.subject: one.entry for one in lapsed(part, needed, subject, attempts)}
    came = (one for one in about(part, needed, subject, attempts) if one.outcome == RELEASED and wanted <= one.asked)
    standing = (one.entry for one in came if not _has_lapsed(one) and fallen.get(one.subject, -1) < one.entry)
    return max(standing, default=None)


def lapsed(part: Alternative, needed: Needed, subject: bytes, attempts: Sequence[Attempt]) -> tuple[Attempt, ...]:
    """The deliveries, one for each person whose certificate it is, that say last how it stands: it does not."""
    words: dict[bytes, Attempt] = {}
    for one in sorted(about(part, needed, subject, attempts), key=lambda one: one.entry):
        if one.outcome == RELEASED and one.certificate:
            words[one.subject] = one
    return tuple(one for one in words.values() if _has_lapsed(one))


def not_in_force(needed: Needed, subject: bytes, attempts: Sequence[Attempt]) -> tuple[Attempt, ...]:
    """Every certificate that was delivered for a requirement and does not stand, oldest entry first, each once."""
    parts = {part.asked for way in needed.ways for part in way.parts}
    found = {one.entry: one for part in parts for one in lapsed(part, needed, subject, attempts)}
    return tuple(found[entry] for entry in sorted(found))


def latest(part: Alternative, needed: Needed, subject: bytes, attempts: Sequence[Attempt]) -> Attempt | None:
    """The latest attempt at it, whatever came of it."""
    return max(about(part, needed, subject, attempts), key=lambda one: one.entry, default=None)


def whose(
    part: Alternative, needed: Needed, subject: bytes, attempts: Sequence[Attempt], applicants: Set[bytes]
) -> Set[bytes]:
    """Whose record it is: the party's, or the applicant's, or that of whom it was asked for in the case."""
    if not _is_about_whoever_applies(part, needed):
        return {subject}
    asked = {one.subject for one in _at(part, attempts)}
    return asked | applicants if part.relation == SELF else asked


def about(part: Alternative, needed: Needed, subject: bytes, attempts: Sequence[Attempt]) -> Iterator[Attempt]:
    """Attempts at this part for this subject."""
    anybody = _is_about_whoever_applies(part, needed)
    return (one for one in _at(part, attempts) if anybody or one.subject == subject)


def _has_lapsed(one: Attempt) -> bool:
    return one.certificate in NOT_IN_FORCE


def _at(part: Alternative, attempts: Iterable[Attempt]) -> Iterator[Attempt]:
    return (one for one in attempts if (one.evidence_type, one.relation) == (part.evidence_type, part.relation))


def _is_about_whoever_applies(part: Alternative, needed: Needed) -> bool:
    return needed.requirement.role == APPLICANT or (part not in needed.requirement.met_by and part.relation == SELF)
