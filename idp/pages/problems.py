"""What can go wrong for a person in front of a page, and what they can do."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import ParamSpec

from idp.authentication.own_account import SignedOutMeanwhile
from idp.authentication.sessions import SessionEnded
from idp.interaction.flow import AlreadyFinished
from idp.interaction.visitor import OutOfReach
from kernel.database import DatabaseUnavailable
from kernel.ledger.errors import LedgerUnavailable
from kernel.problems import DATABASE_UNAVAILABLE, LEDGER_UNAVAILABLE, Fault, Problem, ProblemKind
from kernel.text import Text
from kernel.web.http import HttpResponse

P = ParamSpec("P")

_START_AGAIN = Text("请回到部门网站，重新开始。", "Go back to the department's website and start again.")

INTERACTION_GONE = ProblemKind(
    "interaction.gone",
    404,
    Fault.CITIZEN,
    Text("这次登录已经结束或过期", "This sign-in has ended or expired"),
    _START_AGAIN,
)
CATALOGUE_UNAVAILABLE = ProblemKind(
    "catalogue.unavailable",
    503,
    Fault.EXCHANGE,
    Text("暂时无法说明所申请的内容", "What is asked for cannot be explained right now"),
    Text("请稍等片刻，然后刷新本页。", "Wait a moment, then reload this page."),
)
REGISTER_SILENT = ProblemKind(
    "register.unavailable",
    503,
    Fault.PROVIDER,
    Text("登记机关暂时没有答复", "The business register does not answer right now"),
    Text("请稍后再试。", "Try again shortly."),
)

OUT_OF_REACH = ProblemKind(
    "assurance.out-of-reach",
    403,
    Fault.CITIZEN,
    Text("这个账户达不到所需的实名等级", "This account cannot reach the level of assurance needed here"),
    Text(
        "请先提升实名等级，并添加第二种登录方式。",
        "Have your identity proven further and add a second way of signing in.",
    ),
)

SIGNED_OUT = ProblemKind(
    "account.signed-out",
    403,
    Fault.CITIZEN,
    Text("您已退出登录，没有更改任何内容", "You were signed out meanwhile, and nothing was changed"),
    Text("请重新登录，然后再试一次。", "Sign in again, then try once more."),
)

SOON = (("Retry-After", "1"),)
"""RFC 9110 §10.2.3: what failed for want of a connection or a lock succeeds the next time."""

_PROBLEMS: dict[type[Exception], ProblemKind] = {
    AlreadyFinished: INTERACTION_GONE,
    SessionEnded: INTERACTION_GONE,
    SignedOutMeanwhile: SIGNED_OUT,
    OutOfReach: OUT_OF_REACH,
    DatabaseUnavailable: DATABASE_UNAVAILABLE,
    LedgerUnavailable: LEDGER_UNAVAILABLE,
}


def for_people(view: Callable[P, HttpResponse]) -> Callable[P, HttpResponse]:
    """A page's view whose failures become pages of their own."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            return view(*args, **kwargs)
        except tuple(_PROBLEMS) as error:
            kind = _PROBLEMS[type(error)]
            raise Problem(kind, headers=SOON if kind.status == HTTPStatus.SERVICE_UNAVAILABLE else ()) from error

    return guarded
