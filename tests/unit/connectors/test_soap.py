"""The SOAP adapter against a service written without its libraries: requests, results, faults, and manifests."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from connectors.errors import (
    SourceBusy,
    SourceGarbled,
    SourceMisconfigured,
    SourceProblem,
    SourceTooLarge,
    SourceUnavailable,
)
from connectors.registry import findings
from connectors.soap import connector
from connectors.source import Outcome, Source
from tests.doubles import soap_source
from tests.doubles.connectors import manifest, retrieve, source, values
from tests.doubles.http_source import saying
from tests.doubles.soap_source import (
    PEOPLE,
    SOAP_11,
    SOAP_12,
    WSA,
    WSSE,
    WSU,
    Identity,
    SoapSource,
    by_subject,
    faulting,
)

NAME = {"name": {"column": "fullName"}}
CALL = {"operation": "FindPeople", "parameters": {"id": "{subject}"}, "records": "person"}
PERSON = {"id": "A1", "fullName": "张三", "born": "20260102", "note": "1 < 2 & 3"}
FULL = """<id>A1</id><fullName>张三</fullName><born>20260102</born><note/><share>0.10</share>
  <since>2026-11-23T01:02:03Z</since><weight>1.5</weight><seal>AAE=</seal><alias>甲</alias><alias>乙</alias>
  <x:extra xmlns:x="urn:demo:other">more</x:extra>"""


@pytest.fixture(scope="module")
def server() -> Iterator[SoapSource]:
    with SoapSource({"A1": [PERSON]}) as running:
        yield running


@pytest.fixture(autouse=True)
def healthy(server: SoapSource) -> None:
    server.behaviour = by_subject
    server.seen.clear()


@pytest.fixture(scope="module")
def folder(server: SoapSource, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("wsdl")
    (root / "people.wsdl").write_bytes(soap_source.wsdl(server.url + "/people"))
    return root


def opened(folder: Path, fields: Any = None, secrets: Any = None, **settings: Any) -> Source:
    described = {"wsdl": "people.wsdl", **CALL, **settings}
    return source("soap", described, fields or NAME, roots=[folder], secrets=secrets, limits={"deadline_ms": 3000})


def problem(asked: Source) -> SourceProblem:
    with asked, pytest.raises(SourceProblem) as caught:
        values(asked)
    return caught.value


@pytest.mark.parametrize(("version", "soap"), [("1.1", SOAP_11), ("1.2", SOAP_12), ("", SOAP_11)])
def test_a_request_is_laid_out_as_its_version_has_it(server: SoapSource, folder: Path, version: str, soap: str) -> None:
    with opened(folder, **({"version": version} if version else {})) as asked:
        assert values(asked) == {"name": "张三"}
    ((method, path, headers, body),) = server.seen
    assert (method, path) == ("POST", "/people")
    assert ElementTree.fromstring(body).tag == f"{{{soap}}}Envelope"
    if soap == SOAP_11:
        assert headers["Content-Type"] == "text/xml; charset=utf-8"
        assert headers["SOAPAction"] == '"urn:demo:FindPeople"'
    else:
        assert headers["Content-Type"] == 'application/soap+xml; charset=utf-8; action="urn:demo:FindPeople"'
        assert "SOAPAction" not in headers


def test_service_and_port_are_chosen_by_their_names(server: SoapSource, folder: Path) -> None:
    with opened(folder, service="Service12", port="Port12") as asked:
        assert values(asked) == {"name": "张三"}
    assert server.seen[0][2]["Content-Type"].startswith("application/soap+xml")
    for wrong in ({"service": "Service12", "port": "Port11"}, {"port": "none"}, {"operation": "DropPeople"}):
        with pytest.raises(SourceMisconfigured) as caught:
            opened(folder, **wrong)
        assert caught.value.reason == "wsdl-operation"


def test_values_keep_the_meaning_their_types_give_them(server: SoapSource, folder: Path) -> None:
    server.behaviour = saying(
        soap_source.envelope(
            SOAP_11, f'<FindPeopleResponse xmlns="{PEOPLE}"><person>{FULL}</person></FindPeopleResponse>'
        )
    )
    fields = {
        "share": {"path": "share", "type": "decimal"},
        "since": {"path": "since", "datetime": "iso"},
        "weight": {"path": "weight"},
        "seal": {"path": "seal"},
        "aliases": {"path": "alias", "several": True},
    }
    with opened(folder, fields) as asked:
        assert values(asked) == {
            "share": "0.10",
            "since": "2026-11-23T01:02:03Z",
            "weight": "1.5",
            "seal": "0001",
            "aliases": ["甲", "乙"],
        }


RICH = """<x:complexType name="Person"><x:sequence maxOccurs="unbounded"><x:choice>
  <x:element name="id" type="x:string"/><x:group ref="t:Kin"/><x:element name="home" type="t:Place"/></x:choice>
  </x:sequence><x:attribute name="grade" type="x:int"/></x:complexType>
<x:complexType name="Place"><x:sequence><x:element name="street" type="x:string" minOccurs="0"/>
  <x:element name="within" type="t:Place" minOccurs="0"/><x:element name="alive" type="x:boolean" minOccurs="0"/>
  <x:element name="area" minOccurs="0" nillable="true"><x:complexType><x:simpleContent><x:extension base="x:decimal">
    <x:attribute name="unit" type="x:string"/></x:extension></x:simpleContent></x:complexType></x:element>
  <x:element name="what" type="x:anyType" minOccurs="0"/></x:sequence></x:complexType>
<x:complexType name="Flat"><x:complexContent><x:extension base="t:Place"><x:sequence>
  <x:element name="floor" type="x:int"/></x:sequence></x:extension></x:complexContent></x:complexType>
<x:group name="Kin"><x:sequence><x:element name="child" type="x:string" minOccurs="0"/></x:sequence></x:group>"""
PLACE = {
    "home": {"path": "home[0].[street, within.street, alive, area._value_1, area.unit, floor, what]", "several": True}
}


def rich(server: SoapSource, root: Path, person: str, fields: Any, attributes: str = "") -> Source:
    """A source whose people are of the rich type, answering with this one."""
    begin, end = (
        soap_source.schema().index("<x:complexType name"),
        soap_source.schema().index('<x:element name="FindPeopleR'),
    )
    schema = soap_source.schema()[:begin] + RICH + soap_source.schema()[end:]
    (root / "people.wsdl").write_bytes(soap_source.wsdl(server.url, types=schema))
    told = f'<FindPeopleResponse xmlns="{PEOPLE}"><person {attributes}>{person}</person></FindPeopleResponse>'
    server.behaviour = saying(soap_source.envelope(SOAP_11, told))
    return opened(root, fields)


@pytest.mark.parametrize(
    ("home", "expected"),
    [
        ("<street>甲路</street><within><street>乙城</street></within>", ["甲路", "乙城"]),
        ("<alive>1</alive><area unit='m2'>0.10</area>", [True, "0.10", "m2"]),
        ("<area xmlns:i='http://www.w3.org/2001/XMLSchema-instance' i:nil='true'/><what>any</what>", ["any"]),
        ("<what><a/></what><street/>", []),
    ],
)
def test_structures_are_read_by_their_types(server: SoapSource, tmp_path: Path, home: str, expected: list[Any]) -> None:
    with rich(server, tmp_path, f"<id>A1</id><home>{home}</home>", PLACE) as asked:
        assert values(asked) == {"home": expected}


def test_what_may_be_there_several_times_is_a_list(server: SoapSource, tmp_path: Path) -> None:
    fields = {
        "ids": {"path": "id", "several": True},
        "children": {"path": "child", "several": True},
        "grade": {"path": "grade"},
    }
    person = "<id>A1</id><child>一</child><id>A2</id><child>二</child>"
    with rich(server, tmp_path, person, fields, "grade='3' other='4'") as asked:
        assert values(asked) == {"ids": ["A1", "A2"], "children": ["一", "二"], "grade": 3}


def test_an_element_may_be_of_a_type_that_extends_the_one_described(server: SoapSource, tmp_path: Path) -> None:
    names = f"xmlns:i='http://www.w3.org/2001/XMLSchema-instance' xmlns:t='{PEOPLE}' i:type='t:"
    flat = f"<home {names}Flat'><street>甲路</street><floor>3</floor></home>"
    with rich(server, tmp_path, flat, PLACE) as asked:
        assert values(asked) == {"home": ["甲路", 3]}
    assert problem(rich(server, tmp_path, flat.replace("t:Flat", "t:None"), PLACE)).reason == "schema"
    assert problem(rich(server, tmp_path, flat.replace("t:Flat", "q:Flat"), PLACE)).reason == "schema"


@pytest.mark.parametrize(
    ("person", "reason"),
    [
        ("<other/>", "schema"),
        ("<id>A1</id><other/>", "schema"),
        ("<id xmlns='urn:other'>A1</id>", "schema"),
        ("<id>A<b/>1</id>", "schema"),
        ("<home><street>a</street><street>b</street></home>", "schema"),
        ("<home><alive>yes</alive></home>", "value"),
        ("<home><area unit='m2'>many</area></home>", "value"),
    ],
)
def test_what_is_not_of_its_type_is_garbled_and_not_logged(
    server: SoapSource, tmp_path: Path, person: str, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert problem(rich(server, tmp_path, person, PLACE)).reason == reason
    assert caplog.text == ""


def test_records_are_found_by_a_path_and_must_be_about_the_one_asked_for(server: SoapSource, folder: Path) -> None:
    with opened(folder, records="person[?note!='x']", subject_path="id", succeeded="length(person) < `2`") as asked:
        assert values(asked) == {"name": "张三"}
    server.behaviour = saying(soap_source.envelope(SOAP_11, soap_source.found([{**PERSON, "id": "B1"}])))
    assert problem(opened(folder, subject_path="id")).reason == "other-subject"
    assert problem(opened(folder, succeeded="length(person) > `5`")).reason == "not-succeeded"
    assert problem(opened(folder, records="person[0].id")).reason == "records"


def test_K6_of_more_records_than_allowed_no_more_are_looked_at_than_tell_it(
    server: SoapSource, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at: list[int] = []
    real = connector.checked
    monkeypatch.setattr(connector, "checked", lambda *each: looked_at.append(1) or real(*each))
    server.behaviour = saying(soap_source.envelope(SOAP_11, soap_source.found([PERSON] * 500)))
    found = problem(opened(folder, subject_path="id"))
    assert (type(found), found.reason, len(looked_at)) == (SourceTooLarge, "records", 21)


def holding(server: SoapSource, text: str) -> None:
    server.behaviour = saying(soap_source.envelope(SOAP_11, soap_source.found([{**PERSON, "note": text}])))


def test_a_text_in_the_answer_may_be_json_itself(server: SoapSource, folder: Path) -> None:
    read_as = {"text": "person[0].note", "succeeded": "code == '0'", "records": "rows", "subject_path": "id"}
    fields = {"name": {"column": "xm"}, "share": {"path": "share", "type": "decimal"}}
    holding(server, '{"code": "0", "rows": [{"id": "A1", "xm": "张三", "share": 0.10}]}')
    with opened(folder, fields, **read_as) as asked:
        assert values(asked) == {"name": "张三", "share": "0.10"}
        holding(server, "")
        assert retrieve(asked).outcome is Outcome.NOT_FOUND
    for text, reason in (
        ('{"code": "1"}', "not-succeeded"),
        ("{", "json"),
        ('{"code": "0", "rows": [{"id": "B1"}]}', "other-subject"),
    ):
        holding(server, text)
        assert problem(opened(folder, fields, **read_as)).reason == reason


def test_a_text_in_the_answer_may_be_xml_itself(server: SoapSource, folder: Path) -> None:
    read_as = {"text": "person[0].note", "records": "/r/p", "xml": {"columns": {"xm": "n", "tel": ["t"]}}}
    fields = {"name": {"column": "xm"}, "phones": {"column": "tel", "several": True}}
    holding(server, '<?xml version="1.0" encoding="GBK"?><r><p><n>张三</n><t>1</t><t>2</t></p></r>')
    with opened(folder, fields, **read_as) as asked:
        assert values(asked) == {"name": "张三", "phones": ["1", "2"]}
    for text, reason in (('<!DOCTYPE r [<!ENTITY e "x">]><r>&e;</r>', "xml-document-type"), ("none", "xml")):
        holding(server, text)
        assert problem(opened(folder, fields, **read_as)).reason == reason


@pytest.mark.parametrize(
    ("code", "detail", "kind", "reason"),
    [
        ("Client", "", SourceMisconfigured, "fault-client"),
        ("Client.Authentication", "", SourceMisconfigured, "fault-client"),
        ("Server", "", SourceUnavailable, "fault-server"),
        ("Whatever", "", SourceUnavailable, "fault-server"),
        ("Server", "<Throttled xmlns='urn:demo:people'/>", SourceBusy, "fault-busy"),
        ("Server", "<Closed/>", SourceUnavailable, "fault-unavailable"),
        ("Server", "<WrongDepartment/>", SourceMisconfigured, "fault-misconfigured"),
    ],
)
@pytest.mark.parametrize("version", ["1.1", "1.2"])
@pytest.mark.parametrize("status", [200, 500])
def test_faults_are_what_they_mean(
    server: SoapSource, folder: Path, version: str, status: int, code: str, detail: str, kind: type, reason: str
) -> None:
    declared = {"Throttled": "busy", "Closed": "unavailable", "WrongDepartment": "misconfigured"}
    words = {"Client": "Sender", "Server": "Receiver"}
    general = code.split(".")[0]
    code = code.replace(general, words.get(general, general)) if version == "1.2" else code
    server.behaviour = faulting(code, detail, status)
    found = problem(opened(folder, version=version, faults=declared))
    assert (type(found), found.reason) == (kind, reason)


@pytest.mark.parametrize(
    ("version", "code", "detail"),
    [
        ("1.1", "Client.NoSuchPerson", ""),
        ("1.1", "Client", "<NoSuchPerson/>"),
        ("1.2", "Sender.NoSuchPerson", ""),
        ("1.2", "Sender", "<NoSuchPerson/>"),
    ],
)
def test_a_fault_may_say_that_there_is_no_record(
    server: SoapSource, folder: Path, version: str, code: str, detail: str
) -> None:
    server.behaviour = faulting(code, detail)
    declared = {"NoSuchPerson": "not-found", "Client.NoSuchPerson": "not-found"}
    with opened(folder, version=version, faults=declared) as asked:
        assert retrieve(asked).outcome is Outcome.NOT_FOUND


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (302, SourceMisconfigured),
        (401, SourceMisconfigured),
        (404, SourceMisconfigured),
        (429, SourceBusy),
        (503, SourceUnavailable),
        (500, SourceUnavailable),
        (400, SourceMisconfigured),
        (204, SourceGarbled),
    ],
)
def test_an_answer_without_an_envelope_is_what_its_status_says(
    server: SoapSource, folder: Path, status: int, kind: type
) -> None:
    server.behaviour = saying(b"<html/>", status)
    found = problem(opened(folder))
    assert (type(found), found.reason) == (kind, f"http-{status}")


@pytest.mark.parametrize(
    "body",
    [
        "<FindPeopleResponse xmlns='urn:demo:people'><person><surname/></person></FindPeopleResponse>",
        "<FindPeopleResponse xmlns='urn:demo:people'><person><id>A1</id></person></FindPeopleResponse>",
        "<Other/>",
        "<FindPeopleResponse/>",
        "<FindPeopleResponse xmlns='urn:demo:people'/><FindPeopleResponse xmlns='urn:demo:people'/>",
        "<FindPeopleResponse xmlns='urn:demo:people'><person href='#a'/></FindPeopleResponse>",
        "",
    ],
)
def test_an_answer_that_is_not_as_described_is_garbled(server: SoapSource, folder: Path, body: str) -> None:
    server.behaviour = saying(soap_source.envelope(SOAP_11, body))
    found = problem(opened(folder, {"name": {"column": "fullName", "required": True}}))
    assert isinstance(found, SourceGarbled)


def test_an_answer_in_the_other_version_is_garbled(server: SoapSource, folder: Path) -> None:
    server.behaviour = saying(soap_source.envelope(SOAP_12, soap_source.found([PERSON])))
    assert problem(opened(folder, version="1.1")).reason == "envelope"


@pytest.mark.parametrize("digest", [True, False])
def test_a_name_and_password_by_the_username_token_profile(server: SoapSource, folder: Path, digest: bool) -> None:
    token = {"username": "通办", "secret": "people", "password": "digest" if digest else "text"}
    with opened(folder, username_token=token, secrets={"people": "密码 & more\n"}) as asked:
        values(asked)
        values(asked)
    nonces = set()
    for _, _, _, body in server.seen:
        made = ElementTree.fromstring(body).find(f"{{{SOAP_11}}}Header/{{{WSSE}}}Security/{{{WSSE}}}UsernameToken")
        assert made is not None
        nonce = base64.b64decode(made.findtext(f"{{{WSSE}}}Nonce") or "")
        created = made.findtext(f"{{{WSU}}}Created") or ""
        expected = hashlib.sha1(nonce + created.encode() + "密码 & more".encode()).digest()
        password = made.find(f"{{{WSSE}}}Password")
        assert password is not None
        assert made.findtext(f"{{{WSSE}}}Username") == "通办"
        assert password.get("Type", "").endswith("#PasswordDigest" if digest else "#PasswordText")
        assert password.text == (base64.b64encode(expected).decode() if digest else "密码 & more")
        nonces.add(nonce)
    assert len(nonces) == 2
    assert all(len(nonce) == 16 for nonce in nonces)


@pytest.mark.parametrize(("version", "kind"), [("1.1", "ec"), ("1.2", "rsa")])
def test_a_request_is_signed_so_that_another_library_agrees(
    server: SoapSource, folder: Path, version: str, kind: str
) -> None:
    ours = Identity.make(kind)
    token = {"username_token": {"username": "tongban", "secret": "password"}}
    with opened(
        folder, sign_with="key", version=version, secrets={"key": ours.secret, "password": "p"}, **token
    ) as asked:
        assert values(asked) == {"name": "张三"}
    covered, certificate = soap_source.signed_parts(server.seen[0][3])
    assert covered == {"Body", "Timestamp", "UsernameToken"}
    assert certificate == ours.certificate_pem


def test_a_request_says_what_it_asks_of_whom_and_by_which_number(server: SoapSource, folder: Path) -> None:
    ours = Identity.make()
    with opened(folder, addressing=True, sign_with="key", secrets={"key": ours.secret}) as asked:
        values(asked)
        values(asked)
    headers = [ElementTree.fromstring(body)[0] for *_, body in server.seen]
    numbers = [header.findtext(f"{{{WSA}}}MessageID") or "" for header in headers]
    assert [len(number) for number in numbers] == [len("urn:uuid:") + 36] * 2
    assert numbers[0] != numbers[1]
    assert headers[0].findtext(f"{{{WSA}}}To") == server.url + "/people"
    assert headers[0].findtext(f"{{{WSA}}}Action") == "urn:demo:FindPeople"
    covered, _ = soap_source.signed_parts(server.seen[0][3])
    assert covered == {"Body", "Timestamp", "Action", "To", "MessageID"}


@pytest.mark.parametrize("fetched", [False, True])
def test_credentials_of_http_are_for_the_service_alone(server: SoapSource, folder: Path, fetched: bool) -> None:
    server.documents["/people?wsdl"] = (folder / "people.wsdl").read_bytes()
    auth = {"kind": "basic", "username": "tongban", "secret": "http"}
    wsdl = {"wsdl": server.url + "/people?wsdl"} if fetched else {}
    with opened(folder, auth=auth, secrets={"http": "口令"}, **wsdl) as asked:
        assert values(asked) == {"name": "张三"}
    told = {method: headers.get("Authorization") for method, _, headers, _ in server.seen}
    expected = "Basic " + base64.b64encode("tongban:口令".encode()).decode()
    assert told == ({"GET": None} if fetched else {}) | {"POST": expected}


@pytest.mark.parametrize("secret", ["", "no key", Identity.make().certificate_pem.decode()])
def test_a_key_that_cannot_be_used_is_a_wrong_description(folder: Path, secret: str) -> None:
    with pytest.raises(SourceMisconfigured) as caught:
        opened(folder, sign_with="key", secrets={"key": secret})
    assert caught.value.reason == "secret-unusable"


def test_a_key_with_the_certificate_of_another_is_a_wrong_description(folder: Path) -> None:
    mixed = Identity.make().key_pem + Identity.make().certificate_pem
    with pytest.raises(SourceMisconfigured):
        opened(folder, sign_with="key", secrets={"key": mixed.decode()})


def test_a_wsdl_is_read_once(server: SoapSource, folder: Path) -> None:
    server.documents["/people?wsdl"] = (folder / "people.wsdl").read_bytes()
    with opened(folder, wsdl=server.url + "/people?wsdl") as asked:
        for _ in range(3):
            assert values(asked) == {"name": "张三"}
    assert [method for method, *_ in server.seen] == ["GET", "POST", "POST", "POST"]


def test_a_wsdl_that_cannot_be_fetched_is_fetched_another_time(server: SoapSource, folder: Path) -> None:
    server.documents.pop("/later?wsdl", None)
    with opened(folder, wsdl=server.url + "/later?wsdl") as asked:
        with pytest.raises(SourceUnavailable):
            values(asked)
        server.documents["/later?wsdl"] = (folder / "people.wsdl").read_bytes()
        assert values(asked) == {"name": "张三"}


def test_schemas_beside_a_wsdl_are_read_with_it(server: SoapSource, tmp_path: Path) -> None:
    split = "<x:schema><x:import namespace='urn:demo:people' schemaLocation='types/people.xsd'/></x:schema>"
    (tmp_path / "types").mkdir()
    (tmp_path / "types" / "people.xsd").write_text(soap_source.schema())
    (tmp_path / "people.wsdl").write_bytes(soap_source.wsdl(server.url, types=split))
    with opened(tmp_path) as asked:
        assert values(asked) == {"name": "张三"}


def test_a_service_of_the_elder_style_is_asked_and_read(server: SoapSource, tmp_path: Path) -> None:
    """RPC/literal: parts by their types, within an element named after the operation."""
    described = soap_source.wsdl(server.url).decode()
    described = described.replace('style="document"', 'style="rpc"').replace(
        'use="literal"', f'use="literal" namespace="{PEOPLE}"'
    )
    described = described.replace('name="parameters" element="t:FindPeople"/>', 'name="id" type="x:string"/>')
    described = described.replace(
        'name="parameters" element="t:FindPeopleResponse"/>', 'name="found" type="t:Person"/>'
    )
    (tmp_path / "people.wsdl").write_text(described)
    told = f'<p:FindPeopleResponse xmlns:p="{PEOPLE}"><found><p:id>A1</p:id><p:fullName>张三</p:fullName></found>'
    server.behaviour = saying(soap_source.envelope(SOAP_11, told + "</p:FindPeopleResponse>"))
    called: list[Any] = []

    def remember(handler: Any) -> None:
        called.append(ElementTree.fromstring(handler.rfile.read(int(handler.headers["Content-Length"])))[0][0])
        server.behaviour(handler)

    server.RequestHandlerClass = type("Remembering", (soap_source.SoapHandler,), {"do_POST": remember})
    try:
        with opened(tmp_path, records="found") as asked:
            assert values(asked) == {"name": "张三"}
    finally:
        server.RequestHandlerClass = soap_source.SoapHandler
    assert (called[0].tag, [(each.tag, each.text) for each in called[0]]) == (f"{{{PEOPLE}}}FindPeople", [("id", "A1")])


def test_parameters_that_the_operation_has_not_are_told_at_once(folder: Path) -> None:
    with pytest.raises(SourceMisconfigured) as caught:
        opened(folder, parameters={"number": "{subject}"})
    assert caught.value.reason == "parameters"


SETTINGS: dict[str, Any] = {"wsdl": "people.wsdl", **CALL}


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"parameters": {"id": "A1"}}, "soap.parameters"),
        ({"parameters": {}}, "soap.parameters"),
        ({"wsdl": "http://people.example/?wsdl"}, "soap.wsdl"),
        ({"wsdl": "https://{host}.example/?wsdl"}, "soap.wsdl"),
        ({"wsdl": "https://people.example/{subject}?wsdl"}, "soap.wsdl"),
        ({"url": "ftp://people.example"}, "soap.url"),
        ({"url": "https://people.example/{subject}"}, "soap.url"),
        ({"url": "https://people.example", "url_secret": "where"}, "soap"),
        ({"version": "2.0"}, "soap.version"),
        ({"faults": {"Gone": "found"}}, "soap.faults.Gone"),
        ({"username_token": {"username": "a"}}, "soap.username_token"),
        ({"records": "["}, "soap.records"),
        ({"auth": {"kind": "basic", "secret": "a"}}, "soap.auth"),
        ({"xml": {"columns": {"name": "n"}}}, "soap.xml"),
        ({"text": "["}, "soap.text"),
        ({"text": "note", "xml": {"columns": {"name": "n"}}}, "soap.xml.columns"),
    ],
)
def test_a_manifest_that_makes_no_sense_is_told_where(changes: dict[str, Any], where: str) -> None:
    found = findings(manifest("soap", {**SETTINGS, **changes}, {"fields": NAME}))
    assert [".".join(map(str, finding.where)) for finding in found] == [f"spec.{where}"]


def test_a_manifest_that_makes_sense_is_taken() -> None:
    assert findings(manifest("soap", SETTINGS, {"fields": NAME})) == []
