"""Cedar expressions of a closed profile → closures, typed by the schema while they are built (ADR 0008).

The profile: ``== != < <= > >= && || ! in has contains containsAll containsAny isEmpty``, literals, datetime literals
and attributes. No arithmetic, no ``like``, no tags, no ``if``. Anything else raises OutsideProfile and is not enforced.
Because every part is typed, no comparison ever meets two Python types that Cedar keeps apart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import contains, eq, ge, gt, le, lt, ne
from typing import Any

from cedarpy import pst

from policies import schema
from policies.facts import SETTLED, Facts, milliseconds
from policies.hierarchy import Entity

Evaluate = Callable[[Facts], Any]

_BOOL, _LONG, _STRING, _TIME = "Bool", "Long", "String", "datetime"
_LONG_RANGE = range(-(2**63), 2**63)


class OutsideProfile(ValueError):
    """A policy uses something the compiled form does not know, or compares two types."""


@dataclass(frozen=True, slots=True)
class Typed:
    """A compiled expression and the Cedar type of its value; ``constant`` holds the value of a literal.

    ``attribute`` names what it reads of the context, where it does nothing else; ``reads`` everything that it reads:
    variables, and attributes of the context.
    """

    kind: str
    evaluate: Evaluate
    constant: Any = None
    attribute: str = ""
    reads: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Condition:
    """``holds`` gives True or False; ``settled``: the asking alone says which (``facts.SETTLED``)."""

    holds: Evaluate
    settled: bool


def condition(expression: pst.Expr) -> Condition:
    """What a policy asks, compiled. Raises OutsideProfile."""
    typed = _expect(_compile(expression), _BOOL)
    return Condition(typed.evaluate, typed.reads <= SETTLED)


def _expect(typed: Typed, kind: str) -> Typed:
    if typed.kind != kind:
        raise OutsideProfile(f"{typed.kind} where {kind} is needed")
    return typed


def _compile(expression: pst.Expr) -> Typed:
    builder = _BUILDERS.get(type(expression))
    if builder is None:
        raise OutsideProfile(type(expression).__name__)
    return builder(expression)


def entity(uid: pst.EntityUid) -> Entity:
    """An entity of our namespace; raises OutsideProfile for any other."""
    if uid.type.namespace != (schema.NAMESPACE,):
        raise OutsideProfile(f"an entity of another namespace: {uid.type}")
    return uid.type.basename, uid.id


def _constant(kind: str, value: object) -> Typed:
    return Typed(kind, lambda _facts: value, value)


def _entity_literal(node: pst.EntityLit) -> Typed:
    value = entity(node.value)
    if value[0] not in schema.ENTITIES:
        raise OutsideProfile(f"an entity of unknown type {value[0]}")
    return _constant(value[0], value)


def _long_literal(node: pst.LongLit) -> Typed:
    if node.value not in _LONG_RANGE:
        raise OutsideProfile("a number beyond 64 bits")
    return _constant(_LONG, node.value)


def _set_literal(node: pst.Set) -> Typed:
    elements = [_compile(element) for element in node.elements]
    kinds = {element.kind for element in elements}
    if len(kinds) != 1 or any(element.constant is None for element in elements):
        raise OutsideProfile("a set holds literals of one type")
    return _constant(f"Set<{kinds.pop()}>", frozenset(element.constant for element in elements))


_VARIABLES: Mapping[str, Typed] = {
    "principal": Typed("System", lambda facts: facts.principal, reads=frozenset({"principal"})),
    "resource": Typed("EvidenceType", lambda facts: facts.resource, reads=frozenset({"resource"})),
    "context": Typed(schema.CONTEXT, lambda facts: facts.context, reads=frozenset({"context"})),
}


def _variable(node: pst.Var) -> Typed:
    if node.name not in _VARIABLES:
        raise OutsideProfile(node.name)
    return _VARIABLES[node.name]


def _attribute(node: pst.GetAttr) -> Typed:
    base, name = _compile(node.base), node.attr
    members = _members(base.kind)
    kind = members.get(name) or members.get(f"{name}?")
    if kind is None:
        raise OutsideProfile(f"{base.kind} has no attribute {name}")
    read = base.evaluate
    if base.kind == schema.CONTEXT:
        return Typed(kind, lambda facts: facts.context[name], attribute=name, reads=frozenset({name}))
    if base.kind in schema.RECORDS:
        return Typed(kind, lambda facts: read(facts)[name], reads=base.reads)
    if base.kind == "System":
        if node.base != pst.Var("principal"):
            raise OutsideProfile("only the system that asks has attributes")
        return Typed(kind, lambda facts: facts.system[name], reads=base.reads)
    return Typed(kind, lambda facts: facts.hierarchy.attributes[read(facts)][name], reads=base.reads)


def _members(kind: str) -> Mapping[str, str]:
    return schema.RECORDS.get(kind) or schema.ENTITIES.get(kind) or {}


def _has(node: pst.HasAttr) -> Typed:
    base = _compile(node.base)
    name = node.attrs[0]
    if len(node.attrs) != 1 or f"{name}?" not in schema.RECORDS.get(base.kind, {}):
        raise OutsideProfile("has asks for one attribute that may be absent")
    read = base.evaluate
    return Typed(_BOOL, lambda facts: name in read(facts), reads=base.reads)


def _unary(node: pst.UnaryOp) -> Typed:
    if node.op == "datetime":
        return _time_literal(node.arg)
    argument = _compile(node.arg)
    read = argument.evaluate
    if node.op == "not":
        _expect(argument, _BOOL)
        return Typed(_BOOL, lambda facts: not read(facts), reads=argument.reads)
    if node.op == "is_empty" and argument.kind.startswith("Set<"):
        return Typed(_BOOL, lambda facts: not read(facts), reads=argument.reads)
    raise OutsideProfile(node.op)


def _time_literal(argument: pst.Expr) -> Typed:
    if not isinstance(argument, pst.StringLit):
        raise OutsideProfile("datetime of something that is no literal")
    try:
        moment = datetime.fromisoformat(argument.value)
    except ValueError:
        raise OutsideProfile("a datetime literal that cannot be read") from None
    return _constant(_TIME, milliseconds(moment if moment.tzinfo else moment.replace(tzinfo=UTC)))


def _and(left: Typed, right: Typed) -> Evaluate:
    first, second = left.evaluate, right.evaluate
    return lambda facts: first(facts) and second(facts)


def _or(left: Typed, right: Typed) -> Evaluate:
    first, second = left.evaluate, right.evaluate
    return lambda facts: first(facts) or second(facts)


def _comparison(operator: Callable[[Any, Any], bool]) -> Callable[[Typed, Typed], Evaluate]:
    """Most clauses compare an attribute of the context with a literal: one call instead of two, for every request."""

    def build(left: Typed, right: Typed) -> Evaluate:
        first, second = left.evaluate, right.evaluate
        name, literal = (left.attribute, right.constant) if left.attribute else (right.attribute, left.constant)
        if not name or literal is None:
            return lambda facts: operator(first(facts), second(facts))
        if left.attribute:
            return lambda facts: operator(facts.context[name], literal)
        return lambda facts: operator(literal, facts.context[name])

    return build


def _in(left: Typed, right: Typed) -> Evaluate:
    first, second = left.evaluate, right.evaluate
    if right.constant is not None and right.kind.startswith("Set<"):
        group = right.constant
        return lambda facts: not group.isdisjoint(facts.hierarchy.above[first(facts)])
    if right.kind.startswith("Set<"):
        return lambda facts: not facts.hierarchy.above[first(facts)].isdisjoint(second(facts))
    return lambda facts: second(facts) in facts.hierarchy.above[first(facts)]


_ORDERED = frozenset({_LONG, _TIME})


def _both(*kinds: str) -> Callable[[str, str], bool]:
    return lambda left, right: left == right and left in kinds


def _alike(left: str, right: str) -> bool:
    return left == right and left not in schema.RECORDS


def _sets(left: str, right: str) -> bool:
    return left == right and left.startswith("Set<")


def _element(left: str, right: str) -> bool:
    return left == f"Set<{right}>"


def _placed(left: str, right: str) -> bool:
    return left in schema.ENTITIES and right.removeprefix("Set<").removesuffix(">") in schema.ENTITIES


_BINARY: Mapping[str, tuple[Callable[[str, str], bool], Callable[[Typed, Typed], Evaluate]]] = {
    "and": (_both(_BOOL), _and),
    "or": (_both(_BOOL), _or),
    "eq": (_alike, _comparison(eq)),
    "not_eq": (_alike, _comparison(ne)),
    "less": (_both(*_ORDERED), _comparison(lt)),
    "less_eq": (_both(*_ORDERED), _comparison(le)),
    "greater": (_both(*_ORDERED), _comparison(gt)),
    "greater_eq": (_both(*_ORDERED), _comparison(ge)),
    "in": (_placed, _in),
    "contains": (_element, _comparison(contains)),
    "contains_all": (_sets, _comparison(ge)),  # of frozensets: holds all of the other
    "contains_any": (_sets, _comparison(lambda group, asked: not group.isdisjoint(asked))),
}
"""Operator → which types it takes, and how it is built."""


def _binary(node: pst.BinaryOp) -> Typed:
    if node.op not in _BINARY:
        raise OutsideProfile(node.op)
    takes, build = _BINARY[node.op]
    left, right = _compile(node.left), _compile(node.right)
    if not takes(left.kind, right.kind):
        raise OutsideProfile(f"{left.kind} {node.op} {right.kind}")
    return Typed(_BOOL, build(left, right), reads=left.reads | right.reads)


_BUILDERS: Mapping[type, Callable[[Any], Typed]] = {
    pst.Var: _variable,
    pst.GetAttr: _attribute,
    pst.HasAttr: _has,
    pst.Set: _set_literal,
    pst.UnaryOp: _unary,
    pst.BinaryOp: _binary,
    pst.EntityLit: _entity_literal,
    pst.LongLit: _long_literal,
    pst.StringLit: lambda node: _constant(_STRING, node.value),
    pst.BoolLit: lambda node: _constant(_BOOL, node.value),
}
