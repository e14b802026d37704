"""Event subscriptions for officers: the same table at the API and on the pages, and what is stuck is mended there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from exchange.access import Asker
from exchange.console import subscriptions as pages
from exchange.events.courier import MOST_TRIES
from exchange.store import subscriptions
from exchange.store.subscriptions import Subscription
from policies.roles import Role
from policies.subscriptions import TABLE, Command, Status, Way, commands
from tests.doubles.browser import form_of
from tests.doubles.exchange import MARKET, OWNER, URBAN, World, system
from tests.doubles.sign_ins import OfficersBrowser
from tests.doubles.webhook import Webhook
from tests.unit.exchange.test_event_push import go, later
from tests.unit.exchange.test_events import CHANGED, change, code_of, delivered, subscribe, tell

PATH, HERE = "/v1/department/subscriptions", "/console/subscriptions"
WANTED: dict[str, Any] = {
    "system": "market-website", "events": [CHANGED], "evidence_types": ["identity-card"], "delivery": "pull",
}  # fmt: skip


@pytest.fixture
def hook() -> Iterator[Webhook]:
    with Webhook() as server:
        yield server


def ask(
    world: World, method: str, path: str, body: Any = None, role: str = "consumer-officer", organisation: str = MARKET
) -> Any:
    return world.officer(method, PATH + path, body, sub=role, roles=[role], organisation=organisation)


def officer(world: World, role: str, organisation: str = MARKET, language: str = "zh-CN") -> OfficersBrowser:
    browser = OfficersBrowser(world, language)
    assert browser.sign_in(role, role, organisation=organisation).status_code == 303
    return browser


def test_an_officer_subscribes_for_a_system_of_the_own_department_alone(small_world: World) -> None:
    world = small_world
    made = ask(world, "POST", "", WANTED)
    assert (made.status_code, made.json["commands"]) == (201, ["pause", "end"])  # pulled: the system reads again itself
    name = made.json["subscription"]
    assert made.headers["Location"] == f"{PATH}/{name}"
    (entry,) = world.events("EventsSubscribed")
    assert entry["facts"]["system"] == "market-website"
    assert entry["facts"]["by"]
    assert "client" not in entry["facts"]
    refusals = [
        (WANTED | {"system": "urban-website"}, "system.not-ours"),
        (WANTED | {"system": "nobody"}, "system.not-ours"),
        (WANTED | {"evidence_types": ["tax-record"]}, "event.no-grant"),
        (WANTED | {"delivery": "push"}, "event.no-webhook"),
        (WANTED | {"evidence_types": []}, "request.invalid"),
    ]
    for body, code in refusals:
        assert code_of(ask(world, "POST", "", body)) == code
    assert code_of(ask(world, "POST", "", WANTED, "system-administrator")) == "token.not-allowed"
    assert code_of(ask(world, "GET", f"/{name}", organisation=URBAN)) == "event.unknown-subscription"
    for command in ("pause", "end"):
        theirs = ask(world, "POST", f"/{name}/{command}", role="governance-officer")
        assert code_of(theirs) == "event.not-allowed"
        assert ask(world, "POST", f"/{name}/{command}", organisation=URBAN).status_code == 404
    both: dict[str, Any] = {"sub": "x", "roles": ["auditor", "consumer-officer", "system-administrator"]}
    for command in ("pause", "end"):  # seeing it, and holding the office in another department, commands nothing here
        theirs = world.officer("POST", f"{PATH}/{name}/{command}", {}, **both, organisation=URBAN)
        assert code_of(theirs) == "event.not-allowed"
    assert world.officer("GET", f"{PATH}/{name}", **both, organisation=URBAN).json["commands"] == []
    assert ask(world, "POST", f"/{name}/pause").json["commands"] == ["resume", "end"]
    assert ask(world, "POST", f"/{name}/resume", role="system-administrator").json["commands"] == ["pause"]
    assert code_of(ask(world, "POST", f"/{name}/resume")) == "event.not-allowed"
    assert ask(world, "POST", f"/{name}/end").json["commands"] == []
    assert [each["facts"]["status"] for each in world.events("EventSubscriptionChanged")] == [
        "paused", "active", "ended",
    ]  # fmt: skip


def test_whoever_watches_sees_that_something_is_stuck_and_no_single_event(small_world: World, hook: Webhook) -> None:
    world = small_world
    world.apply(system("market-website", MARKET, webhook=hook.url))
    world.rooms.policy.renew()
    name = subscribe(world, delivery="push")
    delivered(world)
    hook.answer = lambda _number: 500
    tell(world, change(world, "c-1"), change(world, "c-2"))
    go(world)
    for role in ("governance-officer", "auditor"):
        (seen,) = ask(world, "GET", "?show=stuck", role=role, organisation=URBAN).json["subscriptions"]
        assert (seen["subscription"], seen["waiting"], seen["trouble"]) == (name, 2, "status-500")
        assert (seen["stuck"], seen["commands"]) == (True, [])
        assert code_of(ask(world, "GET", f"/{name}/events", role=role, organisation=URBAN)) == "event.not-allowed"
    found = ask(world, "GET", f"/{name}/events").json
    assert [(each["number"], each["state"]) for each in found["events"]] == [(2, "waiting"), (1, "failing")]
    assert found["events"][0].keys() == {"number", "id", "type", "label", "evidence_type", "at", "state"}
    first = ask(world, "GET", f"/{name}/events?limit=1").json
    assert (first["events"], first["next"]) == (found["events"][:1], 2)
    rest = ask(world, "GET", f"/{name}/events?limit=1&before=2").json
    assert (rest["events"], rest["next"]) == (found["events"][1:], None)
    for wrong in ("x", "-1", "٣", "9" * 30):
        assert code_of(ask(world, "GET", f"/{name}/events?before={wrong}")) == "request.invalid"
    assert code_of(ask(world, "GET", "?show=some")) == "request.invalid"


def test_what_is_stuck_is_sent_again_at_once_or_from_an_event_on(small_world: World, hook: Webhook) -> None:
    world = small_world
    world.apply(system("market-website", MARKET, webhook=hook.url))
    world.rooms.policy.renew()
    name = subscribe(world, delivery="push")
    delivered(world)
    hook.answer = lambda number: 500 if number == 1 else 204
    tell(world, *(change(world, f"c-{number}") for number in range(3)))
    go(world)
    assert len(hook.seen) == 1
    go(world)
    assert len(hook.seen) == 1  # its next try is not due
    consumer = officer(world, "consumer-officer")
    page = consumer.get(f"{HERE}/{name}").text
    assert "对方答复了错误（500）" in page
    assert "正在重试" in page
    assert OWNER not in page
    assert consumer.press(f"{HERE}/{name}/send-again").status_code == 303
    go(world)
    assert len(hook.seen) == 4
    assert "还没有送达" not in consumer.get(f"{HERE}/{name}").text
    assert consumer.press(f"{HERE}/{name}/send-again", **{"from": "2"}).status_code == 303
    go(world)
    ids = [headers["Webhook-Id"] for headers, _ in hook.seen]
    assert ids[4:] == ids[2:4]  # the last two once more, under the same ids and in the same order
    again = world.events("EventSubscriptionChanged")[-1]["facts"]
    assert (again["again_from"], again["status"]) == (2, "active")
    for wrong in ("0", "4", "x", "1.5", "9" * 40, "9" * 5000):
        answer = consumer.press(f"{HERE}/{name}/send-again", **{"from": wrong})
        assert answer.status_code == 422, wrong
        assert "error-summary" in answer.text
    assert ask(world, "GET", f"/{name}").json["acknowledged"] == 3


def test_sending_what_waits_takes_nothing_back_that_arrived_since_it_was_read(
    small_world: World, hook: Webhook
) -> None:
    world = small_world
    world.apply(system("market-website", MARKET, webhook=hook.url))
    world.rooms.policy.renew()
    name = subscribe(world, delivery="push")
    delivered(world)
    tell(world, *(change(world, f"c-{number}") for number in range(3)))
    transitions, asker = (
        world.rooms.subscriptions.transitions,
        Asker({"by": "x"}, lambda _connection, _receipts: None),
    )
    seen = kept_subscription(world, name)
    go(world)
    assert (seen.settled, kept_subscription(world, name).settled, len(hook.seen)) == (0, 3, 3)
    transitions.send_again(seen, None, asker)
    assert kept_subscription(world, name).settled == 3
    go(world)
    assert len(hook.seen) == 3
    assert "again_from" not in world.events("EventSubscriptionChanged")[-1]["facts"]
    transitions.send_again(replace(seen, revision=seen.revision + 1), 3, asker)
    go(world)
    assert len(hook.seen) == 4  # the third alone, though it had been read as waiting from the first on


def kept_subscription(world: World, name: str) -> Subscription:
    with world.outside.database.read() as connection:
        found = subscriptions.find(connection, name)
    assert found is not None
    return found


def test_a_parked_subscription_is_told_found_and_taken_up_again_on_pages(small_world: World, hook: Webhook) -> None:
    world = small_world
    world.apply(system("market-website", MARKET, webhook=hook.url))
    world.rooms.policy.renew()
    name = subscribe(world, delivery="push")
    delivered(world)
    hook.answer = lambda _number: 503
    tell(world, change(world, "c-1"))
    for _ in range(MOST_TRIES):
        go(world)
        later(world, 6000)
    administrator, consumer = officer(world, "system-administrator"), officer(world, "consumer-officer")
    assert f"{HERE}/{name}" in consumer.get("/console/messages").text
    assert "送不到，已停放" in administrator.get(f"{HERE}?show=stuck").text
    assert administrator.get(f"{HERE}/{name}/end").status_code == 403  # the table: an administrator does not end it
    english = officer(world, "auditor", URBAN, "en")
    assert "Single events are shown to the system" in english.get(f"{HERE}/{name}").text
    assert english.get(f"{HERE}/{name}/resume").status_code == 403
    hook.answer = lambda _number: 204
    assert administrator.press(f"{HERE}/{name}/resume").status_code == 303
    go(world)
    assert "没有送不到的事件" in administrator.get(f"{HERE}?show=stuck").text
    assert "已送达" in consumer.get(f"{HERE}/{name}").text


def test_the_form_offers_what_is_granted_and_keeps_what_was_ticked(small_world: World) -> None:
    world = small_world
    consumer = officer(world, "consumer-officer")
    assert "代它订阅" in consumer.get(HERE).text
    form = form_of(consumer.get(f"{HERE}/new"))
    assert f"events.{CHANGED}" in form.names
    assert "evidence_types.identity-card" in form.names
    sent = {**form.fields, f"events.{CHANGED}": "yes", "system": "market-website", "delivery": "push"}
    typed = {name: value for name, value in sent.items() if not name.startswith("evidence_types.")}
    typed = {name: value for name, value in typed.items() if not name.startswith("events.") or CHANGED in name}
    wrong = consumer.post(f"{HERE}/new", typed)
    assert wrong.status_code == 422
    assert "须列出材料类型" in wrong.text
    assert wrong.text.count(" checked") == 3  # the event, the system and the way
    typed |= {"evidence_types.identity-card": "yes"}
    wrong = consumer.post(f"{HERE}/new", typed | {"csrf_token": form_of(wrong).fields["csrf_token"]})
    assert wrong.status_code == 422
    assert 'href="#delivery"' in wrong.text
    done = consumer.post(f"{HERE}/new", typed | {"delivery": "pull"})
    assert done.status_code == 303
    assert "由系统自己来取" in consumer.get(done.headers["Location"]).text
    assert officer(world, "auditor").get(f"{HERE}/new").status_code == 403


def test_the_table_says_who_may_what() -> None:
    for status in Status:
        for role in Role:
            for way in Way:
                unsaid = frozenset() if way is Way.PUSH else {Command.SEND_AGAIN}
                assert set(commands(status, way, {role})) == TABLE[status].get(role, frozenset()) - unsaid
    assert pages.COMMANDS.keys() == {each.value for each in Command}
