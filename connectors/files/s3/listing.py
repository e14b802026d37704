"""What storage says lies there: one page of ListObjectsV2. Pure; believed of names below the prefix only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import unquote_to_bytes

from connectors.errors import SourceGarbled
from connectors.files.fetched import plain_name
from connectors.files.place import Stamp
from connectors.xml import Element, read

_LONGEST_TAG = 200
_LARGEST = 1 << 60


@dataclass(frozen=True, slots=True)
class Page:
    """The files of a page; `token` for the one behind it, "" where this is the last."""

    stamps: tuple[Stamp, ...]
    token: str


def page(data: bytes, prefix: str) -> Page:
    """Raises: SourceGarbled, SourceTooLarge."""
    root = read(data)
    if _name(root) != "ListBucketResult":
        raise SourceGarbled("listing")
    is_encoded = _text(root, "EncodingType") == "url"
    objects = [each for each in root if _name(each) == "Contents"]
    stamps = tuple(_stamps(objects, prefix, is_encoded=is_encoded))
    if _text(root, "IsTruncated") != "true":
        return Page(stamps, "")
    token = _text(root, "NextContinuationToken")
    if not token:
        raise SourceGarbled("listing")
    return Page(stamps, token)


def _stamps(objects: list[Element], prefix: str, *, is_encoded: bool) -> Iterator[Stamp]:
    for each in objects:
        told = _text(each, "Key")
        key = unquote_to_bytes(told.replace("+", " ")) if is_encoded else told.encode()
        begins = prefix.encode()
        name = plain_name(key.removeprefix(begins)) if key.startswith(begins) else ""
        if name:
            yield Stamp(name, _tag(each), _size(each), _modified(each))


def _tag(one: Element) -> str:
    """The ETag as it stands, quotation marks included: a header line is made of it."""
    tag = _text(one, "ETag")
    if not tag or len(tag) > _LONGEST_TAG or not tag.isascii() or not tag.isprintable():
        raise SourceGarbled("listing")
    return tag


def _size(one: Element) -> int:
    told = _text(one, "Size")
    if not (told.isascii() and told.isdigit() and len(told) < 20 and int(told) < _LARGEST):
        raise SourceGarbled("listing")
    return int(told)


def _modified(one: Element) -> int:
    try:
        at = datetime.fromisoformat(_text(one, "LastModified"))
    except ValueError:
        raise SourceGarbled("listing") from None
    since = (at if at.tzinfo else at.replace(tzinfo=UTC)) - datetime.fromtimestamp(0, UTC)
    return (since.days * 86_400 + since.seconds) * 10**9 + since.microseconds * 1000


def _text(parent: Element, name: str) -> str:
    found = next((each.text for each in parent if _name(each) == name), None)
    return found or ""


def _name(one: Element) -> str:
    """Without the namespace: not everybody who speaks S3 writes the same one."""
    return str(one.tag).rpartition("}")[2]
