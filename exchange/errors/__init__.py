"""The exchange's own problems (RFC 9457): stable codes, whose turn it is, and what to do now, in both languages.

One tree, a module for each thing that is refused (``cases``, ``consents`` …); every room says ``errors.CASE_CLOSED``,
whichever module that stands in. A code never changes: callers branch on it. What policies, sources and HTTP itself
refuse stands in ``policies.refusals``, ``connectors.errors`` and ``kernel.problems``.
"""

from __future__ import annotations

from exchange.errors.access_requests import *
from exchange.errors.campaigns import *
from exchange.errors.cases import *
from exchange.errors.catalogue import *
from exchange.errors.certificates import *
from exchange.errors.challenges import *
from exchange.errors.consents import *
from exchange.errors.corrections import *
from exchange.errors.emergency import *
from exchange.errors.events import *
from exchange.errors.evidence import *
from exchange.errors.evidence_requests import *
from exchange.errors.governance import *
from exchange.errors.messages import *
from exchange.errors.previews import *
from exchange.errors.ratings import *
from exchange.errors.requirements import *
from exchange.errors.responders import *
from exchange.errors.return_flow import *
from exchange.errors.systems import *
from exchange.errors.tokens import *
from exchange.errors.transparency import *
