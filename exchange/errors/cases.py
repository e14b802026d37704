"""The case that is named, its service item, and who is a party to it."""

from __future__ import annotations

from kernel.problems import Fault, ProblemKind
from kernel.text import Text

CASE_UNKNOWN = ProblemKind(
    "case.unknown",
    404,
    Fault.CONSUMER,
    Text("本系统没有这一办件", "This system has no such case"),
    Text("请先为该事项开立办件。", "Open a case for the service item first."),
)
CASE_CLOSED = ProblemKind(
    "case.closed",
    409,
    Fault.CONSUMER,
    Text("该办件已办结", "The case is closed"),
    Text("请为新的申请开立新的办件。", "Open a new case for a new application."),
)
CASE_OTHER_ITEM = ProblemKind(
    "case.other-service-item",
    409,
    Fault.CONSUMER,
    Text("该办件属于另一事项", "The case is for another service item"),
    Text("请核对事项编码与办件编号。", "Check the service item and the case."),
)
SERVICE_ITEM_UNKNOWN = ProblemKind(
    "catalogue.unknown-service-item",
    422,
    Fault.CONSUMER,
    Text("目录中没有这一政务服务事项", "The catalogue has no such service item"),
    Text("请在事项目录中核对编码。", "Look the code up in the catalogue."),
)
SUBJECT_NOT_IN_CASE = ProblemKind(
    "case.subject-not-in-case",
    403,
    Fault.CONSUMER,
    Text("此人或单位不是该办件的当事人", "The subject is not a party to the case"),
    Text(
        "请核对办件当事人；他人须在开立办件时列明。", "Check the case's subjects; others are listed when it is opened."
    ),
)
RELATION_UNPROVEN = ProblemKind(
    "case.relation-unproven",
    403,
    Fault.CONSUMER,
    Text("该关系尚未得到证明", "The relation has not been proven"),
    Text("请先在同一办件中取得能证明该关系的材料。", "First obtain, in the same case, evidence that proves it."),
)
