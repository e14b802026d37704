"""What of an entry can be searched: its code, its names, its description, and the labels of its items."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from exchange.catalogue.model import EvidenceType, Organisation, ServiceItem
from exchange.catalogue.search.words import runs, words
from kernel.text import Text

IN_NAME, LONGEST_NAME = 1000, 500
"""What is found in a name weighs 1000 less the name's length, so that the shorter of two names comes first; else 1."""


@dataclass(frozen=True, slots=True)
class Searchable:
    """One entry as it is searched. ``weight`` is what a term weighs that is found in its names.

    ``in_name`` and ``elsewhere`` share no word; ``runs`` are its runs of Chinese characters, a space between them.
    """

    code: str
    organisation: str
    share_type: str
    weight: int
    in_name: frozenset[str]
    elsewhere: frozenset[str]
    runs: str


def searchable(code: str, name: Text, others: Iterable[str], *, organisation: str, share_type: str = "") -> Searchable:
    """An entry of this code and name; ``others`` is what else is read of it."""
    names, rest = "\n".join((code, name.zh, name.en)), "\n".join(others)
    weight = IN_NAME - min(LONGEST_NAME, max(len(name.zh), len(name.en)))
    in_name = words(names)
    texts = " ".join(runs(f"{names}\n{rest}"))
    return Searchable(code, organisation, share_type, weight, in_name, words(rest) - in_name, texts)


def of_organisation(one: Organisation) -> Searchable:
    """An organisation, which belongs to itself."""
    return searchable(one.code, one.name, (), organisation=one.code)


def of_evidence_type(one: EvidenceType) -> Searchable:
    """An evidence type with the names and labels of its items."""
    items = (text for field in one.fields.values() for text in (field.name, field.label.zh, field.label.en))
    others = (*_said(one.description), *items)
    return searchable(one.code, one.name, others, organisation=one.provider, share_type=one.share_type)


def of_service_item(one: ServiceItem) -> Searchable:
    """A service item with the names of what it requires."""
    needed = (text for each in one.requirements for text in _said(each.name))
    return searchable(one.code, one.name, (*_said(one.description), *needed), organisation=one.organisation)


def _said(text: Text | None) -> Iterator[str]:
    if text is not None:
        yield from (text.zh, text.en)
