"""Parquet files byte by byte, so that they can say of themselves what is not so.

Written after https://github.com/apache/parquet-format and the specification of Thrift's compact protocol.
"""

from __future__ import annotations

import gzip
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

I32, I64, BINARY, LIST, STRUCT = 5, 6, 8, 9, 12
TEXTS, REQUIRED, UTF_8 = 6, 0, 0
DATA, INDEX, DICTIONARY = 0, 1, 2
PLAIN, RLE, BY_DICTIONARY = 0, 3, 2

Field: TypeAlias = tuple[int, int, Any]
"""Number, type and value; of a list the type of its elements and these."""


def varint(number: int) -> bytes:
    """An unsigned number."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def _value(kind: int, value: Any) -> bytes:
    if isinstance(value, int):
        return varint(value * 2 if value >= 0 else -value * 2 - 1)
    if isinstance(value, bytes):
        return varint(len(value)) + value
    if kind == LIST:
        element, values = value
        return bytes([0xF0 | element]) + varint(len(values)) + b"".join(_value(element, each) for each in values)
    return fields(value)


def fields(given: Sequence[Field]) -> bytes:
    """A struct, each field with its number written out, in the order in which they are given."""
    return b"".join(bytes([kind]) + _value(I32, number) + _value(kind, value) for number, kind, value in given) + b"\0"


@dataclass(frozen=True)
class Page:
    """A page: what its header says, and the bytes behind that."""

    body: bytes
    unpacked: int
    values: int = 1
    kind: int = DATA
    packed: int | None = None
    encoding: int = PLAIN
    more: tuple[Field, ...] = ()

    def written(self) -> bytes:
        """Header and body."""
        about: Sequence[Field] = [(1, I32, self.values), (2, I32, self.encoding)]
        if self.kind == DATA:
            about = [*about, (3, I32, RLE), (4, I32, RLE)]
        packed = len(self.body) if self.packed is None else self.packed
        said: Sequence[Field] = [(1, I32, self.kind), (2, I32, self.unpacked), (3, I32, packed)]
        return fields([*said, *self.more, ({DATA: 5, DICTIONARY: 7}.get(self.kind, 6), STRUCT, about)]) + self.body


@dataclass(frozen=True)
class Column:
    """A column of one group of rows; what is None is what is so. `pages` of None: those of the column before."""

    name: str
    pages: Sequence[Page] | None
    codec: int = 0
    values: int | None = None
    unpacked: int | None = None
    begins: int | None = None
    dictionary: bool = False


def parquet(columns: Sequence[Column], rows: int = 1, rows_in_all: int | None = None) -> bytes:
    """A file of one group of `rows`, all columns texts that are never left out."""
    out, chunks = bytearray(b"PAR1"), []
    at, written = 4, b""
    for column in columns:
        if column.pages is not None:
            at, written = len(out), b"".join(page.written() for page in column.pages)
            out += written
        chunks.append(_chunk(column, at, len(written)))
    root: Sequence[Field] = [(4, BINARY, b"root"), (5, I32, len(columns))]
    leaves = [
        [(1, I32, TEXTS), (3, I32, REQUIRED), (4, BINARY, column.name.encode()), (6, I32, UTF_8)] for column in columns
    ]
    group: Sequence[Field] = [(1, LIST, (STRUCT, chunks)), (2, I64, len(out)), (3, I64, rows)]
    said: Sequence[Field] = [
        (1, I32, 1),
        (2, LIST, (STRUCT, [root, *leaves])),
        (3, I64, rows if rows_in_all is None else rows_in_all),
        (4, LIST, (STRUCT, [group])),
    ]
    footer = fields(said)
    return bytes(out) + footer + struct.pack("<I", len(footer)) + b"PAR1"


def _chunk(column: Column, at: int, length: int) -> Sequence[Field]:
    pages = column.pages or ()
    values = sum(page.values for page in pages if page.kind == DATA) if column.values is None else column.values
    unpacked = sum(page.unpacked for page in pages) if column.unpacked is None else column.unpacked
    begins = at if column.begins is None else column.begins
    about: Sequence[Field] = [
        (1, I32, TEXTS),
        (2, LIST, (I32, [PLAIN, RLE])),
        (3, LIST, (BINARY, [column.name.encode()])),
        (4, I32, column.codec),
        (5, I64, values),
        (6, I64, unpacked),
        (7, I64, length),
        (9, I64, begins),
        *([(11, I64, begins)] if column.dictionary else []),
    ]
    return [(2, I64, begins), (3, STRUCT, about)]


def text(value: str | bytes) -> bytes:
    """A text as it stands in a page."""
    data = value.encode() if isinstance(value, str) else value
    return struct.pack("<I", len(data)) + data


def plain(name: str, *values: str) -> Column:
    """A column of one page that is as it says."""
    body = b"".join(map(text, values))
    return Column(name, [Page(body, len(body), len(values))])


def _gzip(start: bytes, length: int) -> bytes:
    return gzip.compress(start + b"x" * (length - len(start)), 1)


def _snappy(start: bytes, length: int) -> bytes:
    """The start and one x as they are, then copies of the x. https://github.com/google/snappy/blob/main/format_description.txt"""
    out = varint(length) + bytes([len(start) << 2]) + start + b"x"
    left = length - len(start) - 1
    return out + b"\xfe\x01\x00" * (left // 64) + bytes([(left % 64 - 1) << 2 | 2, 1, 0]) * bool(left % 64)


def _zstd(start: bytes, length: int) -> bytes:
    """One frame: the start as it is, then blocks that say one byte many times. RFC 8878 §3.1.1"""
    out = b"\x28\xb5\x2f\xfd\xa0" + struct.pack("<I", length) + (len(start) << 3).to_bytes(3, "little") + start
    left = length - len(start)
    while left:
        size = min(left, 128 << 10)
        left -= size
        out += (size << 3 | 1 << 1 | (not left)).to_bytes(3, "little") + b"x"
    return out


BOMBS: Mapping[str, tuple[int, Callable[[bytes, int], bytes]]] = {
    "snappy": (1, _snappy),
    "gzip": (2, _gzip),
    "zstd": (6, _zstd),
}
"""By name: the codec's number, and what makes few bytes that begin so and become so many."""


def bomb(name: str, codec: str, length: int, says: int | None = None) -> Column:
    """A column of one text that is `length` bytes once it is unpacked, of which its page and the footer say `says`."""
    number, squeezed = BOMBS[codec]
    said = length if says is None else says
    return Column(name, [Page(squeezed(struct.pack("<I", length - 4), length), said)], number)
