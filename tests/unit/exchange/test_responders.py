"""Evidence that a person supplies: asked, taken, answered, released once; refused, handed over, late, interrupted."""

from __future__ import annotations

from typing import Any

import pytest
from structlog.testing import capture_logs

from exchange.proceedings import nothing_to_spend
from exchange.responders.passing_on import PassingOn
from exchange.responders.transitions import TaskMoved
from exchange.store import responders
from exchange.transparency.reconciling import Reconciling
from kernel.manifests import ManifestError
from policies.responders.commands import FindNothing, GiveBackTask
from policies.responders.task import TaskState
from policies.roles import Officer, Role
from tests.doubles.exchange import OWNER, World
from tests.doubles.kept import kept
from tests.doubles.manual_register import (
    ASKER,
    AUDITOR,
    CLINIC,
    COLLEAGUE,
    DOCTOR,
    FILLED,
    NURSE,
    RECORD,
    asked,
    asked_by_a_clerk,
    delivered,
    opened,
)
from tests.unit.exchange.test_request_rules import GOVERNOR, PROFILE, TABLE
from tests.unit.exchange.test_return_flow import sealed

PATH = "/v1/tasks"
WHY = {"reason": "演示：不属于本区", "citation": "演示规定第五条"}
DAY = 86400
ROLES = frozenset({Role.PROVIDER_OFFICER})


def done(world: World, task: str, command: str, body: Any = None, **who: Any) -> Any:
    return world.officer("POST", f"{PATH}/{task}/{command}", body or {}, **(who or NURSE))


def shown(world: World, task: str, **who: Any) -> Any:
    return world.officer("GET", f"{PATH}/{task}", **(who or NURSE)).json


def taken(world: World) -> tuple[str, str, str]:
    opened(world)
    name, case, task = asked(world)
    assert done(world, task, "take").json["status"] == "taken"
    return name, case, task


def wait(world: World, seconds: float) -> None:
    world.clock.advance(seconds)
    world.rooms.policy.renew()
    world.rooms.revocations.renew()


def events(world: World, task: str) -> list[str]:
    return [entry["event"] for entry in world.entries() if entry["request"] == task]


def test_an_officer_answers_and_the_asking_system_has_it_with_receipt(world: World) -> None:
    opened(world)
    name, case, task = asked(world)
    queue = world.officer("GET", PATH, **NURSE)
    assert queue.status_code == 200, queue.text
    (listed,) = queue.json["tasks"]
    assert (listed["id"], listed["status"], listed["days_left"]) == (task, "open", 2)
    assert listed["office"] == {"code": CLINIC, "name": {"zh": "演示诊所", "en": "演示诊所"}, "division": "500199"}
    assert "subject" not in shown(world, task)
    work = done(world, task, "take").json
    assert work["subject"] == {"scheme": "citizen-number", "value": OWNER}
    assert [field["name"] for field in work["form"]] == ["holder", "valid_until", "fit"]
    wait(world, DAY)
    answer = done(world, task, "answer", {"values": FILLED})
    assert (answer.status_code, answer.json["status"]) == (200, "answered")
    assert "subject" not in answer.json
    found = delivered(world, name, case)
    assert found.status_code == 200
    (item,) = found.json["evidence"]
    assert (item["status"], item["data"]) == ("delivered", {"holder": "陈示例", "valid_until": "2027-03-01"})
    assert item["provenance"]["trust_grade"] == "B"
    assert item["receipt"].startswith("c2sp.org/tlog-proof@v1")
    assert events(world, task) == ["TaskTaken", "SubjectShown", "TaskAnswered"]
    assert done(world, task, "answer", {"values": FILLED}).status_code == 403
    assert len(world.events("EvidenceReleased")) == 1


def test_whoever_is_asked_about_reads_that_somebody_was_shown_their_number(small_world: World) -> None:
    _, _, task = taken(small_world)
    for _ in range(3):
        assert shown(small_world, task)["subject"]["value"] == OWNER
    assert len(small_world.events("SubjectShown")) == 1
    token = small_world.issuer.token(small_world.holder, "portal", person=OWNER, scope="usage")
    own = small_world.call("GET", "/v1/usage", token).json["entries"]
    (entry,) = [one for one in own if one["event"] == "SubjectShown"]
    assert "演示诊所的一名工作人员查看了您的号码" in entry["sentence"]["zh"]
    assert OWNER not in str(small_world.entries())


def test_nobody_but_whoever_took_it_sees_whom_it_is_about(small_world: World) -> None:
    _, _, task = taken(small_world)
    for who in (COLLEAGUE, ASKER, AUDITOR):
        seen = small_world.officer("GET", f"{PATH}/{task}", **who)
        assert seen.status_code == 200
        assert OWNER not in seen.text
        assert {"subject", "form", "question"}.isdisjoint(seen.json)
    assert small_world.officer("GET", f"{PATH}/{task}", **DOCTOR).status_code == 404  # not the substitute's turn yet
    assert done(small_world, task, "answer", {"values": FILLED}, **COLLEAGUE).json["reason"] == "task.taken-by-another"
    assert done(small_world, task, "give-back", **COLLEAGUE).json["status"] == "open"
    assert done(small_world, task, "take", **COLLEAGUE).json["own"]
    assert "subject" not in shown(small_world, task)


def test_somebody_sealed_since_it_was_taken_is_shown_to_nobody_and_nothing_leaves(small_world: World) -> None:
    name, case, task = taken(small_world)
    assert shown(small_world, task)["subject"]["value"] == OWNER
    sealed(small_world, OWNER)
    seen = small_world.officer("GET", f"{PATH}/{task}", **NURSE)
    assert (seen.status_code, OWNER in seen.text) == (200, False)
    assert {"subject", "form"}.isdisjoint(seen.json)
    assert done(small_world, task, "answer", {"values": FILLED}).status_code == 200
    (item,) = delivered(small_world, name, case).json["evidence"]
    assert (item["status"], item["problem"]["code"]) == ("refused", "policy.subject-sealed")
    assert small_world.events("EvidenceReleased") == []


def test_a_refusal_names_its_reason_and_provision_to_whoever_asked(small_world: World) -> None:
    name, case, task = taken(small_world)
    for missing in ({"reason": "演示"}, {"citation": "演示"}):
        assert done(small_world, task, "refuse", missing).status_code == 422
    assert done(small_world, task, "refuse", WHY | {"citation": " "}).json["code"] == "task.incomplete"
    assert done(small_world, task, "refuse", WHY | {"reason": f"演示 {OWNER}"}).status_code == 422
    assert done(small_world, task, "refuse", WHY).json["status"] == "refused"
    (item,) = delivered(small_world, name, case).json["evidence"]
    assert (item["status"], item["problem"]["code"]) == ("failed", "source.refused-by-office")
    assert "演示规定第五条" in item["problem"]["next_step"]
    told = small_world.officer("GET", "/v1/messages", **ASKER).json["messages"]
    assert [one["kind"] for one in told] == ["task-refused"]


def test_no_record_found_answers_whether_there_is_one(small_world: World) -> None:
    opened(small_world)
    question = {"type": "health-record", "predicates": [{"name": "exists", "args": {}}]}
    name, case, task = asked(small_world, question)
    done(small_world, task, "take")
    assert done(small_world, task, "not-found").json["status"] == "not-found"
    (item,) = delivered(small_world, name, case, question).json["evidence"]
    assert item["answers"] == [{"name": "exists", "args": {}, "answer": False}]


def test_the_asking_department_answers_a_question_while_the_clock_stands_still(small_world: World) -> None:
    name, case, task = taken(small_world)
    assert done(small_world, task, "question", {"text": "演示：查哪一年的？"}).json["status"] == "questioned"
    assert shown(small_world, task)["left"]["zh"] == "已退问，计时暂停"
    told = small_world.officer("GET", "/v1/messages", **ASKER).json["messages"]
    assert [one["kind"] for one in told] == ["task-question"]
    assert shown(small_world, task, **ASKER)["question"] == "演示：查哪一年的？"
    assert "question" not in shown(small_world, task, **AUDITOR)
    wait(small_world, 3 * DAY)
    assert small_world.rooms.task_sweep.sweep() == 0
    assert done(small_world, task, "reply", {"text": "演示：最近一次"}, **NURSE).status_code == 403
    assert done(small_world, task, "reply", {"text": "演示：最近一次"}, **ASKER).json["status"] == "taken"
    assert shown(small_world, task)["reply"] == "演示：最近一次"
    assert done(small_world, task, "answer", {"values": FILLED}).json["status"] == "answered"
    assert delivered(small_world, name, case).json["status"] == "delivered"
    assert "最近一次" not in str(small_world.entries())


def test_a_question_that_nobody_answers_ends_the_request(small_world: World) -> None:
    name, case, task = taken(small_world)
    done(small_world, task, "question", {"text": "演示？"})
    wait(small_world, 9 * DAY)
    assert small_world.rooms.task_sweep.sweep() == 1
    assert shown(small_world, task)["status"] == "timed-out"
    assert delivered(small_world, name, case).json["evidence"][0]["problem"]["code"] == "source.not-answered-in-time"


def test_time_warns_then_gives_the_turn_to_the_substitute_then_ends_it(small_world: World) -> None:
    name, case, task = taken(small_world)
    wait(small_world, 2 * DAY)
    assert small_world.rooms.task_sweep.sweep() == 1
    wait(small_world, DAY)
    assert small_world.rooms.task_sweep.sweep() == 1
    assert done(small_world, task, "take").json["reason"] == "task.other-organisation"
    assert [one["kind"] for one in small_world.officer("GET", "/v1/messages", **DOCTOR).json["messages"]] == [
        "task-waits"
    ]
    late = [one["text"]["en"] for one in small_world.officer("GET", "/v1/messages", **NURSE).json["messages"]]
    assert ["80 %" in text for text in late[:2]] == [False, True]
    assert done(small_world, task, "hand-over", {"reason": "演示"}, **DOCTOR).json["reason"] == "task.no-substitute"
    wait(small_world, 6 * DAY)
    assert small_world.rooms.task_sweep.sweep() == 1
    assert small_world.rooms.task_sweep.sweep() == 0
    assert shown(small_world, task, **DOCTOR)["status"] == "timed-out"
    (item,) = delivered(small_world, name, case).json["evidence"]
    assert (item["status"], item["problem"]["code"]) == ("failed", "source.not-answered-in-time")
    steps = ["TaskTaken", "SubjectShown"] + ["TaskEscalated"] * 2 + ["TaskHandedOver", "TaskEscalated", "TaskTimedOut"]
    assert events(small_world, task) == steps


def test_an_office_leaves_it_to_its_substitute(small_world: World) -> None:
    name, case, task = taken(small_world)
    assert done(small_world, task, "hand-over").status_code == 422
    assert done(small_world, task, "hand-over", {"reason": "演示：登记员休假"}, **COLLEAGUE).json["turn"] == 1
    assert done(small_world, task, "take").status_code == 403
    assert done(small_world, task, "take", **DOCTOR).json["subject"]["value"] == OWNER
    assert done(small_world, task, "answer", {"values": FILLED}, **DOCTOR).json["status"] == "answered"
    assert delivered(small_world, name, case).json["status"] == "delivered"


def test_nobody_answers_what_they_asked_for_themselves(small_world: World) -> None:
    opened(small_world)
    task = asked_by_a_clerk(small_world, "he")
    refused = done(small_world, task, "take")
    assert (refused.status_code, refused.json["reason"]) == (403, "task.same-person")
    assert "take" not in shown(small_world, task)["commands"]
    assert done(small_world, task, "take", **COLLEAGUE).status_code == 200


MISTYPED: tuple[tuple[dict[str, Any], str, str], ...] = (
    ({"holder": None}, "values.holder", "missing"),
    ({"holder": " "}, "values.holder", "missing"),
    ({"holder": "长" * 51}, "values.holder", "form"),
    ({"holder": "长" * 5000}, "values.holder", "form"),
    ({"holder": {"a": 1}}, "values.holder", "form"),
    ({"holder": 1.5}, "values.holder", "form"),
    ({"valid_until": "下个月"}, "values.valid_until", "form"),
    ({"fit": "maybe"}, "values.fit", "form"),
    ({"diagnosis": "演示"}, "values.diagnosis", "unknown"),
)


def test_what_is_typed_is_held_against_schema_and_mapping(small_world: World) -> None:
    _, _, task = taken(small_world)
    for change, field, code in MISTYPED:
        values = {name: value for name, value in (FILLED | change).items() if value is not None}
        answer = done(small_world, task, "answer", {"values": values})
        assert answer.status_code == 422, change
        assert [(one["path"], one["code"]) for one in answer.json["errors"]] == [(field, code)]
    assert shown(small_world, task)["status"] == "taken"


def test_a_crash_between_answer_and_release_loses_nothing_and_releases_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, case, task = taken(world)
    with monkeypatch.context() as killed:
        killed.setattr(PassingOn, "pass_on", lambda _self, _state: False)
        assert done(world, task, "answer", {"values": FILLED}).json["status"] == "answered"
    assert delivered(world, name, case).status_code == 202
    assert "陈示例" not in _everything(world)
    node = world.another_node()
    node.rooms.policy.renew()
    node.rooms.revocations.renew()
    assert node.rooms.task_sweep.passing_on.left_over() == 1
    assert world.rooms.task_sweep.passing_on.left_over() == 0
    assert delivered(world, name, case).json["status"] == "delivered"
    assert len(world.events("EvidenceReleased")) == 1


def test_what_a_grant_no_longer_gives_does_not_leave_although_it_was_answered(small_world: World) -> None:
    name, case, task = taken(small_world)
    small_world.revoke("G-HEALTH")
    assert done(small_world, task, "answer", {"values": FILLED}).json["status"] == "answered"
    (item,) = delivered(small_world, name, case).json["evidence"]
    assert (item["status"], item["problem"]["code"]) == ("refused", "policy.no-grant")
    assert small_world.events("EvidenceReleased") == []


def test_a_step_on_a_task_that_moved_meanwhile_is_not_written(small_world: World) -> None:
    _, _, task = taken(small_world)
    with small_world.outside.database.read() as connection:
        stale = responders.find(connection, task)
    assert stale is not None
    transitions, nurse = small_world.rooms.tasks.transitions, Officer(stale.taken_by, CLINIC, ROLES)
    transitions.carry_out(GiveBackTask(), stale, nurse, nothing_to_spend)
    with pytest.raises(TaskMoved):
        transitions.carry_out(FindNothing(), stale, nurse, nothing_to_spend)
    assert events(small_world, task)[-1] == "TaskGivenBack"


def test_a_request_that_ended_otherwise_takes_its_task_with_it(small_world: World) -> None:
    _, case, task = taken(small_world)
    token = small_world.issuer.token(small_world.holder, scope="cases")
    assert small_world.call("POST", f"/v1/cases/{case}/close", token).status_code == 200
    assert small_world.rooms.waiting.end_overdue() == 1
    assert "subject" not in shown(small_world, task)
    assert small_world.rooms.task_sweep.sweep() == 1
    assert shown(small_world, task)["status"] == "withdrawn"
    assert done(small_world, task, "answer", {"values": FILLED}).status_code == 403


def test_what_was_sealed_is_gone_once_it_is_passed_on(small_world: World) -> None:
    _, _, task = taken(small_world)
    done(small_world, task, "answer", {"values": FILLED})
    with small_world.outside.database.read() as connection:
        assert responders.secret_of(connection, task) is None
        assert isinstance(responders.find(connection, task), TaskState)


def test_an_answer_that_cannot_be_opened_holds_up_nobody_elses(
    small_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(small_world)
    found = []
    with monkeypatch.context() as killed:
        killed.setattr(PassingOn, "pass_on", lambda _self, _state: False)
        for _ in range(2):
            found.append(asked(small_world))
            done(small_world, found[-1][2], "take")
            assert done(small_world, found[-1][2], "answer", {"values": FILLED}).status_code == 200
            small_world.clock.advance(0.01)
    (name, case, lost), (other, its_case, _) = found
    spoilt = responders.Envelope(b"", b"spoilt")
    small_world.outside.database.write(lambda connection: responders.keep(connection, lost, spoilt))
    with capture_logs() as logged:
        assert small_world.rooms.task_sweep.passing_on.left_over() == 1
    assert [(line["task"], line["reason"]) for line in logged if "task" in line] == [(lost, "CannotOpen")]
    assert delivered(small_world, other, its_case).json["status"] == "delivered"
    assert delivered(small_world, name, case).status_code == 202


def test_the_books_agree_on_what_was_answered_by_hand(small_world: World) -> None:
    _, _, task = taken(small_world)
    done(small_world, task, "answer", {"values": FILLED})
    *_, second = asked(small_world)
    done(small_world, second, "take")
    done(small_world, second, "refuse", WHY)
    outside = small_world.outside
    books = Reconciling(outside.database, outside.ledger, outside.clock)
    assert books.reconcile(lambda entries, _size: entries).differences == 0


def test_the_queue_is_read_page_by_page(small_world: World) -> None:
    opened(small_world)
    tasks = []
    for _ in range(3):
        tasks.append(asked(small_world)[2])
        small_world.clock.advance(0.01)
    first = small_world.officer("GET", f"{PATH}?limit=2", **NURSE).json
    rest = small_world.officer("GET", f"{PATH}?limit=2&after={first['next']}", **NURSE).json
    assert [one["id"] for one in first["tasks"] + rest["tasks"]] == tasks
    assert rest["next"] is None
    assert small_world.officer("GET", f"{PATH}?state=answered", **NURSE).json["tasks"] == []
    assert len(small_world.officer("GET", f"{PATH}?state=all", **AUDITOR).json["tasks"]) == 3
    assert small_world.officer("GET", f"{PATH}?state=none", **NURSE).status_code == 422
    assert small_world.officer("GET", PATH, **DOCTOR).json["tasks"] == []
    assert small_world.officer("GET", f"{PATH}/tk_nothing", **NURSE).json["code"] == "task.unknown"


def test_an_office_without_a_clock_of_its_own_has_what_a_service_level_says(small_world: World) -> None:
    opened(small_world, clock=None)
    *_, task = asked(small_world)
    assert shown(small_world, task)["deadline"] == "2026-11-25T00:00:00+08:00"  # a working day: nothing says another
    level = PROFILE | {"effective_from": "2026-11-23", "organisations": [CLINIC]}
    level |= {"rules": [{"stage": "evidence-answer", "days": 3}]}
    assert small_world.officer("PUT", "/v1/sla-profiles/clinic", level, **GOVERNOR).status_code == 200
    *_, task = asked(small_world)
    assert shown(small_world, task)["deadline"] == "2026-11-27T00:00:00+08:00"


def test_a_calendar_that_changes_moves_the_clocks_that_run(small_world: World) -> None:
    opened(small_world, substitutes=None)
    *_, task = asked(small_world)
    free = TABLE | {"holidays": ["2026-11-24"], "workdays": []}
    assert small_world.officer("PUT", "/v1/calendar/2026", free, **GOVERNOR).status_code == 200
    assert shown(small_world, task)["deadline"] == "2026-11-27T00:00:00+08:00"
    wait(small_world, 2 * DAY + 7 * 3600)  # past the deadline as it was
    small_world.rooms.task_sweep.sweep()
    assert shown(small_world, task)["status"] == "open"
    wait(small_world, DAY)
    small_world.rooms.task_sweep.sweep()
    assert shown(small_world, task)["status"] == "timed-out"


def test_a_manifest_names_only_departments_of_the_catalogue(small_world: World) -> None:
    with pytest.raises(ManifestError, match=r"substitutes\[0\].organisation"):
        opened(small_world, substitutes=[{"organisation": "11500000DEM000270J"}])


def _everything(world: World) -> str:
    tables = ("responder_task", "responder_task_event", "responder_task_secret", "ledger_entry", "evidence_request")
    return kept(world.outside.database, *tables) + str(RECORD)
