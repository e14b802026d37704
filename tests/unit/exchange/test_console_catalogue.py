"""The published catalogue on the officers' pages: lists, types, departments and divisions over time, every version."""

from __future__ import annotations

import re
from copy import deepcopy
from html import unescape
from typing import Any

import pytest

from connectors.errors import SourceGarbled
from tests.doubles.exchange import (
    IDENTITY_CARD,
    ITEM,
    MARKET,
    POLICE,
    URBAN,
    World,
    organisation,
    service_item,
    system,
    text,
)
from tests.doubles.sign_ins import OfficersBrowser
from tests.unit.exchange.test_catalogue_reports import DIVISIONS

AT = "/console/catalogue"
ENTRY = "/console/entries/evidence-types/identity-card"


def officer(world: World, role: str, organisation: str = POLICE, language: str = "zh-CN") -> OfficersBrowser:
    browser = OfficersBrowser(world, language)
    browser.sign_in(role, role, organisation=organisation)
    return browser


def applied(world: World, *documents: dict[str, Any]) -> None:
    world.apply(*documents)
    world.rooms.policy.renew()


def listed(page: str, label: str) -> str:
    """What stands in a page between a heading and the next one."""
    found = re.search(rf"<h[23][^>]*>{label}.*?(?=<h2|<h3|</main>)", page, re.DOTALL)
    assert found, label
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", found[0])))


def test_the_catalogue_is_searched_and_read(small_world: World) -> None:
    browser = officer(small_world, "auditor")
    found = browser.get("/console/catalogue?q=%E8%BA%AB%E4%BB%BD%E8%AF%81")
    assert "身份证" in found.text
    assert "用工登记" not in found.text
    kind = browser.get("/console/catalogue/evidence-types/identity-card")
    assert "三级（敏感）" in kind.text
    assert "只留前四位和后四位" in kind.text
    assert "正常答复" in kind.text
    item = browser.get(f"/console/catalogue/service-items/{ITEM}")
    assert "/console/catalogue/evidence-types/identity-card" in item.text
    assert browser.get("/console/catalogue/organisations").status_code == 200
    assert browser.get("/console/catalogue/evidence-types/none").status_code == 404


def test_the_page_of_an_evidence_type_tells_how_its_source_is_doing(small_world: World) -> None:
    small_world.ask(small_world.open_case(), {"type": "identity-card", "fields": ["name"]})
    source = small_world.rooms.policy.renew().sources["identity-card"]
    source.watch.garbled(SourceGarbled("columns-missing", field="address"))
    text = officer(small_world, "auditor", language="en").get("/console/catalogue/evidence-types/identity-card").text
    for said in ("Completeness", "50% (last 2 answers)", "what the field address is read from is gone"):
        assert said in text


def test_a_type_tells_its_cycle_its_source_of_truth_and_the_share_type_of_each_field(small_world: World) -> None:
    changed = deepcopy(IDENTITY_CARD)
    changed["spec"] |= {"update_cycle": "daily", "source_of_truth": URBAN}
    withheld = {"share_type": "not_shared", "share_citation": text("演示规定第九条")}
    changed["spec"]["fields"]["citizen_number"] |= withheld
    applied(small_world, changed)
    page = officer(small_world, "auditor").get(f"{AT}/evidence-types/identity-card").text
    for said in ("更新周期", "每日", "数源部门", "城管局", "不予共享", "演示规定第九条", "第 2 版"):
        assert said in page, said
    row = re.search(r"<th[^>]*>号码.*?</tr>", page, re.DOTALL)
    assert row is not None
    assert "演示规定第九条" in row[0]
    assert f'href="{ENTRY}"' in page


def test_every_version_of_an_entry_is_read_and_compared(small_world: World) -> None:
    for level in (2, 3):
        changed = deepcopy(IDENTITY_CARD)
        changed["spec"]["fields"]["born"]["sensitivity"] = level
        applied(small_world, changed)
    browser = officer(small_world, "auditor")
    entry = browser.get(ENTRY).text
    assert [f"{ENTRY}/versions/{number}" in entry for number in (1, 2, 3, 4)] == [True, True, True, False]
    assert "出生日期" in listed(entry, "第 3 版的内容")
    newest = browser.get(f"{ENTRY}/versions/3").text
    assert "<del>2</del>" in newest
    assert "<ins>3</ins>" in newest
    first = browser.get(f"{ENTRY}/versions/3?against=1").text
    assert "与第 1 版的差异" in first
    assert "<del>2</del>" not in first
    assert "<del>" not in browser.get(f"{ENTRY}/versions/1").text  # there was none before it
    for missing in ("0", "4", "x", "99999999999", "3?against=7", "3?against=x"):
        assert browser.get(f"{ENTRY}/versions/{missing}").status_code == 404, missing
    assert "第 3 版的内容" not in browser.get(f"{ENTRY}/versions/2").text


def test_a_department_has_a_page_of_what_it_owns(small_world: World) -> None:
    applied(small_world, system("market-trial", MARKET, sandbox=True), system("market-old", MARKET, status="suspended"))
    browser = officer(small_world, "auditor")
    assert f'href="{AT}/organisations/{MARKET}"' in browser.get(f"{AT}/organisations").text
    page = browser.get(f"{AT}/organisations/{MARKET}").text
    assert "开办餐馆" in listed(page, "政务服务事项（1）")
    systems = listed(page, "业务系统（3）")
    assert re.search(r"market-trial 沙箱", systems)
    assert re.search(r"market-old 暂停使用", systems)
    assert "身份证" not in page
    police = browser.get(f"{AT}/organisations/{POLICE}").text
    assert "身份证" in listed(police, "材料类型（2）")
    assert "重庆" in listed(police, "所在行政区划")
    assert browser.get(f"{AT}/organisations/none").status_code == 404


def test_a_department_with_more_than_its_page_holds_leads_to_all_of_it(
    small_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from exchange.console import catalogue

    monkeypatch.setattr(catalogue, "OWNED", 1)
    browser = officer(small_world, "auditor")
    page = browser.get(f"{AT}/organisations/{POLICE}").text
    assert "用工登记" not in page
    every = browser.get(f"{AT}/evidence-types?organisation={POLICE}").text
    assert f'href="{AT}/evidence-types?organisation={POLICE}"' in page
    assert "用工登记" in every
    assert "共 2 项" in every
    assert "共 0 项" in browser.get(f"{AT}/evidence-types?organisation={MARKET}").text


def test_mergers_and_splits_are_told_on_both_sides(small_world: World) -> None:
    split = organisation(URBAN, "城管局")
    split["spec"]["successors"] = [
        {"successor": MARKET, "extent": "part", "day": "2027-01-01", "note": text("餐饮检查")},
        {"successor": POLICE, "extent": "remainder", "day": "2027-06-01"},
    ]
    applied(small_world, split | {"spec": split["spec"] | {"until": "2027-06-01"}})
    browser = officer(small_world, "auditor")
    gone = listed(browser.get(f"{AT}/organisations/{URBAN}").text, "转由承接")
    assert re.search(r"2027年1月1日 ?： ?部分职责，\s*市场监管局\s*（餐饮检查）", gone), gone
    assert "全部（其余）职责" in gone
    taken = listed(browser.get(f"{AT}/organisations/{MARKET}").text, "承接自")
    assert "城管局" in taken
    assert "部分职责" in taken


def test_divisions_are_read_as_of_a_day_with_what_became_of_them(small_world: World) -> None:
    applied(
        small_world, *DIVISIONS, organisation(URBAN, "城管局") | {"spec": {"name": text("城管"), "division": "500197"}}
    )
    browser = officer(small_world, "auditor")
    assert f'href="{AT}/divisions"' in browser.get(AT).text
    assert "共 3 个" in browser.get(f"{AT}/divisions?on=2025-05-01").text
    page = browser.get(f"{AT}/divisions/500197?on=2026-05-01").text
    assert "（两个镇）" in listed(page, "区域的去向")
    assert "old" in listed(page, "由何处而来")
    assert "城管" in listed(page, "所在部门")
    assert listed(page, "沿革").count("500197") == 2
    assert "部分区域" in listed(browser.get(f"{AT}/divisions/500198?on=2026-05-01").text, "由何处而来")
    before = browser.get(f"{AT}/divisions/500197?on=2025-05-01").text
    assert "区域的去向" not in before
    wrong = browser.get(f"{AT}/divisions?on=2026-02-30")
    assert wrong.status_code == 422
    assert 'value="2026-02-30"' in wrong.text
    assert browser.get(f"{AT}/divisions/999999").status_code == 404


def test_an_item_and_a_department_without_anything_are_pages_too(small_world: World) -> None:
    bare = service_item("11500000DEM00015343500133001000", URBAN)
    bare["spec"]["requirements"] = []
    applied(small_world, bare)
    browser = officer(small_world, "auditor", language="en")
    assert "No requirement" in browser.get(f"{AT}/service-items/11500000DEM00015343500133001000").text
    assert "None." in browser.get(f"{AT}/organisations/{URBAN}").text


@pytest.mark.parametrize("bad", ["%00", "..", "'", "x" * 300, "%F0%9F%98%80"])
def test_bad_input_is_never_a_server_error(small_world: World, bad: str) -> None:
    browser = officer(small_world, "auditor")
    for path in (
        *(f"{bad}", f"organisations/{bad}", f"divisions/{bad}", f"divisions?on={bad}", f"divisions/500000?on={bad}"),
        *(f"evidence-types?organisation={bad}", f"evidence-types?after={bad}"),
    ):
        assert browser.get(f"{AT}/{path}").status_code < 500, path
    assert browser.get(f"{ENTRY}/versions/1?against={bad}").status_code < 500
