"""From a WSDL 1.1 with its types inside: an operation, what it is asked, what its answer holds. Nothing is fetched."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from connectors.errors import SourceGarbled
from connectors.scaffold.manifest import Mark, Member, likely_subject, path_of, propose
from connectors.scaffold.observing import Seen
from connectors.xml import Element, read

_W, _X = "{http://schemas.xmlsoap.org/wsdl/}", "{http://www.w3.org/2001/XMLSchema}"
_DEEPEST = 6
_TYPES = {"int": "integer", "integer": "integer", "long": "integer", "decimal": "decimal", "boolean": "boolean"}


def from_wsdl(name: str, data: bytes, place: str, operation: str = "") -> dict[str, Any]:
    """A proposal for one operation, or the first. ``place``: as a manifest names the file. Raises: SourceProblem."""
    root = read(data)
    chosen = next((one for one in _operations(root) if not operation or one.get("name") == operation), None)
    if chosen is None:
        raise SourceGarbled("operation")
    asked = list(_members(root, _message(root, chosen, "input"), 0))
    records, members = _record(root, _message(root, chosen, "output"))
    needed, subject = [one for one in asked if one.required], likely_subject(members)
    wanted = likely_subject(asked) or (needed[0] if len(needed) == 1 else None)
    parameters: Any = Mark("参数，其中一个是 {subject}", "parameters, one of which is {subject}")
    if wanted is not None:
        parameters = {wanted.name: "{subject}"}
        more = [one.name for one in needed if one is not wanted]
        parameters |= {one: Mark(f"参数 {one}", f"the parameter {one}") for one in more}
    settings: dict[str, Any] = {"wsdl": place, "operation": str(chosen.get("name")), "parameters": parameters}
    settings |= {"records": records} if records else {}
    settings |= {"subject_path": path_of(subject.name)} if subject else {}
    return propose(name, "soap", settings, [one for one in members if one is not subject], "path")


def _operations(root: Element) -> Iterator[Element]:
    yield from root.iterfind(f"{_W}portType/{_W}operation")


def _message(root: Element, operation: Element, side: str) -> Element | None:
    """The schema element that a document-style message consists of."""
    named = operation.find(f"{_W}{side}")
    wanted = _local(named.get("message", "")) if named is not None else ""
    for message in root.iterfind(f"{_W}message"):
        part = message.find(f"{_W}part")
        if message.get("name") == wanted and part is not None:
            return _named(root, "element", _local(part.get("element", "")))
    return None


def _named(root: Element, kind: str, name: str) -> Element | None:
    schemas = root.iterfind(f"{_W}types/{_X}schema")
    return next((one for schema in schemas for one in schema.iterfind(f"{_X}{kind}") if one.get("name") == name), None)


def _children(root: Element, element: Element | None) -> list[Element]:
    """The elements inside an element of complex type."""
    if element is None:
        return []
    inside = element.find(f"{_X}complexType")
    if inside is None and element.get("type"):
        inside = _named(root, "complexType", _local(element.get("type", "")))
    if inside is None:
        return []
    groups = [group for kind in ("sequence", "all", "choice") for group in inside.iter(f"{_X}{kind}")]
    return [child for group in groups for child in group.iterfind(f"{_X}element") if child.get("name")]


def _record(root: Element, output: Element | None) -> tuple[str, list[Member]]:
    """Where records stand below the answer's element, and what one holds."""
    at: list[str] = []
    for _ in range(_DEEPEST):
        children = _children(root, output)
        inner = [child for child in children if _children(root, child)]
        if len(children) != 1 or len(inner) != 1:
            several = [child for child in inner if child.get("maxOccurs", "1") != "1"]
            if len(several) == 1:
                at.append(str(several[0].get("name")))
                output = several[0]
            break
        at.append(str(inner[0].get("name")))
        output = inner[0]
    return ".".join(at), list(_members(root, output, 0))


def _members(root: Element, element: Element | None, depth: int, at: str = "") -> Iterator[Member]:
    for child in _children(root, element):
        name = f"{at}.{child.get('name')}".lstrip(".")
        if depth < _DEEPEST and _children(root, child):
            yield from _members(root, child, depth + 1, name)
            continue
        kind = _local(child.get("type", ""))
        yield Member(
            name,
            Seen(forms=("iso",) if kind in {"date", "dateTime"} else ()),
            _TYPES.get(kind, ""),
            [str(one.get("value")) for one in child.iter(f"{_X}enumeration")],
            several=child.get("maxOccurs", "1") not in {"0", "1"},
            required=child.get("minOccurs", "1") != "0",
        )


def _local(name: str) -> str:
    return name.rpartition(":")[2]
