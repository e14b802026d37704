"""Search filters (RFC 4515) and DNs (RFC 4514) with places for what is looked up.

A filter is parsed when its manifest is read. What is looked up is put into the parsed filter's values as octets and
travels length-prefixed (RFC 4511 §4.5.1.7), so `*)(uid=*` is a value with odd characters and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

from sansldap import (
    FilterAnd,
    FilterEquality,
    FilterExtensibleMatch,
    FilterGreaterOrEqual,
    FilterLessOrEqual,
    FilterNot,
    FilterOr,
    LDAPFilter,
)

from connectors.base import Query
from connectors.faults import fault
from connectors.templates import template

Filter: TypeAlias = Callable[[Query], LDAPFilter]
"""The filter for one look-up. Raises: SourceMisconfigured where a parameter is missing."""

_SPECIAL = re.compile(r'[,+"\\<>;=]|^[ #]| $')
_DEEPEST = 16


def compile_filter(text: str) -> Filter:
    """The filter of a manifest. Raises: ManifestFault."""
    try:
        parsed = LDAPFilter.from_string(text)
    except (ValueError, RecursionError):
        raise fault((), "不是有效的 LDAP 过滤器（RFC 4515）", "this is no valid LDAP filter (RFC 4515)") from None
    return _compiled(parsed, _DEEPEST)


def equals(attribute: str, values: tuple[str, ...]) -> LDAPFilter:
    """Entries of which the attribute has one of the values."""
    each: list[LDAPFilter] = [FilterEquality(attribute, value.encode()) for value in values]
    return each[0] if len(each) == 1 else FilterOr(each)


def all_of(*filters: LDAPFilter) -> LDAPFilter:
    """Entries for which all of these are true; there is at least one."""
    return filters[0] if len(filters) == 1 else FilterAnd([*filters])


def escape_dn(value: str) -> str:
    """A value as it is written inside a DN, so that it stays one value (RFC 4514 §2.4)."""
    return _SPECIAL.sub(lambda found: "\\" + found.group(), value)


def _compiled(parsed: LDAPFilter, levels: int) -> Filter:
    if levels == 0:
        raise fault((), "过滤器嵌套过深", "the filter is nested too deeply")
    if isinstance(parsed, FilterAnd | FilterOr):
        kind, parts = type(parsed), [_compiled(part, levels - 1) for part in parsed.filters]
        return lambda query: kind([part(query) for part in parts])
    if isinstance(parsed, FilterNot):
        inner = _compiled(parsed.filter, levels - 1)
        return lambda query: FilterNot(inner(query))
    if isinstance(parsed, FilterEquality | FilterGreaterOrEqual | FilterLessOrEqual):
        return _comparison(type(parsed), parsed.attribute, parsed.value)
    if isinstance(parsed, FilterExtensibleMatch):
        return _extensible(parsed)
    if b"{" in repr(parsed).encode():
        raise fault((), "占位符只能是等值或比较的值", "a place can only be the value of an equality or a comparison")
    return lambda _: parsed


def _comparison(
    kind: type[FilterEquality | FilterGreaterOrEqual | FilterLessOrEqual], attribute: str, value: bytes
) -> Filter:
    filled = template(_text(value))
    return lambda query: kind(attribute, filled(query).encode())


def _extensible(parsed: FilterExtensibleMatch) -> Filter:
    filled = template(_text(parsed.value))
    return lambda query: FilterExtensibleMatch(
        parsed.rule, parsed.attribute, filled(query).encode(), parsed.dn_attributes
    )


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise fault((), "过滤器的值须为 UTF-8 文字", "the values of a filter are UTF-8 text") from None
