"""The addresses of the catalogue's desk: entries on their way in, their versions."""

from __future__ import annotations

from marshmallow import Schema

from exchange import errors
from exchange.catalogue.dcat import MEDIA_TYPE as LD
from exchange.catalogue.desk import CatalogueDesk
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
from exchange.catalogue.reports import (
    DcatAnswer,
    DivisionAnswer,
    DivisionsAnswer,
    Reports,
    ResponsibilityAnswer,
)
from exchange.catalogue.source_desk import DepartmentSourcesAnswer, SourceDesk
from kernel.problems import INVALID_BODY, NOT_FOUND, ProblemKind
from kernel.text import Text
from kernel.web.http import Endpoint
from kernel.web.routes import Parameter, Route

ENTRIES = "/v1/catalogue/entries"
_ONE = f"{ENTRIES}/<kind>/<name>"
_PROBLEMS = (
    *(errors.ENTRY_NOT_ALLOWED, errors.ENTRY_CHANGED, errors.ENTRY_INVALID, errors.ENTRY_IN_USE),
    *(INVALID_BODY, NOT_FOUND),
)
_STATUS = Parameter(
    "status",
    Text(
        "状态；缺省为办理中的条目。draft、submitted、under_review、returned 也包括已发布条目的变更",
        "a status; without it, what is under way. draft, submitted, under_review and returned find changes of published"
        " entries too",
    ),
)
_PAGES = (
    Parameter("limit", Text("每页条数，1 至 200", "entries on a page, 1 to 200")),
    Parameter("after", Text("上一页的 next", "the next of the page before")),
)
_OWNER = Parameter("organisation", Text("所属部门", "whose they are"))
_AGAINST = Parameter("against", Text("与哪一版比较，缺省为前一版", "compared with which version; the one before"))


def desk_routes(desk: CatalogueDesk) -> tuple[Route, ...]:
    """Drafting, review, publication, versions."""
    return (*_entries(desk), *_commands(desk), *_versions(desk))


def _entries(desk: CatalogueDesk) -> tuple[Route, ...]:
    listed = Text("办理中的目录条目", "Entries under way")
    drafted = Text("起草条目或变更", "Draft an entry or a change")
    shown = Text("一个条目及其草稿", "An entry and its draft")
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
            parameters=(_STATUS, _OWNER, *_PAGES),
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
        Route("GET", _ONE, desk.show, "officer", shown, None, EntryAnswer, tag="catalogue", problems=(NOT_FOUND,)),
    )


def _commands(desk: CatalogueDesk) -> tuple[Route, ...]:
    commands = (
        ("revise", desk.revise, Text("修订草稿", "Revise the draft"), EntryForm),
        ("submit", desk.submit, Text("提交审核", "Hand the draft in"), NothingForm),
        ("review", desk.review, Text("开始审核", "Take it up for review"), NothingForm),
        ("return", desk.give_back, Text("退回", "Send it back"), EntryReasonForm),
        ("publish", desk.publish, Text("发布所见内容", "Publish exactly what was seen"), PublishForm),
        ("drop", desk.drop, Text("放弃草稿", "Give the draft up"), NothingForm),
        ("withdraw", desk.withdraw, Text("撤下", "Withdraw from the catalogue"), EntryReasonForm),
    )
    return tuple(
        Route(
            "POST",
            f"{_ONE}/{name}",
            endpoint,
            "officer",
            said,
            form,
            EntryAnswer,
            tag="catalogue",
            problems=_PROBLEMS,
        )
        for name, endpoint, said, form in commands
    )


def _versions(desk: CatalogueDesk) -> tuple[Route, ...]:
    every, text = Text("全部版本", "Every version"), Text("一个版本及其变化", "A version and what it changed")
    return (
        Route(
            "GET",
            f"{_ONE}/versions",
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
            f"{_ONE}/versions/<version>",
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


def report_routes(reports: Reports) -> tuple[Route, ...]:
    """What is derived from the catalogue; anyone may read it."""
    owner = Parameter("organisation", Text("提供或需要的部门", "the department that owes or needs it"))
    item = Parameter("service_item", Text("事项编码", "code of the service item"))
    after, limit = Parameter("after", Text("上一页的 next", "the next of the page before")), Parameter("limit", _LIMIT)
    day = (Parameter("on", Text("某日，缺省为今天", "a day; today when left out")),)
    rows: tuple[tuple[str, Endpoint, Text, type[Schema] | None, str, tuple[Parameter, ...]], ...] = (
        ("divisions", reports.divisions, Text("某日的行政区划", "Divisions on a day"), DivisionsAnswer, _JSON, day),
        ("divisions/<code>", reports.division, _BECAME, DivisionAnswer, _JSON, day),
        ("responsibility", reports.responsibility, _DUTIES, ResponsibilityAnswer, _JSON, (owner, item, after, limit)),
        ("responsibility.csv", reports.responsibility_csv, _DUTIES, None, "text/csv", (owner, item, after)),
        ("dcat", reports.dcat, Text("DCAT-AP 目录", "The catalogue as DCAT-AP"), DcatAnswer, LD, (after, limit)),
    )
    return tuple(
        Route(
            "GET",
            f"/v1/catalogue/{path}",
            endpoint,
            "anyone",
            said,
            response_schema=answer,
            response_type=kind,
            tag="catalogue",
            parameters=parameters,
            problems=(INVALID_BODY, NOT_FOUND),
        )
        for path, endpoint, said, answer, kind, parameters in rows
    )


_JSON = "application/json"
_LIMIT = Text("每页条数，1 至 200", "entries on a page, 1 to 200")
_BECAME = Text("一个区划代码在某日属于谁、其后归于何处", "Who has a division code on a day, and what became of it")
_DUTIES = Text("数据共享责任清单", "The responsibility list")


_SHOW = Parameter(
    "show", Text("all 全部，trouble 只看需要处理的", "all, or trouble: those that somebody has to look at")
)


def source_routes(desk: SourceDesk, token: tuple[ProblemKind, ...]) -> tuple[Route, ...]:
    """How sources have been doing, for officers; ``token`` is what refuses a caller."""
    said = Text("本部门数据源的状况与质量", "Health and quality of my department's sources")
    return (
        Route(
            "GET",
            "/v1/department/sources",
            desk.list,
            "officer",
            said,
            None,
            DepartmentSourcesAnswer,
            tag="catalogue",
            parameters=(_SHOW, *_PAGES),
            problems=(*token, INVALID_BODY),
        ),
    )
