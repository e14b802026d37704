"""C2SP tlog-tiles: addresses, widths, and bytes against a naive tree."""

from __future__ import annotations

from hashlib import sha256

import pytest

from kernel.ledger.event import Event
from kernel.ledger.log import Ledger
from kernel.ledger.tiles import TileAddress, Tiles
from tests.doubles import independent_verifier as rfc
from tests.doubles.ledgers import ledger_at

SIZE = 600


@pytest.fixture(scope="module")
def grown(make_database) -> Ledger:
    with ledger_at(make_database()) as ledger:
        for start in range(0, SIZE, 120):
            ledger.append([Event("CaseOpened", f"case_{number}") for number in range(start, start + 120)])
        yield ledger


@pytest.fixture
def tiles(grown: Ledger) -> Tiles:
    return Tiles(grown._database)


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("0/000", TileAddress(0, 0, 256)),
        ("0/x001/x234/067", TileAddress(0, 1_234_067, 256)),
        ("1/x001/234.p/8", TileAddress(1, 1_234, 8)),
        ("entries/000.p/255", TileAddress(None, 0, 255)),
        ("entries/x001/000", TileAddress(None, 1_000, 256)),
    ],
)
def test_addresses_are_read_and_written(path: str, address: TileAddress) -> None:
    assert TileAddress.parse(path) == address
    assert address.path() == path


@pytest.mark.parametrize(
    "path",
    [
        *("", "0", "0/0", "0/00", "0/0000", "6/000", "00/000", "-1/000", "0/x000/001", "0/001/002", "0/x001"),
        *("0/000.p/0", "0/000.p/256", "0/000.p/01", "0/000.p/", "0/000.p", "0/000.p/999", "entries/../000", "0/000\n"),
        *("0/" + "x001/" * 6 + "000", "0/٠٠٠", "1/x001/x234/067/", "entries"),
    ],
)
def test_what_is_no_address_is_none(path: str) -> None:
    assert TileAddress.parse(path) is None


def test_level_0_holds_the_leaf_hashes(grown: Ledger, tiles: Tiles) -> None:
    entries = grown.entries(0, SIZE)
    for number, width in ((0, 256), (1, 256), (2, SIZE % 256)):
        expected = b"".join(rfc.mth([entry]) for entry in entries[number * 256 : number * 256 + width])
        assert tiles.tile(0, number, width) == expected


def test_level_1_holds_the_roots_of_full_level_0_tiles(grown: Ledger, tiles: Tiles) -> None:
    entries = grown.entries(0, SIZE)
    assert tiles.tile(1, 0, 2) == rfc.mth(entries[:256]) + rfc.mth(entries[256:512])


def test_a_tile_is_a_prefix_of_the_same_tile_of_a_larger_tree(tiles: Tiles) -> None:
    full = tiles.tile(0, 0)
    assert full is not None
    assert len(full) == 8_192
    assert tiles.tile(0, 0, 17) == full[: 17 * 32]


@pytest.mark.parametrize(
    ("level", "number", "width"),
    [(0, 2, 89), (0, 3, 1), (1, 0, 3), (1, 1, 1), (2, 0, 1), (0, 0, 0), (0, -1, 256), (0, 0, 257), (5, 0, 1)],
)
def test_tiles_the_log_has_not_grown_to_and_empty_tiles_do_not_exist(
    tiles: Tiles, level: int, number: int, width: int
) -> None:
    assert tiles.tile(level, number, width) is None
    if level == 0:
        assert tiles.entries(number, width) is None


def test_a_bundle_holds_entries_behind_their_length(grown: Ledger, tiles: Tiles) -> None:
    bundle, found = tiles.entries(2, 88), []
    assert bundle is not None
    while bundle:
        length = int.from_bytes(bundle[:2], "big")
        found.append(bundle[2 : 2 + length])
        bundle = bundle[2 + length :]
    assert found == grown.entries(512, 600)


def test_the_root_can_be_computed_from_tiles_alone(grown: Ledger, tiles: Tiles) -> None:
    hashes = [tiles.tile(0, 2, 88)]
    leaves = [hashes[0][at : at + 32] for at in range(0, 88 * 32, 32)]

    def join(nodes: list[bytes]) -> bytes:
        if len(nodes) == 1:
            return nodes[0]
        k = rfc.split(len(nodes))
        return sha256(b"\x01" + join(nodes[:k]) + join(nodes[k:])).digest()

    top = tiles.tile(1, 0, 2)
    root = sha256(b"\x01" + sha256(b"\x01" + top).digest() + join(leaves)).digest()
    assert root == rfc.mth(grown.entries(0, SIZE))


def test_at_serves_what_an_address_names(tiles: Tiles) -> None:
    assert tiles.at(TileAddress(0, 0, 256)) == tiles.tile(0, 0)
    assert tiles.at(TileAddress(None, 2, 88)) == tiles.entries(2, 88)
    assert tiles.at(TileAddress(None, 9, 88)) is None
