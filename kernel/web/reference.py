"""/docs: the API reference as a page, drawn by a vendored Swagger UI that asks no other host for anything."""

from __future__ import annotations

from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse
from kernel.web.pages import page_response
from kernel.web.routes import Route

_SUMMARY = Text("接口文档（可在线试用）", "The interface described for people, with try-it")


def reference_route() -> Route:
    """The page; it works on /openapi.json."""

    def endpoint(request: HttpRequest) -> HttpResponse:
        del request
        return page_response("kit/reference.html")

    return Route(
        "GET", "/docs", endpoint, "anyone", _SUMMARY, tag="operations", response_type="text/html", documented=False
    )
