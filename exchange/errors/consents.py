"""Consents: what may be asked for, of whom, and whether it still holds."""

from __future__ import annotations

from kernel.problems import Fault, ProblemKind
from kernel.text import Text

CONSENT_USED_UP = ProblemKind(
    "consent.used-up",
    403,
    Fault.CITIZEN,
    Text("本人的同意所许的次数已用完", "The person's consent has been used as often as it was given for"),
    Text(
        "请等到下一期，或另行征求本人同意。",
        "Wait for the next period, or ask the person for another consent.",
    ),
)
CONSENT_UNKNOWN = ProblemKind(
    "consent.unknown",
    404,
    Fault.CITIZEN,
    Text("没有这一同意", "There is no such consent"),
    Text("请先查看列表。", "Look at the list first."),
)
CONSENT_NOT_THE_GROUND = ProblemKind(
    "consent.not-the-ground",
    422,
    Fault.CONSUMER,
    Text(
        "该依据不以本人同意为根据，不得征求同意",
        "This ground does not rest on consent",
    ),
    Text("依法定依据取得即可，系统会告知当事人。", "Ask on the statutory ground: the person is told of it."),
)
CONSENT_NOT_GRANTED = ProblemKind(
    "consent.not-granted",
    403,
    Fault.POLICY,
    Text(
        "没有现行授权许可在本人同意后提供全部所列内容",
        "No grant in force allows all of this to be provided even with consent",
    ),
    Text("请先申请以本人同意为依据的授权。", "Apply first for a grant whose ground is consent."),
)
CONSENT_NOT_THEIRS = ProblemKind(
    "consent.not-theirs-to-give",
    422,
    Fault.CONSUMER,
    Text("这项同意不能由此人作出", "This is not for this person to consent to"),
    Text(
        "只能就办件当事人（自然人或单位）自己的材料征求同意。",
        "Ask about the own record of a party of the case, a person or a company.",
    ),
)
CONSENT_NO_GUARDIAN = ProblemKind(
    "consent.guardian-unproven",
    422,
    Fault.CONSUMER,
    Text("尚无材料证明谁是这名未成年人的监护人", "Nothing proves yet who the guardian of this minor is"),
    Text(
        "请先在同一办件中取得父母或其他监护人本人的、列明该未成年人的材料。",
        "First obtain, in the same case, the parent's or other guardian's own record that names the minor.",
    ),
)
CONSENT_NEEDS_GUARDIAN = ProblemKind(
    "consent.guardian-needed",
    403,
    Fault.CITIZEN,
    Text("不满十四周岁者的同意由其监护人作出", "Whoever is under fourteen has a guardian answer this"),
    Text("请由父母或其他监护人登录后答复。", "A parent or another guardian signs in and answers."),
)
CONSENT_ASKED_ALREADY = ProblemKind(
    "consent.asked-already",
    409,
    Fault.CONSUMER,
    Text(
        "已就同一内容在本办件中征求过同意，或等待答复的太多",
        "The person was asked for the same in this case already, or has too many to answer",
    ),
    Text("请等待答复；已谢绝的，不得反复征求。", "Wait for the answer; whoever declined is not asked again."),
)
CONSENT_OVER = ProblemKind(
    "consent.answered-or-over",
    409,
    Fault.CITIZEN,
    Text("这一同意已经答复、撤回或过期", "This consent was answered, taken back, or is over"),
    Text("请查看其现状。", "Look at how it stands."),
)
