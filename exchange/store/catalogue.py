"""The catalogue's manifests as they were applied, canonical JSON by kind and name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, delete, insert, or_, select, tuple_, update

from exchange.store import epoch
from exchange.store.tables import catalogue_object, catalogue_version
from kernel import canonical

Document = Mapping[str, Any]
Key = tuple[str, str]

_MOST_KEYS = 200
_STANDING = catalogue_version.c.until.is_(None)


def key_of(document: Document) -> Key:
    """Kind and name: what a manifest is known by."""
    return document["kind"], document["metadata"]["name"]


def read_all(connection: Connection) -> dict[Key, Document]:
    """Every manifest, in the order of kind and name."""
    rows = connection.execute(select(catalogue_object).order_by(catalogue_object.c.kind, catalogue_object.c.name))
    return {(row.kind, row.name): _document(row.document) for row in rows}


def replace(connection: Connection, documents: Iterable[Document], at: datetime) -> None:
    """Write these manifests over those of the same kind and name, as the catalogue's next version.

    The caller raises that version in the same transaction.
    """
    following = epoch.read(connection).catalogue + 1
    for document in documents:
        kind, name = key_of(document)
        where = (catalogue_object.c.kind == kind, catalogue_object.c.name == name)
        connection.execute(delete(catalogue_object).where(*where))
        text = canonical.encode(document).decode()
        connection.execute(insert(catalogue_object).values(kind=kind, name=name, document=text, changed_at=at))
        _supersede(connection, (kind, name), text, following)


def _supersede(connection: Connection, key: Key, text: str, version: int) -> None:
    same = (catalogue_version.c.kind == key[0], catalogue_version.c.name == key[1])
    connection.execute(update(catalogue_version).where(*same, _STANDING).values(until=version))
    values = {"kind": key[0], "name": key[1], "since": version, "document": text}
    connection.execute(insert(catalogue_version).values(values))


def remove(connection: Connection, key: Key) -> None:
    """Take a manifest out, from the catalogue's next version on."""
    kind, name = key
    where = (catalogue_object.c.kind == kind, catalogue_object.c.name == name)
    connection.execute(delete(catalogue_object).where(*where))
    same = (catalogue_version.c.kind == kind, catalogue_version.c.name == name)
    following = epoch.read(connection).catalogue + 1
    connection.execute(update(catalogue_version).where(*same, _STANDING).values(until=following))


def read_one(connection: Connection, key: Key, since: int) -> Document | None:
    """The text an entry had from a version of the catalogue on; None when it did not change then."""
    same = (catalogue_version.c.kind == key[0], catalogue_version.c.name == key[1], catalogue_version.c.since == since)
    text = connection.scalar(select(catalogue_version.c.document).where(*same))
    return None if text is None else _document(text)


def read_some(connection: Connection, keys: Sequence[Key]) -> tuple[Document, ...]:
    """Those of these manifests that there are."""
    found: list[Document] = []
    for start in range(0, len(keys), _MOST_KEYS):
        some = tuple_(catalogue_object.c.kind, catalogue_object.c.name).in_(keys[start : start + _MOST_KEYS])
        found += [_document(text) for text in connection.scalars(select(catalogue_object.c.document).where(some))]
    return tuple(found)


def changed_since(connection: Connection, version: int) -> dict[Key, Document | None]:
    """What changed after a version of the catalogue: the text there is now, or None for what went."""
    table = catalogue_version.c
    touched = or_(table.since > version, table.until > version)
    statement = select(table.kind, table.name, table.until, table.document).where(touched).order_by(table.since)
    found: dict[Key, Document | None] = {}
    for row in connection.execute(statement):
        found[row.kind, row.name] = None if row.until is not None else _document(row.document)
    return found


def as_of(connection: Connection, version: int) -> dict[Key, Document | None]:
    """What changed after a version of the catalogue: the text there was then, or None for what there was not yet."""
    table = catalogue_version.c
    touched = or_(table.since > version, table.until > version)
    statement = select(table.kind, table.name, table.since, table.document).where(touched).order_by(table.since.desc())
    found: dict[Key, Document | None] = {}
    for row in connection.execute(statement):  # the oldest last: what stood in that version, if anything did
        found[row.kind, row.name] = None if row.since > version else _document(row.document)
    return found


def read_at(connection: Connection, version: int) -> tuple[Document, ...]:
    """Every manifest as it was in a version of the catalogue, in the order of kind and name."""
    then = (catalogue_version.c.since <= version, or_(_STANDING, catalogue_version.c.until > version))
    order = (catalogue_version.c.kind, catalogue_version.c.name)
    statement = select(catalogue_version.c.document).where(*then).order_by(*order)
    return tuple(_document(text) for text in connection.scalars(statement))


def _document(text: str) -> Document:
    return cast("Document", canonical.decode(text, max_bytes=1 << 22))
