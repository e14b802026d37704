"""Items whose answer comes later: parked with everything needed to go on, decided again, released once."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from typing import Any

import pytest

from connectors.base import Query
from connectors.errors import SourceUnavailable
from connectors.source import Outcome, Retrieved
from exchange import errors
from exchange.gateway import understanding
from exchange.gateway.enforcement import Refused
from exchange.gateway.recovery import Recovery
from exchange.gateway.retrieval import NoRecord
from exchange.store import intents, waiting
from exchange.store.intents import State
from kernel.identifiers.subject import SubjectRef
from kernel.lease import LeaseLost
from kernel.ledger.errors import FenceMoved, LedgerUnavailable
from kernel.problems import Problem
from tests.doubles.exchange import BEFORE_FETCH, NAME, NOW, OWNER, STAFF, World, connector, detail, grant, request
from tests.doubles.kept import kept

RECORD = {"name": "陈示例", "address": "演示区一号"}


def answered_by_a_clerk(world: World) -> None:
    """From now on somebody at the provider looks identity cards up."""
    fields = {"name": "name", "citizen_number": "id", "born": "born", "address": "address", "until": "until"}
    world.apply(connector("identity", "identity-card", fields, adapter="clerk"))
    world.rooms.policy.renew()


def found(values: dict[str, Any] = RECORD) -> Retrieved:
    return Retrieved(Outcome.FOUND, values, None, NOW)


def parked(world: World, *items: Any, **more: Any) -> tuple[str, str]:
    """A request of which the identity card waits for a person: its id and case."""
    answered_by_a_clerk(world)
    case = world.open_case()
    answer = world.ask(case, *(items or (NAME,)), **more)
    assert answer.status_code == 202, answer.text
    return answer.json["id"], case


def look(world: World, name: str, case: str, *items: Any) -> Any:
    token = world.issuer.token(world.holder, person=OWNER, authorization_details=detail(case, *(items or (NAME,))))
    return world.call("GET", f"/v1/evidence-requests/{name}", token)


def again(world: World) -> str:
    return world.issuer.token(world.holder, scope="cases")


def test_what_a_person_answers_waits_and_the_rest_is_answered_at_once(small_world: World) -> None:
    answered_by_a_clerk(small_world)
    case = small_world.open_case()
    answer = small_world.ask(case, NAME, STAFF)
    assert (answer.status_code, answer.json["status"]) == (202, "awaiting-person")
    assert answer.headers["Location"] == f"/v1/evidence-requests/{answer.json['id']}"
    assert answer.headers["Retry-After"] == "600"
    card, staff = answer.json["evidence"]
    assert (card["status"], card["until"]) == ("awaiting-person", "2026-12-21T16:00:00.000Z")
    assert (staff["status"], staff["data"]) == ("delivered", {"employer": "演示餐饮"})
    (waits,) = small_world.events("AnswerAwaited")
    assert waits["facts"]["fields"] == ["name"]
    assert small_world.calls == [OWNER]  # only the source that answers by itself
    assert look(small_world, answer.json["id"], case, NAME, STAFF).json == answer.json


@pytest.mark.parametrize(
    ("setting", "value", "delivery", "until"),
    [
        ("waiting_person_working_days", 2, "direct", "2026-11-25T16:00:00.000Z"),
        ("waiting_preview_days", 2, "preview", "2026-11-25T09:30:00.000Z"),
        ("waiting_source_hours", 3, "asynchronous", "2026-11-23T12:30:00.000Z"),
    ],
)
def test_how_long_an_item_waits_is_configured(
    small_world: World, setting: str, value: int, delivery: str, until: str
) -> None:
    if delivery == "direct":
        answered_by_a_clerk(small_world)
    node = small_world.another_node(settings=replace(small_world.outside.settings, **{setting: value}))
    case = node.open_case()
    token = node.issuer.token(node.holder, person=OWNER, authorization_details=detail(case, NAME))
    answer = node.call("POST", "/v1/evidence-requests", token, request(case, NAME, delivery=delivery))
    assert [one["until"] for one in answer.json["evidence"]] == [until]
    node.rooms.close()


def test_an_answer_is_released_once_with_receipt_and_signature(world: World) -> None:
    name, case = parked(world)
    assert world.rooms.waiting.subject_of(name, 0) == SubjectRef("citizen-number", OWNER)
    world.clock.advance(3 * 86400)
    assert world.rooms.waiting.answered(name, 0, found()) == "delivered"
    answer = look(world, name, case)
    assert answer.status_code == 200
    (item,) = answer.json["evidence"]
    assert (answer.json["status"], item["data"]) == ("delivered", {"name": "陈示例"})
    assert "address" not in item["data"]
    assert item["jws"]
    assert item["receipt"].startswith("c2sp.org/tlog-proof@v1")
    with pytest.raises(Problem) as second:
        world.rooms.waiting.answered(name, 0, found({"name": "别人"}))
    assert second.value.kind is errors.NOT_WAITING
    assert len(world.events("EvidenceReleased")) == 1
    assert look(world, name, case).json == answer.json
    with world.outside.database.read() as connection:  # what was kept to go on with is gone
        (waits,) = world.events("AnswerAwaited")
        kept = (
            "SELECT count(*) FROM ledger_payload p JOIN ledger_entry e ON e.idx = p.idx WHERE p.ciphertext IS NOT NULL"
        )
        assert connection.exec_driver_sql(f"{kept} AND e.event = 'AnswerAwaited'").scalar() == 0
        assert waits["commitment"]


def test_nothing_in_the_database_names_whom_a_waiting_item_is_about(small_world: World) -> None:
    parked(small_world)
    tables = ("waiting_item", "evidence_request", "ledger_payload", "ledger_entry")
    assert OWNER not in kept(small_world.outside.database, *tables)


def test_a_system_whose_person_has_left_is_told_how_far_it_is_and_no_more(small_world: World) -> None:
    name, _ = parked(small_world)
    path = f"/v1/evidence-requests/{name}"
    polled = small_world.call("GET", path, again(small_world))
    assert (polled.status_code, polled.json["status"]) == (202, "awaiting-person")
    assert polled.headers["Retry-After"] == "600"
    small_world.rooms.waiting.answered(name, 0, found())
    done = small_world.call("GET", path, again(small_world))
    assert (done.status_code, done.json["evidence"]) == (200, [{"type": "identity-card", "status": "delivered"}])
    stranger = small_world.issuer.token(small_world.holder, "urban-website", scope="cases")
    assert small_world.call("GET", path, stranger).status_code == 404


def test_the_same_key_again_finds_the_request_that_waits(small_world: World) -> None:
    name, case = parked(small_world, Idempotency_Key="k")
    repeated = small_world.ask(case, NAME, Idempotency_Key="k")
    assert (repeated.status_code, repeated.json["id"]) == (202, name)
    assert len(small_world.events("AnswerAwaited")) == 1


def problem_of(world: World, name: str, case: str) -> tuple[str, str]:
    (item,) = look(world, name, case).json["evidence"]
    return item["status"], item["problem"]["code"]


def test_a_grant_revoked_meanwhile_refuses_the_answer(small_world: World) -> None:
    name, case = parked(small_world)
    small_world.revoke("G-IDENTITY")
    assert small_world.rooms.waiting.answered(name, 0, found()) == "refused"
    assert problem_of(small_world, name, case) == ("refused", "policy.no-grant")
    assert small_world.events("EvidenceReleased") == []


@pytest.mark.parametrize("kind", ["clients", "jti", "sid"])
def test_a_token_revoked_meanwhile_refuses_the_answer(small_world: World, kind: str) -> None:
    answered_by_a_clerk(small_world)
    case = small_world.open_case()
    token = small_world.issuer.token(
        small_world.holder,
        person=OWNER,
        authorization_details=detail(case, NAME),
        sid="session-1",
        jti="jti-1",
        **{"urn:tongban:params:subject": small_world.issuer.sealed(OWNER, "jti-1")},
    )
    name = small_world.ask(case, NAME, token=token).json["id"]
    small_world.issuer.revoke(kind, {"clients": "market-website", "jti": "jti-1", "sid": "session-1"}[kind])
    small_world.rooms.revocations.renew()
    assert small_world.rooms.waiting.answered(name, 0, found()) == "refused"
    assert small_world.events("EvidenceRefused")[-1]["facts"]["reason"] == "token.revoked"


def test_a_case_closed_meanwhile_ends_the_wait(world: World) -> None:
    _, case = parked(world)
    world.call("POST", f"/v1/cases/{case}/close", again(world), {})
    assert world.rooms.waiting.end_overdue() == 1
    assert world.events("EvidenceRefused")[-1]["facts"]["reason"] == "case.closed"
    assert world.rooms.waiting.end_overdue() == 0


def test_a_case_closed_while_the_answer_is_being_recorded_wins(world: World) -> None:
    name, case = parked(world)
    held = world.rooms.waiting.find(name, 0)
    assert held is not None
    world.call("POST", f"/v1/cases/{case}/close", again(world), {})
    assert world.rooms.waiting.settle(held, found()) == "refused"
    assert world.events("EvidenceReleased") == []


@pytest.mark.parametrize("nodes", [2])
def test_of_many_who_answer_at_once_one_releases(world: World, nodes: int) -> None:
    name, _ = parked(world)
    rooms = [world.rooms, *(world.another_node().rooms for _ in range(nodes - 1))]
    said: list[str] = []

    def answer(number: int) -> None:
        try:
            said.append(rooms[number % nodes].waiting.answered(name, 0, found()))
        except Problem as problem:
            said.append(problem.kind.code)

    threads = [threading.Thread(target=answer, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == ["delivered", *["evidence-request.not-waiting"] * 5]
    assert len(world.events("EvidenceReleased")) == 1
    for other in rooms[1:]:
        other.close()


def test_who_waits_too_long_is_told_so_and_gets_the_quota_back(world: World) -> None:
    world.apply(grant("G-IDENTITY", quota_per_day=1))
    world.approve("G-IDENTITY")
    name, case = parked(world)
    assert world.ask(case, NAME).json["evidence"][0]["problem"]["code"] == "policy.quota-exceeded"
    world.clock.advance(29 * 86400)
    assert world.rooms.waiting.end_overdue() == 1
    assert problem_of(world, name, case) == ("failed", "evidence.timed-out")
    with world.outside.database.read() as connection:
        assert connection.exec_driver_sql("SELECT used FROM quota_use").all() == [(0,)]


def test_an_answer_that_comes_when_the_time_has_just_run_out_comes_too_late(world: World) -> None:
    """Both read that the item waits; only one of them can end it."""
    name, _ = parked(world)
    held = world.rooms.waiting.find(name, 0)
    assert held is not None
    world.clock.advance(29 * 86400)
    assert world.rooms.waiting.end_overdue() == 1
    with pytest.raises(Problem) as late:
        world.rooms.waiting.settle(held, found())
    assert late.value.kind is errors.NOT_WAITING
    assert world.events("EvidenceReleased") == []


def test_an_erased_person_is_answered_about_no_more(small_world: World) -> None:
    name, case = parked(small_world)
    small_world.outside.ledger.erase(SubjectRef("citizen-number", OWNER))
    assert small_world.rooms.waiting.subject_of(name, 0) is None
    assert small_world.rooms.waiting.answered(name, 0, found()) == "failed"
    assert problem_of(small_world, name, case) == ("failed", "evidence-request.erased")
    assert small_world.events("EvidenceReleased") == []


def test_a_clerk_who_finds_nothing_or_cannot_say(small_world: World) -> None:
    first, case = parked(small_world)
    assert small_world.rooms.waiting.answered(first, 0, Retrieved(Outcome.NOT_FOUND, {}, None, NOW)) == "failed"
    assert problem_of(small_world, first, case) == ("failed", "evidence.not-found")
    second = small_world.ask(case, NAME).json["id"]
    assert small_world.rooms.waiting.answered(second, 0, NoRecord(errors.SOURCE_MISSING)) == "failed"


def test_recovery_leaves_alone_what_waits(small_world: World) -> None:
    name, _ = parked(small_world)
    small_world.clock.advance(3600)
    outside = small_world.outside
    assert Recovery(outside.database, outside.ledger, small_world.clock, "another").at_start() == 0
    with outside.database.read() as connection:
        stored = intents.read(connection, name)
    assert stored is not None
    assert stored.state is State.WAITING


# Failed, and failed but persisted -------------------------------------------------------------------------------------


class Breaking:
    """A ledger that fails before or after it has written."""

    def __init__(self, inner: Any, *, persisted: bool) -> None:
        self._inner, self._persisted = inner, persisted

    def append(self, *arguments: Any, **options: Any) -> Any:
        if self._persisted:
            self._inner.append(*arguments, **options)
        raise LedgerUnavailable("cut")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


def breaking(world: World, *, persisted: bool):
    recorder, whole = world.rooms.waiting.recorder, world.rooms.waiting.recorder.ledger
    object.__setattr__(recorder, "ledger", Breaking(whole, persisted=persisted))
    return lambda: object.__setattr__(recorder, "ledger", whole)


def test_an_answer_that_could_not_be_recorded_waits_still(small_world: World) -> None:
    name, case = parked(small_world)
    mend = breaking(small_world, persisted=False)
    with pytest.raises(LedgerUnavailable):
        small_world.rooms.waiting.answered(name, 0, found())
    mend()
    assert look(small_world, name, case).status_code == 202
    assert small_world.rooms.waiting.answered(name, 0, found()) == "delivered"


def test_an_answer_recorded_without_anybody_hearing_of_it_is_there_and_not_released_again(world: World) -> None:
    name, case = parked(world)
    mend = breaking(world, persisted=True)
    with pytest.raises(LedgerUnavailable):
        world.rooms.waiting.answered(name, 0, found())
    mend()
    with pytest.raises(Problem):
        world.rooms.waiting.answered(name, 0, found())
    assert look(world, name, case).json["status"] == "delivered"
    assert len(world.events("EvidenceReleased")) == 1


def test_the_owner_reads_that_something_waits(small_world: World) -> None:
    parked(small_world)
    token = small_world.issuer.token(small_world.holder, "portal", person=OWNER, scope="usage")
    (entry,) = small_world.call("GET", "/v1/usage", token).json["entries"]
    assert entry["event"] == "AnswerAwaited"
    assert "尚未提供" in entry["sentence"]["zh"]
    assert OWNER not in json.dumps(entry)


# Asynchronous delivery ------------------------------------------------------------------------------------------------


def deferred(world: World, *items: Any) -> tuple[str, str]:
    """A request for asynchronous delivery: its id and case."""
    case = world.open_case()
    wanted = items or (NAME,)
    token = world.issuer.token(world.holder, person=OWNER, authorization_details=detail(case, *wanted))
    answer = world.call("POST", "/v1/evidence-requests", token, request(case, *wanted, delivery="asynchronous"))
    assert (answer.status_code, answer.json["status"]) == (202, "running")
    return answer.json["id"], case


def settled_signals(world: World) -> list[Any]:
    with world.outside.database.read() as connection:
        return list(connection.exec_driver_sql("SELECT cause, system FROM signal").all())


def test_asynchronous_delivery_asks_after_it_has_answered(world: World) -> None:
    name, case = deferred(world, NAME, STAFF)
    assert world.calls == []
    assert settled_signals(world) == []
    assert world.rooms.deferred.work() == 2
    assert world.rooms.deferred.work() == 0
    assert world.calls == [OWNER, OWNER]
    assert look(world, name, case, NAME, STAFF).json["status"] == "delivered"
    assert settled_signals(world) == [(f"settled:{name}", "market-website")]


def test_a_source_that_fails_is_asked_again_and_holds_up_no_other_item(small_world: World) -> None:
    name, case = deferred(small_world, NAME, STAFF)

    def down(query: Query) -> None:
        if len(small_world.calls) % 2:
            raise SourceUnavailable("down")

    BEFORE_FETCH.append(down)
    assert small_world.rooms.deferred.work() == 1
    half = look(small_world, name, case, NAME, STAFF)
    assert half.status_code == 202
    assert sorted(item["status"] for item in half.json["evidence"]) == ["delivered", "running"]
    BEFORE_FETCH.clear()
    assert small_world.rooms.deferred.work() == 0
    small_world.clock.advance(31)
    assert small_world.rooms.deferred.work() == 1
    assert look(small_world, name, case, NAME, STAFF).json["status"] == "delivered"


def test_a_source_that_never_answers_fails_when_its_time_is_over(small_world: World) -> None:
    BEFORE_FETCH.append(lambda _query: (_ for _ in ()).throw(SourceUnavailable("down")))
    name, case = deferred(small_world)
    for _ in range(30):
        small_world.rooms.deferred.work()
        small_world.clock.advance(3600)
    assert problem_of(small_world, name, case) == ("failed", "source.unavailable")
    assert len(small_world.calls) < 30


def test_no_source_is_asked_for_what_would_be_refused_by_now(small_world: World) -> None:
    name, case = deferred(small_world)
    small_world.revoke("G-IDENTITY")
    assert small_world.rooms.deferred.work() == 1
    assert small_world.calls == []
    assert problem_of(small_world, name, case) == ("refused", "policy.no-grant")


def test_whoever_is_erased_before_a_source_was_asked_is_asked_about_no_more(small_world: World) -> None:
    name, case = deferred(small_world)
    small_world.outside.ledger.erase(SubjectRef("citizen-number", OWNER))
    assert small_world.rooms.deferred.work() == 1
    assert small_world.calls == []
    assert problem_of(small_world, name, case) == ("failed", "evidence-request.erased")


def test_what_could_not_be_recorded_is_asked_for_again_later(small_world: World) -> None:
    name, case = deferred(small_world)
    mend = breaking(small_world, persisted=False)
    assert small_world.rooms.deferred.work() == 0
    mend()
    small_world.clock.advance(31)
    assert small_world.rooms.deferred.work() == 1
    assert look(small_world, name, case).json["status"] == "delivered"
    assert len(small_world.events("EvidenceReleased")) == 1


def test_a_turn_that_another_node_took_is_not_taken_twice(world: World) -> None:
    """Both nodes found the item due; the second one to put it off leaves it alone."""
    deferred(world)
    with world.outside.database.read() as connection:
        (due,) = waiting.due(connection, world.clock.now(), 9)
    later = world.clock.now()
    assert world.outside.database.write(lambda connection: waiting.put_off(connection, due, later))
    assert not world.outside.database.write(lambda connection: waiting.put_off(connection, due, later))


# Under what holds now -------------------------------------------------------------------------------------------------


class Moving:
    """A ledger under whose hands the epoch moves, each time."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def append(self, *_arguments: Any, **_options: Any) -> Any:
        raise FenceMoved(1, 2)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


def test_where_policies_keep_changing_whoever_answers_tries_again_and_nothing_is_lost(small_world: World) -> None:
    name, _ = parked(small_world)
    recorder, whole = small_world.rooms.waiting.recorder, small_world.rooms.waiting.recorder.ledger
    object.__setattr__(recorder, "ledger", Moving(whole))
    with pytest.raises(Problem) as stale:
        small_world.rooms.waiting.answered(name, 0, found())
    assert stale.value.kind is errors.POLICY_STALE
    object.__setattr__(recorder, "ledger", whole)
    assert small_world.rooms.waiting.answered(name, 0, found()) == "delivered"


def test_while_revocations_are_unknown_nothing_leaves_and_the_item_waits_on(
    small_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, case = parked(small_world)

    def unknown() -> None:
        raise LeaseLost

    with monkeypatch.context() as patched:
        patched.setattr(small_world.rooms.revocations, "current", unknown)
        with pytest.raises(Problem) as problem:
            small_world.rooms.waiting.answered(name, 0, found())
    assert problem.value.kind is errors.REVOCATIONS_UNKNOWN
    assert look(small_world, name, case).status_code == 202
    assert small_world.rooms.waiting.answered(name, 0, found()) == "delivered"


def test_a_quota_that_others_used_up_meanwhile_refuses_the_answer(world: World) -> None:
    """It was parked when the grant had no quota; the one that it has by now is reserved as it is released, or not."""
    first, case = parked(world)
    world.apply(grant("G-IDENTITY", quota_per_day=1))
    world.approve("G-IDENTITY")
    second, _ = parked(world)
    assert world.rooms.waiting.answered(first, 0, found()) == "refused"
    assert problem_of(world, first, case) == ("refused", "policy.quota-exceeded")
    assert world.rooms.waiting.answered(second, 0, found()) == "delivered"


def test_what_waits_for_an_officer_goes_on_and_for_a_mere_system_does_not(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also what was let in before the exchange asked who answers for it."""
    world.apply(grant("G-ABSENT", absent_allowed=True))
    world.approve("G-ABSENT")
    answered_by_a_clerk(world)
    case = world.open_case((OWNER, "applicant"))
    named = NAME | {"subject": {"scheme": "citizen-number", "value": OWNER}}

    def token(**act: Any) -> str:
        return world.issuer.token(world.holder, authorization_details=detail(case, named), **act)

    officers = world.ask(case, named, token=token(act={"sub": "officer-7"})).json["id"]
    with monkeypatch.context() as before:
        before.setattr(understanding, "check_somebody_asks", lambda _token: None)
        nobodys = world.ask(case, named, token=token()).json["id"]
    assert world.rooms.waiting.answered(nobodys, 0, found()) == "refused"
    assert world.rooms.waiting.answered(officers, 0, found()) == "delivered"
    assert [entry["facts"]["reason"] for entry in world.events("EvidenceRefused")] == ["token.officer-missing"]
    (released,) = world.events("EvidenceReleased")
    assert released["facts"]["officer"]


def test_one_wait_that_cannot_be_ended_holds_up_no_other(small_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    stuck, case = parked(small_world)
    parked(small_world)
    small_world.clock.advance(29 * 86400)
    whole = small_world.rooms.waiting.recorder.ledger

    class Failing(Breaking):
        def append(self, events: Any, **options: Any) -> Any:
            if events[0].request == stuck:
                raise LedgerUnavailable("cut")
            return whole.append(events, **options)

    object.__setattr__(small_world.rooms.waiting.recorder, "ledger", Failing(whole, persisted=False))
    assert small_world.rooms.waiting.end_overdue() == 1
    object.__setattr__(small_world.rooms.waiting.recorder, "ledger", whole)
    assert small_world.rooms.waiting.end_overdue() == 1
    assert problem_of(small_world, stuck, case) == ("failed", "evidence.timed-out")


def test_a_person_does_not_answer_that_they_answer_later(small_world: World) -> None:
    name, case = parked(small_world)
    with pytest.raises(Problem) as problem:
        small_world.rooms.waiting.answered(name, 0, Retrieved(Outcome.LATER, {}, None, NOW))
    assert problem.value.kind is errors.NOT_WAITING
    assert look(small_world, name, case).status_code == 202


def test_of_two_that_find_whom_it_was_about_erased_one_ends_the_wait(small_world: World) -> None:
    name, _ = parked(small_world)
    small_world.outside.ledger.erase(SubjectRef("citizen-number", OWNER))
    held = small_world.rooms.waiting.find(name, 0)
    assert held is not None
    assert small_world.rooms.waiting.settle(held, found()) == "failed"
    with pytest.raises(Problem) as problem:
        small_world.rooms.waiting.settle(held, found())
    assert problem.value.kind is errors.NOT_WAITING


def test_a_system_that_the_catalogue_knows_no_more_gets_nothing(small_world: World) -> None:
    name, _ = parked(small_world)
    held = small_world.rooms.waiting.find(name, 0)
    assert held is not None
    assert held.one is not None
    snapshot = small_world.rooms.policy.current()
    registry = replace(snapshot.registry, systems={})
    settlement = small_world.rooms.waiting.judged(held, held.one, found(), replace(snapshot, registry=registry))
    (result,) = settlement.results
    assert isinstance(result, Refused)
    assert result.refusal.kind.code == "policy.system-suspended"
