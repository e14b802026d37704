"""The `soap` part of a manifest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

from connectors.faults import fault, within
from connectors.mapping.reading import Reader
from connectors.rest import addresses
from connectors.rest.credentials import check as check_auth
from connectors.rest.reading import JsonReading, Reading, XmlReading, json_place
from connectors.templates import mentions

SCHEMA: Mapping[str, Any] = json.loads(resources.files("connectors.soap").joinpath("settings.schema.json").read_bytes())
"""The JSON Schema of this part; its ``$defs`` are those of the connector schema."""


@dataclass(frozen=True, slots=True)
class UsernameToken:
    """Who asks, by name and password (WS-Security UsernameToken Profile 1.1)."""

    username: str
    secret: str
    digest: bool


@dataclass(frozen=True, slots=True)
class SoapSettings:
    """A SOAP service, and how it is asked.

    Attributes:
        wsdl: a file's path under the allowed roots, or an address.
        service, port, version: which of the WSDL's ports; "" where the first will do.
        operation: of that port.
        parameters: of the operation, with templates in their texts.
        url, url_secret: where the service is, where that is not what the WSDL says.
        insecure_http: whether plain http may be spoken inside a private network.
        ca_file: certificates that may vouch for the service, instead of the system's.
        client_certificate: the secret that holds our certificate and its key as PEM, or "".
        auth: how we say who asks in HTTP's own words; secrets by their names, as the manifest has it.
        token: who asks, or None.
        addressing: whether requests carry a number that signed answers must repeat (WS-Addressing 1.0).
        sign_with: the secret that holds the key we sign with and its certificate, or "".
        signed_by: a file of certificates of which one must have signed the answer, or "".
        faults: what a fault's code, or the name of an element of its detail, means.
        text: where the result holds a text that is a document itself; None where the result is what it says.
        within: how that document is read: JSON, or XML.
        succeeded: what must be true of the answer; None where there being no fault says it all.
        records: where the records stand in the result; None where the result is the record or a list of them.
        subject_path: where a record says whom it is about, to be compared; None where it does not.
    """

    wsdl: str
    service: str
    port: str
    version: str
    operation: str
    parameters: Mapping[str, Any]
    url: str = field(repr=False)
    url_secret: str
    insecure_http: bool
    ca_file: str
    client_certificate: str
    auth: Mapping[str, Any]
    token: UsernameToken | None
    addressing: bool
    sign_with: str
    signed_by: str
    faults: Mapping[str, str]
    text: Reader | None
    within: Reading | None
    succeeded: Reader | None
    records: Reader | None
    subject_path: Reader | None

    @property
    def fetched(self) -> bool:
        """Whether the WSDL is fetched, not a file."""
        return is_address(self.wsdl)


def parse(settings: Mapping[str, Any], mapped: frozenset[str]) -> SoapSettings:
    """The settings in a manifest's `soap`. Raises: ManifestFault."""
    _check_addresses(settings)
    if not mentions(json.dumps(settings["parameters"]), "subject"):  # everybody would get the same answer
        raise fault(("parameters",), "请求中没有 {subject}，无法区分查询对象", "nothing in the request says {subject}")
    with within("auth"):
        check_auth(settings.get("auth", {}), insecure_http=settings.get("insecure_http", False))
    token = settings.get("username_token")
    return SoapSettings(
        wsdl=settings["wsdl"],
        service=settings.get("service", ""),
        port=settings.get("port", ""),
        version=settings.get("version", ""),
        operation=settings["operation"],
        parameters=settings["parameters"],
        url=settings.get("url", ""),
        url_secret=settings.get("url_secret", ""),
        insecure_http=settings.get("insecure_http", False),
        ca_file=settings.get("ca_file", ""),
        client_certificate=settings.get("client_certificate", ""),
        auth=settings.get("auth", {}),
        token=token and UsernameToken(token["username"], token["secret"], token.get("password", "digest") == "digest"),
        addressing=settings.get("addressing", False),
        sign_with=settings.get("sign_with", ""),
        signed_by=settings.get("signed_by", ""),
        faults=settings.get("faults", {}),
        text=json_place(settings, "text"),
        within=_within(settings, mapped),
        succeeded=None if "xml" in settings else json_place(settings, "succeeded"),
        records=None if "xml" in settings else json_place(settings, "records"),
        subject_path=None if "xml" in settings else json_place(settings, "subject_path"),
    )


def is_address(wsdl: str) -> bool:
    """Whether a WSDL is named by an address."""
    return wsdl.lower().startswith(("http:", "https:"))


def _check_addresses(settings: Mapping[str, Any]) -> None:
    if "url" in settings and "url_secret" in settings:
        raise fault((), "url 与 url_secret 至多写一个", "give url or url_secret, not both")
    named = {"url": settings.get("url"), "wsdl": settings["wsdl"] if is_address(settings["wsdl"]) else None}
    for key, url in named.items():
        if url:
            with within(key):
                check_address(url, insecure_http=settings.get("insecure_http", False))


def check_address(url: str, *, insecure_http: bool) -> None:
    """Raises: ManifestFault unless the address may be asked; there is nothing to fill in."""
    addresses.check(url, insecure_http=insecure_http)
    if "{" in url:
        raise fault((), "地址不得含占位符", "no placeholder in the address")


def _within(settings: Mapping[str, Any], mapped: frozenset[str]) -> Reading | None:
    """How a text is read that stands in the answer."""
    if "text" not in settings:
        if "xml" in settings:
            raise fault(("xml",), "xml 说明 text 处的文本，须一并写明 text", "xml is about the text at text: say where")
        return None
    return XmlReading(settings, mapped) if "xml" in settings else JsonReading(settings)
