"""What everything is made with."""

from __future__ import annotations

from dataclasses import dataclass

from idp.authentication.passwords import Passwords
from idp.clients.reach import Reach
from idp.proofing.business_register import EntityVerifier
from idp.proofing.verifier import Verifier
from idp.resource.metadata import Fetch
from kernel.clock import Clock
from kernel.database import Database
from kernel.entropy import Entropy
from kernel.keys import KeyRing
from kernel.ledger.log import Ledger
from kernel.metrics import Metrics
from kernel.settings import IdpSettings


@dataclass(frozen=True, slots=True)
class Tools:
    """The adapters of one provider. ``fetch`` reads the exchange's public metadata, ``reach`` calls clients.

    ``verifier`` knows who people are; None where the operator named no register;
    ``business`` knows who represents which entity.
    """

    settings: IdpSettings
    database: Database
    keys: KeyRing
    ledger: Ledger
    clock: Clock
    entropy: Entropy
    passwords: Passwords
    fetch: Fetch
    reach: Reach
    metrics: Metrics
    verifier: Verifier | None = None
    business: EntityVerifier | None = None
