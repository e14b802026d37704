"""The route table: every address of the provider, what answers it, and who may call it."""

from __future__ import annotations

from dataclasses import dataclass

from idp.endpoints import addresses
from idp.endpoints.authorization import AuthorizationEndpoint
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
from kernel.web.routes import Route

_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Everything that answers."""

    authorization: AuthorizationEndpoint
    par: PushedRequestEndpoint
    token: TokenEndpoint
    userinfo: UserinfoEndpoint
    introspection: IntrospectionEndpoint
    revocation: RevocationEndpoint
    end_session: EndSessionEndpoint
    jwks: JwksEndpoint
    discovery: DiscoveryEndpoint
    revocations: RevocationFeed


def protocol_routes(serve: Endpoints) -> tuple[Route, ...]:
    """The protocol's addresses. Hot ones are answered before Flask, by the same functions."""
    return (*_public(serve), *_for_clients(serve), *_for_browsers(serve))


def _public(serve: Endpoints) -> tuple[Route, ...]:
    metadata = Text("服务元数据（RFC 8414）", "Server metadata (RFC 8414)")
    keys = Text("公钥集合（RFC 7517）", "Public keys (RFC 7517)")
    feed = Text("已签名的撤销名单", "The signed feed of what was revoked")
    return (
        Route("GET", addresses.OPENID_CONFIGURATION, serve.discovery, "anyone", metadata, hot=True, tag="discovery"),
        Route("GET", addresses.OAUTH_METADATA, serve.discovery, "anyone", metadata, hot=True, tag="discovery"),
        Route("GET", addresses.JWKS, serve.jwks, "anyone", keys, hot=True, tag="discovery"),
        Route(
            "GET", addresses.REVOCATIONS, serve.revocations, "anyone", feed, hot=True, tag="tokens",
            response_type="application/jwt",
        ),
    )  # fmt: skip


def _for_clients(serve: Endpoints) -> tuple[Route, ...]:
    token = Text("换取令牌（RFC 6749）", "Tokens for a grant (RFC 6749)")
    par = Text("推送授权请求（RFC 9126）", "Push an authorization request (RFC 9126)")
    introspect = Text("查验令牌（RFC 7662）", "Examine a token (RFC 7662)")
    revoke = Text("撤销令牌（RFC 7009）", "Revoke a token (RFC 7009)")
    userinfo = Text("登录者信息（OpenID Connect）", "About the person signed in (OpenID Connect)")
    return (
        Route("POST", addresses.TOKEN, serve.token, "client", token, hot=True, tag="tokens", request_type=_FORM),
        Route("POST", addresses.PAR, serve.par, "client", par, tag="authorization", request_type=_FORM, success=201),
        Route(
            "POST", addresses.INTROSPECT, serve.introspection, "client", introspect, hot=True, tag="tokens",
            request_type=_FORM,
        ),
        Route("POST", addresses.REVOKE, serve.revocation, "client", revoke, tag="tokens", request_type=_FORM),
        Route("GET", addresses.USERINFO, serve.userinfo, "access token", userinfo, hot=True, tag="people"),
        Route("POST", addresses.USERINFO, serve.userinfo, "access token", userinfo, hot=True, tag="people"),
    )  # fmt: skip


def _for_browsers(serve: Endpoints) -> tuple[Route, ...]:
    """A GET fails with a page. The POSTs come from other sites by design, so no form token can be asked of them."""
    authorize = Text("授权请求（RFC 6749）", "Authorization request (RFC 6749)")
    logout = Text("退出登录（OpenID Connect）", "Sign out (OpenID Connect)")
    return (
        Route("GET", addresses.AUTHORIZE, serve.authorization, "browser", authorize, page=True, tag="authorization"),
        Route(
            "POST", addresses.AUTHORIZE, serve.authorization, "browser", authorize, tag="authorization",
            request_type=_FORM, success=303,
        ),
        Route("GET", addresses.LOGOUT, serve.end_session, "browser", logout, page=True, tag="authorization"),
        Route(
            "POST", addresses.LOGOUT, serve.end_session, "browser", logout, tag="authorization", request_type=_FORM,
            success=303,
        ),
    )  # fmt: skip
