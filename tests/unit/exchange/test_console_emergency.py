"""Emergency access on the officers' pages: asked for, opened by a second person, reviewed; refusals that help."""

from __future__ import annotations

from typing import Any

from exchange.console import emergency_words
from policies.emergency import opening as openings
from policies.emergency.commands import NAMES
from tests.doubles.exchange import MARKET, OWNER, POLICE, World
from tests.doubles.sign_ins import OfficersBrowser
from tests.unit.exchange.test_emergency import template, use

AT = "/console/emergency"
WHY = "演示：危房排险，须立即联系住户"
WHO = {
    "shen": (("consumer-officer",), MARKET),
    "both": (("consumer-officer", "sponsor"), MARKET),
    "lin": (("sponsor",), MARKET),
    "du": (("data-protection-officer",), POLICE),
    "pan": (("provider-officer",), POLICE),
}


def officer(world: World, name: str, language: str = "zh-CN") -> OfficersBrowser:
    browser, (roles, organisation) = OfficersBrowser(world, language), WHO[name]
    assert browser.sign_in(name, *roles, organisation=organisation).status_code == 303
    return browser


def asked(world: World, browser: OfficersBrowser, **more: str) -> Any:
    case = world.open_case((OWNER, "applicant"))
    return case, browser.press(f"{AT}/new", **({"template": "G-RESCUE@1", "case": case, "reason": WHY} | more))


def test_two_officers_open_and_a_third_reviews_on_pages(small_world: World) -> None:
    asker = officer(small_world, "shen")
    assert "没有生效中的应急模板" in asker.get(f"{AT}/new").text
    template(small_world)
    assert "两人开启" in asker.get(f"{AT}/new").text
    case, made = asked(small_world, asker)
    assert made.status_code == 303
    at = made.headers["Location"]
    assert WHY in asker.get(at).text
    assert f'href="{at}/open"' not in asker.get(at).text
    assert asker.get(f"{at}/open").status_code == 403
    opener = officer(small_world, "lin")
    assert "等待第二人开启" in opener.get("/console/messages").text
    assert "第二人" in opener.get(f"{at}/open").text
    assert opener.press(f"{at}/open").status_code == 303
    small_world.rooms.policy.renew()
    assert use(small_world, case, at.rpartition("/")[2]).status_code == 200
    provider = officer(small_world, "pan")
    assert "已开启" in provider.get("/console/messages").text
    assert "姓名" in provider.get(at).text
    assert provider.press(f"{at}/close", reason="演示：险情解除").status_code == 303
    reviewer = officer(small_world, "du")
    again = reviewer.press(f"{at}/review", words="演示")
    assert again.status_code == 422
    assert 'href="#finding"' in again.text
    assert "演示</textarea>" in again.text
    assert reviewer.press(f"{at}/review", finding="justified", words="演示：确有险情").status_code == 303
    assert "确有必要" in reviewer.get(at).text
    assert at in reviewer.get(AT).text
    assert "Reviewed" in officer(small_world, "du", "en").get(at).text


def test_what_is_wrong_is_said_beside_its_field(small_world: World) -> None:
    template(small_world)
    browser = officer(small_world, "both")
    for change, field in (({"case": "case_0"}, "case"), ({"reason": ""}, "reason"), ({"template": "G-X"}, "template")):
        _, answer = asked(small_world, browser, **change)
        assert answer.status_code == 422
        assert f'href="#{field}"' in answer.text
    _, made = asked(small_world, browser)
    at = made.headers["Location"]
    alone = browser.get(f"{at}/open")
    assert alone.status_code == 403
    assert "第二人" in alone.text
    assert browser.press(f"{at}/decline", reason="演示：不再需要").status_code == 303
    assert "未开启" in browser.get(at).text
    assert browser.get(f"{at}/nothing").status_code == 404
    assert officer(small_world, "du").get(f"{AT}/new").status_code == 403


def test_an_overdue_review_is_said_where_somebody_asks_again(small_world: World) -> None:
    template(small_world)
    _, made = asked(small_world, officer(small_world, "shen"))
    at = made.headers["Location"]
    assert officer(small_world, "lin").press(f"{at}/open").status_code == 303
    small_world.clock.advance(4 * 24 * 3600)
    small_world.rooms.emergency_sweep.sweep()
    small_world.rooms.policy.renew()
    small_world.rooms.revocations.renew()
    asker = officer(small_world, "shen")
    assert "已逾期" in asker.get(AT).text
    _, refused = asked(small_world, asker)
    assert refused.status_code == 403
    assert "逾期" in refused.text


def test_every_state_command_and_event_has_words() -> None:
    assert emergency_words.COMMANDS.keys() == set(NAMES.values())
    named = {name for name, kind in vars(openings).items() if isinstance(kind, type) and name in emergency_words.EVENTS}
    events = {kind.__name__ for kind in openings.EmergencyEvent.__subclasses__()}
    assert named == events == emergency_words.EVENTS.keys()
