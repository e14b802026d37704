"""Officers read by which clauses a request was decided: found by its name, or among the newest."""

from __future__ import annotations

from urllib.parse import quote

import sqlalchemy as sa

from exchange.store.tables import decision
from tests.doubles.exchange import MARKET, NAME, OWNER, POLICE, URBAN, World
from tests.doubles.sign_ins import OfficersBrowser

HERE = "/console/decisions"
BORN = {"type": "identity-card", "fields": ["born"]}


def officer(world: World, role: str, organisation: str, language: str = "zh-CN") -> OfficersBrowser:
    browser = OfficersBrowser(world, language)
    assert browser.sign_in(role, role, organisation=organisation).status_code == 303
    return browser


def test_a_decision_is_found_by_its_name_and_told_by_clause(world: World) -> None:
    answer = world.ask(world.open_case(), NAME, BORN).json
    refused = answer["evidence"][1]["problem"]["decision_id"]
    released = world.events("EvidenceReleased")[0]["facts"]["decision"]
    chen = officer(world, "consumer-officer", MARKET)
    listed = chen.get(HERE).text
    assert (listed.count("准予"), listed.count(refused), listed.count(released)) == (
        2,
        2,
        2,
    )  # told at the top; address and label
    found = chen.get(f"{HERE}?decision={refused}")
    assert (found.status_code, found.headers["Location"]) == (303, f"{HERE}/{refused}")
    told = chen.get(f"{HERE}/{refused}").text
    assert "G-IDENTITY@1#c4" in told
    assert "不包括字段：出生日期（born）" in told
    assert "要取得身份证的：出生日期" in told
    assert "结论相同" in told
    permit = chen.get(f"{HERE}/{released}").text
    assert "以下各款都已满足" in permit
    assert "用于办理开办餐馆 <code>G-IDENTITY@1#c0</code>" in permit
    assert OWNER not in permit + told + listed
    english = officer(world, "auditor", URBAN, "en").get(f"{HERE}/{released}").text
    assert "Each of these clauses was met" in english
    assert "The sign-in has assurance level 2 or higher" in english


def test_another_departments_decision_is_no_decision(small_world: World) -> None:
    small_world.ask(small_world.open_case(), NAME)
    name = small_world.events("EvidenceReleased")[0]["facts"]["decision"]
    stranger = officer(small_world, "consumer-officer", URBAN)
    assert name not in stranger.get(HERE).text
    for wanted in (name, "dec_x", "x" * 5000, "<script>", "裁决"):
        page = stranger.get(f"{HERE}?decision={quote(wanted)}")
        assert page.status_code == 404, wanted
        assert "govuk-error-summary" in page.text
        assert "没有您可以查阅的这一裁决" in page.text
        moved = stranger.get(f"{HERE}/{quote(wanted)}")
        assert moved.headers["Location"].startswith(f"{HERE}?decision="), wanted
    assert officer(small_world, "provider-officer", POLICE).get(f"{HERE}/{name}").status_code == 200


def test_what_comes_out_otherwise_is_plain_to_see(small_world: World) -> None:
    small_world.ask(small_world.open_case(), NAME)
    name = small_world.events("EvidenceReleased")[0]["facts"]["decision"]
    auditor = officer(small_world, "auditor", URBAN)
    with small_world.outside.database.engine.begin() as connection:
        connection.execute(sa.update(decision).values(verdict=sa.func.replace(decision.c.verdict, "@1", "@7")))
    page = auditor.get(f"{HERE}/{name}").text
    assert "结论不同，请告知平台运维人员" in page
    with small_world.outside.database.engine.begin() as connection:
        connection.execute(sa.update(decision).values(rules="another"))
    assert "不能重算" in auditor.get(f"{HERE}/{name}").text


def test_what_policies_were_not_asked_about_says_why(small_world: World) -> None:
    stranger = {**NAME, "subject": {"scheme": "citizen-number", "value": OWNER, "relation": "child"}}
    small_world.ask(small_world.open_case(), stranger)
    name = small_world.events("EvidenceRefused")[0]["facts"]["decision"]
    page = officer(small_world, "auditor", URBAN).get(f"{HERE}/{name}").text
    assert "没有条款可引" in page
    assert "关系" in page
