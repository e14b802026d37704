"""What is typed by hand is data and nothing else: it ends as a clear no or as exactly itself, and leaks to nobody."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.doubles.exchange import OWNER, World, make_world, prepared_postgresql, prepared_sqlite, small_world, world
from tests.doubles.manual_register import ASKER, AUDITOR, COLLEAGUE, DOCTOR, FILLED, NURSE, asked, delivered, opened
from tests.doubles.sign_ins import OfficersBrowser

__all__ = ["make_world", "prepared_postgresql", "prepared_sqlite", "small_world", "world"]

PATH = "/v1/tasks"
NASTY: tuple[Any, ...] = (
    *(
        "\ud800",
        "a\x00b",
        "'; DROP TABLE responder_task; --",
        "{{7*7}}",
        "<script>alert(1)</script>",
        "%00",
        "长" * 9999,
    ),
    *(2**70, -(2**63), 1e308, -0.0, 10**400, True, None, [], {}, [["a"]], [{"a": 1}], {"$ref": "#"}, ["x"] * 5000),
    *("2026-02-30", "９９", "true ", "\u202e", "=cmd|' /C calc'!A0"),
)


def say(world: World, task: str, command: str, body: Any, **who: Any) -> Any:
    raw = json.dumps(body).encode("utf-8", "surrogatepass")
    claims = {"sub": who["sub"], "roles": who["roles"], "organisation": who["organisation"], "scope": "governance"}
    return world.call("POST", f"{PATH}/{task}/{command}", world.issuer.token(world.holder, "console", **claims), raw)


@pytest.fixture
def work(small_world: World) -> tuple[World, str, str, str]:
    opened(small_world)
    everything = {"type": "health-record", "fields": ["holder", "valid_until"]}
    name, case, task = asked(small_world, everything)
    assert say(small_world, task, "take", {}, **NURSE).status_code == 200
    return small_world, name, case, task


def test_K1_no_value_that_is_typed_breaks_the_exchange_or_is_taken_for_another(work: Any) -> None:
    world, name, case, task = work
    for body in (None, [], "x", {"values": []}, {"values": None}, {}, {"values": {}, "more": 1}):
        assert 400 <= say(world, task, "answer", body, **NURSE).status_code < 500
    for field in ("holder", "valid_until", "fit", "nonsense"):
        for value in NASTY:
            answer = say(world, task, "answer", {"values": FILLED | {field: value}}, **NURSE)
            assert answer.status_code == 200 or 400 <= answer.status_code < 500, (field, value)
            if field == "nonsense":
                assert answer.status_code in {400, 422}
                break
            if answer.status_code == 200:  # well-formed after all: then it leaves as exactly what it is
                (item,) = delivered(world, name, case).json["evidence"]
                assert item["data"]["holder"] == (str(value).strip() if field == "holder" else FILLED["holder"])
                name, case, task = asked(world)
                say(world, task, "take", {}, **NURSE)


def test_K1_words_of_officers_are_words(work: Any) -> None:
    world, _, _, task = work
    for value in NASTY:
        for command, body in (
            ("question", {"text": value}),
            ("refuse", {"reason": value, "citation": "演示"}),
            ("refuse", {"reason": "演示", "citation": value}),
            ("hand-over", {"reason": value}),
        ):
            if not isinstance(value, str) or len(value) > 1000 or "\x00" in value or "\ud800" in value:
                answer = say(world, task, command, body, **NURSE)
                assert 400 <= answer.status_code < 500, (command, value)
    said = "<script>alert(1)</script> {{7*7}}"
    assert say(world, task, "question", {"text": said}, **NURSE).status_code == 200
    browser = OfficersBrowser(world)
    browser.sign_in("shen", "consumer-officer", organisation=ASKER["organisation"])
    page = browser.get(f"/console/tasks/{task}").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page
    assert "{{7*7}}" in page


def test_whom_a_task_is_about_is_read_by_one_officer_whatever_the_others_try(work: Any) -> None:
    world, name, case, task = work
    commands = ("take", "answer", "not-found", "refuse", "question", "hand-over", "reply")
    bodies = {"answer": {"values": FILLED}, "refuse": {"reason": "x", "citation": "y"}, "hand-over": {"reason": ""}}
    for who in (COLLEAGUE, ASKER, AUDITOR, DOCTOR):
        for command in commands:
            answer = say(world, task, command, bodies.get(command, {"text": "x"} if command == "reply" else {}), **who)
            assert 400 <= answer.status_code < 500
            assert OWNER not in answer.text
        seen = world.officer("GET", f"{PATH}/{task}", **who)
        assert OWNER not in seen.text
    shown = [entry["facts"]["officer"] for entry in world.events("SubjectShown")]
    assert len(shown) == 1
    assert delivered(world, name, case).status_code == 202
