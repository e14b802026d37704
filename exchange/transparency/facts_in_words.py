"""What the facts of an entry are called: by the catalogue where it knows them still, else by their codes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from exchange.catalogue.naming import named_in
from exchange.catalogue.registry import Registry
from exchange.certificates.allowing import CERTIFICATE_STATUS
from exchange.gateway.predicates import LABELS
from kernel.text import Text

Sentence = Callable[[Mapping[str, Any], Registry], Text]
"""What an entry says, by its facts."""

_QUESTIONS: Mapping[str, Text] = {**LABELS, CERTIFICATE_STATUS: Text("证照状态", "how a certificate stands")}


def field_labels(facts: Mapping[str, Any], registry: Registry) -> list[Text]:
    """What was asked for, in words; a name the catalogue no longer knows stands for itself."""
    kind = registry.evidence_types.get(facts.get("evidence_type", ""))
    known = {**_QUESTIONS, **{name: field.label for name, field in (kind.fields if kind else {}).items()}}
    fields = [known.get(name, Text(name, name)) for name in facts.get("fields", [])]
    return fields + [_QUESTIONS.get(name, Text(name, name)) for name in facts.get("predicates", [])]


def ground(facts: Mapping[str, Any], registry: Registry) -> Text:
    """The legal basis, cited."""
    item = registry.service_items.get(facts.get("service_item", ""))
    basis = item.legal_bases.get(facts.get("legal_basis", "")) if item else None
    code = facts.get("legal_basis", "")
    return basis.citation if basis else Text(code, code)


def name_of(known: Mapping[str, Any], facts: Mapping[str, Any], member: str) -> Text:
    """What the catalogue calls the code in a fact; a code that it no longer knows stands for itself."""
    code = str(facts.get(member, ""))
    found = known.get(code)
    return found.name if found is not None else Text(code, code)


def named(known: Mapping[str, Any], code: Any) -> dict[str, Any] | None:
    """A code with its name, for an answer; None where the entry has no such fact."""
    return named_in(known, code) if isinstance(code, str) else None
