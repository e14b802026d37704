"""What is wrong with a manifest beyond what its JSON Schema can say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from kernel.manifests import Finding, JsonPath
from kernel.text import Text


class ManifestFault(ValueError):
    """A manifest that fits the schema and still makes no sense. `findings` say where inside the object, and what."""

    def __init__(self, *findings: Finding) -> None:
        super().__init__("; ".join(finding.message.en for finding in findings))
        self.findings = findings


def fault(where: JsonPath, zh: str, en: str) -> ManifestFault:
    """One fault at one place."""
    return ManifestFault(Finding(where, Text(zh, en)))


@contextmanager
def within(*steps: str | int) -> Iterator[None]:
    """Whatever is found inside stands under these steps of the manifest."""
    try:
        yield
    except ManifestFault as found:
        raise ManifestFault(*(Finding((*steps, *each.where), each.message) for each in found.findings)) from None
