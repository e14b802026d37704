"""The addresses of tasks."""

from __future__ import annotations

from typing import Any

from exchange import errors
from exchange.responders.desk import FORMS, TaskDesk
from exchange.responders.forms import TaskAnswer, TasksAnswer
from kernel.problems import INVALID_BODY, ProblemKind
from kernel.text import Text
from kernel.web.routes import Parameter, Route

_PAGING = (
    Parameter("state", Text("状态，或 all；默认只列待办", "a state, or all; without it those that wait")),
    Parameter("limit", Text("每页条数，1 至 200", "tasks on a page, 1 to 200")),
    Parameter("after", Text("上一页的 next", "the next of the page before")),
)
_SAID = {
    "take": Text("领取任务，之后可见当事人号码", "Take it, and see from then on whom it is about"),
    "answer": Text("填写并答复", "Supply the record"),
    "not-found": Text("答复查无记录", "Say that there is no such record"),
    "refuse": Text("拒绝，写明理由与依据", "Refuse it, with a reason and a citation"),
    "question": Text("退问需求部门，计时暂停", "Ask the asking department; the clock stands still"),
    "give-back": Text("退回，由同事领取", "Put it back for a colleague"),
    "hand-over": Text("移交替补单位", "Hand it over to the substitute"),
    "reply": Text("由需求部门答复退问", "Answer the office's question, as the asking department"),
}


def task_routes(desk: TaskDesk, token: tuple[ProblemKind, ...]) -> tuple[Route, ...]:
    """The routes of tasks."""
    path, one = "/v1/tasks", "/v1/tasks/<task>"
    problems = (*token, errors.NOT_ALLOWED, errors.TASK_UNKNOWN, INVALID_BODY)
    doing = (
        *problems,
        errors.TASK_NOT_ALLOWED,
        errors.TASK_INCOMPLETE,
        errors.TASK_CHANGED,
        errors.TASK_SOURCE_GONE,
    )
    more: dict[str, Any] = {"tag": "tasks", "problems": problems}
    listed, shown = Text("人工答复任务", "Tasks of people who answer"), Text("一项人工答复任务", "One task")
    return (
        Route("GET", path, desk.list, "officer", listed, None, TasksAnswer, parameters=_PAGING, **more),
        Route("GET", one, desk.show, "officer", shown, None, TaskAnswer, **more),
        *(
            Route(
                "POST",
                f"{one}/{name}",
                desk.command(name),
                "officer",
                _SAID[name],
                form,
                TaskAnswer,
                tag="tasks",
                problems=doing,
            )
            for name, form in FORMS.items()
        ),
    )
