"""Beginning and finishing interactions: where an authorization request becomes a code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from idp.clients.directory import ClientDirectory
from idp.endpoints.addresses import INTERACTION, MAY_NOT_ASK, UNANSWERED
from idp.endpoints.authorization_response import AuthorizationAnswers
from idp.errors import (
    AccessDeniedError,
    ConsentRequiredError,
    LoginRequiredError,
    OAuthError,
    TemporarilyUnavailableError,
    UnauthorizedClientError,
    UnmetAuthenticationRequirementsError,
)
from idp.interaction import cookies
from idp.interaction.asked import Asked
from idp.interaction.code_maker import CodeMaker
from idp.interaction.cookies import Cookies
from idp.interaction.presence import Presence
from idp.interaction.steps import LOGIN, SELECT_ACCOUNT, SignedInPerson, Step, next_step, what_is_asked
from idp.model.authorization import AuthorizationRequest, ReturnAddress
from idp.model.client import Client
from idp.model.consent import Consent
from idp.model.secret import hashed
from idp.model.session import Interaction
from idp.store import backchannel_requests, codes, consents, families, interactions, pushed_requests
from idp.store.device_requests import DEVICES
from idp.tokens import lifetimes
from idp.tokens.mandates import Mandates
from kernel.clock import Clock
from kernel.database import Database
from kernel.entropy import Entropy, token
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger
from kernel.web.http import HttpRequest, HttpResponse, redirect

Work = Callable[[Connection], None]
Keep = Callable[[Connection, datetime], None]
"""Keeps what was allowed, no longer than until then."""

_OF_THE_PERSON = (
    LoginRequiredError,
    UnmetAuthenticationRequirementsError,
    AccessDeniedError,
    ConsentRequiredError,
    TemporarilyUnavailableError,
)
"""What somebody else, or the same person later, may answer all the same; the rest is about the client."""


class AlreadyFinished(Exception):
    """The interaction, or the pushed request behind it, was answered before."""


@dataclass(frozen=True, slots=True)
class AuthorizationFlow:
    """Takes a checked request to its answer."""

    database: Database
    ledger: Ledger
    directory: ClientDirectory
    presence: Presence
    maker: CodeMaker
    mandates: Mandates
    cookies: Cookies
    answers: AuthorizationAnswers
    clock: Clock
    entropy: Entropy

    def begin(self, request: HttpRequest, asked: AuthorizationRequest, pushed: bytes | None) -> HttpResponse:
        """Straight to the client when nothing has to be asked, otherwise to the pages."""
        interaction = Interaction(token(self.entropy), asked, pushed, self.clock.now())
        try:
            present = self.presence.of(request, self.client(asked))
            if self.step(interaction, present) is not Step.DONE or present is None:
                return self._ask(request, interaction)
            return self._answer(interaction, present, ())
        except OAuthError as error:
            return self.turn_away(asked.back, pushed, error)

    def turn_away(self, back: ReturnAddress, pushed: bytes | None, error: OAuthError) -> HttpResponse:
        """A refusal before any page; a pushed request has its one answer by it (RFC 9126 §4). Raises NotRedirected."""
        refusal = self.answers.failure(back, error)
        if pushed is not None:
            self.database.write(lambda connection: self._spend(connection, pushed))
        return refusal

    def find(self, request: HttpRequest, interaction_id: str) -> Interaction | None:
        """The unfinished interaction with this identifier, if this very browser began it (A9)."""
        browser = self.cookies.read(request, cookies.BROWSER)
        if browser is None:
            return None
        with self.database.read() as connection:
            return interactions.find(connection, interaction_id, hashed(browser), self.clock.now())

    def client(self, asked: AuthorizationRequest) -> Client:
        """Who asks. Raises UnauthorizedClientError when it was disabled meanwhile (T6)."""
        client = self.directory.enabled(asked.client_id)
        if client is None:
            raise UnauthorizedClientError("The client may not ask any more.")
        return client

    def step(self, interaction: Interaction, present: SignedInPerson | None) -> Step:
        """What comes next, as of now. Raises OAuthError."""
        return next_step(interaction.request, interaction.started_at, present, self.clock.now())

    def missing(self, interaction: Interaction, present: SignedInPerson) -> Asked | None:
        """What this person has yet to show, as of now. Raises OAuthError."""
        return what_is_asked(interaction.request, interaction.started_at, present, self.clock.now())

    def redeemed_by(self, asked: AuthorizationRequest) -> datetime:
        """When what is allowed now can be redeemed no more: a code soon, what is polled for with its request."""
        if not asked.answered_elsewhere:
            return self.clock.now() + lifetimes.AUTHORIZATION_CODE
        with self.database.read() as connection:
            if asked.backchannel is not None:
                return backchannel_requests.find(connection, asked.backchannel).expires_at
            return DEVICES.expiry(connection, bytes.fromhex(asked.device or ""))

    def choose(self, interaction: Interaction, *, another: bool) -> None:
        """The account chooser was answered: from here on the request is one of this person, or asks for a sign-in."""
        asked = interaction.request
        prompt = asked.prompt - {SELECT_ACCOUNT} | ({LOGIN} if another else frozenset())
        chosen = asked.prompting(prompt)
        self.database.write(lambda connection: interactions.rewrite(connection, interaction.id, chosen))

    def act_for(self, interaction: Interaction, chosen: str) -> None:
        """The person said for whom they act; it is looked at again where the code is made."""
        acting = interaction.request.acting_for(chosen)
        self.database.write(lambda connection: interactions.rewrite(connection, interaction.id, acting))

    def allow(
        self,
        interaction: Interaction,
        present: SignedInPerson,
        events: Sequence[Event] = (),
        agreed_to: Sequence[Consent] = (),
    ) -> HttpResponse:
        """The code, with all that was agreed, in one transaction. Raises AlreadyFinished, ConsentRequiredError."""

        def agreed(connection: Connection) -> None:
            self._finish(connection, interaction)
            consents.keep(connection, agreed_to, self.clock.now())

        return self._answer(interaction, present, events, agreed, _evidence_ends(agreed_to))

    def refuse(self, interaction: Interaction, error: OAuthError) -> HttpResponse:
        """End the interaction without a code, and tell the client why. Raises AlreadyFinished, NotRedirected.

        A request that is answered elsewhere goes on waiting where whoever is here cannot answer it: nobody said no.
        Where its client may not ask that any more nobody can, and it is told no.
        """
        asked = interaction.request
        if not asked.answered_elsewhere:
            return self._end((), interaction, error)
        waits = isinstance(error, _OF_THE_PERSON)
        ended = redirect(f"{asked.redirect_uri}?{UNANSWERED if waits else MAY_NOT_ASK}=1")
        self._commit((), lambda connection: self._close(connection, interaction, tell=not waits))
        return ended

    def deny(self, interaction: Interaction, events: Sequence[Event]) -> HttpResponse:
        """The person said no, and whoever asked is told so. Raises AlreadyFinished, NotRedirected."""
        return self._end(events, interaction, AccessDeniedError("The person said no."))

    def to_the_pages(self, request: HttpRequest, asked: AuthorizationRequest) -> HttpResponse:
        """To the first page in any case: a request that is answered elsewhere (RFC 8628 §3.3, CIBA §8)."""
        return self._ask(request, Interaction(token(self.entropy), asked, None, self.clock.now()))

    def _ask(self, request: HttpRequest, interaction: Interaction) -> HttpResponse:
        """Keep the request, bound to this browser by a cookie, and go to its first page."""
        browser = self.cookies.read(request, cookies.BROWSER) or token(self.entropy)
        until = interaction.started_at + lifetimes.INTERACTION
        self.database.write(lambda connection: interactions.add(connection, interaction, hashed(browser), until))
        address = f"{INTERACTION}/{interaction.id}{self._language(request, interaction.request)}"
        return redirect(address, (self.cookies.set(cookies.BROWSER, browser),))

    def _language(self, request: HttpRequest, asked: AuthorizationRequest) -> str:
        """`ui_locales` (OpenID Connect Core 1.0 §3.1.2.1), unless the reader has chosen a language here before."""
        spoken = (locale.partition("-")[0].lower() for locale in (asked.ui_locales or "").split())
        language = next((each for each in spoken if each in ("zh", "en")), None)
        return "" if language is None or "lang=" in request.headers.get("cookie", "") else f"?lang={language}"

    def _answer(
        self,
        interaction: Interaction,
        present: SignedInPerson,
        events: Sequence[Event],
        agreed: Work | None = None,
        evidence_until: datetime = consents.FOREVER,
    ) -> HttpResponse:
        asked, secret, now = interaction.request, token(self.entropy), self.clock.now()
        keep = self._keeping(asked, secret, present)
        back = redirect(asked.redirect_uri) if asked.answered_elsewhere else self.answers.success(asked.back, secret)

        def work(connection: Connection) -> None:
            if agreed is not None:
                agreed(connection)
            until = _consent_holds(connection, asked, present, now)
            self.mandates.require_choice(connection, present.person.id, asked.acting)
            if not self._spend(connection, interaction.pushed):
                raise AlreadyFinished  # A5: one pushed request, one code
            keep(connection, min(until, evidence_until))

        self._commit(events, work)
        return back  # made before the commit: one that cannot be sealed must not use the request up

    def _keeping(self, asked: AuthorizationRequest, secret: str, present: SignedInPerson) -> Keep:
        """What is kept of an agreement: a code for the browser to carry, or a family for the asker that waits."""
        if not asked.answered_elsewhere:
            code = self.maker.make(secret, asked, self.client(asked), present)
            return lambda connection, until: codes.add(connection, replace(code, family=code.family.ending(until)))
        family = self.maker.family(asked, self.client(asked), present)

        def decided(connection: Connection, until: datetime) -> None:
            families.add(connection, family.ending(until))
            self._tell_asker(connection, asked, family.id)

        return decided

    def _tell_asker(self, connection: Connection, asked: AuthorizationRequest, family_id: str | None) -> None:
        now = self.clock.now()
        if asked.backchannel is not None:
            told = backchannel_requests.decide(connection, asked.backchannel, family_id, now)
        else:
            told = DEVICES.decide(connection, bytes.fromhex(asked.device or ""), family_id, now)
        if not told:
            raise AlreadyFinished  # answered in another browser, or expired meanwhile

    def _commit(self, events: Sequence[Event], work: Work) -> None:
        """Entries and rows together: no consent without its entry, no entry without what it allowed."""
        if not events:
            self.database.write(work)
            return
        receipts = self.ledger.append(events, also=lambda connection, _receipts: work(connection))
        if any(receipt.repeated for receipt in receipts):
            raise AlreadyFinished  # the same button pressed twice at once: the other request did the work

    def _finish(self, connection: Connection, interaction: Interaction) -> None:
        if not interactions.finish(connection, interaction.id, self.clock.now()):
            raise AlreadyFinished

    def _end(self, events: Sequence[Event], interaction: Interaction, error: OAuthError) -> HttpResponse:
        """Without a code; as with one, an answer that cannot be sealed uses nothing up and records nothing."""
        refusal = self.answers.failure(interaction.request.back, error)
        tell = interaction.request.answered_elsewhere
        self._commit(events, lambda connection: self._close(connection, interaction, tell=tell))
        return refusal

    def _close(self, connection: Connection, interaction: Interaction, *, tell: bool) -> None:
        """The pushed request has had its answer, too (RFC 9126 §4). ``tell``: whoever polls is told no."""
        self._finish(connection, interaction)
        self._spend(connection, interaction.pushed)
        if tell:
            self._tell_asker(connection, interaction.request, None)

    def _spend(self, connection: Connection, pushed: bytes | None) -> bool:
        return pushed is None or pushed_requests.spend(connection, pushed, self.clock.now())


def _evidence_ends(agreed_to: Sequence[Consent]) -> datetime:
    """When the first consent to evidence ends: each is for what is allowed with it, and for nothing before or after."""
    return min(
        (each.until for each in agreed_to if not each.scope and each.until is not None), default=consents.FOREVER
    )


def _consent_holds(
    connection: Connection, asked: AuthorizationRequest, present: SignedInPerson, now: datetime
) -> datetime:
    """Until when all scopes hold that are agreed to.

    What was remembered when the page was chosen may be withdrawn by now: the code's transaction looks again.
    """
    given = consents.still_given(connection, present.person.id, asked.client_id, now)
    if not set(asked.to_agree_to) <= given.keys():
        raise ConsentRequiredError("The consent was withdrawn.")
    return min((given[each] for each in asked.to_agree_to), default=consents.FOREVER)
