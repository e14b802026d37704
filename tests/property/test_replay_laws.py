"""What was decided is decided again: from the log's texts, once for each stretch of time, the very same answers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from kernel.database.instants import micros, moment, optional_moment
from kernel.dates import CHINA
from policies import recorded
from policies.admission import well_formed
from policies.grants.terms import Hours
from tests.cases import sized
from tests.property.policy_sets import NOW, World, decided, worlds


def test_a_logged_decision_comes_out_again_to_the_letter(record_property: Callable[[str, object], None]) -> None:
    permits = refusals = 0
    for case in decided(2_000_000):
        retrial = recorded.Retrial(case.image)
        for request, decision in case.decisions:
            if not well_formed(request):
                continue
            said = recorded.verdict(decision)
            consent = request.consent
            times = (micros(consent.not_before), micros(consent.not_after)) if consent else (None, None)
            assert retrial.verdict(recorded.asked(request), micros(request.now), *times) == said
            permits, refusals = permits + ('"permit":true' in said), refusals + ('"permit":false' in said)
    record_property("cases", permits + refusals)
    assert min(permits, refusals) > 1_000


def test_an_answer_does_not_outlast_the_instant_it_changes_at(record_property: Callable[[str, object], None]) -> None:
    """The same asking a millisecond apart, on both sides of every end: each time what the image says."""
    record_property("cases", sum(map(_around_the_edges, worlds(sized(800, 400_000)))))


def _of_the_day(hours: Hours | None) -> tuple[datetime, ...]:
    midnight = NOW.astimezone(CHINA).replace(hour=0, minute=0)
    return tuple(midnight + timedelta(hours=each) for each in (hours.start, hours.end)) if hours else ()


def _around_the_edges(world: World) -> int:
    tried = 0
    image = world.image()
    retrial = recorded.Retrial(image)
    ends = {micros(end) for grant in world.grants for end in (grant.valid_from, grant.valid_to)}
    ends |= {micros(hour) for grant in world.grants for hour in _of_the_day(grant.hours)}
    for request in filter(well_formed, world.requests[:10]):
        text = recorded.asked(request)
        for at in (end + by for end in ends for by in (-1_000, -1, 0, 1)):
            begins, ends_ = (at - 2, at + 1_000) if request.consent else (None, None)
            direct = recorded.Asked(text).at(moment(at), optional_moment(begins), optional_moment(ends_))
            assert retrial.verdict(text, at, begins, ends_) == recorded.verdict(image.decide(direct))
            tried += 1
    return tried
