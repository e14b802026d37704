"""The table of divisions that the catalogue's own manifests make: what lies in what, what became of what, and when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from exchange.catalogue import reading
from exchange.catalogue.consistency import unknown
from exchange.catalogue.reading import Document, InvalidCatalogue
from kernel.identifiers.division import TABLE as BUILT_IN
from kernel.identifiers.division import Division, DivisionTable
from kernel.text import Text

_CODE_TAKEN = Text("同一时间已有另一区划使用该代码", "another division has this code on the same day")
_OWN_PARENT = Text("区划不能是自己的上级", "a division does not lie in itself")


def table(documents: Sequence[Document]) -> DivisionTable:
    """The catalogue's own divisions; the table that comes with the product where it has none.

    Raises InvalidCatalogue.
    """
    if not documents:
        return BUILT_IN
    divisions = reading.by_name(documents, reading.division)
    successions = [each for document in documents for each in reading.successions(document, divisions)]
    for document in documents:
        _check_division(document, divisions)
    return DivisionTable([*divisions.values()], successions)


def _check_division(document: Document, divisions: Mapping[str, Division]) -> None:
    own, parent = divisions[document["metadata"]["name"]], document["spec"].get("parent")
    if parent is not None and all(parent != other.code for other in divisions.values()):
        raise unknown(document, ("spec", "parent"), parent)
    same = [other for other in divisions.values() if own.code is not None and other.code == own.code]
    if any(_together(own, other) for other in same if other is not own):
        raise InvalidCatalogue(document, ("spec", "code"), _CODE_TAKEN)
    if any(above is own for above in _above(own, divisions)):
        raise InvalidCatalogue(document, ("spec", "parent"), _OWN_PARENT)


def _together(left: Division, right: Division) -> bool:
    begins = max(left.since or date.min, right.since or date.min)
    return begins < min(left.until or date.max, right.until or date.max)


def _above(division: Division, divisions: Mapping[str, Division]) -> Iterator[Division]:
    """Everything it lies in, by code; each at most once."""
    seen: list[Division] = []
    waiting = [division]
    while waiting:
        code = waiting.pop().parent
        found = [each for each in divisions.values() if code is not None and each.code == code]
        new = [each for each in found if not any(each is known for known in seen)]
        seen += new
        waiting += new
    return iter(seen)
