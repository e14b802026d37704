"""What a post says: that something waits, how much, and where to look. Neither a person nor a matter stands in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from exchange.forwarding.links import Links
from exchange.messages.words import TITLES, URGENT, Kind
from exchange.store.forwardings import DIGEST, PROOF, Forwarding, Post
from kernel.canonical import JSON
from kernel.mail import Mail
from kernel.text import Text
from policies.forwarding import Language
from policies.roles import WORDS

EVENT = "cn.gov.tongban.office"
_INBOX = "/console/messages"


@dataclass(frozen=True, slots=True)
class Contents:
    """Of a post: its messages, each with its kind and time."""

    messages: Sequence[tuple[str, str, datetime]] = ()

    def counted(self) -> Mapping[Kind, int]:
        """How many of each kind, in the order of kinds."""
        kinds = [kind for _, kind, _ in self.messages]
        return {kind: kinds.count(kind) for kind in Kind if kind in kinds}


def as_mail(one: Forwarding, address: str, post: Post, contents: Contents, links: Links) -> Mail:
    """The mail."""
    subject, paragraphs = _proof(one, post, links) if post.kind == PROOF else _told(one, post, contents, links)
    body = "\n\n".join(_in(one.language, paragraph) for paragraph in paragraphs) + "\n"
    return Mail(post.id, address, _in(one.language, subject, " / "), body, (("Auto-Submitted", "auto-generated"),))


def as_event(one: Forwarding, post: Post, contents: Contents, links: Links) -> dict[str, JSON]:
    """The same for a webhook: a CloudEvent (1.0, structured JSON)."""
    data: dict[str, JSON] = {"organisation": one.organisation, "role": one.role.value}
    if post.kind == PROOF:
        data["prove"] = links.to_prove(one.id, post.id)
    else:
        told: list[JSON] = [
            {"id": message, "kind": kind, "at": at.isoformat()} for message, kind, at in contents.messages
        ]
        data |= {"messages": told, "inbox": f"{links.origin}{_INBOX}"}
    return {
        "specversion": "1.0",
        "id": post.id,
        "source": links.origin,
        "type": f"{EVENT}.{post.kind}.v1",
        "time": post.made_at.isoformat(),
        "datacontenttype": "application/json",
        "data": data,
    }


def _proof(one: Forwarding, post: Post, links: Links) -> tuple[Text, list[Text]]:
    office, link = WORDS[one.role], links.to_prove(one.id, post.id)
    return Text("通办：请确认消息接收地址", "Tongban: confirm this address for messages"), [
        Text(
            f"有人把这个地址登记为“{office.zh}”职务的消息接收地址。如属实，请在 48 小时内打开下面的链接确认：",
            f"Somebody entered this address for messages to the office of {office.en}. If that is right, confirm it"
            " within 48 hours by this link:",
        ),
        Text(link, link),
        Text(
            "如非本单位所为，不必理会，不会再收到邮件。",
            "If it was not your office, ignore this: no other mail follows.",
        ),
    ]


def _told(one: Forwarding, post: Post, contents: Contents, links: Links) -> tuple[Text, list[Text]]:
    office, inbox, counted = WORDS[one.role], f"{links.origin}{_INBOX}", contents.counted()
    lines = [(TITLES[kind], number) for kind, number in counted.items()]
    listed = Text(
        "\n".join(f"· {title.zh}（{number}）" for title, number in lines),
        "\n".join(f"- {title.en} ({number})" for title, number in lines),
    )
    stop = links.to_unsubscribe(one.id)
    return _headed(counted, digest=post.kind == DIGEST), [
        Text(f"“{office.zh}”职务有新消息：", f"New messages for the office of {office.en}:"),
        listed,
        Text(f"请登录查看：{inbox}", f"Sign in to read them: {inbox}"),
        Text(
            f"不再接收非紧急消息：{stop}（时限、应急取用和暂停的消息仍会送达）",
            f"To stop what is not urgent: {stop} (time limits, emergencies and suspensions are still sent)",
        ),
    ]


def _headed(counted: Mapping[Kind, int], *, digest: bool) -> Text:
    """How many messages, and how many are urgent: that something comes at once may be as its office wants it."""
    count, urgent = sum(counted.values()), sum(number for kind, number in counted.items() if kind in URGENT)
    zh = f"通办：{'今日汇总' if digest else '有新消息'} {count} 条" + (f"，其中紧急 {urgent} 条" if urgent else "")
    en = f"Tongban: {count} {'message' if count == 1 else 'messages'}" + (f", {urgent} urgent" if urgent else "")
    return Text(zh, f"{en}, daily digest" if digest else en)


def _in(language: Language, words: Text, between: str = "\n") -> str:
    if language is Language.BOTH and words.zh != words.en:
        return f"{words.zh}{between}{words.en}"
    return words.en if language is Language.EN else words.zh
