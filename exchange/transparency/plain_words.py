"""A ledger entry about a person, in words that person can read: who, when, what, why, on which ground, with what
result.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from exchange import errors
from exchange.catalogue.registry import Registry
from exchange.catalogue.trying import TRIED
from exchange.certificates.answering import ANSWERED
from exchange.certificates.desk import LOOKED_UP
from exchange.certificates.lifecycle import STATUSES, Status
from exchange.certificates.transitions import CHANGED
from exchange.gateway.entries import (
    ANSWERS_GIVEN,
    ANSWERS_UNMATCHED,
    FAILURE,
    INTERRUPTED,
    NOTICE,
    NOTICE_DELAYED,
    REFUSAL,
    RELEASE,
    TOLD_FROM,
    WAITS,
)
from exchange.requirements.ladder import CAUSES, Cause
from exchange.responders.shown import SHOWN
from exchange.store.waiting import Wait
from exchange.transparency.facts_in_words import Sentence, field_labels, ground, name_of, named
from exchange.transparency.steps_in_words import CHALLENGES, CONSENTS, CORRECTIONS, RATINGS
from kernel.dates import CHINA
from kernel.ledger.usage import UsageEntry
from kernel.text import Text
from policies.corrections import events as corrections
from policies.corrections.events import Opener

_SELF = "self"


def entry_view(entry: UsageEntry, registry: Registry, receipt: str) -> dict[str, Any]:
    """An entry with its sentence.

    The case is named only where it is the person's own: an entry never leads to a relative.
    """
    members: Any = entry.members
    facts = members["facts"]
    said = SENTENCES[members["event"]](facts, registry)
    view = {
        "at": entry.at.isoformat(),
        "event": members["event"],
        "consumer": named(registry.organisations, facts.get("consumer")),
        "evidence_type": named(registry.evidence_types, facts.get("evidence_type")),
        "service_item": named(registry.service_items, facts.get("service_item")),
        "fields": [label.members() for label in field_labels(facts, registry)],
        "ground": ground(facts, registry).members(),
        "sentence": (Text(when(entry, "zh") + said.zh, when(entry, "en") + said.en)).members(),
        "index": entry.index,
        "receipt": receipt,
    }
    if members["event"] == corrections.CorrectionOpened.__name__ and facts.get("opener") == Opener.PERSON:
        view["correction"] = members["request"]
    return view | {"case": facts.get("case")} if facts.get("relation", _SELF) == _SELF else view


def is_told(entry: UsageEntry, now: datetime) -> bool:
    """Whether the person may read of it now: no statute puts that off any longer."""
    members: Any = entry.members
    since = members["facts"].get(TOLD_FROM)
    return since is None or now >= datetime.fromisoformat(since)


def when(entry: UsageEntry, language: str) -> str:
    """The time in China, as people write it."""
    at = entry.at.astimezone(CHINA)
    if language == "zh":
        return f"{at.year}年{at.month}月{at.day}日{at:%H:%M}，"
    return f"On {at:%Y-%m-%d at %H:%M}, "


_REFUSED = Text("被拒绝", "refused")
BY_THE_PERSON: Mapping[str, Text] = {
    errors.PREVIEW_DECLINED.code: Text("预览后选择不提供", "you looked at it and chose not to provide it"),
    errors.PREVIEW_DISPUTED.code: Text("预览后指出内容有误", "you looked at it and said that it is wrong"),
    errors.PREVIEW_NOT_CHOSEN.code: Text("已另选一项提供", "you chose to provide another item instead"),
}
"""What somebody answered to a preview."""


def _released(facts: Mapping[str, Any], registry: Registry) -> Text:
    asked = _asked(facts, registry)
    basis = ground(facts, registry)
    zh, en = ("经预览同意后", " after a look at it and agreement") if facts.get("previewed") else ("", "")
    if "consent" in facts:
        zh, en = "依您此前的同意", " on the consent you gave before"
    return Text(
        f"{asked.zh}。依据：{basis.zh}。结果：{zh}已提供。",
        f"{asked.en}. Ground: {basis.en}. Result: it was provided{en}.",
    )


def _refused(facts: Mapping[str, Any], registry: Registry) -> Text:
    asked = _asked(facts, registry)
    result = BY_THE_PERSON.get(str(facts.get("reason")), _REFUSED)
    if "instead" in facts:
        chosen = name_of(registry.organisations, facts["instead"], "provider")
        result = Text(f"您选择改由{chosen.zh}提供", f"you chose to have it provided by {chosen.en} instead")
    return Text(
        f"{asked.zh}。结果：{result.zh}，未提供任何内容。", f"{asked.en}. Result: {result.en}, nothing was provided."
    )


def _failed(facts: Mapping[str, Any], registry: Registry) -> Text:
    asked = _asked(facts, registry)
    late = facts.get("reason") == errors.WAITED_TOO_LONG.code
    zh, en = ("超过期限没有答复", "there was no answer in time") if late else ("未能取得", "it could not be obtained")
    if facts.get("reason") == errors.ANSWERS_EXHAUSTED.code:
        zh, en = "追问未能答上", "the further questions were not answered rightly"
    return Text(f"{asked.zh}。结果：{zh}，未提供任何内容。", f"{asked.en}. Result: {en}, nothing was provided.")


def _same_for_each(result: Text) -> Sentence:
    """The sentence of an item that waits, or was given up, the same for each."""

    def said(facts: Mapping[str, Any], registry: Registry) -> Text:
        asked = _asked(facts, registry)
        return Text(f"{asked.zh}。结果：{result.zh}", f"{asked.en}. Result: {result.en}")

    return said


def _attempt(zh: str, en: str) -> Sentence:
    """An attempt to answer further questions; what was answered is told to nobody."""

    def said(facts: Mapping[str, Any], registry: Registry) -> Text:
        provider, asked = name_of(registry.organisations, facts, "provider"), _asked(facts, registry)
        if facts.get("relayed"):
            through = name_of(registry.organisations, facts, "consumer")
            return Text(
                f"{asked.zh}。对{provider.zh}的追问经{through.zh}{zh}",
                f"{asked.en}. The further questions of {provider.en}, put by {through.en}, {en}",
            )
        times = facts["attempt"]
        return Text(
            f"{asked.zh}。对{provider.zh}的追问第 {times} 次{zh}",
            f"{asked.en}. The further questions of {provider.en} (attempt {times}) {en}",
        )

    return said


def _shown(facts: Mapping[str, Any], registry: Registry) -> Text:
    office, asked = name_of(registry.organisations, facts, "office"), _asked(facts, registry)
    return Text(
        f"{asked.zh}。为此，{office.zh}的一名工作人员查看了您的号码，以便查找登记。",
        f"{asked.en}. To look it up, an officer of {office.en} was shown your number.",
    )


def _noticed(facts: Mapping[str, Any], registry: Registry) -> Text:
    consumer, kind = (
        name_of(registry.organisations, facts, "consumer"),
        name_of(registry.evidence_types, facts, "evidence_type"),
    )
    zh, en = ("应急", " by emergency access") if "emergency" in facts else ("", "")
    return Text(
        f"特此告知：{consumer.zh}已{zh}取得您的{kind.zh}。",
        f"you are hereby told that {consumer.en} obtained your {kind.en}{en}.",
    )


def _noticed_late(facts: Mapping[str, Any], registry: Registry) -> Text:
    said, by = _noticed(facts, registry), facts["statute"]
    return Text(f"{said.zh}依据{by['zh']}，延迟告知。", f"{said.en} By {by['en']} you are told only now.")


def _changed(facts: Mapping[str, Any], registry: Registry) -> Text:
    provider = name_of(registry.organisations, facts, "provider")
    kind, status = name_of(registry.evidence_types, facts, "evidence_type"), STATUSES[Status(facts["status"])]
    why = facts.get("reason")
    zh, en = (f"理由：{why}。", f" Reason: {why}.") if why else ("", "")
    return Text(
        f"{provider.zh}登记：您的{kind.zh}现为“{status.zh}”。{zh}已告知曾依据它为您办事的部门。",
        f"{provider.en} recorded that your {kind.en} is now {status.en}.{en} Departments that relied on it are told.",
    )


def _looked_up(facts: Mapping[str, Any], registry: Registry) -> Text:
    provider = name_of(registry.organisations, facts, "provider")
    if not facts["known"]:
        return Text(
            f"{provider.zh}的一名工作人员按您的号码查找一份证照的状态。结果：没有记录。",
            f"an officer of {provider.en} looked for a certificate of yours by your number. Result: none is on record.",
        )
    kind = name_of(registry.evidence_types, facts, "evidence_type")
    return Text(
        f"{provider.zh}的一名工作人员查看了您的{kind.zh}现在的状态和登记过的变更。",
        f"an officer of {provider.en} looked at how your {kind.en} stands and what was recorded of it.",
    )


def _answered(facts: Mapping[str, Any], registry: Registry) -> Text:
    consumer, item = (
        name_of(registry.organisations, facts, "consumer"),
        name_of(registry.service_items, facts, "service_item"),
    )
    kind, basis = name_of(registry.evidence_types, facts, "evidence_type"), ground(facts, registry)
    result = Text("已答复", "it was answered") if facts["known"] else Text("没有记录", "none is on record")
    return Text(
        f"{consumer.zh}为办理“{item.zh}”，查询您的{kind.zh}是否有效。依据：{basis.zh}。结果：{result.zh}。",
        f"{consumer.en} asked how your {kind.en} stands, to handle “{item.en}”. Ground: {basis.en}. "
        f"Result: {result.en}.",
    )


def _tried(facts: Mapping[str, Any], registry: Registry) -> Text:
    kind = name_of(registry.evidence_types, facts, "evidence_type")
    return Text(
        f"平台运维人员为试用{kind.zh}的数据来源，用您的号码查询了一次；看到的内容已遮盖，未提供给任何部门。",
        f"an operator of the exchange looked you up by your number, to try the source of {kind.en}; "
        "what they saw was masked, and nothing was provided to any department.",
    )


def _asked(facts: Mapping[str, Any], registry: Registry) -> Text:
    consumer = name_of(registry.organisations, facts, "consumer")
    kind = name_of(registry.evidence_types, facts, "evidence_type")
    item = name_of(registry.service_items, facts, "service_item")
    labels = field_labels(facts, registry)
    how = Text("应急", " by emergency access") if "emergency" in facts else Text("", "")
    over = _chosen_over(facts, registry)
    zh, en = "、".join(label.zh for label in labels), ", ".join(label.en for label in labels)
    return Text(
        f"{consumer.zh}为办理“{item.zh}”，请求{how.zh}查询您的{kind.zh}（{zh}）{over.zh}",
        f"{consumer.en} asked{how.en} for your {kind.en} ({en}) to handle “{item.en}”{over.en}",
    )


def _chosen_over(facts: Mapping[str, Any], registry: Registry) -> Text:
    """Which other evidence would have done, whose it is, and why it was not asked for."""
    zh = en = ""
    for one in facts.get("chosen_over", ()):
        provider, kind = (
            name_of(registry.organisations, one, "provider"),
            name_of(registry.evidence_types, one, "evidence_type"),
        )
        cause = CAUSES[Cause(one["cause"])] if one["cause"] in CAUSES else _UNSEEN
        zh += f"，而没有查询{provider.zh}的{kind.zh}（{cause.zh}）"
        en += f", and not for your {kind.en} at {provider.en} ({cause.en})"
    return Text(zh, en)


_UNSEEN = Text("所说的原因平台没有看到", "for a cause that the exchange did not see")


SENTENCES: Mapping[str, Sentence] = {
    RELEASE: _released,
    REFUSAL: _refused,
    FAILURE: _failed,
    INTERRUPTED: _same_for_each(Text("查询中断，未提供任何内容。", "it was interrupted, nothing was provided.")),
    SHOWN: _shown,
    NOTICE: _noticed,
    NOTICE_DELAYED: _noticed_late,
    CHANGED: _changed,
    LOOKED_UP: _looked_up,
    ANSWERED: _answered,
    TRIED: _tried,
    WAITS[Wait.PERSON]: _same_for_each(
        Text(
            "等待该部门工作人员答复，尚未提供任何内容。",
            "somebody at the department will answer; nothing was provided yet.",
        )
    ),
    WAITS[Wait.PREVIEW]: _same_for_each(
        Text(
            "等待预览确认，尚未提供任何内容。",
            "it waits for a look at what would be provided; nothing was provided yet.",
        )
    ),
    WAITS[Wait.FURTHER]: _same_for_each(
        Text(
            "提供部门须您先回答几个问题，尚未提供任何内容。",
            "its department has further questions to you first; nothing was provided yet.",
        )
    ),
    ANSWERS_GIVEN: _attempt("作了回答；回答没有保存。", "were answered; the answers are not kept."),
    ANSWERS_UNMATCHED: _attempt(
        "的回答没有查到唯一一条记录，未提供任何内容。",
        "were answered in a way that leads to no single record; nothing was provided.",
    ),
    WAITS[Wait.SOURCE]: _same_for_each(
        Text("稍后取得，尚未提供任何内容。", "it will be fetched later; nothing was provided yet.")
    ),
    **CORRECTIONS,
    **RATINGS,
    **CHALLENGES,
    **CONSENTS,
}


TOLD = frozenset(SENTENCES)
"""The entries that mean something to the person they are about."""
