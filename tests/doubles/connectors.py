"""Sources for tests, from the smallest manifest that says what a test is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from connectors.adapters import Adapter
from connectors.base import Query
from connectors.registry import STANDARD, Retrieved, Source, build
from kernel.clock import Clock, SystemClock
from kernel.identifiers.subject import SubjectRef


def manifest(adapter: str, settings: Mapping[str, Any], mapping: Mapping[str, Any], **spec: Any) -> dict[str, Any]:
    """A `kind: Connector` manifest called ``people``."""
    return {
        "kind": "Connector",
        "metadata": {"name": "people"},
        "spec": {
            "evidence_type": "person",
            "adapter": adapter,
            "trust_grade": "A",
            adapter: dict(settings),
            "mapping": dict(mapping),
            **spec,
        },
    }


def source(
    adapter: str,
    settings: Mapping[str, Any],
    fields: Mapping[str, Any] | Sequence[str],
    *,
    roots: Sequence[Path] = (),
    secrets: Mapping[str, str] | None = None,
    clock: Clock | None = None,
    adapters: Mapping[str, Adapter] = STANDARD,
    mapping: Mapping[str, Any] | None = None,
    **spec: Any,
) -> Source:
    """A source whose fields are as given; a list of names means columns of the same names."""
    rules = fields if isinstance(fields, Mapping) else {name: {"column": name} for name in fields}
    described = manifest(adapter, settings, {"fields": rules, **(mapping or {})}, **spec)
    return build(
        described, secrets=(secrets or {}).__getitem__, roots=roots, clock=clock or SystemClock(), adapters=adapters
    )


def retrieve(asked: Source, value: str = "A1", *, deadline: float = 5.0, **parameters: str) -> Retrieved:
    """What a source says about a subject."""
    return asked.retrieve(Query(SubjectRef("citizen-number", value), parameters, deadline))


def values(asked: Source, value: str = "A1", **parameters: str) -> Mapping[str, Any]:
    """The fields of a subject, empty where there is none."""
    return retrieve(asked, value, **parameters).values
