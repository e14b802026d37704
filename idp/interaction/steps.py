"""What a person still has to do before a client gets its code: a pure decision."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from idp.errors import (
    AccessDeniedError,
    ConsentRequiredError,
    InteractionRequiredError,
    LoginRequiredError,
    OAuthError,
    UnmetAuthenticationRequirementsError,
)
from idp.interaction.asked import Asked, still_asked
from idp.model import assurance
from idp.model.assurance import Factor
from idp.model.authorization import AuthorizationRequest
from idp.model.person import Account
from idp.model.session import Session
from kernel.identifiers.subject import SubjectRef

LOGIN, SELECT_ACCOUNT = "login", "select_account"


class Step(StrEnum):
    """One page, one thing."""

    ACCOUNT = "account"
    SIGN_IN = "sign-in"
    SECOND_FACTOR = "second-factor"
    ENROL = "enrol"
    ACTING = "acting"
    CONSENT = "consent"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class SignedInPerson:
    """The person of the browser's session, as this client knows them (``sub``), and what they allowed it before."""

    person: Account
    session: Session
    remembered: frozenset[str]
    sub: str
    reference: SubjectRef | None = field(repr=False)
    owes_passkey: bool = False
    """Whether this person must show a phishing-resistant factor: staff, where the operator asks for it."""

    @property
    def level(self) -> int:
        """The level of assurance reached."""
        return self.session.authentication.level(self.person.assurance)


def next_step(
    request: AuthorizationRequest, started_at: datetime, present: SignedInPerson | None, now: datetime
) -> Step:
    """What comes next. Raises OAuthError when this person cannot give it, or `prompt=none` forbids asking."""
    step = _needed(request, started_at, present, now)
    if "none" in request.prompt and step is not Step.DONE:
        raise silent_refusal(step)
    return step


def _needed(request: AuthorizationRequest, started_at: datetime, present: SignedInPerson | None, now: datetime) -> Step:
    since = fresh_since(request, started_at, now)
    if present is None:
        return Step.SIGN_IN
    authentication = present.session.authentication
    if SELECT_ACCOUNT in request.prompt and authentication.at < started_at:
        return Step.ACCOUNT  # OpenID Connect Core 1.0 §3.1.2.1; who has just signed in here has chosen
    fresh = authentication.since(since)
    if not fresh & assurance.PRIMARY:
        return Step.SIGN_IN
    if request.expected_sub not in (None, present.sub):
        if authentication.at >= started_at:
            raise LoginRequiredError("Another person signed in than the one expected.")
        return Step.SIGN_IN
    asked = what_is_asked(request, started_at, present, now)
    if asked is not None:
        return Step(asked.proof.value)
    if request.details and present.reference is None:
        raise AccessDeniedError("This account has no identifier evidence could be asked for.")
    if request.asks_for_whom:
        return Step.ACTING
    return Step.CONSENT if consent_is_needed(request, present) else Step.DONE


def what_is_asked(
    request: AuthorizationRequest, started_at: datetime, present: SignedInPerson, now: datetime
) -> Asked | None:
    """What this person has yet to show for this request. Raises UnmetAuthenticationRequirementsError."""
    shown = present.session.authentication.since(fresh_since(request, started_at, now))
    return still_asked(
        required_level(request, present.person, shown),
        resistant=present.owes_passkey,
        shown=shown,
        authenticators=present.person.authenticators,
    )


def fresh_since(request: AuthorizationRequest, started_at: datetime, now: datetime) -> datetime:
    """The oldest authentication that counts (OpenID Connect Core 1.0 §3.1.2.1: `prompt=login`, `max_age`).

    One within this request counts, however slow the person; an earlier one is measured when the answer is made, since
    the client measures it then.
    """
    if LOGIN in request.prompt:
        return started_at
    if request.max_age is not None:
        return min(started_at, now - min(timedelta(seconds=request.max_age), timedelta(days=365)))
    return datetime.min.replace(tzinfo=started_at.tzinfo)


def required_level(request: AuthorizationRequest, person: Account, shown: frozenset[Factor]) -> int:
    """The first level asked for that this account can reach; several are honoured in the client's order.

    What was ``shown`` counts with what the account has, since the last recovery code is used up by it (ADR 0101).
    Raises UnmetAuthenticationRequirementsError when it can reach none: a lower level is never passed off as enough.
    """
    highest = assurance.attainable(person.assurance, person.authenticators | shown)
    for level in request.levels:
        if level <= highest:
            return level
    if not request.levels or not request.levels_required:
        return 1
    raise UnmetAuthenticationRequirementsError("This account cannot reach the level of assurance asked for.")


def consent_is_needed(request: AuthorizationRequest, present: SignedInPerson) -> bool:
    """Evidence is agreed to each time; plain scopes are remembered (A11: per client and scope)."""
    if request.details or "consent" in request.prompt:
        return True
    return not set(request.to_agree_to) <= present.remembered


def silent_refusal(step: Step) -> OAuthError:
    """The answer to `prompt=none` when something would have to be asked (OpenID Connect Core 1.0 §3.1.2.6)."""
    if step is Step.SIGN_IN:
        return LoginRequiredError("Nobody is signed in.")
    if step is Step.SECOND_FACTOR:
        return InteractionRequiredError("Another factor would have to be asked for.")
    if step is Step.ENROL:
        return InteractionRequiredError("A passkey would have to be set up.")
    if step is Step.ACTING:
        return InteractionRequiredError("The person would have to say for whom they act.")
    return ConsentRequiredError("Consent would have to be asked for.")
