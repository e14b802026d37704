"""A department's SOAP service as tests need it, written without the libraries the connector uses.

Requests are read by the standard library, answers are texts, and signatures are made and checked by libxmlsec1.
"""

from __future__ import annotations

import base64
import datetime
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from lxml import etree

from tests.doubles.http_source import Behaviour, Handler, HttpSource

SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"
PEOPLE = "urn:demo:people"
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
WSA = "http://www.w3.org/2005/08/addressing"
DS = "http://www.w3.org/2000/09/xmldsig#"
COLUMNS = ("id", "fullName", "born", "note")

Records = Mapping[str, Sequence[Mapping[str, str]]]


class SoapHandler(Handler):
    """Reads the subject out of a request's body, and serves documents."""

    def do_GET(self) -> None:
        self.server.seen.append((self.command, self.path, dict(self.headers), b""))
        document = self.server.documents.get(self.path)  # type: ignore[attr-defined]
        self.answer(document or b"no such document", 200 if document else 404, [("Content-Type", "text/xml")])

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.request_xml = body
        root = ElementTree.fromstring(body)
        self.soap = root.tag.partition("}")[0][1:]
        found = root.find(f"{{{self.soap}}}Body/{{{PEOPLE}}}FindPeople/{{{PEOPLE}}}id")
        assert found is not None
        self._serve(found.text or "", body)


class SoapSource(HttpSource):
    """The service; `documents` are served by path."""

    def __init__(self, records: Records | None = None) -> None:
        super().__init__(records)
        self.RequestHandlerClass = SoapHandler
        self.documents: dict[str, bytes] = {}
        self.behaviour = by_subject


def by_subject(handler: Any) -> None:
    handler.answer(envelope(handler.soap, found(handler.server.records.get(handler.subject, ()))))


def faulting(code: str, detail: str = "", status: int = 500) -> Behaviour:
    """Answer with a fault of this code, in the words of the request's SOAP version."""
    return lambda handler: handler.answer(envelope(handler.soap, fault(handler.soap, code, detail)), status)  # type: ignore[attr-defined]


def signing(
    identity: Identity, records: Records, *, change: Callable[[bytes], bytes] = lambda answer: answer
) -> Behaviour:
    """Answer by subject, signed, and changed after that."""

    def behave(handler: Any) -> None:
        number = ElementTree.fromstring(handler.request_xml).findtext(f".//{{{WSA}}}MessageID")
        header = f'<a:RelatesTo xmlns:a="{WSA}" xmlns:u="{WSU}" u:Id="relates">{number}</a:RelatesTo>' if number else ""
        plain = envelope(handler.soap, found(records.get(handler.subject, ())), header)
        handler.answer(change(identity.signed(plain, covers=("body", "time", *(["relates"] if number else [])))))

    return behave


def found(records: Iterable[Mapping[str, str]]) -> str:
    people = "".join(
        "<person>" + "".join(f"<{name}>{escape(record.get(name, ''))}</{name}>" for name in COLUMNS) + "</person>"
        for record in records
    )
    return f'<FindPeopleResponse xmlns="{PEOPLE}">{people}</FindPeopleResponse>'


def envelope(soap: str, body: str, header: str = "") -> bytes:
    head = f"<s:Header>{header}</s:Header>" if header else ""
    declaration = '<?xml version="1.0" encoding="UTF-8"?>'
    return f'{declaration}<s:Envelope xmlns:s="{soap}">{head}<s:Body>{body}</s:Body></s:Envelope>'.encode()


def fault(soap: str, code: str, detail: str = "") -> str:
    if soap == SOAP_11:
        return (
            f"<s:Fault><faultcode>s:{code}</faultcode><faultstring>db.internal said B1</faultstring>"
            f"<detail>{detail}</detail></s:Fault>"
        )
    general, _, particular = code.partition(".")
    subcode = f"<s:Subcode><s:Value>p:{particular}</s:Value></s:Subcode>" if particular else ""
    return (
        f'<s:Fault xmlns:p="{PEOPLE}"><s:Code><s:Value>s:{general}</s:Value>{subcode}</s:Code>'
        '<s:Reason><s:Text xml:lang="en">db.internal said B1</s:Text></s:Reason>'
        f"<s:Detail>{detail}</s:Detail></s:Fault>"
    )


def wsdl(address: str, *, types: str = "", head: str = "", prolog: str = "") -> bytes:
    """The description of `FindPeople`, with a port of each SOAP version."""
    ports = "".join(
        f"""<w:binding name="Binding{number}" type="t:People">
  <{prefix}:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
  <w:operation name="FindPeople"><{prefix}:operation soapAction="urn:demo:FindPeople"/>
    <w:input><{prefix}:body use="literal"/></w:input><w:output><{prefix}:body use="literal"/></w:output>
  </w:operation></w:binding>
<w:service name="Service{number}"><w:port name="Port{number}" binding="t:Binding{number}">
  <{prefix}:address location="{address}"/></w:port></w:service>"""
        for number, prefix in ((11, "s11"), (12, "s12"))
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?>{prolog}
<w:definitions xmlns:w="http://schemas.xmlsoap.org/wsdl/" xmlns:s11="http://schemas.xmlsoap.org/wsdl/soap/"
  xmlns:s12="http://schemas.xmlsoap.org/wsdl/soap12/" xmlns:x="http://www.w3.org/2001/XMLSchema"
  xmlns:t="{PEOPLE}" targetNamespace="{PEOPLE}">{head}
<w:types>{types or schema()}</w:types>
<w:message name="Asked"><w:part name="parameters" element="t:FindPeople"/></w:message>
<w:message name="Answered"><w:part name="parameters" element="t:FindPeopleResponse"/></w:message>
<w:portType name="People"><w:operation name="FindPeople">
  <w:input message="t:Asked"/><w:output message="t:Answered"/></w:operation></w:portType>
{ports}</w:definitions>""".encode()


PERSON = """<x:complexType name="Person"><x:sequence>
  <x:element name="id" type="x:string"/><x:element name="fullName" type="x:string"/>
  <x:element name="born" type="x:string"/><x:element name="note" type="x:string"/>
  <x:element name="share" type="x:decimal" minOccurs="0"/><x:element name="since" type="x:dateTime" minOccurs="0"/>
  <x:element name="weight" type="x:double" minOccurs="0"/><x:element name="seal" type="x:base64Binary" minOccurs="0"/>
  <x:element name="alias" type="x:string" minOccurs="0" maxOccurs="unbounded"/>
  <x:any minOccurs="0" maxOccurs="unbounded" processContents="lax" namespace="##other"/></x:sequence></x:complexType>"""


def schema(person: str = PERSON) -> str:
    """The types of the service, with its type `Person` described so."""
    return f"""<x:schema xmlns:x="http://www.w3.org/2001/XMLSchema" xmlns:t="{PEOPLE}" targetNamespace="{PEOPLE}"
  elementFormDefault="qualified">
<x:element name="FindPeople"><x:complexType><x:sequence><x:element name="id" type="x:string"/>
  <x:element name="reason" type="x:string" minOccurs="0"/>
  <x:element name="born" type="x:string" minOccurs="0"/></x:sequence></x:complexType></x:element>
{person}
<x:element name="FindPeopleResponse"><x:complexType><x:sequence>
  <x:element name="person" type="t:Person" minOccurs="0" maxOccurs="unbounded"/></x:sequence></x:complexType>
  </x:element>
</x:schema>"""


@dataclass
class Identity:
    """A key with its self-signed certificate, that signs and checks by libxmlsec1."""

    key_pem: bytes
    certificate_pem: bytes

    @classmethod
    def make(cls, kind: str = "ec", *, days: int = 2) -> Identity:
        key: Any = ec.generate_private_key(ec.SECP256R1()) if kind == "ec" else rsa.generate_private_key(65537, 2048)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "service of the tests")])
        now = datetime.datetime.now(datetime.UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=3))
            .not_valid_after(now + datetime.timedelta(days=days))
            .sign(key, hashes.SHA256())
        )
        return cls(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ),
            certificate.public_bytes(serialization.Encoding.PEM),
        )

    @property
    def secret(self) -> str:
        """Key and certificate as one text."""
        return (self.key_pem + self.certificate_pem).decode()

    def write(self, folder: Path) -> str:
        """The certificate's file."""
        path = folder / "service.pem"
        path.write_bytes(self.certificate_pem)
        return str(path)

    def signed(
        self,
        plain: bytes,
        *,
        created: datetime.datetime | None = None,
        covers: Sequence[str] = ("body", "time"),
        method: Any = None,
        digest: Any = None,
    ) -> bytes:
        """An envelope with a security header: a time, and a signature over body and time."""
        root = etree.fromstring(plain)
        soap = etree.QName(root).namespace
        header = root.find(f"{{{soap}}}Header")
        if header is None:
            header = etree.Element(f"{{{soap}}}Header")
            root.insert(0, header)
        now = created or datetime.datetime.now(datetime.UTC)
        security = etree.SubElement(header, f"{{{WSSE}}}Security", nsmap={"wsse": WSSE, "wsu": WSU})
        stamp = etree.SubElement(security, f"{{{WSU}}}Timestamp", {f"{{{WSU}}}Id": "time"})
        etree.SubElement(stamp, f"{{{WSU}}}Created").text = now.isoformat()
        etree.SubElement(stamp, f"{{{WSU}}}Expires").text = (now + datetime.timedelta(minutes=5)).isoformat()
        root.find(f"{{{soap}}}Body").set(f"{{{WSU}}}Id", "body")  # type: ignore[union-attr]
        chosen = xmlsec.constants.TransformEcdsaSha256 if b"EC" in self._kind() else xmlsec.constants.TransformRsaSha256
        node = xmlsec.template.create(root, xmlsec.constants.TransformExclC14N, method or chosen, ns="ds")
        security.append(node)
        for name in covers:
            reference = xmlsec.template.add_reference(node, digest or xmlsec.constants.TransformSha256, uri=f"#{name}")
            xmlsec.template.add_transform(reference, xmlsec.constants.TransformExclC14N)
        context = xmlsec.SignatureContext()
        context.key = xmlsec.Key.from_memory(self.key_pem, xmlsec.constants.KeyDataFormatPem)
        xmlsec.tree.add_ids(root, ["Id"])
        context.sign(node)
        return etree.tostring(root, encoding="utf-8", xml_declaration=True)

    def _kind(self) -> bytes:
        loaded = serialization.load_pem_private_key(self.key_pem, None)
        return b"EC" if isinstance(loaded, ec.EllipticCurvePrivateKey) else b"RSA"


def signed_parts(request: bytes) -> tuple[set[str], bytes]:
    """What a request's signature covers, by local names, as libxmlsec1 has checked it; and the certificate named."""
    root = etree.fromstring(request)
    node = root.find(f".//{{{DS}}}Signature")
    token = root.find(f".//{{{WSSE}}}BinarySecurityToken")
    assert node is not None
    assert token is not None
    where = node.find(f"{{{DS}}}KeyInfo/{{{WSSE}}}SecurityTokenReference/{{{WSSE}}}Reference")
    assert where is not None
    assert where.get("URI") == "#" + str(token.get(f"{{{WSU}}}Id"))
    certificate = x509.load_der_x509_certificate(base64.b64decode(token.text or ""))
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(pem, xmlsec.constants.KeyDataFormatCertPem)
    xmlsec.tree.add_ids(root, ["Id"])
    context.verify(node)
    covered = {reference.get("URI", "")[1:] for reference in node.iter(f"{{{DS}}}Reference")}
    named = {element.get(f"{{{WSU}}}Id"): etree.QName(element).localname for element in root.iter()}
    return {named[name] for name in covered}, pem
