"""What a JSON Schema says about a value, in words for people, Chinese beside English."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jsonschema.exceptions import ValidationError, best_match

from kernel.text import Text

_Where = tuple[str | int, ...]
_TYPES = {
    "object": Text("对象（键: 值）", "an object (key: value)"),
    "array": Text("列表", "a list"),
    "string": Text("文本（数字请加引号）", "text (put digits in quotes)"),
    "integer": Text("整数", "a whole number"),
    "boolean": Text("true 或 false", "true or false"),
    "null": Text("空值", "null"),
}


@dataclass(frozen=True, slots=True)
class _Violation:
    """One rule of a schema that one value breaks."""

    rule: str
    expected: Any
    value: Any
    schema: Mapping[str, Any]


def explain(error: ValidationError) -> Iterator[tuple[_Where, Text]]:
    """Where in the object, and what: one pair for each thing to mend."""
    error = best_match([error]) or error  # of anyOf and oneOf, the alternative that came nearest tells most
    where = tuple(error.absolute_path)
    schema = error.schema if isinstance(error.schema, Mapping) else {}
    violation = _Violation(str(error.validator), error.validator_value, error.instance, schema)
    if violation.rule == "additionalProperties":
        yield from _unknown_keys(violation, where)
    else:
        yield where, _WORDS.get(violation.rule, _other)(violation)


def _unknown_keys(violation: _Violation, where: _Where) -> Iterator[tuple[_Where, Text]]:
    known = list(violation.schema.get("properties", {}))
    for key in sorted(violation.value.keys() - set(known)):
        near = difflib.get_close_matches(key, known, n=1)
        zh, en = (f"，是否想写“{near[0]}”？", f"; did you mean “{near[0]}”?") if near else ("", "")
        yield (*where, key), Text(f"不认识的键{zh}", f"unknown key{en}")


def _required(violation: _Violation) -> Text:
    missing = [f"“{key}”" for key in violation.expected if key not in violation.value]
    return Text(f"缺少{'、'.join(missing)}", f"{', '.join(missing)} missing")


def _type(violation: _Violation) -> Text:
    wanted = violation.expected if isinstance(violation.expected, list) else [violation.expected]
    words = [_TYPES.get(name, Text(name, name)) for name in wanted]
    return Text(f"应为{'或'.join(word.zh for word in words)}", f"must be {' or '.join(word.en for word in words)}")


def _choice(violation: _Violation) -> Text:
    values = violation.expected if violation.rule == "enum" else [violation.expected]
    listed = ", ".join(str(value) for value in values)
    return Text(f"只能是：{listed}", f"must be one of: {listed}")


def _pattern(violation: _Violation) -> Text:
    wanted = violation.schema.get("description", violation.expected)
    return Text(f"格式不符：{wanted}", f"has another form than: {wanted}")


def _bounds(violation: _Violation) -> Text:
    least = violation.rule.startswith("min")
    zh, en = ("至少为", "at least") if least else ("至多为", "at most")
    return Text(f"大小或长度{zh} {violation.expected}", f"must be {en} {violation.expected} in size or length")


def _other(violation: _Violation) -> Text:
    return Text(f"不符合规则 {violation.rule}", f"does not satisfy {violation.rule}")


_BOUNDS = ("minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties")
_WORDS: dict[str, Callable[[_Violation], Text]] = {
    "required": _required,
    "type": _type,
    "enum": _choice,
    "const": _choice,
    "pattern": _pattern,
    **dict.fromkeys(_BOUNDS, _bounds),
}
