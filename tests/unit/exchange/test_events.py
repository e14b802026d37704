"""Events over HTTP: who hears of what, under which name, in which order, and that nothing is lost or told twice."""

from __future__ import annotations

import json
from typing import Any

import pytest

from exchange.events.outbox import put
from exchange.events.signal import Kind, Signal, to_reliers, to_system
from kernel.identifiers.subject import SubjectRef
from tests.doubles.exchange import (
    MARKET,
    NAME,
    OTHER_ITEM,
    OWNER,
    POLICE,
    STRANGER,
    URBAN,
    WORKER,
    World,
    detail,
    grant,
    request,
    system,
)

PATH = "/v1/events/subscriptions"
CHANGED, SETTLED = "tongban.certificate.changed", "tongban.evidence-request.settled"
CARDS: dict[str, Any] = {"events": [CHANGED], "evidence_types": ["identity-card"], "delivery": "pull"}


def call(world: World, method: str, path: str, body: Any = None, client: str = "market-website") -> Any:
    return world.call(method, path, world.issuer.token(world.holder, client, scope="cases"), body)


def subscribe(world: World, client: str = "market-website", **more: Any) -> str:
    made = call(world, "POST", PATH, CARDS | more, client)
    assert made.status_code == 201, made.text
    return str(made.json["subscription"])


def pull(world: World, name: str, query: str = "", client: str = "market-website") -> Any:
    found = call(world, "GET", f"/v1/events?subscription={name}{query}", client=client)
    assert found.status_code == 200, found.text
    return found.json


def change(world: World, cause: str, person: str = OWNER) -> Signal:
    about = world.rooms.gateway.understanding.indexes.of(SubjectRef("citizen-number", person))
    at = world.clock.now()
    return to_reliers(Kind.CERTIFICATE_CHANGED, "identity-card", about, cause=cause, at=at, changed=("status",))


def tell(world: World, *signals: Signal) -> None:
    for one in signals:
        world.outside.database.write(lambda connection, one=one: put(connection, one))
    world.rooms.policy.renew()
    world.rooms.distribution.round()


def delivered(world: World, person: str = OWNER) -> tuple[str, str]:
    """Case and request in which the market website was given an identity card."""
    case = world.open_case()
    answer = world.ask(case, NAME, person=person)
    assert answer.json["status"] == "delivered", answer.text
    return case, answer.json["id"]


def test_whoever_holds_the_evidence_hears_that_it_changed_and_nothing_more(world: World) -> None:
    name = subscribe(world)
    case, asked = delivered(world)
    tell(world, change(world, "c-1"), change(world, "c-1"), change(world, "c-2", STRANGER))
    found = pull(world, name)
    (event,) = found["events"]
    assert event["data"] == {
        "evidence_type": "identity-card",
        "changed": ["status"],
        "held": [{"case": case, "request": asked}],
    }
    assert (event["specversion"], event["type"], event["source"]) == ("1.0", CHANGED, "http://exchange.test")
    assert event["time"] == "2026-11-23T09:30:00Z"
    assert event["subject"].startswith("who_")
    assert OWNER not in json.dumps(found)
    schema = world.client.get(event["dataschema"].removeprefix("http://exchange.test")).json
    assert event["data"].keys() <= schema["properties"].keys()


def test_a_cursor_acknowledges_and_what_was_not_acknowledged_comes_again(world: World) -> None:
    name = subscribe(world)
    delivered(world)
    tell(world, *(change(world, f"c-{number}") for number in range(5)))
    first = pull(world, name, "&limit=2")
    assert (len(first["events"]), first["cursor"], first["more"]) == (2, 2, True)
    assert pull(world, name, "&limit=2") == first
    rest = pull(world, name, f"&after={first['cursor']}")
    assert (len(rest["events"]), rest["cursor"], rest["more"]) == (3, 5, False)
    assert pull(world, name)["events"] == rest["events"]
    assert pull(world, name, "&after=5") == {"events": [], "cursor": 5, "more": False}
    assert pull(world, name) == {"events": [], "cursor": 5, "more": False}
    ids = [each["id"] for each in first["events"] + rest["events"]]
    assert len(set(ids)) == 5
    assert pull(world, name, "&after=0")["events"][0]["id"] == ids[0]  # kept for a while; acknowledged stays so
    assert call(world, "GET", PATH).json["subscriptions"][0]["acknowledged"] == 5
    for wrong in ("6", "-1", "x", "٣", "1" * 40):
        assert code_of(call(world, "GET", f"/v1/events?subscription={name}&after={wrong}")) == "request.invalid"


def code_of(answer: Any) -> str:
    return str(answer.json["code"])


def test_two_subscribers_cannot_find_out_that_they_hold_one_person(small_world: World) -> None:
    world = small_world
    world.apply(grant("G-URBAN", consumer=URBAN, service_items=[OTHER_ITEM]))
    world.approve("G-URBAN")
    ours, theirs = subscribe(world), subscribe(world, "urban-website")
    delivered(world)
    case = world.open_case(client="urban-website", item=OTHER_ITEM)
    token = world.issuer.token(
        world.holder, "urban-website", person=OWNER, authorization_details=detail(case, NAME, item=OTHER_ITEM)
    )
    got = world.call("POST", "/v1/evidence-requests", token, request(case, NAME, service_item=OTHER_ITEM))
    assert got.json["status"] == "delivered", got.text
    tell(world, change(world, "c-1"), change(world, "c-2"))
    one, other = pull(world, ours)["events"], pull(world, theirs, client="urban-website")["events"]
    assert len(one) == len(other) == 2
    assert one[0]["subject"] == one[1]["subject"]
    ids = {each[name] for events in (one, other) for each in events for name in ("id", "subject")}
    assert len(ids) == 6
    assert one[0]["data"]["held"] != other[0]["data"]["held"]


def test_no_grant_no_events(small_world: World) -> None:
    world = small_world
    refused = call(world, "POST", PATH, CARDS, "urban-website")
    assert (refused.status_code, code_of(refused)) == (403, "event.no-grant")
    name = subscribe(world)
    delivered(world)
    tell(world, change(world, "c-1"))
    world.revoke("G-IDENTITY")
    tell(world, change(world, "c-2"))  # not even put in the queue
    assert pull(world, name) == {"events": [], "cursor": 1, "more": False}  # and what waited is withheld


def test_of_somebody_who_is_sealed_nothing_is_told(small_world: World) -> None:
    name = subscribe(small_world)
    delivered(small_world)
    seal(small_world)
    tell(small_world, change(small_world, "c-1"))
    assert pull(small_world, name)["events"] == []


def seal(world: World, until: str = "2026-12-01") -> None:
    sealing = {
        "subject": {"scheme": "citizen-number", "value": OWNER},
        "citation": {"zh": "演示规定第九条", "en": "Demo rules, article 9"},
        "until": until,
    }
    officer: dict[str, Any] = {"sub": "p", "roles": ["provider-officer"], "organisation": POLICE}
    assert world.officer("POST", "/v1/sealings", sealing, **officer).status_code == 201
    world.rooms.policy.renew()


def test_what_waits_about_somebody_is_held_back_while_they_are_sealed(small_world: World) -> None:
    world = small_world
    name = subscribe(world)
    delivered(world)
    delivered(world, WORKER)
    tell(world, change(world, "c-1"), change(world, "c-2", WORKER))
    about_both = pull(world, name)["events"]
    seal(world, until="2026-11-23T10:00:00Z")
    assert pull(world, name) == {"events": about_both[1:], "cursor": 2, "more": False}
    assert pull(world, name, "&after=2")["events"] == []
    assert pull(world, name, "&after=0")["events"] == about_both[1:]  # nor by going back
    world.clock.advance(30 * 60)
    world.rooms.policy.renew()
    world.rooms.revocations.renew()
    assert pull(world, name, "&after=0")["events"] == about_both


def test_what_nobody_fetches_for_ninety_days_is_gone(world: World) -> None:
    name = subscribe(world)
    delivered(world)
    tell(world, change(world, "c-1"))
    world.clock.advance(31 * 86400)
    world.rooms.distribution.prune()
    assert len(pull(world, name)["events"]) == 1  # not acknowledged: it is kept
    world.clock.advance(60 * 86400)
    world.rooms.distribution.prune()
    assert pull(world, name)["events"] == []


def a_day_later(world: World) -> None:
    world.clock.advance(86_400)
    world.rooms.policy.renew()
    world.rooms.revocations.renew()


def begin(world: World, name: str, **more: Any) -> None:
    """A grant, or the next version of it, that begins after what was delivered the day before."""
    world.apply(grant(name, valid_from="2026-11-24T00:00:00+08:00", **more))
    world.approve(name)
    world.rooms.policy.renew()


def test_a_renewed_grant_tells_of_what_was_received_under_the_version_before(world: World) -> None:
    name = subscribe(world)
    case, asked = delivered(world)
    a_day_later(world)
    begin(world, "G-IDENTITY")
    (renewed,) = [each for each in world.rooms.policy.current().image.members() if each.id == "G-IDENTITY"]
    assert renewed.version == 2
    tell(world, change(world, "c-1"))
    (event,) = pull(world, name)["events"]
    assert event["data"]["held"] == [{"case": case, "request": asked}]


def test_another_grant_for_the_same_evidence_tells_of_what_is_held_but_not_of_the_time_between(
    small_world: World,
) -> None:
    world = small_world
    name = subscribe(world)
    case, asked = delivered(world)
    tell(world, change(world, "c-waits"))
    a_day_later(world)
    world.revoke("G-IDENTITY")
    tell(world, change(world, "c-between"))
    assert pull(world, name)["events"] == []  # the right ended: what waited does not leave
    begin(world, "G-LATER")
    tell(world, change(world, "c-after"))
    told = [each["data"]["held"] for each in pull(world, name, "&after=0")["events"]]
    assert told == [[{"case": case, "request": asked}]] * 2  # c-waits and c-after


def test_a_grant_tells_nothing_of_evidence_that_was_never_given(small_world: World) -> None:
    """Neither of somebody else's, nor of what another department was given."""
    world = small_world
    delivered(world)
    a_day_later(world)
    begin(world, "G-URBAN", consumer=URBAN, service_items=[OTHER_ITEM])
    ours, theirs = subscribe(world), subscribe(world, "urban-website")
    tell(world, change(world, "c-1"), change(world, "c-2", STRANGER))
    assert len(pull(world, ours)["events"]) == 1
    assert pull(world, theirs, client="urban-website")["events"] == []


def test_a_settled_request_is_told_to_the_system_that_asked_alone(small_world: World) -> None:
    world = small_world
    mine = subscribe(world, events=[SETTLED], evidence_types=[])
    theirs = subscribe(world, "urban-website", events=[SETTLED], evidence_types=[])
    said = {"request": "er_1", "case": "case_1"}
    tell(world, to_system(Kind.REQUEST_SETTLED, "market-website", cause="er_1", at=world.clock.now(), data=said))
    (event,) = pull(world, mine)["events"]
    assert event["data"] == said
    assert "subject" not in event
    assert pull(world, theirs, client="urban-website")["events"] == []


def test_a_paused_subscription_queues_on_and_an_ended_one_is_gone(small_world: World) -> None:
    world = small_world
    name = subscribe(world)
    delivered(world)
    assert call(world, "POST", f"{PATH}/{name}/pause").json["status"] == "paused"
    assert call(world, "POST", f"{PATH}/{name}/pause").json["status"] == "paused"
    tell(world, change(world, "c-1"))
    assert code_of(call(world, "GET", f"/v1/events?subscription={name}")) == "event.not-pulled"
    assert call(world, "POST", f"{PATH}/{name}/resume").json["status"] == "active"
    assert len(pull(world, name)["events"]) == 1
    assert call(world, "POST", f"{PATH}/{name}/end").json["status"] == "ended"
    for method, path in (("GET", f"/v1/events?subscription={name}"), ("POST", f"{PATH}/{name}/resume")):
        assert code_of(call(world, method, path)) == "event.unknown-subscription"
    assert call(world, "GET", PATH).json["subscriptions"] == []
    world.rooms.distribution.prune()
    statuses = [each["facts"]["status"] for each in world.events("EventsSubscribed", "EventSubscriptionChanged")]
    assert statuses == ["active", "paused", "active", "ended"]


def test_a_subscription_belongs_to_its_system(small_world: World) -> None:
    world = small_world
    name = subscribe(world)
    for method, path in (("GET", f"/v1/events?subscription={name}"), ("POST", f"{PATH}/{name}/end")):
        assert code_of(call(world, method, path, client="urban-website")) == "event.unknown-subscription"
    assert call(world, "GET", PATH, client="urban-website").json["subscriptions"] == []


WRONG: tuple[dict[str, Any], ...] = (
    {"events": []},
    {"events": ["tongban.everything"]},
    {"evidence_types": []},
    {"events": [SETTLED]},
    {"evidence_types": ["../x"]},
    {"delivery": "carrier-pigeon"},
    {"webhook": "https://elsewhere.test/"},
)


def test_a_subscription_that_is_none_is_refused(small_world: World) -> None:
    for wrong in WRONG:
        assert code_of(call(small_world, "POST", PATH, CARDS | wrong)) == "request.invalid", wrong


def test_pushing_takes_an_address_in_the_catalogue(small_world: World) -> None:
    world = small_world
    assert code_of(call(world, "POST", PATH, CARDS | {"delivery": "push"})) == "event.no-webhook"
    world.apply(system("market-website", MARKET, webhook="https://market.test/hook"))
    world.rooms.policy.renew()
    name = subscribe(world, delivery="push")
    assert code_of(call(world, "GET", f"/v1/events?subscription={name}")) == "event.not-pulled"


def test_no_system_holds_more_subscriptions_than_it_may(small_world: World) -> None:
    for _ in range(20):
        subscribe(small_world)
    assert code_of(call(small_world, "POST", PATH, CARDS)) == "event.too-many-subscriptions"


def test_what_is_rolled_back_is_not_told(world: World) -> None:
    name = subscribe(world)
    delivered(world)

    def fails(connection: Any) -> None:
        put(connection, change(world, "c-1"))
        raise LookupError

    with pytest.raises(LookupError):
        world.outside.database.write(fails)
    tell(world)
    assert pull(world, name)["events"] == []


def test_several_nodes_hand_out_each_signal_once_and_in_order(world: World) -> None:
    other = world.another_node()
    name = subscribe(world)
    delivered(world)
    for number in range(4):
        world.outside.database.write(lambda connection, n=number: put(connection, change(world, f"c-{n}")))
        (world, other)[number % 2].rooms.policy.renew()
        (world, other)[number % 2].rooms.distribution.round()
    assert [world.rooms.distribution.round(), other.rooms.distribution.round()] == [0, 0]
    assert len(pull(world, name)["events"]) == 4
    other.rooms.close()


def test_a_signal_of_one_kind_is_not_built_as_the_other() -> None:
    for wrong in (
        lambda: to_system(Kind.CERTIFICATE_CHANGED, "a", cause="c", at=None, data={}),  # type: ignore[arg-type]
        lambda: to_system(Kind.REQUEST_SETTLED, "", cause="c", at=None, data={}),  # type: ignore[arg-type]
        lambda: to_reliers(Kind.REQUEST_SETTLED, "t", b"", cause="c", at=None, changed=()),  # type: ignore[arg-type]
    ):
        with pytest.raises(ValueError, match="goes to"):
            wrong()
