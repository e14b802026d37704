"""The citizens' pages: signing in, a stronger sign-in where it takes one, what would leave, and the three answers."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from sqlalchemy import text

from kernel.identifiers.subject import SubjectRef
from tests.doubles.browser import form_of
from tests.doubles.exchange import NAME, OWNER, POLICE, STRANGER, World, grant
from tests.doubles.sign_ins import OfficersBrowser
from tests.unit.exchange.test_emergency import DELAY, opened, template, use
from tests.unit.exchange.test_previews import ADDRESS, offered, outcome

ABSENT, CHANGED = 404, 409


@pytest.fixture
def browser(small_world: World) -> OfficersBrowser:
    return OfficersBrowser(small_world)


def test_somebody_signs_in_and_finds_what_waits(browser: OfficersBrowser) -> None:
    name, _ = offered(browser.world)
    wanted = browser.get("/my/previews")
    assert wanted.status_code == 303
    asked = browser.get(wanted.headers["Location"])
    assert "前往登录" in asked.text
    back = browser.sign_in_as(OWNER)
    assert (back.status_code, back.headers["Location"]) == (303, "/my/previews")
    page = browser.get("/my")
    assert page.headers["Location"] == "/my/previews"
    page = browser.get("/my/previews")
    assert f"/my/previews/{name}/0" in page.text
    assert "市场监管局" in page.text
    assert "陈示例" not in page.text


def test_exactly_what_is_shown_is_provided(browser: OfficersBrowser) -> None:
    name, case = offered(browser.world)
    browser.sign_in_as(OWNER)
    at = f"/my/previews/{name}/0"
    page = browser.get(at)
    for words in ("陈示例", "公安局", "市场监管局", "演示规定第三条", "同意提供", "不提供", "内容有误"):
        assert words in page.text
    assert OWNER not in page.text
    done = browser.press(at, reply="provide")
    assert (done.status_code, "已按您的同意提供" in done.text) == (200, True)
    assert outcome(browser.world, name, case) == ("delivered", None)
    assert browser.get(at).status_code == CHANGED


@pytest.mark.parametrize(("reply", "words"), [("decline", "没有提供"), ("wrong", "指出内容有误")])
def test_nothing_is_provided_against_the_person(browser: OfficersBrowser, reply: str, words: str) -> None:
    name, case = offered(browser.world)
    browser.sign_in_as(OWNER)
    done = browser.press(f"/my/previews/{name}/0", reply=reply)
    assert words in done.text
    assert outcome(browser.world, name, case)[0] == "refused"


def test_what_changed_meanwhile_is_shown_again_and_not_provided(browser: OfficersBrowser) -> None:
    name, case = offered(browser.world)
    browser.sign_in_as(OWNER)
    at = f"/my/previews/{name}/0"
    form = form_of(browser.get(at)).fields
    browser.world.apply(grant("G-IDENTITY", masks={"name": "name"}))
    browser.world.approve("G-IDENTITY")
    again = browser.post(at, {**form, "reply": "provide"})
    assert (again.status_code, "内容已有变化" in again.text) == (CHANGED, True)
    assert outcome(browser.world, name, case) == ("awaiting-preview", None)
    assert "已按您的同意提供" in browser.press(at, reply="provide").text


def test_a_sensitive_field_takes_a_stronger_sign_in(browser: OfficersBrowser) -> None:
    name, _ = offered(browser.world, ADDRESS)
    browser.sign_in_as(OWNER)
    at = f"/my/previews/{name}/0"
    weak = browser.get(at)
    assert (weak.status_code, "需要更强的登录方式" in weak.text) == (401, True)
    assert "演示区" not in weak.text
    start = re.search(r'href="(/my/sign-in/start[^"]*)"', weak.text)
    assert start is not None
    assert "level=3" in start[1]
    browser.sign_in_as(OWNER, to=at, level="3", acr=3)
    assert "演示区一号" in browser.get(at).text


def test_nobody_else_finds_it_and_officers_are_no_citizens(browser: OfficersBrowser) -> None:
    name, _ = offered(browser.world)
    at = f"/my/previews/{name}/0"
    browser.sign_in_as(STRANGER)
    assert name not in browser.get("/my/previews").text
    assert browser.get(at).status_code == CHANGED
    officer = OfficersBrowser(browser.world)
    officer.sign_in("p", "provider-officer", organisation="11500000DEM0000303")
    assert officer.get(at).status_code == 303
    citizen = OfficersBrowser(browser.world)
    citizen.sign_in_as(OWNER)
    assert citizen.get("/console/grants").status_code == 303


def test_a_form_from_elsewhere_provides_nothing(browser: OfficersBrowser) -> None:
    name, case = offered(browser.world)
    browser.sign_in_as(OWNER)
    at = f"/my/previews/{name}/0"
    form = form_of(browser.get(at)).fields
    bare = browser.post(at, {"digest": form["digest"], "reply": "provide"})
    assert bare.status_code in {400, 403}
    assert outcome(browser.world, name, case, NAME) == ("awaiting-preview", None)


def test_signing_out_ends_the_session(browser: OfficersBrowser) -> None:
    browser.sign_in_as(OWNER)
    browser.press("/my/sign-out")
    assert browser.get("/my/previews").status_code == 303
    assert "已退出" in browser.get("/my/signed-out").text


def test_what_is_wrong_is_put_before_its_department(browser: OfficersBrowser) -> None:
    name, _ = offered(browser.world)
    browser.sign_in_as(OWNER)
    at = f"/my/previews/{name}/0"
    assert f'href="{at}/wrong"' in browser.press(at, reply="wrong").text
    empty = browser.press(f"{at}/wrong")
    assert (empty.status_code, "请" in empty.text) == (422, True)
    done = browser.press(f"{at}/wrong", field="name", right="陈示范", reason="今年更名")
    assert "已申请更正" in done.text, done.text
    (opened,) = browser.world.events("CorrectionOpened")
    assert "陈示范" not in str(opened)
    assert "更正已在办理" in browser.press(f"{at}/wrong", field="name", reason="今年更名").text
    stranger = OfficersBrowser(browser.world)
    stranger.sign_in_as(STRANGER)
    assert stranger.get(f"{at}/wrong").status_code == ABSENT


def test_somebody_reads_who_used_their_data_and_objects_from_there(browser: OfficersBrowser) -> None:
    world = browser.world
    world.ask(world.open_case(), NAME)
    browser.sign_in_as(OWNER)
    page = browser.get("/my/usage")
    for words in ("市场监管局", "结果：已提供", "c2sp.org/tlog-proof@v1"):
        assert words in page.text
    at = re.search(r'href="(/my/usage/\d+/wrong)"', page.text)
    assert at is not None
    assert "已申请更正" in browser.press(at[1], field="name", reason="今年更名").text
    assert browser.get("/my/usage?before=x").status_code >= 400
    stranger = OfficersBrowser(world)
    stranger.sign_in_as(STRANGER)
    back = re.search(r'href="(/my/corrections/co_[^"]+/withdraw)"', browser.get("/my/usage").text)
    assert back is not None
    assert stranger.get(back[1]).status_code == 404
    shown = form_of(browser.get(back[1])).fields
    assert "Take it back" in browser.get(back[1], **{"Accept-Language": "en"}).text
    assert "已撤回更正申请" in browser.post(back[1], shown).text
    for again in (browser.get(back[1]), browser.post(back[1], shown)):
        assert (again.status_code, "没有撤回" in again.text) == (409, True)
    assert "市场监管局" not in stranger.get("/my/usage").text
    nobodys = stranger.get(at[1])
    assert (nobodys.status_code, "您的使用记录中没有这一条" in nobodys.text) == (ABSENT, True)


@pytest.mark.parametrize(("language", "said"), [("zh", "没有这一条记录"), ("en", "There is no such entry")])
def test_whoever_was_erased_is_told_that_their_entries_are_known_no_more(
    browser: OfficersBrowser, language: str, said: str
) -> None:
    world = browser.world
    world.ask(world.open_case(), NAME)
    browser.sign_in_as(OWNER)
    (at,) = re.findall(r'href="(/my/usage/\d+/wrong)"', browser.get("/my/usage").text)
    form = form_of(browser.get(at)).fields | {"field": "name", "reason": "今年更名"}
    world.outside.ledger.erase(SubjectRef("citizen-number", OWNER))
    pages = (browser.get(at), browser.post(at, form), browser.get(at.replace("wrong", "challenge")))
    assert [page.status_code for page in pages] == [ABSENT] * 3
    shown = browser.get(at, **{"Accept-Language": language}).text
    assert said in shown
    assert ("删除个人信息" if language == "zh" else "had your data erased") in shown
    assert "不再等待您的决定" not in shown
    assert "does not wait" not in shown


def test_of_what_was_refused_there_is_nothing_to_correct_but_a_use_to_challenge(browser: OfficersBrowser) -> None:
    world = browser.world
    world.ask(world.open_case(), {"type": "identity-card", "fields": ["born"]})
    browser.sign_in_as(OWNER)
    (challenged,) = re.findall(r'href="(/my/usage/\d+)/challenge"', browser.get("/my/usage").text)
    page = browser.get(f"{challenged}/wrong")
    assert (page.status_code, "这一条没有提供任何内容" in page.text) == (CHANGED, True)
    assert f'href="{challenged}/challenge"' in page.text


def test_of_evidence_that_the_catalogue_lost_its_provider_is_named(
    browser: OfficersBrowser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the form, and where it goes between the form and its answer."""
    world = browser.world
    world.ask(world.open_case(), NAME)
    browser.sign_in_as(OWNER)
    (at,) = re.findall(r'href="(/my/usage/\d+/wrong)"', browser.get("/my/usage").text)
    form = form_of(browser.get(at)).fields | {"field": "name", "reason": "今年更名"}
    world.outside.database.write(lambda connection: connection.execute(text("DELETE FROM delivery")))
    lost = browser.post(at, form)
    snapshot = world.rooms.policy.current()
    kinds = {name: kind for name, kind in snapshot.registry.evidence_types.items() if name != "identity-card"}
    without = replace(snapshot, registry=replace(snapshot.registry, evidence_types=kinds))
    monkeypatch.setattr(world.rooms.policy, "current", lambda: without)
    for page in (lost, browser.get(at)):
        assert (page.status_code, "不能在这里申请更正" in page.text) == (CHANGED, True)
        assert "直接向公安局提出" in page.text
    nowhere = replace(snapshot, registry=replace(without.registry, organisations={}))
    monkeypatch.setattr(world.rooms.policy, "current", lambda: nowhere)
    gone = browser.get(at)
    assert "直接向持有这项资料的部门提出" in gone.text  # no code for a department that the catalogue lost, too
    assert POLICE not in gone.text


def test_nobody_probes_for_entries_that_a_statute_hides(browser: OfficersBrowser) -> None:
    world = browser.world
    template(world, emergency={"minutes": 60, "notice_delay": DELAY})
    case, opening = opened(world)
    assert use(world, case, opening).json["status"] == "delivered"
    hidden = next(number for number, one in enumerate(world.entries()) if one["event"] == "EvidenceReleased")
    browser.sign_in_as(OWNER)
    assert browser.get(f"/my/usage/{hidden}/wrong").status_code == ABSENT
    token = world.issuer.token(world.holder, "portal", person=OWNER, scope="usage")
    said = {"field": "name", "reason": "…"}
    assert world.call("POST", f"/v1/usage/{hidden}/corrections", token, said).status_code == 404


def test_an_answer_of_yes_or_no_is_said_to_be_wrong_like_a_field(browser: OfficersBrowser) -> None:
    world = browser.world
    age = {"type": "identity-card", "predicates": [{"name": "at-least-age", "args": {"age": 18}}]}
    assert world.ask(world.open_case(), age).json["status"] == "delivered"
    browser.sign_in_as(OWNER)
    (at,) = re.findall(r'href="(/my/usage/\d+/wrong)"', browser.get("/my/usage").text)
    form = browser.get(at).text
    assert "是否已满某一年龄" in form
    assert re.search(r'href="/my/usage"[^>]*role="button"', form)  # whoever came from the log goes back to it
    done = browser.press(at, field="at-least-age", reason="演示：出生日期有误")
    assert (done.status_code, "已申请更正" in done.text) == (200, True)
    (opened_,) = world.events("CorrectionOpened")
    assert opened_["facts"]["fields"] == ["at-least-age"]
    assert "“是否已满某一年龄”被提出校核" in browser.get("/my/usage").text
