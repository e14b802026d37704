"""The SOAP adapter: one operation called per look-up, by a WSDL that is read once."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from lxml import etree

from connectors.adapters import Opening
from connectors.base import Query, Raw, Record
from connectors.errors import SourceGarbled, SourceMisconfigured, SourceProblem, SourceTimedOut, SourceUnavailable
from connectors.faults import ManifestFault
from connectors.hosts import is_same_machine
from connectors.resilience import Deadline
from connectors.rest import addresses
from connectors.rest.asking import Asker
from connectors.rest.reading import Reading, checked, listed_records
from connectors.rest.request import Request
from connectors.rest.service import ServiceSettings
from connectors.rest.transport import Answer
from connectors.soap.answers import envelope_of, fault_of, problem_of
from connectors.soap.description import Operation, describe
from connectors.soap.documents import MAX_BYTES, Documents, from_folder, from_origin, origin
from connectors.soap.security import Security
from connectors.soap.settings import SoapSettings, check_address
from connectors.soap.verification import Verifier, contradicts
from connectors.templates import template
from connectors.xml import Element

_NOT_OF_XML = re.compile("[\ufffe\uffff]")  # XML 1.0 §2.2; other characters it lacks are never asked


class SoapConnector:
    """A SOAP service. libcurl keeps the deadline, reading a WSDL does not: the source's threads carry the calls."""

    kind = "soap"
    keeps_deadline = False

    def __init__(self, settings: SoapSettings, opening: Opening) -> None:
        self._settings = settings
        self._opening = opening
        self._parameters = _filled(settings.parameters)
        self._security = Security(settings, opening)
        self._verifier = Verifier(settings.signed_by, opening.clock) if settings.signed_by else None
        self._describing = threading.Lock()
        self._service: _Service | None = None
        self._closed = False
        if not settings.fetched:
            self._service = self._read()

    def fetch(self, query: Query) -> tuple[Record, ...]:
        """The subject's records. Raises: SourceProblem."""
        if self._closed:
            raise SourceUnavailable("closed")
        if any(_NOT_OF_XML.search(value) for value in (query.subject.value, *query.parameters.values())):
            return ()
        deadline = Deadline(self._opening.clock, query.deadline)
        service = self._described(deadline)
        envelope = service.operation.request(self._parameters(query))
        number = self._security.secure(envelope, service.address, service.operation.action)
        answer = service.call(envelope, deadline)
        return tuple(map(Record, self._records(service.operation, answer, number, query)))

    def close(self) -> None:
        """Close every connection."""
        self._closed = True
        if self._service is not None:
            self._service.close()

    def _records(
        self, operation: Operation, envelope: Element, number: str, query: Query
    ) -> Sequence[Mapping[str, Raw]]:
        fault = fault_of(envelope)
        problem = problem_of(fault, self._settings.faults) if fault is not None else None
        if problem is not None:
            raise problem
        if contradicts(envelope, number):
            raise SourceGarbled("other-question")
        if self._verifier is not None:  # "there is none" must be signed, too
            envelope = self._verifier.verified(envelope, number)
        return () if fault_of(envelope) is not None else self._listed(operation.result(envelope), query)

    def _listed(self, result: Raw, query: Query) -> Sequence[Mapping[str, Raw]]:
        settings, most = self._settings, self._opening.limits.max_records
        if settings.text is not None and settings.within is not None:
            return _written(settings.text(result), settings.within, query, most)
        if settings.succeeded is not None and settings.succeeded(result) is not True:
            raise SourceUnavailable("not-succeeded")
        found = result if settings.records is None else settings.records(result)
        return [checked(each, settings.subject_path, query) for each in listed_records(found)[: most + 1]]

    def _described(self, deadline: Deadline) -> _Service:
        if self._service is None:
            if not self._describing.acquire(timeout=deadline.left()):
                raise SourceTimedOut("deadline")
            try:
                if self._service is None:
                    self._service = self._fetched(deadline)
            finally:
                self._describing.release()
        return self._service

    def _read(self) -> _Service:
        path, load = from_folder(self._settings.wsdl, self._opening.roots)
        try:
            return self._checked_service(describe(path, Documents(load), self._settings))
        except SourceMisconfigured:
            raise
        except SourceProblem as problem:  # the file is the operator's own
            raise SourceMisconfigured(f"wsdl-{problem.reason}") from None

    def _fetched(self, deadline: Deadline) -> _Service:
        wsdl = self._settings.wsdl
        asker = self._asker(wsdl, {}, MAX_BYTES)  # credentials are for the service alone

        def get(url: str) -> bytes:
            answer = asker.ask(Request(url, [b"Accept: text/xml, application/wsdl+xml"], None), deadline)
            if answer.status != 200:
                raise SourceUnavailable(f"wsdl-http-{answer.status}")
            return answer.body

        try:
            operation = describe(wsdl, Documents(from_origin(wsdl, get)), self._settings)
        finally:
            asker.close()
        return self._checked_service(operation)

    def _checked_service(self, operation: Operation) -> _Service:
        """The service at its address, asked for nothing yet; the parameters' names are tried."""
        operation.request(self._settings.parameters)
        ours = self._settings.url or (
            self._opening.secret(self._settings.url_secret).strip() if self._settings.url_secret else ""
        )
        address = ours or operation.address
        try:
            check_address(address, insecure_http=self._settings.insecure_http)
        except ManifestFault:
            raise SourceMisconfigured("url") from None
        if self._settings.fetched and not ours and origin(address) != origin(self._settings.wsdl):
            raise SourceMisconfigured("wsdl-address")  # who writes the WSDL does not say whom else we ask
        self._check_password(address)
        asker = self._asker(address, self._settings.auth, self._opening.limits.max_bytes)
        return _Service(operation, address, asker)

    def _check_password(self, address: str) -> None:
        token = self._settings.token
        same_machine = is_same_machine(origin(address)[1])
        if token is not None and not token.digest and addresses.is_plain(address) and not same_machine:
            raise SourceMisconfigured("password-unencrypted")

    def _asker(self, url: str, auth: Mapping[str, Any], max_bytes: int) -> Asker:
        service = ServiceSettings(
            url=url,
            url_secret="",
            insecure_http=self._settings.insecure_http,
            ca_file=self._settings.ca_file,
            client_certificate=self._settings.client_certificate,
            query={},
            headers={},
            body=None,
            auth=auth,
            not_found=frozenset(),
        )
        limits = replace(self._opening.limits, max_bytes=max_bytes)
        return Asker(service, url, replace(self._opening, limits=limits))


class _Service:
    """An operation at its address."""

    def __init__(self, operation: Operation, address: str, asker: Asker) -> None:
        self.operation = operation
        self.close = asker.close
        self._asker = asker
        self.address = address
        self._headers = [*operation.headers(), b"Expect:"]

    def call(self, envelope: Element, deadline: Deadline) -> Element:
        """The answer's envelope. Raises: SourceProblem."""
        body = etree.tostring(envelope, encoding="utf-8", xml_declaration=True)
        answer = self._asker.ask(Request(self.address, self._headers, body), deadline)
        return envelope_of(answer, self.operation.envelope)


def open_source(settings: SoapSettings, opening: Opening) -> SoapConnector:
    """The adapter's opener. Raises: SourceMisconfigured."""
    return SoapConnector(settings, opening)


def _filled(parameters: Any) -> Callable[[Query], Any]:
    """A function that fills the templates of a manifest's parameters."""
    if isinstance(parameters, str):
        return template(parameters)
    if isinstance(parameters, Mapping):
        members = {name: _filled(member) for name, member in parameters.items()}
        return lambda query: {name: member(query) for name, member in members.items()}
    if isinstance(parameters, list):
        elements = [_filled(element) for element in parameters]
        return lambda query: [element(query) for element in elements]
    return lambda _: parameters


def _written(text: Raw, reading: Reading, query: Query, most: int) -> Sequence[Mapping[str, Raw]]:
    """The records in a text that stands in an answer, at most one more than `most`; none where there is no text.

    Raises: SourceGarbled.
    """
    if text is None or text == "":
        return ()
    if not isinstance(text, str):
        raise SourceGarbled("text")
    # What the text says of its own encoding was true before it became part of this answer.
    return reading.records(reading.document(Answer(200, text.encode(), "text/xml; charset=utf-8")), query, most)
