"""The administration API as a table: what is where, what it takes and gives."""

from __future__ import annotations

from dataclasses import dataclass

from marshmallow import Schema

from idp.endpoints.administration import bodies
from idp.endpoints.administration.access import NOT_ALLOWED, OUTDATED, REFUSED, TOKEN_REFUSED, TOO_NARROW, AdminAccess
from idp.endpoints.administration.api import AdministrationApi
from kernel.problems import NOT_FOUND
from kernel.text import Text
from kernel.web.http import Endpoint
from kernel.web.routes import Parameter, Reply, Route

BASE = "/admin/api/v1"
_CREATED, _ACCEPTED, _NOTHING = 201, 202, 204
_FILTERS = (
    Parameter("before", Text("早于此序号", "older than this index")),
    Parameter("event", Text("事件名", "name of the event")),
    Parameter("person", Text("操作者或当事人的编号", "identifier of who acts or is acted on")),
)
_OLDER = (Parameter("before", Text("早于此编号的提议", "older than the proposal with this identifier")),)


@dataclass(frozen=True, slots=True)
class Row:
    """One operation."""

    method: str
    path: str
    work: Endpoint
    summary: Text
    form: type[Schema] | None = None
    answer: type[Schema] | None = None
    success: int = 200
    parameters: tuple[Parameter, ...] = ()
    replies: tuple[Reply, ...] = ()


_WAITS = (Reply(202, Text("已成提议，待第二人确认", "Proposed: a second person has to confirm it"), bodies.Proposed),)
_CARRIED_OUT = (Reply(204, Text("已办，没有要交付的", "Carried out; there is nothing to hand over")),)


def routes(api: AdministrationApi, access: AdminAccess) -> tuple[Route, ...]:
    """The API's addresses, each behind the same door."""
    return tuple(
        Route(
            row.method,
            BASE + row.path,
            access.serving(row.work),
            "administrator",
            row.summary,
            row.form,
            row.answer,
            success=row.success,
            tag="administration",
            parameters=row.parameters,
            replies=row.replies,
            problems=(TOKEN_REFUSED, TOO_NARROW, NOT_ALLOWED, NOT_FOUND, OUTDATED, REFUSED),
        )
        for row in (*_clients(api), *_people(api), *_provider(api))
    )


def _clients(api: AdministrationApi) -> tuple[Row, ...]:
    one, sent = "/clients/<client_id>", bodies.ClientMetadata
    departments = bodies.Organisations
    invited, asked = Text("提议一枚登记令牌", "Propose an initial access token"), bodies.ClientInvitationBody
    return (
        Row("GET", "/clients", api.list_clients, Text("客户端", "Clients"), None, bodies.Clients),
        Row("POST", "/clients", api.register_client, Text("登记客户端", "Register a client"), sent, sent, _CREATED),
        Row("POST", "/clients/invitations", api.invite_client, invited, asked, bodies.Proposed, _ACCEPTED),
        *_invitations(api),
        *_resources(api),
        Row("GET", one, api.show_client, Text("一个客户端", "A client"), None, sent),
        Row("PUT", one, api.update_client, Text("变更客户端", "Change a client"), sent, sent),
        Row("POST", f"{one}/secret", api.rotate_secret, Text("更换密钥口令", "A new secret"), None, sent),
        Row("POST", f"{one}/disable", api.disable_client, Text("停用客户端", "Disable a client"), success=_NOTHING),
        Row("GET", "/organisations", api.list_organisations, Text("机构", "Departments"), None, departments),
        Row(
            "PUT",
            "/organisations/<code>",
            api.put_organisation,
            Text("登记机构", "Add or rename a department"),
            bodies.OrganisationBody,
            success=_NOTHING,
        ),
    )


def _invitations(api: AdministrationApi) -> tuple[Row, ...]:
    every, one = "/clients/invitations", "/clients/invitations/<invitation>"
    open_ones, withdraw = (
        Text("可用的登记邀请", "Invitations that still work"),
        Text("撤回邀请", "Withdraw an invitation"),
    )
    return (
        Row("GET", every, api.list_invitations, open_ones, None, bodies.Invitations),
        Row("GET", one, api.show_invitation, Text("一项邀请", "An invitation"), None, bodies.InvitationAnswer),
        Row("POST", f"{one}/withdraw", api.withdraw_invitation, withdraw, success=_NOTHING),
    )


def _resources(api: AdministrationApi) -> tuple[Row, ...]:
    every, sent = "/resources", bodies.Resource
    put, end = (
        Text("登记或变更资源服务", "Describe a resource server"),
        Text("停用资源服务", "Disable a resource server"),
    )
    return (
        Row("GET", every, api.list_resources, Text("资源服务", "Resource servers"), None, bodies.Resources),
        Row("PUT", every, api.put_resource, put, sent, sent),
        Row("POST", f"{every}/disable", api.disable_resource, end, bodies.ResourceName, success=_NOTHING),
    )


def _people(api: AdministrationApi) -> tuple[Row, ...]:
    one, answer, sought = "/people/<person>", bodies.PersonAnswer, bodies.PersonSearch
    offices, link = Text("给予或收回职责", "Give and take offices"), Text("一次性开户链接", "A one-time enrolment link")
    check = Text("记录证件核验", "Record a document check")
    back = Text("窗口找回账户", "Recover at a window")
    ended, count = Text("结束其全部会话", "Sign a person out everywhere"), bodies.SessionCount
    asked, waits, off = bodies.InvitationBody, bodies.Proposed, Text("停用账户", "Disable an account")
    return (
        Row("POST", "/people/search", api.find_person, Text("按用户名查找", "By exact user name"), sought, answer),
        Row("POST", "/people/invitations", api.invite, link, asked, bodies.Invited, _CREATED, replies=_WAITS),
        Row("GET", one, api.show_person, Text("一个账户", "An account"), None, answer),
        Row("POST", f"{one}/disable", api.disable_person, off, success=_NOTHING, replies=_WAITS),
        Row("POST", f"{one}/enable", api.enable_person, Text("恢复账户", "Enable an account"), success=_NOTHING),
        Row("PUT", f"{one}/roles", api.change_roles, offices, bodies.RolesBody, success=_NOTHING, replies=_WAITS),
        Row("GET", f"{one}/sessions", api.list_sessions, Text("登录会话", "Sessions"), None, bodies.Sessions),
        Row("POST", f"{one}/sessions/end", api.end_sessions, ended, success=_NOTHING),
        Row("POST", "/window/search", api.find_at_window, Text("窗口查找账户", "Find at a window"), sought, answer),
        Row("POST", "/window/<person>/checks", api.record_check, check, bodies.DocumentCheck, waits, _ACCEPTED),
        Row("POST", "/window/<person>/recovery", api.recover_at_window, back, bodies.WindowRecovery, waits, _ACCEPTED),
        Row("GET", "/sessions", api.count_sessions, Text("会话数", "How many sessions there are"), None, count),
    )


def _provider(api: AdministrationApi) -> tuple[Row, ...]:
    one, proposal, decision = "/proposals/<proposal>", bodies.ProposalAnswer, bodies.DecisionBody
    events, confirm, confirmed = bodies.Events, Text("确认提议", "Confirm a proposal"), bodies.ConfirmationBody
    rotate = Text("轮换密钥", "Rotate")
    revoke, decline = Text("提议作废密钥", "Propose to end a key"), Text("否决提议", "Decline a proposal")
    return (
        Row("GET", "/keys", api.list_keys, Text("密钥", "Keys"), None, bodies.Keys),
        Row("POST", "/keys/rotate", api.rotate_key, rotate, bodies.RotationBody, bodies.KeyAnswer, _CREATED),
        Row("POST", "/keys/<kid>/revoke", api.revoke_key, revoke, None, bodies.Proposed, _ACCEPTED),
        Row("GET", "/policies", api.list_policies, Text("现行规则", "Rules in force"), None, bodies.Policies),
        Row("GET", "/events", api.list_events, Text("事件", "Events"), None, events, 200, _FILTERS),
        Row("GET", "/proposals", api.list_proposals, Text("提议", "Proposals"), None, bodies.Proposals, 200, _OLDER),
        Row("GET", one, api.show_proposal, Text("一项提议", "A proposal"), None, proposal),
        Row("POST", f"{one}/confirm", api.confirm_proposal, confirm, confirmed, bodies.Invited, replies=_CARRIED_OUT),
        Row("POST", f"{one}/decline", api.decline_proposal, decline, decision, success=_NOTHING),
    )
