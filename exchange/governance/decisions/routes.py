"""The addresses of logged decisions."""

from __future__ import annotations

from exchange import errors
from exchange.governance.decisions.desk import DecisionAnswer, Decisions, DecisionsAnswer
from exchange.paging import BEFORE, LIMIT
from kernel.problems import INVALID_BODY, ProblemKind
from kernel.text import Text
from kernel.web.routes import Route

DECISIONS = "/v1/decisions"


def decision_routes(desk: Decisions, token: tuple[ProblemKind, ...]) -> tuple[Route, ...]:
    """Every route of this room; ``token`` is what refuses a caller."""
    listed, shown = Text("裁决记录", "Logged decisions"), Text("一项裁决及其依据的各款", "One decision, by clause")
    return (
        Route(
            "GET",
            DECISIONS,
            desk.list,
            "officer",
            listed,
            None,
            DecisionsAnswer,
            tag="decisions",
            parameters=(LIMIT, BEFORE),
            problems=(*token, INVALID_BODY),
        ),
        Route(
            "GET",
            f"{DECISIONS}/<decision>",
            desk.show,
            "officer",
            shown,
            None,
            DecisionAnswer,
            tag="decisions",
            problems=(*token, errors.DECISION_UNKNOWN),
        ),
    )
