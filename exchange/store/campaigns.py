"""Campaigns and their items; each is changed only under the revision that was read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, exists, func, insert, or_, select, update

from exchange.store.tables import campaign, campaign_item
from policies.campaigns.events import CampaignState, ItemState, ItemStatus, Status
from policies.campaigns.selection import Selection
from policies.clocks.profile import Stage
from policies.clocks.run import Run

_c, _i = campaign.c, campaign_item.c


def listed(connection: Connection, party: str | None, *, before: str, limit: int) -> tuple[CampaignState, ...]:
    """Campaigns with items of an organisation (None: all), newest first, older than ``before`` (empty: any)."""
    statement = select(campaign).order_by(_c.id.desc()).limit(limit)
    if before:
        statement = statement.where(_c.id < before)
    if party is not None:
        statement = statement.where(exists().where(_i.campaign == _c.id, *_of(party)))
    return tuple(_state(row) for row in connection.execute(statement))


def open_ones(connection: Connection) -> tuple[CampaignState, ...]:
    """Every campaign that is open."""
    statement = select(campaign).where(_c.status == Status.OPEN.value).order_by(_c.id.desc())
    return tuple(_state(row) for row in connection.execute(statement))


def find(connection: Connection, name: str) -> CampaignState | None:
    """One campaign."""
    row = connection.execute(select(campaign).where(_c.id == name)).one_or_none()
    return None if row is None else _state(row)


def add(connection: Connection, state: CampaignState, items: Iterable[ItemState]) -> None:
    """Store a new campaign with its items."""
    connection.execute(insert(campaign).values(**_row(state)))
    connection.execute(insert(campaign_item), [_item_row(each) for each in items])


def change(connection: Connection, state: CampaignState, *, was: int) -> bool:
    """Store the new state of a campaign; False when its revision is no longer ``was``."""
    statement = update(campaign).where(_c.id == state.id, _c.revision == was)
    return connection.execute(statement.values(**_row(state))).rowcount == 1


def change_item(connection: Connection, state: ItemState, *, was: int) -> bool:
    """Store the new state of an item; False when its revision is no longer ``was``."""
    statement = update(campaign_item).where(
        _i.campaign == state.campaign, _i.number == state.number, _i.revision == was
    )
    return connection.execute(statement.values(**_item_row(state))).rowcount == 1


def item(connection: Connection, name: str, number: int) -> ItemState | None:
    """One item of a campaign."""
    row = connection.execute(select(campaign_item).where(_i.campaign == name, _i.number == number)).one_or_none()
    return None if row is None else _item(row)


def items(
    connection: Connection, name: str, *, party: str | None, status: ItemStatus | None, after: int, limit: int
) -> tuple[ItemState, ...]:
    """Items of a campaign behind a number, in order; ``party`` is an organisation on either side, None for all."""
    statement = select(campaign_item).where(_i.campaign == name, _i.number > after, *_of(party))
    if status is not None:
        statement = statement.where(_i.status == status.value)
    return tuple(_item(row) for row in connection.execute(statement.order_by(_i.number).limit(limit)))


def counts(connection: Connection, names: Collection[str], party: str | None) -> Mapping[str, Mapping[ItemStatus, int]]:
    """How many items of each campaign stand where, of those that concern an organisation or of all."""
    statement = select(_i.campaign, _i.status, func.count()).where(_i.campaign.in_(names), *_of(party))
    found: dict[str, dict[ItemStatus, int]] = {name: dict.fromkeys(ItemStatus, 0) for name in names}
    for name, status, count in connection.execute(statement.group_by(_i.campaign, _i.status)):
        found[name][ItemStatus(status)] = int(count)
    return found


def waiting_providers(connection: Connection, name: str) -> Mapping[str, int]:
    """How many items wait for each providing department."""
    statement = select(_i.provider, func.count()).where(_i.campaign == name, _i.status == ItemStatus.WAITING.value)
    rows = connection.execute(statement.group_by(_i.provider).order_by(_i.provider))
    return {provider: int(count) for provider, count in rows}


def under_way(connection: Connection) -> frozenset[tuple[str, int]]:
    """Grant versions that wait for an answer in an open campaign."""
    statement = (
        select(_i.grant_id, _i.version)
        .join(campaign, _c.id == _i.campaign)
        .where(_c.status == Status.OPEN.value, _i.status == ItemStatus.WAITING.value)
    )
    return frozenset((grant, int(version)) for grant, version in connection.execute(statement))


def _of(party: str | None) -> tuple[ColumnElement[bool], ...]:
    return () if party is None else (or_(_i.provider == party, _i.consumer == party),)


def _row(state: CampaignState) -> dict[str, object]:
    return {
        "id": state.id,
        "title": state.title,
        "status": state.status.value,
        "revision": state.revision,
        "provider": state.selection.provider,
        "consumer": state.selection.consumer,
        "evidence_type": state.selection.evidence_type,
        "in_force_days": state.selection.in_force_days,
        "days": state.clock.days,
        "began": state.clock.began,
        "items": state.items,
        "opened_by": state.opened_by,
        "told": ",".join(map(str, sorted(state.told))),
        "reason": state.reason,
        "changed_at": state.changed_at,
    }


def _state(row: Any) -> CampaignState:
    selection = Selection(
        provider=row.provider,
        consumer=row.consumer,
        evidence_type=row.evidence_type,
        in_force_days=row.in_force_days,
    )
    return CampaignState(
        id=row.id,
        title=row.title,
        selection=selection,
        clock=Run(stage=Stage.RECERTIFICATION, days=row.days, began=row.began),
        items=row.items,
        opened_by=row.opened_by,
        status=Status(row.status),
        told=frozenset(int(each) for each in row.told.split(",") if each),
        reason=row.reason,
        changed_at=row.changed_at,
        revision=row.revision,
    )


def _item_row(state: ItemState) -> dict[str, object]:
    return {
        "campaign": state.campaign,
        "number": state.number,
        "grant_id": state.grant,
        "version": state.version,
        "provider": state.provider,
        "consumer": state.consumer,
        "evidence_type": state.evidence_type,
        "status": state.status.value,
        "revision": state.revision,
        "words": state.words,
        "answered_by": state.by,
        "changed_at": state.changed_at,
    }


def _item(row: Any) -> ItemState:
    return ItemState(
        campaign=row.campaign,
        number=row.number,
        grant=row.grant_id,
        version=row.version,
        provider=row.provider,
        consumer=row.consumer,
        evidence_type=row.evidence_type,
        status=ItemStatus(row.status),
        words=row.words,
        by=row.answered_by,
        changed_at=row.changed_at,
        revision=row.revision,
    )
