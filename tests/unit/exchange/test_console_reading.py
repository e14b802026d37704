"""The officers' pages that only show: use of data, ledger, tries; and what all pages have in common."""

from __future__ import annotations

import re
from html import unescape

import pytest

from exchange.console.sections import GROUPS
from kernel.ledger.log import Ledger
from kernel.problems import LEDGER_UNAVAILABLE, Problem
from policies.roles import Role
from tests.doubles.exchange import MARKET, NAME, OWNER, POLICE, World, system
from tests.doubles.sign_ins import OfficersBrowser


def officer(world: World, role: str, organisation: str = POLICE, language: str = "zh-CN") -> OfficersBrowser:
    browser = OfficersBrowser(world, language)
    browser.sign_in(role, role, organisation=organisation)
    return browser


def test_a_provider_sees_who_used_its_data_and_no_person(small_world: World) -> None:
    case = small_world.open_case((OWNER, "applicant"))
    assert small_world.ask(case, NAME).json["status"] == "delivered"
    page = officer(small_world, "provider-officer").get("/console/usage?days=7")
    assert "市场监管局" in page.text
    assert "身份证" in page.text
    assert "已提供" in page.text
    assert OWNER not in page.text
    elsewhere = officer(small_world, "provider-officer", MARKET).get("/console/usage")
    assert "没有部门请求过" in elsewhere.text


@pytest.mark.parametrize("role", [role.value for role in Role if role not in (Role.PROVIDER_OFFICER, Role.EXCHANGE)])
def test_a_page_of_others_says_whose_it_is(small_world: World, role: str) -> None:
    browser = officer(small_world, role)
    page = browser.get("/console/usage")
    assert page.status_code == 403
    assert "提供部门经办人" in page.text
    assert "/console/usage" not in browser.get("/console/grants").text


def test_the_ledger_shows_its_checkpoint_and_a_proof(small_world: World) -> None:
    browser = officer(small_world, "auditor", language="en")
    page = browser.get("/console/ledger")
    assert str(small_world.outside.ledger.size()) in page.text
    assert "c2sp.org/tlog-proof" in browser.get("/console/ledger?index=0").text
    missing = browser.get("/console/ledger?index=999999")
    assert missing.status_code == 404
    assert "govuk-error-summary" in missing.text
    wrong = browser.get("/console/ledger?index=-1")
    assert wrong.status_code == 400
    assert "whole number from 0" in wrong.text


def test_a_ledger_that_cannot_be_read_is_no_unknown_entry(small_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(_ledger: Ledger, _index: int) -> str:
        raise Problem(LEDGER_UNAVAILABLE)

    browser = officer(small_world, "auditor")
    monkeypatch.setattr(Ledger, "proof_text", down)
    assert browser.get("/console/ledger?index=0").status_code == 503


def test_the_first_address_leads_to_the_queue(small_world: World) -> None:
    browser = OfficersBrowser(small_world)
    for path in ("/", "/console"):
        assert browser.get(path).headers["Location"] == "/console/grants"


def test_no_page_runs_a_script_or_is_kept(small_world: World) -> None:
    browser = officer(small_world, "provider-officer")
    for section in (section for group in GROUPS for section in group.sections):
        page = browser.get(section.path)
        assert "script-src 'self'" in page.headers["Content-Security-Policy"]
        assert page.headers["Cache-Control"] == "no-store"
        assert "onclick" not in page.text
        assert "style=" not in page.text


def test_a_page_links_to_every_group_and_to_its_own_sections_as_far_as_they_are_open(small_world: World) -> None:
    owner = officer(small_world, "provider-officer").get("/console/certificates").text
    assert re.findall(r'aria-current="(\w+)">([^<]+)<', owner) == [("true", "本部门"), ("page", "证照")]
    assert [
        path for path in ("messages", "grants", "catalogue", "decisions") if f'href="/console/{path}"' not in owner
    ] == []
    assert not any(f'href="/console/{path}"' in owner for path in ("tasks", "campaigns", "locks"))
    auditor = officer(small_world, "auditor").get("/console/ledger").text
    assert 'href="/console/usage"' not in auditor
    assert re.findall(r'aria-current="(\w+)">([^<]+)<', auditor) == [("true", "监督"), ("page", "账本")]


def test_without_a_key_there_are_no_pages(small_world: World) -> None:
    from dataclasses import replace

    plain = replace(small_world.outside.settings, console_key=None)
    world = small_world.another_node(settings=plain)
    assert world.rooms.console is None
    assert OfficersBrowser(world).get("/console/grants").status_code == 404
    world.rooms.close()


def test_a_request_is_tried_and_explained_by_clause(small_world: World) -> None:
    small_world.apply(system("a-trial", MARKET, sandbox=True), system("a-still", MARKET, status="suspended"))
    small_world.rooms.policy.renew()
    browser = officer(small_world, "auditor")
    shown = browser.get("/console/grants/G-STAFF@1").text
    assert "system=a-" not in shown  # the one is kept apart from real data, the other may not act
    found = re.search(r'href="(/console/try\?[^"]*)"', shown)
    assert found is not None
    permitted = browser.get(unescape(found[1]))
    assert "准予" in permitted.text
    assert "用人单位" in permitted.text
    assert "G-STAFF@1#c0" in permitted.text  # the first of the clauses that are met
    late = browser.get(unescape(found[1]).replace("at=", "at=2031-01-01"))
    assert "已于" in late.text
    assert "失效" in late.text
    refused = browser.get(unescape(found[1]).replace("employer", "employer%2Cstaff"))
    assert "拒绝" in refused.text
    assert "#" in refused.text  # the clause
    apart = browser.get(unescape(found[1]).replace("market-website", "a-trial")).text
    assert "拒绝" in apart  # by the gateway's own rule
    assert "沙箱与真实数据不得互通" in apart
    size = small_world.outside.ledger.size()
    wrong = browser.get("/console/try?system=&loa=9&at=tomorrow")
    assert wrong.status_code == 422
    assert "govuk-error-summary" in wrong.text
    assert 'href="#at"' in wrong.text
    assert small_world.outside.ledger.size() == size
