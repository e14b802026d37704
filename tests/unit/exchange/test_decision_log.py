"""The decision log: what each decision depended on, so that it can be made again; of the person, only a hash."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from exchange.store import catalogue, epoch
from exchange.store.tables import catalogue_version, decision, grant_force
from kernel.identifiers.subject import parse
from policies import recorded
from tests.doubles.exchange import MARKET, NAME, OWNER, STAFF, World, detail, service_item

OFFICER: dict[str, Any] = {"sub": "author", "roles": ["governance-officer"]}


def rows(world: World, table: sa.Table = decision) -> list[Any]:
    with world.outside.database.read() as connection:
        return list(connection.execute(sa.select(table).order_by(*table.primary_key.columns)))


def test_a_permit_and_a_refusal_are_logged_beside_their_entries(world: World) -> None:
    case = world.open_case()
    born = {"type": "identity-card", "fields": ["born"]}
    assert world.ask(case, NAME, born).json["status"] == "partly-delivered"
    released, refused = rows(world)
    entries = {entry["event"]: number for number, entry in enumerate(world.entries())}
    assert (released.entry, released.outcome) == (entries["EvidenceReleased"], "released")
    assert (refused.entry, refused.outcome) == (entries["EvidenceRefused"], "refused")
    assert '"permit":true,"grants":["G-IDENTITY@1"]' in released.verdict
    assert '"code":"policy.field-not-granted","clauses":["G-IDENTITY@1#c4"]' in refused.verdict
    assert len(released.subject) == 32
    assert released.rules == recorded.rules()


def test_no_number_stands_in_the_log(small_world: World) -> None:
    small_world.ask(small_world.open_case(), NAME)
    (row,) = rows(small_world)
    assert row.subject == small_world.rooms.gateway.understanding.indexes.of(parse("citizen-number", OWNER))
    assert not any(known in str(value) for value in row for known in (OWNER, "陈示例", "pairwise-1"))


def test_an_item_that_policies_were_not_asked_about_is_no_decision(small_world: World) -> None:
    stranger = {**NAME, "subject": {"scheme": "citizen-number", "value": OWNER, "relation": "child"}}
    assert small_world.ask(small_world.open_case(), stranger).json["status"] == "refused"
    assert rows(small_world) == []


def test_what_was_logged_makes_the_same_request_again(small_world: World) -> None:
    small_world.ask(small_world.open_case(), NAME, STAFF)
    logged = rows(small_world)
    assert len(logged) == 2
    for row in logged:
        again = recorded.Asked(row.asked).at(row.at, row.consent_from, row.consent_until)
        assert recorded.asked(again) == row.asked
        assert recorded.verdict(small_world.rooms.policy.current().image.decide(again)) == row.verdict


def test_a_refused_repetition_is_a_decision_of_its_own(small_world: World) -> None:
    case = small_world.open_case()
    request = small_world.ask(case, NAME).json["id"]
    small_world.officer("POST", "/v1/grants/G-IDENTITY/suspend", {"reason": "review"}, **OFFICER)
    small_world.rooms.policy.renew()
    token = small_world.issuer.token(small_world.holder, person=OWNER, authorization_details=detail(case, NAME))
    assert small_world.call("GET", f"/v1/evidence-requests/{request}", token).status_code == 403
    first, second = rows(small_world)
    assert (first.request_id, first.item) == (second.request_id, second.item)
    assert (first.outcome, second.outcome) == ("released", "refused")


def test_the_epochs_of_a_grant_are_kept(world: World) -> None:
    before = rows(world, grant_force)
    assert {(row.id, row.until) for row in before} == {("G-IDENTITY", None), ("G-STAFF", None)}
    world.officer("POST", "/v1/grants/G-IDENTITY/suspend", {"reason": "review"}, **OFFICER)
    now = world.rooms.policy.renew().epoch
    ended = {row.id: row.until for row in rows(world, grant_force)}
    assert ended == {"G-IDENTITY": now, "G-STAFF": None}


def test_every_version_of_the_catalogue_can_be_read_again(world: World) -> None:
    with world.outside.database.read() as connection:
        version = epoch.read(connection).catalogue
        then = catalogue.read_at(connection, version)
        assert then == tuple(catalogue.read_all(connection).values())
    renamed = next(dict(document) for document in then if document["kind"] == "Organisation")
    renamed["spec"] = {**renamed["spec"], "name": {"zh": "新名", "en": "New name"}}
    world.apply(renamed)
    with world.outside.database.read() as connection:
        assert catalogue.read_at(connection, version) == then
        assert catalogue.read_at(connection, version + 1) == tuple(catalogue.read_all(connection).values())
        assert catalogue.read_at(connection, version + 1) != then
    assert len([row for row in rows(world, catalogue_version) if row.until == version + 1]) == 1


def test_what_changed_since_a_version_put_back_is_that_version(world: World) -> None:
    """Of an entry that changed there is the text of then, of one that came later that it was not there."""
    with world.outside.database.read() as connection:
        version, then = epoch.read(connection).catalogue, catalogue.read_all(connection)
    changed = next(dict(document) for document in then.values() if document["kind"] == "Organisation")
    changed["spec"] = {**changed["spec"], "name": {"zh": "新名", "en": "New name"}}
    world.apply(changed)
    world.apply(service_item("11500000DEM000057T3500131002000", MARKET), changed)
    with world.outside.database.read() as connection:
        put_back = catalogue.read_all(connection) | catalogue.as_of(connection, version)
    assert {key: document for key, document in put_back.items() if document is not None} == then
