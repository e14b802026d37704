"""The `sql` part of a manifest."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.adapters import Opening, allowed_columns
from connectors.faults import fault
from connectors.further import conditions
from connectors.sql.written import SUBJECT_LOWER, Written, written
from connectors.templates import PLACE


@dataclass(frozen=True, slots=True)
class SqlSettings:
    """A table, a view or a statement, and how it is asked.

    Attributes:
        url: SQLAlchemy URL, or "" where `url_secret` names the secret that holds it.
        insecure_sql: whether a database on another machine may be spoken to without TLS, or without verifying it.
        schema: of the table; None for the connection's default.
        columns: that may be read.
        table: or a view; "" where a statement is asked.
        statement: in place of a table.
        where: further columns, or the statement's named values, and the templates of what they are; None: NULL.
        lower_case_too: whether a subject ending in X may also be stored with x.
    """

    url: str = field(repr=False)
    url_secret: str
    insecure_sql: bool
    schema: str | None
    table: str
    statement: Written | None
    subject_column: str
    columns: tuple[str, ...]
    where: tuple[tuple[str, str | None], ...]
    lower_case_too: bool

    def location(self, opening: Opening) -> str:
        """The SQLAlchemy URL. Raises: SourceMisconfigured."""
        return self.url or opening.secret(self.url_secret)


def parse(settings: Mapping[str, Any], mapped: frozenset[str]) -> SqlSettings:
    """The settings in a manifest's `sql`. Raises: ManifestFault."""
    if ("url" in settings) == ("url_secret" in settings):
        raise fault((), "url 与 url_secret 须写且只写一个", "give either url or url_secret")
    statement = _statement(settings)
    return SqlSettings(
        url=settings.get("url", ""),
        url_secret=settings.get("url_secret", ""),
        insecure_sql=settings.get("insecure_sql", False),
        schema=settings.get("schema"),
        table=settings.get("table", ""),
        statement=statement,
        subject_column=settings["subject_column"],
        columns=allowed_columns(settings, mapped),
        where=tuple(settings.get("where" if statement is None else "parameters", {}).items()),
        lower_case_too=settings.get("lower_case_too", False),
    )


def _statement(settings: Mapping[str, Any]) -> Written | None:
    if ("statement" in settings) == ("table" in settings):
        raise fault((), "table 与 statement 须写且只写一个", "give either table or statement")
    if "statement" not in settings:
        if "parameters" in settings:
            raise fault(("parameters",), "只用于 statement；表用 where", "this is for a statement; a table has where")
        return None
    for name in ("schema", "where"):
        if name in settings:
            raise fault((name,), "只用于 table；请写在语句里", "this is for a table: write it in the statement")
    made = written(settings["statement"], settings.get("parameters", {}).keys())
    if (SUBJECT_LOWER in made.bound) != settings.get("lower_case_too", False):
        raise fault(("lower_case_too",), "与 :subject_lower 须一同出现", "goes together with :subject_lower")
    return made


def leave_out(settings: Mapping[str, Any], names: frozenset[str]) -> Mapping[str, Any]:
    """The section without these answers: a table has fewer conditions, a statement is told NULL."""
    told = settings.get("parameters")
    left = conditions("where")(settings, names)
    if told is None:
        return left
    absent = {key for key, text in told.items() if names & set(PLACE.findall(text))}
    for key in sorted(absent):
        _check_null(settings.get("statement", ""), key)
    return {**left, "parameters": {key: None if key in absent else text for key, text in told.items()}}


def _check_null(statement: str, name: str) -> None:
    """An empty text is an answer to no question: whoever waits for one would find nothing, and no error."""
    if re.search(rf":{name}\s*=\s*''|''\s*=\s*:{name}\b", statement):
        raise fault(
            ("statement",),
            f"没有回答时绑定 NULL，请写 :{name} IS NULL",
            f"an answer that is not there is NULL: write :{name} IS NULL",
        )
