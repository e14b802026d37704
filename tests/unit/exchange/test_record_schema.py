"""The closed part of JSON Schema: what a record's definition refuses, and how it names the place."""

from __future__ import annotations

from typing import Any

import pytest

from exchange.catalogue.record_schema import compile_record

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 4},
        "until": {"type": "string", "format": "date", "longTerm": True},
        "seen": {"type": "string", "format": "date-time"},
        "state": {"type": "string", "enum": ["valid", "ended"]},
        "level": {"type": "integer", "enum": [1, 2]},
        "children": {"type": "array", "items": {"type": "string", "maxLength": 3}, "maxItems": 2},
        "anything": {"type": "array"},
        "home": {"type": "object", "properties": {"street": {"type": "string"}}, "required": ["street"]},
        "alive": {"type": "boolean"},
    },
    "required": ["name"],
}


@pytest.mark.parametrize(
    ("record", "wrong"),
    [
        ({"name": "张三"}, None),
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "12345"}, "name"),
        ({"name": 1}, "name"),
        ({"name": None}, "name"),
        ({"name": "a", "until": "长期"}, None),
        ({"name": "a", "until": "2026-02-30"}, "until"),
        ({"name": "a", "until": "20260228"}, "until"),
        ({"name": "a", "seen": "2026-11-23T08:00:00+08:00"}, None),
        ({"name": "a", "seen": "2026-11-23T08:00:00"}, "seen"),
        ({"name": "a", "seen": "2026-11-23"}, "seen"),
        ({"name": "a", "seen": "长期"}, "seen"),
        ({"name": "a", "state": "lost"}, "state"),
        ({"name": "a", "state": ["valid"]}, "state"),
        ({"name": "a", "level": 2}, None),
        ({"name": "a", "level": True}, "level"),
        ({"name": "a", "children": ["a", "b", "c"]}, "children"),
        ({"name": "a", "children": ["long"]}, "children"),
        ({"name": "a", "children": "a"}, "children"),
        ({"name": "a", "anything": [1, None, {}]}, None),
        ({"name": "a", "home": {"street": "s"}}, None),
        ({"name": "a", "home": {}}, "home.street"),
        ({"name": "a", "home": {"street": 1}}, "home.street"),
        ({"name": "a", "home": {"street": "s", "secret": 1}}, "home.?"),
        ({"name": "a", "home": "street"}, "home"),
        ({"name": "a", "alive": 1}, "alive"),
        ({"name": "a", "secret": 1}, "?"),
        ("name", ""),
    ],
)
def test_what_does_not_conform_is_named_by_its_path_and_never_by_its_value(record: Any, wrong: str | None) -> None:
    assert compile_record(SCHEMA)(record) == wrong
