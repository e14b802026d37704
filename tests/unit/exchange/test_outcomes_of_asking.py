"""Every outcome of “Preview and consent”, over the API and on the pages: one table, outcome by surface.

A row says how evidence is asked for, what its person does, and how it ends; a surface is a way for that person to act.
Both have to end alike: the department that asked is told the same, the person reads the same about it, and as much was
released. The first column is what the once-only journeys call it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import pytest

from connectors.base import Query
from connectors.errors import SourceUnavailable
from tests.doubles.browser import form_of
from tests.doubles.exchange import BEFORE_FETCH, NAME, OWNER, RECORDS, STRANGER, World, detail
from tests.doubles.sign_ins import OfficersBrowser
from tests.unit.exchange.test_further_questions import RIGHT, TWO, WRONG, asking
from tests.unit.exchange.test_previews import ADDRESS, asked, mine
from tests.unit.exchange.test_two_providers import PERMIT, both_hold
from tests.unit.exchange.test_two_providers import asked as asked_for_both

OK, UNAUTHORISED, CONFLICT = 200, 401, 409


class Surface(Protocol):
    """How somebody acts on what waits for them. ``at`` is ``<request>/<item>``."""

    def sign_in(self, world: World, person: str, level: int) -> None: ...
    def waiting(self) -> list[str]: ...
    def look(self, at: str) -> tuple[int, str]: ...
    def reply(self, at: str, said: str) -> None: ...
    def tell(self, at: str, answers: Mapping[str, str]) -> int: ...
    def usage(self) -> str: ...


class Api:
    """A client of the operator's with a token of the person."""

    def sign_in(self, world: World, person: str, level: int) -> None:
        self.world, self.person, self.acr = world, person, f"urn:tongban:loa:{level}"

    def waiting(self) -> list[str]:
        return [f"{one['request']}/{one['item']}" for one in self._call().json["previews"]]

    def look(self, at: str) -> tuple[int, str]:
        answer = self._call(path=f"/{at}")
        return answer.status_code, answer.text

    def reply(self, at: str, said: str) -> None:
        digest = self._call(path=f"/{at}").json["digest"]
        assert self._call("POST", f"/{at}", {"reply": said, "digest": digest}).status_code == OK

    def tell(self, at: str, answers: Mapping[str, str]) -> int:
        digest = self._call(path=f"/{at}").json["digest"]
        return int(self._call("POST", f"/{at}/answers", {"answers": answers, "digest": digest}).status_code)

    def usage(self) -> str:
        token = self.world.issuer.token(self.world.holder, "portal", person=self.person, scope="usage")
        return str(self.world.call("GET", "/v1/usage", token).text)

    def _call(self, method: str = "GET", path: str = "", body: Any = None) -> Any:
        return mine(self.world, method, path, body, person=self.person, acr=self.acr)


class Pages:
    """A browser that sends forms as they stand."""

    def sign_in(self, world: World, person: str, level: int) -> None:
        self.browser = OfficersBrowser(world)
        self.browser.sign_in_as(person, level=str(level), acr=level)

    def waiting(self) -> list[str]:
        return re.findall(r'href="/my/previews/([^"]+)"', self.browser.get("/my/previews").text)

    def look(self, at: str) -> tuple[int, str]:
        page = self.browser.get(f"/my/previews/{at}")
        return page.status_code, page.text

    def reply(self, at: str, said: str) -> None:
        assert self.browser.press(f"/my/previews/{at}", reply=said).status_code == OK

    def tell(self, at: str, answers: Mapping[str, str]) -> int:
        where = f"/my/previews/{at}"
        fields = form_of(self.browser.get(where)).fields
        typed = {f"answers.{name}": value for name, value in answers.items()}
        return self.browser.post(f"{where}/answers", {**fields, **typed}).status_code

    def usage(self) -> str:
        return self.browser.get("/my/usage").text


@dataclass(frozen=True)
class Scene:
    """A request that was made, and its person at a surface."""

    world: World
    surface: Surface
    first: Any
    case: str
    items: tuple[Any, ...] = (NAME,)
    person: str = OWNER

    @property
    def name(self) -> str:
        return str(self.first.json["id"])

    def at(self, item: int = 0) -> str:
        return f"{self.name}/{item}"

    def sign_in(self, level: int = 2) -> None:
        self.surface.sign_in(self.world, self.person, level)

    def told(self) -> list[tuple[str, str | None]]:
        """Status and code of each item, as the department that asked is told with the person present again."""
        grant = detail(self.case, *self.items)
        token = self.world.issuer.token(self.world.holder, person=self.person, authorization_details=grant)
        answer: Any = self.world.call("GET", f"/v1/evidence-requests/{self.name}", token)
        if answer.status_code != OK:
            return [("none", answer.json["code"])]
        return [(one["status"], one.get("problem", {}).get("code")) for one in answer.json["evidence"]]


def directly(world: World) -> tuple[Any, str]:
    return asked(world, mode="direct")


def of_somebody_unknown(world: World) -> tuple[Any, str]:
    return asked(world, person=STRANGER)


def of_a_register_that_is_down(world: World) -> tuple[Any, str]:
    def down(_query: Query) -> None:
        raise SourceUnavailable("down")

    BEFORE_FETCH.append(down)
    return asked(world)


def sensitive(world: World) -> tuple[Any, str]:
    return asked(world, ADDRESS)


def of_two(world: World) -> tuple[Any, str]:
    both_hold(world)
    return asked_for_both(world)


def of_an_ambiguous_register(world: World) -> tuple[Any, str]:
    world.apply(asking("ambiguous"))
    world.rooms.policy.renew()
    return asked(world)


def nothing_to_do(scene: Scene) -> None:
    """It was settled at once: nothing waits for anybody."""
    assert scene.first.status_code == OK
    scene.sign_in()
    assert scene.surface.waiting() == []


def provide(scene: Scene) -> None:
    scene.sign_in()
    status, text = scene.surface.look(scene.at())
    assert (status, "陈示例" in text) == (OK, True)
    scene.surface.reply(scene.at(), "provide")


def step_up(scene: Scene) -> None:
    scene.sign_in(level=2)
    status, text = scene.surface.look(scene.at())
    assert (status, "演示区一号" in text) == (UNAUTHORISED, False)
    scene.sign_in(level=3)
    assert "演示区一号" in scene.surface.look(scene.at())[1]
    scene.surface.reply(scene.at(), "provide")


def choose_the_other(scene: Scene) -> None:
    scene.sign_in()
    assert sorted(scene.surface.waiting()) == [scene.at(0), scene.at(1)]
    scene.surface.reply(scene.at(1), "provide")


def saying(said: str) -> Callable[[Scene], None]:
    def act(scene: Scene) -> None:
        scene.sign_in()
        scene.surface.reply(scene.at(), said)

    return act


def too_late(scene: Scene) -> None:
    scene.sign_in()
    assert scene.surface.waiting() == [scene.at()]
    scene.world.clock.advance(7 * 86_400 + 1)
    assert scene.world.rooms.waiting.end_overdue() == 1
    scene.sign_in()  # nobody's session lasts so long


def close_the_case(scene: Scene) -> None:
    token = scene.world.issuer.token(scene.world.holder, scope="cases")
    assert scene.world.call("POST", f"/v1/cases/{scene.case}/close", token, {}).status_code == OK
    scene.sign_in()
    assert scene.surface.waiting() == []
    assert scene.surface.look(scene.at())[0] == CONFLICT
    assert scene.world.rooms.waiting.end_overdue() == 1


def answer_and_provide(scene: Scene) -> None:
    scene.sign_in()
    assert (
        "District of registration" in scene.surface.look(scene.at())[1]
        or "登记地区划代码" in scene.surface.look(scene.at())[1]
    )
    assert scene.surface.tell(scene.at(), WRONG) == CONFLICT
    assert scene.surface.tell(scene.at(), RIGHT) in {200, 303}
    assert "陈另一" in scene.surface.look(scene.at())[1]
    scene.surface.reply(scene.at(), "provide")


def answer_wrongly(scene: Scene) -> None:
    scene.sign_in()
    for _ in range(3):
        assert scene.surface.tell(scene.at(), WRONG) in {OK, CONFLICT}


@dataclass(frozen=True)
class Outcome:
    """How it is asked, what the person does, and how it ends: for each item, and in the words of the person's log."""

    ask: Callable[[World], tuple[Any, str]]
    act: Callable[[Scene], None]
    ends: tuple[tuple[str, str | None], ...]
    words: str
    person: str = OWNER
    items: tuple[Any, ...] = (NAME,)


def preview(world: World) -> tuple[Any, str]:
    return asked(world)


OUTCOMES: Mapping[str, Outcome] = {
    "delivered without preview": Outcome(directly, nothing_to_do, (("delivered", None),), "结果：已提供"),
    "delivered after a preview": Outcome(preview, provide, (("delivered", None),), "经预览同意后已提供"),
    "no match": Outcome(
        of_somebody_unknown, nothing_to_do, (("failed", "evidence.not-found"),), "未能取得", person=STRANGER
    ),
    "registry error": Outcome(
        of_a_register_that_is_down, nothing_to_do, (("failed", "source.unavailable"),), "未能取得"
    ),
    "preview with step-up": Outcome(sensitive, step_up, (("delivered", None),), "经预览同意后已提供", items=(ADDRESS,)),
    "two providers": Outcome(
        of_two,
        choose_the_other,
        (("refused", "preview.not-chosen"), ("delivered", None)),
        "您选择改由",
        items=(NAME, PERMIT),
    ),
    "rejected by the person": Outcome(
        preview, saying("decline"), (("refused", "preview.declined"),), "预览后选择不提供"
    ),
    "said to be wrong by the person": Outcome(
        preview, saying("wrong"), (("refused", "preview.disputed"),), "预览后指出内容有误"
    ),
    "page closed, timed out": Outcome(preview, too_late, (("failed", "evidence.timed-out"),), "超过期限没有答复"),
    "case closed meanwhile": Outcome(preview, close_the_case, (("none", "case.closed"),), "被拒绝"),
    "further questions": Outcome(
        of_an_ambiguous_register, answer_and_provide, (("delivered", None),), "追问第 2 次作了回答"
    ),
    "further questions, not answered rightly": Outcome(
        of_an_ambiguous_register, answer_wrongly, (("failed", "preview.answers-exhausted"),), "追问未能答上"
    ),
    "further questions, declined": Outcome(
        of_an_ambiguous_register, saying("decline"), (("refused", "preview.declined"),), "预览后选择不提供"
    ),
    "further questions, timed out": Outcome(
        of_an_ambiguous_register, too_late, (("failed", "evidence.timed-out"),), "超过期限没有答复"
    ),
}


@pytest.mark.parametrize("surface", [Api, Pages])
@pytest.mark.parametrize("outcome", OUTCOMES.values(), ids=OUTCOMES)
def test_every_outcome_on_every_surface(
    small_world: World, monkeypatch: pytest.MonkeyPatch, outcome: Outcome, surface: Callable[[], Surface]
) -> None:
    monkeypatch.setitem(RECORDS, "residence-permit", [{"id": OWNER, "name": "陈示例"}])
    if outcome.ask is of_an_ambiguous_register:
        monkeypatch.setitem(RECORDS, "identity-card", TWO)
    first, case = outcome.ask(small_world)
    scene = Scene(small_world, surface(), first, case, outcome.items, outcome.person)
    outcome.act(scene)
    assert tuple(scene.told()) == outcome.ends
    assert outcome.words in scene.surface.usage()
    assert scene.surface.waiting() == []  # nothing is left over for anybody
    delivered = sum(status == "delivered" for status, _ in outcome.ends)
    assert len(small_world.events("EvidenceReleased")) == delivered
