"""What an adapter brings to be tested: its source, in a state of the kit's choosing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from connectors.adapters import Adapter
from connectors.registry import STANDARD, build
from connectors.source import Source
from kernel.clock import Clock, SystemClock

Row = Mapping[str, str]
"""A row by column; a column that is not given is empty."""

COLUMNS = ("id", "full name", "born", "note")
"""The columns of every bench's source, spelled so; the subject stands in ``id``."""

FIELDS: Mapping[str, Any] = {
    "name": {"column": "full name", "required": True},
    "born": {"column": "born", "date": "yyyyMMdd"},
    "note": {"column": "note"},
}
"""The mapping of every bench's source; an adapter whose records are trees may use ``path`` in place of ``column``."""


FLOOD = 48 << 20
"""Bytes of an answer that nobody should hold in memory."""


class NoSuchState(Exception):
    """A source of this kind cannot be in the state. Its text says why; the law that needs the state is then skipped."""


def flood(cell: int) -> list[dict[str, str]]:
    """Rows of ``B1`` that hold `FLOOD` bytes together; `cell` of them stand in the note of each."""
    return [{"id": "B1", "full name": "李四", "note": "x" * cell}] * (FLOOD // cell)


class Bench(Protocol):
    """A source of one adapter in some state. ``limits`` are those of its manifest (``deadline_ms``, ``max_bytes`` …).

    The sources must be called ``people`` (`source` does that), since a law looks at the name in problems.
    """

    def healthy(self, rows: Sequence[Row], **limits: int) -> Source:
        """A source that holds these rows, in the columns of `COLUMNS`; several rows may have one ``id``."""
        ...

    def hanging(self, **limits: int) -> Source:
        """A source that takes longer to answer than anybody waits (some 20 s)."""
        ...

    def garbled(self, **limits: int) -> Source:
        """A source that answers what cannot be understood: another format, or without the columns."""
        ...

    def down(self, **limits: int) -> Source:
        """A source that cannot be reached, or reports a failure of its own."""
        ...

    def flooding(self, **limits: int) -> Source:
        """A source whose answer about ``B1`` holds `FLOOD` bytes or more once it is unpacked, or never ends.

        `flood` makes such rows. Where an answer can be compressed on its way, it should be: little is sent then.
        Raises: NoSuchState.
        """
        ...


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
    fields: Mapping[str, Any] | Sequence[str] = FIELDS,
    *,
    roots: Sequence[Path] = (),
    secrets: Mapping[str, str] | None = None,
    clock: Clock | None = None,
    adapters: Mapping[str, Adapter] = STANDARD,
    mapping: Mapping[str, Any] | None = None,
    **spec: Any,
) -> Source:
    """A source whose fields are as given; a list of names means columns of the same names.

    Raises SourceMisconfigured where the settings have findings.
    """
    rules = fields if isinstance(fields, Mapping) else {name: {"column": name} for name in fields}
    described = manifest(adapter, settings, {"fields": rules, **(mapping or {})}, **spec)
    return build(
        described, secrets=(secrets or {}).__getitem__, roots=roots, clock=clock or SystemClock(), adapters=adapters
    )
