"""Grants in words and JSON, for the API and for the command line alike."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from exchange.catalogue.registry import Registry
from exchange.gateway.predicates import LABELS
from kernel.canonical import JSON
from kernel.text import Text
from policies import cedar
from policies.grants.conditions import panel_of
from policies.grants.document import digest, grant_to_json
from policies.grants.events import GrantState, Signature
from policies.grants.review import ReviewPackage
from policies.grants.sentence import Name, sentence
from policies.requests.granting import request_of
from policies.roles import WORDS

RELATIONS = {
    "spouse": Text("配偶", "spouse"),
    "child": Text("子女", "child"),
    "parent": Text("父母", "parent"),
    "guardian": Text("监护人", "guardian"),
    "ward": Text("被监护人", "ward"),
    "employee": Text("员工", "employee"),
    "represented-company": Text("所代表的企业", "represented company"),
}
"""Relations to the person of the case, in words."""


def grant_view(state: GrantState, registry: Registry, *, whole: bool = False) -> dict[str, JSON]:
    """A grant with its state and its sentence; ``whole`` adds the Cedar text."""
    said = sentence(state.grant, names(registry, state.grant.evidence_type))
    view: dict[str, JSON] = {
        "grant": grant_to_json(state.grant),
        "ref": state.grant.ref,
        "request": request_of(state.grant.id),
        "status": state.status.value,
        "digest": state.digest or digest(state.grant),
        "revision": state.revision,
        "sentence": {"zh": said.zh, "en": said.en},
        "signatures": _signatures(state.signatures),
    }
    if state.reactivation:
        view["reactivation"] = _signatures(state.reactivation)
    if state.review is not None:
        view |= {"change": state.review.examination.change.value, "must_sign": must_sign(state)}
    return view | {"cedar": cedar.render(state.grant)} if whole else view


def _signatures(given: Iterable[Signature]) -> list[JSON]:
    return [{"officer": one.officer, "role": one.role.value, "at": one.at.isoformat()} for one in given]


def must_sign(state: GrantState) -> list[JSON]:
    """The seats that this version needs, in words, and whether each has signed."""
    seats, given = state.awaited
    signed = {one.role for one in given}
    return [
        {"role": seat.value, "text": {"zh": WORDS[seat].zh, "en": WORDS[seat].en}, "signed": seat in signed}
        for seat in seats
    ]


def examination_view(state: GrantState, review: ReviewPackage) -> dict[str, JSON]:
    """What is signed of a version: class, proof, examples, differences, and who must sign.

    ``kept`` says whether it is the one that was kept at submission; of a draft it is made for whoever looks.
    """
    one = review.examination
    return {
        **one.shown,
        "ref": state.grant.ref,
        "kept": state.review is not None,
        "digest": digest(state.grant, review),
        "basis": one.basis,
        "simulation": review.simulation,
        "impact": None if review.report is None else dict(review.report),
        "sensitive": [{"zh": text.zh, "en": text.en} for text in one.sensitive],
        "unconditional": one.unconditional,
        "reactivates": [{"zh": WORDS[seat].zh, "en": WORDS[seat].en} for seat in one.reactivates],
        "must_sign": must_sign(replace(state, panel=panel_of(review))),
    }


def names(registry: Registry, evidence_type: str) -> Name:
    """Codes in words, by the catalogue; a code it does not know stands for itself."""
    kind = registry.evidence_types.get(evidence_type)
    fields = {name: field.label for name, field in kind.fields.items()} if kind else {}
    others = {**LABELS, **RELATIONS, **fields}

    def name(code: str) -> Text:
        for known in (registry.organisations, registry.evidence_types, registry.service_items):
            found = known.get(code)
            if found is not None:
                return found.name
        return others.get(code, Text(code, code))

    return name
