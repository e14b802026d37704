"""Rights that nobody used: grants without a release, fields and questions that were never asked under a grant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TypeVar

from kernel.dates import local_day
from policies.grants.expectations import Expectation, Verdict
from policies.grants.grant import Grant

K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class Use:
    """A release: under which grants (id@version), of which fields and answers, when."""

    grants: frozenset[str]
    fields: frozenset[str]
    predicates: frozenset[str]
    at: datetime


@dataclass(frozen=True, slots=True)
class Usage:
    """What was used of one grant; ``last`` None when nothing was."""

    releases: int = 0
    last: datetime | None = None
    fields: frozenset[str] = frozenset()
    predicates: frozenset[str] = frozenset()

    def joined(self, other: Usage) -> Usage:
        """Both together."""
        last = max((each for each in (self.last, other.last) if each is not None), default=None)
        return Usage(
            self.releases + other.releases, last, self.fields | other.fields, self.predicates | other.predicates
        )


def together(usages: Iterable[tuple[K, Usage]]) -> dict[K, Usage]:
    """What belongs to the same key, joined."""
    found: dict[K, Usage] = {}
    for key, usage in usages:
        found[key] = found[key].joined(usage) if key in found else usage
    return found


def by_grant_and_day(uses: Iterable[Use]) -> dict[tuple[str, date], Usage]:
    """What was used of each grant (id@version) on each day in China."""
    return together(
        ((ref, local_day(use.at)), Usage(1, use.at, use.fields, use.predicates)) for use in uses for ref in use.grants
    )


@dataclass(frozen=True, slots=True)
class Unused:
    """A grant with rights that nobody used: all of it, or these fields and questions."""

    grant: Grant
    usage: Usage

    @property
    def wholly(self) -> bool:
        """Whether nothing at all was released under it: better revoked than trimmed."""
        return self.usage.releases == 0

    @property
    def fields(self) -> frozenset[str]:
        """Fields never asked for."""
        return self.grant.fields - self.usage.fields

    @property
    def predicates(self) -> frozenset[str]:
        """Questions never asked."""
        return self.grant.predicates - self.usage.predicates

    @property
    def expectations(self) -> tuple[Expectation, ...]:
        """Expectations that want some of it allowed; those that want it refused come out all the more."""
        if self.wholly:
            return ()
        return tuple(
            one
            for one in self.grant.expectations
            if one.expect is Verdict.PERMIT and (one.fields & self.fields or one.predicates & self.predicates)
        )


def is_judged(grant: Grant, since: datetime, now: datetime, period: timedelta) -> bool:
    """Whether the use of a grant that is active ``since`` then says anything.

    Not before it has been in force for the whole ``period``; and never of a template of emergency access, which is not
    meant to be used.
    """
    return grant.emergency is None and max(since, grant.valid_from) <= now - period


def unused(
    grants: Iterable[tuple[Grant, datetime]], uses: Mapping[str, Usage], now: datetime, period: timedelta
) -> tuple[Unused, ...]:
    """What was not used of the active grants that can be judged, each given with the instant it became active."""
    judged = (grant for grant, since in grants if is_judged(grant, since, now, period))
    found = (Unused(grant, uses.get(grant.ref, Usage())) for grant in judged)
    return tuple(each for each in found if each.wholly or each.fields or each.predicates)


def tightened(found: Unused, version: int) -> Grant | None:
    """The grant without what nobody used, as this version; None where nothing would be left of it."""
    if found.wholly:
        return None
    fields, grant = found.grant.fields - found.fields, found.grant
    return replace(
        grant,
        version=version,
        fields=fields,
        predicates=grant.predicates - found.predicates,
        masks={name: mask for name, mask in grant.masks.items() if name in fields},
        expectations=tuple(one for one in grant.expectations if one not in found.expectations),
    )
