"""Another exchange that has a further question to whomever it is asked about, on paper; and our sources beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from connectors import registry as connectors
from connectors.memory import ADAPTER as MEMORY
from connectors.source import Source
from kernel.clock import SystemClock
from tests.doubles.paper_exchange import KIND, PRIVATE, PaperExchange

RIGHT = {"district": "500107"}
QUESTION = {
    "name": "district",
    "label": {"zh": "登记地区划代码", "en": "District of registration"},
    "help": {"zh": "六位数字", "en": "Six digits"},
    "type": "text",
    "pattern": "\\d{6}",
    "example": "500103",
}


def build(document: Mapping[str, Any]) -> Source:
    """A source by the clock of this machine, as another exchange goes by its own."""
    adapters = {**connectors.STANDARD, "memory": MEMORY}
    secrets = {"key": json.dumps(PRIVATE)}
    return connectors.build(document, secrets=secrets.__getitem__, roots=(), clock=SystemClock(), adapters=adapters)


class AskingExchange(PaperExchange):
    """Tells two records apart by the district, and keeps what it is told in ``told``.

    ``first`` is its problem for who asks without an answer, ``wrong`` for who asks with another one than the right.
    """

    def __init__(self) -> None:
        super().__init__()
        self.told: list[Mapping[str, str]] = []
        self.first: Mapping[str, Any] = needed(QUESTION)
        self.wrong: Mapping[str, Any] = {"code": "preview.answers-unmatched", "fault": "citizen", "attempts_left": 5}

    def evidence(self, asked: Mapping[str, Any], again: str = "") -> dict[str, Any]:
        answers = asked["evidence"][0].get("answers", {})
        if answers:
            self.told.append(answers)
        if answers == RIGHT:
            return super().evidence(asked, again)
        problem = self.wrong if answers else self.first
        return {"id": "er_0", "status": "failed", "evidence": [{"type": KIND, "status": "failed", "problem": problem}]}


def needed(*questions: Mapping[str, Any], left: int = 5) -> Mapping[str, Any]:
    """The problem by which it asks."""
    return {"code": "source.needs-answers", "fault": "provider", "attempts_left": left, "questions": [*questions]}


def register_of(other: PaperExchange, manifest: dict[str, Any], *relays: str) -> dict[str, Any]:
    """A connector's manifest, turned to another exchange."""
    spec = manifest["spec"]
    for name in ("memory", "further"):
        spec.pop(name, None)
    spec |= {"adapter": "exchange", "exchange": other.settings(relays=[*relays])}
    return manifest
