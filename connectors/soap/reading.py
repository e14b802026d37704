"""From an answer's element to values, by the types a WSDL gives them.

zeep knows the types; its own reading of documents is not used. It repeats an unbounded sequence of optional elements
two thousand million times over an element it does not know (attack case K6), takes a value that is not of its type
for none at all, and writes it into the log. Here each element is looked at once: a child is known by its name or the
answer is garbled, and so is a value that its type does not admit. Their order is not looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from lxml import etree
from zeep.xsd import Any as AnyElement
from zeep.xsd import Boolean, ComplexType, Element, Group, String
from zeep.xsd.elements.indicators import OrderIndicator
from zeep.xsd.types.simple import AnySimpleType

from connectors.base import Raw
from connectors.errors import SourceGarbled, SourceMisconfigured
from connectors.xml import Element as XmlElement

TEXT = "_value_1"
"""The name under which the text of an element with attributes is found; zeep's, so that its documentation holds."""

_XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}  # XML Schema part 2 §3.2.2.1

Convert = Callable[[str], Raw]


@dataclass(slots=True)
class Shape:
    """What an element of one type may hold.

    Attributes:
        convert: of its text; None where it holds elements only.
        children: by local name.
        attributes: by qualified name.
        anything: whether elements that are not described may stand there; they are passed over.
    """

    convert: Convert | None = None
    children: dict[str, Child] = field(default_factory=dict)
    attributes: dict[str, tuple[str, Convert]] = field(default_factory=dict)
    anything: bool = False

    @property
    def simple(self) -> bool:
        """Whether its value is one text."""
        return self.convert is not None and not self.attributes


@dataclass(slots=True)
class Child:
    """An element within another: its namespace, "" for none, and whether it may stand there several times."""

    namespace: str
    several: bool
    shape: Shape


class Shapes:
    """The shapes of a WSDL's types, each made once."""

    def __init__(self) -> None:
        self._made: dict[int, tuple[Any, Shape]] = {}  # with the type itself, so that its identity stays its own

    def of(self, described: Any) -> Shape:
        """The shape of a type of zeep's. Raises: SourceMisconfigured for arrays of SOAP 1.1's encoding."""
        known = self._made.get(id(described))
        if known is not None:
            return known[1]
        shape = Shape()
        self._made[id(described)] = (described, shape)  # before its parts: a type may hold itself
        if isinstance(described, ComplexType):
            self._fill(shape, described)
        elif isinstance(described, AnySimpleType):
            shape.convert = _converter(described)
        else:
            shape.convert, shape.anything = str, True
        return shape

    def _fill(self, shape: Shape, described: Any) -> None:
        if described._array_type:  # noqa: SLF001 - zeep tells it nowhere else
            raise SourceMisconfigured("wsdl-encoded")
        content = described._element  # noqa: SLF001 - as above
        if isinstance(content, Element):  # simple content: its text
            shape.convert = _converter(content.type)
        else:
            self._walk(shape, content, several=False)
        for name, attribute in described.attributes:
            if attribute.name:
                shape.attributes[attribute.qname.text] = (name, _converter(attribute.type))

    def _walk(self, shape: Shape, part: Any, *, several: bool) -> None:
        if isinstance(part, AnyElement):
            shape.anything = True
        elif isinstance(part, Element):
            self._add(shape, part, several=several or bool(part.accepts_multiple))
        elif isinstance(part, Group):
            self._walk(shape, part.child, several=several or bool(part.accepts_multiple))
        elif isinstance(part, OrderIndicator):
            for each in part:
                self._walk(shape, each, several=several or bool(part.accepts_multiple))

    def _add(self, shape: Shape, element: Any, *, several: bool) -> None:
        known = shape.children.get(element.name)
        if known is not None:
            known.several = known.several or several
        else:
            shape.children[element.name] = Child(element.qname.namespace or "", several, self.of(element.type))


def read(element: XmlElement, shape: Shape, typed: Callable[[XmlElement], Shape]) -> Raw:
    """The value of an element. `typed` finds the shape an element asks for itself. Raises: SourceGarbled."""
    if element.get(_XSI + "nil") in {"true", "1"}:
        return None
    if element.get(_XSI + "type") is not None:
        shape = typed(element)
    if shape.simple:
        return _text(element, shape)
    values: dict[str, Raw] = {name: [] if child.several else None for name, child in shape.children.items()}
    values |= _attributes(element, shape)
    if shape.convert is not None:
        values[TEXT] = _text(element, shape)
        return values
    seen: set[str] = set()
    for inner in element:
        name, child = _child(inner, shape)
        if child is None:
            continue
        value = read(inner, child.shape, typed)
        held = values[name]
        if isinstance(held, list) and child.several:
            held.append(value)
        elif name in seen:
            raise SourceGarbled("schema")
        else:
            values[name] = value
        seen.add(name)
    return values


def _child(element: XmlElement, shape: Shape) -> tuple[str, Child | None]:
    """The child an element is; None for one that may stand there without being described."""
    name = etree.QName(element)
    child = shape.children.get(name.localname)
    # Services that forget a namespace, or write one too many, are many; a wrong one is another element.
    if child is not None and name.namespace and child.namespace and name.namespace != child.namespace:
        child = None
    if child is None and not shape.anything:
        raise SourceGarbled("schema")
    return name.localname, child


def _attributes(element: XmlElement, shape: Shape) -> Mapping[str, Raw]:
    values: dict[str, Raw] = {name: None for name, _ in shape.attributes.values()}
    for qualified, text in element.attrib.items():
        if str(qualified) in shape.attributes:
            name, convert = shape.attributes[str(qualified)]
            values[name] = _converted(str(text), convert)
    return values


def _text(element: XmlElement, shape: Shape) -> Raw:
    if len(element):
        if shape.anything:
            return None
        raise SourceGarbled("schema")
    return None if shape.convert is None or element.text is None else _converted(element.text, shape.convert)


def _converted(text: str, convert: Convert) -> Raw:
    try:
        return convert(text)
    except (ValueError, TypeError, ArithmeticError, LookupError):
        raise SourceGarbled("value") from None


def _converter(described: Any) -> Convert:
    if isinstance(described, String) or not isinstance(described, AnySimpleType):
        return str
    if isinstance(described, Boolean):
        return lambda text: _BOOLEANS[text.strip()]
    of_type: Callable[[str], Any] = described.pythonvalue
    return lambda text: _raw(of_type(text.strip())) if text.strip() else None


def _raw(value: Any) -> Raw:
    """A value of zeep's as one of ours; a binary fraction becomes the decimal digits that stand for it."""
    if value is None or isinstance(value, bool | int | str | Decimal | datetime | date):
        return value
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list):
        return [_raw(element) for element in value]
    if isinstance(value, time):
        return value.isoformat()
    return str(value)
