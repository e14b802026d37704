"""What a signal is: a kind of change, what caused it, and for whom it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from kernel.canonical import JSON
from kernel.text import Text


class Kind(StrEnum):
    """What may change; the value is the CloudEvents ``type``."""

    REQUEST_SETTLED = "tongban.evidence-request.settled"
    CONSENT_ANSWERED = "tongban.consent.answered"
    PAPER_DUE = "tongban.deferred-paper.due"
    CERTIFICATE_CHANGED = "tongban.certificate.changed"
    EVIDENCE_CORRECTED = "tongban.evidence.corrected"
    EVIDENCE_UNDISPUTED = "tongban.evidence.undisputed"
    RETURN_FLOW_READY = "tongban.return-flow.file-ready"
    RETURN_FLOW_CORRECTED = "tongban.return-flow.record-corrected"

    @property
    def about_evidence(self) -> bool:
        """Whether it is told to those who rely on evidence, as against the one system it concerns."""
        return self in _ABOUT_EVIDENCE

    @property
    def in_bulk(self) -> bool:
        """Whether it is about a record that leaves in bulk, under a grant that says so."""
        return self is Kind.RETURN_FLOW_CORRECTED


_ABOUT_EVIDENCE = frozenset({Kind.CERTIFICATE_CHANGED, Kind.EVIDENCE_CORRECTED, Kind.EVIDENCE_UNDISPUTED})

KINDS: Mapping[Kind, Text] = {
    Kind.REQUEST_SETTLED: Text("材料请求已办结", "a request for evidence is settled"),
    Kind.CONSENT_ANSWERED: Text("同意已有答复，或已撤回、终止", "a consent was answered, taken back, or ended"),
    Kind.PAPER_DUE: Text("容缺材料临近期限或已逾期", "a paper that may follow later is due soon, or overdue"),
    Kind.CERTIFICATE_CHANGED: Text("电子证照状态已变更", "the status of a certificate changed"),
    Kind.EVIDENCE_CORRECTED: Text("材料已更正", "evidence was corrected"),
    Kind.EVIDENCE_UNDISPUTED: Text(
        "材料的校核未采纳或已撤回，不再有争议", "evidence is disputed no longer, and unchanged"
    ),
    Kind.RETURN_FLOW_READY: Text("数据回流文件可取", "a file of a return flow can be fetched"),
    Kind.RETURN_FLOW_CORRECTED: Text("数据回流中的一条记录已更正", "a record of a return flow was corrected"),
}
"""In words."""


@dataclass(frozen=True, slots=True)
class Signal:
    """Something that changed: for one ``system``, or (where that is empty) for all who rely on the evidence.

    ``cause`` names the change for ever (a ledger entry, a revision): the same cause is told once. ``subject`` is whom
    it is about, by blind index. ``data`` holds keys only, never a value of a record and nothing of a person. Build one
    with ``to_system`` or ``to_reliers``.
    """

    kind: Kind
    cause: str
    at: datetime
    system: str = ""
    evidence_type: str = ""
    subject: bytes | None = field(default=None, repr=False)
    data: Mapping[str, JSON] = field(default_factory=dict)


def to_system(
    kind: Kind,
    system: str,
    *,
    cause: str,
    at: datetime,
    data: Mapping[str, JSON],
    subject: bytes | None = None,
    evidence_type: str = "",
) -> Signal:
    """A signal for one system, by its name in the catalogue: about something of its own, such as its request.

    Where it names an ``evidence_type``, it leaves only while the department holds a grant in force for that.
    """
    if kind.about_evidence or not system:
        raise ValueError("such a signal goes to those who rely on the evidence")
    return Signal(kind, cause, at, system=system, subject=subject, data=data, evidence_type=evidence_type)


def to_reliers(
    kind: Kind, evidence_type: str, subject: bytes, *, cause: str, at: datetime, changed: tuple[str, ...]
) -> Signal:
    """A signal for everybody who rests on this evidence about this subject (blind index); ``changed`` are names."""
    if not kind.about_evidence:
        raise ValueError("such a signal goes to one system")
    data: dict[str, JSON] = {"evidence_type": evidence_type, "changed": [*changed]}
    return Signal(kind, cause, at, evidence_type=evidence_type, subject=subject, data=data)
