"""The catalogue's manifests as they were applied, canonical JSON by kind and name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, delete, insert, select

from exchange.store.tables import catalogue_object
from kernel import canonical

Document = Mapping[str, Any]
Key = tuple[str, str]


def key_of(document: Document) -> Key:
    """Kind and name: what a manifest is known by."""
    return document["kind"], document["metadata"]["name"]


def read_all(connection: Connection) -> dict[Key, Document]:
    """Every manifest, in the order of kind and name."""
    rows = connection.execute(select(catalogue_object).order_by(catalogue_object.c.kind, catalogue_object.c.name))
    return {(row.kind, row.name): cast("Document", canonical.decode(row.document, max_bytes=1 << 22)) for row in rows}


def replace(connection: Connection, documents: Iterable[Document], at: datetime) -> None:
    """Write these manifests over those of the same kind and name."""
    for document in documents:
        kind, name = key_of(document)
        where = (catalogue_object.c.kind == kind, catalogue_object.c.name == name)
        connection.execute(delete(catalogue_object).where(*where))
        text = canonical.encode(document).decode()
        connection.execute(insert(catalogue_object).values(kind=kind, name=name, document=text, changed_at=at))
