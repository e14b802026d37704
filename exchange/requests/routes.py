"""The addresses of access requests and of the templates they start from."""

from __future__ import annotations

from typing import Any

from exchange import errors
from exchange.forms import Form
from exchange.requests.batches import BatchDesk
from exchange.requests.desk import RequestDesk
from exchange.requests.forms import (
    COMMANDS,
    AccessRequestAnswer,
    AccessRequestsAnswer,
    BatchesAnswer,
    BulkRequestAnswer,
    BulkRequestForm,
    CommandForm,
    NewRequestForm,
    ReviseForm,
)
from exchange.requests.templates import TemplateAnswer, TemplateForm, Templates, TemplatesAnswer
from kernel.problems import INVALID_BODY, ProblemKind
from kernel.text import Text
from kernel.web.http import Endpoint
from kernel.web.routes import Parameter, Route

_EDITOR = "officer:governance-officer|system-administrator"


_FILTERS = (
    Parameter("state", Text("状态", "a state")),
    Parameter("role", Text("consumer 或 provider：本机构作为哪一方", "consumer or provider: on which side")),
    Parameter("organisation", Text("机构代码", "an organisation's code")),
    Parameter("waiting", Text("me：只列等待我办理的", "me: only those that wait for me")),
    Parameter("parent", Text("批量申请的编号", "the name of a bulk request")),
    Parameter("limit", Text("每页条数，1 至 200", "requests on a page, 1 to 200")),
    Parameter("after", Text("上一页的 next", "the next of the page before")),
)
_SAID = {
    "return": Text("退回补正，计时暂停", "Ask for a supplement; the clock stands still"),
    "accept": Text("形式审查通过", "The form is in order"),
    "approve": Text("同意共享", "Agree to share"),
    "refuse": Text("不予共享，须引用依据", "Refuse, citing the rule"),
    "dispute": Text("对不予共享提出异议", "Object to a refusal"),
    "negotiate": Text("组织协商", "Bring both sides together"),
    "mediate": Text("记录调解意见", "Write down what the negotiation found"),
    "uphold": Text("裁定维持", "Rule that the refusal stands"),
    "overturn": Text("裁定应当共享", "Rule that the data are shared"),
    "withdraw": Text("撤回", "Withdraw"),
}


def request_routes(
    desk: RequestDesk, batches: BatchDesk, templates: Templates, token: tuple[ProblemKind, ...]
) -> tuple[Route, ...]:
    """Every route of this room; ``token`` are the problems of access tokens."""
    refused = (errors.ACCESS_REQUEST_UNKNOWN, errors.ACCESS_REQUEST_NOT_ALLOWED, errors.ACCESS_REQUEST_INCOMPLETE)
    problems = (*token, INVALID_BODY, *refused, errors.ACCESS_REQUEST_CHANGED)
    other = (*token, INVALID_BODY)
    return (
        *_requests(desk, problems),
        *_batches(batches, problems),
        *_templates(templates, other),
    )


def _templates(desk: Templates, problems: tuple[ProblemKind, ...]) -> tuple[Route, ...]:
    path, tag = "/v1/request-templates", "access-requests"
    listed, written = Text("申请模板", "Request templates"), Text("写入模板", "Write a template")
    return (
        Route("GET", path, desk.list, "officer", listed, None, TemplatesAnswer, tag=tag, problems=problems),
        Route(
            "PUT",
            f"{path}/<template>",
            desk.change,
            "officer:governance-officer",
            written,
            TemplateForm,
            TemplateAnswer,
            tag=tag,
            problems=problems,
        ),
    )


def _requests(desk: RequestDesk, problems: tuple[ProblemKind, ...]) -> tuple[Route, ...]:
    tag, path = "access-requests", "/v1/access-requests"
    queue, shown = Text("共享申请", "Access requests"), Text("一件申请", "One access request")
    drafted = Text("起草申请", "Draft a request")
    revised, submitted = (
        Text("修改", "Replace the text"),
        Text("提交，或补正后再提交", "Hand in, also after a supplement"),
    )
    more: dict[str, Any] = {"tag": tag, "problems": problems}

    def command(name: str, said: Text, endpoint: Endpoint, form: type[Form]) -> Route:
        return Route("POST", f"{path}/<request>/{name}", endpoint, "officer", said, form, AccessRequestAnswer, **more)

    return (
        Route("GET", path, desk.list, "officer", queue, None, AccessRequestsAnswer, parameters=_FILTERS, **more),
        Route("POST", path, desk.draft, "officer", drafted, NewRequestForm, AccessRequestAnswer, success=201, **more),
        Route("GET", f"{path}/<request>", desk.show, "officer", shown, None, AccessRequestAnswer, **more),
        command("revise", revised, desk.revise, ReviseForm),
        command("submit", submitted, desk.submit, CommandForm),
        *(command(name, _SAID[name], desk.command(name), form) for name, (form, _make) in COMMANDS.items()),
    )


def _batches(desk: BatchDesk, problems: tuple[ProblemKind, ...]) -> tuple[Route, ...]:
    path = "/v1/access-requests"
    bulk, listed = Text("为多个部门批量申请", "Ask for many departments at once"), Text("批量申请", "Bulk requests")
    shown = Text("一件批量申请及其进展", "One bulk request, and how far it has come")
    submitted = Text("提交全部草稿", "Hand in every draft of it")
    one = f"{path}/batches/<batch>"
    more: dict[str, Any] = {"tag": "access-requests", "problems": problems}
    pages = _FILTERS[-2:]
    whole: Any = BulkRequestAnswer
    return (
        Route("POST", f"{path}/bulk", desk.draft, "officer", bulk, BulkRequestForm, whole, success=201, **more),
        Route("GET", f"{path}/batches", desk.listed, "officer", listed, None, BatchesAnswer, parameters=pages, **more),
        Route("GET", one, desk.show, "officer", shown, None, whole, **more),
        Route("POST", f"{one}/submit", desk.submit, "officer", submitted, CommandForm, whole, **more),
    )
