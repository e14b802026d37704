"""The status of certificates: who reports it, in which order, and who may ask for it."""

from __future__ import annotations

from kernel.problems import Fault, ProblemKind
from kernel.text import Text

CERTIFICATE_NOT_YOURS = ProblemKind(
    "certificate.not-yours",
    403,
    Fault.CONSUMER,
    Text("只有证照所属部门可以登记其变更", "Only the department that owns the type records its changes"),
    Text("请由该材料类型的提供部门报告。", "Have the provider of this evidence type report it."),
)
CERTIFICATE_DIFFERS = ProblemKind(
    "certificate.differs",
    409,
    Fault.CONSUMER,
    Text("该证照标识已登记为另一类型或另一持证主体", "This identifier is on record with another type or holder"),
    Text("请核对证照标识与持证主体。", "Check the identifier and its holder."),
)
CERTIFICATE_OUT_OF_ORDER = ProblemKind(
    "certificate.out-of-order",
    409,
    Fault.CONSUMER,
    Text("已登记更晚生效的变更", "A change that took effect later is on record already"),
    Text("请按生效时间的先后报告。", "Report changes in the order in which they took effect."),
)
CERTIFICATE_CHANGE_IMPOSSIBLE = ProblemKind(
    "certificate.impossible-change",
    409,
    Fault.CONSUMER,
    Text("该证照的现有状态不能作此变更", "The certificate does not stand so that this change is possible"),
    Text("请按 stands 所示的现有状态报告。", "Report what is possible from where it stands (stands)."),
)
CERTIFICATE_CHANGED = ProblemKind(
    "certificate.changed",
    409,
    Fault.CONSUMER,
    Text("该证照刚有另一项变更", "Another change of this certificate was reported just now"),
    Text("请重新报告。", "Report it again."),
)
CERTIFICATE_NO_GRANT = ProblemKind(
    "certificate.no-grant",
    403,
    Fault.POLICY,
    Text(
        "没有适用于该办件与持证主体的现行授权",
        "No grant in force covers this type, this case and this holder",
    ),
    Text(
        "请在涉及该持证主体的办件中，依现行授权查询；授权只能在本人在场时使用的，请先由本人登录。",
        "Ask within a case about the holder, under a grant in force; where it demands the person's presence, let them "
        "sign in first.",
    ),
)
CERTIFICATE_NOT_ON_RECORD = ProblemKind(
    "certificate.not-on-record",
    404,
    Fault.CONSUMER,
    Text("本部门没有这一证照的记录", "Your department has no such certificate on record"),
    Text(
        "请核对证照标识与持证主体的号码，或先登记。",
        "Check the identifier and the holder's number, or record it first.",
    ),
)
CERTIFICATE_OTHER_HOLDER = ProblemKind(
    "certificate.other-holder",
    409,
    Fault.CONSUMER,
    Text("这不是该证照持证主体的号码", "This is not the number of the certificate's holder"),
    Text("请核对号码后重新填写。", "Check the number and type it again."),
)
CERTIFICATE_UNKNOWN = ProblemKind(
    "certificate.unknown",
    404,
    Fault.PROVIDER,
    Text("没有该主体这一证照的状态记录", "No status of such a certificate of this holder is on record"),
    Text("请按材料查询，或联系颁发部门。", "Ask for it as evidence, or ask the issuing department."),
)
