"""GB 32100-2015 and GB 11714: codes of organisations."""

from __future__ import annotations

from typing import Any

import pytest

from kernel.identifiers import InvalidIdentifier, organisation_code, social_credit_code


def refused(text: object, **arguments: Any) -> InvalidIdentifier:
    with pytest.raises(InvalidIdentifier) as caught:
        social_credit_code.parse(text, **arguments)
    return caught.value


@pytest.mark.parametrize("group", ["published", "synthetic"])
def test_codes_with_right_check_characters(group: str, vectors: dict[str, Any]) -> None:
    for value in vectors["social_credit_codes"][group]:
        code = social_credit_code.parse(value)
        assert code.value == code.registrar + code.kind + code.division + code.organisation_code + value[17]
        assert not code.exceptional


def test_the_parts_of_a_code() -> None:
    code = social_credit_code.parse("11500199dem000145u")
    assert (code.registrar, code.kind, code.division, code.organisation_code) == ("1", "1", "500199", "DEM000145")


def test_the_published_counter_example(vectors: dict[str, Any]) -> None:
    wrong = vectors["social_credit_codes"]["wrong"]
    assert refused(wrong["value"]).code == "social-credit-code.malformed"  # Z is not in the alphabet
    assert refused(wrong["right"][:17] + "4").code == "social-credit-code.check-character"
    assert social_credit_code.parse(wrong["right"]).value == wrong["right"]


def test_a_recorded_exception_is_found_on_look_up_and_only_itself() -> None:
    recorded = frozenset({"91350100M000100Y44"})
    code = social_credit_code.parse("91350100m000100y44", recorded_exceptions=recorded)
    assert (code.value, code.exceptional) == ("91350100M000100Y44", True)
    assert refused("91350100M000100Y45", recorded_exceptions=recorded).code == "social-credit-code.check-character"
    assert refused("91350100M000100Y44").code == "social-credit-code.check-character"


def test_a_right_code_on_record_is_no_exception() -> None:
    value = "91350100M000100Y43"
    assert not social_credit_code.parse(value, recorded_exceptions=frozenset({value})).exceptional


@pytest.mark.parametrize(
    "text",
    [
        "",
        "91350100M000100Y4",
        "91350100M000100Y433",
        "000000000000000000",
        "9135010AM000100Y43",
        "I1350100M000100Y43",
        "O1350100M000100Y43",
        "91350100S000100Y43",
        "91350100M000100V43",
        "91350100-M000100Y43",
        "٩1350100M000100Y43",
        91350100,
        None,
        ["91350100M000100Y43"],
    ],
)
def test_what_is_no_code(text: object) -> None:
    assert refused(text).code in {"social-credit-code.malformed", "identifier.malformed"}


def test_refusals_and_prints_do_not_repeat_the_code() -> None:
    error = refused("92500199DEMC00031D")
    assert "DEMC00031" not in f"{error} {error!r} {error.reason}"
    assert "DEMC00031" not in repr(social_credit_code.parse("92500199DEMC00031C"))


def test_synthetic_codes_are_composed_with_both_check_characters(vectors: dict[str, Any]) -> None:
    for value in vectors["social_credit_codes"]["synthetic"]:
        assert social_credit_code.compose(value[:2], value[2:8], value[8:16]).value == value


@pytest.mark.parametrize(
    ("start", "division", "body"),
    [("1", "500199", "DEM00001"), ("11", "50019", "DEM00001"), ("11", "500199", "DEMO0001")],
)
def test_nothing_is_composed_from_parts_that_do_not_fit(start: str, division: str, body: str) -> None:
    with pytest.raises(InvalidIdentifier):
        social_credit_code.compose(start, division, body)


class TestOrganisationCode:
    def test_characters_9_to_17_of_a_credit_code_are_one(self, vectors: dict[str, Any]) -> None:
        codes = vectors["social_credit_codes"]
        for value in codes["published"] + codes["synthetic"]:
            assert organisation_code.parse(value[8:17]).value == value[8:17]

    def test_with_its_hyphen(self) -> None:
        assert organisation_code.parse("dem00009-x").value == "DEM00009X"

    @pytest.mark.parametrize("text", ["", "DEM0000", "DEM00009--X", "DEM00009Y", "D-EM00009X", None])
    def test_what_is_no_code(self, text: object) -> None:
        with pytest.raises(InvalidIdentifier) as caught:
            organisation_code.parse(text)
        assert caught.value.code.endswith("malformed")

    def test_a_wrong_check_character(self) -> None:
        with pytest.raises(InvalidIdentifier) as caught:
            organisation_code.parse("DEM000091")
        assert caught.value.code == "organisation-code.check-character"
