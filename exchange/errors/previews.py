"""The person's look before evidence is provided, and what else the source asks that person."""

from __future__ import annotations

from kernel.problems import Fault, ProblemKind
from kernel.text import Text

PREVIEW_UNKNOWN = ProblemKind(
    "preview.unknown",
    404,
    Fault.CITIZEN,
    Text("没有等待您预览的这项材料", "Nothing of this kind waits for your preview"),
    Text("可能已经处理或已超过期限，请查看列表。", "It may have been answered or timed out: look at the list."),
)
PREVIEW_OVER = ProblemKind(
    "preview.over",
    409,
    Fault.CITIZEN,
    Text("现在不会再提供这项材料", "Nothing of this would be provided any more"),
    Text(
        "授权、办件或您的信息已有变化，无须再作选择。",
        "The grant, the case or your data changed: there is nothing left to decide.",
    ),
)
PREVIEW_CHANGED = ProblemKind(
    "preview.changed",
    409,
    Fault.CITIZEN,
    Text("将要提供的内容已有变化", "What would be provided has changed"),
    Text("请重新查看后再决定。", "Look at it again, then decide."),
)
PREVIEW_NEEDS_STRONGER = ProblemKind(
    "preview.stronger-sign-in-needed",
    401,
    Fault.CITIZEN,
    Text("查看这些内容需要更强的登录方式", "It takes a stronger sign-in to look at this"),
    Text("请按 acr 所示等级重新登录。", "Sign in again at the level that acr names."),
)
PREVIEW_DECLINED = ProblemKind(
    "preview.declined",
    403,
    Fault.CITIZEN,
    Text("本人预览后选择不提供", "The person looked at it and chose not to provide it"),
    Text("请由本人以其他方式提交，或作解释。", "The person may hand it in another way."),
)
PREVIEW_DISPUTED = ProblemKind(
    "preview.disputed",
    403,
    Fault.CITIZEN,
    Text("本人预览后认为内容有误", "The person looked at it and says that it is wrong"),
    Text("请等待更正，或由本人以其他方式提交。", "Wait for the correction, or let the person hand it in another way."),
)
PREVIEW_NOT_CHOSEN = ProblemKind(
    "preview.not-chosen",
    403,
    Fault.CITIZEN,
    Text("本人已选择提供另一项可替代的材料", "The person chose to provide another item that serves as well"),
    Text("无须再取得这一项。", "This one is not needed any more."),
)
ANSWERS_UNMATCHED = ProblemKind(
    "preview.answers-unmatched",
    409,
    Fault.CITIZEN,
    Text("按您的回答没有查到唯一一条记录", "Your answers do not lead to one record"),
    Text(
        "请核对后再答；答错次数有限，次数用完后请到提供部门窗口办理。",
        "Check them and answer again. Attempts are limited; after that it is done at the department's counter.",
    ),
)
ANSWERS_EXHAUSTED = ProblemKind(
    "preview.answers-exhausted",
    409,
    Fault.CITIZEN,
    Text("追问未能答上，暂不再问", "The further questions were not answered rightly; they are not put again for now"),
    Text(
        "请到提供部门窗口办理，或 24 小时后重新请求。",
        "It is done at the counter of the providing department, or asked for again after 24 hours.",
    ),
)
