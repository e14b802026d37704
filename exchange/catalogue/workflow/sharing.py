"""Who may have data less guarded: the department whose they are, and not those who review an entry (ADR 0092)."""

from __future__ import annotations

from exchange.catalogue.model import UNCONDITIONAL, EvidenceType, Field, Shared
from exchange.catalogue.workflow.lifecycle import MATTER
from kernel.identifiers.masking import stronger
from kernel.text import Text
from policies.proceedings import NotAllowed
from policies.roles import Officer, Role


def its_provider_hands_in(before: EvidenceType | None, after: EvidenceType, actor: Officer) -> NotAllowed | None:
    """Why this officer may not hand in this text of an evidence type; None where nothing stands in the way.

    ``before`` is what is published; None where nothing is. What becomes unconditional leaves without its provider's
    signature from then on, what becomes less sensitive perhaps without the data-protection officer's, and by a lower
    level or a weaker mask grants give what none could. So an officer of the provider hands that in, and data governance
    reviews it: two of it would otherwise take seats away from panels.
    """
    if not (_shares_more(before, after) or (before is not None and _is_less_guarded(before, after))):
        return None
    if Role.PROVIDER_OFFICER in actor.roles and actor.organisation == (before or after).provider:
        return None
    return MATTER.refusal(
        "provider-hands-in",
        Text(
            "有内容将改为无条件共享，或级别、脱敏要求将降低：由提供部门经办人提交",
            "Something of it is to be shared unconditionally, or by a lower level or a weaker mask: an officer of its"
            " provider hands it in",
        ),
    )


def _shares_more(before: EvidenceType | None, after: EvidenceType) -> bool:
    known = Shared() if before is None else before.shared(UNCONDITIONAL)
    return not after.shared(UNCONDITIONAL).within(known)


def _is_less_guarded(before: EvidenceType, after: EvidenceType) -> bool:
    both = ((before.fields[name], field) for name, field in after.fields.items() if name in before.fields)
    return after.classification < before.classification or any(_is_less_so(old, new) for old, new in both)


def _is_less_so(old: Field, new: Field) -> bool:
    weaker = stronger(old.minimal_mask, new.minimal_mask) is not new.minimal_mask
    return new.sensitivity < old.sensitivity or weaker
