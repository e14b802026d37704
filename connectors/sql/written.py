"""A SELECT that a manifest writes out, checked before anything is opened.

It is put in parentheses and asked as a table is: ``SELECT <allowed columns> FROM (<statement>) AS tongban_answer``.
SQL's own grammar lets nothing but a query stand there, so what is left to check is that a text cannot end the
parentheses, hide a comment, or hold more than it shows. Values are bound under their names; none is ever written in.
"""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from connectors.faults import fault

SUBJECT, SUBJECT_LOWER = "subject", "subject_lower"

_TOKEN = re.compile(
    r"""(?P<text>'(?:[^'\\]|'')*')|(?P<name>"[^"\\]*"|`[^`\\]*`)|:(?P<bound>[a-z][a-z0-9_]*)\b|(?P<cast>::)"""
    r"""|(?P<word>[^\W\d]\w*)|(?P<open>\()|(?P<shut>\))|(?P<odd>--|/\*|\*/|:=|[;\\#$@?:'"`{}\x00-\x08\x0e-\x1f])"""
    r"""|(?P<other>[\s\S])"""
)
_NEVER = frozenset(
    {
        "into",
        "insert",
        "update",
        "delete",
        "merge",
        "call",
        "execute",
        "prepare",
        "do",
        "lock",
        "share",
        "drop",
        "alter",
    }
    | {"create", "truncate", "grant", "revoke", "copy", "attach", "detach", "pragma", "vacuum", "handler", "procedure"}
    | {"load_file"}
)
"""Words that no look-up needs outside quotes: they write, lock, or reach files."""


@dataclass(frozen=True, slots=True)
class Written:
    """A checked statement.

    Attributes:
        text: as SQLAlchemy's ``text`` takes it: ``:name`` is a bound value, any other colon is escaped.
        bound: the names of its values, in alphabetical order.
    """

    text: str
    bound: tuple[str, ...]


def written(statement: str, parameters: AbstractSet[str]) -> Written:
    """A manifest's statement. Raises: ManifestFault."""
    tokens = list(_TOKEN.finditer(statement))
    for token in tokens:
        _check(token)
    _check_parentheses(tokens)
    words = [token["word"].lower() for token in tokens if token["word"]]
    if not words or words[0] not in {"select", "with"}:
        raise fault(("statement",), "语句须以 SELECT 开头", "the statement must begin with SELECT")
    bound = {token["bound"] for token in tokens if token["bound"]}
    _check_names(bound, parameters)
    return Written("".join(map(_escaped, tokens)), tuple(sorted(bound)))


def _check(token: re.Match[str]) -> None:
    if token["odd"]:
        raise fault(
            ("statement",),
            f"语句第 {token.start() + 1} 个字符处：不得有分号、注释、反斜杠、$ 引号和未结束的引号",
            f"character {token.start() + 1}: no semicolon, comment, backslash, dollar quote or open quote",
        )
    if token["word"] and token["word"].lower() in _NEVER:
        raise fault(
            ("statement",),
            f"语句只能查询；若“{token['word']}”是列名，请加引号",
            f"a statement only reads; quote “{token['word']}” if it is the name of a column",
        )


def _check_parentheses(tokens: list[re.Match[str]]) -> None:
    depth = 0
    for token in tokens:
        depth += bool(token["open"]) - bool(token["shut"])
        if depth < 0:
            break
    if depth:
        raise fault(("statement",), "括号不配对", "the parentheses do not match")


def _check_names(bound: set[str], parameters: AbstractSet[str]) -> None:
    if SUBJECT not in bound:
        raise fault(("statement",), "语句须以 :subject 限定所查的人", "the statement must ask for :subject")
    if unknown := sorted(bound - parameters - {SUBJECT, SUBJECT_LOWER}):
        raise fault(("parameters",), f"未说明取值：{unknown[0]}", f"no value is given for {unknown[0]}")
    if unused := sorted(parameters - bound):
        raise fault(("parameters", unused[0]), "语句中没有用到", "the statement does not use it")


def _escaped(token: re.Match[str]) -> str:
    """The token as it stands, with the colons that begin no bound value marked as such."""
    return token[0] if token["bound"] else token[0].replace(":", "\\:")
