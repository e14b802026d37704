"""Values out of an element tree by XPath 1.0 with declared namespaces.

An expression comes from a manifest, yet what it is run over comes from a source: it goes down only, to any depth once,
and starts from the root outside of conditions; what a record's column reads from the root is read once for all records.
So the cost of reading grows with the document and not with the document's square (attack case K7). Two things stay
square in libxml2, comparing two lists of nodes (``a = b``) and joining them (``a | b``); `MAX_MARKS` keeps the greatest
of them to a tenth of a second.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias

from lxml import etree

from connectors.base import Raw
from connectors.errors import SourceGarbled
from connectors.faults import fault, within

Element: TypeAlias = etree._Element  # noqa: SLF001 - lxml has no public name for the class of its elements
"""An element of lxml's."""
Columns: TypeAlias = Callable[[Sequence[Element]], Sequence[Mapping[str, Raw]]]
"""From the elements of records, all of one document, to their values by the names a manifest gave them."""

_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_PREFIX = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}")
_LITERAL = re.compile(r"\"[^\"]*\"|'[^']*'")
_DOWN = re.compile(r"//|\bdescendant(?:-or-self)?\s*::")
_BACK = re.compile(r"\.\.|\b(?:parent|ancestor|ancestor-or-self|(?:preceding|following)(?:-sibling)?)\s*::|\$")
_NAME = r"""[^\s\d()\[\]@,/|+=<>!*:$'".-][^\s()\[\]@,/|+=<>!*:$'"]*"""
_TOKEN = re.compile(rf"(?P<operand>''|\*|[\d.]+|{_NAME})|//?|\S")
_JOINING = frozenset("|+-=<>!")


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


def value(expression: str, prefixes: Mapping[str, str]) -> Callable[[Element], Raw]:
    """A function that reads one value of a document, as of a record's column. Raises: ManifestFault."""
    return _value(_compiled(expression, prefixes), several=False)


def columns(declared: Mapping[str, Any], prefixes: Mapping[str, str]) -> Columns:
    """A function that reads records: by name, an expression for one value or ``[expression]`` for a list of them.

    An element or attribute gives its text; nothing found, or ``xsi:nil``, gives None; where one value was declared,
    several are given as the list they are, which a mapping refuses. A path from the root (``/answer/@at``) says the
    same of every record. Raises: ManifestFault.
    """
    readers, shared = {}, set()
    for name, expression in declared.items():
        with within(name):
            several = isinstance(expression, list)
            text = expression[0] if several else expression
            if _says_the_same_of_all(text):
                shared.add(name)
            readers[name] = _value(_compiled(text, prefixes), several)

    def read(records: Sequence[Element]) -> Sequence[Mapping[str, Raw]]:
        once = {name: readers[name](records[0]) for name in shared} if records else {}
        return [{name: once[name] if name in once else of(each) for name, of in readers.items()} for each in records]

    return read


def _says_the_same_of_all(text: str) -> bool:
    """Whether a column is a path from the root, and nothing else. Raises: ManifestFault for one that is so in part."""
    outline = _outline(_LITERAL.sub("''", text))
    whole = text.lstrip().startswith("/") and not outline.joined
    if outline.from_root > whole:
        raise fault(
            (),
            "列在每条记录内取值：要么整个是一条从根出发的路径（如 /answer/@at，每份答复只读一次），要么不从根出发",
            "a column is read inside each record: it is one path from the root as a whole, such as /answer/@at, which "
            "is read once in an answer, or nothing in it starts from the root",
        )
    return whole


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
    if len(_DOWN.findall(text)) > 1 or _BACK.search(text) or _outline(text).conditions_from_root:
        raise fault(
            (),
            "表达式只能向下，“//”至多一次，方括号内不得从根出发，不得使用变量",
            "an expression goes down only, says // once at most, starts from the root outside of brackets, and has no "
            "variables",
        )


@dataclass(frozen=True, slots=True)
class _Outline:
    """What tells the cost of an expression.

    Attributes:
        from_root: how many paths start from the root outside of brackets.
        conditions_from_root: how many do within them.
        joined: whether an operator stands outside of brackets.
    """

    from_root: int
    conditions_from_root: int
    joined: bool


def _outline(text: str) -> _Outline:
    """Tell what an expression is made of, by the tokens of XPath 1.0 §3.7. `text` has its literals emptied.

    Where an operand has ended, a slash goes on from it, and a name or an asterisk is an operator (``. div /a``);
    anywhere else a slash starts from the root.
    """
    roots, depth, ended, joined = [0, 0], 0, False, False
    for found in _TOKEN.finditer(text):
        mark = found.group()
        operator = ended if found["operand"] else mark in _JOINING
        joined = joined or (operator and depth == 0)
        if mark in {"/", "//"} and not ended:
            roots[depth > 0] += 1
        depth += (mark == "[") - (mark == "]")
        ended = not ended if found["operand"] else mark in {")", "]"}
    return _Outline(roots[0], roots[1], joined)


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
