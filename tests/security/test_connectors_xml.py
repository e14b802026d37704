"""Attacks by XML (K2, K3, K7): nothing is fetched, nothing is expanded, nothing outgrows memory."""

from __future__ import annotations

import resource
import time
from pathlib import Path

import pytest

from connectors.errors import SourceGarbled, SourceProblem, SourceTooLarge
from connectors.faults import ManifestFault
from connectors.xml import MAX_DEPTH, MAX_MARKS, columns, elements, read, reading, value
from tests.doubles.http_source import HttpSource, saying

LAUGHS = "".join(f'<!ENTITY l{level} "{f"&l{level - 1};" * 10}">' for level in range(1, 12))
DOCUMENT_TYPES = {
    "file": '<!DOCTYPE a [<!ENTITY x SYSTEM "{file}">]><a>&x;</a>',
    "address": '<!DOCTYPE a [<!ENTITY x SYSTEM "{url}">]><a>&x;</a>',
    "external-subset": '<!DOCTYPE a SYSTEM "{url}"><a/>',
    "public": '<!DOCTYPE a PUBLIC "-//X//Y" "{url}"><a/>',
    "parameter-entity": '<!DOCTYPE a [<!ENTITY % x SYSTEM "{url}"> %x;]><a/>',
    "laughs": f'<!DOCTYPE a [<!ENTITY l0 "ha">{LAUGHS}]><a>&l11;</a>',
    "quadratic": '<!DOCTYPE a [<!ENTITY x "' + "x" * 50_000 + '">]><a>' + "&x;" * 20_000 + "</a>",
    "after-comment": '<!-- <a> --><?a b?>\n<!DOCTYPE a SYSTEM "{url}"><a/>',
    "after-declaration": '<?xml version="1.0"?><!DOCTYPE a SYSTEM "{url}"><a/>',
    "empty": "<!DOCTYPE a><a/>",
}


@pytest.mark.parametrize("document", DOCUMENT_TYPES.values(), ids=DOCUMENT_TYPES.keys())
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_K2_a_document_type_is_refused_before_a_parser_sees_it(tmp_path: Path, document: str, encoding: str) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("CANARY")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with HttpSource() as elsewhere:
        elsewhere.behaviour = saying(b"<!ENTITY y 'CANARY'>")
        attack = document.replace("{file}", secret.as_uri()).replace("{url}", elsewhere.url)
        with pytest.raises(SourceGarbled) as caught:
            read(attack.encode(encoding))
        assert caught.value.reason == "xml-document-type"
        assert elsewhere.connections == 0
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # kilobytes


HIDDEN = '<!DOCTYPE a [<!ENTITY x "CANARY">]><a>&x;</a>'
BOM = "\ufeff"


@pytest.mark.parametrize(
    ("data", "charset"),
    [
        ((BOM + BOM + HIDDEN).encode(), ""),
        ((BOM + BOM + BOM + HIDDEN).encode(), ""),
        ((BOM + BOM + HIDDEN).encode("utf-16-le"), ""),
        ((BOM + BOM + HIDDEN).encode("utf-16-be"), ""),
        ((BOM + HIDDEN).encode("gb18030"), "gb18030"),
        (('<?xml version="1.0" encoding="gb18030"?>' + BOM + HIDDEN).encode("gb18030"), ""),
        (('<?xml version="1.0"?>' + BOM + HIDDEN).encode(), ""),
        ((BOM + BOM + "<a/>").encode(), ""),
    ],
)
def test_K2_a_document_type_cannot_hide_behind_a_second_mark_of_byte_order(data: bytes, charset: str) -> None:
    """The parser passes over one more mark than XML has, and then sees what was looked for behind it."""
    with pytest.raises(SourceGarbled) as caught:
        read(data, charset=charset)
    assert caught.value.reason == "xml-encoding"


@pytest.mark.parametrize("document", [HIDDEN, "<!DOCTYPE a><a/>", "<!DOCTYPE a SYSTEM '{file}'><a/>"])
def test_K2_what_the_parser_took_for_a_document_type_is_refused_however_it_came_there(
    tmp_path: Path, document: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second wall, with the first one gone; a file that was read would be a syntax error."""
    elsewhere = tmp_path / "elsewhere.dtd"
    elsewhere.write_text("this is no document type")
    monkeypatch.setattr(reading, "_refuse_document_type", lambda _: None)
    with pytest.raises(SourceGarbled) as caught:
        read(document.replace("{file}", elsewhere.as_uri()).encode())
    assert caught.value.reason == "xml-document-type"


def test_K2_a_document_type_anywhere_else_is_no_xml() -> None:
    for attack in (b"<a><!DOCTYPE a></a>", b"<a/><!DOCTYPE a>", b"<a><!ENTITY x 'y'></a>", b"<a>&xxe;</a>"):
        with pytest.raises(SourceGarbled):
            read(attack)


@pytest.mark.parametrize("prefix", ["http", "&#104;ttp"])
def test_K2_inclusions_are_refused(prefix: str) -> None:
    attack = f'<a xmlns:xi="{prefix}://www.w3.org/2001/XInclude"><xi:include href="/etc/passwd" parse="text"/></a>'
    with pytest.raises(SourceGarbled) as caught:
        read(attack.encode())
    assert caught.value.reason == "xml-inclusion"


def test_K2_references_to_schemas_and_style_sheets_lead_nowhere() -> None:
    with HttpSource() as elsewhere:
        told = f"""<?xml-stylesheet href="{elsewhere.url}"?><a xml:base="{elsewhere.url}"
            xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="urn:x {elsewhere.url}">b</a>"""
        assert columns({"a": "."}, {})([read(told.encode())]) == [{"a": "b"}]
        assert elsewhere.connections == 0


def test_K2_a_comment_cuts_no_value_in_two() -> None:
    assert columns({"a": "."}, {})([read(b"<a>A1<!-- -->0<?x?>B</a>")]) == [{"a": "A10B"}]


@pytest.mark.parametrize(
    "attack",
    [
        b"<a>" * (MAX_DEPTH + 1) + b"</a>" * (MAX_DEPTH + 1),
        b"<a>" * 100_000,
        b"<a>" + b"<b/>" * MAX_MARKS + b"</a>",
        b"<a " + b" ".join(b"a%d=''" % number for number in range(MAX_MARKS)) + b"/>",
    ],
    ids=["deep", "open", "wide", "attributes"],
)
def test_K3_a_tree_that_would_outgrow_memory_is_too_large(attack: bytes) -> None:
    with pytest.raises(SourceTooLarge):
        read(attack)


def test_K3_the_greatest_tree_there_may_be_is_read() -> None:
    wide = b"<a>" + b"<b/>" * (MAX_MARKS - 2) + b"</a>"
    assert len(read(wide)) == MAX_MARKS - 2
    assert read(b"<a>" * MAX_DEPTH + b"</a>" * MAX_DEPTH).tag == "a"


@pytest.mark.parametrize(
    "expression",
    [
        "//a//b",
        "//a[.//b]",
        "a/descendant::b//c",
        "a/following::b",
        "preceding-sibling :: a",
        "//a[@x = $y]",
        "//b[. = /a/b]",
        "//b[. = ../b]",
        "//b[parent::a/b]",
        "//b[c[. = '/' or /a/b]]",
        "//b[count(/a/b) = 2]",
        "//b[2 * /a]",
        "b[. div/a]",
        "b[c -/a]",
        "b[c*/a]",
        "b[c or/a]",
        "b[1e5div/a]",
    ],
)
def test_K7_an_expression_that_costs_the_square_of_a_document_is_no_manifest(expression: str) -> None:
    with pytest.raises(ManifestFault):
        columns({"name": expression}, {})
    with pytest.raises(ManifestFault):
        elements(expression, {})


FROM_THE_ROOT_IN_PART = (
    "count(/a/b)",
    "string(//b)",
    "(/a/b)[1]",
    "b | /a/b",
    "/a/b | b",
    "/a/b = b",
    "/a/b - b",
    "/a/b div b",
    "b=/a",
    ". div/a",
    "b and/a",
    "b -/a",
    "*-/a",
    "b*/a",
    "5div/a",
    "5div-/a",
    "1e5div/a",
    "concat(b, '/', //c)",
    "-//b",
)


@pytest.mark.parametrize("expression", FROM_THE_ROOT_IN_PART)
def test_K7_a_column_that_would_run_from_the_root_for_each_record_is_no_manifest(expression: str) -> None:
    with pytest.raises(ManifestFault) as caught:
        columns({"name": "b", "other": [expression]}, {})
    (finding,) = caught.value.findings
    assert finding.where == ("other",)
    assert "从根出发" in finding.message.zh
    assert "from the root" in finding.message.en
    value(expression, {})  # of a document as a whole it may be asked, once


@pytest.mark.parametrize(
    "expression",
    [
        "b",
        "*/b",
        "b [c /d]",
        "b-/c",
        "or/b",
        "div/div",
        "@*",
        "a:b/a:*/c",
        "b[*/c]",
        ". /b",
        ".//b",
        "child::*/b",
        "b/text()",
        "concat(b, '/', c)",
        "b * c/d",
        "b[2]/c",
        "(b)/c",
        "2 * b/c",
        "b[. = '/a']",
        "/",
        "/a/b",
        "//b[c/d]/@e",
        "/a/text()",
        "/a/*[1]/b-c",
        "/descendant::a:b",
    ],
)
def test_a_column_may_go_down_from_its_record_or_be_one_path_from_the_root(expression: str) -> None:
    assert len(columns({"name": expression}, {"a": "urn:a"})([])) == 0


def test_K7_what_stands_above_the_records_is_read_once_in_an_answer() -> None:
    """It took 0.27 s for a thousand records and column, over a document of 76 kB."""
    root = read(b"<a><at>2026</at>" + b"<b/>" * (MAX_MARKS - 6) + b"</a>")
    records = elements("/a/b", {})(root)
    began = time.process_time()
    found = columns({f"at{at}": "//at" for at in range(10)} | {"list": ["/a/at"]}, {})(records)
    assert time.process_time() - began < 3.0
    assert len(found) == MAX_MARKS - 6
    assert found[-1]["at9"] == "2026"
    assert found[-1]["list"] == ["2026"]


@pytest.mark.parametrize("expression", ["boolean(b = c)", "boolean(b > c)", "count(b | c)"])
def test_K7_lists_of_nodes_are_compared_and_joined_within_what_a_document_may_hold(expression: str) -> None:
    """Their cost is the square; there are not enough of them for that to take long."""
    each = MAX_MARKS // 4 - 1
    lists = b"".join(b"<b>-%d</b>" % at for at in range(each)) + b"".join(b"<c>%d</c>" % (at + 1) for at in range(each))
    root = read(b"<a>" + lists + b"</a>")
    began = time.process_time()
    assert value(expression, {})(root) in {False, 2 * each}
    assert time.process_time() - began < 2.0


def test_K7_an_expression_over_the_greatest_document_ends_soon() -> None:
    root = read(b"<a>" + b"<b>x</b>" * (MAX_MARKS // 2 - 1) + b"</a>")
    began = time.process_time()
    try:
        columns({"name": "//b[. = 'x' and b/c = 'y' or position() > 2][last()]"}, {})([root])
    except SourceProblem:
        pytest.fail("it is a good expression")
    assert time.process_time() - began < 2.0


def test_K7_a_prolog_of_many_comments_is_read_once() -> None:
    began = time.process_time()
    with pytest.raises(SourceProblem):
        read(b"<!---->" * 200_000 + b"<")
    with pytest.raises(SourceProblem):
        read(b"<!--" * 200_000)
    assert time.process_time() - began < 1.0
