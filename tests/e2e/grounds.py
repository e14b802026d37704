"""On whose walk each page is.

A walk covers a ground, which is addresses and whatever lies below them, less what lies on a ground of its own. It ends
by asking `missed` for what the route table has there and nobody looked at: a page that is added later fails the walk by
its name until the walk leads there, too. What lies on no ground fails tests/e2e/test_grounds.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from idp.pages.proving import STEPS
from kernel.web.fastpath import WsgiApp
from tests.e2e.looking import Answered

Grounds = Mapping[str, tuple[str, ...]]

IDENTITY_PROVIDER: Grounds = {
    "sign-in": ("/", "/interaction", "/logout"),
    "signing out": ("/logout/status",),
    "terminal": ("/device",),
    "account": ("/account", "/sign-in"),
    "consents": ("/account/consents",),
    "identity": ("/account/identity", "/sign-up", "/recover"),
    "agents": ("/account/representations",),
    "asked": ("/account/requests",),
    "administration": ("/admin", "/enrol"),
    "window": ("/admin/window",),
}
EXCHANGE: Grounds = {"officers": ("/console",), "citizens": ("/my",), "the way to the officers' pages": ("/",)}

_LEADS_ON = (
    *(
        "GET /console/clocks/new",
        "GET /console",
        "GET /console/callback",
        "GET /console/sign-in/start",
        "POST /console/joining",
        "POST /console/messages",
        "POST /console/return-flows/<identifier>/<command>",
        "POST /console/sign-out",
        "POST /console/unused/<grant>",
    ),
    *("GET /my", "GET /my/callback", "GET /my/sign-in/start", "POST /my/sign-out"),
    "GET /authorize",
    "GET /account/identity/upstream/<name>/begin",
    "GET /account/identity/upstream/<name>",
    "POST /account/consents/<client_id>/withdraw",
    "POST /account/representations/<representation_id>/end",
    "POST /account/representations/agencies/<appointment_id>/answer",
    "POST /account/representations/agencies/<appointment_id>/end",
    "POST /account/requests/<request_id>",
    "POST /account/security/app/remove",
    "POST /account/security/channels/<channel_id>/again",
    "POST /account/security/channels/<channel_id>/codes",
    "POST /account/security/channels/<channel_id>/remove",
    "POST /account/security/passkeys/<passkey_id>",
    "POST /account/security/passkeys/<passkey_id>/remove",
    "POST /account/security/user-code/remove",
    "POST /account/sessions/<session_id>/end",
    "POST /account/sessions/others/end",
    "POST /admin/clients/<client_id>/disable",
    "POST /admin/invitations/<invitation>/withdraw",
    "POST /admin/keys/<kid>/revoke",
    "POST /admin/keys/rotate/<purpose>",
    "POST /admin/people/<person>/disable",
    "POST /admin/people/<person>/enable",
    "POST /admin/people/<person>/end-sessions",
    "POST /admin/resources/<digest>/disable",
    *("GET /account/representations/<representation_id>/end", "GET /account/requests/<request_id>"),
    *(f"GET /account/representations/agencies/<appointment_id>/{command}" for command in ("answer", "end")),
    *(f"GET /interaction/<interaction_id>/{step}" for step in (*STEPS, "account", "acting", "consent")),
    *(f"GET /sign-in/{step}" for step in STEPS),
    *("GET /logout/confirm", "GET /my/previews/<of>/<item>/answers"),
    "POST /interaction/<interaction_id>/account",
    "POST /interaction/<interaction_id>/acting",
    "POST /interaction/<interaction_id>/consent",
    "POST /sign-up/<secret>/again",
)
_AS_ELSEWHERE = (
    "POST /sign-in/otp",
    "POST /sign-in/passkey",
    "POST /sign-in/password",
    *(f"POST /interaction/<interaction_id>/{step}" for step in ("passkey", "phone", "phone-code", "recovery")),
)
_FOR_PROGRAMS = (
    "GET /account/security/app/picture.svg",
    "GET /admin/clients/export",
    "GET /admin/events/export",
    "GET /console/responsibility.csv",
    "GET /my/consents/<consent>/receipt",
    "POST /account/security/passkeys/new/options",
    "POST /interaction/<interaction_id>/passkey/options",
    "POST /sign-in/passkey/options",
)
NO_PAGE: Mapping[str, str] = {
    **dict.fromkeys(_LEADS_ON, "leads on to a page that is looked at"),
    **dict.fromkeys(_AS_ELSEWHERE, "one page at two addresses, looked at at the other"),
    **dict.fromkeys(_FOR_PROGRAMS, "a file or a picture, or for a script"),
}
"""Addresses of pages that show none of their own, and why."""


def missed(app: WsgiApp, grounds: Grounds, name: str, seen: Iterable[Answered]) -> list[str]:
    """The pages of a ground that nobody looked at, such as 'POST /admin/clients/new'."""
    addresses = app.flask.url_map.bind("localhost")
    looked = {_name(addresses.match(one.path, one.method)[0]) for one in seen if _shows_the_page(one)}
    return [page for page in pages(app) if ground(grounds, page) == name and page not in looked | NO_PAGE.keys()]


def pages(app: WsgiApp) -> list[str]:
    """Every page a service's route table has, by method and address."""
    return sorted(_name(rule.endpoint) for rule in app.flask.url_map.iter_rules() if rule.endpoint.startswith(_PAGE))


def ground(grounds: Grounds, page: str) -> str | None:
    """The ground that a page lies on: the nearest one."""
    path = page.partition(" ")[2]
    around = [(at, name) for name, every in grounds.items() for at in every if path == at or path.startswith(f"{at}/")]
    return max(around, default=(None, None), key=lambda one: len(one[0] or ""))[1]


_PAGE = "page "
"""What the wide door writes before the names of pages."""


def _name(endpoint: str) -> str:
    return endpoint.removeprefix(_PAGE).replace("·", ".")


def _shows_the_page(one: Answered) -> bool:
    """Whether it was the page itself: a form sent back with what is wrong is its page, a refusal to open it is not."""
    return one.status == 200 or (one.method == "POST" and one.status not in (401, 403))
