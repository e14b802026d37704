"""The offices of cases: opened, asked what they require, closed and counted; consents within them; locks on systems."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from exchange.access import Access
from exchange.cases.locks import Locks
from exchange.cases.opening import Cases
from exchange.cases.trace import Trace
from exchange.cases.uploads import Uploads
from exchange.consents.asking import ConsentRequests
from exchange.consents.department_desk import DepartmentConsents
from exchange.consents.desk import ConsentDesk
from exchange.consents.receipt import Receipts
from exchange.in_force.snapshot import Snapshot
from exchange.outside import Outside
from exchange.requirements.counting import Counts, Guard
from exchange.requirements.desk import RequirementDesk
from exchange.requirements.reminding import Reminding
from kernel.lease import Lease


@dataclass(frozen=True)
class CaseOffices:
    """Cases, their requirements, consents given in them, and who looked people up in them."""

    cases: Cases
    uploads: Uploads
    requirements: RequirementDesk
    reminding: Reminding
    upload_counts: Counts
    locks: Locks
    trace: Trace
    consent_requests: ConsentRequests
    consents: ConsentDesk
    department_consents: DepartmentConsents


def open_case_offices(outside: Outside, access: Access, policy: Lease[Snapshot]) -> CaseOffices:
    """Put them together; one guard counts what was demanded of people, whichever office sees it."""
    settings, ledger, clock, entropy = outside.settings, outside.ledger, outside.clock, outside.entropy
    guard = Guard(outside.metrics)
    answered_within = timedelta(days=settings.waiting_consent_days)
    return CaseOffices(
        cases=Cases(access, ledger, clock, entropy, guard),
        uploads=Uploads(access, clock),
        requirements=RequirementDesk(access, ledger, clock, entropy, guard),
        reminding=Reminding(outside.database, ledger, policy, clock),
        upload_counts=Counts(access, clock),
        locks=Locks(access, ledger, clock),
        trace=Trace(access, clock),
        consent_requests=ConsentRequests(access, ledger, clock, entropy, answered_within),
        consents=ConsentDesk(access, ledger, clock, Receipts(settings.origin, outside.keys.signing)),
        department_consents=DepartmentConsents(access, clock),
    )
