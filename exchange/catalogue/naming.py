"""A code with its name, as every answer gives it; a code that the catalogue does not know stands for itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from marshmallow import Schema, fields

from kernel.canonical import JSON
from kernel.text import Text


class Named(Protocol):
    """A member of the catalogue."""

    @property
    def name(self) -> Text:
        """What people call it."""
        ...


def named(code: str, name: Text | None) -> dict[str, JSON]:
    """``{"code": …, "name": {"zh": …, "en": …}}``."""
    return {"code": code, "name": (name or Text(code, code)).members()}


def named_in(known: Mapping[str, Named], code: str) -> dict[str, JSON]:
    """The same, with the name that the catalogue has for it."""
    found = known.get(code)
    return named(code, found.name if found is not None else None)


class NamedAnswer(Schema):
    """A code with its name in both languages."""

    code = fields.String(required=True)
    name = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
