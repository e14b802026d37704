"""The `sql` part of a manifest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.adapters import Opening, allowed_columns
from connectors.faults import fault


@dataclass(frozen=True, slots=True)
class SqlSettings:
    """A table or view, and how it is asked.

    Attributes:
        url: SQLAlchemy URL, or "" where `url_secret` names the secret that holds it.
        schema: of the table; None for the connection's default.
        columns: that may be read.
        where: further columns and the templates of the values they must have.
        lower_case_too: whether a subject ending in X may also be stored with x.
    """

    url: str = field(repr=False)
    url_secret: str
    schema: str | None
    table: str
    subject_column: str
    columns: tuple[str, ...]
    where: tuple[tuple[str, str], ...]
    lower_case_too: bool

    def location(self, opening: Opening) -> str:
        """The SQLAlchemy URL. Raises: SourceMisconfigured."""
        return self.url or opening.secret(self.url_secret)


def parse(settings: Mapping[str, Any], mapped: frozenset[str]) -> SqlSettings:
    """The settings in a manifest's `sql`. Raises: ManifestFault."""
    if ("url" in settings) == ("url_secret" in settings):
        raise fault((), "url 与 url_secret 须写且只写一个", "give either url or url_secret")
    return SqlSettings(
        url=settings.get("url", ""),
        url_secret=settings.get("url_secret", ""),
        schema=settings.get("schema"),
        table=settings["table"],
        subject_column=settings["subject_column"],
        columns=allowed_columns(settings, mapped),
        where=tuple(settings.get("where", {}).items()),
        lower_case_too=settings.get("lower_case_too", False),
    )
