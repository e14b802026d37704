"""What a person was told and decided: entries for the ledger, and for the list the person can look at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from idp.consent.page import ConsentPage, asked_scopes
from idp.interaction.steps import SignedInPerson
from idp.model import scopes
from idp.model.authorization import AuthorizationRequest
from idp.model.client import Client
from idp.model.consent import Answer, Consent, Terms
from idp.model.session import Interaction
from idp.resource.labels import BasisKind, DetailLabel
from idp.tokens import lifetimes
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.entropy import Entropy
from kernel.ids import new_id
from kernel.ledger.event import Event
from kernel.text import Text

DECIDED = "consent"
"""The command in the entries of what people answer on the page, as administrators' entries name theirs."""
_PLAIN = "scope"
_CONSENT = Text("本人同意", "Your consent")


@dataclass(frozen=True, slots=True)
class Decision:
    """An answer to a consent page: its entries, and what stands in the person's list from now on."""

    events: tuple[Event, ...]
    consents: tuple[Consent, ...] = ()


@dataclass(frozen=True, slots=True)
class Decisions:
    """Writes down what was decided on a page."""

    clock: Clock
    entropy: Entropy

    def of(
        self, interaction: Interaction, client: Client, page: ConsentPage, present: SignedInPerson, allowed: bool,
        redeemed_by: datetime,
    ) -> Decision:  # fmt: skip
        """Entries ConsentGiven, ConsentWithheld or NoticeShown; what was declined is in no list.

        ``redeemed_by``: when nobody can be given tokens for it any more.
        """
        asked = asked_scopes(interaction.request, present.remembered)
        events = tuple(_events(interaction.id, interaction.request, client, page, asked, allowed, present))
        return Decision(events, tuple(self._consents(client, page, asked, present, redeemed_by)) if allowed else ())

    def _consents(
        self, client: Client, page: ConsentPage, asked: tuple[str, ...], present: SignedInPerson, redeemed_by: datetime
    ) -> Iterator[Consent]:
        now, person = self.clock.now(), present.person.id
        if asked:
            purpose = Text(f"登录并使用“{client.name.zh}”", f"Sign in to “{client.name.en}” and use it")
            terms = Terms(purpose, _CONSENT, page.scopes)
            yield Consent(self._id(), person, client.id, Answer.CONSENT, asked, terms, now, page.until)
        evidence_until = redeemed_by + lifetimes.PURPOSE_BOUND_TOKEN  # for this one case: until the only token ends
        for label in page.details:
            answer = Answer.NOTICE if label.basis_kind is BasisKind.STATUTORY else Answer.CONSENT
            terms = Terms(label.service, label.citation, tuple(_covered(label)))
            yield Consent(self._id(), person, client.id, answer, (), terms, now, evidence_until)

    def _id(self) -> str:
        return new_id("cns", self.clock, self.entropy)


def _events(
    interaction: str, request: AuthorizationRequest, client: Client, page: ConsentPage,
    asked: tuple[str, ...], allowed: bool, present: SignedInPerson,
) -> Iterator[Event]:  # fmt: skip
    who: dict[str, JSON] = {
        "client": client.id,
        "organisation": client.organisation,
        "allowed": allowed,
        "actor": present.person.id,
        "command": DECIDED,
    }
    if asked:
        facts = who | {"scope": scopes.text(asked)} | _claims(request)
        yield Event(_name(None, allowed), interaction, _PLAIN, facts, present.reference)
    for number, (detail, label) in enumerate(zip(request.details, page.details, strict=True)):
        facts = who | {"detail": detail.to_json()}
        yield Event(_name(label.basis_kind, allowed), interaction, f"detail-{number}", facts, present.reference)


def _claims(request: AuthorizationRequest) -> dict[str, JSON]:
    return {"claims": request.claims.to_json()} if request.claims.scopes else {}


def _name(basis: BasisKind | None, allowed: bool) -> str:
    """A statutory use is announced, not consented to; whether the person went on stands in the facts."""
    if basis is BasisKind.STATUTORY:
        return "NoticeShown"
    return "ConsentGiven" if allowed else "ConsentWithheld"


def _covered(label: DetailLabel) -> Iterator[Text]:
    """``Household register: name, address``."""
    for evidence in label.evidence:
        parts = (*evidence.fields, *evidence.questions)
        zh, en = "、".join(part.zh for part in parts), ", ".join(part.en for part in parts)
        yield Text(f"{evidence.name.zh}：{zh}", f"{evidence.name.en}: {en}")
