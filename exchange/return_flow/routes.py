"""The addresses of the return flow."""

from __future__ import annotations

from typing import Any

from exchange import errors
from exchange.paging import BEFORE, LIMIT
from exchange.return_flow.desk import ReturnFlowDesk
from exchange.return_flow.flow_desk import FlowDesk
from exchange.return_flow.forms import (
    DepartmentFilesAnswer,
    DepartmentReturnFlowAnswer,
    DepartmentReturnFlowForm,
    DepartmentReturnFlowsAnswer,
    FilesAnswer,
    ReturnFlowAnswer,
    ReturnFlowForm,
    ReturnFlowOffersAnswer,
    ReturnFlowsAnswer,
)
from kernel.problems import INVALID_BODY, LEDGER_UNAVAILABLE, ProblemKind
from kernel.text import Text
from kernel.web.routes import Parameter, Route
from policies.return_flows import OPENERS, Command

FLOWS = "/v1/return-flows"
_ONE = f"{FLOWS}/<flow>"
_PAGING = (
    Parameter("after", Text("此序号之后的文件", "files behind this number")),
    Parameter("limit", Text("每页条数，1 至 200", "files on a page, 1 to 200")),
)


def return_flow_routes(desk: ReturnFlowDesk, token: tuple[ProblemKind, ...]) -> tuple[Route, ...]:
    """The addresses; ``token`` is what refuses a caller."""
    problems = (*token, errors.SYSTEM_UNKNOWN, errors.SYSTEM_SUSPENDED)
    one = (*problems, errors.RETURN_FLOW_UNKNOWN, errors.RETURN_FLOW_CHANGED, LEDGER_UNAVAILABLE)
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


_COMMANDS = {
    Command.TRY_AGAIN: Text("重试没有做成的文件", "Try the file that could not be made"),
    Command.END: Text("终止数据回流", "End a return flow"),
}


def flow_routes(desk: FlowDesk, token: tuple[ProblemKind, ...]) -> tuple[Route, ...]:
    """The addresses of officers; ``token`` is what refuses a caller."""
    path = "/v1/department/return-flows"
    one = f"{path}/<flow>"
    known = (*token, errors.RETURN_FLOW_UNKNOWN)
    opening = (
        *(errors.SYSTEM_NOT_OURS, errors.SYSTEM_SUSPENDED, errors.RETURN_FLOW_NOT_GRANTED),
        *(errors.RETURN_FLOW_SOURCE_CANNOT, errors.RETURN_FLOWS_TOO_MANY, errors.POLICY_STALE),
    )
    moving = (*known, errors.RETURN_FLOW_NOT_ALLOWED, errors.RETURN_FLOW_CHANGED, LEDGER_UNAVAILABLE)
    opened = Text("为本部门的系统开通数据回流", "Open a return flow for a system of my department")
    listed = Text("与本部门有关的数据回流", "Return flows to and from my department")
    offered = Text("可以开通什么", "What may be opened")
    shown = Text("一项数据回流", "One return flow")
    made = Text("做成的文件：各部分、取到哪里、回执", "Files: parts, what was fetched, receipts")
    paging: dict[str, Any] = {"parameters": (LIMIT, BEFORE), "problems": (*known, INVALID_BODY)}
    making: dict[str, Any] = {"success": 201, "problems": (*token, INVALID_BODY, LEDGER_UNAVAILABLE, *opening)}
    openers = f"officer:{'|'.join(sorted(OPENERS))}"
    form, answer = DepartmentReturnFlowForm, DepartmentReturnFlowAnswer
    tag: dict[str, Any] = {"tag": "return-flow"}
    return (
        Route("GET", path, desk.list, "officer", listed, None, DepartmentReturnFlowsAnswer, **tag, **paging),
        Route("GET", f"{path}/offers", desk.offered, "officer", offered, None, ReturnFlowOffersAnswer, **tag),
        Route("POST", path, desk.open, openers, opened, form, answer, **tag, **making),
        Route("GET", one, desk.show, "officer", shown, None, answer, **tag, problems=known),
        Route("GET", f"{one}/files", desk.files, "officer", made, None, DepartmentFilesAnswer, **tag, **paging),
        *(
            Route(
                "POST",
                f"{one}/{name.value}",
                desk.command(name.value),
                "officer",
                said,
                None,
                answer,
                **tag,
                problems=moving,
            )
            for name, said in _COMMANDS.items()
        ),
    )
