"""A request that a crash cut off is told to whom it was about and counted for its provider; no number was kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from exchange.gateway.intents import Repeated
from exchange.gateway.pipeline import Gateway
from exchange.store.intents import State
from tests.doubles.exchange import BEFORE_FETCH, ITEM, MARKET, NAME, OWNER, STAFF, STRANGER, WORKER, World
from tests.unit.exchange.test_composition import THEIRS
from tests.unit.exchange.test_emergency import opened as emergency
from tests.unit.exchange.test_emergency import template, use
from tests.unit.exchange.test_governed_call import EMPLOYEE
from tests.unit.exchange.test_open_books import PROVIDER, usage
from tests.unit.exchange.test_reconciling import reconciled
from tests.unit.exchange.test_requirements import stands
from tests.unit.exchange.test_rows_delivery_watermark import by_division, replaced


class Killed(BaseException):
    """Nothing catches it, as nothing catches SIGKILL."""


def interrupt(world: World, ask: Callable[[], object]) -> None:
    """The process dies while a source is asked; later another sweeps up."""

    def die(_query: object) -> None:
        raise Killed

    BEFORE_FETCH.append(die)
    with pytest.raises(Killed):
        ask()
    BEFORE_FETCH.clear()
    world.clock.advance(61)
    assert world.rooms.recovery.overdue() == 1
    world.rooms.policy.renew()
    world.rooms.revocations.renew()


def kept(world: World) -> str:
    """What the store holds of requests."""
    with world.outside.database.read() as connection:
        return str(connection.exec_driver_sql("SELECT asked, outcome FROM evidence_request").all())


def failed(world: World) -> int:
    uses = world.officer("GET", "/v1/provider/usage", **PROVIDER).json["uses"]
    return sum(int(one["count"]) for one in uses if one["outcome"] == "failed")


def test_an_interrupted_look_up_is_told_to_the_person_and_counted_for_the_provider(world: World) -> None:
    case = world.open_case()
    interrupt(world, lambda: world.ask(case, NAME))
    (told,) = usage(world, OWNER).json["entries"]
    assert (told["event"], told["consumer"]["code"], told["case"]) == ("RetrievalInterrupted", MARKET, case)
    assert (told["service_item"]["code"], told["ground"]["zh"]) == (ITEM, "演示规定第三条")
    assert told["sentence"]["zh"].endswith("请求查询您的身份证（姓名）。结果：查询中断，未提供任何内容。")
    assert told["sentence"]["en"].endswith("Result: it was interrupted, nothing was provided.")
    assert usage(world, STRANGER).json["entries"] == []
    (use_,) = world.officer("GET", "/v1/provider/usage", **PROVIDER).json["uses"]
    assert (use_["consumer"], use_["outcome"], use_["count"]) == (MARKET, "failed", 1)
    assert reconciled(world).differences == 0
    assert OWNER not in kept(world)


def test_each_entry_goes_to_whom_its_item_was_about(small_world: World) -> None:
    world = small_world
    case = world.open_case((OWNER, "applicant"), (WORKER, "employee"))
    world.ask(case, STAFF)
    interrupt(world, lambda: world.ask(case, STAFF, EMPLOYEE))
    owners, workers = (usage(world, person).json["entries"] for person in (OWNER, WORKER))
    assert (owners[0]["event"], owners[0]["evidence_type"]["code"]) == ("RetrievalInterrupted", "staff-list")
    assert [(one["event"], one["evidence_type"]["code"]) for one in workers] == [
        ("RetrievalInterrupted", "identity-card")
    ]
    assert "case" not in workers[0]
    assert failed(world) == 2
    assert reconciled(world).differences == 0
    assert WORKER not in kept(world)


def test_whom_only_a_record_would_have_named_is_known_to_nobody(small_world: World) -> None:
    world = small_world
    case = world.open_case((OWNER, "applicant"))
    interrupt(world, lambda: world.ask(case, STAFF, THEIRS))
    (told,) = usage(world, OWNER).json["entries"]
    assert told["evidence_type"]["code"] == "staff-list"
    first, second = world.events("RetrievalInterrupted")
    assert ("subject" in first, "subject" in second) == (True, False)
    assert (failed(world), reconciled(world).differences) == (1, 0)


def test_of_emergency_access_auditors_alone_know_since_a_statute_may_put_it_off(small_world: World) -> None:
    world = small_world
    template(world)
    case, opening = emergency(world)
    interrupt(world, lambda: use(world, case, opening))
    entries = world.events("RetrievalInterrupted")
    assert entries
    assert [one for one in entries if "subject" in one] == []
    assert {one["facts"]["emergency"] for one in entries} == {opening}
    assert usage(world, OWNER).json["entries"] == []
    assert failed(world) == len(entries)
    assert reconciled(world).differences == 0


def test_what_was_interrupted_proves_nothing_against_its_source(small_world: World) -> None:
    case = small_world.open_case((OWNER, "applicant"))
    interrupt(small_world, lambda: small_world.ask(case, NAME))
    found = stands(small_world, case)["identity"]
    assert (found["seen"], found["next"]["code"]) == ([], "shared-data")


def test_a_repetition_is_answered_with_the_interruption(small_world: World) -> None:
    case = small_world.open_case()
    interrupt(small_world, lambda: small_world.ask(case, NAME, Idempotency_Key="k"))
    answer = small_world.ask(case, NAME, Idempotency_Key="k")
    assert answer.json["evidence"][0]["problem"]["code"] == "evidence.interrupted"
    assert "陈示例" not in json.dumps(answer.json, ensure_ascii=False)
    assert [one["event"] for one in usage(small_world, OWNER).json["entries"]] == ["RetrievalInterrupted"]


def test_nothing_is_judged_by_the_rows_of_what_was_interrupted(
    small_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its rows say nothing of a decision: no record was found to lie elsewhere, so its item is ruled as it is asked."""
    by_division(small_world, monkeypatch)
    replaced(small_world, own_division_only=True)
    case = small_world.open_case()
    interrupt(small_world, lambda: small_world.ask(case, NAME, Idempotency_Key="k"))
    assert failed(small_world) == 1  # the row is there
    seen: list[Repeated] = []
    repetition = Gateway.repetition

    def noted(gateway: Gateway, request: str, asking: Any, repeated: Repeated, *rest: Any) -> Any:
        seen.append(repeated)
        return repetition(gateway, request, asking, repeated, *rest)

    monkeypatch.setattr(Gateway, "repetition", noted)
    answer = small_world.ask(case, NAME, Idempotency_Key="k")
    assert answer.json["evidence"][0]["problem"]["code"] == "evidence.interrupted"
    (repeated,) = seen
    assert (repeated.stored.state, repeated.refusals) == (State.INTERRUPTED, (None,))
