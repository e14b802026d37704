"""Laws of the evidence broker: one state for each requirement, no step down without a cause, no paper over sharing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from exchange.catalogue.model import Alternative, Requirement
from exchange.requirements.broker import Needed, Part, Way
from exchange.requirements.circumstances import applies, undeclared
from exchange.requirements.ladder import BY_SHARING, LEVELS, ON_TRUST, SEEN, Cause, Rung, Step, judge
from exchange.requirements.standing import THE_APPLICANT, Sight, seen, standing
from exchange.store.deliveries import REFUSED, RELEASED, Attempt
from exchange.store.resolutions import Resolution, Verdict
from kernel.text import Text

NOW = datetime(2026, 11, 23, tzinfo=UTC)
TYPES, FIELDS = ("card", "deed", "list"), ("name", "until")
TAKEN = (Rung.COMMITMENT, Rung.DEFERRAL, Rung.UPLOAD, Rung.WINDOW)


def fitting(rung: Rung) -> list[Cause]:
    """Causes that lead down from a rung, and one that does not."""
    return [*(cause for cause in Cause if rung.level in LEVELS[cause]), Cause.NOT_SUITABLE]


fields = st.frozensets(st.sampled_from(FIELDS), max_size=2)
parts = st.builds(
    lambda kind, asked, rung: Part(Alternative(kind, "self", asked, frozenset()), (), rung),
    st.sampled_from(TYPES),
    fields,
    st.sampled_from([None, *sorted(BY_SHARING)]),
)
ways = st.lists(
    st.builds(lambda each: Way(tuple(each)), st.lists(parts, min_size=1, max_size=2)), min_size=1, max_size=3
)
steps = st.lists(st.sampled_from([*Rung]), max_size=6, unique=True).flatmap(
    lambda rungs: st.tuples(*(st.builds(Step, st.just(rung), st.sampled_from(fitting(rung))) for rung in rungs)).map(
        list
    )
)
causes = st.dictionaries(st.sampled_from(sorted(BY_SHARING)), st.frozensets(st.sampled_from(sorted(SEEN)), min_size=1))
circumstances = st.dictionaries(st.sampled_from(["premises", "children"]), st.sampled_from(["yes", "no", "some"]))


@st.composite
def requirements(draw: st.DrawFn) -> Needed:
    when = draw(
        st.dictionaries(
            st.sampled_from(["premises", "children"]), st.frozensets(st.sampled_from(["yes", "no"]), min_size=1)
        )
    )
    ground = draw(st.none() | st.just(Text("取消", "cancelled")))
    days = draw(st.none() | st.just(20))
    found = draw(ways)
    met_by = tuple(way.parts[0].asked for way in found)
    one = Requirement("r", Text("要求", "r"), 1, "applicant", met_by, when, ground, draw(st.booleans()), days)
    declared = draw(circumstances)
    return Needed(one, applies(one, declared), undeclared(one, declared), tuple(found))


@st.composite
def happenings(draw: st.DrawFn) -> tuple[list[Attempt], list[Resolution]]:
    """Attempts and resolutions of one case, each with its own entry in the log."""
    attempts: list[Attempt] = []
    resolved: list[Resolution] = []
    for entry in range(draw(st.integers(0, 5))):
        at = NOW - timedelta(hours=draw(st.integers(0, 50)))
        if draw(st.booleans()):
            kind, asked = draw(st.sampled_from(TYPES)), draw(fields)
            outcome = draw(st.sampled_from([RELEASED, REFUSED, "failed"]))
            reason = draw(
                st.sampled_from(["evidence.not-found", "source.timed-out", "policy.no-grant", "policy.consent-missing"])
            )
            stood = draw(st.sampled_from(["", "valid", "unknown", "suspended"])) if outcome == RELEASED else ""
            attempts.append(Attempt(entry, kind, "self", b"s", outcome, asked, reason, at, stood))
        else:
            rung, verdict = draw(st.sampled_from(TAKEN)), draw(st.sampled_from([*Verdict]))
            resolved.append(
                Resolution(str(entry), "c", "o", "i", "r", THE_APPLICANT, rung, verdict, (), "", "", entry, at)
            )
    return attempts, resolved


@given(requirements(), happenings())
def test_a_requirement_is_met_or_open_and_never_both(
    needed: Needed, happened: tuple[list[Attempt], list[Resolution]]
) -> None:
    attempts, resolved = happened
    stands = standing(needed, THE_APPLICANT, attempts, resolved)
    assert stands.is_open == (stands.rung is None)
    if Rung.NOT_NEEDED in needed.rungs:
        assert stands.rung is Rung.NOT_NEEDED
        return
    last = {one.evidence_type: one for one in attempts if one.certificate}
    lapsed = {kind: one.entry for kind, one in last.items() if one.certificate == "suspended"}
    released = [
        one
        for one in attempts
        if one.outcome == RELEASED and one.certificate != "suspended" and lapsed.get(one.evidence_type, -1) < one.entry
    ]
    delivered = any(
        all(
            any(one.evidence_type == part.asked.evidence_type and part.asked.fields <= one.asked for one in released)
            for part in way.parts
        )
        for way in needed.ways
    )
    kinds = {part.asked.evidence_type for way in needed.ways for part in way.parts}
    since = max((entry for kind, entry in lapsed.items() if kind in kinds), default=-1)
    taken = [one for one in resolved if one.verdict is not Verdict.REFUSED and one.entry > since]
    assert stands.is_open == (not delivered and not taken)
    if stands.rung in TAKEN:
        assert stands.entry in {one.entry for one in taken}


@given(st.sampled_from(TAKEN), st.frozensets(st.sampled_from([*Rung]), max_size=3), steps, causes)
def test_nobody_steps_down_without_a_cause_that_holds_on_every_level_above(
    wanted: Rung, offered: frozenset[Rung], taken: list[Step], known: dict[Rung, frozenset[Cause]]
) -> None:
    verdict = judge(wanted, offered, taken, known)
    if not verdict.allowed:
        return
    for level in {rung.level for rung in offered if rung.level < wanted.level}:
        causes_there = [step for step in taken if step.rung in offered and step.rung.level == level]
        assert causes_there
        for step in causes_there:
            assert level in LEVELS[step.cause]
            assert step.cause not in SEEN or step.cause in known.get(step.rung, ())
    assert Rung.NOT_NEEDED not in offered  # nothing leads down from what is not needed


@given(requirements(), happenings(), steps, st.booleans())
def test_no_upload_while_an_untried_way_by_sharing_is_there(
    needed: Needed, happened: tuple[list[Attempt], list[Resolution]], taken: list[Step], granted: bool
) -> None:
    attempts, _ = happened
    causes = seen(needed, THE_APPLICANT, Sight(attempts, lambda _kind: granted, NOW))
    honest = [step for step in taken if step.cause in SEEN]
    verdict = judge(Rung.UPLOAD, needed.rungs, honest, causes)
    tried = {one.evidence_type for one in attempts}
    for way in needed.ways:
        untried = not any(part.asked.evidence_type in tried for part in way.parts)
        if way.rung in needed.rungs and way.rung in BY_SHARING and untried and granted:
            assert not verdict.allowed


@given(requirements(), happenings())
def test_nothing_on_trust_is_there_beside_a_certificate_that_does_not_stand(
    needed: Needed, happened: tuple[list[Attempt], list[Resolution]]
) -> None:
    stands = standing(needed, THE_APPLICANT, *happened)
    assert set(stands.rungs) == set(needed.rungs) - (ON_TRUST if stands.lapsed else frozenset())
    assert Rung.WINDOW in stands.rungs or Rung.NOT_NEEDED in stands.rungs


@given(requirements(), circumstances)
def test_declaring_more_never_makes_a_requirement_apply_that_did_not(needed: Needed, more: dict[str, str]) -> None:
    one = needed.requirement
    for size in range(len(more) + 1):
        some = dict(sorted(more.items())[:size])
        if applies(one, some).value != "depends":
            assert applies(one, some) is applies(one, more)
