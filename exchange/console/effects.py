"""What a version of a grant would change, as its signers are shown it: proved for all requests, counted on past ones.

The examination and the counts are the API's own answers; here they become words and rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from exchange.console.attempt import HOME
from exchange.console.door import Door, Visitor, page
from exchange.console.inside import asking, told
from exchange.console.looking_back import LookingBack
from exchange.console.words import text_of
from exchange.governance.endpoints import Grants
from exchange.governance.simulation.endpoints import Impacts
from exchange.governance.simulation.impact import PERIODS
from exchange.governance.views import names
from exchange.in_force.snapshot import current
from kernel.identifiers.masking import Mask
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse
from kernel.web.pages import t
from kernel.web.routes import Route
from policies.grants.expectations import Verdict
from policies.grants.grant import Grant
from policies.grants.review import Answer, ChangeClass
from policies.grants.sentence import Name
from policies.roles import Role

_PERIODS = LookingBack(PERIODS, usual=PERIODS[0])
_ANSWER = "answer"
_DIRECTIONS = {
    "wider": ("near", Text("放宽", "wider")),
    "narrower": ("good", Text("收紧", "narrower")),
    "both": ("near", Text("有增有减", "both")),
    "neither": ("calm", Text("不影响", "neither")),
}
_ANSWERS = {
    Answer.NOBODY: ("good", Answer.NOBODY.text),
    Answer.EXAMPLE: ("near", Answer.EXAMPLE.text),
    Answer.NOT_PROVED: ("bad", Answer.NOT_PROVED.text),
}
"""What is known about a question of the change."""
_KEPT = {
    Answer.NOBODY: ("good", Text("已证明守住", "proved to hold")),
    Answer.EXAMPLE: ("bad", Text("没有守住", "broken")),
    Answer.NOT_PROVED: ("bad", Text("未能证明", "not proved")),
}
"""What is known about a standing invariant."""


@dataclass(frozen=True)
class Effects:
    """Reads what a version would change. The rooms are the API's own, entered by a session."""

    door: Door
    desk: Grants
    impacts: Impacts

    def signed(self, request: HttpRequest, grant: Grant) -> dict[str, Any]:
        """What a signature covers: proof and counts as they were kept at submission. Raises Problem."""
        examined = told(self.desk.examination(asking(request), grant.ref))
        return self._shown(grant, examined, examined["impact"])

    def _today(self, request: HttpRequest, grant: Grant, days: int) -> dict[str, Any]:
        """The counts of today beside the examination: for whoever wonders what has changed since."""
        examined = told(self.desk.examination(asking(request), grant.ref))
        counted = told(self.impacts.of_grant(asking(request, urlencode({"days": str(days)})), grant.ref))
        return self._shown(grant, examined, counted)

    def _shown(self, grant: Grant, examined: Mapping[str, Any], counted: Mapping[str, Any] | None) -> dict[str, Any]:
        name = names(current(self.door.access.policy).registry, grant.evidence_type)
        return {
            "examined": _examined(examined, name),
            "counted": None if counted is None else _counted(counted, name),
        }

    def show(self, visitor: Visitor, request: HttpRequest, grant: str) -> HttpResponse:
        """``…/effects``. Raises Problem."""
        state = self.desk.find(grant)
        days = _PERIODS.days(request.parameters().get("days"))
        at = f"{HOME}/grants/{quote(state.grant.ref)}"
        return page(
            "effects",
            visitor,
            request,
            title=Text(f"授权 {state.grant.ref} 会改变什么", f"What grant {state.grant.ref} would change"),
            periods=_PERIODS.tabs(lambda each: f"{at}/effects?days={each}", days),
            back=at,
            **self._today(request, state.grant, days),
        )

    def routes(self) -> tuple[Route, ...]:
        """The address."""
        said = Text("一项授权会改变什么", "What a grant would change")
        return (self.door.route("GET", "/grants/<grant>/effects", self.show, said),)


def _examined(found: Mapping[str, Any], name: Name) -> dict[str, Any]:
    change = ChangeClass(found["class"])
    return {
        "text": text_of(found["class_text"]),
        "tone": "near" if change.is_wider else "good",
        "kept": found["kept"],
        "at": datetime.fromisoformat(found["examined_at"]),
        "against": found["against"],
        "sensitive": [text_of(each) for each in found["sensitive"]],
        "reactivates": bool(found["reactivates"]),
        "provider_is_told": found["unconditional"] and not _asks_the_provider(found),
        "must_sign": [(text_of(each["text"]), each["signed"]) for each in found["must_sign"]],
        "findings": [_finding(each) for each in found["findings"]],
        "invariants": [_finding(each, _KEPT) for each in found["invariants"]],
        "expectations": [_trial(each) for each in found.get("expectations", ())],
        "differences": [(*_DIRECTIONS[each["direction"]], text_of(each["text"])) for each in found["differences"]],
        "matrix": [(t(name(row["name"])), *_forms(row["before"], row["after"])) for row in found["matrix"]["rows"]],
        "items": {
            kind: [t(name(each)) for each in listed] for kind, listed in found["matrix"]["service_items"].items()
        },
    }


def _asks_the_provider(found: Mapping[str, Any]) -> bool:
    return any(seat["role"] == Role.PROVIDER_OFFICER.value for seat in found["must_sign"])


def _finding(found: Mapping[str, Any], said: Mapping[Answer, tuple[str, Text]] | None = None) -> dict[str, Any]:
    answer = Answer(found["answer"])
    example = found.get("example")
    tone, text = (said or _ANSWERS)[answer]
    return {
        "question": text_of(found["text"]),
        "answer": text,
        "tone": tone,
        "example": None if example is None else text_of(example),
    }


def _trial(found: Mapping[str, Any]) -> dict[str, Any]:
    expected = Verdict(found["expect"]).text
    return {
        "asked": text_of(found["text"]),
        "grant": found["grant"],
        "expected": expected,
        "tone": "good" if found["holds"] else "bad",
        "outcome": Text("与预期相符", "as expected") if found["holds"] else Text("与预期不符", "not as expected"),
    }


def _forms(before: str | None, after: str | None) -> tuple[str | None, str | None]:
    """In which form something left, and would leave; None for not at all."""
    return _form(before), _form(after)


def _form(value: str | None) -> str | None:
    if value is None:
        return None
    return t("只答是否", "yes or no only") if value == _ANSWER else t(Mask(value).text)


def _counted(found: Mapping[str, Any], name: Name) -> dict[str, Any]:
    def rows(counts: Mapping[str, int]) -> list[tuple[str, int]]:
        return [(t(name(code)), number) for code, number in counts.items()]

    return {
        **{
            each: found[each]
            for each in (
                "days",
                "truncated",
                "considered",
                "newly_allowed",
                "newly_refused",
                "people",
                "people_refused",
            )
        },
        "quota": bool(found["not_simulated"]),
        "fields": rows(found["fields"]),
        "answers": rows(found["answers"]),
        "less_masked": rows(found["less_masked"]),
        "departments": [
            (t(name(one["organisation"])), one["newly_allowed"], one["newly_refused"]) for one in found["departments"]
        ],
    }
