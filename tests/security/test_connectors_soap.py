"""Attacks through and by SOAP services: XML (K2), bombs (K3), hanging and flooding (K6), injection (K1), signatures."""

from __future__ import annotations

import datetime
import gzip
import logging
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import xmlsec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.errors import (
    SourceGarbled,
    SourceMisconfigured,
    SourceProblem,
    SourceTimedOut,
    SourceTooLarge,
    SourceUnavailable,
)
from connectors.source import Outcome, Source
from tests.cases import sized
from tests.doubles import soap_source
from tests.doubles.connectors import retrieve, source, values
from tests.doubles.http_source import HttpSource, drip, flood, hang, saying
from tests.doubles.soap_source import PEOPLE, SOAP_11, Identity, SoapSource, by_subject, faulting, signing

NAME = {"name": {"column": "fullName"}}
CALL = {"operation": "FindPeople", "parameters": {"id": "{subject}"}, "records": "person"}
RECORDS = {"A1": [{"id": "A1", "fullName": "张三"}], "B1": [{"id": "B1", "fullName": "李四"}]}
SENTINEL = "sentinel-of-a-file-nobody-asked-for"


@pytest.fixture(scope="module")
def server() -> Iterator[SoapSource]:
    with SoapSource(RECORDS) as running:
        yield running


@pytest.fixture(autouse=True)
def healthy(server: SoapSource) -> None:
    server.behaviour = by_subject
    server.seen.clear()
    server.documents.clear()


@pytest.fixture
def inside() -> Iterator[HttpSource]:
    """What an attacker would have us ask."""
    with HttpSource() as running:
        yield running


@pytest.fixture(scope="module")
def folder(server: SoapSource, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("attacked") / "root"
    root.mkdir()
    (root / "people.wsdl").write_bytes(soap_source.wsdl(server.url + "/people"))
    (root.parent / "secret.xsd").write_text(f"<!-- {SENTINEL} -->" + soap_source.schema())
    return root


@pytest.fixture(scope="module")
def service() -> Identity:
    return Identity.make()


def opened(folder: Path, limits: Any = None, fields: Any = None, **changes: Any) -> Source:
    described = {"wsdl": "people.wsdl", **CALL, **changes}
    secrets = {"people": "password"}
    return source(
        "soap", described, fields or NAME, roots=[folder], secrets=secrets, limits=limits or {"deadline_ms": 3000}
    )


def problem(folder: Path, **changes: Any) -> SourceProblem:
    with pytest.raises(SourceProblem) as caught, opened(folder, **changes) as asked:
        values(asked)
    return caught.value


ATTRIBUTES = "<a " + " ".join(f'a{at}="1"' for at in range(25_000)) + "/>"


def attacks(inside: HttpSource, file: Path) -> dict[str, tuple[str, str]]:
    """A document's prolog, and what stands in a value of it."""
    laughs = "".join(f'<!ENTITY l{at} "{f"&l{at - 1};" * 10}">' for at in range(1, 10))
    return {
        "xxe-file": (f'<!DOCTYPE a [<!ENTITY e SYSTEM "{file.as_uri()}">]>', "&e;"),
        "xxe-http": (f'<!DOCTYPE a [<!ENTITY e SYSTEM "{inside.url}/e">]>', "&e;"),
        "external-dtd": (f'<!DOCTYPE a SYSTEM "{inside.url}/a.dtd">', "x"),
        "public-dtd": (f'<!DOCTYPE a PUBLIC "-//X//Y" "{inside.url}/a.dtd">', "x"),
        "parameter-entity": (f'<!DOCTYPE a [<!ENTITY % p SYSTEM "{inside.url}/p"> %p;]>', "x"),
        "billion-laughs": (f'<!DOCTYPE a [<!ENTITY l0 "ha">{laughs}]>', "&l9;"),
        "quadratic": (f'<!DOCTYPE a [<!ENTITY q "{"x" * 50_000}">]>', "&q;" * 4000),
        "xinclude-file": (
            "",
            f'<i:include xmlns:i="http://www.w3.org/2001/XInclude" parse="text" href="{file.as_uri()}"/>',
        ),
        "xinclude-http": ("", f'<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="{inside.url}/i"/>'),
        "deep": ("", "<a>" * 3000 + "</a>" * 3000),
        "many": ("", "<a/>" * 30_000),
        "attributes": ("", ATTRIBUTES),
    }


NAMES = (
    "xxe-file", "xxe-http", "external-dtd", "public-dtd", "parameter-entity", "billion-laughs", "quadratic",
    "xinclude-file", "xinclude-http", "deep", "many", "attributes",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_K2_an_answer_that_attacks_its_reader_is_refused(
    server: SoapSource, folder: Path, inside: HttpSource, name: str
) -> None:
    prolog, value = attacks(inside, folder.parent / "secret.xsd")[name]
    person = f"<person><id>A1</id><fullName>{value}</fullName></person>"
    body = f'<FindPeopleResponse xmlns="{PEOPLE}">{person}</FindPeopleResponse>'
    answer = soap_source.envelope(SOAP_11, body).replace(b"?>", b"?>" + prolog.encode(), 1)
    server.behaviour = saying(answer)
    began = time.process_time()
    found = problem(folder, limits={"deadline_ms": 5000, "max_bytes": 1_000_000})
    assert isinstance(found, SourceGarbled | SourceTooLarge)
    assert SENTINEL not in str(found) + found.reason
    assert time.process_time() - began < 2.0
    assert inside.connections == 0


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("fetched", [False, True])
def test_K2_a_description_that_attacks_its_reader_is_refused(
    server: SoapSource, folder: Path, inside: HttpSource, tmp_path: Path, name: str, fetched: bool
) -> None:
    prolog, value = attacks(inside, folder.parent / "secret.xsd")[name]
    head = f"<w:documentation>{value}</w:documentation>"
    if name in {"many", "attributes"}:
        head *= 12
    attacking = soap_source.wsdl(server.url + "/people", prolog=prolog, head=head)
    server.documents["/evil?wsdl"] = attacking
    (tmp_path / "evil.wsdl").write_bytes(attacking)
    found = problem(tmp_path, wsdl=server.url + "/evil?wsdl" if fetched else "evil.wsdl")
    assert isinstance(found, SourceGarbled | SourceTooLarge if fetched else SourceMisconfigured)
    assert inside.connections == 0


IMPORTS = (
    '<w:import namespace="urn:x" location="{there}"/>',
    '<w:types><x:schema><x:import namespace="urn:x" schemaLocation="{there}"/></x:schema></w:types>',
    '<w:types><x:schema><x:include schemaLocation="{there}"/></x:schema></w:types>',
    '<w:types><x:schema><x:redefine schemaLocation="{there}"/></x:schema></w:types>',
)
PLACES = ("{inside}/x.xsd", "file:///etc/passwd", "/etc/passwd", "../secret.xsd", "link.xsd", "ftp://127.0.0.1/x")


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("element", IMPORTS[:3])
@pytest.mark.parametrize("fetched", [False, True])
def test_K2_a_description_imports_nothing_from_elsewhere(
    server: SoapSource, folder: Path, inside: HttpSource, element: str, place: str, fetched: bool
) -> None:
    link = folder / "link.xsd"
    if not link.is_symlink():
        link.symlink_to(folder.parent / "secret.xsd")
    head = element.format(there=place.format(inside=inside.url))
    importing = soap_source.wsdl(server.url + "/people", head=head)
    server.documents["/deep/evil?wsdl"] = importing
    (folder / "evil.wsdl").write_bytes(importing)
    found = problem(folder, wsdl=server.url + "/deep/evil?wsdl" if fetched else "evil.wsdl")
    assert isinstance(found, SourceMisconfigured | SourceUnavailable)  # of its own origin there is no such document
    assert inside.connections == 0


@pytest.mark.parametrize(
    "wsdl", ["../secret.xsd", "/etc/passwd", "link.xsd", ".", "none.wsdl", "people.wsdl/x", "a\x00"]
)
def test_K2_K4_a_description_lies_under_the_roots(folder: Path, wsdl: str) -> None:
    assert problem(folder, wsdl=wsdl).reason in {"wsdl-file", "wsdl-import"}


def test_K2_a_description_is_not_redirected(server: SoapSource, folder: Path, inside: HttpSource) -> None:
    class Redirecting(SoapSource):
        """Answers every GET with a way inward."""

    def redirect(handler: Any) -> None:
        handler.answer(b"", 302, [("Location", inside.url + "/people?wsdl")])

    with Redirecting() as elsewhere:
        elsewhere.RequestHandlerClass = type("Turning", (soap_source.SoapHandler,), {"do_GET": redirect})
        assert problem(folder, wsdl=elsewhere.url + "/people?wsdl").reason == "wsdl-http-302"
    assert inside.connections == 0


@pytest.mark.parametrize("address", ["{inside}/people", "http://192.0.2.1/people", "file:///etc/passwd", "", "//x"])
def test_K2_a_fetched_description_does_not_say_whom_else_we_ask(
    server: SoapSource, folder: Path, inside: HttpSource, address: str
) -> None:
    server.documents["/evil?wsdl"] = soap_source.wsdl(address.format(inside=inside.url))
    found = problem(folder, wsdl=server.url + "/evil?wsdl")
    assert isinstance(found, SourceMisconfigured)
    assert inside.connections == 0
    with opened(folder, wsdl=server.url + "/evil?wsdl", url=server.url + "/people") as asked:
        assert values(asked) == {"name": "张三"}  # the manifest may say so


def test_an_action_is_no_way_into_the_headers(server: SoapSource, folder: Path, tmp_path: Path) -> None:
    evil = soap_source.wsdl(server.url).replace(
        b'soapAction="urn:demo:FindPeople"', b'soapAction="a&quot;&#13;&#10;X: y"'
    )
    (tmp_path / "evil.wsdl").write_bytes(evil)
    assert problem(tmp_path, wsdl="evil.wsdl").reason == "wsdl-action"


def test_K2_documents_that_lead_to_ever_more_documents_end(server: SoapSource, folder: Path) -> None:
    def chain(handler: Any) -> None:
        number = int(re.sub(r"\D", "", handler.path) or 0) + 1
        handler.answer(
            f'<x:schema xmlns:x="http://www.w3.org/2001/XMLSchema"><x:import namespace="urn:{number}" '
            f'schemaLocation="/{number}.xsd"/></x:schema>'.encode()
            if handler.path.endswith("xsd")
            else soap_source.wsdl(
                "", types='<x:schema><x:import namespace="urn:0" schemaLocation="/0.xsd"/></x:schema>'
            )
        )

    with SoapSource() as endless:
        endless.RequestHandlerClass = type("Endless", (soap_source.SoapHandler,), {"do_GET": chain})
        found = problem(folder, wsdl=endless.url + "/people?wsdl", limits={"deadline_ms": 5000})
        assert isinstance(found, SourceTooLarge)


@pytest.mark.parametrize("kind", ["group", "attributeGroup"])
@pytest.mark.parametrize("circle", [False, True])
def test_K2_groups_that_double_and_double_are_counted_before_they_are_put_in_place(
    tmp_path: Path, kind: str, circle: bool
) -> None:
    def group(number: int, *held: str) -> str:
        holding = "".join(held)
        holding = f"<x:sequence>{holding}</x:sequence>" if kind == "group" else holding
        return f'<x:{kind} name="g{number}">{holding}</x:{kind}>'

    def reference(number: int) -> str:
        return f'<x:{kind} ref="t:g{number}"/>'

    leaf = '<x:element name="e" type="x:string"/>' if kind == "group" else '<x:attribute name="e"/>'
    groups = group(0, reference(39) if circle else leaf)
    groups += "".join(group(number, reference(number - 1), reference(number - 1)) for number in range(1, 40))
    use = f'<x:complexType name="Used">{reference(39)}</x:complexType>'
    laughing = soap_source.schema(soap_source.PERSON + groups + use)
    (tmp_path / "people.wsdl").write_bytes(soap_source.wsdl("http://127.0.0.1:9", types=laughing))
    began = time.process_time()
    assert problem(tmp_path).reason == "wsdl-wsdl-groups"
    assert time.process_time() - began < 2.0


@pytest.mark.parametrize(
    "content",
    [
        '<x:sequence maxOccurs="unbounded">{}</x:sequence>',
        '<x:sequence maxOccurs="unbounded"><x:sequence maxOccurs="unbounded">{}</x:sequence></x:sequence>',
        '<x:choice maxOccurs="unbounded">{}</x:choice>',
    ],
)
def test_K6_an_answer_of_another_schema_does_not_keep_a_thread_busy(
    server: SoapSource, tmp_path: Path, content: str
) -> None:
    part = content.format('<x:element name="id" type="x:string" minOccurs="0"/>')
    types = soap_source.schema(f'<x:complexType name="Person">{part}</x:complexType>')
    (tmp_path / "people.wsdl").write_bytes(soap_source.wsdl(server.url, types=types))
    told = f'<FindPeopleResponse xmlns="{PEOPLE}"><person><id>A1</id><other/></person></FindPeopleResponse>'
    server.behaviour = saying(soap_source.envelope(SOAP_11, told))
    assert problem(tmp_path).reason == "schema"


def test_K3_a_compressed_bomb_is_never_inflated(server: SoapSource, folder: Path) -> None:
    server.behaviour = saying(gzip.compress(b" " * (10 << 20)), headers=[("Content-Encoding", "gzip")])
    assert isinstance(problem(folder), SourceGarbled)
    assert "Accept-Encoding" not in server.seen[0][2]


def test_K3_attachments_are_not_unpacked(server: SoapSource, folder: Path) -> None:
    parts = b"--b\r\nContent-Type: text/xml\r\n\r\n" + soap_source.envelope(SOAP_11, "") + b"\r\n--b--\r\n"
    server.behaviour = saying(parts, headers=[("Content-Type", "multipart/related; boundary=b")])
    assert isinstance(problem(folder), SourceGarbled)


@pytest.mark.parametrize("behaviour", [hang, drip])
def test_K6_a_service_that_hangs_or_drips_is_left_at_the_deadline(
    server: SoapSource, folder: Path, behaviour: Any
) -> None:
    server.behaviour = behaviour
    began = time.monotonic()
    assert isinstance(problem(folder, limits={"deadline_ms": 350}), SourceTimedOut)
    assert time.monotonic() - began < 5.0


def test_K6_two_gigabytes_are_cut_off_at_the_limit(server: SoapSource, folder: Path) -> None:
    server.behaviour = flood
    assert isinstance(problem(folder, limits={"deadline_ms": 5000, "max_bytes": 100_000}), SourceTooLarge)


@pytest.mark.parametrize(
    ("behaviour", "kind"), [(hang, SourceTimedOut), (drip, SourceTimedOut), (flood, SourceTooLarge)]
)
def test_K6_a_description_that_does_not_come_or_does_not_end_holds_nobody(
    folder: Path, behaviour: Any, kind: type
) -> None:
    with SoapSource() as slow:
        slow.RequestHandlerClass = type("Slow", (soap_source.SoapHandler,), {"do_GET": behaviour})
        began = time.monotonic()
        found = problem(
            folder, wsdl=slow.url + "/people?wsdl", limits={"deadline_ms": 400 if kind is SourceTimedOut else 5000}
        )
        assert isinstance(found, kind)
        assert time.monotonic() - began < 8.0


@pytest.fixture(scope="module")
def explaining(folder: Path) -> Iterator[Source]:
    with opened(folder, parameters={"id": "{subject}", "reason": "because of {subject}"}) as asked:
        yield asked


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=sized(60, 5_000))
@given(value=st.text(alphabet="A1<>/&;'\"!?[]-CDATA=:# \t\ufffeé𠮷", min_size=1, max_size=20))
def test_K1_no_subject_leaves_its_element(server: SoapSource, explaining: Source, value: str) -> None:
    server.seen.clear()
    expected = Outcome.FOUND if value in RECORDS else Outcome.NOT_FOUND
    assert retrieve(explaining, value).outcome is expected
    for _, _, _, body in server.seen:
        called = ElementTree.fromstring(body)[0][0]
        assert [element.tag for element in called] == [f"{{{PEOPLE}}}id", f"{{{PEOPLE}}}reason"]
        assert [element.text for element in called] == [value, f"because of {value}"]


def test_a_password_in_clear_is_not_sent_in_clear(server: SoapSource, folder: Path, monkeypatch: Any) -> None:
    token = {"username": "tongban", "secret": "people", "password": "text"}
    found = problem(folder, url="http://10.0.0.1/people", insecure_http=True, username_token=token)
    assert found.reason == "password-unencrypted"


def test_L3_neither_requests_nor_answers_reach_the_log(
    server: SoapSource, folder: Path, service: Identity, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server.behaviour = signing(service, RECORDS)
    with caplog.at_level(logging.DEBUG), opened(folder, signed_by=service.write(tmp_path)) as asked:
        assert values(asked) == {"name": "张三"}
    assert "张三" not in caplog.text
    assert "A1" not in caplog.text


# --- signed answers ---


def test_an_answer_signed_by_a_pinned_certificate_is_read(
    server: SoapSource, folder: Path, service: Identity, tmp_path: Path
) -> None:
    server.behaviour = signing(service, RECORDS)
    with opened(folder, signed_by=service.write(tmp_path), fields={"name": {"column": "fullName"}}) as asked:
        assert values(asked) == {"name": "张三"}
        assert retrieve(asked, "nobody").outcome is Outcome.NOT_FOUND


def test_a_signature_by_rsa_is_read_as_well(server: SoapSource, folder: Path, tmp_path: Path) -> None:
    service = Identity.make("rsa")
    server.behaviour = signing(service, RECORDS)
    with opened(folder, signed_by=service.write(tmp_path), version="1.2") as asked:
        assert values(asked) == {"name": "张三"}


def moved(answer: bytes) -> tuple[bytes, bytes]:
    """The signed body, and an answer in whose place another one stands."""
    body = re.search(rb"<s:Body.*</s:Body>", answer, re.DOTALL)
    assert body is not None
    return body.group(), body.group().replace("张三".encode(), "李四".encode())


def wrapped_in_header(answer: bytes) -> bytes:
    """The classic: the signed body goes into the header, another body with no identifier takes its place."""
    signed, other = moved(answer)
    other = re.sub(rb' [\w:]*Id="body"', b"", other)
    return answer.replace(signed, other).replace(b"</s:Header>", b"<w>" + signed + b"</w></s:Header>")


def wrapped_under_another_id(answer: bytes) -> bytes:
    signed, other = moved(answer)
    return answer.replace(signed, other.replace(b'Id="body"', b'Id="else"')).replace(
        b"</s:Header>", b"<w>" + signed + b"</w></s:Header>"
    )


def same_id_twice(answer: bytes) -> bytes:
    signed, other = moved(answer)
    return answer.replace(signed, other).replace(b"</s:Header>", b"<w>" + signed + b"</w></s:Header>")


def same_id_in_another_namespace(answer: bytes) -> bytes:
    signed, other = moved(answer)
    inner = re.sub(rb'[\w:]*Id="body"', b'ID="body"', other)
    return answer.replace(signed, inner).replace(b"</s:Header>", b"<w>" + signed + b"</w></s:Header>")


def two_bodies(answer: bytes) -> bytes:
    signed, other = moved(answer)
    return answer.replace(signed, re.sub(rb' [\w:]*Id="body"', b"", other) + signed)


def wrapped_inside_the_body(answer: bytes) -> bytes:
    signed, other = moved(answer)
    other = re.sub(rb' [\w:]*Id="body"', b"", other)
    return answer.replace(signed, other.replace(b"</s:Body>", b"<w>" + signed + b"</w></s:Body>"))


def renamed_to_another_element(answer: bytes) -> bytes:
    """What is signed is called otherwise, and a body of ours stands where one is looked for."""
    signed, other = moved(answer)
    return answer.replace(signed, other.replace(b'Id="body"', b'Id="x"')).replace(
        b"</s:Header>", signed.replace(b"s:Body", b"s:Old") + b"</s:Header>"
    )


def changed(answer: bytes) -> bytes:
    return answer.replace("张三".encode(), "李四".encode())


def unsigned(answer: bytes) -> bytes:
    return re.sub(rb"<ds:Signature.*</ds:Signature>", b"", answer, flags=re.DOTALL)


def without_security(answer: bytes) -> bytes:
    return re.sub(rb"<s:Header>.*</s:Header>", b"", answer, flags=re.DOTALL)


def two_headers(answer: bytes) -> bytes:
    security = re.search(rb"<wsse:Security.*</wsse:Security>", answer, re.DOTALL)
    assert security is not None
    return answer.replace(b"</s:Header>", security.group() + b"</s:Header>")


def later(answer: bytes) -> bytes:
    return re.sub(rb"(Created>)\d{4}", rb"\g<1>2999", answer)


def emptied(answer: bytes) -> bytes:
    """A signature that refers to nothing."""
    return re.sub(rb"<ds:Reference.*</ds:Reference>", b"", answer, flags=re.DOTALL)


def hmac_by_the_certificate(answer: bytes) -> bytes:
    return answer.replace(b"xmldsig-more#ecdsa-sha256", b"xmldsig-more#hmac-sha256")


CHANGES: tuple[Callable[[bytes], bytes], ...] = (
    changed, unsigned, without_security, two_headers, later, emptied, hmac_by_the_certificate, two_bodies,
    wrapped_in_header, wrapped_under_another_id, same_id_twice, same_id_in_another_namespace, wrapped_inside_the_body,
    renamed_to_another_element,
)  # fmt: skip


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_K2_a_signature_that_was_wrapped_or_tampered_with_is_refused(
    server: SoapSource, folder: Path, service: Identity, tmp_path: Path, change: Callable[[bytes], bytes]
) -> None:
    server.behaviour = signing(service, RECORDS, change=lambda answer: _different(change, answer))
    found = problem(folder, signed_by=service.write(tmp_path))
    assert isinstance(found, SourceGarbled)
    assert found.reason.startswith("signature")


def _different(change: Callable[[bytes], bytes], answer: bytes) -> bytes:
    done = change(answer)
    assert done != answer
    return done


def test_K2_a_signature_by_another_key_is_refused_whatever_certificate_it_brings(
    server: SoapSource, folder: Path, service: Identity, tmp_path: Path
) -> None:
    server.behaviour = signing(Identity.make(), RECORDS)
    assert problem(folder, signed_by=service.write(tmp_path)).reason == "signature"


def test_a_signature_by_a_certificate_that_has_run_out_is_refused(
    server: SoapSource, folder: Path, tmp_path: Path
) -> None:
    old = Identity.make(days=-1)
    server.behaviour = signing(old, RECORDS)
    assert problem(folder, signed_by=old.write(tmp_path)).reason == "signature"


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ({"covers": ("time",)}, "signature-elsewhere"),
        ({"covers": ("body",)}, "signature-elsewhere"),
        ({"created": datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)}, "signature-time"),
        ({"created": datetime.datetime(2999, 1, 1, tzinfo=datetime.UTC)}, "signature-time"),
        ({"method": xmlsec.constants.TransformEcdsaSha1}, "signature"),
        ({"digest": xmlsec.constants.TransformSha1}, "signature"),
    ],
)
def test_K2_a_signature_covers_body_and_time_is_new_and_strong(
    server: SoapSource, folder: Path, service: Identity, tmp_path: Path, how: dict[str, Any], reason: str
) -> None:
    plain = soap_source.envelope(SOAP_11, soap_source.found(RECORDS["A1"]))
    server.behaviour = saying(service.signed(plain, **how))
    assert problem(folder, signed_by=service.write(tmp_path)).reason == reason


def test_K2_a_signed_answer_is_not_played_again(
    server: SoapSource, folder: Path, service: Identity, tmp_path: Path
) -> None:
    recorded: list[bytes] = []

    def record(answer: bytes) -> bytes:
        recorded.append(answer)
        return answer

    told = {"signed_by": service.write(tmp_path), "addressing": True}
    server.behaviour = signing(service, RECORDS, change=record)
    with opened(folder, **told) as asked:
        assert values(asked) == {"name": "张三"}
        server.behaviour = saying(recorded[0])
        with pytest.raises(SourceGarbled) as caught:
            values(asked)
    assert caught.value.reason == "other-question"
    number = b"RelatesTo"
    for change, reason in (
        (lambda answer: answer.replace(number, b"Relates"), "signature"),
        (lambda answer: re.sub(rb"<a:RelatesTo.*</a:RelatesTo>", b"", answer), "signature"),
    ):
        server.behaviour = signing(service, RECORDS, change=change)
        assert problem(folder, **told).reason == reason
    plain = soap_source.envelope(SOAP_11, soap_source.found(RECORDS["A1"]))
    server.behaviour = saying(service.signed(plain))  # signed, new, and the answer to no question
    assert problem(folder, **told).reason == "signature-of-another-answer"


def test_a_fault_that_says_there_is_no_record_must_be_signed_too(
    server: SoapSource, folder: Path, service: Identity, tmp_path: Path
) -> None:
    told = {"signed_by": service.write(tmp_path), "faults": {"Gone": "not-found"}}
    server.behaviour = faulting("Client", "<Gone/>")
    assert problem(folder, **told).reason.startswith("signature")
    plain = soap_source.envelope(SOAP_11, soap_source.fault(SOAP_11, "Client", "<Gone/>"))
    server.behaviour = saying(service.signed(plain), 500)
    with opened(folder, **told) as asked:
        assert retrieve(asked).outcome is Outcome.NOT_FOUND


def test_a_file_without_certificates_is_a_wrong_description(folder: Path, tmp_path: Path) -> None:
    for text in ("", "no certificate"):
        (tmp_path / "none.pem").write_text(text)
        assert problem(folder, signed_by=str(tmp_path / "none.pem")).reason == "certificates"
    assert problem(folder, signed_by="/nowhere.pem").reason == "certificates"
