"""``--sign-in``: what a stranger can learn from how long an answer takes, and what hashing does to token traffic.

Nothing here is a comparison with a peer, and nothing is a test: distributions at sign-in, at making an account, at
asking for the way back in and at asking somebody by the back channel, and latencies.
"""

from __future__ import annotations

import contextlib
import random
import re
import statistics
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from html import unescape
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from sqlalchemy import Connection

from idp.administration import Administration
from idp.authentication.passwords import Passwords
from idp.clients.memory import LOOK_EVERY
from idp.model.client import GrantType
from idp.model.contact import Contact, ContactKind
from idp.model.person import NewPerson
from idp.store import people as people_store
from kernel.database import Database
from kernel.entropy import SystemEntropy, token
from tests.benchmarks import load, meter
from tests.benchmarks.codes import CALLBACK, CHALLENGE, WEB_CLIENT
from tests.benchmarks.contender import FORM, basic, require
from tests.benchmarks.identity import ORGANISATION, TongbanIdentity
from tests.benchmarks.processes import Processes

KINDS = ("unknown name", "known name, wrong password", "disabled account, right password")
PASSWORD = "benchmark password"
NAMES = ("free", "taken")
"""Names at the page that makes an account."""
ASKED_BACK = ("unknown name", "known name", "known name, reached on three channels")
"""Names at the page that asks for the way back in."""
ASKED_ELSEWHERE = ("unknown name", "known name", "known name, told on three channels")
"""Names that a clerk's system gives (CIBA)."""
GUESSED = ("unknown name", "known name without a user code", "known name with another user code")
GUESSES_OF_A_CLIENT = 24
"""Wrong user codes told by one client: fewer than after which it has to wait."""
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
        self._hidden = _hidden(page)

    @classmethod
    def plain(cls, origin: str, path: str) -> Page:
        """A page with one form, which nobody has to be sent to."""
        page = cls.__new__(cls)
        page._origin, page._tries, page._url = origin, 0, origin + path
        page._open = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar())).open
        with page._open(page._url, timeout=20) as answer:
            page._hidden = _hidden(answer.read().decode())
        return page

    def attempt(self, username: str, password: str) -> tuple[int, float]:
        """Status and seconds of one try."""
        return self.send(username=username, password=password)

    def send(self, **fields: str) -> tuple[int, float]:
        """Status and seconds of one form sent."""
        self._tries += 1
        body = urllib.parse.urlencode({**self._hidden, **fields}).encode()
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
    """Every measurement on a fresh service."""
    tries = 20 if quick else 100
    with tempfile.TemporaryDirectory(prefix="tongban-bench-") as folder, Processes(Path(folder) / "logs") as processes:
        subject = TongbanIdentity(environment={"TONGBAN_IDP__TRUSTED_PROXIES": "127.0.0.1"})
        subject.start(processes, Path(folder))
        names = people(subject, tries)
        found = {
            "enumeration": enumeration(subject, names),
            "accounts": making_accounts(subject, max(tries, 40)),
            "recoveries": asking_back(subject, max(tries, 40)),
            **asking_elsewhere(subject, max(tries, 40)),
            "beside": beside(subject, processes, quick),
        }
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
    """Signing in: the kinds in turn, one at a time."""
    page = Page(subject.settings.idp.issuer)
    page.attempt("warm-up", PASSWORD)
    return compared({kind: [partial(page.attempt, name, PASSWORD) for name in tried] for kind, tried in names.items()})


def making_accounts(subject: TongbanIdentity, count: int) -> list[dict[str, Any]]:
    """Making an account under a free name and under one that somebody has, each from an address of its own."""
    page = Page.plain(subject.settings.idp.issuer, "/sign-up")
    taken = [f"has-{number}" for number in range(count)]
    with Administration.open(subject.settings.idp) as idp:
        for name in taken:
            idp.people.add(NewPerson(name, "基准测试", token(SystemEntropy())))

    def asked(kind: str, number: int, name: str) -> Callable[[], tuple[int, float]]:
        secret = token(SystemEntropy())
        contact = f"{kind}-{number}@example.org"
        return partial(page.send, username=name, name="基准测试", contact=contact, password=secret, again=secret)

    asked("warm-up", 0, "warm-up")()
    free = [f"free-{number}" for number in range(count)]
    kinds = zip(NAMES, (free, taken), strict=True)
    return compared({kind: [asked(kind, number, name) for number, name in enumerate(names)] for kind, names in kinds})


def asking_back(subject: TongbanIdentity, count: int) -> list[dict[str, Any]]:
    """Asking for the way back in, for names nobody has and names somebody has."""
    page = Page.plain(subject.settings.idp.issuer, "/recover")
    names = {kind: [f"back-{place}-{number}" for number in range(count)] for place, kind in enumerate(ASKED_BACK)}
    with Administration.open(subject.settings.idp) as idp:
        for channels, kind in ((1, ASKED_BACK[1]), (3, ASKED_BACK[2])):
            for name in names[kind]:
                reached = tuple(Contact(ContactKind.EMAIL, f"{name}-{each}@example.org") for each in range(channels))
                idp.people.add(NewPerson(name, "基准测试", token(SystemEntropy()), contacts=reached))
    page.send(username="warm-up")
    return compared({kind: [partial(page.send, username=name) for name in tried] for kind, tried in names.items()})


def asking_elsewhere(subject: TongbanIdentity, count: int) -> dict[str, list[dict[str, Any]]]:
    """What a clerk's system learns by naming people, and by guessing what they tell clerks."""
    kinds = {"asked elsewhere": ASKED_ELSEWHERE, "wrong user code": GUESSED}
    names = {
        (what, kind): [f"{what[:5]}-{place}-{number}" for number in range(count)]
        for what, each in kinds.items()
        for place, kind in enumerate(each)
    }
    with Administration.open(subject.settings.idp) as idp:
        rows = {"asked elsewhere": count, "wrong user code": GUESSES_OF_A_CLIENT // len(GUESSED)}
        clerks = {
            what: [
                Clerk.registered(idp, subject.settings.idp.issuer, codes=what != "asked elsewhere")
                for _ in range(0, count, rows[what])
            ]
            for what in kinds
        }
        for (_, kind), each in names.items():
            channels = 3 if kind == ASKED_ELSEWHERE[2] else 1
            for name in each if kind != ASKED_ELSEWHERE[0] else ():
                reached = tuple(Contact(ContactKind.EMAIL, f"{name}-{place}@example.org") for place in range(channels))
                idp.people.add(NewPerson(name, "基准测试", token(SystemEntropy()), contacts=reached))
    choose_user_code(subject, names["wrong user code", GUESSED[2]])
    time.sleep(2 * LOOK_EVERY)  # the service takes the new clients up
    expected = {"asked elsewhere": {200: "auth_req_id"}, "wrong user code": {400: "invalid_user_code"}}
    for what, (clerk, *_) in clerks.items():
        status, said, _ = clerk.asked("warm-up")
        require(expected[what].get(status, "-") in said, f"{what}: {status} {said}")

    def tries(what: str, kind: str) -> list[Callable[[], tuple[int, float]]]:
        return [partial(clerks[what][at // rows[what]].ask, name) for at, name in enumerate(names[what, kind])]

    return {what: compared({kind: tries(what, kind) for kind in each}) for what, each in kinds.items()}


def choose_user_code(subject: TongbanIdentity, names: Sequence[str]) -> None:
    """One code for all of them, as the account page keeps it."""
    passwords, database = Passwords(), Database.open(subject.settings.idp.database_url, pool_size=1)
    try:
        hashed = passwords.hash(token(SystemEntropy()))

        def choose(connection: Connection) -> None:
            for name in names:
                found = people_store.by_username(connection, name)
                assert found is not None
                people_store.choose_user_code(connection, found[0].id, hashed)

        database.write(choose)
    finally:
        database.close()
        passwords.close()


@dataclass(frozen=True)
class Clerk:
    """A clerk's system that asks people by the back channel."""

    url: str
    authorization: tuple[str, str]
    code: str | None

    @classmethod
    def registered(cls, idp: Administration, issuer: str, *, codes: bool) -> Clerk:
        """A client that takes user codes, or does not."""
        made = idp.clients.add(
            {
                "client_name": "Benchmark window",
                "tongban_organisation": ORGANISATION,
                "grant_types": [GrantType.CIBA.value],
                "redirect_uris": [],
                "scope": "openid",
                "backchannel_token_delivery_mode": "poll",
                "backchannel_user_code_parameter": codes,
            }
        )
        credentials = basic(str(made["client_id"]), str(made["client_secret"]))
        return cls(f"{issuer}/bc-authorize", credentials, token(SystemEntropy()) if codes else None)

    def ask(self, name: str) -> tuple[int, float]:
        """Status and seconds of one request."""
        status, _, seconds = self.asked(name)
        return status, seconds

    def asked(self, name: str) -> tuple[int, str, float]:
        """Status, body and seconds of one request."""
        asked = {"scope": "openid", "login_hint": name, **({"user_code": self.code} if self.code else {})}
        body = urllib.parse.urlencode(asked).encode()
        message = urllib.request.Request(self.url, body, dict([self.authorization, FORM]))
        started = time.perf_counter()
        try:
            with urllib.request.urlopen(message, timeout=60) as answer:
                said, status = answer.read(), answer.status
        except urllib.error.HTTPError as refused:
            said, status = refused.read(), refused.code
        return status, said.decode(), time.perf_counter() - started


def compared(tries: Mapping[str, Sequence[Callable[[], tuple[int, float]]]]) -> list[dict[str, Any]]:
    """One of each kind after another, one at a time; each kind is held against the first.

    The order is drawn anew for every row: in a fixed one, what the service does after its answer to one kind would fall
    on the same other kind every time.
    """
    seconds: dict[str, list[float]] = {kind: [] for kind in tries}
    statuses: dict[str, set[int]] = {kind: set() for kind in tries}
    for row in zip(*tries.values(), strict=True):
        attempts = list(zip(tries, row, strict=True))
        random.shuffle(attempts)
        for kind, attempt in attempts:
            status, took = attempt()
            seconds[kind].append(took)
            statuses[kind].add(status)
    reference = next(iter(seconds.values()))
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


def _hidden(page: str) -> dict[str, str]:
    """The hidden fields of a page."""
    fields = [dict(_ATTRIBUTE.findall(found)) for found in _FIELD.findall(page)]
    return {field["name"]: unescape(field["value"]) for field in fields if field.get("type") == "hidden"}


def quantile(values: Sequence[float], share: int) -> float:
    """The value below which ``share`` per cent lie."""
    return statistics.quantiles(values, n=100, method="inclusive")[share - 1]


def told_apart(one: Sequence[float], other: Sequence[float]) -> float:
    """How often the slower of two tries, one of each kind, is the second: 0.5 is a coin, 1 or 0 is certainty."""
    pairs = [(mine, theirs) for mine in one for theirs in other]
    return sum(1.0 if theirs > mine else 0.5 if theirs == mine else 0.0 for mine, theirs in pairs) / len(pairs)


TABLES = (
    ("sign-in", "enumeration"),
    ("making an account", "accounts"),
    ("way back", "recoveries"),
    *((what, what) for what in ("asked elsewhere", "wrong user code")),
)


def show(found: Mapping[str, Any]) -> None:
    """The tables."""
    say = Console(width=120).print
    for title, name in TABLES:
        table = Table(title, "tries", "statuses", "p10 ms", "p50 ms", "p90 ms", "told apart (0.5: not at all)")
        for row in found[name]:
            figures = [f"{row[share]:,.1f}" for share in ("p10_ms", "p50_ms", "p90_ms")]
            table.add_row(row["kind"], str(row["tries"]), str(row["statuses"]), *figures, f"{row['told_apart']:.2f}")
        say(table)
    table = Table("round", "sign-ins meanwhile", "tokens", "errors", "token p50 ms", "token p99 ms")
    for number, row in enumerate(found["beside"]):
        figures = [f"{row[name]:,.1f}" for name in ("p50_ms", "p99_ms")]
        table.add_row(str(number // 2 + 1), str(row["sign_ins"]), f"{row['tokens']:,}", str(row["errors"]), *figures)
    say(table)
