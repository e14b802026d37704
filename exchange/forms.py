"""Reading JSON bodies at the edge: marshmallow schemas built once, errors by field in the reader's language.

Every message is a pair of Chinese and English found by a stable code; a field of ours that has no words does not
load. What a schema returns is already the frozen value the rest of the exchange works with.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from datetime import datetime
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, post_load, validate

from kernel.canonical import JSON
from kernel.dates import CHINA, read_instant
from kernel.identifiers import subject
from kernel.identifiers.errors import InvalidIdentifier
from kernel.identifiers.subject import SCHEMES, SubjectRef
from kernel.problems import INVALID_BODY, Problem
from kernel.text import Text
from kernel.web.http import HttpRequest

RECORDED_CODES: ContextVar[frozenset[str]] = ContextVar("recorded_codes", default=frozenset())
"""Wrongly issued codes that bodies may name while a request is answered (``exchange.recorded_codes``): a form is built
once and is told nothing else of the installation.
"""
MESSAGES: Mapping[str, Text] = {
    "missing": Text("必填", "is required"),
    "null": Text("不能为空值", "must not be null"),
    "unknown": Text("没有这个字段", "there is no such field"),
    "not-an-object": Text("应为 JSON 对象", "must be a JSON object"),
    "not-a-list": Text("应为列表", "must be a list"),
    "not-text": Text("应为文本", "must be text"),
    "not-a-number": Text("应为整数", "must be a whole number"),
    "length": Text("长度或数量不在允许范围内", "is too short, too long, or has too many or too few members"),
    "form": Text("写法不正确", "is not well formed"),
    "choice": Text("不是允许的值之一", "is not one of the allowed values"),
    "twice": Text("同一值出现了两次", "the same value stands twice"),
    "nothing-asked": Text("至少要问一个字段或一个是非问题", "asks for neither a field nor a yes/no question"),
    "identifier": Text("号码格式或校验码不正确", "is not a valid identifier: check its form and check character"),
    "names-somebody": Text("不能含有个人号码", "must not hold anybody's number"),
    "no-alternative": Text(
        "与所请求的材料不能满足同一要求", "meets no requirement that what is asked for meets, about the same person"
    ),
    "alone": Text("须单独请求，且直接答复", "is asked for by itself, and answered at once"),
    "arguments": Text("该是非问题的参数不正确", "these are not the arguments of this question"),
}
"""Every code that may stand in ``errors``, with its words."""

_BUILT_IN = {
    "required": "missing",
    "null": "null",
    "unknown": "unknown",
    "type": "not-an-object",
    "invalid": "form",
    "validator_failed": "form",
}


class Form(Schema):
    """A body: an object of exactly these members."""

    error_messages = dict(_BUILT_IN)  # noqa: RUF012 - marshmallow's own way of naming them

    class Meta:
        """Unknown members are refused, not ignored."""

        unknown = RAISE


class TextField(fields.String):
    """Text; a number or a list is not quietly turned into one."""

    default_error_messages = {**_BUILT_IN, "invalid": "not-text", "invalid_utf8": "not-text"}  # noqa: RUF012

    def deserialize(self, value: Any, attr: str | None = None, data: Any = None, **kwargs: Any) -> Any:
        """A text that is in order needs none of the steps that find out what is wrong with one."""
        if type(value) is str and all(_accepts(rule, value) for rule in self.validators):
            return value
        return super().deserialize(value, attr, data, **kwargs)


def _accepts(rule: object, text: str) -> bool:
    """Whether a rule is met, for the kinds that tell without raising; any other is left to the slow way."""
    if isinstance(rule, validate.Regexp):
        pattern: re.Pattern[Any] = rule.regex
        return pattern.match(text) is not None
    return isinstance(rule, validate.OneOf) and text in rule.choices


class YesNo(fields.Boolean):
    """true or false; neither a word nor a number."""

    default_error_messages = {"required": "missing", "null": "null", "invalid": "choice"}  # noqa: RUF012

    def _deserialize(self, value: object, attr: str | None, data: object, **kwargs: object) -> bool:  # noqa: ARG002
        if type(value) is not bool:
            raise self.make_error("invalid")
        return value


class ListField(fields.List[Any]):
    """A list."""

    default_error_messages = {**_BUILT_IN, "invalid": "not-a-list"}  # noqa: RUF012


class TextsField(ListField):
    """A list of texts of one form. What is in order is seen at a glance; what is not is told member by member."""

    def __init__(self, form: re.Pattern[str], **kwargs: Any) -> None:
        """``form`` is matched from a text's beginning, so it says itself where the text ends."""
        super().__init__(TextField(validate=validate.Regexp(form, error="form")), **kwargs)
        self._matches = form.match

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[Any]:
        if type(value) is list and all(type(each) is str and self._matches(each) for each in value):
            return value
        return super()._deserialize(value, attr, data, **kwargs)


class PartField(fields.Nested):
    """An object inside."""

    default_error_messages = {**_BUILT_IN, "type": "not-an-object"}  # noqa: RUF012


class ObjectField(fields.Dict):
    """An object whose members are checked later, by the published schema of grants."""

    default_error_messages = {"required": "missing", "null": "null", "invalid": "not-an-object"}  # noqa: RUF012


class WholeNumber(fields.Integer):
    """A whole number; neither a digit string nor a boolean."""

    default_error_messages = {**_BUILT_IN, "invalid": "not-a-number", "too_large": "not-a-number"}  # noqa: RUF012

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if type(value) is not int:
            raise self.make_error("invalid")
        return super()._deserialize(value, attr, data, **kwargs)


def looked_up(scheme: object, value: object) -> SubjectRef:
    """Whom a body names, to be looked up. Raises InvalidIdentifier."""
    return subject.parse(scheme, value, recorded_exceptions=RECORDED_CODES.get())


class SubjectNumberForm(Form):
    """A person or company by number."""

    scheme = TextField(required=True, validate=validate.OneOf(SCHEMES, error="choice"))
    value = TextField(required=True, validate=validate.Length(max=64, error="length"))

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Any:
        """Who it is, the number checked."""
        try:
            return looked_up(data["scheme"], data["value"])
        except InvalidIdentifier:
            raise ValidationError("identifier", "value") from None


def instant_of(text: str, member: str) -> datetime:
    """An instant as RFC 3339 writes it, or a day from its beginning in China. Raises ValidationError at ``member``."""
    try:
        moment = read_instant(text)
    except ValueError:
        raise ValidationError("form", member) from None
    if moment.tzinfo is None and len(text) != len("2026-01-01"):
        raise ValidationError("form", member)
    return moment.replace(tzinfo=CHINA) if moment.tzinfo is None else moment


def read(form: Schema, request: HttpRequest, glance: Callable[[JSON], Any] = lambda _: None) -> Any:
    """The body as ``form`` makes it; ``glance`` makes the same of bodies that are plainly in order, others are None.

    Raises Problem: request.malformed, request.invalid, request.unsupported-media-type.
    """
    body = request.json()
    if (seen := glance(body)) is not None:
        return seen
    try:
        return form.load(body)  # type: ignore[arg-type]  # the schema itself refuses what is not an object
    except ValidationError as error:
        raise invalid(error, request.language) from None


def invalid(error: ValidationError, language: str) -> Problem:
    """The problem that lists what is wrong, by path; it repeats nothing of what was sent."""
    found: list[JSON] = [
        {"path": path, "code": code, "message": MESSAGES[code].in_(language)}
        for path, code in _flatten(error.messages, "")
    ]
    return Problem(INVALID_BODY, members={"errors": found[:50]})


def _flatten(messages: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(messages, dict):
        for name, inner in messages.items():
            yield from _flatten(inner, _step(path, name))
    else:
        for message in messages:
            yield path or ".", message if message in MESSAGES else "form"


def _step(path: str, name: Any) -> str:
    if isinstance(name, int):
        return f"{path}[{name}]"
    if name == "_schema":
        return path
    shown = name if len(str(name)) <= 64 and str(name).isidentifier() else "?"  # a caller's own words are not echoed
    return f"{path}.{shown}" if path else shown
