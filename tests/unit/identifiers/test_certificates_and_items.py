"""GB/T 36904 certificate identifiers, and the codes of service items."""

from __future__ import annotations

from typing import Any

import pytest

from kernel.identifiers import InvalidIdentifier, certificate_id, service_item

ROOT = "1.2.156.3005.2"


def refused(text: object) -> str:
    with pytest.raises(InvalidIdentifier) as caught:
        certificate_id.parse(text)
    return caught.value.code


def test_certificate_ids_with_right_check_characters(vectors: dict[str, Any]) -> None:
    for value in vectors["certificate_ids"]:
        parsed = certificate_id.parse(value)
        assert (parsed.value, parsed.conformant) == (value, True)
        composed = certificate_id.compose(parsed.type_code, parsed.issuer, parsed.serial, parsed.version)
        assert composed == parsed


def test_the_parts_of_a_certificate_id(vectors: dict[str, Any]) -> None:
    parsed = certificate_id.parse(vectors["certificate_ids"][0].lower())
    assert parsed.type_code == "11100000MB0143028R001"
    assert (parsed.issuer, parsed.serial, parsed.version) == ("11500000DEM000057T", "2026000001", "001")
    assert parsed.serial not in repr(parsed)


def test_a_division_as_issuer_is_accepted_and_marked_non_conformant() -> None:
    parsed = certificate_id.compose("11100000MB0143028R001", "500199", "2026000001")
    assert (parsed.issuer, parsed.conformant) == ("500199", False)
    assert certificate_id.parse(parsed.value) == parsed


@pytest.mark.parametrize("position", ["2026000002", "2026000010", "2O26000001"])
def test_another_serial_needs_another_check_character(position: str, vectors: dict[str, Any]) -> None:
    text = vectors["certificate_ids"][0].replace("2026000001", position)
    assert refused(text) == "certificate-id.check-character"


@pytest.mark.parametrize(
    "text",
    [
        "",
        ROOT,
        "1.2.156.3005.3.11100000MB0143028R001.11500000DEM000057T.2026000001.001.6",
        "11100000MB0143028R001.11500000DEM000057T.2026000001.001.6",
        f"{ROOT}.11100000MB0143028R01.11500000DEM000057T.2026000001.001.6",
        f"{ROOT}.11100000MB0143028R001.11500000DEM000057T..001.6",
        f"{ROOT}.11100000MB0143028R001.11500000DEM000057T.2026-1.001.6",
        f"{ROOT}.11100000MB0143028R001.11500000DEM000057T.2026000001.1.6",
        f"{ROOT}.11100000MB0143028R001.5001990.2026000001.001.6",
        "x" * 200,
        None,
    ],
)
def test_what_is_no_certificate_id(text: object) -> None:
    assert refused(text) in {"certificate-id.malformed", "identifier.malformed"}


@pytest.mark.parametrize(
    ("type_code", "issuer"),
    [("11100000MB0143028T001", "11500000DEM000057T"), ("11100000MB0143028R001", "11500000DEM000057U")],
)
def test_definer_and_issuer_are_checked_too(type_code: str, issuer: str) -> None:
    with pytest.raises(InvalidIdentifier) as caught:
        certificate_id.compose(type_code, issuer, "2026000001")
    assert caught.value.code == "social-credit-code.check-character"


def test_nothing_is_composed_from_characters_without_a_value() -> None:
    with pytest.raises(InvalidIdentifier):
        certificate_id.compose("11100000MB0143028R001", "500199", "2026-1")


class TestServiceItem:
    def test_an_implementation_code(self, vectors: dict[str, Any]) -> None:
        item = service_item.parse(vectors["service_items"][0])
        assert (item.form, item.organisation, item.level) == (
            service_item.Form.IMPLEMENTATION,
            "11370800MB28559184",
            "3",
        )
        assert (item.region, item.kind, item.main, item.sub) == ("37", "01", "17002", "011")
        assert item.basic == "370117002011"

    def test_the_synthetic_item(self, vectors: dict[str, Any]) -> None:
        item = service_item.parse(vectors["service_items"][1].lower())
        assert (item.value, item.basic) == (vectors["service_items"][1], "500131001000")

    def test_a_basic_code(self) -> None:
        item = service_item.parse("500131001000")
        assert (item.form, item.organisation, item.level, item.handling) == (service_item.Form.BASIC, None, None, None)

    def test_a_handling_code(self, vectors: dict[str, Any]) -> None:
        item = service_item.parse(vectors["service_items"][1] + "02")
        assert (item.form, item.handling) == (service_item.Form.HANDLING, "02")

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "50013100100",
            "5001310010000",
            "50013100100X",
            "50013100100002",  # 12 + 2 digits is none of the three
            "11500000DEM000057T500131001000",
            "11500000DEM000057T35001310010001",
            "11500000DEM000057T350013100100012345",
            None,
        ],
    )
    def test_what_is_no_code(self, text: object) -> None:
        with pytest.raises(InvalidIdentifier) as caught:
            service_item.parse(text)
        assert caught.value.code in {"service-item.malformed", "identifier.malformed"}

    def test_the_organisation_inside_is_checked(self) -> None:
        with pytest.raises(InvalidIdentifier) as caught:
            service_item.parse("11500000DEM000057U3500131001000")
        assert caught.value.code == "social-credit-code.check-character"
