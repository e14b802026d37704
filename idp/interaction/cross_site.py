"""Requests that another site posts: SameSite=Lax keeps our cookies back, so that nobody would be found signed in.

A page of ours sends the same fields once more, and from there the cookies come. It is for the endpoints at which POST
has to do what GET does (OpenID Connect Core 1.0 §3.1.2.1, OpenID Connect RP-Initiated Logout 1.0 §2). A redirect to GET
would do, too, but not for an `id_token_hint` or a `login_hint`: they say who somebody is, and stay out of addresses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from idp.interaction import cookies
from idp.interaction.cookies import Cookies
from kernel.web.http import HttpRequest, HttpResponse
from kernel.web.same_site import is_cross_site

SendOn = Callable[[str, Mapping[str, str], str | None], HttpResponse]
"""A page that posts fields to an address of ours, whose answer may lead to another address."""

_SECOND = "sent-on=1"
"""In the address of the second round, which is the last: some browsers have no cookies, or hide where they are."""


@dataclass(frozen=True, slots=True)
class CrossSitePosts:
    """Tells which requests have come without the cookies that their browser may have."""

    cookies: Cookies
    page: SendOn

    def sent_on(self, request: HttpRequest, fields: Mapping[str, str], ends_at: str | None) -> HttpResponse | None:
        """The page that sends the request once more; None for one that is answered as it came.

        ``ends_at``: the checked address at the client to which its answer may lead; browsers hold a form to it.
        """
        return self.page(f"{request.path}?{_SECOND}", fields, ends_at) if self._bare(request) else None

    def came_blind(self, request: HttpRequest) -> bool:
        """Whether its cookies may have been kept back, so that it cannot be told whether anybody is signed in.

        From another site they come only with a GET that opens a page (RFC 6265bis §5.2), to no frame and no script.
        """
        return (
            is_cross_site(request)
            and not (request.method == "GET" and _opens_a_page(request))
            and not any(self.cookies.read(request, name) for name in (cookies.SESSION, cookies.BROWSER, cookies.DEVICE))
        )

    def _bare(self, request: HttpRequest) -> bool:
        first = request.method == "POST" and _SECOND not in request.query.split("&")
        # In frames, and to scripts, the cookies do not come from a page of ours either; and none is shown there.
        return first and _opens_a_page(request) and self.came_blind(request)


def _opens_a_page(request: HttpRequest) -> bool:
    return request.headers.get("sec-fetch-dest", "document") == "document"
