"""A grant as an officer asks for it: completed from the catalogue, checked by the published schema and its rules.

What an officer writes is the ``spec`` of a grant's manifest, so that form, interface and file are one and the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from exchange.catalogue.consistency import check_grant, check_terms
from exchange.catalogue.grant_drafts import grant_of, misfits
from exchange.catalogue.kinds import GRANT
from exchange.catalogue.manifests import schemas
from exchange.catalogue.reading import InvalidCatalogue
from exchange.catalogue.registry import Registry
from kernel.canonical import JSON, encode
from kernel.ledger.personal_data import holds_citizen_number
from kernel.manifests import dotted, schema_findings
from kernel.problems import INVALID_BODY, Problem
from kernel.text import Text
from policies.grants.document import grant_to_json
from policies.grants.grant import Grant
from policies.grants.terms import LONGEST_LIST

Finding = tuple[tuple[str | int, ...], Text]
"""Where in the body, and what is wrong."""

MOST_FINDINGS = 50
_SPEC = ("spec",)
_MISSING = Text("必填", "is required")
_NOT_A_MEMBER = Text("授权没有这一内容", "is no member of a grant")
_NOT_KNOWN = Text("目录中没有这个代码", "the catalogue does not know this code")
_SUPPLIED = frozenset({"provider", "basis_kind", "statute"})
"""Members that the catalogue supplies where nothing was said."""
_TOO_MANY = Text(f"每个清单最多 {LONGEST_LIST} 项", f"A list has at most {LONGEST_LIST} members")
_NAMES_SOMEBODY = Text("授权中不能含有个人号码", "A grant must not hold anybody's number")


def asked_grant(registry: Registry, asked: Mapping[str, Any], *, name: str, language: str, version: int = 1) -> Grant:
    """The grant that was asked for. Raises Problem (request.invalid) with the place and the reason."""
    _bounded(asked)
    document: dict[str, Any] = {"kind": GRANT, "metadata": {"name": name}, "spec": _completed(registry, asked)}
    if found := [*_lacking(registry, document["spec"]), *_unfit(document)]:
        raise unfit_request(*found, language=language)
    try:
        check_grant(registry, document)
        grant = grant_of(document, version)
    except InvalidCatalogue as fault:
        raise unfit_request((_place(fault.where), fault.what), language=language) from None
    if holds_citizen_number(encode(grant_to_json(grant))):
        raise Problem(INVALID_BODY, detail=_NAMES_SOMEBODY)
    return grant


def check_members(registry: Registry, said: Mapping[str, Any], language: str) -> None:
    """Whether these members of a grant, whichever there are, are written right and could ever take effect together.

    Raises Problem (request.invalid).
    """
    _bounded(said)
    document: dict[str, Any] = {"kind": GRANT, "metadata": {"name": "T-1"}, "spec": dict(said)}
    found: list[Finding] = [(("grant", name), _NOT_A_MEMBER) for name in sorted(said.keys() - _members())]
    found += [
        (_place(one.where), one.message) for one in schema_findings(document, schemas()[GRANT]) if one.where != _SPEC
    ]
    if found:
        raise unfit_request(*found, language=language)
    try:
        check_terms(document, registry.evidence_types.get(_code(said.get("evidence_type"))))
    except InvalidCatalogue as fault:
        raise unfit_request((_place(fault.where), fault.what), language=language) from None


def _bounded(value: object) -> None:
    """Before the schema: to find a repeated one among many thousands takes it seconds, at whatever depth they stand."""
    if not isinstance(value, list | Mapping):
        return
    if len(value) > LONGEST_LIST:
        raise Problem(INVALID_BODY, detail=_TOO_MANY)
    for inner in value.values() if isinstance(value, Mapping) else value:
        _bounded(inner)


def still_known(registry: Registry, grant: Grant, language: str) -> None:
    """Whether the catalogue still has all that a grant names. Raises Problem (request.invalid)."""
    if faults := misfits(registry, grant):
        raise unfit_request(*((_place(fault.where), fault.what) for fault in faults), language=language)


def unfit_request(*findings: Finding, language: str) -> Problem:
    """The problem that says what is wrong where."""
    errors: list[JSON] = [
        {"path": dotted(where), "code": "form", "message": what.in_(language)}
        for where, what in findings[:MOST_FINDINGS]
    ]
    return Problem(INVALID_BODY, members={"errors": errors})


def _unfit(document: Mapping[str, Any]) -> Iterator[Finding]:
    """What does not fit the schema; what is missing altogether is said at its own place instead."""
    for one in schema_findings(document, schemas()[GRANT]):
        if one.where != _SPEC or document["spec"].keys() >= _required():
            yield _place(one.where), one.message


def _lacking(registry: Registry, spec: Mapping[str, Any]) -> Iterator[Finding]:
    """What is missing, at its own place; what the catalogue would have supplied, at the code that it does not know."""
    missing = _required() - spec.keys()
    yield from ((("grant", name), _MISSING) for name in sorted(missing - _SUPPLIED))
    if "provider" in missing and "evidence_type" in spec:
        yield ("grant", "evidence_type"), _NOT_KNOWN
    if missing & {"basis_kind", "statute"} and {"service_items", "legal_basis"} <= spec.keys():
        items = spec["service_items"]
        known = isinstance(items, list) and items and _code(items[0]) in registry.service_items
        yield ("grant", "legal_basis" if known else "service_items"), _NOT_KNOWN


@cache
def _members() -> frozenset[str]:
    schema: Any = schemas()[GRANT]
    return frozenset(schema["properties"]["spec"]["properties"])


@cache
def _required() -> frozenset[str]:
    schema: Any = schemas()[GRANT]
    return frozenset(schema["properties"]["spec"]["required"])


def _completed(registry: Registry, asked: Mapping[str, Any]) -> dict[str, Any]:
    """With the provider, the kind and the citation of the basis as the catalogue has them, where nothing was said."""
    spec = dict(asked)
    kind = registry.evidence_types.get(_code(asked.get("evidence_type")))
    if kind is not None:
        spec.setdefault("provider", kind.provider)
    items = asked.get("service_items")
    item = registry.service_items.get(_code(items[0])) if isinstance(items, list) and items else None
    basis = item.legal_bases.get(_code(asked.get("legal_basis"))) if item else None
    if basis is not None:
        spec.setdefault("basis_kind", basis.kind)
        spec.setdefault("statute", {"zh": basis.citation.zh, "en": basis.citation.en})
    return spec


def _code(value: object) -> str:
    return value if isinstance(value, str) else ""


def _place(where: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """A place inside the manifest as the caller knows it: the manifest's spec is the member ``grant``."""
    return ("grant", *where[1:]) if where[:1] == ("spec",) else ("grant", *where)
