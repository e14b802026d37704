"""The same over HTTP, with a real database and ledger: generated worlds applied as manifests, their grants approved by
officers, and everything read again that an exchange tells of a request.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

from connectors import registry as connectors
from connectors.source import Source
from exchange.previews.looking import Reply
from kernel.jose import base64url
from tests.cases import sized
from tests.doubles import exchange
from tests.doubles.exchange import ORIGIN, OWNER, copied, lived, make_world, prepared_postgresql, prepared_sqlite
from tests.property import leak_worlds
from tests.property.canaries import Canaries
from tests.property.leak_records import Filled, filled
from tests.property.leak_requests import Ask, Later, allowance, ask
from tests.property.leak_worlds import BASES, CONSUMER, ITEM, OTHER_ITEM, PROVIDER, Manifest, Register, text
from tests.property.test_nothing_leaks import differences, ordered, written

__all__ = ["prepared_postgresql", "prepared_sqlite"]

MASKED = (83, 384, 458)
"""Worlds in which much is masked, in lists and outside them."""
PREVIEWED = (48, 204, 410)
"""Worlds in which much is masked as well, and much of it previewed first."""
SEEDS = (*MASKED, *PREVIEWED, *range(1000, 1000 + 10 * sized(0, 150), 10))
CALLS = 40
CLIENT = "market-website"
PLAINLY: dict[str, Any] = {
    "withdrawn": False,
    "before": None,
    "emergency": None,
    "later": Later(timedelta(0), "", Reply.PROVIDE),
}
"""What is not varied here: nothing happens before a request, and nothing in between."""


@dataclass
class Applied:
    """A generated world inside a running exchange, under a name of its own; ``plan`` is what is expected of it."""

    name: str
    plan: leak_worlds.World
    register: Register


@pytest.fixture(scope="module")
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[exchange.World]:
    """An exchange whose sources answer what a test tells them to."""
    folder = tmp_path_factory.mktemp("nothing-leaks")
    first = make_world(copied(request, folder), folder, seed=77)
    with lived(first.another_node(build_source=_built(first))) as world:
        world.apply(*(_service_item(code) for code in (ITEM, OTHER_ITEM)))
        yield world
    first.rooms.close()


REGISTERS: dict[str, Register] = {}


def _built(world: exchange.World) -> Any:
    def build(document: Mapping[str, Any]) -> Source:
        name = document["metadata"]["name"]
        if name not in REGISTERS:
            built: Source = world.outside.build_source(document)
            return built
        adapters = {"memory": REGISTERS[name].adapter()}
        return connectors.build(document, secrets={}.__getitem__, roots=(), clock=world.clock, adapters=adapters)

    return build


def _service_item(code: str) -> Manifest:
    bases = [{"code": basis, "kind": kind, "citation": text(basis)} for basis, kind in BASES.items()]
    spec = {"name": text("事项"), "organisation": CONSUMER, "legal_bases": bases}
    return {"kind": "ServiceItem", "metadata": {"name": code}, "spec": spec}


def applied(running: exchange.World, seed: int) -> Applied:
    """A world with a connector, its manifests applied, and its grants approved by the whole panel."""
    plan = next(made for made in map(leak_worlds.world, range(seed, seed + 99)) if _may_be_applied(made))
    name = f"papers-{seed}"
    assert plan.connector is not None
    kind = plan.kind | {"metadata": {"name": name}}
    connector = plan.connector | {"metadata": {"name": name}}
    connector["spec"] = connector["spec"] | {"evidence_type": name, "memory": {"subject_column": "id", "records": []}}
    drafts = [
        {**draft, "metadata": {"name": f"G-{seed}-{number}"}, "spec": draft["spec"] | {"evidence_type": name}}
        for number, draft in enumerate(plan.drafts)
    ]
    register = REGISTERS[name] = Register()
    running.apply(*json.loads(json.dumps([kind, connector, *drafts])))  # no value stands in two places
    for draft in drafts:
        running.approve(draft["metadata"]["name"])
    return Applied(name, plan, register)


def _may_be_applied(made: leak_worlds.World) -> bool:
    """Whether it has a connector, something that may be released here, and no grant that has ended: nobody may draft
    those.
    """
    if made.connector is None or any(grant.valid_to <= leak_worlds.NOW for grant in made.grants):
        return False
    return any(ITEM in one.service_items and "self" in one.relations and one.emergency is None for one in made.grants)


def tokens(running: exchange.World, one: Applied, asked: Ask, case: str) -> str:
    detail = {
        "type": "urn:tongban:params:evidence",
        "locations": [ORIGIN],
        "service_item": ITEM,
        "case": case,
        "legal_basis": asked.basis,
        "evidence": [
            {"type": one.name, "fields": sorted(asked.agreed_fields), "predicates": sorted(asked.agreed_predicates)}
        ],
    }
    claims: dict[str, Any] = {"authorization_details": [detail]}
    if asked.present:
        return running.issuer.token(running.holder, CLIENT, OWNER, acr=f"urn:tongban:loa:{asked.loa}", **claims)
    return running.issuer.token(running.holder, CLIENT, act={"sub": "officer-1"}, **claims)


def body(one: Applied, asked: Ask, case: str) -> dict[str, Any]:
    subject = {} if asked.present else {"subject": {"scheme": "citizen-number", "value": OWNER}}
    items = []
    for item in asked.items:
        said: dict[str, Any] = {"type": one.name, **subject}
        if item.fields:
            said["fields"] = [*item.fields]
        if item.questions:
            said["predicates"] = [{"name": question.name, "args": dict(question.args)} for question in item.questions]
        items.append(said)
    return {
        "service_item": ITEM,
        "case": case,
        "legal_basis": asked.basis,
        "evidence": items,
        "delivery": asked.delivery.value,
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_leaks_over_http(
    running: exchange.World, seed: int, record_property: Callable[[str, object], None]
) -> None:
    one, dice, met = applied(running, seed), random.Random(seed), Counter[str]()
    assert one.plan.design is not None
    case = running.open_case((OWNER, "applicant"), item=ITEM)
    with capture_logs() as logged:
        for number in range(CALLS):
            canaries = Canaries()
            asked = replace(ask(dice, one.plan), relation="self", proven=True, **PLAINLY)
            found = filled(dice, one.plan.design, canaries)
            one.register.answer, one.register.failure = found.records, found.failure
            seen = running.outside.ledger.size()
            for answer in calls(running, one, asked, case, f"key-{seed}-{number}"):
                judge(one, asked, found, answer, canaries, met)
                met["answers"] += 1
                if answer.status_code == 202:
                    for shown in until_settled(running, answer.json["id"], len(asked.items)):
                        judge_preview(one, asked, found, shown, canaries, met)
            leaves = running.outside.ledger.entries(seen, running.outside.ledger.size())
            said = [*map(repr, logged), *(leaf.decode() for leaf in leaves)]
            assert not canaries.within("\n".join(said)), said
            logged.clear()
            if number % 10 == 9:
                running.clock.advance(1)
    record_property("cases", met["answers"])
    assert met["delivered"] > CALLS // 10 or seed not in (*MASKED, *PREVIEWED), met
    assert met["masked"] > CALLS // 4 or seed not in (*MASKED, *PREVIEWED), met
    assert met["shown"] > CALLS // 10 or seed not in PREVIEWED, met
    for told in read_afterwards(running):
        assert told.status_code == 200, told.text
        assert not Canaries().within(told.text)
    assert not Canaries().within(running.outside.metrics.render().decode())


def calls(running: exchange.World, one: Applied, asked: Ask, case: str, key: str) -> Iterator[TestResponse]:
    """The request, and where it waits its answer when it does no more; sometimes the same again under its key, and its
    answer fetched once more.
    """
    token, asking = tokens(running, one, asked, case), body(one, asked, case)
    yield (answer := running.call("POST", "/v1/evidence-requests", token, asking, Idempotency_Key=key))
    if answer.status_code == 202:
        yield running.call("GET", f"/v1/evidence-requests/{answer.json['id']}", token)
    if key.endswith("0"):
        yield running.call("POST", "/v1/evidence-requests", token, asking, Idempotency_Key=key)
        if "evidence" in answer.json:
            yield running.call("GET", f"/v1/evidence-requests/{answer.json['id']}", token)


def until_settled(running: exchange.World, request: str, items: int) -> Iterator[TestResponse]:
    """What the person is shown, and agrees to, and what is fetched later, until nothing of a request waits."""
    running.rooms.deferred.work()
    mine = running.issuer.token(running.holder, "portal", OWNER, scope="preview")
    for number in range(items):
        path = f"/v1/previews/{request}/{number}"
        shown = running.call("GET", path, mine)
        yield shown
        if shown.status_code == 200:
            agreed = {"reply": "provide", "digest": shown.json["digest"]}
            assert running.call("POST", path, mine, agreed).json["status"] == "delivered"


def judge_preview(
    one: Applied, asked: Ask, found: Filled, answer: TestResponse, canaries: Canaries, met: Counter[str]
) -> None:
    """What a person is shown is what may leave, or nothing: where nobody waits for them."""
    met["shown"] += answer.status_code == 200
    if answer.status_code != 200:
        assert not canaries.within(answer.text), (asked, answer.text)
        return
    item = asked.items[answer.json["item"]]
    may = allowance(one.plan, asked, item, found)
    data = {row["name"]: row["value"] for row in answer.json["data"]}
    assert ordered(data) == ordered(may.data), (asked, found)
    assert canaries.within(answer.text) <= canaries.plainly_within(written([may.data, may.times])), (asked, answer.text)


def judge(one: Applied, asked: Ask, found: Filled, answer: TestResponse, canaries: Canaries, met: Counter[str]) -> None:
    """What an answer tells is what may leave, and its receipts and headers tell nothing."""
    assert answer.status_code < 500, answer.text
    told = answer.json
    items = told.pop("evidence", [])
    assert not canaries.within(written(told) + repr(answer.headers)), (asked, answer.text)
    for item, part in zip(asked.items, items, strict=False):
        may = allowance(one.plan, asked, item, found)
        met[part["status"]] += 1
        met["masked"] += "*" in str(part.get("data"))
        assert not [*differences(one.plan, item, may, part, found)], (asked, found)
        assert not canaries.within(part.pop("receipt")), part
        if "jws" in part:
            part["jws"] = json.loads(base64url.decode(part["jws"].split(".")[1]))
        delivered = part["status"] == "delivered"
        open_to_it = canaries.plainly_within(written([may.data, may.times])) if delivered else set()
        assert canaries.within(written(part)) <= open_to_it, (asked, found, part)


def read_afterwards(running: exchange.World) -> Iterator[TestResponse]:
    """What the person and the provider read of it all."""
    mine = running.issuer.token(running.holder, CLIENT, OWNER, scope="usage")
    yield running.call("GET", "/v1/usage", mine)
    yield running.officer("GET", "/v1/provider/usage", sub="p", roles=["provider-officer"], organisation=PROVIDER)
