"""The website of a district's urban management: a permit for the sign-board, on the licence issued minutes ago."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tongban.demo.departments.applications import Application
from tongban.demo.departments.process import place
from tongban.demo.departments.website import Bilingual, NotNow, Question, Service, serve

STANDING = ("valid", "unknown")
"""A licence of which its department has reported nothing is taken as its record says."""


def subjects(_answers: Mapping[str, str]) -> list[dict[str, str]]:
    """Nobody beside the applicant."""
    return []


def rounds(answers: Mapping[str, str]) -> list[list[dict[str, Any]]]:
    """Identity, licence and premises; with the box ticked also a field that no grant gives to this department."""
    identity = ["name", "citizen_number"] + (["ethnicity"] if answers.get("also_ethnicity") else [])
    return [
        [
            {"type": "identity-card", "fields": identity},
            {"type": "business-licence", "fields": ["licence_number", "trade_name", "premises_address", "status"]},
            {"type": "premises-title", "fields": ["title_number", "address"]},
        ]
    ]


def permit(application: Application, _folder: Path) -> list[tuple[Bilingual, str]]:
    """The permit, on the licence's data; none while the licence does not stand."""
    licence, stands = application.data("business-licence"), application.certificate("business-licence")
    if stands["status"] not in STANDING:
        zh, en = stands["label"]["zh"], stands["label"]["en"]
        raise NotNow(
            f"营业执照现为“{zh}”，请先向发照部门办理", f"the business licence is {en}: its department puts it right"
        )
    return [
        (("招牌许可编号", "Sign-board permit"), f"ZP-{secrets.token_hex(4).upper()}"),
        (("依据的营业执照", "On business licence"), licence["licence_number"]),
        (("地点", "Place"), licence["premises_address"]),
    ]


SERVICE = Service(
    kind="urban",
    department=("演示区城市管理局（演示）", "District Urban Management Bureau (demo)"),
    title=("设置户外招牌", "Put up a sign-board"),
    questions=(
        Question("sign_text", ("招牌文字", "Text on the sign")),
        Question(
            "also_ethnicity",
            ("（演示）同时索取民族字段：填“是”", "(demo) also ask for ethnicity: type yes"),
            ("", ""),
            True,
        ),
    ),
    subjects=subjects,
    rounds=rounds,
    complete=permit,
    papers=(
        ("经营者身份证", "owner's identity card"),
        ("营业执照", "business licence"),
        ("不动产权证", "title to the premises"),
    ),
)


def main() -> None:
    """Serve the website."""
    serve(SERVICE, place())


if __name__ == "__main__":
    main()
