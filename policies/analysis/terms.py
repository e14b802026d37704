"""Cedar expressions of the closed profile → terms of the solver: Booleans and integers, nothing else.

Texts and entities are numbers of a table, with room beyond its end for what no policy names; a set is one Boolean for
each name it could hold. So every question stays within linear arithmetic, where the solver always comes to an end.
Types are those of the schema: an attribute added there is encoded without a change here. Reading an attribute of an
absent record gives any value: the validator refuses a policy that could do that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import reduce
from typing import Any

import cvc5
from cedarpy import pst
from cvc5 import Kind

from policies import schema
from policies.analysis.region import Region
from policies.cedar import conjuncts
from policies.expressions import OutsideProfile, entity
from policies.facts import AHEAD, DAY, HOUR, milliseconds
from policies.hierarchy import Entity

Term = Any
"""A term of cvc5, which has no type information of its own."""

_TEXTS = "String"
_SETS = "Set<String>"


@dataclass(slots=True)
class Table:
    """Names by kind in the order in which they were first met."""

    _known: dict[str, list[str]] = field(default_factory=dict)

    def number(self, kind: str, name: str) -> int:
        """The number of a name; the same for the same name."""
        known = self._known.setdefault(kind, [])
        if name not in known:
            known.append(name)
        return known.index(name)

    def name(self, kind: str, number: int) -> str:
        """The name of a number; one that no policy knows for a number beyond the table."""
        known = self._known.get(kind, [])
        return known[number] if number < len(known) else f"other-{number}"


@dataclass(frozen=True, slots=True)
class Coded:
    """An encoded value: a term; for a set of texts the terms of its members; for a literal set of entities these."""

    kind: str
    term: Term = None
    members: Mapping[str, Term] = field(default_factory=dict)
    entities: tuple[Entity, ...] = ()
    path: tuple[str, ...] = ()


class Encoder:
    """Encodes policies over one region. One solver's terms only; not safe for threads."""

    def __init__(self, region: Region) -> None:
        self.region = region
        self.manager = cvc5.TermManager()
        self.names = Table()
        self.variables: dict[tuple[str, ...], Coded] = {}
        self._clauses: dict[pst.Expr, Term] = {}
        self._builders: Mapping[type, Callable[[Any], Coded]] = {
            pst.Var: self._variable,
            pst.GetAttr: self._attribute,
            pst.HasAttr: self._has,
            pst.Set: self._set,
            pst.UnaryOp: self._unary,
            pst.BinaryOp: self._binary,
            pst.EntityLit: lambda node: self._entity(entity(node.value)),
            pst.LongLit: lambda node: Coded("Long", self.integer(node.value)),
            pst.StringLit: lambda node: Coded(_TEXTS, self._code(_TEXTS, node.value), path=(node.value,)),
            pst.BoolLit: lambda node: Coded("Bool", self.boolean(node.value)),
        }

    # Terms ------------------------------------------------------------------------------------------------------------

    def boolean(self, value: bool) -> Term:
        """True or False."""
        return self.manager.mkBoolean(value)

    def integer(self, value: int) -> Term:
        """A whole number."""
        return self.manager.mkInteger(str(value))

    def all_of(self, terms: Iterable[Term]) -> Term:
        """Conjunction; of nothing: true."""
        return reduce(lambda left, right: self.manager.mkTerm(Kind.AND, left, right), terms, self.boolean(True))

    def any_of(self, terms: Iterable[Term]) -> Term:
        """Disjunction; of nothing: false."""
        return reduce(lambda left, right: self.manager.mkTerm(Kind.OR, left, right), terms, self.boolean(False))

    def neither(self, term: Term) -> Term:
        """Negation."""
        return self.manager.mkTerm(Kind.NOT, term)

    def implies(self, left: Term, right: Term) -> Term:
        """Implication."""
        return self.manager.mkTerm(Kind.IMPLIES, left, right)

    def compare(self, kind: Kind, left: Term, right: Term) -> Term:
        """A comparison of two terms of one sort."""
        return self.manager.mkTerm(kind, left, right)

    def is_hour_of(self, hour: Term, at: Term) -> Term:
        """Whether a number is the hour of China's civil day at a time: linear, by a day and a rest of the hour."""
        make, integer = self.manager.mkTerm, self.integer
        day, rest = (self._unknown("Long", name) for name in ("day of now", "rest of the hour"))
        whole = make(Kind.ADD, make(Kind.MULT, integer(DAY), day), make(Kind.MULT, integer(HOUR), hour), rest)
        limits = ((hour, 24), (rest, HOUR))
        return self.all_of(
            (
                make(Kind.EQUAL, make(Kind.ADD, at, integer(AHEAD)), whole),
                *(make(Kind.GEQ, term, integer(0)) for term, _ in limits),
                *(make(Kind.LT, term, integer(most)) for term, most in limits),
            )
        )

    def _code(self, kind: str, name: str) -> Term:
        return self.integer(self.names.number(kind, name))

    def _entity(self, value: Entity) -> Coded:
        return Coded(value[0], self._code(*value), entities=(value,))

    def is_one(self, coded: Coded, *names: str) -> Term:
        """Whether a text or entity is one of these."""
        return self.any_of(self.compare(Kind.EQUAL, coded.term, self._code(coded.kind, name)) for name in names)

    # Variables --------------------------------------------------------------------------------------------------------

    def at(self, *path: str) -> Coded:
        """The value of an attribute by its path, such as ``context``, ``consent``, ``fields``."""
        if path not in self.variables:
            self.variables[path] = self._fresh(self._kind_of(path), path)
        return self.variables[path]

    def _kind_of(self, path: tuple[str, ...]) -> str:
        kind = {"principal": "System", "resource": "EvidenceType", "context": schema.CONTEXT, "action": "Action"}[
            path[0]
        ]
        for name in path[1:]:
            members = _members(kind)
            kind = members.get(name) or members[f"{name}?"]
        return kind

    def _fresh(self, kind: str, path: tuple[str, ...]) -> Coded:
        name = ".".join(path)
        if kind in schema.RECORDS:
            return Coded(kind, path=path)
        if kind == _SETS:
            members = {one: self._unknown("Bool", f"{name}[{one}]") for one in sorted(self._set_names())}
            return Coded(kind, members=members, path=path)
        if kind.startswith("Set<"):
            raise OutsideProfile(f"a request that carries a {kind}")
        return Coded(kind, self._unknown(kind, name), path=path)

    def _unknown(self, kind: str, name: str) -> Term:
        sort = self.manager.getBooleanSort() if kind == "Bool" else self.manager.getIntegerSort()
        return self.manager.mkConst(sort, name)

    def _set_names(self) -> set[str]:
        """What a set of the request may hold: what the catalogue knows, and what any policy names."""
        types = self.region.registry.evidence_types
        known = {name for one in self.region.asked for name in (*types[one].fields, *types[one].predicates)}
        return known | self._named_in_sets

    def prepare(self, trees: Iterable[pst.Template]) -> None:
        """Look at every policy before any is encoded: sets must have room for all names they speak of."""
        self._named_in_sets: set[str] = {text for tree in trees for text in _texts(tree)}

    def has(self, *path: str) -> Term:
        """Whether an attribute that may be absent is there."""
        key = (*path, "?")
        if key not in self.variables:
            self.variables[key] = Coded("Bool", self._unknown("Bool", "has " + ".".join(path)))
        return self.variables[key].term

    # Policies ---------------------------------------------------------------------------------------------------------

    def applies(self, tree: pst.Template) -> Term:
        """Whether a policy is satisfied: its scopes and its conditions. Raises OutsideProfile."""
        clauses = [
            self.condition(clause.expr) if isinstance(clause, pst.When) else self.neither(self.condition(clause.expr))
            for clause in tree.clauses
        ]
        return self.all_of(
            (
                self._scope(tree.principal, self.at("principal")),
                self._action(tree.action),
                self._scope(tree.resource, self.at("resource")),
                *clauses,
            )
        )

    def condition(self, expression: pst.Expr) -> Term:
        """A condition as a term. Raises OutsideProfile."""
        return self.all_of(map(self._clause, conjuncts(expression)))

    def _clause(self, part: pst.Expr) -> Term:
        """Grants say many things in the same words: each is encoded once."""
        if part not in self._clauses:
            self._clauses[part] = self._bool(self.encode(part))
        return self._clauses[part]

    def encode(self, expression: pst.Expr) -> Coded:
        """Any expression of the profile. Raises OutsideProfile."""
        builder = self._builders.get(type(expression))
        if builder is None:
            raise OutsideProfile(type(expression).__name__)
        return builder(expression)

    def _scope(self, scope: Any, subject: Coded) -> Term:
        if isinstance(scope, pst.ScopeAny):
            return self.boolean(True)
        wanted = entity(scope.entity)
        if isinstance(scope, pst.ScopeEq):
            return self.is_one(subject, wanted[1]) if wanted[0] == subject.kind else self.boolean(False)
        if isinstance(scope, pst.ScopeIn):
            return self._within(subject, (wanted,))
        raise OutsideProfile(type(scope).__name__)

    def _action(self, scope: Any) -> Term:
        if isinstance(scope, pst.ScopeAny):
            return self.boolean(True)
        listed = (scope.entity,) if isinstance(scope, pst.ActionEq) else scope.entities
        return self.is_one(self.at("action"), *(entity(uid)[1] for uid in listed))

    # Expressions ------------------------------------------------------------------------------------------------------

    @staticmethod
    def _bool(coded: Coded) -> Term:
        if coded.kind != "Bool":
            raise OutsideProfile(f"{coded.kind} where Bool is needed")
        return coded.term

    def _variable(self, node: pst.Var) -> Coded:
        if node.name not in {"principal", "resource", "context"}:
            raise OutsideProfile(node.name)
        return self.at(node.name)

    def _attribute(self, node: pst.GetAttr) -> Coded:
        base = self.encode(node.base)
        members = _members(base.kind)
        if node.attr not in members and f"{node.attr}?" not in members:
            raise OutsideProfile(f"{base.kind} has no attribute {node.attr}")
        if base.kind in schema.RECORDS or base.path == ("principal",):
            return self.at(*base.path, node.attr)
        return self._registered(base, node.attr, members[node.attr])

    def _registered(self, base: Coded, name: str, kind: str) -> Coded:
        """An attribute that the registry keeps of an entity: a choice by which entity it is."""
        chosen: Term = self.integer(-1)
        for (of, identifier), attributes in sorted(self.region.hierarchy.attributes.items()):
            if of == base.kind:
                value = attributes[name]
                term = self.integer(value) if isinstance(value, int) else self._code(*_entity_value(value))
                chosen = self.manager.mkTerm(Kind.ITE, self.is_one(base, identifier), term, chosen)
        return Coded(kind, chosen)

    def _has(self, node: pst.HasAttr) -> Coded:
        base = self.encode(node.base)
        if len(node.attrs) != 1 or f"{node.attrs[0]}?" not in schema.RECORDS.get(base.kind, {}):
            raise OutsideProfile("has asks for one attribute that may be absent")
        return Coded("Bool", self.has(*base.path, node.attrs[0]))

    def _set(self, node: pst.Set) -> Coded:
        elements = [self.encode(element) for element in node.elements]
        kinds = {element.kind for element in elements}
        if kinds == {_TEXTS}:
            return Coded(_SETS, members={element.path[0]: self.boolean(True) for element in elements})
        if len(kinds) == 1 and all(element.entities for element in elements):
            return Coded(f"Set<{kinds.pop()}>", entities=tuple(one for element in elements for one in element.entities))
        raise OutsideProfile("a set holds literals of one type")

    def _unary(self, node: pst.UnaryOp) -> Coded:
        if node.op == "datetime" and isinstance(node.arg, pst.StringLit):
            return Coded("datetime", self.integer(_moment(node.arg.value)))
        argument = self.encode(node.arg)
        if node.op == "not":
            return Coded("Bool", self.neither(self._bool(argument)))
        if node.op == "is_empty" and argument.kind == _SETS:
            return Coded("Bool", self.neither(self.any_of(argument.members.values())))
        raise OutsideProfile(node.op)

    def _binary(self, node: pst.BinaryOp) -> Coded:
        left, right = self.encode(node.left), self.encode(node.right)
        if node.op in {"and", "or"}:
            both = (self._bool(left), self._bool(right))
            return Coded("Bool", self.all_of(both) if node.op == "and" else self.any_of(both))
        if node.op in _ORDER and left.kind == right.kind and left.kind in {"Long", "datetime"}:
            return Coded("Bool", self.compare(_ORDER[node.op], left.term, right.term))
        if node.op in {"eq", "not_eq"}:
            same = self._equal(left, right)
            return Coded("Bool", same if node.op == "eq" else self.neither(same))
        if node.op == "in":
            return Coded("Bool", self._in(left, right))
        return Coded("Bool", self._of_sets(node.op, left, right))

    def _equal(self, left: Coded, right: Coded) -> Term:
        if left.kind != right.kind or left.kind in schema.RECORDS:
            raise OutsideProfile(f"{left.kind} == {right.kind}")
        if left.kind == _SETS:
            return self.all_of((self._covers(left, right), self._covers(right, left)))
        if left.term is None or right.term is None:
            raise OutsideProfile(f"{left.kind} == {right.kind}")
        return self.compare(Kind.EQUAL, left.term, right.term)

    def _of_sets(self, operator: str, left: Coded, right: Coded) -> Term:
        if left.kind != _SETS or right.kind not in {_SETS, _TEXTS}:
            raise OutsideProfile(f"{left.kind} {operator} {right.kind}")
        if operator == "contains_all" and right.kind == _SETS:
            return self._covers(left, right)
        if operator == "contains_any" and right.kind == _SETS:
            shared = left.members.keys() & right.members.keys()
            return self.any_of(self.all_of((left.members[one], right.members[one])) for one in sorted(shared))
        if operator == "contains" and right.kind == _TEXTS:
            return self.any_of(self.all_of((term, self.is_one(right, one))) for one, term in left.members.items())
        raise OutsideProfile(operator)

    def _covers(self, group: Coded, asked: Coded) -> Term:
        missing = self.boolean(False)
        return self.all_of(self.implies(term, group.members.get(one, missing)) for one, term in asked.members.items())

    def _in(self, left: Coded, right: Coded) -> Term:
        if left.term is None or left.kind not in schema.ENTITIES:
            raise OutsideProfile(f"{left.kind} in {right.kind}")
        if right.entities:
            return self._within(left, right.entities)
        if right.kind not in schema.ENTITIES:
            raise OutsideProfile(f"{left.kind} in {right.kind}")
        # Two unknowns: whichever entity the left is, the right is one of those above it.
        return self.any_of(
            self.all_of((self.is_one(left, identifier), self._is_above(right, above)))
            for (kind, identifier), above in self.region.hierarchy.above.items()
            if kind == left.kind
        )

    def _is_above(self, right: Coded, above: frozenset[Entity]) -> Term:
        return self.is_one(right, *sorted(name for kind, name in above if kind == right.kind))

    def _within(self, subject: Coded, wanted: Iterable[Entity]) -> Term:
        """``in`` over the closed hierarchy: the subject is one of those that stand below."""
        above, goal = self.region.hierarchy.above, frozenset(wanted)
        return self.is_one(
            subject,
            *sorted(name for (kind, name), higher in above.items() if kind == subject.kind and higher & goal),
        )


_ORDER: Mapping[str, Kind] = {
    "less": Kind.LT,
    "less_eq": Kind.LEQ,
    "greater": Kind.GT,
    "greater_eq": Kind.GEQ,
}


def _members(kind: str) -> Mapping[str, str]:
    return schema.RECORDS.get(kind) or schema.ENTITIES.get(kind) or {}


def _entity_value(value: object) -> Entity:
    if isinstance(value, tuple) and len(value) == 2:
        return value
    raise OutsideProfile("an attribute of an entity that is neither a number nor an entity")


def _moment(text: str) -> int:
    moment = datetime.fromisoformat(text)
    return milliseconds(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _texts(node: object) -> Iterable[str]:
    """Every text literal below a node of a typed tree."""
    if isinstance(node, pst.StringLit):
        yield node.value
    elif isinstance(node, (tuple, list)):
        for each in node:
            yield from _texts(each)
    elif hasattr(node, "__dataclass_fields__"):
        for name in node.__dataclass_fields__:
            yield from _texts(getattr(node, name))
