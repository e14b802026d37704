"""Fields of administration forms as plain data, so that one template draws them all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypedDict


class Choice(TypedDict):
    """One box or one button; ``name`` differs for boxes, since no form of ours sends a name twice."""

    name: str
    value: str
    text: str
    checked: bool


class Field(TypedDict):
    """``kind``: text, area, boxes, radios or hidden."""

    kind: str
    name: str
    label: str
    hint: str
    value: str
    choices: list[Choice]


def text(name: str, label: str, value: str = "", hint: str = "") -> Field:
    """One line."""
    return Field(kind="text", name=name, label=label, hint=hint, value=value, choices=[])


def hidden(name: str, value: str) -> Field:
    """What the form was shown with, to be sent along."""
    return Field(kind="hidden", name=name, label="", hint="", value=value, choices=[])


def area(name: str, label: str, value: str = "", hint: str = "") -> Field:
    """Several lines."""
    return Field(kind="area", name=name, label=label, hint=hint, value=value, choices=[])


def boxes(name: str, label: str, options: Mapping[str, str], chosen: Iterable[str], hint: str = "") -> Field:
    """Any number of these."""
    picked = set(chosen)
    choices = [
        Choice(name=f"{name}-{value}", value="on", text=words, checked=value in picked)
        for value, words in options.items()
    ]
    return Field(kind="boxes", name=name, label=label, hint=hint, value="", choices=choices)


def radios(name: str, label: str, options: Mapping[str, str], chosen: str, hint: str = "") -> Field:
    """One of these."""
    choices = [Choice(name=name, value=value, text=words, checked=value == chosen) for value, words in options.items()]
    return Field(kind="radios", name=name, label=label, hint=hint, value="", choices=choices)


def ticked(sent: Mapping[str, str], name: str, options: Iterable[str]) -> tuple[str, ...]:
    """The boxes that were ticked, in the order of the options."""
    return tuple(option for option in options if sent.get(f"{name}-{option}") == "on")


def lines(value: str) -> list[str]:
    """The lines that say something."""
    return [line.strip() for line in value.splitlines() if line.strip()]
