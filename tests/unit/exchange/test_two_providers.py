"""Two departments that could supply the same: the person chooses, by organisation, and one of them is enough."""

from __future__ import annotations

import threading
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from exchange.previews.looking import Looking, Reply
from kernel.identifiers.subject import SubjectRef
from kernel.problems import Problem
from tests.doubles.exchange import (
    IDENTITY_CARD,
    ITEM,
    MARKET,
    NAME,
    OWNER,
    POLICE,
    RECORDS,
    STRANGER,
    URBAN,
    World,
    connector,
    detail,
    grant,
    request,
    service_item,
    text,
)
from tests.doubles.sign_ins import OfficersBrowser
from tests.unit.exchange.test_previews import mine

PERMIT = {"type": "residence-permit", "fields": ["name"]}


@pytest.fixture
def two(small_world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """The police and the urban office both hold somebody's name; either is enough."""
    monkeypatch.setitem(RECORDS, "residence-permit", [{"id": OWNER, "name": "陈示例"}])
    both_hold(small_world)
    return small_world


def both_hold(world: World) -> None:
    """From now on the urban office supplies names, too, from ``RECORDS``; either is enough."""
    permit = deepcopy(IDENTITY_CARD) | {"metadata": {"name": "residence-permit"}}
    permit["spec"] |= {"name": text("居住证"), "provider": URBAN}
    manifest = service_item(ITEM, MARKET)
    manifest["spec"]["requirements"][0]["met_by"].append({"evidence_type": "residence-permit"})
    world.apply(
        permit,
        manifest,
        connector("permit", "residence-permit", {"name": "name"}),
        grant("G-PERMIT", evidence_type="residence-permit", provider=URBAN, fields=["name"]),
    )
    world.approve("G-PERMIT")


def asked(world: World, person: str = OWNER) -> tuple[Any, str]:
    case = world.open_case()
    token = world.issuer.token(world.holder, person=person, authorization_details=detail(case, NAME, PERMIT))
    body = request(case, NAME, PERMIT, delivery="preview")
    return world.call("POST", "/v1/evidence-requests", token, body), case


def state(world: World, name: str) -> Any:
    """What the system that asked is told while nobody is present."""
    token = world.issuer.token(world.holder, scope="cases")
    return world.call("GET", f"/v1/evidence-requests/{name}", token).json


def outcomes(world: World, name: str, case: str) -> list[tuple[str, Any]]:
    token = world.issuer.token(world.holder, person=OWNER, authorization_details=detail(case, NAME, PERMIT))
    answer: Any = world.call("GET", f"/v1/evidence-requests/{name}", token).json
    return [(item["status"], item.get("problem")) for item in answer["evidence"]]


def provide(world: World, name: str, item: int) -> Any:
    shown = mine(world, path=f"/{name}/{item}").json
    return mine(world, "POST", f"/{name}/{item}", {"reply": "provide", "digest": shown["digest"]})


def test_the_state_names_the_organisations_to_choose_from(two: World) -> None:
    answer, case = asked(two)
    name = answer.json["id"]
    for item in state(two, name)["evidence"]:
        assert [(one["item"], one["provider"]["code"]) for one in item["choice"]] == [(0, POLICE), (1, URBAN)]
        assert item["choice"][1]["provider"]["name"]["zh"] == "城管局"
        assert "data" not in item
    token = two.issuer.token(two.holder, person=OWNER, authorization_details=detail(case, NAME, PERMIT))
    present: Any = two.call("GET", f"/v1/evidence-requests/{name}", token).json
    assert [len(item["choice"]) for item in present["evidence"]] == [2, 2]
    assert two.events("EvidenceReleased") == []


def test_the_choice_is_the_persons_and_is_recorded_with_its_cause(two: World) -> None:
    answer, case = asked(two)
    name = answer.json["id"]
    browser = OfficersBrowser(two)
    browser.sign_in_as(OWNER)
    page = browser.get(f"/my/previews/{name}/1")
    for words in ("也可以改为提供", "身份证", "公安局", "城管局"):
        assert words in page.text
    assert "已按您的同意提供" in browser.press(f"/my/previews/{name}/1", reply="provide").text
    (card, problem), (permit, _) = outcomes(two, name, case)
    assert (card, permit, problem["code"]) == ("refused", "delivered", "preview.not-chosen")
    assert problem["instead"] == {"item": 1, "provider": URBAN}
    (refused,) = two.events("EvidenceRefused")
    assert (refused["facts"]["provider"], refused["facts"]["instead"]) == (POLICE, problem["instead"])
    token = two.issuer.token(two.holder, "portal", person=OWNER, scope="usage")
    log: Any = two.call("GET", "/v1/usage", token).json
    assert any("您选择改由城管局提供" in one["sentence"]["zh"] for one in log["entries"])


def test_where_one_of_them_has_nothing_there_is_nothing_to_choose(two: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RECORDS, "residence-permit", [{"id": STRANGER, "name": "别人"}])
    two.apply(connector("permit", "residence-permit", {"name": "name"}))
    two.rooms.policy.renew()
    name = asked(two)[0].json["id"]
    card, permit = state(two, name)["evidence"]
    assert "choice" not in card
    assert permit["status"] == "failed"
    assert provide(two, name, 0).json["status"] == "delivered"


def test_killed_between_choice_and_end_the_other_is_not_provided_too(
    two: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The release of the one is committed, the end of the other was still to come: it is refused, not released."""
    answer, case = asked(two)
    name = answer.json["id"]
    monkeypatch.setattr(Looking, "_not_chosen", lambda *_: None)
    assert provide(two, name, 0).json["status"] == "delivered"
    assert provide(two, name, 1).json["status"] == "refused"
    assert [status for status, _ in outcomes(two, name, case)] == ["delivered", "refused"]
    assert len(two.events("EvidenceReleased")) == 1


def test_somebody_who_declines_one_may_still_provide_the_other(two: World) -> None:
    answer, case = asked(two)
    name = answer.json["id"]
    shown = mine(two, path=f"/{name}/0").json
    mine(two, "POST", f"/{name}/0", {"reply": "decline", "digest": shown["digest"]})
    assert "choice" not in state(two, name)["evidence"][1]
    assert provide(two, name, 1).json["status"] == "delivered"
    assert [status for status, _ in outcomes(two, name, case)] == ["refused", "delivered"]


def test_of_two_that_are_chosen_at_once_one_is_provided(two: World) -> None:
    """The second was looked at before the first was provided: the release itself finds it, under the log's lock."""
    answer, _ = asked(two)
    name = answer.json["id"]
    looking = two.rooms.previews.looking
    person = two.rooms.gateway.understanding.indexes.of(SubjectRef("citizen-number", OWNER))
    first, second = (looking.one(person, name, item) for item in (0, 1))
    digests = [looking.show(one).digest for one in (first, second)]
    choose = looking.answer
    ends = together(
        [lambda: choose(first, Reply.PROVIDE, digests[0]), lambda: choose(second, Reply.PROVIDE, digests[1])]
    )
    assert ends.count("delivered") == 1
    assert len(two.events("EvidenceReleased")) == 1


def together(works: list[Callable[[], str]]) -> list[str]:
    """All at once, each in a thread; what somebody else ended is named by its problem."""
    ends: list[str] = []

    def run(work: Callable[[], str]) -> None:
        try:
            ends.append(work())
        except Problem as problem:
            ends.append(problem.kind.code)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return ends
