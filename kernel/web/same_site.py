"""Refuses page posts that another site has made the browser send, before the form's own token is looked at."""

from __future__ import annotations

from kernel.problems import Fault, Problem, ProblemKind
from kernel.text import Text
from kernel.web.http import HttpRequest

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
CROSS_SITE = ProblemKind(
    code="form.cross-site",
    status=403,
    fault=Fault.CITIZEN,
    title=Text("此表单不是从本站页面提交的", "This form was not sent from a page of this site"),
    next_step=Text(
        "请回到本站页面，重新打开后再提交。", "Open the page on this site again and send the form from there."
    ),
)
FORM_EXPIRED = ProblemKind(
    code="form.expired",
    status=400,
    fault=Fault.CITIZEN,
    title=Text("页面已过期", "This page has expired"),
    next_step=Text("请返回上一页，刷新后再提交一次。", "Go back, reload the page and send the form again."),
)


def check_same_site(request: HttpRequest) -> None:
    """Raises Problem: form.cross-site for an unsafe method from elsewhere.

    Fetch Metadata decides where the browser sends it; older browsers are judged by Origin. Programs send neither and
    still need the form's token.
    """
    if request.method in SAFE_METHODS:
        return
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        if site not in ("same-origin", "none"):
            raise Problem(CROSS_SITE)
        return
    origin = request.headers.get("origin")
    if origin is not None and origin != origin_of(request.base_url):
        raise Problem(CROSS_SITE)


def is_cross_site(request: HttpRequest) -> bool:
    """Whether a browser sends this from another site: no cookie with SameSite=Lax comes with a POST then.

    RFC 6265bis §4.1.2.7. Fetch Metadata tells; older browsers are judged by Origin. Programs send neither.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "cross-site"
    return request.headers.get("origin", origin_of(request.base_url)) != origin_of(request.base_url)


def origin_of(url: str) -> str:
    """Scheme, host and port of an absolute address, as browsers write an origin."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}"
