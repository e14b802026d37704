"""Decisions that were logged: the newest, one found by its name, and by which clauses it was permitted or refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from exchange import errors
from exchange.console.attempt import HOME
from exchange.console.door import Door, Visitor, page
from exchange.console.inside import asking, told
from exchange.console.words import listed, text_of, with_code
from exchange.governance.decisions.desk import Decisions
from exchange.governance.decisions.retelling import Result
from exchange.governance.views import names
from exchange.in_force.snapshot import current
from kernel.identifiers.masking import Mask
from kernel.problems import Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, redirect
from kernel.web.pages import t
from kernel.web.routes import Route
from policies.grants.terms import Obligation
from policies.obligations import in_words

DECISIONS = f"{HOME}/decisions"
_LONGEST_NAME = 100
_NOT_FOUND = 404


@dataclass(frozen=True)
class DecisionPages:
    """The pages. ``desk`` is the API's own, entered by a session."""

    door: Door
    desk: Decisions

    def list(self, visitor: Visitor, request: HttpRequest) -> HttpResponse:
        """The newest decisions that this officer may read, and the field to find one by its name. Raises Problem."""
        asked = request.parameters()
        wanted = asked.get("decision", "").strip()[:_LONGEST_NAME]
        if wanted and self._found(request, wanted) is not None:
            return redirect(f"{DECISIONS}/{quote(wanted)}")
        query = {"before": asked["before"]} if asked.get("before") else {}
        found = told(self.desk.list(asking(request, urlencode(query))))
        return page(
            "decisions",
            visitor,
            request,
            status=_NOT_FOUND if wanted else 200,
            title=_TITLE,
            rows=[_row(one) for one in found["decisions"]],
            following=f"{DECISIONS}?{urlencode({'before': found['next']})}" if found["next"] else "",
            typed=wanted,
            error=errors.DECISION_UNKNOWN.title if wanted else None,
            hint=errors.DECISION_UNKNOWN.next_step,
        )

    def show(self, visitor: Visitor, request: HttpRequest, decision: str) -> HttpResponse:
        """One decision, by every entry that it stands in. Raises Problem."""
        found = self._found(request, decision)
        if found is None:
            return redirect(f"{DECISIONS}?{urlencode({'decision': decision[:_LONGEST_NAME]})}")
        name = names(current(self.door.access.policy).registry, found["evidence_type"]["code"])
        return page(
            "decision",
            visitor,
            request,
            title=Text(f"裁决 {found['decision']}", f"Decision {found['decision']}"),
            facts=[(label, with_code(found[member])) for member, label in _PARTIES.items()],
            entries=[_entry(one, name) for one in found["entries"]],
            back=DECISIONS,
        )

    def routes(self) -> tuple[Route, ...]:
        """The addresses."""
        return (
            self.door.route("GET", "/decisions", self.list, _TITLE),
            self.door.route("GET", "/decisions/<decision>", self.show, Text("一项裁决", "One decision")),
        )

    def _found(self, request: HttpRequest, decision: str) -> Any:
        try:
            return told(self.desk.show(asking(request), decision))
        except Problem as problem:
            if problem.kind is errors.DECISION_UNKNOWN:
                return None
            raise


def _row(one: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": one["decision"],
        "href": f"{DECISIONS}/{quote(one['decision'])}",
        "at": datetime.fromisoformat(one["at"]),
        "consumer": text_of(one["consumer"]["name"]),
        "what": text_of(one["evidence_type"]["name"]),
        "item": text_of(one["service_item"]["name"]),
        "said": SAID[one["said"]],
        "tone": _TONES[one["said"]],
        "outcome": OUTCOMES.get(one["outcome"], Text(one["outcome"], one["outcome"])),
    }


def _entry(one: Mapping[str, Any], name: Any) -> dict[str, Any]:
    said, again = one["said"], one["again"]
    return {
        "entry": one["entry"],
        "event": EVENTS.get(one["event"], Text(one["event"], one["event"])),
        "at": datetime.fromisoformat(one["recorded_at"]),
        "reason": one["reason"],
        "asked": one["asked"],
        "said": None if said is None else SAID[said["decision"]],
        "tone": None if said is None else _TONES[said["decision"]],
        "permit": said is not None and said["decision"] == "permit",
        "grants": [] if said is None else said["grants"],
        "clauses": [] if said is None else said["clauses"],
        "carries": [] if said is None else _carries(said, name),
        "again": again,
        "otherwise": None if again is None or "said" not in again else SAID[again["said"]["decision"]],
        "result": None if again is None else _RESULTS[Result(again["result"])],
    }


def _carries(said: Mapping[str, Any], name: Any) -> list[tuple[str, str]]:
    """What may leave by a permit, as label and value."""
    released = [(t(name(field)), t(Mask(mask).text)) for field, mask in said.get("release", {}).items()]
    answered = listed(name(one) for one in said.get("predicates", ()))
    duties = listed(in_words(Obligation.parse(text)) for text in said.get("obligations", ()))
    more = ((t("是非问题", "Yes/no questions"), t(answered)), (t("附带义务", "Obligations"), t(duties)))
    return [*released, *((label, value) for label, value in more if value)]


_TITLE = Text("裁决记录", "Decisions")
_PARTIES: Mapping[str, Text] = {
    "consumer": Text("使用部门", "Who asked"),
    "provider": Text("提供部门", "Whose evidence"),
    "evidence_type": Text("材料", "Evidence"),
    "service_item": Text("用于事项", "For"),
}
SAID: Mapping[str, Text] = {"permit": Text("准予", "Permitted"), "deny": Text("拒绝", "Refused")}
_TONES = {"permit": "good", "deny": "bad"}
_NOT_AGAIN = Text("不能重算", "Not made again")
_RESULTS: Mapping[Result, tuple[Text, str]] = {
    Result.AGREES: (Text("一致", "The same"), "good"),
    Result.DIFFERS: (Text("不一致", "Otherwise"), "bad"),
    Result.OTHER_RULES: (_NOT_AGAIN, "calm"),
    Result.LOST: (_NOT_AGAIN, "calm"),
}
OUTCOMES: Mapping[str, Text] = {
    "released": Text("已提供", "Provided"),
    "refused": Text("未提供", "Not provided"),
    "failed": Text("未能取得", "Not obtained"),
    "waiting": Text("等待答复", "Waits for an answer"),
}
"""What became of the item."""
EVENTS: Mapping[str, Text] = {
    "EvidenceReleased": Text("提供了材料", "Evidence was provided"),
    "EvidenceRefused": Text("未予提供", "Evidence was refused"),
    "RetrievalFailed": Text("未能取得材料", "Evidence could not be obtained"),
    "AnswerAwaited": Text("等待提供部门人员答复", "Waiting for somebody at the provider"),
    "PreviewOffered": Text("等待本人预览", "Waiting for the person's preview"),
    "FurtherQuestionsPut": Text("等待本人回答追问", "Waiting for the person's further answers"),
    "RetrievalDeferred": Text("等待数据来源", "Waiting for the source"),
}
"""Ledger entries that a decision stands in."""
