"""One operation of a service, as its WSDL describes it: requests laid out, results read. zeep is met nowhere else."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from lxml import etree
from zeep import helpers
from zeep.exceptions import Error as ZeepError
from zeep.settings import Settings as ZeepSettings
from zeep.wsdl import Document
from zeep.wsdl.bindings import Soap11Binding, Soap12Binding

from connectors.base import Raw
from connectors.errors import SourceGarbled, SourceMisconfigured, SourceProblem
from connectors.soap.documents import Documents
from connectors.soap.settings import SoapSettings
from connectors.xml import Element

SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"
_BINDINGS = {"1.1": (Soap11Binding,), "1.2": (Soap12Binding,), "": (Soap11Binding, Soap12Binding)}
_parsed: Callable[..., Any] = Document  # zeep says what it takes more narrowly than what it uses
_plain: Callable[..., Any] = helpers.serialize_object
_ACTION = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]*")  # of a quoted string, no quote and no backslash (RFC 9110 §5.6.4)
_OURS_TO_BLAME = (ZeepError, ValueError, TypeError, LookupError, AttributeError, AssertionError, RecursionError)
"""What zeep raises for documents, parameters and answers that do not fit: its own errors, and many of Python's."""

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

    def request(self, parameters: Mapping[str, Any]) -> Element:
        """The envelope of a request. Raises: SourceMisconfigured where parameters do not fit."""
        try:
            laid_out: Element = self._described.create(**parameters).content
        except _OURS_TO_BLAME:
            raise SourceMisconfigured("parameters") from None
        return laid_out

    def headers(self) -> list[bytes]:
        """The header lines of a request (SOAP 1.1 §6.1.1, SOAP 1.2 part 2 §7.1.4)."""
        action = self._described.soapaction or ""
        if self.envelope == SOAP_11:
            return [b"Content-Type: text/xml; charset=utf-8", f'SOAPAction: "{action}"'.encode()]
        named = f'; action="{action}"' if action else ""
        return [f"Content-Type: application/soap+xml; charset=utf-8{named}".encode()]

    def result(self, envelope: Element) -> Raw:
        """What an answer without a fault says. Raises: SourceGarbled where it is not as described."""
        self._check_body(envelope)
        try:
            return raw(_plain(self._described.process_reply(envelope), dict))
        except SourceProblem:
            raise
        except _OURS_TO_BLAME:
            raise SourceGarbled("schema") from None

    def _check_body(self, envelope: Element) -> None:
        """zeep reads whatever element comes first, as if it were the one described, and finds nothing in another."""
        body = envelope.find(f"{{{self.envelope}}}Body")
        if body is None or len(body) != 1:
            raise SourceGarbled("body")
        if any("href" in element.attrib for element in body.iter()):  # SOAP 1.1 §5.4.1: copies of copies grow
            raise SourceGarbled("references")
        expected = self._described.output and self._described.output.body
        if expected is not None and self._described.style == "document" and body[0].tag != str(expected.qname):
            raise SourceGarbled("body")


def describe(location: str, documents: Documents, settings: SoapSettings) -> Operation:
    """The operation a manifest names. Raises: SourceProblem."""
    try:
        document = _parsed(location, documents, settings=ZeepSettings(strict=True, force_https=False))
        port, operation = _chosen(document, settings)
        address = (port.binding_options or {}).get("address") or ""
    except SourceProblem:
        raise
    except _OURS_TO_BLAME:
        raise SourceMisconfigured("wsdl") from None
    if not _ACTION.fullmatch(operation.soapaction or ""):
        raise SourceMisconfigured("wsdl-action")
    return Operation(address, SOAP_11 if isinstance(port.binding, Soap11Binding) else SOAP_12, operation)


def raw(value: Any) -> Raw:
    """A value of zeep's as one of ours; a binary fraction becomes the decimal digits that stand for it."""
    if value is None or isinstance(value, bool | int | str | Decimal | datetime | date):
        return value
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, Mapping):
        return {str(name): raw(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [raw(element) for element in value]
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, time):
        return value.isoformat()
    if etree.iselement(value):  # of a place where a schema lets anything stand
        return None if len(value) else value.text
    return str(value)


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
