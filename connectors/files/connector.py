"""The file adapter: look-ups in the index of the newest file."""

from __future__ import annotations

from connectors.adapters import Limits, Opening, spellings
from connectors.base import Query, Raw, Record
from connectors.errors import SourceTooLarge, SourceUnavailable
from connectors.files.folder import Folder
from connectors.files.settings import FileSettings
from connectors.files.shelf import Shelf
from connectors.templates import template


class FilesConnector:
    """A folder of files. File systems hang too (a dead network mount), so the source's own threads carry the calls."""

    kind = "files"
    keeps_deadline = False

    def __init__(self, settings: FileSettings, folder: Folder, limits: Limits) -> None:
        self._settings = settings
        self._limits = limits
        self._shelf = Shelf(folder, settings)
        self._where = tuple((column, template(value)) for column, value in settings.where)
        self._closed = False

    def fetch(self, query: Query) -> tuple[Record, ...]:
        """The subject's rows, with the file's time as the source's. Raises: SourceProblem."""
        if self._closed:
            raise SourceUnavailable("closed")
        wanted = {column: value(query) for column, value in self._where}
        edition = self._shelf.current()
        found = edition.index().find(spellings(query, self._settings.lower_case_too), self._most(wanted))
        rows = [row for row in found if all(_same(row[column], value) for column, value in wanted.items())]
        return tuple(Record(self._allowed(row), edition.time) for row in rows)

    def close(self) -> None:
        """Let go of the index."""
        self._closed = True
        self._shelf.clear()

    def _most(self, wanted: dict[str, str]) -> int:
        return 1000 if wanted else self._limits.max_records + 1

    def _allowed(self, row: dict[str, Raw]) -> dict[str, Raw]:
        values = {name: row[name] for name in self._settings.columns}
        if sum(len(str(value).encode()) for value in values.values() if value is not None) > self._limits.max_bytes:
            raise SourceTooLarge("bytes")
        return values


def _same(cell: Raw, value: str) -> bool:
    return cell is not None and str(cell).strip() == value


def open_source(settings: FileSettings, opening: Opening) -> FilesConnector:
    """The adapter's opener. Raises: SourceMisconfigured."""
    folder = Folder(settings.folder, settings.pattern, settings.newest_by, opening.roots)
    return FilesConnector(settings, folder, opening.limits)
