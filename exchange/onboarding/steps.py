"""The steps of a department, derived from what is there: done, next, and whose turn it is. Nobody ticks anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from exchange.catalogue.model import System
from exchange.catalogue.registry import Registry
from exchange.catalogue.workflow.events import EntryState
from exchange.onboarding.shipped import TYPES
from exchange.store.onboarding import CheckIn, FirstCall
from kernel.text import Text
from policies.grants.events import GrantState
from policies.requests.commands import TURNS as REQUESTS
from policies.requests.events import RequestState
from policies.requests.events import Status as RequestStatus
from policies.roles import Role

DEPARTMENT, SYSTEM, PROVIDER, GOVERNANCE, NOBODY = "department", "system", "provider", "governance", ""

TURNS: Mapping[str, Text] = {
    DEPARTMENT: Text("本部门经办人", "the department's officer"),
    SYSTEM: Text("本部门的业务系统", "the department's system"),
    PROVIDER: Text("数据提供部门", "the providing department"),
    GOVERNANCE: Text("数据主管部门", "data governance"),
}
"""Whose turn it is, in words."""


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the steps are derived from."""

    organisation: str
    issuer: str
    """The identity provider that this exchange trusts."""
    registry: Registry
    entries: Sequence[EntryState]
    check_ins: Sequence[CheckIn]
    request: RequestState | None
    """The department's newest request for sandbox data that is under way."""
    grants: Sequence[GrantState]
    """Those in force over sandbox data."""
    first_call: FirstCall | None


@dataclass(frozen=True, slots=True)
class Step:
    """One step: ``state`` is done, open or waiting (for an earlier one); ``turn`` is empty when it is done."""

    name: str
    title: Text
    state: str
    turn: str
    hint: Text
    address: str
    about: str = ""
    ref: str = ""
    """What it is about by its name alone: an entry, a system, a request, a grant."""


DONE, OPEN, WAITING = "done", "open", "waiting"


def steps(facts: Facts) -> tuple[Step, ...]:
    """The six steps in order; a step waits until those before it are done."""
    found: list[Step] = []
    for name, step in _STEPS.items():
        seen = step.look(facts)
        ready = all(one.state == DONE for one in found)
        state = DONE if seen.turn == NOBODY else OPEN if ready else WAITING
        found.append(Step(name, step.title, state, seen.turn, step.hint, step.address, seen.about, seen.ref))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Look:
    """What a step is about (a code, or where it stands), whose turn it is, and the name of what it is about."""

    about: str
    turn: str
    ref: str = ""


def _under_way(facts: Facts, kind: str) -> Look:
    """Where an entry of the department stands that is not published yet."""
    for state in facts.entries:
        if state.kind == kind and state.organisation == facts.organisation and state.proposal is not None:
            waits = state.proposal.stage.value in {"submitted", "under_review"}
            turn = GOVERNANCE if waits else DEPARTMENT
            return Look(f"{state.name}: {state.status}", turn, state.name)
    return Look("", DEPARTMENT)


def _organisation(facts: Facts) -> Look:
    if facts.organisation in facts.registry.organisations:
        return Look(facts.organisation, NOBODY, facts.organisation)
    return _under_way(facts, "Organisation")


def own_systems(facts: Facts) -> list[System]:
    """The department's systems of the sandbox whose tokens can be believed here, by name."""
    return [
        system
        for _, system in sorted(facts.registry.systems.items())
        if system.organisation == facts.organisation and system.sandbox and system.issuer == facts.issuer
    ]


def _system(facts: Facts) -> Look:
    found = own_systems(facts)
    if found:
        return Look(found[0].name, NOBODY, found[0].name)
    mistaken = [
        one for one in facts.registry.systems.values() if one.organisation == facts.organisation and one.sandbox
    ]
    # Its tokens could never be believed here: better said now than at its first call.
    if mistaken:
        return Look(f"{mistaken[0].name}: {mistaken[0].issuer}", DEPARTMENT, mistaken[0].name)
    return _under_way(facts, "System")


def _keys(facts: Facts) -> Look:
    found = check_in(facts)
    return Look("", SYSTEM) if found is None else Look(f"{found.system}: {found.binding}", NOBODY, found.system)


def check_in(facts: Facts) -> CheckIn | None:
    """The first check-in of a system of the department's own."""
    own = {system.name for system in own_systems(facts)}
    return next((one for one in facts.check_ins if one.system in own), None)


def _sandbox(facts: Facts) -> Look:
    there = [code for code in TYPES if code in facts.registry.connectors]
    return Look(", ".join(there), NOBODY if len(there) == len(TYPES) else GOVERNANCE)


def _access(facts: Facts) -> Look:
    own = [state for state in facts.grants if state.grant.consumer == facts.organisation]
    if own:
        return Look(own[0].grant.ref, NOBODY, own[0].grant.ref)
    asked = facts.request
    if asked is None:
        return Look("", DEPARTMENT)
    return Look(f"{asked.id}: {asked.status.value}", REQUEST_TURNS[asked.status], asked.id)


_OFFICES: Mapping[Role, str] = {
    Role.CONSUMER_OFFICER: DEPARTMENT,
    Role.PROVIDER_OFFICER: PROVIDER,
    Role.GOVERNANCE_OFFICER: GOVERNANCE,
    Role.GOVERNANCE_APPROVER: GOVERNANCE,
}
REQUEST_TURNS: Mapping[RequestStatus, str] = {status: _OFFICES[roles[0]] for status, roles in REQUESTS.items()}
"""Whose turn it is by the state of a request; a request in any other state is over."""


def _first_call(facts: Facts) -> Look:
    found = facts.first_call
    return Look("", SYSTEM) if found is None else Look(found.request_id, NOBODY, found.request_id)


@dataclass(frozen=True, slots=True)
class _Kind:
    title: Text
    hint: Text
    address: str
    look: Callable[[Facts], Look]


_STEPS: Mapping[str, _Kind] = {
    "organisation": _Kind(
        Text("登记部门", "Register the department"),
        Text(
            "起草 Organisation 条目并提交，由数据主管部门发布",
            "Draft an Organisation entry and hand it in; data governance publishes it",
        ),
        "POST /v1/catalogue/entries",
        _organisation,
    ),
    "system": _Kind(
        Text("登记业务系统", "Register the system"),
        Text(
            "先在身份服务登记客户端，再起草 System 条目（sandbox: true），写明 issuer 与 client_id",
            "Register a client at the identity provider, then draft a System entry (sandbox: true) with its issuer and "
            "client_id",
        ),
        "POST /v1/catalogue/entries",
        _system,
    ),
    "keys": _Kind(
        Text("核对密钥", "Show the keys"),
        Text(
            "业务系统用绑定自己密钥的令牌（scope=cases）报到一次",
            "The system checks in once with a token bound to its own key (scope=cases)",
        ),
        "POST /v1/onboarding/check-in",
        _keys,
    ),
    "sandbox": _Kind(
        Text("沙箱", "The sandbox"),
        Text(
            "数据主管部门开放沙箱；其中的人都是虚构的", "Data governance opens the sandbox; everybody in it is invented"
        ),
        "POST /v1/onboarding/sandbox",
        _sandbox,
    ),
    "access-request": _Kind(
        Text("申请沙箱数据", "Ask for sandbox data"),
        Text(
            "提交共享申请；沙箱数据无条件共享，形式审查通过即提交授权，由数据主管部门两人签署",
            "Hand in an access request; sandbox data are shared unconditionally: the form check hands in the grant, "
            "which two of data governance sign",
        ),
        "POST /v1/access-requests",
        _access,
    ),
    "first-call": _Kind(
        Text("第一次调用", "The first call"),
        Text(
            "开立办件，请求沙箱材料，核验回执",
            "Open a case, ask for sandbox evidence, verify the receipt",
        ),
        "POST /v1/evidence-requests",
        _first_call,
    ),
}
