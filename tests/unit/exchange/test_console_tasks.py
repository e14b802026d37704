"""Tasks on the officers' pages: taken, filled in, refused with a citation, asked back, handed over; mistakes mended."""

from __future__ import annotations

from exchange.console import task_words
from exchange.responders.desk import FORMS
from policies.responders import task as tasks
from policies.responders.commands import NAMES
from policies.responders.task import STATUSES, Status
from tests.doubles.exchange import MARKET, OWNER, World, grant
from tests.doubles.manual_register import CLINIC, FILLED, HEALTH, HOSPITAL, asked, by_hand, delivered, opened
from tests.doubles.sign_ins import OfficersBrowser

AT = "/console/tasks"
WHO = {
    "shen": (("consumer-officer",), MARKET),
    "he": (("provider-officer",), CLINIC),
    "yu": (("provider-officer",), CLINIC),
    "fang": (("provider-officer",), HOSPITAL),
    "an": (("auditor",), HEALTH),
}


def officer(world: World, name: str, language: str = "zh-CN") -> OfficersBrowser:
    browser, (roles, organisation) = OfficersBrowser(world, language), WHO[name]
    assert browser.sign_in(name, *roles, organisation=organisation).status_code == 303
    return browser


def test_an_officer_takes_a_task_and_fills_the_form_in(small_world: World) -> None:
    opened(small_world)
    name, case, task = asked(small_world)
    browser = officer(small_world, "he")
    at = f"{AT}/{task}"
    assert "等待本单位领取" in browser.get("/console/messages").text
    queue = browser.get(AT).text
    assert at in queue
    assert "还剩 2 个工作日" in queue
    page = browser.get(at).text
    assert OWNER not in page
    assert "演示规定第三条" in page
    assert "记入账本" in browser.get(f"{at}/take").text
    assert browser.press(f"{at}/take").status_code == 303
    page = browser.get(at).text
    assert OWNER in page
    assert "查纸质登记簿后填写" in page
    assert OWNER not in officer(small_world, "yu").get(at).text
    form = browser.get(f"{at}/answer").text
    assert "例如 2026-11-23，无期限填 长期" in form
    assert "诊断" not in form
    again = browser.press(f"{at}/answer", **(FILLED | {"valid_until": "下个月"}))
    assert again.status_code == 422
    assert 'href="#valid_until"' in again.text
    assert 'value="下个月"' in again.text
    assert browser.press(f"{at}/answer", **FILLED).status_code == 303
    page = browser.get(at).text
    assert "已答复" in page
    assert OWNER not in page
    assert delivered(small_world, name, case).json["status"] == "delivered"
    assert "Answered" in officer(small_world, "an", "en").get(at).text


def test_a_refusal_offers_what_is_often_cited_and_asks_for_a_provision(small_world: World) -> None:
    opened(small_world)
    *_, task = asked(small_world)
    browser, at = officer(small_world, "he"), f"{AT}/{task}"
    browser.press(f"{at}/take")
    assert "不属于本区（演示规定第五条）" in browser.get(f"{at}/refuse").text
    again = browser.press(f"{at}/refuse", reason="演示")
    assert again.status_code == 422
    assert 'href="#citation"' in again.text
    assert browser.press(f"{at}/refuse", reason="演示：不属于本区", citation="演示规定第五条").status_code == 303
    asker = officer(small_world, "shen").get(at).text
    assert "演示规定第五条" in asker
    assert browser.get(f"{at}/refuse").status_code == 403


def test_a_question_goes_to_the_asking_department_and_back(small_world: World) -> None:
    opened(small_world)
    *_, task = asked(small_world)
    browser, asker, at = officer(small_world, "he"), officer(small_world, "shen"), f"{AT}/{task}"
    browser.press(f"{at}/take")
    assert browser.press(f"{at}/question", text="演示：哪一年？").status_code == 303
    assert "五个工作日内答复" in asker.get("/console/messages").text
    assert "演示：哪一年？" in asker.get(f"{at}/reply").text
    assert asker.press(f"{at}/reply", text="演示：今年").status_code == 303
    assert "演示：今年" in browser.get(at).text


def test_a_substitute_takes_over(small_world: World) -> None:
    opened(small_world)
    *_, task = asked(small_world)
    browser, at = officer(small_world, "he"), f"{AT}/{task}"
    assert officer(small_world, "fang").get(at).status_code == 404
    assert browser.press(f"{at}/hand-over", reason="演示：登记员休假").status_code == 303
    substitute = officer(small_world, "fang")
    assert at in substitute.get(AT).text
    assert browser.get(f"{at}/take").status_code == 403
    assert browser.get(f"{at}/nothing").status_code == 404
    assert substitute.press(f"{at}/take").status_code == 303
    assert substitute.press(f"{at}/not-found").status_code == 303
    assert at in substitute.get(f"{AT}?show=all").text


def test_a_form_has_every_kind_of_field_and_a_source_that_went_is_said(small_world: World) -> None:
    opened(small_world)
    grant_all(small_world)
    everything = {"type": "health-record", "fields": ["holder", "fit", "visits", "grade", "remarks"]}
    name, case, task = asked(small_world, everything)
    browser, at = officer(small_world, "he"), f"{AT}/{task}"
    browser.press(f"{at}/take")
    page = browser.get(f"{at}/answer").text
    assert "整数" in page
    assert "每行一项" in page
    assert 'value="A"' in page
    typed = {"holder": "陈示例", "fit": "false", "visits": "3", "grade": "A", "remarks": "一\r\n二\r\n"}
    assert browser.press(f"{at}/answer", **(typed | {"visits": "三"})).status_code == 422
    assert browser.press(f"{at}/answer", **typed).status_code == 303
    (item,) = delivered(small_world, name, case, everything).json["evidence"]
    wanted = {"holder": "陈示例", "fit": False, "visits": 3, "grade": "甲", "remarks": ["一", "二"]}
    assert item["data"] == wanted
    *_, other = asked(small_world)
    assert browser.press(f"{AT}/{other}/take").status_code == 303
    gone = by_hand()
    gone["spec"] |= {"adapter": "memory", "memory": {"subject_column": "id", "records": []}}
    del gone["spec"]["manual"]
    small_world.apply(gone)
    small_world.rooms.policy.renew()
    assert browser.get(f"{AT}/{other}").status_code == 409


def grant_all(world: World) -> None:
    spec = grant("G-ALL")["spec"] | {
        "provider": HEALTH,
        "evidence_type": "health-record",
        "fields": ["holder", "fit", "visits", "grade", "remarks"],
    }
    world.apply({"kind": "Grant", "metadata": {"name": "G-ALL"}, "spec": spec})
    world.approve("G-ALL")


def test_every_state_command_and_event_has_words() -> None:
    assert task_words.COMMANDS.keys() == set(NAMES.values()) == FORMS.keys()
    assert {kind.__name__ for kind in tasks.TaskEvent.__subclasses__()} == task_words.EVENTS.keys()
    assert STATUSES.keys() == set(Status)
