"""Forms made from a published JSON Schema: a member that the schema is given later has a field.

A field's name is the place in the interface's body, a prefix and the path inside the object, so that whatever the
interface says about a place stands beside the field.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import orjson

from exchange.console.forms import YES_NO, Field
from kernel.text import Text

_LONGEST_NUMBER = 10
MAY_BE_LEFT_OUT = Text("可不选", "may be left out")

Words = Mapping[str, Mapping[str, tuple[Text, Text | None]]]
"""Label and hint by member, and by the path below it."""


@dataclass(frozen=True, slots=True)
class Part:
    """One value that has a field of its own: the field's name, where the value stands, what its schema says of it.

    ``is_required``: the object means nothing without it.
    """

    name: str
    path: tuple[str, ...]
    kind: str
    node: Mapping[str, Any]
    is_required: bool


@dataclass(frozen=True)
class SchemaForm:
    """The form of one object.

    Attributes:
        prefix: what the names of its fields begin with.
        node: its schema; ``defs`` what that refers to.
        words: what its members are called, in the order of the form; what they do not know yet comes last.
        choices: values of closed lists in words.
    """

    prefix: str
    node: Mapping[str, Any]
    defs: Mapping[str, Any]
    words: Words
    choices: Mapping[str, Text]

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """Every value of the object, in the order in which people say them."""
        properties: Mapping[str, Any] = self.node["properties"]
        known = [name for name in self.words if name in properties]
        ordered = [*known, *(name for name in properties if name not in self.words)]
        required = self.node.get("required", ())
        return tuple(part for name in ordered for part in self._parts((name,), properties[name], name in required))

    def fields(self, *without: str) -> tuple[Field, ...]:
        """The fields of the form, without some members."""
        return tuple(self._field(part) for part in self.parts if part.path[0] not in without)

    def read(self, typed: Mapping[str, str], *without: str) -> dict[str, Any]:
        """The object of the interface's body; what was left empty is left out, so that the interface says what lacks.

        What cannot be read as what it should be stays as it was typed, for the interface to refuse.
        """
        found: dict[str, Any] = {}
        for part in self.parts:
            value = typed.get(part.name, "").strip()
            if value and part.path[0] not in without:
                at = found
                for name in part.path[:-1]:
                    at = at.setdefault(name, {})
                at[part.path[-1]] = _READERS[part.kind](value)
        return found

    def typed(self, said: Mapping[str, Any]) -> dict[str, str]:
        """What the form would have held for an object as the interface tells it: all of it, nothing is lost."""
        found: dict[str, str] = {}
        for part in self.parts:
            value: Any = said
            for name in part.path:
                value = value.get(name) if isinstance(value, Mapping) else None
            if value is not None:
                found[part.name] = _written(part.kind, value)
        return found

    def missing(self, typed: Mapping[str, str]) -> tuple[str, ...]:
        """The fields without which it means nothing, and that hold nothing."""
        return tuple(part.name for part in self.parts if part.is_required and not typed.get(part.name, "").strip())

    def _parts(self, path: tuple[str, ...], node: Mapping[str, Any], is_required: bool) -> Iterator[Part]:
        whole = self._resolved(node)
        kind = whole.get("type", "string")
        if kind == "object" and "properties" in whole:
            needed = whole.get("required", ())
            for name, inner in whole["properties"].items():
                yield from self._parts((*path, name), inner, is_required and name in needed)
            return
        if kind == "array":
            kind = "list" if self._holds_text(whole.get("items", {})) else "json"
        elif kind == "object":
            kind = "pairs"
        elif "enum" in whole:
            kind = "choice"
        yield Part(self.prefix + ".".join(path), path, kind, whole, is_required)

    def _resolved(self, node: Mapping[str, Any]) -> Mapping[str, Any]:
        return {**self.defs[node["$ref"].rpartition("/")[2]], **node} if "$ref" in node else node

    def _holds_text(self, items: Mapping[str, Any]) -> bool:
        whole = self._resolved(items)
        return "enum" in whole or whole.get("type") == "string"

    def _field(self, part: Part) -> Field:
        label, hint = self._words(part)
        if part.kind == "boolean":
            return Field(part.name, label, hint or MAY_BE_LEFT_OUT, "radios", YES_NO)
        if part.kind == "choice":
            named = [(value, self.choices.get(value, Text(value, value))) for value in part.node["enum"]]
            return Field(part.name, label, hint, "radios", named)
        return Field(part.name, label, hint, "area" if part.kind in {"list", "pairs", "json"} else "text")

    def _words(self, part: Part) -> tuple[Text, Text | None]:
        """What the field is called. Without words of its own it has those of the schema, so that it can be filled."""
        known = self.words.get(part.path[0], {}).get(".".join(part.path[1:]))
        if known is not None:
            return known
        said = str(part.node.get("description", "")) or None
        name = ".".join(part.path)
        return Text(name, name), None if said is None else Text(said, said)


def _written(kind: str, value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if kind == "list" and isinstance(value, list):
        return "\n".join(map(str, value))
    if kind == "pairs" and isinstance(value, Mapping):
        return "\n".join(f"{name}: {inner}" for name, inner in value.items())
    return orjson.dumps(value).decode() if kind == "json" else str(value)


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip()]


def _pairs(text: str) -> Any:
    read = [line.replace("：", ":").partition(":") for line in _lines(text)]
    return {name.strip(): value.strip() for name, _colon, value in read}


def _number(text: str) -> Any:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER else text


def _json(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


_READERS: Mapping[str, Any] = {
    "string": str,
    "choice": str,
    "list": _lines,
    "pairs": _pairs,
    "integer": _number,
    "boolean": lambda text: text == "yes",
    "json": _json,
}
