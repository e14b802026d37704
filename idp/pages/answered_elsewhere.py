"""The last page of a request that another device made: what came of it, and where it goes on (RFC 8628, CIBA)."""

from __future__ import annotations

from idp.endpoints.addresses import MAY_NOT_ASK, UNANSWERED
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse
from kernel.web.pages import page_response


def last_page(request: HttpRequest, *, agreed: Text, going_on: Text, warning: Text) -> HttpResponse:
    """By what stands in its address; ``warning`` is for who said no: the asker was given nothing."""
    said = request.parameters()
    return page_response(
        "idp/answered_elsewhere.html",
        refused="error" in said,
        unanswered=UNANSWERED in said,
        may_not_ask=MAY_NOT_ASK in said,
        agreed=agreed,
        going_on=going_on,
        warning=warning,
    )
