"""Messages leave the house: to a proven address of an office, at least once, saying that something waits, not what."""

from __future__ import annotations

import importlib
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection, insert, select, text

from exchange.forwarding.addresses import Addresses
from exchange.forwarding.courier import MOST_TRIES, delay
from exchange.forwarding.forms import CHOSEN
from exchange.forwarding.transitions import MOST_QUESTIONS
from exchange.messages.words import TITLES, URGENT, Kind
from exchange.store import forwardings, messages
from exchange.store.forwardings import DIGEST, Post
from exchange.store.messages import ANY, Message
from exchange.store.tables import forwarded_message, forwarding_post
from kernel.envelope import KeyEncryptionKey
from kernel.mail import Mail, NotDelivered, Undeliverable
from policies.clocks.profile import Stage
from policies.forwarding import COMMANDS, Status, Way
from policies.roles import Role
from tests.doubles.exchange import MARKET, ORIGIN, POLICE, URBAN, World
from tests.doubles.kept import kept
from tests.doubles.sign_ins import OfficersBrowser
from tests.doubles.webhook import Webhook
from tests.unit.exchange.test_event_push import snippet

PATH, HERE = "/v1/forwardings", "/console/forwardings"
TO = "office@police.example.gov.cn"
WANTED: dict[str, Any] = {
    "role": "provider-officer", "way": "mail", "address": TO, "language": "both",
    "kinds": ["grant-to-sign", "request-waits"], "pace": "digest",
}  # fmt: skip


@dataclass
class Mailbox:
    """Takes mail, after as many troubles as it is given; every call is kept, taken or not."""

    taken: list[Mail] = field(default_factory=list)
    calls: list[Mail] = field(default_factory=list)
    troubles: list[Exception | None] = field(default_factory=list)

    def __call__(self, mail: Mail) -> None:
        self.calls.append(mail)
        if self.troubles and (trouble := self.troubles.pop(0)) is not None:
            raise trouble
        self.taken.append(mail)


@pytest.fixture
def box() -> Mailbox:
    return Mailbox()


@pytest.fixture
def office(small_world: World, box: Mailbox) -> World:
    node = small_world.another_node(send_mail=box)
    later(node, 0)
    return node


@pytest.fixture
def hook() -> Iterator[Webhook]:
    with Webhook() as server:
        yield server


def later(world: World, seconds: float) -> None:
    world.clock.advance(seconds)
    world.rooms.policy.renew()
    world.rooms.revocations.renew()


def at(world: World, *moment: int) -> None:
    later(world, (datetime(*moment, tzinfo=UTC) - world.clock.now()).total_seconds())  # type: ignore[misc]


def ask(
    world: World, method: str, path: str = "", body: Any = None, role: str = "provider-officer", own: str = POLICE
) -> Any:
    return world.officer(method, PATH + path, body, sub=role, roles=[role], organisation=own)


def entered(world: World, **changes: Any) -> str:
    made = ask(world, "POST", "", WANTED | changes)
    assert made.status_code == 201, made.text
    return str(made.json["forwarding"])


def link(body: str) -> str:
    (found,) = re.findall(rf"{ORIGIN}(/console/forwarding-links/\S+)", body)
    return str(found)


def open_link(world: World, address: str) -> Any:
    """What the person behind the address does: read the page, press its button."""
    return OfficersBrowser(world, "en").press(address)


def proven(world: World, box: Mailbox, **changes: Any) -> str:
    name = entered(world, **changes)
    go(world)
    assert open_link(world, link(box.taken[-1].body.partition("\n\n")[2].split()[0])).status_code == 200
    box.taken.clear()
    box.calls.clear()
    return name


def tell(world: World, kind: Kind, cause: str, role: Role = Role.PROVIDER_OFFICER, own: str = POLICE) -> None:
    later(world, 0.01)  # posts of one address are in the order of their time
    facts = {"stage": Stage.PROVIDER_ANSWER.value, "percent": 100, "template": "T"}
    told = Message(cause, own, role, kind, "G-SECRET@1", world.clock.now(), facts, urgent=kind in URGENT)
    world.outside.database.write(lambda connection: messages.put(connection, [told]))


def go(world: World) -> None:
    world.rooms.forwarding_courier.round()
    world.rooms.forwarding_courier.settle(10.0)


def state(world: World, name: str) -> Any:
    return ask(world, "GET", f"/{name}").json


def test_nothing_but_the_question_goes_to_an_address_until_somebody_there_has_said_yes(
    office: World, box: Mailbox
) -> None:
    name = entered(office)
    tell(office, Kind.EMERGENCY_OPEN, "before")
    go(office)
    (question,) = box.taken
    assert question.to == TO
    assert "确认" in question.subject
    assert "confirm" in question.subject
    address = link(question.body.partition("\n\n")[2].split()[0])
    browser = OfficersBrowser(office)
    assert browser.get(address).status_code == 200  # a scanner of links opens it, too
    assert state(office, name)["status"] == "unproven"
    assert open_link(office, address).status_code == 200
    found = state(office, name)
    assert (found["status"], found["commands"]) == ("active", ["change", "end"])
    assert browser.get(address).status_code == 410  # good once
    assert [each["facts"]["status"] for each in office.events("ForwardingChanged")] == ["active"]
    assert office.events("ForwardingEntered")[0]["facts"]["by"]
    assert TO not in json.dumps([each["facts"] for each in office.events("ForwardingEntered")])
    go(office)
    assert len(box.taken) == 1  # what was told before is not kept for an address that may be nobody's
    tell(office, Kind.EMERGENCY_OPEN, "after")
    go(office)
    assert len(box.taken) == 2


def test_what_is_urgent_goes_at_once_and_the_rest_together_once_a_working_day(office: World, box: Mailbox) -> None:
    proven(office, box)  # Monday, 17:30 in China
    for number in range(3):
        tell(office, Kind.GRANT_TO_SIGN, f"sign-{number}")
    tell(office, Kind.REQUEST_WAITS, "waits")
    tell(office, Kind.GRANT_ENDS, "not-ordered")
    go(office)
    (digest,) = box.taken
    assert "授权等待签署（3）" in digest.body
    assert "An access request waits (1)" in digest.body
    assert TITLES[Kind.GRANT_ENDS].zh not in digest.body
    tell(office, Kind.GRANT_TO_SIGN, "late")
    go(office)
    assert len(box.taken) == 1
    tell(office, Kind.REQUEST_LATE, "urgent")
    go(office)
    assert TITLES[Kind.REQUEST_LATE].zh in box.taken[1].body
    assert TITLES[Kind.GRANT_TO_SIGN].zh not in box.taken[1].body
    assert [mail.subject for mail in box.taken] == [
        "通办：今日汇总 4 条 / Tongban: 4 messages, daily digest",
        "通办：有新消息 1 条，其中紧急 1 条 / Tongban: 1 message, 1 urgent",
    ]
    at(office, 2026, 11, 23, 23, 59)  # Tuesday, 07:59
    go(office)
    assert len(box.taken) == 2
    at(office, 2026, 11, 24, 0, 0)
    go(office)
    go(office)
    assert len(box.taken) == 3
    at(office, 2026, 11, 28, 2, 0)  # Saturday
    tell(office, Kind.GRANT_TO_SIGN, "weekend")
    go(office)
    assert len(box.taken) == 3
    at(office, 2026, 11, 30, 0, 30)
    go(office)
    assert len(box.taken) == 4


def test_at_once_means_everything_and_a_language_means_that_one(office: World, box: Mailbox) -> None:
    proven(office, box, pace="at-once", language="en")
    go(office)
    for cause in ("first", "second"):
        tell(office, Kind.GRANT_TO_SIGN, cause)
        go(office)
    assert len(box.taken) == 2
    assert not re.search(r"[\u4e00-\u9fff]", box.taken[0].subject + box.taken[0].body)
    assert box.taken[0].subject == "Tongban: 1 message"


def test_what_leaves_the_house_names_no_matter(office: World, box: Mailbox) -> None:
    proven(office, box, kinds=[kind.value for kind in CHOSEN], pace="at-once")
    for kind in Kind:
        tell(office, kind, kind.value)
    go(office)
    assert box.taken
    for mail in box.taken:
        assert "G-SECRET" not in mail.subject + mail.body
        assert POLICE not in mail.subject + mail.body
    assert sum(mail.body.count("· ") for mail in box.taken) == len(Kind)


def test_a_suspended_grant_is_told_at_once_to_both_departments_and_governance(office: World, box: Mailbox) -> None:
    told = {"provider-officer": POLICE, "consumer-officer": MARKET, "governance-officer": URBAN}
    for role, own in told.items():
        body = WANTED | {"role": role, "address": f"{role}@example.cn", "kinds": []}
        assert ask(office, "POST", "", body, role, own).status_code == 201
        go(office)
        open_link(office, link(box.taken.pop().body.partition("\n\n")[2].split()[0]))
    why = {"reason": "查证中"}
    officer: dict[str, Any] = {"sub": "gao", "roles": ["governance-approver"], "organisation": URBAN}
    assert office.officer("POST", "/v1/grants/G-IDENTITY/suspend", why, **officer).status_code == 200
    go(office)
    assert sorted(mail.to for mail in box.taken) == sorted(f"{role}@example.cn" for role in told)
    for mail in box.taken:
        assert TITLES[Kind.GRANT_SUSPENDED].en in mail.body
        assert "G-IDENTITY" not in mail.subject + mail.body
    for role, own in told.items():
        inbox = office.officer("GET", "/v1/messages", sub=role, roles=[role], organisation=own).json["messages"]
        assert "grant-suspended" in {one["kind"] for one in inbox}


def test_governance_is_told_wherever_the_office_is_held(office: World, box: Mailbox) -> None:
    for own, to in ((URBAN, "a@urban.example.cn"), (MARKET, "b@market.example.cn")):
        body = WANTED | {"role": "governance-officer", "address": to}
        assert ask(office, "POST", "", body, "governance-officer", own).status_code == 201
        go(office)
        open_link(office, link(box.taken[-1].body.partition("\n\n")[2].split()[0]))
    box.taken.clear()
    tell(office, Kind.EMERGENCY_OPEN, "open", Role.GOVERNANCE_OFFICER, ANY)
    tell(office, Kind.EMERGENCY_OPEN, "other", Role.GOVERNANCE_OFFICER, URBAN)
    go(office)
    assert sorted((mail.to, mail.body.count("· 应急取用已开启（2）")) for mail in box.taken) == [
        ("a@urban.example.cn", 1), ("b@market.example.cn", 0),
    ]  # fmt: skip


def test_a_post_is_tried_again_later_and_later_under_its_own_id(office: World, box: Mailbox) -> None:
    name = proven(office, box)
    box.troubles = [NotDelivered("no"), NotDelivered("no"), None]
    tell(office, Kind.REQUEST_LATE, "late")
    go(office)
    go(office)  # not due yet
    assert len(box.calls) == 1
    seen = state(office, name)["posts"][0]
    assert (seen["outcome"], seen["trouble"], seen["tries"], seen["messages"]) == ("waiting", "mail-delayed", 1, 1)
    later(office, 5)
    go(office)
    later(office, 9)
    go(office)
    assert len(box.calls) == 2
    later(office, 1)
    go(office)
    assert [mail.id for mail in box.calls] == [box.taken[0].id] * 3
    assert state(office, name)["posts"][0]["outcome"] == "delivered"
    assert [delay(tries).total_seconds() for tries in (1, 2, 3, 9, 60)] == [5, 10, 20, 900, 900]


def test_a_node_that_died_after_the_hand_over_repeats_it_by_the_same_id(office: World, box: Mailbox) -> None:
    proven(office, box)
    tell(office, Kind.REQUEST_LATE, "late")

    class Died(BaseException):
        """Not an error that anybody handles."""

    box.troubles = [Died()]  # type: ignore[list-item]
    go(office)
    go(office)
    assert len(box.calls) == 1  # the lease of the dead
    later(office, 61)
    go(office)
    assert [mail.id for mail in box.calls] == [box.taken[0].id] * 2


def test_two_nodes_send_each_post_once(office: World, box: Mailbox) -> None:
    proven(office, box)
    other = office.another_node()
    later(other, 0)
    seen = []
    courier = office.rooms.forwarding_courier

    def slow(mail: Mail) -> None:
        seen.append(mail)
        go(other)  # while this one is at the door

    courier.send_mail = slow
    tell(office, Kind.REQUEST_LATE, "late")
    go(office)
    assert (len(seen), len(box.taken)) == (1, 0)


def test_whoever_does_not_answer_holds_nobody_up(office: World, box: Mailbox, hook: Webhook) -> None:
    free, arrived, hanging = threading.Event(), threading.Event(), threading.Event()
    name = entered(office, way="webhook", address=hook.url)
    go(office)
    open_link(office, link(json.loads(hook.seen[0][1])["data"]["prove"]))
    mailed = proven(office, box)

    def take(_number: int) -> int:
        arrived.set()
        return 204

    def hang(_mail: Mail) -> None:
        hanging.set()
        free.wait(10.0)

    hook.answer, office.rooms.forwarding_courier.send_mail = take, hang
    tell(office, Kind.REQUEST_LATE, "late")
    office.rooms.forwarding_courier.round()
    assert arrived.wait(5.0)
    assert hanging.wait(5.0)
    found = state(office, mailed)["posts"][0]  # the mail server keeps silent, and this thread does not wait for it
    assert (found["outcome"], found["tries"]) == ("waiting", 1)
    tell(office, Kind.REQUEST_LATE, "later")
    arrived.clear()
    for _ in range(100):
        office.rooms.forwarding_courier.round()
        if arrived.wait(0.05):
            break
    assert [post["messages"] for post in state(office, name)["posts"][:2]] == [1, 1]
    assert len(hook.seen) == 3
    free.set()
    go(office)
    go(office)
    assert [post["outcome"] for post in state(office, mailed)["posts"][:2]] == ["delivered", "delivered"]


def test_a_post_that_two_nodes_saw_due_is_taken_by_one(office: World, box: Mailbox) -> None:
    entered(office)
    database, now = office.outside.database, office.clock.now()
    with database.read() as connection:
        ((due, _way),) = forwardings.due(connection, now)
    until = now + timedelta(seconds=60)
    taken = [database.write(lambda connection: forwardings.claim(connection, due, until)) for _ in range(2)]
    assert [each is None for each in taken] == [False, True]
    go(office)
    assert box.calls == []


def test_an_address_that_refuses_is_parked_told_and_gets_what_waited_once_it_is_proven_again(
    office: World, box: Mailbox
) -> None:
    name = proven(office, box)
    box.troubles = [Undeliverable("550")]
    tell(office, Kind.REQUEST_LATE, "late")
    go(office)
    found = state(office, name)
    assert (found["status"], found["trouble"], found["commands"]) == (
        "parked",
        "mail-refused",
        ["prove", "change", "end"],
    )
    inbox = office.officer("GET", "/v1/messages", sub="p", roles=["provider-officer"], organisation=POLICE).json
    assert ("forwarding-parked", name) in {(one["kind"], one["about"]) for one in inbox["messages"]}
    tell(office, Kind.EMERGENCY_OPEN, "meanwhile")
    later(office, 3600)
    go(office)
    assert box.taken == []
    assert ask(office, "POST", f"/{name}/prove").json["status"] == "unproven"
    go(office)
    (question,) = box.taken
    open_link(office, link(question.body.partition("\n\n")[2].split()[0]))
    go(office)
    go(office)
    assert [TITLES[Kind.REQUEST_LATE].zh in mail.body for mail in box.taken[1:]] == [True, False]
    assert TITLES[Kind.EMERGENCY_OPEN].zh in box.taken[2].body


def test_who_cannot_be_reached_for_a_day_is_parked(office: World, box: Mailbox) -> None:
    name = proven(office, box)
    box.troubles = [NotDelivered("no")] * (MOST_TRIES + 5)
    tell(office, Kind.REQUEST_LATE, "late")
    for _ in range(MOST_TRIES + 3):
        go(office)
        office.clock.advance(901)
    later(office, 0)
    assert len(box.calls) == MOST_TRIES
    assert state(office, name)["status"] == "parked"
    metrics = office.outside.metrics.render().decode()
    assert 'tongban_forwardings{status="parked"} 1.0' in metrics
    assert 'forwarding_posts_total{outcome="failed",way="mail"}' in metrics
    assert TO not in metrics


def test_a_link_in_every_mail_orders_off_what_is_not_urgent_and_nothing_else(office: World, box: Mailbox) -> None:
    name = proven(office, box, pace="at-once")
    tell(office, Kind.GRANT_TO_SIGN, "one")
    go(office)
    (stop,) = set(re.findall(r"/console/forwarding-links/unsubscribe\?token=[\w.-]+", box.taken[0].body))
    assert OfficersBrowser(office).get(stop).status_code == 200
    assert state(office, name)["kinds"] == WANTED["kinds"]  # opening it does nothing
    assert open_link(office, stop).status_code == 200
    assert state(office, name)["kinds"] == []
    tell(office, Kind.GRANT_TO_SIGN, "two")
    tell(office, Kind.REQUEST_LATE, "three")
    go(office)
    assert len(box.taken) == 2
    assert TITLES[Kind.GRANT_TO_SIGN].zh not in box.taken[1].body
    assert "已退订" in OfficersBrowser(office).get(stop).text


def test_what_waits_for_the_digest_is_ordered_off_with_the_rest(office: World, box: Mailbox) -> None:
    name = proven(office, box)
    tell(office, Kind.GRANT_TO_SIGN, "today")
    go(office)
    (stop,) = set(re.findall(r"/console/forwarding-links/unsubscribe\?token=[\w.-]+", box.taken.pop().body))
    tell(office, Kind.GRANT_TO_SIGN, "tomorrow")
    tell(office, Kind.REQUEST_WAITS, "tomorrow, too")
    change = {"kinds": ["grant-to-sign"], "pace": "digest", "language": "zh"}
    assert ask(office, "POST", f"/{name}/change", change).status_code == 200
    at(office, 2026, 11, 24, 1, 0)
    go(office)
    (digest,) = box.taken
    assert TITLES[Kind.GRANT_TO_SIGN].zh in digest.body
    assert TITLES[Kind.REQUEST_WAITS].zh not in digest.body
    tell(office, Kind.GRANT_TO_SIGN, "the day after")
    assert open_link(office, stop).status_code == 200
    at(office, 2026, 11, 25, 1, 0)
    go(office)
    assert len(box.taken) == 1


def test_a_post_that_waits_goes_out_without_what_was_ordered_off_or_not_at_all(office: World, box: Mailbox) -> None:
    name = proven(office, box, pace="at-once")
    box.troubles = [NotDelivered("no")]
    tell(office, Kind.REQUEST_LATE, "late")
    tell(office, Kind.GRANT_TO_SIGN, "sign")
    go(office)
    tell(office, Kind.GRANT_TO_SIGN, "alone")
    go(office)
    change = {"kinds": [], "pace": "at-once", "language": "zh"}
    assert ask(office, "POST", f"/{name}/change", change).status_code == 200
    later(office, 10)
    for _ in range(3):
        go(office)
    (mail,) = box.taken
    assert TITLES[Kind.REQUEST_LATE].zh in mail.body
    assert TITLES[Kind.GRANT_TO_SIGN].zh not in mail.body
    posts = state(office, name)["posts"]
    assert [(post["outcome"], post["messages"]) for post in posts[:2]] == [("given-up", 0), ("delivered", 1)]


@pytest.mark.parametrize("command", ["end", "change"])
def test_what_is_ended_or_ordered_off_while_a_node_takes_up_its_post_is_not_sent(
    office: World, box: Mailbox, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    name = proven(office, box, pace="at-once")
    tell(office, Kind.GRANT_TO_SIGN, "sign")
    claim, claimed = forwardings.claim, threading.Event()
    find, body = forwardings.find, {"kinds": [], "pace": "digest", "language": "zh"}

    def claiming(*given: Any) -> Any:
        claimed.set()
        return claim(*given)

    def finding(connection: Any, wanted: str) -> Any:
        if claimed.is_set():
            claimed.clear()
            ask(office, "POST", f"/{name}/{command}", body if command == "change" else None)
        return find(connection, wanted)

    monkeypatch.setattr(forwardings, "claim", claiming)
    monkeypatch.setattr(forwardings, "find", finding)
    go(office)
    assert box.calls == []
    assert state(office, name)["posts"][0]["outcome"] == "given-up"


def test_what_came_too_late_for_an_ended_address_counts_as_waiting_for_nothing(office: World, box: Mailbox) -> None:
    name = proven(office, box)
    assert ask(office, "POST", f"/{name}/end").status_code == 200
    late = Post("fwp_late", name, DIGEST, office.clock.now(), office.clock.now())

    def too_late(connection: Connection) -> None:
        forwardings.put_post(connection, late)
        values = {"forwarding": name, "message": "m", "kind": "grant-to-sign", "at_once": False, "post": ""}
        connection.execute(insert(forwarded_message).values(**values, at=office.clock.now()))

    office.outside.database.write(too_late)
    metrics = office.outside.metrics.render().decode()
    assert 'tongban_forwarding_waiting{what="posts"} 0.0' in metrics
    assert 'tongban_forwarding_waiting{what="messages"} 0.0' in metrics


def test_a_post_keeps_what_is_in_it_for_as_long_as_it_is_kept(office: World, box: Mailbox) -> None:
    name = proven(office, box)
    tell(office, Kind.GRANT_TO_SIGN, "today")
    go(office)
    tell(office, Kind.GRANT_TO_SIGN, "tomorrow")
    told = office.clock.now()
    at(office, 2026, 11, 24, 1, 0)
    box.troubles = [NotDelivered("no")]
    go(office)
    database = office.outside.database
    database.write(lambda connection: forwardings.prune(connection, told + timedelta(hours=1)))
    (post,) = state(office, name)["posts"]
    assert (post["outcome"], post["messages"]) == ("waiting", 1)
    database.write(lambda connection: forwardings.prune(connection, office.clock.now() + timedelta(hours=1)))
    with database.read() as connection:
        assert connection.execute(select(forwarded_message)).all() == []
        assert connection.execute(select(forwarding_post)).all() == []


def test_what_waited_under_the_old_name_goes_out_all_the_same(office: World, box: Mailbox) -> None:
    name = proven(office, box, pace="at-once")
    box.troubles = [NotDelivered("no")]
    tell(office, Kind.GRANT_TO_SIGN, "in a post")
    go(office)
    tell(office, Kind.GRANT_TO_SIGN, "in none")
    before = state(office, name)
    step = importlib.import_module("exchange.store.migrations.0037_posts_at_once")

    def again(connection: Connection) -> None:
        connection.execute(text("ALTER TABLE forwarded_message RENAME COLUMN at_once TO urgent"))
        connection.execute(text("UPDATE forwarding_post SET kind = 'urgent' WHERE kind = 'at-once'"))
        with Operations.context(MigrationContext.configure(connection)):
            step.upgrade()

    office.outside.database.write(again)
    assert state(office, name) == before
    later(office, 10)
    go(office)
    go(office)
    assert len(box.taken) == 2


def test_links_cannot_be_made_up_and_an_older_one_is_void(office: World, box: Mailbox) -> None:
    name = entered(office)
    go(office)
    first = link(box.taken[0].body.partition("\n\n")[2].split()[0])
    assert ask(office, "POST", f"/{name}/prove").json["code"] == "forwarding.asked-just-now"
    later(office, 301)
    assert ask(office, "POST", f"/{name}/prove").status_code == 200
    go(office)
    second = link(box.taken[1].body.partition("\n\n")[2].split()[0])
    browser = OfficersBrowser(office)
    place, _, token = second.partition("token=")
    named = token.rpartition(".")[0]
    forged = [f"{named}.{'A' * 43}", named, name, "", "x" * 300, "%E2%82%AC.x", ".".join([name] * 3)]
    for wrong in (first, *(f"{place}token={each}" for each in forged), place.rstrip("?")):
        assert browser.get(wrong).status_code == 410, wrong
    assert browser.get(second.replace("/prove?", "/unsubscribe?")).status_code == 410  # good for one thing alone
    later(office, timedelta(hours=48).total_seconds() + 1)
    assert browser.get(second).status_code == 410
    assert state(office, name)["status"] == "unproven"


def test_a_webhook_is_proven_by_its_own_link_and_what_is_pushed_is_signed(office: World, hook: Webhook) -> None:
    name = entered(office, way="webhook", address=hook.url)
    go(office)
    open_link(office, link(json.loads(hook.seen[0][1])["data"]["prove"]))
    tell(office, Kind.REQUEST_LATE, "late")
    go(office)
    verify, keys = snippet(), office.client.get("/jwks").json["keys"]
    headers, body = hook.seen[1]
    assert verify(hook.url, headers, body, keys, set(), office.clock.now().timestamp()) is True
    event = json.loads(body)
    assert event["id"] == headers["Webhook-Id"]
    assert event["type"] == "cn.gov.tongban.office.at-once.v1"
    assert state(office, name)["posts"][0]["kind"] == "at-once"
    assert event["data"]["messages"][0].keys() == {"id", "kind", "at"}
    assert event["data"]["messages"][0]["kind"] == "request-late"
    assert b"G-SECRET" not in body
    hook.answer = lambda _number: 410
    tell(office, Kind.REQUEST_LATE, "gone")
    go(office)
    assert state(office, name)["trouble"] == "status-410"


def test_an_office_sees_and_commands_its_own_addresses_alone(office: World, box: Mailbox) -> None:
    name = entered(office)
    for role, own in (("provider-officer", URBAN), ("auditor", POLICE), ("governance-officer", URBAN)):
        assert ask(office, "GET", f"/{name}", role=role, own=own).json["code"] == "forwarding.unknown"
        assert ask(office, "GET", role=role, own=own).json["forwardings"] == []
        for command in ("prove", "end"):
            assert ask(office, "POST", f"/{name}/{command}", role=role, own=own).status_code == 404
    assert ask(office, "POST", "", WANTED | {"role": "auditor"}).status_code == 403
    colleague = office.officer(
        "POST", f"{PATH}/{name}/end", sub="colleague", roles=["provider-officer"], organisation=POLICE
    )
    assert colleague.json["status"] == "ended"
    assert ask(office, "POST", f"/{name}/end").json["code"] == "forwarding.not-allowed"
    go(office)
    assert box.calls == []  # the question was not sent any more
    later(office, 3600)
    for _ in range(10):
        entered(office)
    assert ask(office, "POST", "", WANTED).json["code"] == "forwarding.too-many"


def test_each_state_allows_exactly_its_commands(office: World, box: Mailbox) -> None:
    change = {"kinds": [], "pace": "digest", "language": "en"}
    for status, allowed in COMMANDS.items():
        name = entered(office) if status is not Status.ACTIVE else proven(office, box)
        if status is Status.PARKED:
            box.troubles = [Undeliverable("no")]
            go(office)
        if status is Status.ENDED:
            ask(office, "POST", f"/{name}/end")
        box.troubles = []
        assert state(office, name)["status"] == status
        later(office, 301)
        for command in ("prove", "change", "end"):
            answer = ask(office, "POST", f"/{name}/{command}", change if command == "change" else None)
            refused = answer.json.get("code") == "forwarding.not-allowed"
            assert refused is (command not in allowed), (status, command)
            if command == "prove" and not refused:
                assert answer.json["status"] == "unproven"


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"address": "nobody"}, "address"),
        ({"address": "a@b.cn\r\nBcc: c@d.cn"}, "address"),
        ({"address": "a b@c.cn"}, "address"),
        ({"address": "a@b.cn,c@d.cn"}, "address"),
        ({"address": "甲@b.cn"}, "address"),
        ({"address": "x" * 401}, "address"),
        ({"way": "webhook", "address": "ftp://b.cn/"}, "address"),
        ({"way": "webhook", "address": "https://user:pw@b.cn/"}, "address"),
        ({"way": "webhook", "address": "https://[::1"}, "address"),
        ({"way": "webhook", "address": "https://b.cn:99999/"}, "address"),
        ({"way": "pigeon"}, "way"),
        ({"kinds": ["emergency-open"]}, "kinds[0]"),
        ({"kinds": "all"}, "kinds"),
        ({"pace": 1}, "pace"),
        ({"language": "fr"}, "language"),
        ({"role": "exchange"}, "role"),
    ],
)
def test_an_address_that_is_none_is_refused_by_field(office: World, wrong: dict[str, Any], path: str) -> None:
    answer = ask(office, "POST", "", WANTED | wrong)
    assert (answer.status_code, answer.json["errors"][0]["path"]) == (422, path)
    assert ask(office, "GET").json["forwardings"] == []


def test_only_domains_of_the_operator_are_mailed_and_none_where_no_mail_is_sent(small_world: World) -> None:
    assert ask(small_world, "GET").json["ways"] == ["webhook"]
    assert ask(small_world, "POST", "", WANTED).json["code"] == "forwarding.no-mail"
    settings = replace(small_world.outside.settings, mail_domains=("Police.example.gov.cn",))
    addresses = Addresses.of(settings, KeyEncryptionKey({"1": b"k" * 32}, "1"))
    assert addresses.well_formed(Way.MAIL, TO)
    assert not addresses.well_formed(Way.MAIL, "office@evil.police.example.gov.cn.example.com")
    assert not addresses.well_formed(Way.MAIL, "office@sub.police.example.gov.cn")


def test_the_address_lies_sealed_and_is_pruned_in_the_end(office: World, box: Mailbox) -> None:
    name = proven(office, box)
    assert TO not in kept(office.outside.database, "forwarding")
    ask(office, "POST", f"/{name}/end")
    later(office, timedelta(days=181).total_seconds())
    office.rooms.tidy()
    with office.outside.database.read() as connection:
        assert connection.exec_driver_sql("SELECT id FROM forwarding").all() == []


def test_an_address_that_cannot_be_unsealed_any_more_is_seen_and_ended(office: World, box: Mailbox) -> None:
    name, other = entered(office), entered(office, address="other@police.example.gov.cn")
    office.outside.database.write(
        lambda connection: connection.exec_driver_sql(f"UPDATE forwarding SET sealed = wrapped WHERE id = '{name}'")
    )
    listed = ask(office, "GET")
    assert {one["forwarding"]: one["address"] for one in listed.json["forwardings"]} == {
        name: None, other: "other@police.example.gov.cn",
    }  # fmt: skip
    browser = OfficersBrowser(office)
    browser.sign_in("p", "provider-officer", organisation=POLICE)
    assert "无法解封" in browser.get(HERE).text
    assert "不能恢复时，请停用后重新登记" in browser.get(f"{HERE}/{name}").text
    assert state(office, name)["address"] is None
    go(office)
    assert [(post["outcome"], post["trouble"]) for post in state(office, name)["posts"]] == [
        ("waiting", "address-unreadable")
    ]
    ended = ask(office, "POST", f"/{name}/end")
    assert (ended.status_code, ended.json["status"], ended.json["address"]) == (200, "ended", None)
    assert browser.get(f"{HERE}/{name}").status_code == 200


def test_a_key_that_is_missing_for_a_while_parks_nothing(office: World, box: Mailbox) -> None:
    name = proven(office, box)
    courier = office.rooms.forwarding_courier
    held, courier.addresses = (
        courier.addresses,
        replace(courier.addresses, kek=KeyEncryptionKey({"other": b"k" * 32}, "other")),
    )
    tell(office, Kind.REQUEST_LATE, "late")
    go(office)
    assert state(office, name)["status"] == "active"
    courier.addresses = held
    later(office, 5)
    go(office)
    assert len(box.taken) == 1


def test_nobodys_mailbox_is_written_to_again_and_again(office: World, box: Mailbox) -> None:
    for _ in range(MOST_QUESTIONS - 1):
        assert ask(office, "POST", f"/{entered(office)}/end").status_code == 200
        later(office, 60)
    name = entered(office)
    later(office, 301)
    soon = ask(office, "POST", f"/{name}/prove")
    assert (soon.status_code, soon.json["code"]) == (429, "forwarding.asked-too-often")
    refused = ask(office, "POST", "", WANTED)
    assert (refused.status_code, refused.json["code"]) == (429, "forwarding.asked-too-often")
    wait = int(refused.headers["Retry-After"])
    assert 0 < wait <= 3600
    assert [one["forwarding"] for one in ask(office, "GET").json["forwardings"]] == [name]  # nothing half-written
    assert ask(office, "POST", "", WANTED | {"role": "auditor"}, "auditor").status_code == 201  # another office
    browser = OfficersBrowser(office)
    browser.sign_in("p", "provider-officer", organisation=POLICE)
    shown = browser.press(f"{HERE}/new", role="provider-officer", way="mail", address=TO, pace="digest", language="zh")
    assert (shown.status_code, "已达上限" in shown.text) == (422, True)
    shown = browser.press(f"{HERE}/{name}/prove")
    assert (shown.status_code, "已达上限" in shown.text) == (422, True)
    later(office, wait)
    entered(office)
    assert ask(office, "POST", "", WANTED).status_code == 429


def test_officers_do_it_all_on_pages(office: World, box: Mailbox) -> None:
    browser = OfficersBrowser(office)
    browser.sign_in("p", "provider-officer", organisation=POLICE)
    assert "/console/forwardings" in browser.get("/console/messages").text
    refused = browser.press(
        f"{HERE}/new", role="provider-officer", way="mail", address="nobody", pace="digest", language="zh"
    )
    assert refused.status_code == 422
    assert "地址不可用" in refused.text
    made = browser.press(f"{HERE}/new", role="provider-officer", way="mail", address=TO, pace="digest", language="zh")
    assert made.status_code == 303, made.text
    here = str(made.headers["Location"])
    assert "等待确认" in browser.get(here).text
    assert TO in browser.get(HERE).text
    go(office)
    open_link(office, link(box.taken[0].body))
    assert "使用中" in browser.get(here).text
    assert browser.press(f"{here}/change", pace="at-once", language="en").status_code == 303
    assert "随到随发" in browser.get(here).text
    box.troubles = [Undeliverable("no")]
    tell(office, Kind.REQUEST_LATE, "late")
    go(office)
    assert "邮件服务器拒收此地址" in browser.get(here).text
    later(office, 301)
    assert browser.press(f"{here}/prove").status_code == 303
    soon = browser.press(f"{here}/prove")
    assert (soon.status_code, "确认链接刚刚发过" in soon.text) == (422, True)
    assert browser.press(f"{here}/end").status_code == 303
    assert "已停用" in browser.get(here).text
    english = OfficersBrowser(office, "en")
    english.sign_in("p", "provider-officer", organisation=POLICE)
    assert "Nothing was sent" not in english.get(here).text
    assert english.get(f"{here}/prove").status_code == 403
