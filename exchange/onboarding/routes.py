"""The addresses of onboarding."""

from __future__ import annotations

from exchange import errors
from exchange.catalogue.forms import NothingForm
from exchange.onboarding.endpoints import CheckInAnswer, Onboarding, OnboardingAnswer, SandboxAnswer
from kernel.problems import NOT_FOUND
from kernel.text import Text
from kernel.web.routes import Parameter, Route

_WHO = Parameter("organisation", Text("哪个部门；缺省为本部门", "which department; the officer's own"))


def onboarding_routes(desk: Onboarding) -> tuple[Route, ...]:
    """Every route of this room."""
    path, tag = "/v1/onboarding", "onboarding"
    progress = Text("接入进度：已完成、下一步、轮到谁", "What is done, what is next, whose turn it is")
    opened, shown = Text("开放沙箱", "Open the sandbox"), Text("沙箱里有什么", "What is in the sandbox")
    checked = Text("业务系统报到", "A system checks in with its own key")
    problems = (errors.ENTRY_CHANGED, errors.ENTRY_IN_USE, errors.ENTRY_INVALID)
    return (
        Route("GET", path, desk.progress, "officer", progress, None, OnboardingAnswer, tag=tag, parameters=(_WHO,)),
        Route(
            "POST",
            f"{path}/sandbox",
            desk.open_sandbox,
            "officer:governance-officer",
            opened,
            NothingForm,
            SandboxAnswer,
            tag=tag,
            problems=problems,
        ),
        Route(
            "GET",
            f"{path}/sandbox",
            desk.show_sandbox,
            "anyone",
            shown,
            None,
            SandboxAnswer,
            tag=tag,
            problems=(NOT_FOUND,),
        ),
        Route("POST", f"{path}/check-in", desk.check_in, "system", checked, NothingForm, CheckInAnswer, tag=tag),
    )
