"""From a body to what is asked for: completed from the catalogue, checked by the schema and rules of grants.

A request that approval could never turn into a grant is refused when it is written, not weeks later.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from exchange.catalogue.consistency import check_grant
from exchange.catalogue.grant_drafts import grant_of
from exchange.catalogue.kinds import GRANT
from exchange.catalogue.manifests import schemas
from exchange.catalogue.reading import InvalidCatalogue
from exchange.catalogue.registry import Registry
from exchange.requests.rules import Rules
from kernel.canonical import JSON, encode
from kernel.ledger.personal_data import holds_citizen_number
from kernel.manifests import dotted, schema_findings
from kernel.problems import INVALID_BODY, Problem
from kernel.text import Text
from policies.clocks.profile import ShareType, Stage, profile_for
from policies.document import grant_to_json
from policies.grant import LONGEST_LIST
from policies.requests.content import Circumstances, Content, InvalidContent
from policies.requests.document import assessment_from_json, content_to_json
from policies.requests.granting import grant_id

_NAMES_SOMEBODY = Text("申请中不能含有个人号码", "A request must not hold anybody's number")
_BAD_DATE = Text("影响评估的日期不正确", "The date of the assessment is not a day")
_TOO_MANY = Text(f"每个清单最多 {LONGEST_LIST} 项", f"A list has at most {LONGEST_LIST} members")
_LEAST_SENSITIVE = 1
MOST_FINDINGS = 50


@dataclass(frozen=True)
class Asking:
    """Reads what is asked for against one picture of the catalogue and one set of rules."""

    registry: Registry
    rules: Rules

    def content(self, body: Mapping[str, Any], consumer: str, request: str, language: str) -> Content:
        """What a body asks for. Raises Problem (request.invalid) with the place and the reason."""
        for name in ("grant", "purpose"):
            if name not in body:
                raise _invalid(((name,), Text("必填", "is required")), language=language)
        # Before the schema: to find a repeated one among many thousands takes it seconds.
        if any(isinstance(value, list | dict) and len(value) > LONGEST_LIST for value in body["grant"].values()):
            raise Problem(INVALID_BODY, detail=_TOO_MANY)
        document = self._manifest(body["grant"], consumer, request)
        if found := schema_findings(document, schemas()[GRANT]):
            pairs = [(_place(one.where), one.message) for one in found]
            raise _invalid(*pairs, language=language)
        try:
            check_grant(self.registry, document)
            grant = grant_of(document)
            content = Content(
                grant=grant,
                purpose=body["purpose"],
                onward=body.get("onward", False),
                assessment=None if body.get("assessment") is None else assessment_from_json(body["assessment"]),
            )
        except InvalidCatalogue as fault:
            raise _invalid((_place(fault.where), fault.what), language=language) from None
        except InvalidContent as fault:
            raise Problem(INVALID_BODY, detail=fault.reason) from None
        except ValueError:
            raise Problem(INVALID_BODY, detail=_BAD_DATE) from None
        if holds_citizen_number(encode(content_to_json(content))):
            raise Problem(INVALID_BODY, detail=_NAMES_SOMEBODY)
        return content

    def still_fits(self, content: Content, language: str) -> None:
        """Whether the catalogue still has all that is asked for. Raises Problem (request.invalid)."""
        spec = {name: value for name, value in grant_to_json(content.grant).items() if name not in {"id", "version"}}
        document = {"kind": GRANT, "metadata": {"name": content.grant.id}, "spec": spec}
        try:
            check_grant(self.registry, document)
        except InvalidCatalogue as fault:
            raise _invalid((_place(fault.where), fault.what), language=language) from None

    def circumstances(self, content: Content, today: date) -> Circumstances:
        """What the catalogue and the service levels say today about what is asked for."""
        grant = content.grant
        kind = self.registry.evidence_types[grant.evidence_type]
        share_type, published = ShareType(kind.share_type), grant.evidence_type in self.registry.connectors
        profile = profile_for(self.rules.profiles, grant.provider, today)
        days = {stage: profile.days(stage, share_type, published=published) for stage in Stage} if profile else {}
        return Circumstances(
            share_type=share_type,
            sensitivity=max((kind.fields[name].sensitivity for name in grant.fields), default=_LEAST_SENSITIVE),
            profile=profile.id if profile else "",
            clocks={stage: count for stage, count in days.items() if count is not None},
        )

    def _manifest(self, asked: Mapping[str, Any], consumer: str, request: str) -> dict[str, Any]:
        spec = {**asked, "consumer": consumer}
        kind = self.registry.evidence_types.get(_code(asked.get("evidence_type")))
        if kind is not None:
            spec.setdefault("provider", kind.provider)
        items = asked.get("service_items")
        item = self.registry.service_items.get(_code(items[0])) if isinstance(items, list) and items else None
        basis = item.legal_bases.get(_code(asked.get("legal_basis"))) if item else None
        if basis is not None:
            spec.setdefault("basis_kind", basis.kind)
            spec.setdefault("statute", {"zh": basis.citation.zh, "en": basis.citation.en})
        return {"kind": GRANT, "metadata": {"name": grant_id(request)}, "spec": spec}


def _code(value: object) -> str:
    return value if isinstance(value, str) else ""


def _place(where: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """A place inside the manifest as the caller knows it: the manifest's spec is the member ``grant``."""
    return ("grant", *where[1:]) if where[:1] == ("spec",) else ("grant", *where)


def _invalid(*findings: tuple[tuple[str | int, ...], Text], language: str) -> Problem:
    errors: list[JSON] = [
        {"path": dotted(where), "code": "form", "message": what.in_(language)}
        for where, what in findings[:MOST_FINDINGS]
    ]
    return Problem(INVALID_BODY, members={"errors": errors})
