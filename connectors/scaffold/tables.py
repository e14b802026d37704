"""From a database's table: its columns and keys, and the form of some rows' values."""

from __future__ import annotations

from typing import Any

from sqlalchemy import column, inspect, make_url, quoted_name, select, table, types
from sqlalchemy.exc import SQLAlchemyError

from connectors.adapters import Limits
from connectors.scaffold.manifest import Mark, Member, likely_subject, propose
from connectors.scaffold.observing import observe
from connectors.sql.engine import open_engine
from connectors.sql.failures import problem_of

ROWS = 500
"""Rows that are looked at."""


def from_table(
    name: str, url: str, described: str, schema: str | None = None, *, insecure: bool = False
) -> dict[str, Any]:
    """A proposal for a table or view; ``insecure``: it is asked without verified TLS. Raises: SourceProblem."""
    limits = Limits(deadline=10.0, max_bytes=1 << 20)
    engine = open_engine(url, limits, insecure=insecure)
    try:
        with engine.connect() as connection:
            columns = inspect(connection).get_columns(described, schema=schema)
            names = [str(one["name"]) for one in columns]
            of = table(
                quoted_name(described, quote=True),
                *(column(quoted_name(one, quote=True)) for one in names),
                schema=schema and quoted_name(schema, quote=True),
            )
            rows = connection.execute(select(*of.c).select_from(of).limit(ROWS)).fetchall()
    except SQLAlchemyError as error:
        raise problem_of(error) from None
    finally:
        engine.dispose()
    members = [
        Member(
            one,
            observe(_plain(row[place]) for row in rows),
            _type(columns[place]["type"]),
            required=not columns[place].get("nullable", True),
        )
        for place, one in enumerate(names)
    ]
    subject = likely_subject(members)
    settings: dict[str, Any] = {"url_secret": Mark("存放连接地址的密码文件名", "the name of the secret with the URL")}
    if make_url(url).password is None:
        settings = {"url": url}
    settings |= {"insecure_sql": True} if insecure else {}
    settings |= {"schema": schema} if schema else {}
    settings |= {
        "table": described,
        "subject_column": subject.name if subject else Mark("证件号码列", "the subject's column"),
    }
    return propose(name, "sql", settings, [one for one in members if one is not subject], "column")


def _plain(value: Any) -> Any:
    return repr(value) if isinstance(value, float) else value


def _type(kind: Any) -> str:
    if isinstance(kind, types.Boolean):
        return "boolean"
    if isinstance(kind, types.Integer):
        return "integer"
    return "decimal" if isinstance(kind, types.Numeric) else ""
