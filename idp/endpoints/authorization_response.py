"""Authorization responses (RFC 6749 §4.1.2): always with `iss` (RFC 9207), by 303 or by a form; signed by JARM."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from idp.errors import OAuthError
from idp.model.authorization import ReturnAddress
from kernel.web.http import HttpResponse, redirect

FormPage = Callable[[str, Mapping[str, str]], HttpResponse]
"""A page that posts fields to an address."""

SignAnswer = Callable[[str, Mapping[str, str]], str]
"""Makes an answer to a client one JWT (JARM §2.1)."""


@dataclass(frozen=True, slots=True)
class AuthorizationAnswers:
    """Answers to clients. Whoever calls has compared the return address with the registered ones (A1, A7)."""

    issuer: str
    page: FormPage
    sign: SignAnswer

    def success(self, to: ReturnAddress, code: str) -> HttpResponse:
        """The code on its way back."""
        return self._response(to, {"code": code})

    def failure(self, to: ReturnAddress, error: OAuthError) -> HttpResponse:
        """The refusal on its way back (RFC 6749 §4.1.2.1)."""
        return self._response(to, error.to_json())

    def _response(self, to: ReturnAddress, members: dict[str, str]) -> HttpResponse:
        answer = members | ({} if to.state is None else {"state": to.state}) | {"iss": self.issuer}
        if to.mode.signed:
            answer = {"response": self.sign(to.client_id, answer)}
        if to.mode.posted:
            return self.page(to.redirect_uri, answer)
        separator = "&" if "?" in to.redirect_uri else "?"
        return redirect(f"{to.redirect_uri}{separator}{urlencode(answer)}")
