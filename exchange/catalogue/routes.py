"""The addresses of the catalogue's desk: entries on their way in, their versions."""

from __future__ import annotations

from exchange import errors
from exchange.catalogue.desk import Desk
from exchange.catalogue.forms import (
    EntriesAnswer,
    EntryAnswer,
    EntryForm,
    EntryReasonForm,
    NothingForm,
    PublishForm,
    VersionAnswer,
    VersionsAnswer,
)
from kernel.problems import INVALID_BODY, NOT_FOUND
from kernel.text import Text
from kernel.web.routes import Parameter, Route

ENTRIES = "/v1/catalogue/entries"
_PROBLEMS = (
    *(errors.ENTRY_NOT_ALLOWED, errors.ENTRY_CHANGED, errors.ENTRY_INVALID, errors.ENTRY_IN_USE),
    *(INVALID_BODY, NOT_FOUND),
)
_STATUS = Parameter("status", Text("状态；缺省为办理中的条目", "a status; without it, what is under way"))
_OWNER = Parameter("organisation", Text("所属部门", "whose they are"))
_AGAINST = Parameter("against", Text("与哪一版比较，缺省为前一版", "compared with which version; the one before"))


def desk_routes(desk: Desk) -> tuple[Route, ...]:
    """Drafting, review, publication, versions."""
    one = f"{ENTRIES}/<kind>/<name>"
    commands = (
        ("revise", desk.revise, Text("修订草稿", "Revise the draft"), EntryForm),
        ("submit", desk.submit, Text("提交审核", "Hand the draft in"), NothingForm),
        ("review", desk.review, Text("开始审核", "Take it up for review"), NothingForm),
        ("return", desk.give_back, Text("退回", "Send it back"), EntryReasonForm),
        ("publish", desk.publish, Text("发布所见内容", "Publish exactly what was seen"), PublishForm),
        ("drop", desk.drop, Text("放弃草稿", "Give the draft up"), NothingForm),
        ("withdraw", desk.withdraw, Text("撤下", "Withdraw from the catalogue"), EntryReasonForm),
    )
    listed, drafted = (
        Text("办理中的目录条目", "Entries under way"),
        Text("起草条目或变更", "Draft an entry or a change"),
    )
    shown, every = Text("一个条目及其草稿", "An entry and its draft"), Text("全部版本", "Every version")
    text = Text("一个版本及其变化", "A version and what it changed")
    return (
        Route(
            "GET",
            ENTRIES,
            desk.list,
            "officer",
            listed,
            None,
            EntriesAnswer,
            tag="catalogue",
            parameters=(_STATUS, _OWNER),
            problems=(INVALID_BODY,),
        ),
        Route(
            "POST",
            ENTRIES,
            desk.draft,
            "officer",
            drafted,
            EntryForm,
            EntryAnswer,
            tag="catalogue",
            success=201,
            problems=_PROBLEMS,
        ),
        Route("GET", one, desk.show, "officer", shown, None, EntryAnswer, tag="catalogue", problems=(NOT_FOUND,)),
        *(
            Route(
                "POST",
                f"{one}/{name}",
                endpoint,
                "officer",
                said,
                form,
                EntryAnswer,
                tag="catalogue",
                problems=_PROBLEMS,
            )
            for name, endpoint, said, form in commands
        ),
        Route(
            "GET",
            f"{one}/versions",
            desk.versions,
            "officer",
            every,
            None,
            VersionsAnswer,
            tag="catalogue",
            problems=(NOT_FOUND,),
        ),
        Route(
            "GET",
            f"{one}/versions/<version>",
            desk.version,
            "officer",
            text,
            None,
            VersionAnswer,
            tag="catalogue",
            parameters=(_AGAINST,),
            problems=(NOT_FOUND,),
        ),
    )
