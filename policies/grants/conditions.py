"""What must hold before a command on a grant takes effect: named conditions; each says nothing, or why not."""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Mapping
from datetime import MAXYEAR, datetime

from kernel.text import Text
from policies import cedar, obligations
from policies.grants.commands import (
    TABLE,
    ActivateGrant,
    ApproveGrant,
    Command,
    CommandKind,
    DraftGrant,
    EndorseGrant,
    ExpireGrant,
    ReactivateGrant,
    ReturnGrant,
    ReviseGrant,
    RevokeGrant,
    ScheduleGrant,
    SubmitGrant,
    SupersedeGrant,
    SuspendGrant,
)
from policies.grants.document import digest
from policies.grants.events import GrantState, Signature, Status, is_full
from policies.grants.grant import Grant
from policies.grants.review import Recheck, ReviewPackage
from policies.grants.routing import TWO, Panel, panel, suffices
from policies.proceedings import Condition, Matter, NotAllowed, capacities
from policies.roles import Officer, Role

MAX_MONTHS = 24
"""A grant lapses unless it is renewed; none runs longer than this from its start."""

MATTER = Matter("grant", Text("授权", "grant"))

Signing = ApproveGrant | ReactivateGrant | EndorseGrant


def is_open_to(command: Command, state: GrantState, actor: Officer, _now: datetime) -> NotAllowed | None:
    """By the table, in a capacity that this officer holds for this grant."""
    kind: CommandKind = type(command)
    return MATTER.is_open(TABLE[state.status], kind, actor, lambda role: acts_for(role, actor, state.grant))


def acts_for(role: Role, actor: Officer, grant: Grant) -> bool:
    """Officers of providing and consuming departments act for their own department only."""
    if role is Role.PROVIDER_OFFICER:
        return actor.organisation == grant.provider
    if role in {Role.CONSUMER_OFFICER, Role.SPONSOR}:
        return actor.organisation == grant.consumer
    return True


def author_may_write(grant: Grant, actor: Officer) -> NotAllowed | None:
    """Consuming departments draft for themselves; governance officers for anyone, as from a manifest."""
    if any(acts_for(role, actor, grant) for role in capacities(TABLE[None], DraftGrant, actor.roles)):
        return None
    return MATTER.refusal(
        "other-organisation",
        Text("只能为本机构起草授权", "An officer drafts grants for the own organisation only"),
    )


def term_is_bounded(grant: Grant, now: datetime) -> NotAllowed | None:
    """Expiry is mandatory and near, and not past already."""
    if grant.valid_to > months_later(grant.valid_from, MAX_MONTHS):
        return MATTER.refusal(
            "too-long",
            Text(f"授权期限不得超过 {MAX_MONTHS} 个月", f"A grant runs for at most {MAX_MONTHS} months"),
        )
    return _expired(grant) if now >= grant.valid_to else None


def _expired(grant: Grant) -> NotAllowed:
    return MATTER.refusal("expired", Text(f"授权 {grant.ref} 已过期", f"Grant {grant.ref} has ended"))


def months_later(start: datetime, months: int) -> datetime:
    """The same day and time so many months on; the last day of a month that has no such day."""
    years, month = divmod(start.month - 1 + months, 12)
    year = min(start.year + years, MAXYEAR)
    day = min(start.day, calendar.monthrange(year, month + 1)[1])
    return start.replace(year=year, month=month + 1, day=day)


def _revision_is_of_this_grant(
    command: ReviseGrant, state: GrantState, actor: Officer, now: datetime
) -> NotAllowed | None:
    if command.grant.ref != state.grant.ref:
        return MATTER.refusal("other-grant", Text("修订不能改变编号或版本", "A revision keeps the id and the version"))
    return author_may_write(command.grant, actor) or term_is_bounded(command.grant, now)


def _is_in_time(_command: Command, state: GrantState, _actor: Officer, now: datetime) -> NotAllowed | None:
    return _expired(state.grant) if now >= state.grant.valid_to else None


def _is_out_of_time(command: ExpireGrant, state: GrantState, _actor: Officer, now: datetime) -> NotAllowed | None:
    if now >= state.grant.valid_to or command.campaign is not None:
        return None  # only the exchange itself may say so, of a campaign whose deadline it has seen pass
    return MATTER.refusal("not-yet-expired", Text("授权尚未到期", "The grant has not ended yet"))


def _can_be_enforced(_command: Command, state: GrantState, _actor: Officer, _now: datetime) -> NotAllowed | None:
    if unknown := obligations.unknown(state.grant.obligations):
        named = ", ".join(duty.text for duty in unknown)
        return MATTER.refusal("obligation-unknown", Text(f"无法履行的义务：{named}", f"Nobody can carry out: {named}"))
    try:
        cedar.check(state.grant, cedar.render(state.grant))
    except cedar.InvalidPolicy:
        return MATTER.refusal(
            "policy-invalid",
            Text("由授权生成的策略未通过校验", "The policy generated from the grant is not valid"),
        )
    return None


def _is_no_author(_command: Command, state: GrantState, actor: Officer, _now: datetime) -> NotAllowed | None:
    if actor.id not in state.authors:
        return None
    return MATTER.refusal(
        "author-may-not-sign", Text("起草人不得批准自己的授权", "Nobody approves a grant of their own")
    )


def _signs_once(command: Signing, state: GrantState, actor: Officer, _now: datetime) -> NotAllowed | None:
    # Whoever endorsed for the consumer is a party to it, and no judge.
    given = (*_given(command, state), *state.endorsements)
    if actor.id not in {signature.officer for signature in given}:
        return None
    return MATTER.refusal("already-signed", Text("同一人只能签署一次", "One person signs once"))


def _saw_what_is_signed(command: Signing, state: GrantState, _actor: Officer, _now: datetime) -> NotAllowed | None:
    if command.digest == state.digest == digest(state.grant, state.review):
        return None
    return _digest_changed()


def _digest_changed() -> NotAllowed:
    return MATTER.refusal(
        "digest-changed",
        Text("授权内容与所签署的不一致，请重新查看", "The grant is not what was signed; look at it again"),
    )


def _has_an_open_seat(
    command: ApproveGrant | ReactivateGrant, state: GrantState, actor: Officer, _now: datetime
) -> NotAllowed | None:
    if seat(command, state, actor) is not None:
        return None
    return MATTER.refusal(
        "seat-taken",
        Text("无须此席位签署，或已有人签署", "That capacity need not sign, or somebody has signed in it"),
    )


def _is_signed_as_it_stands(_command: Command, state: GrantState, _actor: Officer, _now: datetime) -> NotAllowed | None:
    signed = {signature.digest for signature in state.signatures}
    whole = is_full(state.signatures, state.panel) and state.panel == panel_of(state.review)
    return None if whole and signed == {digest(state.grant, state.review)} else _digest_changed()


def panel_of(review: ReviewPackage | None) -> Panel:
    """The seats that a review calls for."""
    if review is None:
        return TWO
    one = review.examination
    return panel(one.change, one.sensitive, one.reactivates, unconditional=one.unconditional)


def _has_begun(_command: Command, state: GrantState, _actor: Officer, now: datetime) -> NotAllowed | None:
    if now >= state.grant.valid_from:
        return None
    return MATTER.refusal("not-begun", Text("授权尚未到起效时间", "The grant has not begun yet"))


def _is_to_begin(_command: Command, state: GrantState, _actor: Officer, now: datetime) -> NotAllowed | None:
    if now < state.grant.valid_from:
        return None
    return MATTER.refusal("begun", Text("授权的起效时间已到", "The grant's time has begun already"))


def _rests_on_what_was_examined(
    command: ScheduleGrant | ActivateGrant, state: GrantState, _actor: Officer, _now: datetime
) -> NotAllowed | None:
    """Nothing has changed since it was signed; of a scheduled one, nothing for which others would have to sign."""
    if state.review is None:
        return _not_examined()
    found, signed = command.found, {signature.role for signature in state.signatures}
    if (refusal := recheck_refuses(found) or provider_refuses(found, state, signed)) is not None:
        return refusal
    if found is not None and found.basis == state.review.examination.basis:
        return None
    wanted = None if found is None or state.status is not Status.SCHEDULED else found.panel
    if wanted is not None and suffices(signed, wanted):
        return None
    return MATTER.refusal(
        "basis-changed",
        Text(
            "目录层级或其他现行授权已有变化，审查结论不再适用；请退回后重新提交",
            "The hierarchy or other grants in force have changed since it was examined; return it and submit it again",
        ),
    )


def recheck_refuses(found: Recheck | None) -> NotAllowed | None:
    """Why a grant may not take effect by what was found again: nothing was, an invariant is broken, or the catalogue
    lacks what it names or does not share it.
    """
    if found is None:
        return _not_examined()
    return _broken(found.broken) or _misfit(found.misfit)


def provider_refuses(found: Recheck | None, state: GrantState, signed: Iterable[Role]) -> NotAllowed | None:
    """Why what its provider did not sign may not take effect: not all of it is shared unconditionally any more."""
    still = found is not None and found.unconditional
    if still or not state.unconditional or Role.PROVIDER_OFFICER in signed:
        return None
    return MATTER.refusal(
        "provider-must-sign",
        Text(
            "其中有内容不再是无条件共享，须由提供部门签署：请退回后重新提交，已暂停的请起草新版本",
            "Not all of it is shared unconditionally any more, so its provider must sign: return it and submit it"
            " again, or draft a new version of a suspended one",
        ),
    )


def catalogue_refuses(review: ReviewPackage | None) -> NotAllowed | None:
    """Why a grant may not be handed in: the catalogue changed since it was drafted, and it fits it no more."""
    return None if review is None else _misfit(review.misfit)


def _misfit(misfit: Text | None) -> NotAllowed | None:
    if misfit is None:
        return None
    return MATTER.refusal(
        "catalogue-changed",
        Text(f"与现行目录不符，请修改授权：{misfit.zh}", f"It does not fit the catalogue of now: {misfit.en}"),
    )


def invariants_refuse(review: ReviewPackage | None) -> NotAllowed | None:
    """Why a grant may not be handed in: a request shows that it would break what must hold, whoever signed it.

    What merely could not be proved is shown to the panel, and asked again before it takes effect.
    """
    return None if review is None else _broken(review.examination.broken)


def _broken(invariants: tuple[Text, ...]) -> NotAllowed | None:
    if not invariants:
        return None
    zh, en = "；".join(one.zh for one in invariants), "; ".join(one.en for one in invariants)
    return MATTER.refusal(
        "invariant-broken",
        Text(f"不能生效。未能守住：{zh}", f"It may not take effect. What must hold does not: {en}"),
    )


def expectations_refuse(review: ReviewPackage | None) -> NotAllowed | None:
    """Why a grant may not be handed in: what its author expects of it does not come out."""
    unmet = () if review is None else review.examination.unmet
    if not unmet:
        return None
    zh, en = "；".join(one.zh for one in unmet), "; ".join(one.en for one in unmet)
    return MATTER.refusal(
        "expectation-unmet",
        Text(f"与预期不符，请修改授权或预期：{zh}", f"Change the grant or what you expect of it: {en}"),
    )


def _not_examined() -> NotAllowed:
    return MATTER.refusal(
        "not-examined",
        Text(
            "这一版本未经审查，不能生效；请退回后重新提交",
            "This version was not examined; return it and submit it again",
        ),
    )


def _successor_is_newer(
    command: SupersedeGrant, state: GrantState, _actor: Officer, _now: datetime
) -> NotAllowed | None:
    name, _, version = command.successor.partition("@")
    if name == state.grant.id and version.isascii() and version.isdigit() and int(version) > state.grant.version:
        return None
    return MATTER.refusal(
        "not-a-successor",
        Text("只能由同一授权的更新版本取代", "Only a newer version of the same grant replaces it"),
    )


def _given(command: Signing, state: GrantState) -> tuple[Signature, ...]:
    return state.reactivation if isinstance(command, ReactivateGrant) else state.signatures


def seat(command: ApproveGrant | ReactivateGrant, state: GrantState, actor: Officer) -> Role | None:
    """The first seat of the panel that is open and that this officer may fill."""
    taken = {signature.role for signature in _given(command, state)}
    wanted = state.panel if isinstance(command, ApproveGrant) else state.whole_panel
    open_seats = (seat for seat in wanted if seat not in taken)
    return next((seat for seat in open_seats if seat in actor.roles and _may_sit(seat, actor, state.grant)), None)


def _may_sit(seat: Role, actor: Officer, grant: Grant) -> bool:
    """The operator's terminal is of no organisation: it drafts and stops as a governance officer, and signs nothing."""
    return bool(actor.organisation) if seat is Role.GOVERNANCE_OFFICER else acts_for(seat, actor, grant)


_SIGNING: tuple[Condition[GrantState], ...] = (
    _is_in_time,
    _is_no_author,
    _signs_once,
    _has_an_open_seat,
    _saw_what_is_signed,
)

_IN_EFFECT: tuple[Condition[GrantState], ...] = (
    _is_signed_as_it_stands,
    _rests_on_what_was_examined,
    _can_be_enforced,
)

CONDITIONS: Mapping[CommandKind, tuple[Condition[GrantState], ...]] = {
    ReviseGrant: (_revision_is_of_this_grant,),
    SubmitGrant: (_is_in_time, _can_be_enforced),
    ReturnGrant: (MATTER.gives_a_reason,),
    ApproveGrant: _SIGNING,
    EndorseGrant: (_is_in_time, _is_no_author, _signs_once, _saw_what_is_signed),
    ScheduleGrant: (_is_in_time, _is_to_begin, *_IN_EFFECT),
    ActivateGrant: (_is_in_time, _has_begun, *_IN_EFFECT),
    SuspendGrant: (MATTER.gives_a_reason,),
    ReactivateGrant: _SIGNING,
    RevokeGrant: (MATTER.gives_a_reason,),
    ExpireGrant: (_is_out_of_time,),
    SupersedeGrant: (_successor_is_newer,),
}
"""Beyond the table of states and roles, in the order in which a refusal names them."""
