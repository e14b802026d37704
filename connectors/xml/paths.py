"""Values out of an element tree by XPath 1.0 with declared namespaces.

An expression comes from a manifest, yet what it is run over comes from a source: it goes down only, to any depth once,
and starts from the root outside of conditions, so that its cost grows with the document and not with the document's
square (attack case K7).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeAlias

from lxml import etree

from connectors.base import Raw
from connectors.errors import SourceGarbled
from connectors.faults import fault, within

Element: TypeAlias = etree._Element  # noqa: SLF001 - lxml has no public name for the class of its elements
"""An element of lxml's."""
Columns: TypeAlias = Callable[[Element], Mapping[str, Raw]]
"""From a record's element to its values by the names a manifest gave them."""

_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_PREFIX = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}")
_LITERAL = re.compile(r"\"[^\"]*\"|'[^']*'")
_DOWN = re.compile(r"//|\bdescendant(?:-or-self)?\s*::")
_BACK = re.compile(r"\.\.|\b(?:parent|ancestor|ancestor-or-self|(?:preceding|following)(?:-sibling)?)\s*::|\$")
_FROM_THE_ROOT = re.compile(r"(?<![\w.\])-])/")


def namespaces(declared: Mapping[str, str]) -> Mapping[str, str]:
    """Prefixes that expressions may use. Raises: ManifestFault."""
    for prefix, name in declared.items():
        if not _PREFIX.fullmatch(prefix) or not name:
            raise fault((prefix,), "前缀或命名空间无效", "this is no valid prefix or namespace")
    return declared


def elements(text: str, prefixes: Mapping[str, str]) -> Callable[[Element], Sequence[Element]]:
    """A function that finds the elements an expression names. Raises: ManifestFault."""
    compiled = _compiled(text, prefixes)

    def find(root: Element) -> Sequence[Element]:
        found = _evaluated(compiled, root)
        if not isinstance(found, list) or not all(etree.iselement(each) for each in found):
            raise SourceGarbled("records")
        return found

    return find


def columns(declared: Mapping[str, Any], prefixes: Mapping[str, str]) -> Columns:
    """A function that reads a record: by name, an expression for one value or ``[expression]`` for a list of them.

    An element or attribute gives its text; nothing found, or ``xsi:nil``, gives None; where one value was declared,
    several are given as the list they are, which a mapping refuses. Raises: ManifestFault.
    """
    readers = {}
    for name, expression in declared.items():
        with within(name):
            several = isinstance(expression, list)
            readers[name] = _value(_compiled(expression[0] if several else expression, prefixes), several)
    return lambda element: {name: read(element) for name, read in readers.items()}


def _compiled(text: str, prefixes: Mapping[str, str]) -> etree.XPath:
    _check_cost(_LITERAL.sub("''", text))
    try:
        compiled = etree.XPath(text, namespaces=dict(prefixes), regexp=False, smart_strings=False)
        compiled(etree.Element("nothing"))  # only now an undeclared prefix or an unknown function shows
    except (etree.XPathError, ValueError):
        raise fault((), "不是有效的 XPath 表达式", "this is no valid XPath expression") from None
    return compiled


def _check_cost(text: str) -> None:
    """Every way to go over a document once for each of its elements is refused. `text` has its literals emptied."""
    conditions = "".join(_conditions(text))
    if len(_DOWN.findall(text)) > 1 or _BACK.search(text) or _FROM_THE_ROOT.search(conditions):
        raise fault(
            (),
            "表达式只能向下，“//”至多一次，方括号内不得从根出发，不得使用变量",
            "an expression goes down only, says // once at most, starts from the root outside of brackets, and has no "
            "variables",
        )


def _conditions(text: str) -> Iterator[str]:
    """The characters that stand within brackets, brackets included."""
    depth = 0
    for character in text:
        depth += character == "["
        if depth:
            yield character
        depth -= character == "]"


def _value(compiled: etree.XPath, several: bool) -> Callable[[Element], Raw]:
    def read(element: Element) -> Raw:
        found = _evaluated(compiled, element)
        if not isinstance(found, list):
            return [_plain(found)] if several else _plain(found)
        texts = [_text(each) for each in found]
        return texts if several or len(texts) > 1 else (texts or [None])[0]

    return read


def _evaluated(compiled: etree.XPath, element: Element) -> Any:
    try:
        return compiled(element)
    except etree.XPathError:
        raise SourceGarbled("expression") from None


def _plain(found: Any) -> Raw:
    """What an XPath function gave. Its numbers are binary, so they are taken at the digits they print."""
    if isinstance(found, float):
        return int(found) if found.is_integer() else Decimal(str(found))
    if isinstance(found, bool | str):
        return found
    raise SourceGarbled("expression")


def _text(found: Any) -> Raw:
    """The text of an element or attribute. An element that holds elements is no value."""
    if isinstance(found, str):
        return found
    if not etree.iselement(found):
        raise SourceGarbled("expression")
    if found.get(_NIL) in {"true", "1"}:
        return None
    if len(found):
        raise SourceGarbled("value-has-structure")
    return found.text or ""
