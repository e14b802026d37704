"""Evidence types and mappings to them, made from a seed: names that look alike, and places that paths stumble on."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from kernel.canonical import JSON
from tests.property.canaries import Canaries

NAMES = [
    "name",
    "name_",
    "nam",
    "names",
    "name_1",
    "name_10",
    "name_of",
    "n",
    "id",
    "id_no",
    "id_no_",
    "idno",
    "address",
    "address_street",
    "addres",
    "a",
    "a_",
    "aa",
    "data",
    "answers",
    "status",
    "type",
    "jws",
    "receipt",
    "provenance",
    "claims",
    "evidence",
    "fields",
    "values",
    "source_time",
    "division",
    "masks",
    "problem",
    "title",
    "until",
    "since",
]
"""Our fields: alike, prefixes of one another, and names that answers themselves use."""
COLUMNS = [
    "姓名",
    "姓名2",
    "姓",
    "号码",
    "身份证号",
    "住址",
    "a/b",
    "a~1b",
    "a~0b",
    "~",
    "/",
    "a.b",
    "a",
    "$ref",
    "__proto__",
    "name",
    "address",
    "id",
    "values",
    "*",
    "x y",
    "甲'乙",
    '甲"乙',
    "@",
    "[0]",
]
"""Places of the source: Chinese, with everything that paths give a meaning to, and called like fields of ours."""
OBJECTS, LISTS = ("户", "owner", "own", "户主", "o/o"), ("行", "rows", "row")
SOURCE_TIME, TIME_OF = "source_time", "于"
INSIDE, OUTSIDE = ("500103", "500199001", "500000"), ("510000", "500", "不详")
"""Divisions of records, seen from a department of 500000."""
LARGEST = 9
MASKABLE = frozenset({"text", "name", "digits", "date", "code", "list"})
"""Kinds of fields that are text to us, or lists of texts."""

Steps = tuple[str | int, ...]
"""The way to a value: members by name, places of a list by number; EVERY stands for all of them."""
EVERY = -1


@dataclass(frozen=True, eq=False)
class Plan:
    """One field of ours, and where the source has it."""

    name: str
    kind: str
    place: Steps
    rule: Mapping[str, Any]
    inner: bool = False
    """Whether it stands inside a list that is gathered from several rows."""


@dataclass(frozen=True)
class Design:
    """An evidence type, and the mapping to it; ``lists`` are the fields that are gathered (True: of single values)."""

    plans: tuple[Plan, ...]
    schema: dict[str, JSON]
    lists: Mapping[str, bool]
    chosen_by: str | None
    dated: bool
    timed: tuple[str, ...]
    """Fields of which the source says when they were true."""

    def mapping(self) -> dict[str, Any]:
        """The ``mapping`` of a connector manifest."""
        fields = {plan.name: dict(plan.rule) | _where(plan.place) for plan in self.plans}
        for name in self.timed:
            fields[name]["time"] = {"column": f"{name}{TIME_OF}"}
        return {"fields": fields} | ({SOURCE_TIME: {"column": f"{SOURCE_TIME}{TIME_OF}"}} if self.dated else {})

    def more(self) -> dict[str, Any]:
        """What its connector manifest says besides."""
        inner = [plan.name for plan in self.plans if plan.inner]
        if self.lists:
            return {"gather": {name: inner[0] if single else inner for name, single in self.lists.items()}}
        return {} if self.chosen_by is None else {"choose": {"greatest": self.chosen_by}}

    def kind_of(self, name: str) -> str:
        """The kind of a field: that of its plan, or ``rows`` and ``list`` of a gathered one."""
        if name in self.lists:
            plain = next(plan.kind for plan in self.plans if plan.inner) not in {"integer", "boolean"}
            return "list" if self.lists[name] and plain else "rows"
        return next(plan.kind for plan in self.plans if plan.name == name)


def design(dice: random.Random, fixed: Canaries, most: int = LARGEST) -> Design:
    """A design of at most so many fields. ``fixed`` are canaries of the manifest itself."""
    names = dice.sample(NAMES, dice.randint(1, most))
    places = _Places(dice)
    gathers = len(names) > 2 and dice.random() < 0.2
    plans = tuple(
        _plan(dice, fixed, places, name, inner=gathers and number < 2, coded=number > 1)
        for number, name in enumerate(names)
    )
    lists: dict[str, bool] = {}
    if gathers:
        single = dice.random() < 0.4
        if single:
            plans = (plans[0], replace(plans[1], inner=False), *plans[2:])
        lists = {next(name for name in NAMES if name not in names): single}
    ordered = [plan.name for plan in plans if plan.kind in {"date", "integer"}]
    chosen = dice.choice(ordered) if ordered and not gathers and dice.random() < 0.3 else None
    timed = () if gathers or chosen else tuple(plan.name for plan in plans if plan.place and dice.random() < 0.1)
    return Design(plans, _schema(plans, lists), lists, chosen, dice.random() < 0.4, timed)


def _plan(dice: random.Random, fixed: Canaries, places: _Places, name: str, *, inner: bool, coded: bool) -> Plan:
    kinds = ["text", "text", "text", "name", "digits", "integer", "decimal", "date", "boolean"]
    kind = dice.choice(
        kinds if inner else [*kinds, "list", "list", "division", *(["code", "constant"] if coded else [])]
    )
    rule = dict(_RULES.get(kind, {}))
    if kind == "constant":
        return Plan(name, kind, (), {"constant": fixed.word(5)})
    if kind == "code":
        rule["codes"] = {fixed.word(3): fixed.word(5) for _ in range(3)}
    if dice.random() < 0.1:
        rule["required"] = True
    return Plan(name, kind, places.take(several=kind == "list"), rule, inner)


_RULES: Mapping[str, Mapping[str, Any]] = {
    "name": {"normalise": "name"},
    "digits": {"type": "text"},
    "integer": {"type": "integer"},
    "decimal": {"type": "decimal"},
    "boolean": {"type": "boolean"},
    "date": {"date": ["yyyyMMdd", "yyyy-MM-dd"]},
    "list": {"several": True},
}
_SCHEMAS: Mapping[str, Mapping[str, Any]] = {
    "integer": {"type": "integer"},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "list": {"type": "array", "items": {"type": "string", "maxLength": 40}},
}


def _schema(plans: Sequence[Plan], lists: Mapping[str, bool]) -> dict[str, Any]:
    own = {plan.name: dict(_SCHEMAS.get(plan.kind, {"type": "string", "maxLength": 40})) for plan in plans}
    inner = {plan.name: own.pop(plan.name) for plan in plans if plan.inner}
    for name, single in lists.items():
        row = next(iter(inner.values())) if single else {"type": "object", "properties": inner}
        own[name] = {"type": "array", "items": row}
    return {"type": "object", "properties": own}


class _Places:
    """Ways into a source's record; no two end in one place, and none runs through another."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self._columns = dice.sample(COLUMNS, len(COLUMNS))
        self._inner = {name: dice.sample(COLUMNS, len(COLUMNS)) for name in (*OBJECTS, *LISTS)}

    def take(self, *, several: bool) -> Steps:
        """A free one."""
        if several and self._dice.random() < 0.7:
            return f"{self._columns.pop()}们", EVERY, self._columns.pop()
        shape = self._dice.random()
        if several or shape < 0.4:
            return (self._columns.pop(),)
        if shape < 0.8:
            outer = self._dice.choice(OBJECTS)
            return outer, self._inner[outer].pop()
        outer = self._dice.choice(LISTS)
        return outer, self._dice.randint(0, 1), self._inner[outer].pop()


def _where(place: Steps) -> dict[str, str]:
    if not place:
        return {}
    if len(place) == 1:
        return {"column": str(place[0])}
    steps = ["[*]" if step == EVERY else f"[{step}]" if isinstance(step, int) else json.dumps(step) for step in place]
    return {"path": ".".join(steps).replace(".[", "[")}
