"""Ratings on the officers' pages: counted as a chart, put right by the department, decided by others."""

from __future__ import annotations

from exchange.console import ratings as pages
from policies.ratings import events
from policies.ratings.commands import NAMES
from tests.doubles.exchange import MARKET, POLICE, URBAN, World
from tests.doubles.sign_ins import OfficersBrowser
from tests.unit.exchange.test_ratings import bad, ended, rate

AT = "/console/ratings"
WHO = {
    "chen": ("consumer-officer", MARKET),
    "wei": ("governance-officer", URBAN),
    "pan": ("provider-officer", POLICE),
}


def officer(world: World, name: str, language: str = "zh-CN") -> OfficersBrowser:
    browser, (role, organisation) = OfficersBrowser(world, language), WHO[name]
    assert browser.sign_in(name, role, organisation=organisation).status_code == 303
    return browser


def test_a_bad_rating_is_put_right_on_pages(small_world: World) -> None:
    rate(small_world, ended(small_world), {"grade": 5})
    case = bad(small_world)
    at, chen, wei = f"{AT}/{case}", officer(small_world, "chen"), officer(small_world, "wei", "en")
    assert at in chen.get("/console/messages").text
    listed = chen.get(AT).text
    assert at in listed
    assert 'width="50" height="8"' in listed  # one of two is satisfied
    assert "等了三次" in chen.get(at).text
    assert "等了三次" not in wei.get(at).text
    assert chen.press(f"{at}/confirm", reason="演示：属实").status_code == 303
    assert chen.press(f"{at}/rectify", reason="演示：已增开窗口").status_code == 303
    again = chen.press(f"{at}/call-back", reason="演示：已致电")
    assert again.status_code == 422
    assert 'href="#satisfied"' in again.text
    assert chen.press(f"{at}/call-back", satisfied="yes", reason="演示：已致电").status_code == 303
    assert "已办结" in chen.get(at).text
    assert wei.get(f"{at}/confirm").status_code == 403
    assert officer(small_world, "pan").get(at).status_code == 404


def test_every_command_and_event_has_words() -> None:
    assert set(NAMES.values()) == pages.COMMANDS.keys()
    assert {each.__name__ for each in events.RatingEvent.__subclasses__()} == pages.EVENTS.keys()
