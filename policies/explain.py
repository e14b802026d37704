"""Why not: the clauses a request did not meet, each with its code and a sentence generated from the grant.

Cedar gives no reason when simply no permit matched, so the grants under the same scopes are looked at clause by
clause; only refusals pay for it. Sentences name fields by the catalogue and never repeat anything of a person.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from kernel.text import Text
from policies import cedar
from policies.compiler import Compiled
from policies.decision import Quota, UnmetClause
from policies.facts import Facts
from policies.grants.grant import Grant
from policies.grants.terms import Obligation
from policies.guards import Guard
from policies.model import AccessRequest
from policies.registry import Registry


@dataclass(frozen=True, slots=True)
class Enforced:
    """A grant, its compiled policy, and for each of the policy's conditions the code of a refusal.

    ``clauses`` are what a refusal says of each condition; None where that depends on the request, too.
    """

    grant: Grant
    policy: Compiled
    codes: tuple[str, ...]
    clauses: tuple[UnmetClause | None, ...]

    @classmethod
    def of(cls, grant: Grant, policy: Compiled, codes: tuple[str, ...]) -> Enforced:
        """With everything that can be said before anybody asks."""
        clauses = (
            _clause(grant.ref, number, code, _OF_THE_GRANT[code](grant)) if code in _OF_THE_GRANT else None
            for number, code in enumerate(codes)
        )
        return cls(grant, policy, codes, tuple(clauses))


@dataclass(frozen=True, slots=True)
class EnforcedGuard:
    """A guard, its compiled policy, and what a refusal says of each part of its exception."""

    guard: Guard
    policy: Compiled
    clauses: tuple[UnmetClause, ...]

    @classmethod
    def of(cls, guard: Guard, policy: Compiled) -> EnforcedGuard:
        """With everything that can be said before anybody asks."""
        parts = (_clause(guard.ref, number, guard.code, part) for number, part in enumerate(guard.parts))
        return cls(guard, policy, tuple(parts) or (UnmetClause(guard.ref, guard.code, guard.text),))


def _clause(ref: str, number: int, code: str, text: Text, level: int | None = None) -> UnmetClause:
    return UnmetClause(f"{ref}#c{number}", code, text, level)


Candidate = tuple[Enforced, tuple[int, ...]]
"""A grant that a refusal may be explained by, and the numbers of its conditions that the asking alone does not meet."""


NearMiss = tuple[Enforced, tuple[int, ...]]
"""A grant that was not satisfied, and the numbers of its conditions that failed."""


ASSURANCE_TOO_LOW = "policy.assurance-too-low"
ILL_FORMED = UnmetClause(
    "REQUEST#form",
    "policy.engine-error",
    Text("申请的内容类型不正确，未作裁决", "The request is not of the declared types; nothing was decided"),
)
NO_GRANT = UnmetClause(
    "GRANTS#none",
    "policy.no-grant",
    Text("没有任何授权允许该机构取得这种材料", "No grant lets this organisation obtain this evidence type"),
)


def engine_failed(failure: str) -> UnmetClause:
    """The engine itself failed; ``failure`` is the name of the exception, which carries no data."""
    return UnmetClause(
        f"ENGINE#{failure}",
        "policy.engine-error",
        Text("裁决引擎出错，因此拒绝", "The decision engine failed, hence the refusal"),
    )


ENGINES_DISAGREE = UnmetClause(
    "ENGINE#disagreement",
    "policy.engine-error",
    Text("两个裁决引擎的结论不一致，因此拒绝", "The two decision engines disagree, hence the refusal"),
)


def unknown_obligation(obligation: Obligation) -> UnmetClause:
    """A grant asks for something nobody here can carry out."""
    return UnmetClause(
        f"OBLIGATION#{obligation.text}",
        "policy.obligation-unknown",
        Text(f"授权附带的义务无法履行：{obligation.text}", f"The obligation {obligation.text} cannot be carried out"),
    )


def nearest(candidates: Iterable[Candidate], facts: Facts) -> NearMiss | None:
    """The grant that came nearest: it fails latest in the order of clauses, then on the fewest of them."""
    misses = [(enforced, enforced.policy.unmet(failed, facts)) for enforced, failed in candidates]
    return min([miss for miss in misses if miss[1]], key=_distance, default=None)


def _distance(miss: NearMiss) -> tuple[int, int, str]:
    enforced, failed = miss
    return (-failed[0], len(failed), enforced.policy.ref)


def unmet(miss: NearMiss | None, request: AccessRequest, registry: Registry) -> tuple[UnmetClause, ...]:
    """The clauses of a grant that the request does not meet; without a grant, that there is none."""
    if miss is None:
        return (NO_GRANT,)
    enforced, failed = miss
    said = enforced.clauses
    return tuple([said[number] or _asked_too_much(enforced, number, request, registry) for number in failed])


def _asked_too_much(enforced: Enforced, number: int, request: AccessRequest, registry: Registry) -> UnmetClause:
    grant, code = enforced.grant, enforced.codes[number]
    level = grant.min_loa if code == ASSURANCE_TOO_LOW else None
    return _clause(grant.ref, number, code, _OF_THE_REQUEST[code](grant, request, registry), level)


def forbidden(
    forbidding: Iterable[EnforcedGuard], facts: Facts, clauses: tuple[UnmetClause, ...]
) -> tuple[UnmetClause, ...]:
    """Guards first, then the ``clauses`` of a grant, then what the person could still mend."""
    hard: list[UnmetClause] = []
    mendable: list[UnmetClause] = []
    for enforced in forbidding:
        (mendable if enforced.guard.mendable else hard).extend(_guard_clauses(enforced, facts))
    return (*hard, *clauses, *mendable)


def _guard_clauses(enforced: EnforcedGuard, facts: Facts) -> tuple[UnmetClause, ...]:
    """What it says, or which parts of its exception were missing."""
    if not enforced.guard.parts:
        return enforced.clauses
    missing = enforced.policy.not_excused(facts)
    first = next(missing)
    # Without the consent itself, what it does not say is no news.
    rest = () if first == 0 else missing
    return tuple(enforced.clauses[number] for number in (first, *rest))


def _fixed(zh: str, en: str) -> Callable[[Grant], Text]:
    return lambda grant: Text(zh.format(grant=grant.ref), en.format(grant=grant.ref))


def _field_not_granted(grant: Grant, request: AccessRequest, registry: Registry) -> Text:
    known = registry.evidence_types[request.evidence_type].fields
    outside = sorted(request.fields - grant.fields)
    zh = "、".join(f"{known[name].label.zh}（{name}）" for name in outside)
    en = ", ".join(f"{known[name].label.en} ({name})" for name in outside)
    return Text(f"授权 {grant.ref} 不包括字段：{zh}", f"Grant {grant.ref} does not cover: {en}")


def _predicate_not_granted(grant: Grant, request: AccessRequest, _registry: Registry) -> Text:
    outside = ", ".join(sorted(request.predicates - grant.predicates))
    return Text(f"授权 {grant.ref} 不包括是非问题：{outside}", f"Grant {grant.ref} does not answer: {outside}")


def _assurance_too_low(grant: Grant, request: AccessRequest, _registry: Registry) -> Text:
    return Text(
        f"授权 {grant.ref} 要求认证等级不低于 {grant.min_loa}，本次为 {request.loa}",
        f"Grant {grant.ref} needs assurance level {grant.min_loa}; this sign-in has {request.loa}",
    )


def _not_yet_valid(grant: Grant) -> Text:
    start = cedar.literal_time(grant.valid_from)
    return Text(f"授权 {grant.ref} 自 {start} 起生效", f"Grant {grant.ref} begins at {start}")


def _expired(grant: Grant) -> Text:
    end = cedar.literal_time(grant.valid_to)
    return Text(f"授权 {grant.ref} 已于 {end} 失效", f"Grant {grant.ref} ended at {end}")


def _outside_hours(grant: Grant) -> Text:
    said = grant.hours.text if grant.hours else Text("", "")
    return Text(
        f"授权 {grant.ref} 只能在北京时间每日 {said.zh}使用",
        f"Grant {grant.ref} may be used only from {said.en} of a day (China time)",
    )


def _delivery_not_granted(grant: Grant, request: AccessRequest, _registry: Registry) -> Text:
    asked = request.delivery.text
    return Text(
        f"授权 {grant.ref} 不允许以此方式提供：{asked.zh}", f"Grant {grant.ref} does not allow delivery {asked.en}"
    )


def _quota_exceeded(grant: Grant) -> Text:
    return _used_up(grant.ref, grant.quota_per_day or 0)


def _used_up(ref: str, per_day: int) -> Text:
    return Text(f"授权 {ref} 今日限额 {per_day} 次已用完", f"The {per_day} releases a day of grant {ref} are used up")


def quota_exceeded(quota: Quota) -> UnmetClause:
    """What was permitted could not be reserved any more."""
    return UnmetClause(f"{quota.grant}#quota", "policy.quota-exceeded", _used_up(quota.grant, quota.per_day))


_OF_THE_GRANT: Mapping[str, Callable[[Grant], Text]] = {
    "policy.purpose-not-granted": _fixed(
        "授权 {grant} 不适用于所办事项", "Grant {grant} does not serve this service item"
    ),
    "policy.basis-not-granted": _fixed(
        "授权 {grant} 不以所称法定依据为根据", "Grant {grant} does not rest on this legal basis"
    ),
    "policy.provider-not-granted": _fixed(
        "授权 {grant} 由另一提供机构作出", "Grant {grant} was given by another provider"
    ),
    "policy.relation-not-granted": _fixed(
        "授权 {grant} 不适用于与当事人有此种关系的人",
        "Grant {grant} does not cover people in this relation to the person of the case",
    ),
    "policy.absence-not-granted": _fixed(
        "授权 {grant} 只能在当事人在场时使用", "Grant {grant} may be used only while the person is present"
    ),
    "policy.mandate-missing": _fixed(
        "授权 {grant} 只能由持有效委托的人使用",
        "Grant {grant} may be used only by somebody who acts by a mandate in force for this service item",
    ),
    "policy.emergency-not-open": _fixed(
        "{grant} 是应急模板，未为本次申请开启", "{grant} is a template of emergency access, not opened for this request"
    ),
    "policy.not-yet-valid": _not_yet_valid,
    "policy.expired": _expired,
    "policy.outside-hours": _outside_hours,
    "policy.division-not-own": _fixed(
        "授权 {grant} 只适用于本行政区划内的记录",
        "Grant {grant} covers only records of the department's own division, or of one below",
    ),
    "policy.quota-exceeded": _quota_exceeded,
}
"""Code → what is said of a grant whoever asks."""

_OF_THE_REQUEST: Mapping[str, Callable[[Grant, AccessRequest, Registry], Text]] = {
    "policy.field-not-granted": _field_not_granted,
    "policy.predicate-not-granted": _predicate_not_granted,
    ASSURANCE_TOO_LOW: _assurance_too_low,
    "policy.delivery-not-granted": _delivery_not_granted,
}
"""Code → what is said of a grant and of what was asked."""
