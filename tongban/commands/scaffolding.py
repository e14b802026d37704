"""What ``tongban connector scaffold`` reads, and which proposal is made of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from connectors.errors import SourceGarbled
from connectors.scaffold import from_csv, from_json, from_ldif, from_openapi, from_table, from_wsdl, from_xlsx, from_xml

MOST_BYTES = 32 << 20
"""Of a document or sample."""


@dataclass(frozen=True)
class Wish:
    """How the source is to be called, and what the document leaves open."""

    name: str
    operation: str
    encoding: str
    schema: str | None
    place: str


def proposed(kind: str, places: tuple[str, ...], wish: Wish) -> dict[str, Any]:
    """The proposal. Raises SourceProblem; OSError where a file cannot be read."""
    if kind == "table":
        return from_table(wish.name, places[0], places[1], wish.schema)
    file = Path(places[0])
    if file.stat().st_size > MOST_BYTES:
        raise SourceGarbled("too-large")
    if kind == "openapi":
        return from_openapi(wish.name, _document(file), wish.operation)
    if kind == "wsdl":
        return from_wsdl(wish.name, file.read_bytes(), file.name, wish.operation)
    if kind == "ldap":
        return from_ldif(wish.name, file.read_bytes(), wish.operation)
    return _sample(file, wish)


def _sample(file: Path, wish: Wish) -> dict[str, Any]:
    if file.suffix == ".xlsx":
        return from_xlsx(wish.name, file, place=wish.place)
    if file.suffix in {".json", ".jsonl"}:
        return from_json(wish.name, file.read_bytes())
    if file.suffix == ".xml":
        return from_xml(wish.name, file.read_bytes())
    if wish.encoding not in {"gb18030", "utf-8", "utf-8-sig"}:
        raise SourceGarbled("encoding")
    return from_csv(wish.name, file, wish.encoding, place=wish.place)


def _document(file: Path) -> Mapping[str, Any]:
    """An OpenAPI document as JSON or plain YAML."""
    data = file.read_bytes()
    try:
        found = json.loads(data) if file.suffix == ".json" else yaml.safe_load(data)
    except (ValueError, yaml.YAMLError, RecursionError):
        raise SourceGarbled("document") from None
    if not isinstance(found, Mapping):
        raise SourceGarbled("document")
    return found
