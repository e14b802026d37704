"""The examination of a proposed version of a grant: class, proof, examples, and everything in plain words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from kernel.canonical import JSON, encode
from kernel.text import Text
from policies import guards as standard
from policies.analysis.expectations import Trial, tried
from policies.analysis.invariants import Outcome, prove
from policies.analysis.questions import Examiner, Said, examiner
from policies.analysis.region import Region, related
from policies.analysis.solver import USUAL, Limit
from policies.analysis.words import request_facts, story
from policies.grants.differences import Difference, Direction, Matrix, differences, matrix
from policies.grants.document import grant_to_json
from policies.grants.grant import Grant
from policies.grants.review import (
    LOOSER,
    NEWLY,
    NO_LONGER,
    STRICTER,
    TOGETHER,
    Answer,
    ChangeClass,
    Examination,
    Finding,
)
from policies.grants.routing import sensitive, unconditional
from policies.grants.sentence import Name, as_code, sentence
from policies.guards import Guard
from policies.hierarchy import Hierarchy
from policies.registry import Registry
from policies.roles import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A version that somebody wants in force: ``active`` is the set in force now, ``at`` the moment of the proposal.

    ``suspended`` are suspended versions of the same grant: they permit nothing, but this one would replace them, so
    that the seats which ``reactivates`` them must sign.
    """

    grant: Grant
    active: tuple[Grant, ...]
    registry: Registry
    at: datetime
    suspended: tuple[Grant, ...] = ()
    reactivates: tuple[Role, ...] = ()
    name: Name = as_code
    guards: tuple[Guard, ...] = standard.GUARDS
    limit: Limit = USUAL

    @property
    def before(self) -> tuple[Grant, ...]:
        """The version of the same grant that is in force, if one is. A suspended one permits nothing."""
        return tuple(one for one in self.active if one.id == self.grant.id)

    @property
    def others(self) -> tuple[Grant, ...]:
        """The other grants in force that decide some request together with the old or the new version."""
        rest = (one for one in self.active if one.id != self.grant.id)
        return related(rest, (self.grant, *self.before), self.registry)


def reprove(proposal: Proposal) -> tuple[Text, ...]:
    """What the set with this version in force does not keep, in words: standing invariants, own expectations."""
    region = _region(proposal)
    asked = examiner(region, _every(proposal), proposal.guards, proposal.at, proposal.limit)
    outcomes = prove(asked, (proposal.grant, *proposal.others))
    failed = tuple(outcome.failure(proposal.name) for outcome in outcomes if not outcome.holds)
    return failed + _unmet(proposal, _trials(proposal, region))


def basis(proposal: Proposal) -> str:
    """Digest of what an examination rests on beside the text: hierarchy and the grants in force that matter to it."""
    return _basis(proposal, _region(proposal))


def _region(proposal: Proposal) -> Region:
    return Region.of((proposal.grant, *proposal.before), proposal.others, proposal.registry)


def _basis(proposal: Proposal, region: Region) -> str:
    standing = sorted((*proposal.before, *proposal.others), key=lambda grant: grant.ref)
    said: dict[str, JSON] = {"hierarchy": region.digest, "grants": [grant_to_json(grant) for grant in standing]}
    if proposal.suspended:
        said["suspended"] = [grant_to_json(grant) for grant in proposal.suspended]
    return f"sha256:{sha256(encode(said)).hexdigest()}"


def examine(proposal: Proposal) -> Examination:
    """What the version would change. Raises InvalidRegistry, InvalidPolicy."""
    region = _region(proposal)
    asked = examiner(region, _every(proposal), proposal.guards, proposal.at, proposal.limit)
    findings = _findings(proposal, asked)
    differing = differences(
        proposal.before[0] if proposal.before else None,
        proposal.grant,
        Hierarchy.of(proposal.registry).above,
        proposal.name,
    )
    change = classify(findings, differing)
    replaced = (*proposal.before, *proposal.suspended)
    reasons = sensitive(proposal.grant, replaced, _same_right(proposal), proposal.registry)
    outcomes = prove(asked, (proposal.grant, *proposal.others))
    trials = _trials(proposal, region)
    shown = _shown(proposal, change, findings, differing, outcomes)
    if trials:
        shown["expectations"] = [trial.document(proposal.name) for trial in trials]
    return Examination(
        change=change,
        sensitive=reasons,
        basis=_basis(proposal, region),
        shown=shown,
        broken=tuple(one.failure(proposal.name) for one in outcomes if one.said.answer is Answer.EXAMPLE),
        unmet=_unmet(proposal, trials),
        reactivates=proposal.reactivates,
        unconditional=unconditional(proposal.grant, proposal.registry),
    )


def _trials(proposal: Proposal, region: Region) -> tuple[Trial, ...]:
    """Of this grant, and of the others: what their authors meant can be undone by a grant beside theirs."""
    standing = (proposal.grant, *proposal.others)
    return tried(standing, standing, region, proposal.guards, proposal.at)


def _unmet(proposal: Proposal, trials: Iterable[Trial]) -> tuple[Text, ...]:
    own = (trial for trial in trials if trial.grant == proposal.grant.ref)
    return tuple(trial.text(proposal.name) for trial in own if not trial.holds)


def _every(proposal: Proposal) -> tuple[Grant, ...]:
    return (proposal.grant, *proposal.before, *proposal.others)


def _same_right(proposal: Proposal) -> tuple[Grant, ...]:
    """What the same organisation may have of the same evidence type already, under another name."""
    return tuple(
        one
        for one in proposal.others
        if (one.consumer, one.evidence_type) == (proposal.grant.consumer, proposal.grant.evidence_type)
    )


def _findings(proposal: Proposal, asked: Examiner | None) -> tuple[Finding, ...]:
    new, old, others = (proposal.grant,), proposal.before, proposal.others
    if asked is None:
        lost = Said(Answer.NOT_PROVED, why="outside-profile")
        return tuple(_finding(question, lost, proposal) for question in (NEWLY, NO_LONGER, LOOSER, STRICTER, TOGETHER))
    questions = [(NEWLY, asked.only(new, old))]
    if old:
        questions += [
            (NO_LONGER, asked.only(old, new)),
            (LOOSER, asked.looser(new, old)),
            (STRICTER, asked.looser(old, new)),
        ]
    if old and others:
        # Where two grants are satisfied, the stronger mask wins: to tighten one of them can loosen what leaves.
        questions.append((TOGETHER, asked.looser((*new, *others), (*old, *others))))
    return tuple(_finding(question, said, proposal) for question, said in questions)


def _finding(question: str, said: Said, proposal: Proposal) -> Finding:
    if said.shown is None:
        return Finding(question, said.answer)
    request = said.shown.request
    return Finding(question, said.answer, story(said.shown, proposal.name), request_facts(request))


def classify(findings: Iterable[Finding], differing: Iterable[Difference]) -> ChangeClass:
    """The class, by what was proved and by what the texts say; what was not proved counts as wider."""
    answers = {finding.question: finding.answer for finding in findings}
    directions = {difference.direction for difference in differing}
    wider = any(answers.get(one, Answer.NOBODY) is not Answer.NOBODY for one in (NEWLY, LOOSER, TOGETHER))
    wider = wider or not directions.isdisjoint({Direction.WIDER, Direction.BOTH})
    narrower = any(answers.get(one, Answer.NOBODY) is not Answer.NOBODY for one in (NO_LONGER, STRICTER))
    narrower = narrower or not directions.isdisjoint({Direction.NARROWER, Direction.BOTH})
    return _CLASS[wider, narrower]


_CLASS = {
    (False, False): ChangeClass.EQUIVALENT,
    (False, True): ChangeClass.TIGHTENING,
    (True, False): ChangeClass.WIDENING,
    (True, True): ChangeClass.INCOMPARABLE,
}


def _shown(
    proposal: Proposal,
    change: ChangeClass,
    findings: Sequence[Finding],
    differing: Sequence[Difference],
    outcomes: Sequence[Outcome],
) -> dict[str, JSON]:
    old = proposal.before[0] if proposal.before else None
    return {
        "examined_at": proposal.at.isoformat(),
        "class": change.value,
        "class_text": _both(change.text),
        "against": [grant.ref for grant in proposal.before],
        "with": [grant.ref for grant in proposal.others],
        "findings": [_finding_said(finding) for finding in findings],
        "differences": [
            {"member": one.member, "direction": one.direction.value, "text": _both(one.text)} for one in differing
        ],
        "sentence": {
            "before": None if old is None else _both(sentence(old, proposal.name)),
            "after": _both(sentence(proposal.grant, proposal.name)),
        },
        "matrix": _matrix_said(matrix(old, proposal.grant)),
        "invariants": [outcome.document(proposal.name) for outcome in outcomes],
    }


def _matrix_said(one: Matrix) -> JSON:
    return {
        "rows": [{"name": row.name, "before": row.before, "after": row.after} for row in one.rows],
        "service_items": {"kept": [*one.kept], "added": [*one.added], "removed": [*one.removed]},
    }


def _finding_said(finding: Finding) -> JSON:
    said: dict[str, JSON] = {
        "question": finding.question,
        "text": _both(finding.text),
        "answer": finding.answer.value,
        "answer_text": _both(finding.answer.text),
    }
    if finding.words is not None and finding.request is not None:
        said |= {"example": _both(finding.words), "request": dict(finding.request)}
    return said


def _both(text: object) -> JSON:
    return {"zh": getattr(text, "zh", ""), "en": getattr(text, "en", "")}
