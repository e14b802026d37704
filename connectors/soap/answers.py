"""What an HTTP answer of a SOAP service is: an envelope with a result, a fault that means something, or neither."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lxml import etree

from connectors.errors import SourceBusy, SourceGarbled, SourceMisconfigured, SourceProblem, SourceUnavailable
from connectors.rest.asking import refusal
from connectors.rest.transport import Answer
from connectors.soap.description import SOAP_11
from connectors.xml import Element, read

NOT_FOUND = "not-found"

_MEANINGS: Mapping[str, tuple[type[SourceProblem], str]] = {
    "busy": (SourceBusy, "fault-busy"),
    "unavailable": (SourceUnavailable, "fault-unavailable"),
    "misconfigured": (SourceMisconfigured, "fault-misconfigured"),
}
_OURS = frozenset({"Client", "Sender", "MustUnderstand", "VersionMismatch", "DataEncodingUnknown"}) | {
    "UnsupportedSecurityToken", "UnsupportedAlgorithm", "InvalidSecurity", "InvalidSecurityToken",
    "FailedAuthentication", "FailedCheck", "SecurityTokenUnavailable", "MessageExpired",
}  # fmt: skip
"""Codes that say the request was at fault (SOAP 1.1 §4.4.1, SOAP 1.2 §5.4.6, WS-Security 1.1 §12)."""
_MOST_CODES = 20


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault, by its codes from the general to the particular, and the names of the elements of its detail."""

    names: tuple[str, ...]


def envelope_of(answer: Answer, namespace: str) -> Element:
    """The envelope in an answer. Raises: SourceProblem."""
    if answer.status not in {200, 400, 500}:
        raise refusal(answer.status)
    try:
        envelope = read(answer.body)
    except SourceGarbled:
        if answer.status != 200:
            raise refusal(answer.status) from None
        raise
    if envelope.tag != f"{{{namespace}}}Envelope":
        raise SourceGarbled("envelope") if answer.status == 200 else refusal(answer.status)
    if answer.status != 200 and fault_of(envelope) is None:
        raise refusal(answer.status)
    return envelope


def fault_of(envelope: Element) -> Fault | None:
    """The fault in an envelope, None where there is none (SOAP 1.1 §4.4, SOAP 1.2 §5.4)."""
    namespace = etree.QName(envelope).namespace or ""
    found = envelope.find(f"{{{namespace}}}Body/{{{namespace}}}Fault")
    if found is None:
        return None
    names = _names_11(found) if namespace == SOAP_11 else _names_12(found, namespace)
    return Fault(tuple(name for _, name in zip(range(_MOST_CODES), names, strict=False)))


def problem_of(fault: Fault, declared: Mapping[str, str]) -> SourceProblem | None:
    """What a fault means; None where a manifest declares that it says: no such record."""
    meaning = next((declared[name] for name in reversed(fault.names) if name in declared), "")
    if meaning == NOT_FOUND:
        return None
    if meaning:
        problem, reason = _MEANINGS[meaning]
        return problem(reason)
    ours = any(name.split(".")[0] in _OURS for name in fault.names)
    return SourceMisconfigured("fault-client") if ours else SourceUnavailable("fault-server")


def _names_11(fault: Element) -> Iterator[str]:
    yield _local_part(fault.findtext("faultcode"))
    for detail in fault.findall("detail"):
        yield from (etree.QName(element).localname for element in detail)


def _names_12(fault: Element, namespace: str) -> Iterator[str]:
    code = fault.find(f"{{{namespace}}}Code")
    while code is not None:
        yield _local_part(code.findtext(f"{{{namespace}}}Value"))
        code = code.find(f"{{{namespace}}}Subcode")
    for detail in fault.findall(f"{{{namespace}}}Detail"):
        yield from (etree.QName(element).localname for element in detail)


def _local_part(qualified: str | None) -> str:
    return (qualified or "").strip().rpartition(":")[2]
