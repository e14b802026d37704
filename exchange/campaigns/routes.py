"""The addresses of campaigns."""

from __future__ import annotations

from typing import Any

from exchange import errors
from exchange.campaigns.desk import CampaignDesk
from exchange.campaigns.forms import (
    AnswerForm,
    CallOffForm,
    CampaignAnswer,
    CampaignItemAnswer,
    CampaignItemsAnswer,
    CampaignsAnswer,
    ChoiceAnswer,
    NewCampaignForm,
    SelectionForm,
)
from exchange.paging import BEFORE
from kernel.problems import INVALID_BODY, ProblemKind
from kernel.text import Text
from kernel.web.routes import Parameter, Route

CAMPAIGNS = "/v1/campaigns"
_ONE = f"{CAMPAIGNS}/<campaign>"
_ITEM = f"{_ONE}/items/<number>"
_PAGING = (
    Parameter("limit", Text("每页条数，1 至 200", "campaigns on a page, 1 to 200")),
    BEFORE,
)
_FILTERS = (
    Parameter("show", Text("waiting（默认）或 all", "waiting (the default) or all")),
    Parameter("limit", Text("每页条数，1 至 200", "items on a page, 1 to 200")),
    Parameter("after", Text("上一页的 next", "the next of the page before")),
)


def campaign_routes(desk: CampaignDesk, token: tuple[ProblemKind, ...]) -> tuple[Route, ...]:
    """Every route of this room; ``token`` are the problems of access tokens."""
    refused = (errors.CAMPAIGN_NOT_ALLOWED, errors.CAMPAIGN_INCOMPLETE, errors.CAMPAIGN_CHANGED)
    reading: dict[str, Any] = {"tag": "campaigns", "problems": (*token, INVALID_BODY, errors.CAMPAIGN_UNKNOWN)}
    writing: dict[str, Any] = {"tag": "campaigns", "problems": (*reading["problems"], *refused)}
    listed, shown = Text("授权复核活动", "Recertification campaigns"), Text("一次复核活动", "One campaign")
    meant = Text("会涉及哪些现行授权", "Which grants in force it would be about")
    opened = Text("发起复核，期限内未答复的授权失效", "Open one; what is not answered in time lapses")
    items = Text("各项授权：内容、近九十天的使用、答复", "Its grants: what each gives, its use, the answer")
    item, answered = Text("其中一项", "One of them"), Text("保留、收紧或终止", "Keep, tighten or end")
    off = Text("在期限前取消", "Call it off before its deadline")
    governance, panel, provider = (
        "officer:governance-officer",
        "officer:governance-approver",
        "officer:provider-officer",
    )
    return (
        Route("GET", CAMPAIGNS, desk.list, "officer", listed, None, CampaignsAnswer, parameters=_PAGING, **reading),
        Route("POST", f"{CAMPAIGNS}/preview", desk.preview, governance, meant, SelectionForm, ChoiceAnswer, **reading),
        Route(
            "POST", CAMPAIGNS, desk.open, governance, opened, NewCampaignForm, CampaignAnswer, success=201, **writing
        ),
        Route("GET", _ONE, desk.show, "officer", shown, None, CampaignAnswer, **reading),
        Route("POST", f"{_ONE}/call-off", desk.call_off, panel, off, CallOffForm, CampaignAnswer, **writing),
        Route(
            "GET",
            f"{_ONE}/items",
            desk.items,
            "officer",
            items,
            None,
            CampaignItemsAnswer,
            parameters=_FILTERS,
            **reading,
        ),
        Route("GET", _ITEM, desk.item, "officer", item, None, CampaignItemAnswer, **reading),
        Route("POST", f"{_ITEM}/answer", desk.answer, provider, answered, AnswerForm, CampaignItemAnswer, **writing),
    )
