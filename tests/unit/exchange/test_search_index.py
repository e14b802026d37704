"""A law of searching: what is found, in which order and on which page, is what a reader with much time would find."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from exchange.catalogue.kinds import ORGANISATION, SERVICE_ITEM
from exchange.catalogue.model import ServiceItem
from exchange.catalogue.registry import Registry
from exchange.catalogue.search import shelves
from exchange.catalogue.search.entries import Searchable
from exchange.catalogue.search.index import Filters, Index, Place
from exchange.catalogue.search.shelves import NotBegun, Shelves
from exchange.catalogue.search.words import MOST_TERMS, normal, terms
from kernel.text import Text

_ALPHABET = st.sampled_from("户口证明abＡ1 、_(")
_TEXTS = st.text(_ALPHABET, min_size=1, max_size=12)
_OWNERS = ("o", "p")


@dataclass(frozen=True, slots=True)
class Written:
    """What a service item says."""

    zh: str
    en: str
    said: str = ""
    owner: str = "o"


_ENTRIES = st.builds(Written, _TEXTS, _TEXTS, st.one_of(st.just(""), _TEXTS), st.sampled_from(_OWNERS))
_CATALOGUES = st.dictionaries(st.sampled_from("ABCDEFGH"), _ENTRIES, max_size=8)


def registry(catalogue: Mapping[str, Written], version: int, known: Mapping[str, Any]) -> Registry:
    """One version; what did not change is the object it was, as in a registry that follows another."""
    items: dict[str, ServiceItem] = {}
    for code, one in catalogue.items():
        said = Text(one.said, one.said) if one.said else None
        new = ServiceItem(code, Text(one.zh, one.en), said, one.owner, {}, (), {})
        items[code] = known[code] if known.get(code) == new else new
    found = SimpleNamespace(version=version, organisations={}, evidence_types={}, service_items=items)
    return cast("Registry", found)


def expected(question: str, catalogue: Mapping[str, Written], owner: str | None) -> list[tuple[int, str]]:
    """Score and code of what holds every term, by looking through everything."""
    asked = list(dict.fromkeys(re.findall(r"[户口证明]+|[ab1]+", normal(question))))[:MOST_TERMS]
    found: list[tuple[int, str]] = []
    for code, one in catalogue.items():
        names = normal("\n".join((code, one.zh, one.en)))
        text = f"{names}\n{normal(one.said)}"
        if owner in {None, one.owner} and all(holds(term, text, whole=True) for term in asked):
            weight = 1000 - min(500, max(len(one.zh), len(one.en)))
            found.append((sum(weight if holds(term, names, whole=False) else 1 for term in asked), code))
    return sorted(found, key=lambda row: (-row[0], row[1]))


def holds(term: str, text: str, *, whole: bool) -> bool:
    """Whether a run stands in the text as it is (or, not ``whole``, all its pairs do), or a word begins so."""
    if re.match("[ab1]", term):
        return any(word.startswith(term) for word in re.findall(r"[a-h0-9]+", text))
    if whole or len(term) == 1:
        return term in text
    return all(term[place : place + 2] in text for place in range(len(term) - 1))


def pages(index: Index, question: str, owner: str | None, limit: int) -> tuple[list[tuple[str, ...]], int]:
    """Every page, and the total that each of them tells."""
    found: list[tuple[str, ...]] = []
    after: Place | None = None
    while True:
        page = index.find(terms(question), Filters(organisation=owner), after, limit)
        found.append(page.codes)
        after = page.following
        if after is None:
            return found, page.total
        assert (after.code, len(page.codes)) == (page.codes[-1], limit)
        assert len(found) < 20, "pages repeat"


@settings(max_examples=400)
@given(
    versions=st.lists(_CATALOGUES, min_size=1, max_size=4),
    question=_TEXTS,
    owner=st.sampled_from((None, *_OWNERS)),
    limit=st.integers(1, 4),
)
@example([{"A": Written("户口 口证", "a"), "B": Written("户口证", "b")}], "户口证", None, 1)
@example([{"A": Written("证户口、口明证", "a"), "B": Written("明", "b")}], "证明 户口", None, 1)
@example([{"B": Written("证明", "a")}, {"A": Written("证明", "a"), "B": Written("证明", "a")}], "证明", None, 1)
@example([{"A": Written("a", "a", "户口"), "B": Written("户口户口户口", "a", "明")}], "户口", None, 1)
def test_found_is_what_a_reader_of_everything_finds(
    versions: Sequence[Mapping[str, Written]], question: str, owner: str | None, limit: int
) -> None:
    if not terms(question):
        return
    searched, known = Shelves(), cast("Mapping[str, Any]", {})
    for version, catalogue in enumerate(versions):
        now = registry(catalogue, version, known)
        known = now.service_items
        index = searched.index(SERVICE_ITEM, now)
        wanted = [code for _, code in expected(question, catalogue, owner)]
        found, total = pages(index, question, owner, limit)
        assert [code for page in found for code in page] == wanted
        assert total == len(wanted)
        anew = Shelves().index(SERVICE_ITEM, now)  # as a node that starts only now has it
        assert pages(anew, question, owner, limit) == (found, total)


def test_a_page_may_begin_anywhere() -> None:
    """Every place that an order has, and those between: what follows is the rest, neither more nor less."""
    catalogue = {f"A{n:03}": Written("户口" * (1 + n % 3), "a", "证明" * (n % 2)) for n in range(60)}
    catalogue |= {f"B{n:03}": Written("证明", "b" * (1 + n % 5), "户口") for n in range(60)}
    index = Shelves().index(SERVICE_ITEM, registry(catalogue, 1, {}))
    for question in ("户口", "户口 证明", "户"):
        rows = expected(question, catalogue, None)
        for score in sorted({score + near for score, _ in rows for near in (-1, 0, 1)}):
            for code in ("", "A017", "A0175", "B030", "Z"):
                later = [row[1] for row in rows if (-row[0], row[1]) > (-score, code)]
                page = index.find(terms(question), Filters(), Place(score, code), 7)
                assert (list(page.codes), page.total) == (later[:7], len(rows))


def test_entries_of_one_score_stand_together_whatever_it_is_made_of() -> None:
    """Two terms in a name of 500 characters weigh as much as one in a name of one character and one elsewhere."""
    catalogue = {
        "A": Written("户" + "、" * 498 + "口", "b"),
        "B": Written("户", "b", "口"),
        "C": Written("户" + "、" * 498 + "口", "b"),
    }
    index = Shelves().index(SERVICE_ITEM, registry(catalogue, 1, {}))
    assert expected("户 口", catalogue, None) == [(1000, "A"), (1000, "B"), (1000, "C")]
    assert pages(index, "户 口", None, 1) == ([("A",), ("B",), ("C",)], 3)


def test_many_words_are_cut_into_blocks_and_found_across_them() -> None:
    """Words come and go one entry at a time until blocks have been cut, emptied and made again."""
    searched, known = Shelves(), cast("Mapping[str, Any]", {})
    catalogue: dict[str, Written] = {}
    for version in range(24):
        for n in range(version * 50, version * 50 + 50):
            catalogue[f"C{n:04}"] = Written(f"a{n % 7}{n:04} b{n}", "a", "户口证明"[n % 4 :])
        catalogue = {code: one for code, one in catalogue.items() if hash_of(code, version) % 29}
        now = registry(catalogue, version, known)
        known = now.service_items
        searched.keep_up(now)
        index = searched.index(SERVICE_ITEM, now)
    for question in ("a", "a3", "b1", "b39", "c", "c00", "c1199", "户", "明", "a b 证明"):
        wanted = [code for code, one in sorted(catalogue.items()) if by_words(question, code, one)]
        page = index.find(terms(question), Filters(), None, 2000)
        assert (sorted(page.codes), page.total) == (wanted, len(wanted))


def hash_of(code: str, version: int) -> int:
    """The same for every run."""
    return int(code[1:]) * 31 + version * 7


def by_words(question: str, code: str, one: Written) -> bool:
    """Whether an entry holds every word of the question, or begins one of its words with it."""
    text = normal(f"{code}\n{one.zh}\n{one.en}\n{one.said}")
    latin = re.findall("[a-z0-9]+", text)
    return all(
        term in text if term > "z" else any(word.startswith(term) for word in latin) for term in question.split()
    )


def test_the_search_never_goes_back_to_an_older_catalogue() -> None:
    searched = Shelves()
    old = registry({"A": Written("户口", "a")}, 1, {})
    new = registry({"A": Written("户口", "a"), "B": Written("户口", "b")}, 2, old.service_items)
    for one in (old, new, old):
        index = searched.index(SERVICE_ITEM, one)
    assert index.find(terms("户口"), Filters(), None, 5).codes == ("A", "B")


def test_many_changes_make_the_index_anew() -> None:
    searched = Shelves()
    few, many = {"A": Written("户口", "a")}, {f"D{n}": Written("证明", "a") for n in range(shelves.MOST_CHANGED + 1)}
    searched.keep_up(registry(few, 1, {}))
    after = registry(many, 2, {})
    assert searched.index(SERVICE_ITEM, after).find(terms("证明"), Filters(), None, 5).total == 0
    searched.keep_up(after)
    assert searched.index(SERVICE_ITEM, after).find(terms("证明"), Filters(), None, 5).total == len(many)
    assert searched.index(SERVICE_ITEM, after).find(terms("户口"), Filters(), None, 5).total == 0


def test_a_catalogue_that_was_read_as_a_whole_is_compared_by_what_it_says() -> None:
    """All its entries are other objects than before; nobody waits for those of which not a word changed."""
    searched = Shelves()
    catalogue = {f"D{n}": Written("证明", "a") for n in range(shelves.MOST_CHANGED + 1)}
    before = searched.index(SERVICE_ITEM, registry(catalogue, 1, {}))
    assert searched.index(SERVICE_ITEM, registry(catalogue, 2, {})) is before
    changed = registry({**catalogue, "E": Written("户口", "a")}, 3, {})
    assert searched.index(SERVICE_ITEM, changed).find(terms("户口"), Filters(), None, 5).codes == ("E",)


def test_nobody_waits_for_long_for_the_first_index_that_somebody_else_makes(monkeypatch: pytest.MonkeyPatch) -> None:
    searched, first = Shelves(), registry({"A": Written("户口", "a")}, 1, {})
    at_it, go_on = threading.Event(), threading.Event()
    build = Index.build

    def slowly(entries: Iterable[Searchable]) -> Index:
        at_it.set()
        assert go_on.wait(20)
        return build(entries)

    monkeypatch.setattr(Index, "build", slowly)
    maker = threading.Thread(target=searched.keep_up, args=(first,))
    maker.start()
    assert at_it.wait(20)
    try:
        with pytest.raises(NotBegun):
            searched.begin(first)  # whether the node is ready
        with pytest.raises(NotBegun):
            searched.index(ORGANISATION, first)  # what is found
    finally:
        go_on.set()
        maker.join()
    searched.begin(first)
    assert searched.begun


def test_the_first_index_is_made_by_whoever_looks_where_nobody_else_does() -> None:
    searched = Shelves()
    searched.begin(registry({"A": Written("户口", "a")}, 1, {}))
    assert searched.begun
