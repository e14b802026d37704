"""Corrections on the officers' pages: taken up, answered by whoever took it up, and read by all it concerns."""

from __future__ import annotations

from exchange.console import corrections as pages
from policies.corrections import events
from policies.corrections.commands import NAMES
from tests.doubles.exchange import MARKET, OWNER, POLICE, URBAN, World
from tests.doubles.sign_ins import OfficersBrowser
from tests.unit.exchange.test_corrections import opened

WHO = {
    "pan": ("provider-officer", POLICE),
    "peng": ("provider-officer", POLICE),
    "wei": ("governance-officer", URBAN),
    "chen": ("consumer-officer", MARKET),
}


def officer(world: World, name: str, language: str = "zh-CN") -> OfficersBrowser:
    browser, (role, organisation) = OfficersBrowser(world, language), WHO[name]
    assert browser.sign_in(name, role, organisation=organisation).status_code == 303
    return browser


def test_a_correction_is_taken_up_and_answered_on_pages(small_world: World) -> None:
    at = f"/console/corrections/{opened(small_world)}"
    pan, peng, wei = (officer(small_world, name) for name in ("pan", "peng", "wei"))
    assert at in pan.get("/console/messages").text
    assert at in pan.get("/console/corrections").text
    assert OWNER not in pan.get(at).text
    assert "此事记入账本" in pan.get(f"{at}/take").text
    assert pan.press(f"{at}/take").status_code == 303
    assert OWNER in pan.get(at).text
    assert "陈实例" in pan.get(at).text
    for other in (peng, wei):
        assert OWNER not in other.get(at).text
        assert other.get(f"{at}/accept").status_code == 403
    again = pan.press(f"{at}/reject", reason="演示：档案无误")
    assert again.status_code == 422
    assert 'href="#citation"' in again.text
    assert "演示：档案无误</textarea>" in again.text  # nothing typed is lost
    assert pan.press(f"{at}/accept", reason="演示：确有错误").status_code == 303
    assert pan.press(f"{at}/correct", reason="演示：已更正").status_code == 303
    assert OWNER not in pan.get(at).text
    chen = officer(small_world, "chen", "en")
    assert "was corrected at its source" in chen.get("/console/messages").text
    assert "Cases of your department" in chen.get(at).text
    assert pan.get(f"{at}/accept").status_code == 403
    assert pan.get(f"{at}/nothing").status_code == 404


def test_every_command_and_event_has_words() -> None:
    assert set(NAMES.values()) == pages.COMMANDS.keys()
    made = {each.__name__ for each in events.CorrectionEvent.__subclasses__()}
    assert made == pages.EVENTS.keys()
