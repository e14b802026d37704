"""Look-ups in the index of the current edition."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing

from connectors.adapters import Limits, Opening, spellings
from connectors.base import Connector, Query, Raw, Record, Reshaped, Standing
from connectors.errors import SourceTooLarge, SourceUnavailable
from connectors.files.drops import Drops, Edition
from connectors.files.folder import Folder
from connectors.files.place import Place, wanted
from connectors.files.s3.settings import S3Settings
from connectors.files.settings import FileSettings
from connectors.files.sftp.settings import SftpSettings
from connectors.files.shelf import Shelf
from connectors.files.workroom import Workroom
from connectors.templates import template
from kernel.clock import Clock

_MOST_LOOKED_AT = 1000
"""Rows of one subject that are held against the conditions of a manifest."""


class FilesConnector:
    """Files at some place. File systems hang too (a dead mount), so the source's own threads carry the calls."""

    kind = "files"
    keeps_deadline = False
    lists = True

    def __init__(self, settings: FileSettings, shelf: Shelf, room: Workroom, limits: Limits, clock: Clock) -> None:
        self._settings = settings
        self._limits = limits
        self._shelf = shelf
        self._room = room
        self._clock = clock
        self._where = tuple((column, template(value)) for column, value in settings.where)
        self._closed = False

    def fetch(self, query: Query) -> tuple[Record, ...]:
        """The subject's rows, with the file's time as the source's. Raises: SourceProblem."""
        if self._closed:
            raise SourceUnavailable("closed")
        conditions = {column: value(query) for column, value in self._where}
        edition = self._shelf.current(query.deadline)
        self._check_age(edition)
        with closing(edition.index.find(spellings(query, self._settings.lower_case_too))) as rows:
            return tuple(Record(values, edition.time) for values in self._answer(rows, conditions))

    def prepare(self, seconds: float) -> None:
        """Fetch and read what is there, for whoever is willing to wait so long for it."""
        if not self._closed:
            self._shelf.prepare(seconds)

    def reshaped(self) -> tuple[Reshaped, ...]:
        """How the newest file is made otherwise than those before."""
        return self._shelf.reshaped()

    def standing(self) -> Standing:
        """How old the file is that answers, and since when its place cannot be looked at."""
        return self._shelf.standing()

    def subjects(self, after: str, limit: int, deadline: float) -> tuple[str, ...]:
        """Whom the current edition holds rows of. Raises: SourceProblem."""
        if self._closed:
            raise SourceUnavailable("closed")
        edition = self._shelf.current(deadline)
        self._check_age(edition)
        return edition.index.subjects(after, limit)

    def beside(self, settings: FileSettings) -> FilesConnector:
        """A connector over the same index that asks by other conditions; it is closed together with this one."""
        return FilesConnector(settings, self._shelf, self._room, self._limits, self._clock)

    def close(self) -> None:
        """Let go of the index."""
        self._closed = True
        self._shelf.close()
        self._room.remove()

    def _check_age(self, edition: Edition) -> None:
        most = self._settings.max_age
        if most is not None and (self._clock.now() - edition.time).total_seconds() > most:
            raise SourceUnavailable("too-old")

    def _answer(self, rows: Iterable[Mapping[str, Raw]], conditions: Mapping[str, str]) -> Iterator[Mapping[str, Raw]]:
        """What the rows say that meet the conditions, one more than allowed at most, counted while they are read.

        Raises: SourceTooLarge, also where so many rows fail the conditions that the one that meets them may stand
        behind them: that is no “not found”.
        """
        left, most = self._limits.max_bytes, self._limits.max_records + 1
        for number, row in enumerate(rows):
            if number == _MOST_LOOKED_AT and conditions:
                raise SourceTooLarge("records")
            if not all(_same(row[column], value) for column, value in conditions.items()):
                continue
            values = {name: row[name] for name in self._settings.columns}
            left -= sum(len(str(value).encode()) for value in values.values() if value is not None)
            if left < 0:
                raise SourceTooLarge("bytes")
            yield values
            most -= 1
            if not most:
                return


def _same(cell: Raw, value: str) -> bool:
    return cell is not None and str(cell).strip() == value


def open_source(settings: FileSettings, opening: Opening) -> FilesConnector:
    """The adapter's opener. Raises: SourceMisconfigured."""
    room = Workroom.of(opening.cache, opening.name)
    return open_place(_place(settings, room, opening), settings, opening, room)


def beside(connector: Connector, settings: FileSettings) -> FilesConnector:
    """Another connector over the index that one has: what is large is read once, whatever is asked of it."""
    assert isinstance(connector, FilesConnector)
    return connector.beside(settings)


def open_place(place: Place, settings: FileSettings, opening: Opening, room: Workroom | None = None) -> FilesConnector:
    """A source of the files at a place, whatever that is."""
    room = room or Workroom.of(opening.cache, opening.name)
    drops = Drops(place, settings, room, opening)
    shelf = Shelf(place, drops, opening.clock, 300.0 if settings.away is None else settings.away.every)
    if room.lasting or place.remote:
        shelf.start()
    return FilesConnector(settings, shelf, room, opening.limits, opening.clock)


def _place(settings: FileSettings, room: Workroom, opening: Opening) -> Place:
    if isinstance(settings.away, SftpSettings):
        from connectors.files.sftp.place import SftpPlace  # SSH is loaded where it is spoken

        return SftpPlace(settings.away, wanted(settings), room, opening)
    if isinstance(settings.away, S3Settings):
        from connectors.files.s3.place import S3Place

        return S3Place(settings.away, wanted(settings), room, opening)
    return Folder(settings.folder, wanted(settings), opening.roots)
