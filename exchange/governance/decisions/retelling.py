"""A decision found by its name in ledger and log, and made again by the rules of then."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import orjson
from sqlalchemy import Connection

from exchange.catalogue.reading import InvalidCatalogue
from exchange.catalogue.registry import Registry
from exchange.gateway.enforcement import decision_name
from exchange.governance.simulation.rules import RulesOfThen
from exchange.in_force.snapshot import Snapshot
from exchange.store import decisions, grants
from exchange.store.decisions import LoggedDecision
from kernel.ledger.usage import UsageEntry
from policies import recorded
from policies.decision import Decision
from policies.grants.grant import Grant
from policies.grants.terms import InvalidGrant
from policies.hierarchy import InvalidRegistry
from policies.index import InvalidImage

_NAME = re.compile(r"dec_([0-9A-Za-z]{1,64})_([0-9]{1,4})_([0-9]{1,15})")


@dataclass(frozen=True, slots=True)
class DecisionName:
    """``dec_…``: an item of a request, decided in an epoch."""

    request: str
    item: int
    epoch: int

    @classmethod
    def parse(cls, text: str) -> DecisionName | None:
        """The parts of a name that the gateway may have given; None of anything else."""
        found = _NAME.fullmatch(text)
        if found is None:
            return None
        name = cls(f"er_{found[1]}", int(found[2]), int(found[3]))
        return name if str(name) == text else None

    def __str__(self) -> str:
        """As it was given."""
        return decision_name(self.request, self.item, self.epoch)


class Result(StrEnum):
    """What became of making a decision again; ``OTHER_RULES`` and ``LOST`` say why it was not."""

    AGREES = "agrees"
    DIFFERS = "differs"
    OTHER_RULES = "other-rules"
    LOST = "not-possible"


@dataclass(frozen=True, slots=True)
class Again:
    """A decision made again; ``decision`` is None where it was not. ``registry``: the catalogue that names are from."""

    result: Result
    decision: Decision | None
    registry: Registry


@dataclass(frozen=True, slots=True)
class Entry:
    """One ledger entry that a decision stands in, and the decision where policies were asked."""

    index: int
    event: str
    at: datetime
    facts: Mapping[str, Any]
    logged: LoggedDecision | None

    def fact(self, asked: str, stated: str) -> str:
        """What policies were asked (``asked``), or else what the entry states of it."""
        said = {} if self.logged is None else orjson.loads(self.logged.asked)
        return str(said.get(asked) or self.facts.get(stated, ""))

    @property
    def parties(self) -> tuple[str, str]:
        """The department that asked, and the one whose evidence it is."""
        return self.fact("organisation", "consumer"), self.fact("provider", "provider")


def entries_of(connection: Connection, name: DecisionName, entries: list[UsageEntry]) -> tuple[Entry, ...]:
    """Of the entries about an item those that this decision stands in, oldest first.

    An item that waited may be decided again in the same epoch, and a repeated answer refused in it.
    """
    beside = decisions.beside(connection, [entry.index for entry in entries])
    found = (_entry(entry, beside.get(entry.index)) for entry in entries)
    return tuple(one for one in found if _is_of(one, name))


def _entry(entry: UsageEntry, logged: LoggedDecision | None) -> Entry:
    members: Any = entry.members
    return Entry(entry.index, members["event"], entry.at, members["facts"], logged)


def _is_of(one: Entry, name: DecisionName) -> bool:
    named = one.facts.get("decision")
    return named == str(name) or (named is None and one.logged is not None and one.logged.epoch == name.epoch)


def made_again(connection: Connection, snapshot: Snapshot, logged: LoggedDecision) -> Again:
    """The decision as the rules of then say it, by the very parts that replay uses."""
    if logged.rules != recorded.rules():
        return Again(Result.OTHER_RULES, None, snapshot.registry)
    try:
        rules = RulesOfThen(connection, snapshot).of(logged)
    except (InvalidCatalogue, InvalidGrant, InvalidImage, InvalidRegistry):
        return Again(Result.LOST, None, snapshot.registry)
    asked = recorded.Asked(logged.asked).at(logged.at, logged.consent_from, logged.consent_until)
    decision = rules.image.decide(asked)
    agrees = recorded.verdict(decision) == logged.verdict
    return Again(Result.AGREES if agrees else Result.DIFFERS, decision, rules.registry)


def granted(connection: Connection, refs: list[str]) -> tuple[Grant, ...]:
    """The versions that a verdict names, in its order; one that was never kept is left out."""
    known = {
        state.grant.ref: state.grant for ref in refs for state in grants.versions(connection, ref.partition("@")[0])
    }
    return tuple(known[ref] for ref in refs if ref in known)
