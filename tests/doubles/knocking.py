"""Fuzzing from inside: requests that look right enough to be read, with something wrong in a few of their parts.

What is right is not written down a second time: fields, and words that stand in addresses, are those of forms and links
that the pages themselves show, and members of a body are those of the schema that its route declares.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from http import HTTPStatus
from itertools import islice
from random import Random
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from flask import Flask
from marshmallow import Schema, fields, validate
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect
from werkzeug.test import TestResponse

from kernel.web.routes import Route
from kernel.web.same_site import FORM_EXPIRED

_PART = re.compile(r"<(?:\w+:)?(\w+)>")
_LONGEST = 200
"""Characters of a word that is remembered."""
_SWITCHES = frozenset({"lang", "type"})
"""Parameters of links that show the same page otherwise."""
_KEPT = 8
"""Words remembered of one name; the newest are likeliest to mean something still."""

LOOKS = 1
"""At each page, by as many who may."""
ABOUT_NOTHING = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.TOO_MANY_REQUESTS})

HOSTILE: Sequence[str] = (
    *("", " ", "\x00", "a\x00b", "a\r\nX-Also: b", "\x1b[31m", "\u202e", "\ufeff", "\ud800", "\udfff\ud800", "²", "١٢"),
    *(
        "x" * 5000,
        "9" * 5000,
        "王" * 1500,
        "e\u0301" * 700,
        "-1",
        "0",
        "1e400",
        "NaN",
        "Infinity",
        "null",
        "true",
        "%00",
    ),
    *("../../etc/passwd", "..%2f", "' OR 1=1 --", "<script>alert(1)</script>", "{{7*7}}", "${7*7}", "%s%n", "=1+1"),
    *(
        "2026-02-30",
        "9999-12-31T23:59:59+14:00",
        "0001-01-01T00:00:00+14:00",
        "2026-13",
        "24:60",
        "@",
        "a@b",
        "[]",
        "{}",
    ),
    *(
        "[" * 2000,
        '{"a":1,"a":2}',
        '[{"type":[]}]',
        "a.b.c",
        "eyJhbGciOiJub25lIn0.e30.",
        "http://[",
        "//x",
        "javascript:1",
    ),
)
HOSTILE_JSON: Sequence[Any] = (
    *(None, True, False, 0, -1, 1.5, 2**70, -(2**63) - 1, 1e308, float("nan"), [], {}, [[]], {"": ""}, [None], [{}]),
    *(
        ["a"] * 1500,
        {"zh": 1},
        {"a": {"a": {"a": {"a": {}}}}},
        [[[[[[]]]]]],
        "١",
        {"__proto__": []},
        ["a", "a"],
        [1, "a"],
    ),
)


@dataclass(frozen=True, slots=True)
class Sent:
    """One request: its address with query, and its body, if any."""

    method: str
    path: str
    body: bytes | None = None
    kind: str | None = None


class Insider:
    """Somebody whom a door lets in, and what they bring. Without more, whatever is right is what the pages show."""

    def renew(self) -> None:
        """Come in (again)."""
        raise NotImplementedError

    def send(self, sent: Sent) -> TestResponse:
        """Send a request, with everything that opens the door."""
        raise NotImplementedError

    def beside(self, route: Route) -> Mapping[str, str]:
        """Fields that are sent as they are."""
        del route
        return {}

    def right(self, route: Route) -> Mapping[str, str] | None:
        """A whole form that is right; None: as the pages have shown it."""
        del route
        return None

    def body(self, route: Route) -> Any:
        """A whole body that is right; None: as its schema says."""
        del route

    def at(self, route: Route) -> Mapping[str, str]:
        """Words of the address that are this insider's own."""
        del route
        return {}

    def asked(self, route: Route) -> Mapping[str, str]:
        """What is right behind the question mark, where no page shows it."""
        del route
        return {}

    @property
    def sees(self) -> Shown | None:
        """What their own pages have shown; None: the same as everybody's."""
        return None


@dataclass
class _Form:
    method: str
    action: str
    fields: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))


class _Reader(HTMLParser):
    """Links and forms of a page."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address, self.links, self.forms = address, [address], list[_Form]()
        self._open: _Form | None = None
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in said:
            self.links.append(said["href"])
        elif tag == "form":
            self._open = _Form(said.get("method", "get").upper(), said.get("action") or self.address)
            self.forms.append(self._open)
            if "data-options" in said:
                self.forms.append(_Form("POST", said["data-options"]))
        elif self._open is not None:
            self._field(self._open, tag, said)

    def _field(self, form: _Form, tag: str, said: Mapping[str, str]) -> None:
        if tag == "select":
            self._select = said.get("name", "")
        name = self._select if tag == "option" else said.get("name", "")
        if name and tag in ("input", "button", "textarea", "option", "select"):
            empty = not said.get("value") and said.get("type") not in ("hidden", "radio", "checkbox", None)
            form.fields[name] += [said.get("value", "on")] if not empty and tag not in ("select", "textarea") else []

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None


@dataclass
class Shown:
    """What a service's pages have shown so far: fields of forms by route, and words by the names they go under."""

    flask: Flask
    host: str
    forms: dict[tuple[str, str], dict[str, list[str]]] = field(default_factory=dict)
    queries: dict[tuple[str, str], dict[str, list[str]]] = field(default_factory=dict)
    """What stands behind the question mark of links and forms, by route."""
    words: dict[str, list[str]] = field(default_factory=dict)
    """By the name of a field or of a part of addresses, by the address up to that part ('/sign-up/<secret>'), and by
    that of a member of what a program was told ('told case').
    """
    addresses: dict[str, None] = field(default_factory=dict)
    """Of pages, in the order in which they were met."""

    def beside(self) -> Shown:
        """The same pages, with words of somebody's own in their addresses."""
        return replace(self, words={})

    def read(self, address: str, text: str) -> None:
        """Remember what stands on a page, or in the one address that an answer sends on to."""
        page = _Reader(address)
        page.feed(text)
        for link in page.links:
            self.route(link)
        for form in page.forms:
            found = self.route(form.action, form.method)
            if found is not None:
                self._keep(self.forms.setdefault((form.method, found), {}), form.fields)

    @staticmethod
    def _keep(known: dict[str, list[str]], found: Mapping[str, Sequence[str]]) -> None:
        for name, words in found.items():
            known[name] = list(dict.fromkeys([*known.get(name, []), *words]))[-_KEPT:]

    def learn(self, **words: str) -> None:
        """Remember a word under a name."""
        for name, word in words.items():
            known = [each for each in self.words.get(name, []) if each != word]
            self.words[name] = [*known, word][-_KEPT:]

    def hear(self, answer: TestResponse, address: str) -> None:
        """Remember what an answer tells: a page, what a program is told, or where it sends on to."""
        if answer.mimetype == "text/html":
            self.read(address, answer.text)
        elif answer.is_json:
            self._told(answer.json)
        if "Location" in answer.headers:
            self.route(answer.headers["Location"])

    def _told(self, value: Any) -> None:
        if isinstance(value, dict):
            words = {name: each for name, each in value.items() if isinstance(each, str) and len(each) < _LONGEST}
            self.learn(**{f"told {name}": each for name, each in words.items()})
        for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            self._told(each)

    def route(self, address: str, method: str = "GET") -> str | None:
        """The path of the route that an address of this service leads to, as the route table writes it."""
        parts = urlsplit(address)
        if parts.netloc not in ("", self.host):
            return None
        try:
            rule, words = self.flask.url_map.bind("localhost").match(parts.path, method, return_rule=True)
        except (HTTPException, RequestRedirect):
            return None
        for found in _PART.finditer(rule.rule):
            self.learn(**{name: str(words[found[1]]) for name in (found[1], rule.rule[: found.end()])})
        asked = dict(parse_qsl(parts.query, keep_blank_values=True))
        if not _SWITCHES.isdisjoint(asked):
            return rule.rule
        self._keep(self.queries.setdefault((method, rule.rule), {}), {name: [word] for name, word in asked.items()})
        if method == "GET":
            self.addresses.setdefault(address.removeprefix(f"{parts.scheme}://{parts.netloc}"))
        return rule.rule


@dataclass
class Knocks:
    """Makes requests for routes. The same seed makes the same ones of the same words."""

    seed: int
    shown: Shown

    def __post_init__(self) -> None:
        self.random = Random(self.seed)

    def request(self, route: Route, insider: Insider) -> Sent:
        """One request of somebody's."""
        path, right = self._path(route, insider), insider.right(route)
        known = self.shown.forms.get((route.method, route.path), {})
        asked = {name: [word] for name, word in insider.asked(route).items()}
        asked = asked or self.shown.queries.get((route.method, route.path), {})
        if route.method == "GET":
            wanted = {each.name: list[str]() for each in route.parameters} | known | asked
            return Sent("GET", self._asking(path, wanted if right is None else {name: [right[name]] for name in right}))
        path = self._asking(path, asked)
        if route.request_type == "application/json" and not route.page:
            return Sent(route.method, path, *self._json(route, insider))
        declared = route.request_schema().fields if route.request_schema else {}
        wanted = {name: self._choices(each) for name, each in declared.items()} | known
        if right is not None:
            more = self.random.sample(sorted(wanted), min(len(wanted), self.random.choice((0, 0, 0, 1))))
            wanted = {name: wanted[name] for name in more} | {name: [word] for name, word in right.items()}
        always = insider.beside(route)
        pairs = self._pairs({name: words for name, words in wanted.items() if name not in always})
        return Sent(route.method, path, self._encoded([*pairs, *always.items()]).encode(), _FORM)

    def _asking(self, path: str, wanted: Mapping[str, Sequence[str]]) -> str:
        query = self._encoded(self._pairs(wanted))
        return f"{path}?{query}" if query else path

    def _path(self, route: Route, insider: Insider) -> str:
        """The route's address; a part mostly holds what was shown, and nothing that would end it."""
        own = insider.at(route)

        def part(found: re.Match[str]) -> str:
            words = [own[found[1]]] if found[1] in own else self._words(found[1], route.path[: found.end()], insider)
            return quote(self._part(words), safe="%._-") or "x"

        return _PART.sub(part, route.path)

    def _words(self, name: str, upto: str, insider: Insider) -> Sequence[str]:
        """What may stand in an address: what was seen there, and otherwise what has the same name."""
        every = (*((insider.sees.words,) if insider.sees else ()), self.shown.words)
        for words, one in ((words, one) for one in (upto, name, f"told {name}") for words in every):
            if one in words:
                return words[one]
        return ()

    def _part(self, known: Sequence[str]) -> str:
        word = "x" if not known else known[-1] if self.random.random() < 0.6 else self.random.choice(known)
        return self._printable(word if self.random.random() < 0.9 else self.spoiled(word)).replace("/", "_")

    # Forms ------------------------------------------------------------------------------------------------------------

    def _pairs(self, wanted: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
        """Each field with a right word, but for a few that are wrong, missing, there twice, or nobody's."""
        wrong = set(self.random.sample(sorted(wanted), min(len(wanted), self.random.choice((0, 0, 1, 1, 2, 3)))))
        pairs: list[tuple[str, str]] = []
        for name, choices in wanted.items():
            choices = choices or self.shown.words.get(name, ())
            word = self.random.choice(choices) if choices else self.random.choice(("x", "1", "wang", ""))
            pairs += [(name, word)] if name not in wrong else [(name, each) for each in self._wrongly(word)]
        if self.random.random() < 0.05:
            pairs.append((self.random.choice(HOSTILE), self.random.choice(HOSTILE)))
        return pairs

    def _wrongly(self, word: str) -> list[str]:
        return self.random.choice(([], [word, word], [word, self.spoiled(word)], *[[self.spoiled(word)]] * 4))

    def spoiled(self, word: str) -> str:
        """Nearly the word, or nothing like it."""
        at = self.random.randrange(len(word) + 1)
        nearly = (
            word[:at],
            word[:at] + self.random.choice("\x00 Aa0.%é") + word[at:],
            word.swapcase(),
            word * 2,
            f" {word}",
        )
        return self.random.choice(nearly) if self.random.random() < 0.4 else self.random.choice(HOSTILE)

    @staticmethod
    def _printable(word: str) -> str:
        return word.encode("utf-8", "replace").decode()

    @staticmethod
    def _encoded(pairs: Sequence[tuple[str, str]]) -> str:
        """A lone surrogate is sent as the bytes that it would have, which are not UTF-8."""
        return urlencode([tuple(each.encode("utf-8", "surrogatepass") for each in pair) for pair in pairs])

    def _choices(self, one: fields.Field[Any]) -> list[str]:
        """What a declared field of a form may hold."""
        for each in one.validators:
            if isinstance(each, validate.OneOf):
                return [str(choice) for choice in each.choices]
        return ["60"] if isinstance(one, fields.Integer) else []

    # Bodies -----------------------------------------------------------------------------------------------------------

    def _json(self, route: Route, insider: Insider) -> tuple[bytes, str]:
        right = insider.body(route)
        if right is None:
            right = self._made(route.request_schema()) if route.request_schema else {}
        body = json.loads(json.dumps(right))
        for _ in range(self.random.choice((0, 0, 1, 1, 2, 3))):
            body = self._spoiled_json(body)
        text = json.dumps(body).encode()
        if self.random.random() < 0.05:
            text = self.random.choice(
                (text[:-1], text + b"}", b"\xef\xbb\xbf" + text, text.replace(b'"', b'"\xff', 1), b"")
            )
        kind = "application/json" if self.random.random() < 0.97 else self.random.choice((_FORM, "text/plain", ""))
        return text, kind

    def _made(self, schema: Schema) -> dict[str, Any]:
        """A body of the members that the schema declares."""
        members = {one.data_key or name: one for name, one in schema.fields.items()}
        return {
            name: self._value(name, one) for name, one in members.items() if one.required or self.random.random() < 0.5
        }

    def _value(self, name: str, one: fields.Field[Any]) -> Any:
        if isinstance(one, fields.Nested):
            inner = self._made(one.schema)
            return [inner] if one.many or one.schema.many else inner
        if isinstance(one, fields.List):
            return [self._value(name, one.inner) for _ in range(self.random.choice((1, 1, 2)))]
        if isinstance(one, fields.Boolean):
            return self.random.random() < 0.5
        if isinstance(one, fields.Integer | fields.Float):
            return self.random.choice((1, 2, 10))
        if isinstance(one, fields.Dict | fields.Mapping):
            return {"zh": "字", "en": "word"}
        words = [*self._choices(one), *self.shown.words.get(name, ())]
        return self.random.choice(words) if words else self.random.choice(("x", "市场", "2026-12-01", "P1D"))

    def _spoiled_json(self, value: Any) -> Any:
        """The same with one thing somewhere inside it wrong, or gone, or more."""
        inside = isinstance(value, dict | list) and value and self.random.random() < 0.9
        if not inside:
            words = [self.spoiled(value)] if isinstance(value, str) else []
            return self.random.choice([*words, *words, self.random.choice(HOSTILE_JSON), self.random.choice(HOSTILE)])
        if isinstance(value, list):
            at = self.random.randrange(len(value))
            return [*value[:at], self._spoiled_json(value[at]), *value[at + 1 :]]
        name = self.random.choice(sorted(value))
        gone = {key: each for key, each in value.items() if key != name}
        spoiled = self._spoiled_json(value[name])
        more = {self._printable(self.random.choice(HOSTILE)): value[name]}
        return self.random.choice((gone, gone | more, value | more, *[value | {name: spoiled}] * 5))


_FORM = "application/x-www-form-urlencoded"


@dataclass
class Tally:
    """How many requests came past the doors, and to which routes."""

    sent: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    past: int = 0
    """Requests that came past the doors."""
    met: Counter[str] = field(default_factory=Counter)
    """Those of them that were about something there is, by route."""

    def count(self, route: Route, status: int, *, past: bool) -> None:
        self.sent += 1
        self.statuses[status] += 1
        self.past += past
        self.met[f"{route.method} {route.path}"] += past and status not in ABOUT_NOTHING

    @property
    def share(self) -> float:
        """Of the requests that came past the doors."""
        return self.past / max(1, self.sent)

    def never_met(self, routes: Iterable[Route]) -> list[str]:
        """The routes none of whose requests was about something there is."""
        return sorted(name for route in routes if not self.met[name := f"{route.method} {route.path}"])


Doors = Callable[[Route], Sequence[Insider]]
"""Who comes in by a route's door."""


def is_stranger(route: Route, answer: TestResponse) -> bool:
    """Whether the door took somebody for a stranger: a program is refused, a person is sent to sign in."""
    if answer.status_code == HTTPStatus.UNAUTHORIZED or FORM_EXPIRED.title.zh in answer.text:
        return True
    return route.access != "anyone" and "/sign-in" in answer.headers.get("Location", "")


def look_around(shown: Shown, routes: Sequence[Route], doors: Doors) -> None:
    """Open every page that leads from another or from nowhere, so that its fields and links are known."""
    pages = {route.path: route for route in routes if route.page and route.method == "GET"}
    waiting = deque(path for path in pages if "<" not in path)
    looked: Counter[str] = Counter()
    while waiting:
        address = waiting.popleft()
        page = pages.get(shown.route(address) or "")
        if page is None or looked[page.path] == LOOKS:
            continue
        looked[page.path] += 1
        before = set(shown.addresses)
        answers = ((insider, insider.send(Sent("GET", address))) for insider in doors(page))
        for insider, answer in islice((each for each in answers if each[1].status_code == HTTPStatus.OK), LOOKS):
            (insider.sees or shown).read(address, answer.text)
        waiting += [each for each in shown.addresses if each not in before]


def knock(
    knocks: Knocks, routes: Sequence[Route], doors: Doors, tally: Tally, most: int, after: Callable[[int], None]
) -> None:
    """Send as many requests, to every route as many as to any other, each by somebody whom its door is for.

    Fails for a server error. Mostly sends whoever came past that door before; ``after`` each request, by its number,
    time may go on.
    """
    known: dict[str, list[Insider]] = {}
    for number in range(most):
        route = routes[number % len(routes)]
        name = f"{route.method} {route.path}"
        insider = knocks.random.choice([*doors(route), *known.get(name, []) * 10])
        sent = knocks.request(route, insider)
        answer = insider.send(sent)
        assert answer.status_code < HTTPStatus.INTERNAL_SERVER_ERROR, (knocks.seed, number, sent)
        stranger = is_stranger(route, answer)
        past = not stranger and answer.status_code != HTTPStatus.FORBIDDEN
        tally.count(route, answer.status_code, past=past)
        if past:
            if answer.status_code not in ABOUT_NOTHING:
                known[name] = [insider]
            where = sent.path.partition("?")[0] if answer.status_code == HTTPStatus.OK else ""
            (insider.sees or knocks.shown).hear(answer, where)
        if stranger:
            insider.renew()
        after(number)
