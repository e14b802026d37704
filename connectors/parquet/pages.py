"""The pages of a Parquet file, as each page's own header says: what a reader takes of memory to unpack it.

The footer has sums of the same; a file that lies has other sums. No library that reads Parquet tells of the headers of
pages, hence the few lines of Thrift's compact protocol below. Sources: PageHeader in
https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift,
https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

MOST_PAGES = 1_000_000
"""Of a file: as many as ten million rows of a hundred columns have in pages of a thousand values."""
_HEADERS = (512, 16 << 10, 1 << 20)
"""Bytes that are read of a header, in turn until it is whole: it can hold the least and the greatest value."""
_DEEPEST = 8
_MOST_FIELDS = (1 << 15) - 1
_DATA, _DICTIONARY, _DATA_2 = 0, 2, 3
"""PageType. An INDEX_PAGE (1) was never specified: what a reader does with one is anybody's guess."""
_DESCRIBED_BY = {_DATA: 5, _DICTIONARY: 7, _DATA_2: 8}
"""The field that describes such a page; the first field in it is how many values the page has."""
_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(1, 13)

_Fields: TypeAlias = Mapping[tuple[int, int], "int | _Fields"]
"""What a struct holds, by number and type: of another type than is specified, a field is another one, and skipped."""


class Malformed(Exception):
    """A header that is none, or says what cannot be."""


class TooMuch(Exception):
    """More than is allowed; the text is a short reason."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """The values of one column in one group of rows, as the footer has it.

    Attributes:
        begins: offset of its first page.
        values: how many it has; not less than its group has rows.
        unpacked: bytes of all its pages, headers included.
    """

    begins: int
    values: int
    unpacked: int


@dataclass(frozen=True, slots=True)
class Page:
    """Bytes and values of a page; `ends` is where the next one begins. A dictionary has no values of its own."""

    unpacked: int
    values: int
    ends: int


def check(descriptor: int, chunks: Iterable[Chunk], most_bytes: int) -> None:
    """Look at every page before any is unpacked, also at those of columns that nobody wants.

    Raises: Malformed; TooMuch where the pages, as the footer has them or as they have it themselves, are larger than
    `most_bytes` together (`expanded`), or more than `MOST_PAGES` (`pages`).
    """
    declared = found = pages = 0
    for chunk in chunks:
        declared += chunk.unpacked
        if chunk.unpacked < 0 or chunk.values < 0 or chunk.begins < 0:
            raise Malformed
        if declared > most_bytes:
            raise TooMuch("expanded")
        for page in _pages(descriptor, chunk):
            found, pages = found + page.unpacked, pages + 1
            if found > most_bytes:
                raise TooMuch("expanded")
            if pages > MOST_PAGES:
                raise TooMuch("pages")


def _pages(descriptor: int, chunk: Chunk) -> Iterator[Page]:
    """Until all values are there, as a reader goes on: where the footer says that the chunk ends is not believed."""
    at, left, size = chunk.begins, chunk.values, os.fstat(descriptor).st_size
    while left > 0:
        page = _page(descriptor, at)
        if page.ends > size:
            raise Malformed
        yield page
        at, left = page.ends, left - page.values


def _page(descriptor: int, at: int) -> Page:
    header, length = _header(descriptor, at)
    packed, unpacked = header.get((3, _I32)), header.get((2, _I32))
    kind = header.get((1, _I32))
    if not isinstance(packed, int) or not isinstance(unpacked, int) or not isinstance(kind, int):
        raise Malformed
    about = header.get((_DESCRIBED_BY.get(kind, 0), _STRUCT))
    values = None if about is None or isinstance(about, int) else about.get((1, _I32))
    if not isinstance(values, int) or min(packed, unpacked, values) < 0:
        raise Malformed
    return Page(unpacked, 0 if kind == _DICTIONARY else values, at + length + packed)


def _header(descriptor: int, at: int) -> tuple[_Fields, int]:
    for size in _HEADERS:
        data = os.pread(descriptor, size, at)
        try:
            return _struct(data, 0, 1)
        except IndexError:
            if len(data) < size:
                break
    raise Malformed


def _struct(data: bytes, at: int, depth: int) -> tuple[_Fields, int]:
    """A struct and where it ends. Raises: Malformed; IndexError where it goes on behind the data."""
    if depth > _DEEPEST:
        raise Malformed
    fields: dict[tuple[int, int], int | _Fields] = {}
    number = 0
    while said := data[at]:
        at, kind = at + 1, said & 0x0F
        if said >> 4:
            number += said >> 4
        else:
            number, at = _integer(data, at, 32)
        if not 0 < number <= _MOST_FIELDS:  # a reader keeps 16 bits of it, and would take it for another field
            raise Malformed
        if kind == _STRUCT:
            fields[number, kind], at = _struct(data, at, depth + 1)
        elif kind in {_I16, _I32, _I64}:
            fields[number, kind], at = _integer(data, at, 32 if kind == _I32 else 64)
        elif kind not in {_TRUE, _FALSE}:  # which of the two stands in the type
            at = _behind(data, at, kind, depth)
    return fields, at + 1


def _behind(data: bytes, at: int, kind: int, depth: int) -> int:
    """Where a value ends that nobody asks for."""
    if kind == _BINARY:
        length, at = _number(data, at)
        return at + length
    if kind in {_LIST, _SET}:
        count, kind, at = data[at] >> 4, data[at] & 0x0F, at + 1
        if count == 0x0F:
            count, at = _number(data, at)
        return _behind_several(data, at, [kind], count, depth)
    if kind == _MAP:
        count, at = _number(data, at)
        return _behind_several(data, at + 1, [data[at] >> 4, data[at] & 0x0F], count, depth) if count else at
    if kind == _STRUCT:
        return _struct(data, at, depth + 1)[1]
    if kind in {_I16, _I32, _I64}:
        return _number(data, at)[1]
    if kind in {_TRUE, _FALSE, _BYTE, _DOUBLE}:
        return at + (8 if kind == _DOUBLE else 1)
    raise Malformed


def _behind_several(data: bytes, at: int, kinds: list[int], count: int, depth: int) -> int:
    if depth > _DEEPEST:
        raise Malformed
    for _ in range(count):
        for kind in kinds:
            at = _behind(data, at, kind, depth + 1)
        if at > len(data):
            raise IndexError
    return at


def _integer(data: bytes, at: int, bits: int) -> tuple[int, int]:
    """A signed number (zigzag), of which no more bits count than its type has."""
    number, at = _number(data, at)
    number &= (1 << bits) - 1
    return number >> 1 ^ -(number & 1), at


def _number(data: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        said = data[at]
        number, at = number | (said & 0x7F) << shift, at + 1
        if said < 0x80:
            return number, at
        if (shift := shift + 7) > 63:
            raise Malformed
