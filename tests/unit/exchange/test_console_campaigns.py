"""Recertification on the officers' pages: opened in two steps, answered with the use in view, called off by another."""

from __future__ import annotations

from datetime import timedelta

from tests.doubles.browser import form_of
from tests.doubles.exchange import MARKET, NAME, POLICE, URBAN, World
from tests.doubles.sign_ins import OfficersBrowser

AT = "/console/campaigns"
WHO = {
    "chen": ("consumer-officer", MARKET),
    "wei": ("governance-officer", URBAN),
    "pan": ("provider-officer", POLICE),
    "gao": ("governance-approver", URBAN),
}


def officer(world: World, name: str, language: str = "zh-CN") -> OfficersBrowser:
    browser, (role, organisation) = OfficersBrowser(world, language), WHO[name]
    assert browser.sign_in(name, role, organisation=organisation).status_code == 303
    return browser


def opened(browser: OfficersBrowser, **choice: str) -> str:
    seen = browser.press(f"{AT}/new", **choice)
    assert seen.status_code == 200, seen.text
    done = browser.post(f"{AT}/new", {**form_of(seen).fields, "title": "年度复核", "days": "10"})
    assert done.status_code == 303, done.text
    return str(done.headers["Location"])


def test_a_campaign_goes_from_the_choice_to_the_answers(small_world: World) -> None:
    small_world.clock.advance(timedelta(days=91).total_seconds())
    small_world.rooms.policy.renew()
    small_world.rooms.revocations.renew()
    small_world.ask(small_world.open_case(), NAME)
    governance, provider, consumer = (officer(small_world, name) for name in ("wei", "pan", "chen"))
    seen = governance.press(f"{AT}/new", evidence_type="identity-card")
    assert "会涉及 1 项现行授权" in seen.text
    assert "G-IDENTITY@1" in seen.text
    short = governance.post(f"{AT}/new", {**form_of(seen).fields, "title": "年度复核", "days": "2"})
    assert short.status_code == 422
    assert "5 至 120 个工作日" in short.text
    assert 'value="年度复核"' in short.text  # what was typed is still there
    at = opened(governance)
    assert "项授权等待贵部门复核" in provider.get("/console/messages").text
    listed = provider.get(AT)
    assert "年度复核" in listed.text
    assert "共 2 项，2 项等待答复" in listed.text
    page = provider.get(at)
    assert "1 次" in page.text
    assert "住址" in page.text
    item = f"{at}/items/1"
    shown = provider.get(item)
    assert "有未使用的内容，可收紧" in shown.text
    wordless = provider.press(item, answer="tighten")
    assert wordless.status_code == 422
    assert 'href="#words"' in wordless.text
    assert provider.press(item, answer="tighten", words="只需姓名").status_code == 303
    assert provider.press(f"{at}/items/2", answer="end", words="不再需要").status_code == 303
    assert provider.post(f"{at}/items/2", {}).status_code == 400  # no token of a form
    done = provider.get(f"{at}?show=all").text
    assert "将收紧" in done
    assert "已终止" in done
    assert "/console/unused/" not in provider.get(item).text  # who provides does not draft
    told = consumer.get("/console/messages").text
    assert f'href="{item}"' in told
    assert 'href="/console/unused/G-IDENTITY%401"' in consumer.get(item).text
    assert consumer.get("/console/unused/G-IDENTITY%401").status_code == 200
    assert "只需姓名" in consumer.get(item).text
    assert governance.get(f"{at}/items/9").status_code == 404


def test_pages_offer_each_office_what_is_its_own(small_world: World) -> None:
    governance, provider, approver = (officer(small_world, name) for name in ("wei", "pan", "gao"))
    assert provider.get(f"{AT}/new").status_code == 403
    at = opened(governance)
    assert f'href="{at}/call-off"' not in governance.get(at).text
    assert 'name="answer"' not in governance.get(f"{at}/items/1").text
    assert governance.get(f"{at}/call-off").status_code == 403
    assert approver.press(f"{at}/call-off").status_code == 422
    assert approver.press(f"{at}/call-off", reason="误发起").status_code == 303
    off = provider.get(at).text
    assert "已取消" in off
    assert "误发起" in off
    assert 'name="answer"' not in provider.get(f"{at}/items/1").text
    english = officer(small_world, "gao", "en").get(AT).text
    assert "Called off" in english
    assert "2 grants, 2 wait for an answer" in english


def test_what_changed_meanwhile_is_said_and_nothing_done(small_world: World) -> None:
    governance, provider = officer(small_world, "wei"), officer(small_world, "pan")
    seen = governance.press(f"{AT}/new")
    at = opened(governance, evidence_type="identity-card")
    again = governance.post(f"{AT}/new", {**form_of(seen).fields, "title": "年度复核", "days": "10"})
    assert again.status_code == 409
    assert "会涉及 1 项现行授权" in again.text
    old = form_of(provider.get(f"{at}/items/1")).fields
    assert provider.press(f"{at}/items/1", answer="keep", words="仍需").status_code == 303
    assert provider.post(f"{at}/items/1", {**old, "answer": "end", "words": "不再需要"}).status_code == 409
    small_world.clock.advance(timedelta(days=30).total_seconds())
    small_world.rooms.policy.renew()
    small_world.rooms.revocations.renew()
    late = officer(small_world, "pan")
    assert 'name="answer"' not in late.get(f"{at}/items/1").text
    fields = {**form_of(late.get("/console/messages")).fields, "answer": "end", "words": "迟", "revision": "2"}
    said = late.post(f"{at}/items/1", fields)
    assert said.status_code == 403
    assert "期限已过" in said.text
