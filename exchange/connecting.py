"""What operators do with connectors from the terminal: see them, try one, ask how they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connectors.adapters import Adapter
from connectors.base import Query
from connectors.errors import SourceProblem
from connectors.further import Further, UnusableAnswers
from connectors.registry import build, findings
from connectors.trial import attempt
from exchange.app import source_secret
from exchange.catalogue.model import EvidenceType
from exchange.catalogue.reading import Document
from exchange.catalogue.record_schema import compile_record
from exchange.catalogue.trying import report
from kernel.clock import Clock
from kernel.identifiers.subject import SubjectRef
from kernel.manifests import Finding
from kernel.settings import ExchangeSettings

_PATIENCE = 15.0
"""Seconds that an operator waits for a source that has to fetch or read something before it can be asked."""


@dataclass(frozen=True)
class Connecting:
    """The connectors of one installation. ``documents``: connector manifests by name."""

    settings: ExchangeSettings
    adapters: Mapping[str, Adapter]
    documents: Mapping[str, Document]
    kinds: Mapping[str, EvidenceType]
    clock: Clock

    def listed(self) -> list[dict[str, Any]]:
        """Every connector: what it supplies, how it is asked, and whether this installation can use it."""
        return [self._line(document) for document in self.documents.values()]

    def findings(self, document: Document) -> list[Finding]:
        """What is wrong with a manifest, as far as it shows without opening its source."""
        return findings(document, self.adapters)

    def health(self, name: str) -> dict[str, Any]:
        """Probe one source now. Both "there is a record" and "there is none" are answers of a source that works.

        One that answers from a copy while what it is made from cannot be looked at does not: ``as_of`` says how old
        the copy is, ``since`` since when.
        """
        document = self.documents[name]
        line: dict[str, Any] = {"name": name, "evidence_type": document["spec"]["evidence_type"]}
        line |= {"as_of": None, "since": None}
        try:
            with build(document, **self._means()) as source:
                source.prepare(_PATIENCE)
                began = self.clock.monotonic()
                found, standing = source.probe(), source.standing
        except SourceProblem as problem:
            return line | {"ok": False, "code": problem.kind.code, "reason": problem.reason, "seconds": None}
        took = round(self.clock.monotonic() - began, 4)
        if standing is not None:
            line |= {"as_of": _instant(standing.as_of), "since": _instant(standing.since)}
            if standing.trouble:
                code, _, reason = standing.trouble.partition(" ")
                return line | {"ok": False, "code": code, "reason": reason, "seconds": took}
        return line | {"ok": True, "code": str(found), "reason": "", "seconds": took}

    def attempt(self, document: Document, subject: SubjectRef, answers: Mapping[str, str]) -> dict[str, Any]:
        """Look somebody up, step by step; whoever is real has been recorded before.

        ``answers``: to the source's further questions; none asks as it is asked before they are answered.
        Raises SourceMisconfigured, UnusableAnswers.
        """
        told = _told(document, answers)
        kind = self.kinds.get(document["spec"]["evidence_type"])
        trial = attempt(document, Query(subject, told, 60.0), **self._means())
        return report(trial, subject, kind, compile_record(kind.schema) if kind else None)

    def _means(self) -> dict[str, Any]:
        return {
            "secrets": source_secret(self.settings),
            "roots": self.settings.connector_roots,
            "clock": self.clock,
            "adapters": self.adapters,
            "cache": self.settings.connector_cache,
            "recorded_codes": frozenset(self.settings.recorded_credit_codes),
        }

    def _line(self, document: Document) -> dict[str, Any]:
        spec = document["spec"]
        return {
            "name": document["metadata"]["name"],
            "evidence_type": spec["evidence_type"],
            "adapter": spec["adapter"],
            "trust_grade": spec["trust_grade"],
            "usable": not self.findings(document),
        }


def _instant(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="seconds")


def _told(document: Document, answers: Mapping[str, str]) -> Mapping[str, str]:
    """The answers as the source is told them. Raises UnusableAnswers."""
    if not answers:
        return {}
    spec = document["spec"]
    if "further" in spec:
        return Further.parse(spec["further"]).read(answers)
    relayed = spec.get("exchange", {}).get("relays", ())  # questions of another exchange, which reads them itself
    if unknown := answers.keys() - {*relayed}:
        raise UnusableAnswers(dict.fromkeys(sorted(unknown), "unknown"))
    return answers
