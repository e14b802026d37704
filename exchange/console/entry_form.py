"""The forms of catalogue entries whose manifests are short: departments, divisions, systems. The others are JSON.

They are made from the published schemas of the manifests; a field's name is the path inside the manifest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from exchange.catalogue.forms import KINDS
from exchange.catalogue.kinds import DIVISION, ORGANISATION, SYSTEM
from exchange.catalogue.manifests import schemas
from exchange.console.forms import Field
from exchange.console.schema_form import SchemaForm, Words
from kernel.text import Text
from kernel.web.pages import t

PREFIX = "spec."
NAME = "metadata.name"


@dataclass(frozen=True, slots=True)
class EntryForm:
    """The form of one kind of entry: the field of its name, and what else its manifest says."""

    kind: str
    name: Field
    spec: SchemaForm

    def fields(self, *, is_new: bool) -> tuple[Field, ...]:
        """The fields; the name of an entry never changes."""
        return (*((self.name,) if is_new else ()), *self.spec.fields())

    def manifest(self, typed: Mapping[str, str], name: str) -> dict[str, Any]:
        """What was typed, as a manifest."""
        return {"kind": self.kind, "metadata": {"name": name}, "spec": self.spec.read(typed)}

    def typed(self, manifest: Mapping[str, Any]) -> dict[str, str]:
        """What the form would have held for a manifest."""
        return {NAME: manifest["metadata"]["name"], **self.spec.typed(manifest["spec"])}

    def missing(self, typed: Mapping[str, str], *, is_new: bool) -> dict[str, str]:
        """What is said of the fields without which it means nothing, and that hold nothing."""
        unnamed = (NAME,) if is_new and not typed.get(NAME, "").strip() else ()
        return dict.fromkeys((*unnamed, *self.spec.missing(typed)), t("请填写", "has to be filled in"))


@cache
def entry_forms() -> Mapping[str, EntryForm]:
    """The forms by the kind as addresses name it, each made once."""
    return {shelf: _form(kind) for shelf, kind in KINDS.items() if kind in _NAMES}


def _form(kind: str) -> EntryForm:
    schema: Any = schemas()[kind]
    spec = SchemaForm(PREFIX, schema["properties"]["spec"], schema["$defs"], WORDS[kind], _CHOICES)
    return EntryForm(kind, Field(NAME, *_NAMES[kind]), spec)


TITLES: Mapping[str, Text] = {
    "organisations": Text("登记部门", "Register a department"),
    "systems": Text("登记业务系统", "Register a system"),
    "divisions": Text("登记行政区划", "Register a division"),
}
"""What the form of a new entry is called, by the kind as addresses name it."""

_ZH, _EN = Text("名称（中文）", "Name (Chinese)"), Text("名称（英文）", "Name (English)")
_DAY = Text("如 2026-12-01；可不填", "such as 2026-12-01; may be left out")
_BEGUN = (Text("自何日起存在", "Exists from"), _DAY)
_ENDED = (Text("自何日起不再存在", "No longer exists from"), _DAY)
_SUCCEEDED = (
    Text("由谁承接（撤并、拆分）", "Who took over (merger, split)"),
    Text(
        '可不填；JSON 列表，每项如 {"successor": "代码", "extent": "part", "day": "2026-12-01"}；extent：part 部分，'
        "remainder 其余全部",
        'may be left out; a JSON list of objects such as {"successor": "code", "extent": "part", "day": "2026-12-01"}; '
        "extent: part, or remainder for all the rest",
    ),
)
_DIVISION_CODE = Text("六位代码（GB/T 2260）；可不填", "six digits (GB/T 2260); may be left out")
_NAMES: Mapping[str, tuple[Text, Text]] = {
    ORGANISATION: (
        Text("统一社会信用代码", "Unified social credit code"),
        Text("18 位（GB 32100-2015），即部门的代码", "18 characters (GB 32100-2015); it is the department's code"),
    ),
    SYSTEM: (
        Text("系统编号", "Identifier of the system"),
        Text("小写字母、数字和连字符，以字母开头", "lower-case letters, digits and hyphens, a letter first"),
    ),
    DIVISION: (
        Text("登记编号", "Identifier of the division"),
        Text("一般为六位代码；代码重用过的另加后缀", "its six digits as a rule; a suffix where a code is used again"),
    ),
}
WORDS: Mapping[str, Words] = {
    ORGANISATION: {
        "name": {"zh": (_ZH, None), "en": (_EN, None)},
        "division": {"": (Text("所在行政区划", "Division"), _DIVISION_CODE)},
        "parent": {"": (Text("上级部门（代码）", "Department above it (code)"), Text("可不填", "may be left out"))},
        "since": {"": _BEGUN},
        "until": {"": _ENDED},
        "successors": {"": _SUCCEEDED},
    },
    SYSTEM: {
        "title": {"zh": (_ZH, None), "en": (_EN, None)},
        "organisation": {"": (Text("所属部门（代码）", "Department (code)"), None)},
        "issuer": {
            "": (
                Text("身份服务（issuer）", "Identity provider (issuer)"),
                Text("本平台只信任页面所填的这一个", "this exchange trusts the one that stands here, and no other"),
            )
        },
        "client_id": {
            "": (
                Text("客户端编号（client_id）", "Client identifier (client_id)"),
                Text("在身份服务登记客户端时得到的", "as the identity provider registered the client"),
            )
        },
        "sandbox": {
            "": (
                Text("是否沙箱系统", "Is it of the sandbox?"),
                Text("沙箱系统只能取得虚构的数据", "a system of the sandbox obtains invented data only"),
            )
        },
        "status": {"": (Text("状态", "Status"), Text("不选即可以使用", "left out: active"))},
        "webhook": {
            "": (
                Text("事件推送地址", "Address that events are pushed to"),
                Text("https 地址；可不填", "an https address; may be left out"),
            )
        },
        "people_per_hour": {
            "": (
                Text("当事人不在场时每小时最多查询几人", "People it may look up an hour while nobody is present"),
                Text("不填为 200；超过即锁定", "left out: 200; beyond that it is locked"),
            )
        },
        "relays_questions": {
            "": (
                Text("是否向当事人转达来源的追问", "Does it put further questions of a source to the person?"),
                Text("另一共享平台才选是", "yes for another exchange"),
            )
        },
    },
    DIVISION: {
        "name": {"zh": (_ZH, None), "en": (_EN, None)},
        "code": {"": (Text("代码", "Code"), _DIVISION_CODE)},
        "level": {"": (Text("级别", "Level"), None)},
        "parent": {"": (Text("所属区划（代码）", "Division it belongs to (code)"), Text("可不填", "may be left out"))},
        "since": {"": _BEGUN},
        "until": {"": _ENDED},
        "successors": {"": _SUCCEEDED},
    },
}
"""Members of manifests as officers call them, in the order of the form; by the path below the member."""
_CHOICES: Mapping[str, Text] = {
    "active": Text("可以使用", "active"),
    "suspended": Text("暂停使用", "suspended"),
    "municipality": Text("直辖市", "municipality"),
    "district": Text("区", "district"),
    "county": Text("县", "county"),
    "autonomous-county": Text("自治县", "autonomous county"),
}
"""Values of closed lists in words."""
