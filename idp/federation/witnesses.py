"""The upstream providers of this installation: where to send somebody, and what came back with them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from idp.federation.alarm import CredentialsAlarm
from idp.federation.answer import Answers, Return
from idp.federation.published import Published
from idp.federation.visits import Traveller, Visits
from idp.model.upstream import Statement, Upstream
from kernel.clock import Clock
from kernel.entropy import Entropy
from kernel.jose import SigningKey


class UnknownUpstream(Exception):
    """No provider of this name is configured."""


class VisitUnknown(Exception):
    """The state is nobody's, somebody else's, used already or too old."""


@dataclass(frozen=True, slots=True)
class Witnesses:
    """``redirect_uri`` gives the address at which a provider's answers arrive, for each another (mix-up)."""

    answers: Mapping[str, Answers]
    visits: Visits
    redirect_uri: Callable[[str], str]

    @classmethod
    def of(
        cls,
        upstreams: Iterable[Upstream],
        visits: Visits,
        alarm: CredentialsAlarm,
        redirect_uri: Callable[[str], str],
        signing: Callable[[], SigningKey],
        clock: Clock,
        entropy: Entropy,
    ) -> Witnesses:
        """One reader of answers for each provider."""
        made = {each.name: Answers(Published(each, clock), alarm, signing, clock, entropy) for each in upstreams}
        return cls(made, visits, redirect_uri)

    def offered(self) -> list[Upstream]:
        """The providers, in the operator's order."""
        return [each.published.upstream for each in self.answers.values()]

    def begin(self, name: str, who: Traveller) -> str:
        """Where to send somebody. Raises UnknownUpstream, UpstreamSilent."""
        published = self._of(name).published
        address = published.metadata().authorization
        return self.visits.begin(who, published.upstream, address, self.redirect_uri(name))

    def back(self, name: str, who: Traveller, parameters: Mapping[str, str]) -> Statement:
        """What the provider says of who came back.

        Raises UnknownUpstream, VisitUnknown, UpstreamRefused, AnswerUnsound, WorthNothing, UpstreamSilent,
        CredentialsRefused.
        """
        answers, state = self._of(name), parameters.get("state", "")
        began = self.visits.take(state, who, name)
        if began is None:
            raise VisitUnknown
        verifier, nonce = self.visits.verifier(state), self.visits.nonce(state)
        return answers.statement(Return(parameters, nonce, verifier, self.redirect_uri(name), began))

    def _of(self, name: str) -> Answers:
        found = self.answers.get(name)
        if found is None:
            raise UnknownUpstream
        return found
