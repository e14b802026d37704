"""Who may let something be shared unconditionally: the department whose it is, and not those who review (ADR 0092)."""

from __future__ import annotations

from exchange.catalogue.model import UNCONDITIONAL, EvidenceType, Shared
from exchange.catalogue.workflow.lifecycle import MATTER
from kernel.text import Text
from policies.proceedings import NotAllowed
from policies.roles import Officer, Role


def its_provider_shares(before: EvidenceType | None, after: EvidenceType, actor: Officer) -> NotAllowed | None:
    """Why this officer may not hand in this text of an evidence type; None where nothing stands in the way.

    ``before`` is what is published; None where nothing is. What becomes unconditional leaves without its provider's
    signature from then on. So an officer of the provider hands that in, and data governance reviews it: two of the
    data office would otherwise take a seat away that is not theirs.
    """
    known = Shared() if before is None else before.shared(UNCONDITIONAL)
    provider = (before or after).provider
    if after.shared(UNCONDITIONAL).within(known):
        return None
    if Role.PROVIDER_OFFICER in actor.roles and actor.organisation == provider:
        return None
    return MATTER.refusal(
        "provider-shares",
        Text(
            "有内容将改为无条件共享：由提供部门经办人提交",
            "Something of it is to be shared unconditionally: an officer of its provider hands it in",
        ),
    )
