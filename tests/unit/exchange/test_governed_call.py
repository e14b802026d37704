"""The governed call from the outside: what a department gets, and what is written before it gets it."""

from __future__ import annotations

from tests.unit.exchange.world import NAME, World


def test_evidence_is_delivered_with_seal_provenance_and_receipt(world: World) -> None:
    case = world.open_case()
    answer = world.ask(case, NAME)
    assert answer.status_code == 200, answer.text
    assert answer.json["status"] == "delivered"
    (item,) = answer.json["evidence"]
    assert item["data"] == {"name": "陈示例"}
