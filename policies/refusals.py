"""How each refusal reads to the one who asked: title, whose turn it is, and what to do now. Codes are stable."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from kernel.problems import Fault, ProblemKind
from kernel.text import Text

_APPLY = Text(
    "请由本部门数据专员提出数据共享申请。",
    "Let your department's data officer apply for a grant that covers it.",
)
_CHECK_REQUEST = Text(
    "请对照目录核对申请内容与系统登记。", "Check the request and the system's registration against the catalogue."
)
_OPEN = Text(
    "请由本部门两名人员重新开启应急取用；能等待的，请走共享申请。",
    "Let two persons of your department open emergency access again; what can wait goes by an access request.",
)
_TELL_OPERATORS = Text("请把 decision_id 告知平台运维人员。", "Give the decision_id to the operators of the platform.")


def _kind(code: str, fault: Fault, title: Text, next_step: Text) -> tuple[str, ProblemKind]:
    return code, ProblemKind(code, 403, fault, title, next_step)


REFUSALS: Mapping[str, ProblemKind] = MappingProxyType(
    dict(
        (
            _kind(
                "policy.no-grant",
                Fault.POLICY,
                Text("没有授权允许取得这种材料", "No grant allows this evidence to be obtained"),
                _APPLY,
            ),
            _kind(
                "policy.field-not-granted",
                Fault.POLICY,
                Text("所申请的字段超出授权", "A field asked for is outside the grant"),
                Text(
                    "请去掉授权以外的字段，或申请扩大授权。",
                    "Leave out the fields outside the grant, or apply for a wider one.",
                ),
            ),
            _kind(
                "policy.predicate-not-granted",
                Fault.POLICY,
                Text("所提是非问题超出授权", "A yes/no question asked is outside the grant"),
                Text(
                    "请去掉授权以外的问题，或申请扩大授权。",
                    "Leave out the questions outside the grant, or apply for a wider one.",
                ),
            ),
            _kind(
                "policy.purpose-not-granted",
                Fault.POLICY,
                Text("授权不适用于所办事项", "The grant does not serve this service item"),
                _APPLY,
            ),
            _kind(
                "policy.basis-not-granted",
                Fault.POLICY,
                Text("授权不以所称法定依据为根据", "The grant does not rest on this legal basis"),
                Text(
                    "请核对所称法定依据，或另行申请授权。",
                    "Check the legal basis, or apply for a grant that rests on it.",
                ),
            ),
            _kind(
                "policy.provider-not-granted",
                Fault.POLICY,
                Text("授权由另一提供机构作出", "The grant was given by another provider"),
                Text("请向现在的数据提供机构重新申请授权。", "Apply to the present provider for a grant."),
            ),
            _kind(
                "policy.relation-not-granted",
                Fault.POLICY,
                Text("授权不适用于此种关系的人", "The grant does not cover people in this relation"),
                _APPLY,
            ),
            _kind(
                "policy.absence-not-granted",
                Fault.POLICY,
                Text("授权只能在当事人在场时使用", "The grant may be used only while the person is present"),
                Text("请由当事人登录后再取得材料。", "Let the person sign in, then ask again."),
            ),
            _kind(
                "policy.assurance-too-low",
                Fault.CITIZEN,
                Text("本次登录的认证等级不够", "The assurance of this sign-in is too low"),
                Text("请当事人以更高的认证等级重新登录。", "Let the person sign in again at a higher assurance level."),
            ),
            _kind(
                "policy.mandate-missing",
                Fault.CITIZEN,
                Text("须由持有效委托的人办理", "Somebody who acts by a mandate is needed"),
                Text(
                    "请当事人登录时选择所代表的单位，委托须在有效期内并包括这一事项。",
                    "Let the person sign in for the company they act for, by a mandate that covers this service item.",
                ),
            ),
            _kind(
                "policy.emergency-not-open",
                Fault.CONSUMER,
                Text("该应急模板未为本次申请开启", "The template of emergency access is not opened for this request"),
                _OPEN,
            ),
            _kind(
                "policy.emergency-over",
                Fault.CONSUMER,
                Text("应急取用未开启，或已经结束", "The emergency access is not open, or is over"),
                _OPEN,
            ),
            _kind(
                "policy.presence-unproven",
                Fault.CONSUMER,
                Text("当事人是否在场与认证等级不相符", "Presence and assurance of the sign-in do not agree"),
                Text("请由当事人登录后再取得材料。", "Let the person sign in, then ask again."),
            ),
            _kind(
                "policy.not-yet-valid",
                Fault.POLICY,
                Text("授权尚未生效", "The grant is not in force yet"),
                Text("请在授权生效后再试。", "Try again once the grant has begun."),
            ),
            _kind(
                "policy.expired",
                Fault.POLICY,
                Text("授权已到期", "The grant has ended"),
                Text("请申请新的授权。", "Apply for a new grant."),
            ),
            _kind(
                "policy.outside-hours",
                Fault.POLICY,
                Text("不在授权的使用时段内", "The grant may not be used at this hour"),
                Text("请在授权写明的时段内再试。", "Try again within the hours that the grant states."),
            ),
            _kind(
                "policy.division-not-own",
                Fault.POLICY,
                Text("没有本行政区划内的相应记录", "There is no such record in the department's own division"),
                Text(
                    "请由记录所在区划的部门办理，或申请不限区划的授权。",
                    "Leave it to the department of the record's division, or apply for a grant without that limit.",
                ),
            ),
            _kind(
                "policy.delivery-not-granted",
                Fault.POLICY,
                Text("授权不允许以此方式提供", "The grant does not allow this way of delivery"),
                Text(
                    "请改用授权允许的提供方式（delivery），或申请扩大授权。",
                    "Ask for a way of delivery that the grant allows, or apply for a wider grant.",
                ),
            ),
            _kind(
                "policy.quota-exceeded",
                Fault.POLICY,
                Text("该授权今日的次数已用完", "Today's releases under the grant are used up"),
                Text("请明日再试，或申请提高限额。", "Try again tomorrow, or apply for a larger quota."),
            ),
            _kind(
                "policy.consent-missing",
                Fault.CITIZEN,
                Text("需要本人现行有效的同意", "The person's live consent is needed"),
                Text(
                    "请本人对这些字段和这一事项表示同意后再试。",
                    "Ask the person to consent to these fields for this service item, then try again.",
                ),
            ),
            _kind(
                "policy.system-suspended",
                Fault.CONSUMER,
                Text("该系统已被停用", "The system is suspended"),
                Text("请联系数据管理部门了解停用原因。", "Ask the data governance office why it was suspended."),
            ),
            _kind(
                "policy.system-locked",
                Fault.CONSUMER,
                Text(
                    "该业务系统一小时内查询的人数超过上限，已被锁定",
                    "This system is locked: it looked up more people within an hour than it may",
                ),
                Text(
                    "请本部门数据专员在“业务系统锁定”中查看，查明原因并向交换平台的安全管理员说明，由其写明理由解除；"
                    "解除前不提供任何材料，窗口照常受理。",
                    "Your department's data officer looks under “Locked systems”, finds out why, and explains it to "
                    "the exchange's security administrator, who lifts it. Until then nothing is released; counters "
                    "go on as ever.",
                ),
            ),
            _kind(
                "policy.subject-sealed",
                Fault.POLICY,
                Text("此人的材料已封存", "What is on record about this person is sealed"),
                Text(
                    "封存期间不提供任何材料；确需使用的，请依法向封存部门查询。",
                    "Nothing leaves while it is sealed; where the law lets you ask, ask the department that sealed it.",
                ),
            ),
            _kind(
                "policy.minor-without-guardian",
                Fault.CITIZEN,
                Text("须由监护人办理", "A parent or another guardian is needed"),
                Text(
                    "请由其父母或其他监护人登录办理，并先取得能证明监护关系的材料。",
                    "Let a parent or another guardian sign in, and first obtain evidence that proves the relation.",
                ),
            ),
            _kind(
                "policy.nothing-asked",
                Fault.CONSUMER,
                Text("申请没有写明要取得什么", "The request does not say what it wants"),
                Text(
                    "取得材料须写明字段，核验须写明是非问题。", "Name fields to obtain, or yes/no questions to verify."
                ),
            ),
            _kind(
                "policy.obligation-unknown",
                Fault.EXCHANGE,
                Text("授权附带的义务无法履行", "An obligation of the grant cannot be carried out"),
                _TELL_OPERATORS,
            ),
            _kind(
                "policy.engine-error",
                Fault.EXCHANGE,
                Text("裁决出错，因此拒绝", "The decision failed, hence the refusal"),
                _TELL_OPERATORS,
            ),
            _kind(
                "policy.unknown-principal",
                Fault.CONSUMER,
                Text("该系统或其机构未登记", "The system or its organisation is not registered"),
                _CHECK_REQUEST,
            ),
            _kind(
                "policy.unknown-resource",
                Fault.CONSUMER,
                Text("该材料类型未登记", "The evidence type is not registered"),
                _CHECK_REQUEST,
            ),
            _kind(
                "policy.unknown-purpose",
                Fault.CONSUMER,
                Text("该政务服务事项未登记", "The service item is not registered"),
                _CHECK_REQUEST,
            ),
            _kind(
                "policy.unknown-basis",
                Fault.CONSUMER,
                Text("该事项没有这一法定依据", "The service item does not stand on this legal basis"),
                _CHECK_REQUEST,
            ),
            _kind(
                "policy.unknown-field",
                Fault.CONSUMER,
                Text("有字段未列入目录", "A field is not in the catalogue"),
                _CHECK_REQUEST,
            ),
            _kind(
                "policy.unknown-predicate",
                Fault.CONSUMER,
                Text("有是非问题未列入目录", "A yes/no question is not in the catalogue"),
                _CHECK_REQUEST,
            ),
            _kind(
                "policy.not-shared",
                Fault.POLICY,
                Text("所申请内容依法不予共享", "What is asked for is not shared, by law"),
                Text(
                    "请去掉不予共享的内容；目录载明其法律依据。",
                    "Leave out what is not shared; the catalogue cites the law.",
                ),
            ),
        )
    )
)
"""Every code that a decision can carry; a test keeps it complete."""
