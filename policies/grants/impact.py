"""What a change of the active set would have meant for requests like those of the past: counted, never who.

Both sets are asked the same questions on the same day, so that nothing but the change itself makes a difference. Quotas
are not simulated: how much of a day's number was used is not part of what is asked again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from hashlib import sha256

from kernel.canonical import JSON, encode
from kernel.dates import CHINA, local_day
from kernel.identifiers.masking import Mask, stronger
from policies.decision import Decision, Permit
from policies.grants.grant import Grant
from policies.index import PolicyImage
from policies.model import AccessRequest

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """Requests newly allowed and newly refused, what would newly leave, to which departments, about how many people.

    ``fields`` and ``answers`` count the requests that would newly get each of them, ``less_masked`` those that would
    get a field in a clearer form, ``departments`` newly allowed and newly refused requests by consumer; ``people`` are
    those of whom anything would newly leave, ``people_refused`` those about whom something would no longer.
    """

    considered: int
    newly_allowed: int
    newly_refused: int
    fields: Mapping[str, int]
    answers: Mapping[str, int]
    less_masked: Mapping[str, int]
    departments: Mapping[str, tuple[int, int]]
    people: int
    people_refused: int


def day_of(grant: Grant, now: datetime) -> date:
    """The day on which both sets are asked: today, or the first whole day of a grant that is yet to begin."""
    begins = local_day(grant.valid_from)
    if grant.valid_from > datetime.combine(begins, time(), CHINA):
        begins += _DAY
    return max(begins, local_day(now))


def changed(before: PolicyImage, grant: Grant) -> tuple[PolicyImage, PolicyImage]:
    """The active set without and with a version of a grant.

    A version that is not active takes the place of the one that is; one that is active is compared with its absence.
    """
    others = [member for member in before.members() if member.id != grant.id]
    without = [member for member in before.members() if member.ref != grant.ref]
    build = PolicyImage.build
    return (
        build(without, before.registry, before.epoch, after=before),
        build([*others, grant], before.registry, before.epoch, after=before),
    )


def on_day(request: AccessRequest, day: date) -> AccessRequest:
    """The same request at the same time of another day; its consent begins and ends as much later or earlier."""
    by = day - local_day(request.now)
    consent = request.consent
    if consent is not None:
        consent = replace(consent, not_before=consent.not_before + by, not_after=consent.not_after + by)
    return replace(request, now=request.now + by, consent=consent)


def compare(
    before: PolicyImage, after: PolicyImage, asked: Iterable[tuple[AccessRequest, bytes | None]], day: date
) -> Impact:
    """Judge every request by both sets. With each comes the blind index of whom it is about, for counting alone."""
    tally = _Tally()
    for request, subject in asked:
        again = on_day(request, day)
        tally.add(again, subject, before.decide(again), after.decide(again))
    return tally.impact()


class _Tally:
    def __init__(self) -> None:
        self.considered = 0
        self.fields: Counter[str] = Counter()
        self.answers: Counter[str] = Counter()
        self.less_masked: Counter[str] = Counter()
        self.allowed: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.people: set[bytes] = set()
        self.people_refused: set[bytes] = set()

    def add(self, request: AccessRequest, subject: bytes | None, before: Decision, after: Decision) -> None:
        self.considered += 1
        if isinstance(after, Permit):
            if not isinstance(before, Permit):
                self._newly_allowed(request, subject)
            elif clearer := _clearer(before.release, after.release):
                self.less_masked.update(clearer)
                _note(self.people, subject)
        elif isinstance(before, Permit):
            self.refused[request.system.organisation] += 1
            _note(self.people_refused, subject)

    def _newly_allowed(self, request: AccessRequest, subject: bytes | None) -> None:
        self.allowed[request.system.organisation] += 1
        self.fields.update(request.fields)
        self.answers.update(request.predicates)
        _note(self.people, subject)

    def impact(self) -> Impact:
        names = sorted(self.allowed.keys() | self.refused.keys())
        return Impact(
            considered=self.considered,
            newly_allowed=self.allowed.total(),
            newly_refused=self.refused.total(),
            fields=dict(sorted(self.fields.items())),
            answers=dict(sorted(self.answers.items())),
            less_masked=dict(sorted(self.less_masked.items())),
            departments={name: (self.allowed[name], self.refused[name]) for name in names},
            people=len(self.people),
            people_refused=len(self.people_refused),
        )


def _note(people: set[bytes], subject: bytes | None) -> None:
    if subject is not None:
        people.add(subject)


def _clearer(before: Mapping[str, Mask], after: Mapping[str, Mask]) -> list[str]:
    return [
        name for name, mask in after.items() if mask is not before[name] and stronger(mask, before[name]) is not mask
    ]


def impact_to_json(impact: Impact) -> dict[str, JSON]:
    """The canonical form."""
    return {
        "considered": impact.considered,
        "newly_allowed": impact.newly_allowed,
        "newly_refused": impact.newly_refused,
        "fields": dict(impact.fields),
        "answers": dict(impact.answers),
        "less_masked": dict(impact.less_masked),
        "departments": [
            {"organisation": name, "newly_allowed": allowed, "newly_refused": refused}
            for name, (allowed, refused) in impact.departments.items()
        ],
        "people": impact.people,
        "people_refused": impact.people_refused,
    }


def report_digest(report: Mapping[str, JSON]) -> str:
    """What an approval binds itself to: the SHA-256 of a report's canonical bytes, as ``sha256:…``."""
    return f"sha256:{sha256(encode(dict(report))).hexdigest()}"
