"""The pages of papers avoided and of locked systems."""

from __future__ import annotations

import re
from html import unescape

from tests.doubles.browser import form_of
from tests.doubles.exchange import MARKET, NAME, OWNER, POLICE, World, grant, number, system
from tests.doubles.sign_ins import OfficersBrowser
from tests.unit.exchange.test_watching import absent, look_up


def officer(world: World, role: str, organisation: str = MARKET) -> OfficersBrowser:
    browser = OfficersBrowser(world)
    assert browser.sign_in(role, role, organisation=organisation).status_code == 303
    return browser


def test_departments_are_compared_in_a_chart_with_its_table(small_world: World) -> None:
    world = small_world
    governance = officer(world, "governance-officer")
    assert "没有办结的办件" in governance.get("/console/uploads").text
    case = world.open_case()
    world.ask(case, NAME)
    token = world.issuer.token(world.holder, scope="cases")
    world.call("POST", f"/v1/cases/{case}/resolutions", token, {"requirement": "staff", "by": "window"})
    world.call("POST", f"/v1/cases/{case}/close", token, {})
    page = governance.get("/console/uploads?days=90").text
    assert "市场监管局" in page
    assert 'width="100.0" height="14" fill="#0f6b4f"' in page  # two papers avoided: the longest bar
    assert 'width="50.0" height="14" fill="#b3261e"' in page
    assert "<table" in page
    assert "style=" not in page.partition("<h2")[2].partition("</details>")[0]


def test_a_security_administrator_finds_the_locked_system_and_lifts_it_with_a_reason(small_world: World) -> None:
    world = small_world
    world.apply(grant("G-ABSENT", absent_allowed=True), system("market-website", MARKET, people_per_hour=1))
    world.approve("G-ABSENT")
    security, governance = officer(world, "security-administrator"), officer(world, "governance-officer")
    assert "没有被锁定" in security.get("/console/locks").text
    for serial in (20, 22):
        look_up(world, serial)
    assert number(20) not in security.get("/console/locks").text
    message = security.get("/console/messages").text
    assert 'href="/console/locks"' in message
    assert "market-website" in message
    listed = security.get("/console/locks")
    at = listed.text.partition('href="/console/locks/')[2].partition('"')[0]
    assert at
    assert at not in governance.get("/console/locks").text
    assert governance.get(f"/console/locks/{at}").status_code == 403
    form = form_of(security.get(f"/console/locks/{at}"))
    wrong = security.post(f"/console/locks/{at}", {**form.fields, "reason": ""})
    assert (wrong.status_code, "理由：必填" in wrong.text) == (422, True)
    form = form_of(wrong)
    done = security.post(f"/console/locks/{at}", {**form.fields, "reason": "年度核查"})
    assert done.headers["Location"] == "/console/locks"
    assert "年度核查" in security.get("/console/locks").text
    assert security.get(f"/console/locks/{at}").status_code == 404
    assert len(world.events("SystemLockLifted")) == 1


def test_which_officer_looked_up_what_is_read_in_one_table_and_of_one_alone(small_world: World) -> None:
    world = small_world
    world.apply(grant("G-ABSENT", absent_allowed=True))
    world.approve("G-ABSENT")
    security = officer(world, "security-administrator")
    assert "这段时间没有查询" in security.get("/console/look-ups").text
    assert 'href="/console/look-ups"' in security.get("/console/locks").text
    first, second = (world.open_case((OWNER, "applicant")) for _ in range(2))
    absent(world, OWNER, first)
    absent(world, OWNER, second, officer="officer-8")
    page = security.get("/console/look-ups").text
    for words in (first, second, "身份证：姓名", "已提供", "市场监管局", "开办餐馆"):
        assert words in page
    assert not any(secret in page for secret in (OWNER, "officer-8", "陈示例"))
    one = world.events("EvidenceReleased")[0]["facts"]["officer"]
    for query in (f"officer={one}", f"case={first}"):
        narrowed = security.get(f"/console/look-ups?{query}").text
        assert (first in narrowed, second in narrowed) == (True, False)
    assert security.get("/console/look-ups?before=x").status_code == 422
    protection = officer(world, "data-protection-officer")
    assert second in protection.get("/console/look-ups?days=365").text
    assert second in officer(world, "provider-officer", POLICE).get("/console/look-ups").text
    assert second not in officer(world, "provider-officer").get("/console/look-ups").text
    world.clock.advance(60 * 86_400)
    world.rooms.policy.renew()
    world.rooms.revocations.renew()
    security = officer(world, "security-administrator")
    old = security.get("/console/look-ups?days=90").text
    narrower = [unescape(found) for found in re.findall(r'href="(/console/look-ups\?(?:officer|case)=[^"]*)"', old)]
    assert len(narrower) == 4
    assert all(first in security.get(at).text or second in security.get(at).text for at in narrower)  # as far back
    consumer = officer(world, "consumer-officer")
    assert consumer.get("/console/look-ups").status_code == 403
    assert "/console/look-ups" not in consumer.get("/console/locks").text
