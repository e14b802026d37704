"""Evidence schemas, records, requests and permits made from a seed: millions of them in a short time."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kernel.identifiers.masking import Mask
from tests.cases import seeds, sized

CASES, OF_A_SEED = sized(10_000, 1_000_000), 1_000
"""Samples a law is tried on."""

NAMES = [f"field_{letter}" for letter in "abcdefgh"]
_DEEPEST = 3
_ODD = [None, True, False, 0, -1, 7, 2**60, "", "a", "b", "长期", "2026-11-23", "2026-02-30", "张三", [], {}, "x" * 40]


@dataclass(frozen=True)
class Sample:
    """One look-up: the schema of its type, the record a source gave, what was asked and what was granted."""

    schema: dict[str, Any]
    record: dict[str, Any]
    asked: tuple[str, ...]
    granted: dict[str, Mask]


def samples(cases: int, start: int) -> Iterator[Sample]:
    """As many as asked for, or a few more; the same for the same numbers."""
    for seed in seeds(-(-cases // OF_A_SEED), start):
        dice = random.Random(seed)
        yield from (sample(dice) for _ in range(OF_A_SEED))


def sample(dice: random.Random) -> Sample:
    """A sample; its record fits its schema about half the time."""
    schema = _object_schema(dice, _DEEPEST, least=1)
    record = _object(dice, schema) if dice.random() < 0.8 else _anything(dice, _DEEPEST)
    asked = tuple(dice.sample(NAMES, dice.randint(1, len(NAMES))))
    granted = {name: dice.choice(list(Mask)) for name in dice.sample(NAMES, dice.randint(0, len(NAMES)))}
    return Sample(schema, record if isinstance(record, dict) else {"field_a": record}, asked, granted)


def _object_schema(dice: random.Random, depth: int, least: int = 0) -> dict[str, Any]:
    names = dice.sample(NAMES, dice.randint(least, 5))
    schema: dict[str, Any] = {"type": "object", "properties": {name: _schema(dice, depth - 1) for name in names}}
    if dice.random() < 0.3:
        schema["required"] = dice.sample(names, dice.randint(0, len(names)))
    return schema


def _schema(dice: random.Random, depth: int) -> dict[str, Any]:
    kinds = ["string"] * 4 + ["integer", "boolean"] + (["array", "object"] if depth > 0 else [])
    kind = dice.choice(kinds)
    if kind == "object":
        return _object_schema(dice, depth)
    if kind == "array":
        return {"type": "array", "items": _schema(dice, depth - 1), "maxItems": dice.randint(0, 3)}
    if kind == "integer":
        return {"type": "integer", "minimum": dice.randint(-5, 5), "maximum": dice.randint(6, 99)}
    return _string_schema(dice) if kind == "string" else {"type": "boolean"}


def _string_schema(dice: random.Random) -> dict[str, Any]:
    return dice.choice(
        [
            {"type": "string"},
            {"type": "string", "minLength": dice.randint(0, 2), "maxLength": dice.randint(2, 30)},
            {"type": "string", "enum": ["a", "b"]},
        ]
    )


def _object(dice: random.Random, schema: dict[str, Any]) -> dict[str, Any]:
    names = [name for name in schema["properties"] if dice.random() < 0.9]
    record = {name: _value(dice, schema["properties"][name]) for name in names}
    if dice.random() < 0.1:
        record[dice.choice(NAMES)] = dice.choice(_ODD)
    return record


def _value(dice: random.Random, schema: dict[str, Any]) -> Any:
    if dice.random() < 0.05:
        return dice.choice(_ODD)
    kind = schema["type"]
    if kind == "object":
        return _object(dice, schema)
    if kind == "array":
        return [_value(dice, schema["items"]) for _ in range(dice.randint(0, 3))]
    if kind == "integer":
        return dice.randint(-5, 99)
    if kind == "boolean":
        return dice.random() < 0.5
    return (
        dice.choice(schema["enum"]) if "enum" in schema else "".join(dice.choices("张三abc123-", k=dice.randint(0, 20)))
    )


def _anything(dice: random.Random, depth: int) -> Any:
    if depth > 0 and dice.random() < 0.5:
        return {dice.choice([*NAMES, "other"]): _anything(dice, depth - 1) for _ in range(dice.randint(0, 4))}
    return dice.choice(_ODD)
