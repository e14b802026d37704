"""A node that follows the catalogue change by change knows the same as one that reads it as a whole."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from exchange.catalogue.reading import InvalidCatalogue
from exchange.catalogue.registry import Registry
from exchange.store import catalogue
from tests.doubles.exchange import (
    CATALOGUE,
    IDENTITY_CARD,
    ITEM,
    MARKET,
    POLICE,
    URBAN,
    World,
    organisation,
    service_item,
    system,
    text,
)

Documents = dict[tuple[str, str], Any]


def stored() -> Documents:
    return {catalogue.key_of(one): one for one in CATALOGUE}


def told(registry: Registry) -> dict[str, Any]:
    """What a registry holds, checks by the names they are kept under (functions are never equal)."""
    found = {each.name: getattr(registry, each.name) for each in fields(registry)}
    return found | {"records": sorted(found["records"]), "divisions": found["divisions"].history("500112")}


renamed = organisation(POLICE, "公安总队")
CHANGES: list[Documents] = [
    {catalogue.key_of(renamed): renamed},
    {("System", "market-website"): system("market-website", MARKET, status="suspended")},
    {("System", "new"): system("new", URBAN), ("System", "urban-website"): None},
    {("ServiceItem", ITEM): service_item(ITEM, MARKET, "consent")},
    {("EvidenceType", "identity-card"): IDENTITY_CARD | {"spec": IDENTITY_CARD["spec"] | {"name": text("新名")}}},
    {("Connector", "staff"): None},
    {("Connector", "staff"): None, ("Connector", "moved"): {**CATALOGUE[-1], "metadata": {"name": "moved"}}},
]


@pytest.mark.parametrize("change", CHANGES)
def test_following_a_change_is_reading_the_whole(change: Documents) -> None:
    before = stored()
    after = {key: one for key, one in (before | change).items() if one is not None}
    followed = Registry.build(before.values(), 1).following(change, 2)
    assert told(followed) == told(Registry.build(after.values(), 2))


def test_a_change_that_contradicts_the_rest_is_refused_while_following() -> None:
    known = Registry.build(stored().values(), 1)
    taken = system("thief", URBAN, client_id="market-website")
    with pytest.raises(InvalidCatalogue):
        known.following({("System", "thief"): taken}, 2)


def test_whoever_may_name_an_object_is_known() -> None:
    known = Registry.build(stored().values(), 1)
    assert set(known.referrers(("EvidenceType", "staff-list"))) == {
        ("ServiceItem", ITEM),
        *(key for key in stored() if key[0] == "ServiceItem"),
        ("Connector", "staff"),
    }
    assert ("System", "market-website") in known.referrers(("Organisation", MARKET))
    assert known.referrers(("System", "market-website")) == []


def test_a_node_follows_what_another_publishes_and_withdraws(world: World) -> None:
    other = world.another_node()
    assert other.rooms.policy.renew().registry.version == world.rooms.policy.renew().registry.version
    world.apply(organisation("11500000DEM000065M", "卫健委"), renamed)
    followed = other.rooms.policy.renew().registry
    assert followed.organisations["11500000DEM000065M"].name.zh == "卫健委"
    governor: dict[str, Any] = {"sub": "wei", "roles": ["governance-officer"]}
    gone = "/v1/catalogue/entries/organisations/11500000DEM000065M/withdraw"
    assert world.officer("POST", gone, {"reason": "并入他局"}, **governor).status_code == 200
    followed = other.rooms.policy.renew().registry
    with world.outside.database.read() as connection:
        whole = Registry.build(catalogue.read_all(connection).values(), followed.version)
    assert told(followed) == told(whole)
    other.rooms.close()
