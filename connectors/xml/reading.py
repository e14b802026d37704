"""From the bytes of a document to its element tree, or to the reason why it is none of ours."""

from __future__ import annotations

import codecs
import re
from typing import NoReturn

from lxml import etree

from connectors.errors import SourceGarbled, SourceTooLarge

MAX_DEPTH = 64
"""Elements within elements. A record has a handful."""
MAX_MARKS = 20_000
"""Tags and attributes of one document: a tree takes a hundred times the memory of the tag it was made from."""

_DECLARATION = re.compile(
    r"""<\?xml[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*["'](?P<version>[^"']{1,8})["']"""
    r"""(?:[ \t\r\n]+encoding[ \t\r\n]*=[ \t\r\n]*["'](?P<encoding>[A-Za-z][A-Za-z0-9._-]{0,39})["'])?"""
    r"""(?:[ \t\r\n]+standalone[ \t\r\n]*=[ \t\r\n]*["'](?:yes|no)["'])?[ \t\r\n]*\?>"""
)  # XML 1.0 §2.8 production 23
_LONGEST_DECLARATION = 200
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_ENCODINGS = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "ascii",
    "gb18030": "gb18030",
    "gbk": "gbk",
    "gb2312": "gb2312",
}
_BLANKS = " \t\r\n"
_INCLUSION = "{http://www.w3.org/2001/XInclude}*"
_TOO_DEEP = etree.XPath("boolean(" + "/*" * (MAX_DEPTH + 1) + ")")


def read(data: bytes, *, charset: str = "", max_marks: int = MAX_MARKS) -> etree._Element:
    """The root element of a document.

    Args:
        data: the document, already within its byte limit.
        charset: what the transport said about its encoding; it precedes the document's own word (RFC 7303 §3).
        max_marks: tags and attributes it may have.

    Raises: SourceGarbled with a reason that starts with ``xml``; SourceTooLarge for more marks or levels.
    """
    text = _text(data, charset)
    body = _without_declaration(text)
    _refuse_document_type(body)
    if body.count("<") + body.count("=") > max_marks:
        raise SourceTooLarge("xml-marks")
    root = _tree(body)
    if root.getroottree().docinfo.internalDTD is not None:  # the same once more, as the parser saw it
        raise SourceGarbled("xml-document-type")
    if _TOO_DEEP(root.getroottree()):
        raise SourceTooLarge("xml-depth")
    if next(root.iter(_INCLUSION), None) is not None:
        raise SourceGarbled("xml-inclusion")
    return root


def _text(data: bytes, charset: str) -> str:
    """The document's characters. Only encodings in which no two readers see different markup are known."""
    for mark, name in _MARKS:
        if data.startswith(mark):
            return _decoded(data[len(mark) :], name)
    declared = charset or _declared_encoding(data)
    encoding = _ENCODINGS.get(declared.lower())
    if encoding is None:
        raise SourceGarbled("xml-encoding")
    return _decoded(data, encoding)


def _declared_encoding(data: bytes) -> str:
    head = data[:_LONGEST_DECLARATION].decode("latin-1")
    found = _DECLARATION.match(head)
    return (found and found["encoding"]) or "utf-8"  # XML 1.0 §4.3.3: without a word it is UTF-8


def _decoded(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        raise SourceGarbled("xml-encoding") from None


def _without_declaration(text: str) -> str:
    """What follows the XML declaration, so that the parser is told the encoding by us alone."""
    if not text.startswith(("<?xml ", "<?xml\t", "<?xml\r", "<?xml\n")):
        return text
    found = _DECLARATION.match(text)
    if found is None or found["version"] != "1.0":  # XML 1.1 gives other meanings to control characters
        raise SourceGarbled("xml-declaration")
    return text[found.end() :]


def _refuse_document_type(text: str) -> None:
    """A document type stands before the root element or nowhere (XML 1.0 §2.8); it is found before any parser runs.

    A mark of byte order that is still there is no character of XML's beginning, yet libxml2 would pass over it.
    """
    if text.startswith("\ufeff"):
        raise SourceGarbled("xml-encoding")
    at = 0
    while True:
        while at < len(text) and text[at] in _BLANKS:
            at += 1
        end = _skipped(text, at)
        if end is None:
            break
        at = end
    if text.startswith("<!", at):
        raise SourceGarbled("xml-document-type")


def _skipped(text: str, at: int) -> int | None:
    """Where a comment or processing instruction that begins here ends; None where none begins."""
    for opening, closing in (("<!--", "-->"), ("<?", "?>")):
        if text.startswith(opening, at):
            end = text.find(closing, at + len(opening))
            if end < 0:
                raise SourceGarbled("xml")
            return end + len(closing)
    return None


def _tree(text: str) -> etree._Element:
    """lxml's tree. The parser is made anew, since one that is shared serves one thread at a time."""
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        dtd_validation=False,
        no_network=True,
        huge_tree=False,
        recover=False,
        remove_comments=True,  # a comment inside a value would otherwise cut it in two
        remove_pis=True,
        collect_ids=False,  # nothing is said by xml:id, so two of the same are no fault
    )
    parser.resolvers.add(_Nowhere())
    try:
        return etree.fromstring(text.encode("utf-8"), parser)
    except (etree.XMLSyntaxError, ValueError):
        raise SourceGarbled("xml") from None


class _Nowhere(etree.Resolver):
    """Ends the reading of a document that refers to another. Without it libxml2 reads external subsets, because no
    identifiers are collected, whatever is said about document types; lxml's empty document would be no help.
    """

    def resolve(self, *_: object) -> NoReturn:
        raise SourceGarbled("xml-document-type")
