"""The addresses of challenges."""

from __future__ import annotations

from typing import Any

from exchange import errors
from exchange.challenges.desk import COMMANDS, WHO, ChallengeDesk
from exchange.challenges.forms import (
    ChallengeAnswer,
    ChallengeForm,
    ChallengeReasonForm,
    ChallengesAnswer,
    OwnChallengeAnswer,
)
from exchange.challenges.opening import Challenging
from exchange.paging import BEFORE, LIMIT
from kernel.problems import INVALID_BODY, ProblemKind
from kernel.text import Text
from kernel.web.routes import Parameter, Route
from policies.roles import Role

_PAGING = (Parameter("state", Text("状态", "a state")), LIMIT, BEFORE)
_SAID = {
    "explain": Text("说明使用正当", "Explain that the use was in order"),
    "uphold": Text("异议成立，说明如何处理", "Uphold the challenge, and say what was done"),
}


def challenge_routes(
    challenging: Challenging, desk: ChallengeDesk, token: tuple[ProblemKind, ...]
) -> tuple[Route, ...]:
    """Every route of this room; ``token`` are the problems of access tokens."""
    path = "/v1/challenges"
    one, readers = f"{path}/<challenge>", f"officer:{'|'.join(role.value for role in WHO)}"
    opened = (*token, INVALID_BODY, errors.ENTRY_UNKNOWN, errors.CHALLENGE_GIVEN)
    more: dict[str, Any] = {"tag": "challenges", "problems": (*token, INVALID_BODY, errors.CHALLENGE_UNKNOWN)}
    failures = (errors.CHALLENGE_NOT_ALLOWED, errors.CHALLENGE_INCOMPLETE, errors.CHALLENGE_CHANGED)
    changing: dict[str, Any] = {"tag": "challenges", "problems": (*more["problems"], *failures)}
    given, followed = Text("提出异议：不是本人的事", "Say that a use was not mine"), Text("我的异议", "My challenge")
    listed, shown = Text("使用异议", "Challenges"), Text("一件使用异议", "One challenge")
    answers = f"officer:{Role.DATA_PROTECTION_OFFICER.value}"
    return (
        Route(
            "POST",
            "/v1/usage/<entry>/challenges",
            challenging.open,
            "citizen",
            given,
            ChallengeForm,
            OwnChallengeAnswer,
            success=201,
            tag="challenges",
            problems=opened,
        ),
        Route(
            "GET",
            "/v1/usage/challenges/<challenge>",
            challenging.show,
            "citizen",
            followed,
            None,
            OwnChallengeAnswer,
            tag="challenges",
            problems=(*token, errors.CHALLENGE_UNKNOWN),
        ),
        Route("GET", path, desk.list, readers, listed, None, ChallengesAnswer, parameters=_PAGING, **more),
        Route("GET", one, desk.show, readers, shown, None, ChallengeAnswer, **more),
        *(
            Route(
                "POST",
                f"{one}/{name}",
                desk.command(name),
                answers,
                _SAID[name],
                ChallengeReasonForm,
                ChallengeAnswer,
                **changing,
            )
            for name in COMMANDS
        ),
    )
