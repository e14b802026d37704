"""Corrections from the outside: opened by whoever received or is the record, answered by its department."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from exchange.store import corrections
from kernel.identifiers import subject
from policies.corrections.commands import NAMES, TABLE, EscalateCorrection
from policies.corrections.events import CorrectionState, Objection, Opener, Status
from policies.corrections.lifecycle import decide, open_to
from policies.proceedings import NotAllowed, capacities
from policies.roles import Officer, Role
from tests.doubles.exchange import MARKET, NAME, OWNER, POLICE, STRANGER, URBAN, WORKER, World, system
from tests.unit.exchange.test_emergency import DELAY, template, use
from tests.unit.exchange.test_emergency import opened as emergency
from tests.unit.exchange.test_events import pull, subscribe
from tests.unit.exchange.test_open_books import usage

PATH = "/v1/corrections"
PAN: dict[str, Any] = {"sub": "pan", "roles": ["provider-officer"], "organisation": POLICE}
PENG: dict[str, Any] = PAN | {"sub": "peng"}
WEI: dict[str, Any] = {"sub": "wei", "roles": ["governance-officer"], "organisation": URBAN}
CHEN: dict[str, Any] = {"sub": "chen", "roles": ["consumer-officer"], "organisation": MARKET}
AWAY: dict[str, Any] = {"sub": "x", "roles": ["consumer-officer"], "organisation": URBAN}
SAID = {"field": "name", "seen": "陈示例", "right": "陈实例", "reason": "演示：姓名有误"}
REASON = {"reason": "演示：已核对原始档案"}


def received(world: World) -> dict[str, Any]:
    answer = world.ask(world.open_case(), NAME).json
    return {"request": answer["id"], "item": 0}


def by_department(world: World, body: dict[str, Any], person: str | None = OWNER, **claims: Any) -> Any:
    token = world.issuer.token(world.holder, **({"person": person, "scope": "cases"} | claims))
    answer = world.call("POST", PATH, token, body)
    world.rooms.policy.renew()
    return answer


def by_person(world: World, entry: int, body: dict[str, Any], person: str = OWNER) -> Any:
    token = world.issuer.token(world.holder, "portal", person=person, scope="openid usage")
    answer = world.call("POST", f"/v1/usage/{entry}/corrections", token, body)
    world.rooms.policy.renew()
    return answer


def opened(world: World) -> str:
    answer = by_department(world, received(world) | SAID)
    assert answer.status_code == 201, answer.text
    return str(answer.json["id"])


def act(world: World, correction: str, command: str, body: Any = None, **who: Any) -> Any:
    answer = world.officer("POST", f"{PATH}/{correction}/{command}", body or {}, **(PAN | who))
    world.rooms.policy.renew()
    return answer


def inbox(world: World, **who: Any) -> list[tuple[str, str]]:
    return [(one["kind"], one["about"]) for one in world.officer("GET", "/v1/messages", **who).json["messages"]]


def disputed(world: World) -> bool:
    item = world.ask(world.open_case(), NAME).json["evidence"][0]
    return bool(item["provenance"].get("disputed", False))


def kept_of(world: World, correction: str) -> bytes | None:
    """What was said with it, as it lies beside the log."""
    with world.outside.database.read() as connection:
        found = corrections.find(connection, correction)
    assert found is not None
    return world.outside.ledger.open_payload(found[1].entry)


def test_a_wrong_record_is_disputed_until_its_department_has_corrected_it(world: World) -> None:
    assert not disputed(world)
    heard = subscribe(world, events=["tongban.evidence.corrected"])
    correction = opened(world)
    assert disputed(world)
    assert "陈实例".encode() in (kept_of(world, correction) or b"")
    assert ("correction-waits", correction) in inbox(world, **PAN)
    taken = act(world, correction, "take").json
    assert taken["particulars"]["subject"]["value"] == OWNER
    assert (taken["particulars"]["seen"], taken["particulars"]["right"]) == ("陈示例", "陈实例")
    assert act(world, correction, "accept", REASON).json["status"] == "accepted"
    assert disputed(world)
    done = act(world, correction, "correct", REASON).json
    assert (done["status"], done["particulars"], done["commands"]) == ("corrected", None, [])
    assert kept_of(world, correction) is None
    assert not disputed(world)
    assert ("correction-done", correction) in inbox(world, **CHEN)
    cases = world.officer("GET", f"{PATH}/{correction}", **CHEN).json["cases"]
    assert len(cases) == 5  # every case in which the department received the record
    said = [entry["sentence"]["zh"] for entry in usage(world, OWNER).json["entries"]]
    assert any("已更正" in one for one in said)
    world.rooms.distribution.round()
    (event,) = pull(world, heard)["events"]
    assert (event["data"]["changed"], len(event["data"]["held"])) == (["name"], 5)
    assert "陈实例" not in str(event)
    assert any("有异议" in one for one in said)


def test_a_person_opens_one_from_their_own_log(small_world: World) -> None:
    received(small_world)
    (entry,) = usage(small_world, OWNER).json["entries"]
    assert by_person(small_world, entry["index"], SAID, STRANGER).status_code == 404
    assert by_person(small_world, 9999, SAID).status_code == 404
    assert by_person(small_world, entry["index"], SAID | {"field": "born"}).json["code"] == "correction.not-received"
    answer = by_person(small_world, entry["index"], SAID)
    assert answer.status_code == 201, answer.text
    again = by_person(small_world, entry["index"], SAID)
    assert (again.status_code, again.json["code"]) == (409, "correction.under-way")
    assert again.json["correction"] == answer.json["id"]
    correction = answer.json["id"]
    act(small_world, correction, "take")
    rejected = act(small_world, correction, "reject", REASON | {"citation": "演示规定第七条"})
    assert rejected.json["citation"] == "演示规定第七条"
    assert not disputed(small_world)
    assert "演示：已核对原始档案" in usage(small_world, OWNER).json["entries"][1]["sentence"]["zh"]
    assert by_person(small_world, entry["index"], SAID).status_code == 201  # another may follow


def test_a_sandbox_system_neither_disputes_a_real_record_nor_settles_who_did(small_world: World) -> None:
    world = small_world
    world.apply(system("sandbox-market", MARKET, sandbox=True))
    world.rooms.policy.renew()
    got = received(world) | SAID
    refused = by_department(world, got, client="sandbox-market")
    assert (refused.status_code, refused.json["code"]) == (404, "correction.not-received")
    assert not disputed(world)
    correction = by_department(world, got).json["id"]
    for method, path, body in (("GET", "status", None), ("POST", "withdraw", {})):
        token = world.issuer.token(world.holder, "sandbox-market", scope="cases")
        answer = world.call(method, f"{PATH}/{correction}/{path}", token, body)
        assert (answer.status_code, answer.json["code"]) == (404, "correction.unknown")
    assert disputed(world)


def test_only_what_was_received_is_corrected_and_about_whom_it_is(small_world: World) -> None:
    got = received(small_world)
    for changed in ({"item": 1}, {"request": "er_unknown"}, {"field": "address"}, {"item": 9}):
        answer = by_department(small_world, got | SAID | changed)
        assert (answer.status_code, answer.json["code"]) == (404, "correction.not-received"), changed
    other = {"subject": {"scheme": "citizen-number", "value": WORKER}}
    assert by_department(small_world, got | SAID | other).status_code == 404
    foreign = by_department(small_world, got | SAID, client="urban-website")
    assert foreign.status_code == 404
    nobody = by_department(small_world, got | SAID, person=None)
    assert (nobody.status_code, nobody.json["code"]) == (422, "request.invalid")
    named = got | SAID | {"subject": {"scheme": "citizen-number", "value": OWNER}}
    assert by_department(small_world, named, person=None).status_code == 201


@pytest.mark.parametrize(
    "bad",
    [
        {},
        {"field": 1},
        {"reason": ""},
        {"seen": "x" * 1001},
        {"item": "first"},
        {"item": 20},
        {"item": 2**31},
        {"item": 2**63},
        {"what": 1},
    ],
)
def test_bad_input_is_refused_in_words(small_world: World, bad: dict[str, Any]) -> None:
    body = received(small_world) | SAID | bad if bad else {}
    answer = by_department(small_world, body)
    assert (answer.status_code, answer.json["code"]) == (422, "request.invalid")
    assert small_world.events("CorrectionOpened") == []


def test_only_who_took_it_up_sees_whom_it_is_about_and_answers(small_world: World) -> None:
    correction = opened(small_world)
    for reader in (PAN, WEI, CHEN):
        assert small_world.officer("GET", f"{PATH}/{correction}", **reader).json["particulars"] is None
    assert small_world.officer("GET", f"{PATH}/{correction}", **AWAY).status_code == 404
    act(small_world, correction, "take")
    assert act(small_world, correction, "accept", REASON, **PENG).json["code"] == "correction.not-allowed"
    assert small_world.officer("GET", f"{PATH}/{correction}", **PENG).json["particulars"] is None
    assert act(small_world, correction, "take", **PENG).json["particulars"]["subject"]["value"] == OWNER
    assert small_world.officer("GET", f"{PATH}/{correction}", **PAN).json["particulars"] is None
    assert act(small_world, correction, "reject", REASON | {"citation": ""}, **PENG).status_code == 422
    number = act(small_world, correction, "accept", {"reason": f"见 {OWNER}"}, **PENG)
    assert (number.status_code, number.json["code"]) == (422, "request.invalid")
    assert act(small_world, correction, "accept", REASON, **WEI).status_code == 403
    assert OWNER not in "".join(map(str, small_world.entries()))


def test_somebody_above_is_told_when_time_runs_out(small_world: World) -> None:
    correction = opened(small_world)
    small_world.clock.advance(30 * 86_400)
    for _ in range(3):
        small_world.rooms.correction_sweep.sweep()
        small_world.rooms.correction_sweep._day = None
    told = [entry["facts"]["percent"] for entry in small_world.events("CorrectionEscalated")]
    assert told == [80, 100]
    assert ("correction-late", correction) in inbox(small_world, **WEI)
    seen = small_world.officer("GET", f"{PATH}/{correction}", **WEI).json
    assert seen["clock"]["late"]
    assert (
        usage(small_world, OWNER)
        .json["entries"][0]["sentence"]["zh"]
        .endswith("您的身份证“姓名”的校核时限已用去 100%，已提醒提供部门并告知数据主管部门。")
    )


def test_a_correction_tells_nobody_what_a_statute_still_hides(small_world: World) -> None:
    template(small_world, emergency={"minutes": 120, "notice_delay": DELAY})
    case, opening = emergency(small_world)
    got = use(small_world, case, opening).json
    item = next(one for one in got["evidence"] if one["status"] == "delivered")
    body = {"request": got["id"], "item": got["evidence"].index(item)} | SAID
    opened_ = by_department(small_world, body)
    assert opened_.status_code == 201, opened_.text
    act(small_world, opened_.json["id"], "take")
    assert usage(small_world, OWNER).json["entries"] == []
    small_world.clock.advance(31 * 86_400)
    small_world.rooms.policy.renew()
    told = [one["event"] for one in usage(small_world, OWNER).json["entries"]]
    assert {"CorrectionOpened", "CorrectionTaken", "EvidenceReleased"} <= set(told)


def test_a_calendar_that_changes_has_clocks_looked_at(small_world: World) -> None:
    opened(small_world)
    small_world.rooms.correction_sweep.sweep()
    due = small_world.rooms.correction_sweep
    small_world.outside.database.write(lambda connection: corrections.look_again(connection, small_world.clock.now()))
    assert due.sweep() == 0
    with small_world.outside.database.read() as connection:
        assert corrections.due(connection, small_world.clock.now()) == ()  # looked at once, and not every minute


def test_erasing_a_person_leaves_a_correction_without_whom_it_was_about(small_world: World) -> None:
    correction = opened(small_world)
    act(small_world, correction, "take")
    small_world.outside.ledger.erase(subject.parse("citizen-number", OWNER))
    seen = small_world.officer("GET", f"{PATH}/{correction}", **PAN).json
    assert (seen["status"], seen["particulars"]) == ("taken", None)
    assert act(small_world, correction, "accept", REASON).json["status"] == "accepted"


def test_lists_are_paged_and_hold_what_concerns_the_reader(small_world: World) -> None:
    first = opened(small_world)
    second = by_department(small_world, received(small_world) | SAID)
    assert second.status_code == 409
    listed = small_world.officer("GET", f"{PATH}?limit=1", **WEI).json
    assert [one["id"] for one in listed["corrections"]] == [first]
    assert small_world.officer("GET", PATH, **AWAY).json["corrections"] == []
    assert small_world.officer("GET", f"{PATH}?state=gone", **WEI).status_code == 422
    assert small_world.officer("GET", f"{PATH}?limit=0", **WEI).status_code == 422


def test_every_state_role_and_command_is_as_the_table_says(
    small_world: World, record_property: Callable[[str, object], None]
) -> None:
    """Each cell tried against the pure core."""
    now = small_world.clock.now()
    objection = Objection(
        evidence_type="identity-card",
        field="name",
        provider=POLICE,
        consumer=MARKET,
        opener=Opener.PERSON,
        request="er_1",
        item=0,
        days=10,
    )
    bodies: dict[Any, tuple[Any, ...]] = dict.fromkeys(NAMES, ())
    for kind in NAMES:
        fields = kind.__dataclass_fields__
        bodies[kind] = tuple("演示" for _ in fields)
    bodies[EscalateCorrection] = (80, now)
    record_property("cases", len(Status) * len(Role) * len(bodies))
    for status, role, kind in itertools.product(Status, Role, bodies):
        state = CorrectionState(
            id="co_1", objection=objection, status=status, opened_at=now, changed_at=now, taken_by="someone"
        )
        actor = Officer("someone" if kind.__name__ != "TakeCorrection" else "another", POLICE, frozenset({role}))
        allowed = bool(capacities(TABLE[status], kind, [role]))
        try:
            decide(kind(*bodies[kind]), state, actor, now)
        except NotAllowed:
            assert not allowed, (status, role, kind)
        else:
            assert allowed, (status, role, kind)
        if kind in NAMES:
            assert (NAMES[kind] in open_to(state, actor)) == allowed


def take_back(world: World, correction: str, person: str | None = OWNER, client: str = "market-website") -> Any:
    """By a department's system, or (``person``) by whom it is about."""
    if person is None:
        token, at = world.issuer.token(world.holder, client, scope="cases"), f"{PATH}/{correction}/withdraw"
    else:
        token = world.issuer.token(world.holder, "portal", person=person, scope="openid usage")
        at = f"/v1/usage/corrections/{correction}/withdraw"
    answer = world.call("POST", at, token, {})
    world.rooms.policy.renew()
    return answer


@pytest.mark.parametrize("taken", [False, True])
def test_a_person_takes_back_what_they_opened_and_everybody_hears_of_it(small_world: World, taken: bool) -> None:
    world = small_world
    received(world)
    heard = subscribe(world, events=["tongban.evidence.undisputed"])
    (entry,) = usage(world, OWNER).json["entries"]
    correction = by_person(world, entry["index"], SAID).json["id"]
    assert usage(world, OWNER).json["entries"][0]["correction"] == correction
    if taken:
        act(world, correction, "take")
    assert disputed(world)
    assert take_back(world, correction, STRANGER).json["code"] == "correction.unknown"
    assert take_back(world, correction, None).json["code"] == "correction.unknown"
    answer = take_back(world, correction)
    assert (answer.status_code, answer.json) == (200, {"id": correction, "status": "withdrawn"})
    assert kept_of(world, correction) is None
    assert not disputed(world)
    assert (take_back(world, correction).status_code, take_back(world, correction).json["code"]) == (
        409,
        "correction.answered",
    )
    for who in (PAN, CHEN):
        assert ("correction-withdrawn", correction) in inbox(world, **who)
    world.rooms.distribution.round()
    (told,) = pull(world, heard)["events"]
    assert (told["type"], told["data"]["changed"]) == ("tongban.evidence.undisputed", ["name"])
    assert any("已由提出者撤回" in one["sentence"]["zh"] for one in usage(world, OWNER).json["entries"])
    for command in ("take", "accept", "reject"):
        body = {} if command == "take" else REASON | ({"citation": "演示"} if command == "reject" else {})
        assert act(world, correction, command, body).json["code"] == "correction.not-allowed"
    shown = world.officer("GET", f"{PATH}/{correction}", **PAN).json
    assert (shown["status"], shown["particulars"], shown["commands"]) == ("withdrawn", None, [])
    assert by_person(world, entry["index"], SAID).status_code == 201  # another may follow


def test_only_the_department_that_opened_it_takes_it_back_and_not_after_the_answer(small_world: World) -> None:
    world = small_world
    correction = opened(world)
    assert take_back(world, correction).json["code"] == "correction.unknown"  # the person did not open it
    assert take_back(world, correction, None, "urban-website").json["code"] == "correction.unknown"
    assert take_back(world, "co_nothing", None).json["code"] == "correction.unknown"
    act(world, correction, "take")
    act(world, correction, "accept", REASON)
    late = take_back(world, correction, None)
    assert (late.status_code, late.json["code"]) == (409, "correction.answered")
    assert disputed(world)
    act(world, correction, "correct", REASON)
    second = opened(world)
    assert take_back(world, second, None).json["status"] == "withdrawn"
    assert not disputed(world)


def followed(world: World, at: str, person: str | None = None, client: str = "market-website") -> Any:
    if person is None:
        return world.call("GET", at, world.issuer.token(world.holder, client, scope="cases"))
    return world.call("GET", at, world.issuer.token(world.holder, "portal", person=person, scope="openid usage"))


def test_whoever_opened_one_follows_it_where_they_were_sent(small_world: World) -> None:
    world = small_world
    by_system = by_department(world, received(world) | SAID)
    at, name = by_system.headers["Location"], by_system.json["id"]
    stands = followed(world, at).json
    assert (stands["id"], stands["status"], stands["deadline"]) == (name, "open", by_system.json["deadline"])
    assert stands["commands"] == ["withdraw"]
    assert not any(secret in str(stands) for secret in (OWNER, SAID["right"], SAID["reason"]))
    for who in ({"client": "urban-website"}, {"person": OWNER}):
        assert followed(world, at, **who).status_code in {403, 404}
    assert followed(world, f"/v1/usage/corrections/{name}", OWNER).json["code"] == "correction.unknown"
    assert followed(world, f"{PATH}/co_none/status").json["code"] == "correction.unknown"
    act(world, name, "take")
    act(world, name, "reject", REASON | {"citation": "演示规定第七条"})
    ended = followed(world, at).json
    assert (ended["status"], ended["deadline"], ended["commands"]) == ("rejected", None, [])
    assert (ended["note"], ended["citation"]) == (REASON["reason"], "演示规定第七条")
    entry = next(one for one in usage(world, OWNER).json["entries"] if one["event"] == "EvidenceReleased")
    mine = by_person(world, entry["index"], SAID)
    where = mine.headers["Location"]
    assert followed(world, where, OWNER).json["deadline"] == mine.json["deadline"]
    assert followed(world, where, STRANGER).json["code"] == "correction.unknown"
    assert followed(world, f"{PATH}/{mine.json['id']}/status").json["code"] == "correction.unknown"


def test_the_clerk_for_whom_a_system_opens_one_is_recorded_and_named_to_nobody(small_world: World) -> None:
    world = small_world
    named = received(world) | SAID | {"subject": {"scheme": "citizen-number", "value": OWNER}}
    correction = by_department(world, named, person=None, act={"sub": "window-7"}).json["id"]
    (entry,) = world.events("CorrectionOpened")
    clerk = world.rooms.gateway.understanding.indexes.of_officer("window-7")
    assert (entry["facts"]["by"], entry["facts"]["officer"]) == ("market-website", clerk)
    assert world.officer("GET", f"{PATH}/{correction}", **PAN).json["officer"] == clerk
    token = world.issuer.token(world.holder, scope="cases", act={"sub": "window-8"})
    assert world.call("POST", f"{PATH}/{correction}/withdraw", token, {}).status_code == 200
    (back,) = world.events("CorrectionWithdrawn")
    assert back["facts"]["officer"] == world.rooms.gateway.understanding.indexes.of_officer("window-8")
    by_department(world, received(world) | SAID)
    assert "officer" not in world.events("CorrectionOpened")[-1]["facts"]
    assert "window-" not in str(world.entries())
