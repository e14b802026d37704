"""What may be shown of a look-up that an operator tries: everything of invented people, shapes and masks of real ones.

Invented are numbers of the unassigned division 500199 and bodies whose code begins with DEM after the division. Of
anybody else what came is shown by its shape alone (a digit is 9, a letter a, a Chinese character 字), and what it
became as the evidence type's own mask allows; where that would show it whole, the first character remains. Names of
members are shown where the mapping names them; any other may be data, since records are sometimes keyed by people's
names or numbers, and is shown by its shape as well.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from connectors.base import Raw
from connectors.mapping import Reading
from connectors.source import Outcome
from connectors.trial import Trial
from exchange.catalogue.model import EvidenceType
from exchange.catalogue.reading import Document
from exchange.catalogue.record_schema import Check
from exchange.gateway.disclosure import Unmaskable, masked
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.entropy import Entropy
from kernel.identifiers.division import SYNTHETIC
from kernel.identifiers.masking import Mask, mask
from kernel.identifiers.subject import SubjectRef
from kernel.ids import new_id
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger

TRIED = "ConnectorTried"
"""An operator looked a real person up to see a mapping work; what they saw was masked."""
HIDDEN = "***"
_LONGEST_SHAPE = 40


def is_synthetic(subject: SubjectRef) -> bool:
    """Whether nobody real can have this number."""
    if subject.scheme == "citizen-number":
        return subject.value.startswith(SYNTHETIC)
    return subject.value[8:11] == "DEM"


def tried(ledger: Ledger, connector: Document, subject: SubjectRef, clock: Clock, entropy: Entropy) -> None:
    """Record that a real person is about to be looked up by an operator. Raises LedgerUnavailable."""
    facts: dict[str, JSON] = {
        "connector": connector["metadata"]["name"],
        "evidence_type": connector["spec"]["evidence_type"],
        "by": "operator",
    }
    ledger.append([Event(TRIED, new_id("trial", clock, entropy), facts=facts, subject=subject)])


def report(trial: Trial, subject: SubjectRef, kind: EvidenceType | None, conforms: Check | None) -> dict[str, Any]:
    """The whole look-up as JSON, step by step. ``kind`` and ``conforms``: where the catalogue knows the type."""
    show = _Clear() if is_synthetic(subject) else _Masked(kind, _declared(trial))
    return {
        "connector": trial.manifest.name,
        "evidence_type": trial.manifest.evidence_type,
        "synthetic": is_synthetic(subject),
        "asked": {
            "scheme": subject.scheme,
            "subject": subject.value if is_synthetic(subject) else mask(Mask.NUMBER, subject.value),
            "deadline_seconds": trial.manifest.limits.deadline,
        },
        "took_seconds": round(trial.seconds, 4),
        "came": [show.raw(record.values) for record in trial.records],
        "mapped": [[_reading(reading, show) for reading in readings] for readings in trial.readings],
        "answer": _answer(trial),
        "released": _released(trial, kind, show),
        "conforms": _conforms(trial, conforms),
    }


class _Clear:
    """Everything as it is."""

    def raw(self, value: Raw) -> JSON:
        """A source's value."""
        return _tree(value, str, str)

    def ours(self, _field: str, value: JSON) -> JSON:
        """A field's value."""
        return value


class _Masked:
    """As little as explains the mapping."""

    def __init__(self, kind: EvidenceType | None, declared: frozenset[str]) -> None:
        self._fields = kind.fields if kind else {}
        self._declared = declared

    def raw(self, value: Raw) -> JSON:
        """A source's value by its shape."""
        return _tree(value, shape, lambda name: name if name in self._declared else shape(name))

    def ours(self, field: str, value: JSON) -> JSON:
        """A field's value under its mask; never whole."""
        known = self._fields.get(field)
        rule = known.minimal_mask if known and known.minimal_mask is not Mask.CLEAR else Mask.NAME
        try:
            return masked(rule, value)
        except Unmaskable:
            return HIDDEN


def shape(text: str) -> str:
    """What kinds of character stand where: ``2026-01-02`` is ``9999-99-99``, ``渝A1`` is ``字a9``."""
    return "".join(_kind(character) for character in text[:_LONGEST_SHAPE])


def _kind(character: str) -> str:
    if character.isdigit():
        return "9"
    if not character.isalpha():
        return character
    return "a" if character.isascii() else "字"


def _tree(value: Raw, text: Callable[[str], str], name: Callable[[str], str]) -> JSON:
    if isinstance(value, Mapping):
        told: dict[str, JSON] = {}
        for own, member in value.items():
            shown = name(own)
            while shown in told:  # two names of one shape are two members
                shown += "′"
            told[shown] = _tree(member, text, name)
        return told
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_tree(member, text, name) for member in value]
    return None if value is None else text(str(value))


def _declared(trial: Trial) -> frozenset[str]:
    """Names of the source's that the mapping says itself: its columns, and every step of its paths."""
    named: set[str] = set()
    for reading in (one for readings in trial.readings for one in readings):
        how, _, place = reading.place.partition(" ")
        steps = [place] if how == "column" else _STEP.findall(place)
        named.update(json.loads(step) if step.startswith('"') else step for step in steps)
    return frozenset(named)


_STEP = re.compile(r'"(?:[^"\\]|\\.)*"|[A-Za-z_][A-Za-z0-9_]*')
"""A member's name in a JMESPath expression, with or without quotation marks."""


def _reading(reading: Reading, show: _Clear | _Masked) -> dict[str, Any]:
    return {
        "field": reading.field,
        "from": reading.place,
        "found": show.raw(reading.found),
        "value": None if reading.value is None else show.ours(reading.field, reading.value),
        "problem": reading.problem or None,
    }


def _answer(trial: Trial) -> dict[str, Any]:
    if trial.answer is None:
        problem = trial.problem
        assert problem is not None
        return {
            "outcome": "failed",
            "code": problem.kind.code,
            "reason": problem.reason,
            "field": getattr(problem, "field", "") or None,
            "said": {"zh": problem.text.zh, "en": problem.text.en},
        }
    source_time = trial.answer.source_time
    return {"outcome": str(trial.answer.outcome), "source_time": source_time.isoformat() if source_time else None}


def _released(trial: Trial, kind: EvidenceType | None, show: _Clear | _Masked) -> dict[str, Any]:
    """At most: a grant may allow fewer fields and stronger masks. Empty where nothing is found."""
    if trial.answer is None:
        return {}
    known = kind.fields if kind else {}
    return {
        name: {
            "mask": known[name].minimal_mask.value if name in known else Mask.CLEAR.value,
            "value": _weakest(show.ours(name, value), known[name].minimal_mask if name in known else Mask.CLEAR),
        }
        for name, value in trial.answer.values.items()
    }


def _weakest(value: JSON, rule: Mask) -> JSON:
    try:
        return masked(rule, value)
    except Unmaskable:
        return HIDDEN


def _conforms(trial: Trial, conforms: Check | None) -> dict[str, Any] | None:
    """Whether the record fits the evidence type's own schema; None where there is no record or no schema."""
    if conforms is None or trial.answer is None or trial.answer.outcome is not Outcome.FOUND:
        return None
    wrong = conforms(dict(trial.answer.values))
    return {"fits": wrong is None, "where": wrong}
