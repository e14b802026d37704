"""Guards: forbids that stand above every grant, are always evaluated and never overridden. Free Cedar, ours alone."""

from __future__ import annotations

from dataclasses import dataclass

from kernel.text import Text
from policies.model import LOCKED

OF_AGE = 14
"""Years. Below it personal data are sensitive, and only parents or other guardians may agree (PIPL articles 28, 31)."""

WARDS = ("child", "ward")
"""Relations of somebody to the person of the case in which that person is a parent or another guardian of theirs."""


@dataclass(frozen=True, slots=True)
class Guard:
    """A forbid: its id@version, Cedar text, the code of the refusal, and a sentence.

    ``parts`` are sentences for the conditions of its ``unless``, in their order; empty where it has none. ``mendable``
    marks a guard that the person can satisfy: it is named last, so that nobody is asked for what would not help.
    """

    ref: str
    cedar: str
    code: str
    text: Text
    parts: tuple[Text, ...] = ()
    mendable: bool = False

    @property
    def annotated(self) -> str:
        """The text with its annotations."""
        return f'@id("{self.ref}")\n@class("guard")\n{self.cedar}\n'


_LISTED_WARDS = "[" + ", ".join(f'"{relation}"' for relation in WARDS) + "]"

GUARDS: tuple[Guard, ...] = (
    Guard(
        "GUARD-LOCKED@1",
        f'forbid (principal, action, resource) when {{ principal.status == "{LOCKED}" }};',
        "policy.system-locked",
        Text(
            "该系统一小时内查询的人数超过上限，已被锁定，解除前不能取得任何材料",
            "The system looked up more people within an hour than it may: it is locked and obtains nothing meanwhile",
        ),
    ),
    Guard(
        "GUARD-SUSPENDED@2",
        "forbid (principal, action, resource)\n"
        f'when {{ principal.status != "active" && principal.status != "{LOCKED}" }};',
        "policy.system-suspended",
        Text("该系统已被停用，不能取得任何材料", "The system is suspended and obtains nothing"),
    ),
    Guard(
        "GUARD-SEALED@1",
        "forbid (principal, action, resource) when { context.sealed };",
        "policy.subject-sealed",
        Text("关于此人的材料已依法封存", "What is on record about this person is sealed by law"),
    ),
    Guard(
        "GUARD-FIELDS@1",
        'forbid (principal, action == Tongban::Action::"obtain", resource) when { context.fields.isEmpty() };',
        "policy.nothing-asked",
        Text("申请中没有字段", "The request names no field"),
    ),
    Guard(
        "GUARD-ANSWERS@1",
        'forbid (principal, action == Tongban::Action::"verify", resource)\n'
        "when { context.predicates.isEmpty() || !context.fields.isEmpty() };",
        "policy.nothing-asked",
        Text("核验只回答是非问题，不带字段", "A verification asks yes/no questions and no field"),
    ),
    Guard(
        "GUARD-PRESENCE@1",
        "forbid (principal, action, resource)\n"
        "when { (context.present && context.loa < 1) || (!context.present && context.loa != 0) };",
        "policy.presence-unproven",
        Text(
            "当事人是否在场与其认证等级不相符",
            "Whether the person is present does not agree with the assurance of a sign-in",
        ),
    ),
    Guard(
        "GUARD-MINOR@1",
        "forbid (principal, action, resource)\n"
        f"when {{ context.minor && !{_LISTED_WARDS}.contains(context.relation) }};",
        "policy.minor-without-guardian",
        Text(
            f"不满 {OF_AGE} 周岁者的材料，只能在其父母或其他监护人的办件中提供",
            f"What is on record about somebody under {OF_AGE} leaves only in the case of a parent or another guardian",
        ),
    ),
    Guard(
        "GUARD-EMERGENCY@1",
        'forbid (principal, action == Tongban::Action::"obtainEmergency", resource)\n'
        "unless {\n"
        "  context has emergency &&\n"
        "  context.emergency.opened <= context.now &&\n"
        "  context.now < context.emergency.ends\n"
        "};",
        "policy.emergency-over",
        Text("应急取用未开启，或已经结束", "The emergency access is not open, or is over"),
    ),
    Guard(
        "GUARD-EMERGENCY-FIELDS@1",
        'forbid (principal, action == Tongban::Action::"obtainEmergency", resource)\n'
        "when { context.fields.isEmpty() && context.predicates.isEmpty() };",
        "policy.nothing-asked",
        Text("申请中既没有字段，也没有是非问题", "The request names neither a field nor a yes/no question"),
    ),
    Guard(
        "GUARD-CONSENT@1",
        'forbid (principal, action, resource) when { context.basisKind == "consent" }\n'
        "unless {\n"
        "  context has consent &&\n"
        "  !context.consent.revoked &&\n"
        "  context.consent.purpose == context.purpose &&\n"
        "  principal in context.consent.consumer &&\n"
        "  context.consent.evidenceType == resource &&\n"
        "  context.consent.fields.containsAll(context.fields) &&\n"
        "  context.consent.predicates.containsAll(context.predicates) &&\n"
        "  context.consent.notBefore <= context.now &&\n"
        "  context.now < context.consent.notAfter\n"
        "};",
        "policy.consent-missing",
        Text("需要本人同意，且同意须现行有效", "The person's live consent is needed"),
        (
            Text("没有本人的同意", "There is no consent of the person"),
            Text("本人已撤回同意", "The person has withdrawn the consent"),
            Text("本人的同意是为另一事项作出的", "The consent was given for another service item"),
            Text("本人的同意是给另一机构的", "The consent was given to another organisation"),
            Text("本人的同意针对另一种材料", "The consent was given for another evidence type"),
            Text("本人的同意不包括全部所申请字段", "The consent does not cover every field asked for"),
            Text("本人的同意不包括全部所提是非问题", "The consent does not cover every yes/no question asked"),
            Text("本人的同意尚未生效", "The consent has not begun yet"),
            Text("本人的同意已经到期", "The consent has ended"),
        ),
        mendable=True,
    ),
)
"""In the order in which a refusal names them."""


def text(guards: tuple[Guard, ...] = GUARDS) -> str:
    """Guards as one Cedar text."""
    return "\n".join(guard.annotated for guard in guards)
