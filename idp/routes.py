"""The route table: every address of the provider, what answers it, and who may call it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from marshmallow import Schema

from idp.endpoints import addresses, schemas
from idp.endpoints.authorization import AuthorizationEndpoint
from idp.endpoints.backchannel_authentication import BackchannelAuthenticationEndpoint
from idp.endpoints.client_registration import ClientRegistrationEndpoint
from idp.endpoints.device_authorization import DeviceAuthorizationEndpoint
from idp.endpoints.discovery import DiscoveryEndpoint
from idp.endpoints.end_session import EndSessionEndpoint
from idp.endpoints.introspection import IntrospectionEndpoint
from idp.endpoints.jwks import JwksEndpoint
from idp.endpoints.par import PushedRequestEndpoint
from idp.endpoints.revocation import RevocationEndpoint
from idp.endpoints.token import TokenEndpoint
from idp.endpoints.userinfo import UserinfoEndpoint
from idp.revocations import RevocationFeed
from kernel.text import Text
from kernel.web.http import Endpoint
from kernel.web.routes import Refusals, Reply, Route

_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Everything that answers."""

    authorization: AuthorizationEndpoint
    par: PushedRequestEndpoint
    device_authorization: DeviceAuthorizationEndpoint
    backchannel_authentication: BackchannelAuthenticationEndpoint
    token: TokenEndpoint
    userinfo: UserinfoEndpoint
    introspection: IntrospectionEndpoint
    revocation: RevocationEndpoint
    end_session: EndSessionEndpoint
    jwks: JwksEndpoint
    discovery: DiscoveryEndpoint
    registration: ClientRegistrationEndpoint
    revocations: RevocationFeed


def protocol_routes(serve: Endpoints) -> tuple[Route, ...]:
    """The protocol's addresses. Hot ones are answered before Flask, by the same functions."""
    return (*_public(serve), *_for_clients(serve), *_registration(serve.registration), *_for_browsers(serve))


def _public(serve: Endpoints) -> tuple[Route, ...]:
    metadata = Text("服务元数据（RFC 8414）", "Server metadata (RFC 8414)")
    keys = Text("公钥集合（RFC 7517）", "Public keys (RFC 7517)")
    feed = Text("已签名的撤销名单", "The signed feed of what was revoked")
    found = schemas.MetadataAnswer
    return (
        _hot("GET", addresses.OPENID_CONFIGURATION, serve.discovery, metadata, None, found, access="anyone"),
        _hot("GET", addresses.OAUTH_METADATA, serve.discovery, metadata, None, found, access="anyone"),
        _hot("GET", addresses.JWKS, serve.jwks, keys, None, schemas.KeysAnswer, access="anyone"),
        Route(
            "GET",
            addresses.REVOCATIONS,
            serve.revocations,
            "anyone",
            feed,
            hot=True,
            tag="discovery",
            response_type="application/jwt",
            refusals=Refusals.OAUTH,
        ),
    )


def _for_clients(serve: Endpoints) -> tuple[Route, ...]:
    token = Text("换取令牌（RFC 6749）", "Tokens for a grant (RFC 6749)")
    par = Text("推送授权请求（RFC 9126）", "Push an authorization request (RFC 9126)")
    introspect = Text("查验令牌（RFC 7662）", "Examine a token (RFC 7662)")
    revoke = Text("撤销令牌（RFC 7009）", "Revoke a token (RFC 7009)")
    userinfo = Text("登录者信息（OpenID Connect）", "About the person signed in (OpenID Connect)")
    examined, about = schemas.TokenToExamineForm, schemas.UserinfoAnswer
    return (
        _hot("POST", addresses.TOKEN, serve.token, token, schemas.TokenForm, schemas.TokenAnswer),
        _form(addresses.PAR, serve.par, par, schemas.PushedRequestForm, schemas.PushedRequestAnswer, success=201),
        _form(
            addresses.DEVICE_AUTHORIZATION,
            serve.device_authorization,
            Text("终端申请授权（RFC 8628）", "A terminal asks for authorization (RFC 8628)"),
            schemas.DeviceAuthorizationForm,
            schemas.DeviceAuthorizationAnswer,
        ),
        _form(
            addresses.BACKCHANNEL,
            serve.backchannel_authentication,
            Text("请本人在自己的设备上确认（OpenID CIBA）", "Have a person asked on their own device (OpenID CIBA)"),
            schemas.BackchannelForm,
            schemas.BackchannelAnswer,
        ),
        _hot(
            "POST",
            addresses.INTROSPECT,
            serve.introspection,
            introspect,
            examined,
            schemas.IntrospectionAnswer,
            signed="application/token-introspection+jwt",
        ),
        _form(addresses.REVOKE, serve.revocation, revoke, examined),
        *(
            _hot(
                method,
                addresses.USERINFO,
                serve.userinfo,
                userinfo,
                answer=about,
                access="access token",
                signed="application/jwt",
            )
            for method in ("GET", "POST")
        ),
    )


def _registration(serve: ClientRegistrationEndpoint) -> tuple[Route, ...]:
    """Called with tokens that registration itself gives out."""
    own = f"{addresses.REGISTER}/<client_id>"
    invited, managed = "initial access token", "registration access token"
    register = Text("登记客户端（RFC 7591）", "Register a client (RFC 7591)")
    read = Text("查看客户端登记（RFC 7592）", "Read a registration (RFC 7592)")
    update = Text("更改客户端登记（RFC 7592）", "Change a registration (RFC 7592)")
    withdraw = Text("注销客户端（RFC 7592）", "Withdraw a client (RFC 7592)")
    asked, answer = schemas.ClientMetadata, schemas.RegisteredClient
    more: dict[str, Any] = {"tag": "clients", "refusals": Refusals.OAUTH}
    return (
        Route("POST", addresses.REGISTER, serve.register, invited, register, asked, answer, success=201, **more),
        Route("GET", own, serve.read, managed, read, None, answer, **more),
        Route("PUT", own, serve.update, managed, update, asked, answer, **more),
        Route("DELETE", own, serve.withdraw, managed, withdraw, success=204, **more),
    )


def _for_browsers(serve: Endpoints) -> tuple[Route, ...]:
    """A GET fails with a page. The POSTs come from other sites by design, so no form token can be asked of them."""
    authorize = Text("授权请求（RFC 6749）", "Authorization request (RFC 6749)")
    logout = Text("退出登录（OpenID Connect）", "Sign out (OpenID Connect)")
    asked, leaving = schemas.AuthorizationForm, schemas.LogoutForm
    return (
        Route("GET", addresses.AUTHORIZE, serve.authorization, "browser", authorize, page=True),
        _form(addresses.AUTHORIZE, serve.authorization, authorize, asked, access="browser", success=303),
        Route("GET", addresses.LOGOUT, serve.end_session, "browser", logout, page=True),
        _form(addresses.LOGOUT, serve.end_session, logout, leaving, access="browser", success=303),
    )


def _hot(
    method: str,
    path: str,
    endpoint: Endpoint,
    summary: Text,
    form: type[Schema] | None = None,
    answer: type[Schema] | None = None,
    *,
    access: str = "client",
    signed: str | None = None,
) -> Route:
    return Route(
        method,
        path,
        endpoint,
        access,
        summary,
        form,
        answer,
        hot=True,
        tag=_tag(access),
        request_type=_FORM,
        replies=() if signed is None else (Reply(200, _SIGNED, media_type=signed),),
        refusals=_refusals(access),
    )


def _form(
    path: str,
    endpoint: Endpoint,
    summary: Text,
    form: type[Schema],
    answer: type[Schema] | None = None,
    *,
    access: str = "client",
    success: int = 200,
) -> Route:
    return Route(
        "POST",
        path,
        endpoint,
        access,
        summary,
        form,
        answer,
        tag=_tag(access),
        success=success,
        request_type=_FORM,
        replies=(Reply(200, _PAGE, media_type="text/html"),) if access == "browser" else (),
        refusals=_refusals(access),
    )


_SIGNED = Text("已签名，也可能已加密", "Signed, and encrypted where the client is registered so")
_PAGE = Text("一页表单或说明", "A page with a form, or one that says what is so")


def _refusals(access: str) -> Refusals:
    """OAuth's own words for programs, a page for people; the public documents have neither."""
    if access == "browser":
        return Refusals.PAGE
    return Refusals.PROBLEM if access == "anyone" else Refusals.OAUTH


def _tag(access: str) -> str:
    return {"anyone": "discovery", "client": "clients", "browser": "browsers"}.get(access, "people")
