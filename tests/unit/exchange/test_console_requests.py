"""Access requests on the officers' pages: the queue with its clocks, the form, every command, refusals that help."""

from __future__ import annotations

import re

import pytest

from exchange.console import request_words
from policies.requests import events
from policies.requests.commands import NAMES
from policies.requests.events import STATUSES
from tests.doubles.browser import form_of
from tests.doubles.exchange import BASIS, ITEM, MARKET, POLICE, URBAN, World
from tests.doubles.sign_ins import OfficersBrowser

AT = "/console/requests"
ASKED = {
    "grant.evidence_type": "identity-card",
    "grant.fields": "name\r\nborn",
    "grant.service_items": ITEM,
    "grant.legal_basis": BASIS,
    "grant.valid_from": "2026-12-01",
    "grant.valid_to": "2027-12-01",
    "purpose": "核对申请人身份，免交复印件",
    "onward": "no",
}
WHO = {
    "chen": ("consumer-officer", MARKET),
    "wei": ("governance-officer", URBAN),
    "pan": ("provider-officer", POLICE),
    "gao": ("governance-approver", URBAN),
    "shen": ("auditor", URBAN),
    "other": ("provider-officer", URBAN),
}


def officer(world: World, name: str, language: str = "zh-CN") -> OfficersBrowser:
    browser, (role, organisation) = OfficersBrowser(world, language), WHO[name]
    assert browser.sign_in(name, role, organisation=organisation).status_code == 303
    return browser


def drafted(browser: OfficersBrowser, **more: str) -> str:
    made = browser.press(f"{AT}/new", **(ASKED | more))
    assert made.status_code == 303, re.findall(r"govuk-error-summary.*?</ul>", made.text, re.DOTALL)
    return str(made.headers["Location"])


def test_a_request_goes_from_the_form_to_the_draft_of_a_grant(small_world: World) -> None:
    consumer, checker, provider = (officer(small_world, name) for name in ("chen", "wei", "pan"))
    at = drafted(consumer)
    page = consumer.get(at)
    assert "草稿" in page.text
    assert "核对申请人身份" in page.text
    assert consumer.press(f"{at}/submit").status_code == 303
    assert "身份证" in checker.get(AT).text
    assert "身份证" not in provider.get(AT).text  # it does not wait for the provider yet
    assert checker.press(f"{at}/accept").status_code == 303
    queue = provider.get(AT)
    assert "剩余 10 天" in queue.text
    assert "2026年12月7日" in queue.text  # the last of ten working days
    assert f'href="{at}/approve"' in provider.get(at).text
    assert provider.press(f"{at}/approve").status_code == 303
    done = checker.get(at)
    assert "已同意" in done.text
    grant = re.search(r'href="(/console/grants/[^"]*)"', done.text.partition("由此生成的授权")[0][-300:])
    assert grant is not None
    assert checker.get(grant[1]).status_code == 200
    assert f'href="{at}/approve"' not in provider.get(at).text


def test_a_refusal_cites_a_rule_and_may_be_disputed(small_world: World) -> None:
    consumer, checker, provider, approver = (officer(small_world, name) for name in ("chen", "wei", "pan", "gao"))
    at = drafted(consumer)
    consumer.press(f"{at}/submit")
    checker.press(f"{at}/accept")
    again = provider.press(f"{at}/refuse", reason="演示")
    assert again.status_code == 422
    assert 'href="#citation"' in again.text
    assert 'href="#code"' in again.text
    assert "演示</textarea>" in again.text  # what was typed is still there
    done = provider.press(f"{at}/refuse", code="beyond-need", citation="演示规定第三条", reason="超出必需")
    assert done.status_code == 303
    assert "超出履行职责所必需的范围" in consumer.get(at).text
    assert consumer.press(f"{at}/dispute", reason="确属必需").status_code == 303
    assert checker.press(f"{at}/negotiate").status_code == 303
    assert checker.press(f"{at}/mediate", finding="可以提供").status_code == 303
    assert approver.press(f"{at}/overturn", citation="演示规定第五条").status_code == 303
    assert "已同意" in consumer.get(at).text


def test_a_supplement_stops_the_clock(small_world: World) -> None:
    consumer, checker = officer(small_world, "chen"), officer(small_world, "wei")
    at = drafted(consumer)
    consumer.press(f"{at}/submit")
    assert checker.press(f"{at}/return", reason="请补充用途").status_code == 303
    assert "退回补正" in consumer.get(AT).text
    assert "计时暂停" in consumer.get(AT).text
    form = consumer.get(f"{at}/revise")
    assert "2026-12-01" in form.text  # what was asked for, to be changed
    assert consumer.press(f"{at}/revise", **(ASKED | {"purpose": "核对身份"})).status_code == 303
    assert "核对身份" in consumer.get(at).text
    assert consumer.press(f"{at}/submit").status_code == 303


def test_a_form_keeps_what_it_does_not_show(small_world: World) -> None:
    consumer = officer(small_world, "chen")
    own = {"sub": "chen", "roles": ["consumer-officer"], "organisation": MARKET}
    cited = {"zh": "演示规定第三条第二款", "en": "Demo rules, article 3 (2)"}
    asked = {
        "evidence_type": "identity-card", "fields": ["name"], "service_items": [ITEM], "legal_basis": BASIS,
        "valid_from": "2026-12-01", "valid_to": "2027-12-01", "statute": cited,
    }  # fmt: skip
    made = small_world.officer("POST", "/v1/access-requests", {"grant": asked, "purpose": "核对"}, **own).json
    assert consumer.press(f"{AT}/{made['id']}/revise", **ASKED).status_code == 303
    found = small_world.officer("GET", f"/v1/access-requests/{made['id']}", **own).json["grant"]
    assert (found["fields"], found["statute"]) == (["born", "name"], cited)


def test_what_is_missing_is_said_beside_its_field(small_world: World) -> None:
    consumer = officer(small_world, "chen")
    for change, field in (
        ({"grant.fields": "name\nnothing"}, "grant.fields"),
        ({"purpose": ""}, "purpose"),
        ({"grant.quota_per_day": "many"}, "grant.quota_per_day"),
        ({"grant.quota_per_day": "9" * 20}, "grant.quota_per_day"),
        ({"grant.quota_per_day": "9" * 5000}, "grant.quota_per_day"),
        ({"grant.hours.from": "8", "grant.hours.to": "9" * 20}, "grant.hours.to"),
        ({"grant.hours.to": "18"}, "grant.hours.from"),
    ):
        page = consumer.press(f"{AT}/new", **(ASKED | change))
        assert page.status_code == 422, change
        assert f'href="#{field}"' in page.text, change
        assert "identity-card" in page.text
    day = consumer.press(f"{AT}/new", **(ASKED | {"grant.valid_to": "soon"}))
    assert day.status_code == 422
    assert "写法不正确" in day.text
    number = consumer.press(f"{AT}/new", **(ASKED | {"purpose": "核对 500199199003120021"}))
    assert number.status_code == 422


def test_a_page_that_is_old_does_nothing(small_world: World) -> None:
    consumer, checker, provider = (officer(small_world, name) for name in ("chen", "wei", "pan"))
    at = drafted(consumer)
    consumer.press(f"{at}/submit")
    form = form_of(checker.get(f"{at}/accept"))
    checker.press(f"{at}/return", reason="请补充用途")
    consumer.press(f"{at}/submit")
    late = checker.post(f"{at}/accept", form.fields)
    assert late.status_code == 409
    assert "重新查看" in late.text
    assert small_world.events("RequestAccepted") == []
    del provider


def test_who_may_not_is_told_who_may(small_world: World) -> None:
    consumer, auditor, outsider = (officer(small_world, name) for name in ("chen", "shen", "other"))
    at = drafted(consumer)
    consumer.press(f"{at}/submit")
    page = consumer.get(f"{at}/accept")
    assert page.status_code == 403
    assert "数据主管部门经办人" in page.text
    form = form_of(consumer.get(f"{at}/withdraw"))
    assert consumer.post(f"{at}/accept", form.fields).status_code == 403
    assert outsider.get(at).status_code == 404  # a request of others does not exist for them
    assert auditor.get(f"{AT}?show=all").status_code == 200
    assert auditor.get(f"{AT}/new").status_code == 403
    assert consumer.post(f"{at}/withdraw", {}).status_code == 400  # without the page's own form


@pytest.mark.parametrize("bad", ["%00", "..", "'", "x" * 300, "%F0%9F%98%80"])
def test_bad_input_is_never_a_server_error(small_world: World, bad: str) -> None:
    consumer = officer(small_world, "chen")
    at = drafted(consumer)
    for path in (f"{AT}/{bad}", f"{AT}/{bad}/submit", f"{at}/{bad}", f"{AT}?show={bad}&after={bad}"):
        assert consumer.get(path).status_code < 500, path
    form = form_of(consumer.get(f"{AT}/new"))
    for typed in ("\x00", "\u202e", "x" * 20_000, "{}"):
        sent = dict.fromkeys(ASKED, typed)
        assert consumer.post(f"{AT}/new", {**form.fields, **sent}).status_code in (400, 422)
    submitting = form_of(consumer.get(f"{at}/submit"))
    assert consumer.post(f"{at}/submit", {**submitting.fields, "revision": bad}).status_code in (409, 422)


def test_every_word_is_there(small_world: World) -> None:
    assert request_words.COMMANDS.keys() == set(NAMES.values())
    assert request_words.CONSEQUENCES.keys() == set(NAMES.values()) - {"revise"}
    assert set(STATUSES) >= set(request_words.TONES)
    named = {
        name for name, one in vars(events).items()
        if isinstance(one, type) and issubclass(one, events.RequestEvent) and one is not events.RequestEvent
    }  # fmt: skip
    assert named == set(request_words.EVENTS)
    english = officer(small_world, "chen", "en")
    assert "A new access request" in english.get(AT).text
