"""Return flows: records of the own division, delivered in files."""

from __future__ import annotations

from kernel.problems import Fault, ProblemKind
from kernel.text import Text

RETURN_FLOW_NOT_GRANTED = ProblemKind(
    "return-flow.not-granted",
    403,
    Fault.POLICY,
    Text(
        "没有载明批量回流、限本区划的现行授权，或文件不是依现行授权制作",
        "No grant in force names bulk delivery for the own division, or the file was made under another grant",
    ),
    Text(
        "请申请提供方式含 bulk、限本区划、允许当事人不在场的授权；已变更的，请等待下一文件。",
        "Ask for a grant with delivery mode bulk, own division only, citizens absent; after a change, wait for the next"
        " file.",
    ),
)
RETURN_FLOW_SOURCE_CANNOT = ProblemKind(
    "return-flow.source-cannot-list",
    409,
    Fault.PROVIDER,
    Text("该数据源不能列出其全部记录", "The source cannot say of whom it holds records"),
    Text("请联系数据提供部门以表、视图或文件方式提供。", "Ask the provider to offer a table, a view or files."),
)
RETURN_FLOWS_TOO_MANY = ProblemKind(
    "return-flow.too-many",
    409,
    Fault.CONSUMER,
    Text("本系统的数据回流已达上限", "This system has as many return flows as it may"),
    Text("请先终止不用的回流。", "End those that are not used."),
)
RETURN_FLOW_UNKNOWN = ProblemKind(
    "return-flow.unknown",
    404,
    Fault.CONSUMER,
    Text("本系统没有这一数据回流", "This system has no such return flow"),
    Text("请先列出本系统的数据回流。", "List your return flows first."),
)
RETURN_FLOW_CHANGED = ProblemKind(
    "return-flow.changed",
    409,
    Fault.CONSUMER,
    Text("该数据回流刚被更改", "The return flow was changed just now"),
    Text("请重新查看后再操作。", "Look at it again, then decide."),
)
RETURN_FLOW_NOT_ALLOWED = ProblemKind(
    "return-flow.not-allowed",
    403,
    Fault.POLICY,
    Text("此人现在不能对该数据回流作此操作", "This officer may not do this to the return flow now"),
    Text(
        "commands 列出您现在可作的操作；其余由取用部门的人员办理，“重试”只用于没有做成的文件。",
        "The member commands lists what you may do now; the rest is for the department that gets the records, and only "
        "what failed is tried again.",
    ),
)
RETURN_FLOW_FILE_UNKNOWN = ProblemKind(
    "return-flow.unknown-file",
    404,
    Fault.CONSUMER,
    Text("没有这一文件或部分，或已过保留期", "There is no such file or part, or it is kept no longer"),
    Text("请先列出可取的文件。", "List the files that can be fetched."),
)
