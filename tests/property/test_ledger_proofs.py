"""Laws of the tree: every proof of every index and size verifies, by our verifier and by RFC 6962 read literally."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.ledger import merkle
from kernel.ledger.verify import VerificationFailed, tree
from tests.doubles import independent_verifier as rfc

Lookup = Callable[[merkle.Coordinate], bytes]
SIZES = st.integers(1, 1 << 40)


def entries_of(size: int) -> list[bytes]:
    return [b"entry %d" % number for number in range(size)]


def grown(entries: list[bytes], *cuts: int) -> tuple[merkle.Growth, dict[merkle.Coordinate, bytes]]:
    """The tree grown in steps, and every hash its rows would hold."""
    bounds = sorted({0, len(entries), *(cut % (len(entries) + 1) for cut in cuts)})
    growth, stored = merkle.grow(merkle.Frontier.empty(), []), {}
    for start, end in pairwise(bounds):
        frontier = merkle.Frontier.from_bytes(growth.frontier.size, growth.frontier.to_bytes())
        growth = merkle.grow(frontier, (merkle.leaf_hash(entry) for entry in entries[start:end]))
        stored |= rows_of(start, growth.nodes)
    return growth, stored


def rows_of(start: int, nodes: tuple[bytes, ...]) -> dict[merkle.Coordinate, bytes]:
    found = {}
    for leaf, row in enumerate(nodes, start):
        for level in range(len(row) // 32):
            found[level, leaf >> level] = row[32 * level : 32 * level + 32]
    return found


def hashes(path: list[merkle.Coordinate], size: int, stored: dict[merkle.Coordinate, bytes]) -> list[bytes]:
    """As a reader does it: only what ``needed`` names is fetched."""
    fetched = {one: stored[one] for one in merkle.needed(path, size)}
    known = merkle.with_right_edge(size, fetched)
    return [known[one] for one in path]


def test_inclusion_of_every_index_in_every_size_up_to_70() -> None:
    entries = entries_of(70)
    _, stored = grown(entries)
    for size in range(1, 71):
        root = rfc.mth(entries[:size])
        for index in range(size):
            proof = hashes(merkle.inclusion_path(index, size), size, stored)
            assert proof == rfc.path(index, entries[:size])
            assert tree.root_by_inclusion(tree.leaf(entries[index]), index, size, proof) == root
            assert rfc.fold(entries[index], index, size, proof) == root


def test_consistency_of_every_two_sizes_up_to_70() -> None:
    entries = entries_of(70)
    _, stored = grown(entries)
    for new in range(1, 71):
        for old in range(1, new + 1):
            proof = hashes(merkle.consistency_path(old, new), new, stored)
            roots = rfc.mth(entries[:old]), rfc.mth(entries[:new])
            assert proof == rfc.subproof(old, entries[:new])
            assert tree.is_consistent(old, roots[0], new, roots[1], proof)
            wrong_root = bytes(32)
            assert not tree.is_consistent(old, wrong_root, new, roots[1], proof)
            assert not tree.is_consistent(old, roots[0], new, wrong_root, proof)


@given(st.integers(0, 200), st.lists(st.integers(0, 200), max_size=6))
def test_the_root_does_not_depend_on_the_batches(size: int, cuts: list[int]) -> None:
    entries = entries_of(size)
    growth, _ = grown(entries, *cuts)
    assert growth.frontier.root() == rfc.mth(entries)
    assert (growth.frontier.size, tree.root_of(entries)) == (size, (size, rfc.mth(entries)))


@given(st.integers(0, 150), st.integers(1, 100))
def test_a_batch_proves_its_own_entries_without_reading_the_log(before: int, count: int) -> None:
    entries = entries_of(before + count)
    frontier = grown(entries[:before])[0].frontier
    growth = merkle.grow(frontier, (merkle.leaf_hash(entry) for entry in entries[before:]))
    size = before + count
    proofs = merkle.ProofLines(size, growth.stored)
    for index in range(before, size):
        lines = [merkle.b2a_base64(one).decode() for one in rfc.path(index, entries)]
        assert proofs.of(0, index) == "".join(lines)


@given(st.integers(2, 120), st.data())
def test_a_proof_cut_lengthened_or_misplaced_is_refused(size: int, data: st.DataObject) -> None:
    entries = entries_of(size)
    index = data.draw(st.integers(0, size - 1))
    proof, root = rfc.path(index, entries), rfc.mth(entries)
    wrong = [proof[:-1], proof[1:], [*proof, bytes(32)], [bytes(32), *proof]]
    other = data.draw(st.integers(0, size - 1).filter(lambda one: one != index))
    for hashes_, at in [*((one, index) for one in wrong), (proof, other)]:
        try:
            found = tree.root_by_inclusion(tree.leaf(entries[index]), at, size, hashes_)
        except VerificationFailed:
            continue
        assert found != root


@given(SIZES, st.data())
def test_a_proof_reads_at_most_two_hashes_a_level_whatever_the_size(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    old = data.draw(st.integers(0, size))
    for path in (merkle.inclusion_path(index, size), merkle.consistency_path(old, size)):
        wanted = merkle.needed(path, size)
        assert len(path) <= size.bit_length() + 1
        assert len(wanted) <= 2 * size.bit_length() + 1
        assert all(0 <= merkle.row_of(one) < size for one in wanted)


@given(SIZES)
def test_the_frontier_covers_every_leaf_once(size: int) -> None:
    start = 0
    for level, index in merkle.frontier_coordinates(size):
        assert index << level == start
        start = (index + 1) << level
    assert start == size


@pytest.mark.parametrize(("size", "data"), [(0, bytes(32)), (3, bytes(32)), (1, bytes(31)), (1, b"")])
def test_a_frontier_that_does_not_fit_its_size_is_refused(size: int, data: bytes) -> None:
    with pytest.raises(ValueError, match="frontier"):
        merkle.Frontier.from_bytes(size, data)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (-1, 3), (3, 3)])
def test_no_path_leads_to_a_leaf_that_is_not_there(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="no such leaf"):
        merkle.inclusion_path(index, size)


@pytest.mark.parametrize(("old", "new"), [(-1, 3), (4, 3)])
def test_no_path_leads_from_a_larger_tree_to_a_smaller(old: int, new: int) -> None:
    with pytest.raises(ValueError, match="larger"):
        merkle.consistency_path(old, new)


def test_consistency_from_nothing_or_to_less_is_judged_too() -> None:
    root = rfc.mth([b"a"])
    assert tree.is_consistent(0, rfc.mth([]), 1, root, [])
    assert not tree.is_consistent(0, root, 1, root, [])
    assert not tree.is_consistent(0, rfc.mth([]), 1, root, [root])
    assert not tree.is_consistent(2, root, 1, root, [root])
    assert not tree.is_consistent(1, root, 2, root, [])
    assert tree.is_consistent(1, root, 1, root, [])
    assert not tree.is_consistent(1, root, 1, root, [root])
