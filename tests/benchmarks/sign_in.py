"""``--sign-in``: what a stranger can learn from how long sign-in takes, and what hashing does to token traffic.

Neither is a comparison with a peer, and neither is a test: the first shows distributions, the second two latencies.
"""

from __future__ import annotations

import contextlib
import re
import statistics
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from html import unescape
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from idp.administration import Administration
from idp.model.person import NewPerson
from kernel.entropy import SystemEntropy, token
from tests.benchmarks import load, meter
from tests.benchmarks.codes import CALLBACK, CHALLENGE, WEB_CLIENT
from tests.benchmarks.identity import TongbanIdentity
from tests.benchmarks.processes import Processes

KINDS = ("unknown name", "known name, wrong password", "disabled account, right password")
PASSWORD = "benchmark password"
_ACTION = re.compile(r'<form[^>]*?action="([^"]*)"[^>]*>(?:(?!</form>).)*name="password"', re.DOTALL)
_FIELD = re.compile(r"<input([^>]*)>")
_ATTRIBUTE = re.compile(r'([a-z-]+)="([^"]*)"')


class Page:
    """The sign-in page as one browser has it open. Each try comes from another address, so that none is throttled."""

    def __init__(self, origin: str) -> None:
        self._origin, self._tries = origin, 0
        self._open = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar())).open
        asked = {
            "client_id": WEB_CLIENT,
            "redirect_uri": CALLBACK,
            "response_type": "code",
            "scope": "openid",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        with self._open(f"{origin}/authorize?{urllib.parse.urlencode(asked)}", timeout=20) as answer:
            page, shown_at = answer.read().decode(), answer.url
        action = _ACTION.search(page)
        self._url = urllib.parse.urljoin(shown_at, unescape(action[1]) if action else "")
        fields = [dict(_ATTRIBUTE.findall(found)) for found in _FIELD.findall(page)]
        hidden = [field for field in fields if field.get("type") == "hidden"]
        self._hidden = {field["name"]: unescape(field["value"]) for field in hidden}

    def attempt(self, username: str, password: str) -> tuple[int, float]:
        """Status and seconds of one try."""
        self._tries += 1
        body = urllib.parse.urlencode({**self._hidden, "username": username, "password": password}).encode()
        address = f"198.51.{self._tries // 250 % 250}.{self._tries % 250}"
        message = urllib.request.Request(self._url, body, {"X-Forwarded-For": address, "Origin": self._origin})
        started = time.perf_counter()
        try:
            with self._open(message, timeout=60) as answer:
                answer.read()
                status = answer.status
        except urllib.error.HTTPError as refused:
            refused.read()
            status = refused.code
        return status, time.perf_counter() - started


def run(quick: bool) -> dict[str, Any]:
    """Both measurements on a fresh service."""
    tries = 20 if quick else 100
    with tempfile.TemporaryDirectory(prefix="tongban-bench-") as folder, Processes(Path(folder) / "logs") as processes:
        subject = TongbanIdentity(environment={"TONGBAN_IDP__TRUSTED_PROXIES": "127.0.0.1"})
        subject.start(processes, Path(folder))
        names = people(subject, tries)
        found = {"enumeration": enumeration(subject, names), "beside": beside(subject, processes, quick)}
    show(found)
    return found


def people(subject: TongbanIdentity, count: int) -> Mapping[str, Sequence[str]]:
    """So many names of each kind; every name is tried once, as a stranger who goes through a list does."""
    names = {kind: [f"person-{number}-{kind.partition(' ')[0]}" for number in range(count)] for kind in KINDS}
    with Administration.open(subject.settings.idp) as idp:
        for name in names[KINDS[1]]:
            idp.people.add(NewPerson(name, "基准测试", token(SystemEntropy())))
        for name in names[KINDS[2]]:
            idp.people.add(NewPerson(name, "基准测试", PASSWORD))
            idp.people.disable(name)
    return names


def enumeration(subject: TongbanIdentity, names: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    """The kinds in turn, one at a time."""
    page = Page(subject.settings.idp.issuer)
    page.attempt("warm-up", PASSWORD)
    seconds: dict[str, list[float]] = {kind: [] for kind in KINDS}
    statuses: dict[str, set[int]] = {kind: set() for kind in KINDS}
    for tried in zip(*names.values(), strict=True):
        for kind, name in zip(names, tried, strict=True):
            status, took = page.attempt(name, PASSWORD)
            seconds[kind].append(took)
            statuses[kind].add(status)
    reference = seconds[KINDS[0]]
    return [
        {
            "kind": kind,
            "tries": len(took),
            "statuses": sorted(statuses[kind]),
            **{f"p{share}_ms": quantile(took, share) * 1e3 for share in (10, 50, 90)},
            "told_apart": told_apart(reference, took),
        }
        for kind, took in seconds.items()
    ]


def beside(subject: TongbanIdentity, processes: Processes, quick: bool) -> list[dict[str, Any]]:
    """Token traffic at a concurrency of four, alone and while people sign in without a pause, in turn."""
    found: list[dict[str, Any]] = []
    for _ in range(2 if quick else 5):
        for hashing in (False, True):
            with signing_in(subject, 2 if hashing else 0) as done:
                root = processes.pid("tongban-idp")
                cpu, before = meter.cpu_seconds([root]), len(done)
                measured = load.run(subject.works()["client-credentials"].request(), seconds=3, connections=4)
                found.append(
                    {
                        "sign_ins": len(done) - before,
                        "tokens": measured.requests,
                        "errors": measured.errors,
                        "p50_ms": measured.p50_ms,
                        "p99_ms": measured.p99_ms,
                        "cpu_seconds": meter.cpu_seconds([root]) - cpu,
                    }
                )
    return found


@contextlib.contextmanager
def signing_in(subject: TongbanIdentity, browsers: int) -> Iterator[list[float]]:
    """So many people who try to sign in again and again; the seconds of each try."""
    stop, done = threading.Event(), list[float]()

    def keep_trying() -> None:
        page = Page(subject.settings.idp.issuer)
        while not stop.is_set():
            done.append(page.attempt(token(SystemEntropy()), PASSWORD)[1])

    threads = [threading.Thread(target=keep_trying) for _ in range(browsers)]
    for thread in threads:
        thread.start()
    try:
        while browsers and not done:
            time.sleep(0.05)
        yield done
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def quantile(values: Sequence[float], share: int) -> float:
    """The value below which ``share`` per cent lie."""
    return statistics.quantiles(values, n=100, method="inclusive")[share - 1]


def told_apart(one: Sequence[float], other: Sequence[float]) -> float:
    """How often the slower of two tries, one of each kind, is the second: 0.5 is a coin, 1 or 0 is certainty."""
    pairs = [(mine, theirs) for mine in one for theirs in other]
    return sum(1.0 if theirs > mine else 0.5 if theirs == mine else 0.0 for mine, theirs in pairs) / len(pairs)


def show(found: Mapping[str, Any]) -> None:
    """Both tables."""
    say = Console(width=120).print
    table = Table("sign-in", "tries", "statuses", "p10 ms", "p50 ms", "p90 ms", "told apart (0.5: not at all)")
    for row in found["enumeration"]:
        figures = [f"{row[name]:,.1f}" for name in ("p10_ms", "p50_ms", "p90_ms")]
        table.add_row(row["kind"], str(row["tries"]), str(row["statuses"]), *figures, f"{row['told_apart']:.2f}")
    say(table)
    table = Table("round", "sign-ins meanwhile", "tokens", "errors", "token p50 ms", "token p99 ms")
    for number, row in enumerate(found["beside"]):
        figures = [f"{row[name]:,.1f}" for name in ("p50_ms", "p99_ms")]
        table.add_row(str(number // 2 + 1), str(row["sign_ins"]), f"{row['tokens']:,}", str(row["errors"]), *figures)
    say(table)
