"""The addresses of the return flow."""

from __future__ import annotations

from exchange import errors
from exchange.return_flow.desk import ReturnFlowDesk
from exchange.return_flow.forms import FilesAnswer, ReturnFlowAnswer, ReturnFlowForm, ReturnFlowsAnswer
from kernel.problems import INVALID_BODY, LEDGER_UNAVAILABLE, ProblemKind
from kernel.text import Text
from kernel.web.routes import Parameter, Route

FLOWS = "/v1/return-flows"
_ONE = f"{FLOWS}/<flow>"
_PAGING = (
    Parameter("after", Text("此序号之后的文件", "files behind this number")),
    Parameter("limit", Text("每页条数，1 至 200", "files on a page, 1 to 200")),
)


def return_flow_routes(desk: ReturnFlowDesk, token: tuple[ProblemKind, ...]) -> tuple[Route, ...]:
    """The addresses; ``token`` is what refuses a caller."""
    problems = (*token, errors.SYSTEM_UNKNOWN, errors.SYSTEM_SUSPENDED)
    one = (*problems, errors.RETURN_FLOW_UNKNOWN, LEDGER_UNAVAILABLE)
    opening = (errors.RETURN_FLOW_NOT_GRANTED, errors.RETURN_FLOW_SOURCE_CANNOT, errors.RETURN_FLOWS_TOO_MANY)
    fetching = (
        errors.SYSTEM_LOCKED,
        errors.RETURN_FLOW_FILE_UNKNOWN,
        errors.RETURN_FLOW_NOT_GRANTED,
        errors.POLICY_STALE,
    )
    return (
        Route(
            "POST",
            FLOWS,
            desk.open,
            "system",
            Text("订阅本区划数据回流", "Subscribe to the return flow of the own division's records"),
            ReturnFlowForm,
            ReturnFlowAnswer,
            tag="return-flow",
            success=201,
            problems=(*problems, INVALID_BODY, LEDGER_UNAVAILABLE, errors.POLICY_STALE, *opening),
        ),
        Route(
            "GET",
            FLOWS,
            desk.list,
            "system",
            Text("本系统的数据回流", "My return flows"),
            None,
            ReturnFlowsAnswer,
            tag="return-flow",
            problems=problems,
        ),
        Route(
            "POST",
            f"{_ONE}/end",
            desk.end,
            "system",
            Text("终止数据回流", "End a return flow"),
            None,
            ReturnFlowAnswer,
            tag="return-flow",
            problems=one,
        ),
        Route(
            "GET",
            f"{_ONE}/files",
            desk.files,
            "system",
            Text("可取的文件及其回执", "Files that can be fetched, with their receipts"),
            None,
            FilesAnswer,
            tag="return-flow",
            parameters=_PAGING,
            problems=(*one, INVALID_BODY),
        ),
        Route(
            "GET",
            f"{_ONE}/files/<file>/parts/<part>",
            desk.part,
            "system",
            Text("取得文件的一部分", "Fetch a part of a file"),
            tag="return-flow",
            response_type="text/csv",
            problems=(*one, *fetching),
        ),
    )
