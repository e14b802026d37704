"""Forms are bound to whom they were shown to (ADR 0103), as a server sees it."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from werkzeug.test import Client

from kernel.web.bound_forms import forms_are_for
from kernel.web.http import HttpRequest, HttpResponse
from kernel.web.pages import page_response

from .conftest import make_app, route

HTML = {"Accept": "text/html"}


def reader(request: HttpRequest) -> HttpResponse:
    """A page that takes the name of its reader from the address."""
    forms_are_for(request.parameters()["of"])
    return page_response("kit/gallery.html", now=datetime.now(UTC))


def anybodys(request: HttpRequest) -> HttpResponse:
    del request
    return page_response("kit/gallery.html", now=datetime.now(UTC))


def test_a_token_is_good_for_its_own_reader_and_for_pages_that_have_none() -> None:
    at = [(reader, "/thing"), (anybodys, "/anybodys")]
    app = make_app(*(route(page, method, path=path, page=True) for page, path in at for method in ("GET", "POST")))
    client = Client(app)

    def token(path: str) -> str:
        found = re.search(r'name="csrf_token" value="([^"]+)"', client.get(path).text)
        assert found is not None
        return found[1]

    def sent(path: str, token: str) -> int:
        return client.post(path, data={"csrf_token": token}, headers=HTML).status_code

    wangs, nobodys = token("/thing?of=wang"), token("/anybodys")
    assert "wang" not in wangs
    assert [sent("/thing?of=wang", wangs), sent("/anybodys", wangs), sent("/anybodys", nobodys)] == [200, 200, 200]
    assert [sent("/thing?of=li", wangs), sent("/thing?of=wang", nobodys)] == [409, 400]
    bare, tag = wangs.split("~")
    assert sent("/thing?of=wang", f"{bare}~") == 400
    for forged in (f"{bare}~é", f"{bare}~{tag}~", f"{bare}~{token('/thing?of=li').split('~')[1]}~x"):
        assert sent("/thing?of=wang", forged) == 409
    assert [sent("/thing?of=wang", each) for each in (f"~{tag}", f"x~{tag}", f"{nobodys[:-1]}~{tag}")] == [
        400,
        400,
        400,
    ]
