"""The documents of a WSDL: from one folder or from one origin, each checked before zeep sees it (attack case K2).

zeep asks for documents by calling `load`; nothing else of it can reach a file or the network.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from lxml import etree

from connectors.errors import SourceMisconfigured, SourceTooLarge
from connectors.soap.growth import Growth
from connectors.xml import read

MAX_BYTES = 4_194_304
"""Of all documents of one description together."""
_MAX_DOCUMENTS = 64
_MAX_MARKS = 200_000
_XML_NAMESPACE = "https://www.w3.org/2001/xml.xsd"
_XML_ATTRIBUTES = (
    b'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="http://www.w3.org/XML/1998/namespace">'
    b'<xs:attribute name="lang" type="xs:language"/><xs:attribute name="space" type="xs:NCName"/>'
    b'<xs:attribute name="base" type="xs:anyURI"/><xs:attribute name="id" type="xs:ID"/></xs:schema>'
)
"""What schemas import for `xml:lang` and its like (XML 1.0 §2.12); zeep would fetch it from the W3C."""

Fetch = Callable[[str], bytes]


class Documents:
    """What zeep takes for a transport: it can only load documents that `fetch` allows. Used by one thread."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._growth = Growth()
        self._loaded = 0
        self._bytes = 0

    def load(self, url: str) -> bytes:
        """A document, without a document type. Raises: SourceProblem."""
        if url == _XML_NAMESPACE:
            return _XML_ATTRIBUTES
        self._loaded += 1
        if self._loaded > _MAX_DOCUMENTS:
            raise SourceTooLarge("wsdl-documents")
        data = self._fetch(url)
        self._bytes += len(data)
        if self._bytes > MAX_BYTES:
            raise SourceTooLarge("wsdl-bytes")
        root = read(data, max_marks=_MAX_MARKS)
        self._growth.check(root)
        return etree.tostring(root, encoding="utf-8")


def from_folder(wsdl: str, roots: Sequence[Path]) -> tuple[str, Fetch]:
    """The path of a WSDL under one of the roots, and how its neighbours are read. Raises: SourceMisconfigured."""
    for root in roots:
        try:
            path, inside = (root / wsdl).resolve(strict=True), root.resolve(strict=True)
        except (OSError, ValueError):
            continue
        if path.is_relative_to(inside):
            return str(path), partial(_read_inside, inside=inside)
    raise SourceMisconfigured("wsdl-file")


def from_origin(wsdl: str, fetch: Fetch) -> Fetch:
    """A way to fetch documents of the origin that a WSDL has, and of no other."""
    allowed = origin(wsdl)

    def of_origin(url: str) -> bytes:
        if origin(url) != allowed or "@" in urlsplit(url).netloc:
            raise SourceMisconfigured("wsdl-import")
        return fetch(url)

    return of_origin


def origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port (RFC 6454 §4). Raises: SourceMisconfigured."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        raise SourceMisconfigured("wsdl-import") from None
    return parts.scheme, (parts.hostname or "").lower(), port


def _read_inside(url: str, inside: Path) -> bytes:
    """A file's bytes, where it lies under the root whatever links lead to it."""
    try:
        path = Path(url).resolve(strict=True)
        if not path.is_relative_to(inside) or not path.is_file():
            raise SourceMisconfigured("wsdl-import")
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except (OSError, ValueError):  # addresses end here, too: no file is called http://…
        raise SourceMisconfigured("wsdl-import") from None
