"""The property bureau's website: a home is sold. Spouse and buyer are found in registers; nobody types a number."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tongban.demo.departments.applications import Application
from tongban.demo.departments.process import place
from tongban.demo.departments.registrar import NotRegistered, Registrar
from tongban.demo.departments.website import Bilingual, NotNow, Question, Service, serve


def subjects(_answers: Mapping[str, str]) -> list[dict[str, str]]:
    """Nobody: whoever else takes part is named by records."""
    return []


def rounds(_answers: Mapping[str, str]) -> list[list[dict[str, Any]]]:
    """The seller's own records; then those that name others: the spouse by the marriage, the buyer by the paid tax."""
    spouse, buyer = {"from": 0, "relation": "spouse"}, {"from": 1, "relation": "buyer"}
    return [
        [
            {"type": "identity-card", "fields": ["name", "citizen_number"]},
            {"type": "premises-title", "fields": ["title_number", "address", "area"]},
        ],
        [
            {"type": "marriage-record", "fields": ["registered_on"]},
            {"type": "tax-clearance", "fields": ["certificate_number", "price", "paid_on"]},
            {"type": "identity-card", "fields": ["name"], "subject": spouse},
            {"type": "identity-card", "fields": ["name", "citizen_number"], "subject": buyer},
            {"type": "marriage-record", "predicates": [{"name": "exists"}], "subject": buyer},
        ],
    ]


def previewed(answers: Mapping[str, str]) -> frozenset[int]:
    """The seller's own records, where the seller wants to look at them first."""
    return frozenset({0}) if answers.get("look_first") else frozenset()


def go_on(_application: Application, _folder: Path) -> None:
    """Nothing has to be done in between; but no record names spouse or buyer before the seller's own are there."""


def transfer(application: Application, folder: Path) -> list[tuple[Bilingual, str]]:
    """Have the bureau's own register write the new title, once the buyer is whom the seller named."""
    seller, spouse, buyer = (item["data"] for item in application.evidence if item["type"] == "identity-card")
    if buyer["name"] != application.answers["buyer"]:
        raise NotNow("所填买方与完税证明不一致", "the buyer named is not the one who bought by the tax document")
    title = application.data("premises-title")
    try:
        new = Registrar(folder).transfer(title["title_number"], buyer["citizen_number"], buyer["name"])
    except NotRegistered:
        raise NotNow("登记簿已有变化", "the register has changed meanwhile") from None
    married = application.answer("marriage-record", "exists")
    return [
        (("新的不动产权证号", "New title"), new),
        (("面积（平方米）", "Area in square metres"), title["area"]),
        (("权利人", "Holder"), buyer["name"]),
        (("转让人", "Sold by"), f"{seller['name']}、{spouse['name']}"),
        (("买方婚姻登记", "Buyer's marriage on record"), "有 yes" if married else "无 no"),
    ]


SERVICE = Service(
    kind="estate",
    department=("市规划自然资源局（演示）", "Planning and Natural Resources Bureau (demo)"),
    title=("二手房转移登记", "A home is sold"),
    questions=(
        Question("buyer", ("买方姓名", "Buyer's name")),
        Question(
            "look_first",
            ("要先看过再提供的，填“是”", "To look at your own records before they are provided, type “yes”"),
            optional=True,
        ),
    ),
    subjects=subjects,
    rounds=rounds,
    complete=transfer,
    between={0: go_on},
    previewed=previewed,
    papers=(
        ("买卖双方身份证", "both parties' identity cards"),
        ("结婚证", "marriage certificate"),
        ("不动产权证", "title to the premises"),
        ("完税证明", "proof that the tax is paid"),
        ("买方婚姻状况证明", "proof of the buyer's marital status"),
    ),
)


def main() -> None:
    """Serve the website."""
    serve(SERVICE, place())


if __name__ == "__main__":
    main()
