"""People at the provider's own pages: who is there, whether that is proven well enough, and where to prove it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlencode

from idp.interaction.asked import Asked, Proof, still_asked
from idp.interaction.presence import Presence
from idp.model import assurance
from idp.model.person import Account
from idp.model.session import Session
from kernel.clock import Clock
from kernel.identifiers.subject import SubjectRef
from kernel.web.bound_forms import forms_are_for
from kernel.web.http import HttpRequest

SIGN_IN = "/sign-in"


class Errand(StrEnum):
    """What somebody came for; the name stands in the address of the sign-in page."""

    ACCOUNT = "account"
    ADMIN = "admin"
    CHANGE = "change"
    SECURITY = "security"


@dataclass(frozen=True, slots=True)
class Demand:
    """The level of assurance an errand needs, how fresh the sign-in must be, and where the errand's pages are."""

    below: str
    level: int | None
    """None: the strongest this account can, proofed or not."""
    fresh: timedelta | None = None


DEMANDS: Mapping[Errand, Demand] = {
    Errand.ACCOUNT: Demand("/account", 1),
    Errand.ADMIN: Demand("/admin", 3),
    Errand.CHANGE: Demand("/admin", 3, timedelta(minutes=15)),
    # SP 800-63B-4 §4.1.2: a new authenticator is bound only under a sign-in as strong as the account has.
    Errand.SECURITY: Demand("/account", None, timedelta(minutes=15)),
}


class SignInFirst(Exception):
    """The visitor has to sign in, or to prove more; ``location`` is the page where they can."""

    def __init__(self, errand: Errand, back: str) -> None:
        super().__init__("sign in first")
        self.location = f"{SIGN_IN}?{urlencode({'for': errand.value, 'next': back})}"


class OutOfReach(Exception):
    """This account cannot reach the level the errand needs."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """A signed-in person."""

    person: Account
    session: Session
    reference: SubjectRef | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Visitors:
    """Knows who is at the door."""

    presence: Presence
    clock: Clock

    def present(self, request: HttpRequest) -> Visitor | None:
        """The signed-in person of this browser, however well that is proven."""
        found = self.presence.known(request)
        return None if found is None else Visitor(*found)

    def required(self, request: HttpRequest, errand: Errand) -> Visitor:
        """The visitor, proven well enough for the errand; the page's forms are theirs.

        Raises SignInFirst, OutOfReach, Problem (form.of-another): a form that was shown to somebody else.
        """
        visitor = self.present(request)
        if visitor is None or self.missing(visitor, errand) is not None:
            query = f"?{request.query}" if request.method == "GET" and request.query else ""
            raise SignInFirst(errand, request.path + query)
        forms_are_for(visitor.person.id)
        return visitor

    def missing(self, visitor: Visitor | None, errand: Errand) -> Asked | None:
        """What has to be shown next; None when the errand may begin. Raises OutOfReach."""
        if visitor is None:
            return Asked(Proof.SIGN_IN)
        demand, person = DEMANDS[errand], visitor.person
        shown = visitor.session.authentication.since(self._oldest(demand))
        highest = assurance.attainable(person.assurance, person.authenticators | shown)
        if demand.level is not None and demand.level > highest:
            raise OutOfReach
        return still_asked(
            assurance.reached(person.authenticators) if demand.level is None else demand.level,
            resistant=self._resistant(person, demand),
            shown=shown,
            authenticators=person.authenticators,
        )

    def _resistant(self, person: Account, demand: Demand) -> bool:
        """Staff without a passkey get as far as setting one up."""
        can = bool(person.authenticators & assurance.PHISHING_RESISTANT)
        return self.presence.owes_passkey(person) and (can or demand.below != DEMANDS[Errand.ACCOUNT].below)

    def _oldest(self, demand: Demand) -> datetime:
        now = self.clock.now()
        return datetime.min.replace(tzinfo=now.tzinfo) if demand.fresh is None else now - demand.fresh
