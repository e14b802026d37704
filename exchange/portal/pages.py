"""Every address of the citizens' pages."""

from __future__ import annotations

from dataclasses import dataclass

from exchange.portal.challenge import ChallengePages
from exchange.portal.consents import ConsentPages
from exchange.portal.further import FurtherPages
from exchange.portal.previews import PreviewPages
from exchange.portal.rating import OwnCasePages
from exchange.portal.usage import UsagePages
from exchange.portal.withdrawn import WithdrawnPages
from exchange.portal.wrong import WrongPages
from kernel.web.routes import Route


@dataclass(frozen=True)
class Portal:
    """The citizens' pages."""

    previews: PreviewPages
    further: FurtherPages
    wrong: WrongPages
    usage: UsagePages
    consents: ConsentPages
    withdrawn: WithdrawnPages
    challenge: ChallengePages
    cases: OwnCasePages

    def routes(self) -> tuple[Route, ...]:
        """Their addresses."""
        log = (self.usage, self.wrong, self.withdrawn, self.challenge)
        pages = (self.previews, self.further, self.consents, *log, self.cases)
        return tuple(route for each in pages for route in each.routes())
