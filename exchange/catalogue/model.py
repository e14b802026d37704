"""What the catalogue holds, parsed once into frozen values. Field and predicate names are the manifests' own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

from kernel.canonical import JSON
from kernel.identifiers.division import Extent
from kernel.identifiers.masking import Mask
from kernel.text import Text

SELF = "self"
"""The relation of a record's subject to the token's own person when they are the same."""

REPRESENTED = "represented-company"
"""The relation of a company to the person who acts for it by a mandate, and its role where that brought it in."""

REPRESENTATIVE = "representative"
"""The role of whoever came into a company's case by acting for it."""

APPLICANT = "applicant"
"""The role of a case's own person."""


PLACE = "division"
"""The circumstance that every service item has: the division (GB/T 2260) in which the matter lies."""


class Status(StrEnum):
    """Whether a system may act."""

    ACTIVE = "active"
    SUSPENDED = "suspended"


UPDATE_CYCLES: Mapping[str, Text] = {
    "real-time": Text("实时", "in real time"),
    "daily": Text("每日", "daily"),
    "weekly": Text("每周", "weekly"),
    "monthly": Text("每月", "monthly"),
    "quarterly": Text("每季度", "quarterly"),
    "yearly": Text("每年", "yearly"),
    "irregular": Text("不定期", "irregularly"),
}
"""How often a source is brought up to date, in words."""

YES_OR_NO: Mapping[str, Text] = {"yes": Text("是", "yes"), "no": Text("否", "no")}
"""The values of a circumstance that names none."""

CYCLE_LENGTHS: Mapping[str, timedelta] = {
    "daily": timedelta(days=1),
    "weekly": timedelta(days=7),
    "monthly": timedelta(days=28),
    "quarterly": timedelta(days=90),
    "yearly": timedelta(days=365),
}
"""How long data may be taken as they are; those brought up to date in real time or irregularly have no such time."""

UNCONDITIONAL, NOT_SHARED = "unconditional", "not_shared"
SHARE_TYPES: Mapping[str, Text] = {
    UNCONDITIONAL: Text("无条件共享", "unconditional"),
    "conditional": Text("有条件共享", "conditional"),
    NOT_SHARED: Text("不予共享", "not shared"),
}
"""Share types (Decree 809 of the State Council), in words, the least strict first."""

LEAST_SENSITIVE = 1


USUAL_PEOPLE = 200
"""How many people a system may look up within an hour where its manifest does not say."""


@dataclass(frozen=True, slots=True)
class Takeover:
    """From ``day`` on, ``extent`` (remainder or part) of an organisation's duties are the successor's."""

    successor: str
    extent: Extent
    day: date
    note: Text | None


@dataclass(frozen=True, slots=True)
class Organisation:
    """A department or public body, by its unified social credit code; ``division`` is a GB/T 2260 code.

    It exists from ``since`` up to, not including, ``until`` (None: open).
    """

    code: str
    name: Text
    division: str | None
    parent: str | None = None
    since: date | None = None
    until: date | None = None
    successors: tuple[Takeover, ...] = ()


@dataclass(frozen=True, slots=True)
class System:
    """A department's system: the principal of decisions, found by the issuer and client of a token.

    ``webhook`` is the address that events are pushed to; ``people_per_hour`` is how many it may look up while nobody is
    present and their cases do not progress. ``relays_questions``: whether further questions of a source are given to
    it, to be put to whom it asks about, and their answers taken from it (another exchange, which has that person before
    it).
    """

    name: str
    title: Text
    organisation: str
    issuer: str
    client_id: str
    status: Status
    sandbox: bool
    webhook: str | None = None
    people_per_hour: int = USUAL_PEOPLE
    relays_questions: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an evidence type.

    ``minimal_mask`` is the weakest form in which it ever leaves; sensitivity is 1 to 4; ``share_type`` is its own where
    it has one, otherwise that of its type.
    """

    name: str
    label: Text
    sensitivity: int
    minimal_mask: Mask
    share_type: str
    share_citation: Text | None


@dataclass(frozen=True, slots=True)
class PredicateRule:
    """A question an evidence type answers without its record, and the mapped fields it is answered from."""

    name: str
    fields: Mapping[str, str]
    valid_statuses: frozenset[str]


@dataclass(frozen=True, slots=True)
class Relation:
    """``field`` of a record holds the numbers (of ``scheme``) of those in ``relation`` to the record's subject."""

    relation: str
    field: str
    scheme: str


@dataclass(frozen=True, slots=True)
class Shared:
    """Fields and questions of an evidence type that are shared in one way."""

    fields: frozenset[str] = frozenset()
    predicates: frozenset[str] = frozenset()

    def within(self, other: Shared) -> bool:
        """Whether all of it is of the other, too."""
        return self.fields <= other.fields and self.predicates <= other.predicates


@dataclass(frozen=True, slots=True)
class EvidenceType:
    """A kind of evidence: whose it is, what its record looks like, and what may be asked of it.

    ``division_field`` holds the division a record belongs to; None where records belong to none.
    """

    code: str
    name: Text
    description: Text | None
    provider: str
    subject_scheme: str
    classification: int
    share_type: str
    share_citation: Text | None
    schema: Mapping[str, JSON]
    fields: Mapping[str, Field]
    predicates: Mapping[str, PredicateRule]
    relations: tuple[Relation, ...]
    division_field: str | None
    source_of_truth: str
    update_cycle: str | None
    sandbox: bool
    certificate: bool = False
    """Whether it is an e-certificate, and not data taken from a register."""
    certificate_identifier: str | None = None
    """The field that holds its identifier (GB/T 36904); None where its records say none."""

    @property
    def cycle(self) -> timedelta | None:
        """How long its data may be taken as they are; None where there is no such time."""
        return CYCLE_LENGTHS.get(self.update_cycle or "")

    def touched(self, fields: Iterable[str], predicates: Iterable[str] = ()) -> frozenset[str]:
        """The fields that tell something when these leave or are answered: those behind a question tell by its answer.

        What the catalogue does not know tells nothing here.
        """
        behind = (self.predicates[name].fields.values() for name in predicates if name in self.predicates)
        return frozenset(fields).union(*behind) & self.fields.keys()

    def share_type_of(self, fields: Iterable[str], predicates: Iterable[str] = ()) -> str:
        """The strictest share type of all that is touched; never less strict than its own."""
        found = {self.share_type, *(self.fields[name].share_type for name in self.touched(fields, predicates))}
        return max(found, key=[*SHARE_TYPES].index)

    def shared(self, how: str) -> Shared:
        """What of it is shared in this way: each field, and each question by the strictest field behind it."""
        return Shared(
            frozenset(name for name in self.fields if self.share_type_of((name,)) == how),
            frozenset(name for name in self.predicates if self.share_type_of((), (name,)) == how),
        )

    def sensitivity_of(self, fields: Iterable[str], predicates: Iterable[str] = ()) -> int:
        """The highest sensitivity of all that is touched."""
        touched = self.touched(fields, predicates)
        return max((self.fields[name].sensitivity for name in touched), default=LEAST_SENSITIVE)


def kept_apart(system: System, kind: EvidenceType) -> bool:
    """Whether this system never meets these data, whatever grants say: a grant names departments, and the sandbox and
    real data do not mix.
    """
    return system.sandbox != kind.sandbox


@dataclass(frozen=True, slots=True)
class LegalBasis:
    """A ground on which a service item may ask; ``kind`` is ``statutory`` or ``consent``."""

    code: str
    kind: str
    citation: Text


@dataclass(frozen=True, slots=True)
class Alternative:
    """One way to meet a requirement: an evidence type about whoever stands in ``relation`` to the applicant.

    ``also`` is what this way needs besides.
    """

    evidence_type: str
    relation: str
    fields: frozenset[str]
    predicates: frozenset[str]
    also: tuple[Alternative, ...] = ()

    @property
    def parts(self) -> tuple[Alternative, ...]:
        """All that this way needs together."""
        return (self, *self.also)


@dataclass(frozen=True, slots=True)
class Circumstance:
    """A fact about a case on which it depends what is required, and the values it may have, in words."""

    code: str
    name: Text
    values: Mapping[str, Text]


@dataclass(frozen=True, slots=True)
class Requirement:
    """A condition of a service item.

    ``uploads`` papers would be handed in for it, per subject of ``role``, without sharing. It applies where each
    circumstance of ``when`` has one of these values; ``not_needed`` is the ground on which it is no longer asked for.
    ``commitment``: a written one may stand in; ``deferral_days``: the matter may go on and it follows within these.
    """

    code: str
    name: Text
    uploads: int
    role: str
    met_by: tuple[Alternative, ...]
    when: Mapping[str, frozenset[str]] = field(default_factory=dict)
    not_needed: Text | None = None
    commitment: bool = False
    deferral_days: int | None = None


@dataclass(frozen=True, slots=True)
class ServiceItem:
    """What a person can apply for, the grounds it stands on and what it requires."""

    code: str
    name: Text
    description: Text | None
    organisation: str
    legal_bases: Mapping[str, LegalBasis]
    requirements: tuple[Requirement, ...]
    circumstances: Mapping[str, Circumstance] = field(default_factory=dict)
