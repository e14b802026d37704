"""Names for comparing, and whom a record is about."""

from __future__ import annotations

import pytest

from kernel.identifiers import InvalidIdentifier, SubjectRef, person_name, subject


@pytest.mark.parametrize(
    "dot", ["·", "•", "．", "・", "･", "‧", "∙", "⋅", " · ", "·\u3000", "․", "\u0387", "ꞏ", ".", " . "]
)
def test_every_middle_dot_is_one(dot: str) -> None:
    assert person_name.normalise(f"阿依古丽{dot}买买提") == "阿依古丽·买买提"


@pytest.mark.parametrize(
    ("name", "normal"),
    [
        ("张虚构", "张虚构"),
        ("  张虚构\u3000", "张虚构"),
        ("张 三", "张三"),
        ("张\u3000三", "张三"),
        ("张\u200b三\ufeff", "张三"),
        ("欧阳演示", "欧阳演示"),
        ("\U00020bb7 野", "\U00020bb7野"),
        ("Chen  Shili", "Chen Shili"),
        ("Zoë Müller", "Zoë Müller"),
        ("", ""),
    ],
)
def test_blanks_in_names(name: str, normal: str) -> None:
    assert person_name.normalise(name) == normal


def test_characters_are_never_folded() -> None:
    for name in ("\uf9dc陵", "髙木", "Ｗang"):  # a compatibility ideograph, a variant form, a full-width letter
        assert person_name.normalise(name) == name


def test_a_name_somebody_entered() -> None:
    assert person_name.parse(" 欧阳演示 ") == "欧阳演示"


@pytest.mark.parametrize("name", ["", "  ", "x" * 51, "张\n三", "张\x00三", None, 5, ["张三"]])
def test_what_is_no_name(name: object) -> None:
    with pytest.raises(InvalidIdentifier) as caught:
        person_name.parse(name)
    assert caught.value.code == "person-name.malformed"


class TestSubject:
    def test_a_person_and_a_company(self) -> None:
        assert subject.parse("citizen-number", "50019919550105011x") == SubjectRef(
            "citizen-number", "50019919550105011X"
        )
        assert subject.parse("social-credit-code", "91500199demc00015r").value == "91500199DEMC00015R"

    def test_a_company_with_a_recorded_exception(self) -> None:
        code = "91350100M000100Y44"
        assert subject.parse("social-credit-code", code, recorded_exceptions=frozenset({code})).value == code

    @pytest.mark.parametrize(
        ("scheme", "value"),
        [
            ("passport", "E12345678"),
            (None, "50019919550105011X"),
            (["citizen-number"], "50019919550105011X"),
            ("citizen-number", "91500199DEMC00015R"),
            ("social-credit-code", "50019919550105011X"),
            ("citizen-number", {"value": "50019919550105011X"}),
        ],
    )
    def test_juggled_schemes_and_values(self, scheme: object, value: object) -> None:
        with pytest.raises(InvalidIdentifier) as caught:
            subject.parse(scheme, value)
        assert "50019919550105011" not in f"{caught.value}{caught.value.reason}"

    def test_the_value_stays_out_of_prints(self) -> None:
        assert repr(SubjectRef("citizen-number", "50019919550105011X")) == "SubjectRef(scheme='citizen-number')"
