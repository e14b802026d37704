"""Every address of the citizens' pages."""

from __future__ import annotations

from dataclasses import dataclass

from exchange.portal.previews import PreviewPages
from exchange.portal.usage import UsagePages
from exchange.portal.wrong import WrongPages
from kernel.web.routes import Route


@dataclass(frozen=True)
class Portal:
    """The citizens' pages."""

    previews: PreviewPages
    wrong: WrongPages
    usage: UsagePages

    def routes(self) -> tuple[Route, ...]:
        """Their addresses."""
        return (*self.previews.routes(), *self.wrong.routes(), *self.usage.routes())
