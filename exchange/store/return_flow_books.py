"""What is told of return flows: to providers, to whose records they hold, and to whoever compares both with the log."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, select

from exchange.store.return_flows import FileStatus
from exchange.store.tables import return_flow, return_flow_file, return_flow_row
from policies.return_flows import Status

_f, _d, _r = return_flow.c, return_flow_file.c, return_flow_row.c


@dataclass(frozen=True, slots=True)
class Sent:
    """How much flowed back to whom, for what: files and rows, and when last. ``fields`` are separated by blanks."""

    flow: str
    consumer: str
    evidence_type: str
    service_item: str
    legal_basis: str
    fields: str
    division: str
    files: int
    rows: int
    last: datetime


@dataclass(frozen=True, slots=True)
class Held:
    """A flow that a record is in, or was in ``until`` it ended or the record was not there any more.

    Who gets which fields of what, for what, of which division, by which system; ``number``, ``at`` and ``entry`` of the
    newest file that has it, by the pseudonym ``row``.
    """

    flow: str
    row: str
    number: int
    system: str
    consumer: str
    evidence_type: str
    service_item: str
    legal_basis: str
    fields: tuple[str, ...]
    division: str
    at: datetime
    entry: int
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Counted:
    """How many records a flow holds after one of its files: ``living`` now; ``met`` in that file and none begun since;
    ``later`` also those met since. ``newest`` is the file begun last, ``made_at`` when the one asked about was.
    """

    status: Status
    newest: int
    made_at: datetime
    living: int
    met: int
    later: int


def sent_by(connection: Connection, evidence_types: Collection[str], since: datetime, until: datetime) -> list[Sent]:
    """What flowed back of these evidence types between two instants, by flow."""
    ready = (_d.status == FileStatus.READY.value, _d.made_at >= since, _d.made_at < until)
    by = (
        _f.id.label("flow"),
        _f.organisation.label("consumer"),
        _f.evidence_type,
        _f.service_item,
        _f.legal_basis,
        _f.fields,
        _d.division,
    )
    statement = (
        select(*by, func.count().label("files"), func.sum(_d.rows).label("rows"), func.max(_d.made_at).label("last"))
        .join(return_flow_file, _d.flow == _f.id)
        .where(_f.evidence_type.in_(sorted(evidence_types)), *ready)
        .group_by(*by)
        .order_by(*by)
    )
    found = connection.execute(statement).mappings()
    return [Sent(**{**row, "rows": int(row["rows"])}) for row in found]


def known(connection: Connection, evidence_type: str | None = None) -> list[str]:
    """Every flow that goes on or was ended, of one evidence type alone where it is named."""
    which = () if evidence_type is None else (_f.evidence_type == evidence_type,)
    return [*connection.scalars(select(_f.id).where(*which).order_by(_f.id))]


def holding(connection: Connection, rows: Collection[str]) -> list[Held]:
    """Flows in whose ready files records with these pseudonyms stand or stood, by the newest that has them; newest
    first.
    """
    again = return_flow_file.alias()
    newest = (
        select(func.max(again.c.number))
        .where(again.c.flow == _r.flow, again.c.number >= _r.first, again.c.number <= _r.seen)
        .where(again.c.status == FileStatus.READY.value)
        .correlate(return_flow_row)
        .scalar_subquery()
    )
    statement = (
        select(_f.id, _f.system, _f.organisation, _f.evidence_type, _f.service_item, _f.legal_basis, _f.fields)
        .add_columns(_d.division, _d.number, _d.made_at, _d.entry, _r.row, _r.left_at)
        .join(return_flow_row, _r.flow == _f.id)
        .join(return_flow_file, (_d.flow == _f.id) & (_d.number == newest))
        .where(_r.row.in_(sorted(rows)))
        .order_by(_d.made_at.desc(), _f.id)
    )
    return [
        Held(
            flow=row.id,
            row=row.row,
            number=row.number,
            system=row.system,
            consumer=row.organisation,
            evidence_type=row.evidence_type,
            service_item=row.service_item,
            legal_basis=row.legal_basis,
            fields=tuple(row.fields.split()),
            division=row.division,
            at=row.made_at,
            entry=row.entry,
            until=row.left_at,
        )
        for row in connection.execute(statement)
    ]


def every_ready(connection: Connection) -> dict[tuple[str, int], int]:
    """Every ready file's entry of the log, by flow and number."""
    ready = select(_d.flow, _d.number, _d.entry).where(_d.status == FileStatus.READY.value)
    return {(row.flow, row.number): row.entry for row in connection.execute(ready)}


def living(connection: Connection, flow: str) -> int:
    """How many records a flow holds now."""
    return connection.scalar(select(func.count()).where(_r.flow == flow, _r.left_at.is_(None))) or 0


def counted(connection: Connection, flow: str, number: int) -> Counted | None:
    """Whose records a flow holds after one of its files, by their number, read at one instant."""

    def rows(*which: ColumnElement[bool]) -> ColumnElement[int]:
        return select(func.count()).select_from(return_flow_row).where(_r.flow == flow, *which).scalar_subquery()

    statement = (
        select(_f.status, _f.files, _d.made_at)
        .add_columns(rows(_r.left_at.is_(None)), rows(_r.seen == number), rows(_r.first <= number, _r.seen >= number))
        .join(return_flow_file, _d.flow == _f.id)
        .where(_f.id == flow, _d.number == number)
    )
    row = connection.execute(statement).one_or_none()
    return None if row is None else Counted(Status(row[0]), *row[1:])
