"""XML is read with one meaning, and XPath gives values that a mapping can read."""

from __future__ import annotations

import copy
from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from connectors.errors import SourceGarbled
from connectors.faults import ManifestFault
from connectors.xml import columns, elements, namespaces, read

PREFIXES = {"p": "urn:people"}
DOCUMENT = """<?xml version="1.0" encoding="{encoding}"?>
<!-- a register --><?sort by-name?>
<p:people xmlns:p="urn:people" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <p:person id="A1"><p:name>张<!-- split -->三</p:name><p:note><![CDATA[<5 & more]]></p:note><p:gone xsi:nil="true"/>
    <p:child>甲</p:child><p:child>乙</p:child><p:empty/><p:home><p:street>一号</p:street></p:home></p:person>
  <p:person id="B1"/>
</p:people>"""


@pytest.mark.parametrize("encoding", ["UTF-8", "utf-8", "GB18030", "gbk", "GB2312"])
def test_a_document_is_read_in_the_encoding_it_declares(encoding: str) -> None:
    root = read(DOCUMENT.format(encoding=encoding).encode(encoding))
    assert columns({"name": "p:person/p:name"}, PREFIXES)([root]) == [{"name": "张三"}]


def test_what_the_transport_says_about_the_encoding_precedes_the_documents_word() -> None:
    """RFC 7303 §3: byte order mark, then charset, then the declaration."""
    declared = DOCUMENT.format(encoding="utf-8")
    name = columns({"name": "p:person/p:name"}, PREFIXES)
    assert name([read(declared.encode("gb18030"), charset="GB18030")]) == [{"name": "张三"}]
    assert name([read(b"\xff\xfe" + declared.encode("utf-16-le"), charset="gbk")]) == [{"name": "张三"}]
    assert name([read(b"\xef\xbb\xbf" + declared.encode(), charset="gbk")]) == [{"name": "张三"}]
    assert read(b"<a/>").tag == "a"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"text",
        b"{}",
        b"<a>",
        b"<a/><b/>",
        b"<a/>x",
        b"<a b='1' b='2'/>",
        b"<p:a/>",
        b"<a>&unknown;</a>",
        b"<a>\x00</a>",
        b"<a>&#0;</a>",
        b"<a>\xff</a>",
        b"<?xml version='1.1'?><a/>",
        b"<?xml version='1.0' encoding='utf-7'?><a/>",
        b"<?xml version='1.0' encoding='cp037'?><a/>",
        b"<?xml encoding='utf-8'?><a/>",
        b"<!-- no end",
        b" <?xml version='1.0'?><a/>",
        "<a/>".encode("utf-16-le"),
        "<a>中</a>".encode("gb18030"),
    ],
)
def test_what_is_no_document_of_one_meaning_is_garbled(data: bytes) -> None:
    with pytest.raises(SourceGarbled) as caught:
        read(data)
    assert caught.value.reason.startswith("xml")


@given(st.binary(max_size=200) | st.text(alphabet="<>!?-[]&;= '\"ax:/ENTITYDOCTYPE%", max_size=80).map(str.encode))
def test_anything_at_all_is_read_or_garbled(data: bytes) -> None:
    with suppress(SourceGarbled):
        assert etree.iselement(read(data))


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")))
def test_any_text_comes_back_as_it_was_written(text: str) -> None:
    element = etree.Element("a", about=text)
    element.text = text
    root = read(etree.tostring(element, encoding="utf-8"))
    assert columns({"text": ".", "about": "@about"}, {})([root]) == [{"text": text, "about": text}]


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("p:name", "张三"),
        ("@id", "A1"),
        ("p:name/text()", "张三"),
        ("p:note", "<5 & more"),
        ("p:gone", None),
        ("p:missing", None),
        ("p:empty", ""),
        ("p:home/p:street", "一号"),
        (".//p:street", "一号"),
        ("p:child", ["甲", "乙"]),
        (["p:child"], ["甲", "乙"]),
        (["p:name"], ["张三"]),
        (["p:missing"], []),
        ("count(p:child)", 2),
        ("number('0.5')", Decimal("0.5")),
        ("boolean(p:child)", True),
        ("string(p:name)", "张三"),
        ("p:child[2]", "乙"),
        ("p:child[. = '//']", None),
        ("p:home[p:street = '一号']/p:street", "一号"),
        ("/p:people/p:person[@id = 'A1']/@id", "A1"),
    ],
)
def test_an_expression_gives_what_a_mapping_can_read(expression: object, value: object) -> None:
    root = read(DOCUMENT.format(encoding="utf-8").encode())
    first, second = elements("/p:people/p:person", PREFIXES)(root)
    assert columns({"value": expression}, PREFIXES)([first]) == [{"value": value}]
    assert columns({"id": "@id"}, PREFIXES)([first, second]) == [{"id": "A1"}, {"id": "B1"}]


PIECES = ["/", "//", " ", "b", "or", "div", "and", "*", "-", "+", "|", "=", "(", ")", "[", "]", ".", "5", "1e5", "@x"]
PIECES += ["text()", "count(", "string(", "'/'", "child", "::"]
RECORDS = b"<a><b>9</b><h><b>7</b></h><r><b>1</b><div><b>2</b></div><or>5</or><c x='4'/></r><r><b>11</b></r></a>"


@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=7).map("".join))
def test_K7_a_column_reads_its_record_alone_or_says_the_same_of_all(expression: str) -> None:
    """So that no way to write an expression makes it run over the whole document for every record."""
    try:
        told = columns({"column": [expression]}, {})
    except ManifestFault:
        return
    first, second = elements("/a/r", {})(read(RECORDS))
    alone = copy.deepcopy(second)
    with suppress(SourceGarbled):
        found = told([first, second])
        assert found[1] in (told([alone])[0], found[0])


def test_an_element_that_holds_elements_is_no_value() -> None:
    root = read(b"<a><b>1<c/></b></a>")
    with pytest.raises(SourceGarbled) as caught:
        columns({"b": "b"}, {})([root])
    assert caught.value.reason == "value-has-structure"


@pytest.mark.parametrize("expression", ["count(*)", "@id", "text()"])
def test_records_are_elements(expression: str) -> None:
    with pytest.raises(SourceGarbled):
        elements(expression, {})(read(b"<a id='1'>text</a>"))


@pytest.mark.parametrize("expression", ["", "a[", "q:a", "document('x')", "$x", "a\x00", "re:test(a, 'x')"])
def test_an_expression_that_cannot_be_evaluated_is_found_in_the_manifest(expression: str) -> None:
    with pytest.raises(ManifestFault) as caught:
        columns({"name": expression}, PREFIXES)
    assert caught.value.findings[0].where == ("name",)


@pytest.mark.parametrize("declared", [{"1a": "urn:x"}, {"": "urn:x"}, {"a": ""}])
def test_prefixes_and_namespaces_are_checked(declared: dict[str, str]) -> None:
    with pytest.raises(ManifestFault):
        namespaces(declared)
