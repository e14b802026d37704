"""The steps of corrections, ratings, challenges and consents, in words for whom they are about."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from exchange.catalogue.registry import Registry
from exchange.gateway.entries import CONSENT_USED_UP
from exchange.transparency.facts_in_words import Sentence, field_labels, name_of
from kernel.dates import date_text
from kernel.text import Text
from policies.challenges import events as challenges
from policies.corrections import events as corrections
from policies.ratings import events as ratings


def _correction(zh: str, en: str) -> Sentence:
    """A step of a correction: ``zh`` and ``en`` follow on the field and the record it is about."""

    def said(facts: Mapping[str, Any], registry: Registry) -> Text:
        kind = name_of(registry.evidence_types, facts, "evidence_type")
        label = field_labels(facts, registry)[0]
        reason = facts.get("reason")
        why = Text(f"说明：{reason}", f" Reason: {reason}") if reason else Text("", "")
        return Text(f"您的{kind.zh}“{label.zh}”{zh}{why.zh}", f"“{label.en}” of your {kind.en} {en}{why.en}")

    return said


def _late(step: Callable[[str, str], Sentence], zh: str, en: str) -> Sentence:
    """A step that nobody took: ``{used}`` stands for how many percent of the time for it are used up."""

    def said(facts: Mapping[str, Any], registry: Registry) -> Text:
        used = facts["percent"]
        return step(zh.format(used=used), en.format(used=used))(facts, registry)

    return said


CORRECTIONS: Mapping[str, Sentence] = {
    corrections.CorrectionOpened.__name__: _correction(
        "被提出校核，在答复前标为有异议。", "was said to be wrong; it is marked as disputed."
    ),
    corrections.CorrectionTaken.__name__: _correction(
        "的校核已由提供部门受理。", "is being checked by its department."
    ),
    corrections.CorrectionAccepted.__name__: _correction(
        "的校核已采纳，将予更正。", "was found wrong and will be corrected."
    ),
    corrections.CorrectionRejected.__name__: _correction(
        "的校核未被采纳。", "was found right: the correction is rejected."
    ),
    corrections.CorrectionWithdrawn.__name__: _correction(
        "的校核已由提出者撤回，不再标为有异议。", "is disputed no longer: who said that it was wrong took it back."
    ),
    corrections.CorrectionEscalated.__name__: _late(
        _correction,
        "的校核时限已用去 {used}%，已提醒提供部门并告知数据主管部门。",
        "is disputed still: {used} % of the time is used up; its department and data governance were told.",
    ),
    corrections.RecordCorrected.__name__: _correction(
        "已更正，收到过该记录的部门均已告知。", "was corrected; all who received it are told."
    ),
}
"""What becomes of a correction, step by step."""


def _rating(zh: str, en: str) -> Sentence:
    """A step of a rating: ``zh`` and ``en`` follow on the matter it is about."""

    def said(facts: Mapping[str, Any], registry: Registry) -> Text:
        item = name_of(registry.service_items, facts, "service_item")
        reason = facts.get("reason")
        why = Text(f"说明：{reason}", f" Reason: {reason}") if reason else Text("", "")
        return Text(f"您对“{item.zh}”的评价{zh}{why.zh}", f"your rating of “{item.en}” {en}{why.en}")

    return said


RATINGS: Mapping[str, Sentence] = {
    ratings.CaseRated.__name__: _rating("已收到。", "was received."),
    ratings.RatingConfirmed.__name__: _rating("已核实属实，将予整改。", "was found justified and will be put right."),
    ratings.RatingAppealed.__name__: _rating("有异议，待裁定。", "was objected to; data governance decides."),
    ratings.RatingExcluded.__name__: _rating("经裁定不计入。", "does not count, by decision of data governance."),
    ratings.RatingUpheld.__name__: _rating("经裁定计入，将予整改。", "counts and will be put right."),
    ratings.RatingRectified.__name__: _rating("所涉问题已整改。", "has led to a change: what was wrong is put right."),
    ratings.RatingEscalated.__name__: _late(
        _rating,
        "的整改时限已用去 {used}%，已提醒该部门并告知数据主管部门。",
        "waits to be put right: {used} % of the time is used up; the department and data governance were told.",
    ),
    ratings.RaterCalledBack.__name__: _rating("已回访。", "was followed up: you were called back."),
}
"""What becomes of a rating, step by step."""


def _challenge(zh: str, en: str) -> Sentence:
    """A step of a challenge: ``zh`` and ``en`` follow on whose use it was, of what and when."""

    def said(facts: Mapping[str, Any], registry: Registry) -> Text:
        whose, at = name_of(registry.organisations, facts, "consumer"), datetime.fromisoformat(facts["of"])
        kind, reason = name_of(registry.evidence_types, facts, "evidence_type"), facts.get("reason")
        why = Text(f"说明：{reason}", f" Reason: {reason}") if reason else Text("", "")
        return Text(
            f"您对{whose.zh}于{date_text(at, 'zh')}使用{kind.zh}提出的异议{zh}{why.zh}",
            f"your challenge of the use of your {kind.en} by {whose.en} on {date_text(at, 'en')} {en}{why.en}",
        )

    return said


CHALLENGES: Mapping[str, Sentence] = {
    challenges.UseChallenged.__name__: _challenge(
        "已送该部门的数据保护负责人。", "went to the data-protection officer of that department."
    ),
    challenges.ChallengeExplained.__name__: _challenge("已答复：使用正当。", "was answered: the use was in order."),
    challenges.ChallengeUpheld.__name__: _challenge(
        "已答复：异议成立，使用不当。", "was answered: you are right, the use was not in order."
    ),
    challenges.ChallengeEscalated.__name__: _late(
        _challenge,
        "的答复时限已用去 {used}%，已提醒该部门的数据保护负责人并告知数据主管部门。",
        "waits for its answer: {used} % of the time is used up; the data-protection officer and data governance were "
        "told.",
    ),
}
"""What becomes of a challenge, step by step."""


def _consent(zh: str, en: str) -> Sentence:
    """A step of a consent: ``zh`` and ``en`` follow on whom it is for and what it covers."""

    def said(facts: Mapping[str, Any], registry: Registry) -> Text:
        consumer, kind = (
            name_of(registry.organisations, facts, "consumer"),
            name_of(registry.evidence_types, facts, "evidence_type"),
        )
        item, labels = name_of(registry.service_items, facts, "service_item"), field_labels(facts, registry)
        named = Text("、".join(label.zh for label in labels), ", ".join(label.en for label in labels))
        by = _BY.get(str(facts.get("capacity", "")))
        said_zh, by_en = (zh, "") if by is None else (by.zh + zh.removeprefix("您"), by.en)
        return Text(
            f"{consumer.zh}为办理“{item.zh}”取得您的{kind.zh}（{named.zh}），{said_zh}",
            f"your consent that {consumer.en} obtains your {kind.en} ({named.en}) to handle “{item.en}” {en}{by_en}",
        )

    return said


_BY: Mapping[str, Text] = {"guardian": Text("您的监护人代您答复：", " Your guardian answered for you.")}
"""Who answered, where it was not the person. What acts for a company is in no person's log."""
CONSENTS: Mapping[str, Sentence] = {
    "ConsentRequested": _consent("征求您的同意。", "was asked for."),
    "ConsentGiven": _consent("您已同意。", "was given."),
    "ConsentDeclined": _consent("您未同意。", "was declined."),
    "ConsentWithdrawn": _consent("您已撤回同意。", "was taken back."),
    "ConsentEnded": _consent("作出同意者的授权已终止，同意随之终止。", "ended with the mandate by which it was given."),
    CONSENT_USED_UP: _consent("您的一次性同意已用完。", "was for one time and is used up."),
}
"""What becomes of a consent, step by step."""
