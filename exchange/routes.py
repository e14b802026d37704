"""The exchange's route table: every address, who may call it, and how it is documented."""

from __future__ import annotations

from typing import Any

from exchange import errors
from exchange.campaigns.routes import campaign_routes
from exchange.cases.forms import CaseAnswer, NewCaseForm, UploadsAnswer
from exchange.cases.routes import watch_routes
from exchange.catalogue.routes import desk_routes, report_routes, source_routes
from exchange.catalogue.views import (
    EvidenceTypeAnswer,
    OrganisationAnswer,
    PageAnswer,
    ServiceItemAnswer,
)
from exchange.certificates.routes import certificate_routes, department_certificate_routes
from exchange.challenges.routes import challenge_routes
from exchange.clocks.routes import clock_routes
from exchange.consents.routes import consent_routes, department_consent_routes
from exchange.corrections.routes import correction_routes
from exchange.discovery import WELL_KNOWN, KeysAnswer, MetadataAnswer
from exchange.emergency.routes import emergency_routes
from exchange.events.routes import event_routes, subscription_routes
from exchange.forwarding.routes import forwarding_routes
from exchange.gateway.evidence_answer import EvidenceAnswer
from exchange.gateway.request import EvidenceRequestForm
from exchange.governance.decisions.routes import decision_routes
from exchange.governance.routes import grant_routes, sealing_routes
from exchange.messages.endpoints import message_routes
from exchange.onboarding.routes import onboarding_routes
from exchange.previews.routes import preview_routes
from exchange.ratings.routes import rating_routes
from exchange.requests.batches import BatchDesk
from exchange.requests.routes import request_routes
from exchange.requirements.routes import (
    case_requirement_routes,
    count_routes,
    following_route,
    requirement_route,
)
from exchange.responders.routes import task_routes
from exchange.return_flow.routes import flow_routes, return_flow_routes
from exchange.rooms import Rooms
from exchange.transparency.log import ConsistencyAnswer
from exchange.transparency.usage import ProviderUsageAnswer, UsageAnswer
from kernel.problems import (
    INVALID_BODY,
    LEDGER_UNAVAILABLE,
    MALFORMED_REQUEST,
    NOT_FOUND,
    NUMBER_INVALID,
    TOO_LARGE,
    UNSUPPORTED_MEDIA_TYPE,
)
from kernel.text import Text
from kernel.web.http import Endpoint
from kernel.web.routes import Parameter, Reply, Route

_KEY = Parameter(
    "Idempotency-Key", Text("同一请求重试时使用同一值", "the same for every retry of one request"), "header"
)
_PAGING = (
    Parameter("q", Text("按名称、编码、说明或字段查找", "search names, codes, descriptions and items")),
    Parameter("organisation", Text("所属部门的统一社会信用代码", "whose they are, by unified social credit code")),
    Parameter("share_type", Text("共享类型（材料类型）", "share type, of evidence types")),
    Parameter("limit", Text("每页条数，1 至 200", "entries on a page, 1 to 200")),
    Parameter("after", Text("上一页的 next", "the next of the page before")),
)
_PERIOD = (
    Parameter("from", Text("起始时间（RFC 3339）", "start, RFC 3339")),
    Parameter("to", Text("截止时间（不含）", "end, exclusive")),
)
_TOKEN = (errors.TOKEN_MISSING, errors.TOKEN_INVALID, errors.TOKEN_REVOKED, errors.PROOF_INVALID, errors.PROOF_REPLAYED)
_WHOLE_REQUEST = (
    *(MALFORMED_REQUEST, UNSUPPORTED_MEDIA_TYPE, TOO_LARGE, INVALID_BODY, LEDGER_UNAVAILABLE),
    *(
        errors.PURPOSE_MISMATCH,
        errors.SYSTEM_UNKNOWN,
        errors.SYSTEM_SUSPENDED,
        errors.SYSTEM_LOCKED,
        errors.NOT_ALLOWED,
    ),
    *(errors.CASE_UNKNOWN, errors.CASE_CLOSED, errors.CASE_OTHER_ITEM, errors.SERVICE_ITEM_UNKNOWN),
    *(errors.KEY_INVALID, errors.KEY_REUSED, errors.REQUEST_RUNNING, errors.REQUEST_ERASED, errors.POLICY_STALE),
)
"""What refuses a request for evidence as a whole; what concerns one item stands with the item."""

_ASKED_OF_THE_LOG = (NUMBER_INVALID, errors.ENTRY_UNKNOWN)


def routes(rooms: Rooms) -> tuple[Route, ...]:
    """Every route."""
    groups = (
        *(_evidence, _previews, _cases, _catalogue, _onboarding, _grants, _requests, _emergencies),
        *(_campaigns, _corrections, _challenges, _ratings, _tasks, _messages, _events, _certificates),
        *(_return_flows, _consents, _open_books, _log, _discovery),
    )
    pages = () if rooms.console is None else rooms.console.routes()
    pages += () if rooms.portal is None else rooms.portal.routes()
    return (*(route for group in groups for route in group(rooms)), *pages)


def _onboarding(rooms: Rooms) -> tuple[Route, ...]:
    return onboarding_routes(rooms.onboarding)


def _events(rooms: Rooms) -> tuple[Route, ...]:
    return (*event_routes(rooms.events, _TOKEN), *subscription_routes(rooms.subscriptions, _TOKEN))


def _certificates(rooms: Rooms) -> tuple[Route, ...]:
    systems = certificate_routes(rooms.certificate_reports, rooms.certificate_status, _TOKEN)
    return (*systems, *department_certificate_routes(rooms.certificates, _TOKEN))


def _return_flows(rooms: Rooms) -> tuple[Route, ...]:
    return (*return_flow_routes(rooms.return_flows, _TOKEN), *flow_routes(rooms.flows, _TOKEN))


def _consents(rooms: Rooms) -> tuple[Route, ...]:
    asked = department_consent_routes(rooms.department_consents, _TOKEN)
    return (*consent_routes(rooms.consent_requests, rooms.consents, _TOKEN), *asked)


def _emergencies(rooms: Rooms) -> tuple[Route, ...]:
    return emergency_routes(rooms.emergencies, _TOKEN)


def _requests(rooms: Rooms) -> tuple[Route, ...]:
    desk = rooms.access_requests
    requests = request_routes(desk, BatchDesk(desk), rooms.request_templates, _TOKEN)
    return (*requests, *clock_routes(rooms.clock_rules, _TOKEN))


def _campaigns(rooms: Rooms) -> tuple[Route, ...]:
    return campaign_routes(rooms.campaigns, _TOKEN)


def _corrections(rooms: Rooms) -> tuple[Route, ...]:
    return correction_routes(rooms.correction_opening, rooms.correction_following, rooms.corrections, _TOKEN)


def _challenges(rooms: Rooms) -> tuple[Route, ...]:
    return challenge_routes(rooms.challenging, rooms.challenges, _TOKEN)


def _tasks(rooms: Rooms) -> tuple[Route, ...]:
    return task_routes(rooms.tasks, _TOKEN)


def _ratings(rooms: Rooms) -> tuple[Route, ...]:
    return rating_routes(rooms.ratings, rooms.unrated, _TOKEN)


def _messages(rooms: Rooms) -> tuple[Route, ...]:
    return (*message_routes(rooms.messages, _TOKEN), *forwarding_routes(rooms.forwardings, _TOKEN))


def _evidence(rooms: Rooms) -> tuple[Route, ...]:
    return (
        Route(
            "POST",
            "/v1/evidence-requests",
            rooms.gateway.request_evidence,
            "system",
            Text("为一个办件请求材料", "Ask for evidence in a case"),
            request_schema=EvidenceRequestForm,
            response_schema=EvidenceAnswer,
            hot=True,
            tag="evidence",
            parameters=(_KEY,),
            problems=(*_TOKEN, *_WHOLE_REQUEST),
            replies=(_WAITS, _STEP_UP),
        ),
        Route(
            "GET",
            "/v1/evidence-requests/<request>",
            lambda http, request: rooms.repetition.again(http, request),
            "system",
            Text("再次取得同一答复", "The same answer again"),
            response_schema=EvidenceAnswer,
            tag="evidence",
            problems=(*_TOKEN, errors.REQUEST_UNKNOWN, errors.REQUEST_ERASED),
            replies=(_WAITS, _STEP_UP),
        ),
    )


_WAITS = Reply(
    202,
    Text("有的材料还在等待，稍后到 Location 再取", "Some of it waits; ask again at Location"),
    EvidenceAnswer,
    headers=("Location", "Retry-After"),
)
_STEP_UP = Reply(
    401,
    Text("请本人以更高等级登录后再问（RFC 9470）", "Ask again after a stronger sign-in (RFC 9470)"),
    EvidenceAnswer,
    headers=("WWW-Authenticate",),
)


def _previews(rooms: Rooms) -> tuple[Route, ...]:
    return preview_routes(rooms.previews, _TOKEN)


def _cases(rooms: Rooms) -> tuple[Route, ...]:
    opened = Text("开立办件", "Open a case")
    closed = Text("办结", "Close a case")
    counted = Text("免于提交的材料份数", "Papers that did not have to be handed in")
    return (
        Route(
            "POST", "/v1/cases", rooms.cases.open, "system", opened, NewCaseForm, CaseAnswer, tag="cases", success=201
        ),
        Route("POST", "/v1/cases/<case>/close", rooms.cases.close, "system", closed, None, CaseAnswer, tag="cases"),
        Route(
            "GET",
            "/v1/cases/<case>/uploads-avoided",
            rooms.uploads.count,
            "system",
            counted,
            None,
            UploadsAnswer,
            tag="cases",
        ),
        *case_requirement_routes(rooms.requirements, _TOKEN),
    )


def _catalogue(rooms: Rooms) -> tuple[Route, ...]:
    shelf = rooms.catalogue
    lists = (
        ("organisations", shelf.organisations, Text("部门", "Departments")),
        ("evidence-types", shelf.evidence_types, Text("材料类型", "Evidence types")),
        ("service-items", shelf.service_items, Text("政务服务事项", "Service items")),
    )
    singles = (
        ("organisations", shelf.organisation, Text("一个部门", "One department"), OrganisationAnswer),
        ("evidence-types", shelf.evidence_type, Text("一种材料", "One evidence type"), EvidenceTypeAnswer),
        ("service-items", shelf.service_item, Text("一个事项", "One service item"), ServiceItemAnswer),
    )
    return (
        *(
            Route(
                "GET",
                f"/v1/catalogue/{name}",
                endpoint,
                "anyone",
                said,
                None,
                PageAnswer,
                tag="catalogue",
                parameters=_PAGING,
                problems=(INVALID_BODY,),
            )
            for name, endpoint, said in lists
        ),
        *(
            Route("GET", f"/v1/catalogue/{name}/<code>", endpoint, "anyone", said, None, answer, tag="catalogue")
            for name, endpoint, said, answer in singles
        ),
        requirement_route(shelf.requirements),
        *report_routes(rooms.reports),
        *desk_routes(rooms.catalogue_desk),
        *source_routes(rooms.source_desk, _TOKEN),
    )


def _grants(rooms: Rooms) -> tuple[Route, ...]:
    grants = grant_routes(rooms.grants, rooms.drafting, rooms.impacts, rooms.unused_rights, _TOKEN)
    return (*grants, *decision_routes(rooms.decisions, _TOKEN), *sealing_routes(rooms.sealings, _TOKEN))


def _open_books(rooms: Rooms) -> tuple[Route, ...]:
    own = Text("谁用过我的数据", "Who used my data")
    provided = Text("本部门的数据被如何使用", "How my department's data was used")
    before = (Parameter("before", Text("上一页的 next", "the next of the page before")),)
    return (
        Route("GET", "/v1/usage", rooms.usage.own, "citizen", own, None, UsageAnswer, tag="usage", parameters=before),
        Route(
            "GET",
            "/v1/provider/usage",
            rooms.usage.of_provider,
            "officer:provider-officer",
            provided,
            None,
            ProviderUsageAnswer,
            tag="usage",
            parameters=_PERIOD,
        ),
        following_route(rooms.following, _TOKEN),
        *count_routes(rooms.upload_counts, _PERIOD, _TOKEN),
        *watch_routes(rooms.locks, rooms.trace, _PERIOD, _TOKEN),
    )


def _log(rooms: Rooms) -> tuple[Route, ...]:
    log = rooms.log
    index = (Parameter("index", Text("条目序号", "number of the entry"), required=True),)
    sizes = (
        Parameter("from", Text("较早的规模", "the older size"), required=True),
        Parameter("to", Text("较新的规模", "the newer size"), required=True),
    )
    return (
        _public("/v1/ledger/checkpoint", log.checkpoint, "checkpoint", "ledger", response_type=_TEXT),
        _public("/v1/ledger/key", log.key, "key", "ledger", response_type=_TEXT),
        _public(
            "/v1/ledger/proof",
            log.proof,
            "proof",
            "ledger",
            parameters=index,
            response_type=_TEXT,
            problems=_ASKED_OF_THE_LOG,
        ),
        _public(
            "/v1/ledger/consistency",
            log.consistency,
            "consistency",
            "ledger",
            response_schema=ConsistencyAnswer,
            parameters=sizes,
            problems=(*_ASKED_OF_THE_LOG, MALFORMED_REQUEST),
        ),
        _public(
            "/v1/ledger/tile/<path:tile>",
            log.tile,
            "tile",
            "ledger",
            response_type="application/octet-stream",
            problems=(MALFORMED_REQUEST, NOT_FOUND),
        ),
    )


def _discovery(rooms: Rooms) -> tuple[Route, ...]:
    found = rooms.discovery
    keys: dict[str, Any] = {"response_schema": KeysAnswer, "response_type": "application/jwk-set+json"}
    return (
        _public(WELL_KNOWN, found.metadata, "metadata", "discovery", response_schema=MetadataAnswer),
        _public("/jwks", found.jwks, "jwks", "discovery", **keys),
        _public("/jwks/archive", found.archive, "archive", "discovery", **keys),
    )


def _public(path: str, endpoint: Endpoint, said: str, tag: str, **more: Any) -> Route:
    """Something anyone may read."""
    return Route("GET", path, endpoint, "anyone", _SAID[said], tag=tag, **more)


_TEXT = "text/plain"
_SAID = {
    "checkpoint": Text("最新检查点", "The newest checkpoint"),
    "key": Text("账本的验证密钥", "The log's verifier key"),
    "proof": Text("条目的包含证明", "An entry's inclusion proof"),
    "consistency": Text("两个规模之间的一致性证明", "The consistency proof between two sizes"),
    "tile": Text("散列分块；条目分块仅限审计人员", "Hash tiles; entry bundles for auditors only"),
    "metadata": Text("受保护资源的元数据", "Protected resource metadata"),
    "jwks": Text("公开密钥", "Public keys"),
    "archive": Text("曾用的签名公钥", "Signature keys used in the past"),
}
