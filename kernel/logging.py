"""Structured logs: one JSON object a line, with the trace it belongs to and without what must not be written down.

Logs of libraries that use the standard ``logging`` pass the same processors, so nothing escapes the redaction.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any, TextIO

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

REDACTED = "[redacted]"

_SECRET_KEYS = frozenset(
    {
        "access_token",
        "api_key",
        "assertion",
        "authorization",
        "client_assertion",
        "client_secret",
        "code",
        "code_verifier",
        "cookie",
        "csrf_token",
        "dpop",
        "id_token",
        "otp",
        "password",
        "private_key",
        "proof",
        "refresh_token",
        "secret",
        "secret_key",
        "session",
        "set_cookie",
        "token",
        "totp_secret",
    }
)

_SECRET_VALUES = re.compile(
    r"eyJ[\w-]+(?:\.[\w-]*){1,4}"  # a JWT: base64url of '{"', then its other parts
    r"|(?<!\d)\d{17}[\dXx](?!\d)"  # a citizen number, GB 11643
    r"|(?<!\d)1[3-9]\d{9}(?!\d)"  # a mobile number
    r"|(?i:(?<=bearer )|(?<=dpop )|(?<=basic ))[\w.~+/=-]+"  # credentials, RFC 9110 §11.6.2
    r"|(?<=://)[^\s/@]+(?=@)"  # the user part of a URL
)
_SHORTEST_PERSONAL_NUMBER = 10**10
"""Integers below it have fewer than eleven digits, so they are neither a mobile nor a citizen number."""

_PEM = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)", re.DOTALL)


def configure(level: str, stream: TextIO) -> None:
    """Write JSON lines of ``level`` (``debug`` … ``error``) and above to ``stream``; once, when a process starts."""
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[*_shared(), structlog.processors.format_exc_info, redact, _as_json],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*_shared(), structlog.stdlib.add_logger_name],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                redact,
                _as_json,
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=max(number, logging.INFO), force=True)


def _shared() -> list[Processor]:
    return [
        _add_trace,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def logger(room: str) -> structlog.typing.FilteringBoundLogger:
    """A logger that names its room; events are past tense or a state, facts are keyword arguments."""
    bound: structlog.typing.FilteringBoundLogger = structlog.get_logger(room=room)
    return bound


_TRACED: ContextVar[Mapping[str, str]] = ContextVar("traced", default=MappingProxyType({}))


class traced:  # noqa: N801 - a context manager is called like a function
    """Everything logged inside carries the W3C trace id, and ``facts`` (never personal data).

    A class, because every request passes here and a generator costs three times as much.
    """

    __slots__ = ("_before", "_facts")

    def __init__(self, trace_id: str, **facts: str) -> None:
        facts["trace_id"] = trace_id
        self._facts = facts

    def __enter__(self) -> None:
        """Begin."""
        outside = _TRACED.get()
        self._before = _TRACED.set({**outside, **self._facts} if outside else self._facts)

    def __exit__(self, *_failure: object) -> None:
        """End, and never swallow what was raised."""
        _TRACED.reset(self._before)


def _add_trace(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    for name, value in _TRACED.get().items():
        event.setdefault(name, value)
    return event


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """The processor that takes secrets and personal numbers out of an event, however deep they sit."""
    return {key: _clean(key, value) for key, value in event.items()}


def _clean(key: str, value: Any) -> Any:
    if key.lower().replace("-", "_") in _SECRET_KEYS:
        return REDACTED
    if isinstance(value, str):
        return _PEM.sub(REDACTED, _SECRET_VALUES.sub(REDACTED, value))
    if isinstance(value, Mapping):
        return {str(inner): _clean(str(inner), member) for inner, member in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_clean("", member) for member in value]
    if value is None or isinstance(value, float) or (isinstance(value, int) and abs(value) < _SHORTEST_PERSONAL_NUMBER):
        return value
    return _clean("", str(value))


def _as_json(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    return orjson.dumps(event).decode()
