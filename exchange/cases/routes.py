"""The addresses of what watches over look-ups: locks of systems, and which officer looked up what."""

from __future__ import annotations

from exchange import errors
from exchange.cases.locks import LIFTERS, LiftLockForm, LockAnswer, Locks, LocksAnswer
from exchange.cases.trace import READERS, LookUpsAnswer, Trace
from exchange.paging import BEFORE, LIMIT
from kernel.problems import INVALID_BODY, ProblemKind
from kernel.text import Text
from kernel.web.routes import Parameter, Route

_WHICH = (
    Parameter("officer", Text("经办人（账本中的代号）", "an officer, as the log names them")),
    Parameter("case", Text("办件编号", "a case")),
)


def watch_routes(
    locks: Locks, trace: Trace, period: tuple[Parameter, ...], token: tuple[ProblemKind, ...]
) -> tuple[Route, ...]:
    """Every route of locks and look-ups; ``token`` are the problems of access tokens."""
    listed, lifted = Text("被锁定的业务系统", "Locked systems"), Text("解除锁定", "Lift a lock")
    traced = Text("经办人查询记录", "Look-ups by officers")
    return (
        Route(
            "GET",
            "/v1/system-locks",
            locks.list,
            "officer",
            listed,
            None,
            LocksAnswer,
            tag="cases",
            parameters=(LIMIT, BEFORE),
            problems=(*token, INVALID_BODY),
        ),
        Route(
            "POST",
            "/v1/system-locks/<lock>/lift",
            locks.lift,
            f"officer:{'|'.join(role.value for role in LIFTERS)}",
            lifted,
            LiftLockForm,
            LockAnswer,
            tag="cases",
            problems=(*token, INVALID_BODY, errors.LOCK_UNKNOWN),
        ),
        Route(
            "GET",
            "/v1/officer-look-ups",
            trace.list,
            f"officer:{'|'.join(role.value for role in READERS)}",
            traced,
            None,
            LookUpsAnswer,
            tag="usage",
            parameters=(*_WHICH, *period, LIMIT, BEFORE),
            problems=(*token, INVALID_BODY, errors.PERIOD_INVALID),
        ),
    )
