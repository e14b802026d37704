"""The entries of one kind by what they hold: which are found, how many, and a page of them, best first."""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from exchange.catalogue.search.entries import Searchable
from exchange.catalogue.search.postings import Postings
from exchange.catalogue.search.slots import bits_of, slots_of
from exchange.catalogue.search.words import Term


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ended: the score and the code of its last entry."""

    score: int
    code: str


@dataclass(frozen=True, slots=True)
class Filters:
    """What entries must be besides holding the words; None means any."""

    organisation: str | None = None
    share_type: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Codes of one page in order, how many there are in all, and where the next page begins (None: nowhere)."""

    codes: tuple[str, ...]
    total: int
    following: Place | None


@dataclass(frozen=True)
class Index:
    """Immutable. An entry has a slot, which stays its own when it goes and comes back.

    The first ``ordered`` slots are in the order of codes, later ones in that in which entries came. ``runs`` are each
    entry's; ``properties`` the slots of each organisation and share type, ``weights`` those of each weight.
    """

    codes: tuple[str, ...]
    slot: Mapping[str, int]
    ordered: int
    runs: tuple[str, ...]
    in_name: Postings
    elsewhere: Postings
    properties: Postings
    weights: Mapping[int, int]

    @classmethod
    def build(cls, entries: Iterable[Searchable]) -> Index:
        """The index of these entries, no two of one code."""
        runs: dict[str, str] = {}
        in_name: dict[str, list[str]] = {}
        elsewhere: dict[str, list[str]] = {}
        properties: dict[str, list[str]] = {}
        weights: dict[int, list[str]] = {}
        for one in entries:
            runs[one.code] = one.runs
            for found, words in ((in_name, one.in_name), (elsewhere, one.elsewhere), (properties, _properties(one))):
                for word in words:
                    found.setdefault(word, []).append(one.code)
            weights.setdefault(one.weight, []).append(one.code)
        codes = tuple(sorted(runs))
        slot, room = {code: place for place, code in enumerate(codes)}, len(codes)

        def postings(held: Mapping[str, list[str]]) -> Postings:
            return Postings.build({word: sorted(map(slot.__getitem__, some)) for word, some in held.items()}, room)

        return cls(
            codes=codes,
            slot=slot,
            ordered=room,
            runs=tuple(map(runs.__getitem__, codes)),
            in_name=postings(in_name),
            elsewhere=postings(elsewhere),
            properties=postings(properties),
            weights={weight: bits_of(map(slot.__getitem__, some), room) for weight, some in weights.items()},
        )

    def changed(self, before: Searchable | None, after: Searchable | None) -> Index:
        """With one entry changed, come (``before`` is None) or gone (``after`` is None)."""
        old, new = before or _nothing(after), after or _nothing(before)
        codes, slots, runs = self.codes, self.slot, self.runs
        if new.code not in slots:
            codes, slots, runs = (*codes, new.code), {**slots, new.code: len(codes)}, (*runs, "")
        slot, room = slots[new.code], len(codes)
        weights = {weight: held & ~(1 << slot) for weight, held in self.weights.items()}
        if after is not None:
            weights[after.weight] = weights.get(after.weight, 0) | 1 << slot

        def differing(postings: Postings, was: frozenset[str], now: frozenset[str]) -> Postings:
            return postings if was == now else postings.changed(was - now, now - was, slot, room)

        return Index(
            codes=codes,
            slot=slots,
            ordered=self.ordered,
            runs=(*runs[:slot], new.runs, *runs[slot + 1 :]),
            in_name=differing(self.in_name, old.in_name, new.in_name),
            elsewhere=differing(self.elsewhere, old.elsewhere, new.elsewhere),
            properties=differing(self.properties, _properties(old), _properties(new)),
            weights={weight: held for weight, held in weights.items() if held},
        )

    def find(self, terms: Sequence[Term], filters: Filters, after: Place | None, limit: int) -> Page:
        """The entries that hold every term and pass the filters, best first; ``terms`` is not empty.

        An entry's score is the sum over the terms of its weight where its names hold the term, 1 otherwise; names hold
        a run of Chinese characters when they hold all its pairs. Entries of one score follow their codes.
        """
        matches = [self._match(term) for term in terms]
        found = self._passing(filters)
        for _, anywhere in matches:
            found &= anywhere
        found = self._standing(found, [term.phrase for term in terms if term.phrase])
        ranked = self._ranked(self._scored(found, [in_name for in_name, _ in matches]), after)
        rows = list(islice(ranked, limit + 1))
        following = rows[limit - 1] if len(rows) > limit else None
        return Page(tuple(row.code for row in rows[:limit]), found.bit_count(), following)

    def _match(self, term: Term) -> tuple[int, int]:
        """The slots whose names hold a term by its words, and those that hold it so anywhere."""
        if term.start:
            in_name = self.in_name.beginning(term.start)
            return in_name, in_name | self.elsewhere.beginning(term.start)
        in_name = anywhere = -1
        for pair in term.pairs:
            named = self.in_name.holding(pair)
            in_name &= named
            anywhere &= named | self.elsewhere.holding(pair)
        return in_name, anywhere

    def _passing(self, filters: Filters) -> int:
        """The slots that pass; -1, which is every bit, where nothing is asked."""
        passing = -1
        for member, wanted in (("organisation", filters.organisation), ("share_type", filters.share_type)):
            if wanted is not None:
                passing &= self.properties.holding(_property(member, wanted))
        return passing

    def _standing(self, found: int, phrases: Sequence[str]) -> int:
        """Those of the slots whose entry has every phrase as it is: its pairs alone could stand apart."""
        if not phrases or not found:
            return found
        slots = list(slots_of(found))
        for phrase in phrases:
            runs = self.runs
            slots = [slot for slot in slots if phrase in runs[slot]]
        return bits_of(slots, len(self.codes))

    def _scored(self, found: int, in_names: Sequence[int]) -> dict[int, int]:
        """The slots found, by score."""
        by_number = [found]  # of terms that the names hold
        for in_name in in_names:
            more = [slots & in_name for slots in by_number]
            less = [slots ^ held for slots, held in zip(by_number, more, strict=True)]
            by_number = [a | b for a, b in zip([*less, 0], [0, *more], strict=True)]
        scored: dict[int, int] = {}
        for number, slots in enumerate(by_number):
            for weight, of_weight in self.weights.items() if number else ((0, slots),):
                score = number * weight + len(in_names) - number
                if here := slots & of_weight:
                    scored[score] = scored.get(score, 0) | here
        return scored

    def _ranked(self, scored: Mapping[int, int], after: Place | None) -> Iterator[Place]:
        for score in sorted(scored, reverse=True):
            if after is None or score < after.score:
                yield from (Place(score, code) for code in self._in_order(scored[score], ""))
            elif score == after.score:
                yield from (Place(score, code) for code in self._in_order(scored[score], after.code))

    def _in_order(self, slots: int, after: str) -> Iterator[str]:
        """The codes of these slots that come after one, in order."""
        start = bisect_right(self.codes, after, 0, self.ordered)
        early = slots & ((1 << self.ordered) - 1)
        late = (self.codes[self.ordered + slot] for slot in slots_of(slots >> self.ordered))
        ordered = (self.codes[start + slot] for slot in slots_of(early >> start))
        return heapq.merge(ordered, sorted(code for code in late if code > after))


def _nothing(one: Searchable | None) -> Searchable:
    """An entry of the same code that holds nothing."""
    if one is None:
        raise ValueError("neither before nor after")
    return Searchable(one.code, "", "", 0, frozenset(), frozenset(), "")


def _properties(one: Searchable) -> frozenset[str]:
    asked = (("organisation", one.organisation), ("share_type", one.share_type))
    return frozenset(_property(member, value) for member, value in asked if value)


def _property(member: str, value: str) -> str:
    return f"{member}={value}"
