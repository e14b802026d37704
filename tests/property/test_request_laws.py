"""Laws of the access request over random proceedings: anybody tries anything, in any role, at any time."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise

from policies.clocks.calendar import WorkingCalendar
from policies.clocks.run import standing
from policies.proceedings import NotAllowed
from policies.requests.commands import COMPATIBLE, NAMES, Command, FulfilRequest, LapseRequest, WithdrawRequest
from policies.requests.conditions import open_to
from policies.requests.document import state_from_json, state_to_json
from policies.requests.events import (
    RefusalOverturned,
    RequestApproved,
    RequestEscalated,
    RequestEvent,
    RequestState,
    Status,
    evolve,
    seat_of,
)
from policies.requests.lifecycle import decide
from policies.requests.steps import steps
from policies.roles import Officer, Role
from tests.cases import seeds, sized
from tests.unit.policies.test_requests import CONDITIONAL, EXCHANGE, GRANT, NOW, SAMPLES, UNCONDITIONAL, draft

WALKS = sized(500, 50_000)
STEPS = 24
CALENDAR = WorkingCalendar()
COUNTED = Counter[str]()
ORGANISATIONS = (GRANT.consumer, GRANT.provider, "data-office")
ROLES = (Role.CONSUMER_OFFICER, Role.PROVIDER_OFFICER, Role.GOVERNANCE_OFFICER, Role.GOVERNANCE_APPROVER)


def test_whoever_does_whatever_the_proceedings_stay_fair(record_property: Callable[[str, object], None]) -> None:
    reached = Counter(walk(random.Random(seed)).status for seed in seeds(WALKS, 809_000))
    record_property("cases", reached.total() * STEPS)
    assert reached.keys() == set(Status)
    assert COUNTED["told late"] > 0  # the walks are slow enough to be late


def walk(draw: random.Random) -> RequestState:
    """One request from its draft on; every rule is looked at after every step."""
    author = Officer("author", GRANT.consumer, frozenset({Role.CONSUMER_OFFICER}))
    offices = zip(("owner", "checker", "ruler"), (GRANT.provider, "data-office", "data-office"), ROLES[1:], strict=True)
    people = [author, *(Officer(name, organisation, frozenset({role})) for name, organisation, role in offices)]
    people += [person(draw, name) for name in "abc"]
    happened: list[RequestEvent] = [*decide(draft(), None, author, NOW)]
    state, now = evolve(None, happened[0]), NOW
    for _ in range(STEPS):
        now += timedelta(hours=draw.choice((0, 1, 20, 100)))
        state = step(draw, state, people, happened, now)
    fair(state, happened)
    return state


def person(draw: random.Random, name: str) -> Officer:
    roles = frozenset(role for role in ROLES if draw.random() < 0.5)
    return Officer(name, draw.choice(ORGANISATIONS), roles)


def step(
    draw: random.Random, state: RequestState, people: list[Officer], happened: list[RequestEvent], now: datetime
) -> RequestState:
    if draw.random() < 0.2:  # the sweep comes rarely: officers act before it
        state = act((), state, EXCHANGE, happened, now)
    if state.status is Status.APPROVED and draw.random() < 0.5:
        return act((draw.choice((FulfilRequest(), LapseRequest())),), state, EXCHANGE, happened, now)
    actor = draw.choice(people)
    possible = open_to(state, actor)
    likely = [kind for kind in NAMES if NAMES[kind] in possible and kind is not WithdrawRequest]
    kind = draw.choice(likely if likely and draw.random() < 0.8 else list(NAMES))
    command = SAMPLES[kind]
    if NAMES[kind] in {"submit", "accept"}:  # the catalogue may say otherwise by then
        command = type(command)(draw.choice((CONDITIONAL, UNCONDITIONAL)))
    offered = NAMES[kind] in possible
    try:
        after = act((command,), state, actor, happened, now)
    except NotAllowed:
        assert not offered, (kind, state.status, actor)
        return state
    assert offered, (kind, state.status, actor)
    return after


def act(
    commands: tuple[Command, ...], state: RequestState, actor: Officer, happened: list[RequestEvent], now: datetime
) -> RequestState:
    """As the exchange does it; whoever leaves a step late leaves it told."""
    before, done = state, steps(commands, state, actor, CALENDAR, now)
    assert done or not commands
    for each in done:
        assert each.before == state
        state = each.after
    told = {(each.event.stage, each.event.percent) for each in done if isinstance(each.event, RequestEscalated)}
    if before.clock is not None and not before.clock.is_paused and standing(before.clock, CALENDAR, now).late:
        assert 100 in before.told or (before.clock.stage, 100) in told
    happened += [each.event for each in done]
    return state


def fair(state: RequestState, happened: list[RequestEvent]) -> None:
    """What no order of commands may bring about."""
    assert state.revision == len(happened)
    assert state_from_json(state_to_json(state)) == state
    assert sum(isinstance(event, RequestApproved | RefusalOverturned) for event in happened) <= 1
    parts: dict[str, set] = {}
    for event in happened:
        if (seat := seat_of(event)) is not None:
            parts.setdefault(event.by, set()).add(seat)
    for seats in parts.values():
        assert len(seats) == 1 or frozenset(seats) in COMPATIBLE
    assert not {name for name, _role in state.authors} & {
        event.by for event in happened if isinstance(event, RequestApproved) and event.role is Role.PROVIDER_OFFICER
    }
    told = [(event.stage, event.percent) for event in happened if isinstance(event, RequestEscalated)]
    COUNTED["told late"] += sum(percent == 100 for _stage, percent in told)
    assert len(told) == len(set(told))
    assert all(event.at <= later.at for event, later in pairwise(happened))
