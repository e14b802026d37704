"""Return flows, their files and parts, and what of each record was sent last."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Update, bindparam, delete, func, insert, or_, select, update

from exchange.store.tables import return_flow, return_flow_file, return_flow_part, return_flow_row
from policies.return_flows import Status

_f, _d, _p, _r = return_flow.c, return_flow_file.c, return_flow_part.c, return_flow_row.c


class Kind(StrEnum):
    """What a file holds: every record, or what changed since the file before."""

    SNAPSHOT = "snapshot"
    CHANGES = "changes"


class FileStatus(StrEnum):
    """Where a file stands; one is given up when the right to it changes while it is made."""

    MAKING = "making"
    READY = "ready"
    GIVEN_UP = "given-up"


@dataclass(frozen=True, slots=True)
class Flow:
    """A department's subscription to the records of its own division; ``trouble`` why the last try made no file."""

    id: str
    system: str
    organisation: str
    evidence_type: str
    service_item: str
    legal_basis: str
    fields: tuple[str, ...]
    charset: str
    every: str
    created_at: datetime
    due_at: datetime
    status: Status = Status.ACTIVE
    trouble: str = ""
    revision: int = 1
    files: int = 0


@dataclass(frozen=True, slots=True)
class File:
    """A file, made or in the making."""

    flow: str
    number: int
    kind: Kind
    grants: str
    division: str
    key: bytes = field(repr=False)
    cursor: bytes = field(repr=False)
    made_at: datetime
    status: FileStatus = FileStatus.MAKING
    listed: bool = False
    parts: int = 0
    rows: int = 0
    unreadable: int = 0
    digest: str = ""
    entry: int = -1


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a file; ``sealed`` is empty where only its size and digest are wanted, ``fetched_at`` when it left."""

    number: int
    size: int
    digest: str
    sealed: bytes = field(default=b"", repr=False)
    fetched_at: datetime | None = None


def add(connection: Connection, flow: Flow) -> None:
    """Store a new flow."""
    values = {name: getattr(flow, name) for name in Flow.__slots__}
    connection.execute(insert(return_flow).values(**values | {"fields": " ".join(flow.fields)}))


def find(connection: Connection, name: str) -> Flow | None:
    """One flow."""
    row = connection.execute(select(return_flow).where(_f.id == name)).one_or_none()
    return None if row is None else _flow(row)


def of_system(connection: Connection, system: str) -> list[Flow]:
    """A system's flows that go on, oldest first."""
    statement = select(return_flow).where(_f.system == system, _f.status == Status.ACTIVE.value).order_by(_f.id)
    return [_flow(row) for row in connection.execute(statement)]


def listed(
    connection: Connection, party: str | None, evidence_types: Collection[str], before: str, limit: int
) -> list[Flow]:
    """Those of a department, or of these evidence types (None: any at all), newest first, older than ``before``."""
    statement = select(return_flow).order_by(_f.id.desc()).limit(limit)
    if party is not None:
        statement = statement.where(or_(_f.organisation == party, _f.evidence_type.in_(sorted(evidence_types))))
    if before:
        statement = statement.where(_f.id < before)
    return [_flow(row) for row in connection.execute(statement)]


def try_again(connection: Connection, seen: Flow, now: datetime) -> bool:
    """Have the file that failed made now; False when the flow is no longer as it was read."""
    statement = update(return_flow).where(_f.id == seen.id, _f.revision == seen.revision, _f.status == seen.status)
    return connection.execute(statement.values(due_at=now, revision=seen.revision + 1)).rowcount == 1


def end(connection: Connection, seen: Flow, at: datetime) -> bool:
    """End a flow and delete what lies here of it, but for whose records were in it; False when it is no longer as it
    was read.
    """
    statement = update(return_flow).where(_f.id == seen.id, _f.revision == seen.revision)
    if connection.execute(statement.values(status=Status.ENDED.value, revision=seen.revision + 1)).rowcount != 1:
        return False
    connection.execute(delete(return_flow_part).where(_p.flow == seen.id))
    connection.execute(_leave(at).where(_r.flow == seen.id, _r.left_at.is_(None)))
    connection.execute(update(return_flow_file).where(_d.flow == seen.id).values(key=b"", cursor=b""))
    return True


def due(connection: Connection, now: datetime) -> list[Flow]:
    """Those of which a file is to be made now."""
    statement = select(return_flow).where(_f.status == Status.ACTIVE.value, _f.due_at <= now).order_by(_f.due_at)
    return [_flow(row) for row in connection.execute(statement)]


def claim(connection: Connection, seen: Flow, until: datetime) -> Flow | None:
    """Take a flow until an instant, as it is now; None when it is another's or was ended."""
    row = connection.execute(
        update(return_flow).where(*_is(seen)).values(due_at=until).returning(return_flow)
    ).one_or_none()
    return None if row is None else _flow(row)


def put_back(connection: Connection, held: Flow, due_at: datetime, trouble: str = "") -> bool:
    """Let go of a flow, to be looked at again at an instant; False when it is no longer held."""
    statement = update(return_flow).where(*_is(held)).values(due_at=due_at, trouble=trouble)
    return connection.execute(statement).rowcount == 1


def newest(connection: Connection, flow: str) -> File | None:
    """The file begun last."""
    statement = select(return_flow_file).where(_d.flow == flow).order_by(_d.number.desc()).limit(1)
    row = connection.execute(statement).one_or_none()
    return None if row is None else _file(row)


def files(connection: Connection, flow: str, after: int, most: int) -> list[File]:
    """Ready files behind a number, in order."""
    ready = (_d.flow == flow, _d.status == FileStatus.READY.value, _d.number > after)
    statement = select(return_flow_file).where(*ready).order_by(_d.number).limit(most)
    return [_file(row) for row in connection.execute(statement)]


def newest_files(connection: Connection, flow: str, before: int | None, most: int) -> list[File]:
    """Ready files, newest first, older than a number."""
    ready = (_d.flow == flow, _d.status == FileStatus.READY.value)
    statement = select(return_flow_file).where(*ready).order_by(_d.number.desc()).limit(most)
    if before is not None:
        statement = statement.where(_d.number < before)
    return [_file(row) for row in connection.execute(statement)]


def file(connection: Connection, flow: str, number: int) -> File | None:
    """One file, whatever its status."""
    statement = select(return_flow_file).where(_d.flow == flow, _d.number == number)
    row = connection.execute(statement).one_or_none()
    return None if row is None else _file(row)


def begin(connection: Connection, held: Flow, begun: File) -> bool:
    """Begin a file; False when the flow is no longer held."""
    counted = update(return_flow).where(*_is(held), _f.files == begun.number - 1).values(files=begun.number)
    if connection.execute(counted).rowcount != 1:
        return False
    connection.execute(insert(return_flow_file).values(**{name: getattr(begun, name) for name in File.__slots__}))
    return True


def keep(connection: Connection, held: Flow, made: File, until: datetime) -> Flow | None:
    """Store how far a file is, and hold its flow until an instant; None when it is no longer held."""
    values = {name: getattr(made, name) for name in File.__slots__ if name not in {"flow", "number"}}
    connection.execute(update(return_flow_file).where(_d.flow == made.flow, _d.number == made.number).values(**values))
    return claim(connection, held, until)


def add_part(connection: Connection, flow: str, number: int, part: Part) -> None:
    """Store a piece of a file."""
    connection.execute(
        insert(return_flow_part).values(
            flow=flow, file=number, number=part.number, sealed=part.sealed, size=part.size, digest=part.digest
        )
    )


def parts(connection: Connection, flow: str, number: int) -> list[Part]:
    """The pieces of a file, without what is inside."""
    columns = select(_p.number, _p.size, _p.digest, _p.fetched_at)
    statement = columns.where(_p.flow == flow, _p.file == number).order_by(_p.number)
    return [Part(row.number, row.size, row.digest, b"", row.fetched_at) for row in connection.execute(statement)]


def part(connection: Connection, flow: str, number: int, piece: int) -> Part | None:
    """One piece of a file."""
    statement = select(return_flow_part).where(_p.flow == flow, _p.file == number, _p.number == piece)
    row = connection.execute(statement).one_or_none()
    return None if row is None else Part(row.number, row.size, row.digest, bytes(row.sealed))


def fetched(connection: Connection, file: File, piece: Part, at: datetime) -> None:
    """Note that a piece left; once more is as good as once."""
    one = (_p.flow == file.flow, _p.file == file.number, _p.number == piece.number)
    connection.execute(update(return_flow_part).where(*one).values(fetched_at=at))


def contents(connection: Connection, flow: str, rows: Collection[str]) -> Mapping[str, bytes]:
    """What was sent last of these records, of those that were sent and are still there."""
    statement = select(_r.row, _r.content).where(_r.flow == flow, _r.row.in_(sorted(rows)), _r.left_at.is_(None))
    return {row: bytes(content) for row, content in connection.execute(statement)}


def sent(connection: Connection, flow: str, number: int, new: Mapping[str, bytes], met: Mapping[str, bytes]) -> None:
    """Note what was sent in a file of ``new`` records, some of which had left, and of those ``met`` again."""
    returned = set(connection.scalars(select(_r.row).where(_r.flow == flow, _r.row.in_(sorted(new)))))
    rows = [
        {"flow": flow, "row": row, "content": content, "first": number, "seen": number}
        for row, content in new.items()
        if row not in returned
    ]
    if rows:
        connection.execute(insert(return_flow_row), rows)
    met = {**met, **{row: content for row, content in new.items() if row in returned}}
    if met:
        again = update(return_flow_row).where(_r.flow == flow, _r.row == bindparam("which"))
        values = [{"which": row, "content": content, "seen": number} for row, content in met.items()]
        noted = again.values(content=bindparam("content"), seen=bindparam("seen"), left_at=None)
        connection.execute(noted, values)


def gone(connection: Connection, flow: str, number: int, most: int) -> Sequence[str]:
    """Records that were sent before and not met in a file."""
    before = (_r.flow == flow, _r.seen < number, _r.left_at.is_(None))
    return connection.scalars(select(_r.row).where(*before).order_by(_r.row).limit(most)).all()


def leave(connection: Connection, flow: str, rows: Collection[str], at: datetime) -> None:
    """Note that records are not there any more; what was sent of them is forgotten, and that it was sent is not."""
    connection.execute(_leave(at).where(_r.flow == flow, _r.row.in_(sorted(rows))))


def may_hold(connection: Connection, flow: str, number: int, rows: Collection[str]) -> bool:
    """Whether any of these records can be in a file: it was met in this one or in a later one."""
    of = (_r.flow == flow, _r.row.in_(sorted(rows)), _r.seen >= number)
    return connection.scalars(select(_r.row).where(*of).limit(1)).first() is not None


def _leave(at: datetime) -> Update:
    return update(return_flow_row).values(content=b"", left_at=at)


def prune_left(connection: Connection, before: datetime) -> None:
    """Forget whose records left a flow before an instant."""
    connection.execute(delete(return_flow_row).where(_r.left_at < before))


def prune(connection: Connection, before: datetime) -> None:
    """Delete the pieces of files made before an instant, with their keys."""
    done = _d.status != FileStatus.MAKING.value  # what is being made is needed, however long it takes
    old = select(_d.flow, _d.number).where(_d.made_at < before, done, func.length(_d.key) > 0)
    for flow, number in connection.execute(old).all():
        connection.execute(delete(return_flow_part).where(_p.flow == flow, _p.file == number))
        one = update(return_flow_file).where(_d.flow == flow, _d.number == number)
        connection.execute(one.values(key=b"", cursor=b""))


def _is(seen: Flow) -> tuple[ColumnElement[bool], ...]:
    return _f.id == seen.id, _f.revision == seen.revision, _f.due_at == seen.due_at


def _flow(row: Any) -> Flow:
    values = {name: getattr(row, name) for name in Flow.__slots__}
    return Flow(**values | {"fields": tuple(row.fields.split()), "status": Status(row.status)})


def _file(row: Any) -> File:
    values = {name: getattr(row, name) for name in File.__slots__}
    narrowed = {
        "kind": Kind(row.kind),
        "status": FileStatus(row.status),
        "key": bytes(row.key),
        "cursor": bytes(row.cursor),
    }
    return File(**values | narrowed)
