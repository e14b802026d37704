"""How a file is laid out, and how the next one is laid out otherwise (ADR 0064).

Of columns that nobody declared only digests are kept, to count those that come: a file without a header has somebody's
record where the header should be. Values are read as the mapping reads them, of some rows only, and none is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import BinaryIO, Self

from connectors.adapters import Unreadable
from connectors.base import Raw
from connectors.files.lines import lines_before_an_endless_one
from connectors.files.settings import FileSettings

FIRST, THEN_EVERY = 1000, 1000
"""Rows of a file that are read as the mapping reads them: so many, then one of so many."""
LEAST_FILLED = 20
"""Values of a column below which a share of them says nothing."""
_LINES = 200
_MOST = 0.5
"""Share of these lines that do not fit: below it lines are torn, above it the file is made otherwise."""


@dataclass(frozen=True, slots=True)
class Form:
    """What is remembered of the file that answers.

    Attributes:
        width: columns.
        places: where the columns that are read stand, from 0.
        others: digests of the names of all other columns.
        unreadable: by column, the share of its values that the mapping cannot read, 0.0 included. A column of which no
            file yet has held enough values is left out.
        mapping: digest of that mapping; "" where it is not known.
    """

    width: int
    places: Mapping[str, int]
    others: tuple[str, ...]
    unreadable: Mapping[str, float]
    mapping: str = ""

    def after(self, before: Form | None) -> Self:
        """The same, with what only an earlier file shows: a file of few changes measures little itself."""
        return self if before is None else replace(self, unreadable={**before.unreadable, **self.unreadable})


@dataclass
class Shares:
    """By column, how many of the values that are looked at cannot be read."""

    unreadable: Unreadable
    _filled: dict[str, int] = field(default_factory=dict)
    _failed: dict[str, int] = field(default_factory=dict)

    def count(self, record: Mapping[str, Raw]) -> None:
        """Look at a record."""
        failed = self.unreadable(record)
        for name, value in record.items():
            if value is not None and value != "":
                self._filled[name] = self._filled.get(name, 0) + 1
                self._failed[name] = self._failed.get(name, 0) + (name in failed)

    def measured(self) -> Mapping[str, float]:
        """The share by column, where it says anything."""
        filled = {name: number for name, number in sorted(self._filled.items()) if number >= LEAST_FILLED}
        return {name: self._failed[name] / number for name, number in filled.items()}


@dataclass
class Survey:
    """What is seen of a file while it is read; ``mapping`` is the digest of what says which values are unreadable."""

    unreadable: Unreadable
    mapping: str = ""
    header: Sequence[str] = ()
    needed: Sequence[str] = ()
    _rows: int = 0
    _shares: Shares = field(init=False)

    def __post_init__(self) -> None:
        self._shares = Shares(self.unreadable)

    def begin(self, header: Sequence[str], needed: Sequence[str]) -> None:
        """The names of its columns, and of those that are read."""
        self.header, self.needed = header, needed

    def row(self, columns: Sequence[str], values: Sequence[Raw]) -> None:
        """One of its rows."""
        self._rows += 1
        if self._rows <= FIRST or self._rows % THEN_EVERY == 0:
            self._shares.count(dict(zip(columns, values, strict=True)))

    def form(self) -> Form:
        """What to remember of it."""
        return Form(
            width=len(self.header),
            places={name: self.header.index(name) for name in self.needed if name in self.header},
            others=tuple(sorted({_digest(name) for name in self.header if name not in self.needed})),
            unreadable=self._shares.measured(),
            mapping=self.mapping,
        )


def measured_anew(form: Form, sample: Iterable[Mapping[str, Raw]], unreadable: Unreadable, mapping: str) -> Form:
    """A form whose values another mapping has read, as the one with the digest ``mapping`` reads some of its rows."""
    shares = Shares(unreadable)
    for record in sample:
        shares.count(record)
    return replace(form, unreadable=shares.measured(), mapping=mapping)


def no_longer_read(before: Form, now: Form, most: float) -> tuple[str, ...]:
    """Columns of which more than the share ``most`` of the values cannot be read, and fewer could not be before.

    Of a column that no file before has shown enough values of, nothing is known that could have changed.
    """
    known = now.unreadable.keys() & before.unreadable.keys()
    return tuple(sorted(name for name in known if now.unreadable[name] > most >= before.unreadable[name]))


def renamed(before: Form, survey: Survey, missing: Iterable[str]) -> frozenset[str]:
    """Those of the missing columns in whose places another stands, in a file with as many columns, that is new."""
    if len(survey.header) != before.width:
        return frozenset()
    known = {*before.places, *survey.needed}
    return frozenset(
        name
        for name in missing
        if name in before.places
        and (there := survey.header[before.places[name]]) not in known
        and _digest(there) not in before.others
    )


def made_otherwise(file: BinaryIO, settings: FileSettings) -> str:
    """Whether most lines of an unusable file are in another encoding (``encoding``) or of another ``width``; or ""."""
    file.seek(0)
    strange = others = wrong = seen = 0
    for number, line in lines_before_an_endless_one(file):
        if number <= settings.skip_rows or not line.strip():
            continue
        text = _text(line, settings.encoding)
        others += not line.isascii()
        strange += text is None
        if settings.layout is not None and text is not None:
            wrong += len(line if settings.layout.unit == "bytes" else text) != settings.layout.width
        seen += 1
        if seen == _LINES:
            break
    if others and strange > _MOST * others:
        return "encoding"
    return "width" if wrong > _MOST * seen else ""


def _text(line: bytes, encoding: str) -> str | None:
    try:
        return line.decode(encoding)
    except UnicodeDecodeError:
        return None


def _digest(name: str) -> str:
    return sha256(name.encode()).hexdigest()[:16]
