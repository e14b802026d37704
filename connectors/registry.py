"""From a manifest to a source that can be asked. The one place where adapters are chosen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Self

from connectors.base import Query
from kernel.canonical import JSON
from kernel.clock import Clock


class Outcome(StrEnum):
    """What a look-up that succeeded says."""

    FOUND = "found"
    NOT_FOUND = "not-found"


@dataclass(frozen=True, slots=True)
class Retrieved:
    """What a source answered, in our words.

    Attributes:
        outcome: whether the source holds a record; NOT_FOUND is an answer of the source, not a failure.
        values: our fields; a field for which the source has no value is absent. Empty when NOT_FOUND.
        source_time: when the source says its data was true, or None where it does not say.
        retrieved_at: when the answer was complete here.
    """

    outcome: Outcome
    values: Mapping[str, JSON]
    source_time: datetime | None
    retrieved_at: datetime


class Source:
    """One source under its limits: deadline, byte limit, concurrency limit, breaker and mapping. Safe for threads."""

    name: str
    evidence_type: str
    trust_grade: str
    fields: frozenset[str]

    def retrieve(self, query: Query) -> Retrieved:
        """Look up one subject. Raises: SourceProblem, with `source` set to this source's name."""
        raise NotImplementedError

    def close(self) -> None:
        """Release connections, handles and threads; afterwards `retrieve` raises SourceUnavailable."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def build(
    manifest: Mapping[str, JSON], *, secrets: Callable[[str], str], roots: Sequence[Path], clock: Clock
) -> Source:
    """A source from a `kind: Connector` manifest that fits the schema.

    Args:
        manifest: the whole document: kind, metadata, spec.
        secrets: the value behind a secret's name; raises KeyError for an unknown one.
        roots: folders that file sources may live under.
        clock: for deadlines, the breaker and `retrieved_at`.

    Raises:
        SourceMisconfigured: a secret is unknown, a folder lies outside the roots, an expression does not compile.
    """
    raise NotImplementedError
