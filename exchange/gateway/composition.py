"""Results that become inputs: whom an item is about, read from the record of an earlier item of the same request.

A newborn's birth certificate names the child, whose household entry is the next item. The number never passes through
whoever asks. It counts only as what that record proves: the relation is one the catalogue declares for the evidence
type, and the item is released only if the one that names its subject is. Whoever is named becomes a party of the case.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from connectors.source import Outcome, Retrieved
from exchange import errors
from exchange.catalogue.model import EvidenceType
from exchange.gateway.asking import Asking
from exchange.gateway.enforcement import Permitted, Refused, Ruling, rule
from exchange.gateway.entries import Parked, Released, Result
from exchange.gateway.refusals import Refusal
from exchange.gateway.request import Item
from exchange.gateway.retrieval import Findings
from exchange.in_force.snapshot import Snapshot
from exchange.store.cases import Case, Party
from kernel.canonical import JSON
from kernel.identifiers import subject
from kernel.identifiers.errors import InvalidIdentifier
from kernel.identifiers.subject import SubjectRef

Step = tuple[Asking, Case, tuple[Ruling, ...]]


def next_step(
    asking: Asking, case: Case, rulings: tuple[Ruling, ...], findings: Findings, snapshot: Snapshot
) -> Step | None:
    """The request with every subject that is known by now, judged; None where there is nothing new."""
    changed = False
    items, after = list(asking.request.items), list(rulings)
    for number, item in enumerate(items):
        if item.source is None or item.subject is not None:
            continue
        named = _named(item, after[item.source], findings, snapshot)
        if len(named) > 1 and not _is_ambiguous(after[number]):
            after[number] = replace_refusal(after[number], Refusal(errors.INPUT_AMBIGUOUS))
        if len(named) != 1:
            continue
        changed, (found,) = True, tuple(named)
        items[number] = replace(item, subject=found)
        case = _with_party(case, found, items[number], after[item.source], asking)
        (after[number],) = rule(
            replace(asking, request=replace(asking.request, items=(items[number],))), case, snapshot
        )
    request = replace(asking.request, items=tuple(items))
    return (replace(asking, request=request), case, tuple(after)) if changed or after != list(rulings) else None


def dependent(results: Sequence[Result]) -> tuple[Result, ...]:
    """Results of which none rests on a record that is not released itself."""
    after: list[Result] = []
    for result in results:
        source = None if isinstance(result, Refused) else result.ruling.item.source
        rests = source is None or not isinstance(result, Released | Parked) or isinstance(after[source], Released)
        if rests or isinstance(result, Refused):
            after.append(result)
        else:
            after.append(replace_refusal(result.ruling, Refusal(errors.INPUT_MISSING)))
    return tuple(after)


def replace_refusal(ruling: Ruling, refusal: Refusal) -> Refused:
    """A ruling turned into this refusal."""
    return Refused(ruling.item, ruling.decision, ruling.concerned, refusal, ruling.judged)


def _is_ambiguous(ruling: Ruling) -> bool:
    return isinstance(ruling, Refused) and ruling.refusal.kind is errors.INPUT_AMBIGUOUS


def _named(item: Item, source: Ruling, findings: Findings, snapshot: Snapshot) -> set[SubjectRef]:
    """Whom the record of the source item names in the relation wanted."""
    if not isinstance(source, Permitted):
        return set()
    found = findings.get((source.item.type, source.concerned.subject))
    kind = snapshot.registry.evidence_types.get(source.item.type)
    if kind is None or not isinstance(found, Retrieved) or found.outcome is not Outcome.FOUND:
        return set()
    return {one for one in _in_relation(item.relation, kind, found, snapshot) if one is not None}


def _in_relation(
    relation: str | None, kind: EvidenceType, found: Retrieved, snapshot: Snapshot
) -> list[SubjectRef | None]:
    values: list[tuple[str, JSON]] = []
    for one in kind.relations:
        value = found.values.get(one.field) if one.relation == relation else None
        values += [(one.scheme, each) for each in (value if isinstance(value, list) else [value])]
    return [_parsed(scheme, value, snapshot) for scheme, value in values if value is not None]


def _parsed(scheme: str, value: JSON, snapshot: Snapshot) -> SubjectRef | None:
    try:
        return subject.parse(scheme, value, recorded_exceptions=snapshot.recorded_codes)
    except InvalidIdentifier:
        return None


def _with_party(case: Case, found: SubjectRef, item: Item, source: Ruling, asking: Asking) -> Case:
    """The case as it is once the record that names somebody has been released."""
    index, relation = asking.indexes.of(found), item.relation or ""
    by = source.concerned.index if source.concerned else b""
    parties = case.parties
    if all(party.subject != index for party in parties):
        parties = (*parties, Party(index, relation, asking.moment))
    return replace(case, parties=parties, relations=case.relations | {(index, relation, by)})
