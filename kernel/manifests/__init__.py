"""Manifests: YAML objects that know where they stand.

A manifest file holds one object or several (separated by ``---``). Every finding about one reads
``file:line: path: message``, in both languages, so that whoever wrote the file can go straight to the place.

Owns: reading (`reading`), JSON Schema validation (JSON Schema 2020-12) and its wording (`wording`). What kinds of
manifest there are, and what they mean, is the business of whoever applies them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jsonschema import Draft202012Validator

from kernel.canonical import JSON
from kernel.manifests.reading import JsonPath, ManifestError, dotted, objects
from kernel.manifests.wording import explain
from kernel.text import Text

__all__ = ["Document", "Finding", "JsonPath", "ManifestError", "dotted", "load", "schema_findings", "validate"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong with one value of an object: where inside the object, and what."""

    where: JsonPath
    message: Text


@dataclass(frozen=True, slots=True)
class Document:
    """One object of a manifest file.

    Attributes:
        kind: its ``kind`` (``Connector``, ``EvidenceType`` …), or "" where it names none.
        value: the object as JSON.
        path: the file.
        lines: the line (from 1) on which each value starts, by its path inside the object.
    """

    kind: str
    value: Mapping[str, JSON]
    path: Path
    lines: Mapping[JsonPath, int]

    def line_of(self, json_path: Sequence[str | int]) -> int:
        """The line of a value, or of the nearest value around it where there is none."""
        wanted = tuple(json_path)
        while wanted not in self.lines:
            wanted = wanted[:-1]
        return self.lines[wanted]

    def locate(self, findings: Iterable[Finding]) -> list[Text]:
        """The findings as ``file:line: path: message``, in the order of the file."""
        ordered = sorted(findings, key=lambda finding: self.line_of(finding.where))
        return list(dict.fromkeys(self._located(finding) for finding in ordered))

    def _located(self, finding: Finding) -> Text:
        place = f"{self.path}:{self.line_of(finding.where)}: {dotted(finding.where)}"
        return Text(f"{place}: {finding.message.zh}", f"{place}: {finding.message.en}")


def load(path: Path) -> list[Document]:
    """The objects of a file, or of all ``*.yaml`` and ``*.yml`` files under a folder in the order of their names.

    Raises:
        ManifestError: a file is missing, larger than 1 MiB, not UTF-8, or not the plain YAML that `reading` describes.
    """
    return [Document(_kind(value), value, file, lines) for file in _files(path) for value, lines in objects(file)]


def validate(document: Document, schema: Mapping[str, JSON]) -> list[Text]:
    """What does not fit a JSON Schema, as ``file:line: path: message``, in the order of the file."""
    return document.locate(schema_findings(document.value, schema))


def schema_findings(value: Mapping[str, JSON], schema: Mapping[str, JSON]) -> list[Finding]:
    """What does not fit a JSON Schema (2020-12), by its place inside the object."""
    errors = Draft202012Validator(schema).iter_errors(value)
    return [Finding(where, message) for error in errors for where, message in explain(error)]


def _kind(value: Mapping[str, JSON]) -> str:
    kind = value.get("kind")
    return kind if isinstance(kind, str) else ""


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    return sorted(file for file in path.rglob("*") if file.suffix in {".yaml", ".yml"} and file.is_file())
