"""From a body to what is asked for: completed from the catalogue, checked by the schema and rules of grants.

A request that approval could never turn into a grant is refused when it is written, not weeks later.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from exchange.catalogue.grant_asked import asked_grant, still_known, unfit_request
from exchange.catalogue.grant_drafts import misfits
from exchange.catalogue.registry import Registry
from exchange.clocks.rules import Rules
from kernel.canonical import encode
from kernel.ledger.personal_data import holds_citizen_number
from kernel.problems import INVALID_BODY, Problem
from kernel.text import Text
from policies.clocks.profile import ShareType, Stage, profile_for
from policies.requests.commands import Found
from policies.requests.content import Circumstances, Content, InvalidContent
from policies.requests.document import assessment_from_json, content_to_json
from policies.requests.granting import grant_id

_NAMES_SOMEBODY = Text("申请中不能含有个人号码", "A request must not hold anybody's number")
_BAD_DATE = Text("影响评估的日期不正确", "The date of the assessment is not a day")


@dataclass(frozen=True)
class Asking:
    """Reads what is asked for against one picture of the catalogue and one set of rules."""

    registry: Registry
    rules: Rules

    def content(self, body: Mapping[str, Any], consumer: str, request: str, language: str) -> Content:
        """What a body asks for. Raises Problem (request.invalid) with the place and the reason."""
        for name in ("grant", "purpose"):
            if name not in body:
                raise unfit_request(((name,), Text("必填", "is required")), language=language)
        asked = {**body["grant"], "consumer": consumer}
        grant = asked_grant(self.registry, asked, name=grant_id(request), language=language)
        try:
            content = Content(
                grant=grant,
                purpose=body["purpose"],
                onward=body.get("onward", False),
                assessment=None if body.get("assessment") is None else assessment_from_json(body["assessment"]),
            )
        except InvalidContent as fault:
            raise Problem(INVALID_BODY, detail=fault.reason) from None
        except ValueError:
            raise Problem(INVALID_BODY, detail=_BAD_DATE) from None
        if holds_citizen_number(encode(content_to_json(content))):
            raise Problem(INVALID_BODY, detail=_NAMES_SOMEBODY)
        return content

    def still_fits(self, content: Content, language: str) -> None:
        """Whether the catalogue still has all that is asked for. Raises Problem (request.invalid)."""
        still_known(self.registry, content.grant, language)

    def found(self, content: Content, today: date) -> Found:
        """The circumstances of today, or in words what the catalogue no longer has or shares of what is asked for."""
        for trouble in misfits(self.registry, content.grant):
            return trouble.what
        return self.circumstances(content, today)

    def circumstances(self, content: Content, today: date) -> Circumstances:
        """What the catalogue and the service levels say today about what is asked for."""
        grant = content.grant
        kind = self.registry.evidence_types[grant.evidence_type]
        share_type = ShareType(kind.share_type_of(grant.fields, grant.predicates))
        published = grant.evidence_type in self.registry.connectors
        profile = profile_for(self.rules.profiles, grant.provider, today)
        days = {stage: profile.days(stage, share_type, published=published) for stage in Stage} if profile else {}
        return Circumstances(
            share_type=share_type,
            sensitivity=kind.sensitivity_of(grant.fields, grant.predicates),
            profile=profile.id if profile else "",
            clocks={stage: count for stage, count in days.items() if count is not None},
        )
