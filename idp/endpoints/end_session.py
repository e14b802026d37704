"""RP-initiated logout (OpenID Connect RP-Initiated Logout 1.0)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from idp.authentication.accounts import Accounts
from idp.authentication.sessions import Sessions
from idp.clients.directory import ClientDirectory
from idp.endpoints.forms import query_or_form
from idp.errors import InvalidRequestError, NotRedirected, OAuthError
from idp.interaction import cookies
from idp.interaction.cookies import Cookies
from idp.interaction.cross_site import CrossSitePosts
from idp.interaction.presence import Presence
from idp.logout.farewell import Farewell, Farewells
from idp.model.client import Client
from idp.model.session import Session
from idp.tokens.hints import IdTokenHints
from idp.tokens.pairwise import Pairwise
from kernel.canonical import JSON
from kernel.web.http import HttpRequest, HttpResponse, redirect


@dataclass(frozen=True, slots=True)
class LogoutRequest:
    """A checked request: who sent the person, where they go afterwards, and whom the client believes signed in.

    ``sector``: the organisation by whose identifiers the hint speaks; also of a client that is disabled by now.
    """

    client: Client | None
    redirect_uri: str | None
    state: str | None
    hint: Mapping[str, JSON] | None
    sector: str | None

    @property
    def target(self) -> str | None:
        """The address to return to, with `state` (§3)."""
        if self.redirect_uri is None or self.state is None:
            return self.redirect_uri
        separator = "&" if "?" in self.redirect_uri else "?"
        return f"{self.redirect_uri}{separator}{urlencode({'state': self.state})}"


HANDLE = "of"
"""Which sign-out a person asks about again."""
Ask = Callable[[LogoutRequest], HttpResponse]
"""Asks the person whether to sign out."""
Show = Callable[[Farewell | None, LogoutRequest], HttpResponse]
"""Says that the person is signed out, and which departments know it."""


@dataclass(frozen=True, slots=True)
class EndSessionEndpoint:
    """GET and POST /logout. ``ask``, ``show`` and ``unseen`` are pages."""

    directory: ClientDirectory
    presence: Presence
    sessions: Sessions
    accounts: Accounts
    cookies: Cookies
    cross_site: CrossSitePosts
    pairwise: Pairwise
    hints: IdTokenHints
    farewells: Farewells
    ask: Ask
    show: Show
    unseen: Ask

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Sign out, ask first, or refuse with a page; the browser goes only to registered addresses (S3)."""
        try:
            parameters = query_or_form(request)
            asked = self.read(parameters)
        except OAuthError as error:
            raise NotRedirected(error) from None
        session = self.presence.unended(request)
        if session is None:
            return self._found_nobody(request, parameters, asked)
        if asked.hint is None or asked.sector is None:
            return self.ask(asked)
        return self._by_hint(session, asked, asked.hint, asked.sector)

    def confirmed(self, request: HttpRequest) -> HttpResponse:
        """The person pressed the button (a page of ours, so the form's token was checked)."""
        try:
            asked = self.read(query_or_form(request))
        except OAuthError as error:
            raise NotRedirected(error) from None
        session = self.presence.unended(request)
        return self._leave(asked, None) if session is None else self._end(session, asked)

    def status(self, request: HttpRequest) -> HttpResponse:
        """How signing out stands now. Raises NotRedirected for a link that is not ours."""
        try:
            parameters = query_or_form(request)
            asked = self.read(parameters)
        except OAuthError as error:
            raise NotRedirected(error) from None
        farewell = self.farewells.again(parameters.get(HANDLE, ""))
        if farewell is None:
            raise NotRedirected(InvalidRequestError("There is no such sign-out."))
        return self.show(farewell, asked)

    def read(self, parameters: Mapping[str, str]) -> LogoutRequest:
        """The checked parameters (§2). Raises InvalidRequestError."""
        hint = self.hints.read_at_sign_out(parameters["id_token_hint"]) if "id_token_hint" in parameters else None
        client_id = parameters.get("client_id", None if hint is None else str(hint["aud"]))
        if hint is not None and client_id != hint["aud"]:
            raise InvalidRequestError("client_id is not the audience of id_token_hint.")
        known = None if client_id is None else self.directory.known(client_id)
        if known is not None and known.disabled and hint is not None:
            # Its people may still leave: the hint permits nothing else. Nobody is sent back to it.
            return LogoutRequest(None, None, None, hint, known.organisation)
        client = None if known is None or known.disabled else known
        if client_id is not None and client is None:
            raise InvalidRequestError("The client is unknown.")
        target = parameters.get("post_logout_redirect_uri")
        if target is not None and (client is None or target not in client.post_logout_redirect_uris):
            raise InvalidRequestError("post_logout_redirect_uri is not registered for this client.")
        return LogoutRequest(
            client, target, parameters.get("state"), hint, None if client is None else client.organisation
        )

    def _found_nobody(self, request: HttpRequest, sent: Mapping[str, str], asked: LogoutRequest) -> HttpResponse:
        """There is no session, or it cannot be seen: before an end is told, the cookie has to be able to come.

        Where it cannot, nobody is said to be signed out, to the client neither, and the browser keeps what it holds.
        """
        sent_on = self.cross_site.sent_on(request, sent, asked.redirect_uri)
        if sent_on is not None:
            return sent_on
        return self.unseen(asked) if self.cross_site.came_blind(request) else self._leave(asked, None)

    def _by_hint(self, session: Session, asked: LogoutRequest, hint: Mapping[str, JSON], sector: str) -> HttpResponse:
        if hint.get("sub") != self.pairwise.subject(session.person, sector):
            raise NotRedirected(InvalidRequestError("id_token_hint is about another person than the one signed in."))
        if hint.get("sid") != self.pairwise.session(session.id, sector):
            return self.ask(asked)  # an old hint, shown again: the person decides
        return self._end(session, asked)

    def _end(self, session: Session, asked: LogoutRequest) -> HttpResponse:
        self.sessions.end(session, self.accounts.reference_at_an_end(session.person))
        return self._leave(asked, self.farewells.after(session.id))

    def _leave(self, asked: LogoutRequest, farewell: Farewell | None) -> HttpResponse:
        """Straight back to the client, unless the person has to be told that a department did not confirm."""
        complete = farewell is None or farewell.complete
        answer = redirect(asked.target) if asked.target and complete else self.show(farewell, asked)
        return answer.adding(self.cookies.clear(cookies.SESSION))
