"""Which requests there can be, as terms: what admission lets through; and the request that a model of them stands for.

What is not said here may be anything, so that an answer "nobody can" holds for every request of the region.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any

from cvc5 import Kind

from policies import schema
from policies.analysis.terms import Coded, Encoder, Term
from policies.delivery import Delivery
from policies.facts import milliseconds
from policies.grants.terms import HIGHEST_ASSURANCE
from policies.model import AccessRequest, Action, Consent, Opening, SystemPrincipal

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST, _LATEST = datetime(2, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
_HIGHEST_LONG = 2**63 - 1


class Unrepresentable(ValueError):
    """A model speaks of an attribute that a request does not carry."""


def admitted(encoder: Encoder, since: datetime) -> Term:
    """Well-formed, registered, and not earlier than ``since``: what was is not changed by a grant."""
    return encoder.all_of(part for rule in _RULES for part in rule(encoder, since))


def _named(encoder: Encoder, _since: datetime) -> Iterator[Term]:
    region = encoder.region
    yield encoder.is_one(encoder.at("action"), *(action.value for action in Action))
    yield encoder.is_one(encoder.at("principal"), *region.registry.systems)
    yield encoder.is_one(encoder.at("resource"), *region.asked)
    yield encoder.is_one(encoder.at("context", "delivery"), *(mode.value for mode in Delivery))


def _grounds(encoder: Encoder, _since: datetime) -> Iterator[Term]:
    """A service item stands on the legal bases registered for it, each of its kind."""
    items = encoder.region.registry.service_items
    purpose, basis, kind = (encoder.at("context", name) for name in ("purpose", "legalBasis", "basisKind"))
    yield encoder.any_of(
        encoder.all_of((encoder.is_one(purpose, item), encoder.is_one(basis, code), encoder.is_one(kind, of.value)))
        for item in encoder.region.purposes
        for code, of in items[item].legal_bases.items()
    )


def _catalogued(encoder: Encoder, _since: datetime) -> Iterator[Term]:
    """Only what the catalogue holds for this evidence type can be asked."""
    types = encoder.region.registry.evidence_types
    resource = encoder.at("resource")
    for attribute in ("fields", "predicates"):
        for name, asked in encoder.at("context", attribute).members.items():
            having = [one for one in encoder.region.asked if name in getattr(types[one], attribute)]
            yield encoder.implies(asked, encoder.is_one(resource, *having))


def _ranges(encoder: Encoder, since: datetime) -> Iterator[Term]:
    yield from _between(encoder, encoder.at("context", "loa"), 0, HIGHEST_ASSURANCE)
    yield from _between(encoder, encoder.at("context", "quotaUsedToday"), 0, _HIGHEST_LONG)
    yield from _between(encoder, encoder.at("context", "now"), milliseconds(since) + 1, milliseconds(_LATEST))


def _hour_of_the_day(encoder: Encoder, _since: datetime) -> Iterator[Term]:
    """Said only where a policy speaks of it: it follows from the time."""
    if ("context", "hour") in encoder.variables:
        yield encoder.is_hour_of(encoder.at("context", "hour").term, encoder.at("context", "now").term)


def _everything_else(encoder: Encoder, _since: datetime) -> Iterator[Term]:
    """Numbers stay within 64 bits, times within the calendar, and a name has a number."""
    for coded in [*encoder.variables.values()]:
        if coded.kind == "datetime":
            yield from _between(encoder, coded, milliseconds(_EARLIEST), milliseconds(_LATEST))
        elif coded.kind == "Long":
            yield from _between(encoder, coded, -_HIGHEST_LONG, _HIGHEST_LONG)
        elif coded.kind == "String" or coded.kind in schema.ENTITIES:
            yield encoder.compare(Kind.GEQ, coded.term, encoder.integer(0))


def _between(encoder: Encoder, coded: Coded, least: int, most: int) -> Iterator[Term]:
    yield encoder.compare(Kind.GEQ, coded.term, encoder.integer(least))
    yield encoder.compare(Kind.LEQ, coded.term, encoder.integer(most))


_RULES: tuple[Callable[[Encoder, datetime], Iterator[Term]], ...] = (
    _named,
    _grounds,
    _catalogued,
    _ranges,
    _hour_of_the_day,
    _everything_else,
)


def mentioned(encoder: Encoder) -> None:
    """Make every variable of a request before its rules are written down: those that no policy reads, too.

    What is derived stands for nothing of a request by itself.
    """
    for path in (("action",), ("principal",), ("principal", "status"), ("resource",)):
        encoder.at(*path)
    for name in schema.RECORDS[schema.CONTEXT]:
        if name not in _DERIVED:
            _mention(encoder, ("context", name.removesuffix("?")), optional=name.endswith("?"))


def _mention(encoder: Encoder, path: tuple[str, ...], *, optional: bool) -> None:
    if optional:
        encoder.has(*path)
    coded = encoder.at(*path)
    for name in schema.RECORDS.get(coded.kind, {}):
        _mention(encoder, (*path, name.removesuffix("?")), optional=name.endswith("?"))


class Model:
    """A solver's model, read as the request it stands for."""

    def __init__(self, encoder: Encoder, value: Callable[[Term], Any]) -> None:
        self._encoder = encoder
        self._value = value

    def request(self) -> AccessRequest:
        """The request. Raises Unrepresentable."""
        registry = self._encoder.region.registry
        system, resource = self._text("principal"), self._text("resource")
        organisation = registry.systems[system].organisation
        status = self._text("principal", "status")
        said = {_ATTRIBUTES.get(name, _snake(name)): value for name, value in self._context().items()}
        if unknown := said.keys() - _OF_A_REQUEST:
            raise Unrepresentable(", ".join(sorted(unknown)))
        said["delivery"] = Delivery(said["delivery"])
        return AccessRequest(
            system=SystemPrincipal(system, organisation, status),
            action=Action(self._text("action")),
            evidence_type=resource,
            provider=registry.evidence_types[resource].provider,
            **said,
        )

    def _context(self) -> dict[str, Any]:
        return {
            name.removesuffix("?"): self._read(("context", name.removesuffix("?")), optional=name.endswith("?"))
            for name in schema.RECORDS[schema.CONTEXT]
            if name not in _DERIVED
        }

    def _text(self, *path: str) -> str:
        return str(self._read(path))

    def _read(self, path: tuple[str, ...], *, optional: bool = False) -> Any:
        if optional and not self._value(self._encoder.has(*path)).getBooleanValue():
            return None
        coded = self._encoder.at(*path)
        if coded.kind in schema.RECORDS:
            return self._record(coded, path)
        if coded.members:
            return frozenset(name for name, term in coded.members.items() if self._value(term).getBooleanValue())
        if coded.kind.startswith("Set<"):
            return frozenset()
        return self._single(coded)

    def _single(self, coded: Coded) -> Any:
        value = self._value(coded.term)
        if coded.kind == "Bool":
            return value.getBooleanValue()
        number = int(value.getIntegerValue())
        if coded.kind == "Long":
            return number
        if coded.kind == "datetime":
            return _EPOCH + timedelta(milliseconds=number)
        return self._encoder.names.name(coded.kind, number)

    def _record(self, coded: Coded, path: tuple[str, ...]) -> Consent | Opening:
        members = schema.RECORDS[coded.kind]
        said = {_ATTRIBUTES.get(name, _snake(name)): self._read((*path, name)) for name in members}
        of = _RECORDS.get(coded.kind)
        if of is None or said.keys() != {attribute.name for attribute in fields(of)}:
            raise Unrepresentable(coded.kind)
        return of(**said)


_ATTRIBUTES: Mapping[str, str] = {"purpose": "service_item"}
"""Attributes of the schema that a request names otherwise than by the same words."""

_DERIVED = frozenset({"basisKind", "hour"})
"""What the exchange works out of the registry, or of the time: no part of a request."""

_OF_A_REQUEST = frozenset(attribute.name for attribute in fields(AccessRequest))
_RECORDS: Mapping[str, type[Consent | Opening]] = {"Consent": Consent, "Emergency": Opening}


def _snake(name: str) -> str:
    return re.sub("[A-Z]", lambda letter: "_" + letter[0].lower(), name)
