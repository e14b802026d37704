"""The addresses of events."""

from __future__ import annotations

from typing import Any

from exchange import errors
from exchange.events.cloud_event import SCHEMAS
from exchange.events.desk import EventDesk
from exchange.events.forms import (
    DataSchemaAnswer,
    EventsAnswer,
    SubscriptionAnswer,
    SubscriptionForm,
    SubscriptionsAnswer,
)
from kernel.problems import INVALID_BODY, LEDGER_UNAVAILABLE, ProblemKind
from kernel.text import Text
from kernel.web.routes import Parameter, Route

EVENTS = "/v1/events"
_SUBSCRIPTIONS = f"{EVENTS}/subscriptions"
_CURSOR = (
    Parameter("subscription", Text("订阅编号", "the subscription"), required=True),
    Parameter("after", Text("上一次的 cursor：确认收到", "the cursor of the last answer: acknowledges it")),
    Parameter("limit", Text("每页条数，1 至 200", "events on a page, 1 to 200")),
)
_MOVES = {
    "pause": Text("暂停订阅", "Pause a subscription"),
    "resume": Text("恢复订阅", "Take a subscription up again"),
    "end": Text("终止订阅", "End a subscription"),
}


def event_routes(desk: EventDesk, token: tuple[ProblemKind, ...]) -> tuple[Route, ...]:
    """The addresses; ``token`` is what refuses a caller."""
    problems = (*token, errors.SYSTEM_UNKNOWN, errors.SYSTEM_SUSPENDED)
    writing = (*problems, LEDGER_UNAVAILABLE, INVALID_BODY)
    moving: dict[str, Any] = {
        "tag": "events",
        "problems": (*writing, errors.SUBSCRIPTION_UNKNOWN, errors.SUBSCRIPTION_CHANGED),
    }
    moves = {"pause": desk.pause, "resume": desk.resume, "end": desk.end}
    return (
        Route(
            "POST",
            _SUBSCRIPTIONS,
            desk.subscribe,
            "system",
            Text("订阅变更事件", "Subscribe to changes"),
            SubscriptionForm,
            SubscriptionAnswer,
            tag="events",
            success=201,
            problems=(*writing, errors.EVENT_NOT_GRANTED, errors.WEBHOOK_MISSING, errors.SUBSCRIPTIONS_TOO_MANY),
        ),
        Route(
            "GET",
            _SUBSCRIPTIONS,
            desk.list,
            "system",
            Text("本系统的订阅", "My subscriptions"),
            None,
            SubscriptionsAnswer,
            tag="events",
            problems=problems,
        ),
        *(
            Route(
                "POST",
                f"{_SUBSCRIPTIONS}/<subscription>/{name}",
                moves[name],
                "system",
                said,
                None,
                SubscriptionAnswer,
                **moving,
            )
            for name, said in _MOVES.items()
        ),
        Route(
            "GET",
            EVENTS,
            desk.pull,
            "system",
            Text("取得等待中的事件", "Pull the events that wait"),
            None,
            EventsAnswer,
            tag="events",
            parameters=_CURSOR,
            problems=(*problems, INVALID_BODY, errors.SUBSCRIPTION_UNKNOWN, errors.SUBSCRIPTION_NOT_PULLED),
        ),
        Route(
            "GET",
            f"{SCHEMAS}/<kind>",
            desk.schema,
            "anyone",
            Text("事件数据的结构", "What stands in the data of an event"),
            None,
            DataSchemaAnswer,
            tag="events",
            problems=(errors.EVENT_KIND_UNKNOWN,),
        ),
    )
