"""What takes part in a comparison: a program that can be started, checked and loaded."""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.load import Request
from tests.benchmarks.processes import Processes

FORM = ("Content-Type", "application/x-www-form-urlencoded")
JSON_BODY = ("Content-Type", "application/json")


class CheckFailed(Exception):
    """An answer is not right; nothing about it is timed."""


class NotRun(Exception):
    """A contender is missing; the text says why and how to install it."""


@dataclass(frozen=True)
class Work:
    """One kind of work that a contender does.

    ``check`` sends one request and raises CheckFailed unless everything about the answer is right; ``request`` is made
    anew before each round; ``once`` makes so many single-use values for it; ``recorded`` counts durable records.
    """

    check: Callable[[], None]
    request: Callable[[], Request]
    once: Callable[[Request, int], Sequence[str]] | None = None
    recorded: Callable[[], int] | None = None


class Contender(ABC):
    """A program under comparison. ``name`` stands in the table; ``versions`` in the JSON."""

    name: str

    @abstractmethod
    def start(self, processes: Processes, folder: Path) -> None:
        """Start on free ports with fresh data below ``folder``. Raises NotRun, NotReady."""

    @abstractmethod
    def programs(self) -> Sequence[str]:
        """The programs whose CPU time and memory count."""

    @abstractmethod
    def works(self) -> Mapping[str, Work]:
        """What it does, by case."""

    def versions(self) -> Mapping[str, str]:
        """Versions of what it is made of."""
        return {}


def basic(client_id: str, secret: str) -> tuple[str, str]:
    """The Authorization header of ``client_secret_basic``."""
    return "Authorization", "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()


def bearer(token: str) -> tuple[str, str]:
    """The Authorization header of RFC 6750 §2.1."""
    return "Authorization", f"Bearer {token}"


def send(request: Request, once: str | None = None) -> tuple[int, bytes]:
    """Send a prepared request one time, and return status and body."""
    headers = {name: value if once is None else value.replace("@ONCE@", once) for name, value in request.headers}
    url = f"http://127.0.0.1:{request.port}{request.path}"
    body = request.body if once is None else request.body.replace(b"@ONCE@", once.encode())
    message = urllib.request.Request(url, body or None, headers, method=request.method)
    try:
        with urllib.request.urlopen(message, timeout=20) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read()


def send_json(request: Request, once: str | None = None) -> Any:
    """As ``send``; the parsed body of a 200 or 201 answer. Raises CheckFailed."""
    status, body = send(request, once)
    require(status in {200, 201}, f"{request.method} {request.path} answered {status}: {body[:300]!r}")
    return json.loads(body)


def require(holds: bool, otherwise: str) -> None:
    """Raise CheckFailed unless it holds."""
    if not holds:
        raise CheckFailed(otherwise)
