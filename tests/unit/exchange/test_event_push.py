"""Pushed events over real sockets: signed, in order, tried again, parked; a bad subscriber is nobody else's trouble."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import http_message_signatures as independent
import pytest
import requests
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec

from exchange.store import subscriptions
from kernel.jose import base64url
from tests.doubles.exchange import MARKET, OTHER_ITEM, OWNER, URBAN, World, detail, grant, request, system
from tests.doubles.webhook import Webhook
from tests.unit.exchange.test_events import NAME, PATH, call, change, delivered, seal, subscribe, tell

GUIDE = Path(__file__).resolve().parents[3] / "docs/guides/events-and-return-flow.md"


@pytest.fixture
def hook() -> Iterator[Webhook]:
    with Webhook() as server:
        yield server


def snippet() -> Any:
    """The verifier of the guide."""
    (code,) = re.findall(r"```python\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)
    return names["verify"]


def pushed(world: World, hook: Webhook) -> str:
    """The market website's subscription, with one delivered identity card."""
    world.apply(system("market-website", MARKET, webhook=hook.url))
    world.rooms.policy.renew()
    name = subscribe(world, delivery="push")
    delivered(world)
    return name


def go(world: World) -> None:
    world.rooms.policy.renew()
    world.rooms.carry_events()
    world.rooms.courier.settle(10.0)


def later(world: World, seconds: float) -> None:
    world.clock.advance(seconds)
    world.rooms.policy.renew()
    world.rooms.revocations.renew()


def ids(hook: Webhook) -> list[str]:
    return [headers["Webhook-Id"] for headers, _ in hook.seen]


def state(world: World, name: str) -> subscriptions.Subscription:
    with world.outside.database.read() as connection:
        found = subscriptions.find(connection, name)
    assert found is not None
    return found


def test_events_are_pushed_in_order_and_the_guides_own_lines_verify_them(world: World, hook: Webhook) -> None:
    pushed(world, hook)
    tell(world, *(change(world, f"c-{number}") for number in range(30)))
    go(world)
    go(world)
    assert len(ids(hook)) == len(set(ids(hook))) == 30
    verify, keys, seen = snippet(), world.client.get("/jwks").json["keys"], set[str]()
    now = world.clock.now().timestamp()
    for headers, body in hook.seen:
        event = json.loads(body)
        assert headers["Content-Type"] == "application/cloudevents+json"
        assert event["id"] == headers["Webhook-Id"]
        assert OWNER not in body.decode()
        assert verify(hook.url, headers, body, keys, seen, now) is True
    headers, body = hook.seen[0]
    assert verify(hook.url, headers, body, keys, seen, now) is False  # replayed
    with pytest.raises(ValueError, match="too long ago"):
        verify(hook.url, headers, body, keys, set(), now + 301)
    with pytest.raises(ValueError, match="another body"):
        verify(hook.url, headers, body + b" ", keys, set(), now)
    with pytest.raises(ValueError, match="another key"):
        verify(hook.url, headers, body, [], set(), now)
    for forged in ({"Webhook-Id": "evt_other"}, {"Content-Type": "text/plain"}):
        with pytest.raises(InvalidSignature):
            verify(hook.url, headers | forged, body, keys, set(), now)
    with pytest.raises(InvalidSignature):
        verify("https://another.test/hook", headers, body, keys, set(), now)
    fewer = headers["Signature-Input"].replace(' "webhook-id"', "")
    with pytest.raises(ValueError, match="not signed"):
        verify(hook.url, headers | {"Signature-Input": fewer}, body, keys, set(), now)


def test_what_waits_about_somebody_is_not_pushed_once_they_are_sealed(world: World, hook: Webhook) -> None:
    name = pushed(world, hook)
    tell(world, change(world, "c-1"))
    seal(world)
    go(world)
    assert (ids(hook), state(world, name).settled) == ([], 1)


def test_what_failed_is_tried_again_later_and_later_and_nothing_overtakes_it(world: World, hook: Webhook) -> None:
    name = pushed(world, hook)
    hook.answer = lambda number: 500 if number <= 3 else 204
    tell(world, change(world, "c-1"), change(world, "c-2"))
    waits = []
    for _ in range(3):
        go(world)
        go(world)  # at once: not due yet
        waits.append((state(world, name).due_at - world.clock.now()).total_seconds())
        later(world, waits[-1])
    assert [round(each, 6) > 0 for each in waits] == [True] * 3
    for tries, each in enumerate(waits):
        assert 2**tries <= each <= 3 * 2**tries
    first = ids(hook)[0]
    assert ids(hook) == [first] * 3
    go(world)
    assert ids(hook)[:4] == [first] * 4
    assert len(set(ids(hook))) == 2
    assert (state(world, name).tries, state(world, name).settled) == (0, 2)
    created = [headers["Webhook-Timestamp"] for headers, _ in hook.seen[:3]]
    assert len(set(created)) == 3  # each try is signed afresh


def test_a_dead_subscriber_is_parked_told_and_gets_everything_once_it_is_back(
    small_world: World, hook: Webhook
) -> None:
    world = small_world
    name = pushed(world, hook)
    hook.answer = lambda _: 503
    tell(world, change(world, "c-1"))
    for _ in range(24):
        go(world)
        later(world, 2 * 3600)
    assert state(world, name).status.value == "parked"
    calls = len(hook.seen)
    go(world)
    assert len(hook.seen) == calls == 24
    officer: dict[str, Any] = {"sub": "chen", "roles": ["consumer-officer"], "organisation": MARKET}
    told = world.officer("GET", "/v1/messages", **officer).json["messages"]
    assert [(each["kind"], each["about"]) for each in told] == [("subscription-parked", name)]
    assert "market-website" in told[0]["text"]["zh"]
    (parked,) = [each for each in world.events("EventSubscriptionChanged") if each["facts"]["status"] == "parked"]
    assert parked["facts"]["reason"] == "status-503"
    tell(world, change(world, "c-2"))
    hook.answer = lambda _: 204
    assert call(world, "POST", f"{PATH}/{name}/resume").json["status"] == "active"
    go(world)
    assert len(hook.seen) == calls + 2
    assert len(set(ids(hook))) == 2


@pytest.mark.parametrize("answer", [302, 410])
def test_no_redirect_is_followed_and_who_is_gone_is_parked_at_once(
    small_world: World, hook: Webhook, answer: int
) -> None:
    name = pushed(small_world, hook)
    hook.answer = lambda _: answer
    tell(small_world, change(small_world, "c-1"))
    go(small_world)
    assert len(hook.seen) == 1
    assert state(small_world, name).status.value == ("parked" if answer == 410 else "active")
    assert state(small_world, name).settled == 0


INSIDE = ("https://127.0.0.1.nip.invalid:1/x", "https://[fe80::1]/", "https://169.254.169.254/latest")


def test_addresses_inside_are_not_called(small_world: World, hook: Webhook) -> None:
    world = small_world
    name = pushed(world, hook)
    tell(world, change(world, "c-1"))
    for address in INSIDE:
        world.apply(system("market-website", MARKET, webhook=address))
        later(world, 3600)
        go(world)
        assert (hook.seen, state(world, name).settled) == ([], 0), address
        call(world, "POST", f"{PATH}/{name}/resume")
    world.apply(system("market-website", MARKET))
    later(world, 3600)
    go(world)
    assert state(world, name).status.value == "parked"


def test_a_slow_subscriber_holds_up_nobody(small_world: World, hook: Webhook) -> None:
    world, free = small_world, threading.Event()
    pushed(world, hook)
    world.apply(grant("G-URBAN", consumer=URBAN, service_items=[OTHER_ITEM]))
    world.approve("G-URBAN")
    with Webhook() as slow:
        slow.answer = lambda _: 204 if free.wait(5.0) else 500
        world.apply(system("urban-website", URBAN, webhook=slow.url))
        world.rooms.policy.renew()
        subscribe(world, "urban-website", delivery="push")
        case = world.open_case(client="urban-website", item=OTHER_ITEM)
        token = world.issuer.token(
            world.holder, "urban-website", person=OWNER, authorization_details=detail(case, NAME, item=OTHER_ITEM)
        )
        world.call("POST", "/v1/evidence-requests", token, request(case, NAME, service_item=OTHER_ITEM))
        for number in range(5):
            tell(world, change(world, f"c-{number}"))
            world.rooms.courier.round()
        for _ in range(100):
            if len(hook.seen) == 5:
                break
            world.rooms.courier.round()
            world.rooms.courier.settle(0.02)
        assert len(hook.seen) == 5
        assert len(slow.seen) == 1
        free.set()
        go(world)
        go(world)
        assert len(set(ids(slow))) == 5


def test_two_nodes_push_each_event_once(world: World, hook: Webhook) -> None:
    other = world.another_node()
    pushed(world, hook)
    tell(world, *(change(world, f"c-{number}") for number in range(10)))
    other.rooms.policy.renew()
    threads = [threading.Thread(target=node.rooms.courier.round) for node in (world, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for node in (world, other):
        node.rooms.courier.settle(10.0)
    assert len(ids(hook)) == len(set(ids(hook))) == 10
    other.rooms.close()


def test_a_node_that_dies_between_sending_and_noting_sends_again_and_loses_nothing(world: World, hook: Webhook) -> None:
    """At least once: the receiver tells the repetition by its id; the order is kept."""
    name = pushed(world, hook)
    tell(world, change(world, "c-1"), change(world, "c-2"))
    courier = world.rooms.courier
    died = []

    def dies(url: str, body: bytes, headers: Any) -> int:
        status = world.outside.send(url, body, headers)
        if not died:
            died.append(status)
            raise SystemExit  # the answer was 204; nothing of it is noted
        return status

    courier.send = dies
    with pytest.raises(SystemExit):
        courier.deliver(state(world, name))
    assert (len(hook.seen), state(world, name).settled) == (1, 0)
    go(world)
    assert len(hook.seen) == 1  # still that node's
    later(world, 61)
    go(world)
    first, *rest = ids(hook)
    assert rest[0] == first
    assert len(rest) == 2
    assert rest[1] != first
    assert state(world, name).settled == 2


class _Published(independent.HTTPSignatureKeyResolver):
    """The exchange's published keys, for the other library."""

    def __init__(self, keys: list[dict[str, Any]]) -> None:
        self._keys = {key["kid"]: key for key in keys}

    def resolve_private_key(self, key_id: str) -> bytes:
        raise NotImplementedError

    def resolve_public_key(self, key_id: str) -> Any:
        key = self._keys[key_id]
        x, y = (int.from_bytes(base64url.decode(key[name]), "big") for name in ("x", "y"))
        return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()


def test_another_library_verifies_what_is_pushed(small_world: World, hook: Webhook) -> None:
    pushed(small_world, hook)
    tell(small_world, change(small_world, "c-1"))
    go(small_world)
    ((headers, body),) = hook.seen
    verifier = independent.HTTPMessageVerifier(
        signature_algorithm=independent.algorithms.ECDSA_P256_SHA256,
        key_resolver=_Published(small_world.client.get("/jwks").json["keys"]),
    )
    for sent, genuine in ((headers, True), (headers | {"Webhook-Id": "evt_other"}, False)):
        made = requests.Request("POST", hook.url, headers=sent, data=body).prepare()
        made.headers.update(sent)
        if genuine:
            (result,) = verifier.verify(made, max_age=timedelta(days=36_500))
            assert result.parameters["tag"] == "tongban-webhook"
        else:
            with pytest.raises(independent.InvalidSignature):
                verifier.verify(made, max_age=timedelta(days=36_500))
