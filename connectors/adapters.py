"""How an adapter is plugged in: what it makes of its part of a manifest, and how it opens the source."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from connectors.base import Connector, Query, Raw
from connectors.errors import SourceMisconfigured
from connectors.faults import fault
from connectors.further import LeaveOut
from kernel.clock import Clock
from kernel.entropy import Entropy, SystemEntropy


@dataclass(frozen=True, slots=True)
class Limits:
    """What a source may cost.

    Attributes:
        deadline: seconds a look-up may take, waiting for a place included.
        max_bytes: of one answer, as UTF-8.
        max_records: rows of one answer.
        concurrency: look-ups under way at a time.
        wait: seconds a look-up waits for a place.
        failures: in a row, after which the source is left alone.
        open_seconds: how long it is left alone.
        interval: seconds between the beginnings of two look-ups, at least.
        retry_once: whether a look-up that could not reach the source is made once more within its deadline.
    """

    deadline: float = 2.0
    max_bytes: int = 262_144
    max_records: int = 20
    concurrency: int = 8
    wait: float = 0.25
    failures: int = 5
    open_seconds: float = 10.0
    interval: float = 0.0
    retry_once: bool = False


Unreadable = Callable[[Mapping[str, Raw]], frozenset[str]]
"""The columns of a record of which the mapping cannot read what stands there."""


def all_readable(_record: Mapping[str, Raw]) -> frozenset[str]:
    """Where no mapping is known."""
    return frozenset()


@dataclass(frozen=True, slots=True)
class Opening:
    """What an adapter is handed to open its source.

    Attributes:
        name: the manifest's name.
        limits: to keep.
        secrets: the value behind a secret's name; raises KeyError for an unknown one.
        roots: folders that files may be read from.
        clock: for deadlines, and for what bears a time.
        entropy: for what is used once.
        cache: private folder for what an adapter keeps between two starts; None where it keeps nothing.
        unreadable: what of a record the mapping cannot read, for an adapter that sees many before they are asked for.
        mapping: digest of that mapping, for an adapter that remembers between two starts what could not be read.
    """

    name: str
    limits: Limits
    secrets: Callable[[str], str]
    roots: Sequence[Path]
    clock: Clock
    entropy: Entropy = field(default_factory=SystemEntropy)
    cache: Path | None = None
    unreadable: Unreadable = all_readable
    mapping: str = ""

    def secret(self, name: str) -> str:
        """The value behind a secret's name. Raises: SourceMisconfigured."""
        try:
            return self.secrets(name)
        except KeyError:
            raise SourceMisconfigured("secret-unknown") from None


@dataclass(frozen=True, slots=True)
class Adapter:
    """One kind of source.

    Attributes:
        parse: from its part of the manifest and the columns the mapping reads, to settings of its own type. Pure: it
            opens nothing. Raises ManifestFault.
        open: from those settings to a connector. Raises SourceMisconfigured; a source that is merely down is opened.
        settings_schema: the JSON Schema of its part, where the published schema does not hold it already.
        answers_later: whether nobody is asked while the caller waits (a person answers); its connector is never asked.
        leave_out: what is left out of its part where answers to further questions are not there (yet); None where it
            can only be asked with all of them.
        beside: from a connector to another with such settings over the same source; None where the source is simply
            opened twice.
        relays: from its settings to the names of questions that the source may have of its own, and whose answers may
            go to it; None where it has none.
    """

    parse: Callable[[Mapping[str, Any], frozenset[str]], Any]
    open: Callable[[Any, Opening], Connector]
    settings_schema: Mapping[str, Any] | None = None
    answers_later: bool = False
    leave_out: LeaveOut | None = None
    beside: Callable[[Connector, Any], Connector] | None = None
    relays: Callable[[Any], frozenset[str]] | None = None


def allowed_columns(settings: Mapping[str, Any], mapped: frozenset[str]) -> tuple[str, ...]:
    """The columns that may be read: those listed, or else those the mapping names. Raises: ManifestFault."""
    listed = settings.get("columns")
    if listed is None:
        if not mapped:
            raise fault((), "请列出 columns", "list the columns")
        return tuple(sorted(mapped))
    if missing := sorted(mapped - set(listed)):
        names = ", ".join(missing)
        raise fault(
            ("columns",), f"映射用到的列未列出：{names}", f"the mapping reads columns that are not listed: {names}"
        )
    return tuple(dict.fromkeys(listed))


def spellings(query: Query, lower_case_too: bool) -> tuple[str, ...]:
    """How the subject may be written in a source: as given, and in small letters where a manifest says so."""
    value = query.subject.value
    return (value, value.lower()) if lower_case_too else (value,)
