"""Where a field's value stands in a record: a column, a JMESPath expression, or the manifest itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError

from connectors.base import Raw
from connectors.errors import SourceGarbled
from connectors.faults import fault, within

Reader = Callable[[Any], Raw]
"""From a record (for a path, any JSON value) to what it holds at one place; None where there is nothing."""

_PLAIN_PATH = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*")


def reader(rule: Mapping[str, Any]) -> Reader:
    """The reader of a field's rule. Raises: ManifestFault."""
    if len(rule.keys() & {"column", "path", "constant"}) != 1:
        raise fault((), "column、path、constant 三者须写且只写一个", "give exactly one of column, path and constant")
    if "column" in rule:
        return _column(rule["column"])
    if "constant" in rule:
        return _constant(rule["constant"])
    with within("path"):
        return expression(rule["path"])


def expression(text: str) -> Reader:
    """A JMESPath expression, compiled. Raises: ManifestFault.

    Plain paths (``a.b.c``), which most are, are walked directly; they mean the same and cost a tenth.
    """
    if _PLAIN_PATH.fullmatch(text):
        return _plain_path(tuple(text.split(".")))
    try:
        compiled = jmespath.compile(text)
    except JMESPathError:
        raise fault((), "不是有效的 JMESPath 表达式", "this is no valid JMESPath expression") from None

    def read(record: Any) -> Raw:
        try:
            found: Raw = compiled.search(record)
        except (JMESPathError, ValueError, TypeError, ArithmeticError, AttributeError, LookupError):
            raise SourceGarbled("expression") from None
        return found

    return read


def _column(name: str) -> Reader:
    def read(record: Mapping[str, Raw]) -> Raw:
        if name not in record:
            raise SourceGarbled("columns-missing")
        return record[name]

    return read


def _plain_path(steps: tuple[str, ...]) -> Reader:
    if len(steps) == 1:
        return _member(steps[0])

    def read(record: Any) -> Raw:
        found: Raw = record
        for step in steps:
            if not isinstance(found, Mapping):
                return None
            found = found.get(step)
        return found

    return read


def _member(name: str) -> Reader:
    def read(record: Any) -> Raw:
        return record.get(name) if type(record) is dict or isinstance(record, Mapping) else None

    return read


def _constant(value: Raw) -> Reader:
    return lambda _: value
