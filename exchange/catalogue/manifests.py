"""Reading manifests: every finding with file, line and path; nothing that does not fit its published schema goes
further.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, cast

from connectors import registry as connectors
from connectors.manifest import SCHEMA
from exchange.catalogue.kinds import CONNECTOR, DIVISION, EVIDENCE_TYPE, GRANT, ORGANISATION, SERVICE_ITEM, SYSTEM
from kernel.canonical import JSON, decode
from kernel.manifests import Document, Finding, ManifestError, load, validate
from kernel.text import Text

CheckConnector = Callable[[Mapping[str, JSON]], Sequence[Finding]]
"""Everything that is wrong with a connector manifest; which adapters it may name depends on the installation."""

_FILES = {
    DIVISION: "division.json",
    ORGANISATION: "organisation.json",
    SYSTEM: "system.json",
    EVIDENCE_TYPE: "evidence-type.json",
    SERVICE_ITEM: "service-item.json",
    GRANT: "grant.json",
}


@cache
def schemas() -> Mapping[str, Mapping[str, JSON]]:
    """The published JSON Schema of every kind of manifest."""
    folder = files("exchange.catalogue") / "schemas"
    own = {kind: _object((folder / name).read_bytes()) for kind, name in _FILES.items()}
    return {**own, CONNECTOR: cast("Mapping[str, JSON]", SCHEMA)}


def read(paths: Iterable[Path], check_connector: CheckConnector = connectors.findings) -> list[Document]:
    """The manifests of files and folders. Raises ManifestError with every finding of all of them."""
    documents = [document for path in paths for document in load(path)]
    findings = [text for document in documents for text in _findings(document, check_connector)]
    if findings:
        raise ManifestError(*findings)
    _refuse_repeated(documents)
    return documents


def _findings(document: Document, check_connector: CheckConnector) -> list[Text]:
    schema = schemas().get(document.kind)
    if schema is None:
        known = ", ".join(sorted(schemas()))
        return document.locate([Finding(("kind",), Text(f"种类只能是：{known}", f"the kind is one of: {known}"))])
    if document.kind == CONNECTOR:
        return document.locate(check_connector(document.value))
    return validate(document, schema)


def _refuse_repeated(documents: Sequence[Document]) -> None:
    seen: dict[tuple[str, str], Document] = {}
    for document in documents:
        key = key_of(document)
        earlier = seen.setdefault(key, document)
        if earlier is not document:
            place = f"{earlier.path}:{earlier.line_of(())}"
            said = Text(f"已在 {place} 定义", f"it is defined in {place} already")
            raise ManifestError(*document.locate([Finding(("metadata", "name"), said)]))


def key_of(document: Document) -> tuple[str, str]:
    """Kind and name of a manifest that fits its schema."""
    value: Any = document.value
    return document.kind, value["metadata"]["name"]


def _object(data: bytes) -> Mapping[str, JSON]:
    return cast("Mapping[str, JSON]", decode(data))
