"""The sources behind the catalogue's connectors, kept across versions of the catalogue as long as their manifest
stays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import structlog

from connectors.errors import SourceMisconfigured
from connectors.source import Source
from exchange.catalogue.reading import Document

BuildSource = Callable[[Document], Source]
"""From a connector manifest to a source that can be asked; raises SourceMisconfigured."""


@dataclass(frozen=True, slots=True)
class _Open:
    document: Document
    source: Source


class Sources:
    """Opens, keeps and closes sources. Used by one thread at a time: whoever reads a new version of the catalogue."""

    def __init__(self, build: BuildSource) -> None:
        """``build`` is ``connectors.registry.build`` with its secrets, folders and clock filled in."""
        self._build = build
        self._open: dict[str, _Open] = {}
        self._retired: list[Source] = []

    def adopt(self, connectors: Mapping[str, Document]) -> Mapping[str, Source]:
        """The sources of these manifests by evidence type; one that cannot be opened is left out and named in the log.

        Sources no longer described are closed at the next change, so that a look-up under way can still end.
        """
        self._close_retired()
        kept = {code: one for code, one in self._open.items() if connectors.get(code) == one.document}
        self._retired = [one.source for code, one in self._open.items() if code not in kept]
        self._open = kept | self._opened({code: one for code, one in connectors.items() if code not in kept})
        return MappingProxyType({code: one.source for code, one in self._open.items()})

    def listed(self) -> tuple[Source, ...]:
        """Those that are open now. Safe for any thread."""
        return tuple(one.source for one in self._open.values())

    def close(self) -> None:
        """Close everything."""
        self._close_retired()
        for one in self._open.values():
            one.source.close()
        self._open = {}

    def _opened(self, connectors: Mapping[str, Document]) -> dict[str, _Open]:
        opened: dict[str, _Open] = {}
        for code, document in connectors.items():
            try:
                opened[code] = _Open(document, self._build(document))
            except SourceMisconfigured as trouble:
                log = structlog.get_logger(__name__)
                log.error("connector cannot be used", connector=document["metadata"]["name"], reason=trouble.reason)
        return opened

    def _close_retired(self) -> None:
        for source in self._retired:
            source.close()
        self._retired = []
