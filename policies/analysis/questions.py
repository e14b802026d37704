"""The questions of an examination. Every example is decided by both real engines before anybody sees it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from policies.analysis.region import Region
from policies.analysis.requests import Model, Unrepresentable, admitted, mentioned
from policies.analysis.sets import Encoded, Grants, carried
from policies.analysis.solver import USUAL, Limit, NotProved, Questioning
from policies.analysis.terms import Encoder, Term
from policies.decision import Decision, Permit
from policies.expressions import OutsideProfile
from policies.grants.grant import Grant
from policies.grants.review import Answer
from policies.guards import Guard
from policies.model import AccessRequest


@dataclass(frozen=True, slots=True)
class Shown:
    """An example that both engines confirm: the request, and how the two sets decide it."""

    request: AccessRequest
    before: Decision
    after: Decision


@dataclass(frozen=True, slots=True)
class Said:
    """An answer; ``shown`` for an example, ``why`` (a stable word) where nothing was proved."""

    answer: Answer
    shown: Shown | None = None
    why: str = ""


class Examiner:
    """Asks about sets of grants in one region; one solver's terms, for one examination."""

    def __init__(
        self,
        region: Region,
        grants: Iterable[Grant],
        guards: tuple[Guard, ...],
        since: datetime,
        limit: Limit = USUAL,
    ) -> None:
        """Encode everything that will be asked about. Raises OutsideProfile."""
        self.region, self.guards = region, guards
        self.encoder = Encoder(region)
        self.encoded = Encoded(self.encoder, guards)
        self.encoded.prepare(grants)
        mentioned(self.encoder)
        self.solver = Questioning(self.encoder, (admitted(self.encoder, since),), limit)
        self._engines: dict[tuple[str, ...], Grants] = {}

    def only(self, after: tuple[Grant, ...], before: tuple[Grant, ...]) -> Said:
        """Does ``after`` allow a request that ``before`` refuses?"""
        encoded = self.encoded
        wanted = (encoded.allows(after), self.encoder.neither(encoded.allows(before)))
        return self._ask(
            wanted, before, after, lambda was, is_: not isinstance(was, Permit) and isinstance(is_, Permit)
        )

    def looser(self, after: tuple[Grant, ...], before: tuple[Grant, ...]) -> Said:
        """Does a request that both allow come with less of what ``before`` made it carry?"""
        encoded, everything = self.encoded, carried(before)
        lost = self.encoder.any_of(
            self.encoder.all_of(
                (
                    encoded.concerns(what),
                    encoded.carries(before, what),
                    self.encoder.neither(encoded.carries(after, what)),
                )
            )
            for what in everything
        )

        def confirms(was: Decision, is_: Decision) -> bool:
            if not (isinstance(was, Permit) and isinstance(is_, Permit)):
                return False
            here = (what for what in everything if what.mask is None or what.mask[0] in was.release)
            return any(what.within(was) and not what.within(is_) for what in here)

        return self._ask((encoded.allows(before), encoded.allows(after), lost), before, after, confirms)

    def never(self, grants: tuple[Grant, ...], condition: Term, holds: Callable[[AccessRequest], bool]) -> Said:
        """Does the set allow a request of which the condition holds? ``holds`` decides it for a request itself."""
        wanted = (self.encoded.allows(grants), condition)
        said = self._ask(wanted, grants, grants, lambda _was, is_: isinstance(is_, Permit))
        if said.shown is not None and not holds(said.shown.request):
            return Said(Answer.NOT_PROVED, why="not-confirmed")
        return said

    def _ask(
        self,
        wanted: Iterable[Term],
        before: tuple[Grant, ...],
        after: tuple[Grant, ...],
        confirms: Callable[[Decision, Decision], bool],
    ) -> Said:
        try:
            found = self.solver.find(wanted, self._preferred())
            if found is None:
                return Said(Answer.NOBODY)
            request = Model(self.encoder, found.value).request()
            was, is_ = (self._engines_of(each).decide(request) for each in (before, after))
        except NotProved as trouble:
            return Said(Answer.NOT_PROVED, why=trouble.why)
        except Unrepresentable:
            return Said(Answer.NOT_PROVED, why="not-representable")
        if not confirms(was, is_):
            return Said(Answer.NOT_PROVED, why="not-confirmed")
        return Said(Answer.EXAMPLE, Shown(request, was, is_))

    def _engines_of(self, grants: tuple[Grant, ...]) -> Grants:
        """Both engines over a set, compiled once for all questions."""
        refs = tuple(grant.ref for grant in grants)
        if refs not in self._engines:
            self._engines[refs] = Grants(grants, self.region, self.guards)
        return self._engines[refs]

    def _preferred(self) -> Iterator[Term]:
        """What makes an example easy to read: an ordinary request about as little as possible."""
        encoder, context = self.encoder, "context"
        yield encoder.at(context, "present").term
        yield encoder.neither(encoder.at(context, "mandated").term)
        yield encoder.is_one(encoder.at(context, "relation"), "self")
        yield encoder.is_one(encoder.at("action"), "obtain")
        yield encoder.neither(encoder.has(context, "emergency"))
        for attribute in ("predicates", "fields"):
            for _, asked in sorted(encoder.at(context, attribute).members.items()):
                yield encoder.neither(asked)


def examiner(
    region: Region, grants: Iterable[Grant], guards: tuple[Guard, ...], since: datetime, limit: Limit
) -> Examiner | None:
    """An examiner; None when a policy is outside the profile, so that nothing can be proved."""
    try:
        return Examiner(region, grants, guards, since, limit)
    except OutsideProfile:
        return None
