"""The addresses of previews."""

from __future__ import annotations

from typing import Any

from connectors.errors import SourceBusy, SourceTimedOut, SourceUnavailable
from exchange import errors
from exchange.previews.desk import PreviewDesk
from exchange.previews.forms import (
    FurtherAnswersForm,
    PreviewAnswer,
    PreviewReplyAnswer,
    PreviewReplyForm,
    PreviewsAnswer,
)
from kernel.problems import INVALID_BODY, LEDGER_UNAVAILABLE, ProblemKind
from kernel.text import Text
from kernel.web.routes import Route

PREVIEWS = "/v1/previews"
_ONE = f"{PREVIEWS}/<request>/<item>"
_FURTHER = (errors.ANSWERS_UNMATCHED, SourceUnavailable.kind, SourceTimedOut.kind, SourceBusy.kind)


def preview_routes(desk: PreviewDesk, token: tuple[ProblemKind, ...]) -> tuple[Route, ...]:
    """Every route of this room; ``token`` are the problems of access tokens."""
    reading: dict[str, Any] = {"tag": "previews", "problems": (*token, errors.NOT_ALLOWED)}
    kept = (
        errors.PREVIEW_UNKNOWN,
        errors.PREVIEW_OVER,
        errors.PREVIEW_NEEDS_STRONGER,
        errors.POLICY_STALE,
        errors.ANSWERS_EXHAUSTED,
    )
    one: dict[str, Any] = {"tag": "previews", "problems": (*reading["problems"], *kept)}
    answering = (INVALID_BODY, errors.PREVIEW_CHANGED, errors.NOT_WAITING, LEDGER_UNAVAILABLE)
    writing: dict[str, Any] = {"tag": "previews", "problems": (*one["problems"], *answering)}
    telling: dict[str, Any] = {"tag": "previews", "problems": (*writing["problems"], *_FURTHER)}
    told = Text("回答提供部门的追问", "Answer the further questions of the providing department")
    listed = Text("等待我预览的材料", "What waits for my preview")
    shown = Text("将要提供的全部内容", "Exactly what would be provided")
    said = Text("同意提供、不提供或指出有误", "Provide it, do not, or say that it is wrong")
    return (
        Route("GET", PREVIEWS, desk.list, "citizen", listed, None, PreviewsAnswer, **reading),
        Route("GET", _ONE, desk.show, "citizen", shown, None, PreviewAnswer, **one),
        Route("POST", _ONE, desk.reply, "citizen", said, PreviewReplyForm, PreviewReplyAnswer, **writing),
        Route("POST", f"{_ONE}/answers", desk.tell, "citizen", told, FurtherAnswersForm, PreviewReplyAnswer, **telling),
    )
