"""The addresses of forwarding."""

from __future__ import annotations

from exchange import errors
from exchange.forwarding.desk import ForwardingDesk
from exchange.forwarding.forms import ForwardingAnswer, ForwardingChangeForm, ForwardingForm, ForwardingsAnswer
from kernel.problems import INVALID_BODY, LEDGER_UNAVAILABLE, ProblemKind
from kernel.text import Text
from kernel.web.routes import Route
from policies.forwarding import Command

_PATH = "/v1/forwardings"
_COMMANDS = {
    Command.PROVE: Text("再次发送确认链接", "Send the link that proves the address once more"),
    Command.CHANGE: Text("更改接收内容", "Change what goes there"),
    Command.END: Text("不再使用", "Use it no more"),
}


def forwarding_routes(desk: ForwardingDesk, token: tuple[ProblemKind, ...]) -> tuple[Route, ...]:
    """The addresses; ``token`` is what refuses a caller."""
    one = f"{_PATH}/<forwarding>"
    known = (*token, errors.FORWARDING_UNKNOWN)
    entering = (
        *(INVALID_BODY, LEDGER_UNAVAILABLE, errors.FORWARDING_NO_MAIL),
        *(errors.FORWARDINGS_TOO_MANY, errors.FORWARDING_ASKED_TOO_OFTEN),
    )
    moving = (
        *(INVALID_BODY, LEDGER_UNAVAILABLE, errors.FORWARDING_CHANGED),
        *(errors.FORWARDING_NOT_ALLOWED, errors.FORWARDING_ASKED_JUST_NOW, errors.FORWARDING_ASKED_TOO_OFTEN),
    )
    listed = Text("本人职务的消息接收地址", "Where messages of my offices are sent")
    entered = Text("登记消息接收地址", "Have messages of an office sent somewhere")
    shown = Text("一个接收地址及送达情况", "One address, and what became of what was sent there")
    return (
        Route("GET", _PATH, desk.list, "officer", listed, None, ForwardingsAnswer, tag="messages", problems=token),
        Route(
            "POST",
            _PATH,
            desk.enter,
            "officer",
            entered,
            ForwardingForm,
            ForwardingAnswer,
            tag="messages",
            success=201,
            problems=(*token, *entering),
        ),
        Route("GET", one, desk.show, "officer", shown, None, ForwardingAnswer, tag="messages", problems=known),
        *(
            Route(
                "POST",
                f"{one}/{name.value}",
                desk.command(name.value),
                "officer",
                said,
                ForwardingChangeForm if name is Command.CHANGE else None,
                ForwardingAnswer,
                tag="messages",
                problems=(*known, *moving),
            )
            for name, said in _COMMANDS.items()
        ),
    )
