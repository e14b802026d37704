"""From one answer of a service in XML: where its records stand, and what one of them holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lxml import etree

from connectors.errors import SourceGarbled
from connectors.scaffold.manifest import Mark, Member, likely_subject, propose
from connectors.scaffold.observing import observe
from connectors.scaffold.samples import ROWS
from connectors.xml import Element, read

_DEEPEST = 5
_MOST_MARKS = 1_000_000
"""Of a sample, which may hold many records."""


def from_xml(name: str, data: bytes) -> dict[str, Any]:
    """A proposal for the service that gives answers like this one. Raises: SourceGarbled, SourceTooLarge."""
    root = read(data, max_marks=_MOST_MARKS)
    prefixes = _prefixes(root)
    records, where = _records(root, prefixes)
    places = dict.fromkeys(place for record in records for place in _leaves(record, prefixes))
    if not places:
        raise SourceGarbled("records")
    names = _names(places)
    values = {place: [_values(record, place, prefixes) for record in records] for place in places}
    several = {place for place in places if any(len(found) > 1 for found in values[place])}
    members = [Member(names[place], observe(_each(values[place])), several=place in several) for place in places]
    subject = likely_subject([one for one in members if not one.several])
    settings: dict[str, Any] = {
        "url": Mark("服务地址", "the service's address"),
        "query": Mark("哪个参数是证件号码", "which parameter is the subject"),
        "records": where,
        "xml": {"columns": {names[place]: [place] if place in several else place for place in places}},
    }
    settings["xml"] |= {"namespaces": {prefix: uri for uri, prefix in prefixes.items()}} if prefixes else {}
    settings |= {"subject_path": next(at for at in places if names[at] == subject.name)} if subject else {}
    return propose(name, "rest", settings, [one for one in members if one is not subject], "column")


def _each(values: Sequence[Sequence[str]]) -> Iterator[str | None]:
    for found in values:
        yield from found or (None,)


def _prefixes(root: Element) -> Mapping[str, str]:
    """A prefix for every namespace that elements or attributes are in: the document's own, else one that is free."""
    found: dict[str, str] = {}
    for element in root.iter(etree.Element):
        known = {uri: prefix for prefix, uri in element.nsmap.items() if prefix}
        for tag in (element.tag, *element.attrib):
            uri = etree.QName(tag).namespace
            if uri and uri not in found:
                wanted = known.get(uri, "")
                found[uri] = wanted if wanted and wanted not in found.values() else f"n{len(found) + 1}"
    return found


def _step(tag: Any, prefixes: Mapping[str, str]) -> str:
    name = etree.QName(tag)
    return f"{prefixes[name.namespace]}:{name.localname}" if name.namespace else name.localname


def _records(root: Element, prefixes: Mapping[str, str]) -> tuple[Sequence[Element], str]:
    """The outermost elements of one name that stand several times side by side and hold something, and their path.

    Where there are none: what stands alone within what stands alone, as far as it goes.
    """
    level, path = [root], f"/{_step(root.tag, prefixes)}"
    alone: tuple[Sequence[Element], str] = ([root], path)
    for _ in range(_DEEPEST):
        children = [child for one in level for child in one if len(child)]
        counted = Counter(child.tag for child in children)
        if not counted:
            break
        tag, times = counted.most_common(1)[0]
        path = f"{path}/{_step(tag, prefixes)}"
        level = [child for child in children if child.tag == tag]
        if times > len({child.getparent() for child in level}):
            return level[:ROWS], path
        alone = (level, path) if len(counted) == 1 and not _has_leaves(level[0].getparent()) else alone
    return alone


def _has_leaves(element: Element | None) -> bool:
    return element is not None and any(not len(child) and (child.text or "").strip() for child in element)


def _leaves(record: Element, prefixes: Mapping[str, str], path: str = "", depth: int = 0) -> Iterator[str]:
    """The paths below a record at which values stand."""
    for name in record.attrib:
        if etree.QName(name).namespace != _INSTANCE:
            yield f"{path}@{_step(name, prefixes)}"
    for child in record:
        at = f"{path}{_step(child.tag, prefixes)}"
        if len(child) and depth < _DEEPEST:
            yield from _leaves(child, prefixes, f"{at}/", depth + 1)
        elif not len(child):
            yield at


_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"


def _values(record: Element, place: str, prefixes: Mapping[str, str]) -> list[str]:
    found = record.xpath(place, namespaces={prefix: uri for uri, prefix in prefixes.items()})
    assert isinstance(found, list)
    return [each if isinstance(each, str) else "".join(each.itertext()) for each in found]


def _names(places: Mapping[str, None]) -> Mapping[str, str]:
    """A column's name for each path: the last step's, with those before it where that alone is not enough."""
    plain = {place: [step.rpartition(":")[2].lstrip("@") for step in place.split("/")] for place in places}
    last = Counter(steps[-1] for steps in plain.values())
    whole = Counter(".".join(steps) for steps in plain.values())
    named: dict[str, str] = {}
    for number, (place, steps) in enumerate(plain.items(), 1):
        joined = ".".join(steps)
        named[place] = steps[-1] if last[steps[-1]] == 1 else joined if whole[joined] == 1 else f"{joined}.{number}"
    return named
