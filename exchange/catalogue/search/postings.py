"""Which slots hold a word, or any word that begins so: words in order, in blocks that know what all of theirs hold.

Immutable: a change copies the blocks it touches and shares the rest, so that whoever reads meanwhile sees one state.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import or_

from exchange.catalogue.search.slots import Kept, bits, bits_of, kept, with_slot, without_slot
from exchange.catalogue.search.words import LAST

_USUAL, _MOST = 128, 256
"""Words of a block when it is made, and before it is cut in two."""


@dataclass(frozen=True, slots=True)
class _Block:
    """Words that follow one another, what each holds, and what they hold together."""

    words: list[str]
    held: list[Kept]
    together: int

    @classmethod
    def of(cls, words: list[str], held: list[Kept]) -> _Block:
        return cls(words, held, _together(held))

    def between(self, start: str, end: str) -> int:
        return _together(self.held[bisect_left(self.words, start) : bisect_left(self.words, end)])


def _together(held: Iterable[Kept]) -> int:
    """The union. Small sets are gathered first: fifty thousand words of one entry each are one pass, not as many."""
    few: set[int] = set()
    many = 0
    for one in held:
        if isinstance(one, int):
            many |= one
        else:
            few.update(one)
    return many | bits_of(few, max(few) + 1) if few else many


class Postings:
    """Sets of slots by word."""

    def __init__(self, blocks: list[_Block]) -> None:
        """``blocks`` follow one another, and none is empty."""
        self._blocks = blocks
        self._firsts = [block.words[0] for block in blocks]

    @classmethod
    def build(cls, slots: Mapping[str, list[int]], room: int) -> Postings:
        """From the ascending slots of each word, all below ``room``."""
        words = sorted(slots)
        held = [kept(slots[word], room) for word in words]
        starts = range(0, len(words), _USUAL)
        return cls([_Block.of(words[start : start + _USUAL], held[start : start + _USUAL]) for start in starts])

    def holding(self, word: str) -> int:
        """The slots that hold a word."""
        place = self._place(word)
        if place < 0:
            return 0
        block = self._blocks[place]
        found = bisect_left(block.words, word)
        return bits(block.held[found]) if found < len(block.words) and block.words[found] == word else 0

    def beginning(self, start: str) -> int:
        """The slots that hold a word which begins so."""
        end = start + LAST
        first, last = max(self._place(start), 0), self._place(end)
        if last < 0:
            return 0
        if first == last:
            return self._blocks[first].between(start, end)
        whole = reduce(or_, (block.together for block in self._blocks[first + 1 : last]), 0)
        return whole | self._blocks[first].between(start, end) | self._blocks[last].between(start, end)

    def changed(self, gone: Iterable[str], came: Iterable[str], slot: int, room: int) -> Postings:
        """With the words of one slot changed."""
        if not self._blocks:
            return Postings.build({word: [slot] for word in came}, room)
        touched: dict[int, dict[str, Kept]] = {}
        for word in gone:
            held = self._touched(touched, word)
            left = without_slot(held[word], slot)
            held[word] = left
            if not left:
                del held[word]
        for word in came:
            held = self._touched(touched, word)
            held[word] = with_slot(held.get(word, 0) or kept([], room), slot, room)
        blocks = list(self._blocks)
        for place in sorted(touched, reverse=True):
            blocks[place : place + 1] = _cut(touched[place])
        return Postings(blocks)

    def _place(self, word: str) -> int:
        """The last block that begins with this word or before it; -1 where there is none."""
        return bisect_right(self._firsts, word) - 1

    def _touched(self, touched: dict[int, dict[str, Kept]], word: str) -> dict[str, Kept]:
        place = max(self._place(word), 0)
        if place not in touched:
            block = self._blocks[place]
            touched[place] = dict(zip(block.words, block.held, strict=True))
        return touched[place]


def _cut(held: Mapping[str, Kept]) -> list[_Block]:
    """Blocks of these words: none, one, or, where they became too many, several."""
    words = sorted(held)
    length = len(words) if len(words) <= _MOST else _USUAL
    starts = range(0, len(words), length or 1)
    parts = [words[start : start + length] for start in starts]
    return [_Block.of(part, [held[word] for word in part]) for part in parts]
