"""Why an item was not released, as a value to record and as a problem to answer with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from kernel.canonical import JSON
from kernel.problems import ProblemKind
from policies.decision import Deny, UnmetClause
from policies.refusals import REFUSALS


@dataclass(frozen=True, slots=True)
class Refusal:
    """A problem kind, and where a decision was made the clauses that failed and the grants that came nearest.

    ``instead``: the item that was chosen in place of this one, and its provider; ``more``: further members.
    """

    kind: ProblemKind
    clauses: tuple[UnmetClause, ...] = ()
    grants: tuple[str, ...] = ()
    instead: Mapping[str, JSON] = field(default_factory=dict)
    more: Mapping[str, JSON] = field(default_factory=dict)


def by_policy(deny: Deny) -> Refusal:
    """The refusal that a decision means."""
    return Refusal(REFUSALS[deny.code], deny.clauses, deny.grants)


def describe(refusal: Refusal, decision: str, language: str) -> dict[str, JSON]:
    """The problem member of an item (RFC 9457 §3.1), in one language."""
    kind = refusal.kind
    body: dict[str, JSON] = {
        "type": f"urn:tongban:problem:{kind.code}",
        "title": kind.title.in_(language),
        "status": kind.status,
        "code": kind.code,
        "fault": kind.fault.value,
        "decision_id": decision,
        "next_step": kind.next_step.in_(language),
    }
    body |= refusal.more
    if refusal.instead:
        body["instead"] = dict(refusal.instead)
    if refusal.clauses:
        body["unmet"] = [_clause(clause, language) for clause in refusal.clauses]
    return body


def _clause(clause: UnmetClause, language: str) -> dict[str, JSON]:
    told: dict[str, JSON] = {"clause": clause.id, "code": clause.code, "text": clause.text.in_(language)}
    return told if clause.level is None else told | {"acr": f"urn:tongban:loa:{clause.level}"}


def in_both(refusal: Refusal, decision: str) -> dict[str, JSON]:
    """The same in both languages, to be stored: whoever asks again may read the other one."""
    return {language: describe(refusal, decision, language) for language in ("zh", "en")}
