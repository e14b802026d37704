"""How large a description becomes when its groups are put in place of their names.

A group of XML Schema may hold a group twice, which holds a group twice: thirty lines stand for a thousand million
elements, the billion laughs of a grammar (attack case K2). It is counted before zeep puts anything in place.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TypeAlias

from connectors.errors import SourceTooLarge
from connectors.xml import Element

_XSD = "{http://www.w3.org/2001/XMLSchema}"
_KINDS = ("group", "attributeGroup")
_MOST = 50_000
"""Elements and attributes that all uses of groups together may stand for."""
_DEEPEST = 64

_Key: TypeAlias = tuple[str, str]
"""Kind and local name; groups of one name in several namespaces count together."""


class Growth:
    """Groups of the documents seen so far."""

    def __init__(self) -> None:
        self._held: dict[_Key, list[_Key]] = defaultdict(list)  # groups that a group holds, each as often as it does
        self._own: dict[_Key, int] = defaultdict(int)
        self._used: list[_Key] = []

    def check(self, root: Element) -> None:
        """Add a document. Raises: SourceTooLarge."""
        for kind in _KINDS:
            for element in root.iter(_XSD + kind):
                self._add(kind, element)
        sizes: dict[_Key, int] = {}
        if sum(self._size(key, sizes, _DEEPEST) for key in (*self._used, *list(self._held))) > _MOST:
            raise SourceTooLarge("wsdl-groups")

    def _add(self, kind: str, element: Element) -> None:
        if element.get("name") is not None:
            key = kind, str(element.get("name"))
            self._own[key] += sum(1 for _ in element.iter(_XSD + "element", _XSD + "attribute", _XSD + "any"))
            self._held[key] += [_referred(kind, each) for each in element.iter(_XSD + kind) if each.get("ref")]
        elif element.get("ref") is not None:
            self._used.append(_referred(kind, element))

    def _size(self, key: _Key, sizes: dict[_Key, int], levels: int) -> int:
        if levels == 0:  # or in a circle
            raise SourceTooLarge("wsdl-groups")
        if key not in sizes:
            held = self._held.get(key, [])
            sizes[key] = self._own.get(key, 0) + sum(self._size(each, sizes, levels - 1) for each in held)
        return sizes[key]


def _referred(kind: str, element: Element) -> _Key:
    return kind, str(element.get("ref")).rpartition(":")[2]
