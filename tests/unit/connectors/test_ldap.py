"""The LDAP adapter against a real directory: entries as Active Directory has them, and manifests."""

from __future__ import annotations

import socket
import threading
import uuid
from typing import Any

import pytest

from connectors.errors import AmbiguousSubject, SourceGarbled, SourceMisconfigured, SourceProblem, SourceTooLarge
from connectors.registry import findings
from connectors.source import Outcome, Source
from tests.doubles import directory
from tests.doubles.connectors import manifest, retrieve, source, values
from tests.doubles.directory import Directory

needs_slapd = pytest.mark.skipif(not directory.installed(), reason=directory.MISSING)

GUID = uuid.UUID("0f3a1c2e-1111-4222-8333-444455556666")
SID = bytes.fromhex("010500000000000515000000112233445566778899aabbcce8030000")
USER = {
    "objectClass": ("user", "extensibleObject"),
    "cn": "zhang",
    "sn": "张",
    "instanceType": "4",
    "nTSecurityDescriptor": b"\x00",
    "objectCategory": "cn=person,dc=demo",
    "displayName": "张三",
    "employeeNumber": "50019919900101123X",
    "telephoneNumber": ("1", "2"),
    "objectGUID": GUID.bytes_le,
    "objectSid": SID,
    "whenChanged": "20261123010203.0Z",
    "accountExpires": str(2**63 - 1),
    "pwdLastSet": "133800768000000000",
    "userAccountControl": "512",
}
BIND = {"bind": {"dn": directory.READER, "secret": "directory"}}
SECRETS = {"directory": directory.READER_PASSWORD}
SETTINGS = {"url": "ldaps://directory.example", "base": "dc=demo", "subject_attribute": "employeeNumber", **BIND}
NAME = {"name": {"column": "displayName"}}


def opened(server: Directory, base: str, fields: Any = None, limits: Any = None, **settings: Any) -> Source:
    described = {"url": server.url, "base": base, "subject_attribute": "employeeNumber", **BIND, **settings}
    return source("ldap", described, fields or NAME, secrets=SECRETS, limits=limits or {})


def refused(asked: Source, subject: str = "A1", **parameters: str) -> SourceProblem:
    with asked, pytest.raises(SourceProblem) as caught:
        values(asked, subject, **parameters)
    return caught.value


@pytest.fixture(scope="module")
def users(directory_server: Directory) -> str:
    branch = directory_server.branch()
    directory_server.add(f"cn=zhang,{branch}", **USER)
    return branch


@pytest.fixture(scope="module")
def people(directory_server: Directory) -> str:
    return directory_server.branch(
        [
            {
                "employeeNumber": "A1",
                "displayName": "张三",
                "mail": ("a@demo.invalid", "b@demo.invalid"),
                "title": "on",
            },
            {"employeeNumber": "B1", "displayName": "李四", "mail": "c@demo.invalid", "title": "off"},
            {"employeeNumber": "C1"},
        ]
    )


@needs_slapd
def test_attributes_as_active_directory_has_them(directory_server: Directory, users: str) -> None:
    fields = {
        "name": {"column": "displayName"},
        "phones": {"column": "telephoneNumber", "several": True},
        "guid": {"column": "objectGUID"},
        "sid": {"column": "objectSid"},
        "changed": {"column": "whenChanged", "datetime": "iso"},
        "until": {"column": "accountExpires", "date": "iso"},
        "password_set": {"column": "pwdLastSet", "date": "iso"},
    }
    forms = {
        "objectGUID": "guid",
        "objectsid": "sid",
        "whenChanged": "generalized-time",
        "accountExpires": "filetime",
        "pwdLastSet": "filetime",
    }
    enabled = "(&(objectClass=user)(!(userAccountControl:1.2.840.113556.1.4.803:=2)))"
    with opened(
        directory_server, users, fields, forms=forms, lists=["telephoneNumber"], filter="(objectClass=user)"
    ) as asked:
        assert values(asked, "50019919900101123X") == {
            "name": "张三",
            "phones": ["1", "2"],
            "guid": str(GUID),
            "sid": "S-1-5-21-1144201745-2289526357-3434850969-1000",
            "changed": "2026-11-23T01:02:03Z",
            "until": "长期",
            "password_set": "2024-12-31",
        }
    assert findings(manifest("ldap", {**SETTINGS, "filter": enabled}, {"fields": NAME})) == []


@needs_slapd
@pytest.mark.parametrize(
    ("subject", "mail"), [("A1", ["a@demo.invalid", "b@demo.invalid"]), ("B1", ["c@demo.invalid"])]
)
def test_an_attribute_declared_as_a_list_is_one_however_many_values_it_has(
    directory_server: Directory, people: str, subject: str, mail: list[str]
) -> None:
    fields = {"mail": {"column": "mail", "several": True}}
    with opened(directory_server, people, fields, lists=["MAIL"]) as asked:
        assert values(asked, subject) == {"mail": mail}
        assert values(asked, "C1") == {"mail": []}


@needs_slapd
def test_two_values_of_what_was_to_have_one_are_not_chosen_between(directory_server: Directory, people: str) -> None:
    problem = refused(opened(directory_server, people, {"mail": {"column": "mail"}}))
    assert isinstance(problem, SourceGarbled)
    assert problem.field == "mail"


@needs_slapd
@pytest.mark.parametrize("attribute", ["objectGUID", "objectSid", "nTSecurityDescriptor"])
def test_binary_attributes_are_refused_unless_declared(directory_server: Directory, users: str, attribute: str) -> None:
    asked = opened(directory_server, users, {"x": {"column": attribute}})
    assert refused(asked, "50019919900101123X").reason == "binary"
    for form in ("hex", "base64"):
        with opened(directory_server, users, {"x": {"column": attribute}}, forms={attribute: form}) as declared:
            assert values(declared, "50019919900101123X")["x"]


@needs_slapd
@pytest.mark.parametrize("form", ["guid", "sid", "generalized-time", "filetime"])
def test_a_value_that_has_not_the_declared_form_is_garbled(directory_server: Directory, people: str, form: str) -> None:
    assert refused(opened(directory_server, people, forms={"displayName": form})).reason == "form"


@needs_slapd
def test_the_filter_and_the_base_take_parameters(directory_server: Directory, people: str) -> None:
    branch = people.partition("=")[2].partition(",")[0]
    with opened(directory_server, "ou={branch},dc=demo", filter="(title={title})", scope="one") as asked:
        assert values(asked, branch=branch, title="on") == {"name": "张三"}
        assert retrieve(asked, branch=branch, title="off").outcome is Outcome.NOT_FOUND
        assert retrieve(asked, branch="nowhere", title="on").outcome is Outcome.NOT_FOUND
        with pytest.raises(SourceMisconfigured):
            values(asked, branch=branch)


@needs_slapd
def test_a_base_that_is_missing_is_a_wrong_description(directory_server: Directory) -> None:
    assert refused(opened(directory_server, "ou=nowhere,dc=demo")).reason == "base-missing"


@needs_slapd
def test_small_letters_count_only_where_the_manifest_says_so(directory_server: Directory) -> None:
    branch = directory_server.branch([{"employeeNumber": "5x", "displayName": "张三"}])
    with opened(directory_server, branch) as asked:
        assert values(asked, "5X") == {}
    with opened(directory_server, branch, lower_case_too=True) as asked:
        assert values(asked, "5X") == {"name": "张三"}


@needs_slapd
def test_more_entries_than_allowed_are_cut_off_by_the_directory(directory_server: Directory) -> None:
    branch = directory_server.branch([{"employeeNumber": "A1", "displayName": str(number)} for number in range(9)])
    assert isinstance(refused(opened(directory_server, branch)), AmbiguousSubject)
    assert isinstance(refused(opened(directory_server, branch, limits={"max_records": 3})), SourceTooLarge)


@needs_slapd
def test_a_directory_that_was_restarted_is_asked_again_on_a_fresh_connection(
    directory_server: Directory, people: str
) -> None:
    with opened(directory_server, people) as asked:
        assert values(asked) == {"name": "张三"}
        directory_server.stop()
        directory_server.start()
        assert values(asked) == {"name": "张三"}


DONE = bytes.fromhex("300c02010265070a010004000400")
"""Message 2: a search that found nothing."""
GOODBYE = bytes.fromhex("3024020100781f0a0134040004008a16") + b"1.3.6.1.4.1.1466.20036"
"""Message 0, ExtendedResponse: the directory is going to disconnect."""


def test_a_directory_that_says_goodbye_to_a_kept_connection_is_asked_again_on_a_fresh_one() -> None:
    def polite(connection: socket.socket, _: threading.Event) -> None:
        for answer in (bytes.fromhex("300c02010161070a010004000400"), DONE, GOODBYE):
            if connection.recv(65_536):
                connection.sendall(answer)

    with directory.Listener(polite) as listener:
        described = {**SETTINGS, "url": listener.url}
        with source("ldap", described, NAME, secrets=SECRETS, limits={"deadline_ms": 3000}) as asked:
            assert [retrieve(asked).outcome for _ in range(2)] == [Outcome.NOT_FOUND] * 2
    assert listener.connections == 2


@needs_slapd
def test_without_a_name_only_what_is_open_to_all_is_read(directory_server: Directory, people: str) -> None:
    directory_server.add(
        "cn=all,ou=open,dc=demo", objectClass="inetOrgPerson", sn="-", employeeNumber="A1", displayName="开放"
    )
    asked = {"url": directory_server.url, "subject_attribute": "employeeNumber", "anonymous": True}
    with source("ldap", {**asked, "base": "ou=open,dc=demo"}, NAME) as anybody:
        assert values(anybody) == {"name": "开放"}
    assert refused(source("ldap", {**asked, "base": people}, NAME)).reason == "base-missing"


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"url": None}, "ldap"),
        ({"url_secret": "where"}, "ldap"),
        ({"url": "http://directory.example"}, "ldap.url"),
        ({"url": "ldap://directory.example"}, "ldap.url"),
        ({"url": "ldaps://user@directory.example"}, "ldap.url"),
        ({"url": "ldaps://directory.example/dc=demo??sub"}, "ldap.url"),
        ({"url": "ldaps://{host}.example"}, "ldap.url"),
        ({"url": "ldaps://directory.example:x"}, "ldap.url"),
        ({"url": "ldap://directory.example", "insecure_ldap": True}, "ldap.url"),
        ({"bind": None}, "ldap"),
        ({"anonymous": True}, "ldap"),
        ({"filter": "(title={title}"}, "ldap.filter"),
        ({"filter": "(title=a*{title})"}, "ldap.filter"),
        ({"filter": "({title}=a)"}, "ldap.filter"),
        ({"filter": "(title=\\ff)"}, "ldap.filter"),
        ({"filter": "(!" * 20 + "(title=a)" + ")" * 20}, "ldap.filter"),
        ({"subject_attribute": "employeeNumber)(uid"}, "ldap"),
        ({"columns": ["mail"]}, "ldap.columns"),
        ({"columns": ["displayName", "displayname"]}, "ldap.columns"),
        ({"columns": ["displayName", "userCertificate;binary"]}, "ldap"),
        ({"lists": ["mail"]}, "ldap.lists"),
        ({"forms": {"mail": "hex"}}, "ldap.forms"),
        ({"forms": {"displayName": "jpeg"}}, "ldap.forms.displayName"),
        ({"referrals": "follow"}, "ldap.referrals"),
        ({"client_certificate": "ours"}, "ldap"),
        ({"bind": None, "client_certificate": "ours", "url": "ldap://localhost"}, "ldap.url"),
    ],
)
def test_a_manifest_that_makes_no_sense_is_told_where(changes: dict[str, Any], where: str) -> None:
    settings = {name: value for name, value in {**SETTINGS, **changes}.items() if value is not None}
    found = findings(manifest("ldap", settings, {"fields": NAME}))
    assert [".".join(map(str, finding.where)) for finding in found] == [f"spec.{where}"]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"url": "ldap://directory.example", "start_tls": True},
        {"url": "ldap://10.0.0.1:3268", "insecure_ldap": True, "bind": None, "anonymous": True},
        {"url": "ldap://localhost"},
        {"bind": None, "client_certificate": "ours"},
        {"filter": "(|(title>={title})(cn~=a)(title=*)(cn=a*))"},
        {"subject_attribute": "2.16.840.1.113730.3.1.3"},
    ],
)
def test_a_manifest_that_makes_sense_is_taken(changes: dict[str, Any]) -> None:
    settings = {name: value for name, value in {**SETTINGS, **changes}.items() if value is not None}
    assert findings(manifest("ldap", settings, {"fields": NAME})) == []
