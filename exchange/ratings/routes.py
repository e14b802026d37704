"""The addresses of ratings."""

from __future__ import annotations

from typing import Any

from exchange import errors
from exchange.paging import BEFORE
from exchange.ratings.desk import FORMS, RatingDesk
from exchange.ratings.forms import (
    RatedAnswer,
    RateForm,
    RatingAnswer,
    RatingsAnswer,
    RatingSummaryAnswer,
    UnratedAnswer,
)
from exchange.ratings.unrated import Unrated
from kernel.problems import INVALID_BODY, ProblemKind
from kernel.text import Text
from kernel.web.routes import Parameter, Route

_PAGING = (
    Parameter("state", Text("状态", "a state")),
    Parameter("limit", Text("每页条数，1 至 200", "ratings on a page, 1 to 200")),
    BEFORE,
)
_PERIOD = (
    Parameter("from", Text("起始时间（RFC 3339）", "start, RFC 3339")),
    Parameter("to", Text("截止时间（不含）", "end, exclusive")),
)
_SAID = {
    "confirm": Text("核实属实", "Find it justified"),
    "appeal": Text("认为恶意或误评，申请裁定", "Object to it as malicious or mistaken"),
    "exclude": Text("裁定不计入", "Decide that it does not count"),
    "uphold": Text("裁定计入并整改", "Decide that it counts"),
    "rectify": Text("已整改", "Say what was put right"),
    "call-back": Text("回访", "Say what came of calling back"),
}
_DECIDED = ("exclude", "uphold")
_WHO = {name: f"officer:{'governance' if name in _DECIDED else 'consumer'}-officer" for name in FORMS}


def rating_routes(desk: RatingDesk, unrated: Unrated, token: tuple[ProblemKind, ...]) -> tuple[Route, ...]:
    """Every route of this room; ``token`` are the problems of access tokens."""
    path = "/v1/ratings"
    one = f"{path}/<case>"
    rated = (*token, INVALID_BODY, errors.CASE_UNKNOWN, errors.RATING_TOO_EARLY, errors.RATING_GIVEN)
    more: dict[str, Any] = {"tag": "ratings", "problems": (*token, INVALID_BODY, errors.RATING_UNKNOWN)}
    failures = (errors.RATING_NOT_ALLOWED, errors.RATING_INCOMPLETE, errors.RATING_CHANGED)
    changing: dict[str, Any] = {"tag": "ratings", "problems": (*more["problems"], *failures)}
    counted: dict[str, Any] = {"tag": "ratings", "problems": (*token, errors.PERIOD_INVALID), "parameters": _PERIOD}
    own = Text("我可以评价的办件", "Cases of mine that I may rate")
    rate, listed = Text("评价一件办结的事", "Rate a case that ended"), Text("评价", "Ratings")
    summary = Text("各部门的评价", "Ratings by department")
    return (
        Route(
            "POST",
            "/v1/cases/<case>/rating",
            desk.rate,
            "citizen",
            rate,
            RateForm,
            RatedAnswer,
            success=201,
            tag="ratings",
            problems=rated,
        ),
        Route(
            "GET",
            "/v1/usage/cases",
            unrated.list,
            "citizen",
            own,
            None,
            UnratedAnswer,
            tag="ratings",
            problems=token,
            parameters=(BEFORE,),
        ),
        Route("GET", path, desk.list, "officer", listed, None, RatingsAnswer, parameters=_PAGING, **more),
        Route("GET", f"{path}/summary", desk.summary, "officer", summary, None, RatingSummaryAnswer, **counted),
        Route("GET", one, desk.show, "officer", Text("一件评价", "One rating"), None, RatingAnswer, **more),
        *(
            Route("POST", f"{one}/{name}", desk.command(name), _WHO[name], _SAID[name], form, RatingAnswer, **changing)
            for name, form in FORMS.items()
        ),
    )
