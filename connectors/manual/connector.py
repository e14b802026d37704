"""The adapter that asks a person: it opens nothing, fetches nothing, and says who answers."""

from __future__ import annotations

from connectors.adapters import Adapter, Opening
from connectors.base import Query, Record
from connectors.errors import SourceUnavailable
from connectors.manual.settings import SETTINGS_SCHEMA, ManualSettings, parse


class ManualConnector:
    """A source without a wire. ``responder`` tells who answers; whoever fetches all the same learns that nobody can."""

    kind = "manual"
    keeps_deadline = True

    def __init__(self, responder: ManualSettings) -> None:
        self.responder = responder

    def fetch(self, query: Query) -> tuple[Record, ...]:
        """Nothing: a person answers later. Raises SourceUnavailable, always."""
        del query
        raise SourceUnavailable("answered-by-a-person")

    def close(self) -> None:
        """There is nothing to give back."""


def _open(settings: ManualSettings, _opening: Opening) -> ManualConnector:
    return ManualConnector(settings)


ADAPTER = Adapter(parse=parse, open=_open, settings_schema=SETTINGS_SCHEMA, answers_later=True)
