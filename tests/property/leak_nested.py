"""Evidence types with objects within objects and lists within lists, and records of them: no adapter of today answers
so, and an adapter of tomorrow may.
"""

from __future__ import annotations

import random
from typing import Any

from kernel.canonical import JSON
from tests.property.canaries import Canaries
from tests.property.leak_designs import NAMES

DEEPEST = 3


def schema(dice: random.Random, most: int, depth: int = DEEPEST) -> dict[str, Any]:
    """The schema of an object with at most so many members."""
    names = dice.sample(NAMES, dice.randint(1, most))
    made: dict[str, Any] = {"type": "object", "properties": {name: _member(dice, depth - 1) for name in names}}
    if dice.random() < 0.2:
        made["required"] = dice.sample(names, 1)
    return made


def _member(dice: random.Random, depth: int) -> dict[str, Any]:
    kind = dice.choice(["string", "string", "string", "integer", *(["object", "array", "array"] if depth else [])])
    if kind == "object":
        return schema(dice, 3, depth)
    if kind == "array":
        return {"type": "array", "items": _member(dice, depth - 1)}
    return {"type": kind}


def record(dice: random.Random, of: dict[str, Any], canaries: Canaries) -> tuple[dict[str, JSON], bool]:
    """A record, and whether it fits: one that has an undeclared member anywhere, or lacks a required one, does not."""
    value = _value(dice, of, canaries)
    fits = _fits(of, value)
    if dice.random() < 0.15:
        inner = dice.choice(_objects(value))
        inner[canaries.word(1) if dice.random() < 0.5 else dice.choice(NAMES)] = canaries.word(3)
        fits = _fits(of, value)
    return value, fits


def _value(dice: random.Random, of: dict[str, Any], canaries: Canaries) -> Any:
    if of["type"] == "object":
        chosen = {name: one for name, one in of["properties"].items() if dice.random() < 0.9}
        return {name: _value(dice, one, canaries) for name, one in chosen.items()}
    if of["type"] == "array":
        return [_value(dice, of["items"], canaries) for _ in range(dice.randint(0, 2))]
    return canaries.number() if of["type"] == "integer" else canaries.word(dice.randint(1, 9))


def _objects(value: Any) -> list[dict[str, Any]]:
    """Every object within a value, itself included."""
    if isinstance(value, dict):
        return [value, *(one for member in value.values() for one in _objects(member))]
    return [one for member in value for one in _objects(member)] if isinstance(value, list) else []


def _fits(of: dict[str, Any], value: Any) -> bool:
    if of["type"] == "object":
        known = of["properties"]
        named = isinstance(value, dict) and value.keys() <= known.keys() and {*of.get("required", ())} <= value.keys()
        return named and all(_fits(known[name], member) for name, member in value.items())
    if of["type"] == "array":
        return isinstance(value, list) and all(_fits(of["items"], member) for member in value)
    return type(value) is {"integer": int, "string": str}[of["type"]]
