"""The addresses of events."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema

from exchange import errors
from exchange.events.cloud_event import SCHEMAS
from exchange.events.desk import EventDesk
from exchange.events.forms import (
    DataSchemaAnswer,
    DepartmentSubscriptionAnswer,
    DepartmentSubscriptionForm,
    DepartmentSubscriptionsAnswer,
    EventsAnswer,
    SendAgainForm,
    SubscriptionAnswer,
    SubscriptionForm,
    SubscriptionOffersAnswer,
    SubscriptionsAnswer,
    ToldEventsAnswer,
)
from exchange.events.subscription_desk import SubscriptionDesk
from exchange.paging import BEFORE, LIMIT
from kernel.problems import INVALID_BODY, LEDGER_UNAVAILABLE, ProblemKind
from kernel.text import Text
from kernel.web.http import Endpoint
from kernel.web.routes import Parameter, Route
from policies.subscriptions import SUBSCRIBERS, Command

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


_SHOW = Parameter("show", Text("all 全部，stuck 只看送不到的", "all, or stuck: those whose events do not arrive"))
_COMMANDS = {
    Command.PAUSE: Text("暂停", "Pause it: events queue on"),
    Command.RESUME: Text("恢复", "Take it up again"),
    Command.SEND_AGAIN: Text("重新推送", "Push again, at once"),
    Command.END: Text("终止", "End it for good"),
}


def subscription_routes(desk: SubscriptionDesk, token: tuple[ProblemKind, ...]) -> tuple[Route, ...]:
    """The addresses of officers; ``token`` is what refuses a caller."""
    path = "/v1/department/subscriptions"
    one = f"{path}/<subscription>"
    known = (errors.SUBSCRIPTION_UNKNOWN, errors.SUBSCRIPTION_NOT_ALLOWED)
    making = (
        *(errors.SYSTEM_NOT_OURS, errors.EVENT_NOT_GRANTED, errors.WEBHOOK_MISSING),
        *(errors.SUBSCRIPTIONS_TOO_MANY, errors.SYSTEM_SUSPENDED),
    )
    moving = (*known, errors.SUBSCRIPTION_CHANGED, INVALID_BODY, LEDGER_UNAVAILABLE)
    said = Text("一个订阅", "One subscription")
    return (
        _officers(
            "GET",
            path,
            desk.list,
            Text("本部门的事件订阅", "Subscriptions of my department"),
            DepartmentSubscriptionsAnswer,
            (*token, INVALID_BODY),
            parameters=(_SHOW, LIMIT, BEFORE),
        ),
        _officers(
            "GET",
            f"{path}/offers",
            desk.offered,
            Text("可以订阅什么", "What may be subscribed to"),
            SubscriptionOffersAnswer,
            token,
        ),
        _officers(
            "POST",
            path,
            desk.subscribe,
            Text("为本部门的系统订阅", "Subscribe for a system of my department"),
            DepartmentSubscriptionAnswer,
            (*token, INVALID_BODY, LEDGER_UNAVAILABLE, *making),
            access=f"officer:{'|'.join(sorted(SUBSCRIBERS))}",
            form=DepartmentSubscriptionForm,
            success=201,
        ),
        _officers("GET", one, desk.show, said, DepartmentSubscriptionAnswer, (*token, *known)),
        _officers(
            "GET",
            f"{one}/events",
            desk.events,
            Text("告知过和等待中的事件", "Events told and waiting"),
            ToldEventsAnswer,
            (*token, *known, INVALID_BODY),
            parameters=(LIMIT, BEFORE),
        ),
        *(
            _officers(
                "POST",
                f"{one}/{name.value}",
                desk.command(name.value),
                words,
                DepartmentSubscriptionAnswer,
                (*token, *moving),
                form=SendAgainForm if name is Command.SEND_AGAIN else None,
            )
            for name, words in _COMMANDS.items()
        ),
    )


def _officers(
    method: str,
    path: str,
    endpoint: Endpoint,
    said: Text,
    answer: type[Schema],
    problems: tuple[ProblemKind, ...],
    access: str = "officer",
    form: type[Schema] | None = None,
    **more: Any,
) -> Route:
    return Route(method, path, endpoint, access, said, form, answer, tag="events", problems=problems, **more)
