"""The connector port: what is asked, what comes back, and the laws that every adapter keeps (ADR 0009)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol, TypeAlias, runtime_checkable

from kernel.identifiers.subject import SubjectRef

Raw: TypeAlias = bool | int | str | Decimal | date | datetime | Sequence["Raw"] | Mapping[str, "Raw"] | None
"""A value as the source holds it. Decimal fractions are `Decimal`, never binary floats."""


@dataclass(frozen=True, slots=True)
class Query:
    """One look-up.

    Attributes:
        subject: the person or body whose record is wanted; its value is data, never part of a statement or an address.
        parameters: further named values that a manifest may refer to as ``{name}``.
        deadline: seconds the caller is willing to wait, counted from the call.
    """

    subject: SubjectRef
    parameters: Mapping[str, str] = field(default_factory=dict, repr=False)
    deadline: float = 2.0


@dataclass(frozen=True, slots=True)
class CertificateWord:
    """How another exchange says that the certificate stands that it delivered.

    Attributes:
        status: as it names it; ``unknown`` where nothing is on record there.
        since: when that took effect; None where it is not known.
        as_of: when it was looked up there.
        by: whose word it is, as an address.
    """

    status: str
    since: datetime | None
    as_of: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Record:
    """One record in the source's own words.

    Attributes:
        values: what the source holds, by the source's own names.
        source_time: when the source says its data was true (a file's modification time); None where it does not say.
        certificate: how the certificate stands that it is, where the source is an exchange and says so.
    """

    values: Mapping[str, Raw] = field(repr=False)
    source_time: datetime | None = None
    certificate: CertificateWord | None = None


class Connector(Protocol):
    """A way to one source.

    Laws, proved for every adapter by the tests of `connectors.kit`; of the fifth they see as much as this port shows,
    and what an adapter could write to is watched by its own (for ours: ``tests/security``, titled K1 or law 5).

    1. *Finds.* `fetch` returns exactly the records whose subject equals ``query.subject.value``, unmapped.
    2. *Not found is an answer.* An unknown subject gives an empty tuple, never an error.
    3. *Ambiguity is shown.* Several records are all returned; an adapter never chooses between them.
    4. *Data stays data.* No character of a subject or a parameter changes the statement, address or file that is
       used (attack cases K1, K4). A value the source cannot hold is an unknown subject.
    5. *Read only.* A look-up changes nothing in the source and may therefore be repeated once on a fresh connection.
    6. *Bounded.* An answer over the byte limit raises `SourceTooLarge` before it is held in memory (K3, K6).
    7. *In time.* Either `keeps_deadline` is true and `fetch` ends within ``query.deadline`` seconds whatever the
       source does, raising `SourceTimedOut`; or it is false and the source's own threads carry the call, so that the
       caller is released in time (K6).
    8. *One error tree.* Whatever goes wrong is a `SourceProblem`; none carries a host, table, column, path,
       credential or personal number, neither in its text nor in its chain.
    9. *Closed is closed.* After `close`, which may be called twice, `fetch` raises `SourceUnavailable`.
    """

    kind: str
    keeps_deadline: bool

    def fetch(self, query: Query) -> tuple[Record, ...]:
        """The subject's records, raw. Raises: SourceProblem."""
        ...

    def close(self) -> None:
        """Give back every connection, handle and thread."""
        ...


@runtime_checkable
class Enumerable(Protocol):
    """What a connector may be able to do besides: say of whom it holds records, for the return flow of data.

    10. *Lists in order.* `subjects` returns distinct subjects behind `after` in the source's own fixed order, at most
        `limit`, in time and bounded as `fetch` is; going on behind the last one reaches every subject that was there
        throughout. What is given out is where to go on, so it is given out as it is stored: an adapter that strips or
        folds it has lost its place. A source that cannot (``lists`` is false) raises `SourceUnavailable`.
    """

    lists: bool

    def subjects(self, after: str, limit: int, deadline: float) -> tuple[str, ...]:
        """As the source writes them; `after` "" for the first, `deadline` in seconds. Raises: SourceProblem."""
        ...


@dataclass(frozen=True, slots=True)
class Reshaped:
    """How the newest of what a source has given is made otherwise than what came before.

    Attributes:
        kind: ``vanished``, ``renamed`` (another stands in its place), ``format`` (its values can no longer be read),
            ``encoding``, ``width`` or ``new``.
        column: by the source's own name, one that a mapping reads; "" where it is none of them in particular.
        since: when it was noticed.
        count: of columns that nobody declared, for ``new``.
    """

    kind: str
    column: str
    since: datetime
    count: int = 1


@dataclass(frozen=True, slots=True)
class Standing:
    """How up to date a copy is.

    Attributes:
        as_of: when its data was true; None where there is no copy.
        trouble: why what it was made from cannot be looked at, as a problem's code and reason; "" where it can.
        since: since when it cannot.
    """

    as_of: datetime | None
    trouble: str = ""
    since: datetime | None = None


@runtime_checkable
class Copying(Protocol):
    """What a connector does besides that answers from a copy of its own: make it, and tell how it stands with it."""

    def prepare(self, seconds: float) -> None:
        """Be ready to answer, or give up after so many seconds. Raises nothing: the question will say what is wrong."""
        ...

    def reshaped(self) -> tuple[Reshaped, ...]:
        """How the newest is made otherwise, also where an earlier one answers. Asks nobody, and raises nothing."""
        ...

    def standing(self) -> Standing:
        """How old the copy is, and whether a newer one could be made. Asks nobody, and raises nothing."""
        ...
