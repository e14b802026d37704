"""Highly sensitive evidence leaves only where both engines permit it."""

from __future__ import annotations

from typing import Any

import pytest
from structlog.testing import capture_logs

from policies import both_engines
from policies.both_engines import DELICATE
from policies.decision import Decision, Deny
from policies.explain import NO_GRANT
from policies.model import AccessRequest
from policies.reference import Judge
from tests.doubles.exchange import IDENTITY_CARD, NAME, STAFF, World
from tests.unit.exchange.test_return_flow import CARDS, district, files, later, make, opened


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[AccessRequest]:
    """What cedarpy was asked."""
    seen: list[AccessRequest] = []
    real = Judge.judge

    def judge(self: Judge, request: AccessRequest) -> Decision:
        seen.append(request)
        return real(self, request)

    monkeypatch.setattr(Judge, "judge", judge)
    return seen


def of_class(world: World, classification: int) -> None:
    world.apply({**IDENTITY_CARD, "spec": IDENTITY_CARD["spec"] | {"classification": classification}})
    world.rooms.policy.renew()


def denies(_judge: Judge, _request: AccessRequest) -> Deny:
    return Deny(code=NO_GRANT.code, clauses=(NO_GRANT,), grants=(), epoch=0)


def test_what_is_highly_sensitive_is_judged_by_both_and_nothing_else_is(
    world: World, judged: list[AccessRequest]
) -> None:
    of_class(world, DELICATE - 1)
    assert world.ask(world.open_case(), NAME).json["status"] == "delivered"
    assert judged == []
    of_class(world, DELICATE)
    assert world.ask(world.open_case(), NAME, STAFF).json["status"] == "delivered"
    assert {one.evidence_type for one in judged} == {"identity-card"}


def test_policies_are_parsed_once_for_an_epoch(small_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    of_class(small_world, DELICATE)
    parsed: list[object] = []
    sliced = both_engines._slice
    monkeypatch.setattr(both_engines, "_slice", lambda *given: parsed.append(given) or sliced(*given))
    for _ in range(3):
        assert small_world.ask(small_world.open_case(), NAME).json["status"] == "delivered"
    assert len(parsed) == 1


def test_in_bulk_nothing_of_it_leaves_where_the_engines_disagree(
    small_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = district(small_world)
    world.apply({**CARDS, "spec": CARDS["spec"] | {"classification": DELICATE}})
    world.rooms.policy.renew()
    flow = opened(world)
    monkeypatch.setattr(Judge, "judge", denies)
    with capture_logs() as logs:
        assert make(world) == 0
    assert files(world, flow) == []
    assert "decision engines disagree" in {one["event"] for one in logs}
    monkeypatch.undo()
    later(world, 601)
    assert make(world) == 1


def test_where_the_engines_disagree_nothing_leaves_and_somebody_is_told(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_class(world, DELICATE)
    monkeypatch.setattr(Judge, "judge", denies)
    with capture_logs() as logs:
        (item,) = world.ask(world.open_case(), NAME).json["evidence"]
    problem: Any = item["problem"]
    assert (item["status"], problem["code"]) == ("refused", "policy.engine-error")
    assert [clause["clause"] for clause in problem["unmet"]] == ["ENGINE#disagreement"]
    (entry,) = world.events("EvidenceRefused")
    assert entry["facts"]["clauses"] == ["ENGINE#disagreement"]
    assert [one["decision"] for one in logs if one["event"] == "decision engines disagree"] == [problem["decision_id"]]
    assert "data" not in item
