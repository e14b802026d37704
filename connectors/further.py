"""Further questions: what a source has to be told by the person before it can answer, or tell several records apart.

A manifest declares them (`spec.further`): each with a name, words, a type and a form. The name is a place in the
adapter's own section, ``{name}``, like any parameter: an answer is a bound value, never part of a statement, an address
or a filter. Where a source is asked without some of the answers (before there are any, or because one is optional and
was left empty), what mentions them is left out of that question (`LeaveOut`), so that one section describes all of
them. ADR 0059.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import combinations
from typing import Any, Self

from connectors.faults import fault, within
from connectors.mapping.dates import DateReader
from connectors.templates import PLACE, plain
from kernel.canonical import JSON
from kernel.text import Text

ATTEMPTS = 3
"""Wrong answers about one person's record of one source within `PERIOD_HOURS`, where a manifest does not say."""
PERIOD_HOURS = 24
MOST_OPTIONAL = 3
"""Questions of one source that may be left empty: there is a way to ask it for each choice of those that are."""

_RESERVED = frozenset({"subject", "scheme", "subject_lower", "page", "offset", "cursor", "size"})
_NARROWING = frozenset({"where", "further_filter"})
"""Members that can only take away from what is found without them."""
_LONGEST = 64
_EMPTY = "missing"
"""The code of an answer that is not there."""
_DAYS = DateReader(["yyyy-M-d", "yyyy/M/d", "yyyy年M月d日", "yyyyMMdd"])
"""As people write a day."""
_DATE_TOKEN = re.compile("yyyy|MM|dd")
_STEP = re.compile(
    r"(?P<what>\\d|\\[-.()/\\]|\[[^\[\]\\^]+\]|[^\\.^$*+?{}\[\]|()])(?P<times>\{[0-9]{1,2}(?:,[0-9]{1,2})?\}|\?)?"
)
_MOST_VARYING = 3
"""Steps of a pattern that may repeat more or less often: matching then takes at most 64 times 64 times 64 tries."""

LeaveOut = Callable[[Mapping[str, Any], frozenset[str]], Mapping[str, Any]]
"""From an adapter's section and the names of answers to the section as it is without those answers."""


class When(StrEnum):
    """In which case the person is asked."""

    AMBIGUOUS = "ambiguous"
    NOT_FOUND = "not-found"
    ALWAYS = "always"


class Kind(StrEnum):
    """What an answer is."""

    TEXT = "text"
    DATE = "date"
    YEAR = "year"
    CHOICE = "choice"


class UnusableAnswers(ValueError):
    """Answers that do not have the declared form. ``errors``: a code by the name of the question; never an answer."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("unusable answers")
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Question:
    """One question to the person.

    Attributes:
        label: the question's words; help: what helps to answer it.
        pattern: of a text; None for any.
        longest: characters of a text.
        written: how the source wants a date, as ``yyyyMMdd``.
        choices: a code table: what the source is told, and its words.
        example: an invented answer, for probes and trials.
        optional: whether it may be left empty; the source is then asked without it.
    """

    name: str
    label: Text
    help: Text | None
    kind: Kind
    pattern: re.Pattern[str] | None
    longest: int
    written: str
    choices: Mapping[str, Text]
    example: str
    optional: bool = False

    def read(self, answer: object) -> str:
        """What the source is told. Raises: ValueError with a code: missing, not-text, length, form, choice."""
        return self._told(_as_text(answer))

    def members(self) -> dict[str, JSON]:
        """As a manifest has it, but for ``written``: whoever puts it writes a day as 1980-01-31."""
        said: dict[str, JSON] = {"name": self.name, "label": {**self.label.members()}, "type": self.kind.value}
        if self.help is not None:
            said["help"] = {**self.help.members()}
        if self.kind is Kind.TEXT:
            said |= {"max_length": self.longest, "example": self.example}
            said |= {} if self.pattern is None else {"pattern": self.pattern.pattern}
        if self.choices:
            said["choices"] = [{"code": code, "label": {**one.members()}} for code, one in self.choices.items()]
        return said | ({"optional": True} if self.optional else {})

    def _told(self, text: str) -> str:
        if self.kind is Kind.CHOICE:
            if text not in self.choices:
                raise ValueError("choice")
            return text
        if self.kind is Kind.DATE:
            return self._day(text)
        if self.kind is Kind.YEAR:
            if not re.fullmatch("(19|20)[0-9]{2}", text):
                raise ValueError("form")
            return text
        if len(text) > self.longest:
            raise ValueError("length")
        if self.pattern is not None and not self.pattern.fullmatch(text):
            raise ValueError("form")
        return text

    def _day(self, text: str) -> str:
        try:
            day = date.fromisoformat(_DAYS.to_date(text))
        except (ValueError, OverflowError):
            raise ValueError("form") from None
        parts = {"yyyy": f"{day.year:04}", "MM": f"{day.month:02}", "dd": f"{day.day:02}"}
        return _DATE_TOKEN.sub(lambda token: parts[token.group()], self.written)


def _as_text(answer: object) -> str:
    """An answer to any question, of whatever type. Raises: ValueError with a code: missing, not-text, length, form."""
    if answer is None or answer == "":
        raise ValueError(_EMPTY)
    if not isinstance(answer, str):
        raise ValueError("not-text")
    if len(answer) > 4 * _LONGEST:
        raise ValueError("length")
    text = unicodedata.normalize("NFKC", answer).strip()
    if not text:
        raise ValueError(_EMPTY)
    if not plain(text):
        raise ValueError("form")
    return text


def passed_on(answers: Mapping[str, object], names: Collection[str]) -> Mapping[str, str]:
    """Answers to questions of which only the names are known here: whoever asked them looks at their form.

    Raises: UnusableAnswers, for a name that is not among these and for what is no answer to anything.
    """
    told: dict[str, str] = {}
    errors = {name: "unknown" for name in answers if name not in names}
    for name in answers.keys() - errors.keys():
        try:
            told[name] = _as_text(answers[name])
        except ValueError as wrong:
            errors[name] = str(wrong)
    if errors or not told:
        raise UnusableAnswers(errors)
    return told


@dataclass(frozen=True, slots=True)
class Further:
    """What a source asks the person, when, and how many wrong answers it bears.

    Attributes:
        attempts: wrong answers about one person within `PERIOD_HOURS`; after that nobody is asked any more.
    """

    questions: tuple[Question, ...]
    when: frozenset[When]
    attempts: int

    @property
    def names(self) -> frozenset[str]:
        """Of the answers, as places of the adapter's section."""
        return frozenset(one.name for one in self.questions)

    @property
    def may_be_empty(self) -> Sequence[frozenset[str]]:
        """Every choice of optional answers that may be left empty together; never all answers there are."""
        names = [one.name for one in self.questions if one.optional]
        return [frozenset(some) for many in range(1, len(names) + 1) for some in combinations(names, many)]

    @property
    def always(self) -> bool:
        """Whether the source is not asked at all before the person has answered."""
        return When.ALWAYS in self.when

    @property
    def examples(self) -> Mapping[str, str]:
        """Invented answers, as the source is told them."""
        return {one.name: one.read(one.example) for one in self.questions}

    def read(self, answers: Mapping[str, object]) -> Mapping[str, str]:
        """What the source is told, by name; nothing of an optional one that was left empty. Raises: UnusableAnswers."""
        told: dict[str, str] = {}
        errors = {name: "unknown" for name in answers if name not in self.names}
        for one in self.questions:
            try:
                told[one.name] = one.read(answers.get(one.name))
            except ValueError as wrong:
                if str(wrong) != _EMPTY or not one.optional:
                    errors[one.name] = str(wrong)
        if errors:
            raise UnusableAnswers(errors)
        return told

    def members(self) -> list[JSON]:
        """The questions as a manifest has them, for whoever puts them in our place; how the source writes a day is not
        their concern.
        """
        return [one.members() for one in self.questions]

    @classmethod
    def parse(cls, value: Mapping[str, Any]) -> Self:
        """`spec.further`, which fits the schema. Raises: ManifestFault."""
        with within("further"):
            when = frozenset(When(one) for one in value["when"])
            if When.ALWAYS in when and len(when) > 1:
                raise fault(("when",), "always 须单独写", "always stands alone")
            questions: list[Question] = []
            for place, one in enumerate(value["questions"]):
                with within("questions", place):
                    questions.append(_question(one))
                    if [each.name for each in questions].count(one["name"]) > 1:
                        raise fault(("name",), "两个问题同名", "two questions have this name")
            _check_optional(questions)
            return cls(tuple(questions), when, value.get("attempts", ATTEMPTS))


def conditions(*members: str) -> LeaveOut:
    """For adapters of which these members hold conditions: those that mention an answer are left out one by one."""

    def leave_out(section: Mapping[str, Any], names: frozenset[str]) -> Mapping[str, Any]:
        kept = {name: _without(one, names) if name in members else one for name, one in section.items()}
        return {name: one for name, one in kept.items() if one is not None}

    return leave_out


def first_asked(section: Mapping[str, Any], further: Further, leave_out: LeaveOut) -> Mapping[str, Any]:
    """The section as a source is asked before the person has answered. Raises: ManifestFault."""
    left = leave_out(section, further.names)
    for name, one in left.items():
        if _mentioned(one) & further.names:
            raise fault(
                (name,),
                "此处须等本人回答后才能填写：请移到可省略的条件中，或写 when: [always]",
                "this cannot be asked before the person has answered: move it to a condition, or say when: [always]",
            )
    return left


def asked_without(
    section: Mapping[str, Any], further: Further, empty: frozenset[str], leave_out: LeaveOut
) -> Mapping[str, Any]:
    """The section as a source is asked where these optional answers were left empty. Raises: ManifestFault."""
    left = leave_out(section, empty)
    for name, one in left.items():
        if _mentioned(one) & empty:
            raise fault(
                (name,),
                "此处不能省略：请移到可省略的条件中，或去掉 optional",
                "this cannot be left out: move it to a condition of its own, or have the question answered",
            )
    for lost in sorted(further.names - empty - _mentioned(left)):
        raise fault(
            (),
            f"{{{lost}}} 与可不答的问题写在同一条件中，会一同略去：请分开写",
            f"{{{lost}}} stands in one condition with an optional answer, and would be left out with it: part them",
        )
    return left


def check_used(section: Mapping[str, Any], further: Further) -> None:
    """Every answer goes somewhere, and where “none” leads to questions they may find more. Raises: ManifestFault."""
    where = {name: {member for member, one in section.items() if name in _mentioned(one)} for name in further.names}
    for place, one in enumerate(further.questions):
        if not where[one.name]:
            raise fault(
                ("further", "questions", place, "name"),
                f"查询中没有用到 {{{one.name}}}",
                f"nothing that the source is asked mentions {{{one.name}}}",
            )
    if When.NOT_FOUND in further.when and all(members <= _NARROWING for members in where.values()):
        raise fault(
            ("further", "when"),
            "附加条件只会使结果更少，查无记录时追问没有用",
            "further conditions only narrow what is found: asking is of no use where there is no record",
        )


def _question(value: Mapping[str, Any]) -> Question:
    name, kind = value["name"], Kind(value["type"])
    if name in _RESERVED:
        raise fault(("name",), "此名称另有用处", "this name means something else already")
    for member, only in (("pattern", Kind.TEXT), ("max_length", Kind.TEXT), ("written", Kind.DATE)):
        if member in value and kind is not only:
            raise fault((member,), f"只用于 type: {only}", f"this is for type: {only}")
    if ("choices" in value) != (kind is Kind.CHOICE):
        raise fault((), "type: choice 须有 choices，其他没有", "type: choice has choices, and no other has")
    choices = {one["code"]: _words(one["label"]) for one in value.get("choices", ())}
    if len(choices) != len(value.get("choices", ())):
        raise fault(("choices",), "同一代码写了两次", "a code is listed twice")
    made = Question(
        name=name,
        label=_words(value["label"]),
        help=_words(value["help"]) if "help" in value else None,
        kind=kind,
        pattern=_pattern(value["pattern"]) if "pattern" in value else None,
        longest=value.get("max_length", _LONGEST),
        written=_written(value.get("written", "yyyy-MM-dd")),
        choices=choices,
        example=value.get("example", _EXAMPLES.get(kind) or next(iter(choices), "")),
        optional=value.get("optional", False),
    )
    return _with_example(made)


_EXAMPLES = {Kind.DATE: "1980-01-01", Kind.YEAR: "1980"}


def _check_optional(questions: Sequence[Question]) -> None:
    """Somebody who is asked says something, and the ways to ask are few."""
    optional = [place for place, one in enumerate(questions) if one.optional]
    if len(optional) == len(questions):
        raise fault(("questions",), "至少一个问题须回答", "one of the questions at least has to be answered")
    if len(optional) > MOST_OPTIONAL:
        raise fault(
            ("questions", optional[MOST_OPTIONAL], "optional"),
            f"至多 {MOST_OPTIONAL} 个问题可以不答",
            f"at most {MOST_OPTIONAL} questions may be left empty",
        )


def _with_example(made: Question) -> Question:
    """An example that the question itself would not take helps nobody."""
    try:
        made.read(made.example)
    except ValueError:
        raise fault(
            ("example",), "须写一个符合要求的虚构回答", "give an invented answer that has the form asked for"
        ) from None
    return made


def _written(form: str) -> str:
    if sorted(_DATE_TOKEN.findall(form)) != ["MM", "dd", "yyyy"]:
        raise fault(("written",), "须含 yyyy、MM、dd 各一次", "it holds yyyy, MM and dd, each once")
    return form


def _pattern(text: str) -> re.Pattern[str]:
    """A pattern without alternatives and open repetition: whatever is typed, it is matched in time (attack case K7)."""
    at, varying = 0, 0
    while at < len(text):
        step = _STEP.match(text, at)
        if step is None:
            break
        times = step["times"] or ""
        varying += times == "?" or "," in times
        at = step.end()
    try:
        made = re.compile(text) if at == len(text) and varying <= _MOST_VARYING else None
    except re.error:
        made = None
    if made is None:
        raise fault(
            ("pattern",),
            "只能依次写字符、[字符集]、\\d，各可带 {次数}、{最少,最多} 或 ?；可变次数的至多三处",
            "a pattern is a sequence of characters, [sets] and \\d, each with {n}, {n,m} or ?; at most three vary",
        )
    return made


def _words(value: Mapping[str, str]) -> Text:
    return Text(value["zh"], value["en"])


def _mentioned(part: Any) -> set[str]:
    return set(PLACE.findall(json.dumps(part, ensure_ascii=False)))


def _without(part: Any, names: frozenset[str]) -> Any:
    """A part of a section without the members that mention an answer; None where it is itself a text that does."""
    if isinstance(part, Mapping):
        kept = {name: _without(one, names) for name, one in part.items()}
        return {name: one for name, one in kept.items() if one is not None or part[name] is None}
    if isinstance(part, Sequence) and not isinstance(part, str):
        return [kept for one in part if (kept := _without(one, names)) is not None]
    return None if isinstance(part, str) and _mentioned(part) & names else part
