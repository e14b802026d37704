"""Return flows for officers: how much, when, of which division, what was fetched; never a record."""

from __future__ import annotations

import json
import re
from typing import Any

from connectors.base import Query
from connectors.errors import SourceUnavailable
from exchange.console import return_flows as pages
from policies.return_flows import Command
from tests.doubles.browser import form_of
from tests.doubles.exchange import BASIS, BEFORE_FETCH, MARKET, OTHER_ITEM, POLICE, URBAN, World
from tests.doubles.sign_ins import OfficersBrowser
from tests.unit.exchange.test_events import code_of
from tests.unit.exchange.test_return_flow import (
    ASKED,
    DISTRICT,
    RECORDS,
    district,
    fetched,
    files,
    later,
    make,
    opened,
)

PATH, HERE = "/v1/department/return-flows", "/console/return-flows"
WANTED = ASKED | {"system": "urban-website"}


def ask(
    world: World, method: str, path: str, body: Any = None, role: str = "consumer-officer", organisation: str = URBAN
) -> Any:
    return world.officer(method, PATH + path, body, sub=role, roles=[role], organisation=organisation)


def officer(world: World, role: str, organisation: str = URBAN, language: str = "zh-CN") -> OfficersBrowser:
    browser = OfficersBrowser(world, language)
    assert browser.sign_in(role + organisation, role, organisation=organisation).status_code == 303
    return browser


def test_who_sees_a_flow_and_who_commands_it(small_world: World) -> None:
    world = district(small_world)
    made = ask(world, "POST", "", WANTED)
    assert (made.status_code, made.json["commands"]) == (201, ["end"])
    name = made.json["flow"]
    assert made.json["division"]["code"] == DISTRICT
    assert world.events("ReturnFlowOpened")[0]["facts"]["by"]
    for role, organisation, seen in (
        ("provider-officer", POLICE, 200),
        ("auditor", MARKET, 200),
        ("governance-officer", MARKET, 200),
        ("consumer-officer", MARKET, 404),
        ("provider-officer", MARKET, 404),
    ):
        assert ask(world, "GET", f"/{name}", role=role, organisation=organisation).status_code == seen, role
        listed = ask(world, "GET", "", role=role, organisation=organisation).json["flows"]
        assert len(listed) == (seen == 200)
        ended = ask(world, "POST", f"/{name}/end", role=role, organisation=organisation)
        assert ended.status_code == (403 if seen == 200 else 404)
    both: dict[str, Any] = {"sub": "x", "roles": ["auditor", "consumer-officer"], "organisation": MARKET}
    assert world.officer("GET", f"{PATH}/{name}", **both).json["commands"] == []
    theirs = world.officer("POST", f"{PATH}/{name}/end", **both)  # the office is held in another department
    assert code_of(theirs) == "return-flow.not-allowed"
    assert code_of(ask(world, "POST", f"/{name}/try-again")) == "return-flow.not-allowed"  # nothing has failed
    assert ask(world, "POST", f"/{name}/end").json["status"] == "ended"
    assert code_of(ask(world, "POST", f"/{name}/end")) == "return-flow.not-allowed"


def test_only_what_a_bulk_grant_gives_is_opened_and_only_for_an_own_system(small_world: World) -> None:
    world = district(small_world)
    offers = ask(world, "GET", "/offers").json
    assert [each["code"] for each in offers["systems"]] == ["urban-website"]
    (offer,) = offers["offers"]
    assert (offer["grant"], offer["source_can"]) == ("G-BACK@1", True)
    assert ask(world, "GET", "/offers", organisation=MARKET).json["offers"] == []
    refusals = (
        (WANTED | {"system": "market-website"}, "system.not-ours"),
        (WANTED | {"fields": ["name", "born"]}, "return-flow.not-granted"),
        (WANTED | {"every": "hourly"}, "request.invalid"),
    )
    for body, code in refusals:
        assert code_of(ask(world, "POST", "", body)) == code
    assert code_of(ask(world, "POST", "", WANTED, role="system-administrator")) == "token.not-allowed"


def test_a_page_shows_what_was_made_and_fetched_and_where_to_go_on(small_world: World) -> None:
    world = district(small_world)
    flow = opened(world)
    make(world)
    consumer = officer(world, "consumer-officer")
    before = consumer.get(f"{HERE}/{flow}").text
    assert "0 / 1" in before
    (file,) = files(world, flow)
    fetched(world, flow, file)
    seen = ask(world, "GET", f"/{flow}/files").json["files"][0]
    assert (seen["rows"], seen["fetched"], seen["missing"]) == (2, 1, [])
    assert seen["receipt"] == file["receipt"]
    page = consumer.get(f"{HERE}/{flow}").text
    assert "1 / 1" in page
    assert f"/console/ledger?index={seen['entry']}" in page
    assert seen["parts"][0]["sha256"] in page
    later(world, 86_400)
    assert make(world) == 1
    watcher = officer(world, "auditor", MARKET, "en")
    first = ask(world, "GET", f"/{flow}/files?limit=1").json
    assert ([each["number"] for each in first["files"]], first["next"]) == ([2], 2)
    assert (first["files"][0]["since"], seen["since"]) == (seen["made_at"], None)
    assert [each["number"] for each in ask(world, "GET", f"/{flow}/files?before=2").json["files"]] == [1]
    assert code_of(ask(world, "GET", f"/{flow}/files?before=x")) == "request.invalid"
    shown = json.dumps([ask(world, "GET", f"/{flow}/files").json, page, watcher.get(f"{HERE}/{flow}").text])
    for record in RECORDS:
        assert record["id"] not in shown
        assert json.dumps(record["name"])[1:-1] not in shown
    assert f"{HERE}/{flow}" in watcher.get(HERE).text
    assert watcher.get(f"{HERE}/{flow}/end").status_code == 403


def test_the_provider_and_whoever_is_in_it_see_it_on_their_pages_of_usage(small_world: World) -> None:
    world = district(small_world)
    flow = opened(world)
    make(world)
    (file,) = files(world, flow)
    provider = officer(world, "provider-officer", POLICE).get("/console/usage").text
    table = re.sub(r"<[^>]+>|\s+", " ", provider[provider.index("成批回流") :])
    for word in ("区城管局", "身份证", "姓名、住址、号码", "北碚区", "1 个文件，2 行", "2026年11月23日"):
        assert word in table
    assert f'href="{HERE}/{flow}"' in provider
    assert "成批回流" not in officer(world, "provider-officer", MARKET).get("/console/usage").text
    assert "files: 1, rows: 2" in officer(world, "provider-officer", POLICE, "en").get("/console/usage").text
    assert not any(record["name"] in provider or record["id"] in provider for record in RECORDS)
    for record, is_in in ((RECORDS[0], True), (RECORDS[3], False)):
        person = OfficersBrowser(world)
        person.sign_in_as(record["id"])
        page = person.get("/my/usage").text
        assert ("区城管局成批取回本区划的身份证" in page, file["receipt"] in page) == (is_in, is_in)
        assert "还没有部门请求过您的数据" in page  # that is another list


def test_what_could_not_be_made_is_said_and_tried_again(small_world: World) -> None:
    world = district(small_world)
    flow = opened(world)

    def fails(_query: Query) -> None:
        raise SourceUnavailable("down")

    BEFORE_FETCH.append(fails)
    assert make(world) == 0
    consumer, administrator = officer(world, "consumer-officer"), officer(world, "system-administrator")
    assert "数据源没有答复" in consumer.get(f"{HERE}/{flow}").text
    assert "没有做成" in consumer.get(HERE).text
    BEFORE_FETCH.clear()
    assert make(world) == 0  # ten minutes are not over
    assert administrator.get(f"{HERE}/{flow}/end").status_code == 403
    assert administrator.press(f"{HERE}/{flow}/try-again").status_code == 303
    assert make(world) == 1
    page = consumer.get(f"{HERE}/{flow}").text
    assert "数据源没有答复" not in page
    assert consumer.get(f"{HERE}/{flow}/try-again").status_code == 403
    assert world.events("ReturnFlowTriedAgain")[0]["facts"]["by"]
    world.revoke("G-BACK")
    later(world, 86_400)
    make(world)
    consumer = officer(world, "consumer-officer")
    assert "现在没有允许批量回流的授权" in consumer.get(f"{HERE}/{flow}").text
    assert consumer.press(f"{HERE}/{flow}/end").status_code == 303
    assert "已终止" in consumer.get(f"{HERE}/{flow}").text


def test_a_flow_is_opened_on_pages_field_by_field(small_world: World) -> None:
    world = district(small_world)
    consumer = officer(world, "consumer-officer")
    assert "即可开通" in consumer.get(HERE).text
    chosen = consumer.get(f"{HERE}/new").text
    assert "grant=G-BACK%401" in chosen
    shown = consumer.get(f"{HERE}/new?grant=G-BACK%401")
    assert 'type="checkbox"' in shown.text
    assert not re.search(r'type="checkbox"[^>]* checked', shown.text)  # nobody is nudged to take every field
    form = form_of(shown)
    typed = {
        **{name: form.fields[name] for name in ("csrf_token", "grant")},
        "system": "urban-website", "service_item": OTHER_ITEM, "every": "weekly", "charset": "gb18030",
    }  # fmt: skip
    wrong = consumer.post(f"{HERE}/new", typed)
    assert wrong.status_code == 422
    assert 'href="#fields"' in wrong.text
    done = consumer.post(f"{HERE}/new", typed | {"fields.name": "yes", "fields.address": "yes"})
    assert done.status_code == 303, done.text
    (entry,) = world.events("ReturnFlowOpened")
    assert (entry["facts"]["fields"], entry["facts"]["legal_basis"]) == (["address", "name"], BASIS)
    assert "每周" in consumer.get(done.headers["Location"]).text
    assert consumer.get(f"{HERE}/new?grant=G-IDENTITY%401").status_code == 404
    nobody = officer(world, "consumer-officer", MARKET)
    assert "没有允许批量回流的现行授权" in nobody.get(f"{HERE}/new").text


def test_every_command_has_words() -> None:
    assert pages.COMMANDS.keys() == {each.value for each in Command}
