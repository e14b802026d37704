"""Finding published entries: by words, in order of how well they fit, a page at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, literal, select, tuple_
from sqlalchemy.sql.selectable import FromClause

from exchange.catalogue.indexing import Searchable
from exchange.catalogue.words import LAST, Term
from exchange.store.tables import catalogue_entry, catalogue_word

ENOUGH = 2000
"""Entries after which a word counts as frequent: it does not matter by how much."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ended: the score and the number of its last entry."""

    score: int
    entry: int


@dataclass(frozen=True, slots=True)
class Filters:
    """What entries must be besides holding the words; None means any."""

    organisation: str | None = None
    share_type: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Names of one page in order, how many there are in all, and where the next page begins (None: nowhere)."""

    names: tuple[str, ...]
    total: int
    following: Place | None


def put(connection: Connection, entries: Iterable[Searchable]) -> None:
    """Write these entries over those of the same kind and name. Called in the transaction that publishes them."""
    rows: list[dict[str, object]] = []
    for one in entries:
        remove(connection, one.kind, one.name)
        statement = insert(catalogue_entry).values(
            kind=one.kind,
            name=one.name,
            organisation=one.organisation,
            share_type=one.share_type,
            words=one.text,
        )
        key = connection.execute(statement.returning(catalogue_entry.c.id)).scalar_one()
        rows += [{"word": word, "kind": one.kind, "entry": key, "weight": n} for word, n in one.weights.items()]
    if rows:
        connection.execute(insert(catalogue_word), rows)


def remove(connection: Connection, kind: str, name: str) -> None:
    """Forget an entry; nothing happens when there is none."""
    is_it = and_(catalogue_entry.c.kind == kind, catalogue_entry.c.name == name)
    found = connection.scalar(select(catalogue_entry.c.id).where(is_it))
    if found is not None:
        connection.execute(delete(catalogue_word).where(catalogue_word.c.entry == found))
        connection.execute(delete(catalogue_entry).where(is_it))


def find(
    connection: Connection, kind: str, terms: Sequence[Term], filters: Filters, after: Place | None, limit: int
) -> Page:
    """The entries of a kind that hold every term, best first; ``terms`` is not empty."""
    first, *others = [_matches(each, kind) for each in _conditions(connection, terms, kind)]
    source: FromClause = first
    for other in others:
        # The sum keeps SQLite from turning the join round: the rarest condition is to lead.
        source = source.join(other, other.c.entry == first.c.entry + 0)
    more = [
        *_filtered(filters),
        *(catalogue_entry.c.words.contains(term.phrase, autoescape=True) for term in terms if term.phrase),
    ]
    if more:  # entries themselves are looked at only where their words do not say enough
        source = source.join(catalogue_entry, catalogue_entry.c.id == first.c.entry)
    score = sum((other.c.weight for other in others), start=first.c.weight).label("score")
    found = select(first.c.entry, score, func.count().over().label("total")).select_from(source).where(*more)
    return _page(connection, found.subquery(), after, limit)


Condition = tuple[str, str]
"""First and last word of a range, the last excluded; '' for exactly the first."""


def _conditions(connection: Connection, terms: Sequence[Term], kind: str) -> list[Condition]:
    """One condition a term, the rarest first: of a term's pairs the rarest, since its phrase holds them all."""
    counted: list[tuple[int, Condition]] = []
    for term in terms:
        ways = [(pair, "") for pair in term.pairs] or [(term.start, term.start + LAST)]
        counted.append(min((_frequency(connection, kind, way), way) for way in ways))
    return list(dict.fromkeys(condition for _, condition in sorted(counted)))


def _is(table: Any, condition: Condition, kind: str) -> ColumnElement[bool]:
    start, end = condition
    held = and_(table.c.word >= start, table.c.word < end) if end else table.c.word == start
    return and_(held, table.c.kind == kind)


def _frequency(connection: Connection, kind: str, condition: Condition) -> int:
    some = select(literal(1)).where(_is(catalogue_word, condition, kind)).limit(ENOUGH).subquery()
    return connection.scalar(select(func.count()).select_from(some)) or 0


def _matches(condition: Condition, kind: str) -> Any:
    """Entries with the weight of what they hold; of several words that begin alike, the heaviest."""
    held = select(catalogue_word.c.entry, catalogue_word.c.weight).where(_is(catalogue_word, condition, kind))
    if condition[1]:
        heaviest = func.max(catalogue_word.c.weight).label("weight")
        held = held.with_only_columns(catalogue_word.c.entry, heaviest).group_by(catalogue_word.c.entry)
    return held.subquery()


def _filtered(filters: Filters) -> list[ColumnElement[bool]]:
    wanted = (
        (catalogue_entry.c.organisation, filters.organisation),
        (catalogue_entry.c.share_type, filters.share_type),
    )
    return [column == value for column, value in wanted if value is not None]


def _page(connection: Connection, found: Any, after: Place | None, limit: int) -> Page:
    statement = select(found).order_by(found.c.score.desc(), found.c.entry).limit(limit + 1)
    if after is not None:
        statement = statement.where(tuple_(-found.c.score, found.c.entry) > (-after.score, after.entry))
    page = statement.subquery()
    named = select(catalogue_entry.c.name, page).join_from(page, catalogue_entry, catalogue_entry.c.id == page.c.entry)
    rows = connection.execute(named.order_by(page.c.score.desc(), page.c.entry)).all()
    total = rows[0].total if rows else _total(connection, found)
    last = rows[limit - 1] if len(rows) > limit else None
    names = tuple(row.name for row in rows[:limit])
    return Page(names, total, None if last is None else Place(last.score, last.entry))


def _total(connection: Connection, found: Any) -> int:
    return connection.scalar(select(func.count()).select_from(found)) or 0
