"""Fields of forms as plain data, so that one macro draws them all; every value that was typed is shown again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kernel.text import Text


@dataclass(frozen=True, slots=True)
class Field:
    """One field. ``kind`` is text, area or radios; ``choices`` are the values of radios with their words."""

    name: str
    label: Text
    hint: Text | None = None
    kind: str = "text"
    choices: Sequence[tuple[str, Text]] = ()


YES_NO = (("no", Text("否", "no")), ("yes", Text("是", "yes")))
"""Choices of a question that is answered with yes or no."""


@dataclass(frozen=True, slots=True)
class Filled:
    """A field with what was typed, and what is wrong with it."""

    field: Field
    value: str
    error: str


def filled(fields: Sequence[Field], typed: Mapping[str, str], errors: Mapping[str, str]) -> list[Filled]:
    """The fields as they are to be drawn."""
    return [Filled(each, typed.get(each.name, ""), errors.get(each.name, "")) for each in fields]
