"""Sources for tests, from the smallest manifest that says what a test is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.base import Query
from connectors.kit.bench import manifest, source
from connectors.source import Retrieved, Source
from kernel.identifiers.subject import SubjectRef

__all__ = ["manifest", "retrieve", "source", "values"]


def retrieve(asked: Source, value: str = "A1", *, deadline: float = 5.0, **parameters: str) -> Retrieved:
    """What a source says about a subject."""
    return asked.retrieve(Query(SubjectRef("citizen-number", value), parameters, deadline))


def values(asked: Source, value: str = "A1", **parameters: str) -> Mapping[str, Any]:
    """The fields of a subject, empty where there is none."""
    return retrieve(asked, value, **parameters).values
