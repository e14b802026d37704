"""One operation of a service, as its WSDL describes it: requests laid out, results read. zeep is met nowhere else."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from zeep.exceptions import Error as ZeepError
from zeep.settings import Settings as ZeepSettings
from zeep.utils import as_qname
from zeep.wsdl import Document
from zeep.wsdl.bindings import Soap11Binding, Soap12Binding

from connectors.base import Raw
from connectors.errors import SourceGarbled, SourceMisconfigured, SourceProblem
from connectors.soap.documents import Documents
from connectors.soap.reading import Shape, Shapes, read
from connectors.soap.settings import SoapSettings
from connectors.xml import Element

SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"
_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
_BINDINGS = {"1.1": (Soap11Binding,), "1.2": (Soap12Binding,), "": (Soap11Binding, Soap12Binding)}
_parsed: Callable[..., Any] = Document  # zeep says what it takes more narrowly than what it uses
_ACTION = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]*")  # of a quoted string, no quote and no backslash (RFC 9110 §5.6.4)
_OURS_TO_BLAME = (ZeepError, ValueError, TypeError, LookupError, AttributeError, AssertionError, RecursionError)
"""What zeep raises for documents, parameters and names that do not fit: its own errors, and many of Python's."""

for _name in ("zeep", "signxml"):  # they write requests and answers into the log where it is set to tell all
    logging.getLogger(_name).setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation of one port.

    Attributes:
        address: where the WSDL says the service is; "" where it does not.
        envelope: the namespace of its SOAP version.
    """

    address: str
    envelope: str
    _described: Any
    _answered: str
    _shape: Shape
    _shapes: Shapes
    _types: Any

    def request(self, parameters: Mapping[str, Any]) -> Element:
        """The envelope of a request. Raises: SourceMisconfigured where parameters do not fit."""
        try:
            laid_out: Element = self._described.create(**parameters).content
        except _OURS_TO_BLAME:
            raise SourceMisconfigured("parameters") from None
        return laid_out

    @property
    def action(self) -> str:
        """What the operation is called on the wire; "" where it has no such name."""
        return self._described.soapaction or ""

    def headers(self) -> list[bytes]:
        """The header lines of a request (SOAP 1.1 §6.1.1, SOAP 1.2 part 2 §7.1.4)."""
        action = self.action
        if self.envelope == SOAP_11:
            return [b"Content-Type: text/xml; charset=utf-8", f'SOAPAction: "{action}"'.encode()]
        named = f'; action="{action}"' if action else ""
        return [f"Content-Type: application/soap+xml; charset=utf-8{named}".encode()]

    def result(self, envelope: Element) -> Raw:
        """What an answer without a fault says, without the element around it. Raises: SourceGarbled."""
        body = envelope.find(f"{{{self.envelope}}}Body")
        if body is None or len(body) != 1:
            raise SourceGarbled("body")
        if any("href" in element.attrib for element in body.iter()):  # SOAP 1.1 §5.4.1: values that stand elsewhere
            raise SourceGarbled("references")
        if self._answered and body[0].tag != self._answered:
            raise SourceGarbled("body")
        return read(body[0], self._shape, self._typed)

    def _typed(self, element: Element) -> Shape:
        """The shape of the type that an element says it has (XML Schema part 1 §2.6.1). Raises: SourceGarbled."""
        try:
            named = as_qname(element.get(_TYPE, ""), element.nsmap)
            return self._shapes.of(self._types.get_type(named))
        except _OURS_TO_BLAME:
            raise SourceGarbled("schema") from None


def describe(location: str, documents: Documents, settings: SoapSettings) -> Operation:
    """The operation a manifest names. Raises: SourceProblem."""
    try:
        document = _parsed(location, documents, settings=ZeepSettings(strict=True, force_https=False))
        made = _operation(document, *_chosen(document, settings))
    except SourceProblem:
        raise
    except _OURS_TO_BLAME:
        raise SourceMisconfigured("wsdl") from None
    return made


def _operation(document: Any, port: Any, described: Any) -> Operation:
    if not _ACTION.fullmatch(described.soapaction or ""):
        raise SourceMisconfigured("wsdl-action")
    answer = described.output and described.output.body
    if answer is None or described.output._is_body_wrapped:  # noqa: SLF001 - zeep tells it nowhere else
        raise SourceMisconfigured("wsdl-answer")  # nothing, or several parts side by side, which nobody uses any more
    shapes = Shapes()
    return Operation(
        address=(port.binding_options or {}).get("address") or "",
        envelope=SOAP_11 if isinstance(port.binding, Soap11Binding) else SOAP_12,
        _described=described,
        _answered=answer.qname.text if described.style == "document" else "",
        _shape=shapes.of(answer.type),
        _shapes=shapes,
        _types=document.types,
    )


def _chosen(document: Any, settings: SoapSettings) -> tuple[Any, Any]:
    for port in _ports(document, settings):
        if settings.operation in port.binding.all():
            return port, port.binding.get(settings.operation)
    raise SourceMisconfigured("wsdl-operation")


def _ports(document: Any, settings: SoapSettings) -> Iterator[Any]:
    for service in document.services.values():
        for port in service.ports.values():
            named = settings.service in {"", service.name} and settings.port in {"", port.name}
            if named and isinstance(port.binding, _BINDINGS[settings.version]):
                yield port
