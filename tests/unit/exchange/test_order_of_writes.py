"""ADR 0012: intent before fetch, record before answer, epochs compared in the append, nothing half-done after a
crash.
"""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
import sqlalchemy as sa

from connectors.base import Query
from exchange.gateway.pipeline import MOST_TRIES
from exchange.gateway.recovery import Recovery
from exchange.store import epoch, intents
from exchange.store.intents import State
from kernel.background import Ticker
from kernel.lease import LeaseLost
from kernel.ledger.errors import LedgerUnavailable
from tests.doubles.exchange import BEFORE_FETCH, NAME, OWNER, STAFF, World, connector, grant, system


def advance(world: World) -> None:
    """Raise the epoch as a change of policy elsewhere would."""
    world.outside.database.write(lambda connection: epoch.advance(connection))


def suspend(world: World, name: str = "G-IDENTITY") -> None:
    body = {"reason": "under review"}
    answer = world.officer("POST", f"/v1/grants/{name}/suspend", body, sub="x", roles=["governance-officer"])
    assert answer.status_code == 200, answer.text


def during_the_fetch(step) -> None:
    """Do something once, while the source is being asked."""

    def once(_query: Query) -> None:
        BEFORE_FETCH.clear()
        step()

    BEFORE_FETCH.append(once)


def test_the_intent_is_durable_before_the_source_is_asked(world: World) -> None:
    seen: list[tuple[str, str]] = []

    def look() -> None:
        with world.outside.database.read() as connection:
            seen.extend(connection.exec_driver_sql("SELECT state, asked FROM evidence_request").all())

    during_the_fetch(look)
    world.ask(world.open_case(), NAME, Idempotency_Key="k")
    ((state, asked),) = seen
    assert state == "running"
    assert OWNER not in asked


def test_a_proof_refused_later_stays_used_up(world: World) -> None:
    """What is refused after admission began is returned, not raised: the proof is spent all the same."""
    case = world.open_case(client="urban-website")
    world.ask(case, NAME)
    with world.outside.database.read() as connection:
        (count,) = connection.exec_driver_sql("SELECT count(*) FROM seen_proof").one()
    world.ask(case, NAME)
    with world.outside.database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM seen_proof").one() == (count + 1,)


def test_a_grant_suspended_during_the_fetch_releases_nothing(world: World) -> None:
    during_the_fetch(lambda: suspend(world))
    answer = world.ask(world.open_case(), NAME)
    (item,) = answer.json["evidence"]
    assert (item["status"], item["problem"]["code"]) == ("refused", "policy.no-grant")
    assert "陈示例" not in answer.text
    assert world.events("EvidenceReleased") == []
    (refused,) = world.events("EvidenceRefused")
    assert refused["facts"]["epoch"] == world.rooms.policy.current().epoch


def test_one_epoch_stands_behind_every_item_of_an_answer(world: World) -> None:
    during_the_fetch(lambda: advance(world))
    answer = world.ask(world.open_case(), NAME, STAFF)
    assert answer.json["status"] == "delivered"
    epochs = {entry["facts"]["epoch"] for entry in world.events("EvidenceReleased")}
    assert epochs == {world.rooms.policy.current().epoch}
    assert world.calls == [OWNER, OWNER]  # decided and filtered again, not fetched again


def test_a_grant_narrowed_during_the_fetch_refuses_the_field_it_lost(world: World) -> None:
    both = {"type": "identity-card", "fields": ["name", "address"]}

    def narrow() -> None:
        world.apply(grant("G-IDENTITY", fields=["name"]))
        world.approve("G-IDENTITY")

    during_the_fetch(narrow)
    answer = world.ask(world.open_case(), both)
    assert answer.json["evidence"][0]["problem"]["code"] == "policy.field-not-granted"
    assert "演示区" not in answer.text


def test_what_only_the_newer_policies_permit_is_fetched_then(world: World) -> None:
    born = {"type": "identity-card", "fields": ["born"]}

    def widen() -> None:
        world.apply(grant("G-BORN", fields=["born"]))
        world.approve("G-BORN")

    during_the_fetch(widen)
    staff, identity = world.ask(world.open_case(), STAFF, born).json["evidence"]
    assert (staff["status"], identity["status"]) == ("delivered", "delivered")
    assert identity["data"] == {"born": "1990-03-12"}
    assert world.calls == [OWNER, OWNER]  # each source once


def test_what_came_from_a_source_that_is_replaced_meanwhile_is_fetched_from_the_new_one(world: World) -> None:
    """Evidence names the source it came from."""

    def move() -> None:
        renamed = connector("identity", "identity-card", {"name": "address", "address": "address"})
        world.apply(renamed)

    during_the_fetch(move)
    (item,) = world.ask(world.open_case(), NAME).json["evidence"]
    assert item["data"] == {"name": "演示区一号"}
    assert world.calls == [OWNER, OWNER]


def test_a_quota_of_the_new_grant_is_reserved_when_it_is_decided_again(world: World) -> None:
    def limit() -> None:
        world.apply(grant("G-IDENTITY", quota_per_day=1))
        world.approve("G-IDENTITY")

    during_the_fetch(limit)
    case = world.open_case()
    assert world.ask(case, NAME).json["status"] == "delivered"
    assert world.ask(case, NAME).json["evidence"][0]["problem"]["code"] == "policy.quota-exceeded"


def used_today(world: World) -> int:
    with world.outside.database.read() as connection:
        return int(connection.execute(sa.text("SELECT coalesce(sum(used), 0) FROM quota_use")).scalar_one())


def test_a_quota_that_is_held_already_is_not_reserved_twice(world: World) -> None:
    """Else the last of it would be refused because of itself."""

    def limit() -> None:
        world.apply(grant("G-STAFF", evidence_type="staff-list", fields=["employer"], quota_per_day=5))
        world.approve("G-STAFF")

    world.apply(grant("G-IDENTITY", quota_per_day=1))
    world.approve("G-IDENTITY")
    during_the_fetch(limit)
    items = world.ask(world.open_case(), STAFF, NAME).json["evidence"]
    assert [item["status"] for item in items] == ["delivered", "delivered"]
    assert used_today(world) == 2


def test_a_quota_is_given_back_when_it_is_decided_otherwise(world: World) -> None:
    world.apply(grant("G-IDENTITY", quota_per_day=1))
    world.approve("G-IDENTITY")
    during_the_fetch(lambda: world.revoke("G-IDENTITY"))
    (item,) = world.ask(world.open_case(), NAME).json["evidence"]
    assert (item["status"], used_today(world)) == ("refused", 0)


def test_policy_that_never_stands_still_releases_nothing(world: World) -> None:
    case = world.open_case()
    recorder = world.rooms.gateway.recorder
    moved: list[int] = []

    class Restless:
        """Raises the epoch just before every release is recorded."""

        ledger = recorder.ledger

        def settle(self, settlement):
            if any(hasattr(result, "sealed") for result in settlement.results):
                moved.append(settlement.epoch)
                advance(world)
            return recorder.settle(settlement) if len(moved) <= MOST_TRIES else None

    object.__setattr__(world.rooms.gateway, "recorder", Restless())
    (item,) = world.ask(case, NAME).json["evidence"]
    assert (item["status"], item["problem"]["code"]) == ("refused", "policy.stale-epoch")
    assert len(moved) == MOST_TRIES
    assert world.events("EvidenceReleased") == []


def test_a_token_revoked_during_the_fetch_releases_nothing(world: World) -> None:
    def revoke() -> None:
        world.issuer.revoke("clients", "market-website")
        world.rooms.revocations.renew()

    during_the_fetch(revoke)
    (item,) = world.ask(world.open_case(), NAME).json["evidence"]
    assert (item["status"], item["problem"]["code"]) == ("refused", "token.revoked")
    assert world.events("EvidenceReleased") == []


def test_a_system_suspended_during_the_fetch_releases_nothing(world: World) -> None:
    from tests.doubles.exchange import MARKET

    during_the_fetch(lambda: world.apply(system("market-website", MARKET, status="suspended")))
    (item,) = world.ask(world.open_case(), NAME).json["evidence"]
    assert (item["status"], item["problem"]["code"]) == ("refused", "policy.system-suspended")


# Nothing leaves when it cannot be recorded ----------------------------------------------------------------------------


class BrokenLedger:
    """A ledger that cannot record; everything else as before."""

    def __init__(self, inner) -> None:
        self._inner = inner

    def append(self, *_arguments, **_options):
        raise LedgerUnavailable("disk full")

    def __getattr__(self, name: str):
        return getattr(self._inner, name)


def test_E5_nothing_leaves_when_the_ledger_cannot_record(world: World) -> None:
    case = world.open_case()
    gateway = world.rooms.gateway
    broken = replace(gateway.recorder, ledger=BrokenLedger(world.outside.ledger))
    object.__setattr__(gateway, "recorder", broken)
    answer = world.ask(case, NAME)
    assert (answer.status_code, answer.json["code"]) == (503, "ledger.unavailable")
    assert answer.headers["Retry-After"] == "1"
    assert "陈示例" not in answer.text


def test_a_refusal_that_cannot_be_recorded_is_503_too(small_world: World) -> None:
    gateway = small_world.rooms.gateway
    broken = replace(gateway.recorder, ledger=BrokenLedger(small_world.outside.ledger))
    object.__setattr__(gateway, "recorder", broken)
    token = small_world.issuer.token(small_world.holder, person=OWNER)
    answer = small_world.call("POST", "/v1/evidence-requests", token, b"{", content_type="x")
    assert (answer.status_code, answer.json["code"]) == (503, "ledger.unavailable")


def test_an_answer_not_sent_within_a_second_of_its_commit_is_dropped_and_recorded(world: World) -> None:
    case = world.open_case()
    recorder = world.rooms.gateway.recorder

    class Frozen:
        """A node that stands still between the commit and the answer."""

        ledger, drop = recorder.ledger, recorder.drop

        def settle(self, settlement):
            recorded = recorder.settle(settlement)
            world.clock.advance(1.001)
            return recorded

    object.__setattr__(world.rooms.gateway, "recorder", Frozen())
    answer = world.ask(case, NAME, Idempotency_Key="k")
    assert (answer.status_code, answer.json["code"]) == (503, "answer.dropped")
    assert "陈示例" not in answer.text
    released, dropped = world.entries()[-2:]
    assert (released["event"], dropped["event"]) == ("EvidenceReleased", "AnswerDropped")
    assert released["request"] == dropped["request"]
    object.__setattr__(world.rooms.gateway, "recorder", recorder)
    assert world.ask(case, NAME, Idempotency_Key="k").json["evidence"][0]["data"] == {"name": "陈示例"}


# Leases ---------------------------------------------------------------------------------------------------------------


def test_a_node_cut_off_from_the_database_stops_by_itself(small_world: World) -> None:
    world = small_world
    case = world.open_case()

    def cut_off():
        raise OSError("no route to the database")

    world.rooms.policy._ask = cut_off
    world.clock.advance(0.999)
    assert world.ask(case, NAME).status_code == 200
    world.clock.advance(0.001)
    answer = world.ask(case, NAME)
    assert (answer.status_code, answer.json["code"]) == (503, "policy.stale-epoch")
    assert world.events("EvidenceRefused")[-1]["facts"]["reason"] == "policy.stale-epoch"


def test_the_lease_counts_from_when_the_question_was_sent(small_world: World) -> None:
    world = small_world
    policy = world.rooms.policy
    slow = policy._ask

    def slowly():
        world.clock.advance(0.9)
        return slow()

    policy._ask = slowly
    policy.renew()
    policy._ask = lambda: (_ for _ in ()).throw(OSError())
    world.clock.advance(0.099)
    policy.current()
    world.clock.advance(0.001)
    with pytest.raises(LeaseLost):
        policy.current()


def test_nobody_waits_for_a_database_that_does_not_even_answer(small_world: World) -> None:
    world = small_world
    policy, clock = world.rooms.policy, world.clock
    asked, answer = threading.Event(), threading.Event()

    def silent():
        asked.set()
        answer.wait()
        raise OSError("an answer at last, and too late")

    policy._ask = silent
    background = Ticker("policy-lease", 60, policy.renew)
    background.start()
    asked.wait()
    clock.advance(1.0)  # the question under way is now a second old
    with pytest.raises(LeaseLost):
        policy.current()
    answer.set()
    background.stop()


def test_without_the_revocation_feed_nobody_is_let_in(small_world: World) -> None:
    world = small_world
    case = world.open_case()
    world.issuer.down = True
    world.clock.advance(1.0)
    answer = world.ask(case, NAME)
    assert (answer.status_code, answer.json["code"]) == (503, "token.revocations-unknown")
    world.issuer.down = False
    world.clock.advance(0.25)
    assert world.ask(case, NAME).status_code == 200


def test_a_lost_lease_is_asked_for_once_in_a_while_and_not_by_every_request(small_world: World) -> None:
    world = small_world
    case = world.open_case()
    world.issuer.down = True
    world.clock.advance(1.0)
    world.issuer.fetched.clear()
    for _ in range(5):
        world.ask(case, NAME)
    assert len(world.issuer.fetched) == 1


# After a crash --------------------------------------------------------------------------------------------------------


def crashed(world: World, case: str, **headers: str) -> str:
    """A request whose process dies while the source is asked; its identifier."""

    class Killed(BaseException):
        """Nothing catches it, as nothing catches SIGKILL."""

    def die() -> None:
        raise Killed

    during_the_fetch(die)
    with pytest.raises(Killed):
        world.ask(case, NAME, **headers)
    with world.outside.database.read() as connection:
        ((made,),) = connection.exec_driver_sql("SELECT id FROM evidence_request WHERE state = 'running'").all()
    return str(made)


def test_an_intent_left_by_a_crash_becomes_an_entry_at_the_next_start(world: World) -> None:
    case = world.open_case()
    made = crashed(world, case, Idempotency_Key="k")
    answer = world.ask(case, NAME, Idempotency_Key="k")
    assert (answer.status_code, answer.json["code"]) == (409, "evidence-request.running")
    recovery = replace(world.rooms.recovery, runner="the-next-process")
    if world.outside.database.dialect == "postgresql":  # other nodes may be alive: only the overdue are orphans
        assert recovery.at_start() == 0
        world.clock.advance(61)
    assert recovery.at_start() == 1
    (entry,) = world.events("RetrievalInterrupted")
    assert (entry["request"], entry["facts"]["case"]) == (made, case)
    world.rooms.policy.renew()
    world.rooms.revocations.renew()
    answer = world.ask(case, NAME, Idempotency_Key="k")
    assert (answer.status_code, answer.json["id"], answer.json["status"]) == (200, made, "failed")
    assert answer.json["evidence"][0]["problem"]["code"] == "evidence.interrupted"
    assert world.events("EvidenceReleased") == []


def test_recovery_is_done_once_and_leaves_the_settled_alone(world: World) -> None:
    case = world.open_case()
    world.ask(case, NAME)
    crashed(world, case)
    world.clock.advance(61)
    recovery = Recovery(world.outside.database, world.outside.ledger, world.clock, "another")
    assert recovery.overdue() == 1
    assert recovery.overdue() == 0
    assert len(world.events("RetrievalInterrupted")) == 1
    assert len(world.events("EvidenceReleased")) == 1


def test_a_request_declared_interrupted_cannot_release_afterwards(world: World) -> None:
    """Recovery and the request itself settle the same row: whoever comes second records nothing."""
    case = world.open_case()

    def sweep() -> None:
        world.clock.advance(61)
        assert world.rooms.recovery.overdue() == 1
        world.rooms.policy.renew()
        world.rooms.revocations.renew()

    during_the_fetch(sweep)
    answer = world.ask(case, NAME)
    assert (answer.status_code, answer.json["code"]) == (503, "evidence.interrupted")
    assert "陈示例" not in answer.text
    assert world.events("EvidenceReleased") == []


def test_a_settled_request_is_not_declared_interrupted(world: World) -> None:
    world.ask(world.open_case(), NAME)
    with world.outside.database.read() as connection:
        (made,) = connection.exec_driver_sql("SELECT id FROM evidence_request").one()
    settled = world.outside.database.write(lambda c: intents.settle(c, made, State.INTERRUPTED, "{}"))
    assert settled is False
