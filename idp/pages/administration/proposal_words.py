"""What a proposal changes, in words: the names of its facts, and those values that have names of their own."""

from __future__ import annotations

import json
from collections.abc import Mapping

from idp.model.roles import LABELS
from idp.pages.administration.window import DOCUMENTS
from kernel.canonical import JSON
from kernel.text import Text
from kernel.web.pages import t

NAMES: Mapping[str, Text] = {
    "person": Text("账户", "Account"),
    "check": Text("核验编号", "Check"),
    "document": Text("证件", "Document"),
    "level": Text("实名等级", "Level of assurance"),
    "evidence": Text("受理编号的散列", "Hash of the office's reference"),
    "roles": Text("职责", "Offices"),
    "before": Text("原有职责", "Offices before"),
    "after": Text("变更后职责", "Offices afterwards"),
    "organisation": Text("机构", "Department"),
    "scopes": Text("可登记的范围", "Scopes it allows"),
    "grant_types": Text("可登记的授权方式", "Grants it allows"),
    "uses": Text("可登记几个客户端", "How many clients"),
    "hours": Text("有效小时数", "Hours it lasts"),
    "kid": Text("密钥", "Key"),
}
_VALUES: Mapping[str, Text] = {
    **{role.value: words for role, words in LABELS.items()},
    **{document.value: words for document, words in DOCUMENTS.items()},
}


def name(fact: str) -> str:
    """A fact's name."""
    words = NAMES.get(fact)
    return fact if words is None else t(words)


def value(told: JSON) -> str:
    """A fact's value."""
    if isinstance(told, list):
        return t("、".join(map(_zh, told)), ", ".join(map(_en, told))) or t("无", "none")
    return t(_zh(told), _en(told)) if isinstance(told, str) else json.dumps(told, ensure_ascii=False)


def _zh(told: JSON) -> str:
    return _VALUES[told].zh if isinstance(told, str) and told in _VALUES else str(told)


def _en(told: JSON) -> str:
    return _VALUES[told].en if isinstance(told, str) and told in _VALUES else str(told)
