"""Liveness and readiness: is the process alive, and can it serve right now?"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from marshmallow import Schema, fields, validate

from kernel.logging import logger
from kernel.text import Text
from kernel.web.errors import frames
from kernel.web.http import HttpRequest, HttpResponse, json_response
from kernel.web.routes import Reply, Route

_NOT_READY = Text("尚不能提供服务", "It cannot serve yet")
_RETRY_SOON = (("Retry-After", "1"),)


class AliveAnswer(Schema):
    """The process answers."""

    status = fields.String(required=True, validate=validate.Equal("alive"))


class ReadyAnswer(Schema):
    """What was looked at; with status 503 `not-ready`, in the same form."""

    status = fields.String(required=True, validate=validate.OneOf(["ready", "not-ready"]))
    checks = fields.Dict(fields.String(), fields.String(validate=validate.OneOf(["passing", "failing"])), required=True)


class Health:
    """Named readiness checks; each returns when all is well and raises anything when it is not."""

    def __init__(self, checks: Mapping[str, Callable[[], None]]) -> None:
        """`checks` by name, e.g. database, keys, policy epoch, revocation feed, ledger."""
        self._checks = dict(checks)

    def failing(self) -> tuple[str, ...]:
        """Names of the checks that fail now."""
        return tuple(name for name, check in self._checks.items() if not _passes(name, check))

    def alive(self, request: HttpRequest) -> HttpResponse:
        """200 as long as the process answers."""
        del request
        return json_response({"status": "alive"})

    def ready(self, request: HttpRequest) -> HttpResponse:
        """200 when every check passes, otherwise 503; names the checks, never why one fails (that is in the log)."""
        del request
        failing = self.failing()
        checks = {name: "failing" if name in failing else "passing" for name in self._checks}
        if failing:
            return json_response({"status": "not-ready", "checks": checks}, 503, _RETRY_SOON)
        return json_response({"status": "ready", "checks": checks})

    def routes(self) -> tuple[Route, ...]:
        """/healthz and /readyz."""
        alive = Text("进程是否存活", "Whether the process is alive")
        ready = Text("是否可以提供服务", "Whether it can serve now")
        return (
            Route("GET", "/healthz", self.alive, "anyone", alive, None, AliveAnswer, tag="operations", hot=True),
            Route(
                "GET",
                "/readyz",
                self.ready,
                "anyone",
                ready,
                None,
                ReadyAnswer,
                tag="operations",
                hot=True,
                replies=(Reply(503, _NOT_READY, ReadyAnswer),),
            ),
        )


def _passes(name: str, check: Callable[[], None]) -> bool:
    try:
        check()
    except Exception as error:  # noqa: BLE001 - whatever is wrong, the answer is "not ready"
        logger("web").warning(
            "readiness_check_failed", check=name, exception=type(error).__qualname__, at=frames(error)
        )
        return False
    return True
