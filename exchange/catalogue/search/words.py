"""What a text of the catalogue is found by, and what a reader's question looks for: words in two scripts, no database.

Chinese is written without spaces, and most of its words have two characters, which an index of three (trigrams) never
finds. So every run of Chinese characters is kept as its overlapping pairs, and its last character alone; everything
else as whole words, found by how they begin. Both are compared after NFKC and case folding, so that full-width forms
and capitals make no difference (Unicode Standard Annex 15; The Unicode Standard §5.18).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

_HAN = "\u3005\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_PIECE = re.compile(f"(?P<han>[{_HAN}]+)|(?P<word>(?:(?![{_HAN}])[^\\W_])+)")
LONGEST_WORD = 64
"""Characters of a word that are kept; the longest code has 33."""
MOST_TERMS = 8
"""Words or runs of one question that are looked for; the rest of it is not."""
LAST = "\U0010ffff"
"""Sorts behind every character."""


@dataclass(frozen=True, slots=True)
class Term:
    """One thing looked for.

    ``pairs`` are Chinese pairs that all must be there; ``start`` is what a word (or a pair) begins with. One of the
    two is empty. ``phrase`` is what must stand in the text as it is, where its pairs alone could stand apart.
    """

    pairs: tuple[str, ...] = ()
    start: str = ""
    phrase: str = ""


def normal(text: str) -> str:
    """The text as it is compared: compatibility forms and letter case made alike."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).replace("\0", " ")


def words(text: str) -> frozenset[str]:
    """What a text is found by."""
    return frozenset(word for piece in _PIECE.finditer(normal(text)) for word in _kept(piece))


def runs(text: str) -> tuple[str, ...]:
    """The runs of Chinese characters of a text: what a long run of a question is compared with."""
    return tuple(dict.fromkeys(piece.group() for piece in _PIECE.finditer(normal(text)) if piece.lastgroup == "han"))


def terms(question: str) -> tuple[Term, ...]:
    """What a question looks for, each once; empty when it holds no letter, digit or Chinese character."""
    found = [_term(piece) for piece in _PIECE.finditer(normal(question))]
    return tuple(dict.fromkeys(found))[:MOST_TERMS]


def _kept(piece: re.Match[str]) -> Iterator[str]:
    text = piece.group()
    if piece.lastgroup == "word":
        yield text[:LONGEST_WORD]
        return
    yield from _pairs(text)
    yield text[-1]


def _term(piece: re.Match[str]) -> Term:
    text = piece.group()
    if piece.lastgroup == "word":
        return Term(start=text[:LONGEST_WORD])
    if len(text) == 1:
        return Term(start=text)
    pairs = tuple(dict.fromkeys(_pairs(text)))
    return Term(pairs=pairs, phrase=text if len(text) > len("两字") else "")


def _pairs(text: str) -> Iterator[str]:
    return (text[place : place + 2] for place in range(len(text) - 1))
