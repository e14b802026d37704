"""The form of a grant, made from the published schema of grants."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from functools import cache
from typing import Any

from exchange.catalogue.kinds import GRANT
from exchange.catalogue.manifests import schemas
from exchange.console.forms import Field
from exchange.console.schema_form import MAY_BE_LEFT_OUT, SchemaForm, Words
from kernel.dates import CHINA, read_instant
from kernel.text import Text

PREFIX = "grant."
BY_THE_CATALOGUE = ("provider", "basis_kind", "statute")
"""Members that the catalogue supplies where nothing was said."""
_MOMENTS = ("valid_from", "valid_to")


@cache
def grant_form() -> SchemaForm:
    """The form, made once."""
    schema: Any = schemas()[GRANT]
    return SchemaForm(PREFIX, schema["properties"]["spec"], schema["$defs"], WORDS, CHOICES)


def grant_fields(*without: str) -> tuple[Field, ...]:
    """The fields of the form, without some members."""
    return grant_form().fields(*without)


def grant_of_form(typed: Mapping[str, str], *without: str) -> dict[str, Any]:
    """The ``grant`` of the interface's body."""
    return grant_form().read(typed, *without)


def typed_of_grant(grant: Mapping[str, Any]) -> dict[str, str]:
    """What the form would have held for a grant as the interface tells it: all of it, nothing is lost."""
    moments = {name: _moment(grant[name]) for name in _MOMENTS if grant.get(name) is not None}
    return grant_form().typed({**grant, **moments})


def _moment(value: Any) -> str:
    """A day where it is the beginning of one in China, as people write terms; else the instant, to the millisecond."""
    text = str(value)
    try:
        local = read_instant(text).astimezone(CHINA)
    except ValueError:
        return text
    return local.date().isoformat() if local.time() == time() else local.isoformat()


_LISTED = Text("每行一个", "one a line")
_BY_THE_CATALOGUE = Text("不填则按目录", "left out: as the catalogue has it")

WORDS: Words = {
    "consumer": {
        "": (Text("使用部门（代码）", "Consuming department (code)"), Text("不填则为本部门", "left out: ours")),
    },
    "evidence_type": {
        "": (Text("材料类型", "Evidence type"), Text("代码，见目录", "its code, see the catalogue")),
    },
    "provider": {"": (Text("提供部门（代码）", "Providing department (code)"), _BY_THE_CATALOGUE)},
    "fields": {"": (Text("字段", "Fields"), _LISTED)},
    "masks": {
        "": (
            Text("脱敏", "Masks"),
            Text(
                "每行一个，如 name: name；可选 clear、name、number、phone、last4、year",
                "one a line, such as name: name; one of clear, name, number, phone, last4, year",
            ),
        )
    },
    "predicates": {"": (Text("是非问题", "Yes/no questions"), _LISTED)},
    "service_items": {"": (Text("政务服务事项", "Service items"), _LISTED)},
    "legal_basis": {"": (Text("法律依据", "Legal basis"), Text("事项下的代码", "its code at the service item"))},
    "basis_kind": {"": (Text("依据种类", "Kind of basis"), _BY_THE_CATALOGUE)},
    "statute": {
        "zh": (Text("条款（中文）", "Citation (Chinese)"), _BY_THE_CATALOGUE),
        "en": (Text("条款（英文）", "Citation (English)"), _BY_THE_CATALOGUE),
    },
    "valid_from": {"": (Text("生效日", "From"), Text("如 2026-12-01", "such as 2026-12-01"))},
    "valid_to": {"": (Text("失效日", "Until"), Text("最长二十四个月", "24 months at most"))},
    "min_loa": {
        "": (Text("最低认证等级", "Least assurance level"), Text("0 至 4，不填为 2", "0 to 4; left out: 2")),
    },
    "relations": {
        "": (
            Text("涉及何人", "About whom"),
            Text("每行一个，self 为当事人本人，不填为 self", "one a line; self is the person of the case, and what is"
                 " meant where it is left out"),
        )
    },
    "absent_allowed": {
        "": (
            Text("本人不在场时可否取得", "May it be obtained while the person is absent?"),
            Text("可以的，会告知本人", "if so, the person is told"),
        )
    },
    "mandate_required": {
        "": (
            Text("是否须持包括该事项的委托", "Is a mandate needed that covers the service item?"),
            Text("可不选", "may be left out"),
        )
    },
    "quota_per_day": {"": (Text("每日限额（次）", "Releases a day"), Text("可不填", "may be left out"))},
    "hours": {
        "from": (
            Text("每日自几时起（北京时间整点）", "From what hour of a day (whole hours, China time)"),
            Text("如 8；不限则两项都不填", "such as 8; both left out: any hour"),
        ),
        "to": (Text("每日至几时前", "Until before what hour"), Text("如 18", "such as 18")),
    },
    "own_division_only": {
        "": (
            Text("是否限使用部门所在行政区划内的记录", "Only records of the consumer's own division, or of one below?"),
            Text("可不选；材料类型须写明记录所属区划的字段", "may be left out; the evidence type names the field"),
        )
    },
    "delivery_modes": {
        "": (
            Text("提供方式", "Ways of delivery"),
            Text(
                "每行一个：direct 直接、preview 本人预览后、asynchronous 异步、bulk 批量回流；不填即除 bulk 外不限",
                "one a line: direct, preview, asynchronous, bulk (return flow); left out: any but bulk",
            ),
        )
    },
    "emergency": {
        "minutes": (
            Text("应急模板：每次最多几分钟", "Template of emergency access: minutes of an opening"),
            Text(
                "1 至 240；不填则不是应急模板。模板由三方签署，只在两人开启时使用",
                "1 to 240; left out: no template. Three sign it, and it is used only while two persons have opened it",
            ),
        ),
        "notice_delay.days": (
            Text("应急模板：延迟几天告知本人", "Template: days by which the person is told later"),
            Text("只在法律规定可以延迟时填，最多 60", "only where the law allows it, at most 60"),
        ),
        "notice_delay.statute.zh": (Text("延迟告知的依据（中文）", "Statute of the delay (Chinese)"), MAY_BE_LEFT_OUT),
        "notice_delay.statute.en": (Text("延迟告知的依据（英文）", "Statute of the delay (English)"), MAY_BE_LEFT_OUT),
    },
    "obligations": {
        "": (
            Text("附带义务", "Obligations"),
            Text("每行一个，如 notify-citizen:P1D、watermark", "one a line, such as notify-citizen:P1D or watermark"),
        )
    },
    "expectations": {
        "": (
            Text("预期（随授权试算）", "Expectations, tried with the grant"),
            Text(
                "可不填；JSON 列表，每项写明一个申请和应有的决定",
                "may be left out; a JSON list of requests, each with how it is meant to be decided",
            ),
        )
    },
}  # fmt: skip
"""Members of a grant as officers call them, in the order of the form; by the path below the member."""
CHOICES: Mapping[str, Text] = {
    "statutory": Text("法定", "statutory"),
    "consent": Text("本人同意", "consent"),
}
"""Values of closed lists in words."""
