"""Trying what authors expect: every request is decided by both real engines over the whole set that would stand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from kernel.canonical import JSON
from kernel.text import Text
from policies.analysis.region import Region
from policies.analysis.sets import Grants
from policies.analysis.solver import NotProved
from policies.analysis.words import example, request_facts
from policies.decision import Permit
from policies.grants.expectations import Expectation, Verdict
from policies.grants.grant import Grant
from policies.grants.sentence import Name
from policies.grants.terms import BasisKind
from policies.guards import Guard
from policies.model import AccessRequest, Action, Consent, Opening, SystemPrincipal


@dataclass(frozen=True, slots=True)
class Trial:
    """One expectation of a grant, the request it stands for, and how that would be decided; None for: no agreement."""

    grant: str
    expect: Verdict
    request: AccessRequest
    decided: Verdict | None

    @property
    def holds(self) -> bool:
        """Whether it comes out as expected."""
        return self.decided is self.expect

    def text(self, name: Name) -> Text:
        """The request, what was expected and what would happen."""
        asked, decided = example(self.request, name), self.decided.text if self.decided else _UNDECIDED
        return Text(
            f"{self.grant} 的预期：{asked.zh}应{self.expect.text.zh}，实际{decided.zh}",
            f"{self.grant} expects: {asked.en} It should be {self.expect.text.en} and would be {decided.en}",
        )

    def document(self, name: Name) -> dict[str, JSON]:
        """As officers are shown it."""
        asked = example(self.request, name)
        return {
            "grant": self.grant,
            "text": {"zh": asked.zh, "en": asked.en},
            "expect": self.expect.value,
            "decided": None if self.decided is None else self.decided.value,
            "holds": self.holds,
            "request": request_facts(self.request),
        }


_UNDECIDED = Text("未能判定", "decided differently by the two engines")


def tried(
    grants: Iterable[Grant], standing: tuple[Grant, ...], region: Region, guards: tuple[Guard, ...], at: datetime
) -> tuple[Trial, ...]:
    """Every expectation of ``grants`` that lies in the region, over the set that would stand."""
    engines = Grants(standing, region, guards)
    return tuple(
        Trial(grant.ref, one.expect, request, _decided(engines, request))
        for grant in grants
        for one, request in _requests(grant, region, at)
    )


def _requests(grant: Grant, region: Region, at: datetime) -> Iterator[tuple[Expectation, AccessRequest]]:
    own = ((name, one) for name, one in region.registry.systems.items() if one.organisation == grant.consumer)
    name, system = next(own, ("", None))
    if system is None or grant.evidence_type not in region.asked:
        return
    principal = SystemPrincipal(name, grant.consumer, system.status)
    for one in grant.expectations:
        now = one.at or max(at, grant.valid_from)
        yield (
            one,
            AccessRequest(
                system=principal,
                action=Action.OBTAIN_EMERGENCY if grant.emergency else Action.of(one.fields),
                evidence_type=grant.evidence_type,
                provider=region.registry.evidence_types[grant.evidence_type].provider,
                fields=one.fields,
                predicates=one.predicates,
                service_item=one.service_item,
                legal_basis=one.legal_basis or grant.legal_basis,
                now=now,
                relation=one.relation,
                loa=one.loa,
                present=one.loa > 0,
                mandated=one.mandated,
                minor=one.minor,
                own_division=one.own_division,
                delivery=one.delivery,
                emergency=_opening(grant, now),
                consent=_consent(one, grant, now) if one.consented and grant.basis_kind is BasisKind.CONSENT else None,
            ),
        )


def _opening(grant: Grant, now: datetime) -> Opening | None:
    """Of a template: opened at that moment, as it would be in use."""
    if grant.emergency is None:
        return None
    return Opening(id="tried", template=grant.ref, opened=now, ends=now + timedelta(minutes=grant.emergency.minutes))


def _consent(one: Expectation, grant: Grant, now: datetime) -> Consent:
    """To exactly what is asked for, while it is asked for."""
    return Consent(
        service_item=one.service_item,
        consumer=grant.consumer,
        evidence_type=grant.evidence_type,
        fields=one.fields,
        predicates=one.predicates,
        not_before=now,
        not_after=now + timedelta(milliseconds=1),
        revoked=False,
    )


def _decided(engines: Grants, request: AccessRequest) -> Verdict | None:
    try:
        return Verdict.PERMIT if isinstance(engines.decide(request), Permit) else Verdict.DENY
    except NotProved:
        return None
